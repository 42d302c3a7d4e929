//! Two schools that differ only in what is hidden from the safeguarding lead: what the lead finds at the command line and on pages is
//! the same, byte for byte, before the moment of linking and after it (DESIGN §6.13, decisions 3). At random this is tried on the
//! services themselves.

use belisha_store::backup::BackupIdentity;
use belisha_testkit::program;
use tempfile::TempDir;

use crate::console::Console;
use crate::incidents::{did, report};
use crate::staffed::{SignedIn, staffed};
use crate::support::School;

/// What a lead who types and clicks gets to see, with what is different each time left out: times of the day, random names, and what
/// belongs to one sign-in.
struct Seen<'a> {
    school: &'a School,
    people: &'a SignedIn,
    open: Vec<String>,
    found: Vec<String>,
}

impl Seen<'_> {
    fn keep(&mut self, what: &str, text: &str) {
        let mut text = format!("== {what}\n{text}");
        for (number, reference) in self.open.iter().enumerate() {
            text = text.replace(reference, &format!("INCIDENT-{number}"));
        }
        for field in ["token", "form"] {
            text = without(&text, &format!("name=\"{field}\" value=\""), '"');
        }
        // How long something took is by the clock of the test.
        for (behind, until) in [("SHA-256 ", ' '), (": after ", '\n'), ("<dd>after ", '<')] {
            text = without(&text, behind, until);
        }
        text = without(&text, " within ", 'b');
        for field in ["act", "close"] {
            text = without(&text, &format!("\"seconds_to_{field}\":"), ',');
        }
        let text = without_times(&text);
        self.found.push(text);
    }

    fn types(&mut self, arguments: &[&str]) {
        let done = self.school.as_person(&self.people.lead, arguments);
        self.keep(&arguments.join(" "), &format!("{}\n{}\n{}", done.code, done.out, done.err));
    }

    /// Everything that there is for the lead. `nothing` is the reference of what is hidden, or of nothing: whoever has it was given it,
    /// and may ask for its receipt.
    fn looks(&mut self, nothing: &str) {
        for arguments in [
            &["incident", "list"][..],
            &["incident", "list", "--closed", "--json"],
            &["incident", "list", "--archived"],
            &["incident", "register"],
            &["incident", "register", "--json"],
            &["incident", "register", "--for-others"],
            &["incident", "tasks", "--json"],
            &["incident", "severities"],
            &["incident", "show", nothing],
            &["incident", "close", nothing],
            &["incident", "refer", nothing, "--to", "police"],
            &["keys", "list"],
            &["roles", "list"],
            &["people", "list"],
        ] {
            let done = self.school.as_person(&self.people.lead, arguments);
            let text = format!("{}\n{}\n{}", done.code, done.out, done.err).replace(nothing, "NOTHING");
            self.keep(&arguments.join(" ").replace(nothing, "NOTHING"), &text);
        }
        for reference in self.open.clone() {
            self.types(&["incident", "show", &reference]);
            self.types(&["incident", "show", &reference, "--json"]);
            self.types(&["incident", "receipt", &reference]);
        }
        let console = Console::of(self.school);
        let mut paths: Vec<String> =
            ["/", "/tasks", "/cases", "/cases?closed=yes", "/register", "/report", "/tell", "/keys"]
                .map(str::to_owned)
                .into();
        paths.extend(self.open.iter().map(|it| format!("/cases/{it}")));
        paths.push(format!("/cases/{nothing}"));
        paths.push(format!("/cases?reference={nothing}"));
        for path in paths {
            let page = console.get(&path, &self.people.lead);
            let text = format!("{} {}", page.code, page.without_date()).replace(nothing, "NOTHING");
            self.keep(&format!("page {}", path.replace(nothing, "NOTHING")), &text);
        }
        // What a backup says of sizes.
        let out = TempDir::new().unwrap();
        let [records, keys] = ["records", "keys"].map(|of| out.path().join(of).to_str().unwrap().to_owned());
        let recipient = BackupIdentity::generate().recipient().to_string();
        let to = ["backup", "--out", &records, "--keys-out", &keys, "--recipient", &recipient];
        let done = self.school.reporter(&to);
        assert!(done.code == 0 && done.out.contains("(1 MiB)"), "{}{}", done.out, done.err);
        let sizes: Vec<&str> =
            done.out.lines().filter_map(|line| line.split_once(" (")).map(|(_, size)| size).collect();
        self.keep("backup", &sizes.join("\n"));
    }
}

