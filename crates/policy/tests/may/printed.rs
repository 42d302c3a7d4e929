//! `docs/roles.md` is the table, printed.

use std::fmt::Write as _;
use std::path::Path;

use belisha_policy::Action;
use belisha_policy::may::Topic;
use belisha_policy::may::table::{Cell, Row, row};
use belisha_policy::roles::Role;

const HEAD: &str = "\
# Who may do what

Printed from the table by which every program decides; a test fails where this page says something else. To print it
anew: `BELISHA_WRITE_DOCS=1 cargo test -p belisha-policy --test may printed`.

**Above all rows:** whoever a case is about, and whoever is in conflict over it, finds nothing of it, whatever other roles
they have. Somebody who is newly kept away goes on seeing what they had seen, as it was then. Without sight of a record
the answer is the same as if there were none. The rights of several roles are those of each together.

**Signs:** Y yes · o their own (report, class, child, history) · a sums in which nobody can be told · q on a recorded
request with a purpose · i carrying out what others decided · H in a matter about the head · C in one about the chair ·
W with the status 'web filtering management' · A where whoever handles the case gave it to them · c where the safeguarding
lead is in conflict · D where somebody who may has delegated it · - no · X never.

**Two people** take part in: lifting the hold on what may be illegal (head and safeguarding lead; where they are one
person, that one and a deputy; about the head, the chair with lead or vice-chair; about the chair, head and vice-chair;
about the lead, head and deputy), break-glass (head or lead with a second who handles cases; a day long, and the link
governor is told), recovering a key, and showing where the journal is broken. Nobody decides on an unblocking request of
their own.

";

#[test]
fn the_page_says_what_the_table_says() {
    let page = page();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/roles.md");
    if std::env::var_os("BELISHA_WRITE_DOCS").is_some() {
        std::fs::write(&file, &page).expect("the page can be written");
    }
    let there = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(there == page, "docs/roles.md says something else than the table: print it anew, as it says at its top");
}

/// Rows that are alike stand once.
fn rows() -> Vec<(String, &'static Row)> {
    let mut rows: Vec<(String, &'static Row)> = Vec::new();
    for action in Action::ALL {
        let nothing = row(*action, Topic::Nothing);
        let mut kinds: Vec<(Vec<Topic>, &'static Row)> = Vec::new();
        for topic in Topic::ALL {
            let of_topic = row(*action, topic);
            let nobody = Role::ALL.iter().all(|role| matches!(of_topic.cell(*role), Cell::No));
            match kinds.iter_mut().find(|(_, known)| *known == of_topic) {
                Some((topics, _)) => topics.push(topic),
                None if nobody => {}
                None => kinds.push((vec![topic], of_topic)),
            }
        }
        if kinds.len() <= 1 {
            let only = kinds.first().map_or(nothing, |(_, row)| *row);
            rows.push((action.slug().to_owned(), only));
            continue;
        }
        for (topics, of_topics) in kinds {
            let named: Vec<&str> = topics.iter().filter_map(|topic| title(*action, *topic)).collect();
            if !named.is_empty() {
                rows.push((format!("{}: {}", action.slug(), named.join(", ")), of_topics));
            }
        }
    }
    rows
}

/// The kind of matter, where it is one that this action is done in.
fn title(action: Action, topic: Topic) -> Option<&'static str> {
    let capture = topic.is_case() && !topic.is_incident();
    let history = topic.is_record() && !topic.is_case();
    let fits = match action {
        Action::ReviewCapture | Action::MarkFalsePositive => capture,
        Action::LookUpHistory => history,
        Action::BreakGlass => topic.is_case(),
        _ => topic.is_incident(),
    };
    fits.then_some(match topic {
        Topic::Nothing => "",
        Topic::PupilIncident => "a pupil's incident",
        Topic::ProtectionIncident => "one of protection",
        Topic::StaffIncident => "about staff",
        Topic::HeadIncident => "about the head",
        Topic::DslIncident => "about the safeguarding lead",
        Topic::CoordinatorIncident => "about the coordinator",
        Topic::ChairIncident => "about the chair",
        Topic::PupilCapture => "a pupil's capture",
        Topic::StaffCapture => "a capture of staff",
        Topic::HeadCapture => "a capture of the head",
        Topic::PupilHistory => "a pupil",
        Topic::StaffHistory => "staff",
        Topic::HeadHistory => "the head",
    })
}

fn titles(roles: &[Role]) -> String {
    roles.iter().map(|role| role.title()).collect::<Vec<_>>().join(", ")
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    for role in Role::ALL {
        let _ = write!(page, "- **{}** {} (`{}`)", role.short(), role.title(), role.slug());
        let to = titles(role.answers_to());
        let _ = if to.is_empty() { writeln!(page) } else { writeln!(page, ", answers to: {to}") };
    }
    let answerable = titles(&Role::ANSWERABLE_FOR_THE_FILTER);
    let _ = writeln!(page, "\nAnswerable for the filter in the end, whoever manages it from day to day: {answerable}.");
    let _ = write!(page, "\n| |");
    for role in Role::ALL {
        let _ = write!(page, " {} |", role.short());
    }
    let _ = write!(page, "\n|---|");
    for _ in Role::ALL {
        let _ = write!(page, "---|");
    }
    let _ = writeln!(page);
    for (name, row) in rows() {
        let _ = write!(page, "| {name} |");
        for role in Role::ALL {
            let _ = write!(page, " {} |", row.cell(*role).sign());
        }
        let _ = writeln!(page);
    }
    page
}