/// A text without what stands behind this, each time, up to a letter or the end of the line.
fn without(text: &str, behind: &str, until: char) -> String {
    let mut parts = text.split(behind);
    let mut left = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        left += behind;
        left += part.find([until, '\n']).map_or("", |end| &part[end..]);
    }
    left
}

/// A text without times of the day, and the ports that look like them.
fn without_times(text: &str) -> String {
    let is_of_time = |letter: char| letter.is_ascii_digit() || letter == ':' || letter == '.';
    let mut left = String::new();
    for part in text.split_inclusive(|letter: char| !is_of_time(letter)) {
        let rest = part.trim_start_matches(is_of_time);
        let run = &part[..part.len() - rest.len()];
        left += if run.len() > 1 && run.contains(':') { "TIME" } else { run };
        left += rest;
    }
    left
}

/// What the lead gets to see in a school in which this is hidden from them, or is not there.
fn seen(school: &School, people: &SignedIn, is_hiding: bool) -> Vec<String> {
    let first = report(school, &people.teacher, &["--words", "Messages late at night", "--named", "ada=victim"]);
    let second = report(school, &people.teacher, &["--words", "Games in the lesson", "--named", "ben=instigator"]);
    let mut hidden = "00000-00000".to_owned();
    if is_hiding {
        let words = "He writes to pupils at night, and this is long enough to be seen. ".repeat(40);
        hidden = report(school, &people.technician, &["--words", &words, "--named", "s.birch=subject"]);
    }
    let mut lead = Seen { school, people, open: vec![first.clone(), second.clone()], found: Vec::new() };
    lead.looks(&hidden);
    // The moment of linking: from then on the lead is kept away from what they see.
    if is_hiding {
        did(school, &people.head, &["link", &first, &hidden]);
        did(school, &people.head, &["evidence", &first, "The log of Tuesday night"]);
    }
    lead.looks(&hidden);
    // The lead does what they would have done, in what they still see as it was.
    for arguments in [
        &["incident", "sort", &first, "N7", "pupils"][..],
        &["incident", "support", &first, "ada", "a talk"],
        &["incident", "sort", &second, "U7", "pupils"],
        &["incident", "conclude", &second, "false"],
        &["incident", "answer", &second],
        &["incident", "close", &second],
        &["incident", "link", &first, &second],
        &["incident", "reopen", &second, "it goes on"],
    ] {
        lead.types(arguments);
    }
    if is_hiding {
        did(school, &people.head, &["sort", &first, "S1", "staff"]);
        did(school, &people.head, &["answer", &first]);
        did(school, &people.head, &["raise", &hidden, "it is grave"]);
    }
    lead.looks(&hidden);
    lead.found
}

#[test]
fn the_lead_finds_the_same_whether_something_is_hidden_or_not() {
    staffed(|hiding, people| staffed(|open, _| are_alike(hiding, open, people)));
}

/// Two copies of one school with the same people.
pub(crate) fn are_alike(hiding: &School, open: &School, people: &SignedIn) {
    if program("curl").is_none() {
        return;
    }
    let (with, without) = (seen(hiding, people, true), seen(open, people, false));
    assert_eq!(with.len(), without.len());
    for (with, without) in with.iter().zip(&without) {
        assert_eq!(with, without);
    }
}
