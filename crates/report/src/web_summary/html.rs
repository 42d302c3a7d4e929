//! The summary as a page.

use askama::Template;
use belisha_policy::{Attribution, Navigation};

use crate::ReportError;
use crate::chart::{self, Bar, Caption};
use crate::words::{capital, counted, date, long_date, number, share};

use super::{CategoryRow, Counts, DayRow, Gap, SiteRows, WebSummary};

/// Dates of one sentence.
const LISTED: usize = 10;
/// Categories in a chart; the table has all.
const CHARTED: usize = 15;

#[derive(Template)]
#[template(path = "web-summary.html")]
struct Page<'a> {
    summary: &'a WebSummary,
    replayed: bool,
    notices: Vec<String>,
    sections: Vec<Section>,
    tables: Vec<Table>,
}

/// A part of the page: some sentences, a chart where there is one, and the data of it as a table.
struct Section {
    id: &'static str,
    heading: &'static str,
    sentences: Vec<String>,
    /// Made by us, with every text in it escaped.
    chart: Option<String>,
    table: Table,
}

/// A table, the first column of which names its rows.
struct Table {
    caption: String,
    /// The class that says which of its columns beside the first has words.
    words: &'static str,
    heads: Vec<&'static str>,
    rows: Vec<Vec<String>>,
    /// Said where there are no rows.
    nothing: &'static str,
}

pub(super) fn write(summary: &WebSummary) -> Result<String, ReportError> {
    let replayed = is_replayed(summary);
    let mut sections = vec![categories(summary)?, hosts(summary), groups(summary)?, hours(summary)?, days(summary)?];
    if let (Some(closed), Some(open)) = (&summary.would_be_blocked, &summary.would_be_open) {
        let closing = "would now be blocked";
        let opening = "would now be open";
        let at = sections.split_off(0);
        sections = vec![
            moved_categories("closing", "Open then, would now be blocked", closing, closed),
            moved_hosts("closing-sites", "Sites that would now be blocked", closing, closed),
            moved_categories("opening", "Blocked then, would now be open", opening, open),
            moved_hosts("opening-sites", "Sites that would now be open", opening, open),
        ];
        sections.extend(at);
    }
    let tables = vec![navigation(summary), attribution(summary), coverage(summary)];
    let page = Page { summary, replayed, notices: notices(summary), sections, tables };
    page.render().map_err(|error| ReportError::new("HTML", &error))
}

fn is_replayed(summary: &WebSummary) -> bool {
    summary.would_be_blocked.is_some()
}

impl Page<'_> {
    fn period(&self) -> String {
        let WebSummary { from, to, .. } = self.summary;
        if from == to { long_date(*from) } else { format!("{} to {}", date(*from), date(*to)) }
    }

    fn made(&self) -> String {
        date(self.summary.made)
    }

    /// Each kind, how many, and its share.
    fn totals(&self) -> Vec<(&'static str, String, String)> {
        let (requests, counts) = (self.summary.totals.requests, in_order(&self.summary.totals));
        let all = OUTCOMES.into_iter().zip(counts);
        all.enumerate()
            .map(|(at, (name, count))| {
                (name, number(count), if at > 0 { share(count, requests) } else { String::new() })
            })
            .collect()
    }
}

/// What a reader must know before the numbers.
fn notices(summary: &WebSummary) -> Vec<String> {
    let mut notices = summary.notices.clone();
    let dates = |wanted: &dyn Fn(&DayRow) -> bool| {
        summary.days.iter().filter(|day| wanted(day)).map(|day| date(day.date)).collect::<Vec<_>>()
    };
    let mut say = |dates: Vec<String>, what: &str| {
        if !dates.is_empty() {
            let days = counted(dates.len() as u64, "day", "days");
            let listed = dates.iter().take(LISTED).cloned().collect::<Vec<_>>().join(", ");
            let more = if dates.len() > LISTED { " and others (see the table of days)" } else { "" };
            notices.push(format!("{days} {what}: {listed}{more}."));
        }
    };
    say(dates(&|day| day.gap == Some(Gap::Damaged)), "with a damaged log, which these numbers leave out");
    say(dates(&DayRow::is_unexplained), "with school and without any line in the log (was it off?)");
    if summary.totals.requests == 0 {
        notices.push("There is nothing to count in this period.".into());
    }
    if summary.not_replayed > 0 {
        let lines = counted(summary.not_replayed, "request", "requests");
        notices.push(format!("{lines} are left out here: nobody has asked other rules about them."));
    }
    let few = summary.few_people;
    if few.days > 0 {
        notices.push(format!(
            "Fewer than five people were seen on {}. What was asked for then ({}) is in the totals and in the table of \
             days, and nowhere else, so that nobody can be told by it.",
            counted(few.days, "day", "days"),
            counted(few.requests, "request", "requests")
        ));
    }
    notices
}

fn categories(summary: &WebSummary) -> Result<Section, ReportError> {
    let rows = &summary.blocked.categories;
    let bars: Vec<Bar> = rows.iter().take(CHARTED).map(bar_of).collect();
    let most = rows.first().map_or("nothing".into(), |row| row.title.to_lowercase());
    let caption = Caption {
        id: "chart-categories",
        title: "Blocked requests by category",
        description: format!("Bars, the longest for {most}. The table below has the same numbers."),
    };
    Ok(Section {
        id: "categories",
        heading: if is_replayed(summary) { "What these rules would block" } else { "What was blocked" },
        sentences: vec![
            "What the blocked sites are about. A request counts in each category that its site is in, so that these \
             numbers can add up to more than all blocks."
                .into(),
            "Advertising and tracking are mostly fetched by pages, and nobody went there on purpose.".into(),
        ],
        chart: if bars.is_empty() { None } else { Some(chart::sideways(&caption, &bars)?) },
        table: category_table("Blocked requests by category".into(), "Blocked", &summary.blocked),
    })
}

fn bar_of(row: &CategoryRow) -> Bar {
    Bar { label: row.title.into(), value: row.requests }
}

fn category_table(caption: String, head: &'static str, sites: &SiteRows) -> Table {
    let row = |row: &CategoryRow| vec![row.title.into(), row.risk.unwrap_or_default().into(), number(row.requests)];
    let rows = sites.categories.iter().map(row).collect();
    Table { caption, words: "second", heads: vec!["Category", "Risk", head], rows, nothing: "None." }
}

fn host_table(caption: String, head: &'static str, sites: &SiteRows) -> Table {
    let mut rows: Vec<_> = sites.hosts.iter().map(|row| vec![row.host.clone(), number(row.requests)]).collect();
    let others = sites.other_hosts;
    if others.requests > 0 {
        let sites = counted(others.hosts, "site that is not named", "sites that are not named");
        rows.push(vec![sites, number(others.requests)]);
    }
    Table { caption, words: "", heads: vec!["Site", head], rows, nothing: "None." }
}

fn hosts(summary: &WebSummary) -> Section {
    Section {
        id: "sites",
        heading: if is_replayed(summary) { "Which sites they would block" } else { "Which sites were blocked" },
        sentences: vec![
            "The fifty sites that were blocked most. A site is named from five blocked requests on; sites of unlawful \
             material are not named to anybody. One page can ask for the same site many times."
                .into(),
        ],
        chart: None,
        table: host_table("Blocked requests by site".into(), "Blocked", &summary.blocked),
    }
}

/// What there is to do about comes first.
const OUTCOMES: [&str; 7] = ["Requests", "Blocked", "Warned", "Marked", "Let through", "Refused", "Failed"];

/// In the order of [`OUTCOMES`].
fn in_order(counts: &Counts) -> [u64; 7] {
    let Counts { requests, allowed, blocked, warned, monitored, refused, failed } = *counts;
    [requests, blocked, warned, monitored, allowed, refused, failed]
}

fn heads(first: &'static str) -> Vec<&'static str> {
    [first].into_iter().chain(OUTCOMES).collect()
}

fn cells(first: String, counts: &Counts) -> Vec<String> {
    [first].into_iter().chain(in_order(counts).map(number)).collect()
}

fn groups(summary: &WebSummary) -> Result<Section, ReportError> {
    let name = |group: &Option<String>| group.clone().unwrap_or_else(|| "(group not known)".into());
    let mut rows: Vec<_> = summary.groups.iter().map(|row| (name(&row.group), row.counts)).collect();
    if summary.small_groups.requests > 0 {
        rows.push(("Small groups together".into(), summary.small_groups));
    }
    let caption = Caption {
        id: "chart-groups",
        title: "Blocked requests by group",
        description: format!(
            "Bars for {}. The table below has the same numbers.",
            counted(rows.len() as u64, "group", "groups")
        ),
    };
    let bars: Vec<Bar> = rows.iter().map(|(name, counts)| Bar { label: name.clone(), value: counts.blocked }).collect();
    Ok(Section {
        id: "groups",
        heading: "Which groups",
        sentences: vec![
            "A group's requests of a day are shown as its own where at least five of it were seen that day. All others \
             are under \u{201c}small groups together\u{201d}."
                .into(),
        ],
        chart: if bars.is_empty() { None } else { Some(chart::sideways(&caption, &bars)?) },
        table: Table {
            caption: "Requests by group".into(),
            words: "",
            heads: heads("Group"),
            rows: rows.into_iter().map(|(name, counts)| cells(name, &counts)).collect(),
            nothing: "None.",
        },
    })
}

fn hours(summary: &WebSummary) -> Result<Section, ReportError> {
    let bars: Vec<Bar> =
        summary.hours.iter().map(|row| Bar { label: format!("{:02}", row.hour), value: row.counts.blocked }).collect();
    let caption = Caption {
        id: "chart-hours",
        title: "Blocked requests by hour of the day",
        description: "One bar for each hour from midnight. The table below has the same numbers.".into(),
    };
    let range = |hour: usize| format!("{hour:02}:00 to {hour:02}:59");
    Ok(Section {
        id: "hours",
        heading: "At what time of day",
        sentences: vec![
            "By the clock at the school, in summer and winter. A block late at night is a reason to ask, and proves \
             nothing: devices fetch things by themselves."
                .into(),
        ],
        chart: Some(chart::upright(&caption, &bars, 3)?),
        table: Table {
            caption: "Requests by hour of the day".into(),
            words: "",
            heads: heads("Time"),
            rows: summary.hours.iter().map(|row| cells(range(row.hour), &row.counts)).collect(),
            nothing: "None.",
        },
    })
}

fn days(summary: &WebSummary) -> Result<Section, ReportError> {
    let bars: Vec<Bar> = summary
        .days
        .iter()
        .map(|row| Bar { label: row.date.format("%-d %b").to_string(), value: row.counts.blocked })
        .collect();
    let caption = Caption {
        id: "chart-days",
        title: "Blocked requests by day",
        description: "One bar for each day of the period. The table below has the same numbers.".into(),
    };
    let every = bars.len().div_ceil(7).max(1);
    Ok(Section {
        id: "days",
        heading: "On which days",
        sentences: vec![],
        chart: if bars.is_empty() { None } else { Some(chart::upright(&caption, &bars, every)?) },
        table: Table {
            caption: "Requests by day".into(),
            words: "second",
            heads: ["Day", "At the school"].into_iter().chain(OUTCOMES).collect(),
            rows: summary.days.iter().map(day_cells).collect(),
            nothing: "None.",
        },
    })
}

fn day_cells(row: &DayRow) -> Vec<String> {
    let mut said = capital(&row.kind);
    let gap = match row.gap {
        Some(Gap::NoLines) if row.has_school => "; no line: was the log off?",
        Some(Gap::NoLines) => "; no line",
        Some(Gap::BeforeLog) => "; before the log began",
        Some(Gap::Removed) => "; kept long enough, and removed",
        Some(Gap::Damaged) => "; damaged, not counted",
        None if row.few_people => "; fewer than five people",
        None => "",
    };
    said.push_str(gap);
    let mut cells = cells(long_date(row.date), &row.counts);
    cells.insert(1, said);
    cells
}

fn moved_categories(id: &'static str, heading: &'static str, what: &str, sites: &SiteRows) -> Section {
    let requests = counted(sites.requests, "request", "requests");
    Section {
        id,
        heading,
        sentences: vec![format!("{requests} {what}, if the rules were those that the log was replayed with.")],
        chart: None,
        table: category_table(format!("Requests that {what}, by category"), "Requests", sites),
    }
}

fn moved_hosts(id: &'static str, heading: &'static str, what: &str, sites: &SiteRows) -> Section {
    let table = host_table(format!("Requests that {what}, by site"), "Requests", sites);
    Section { id, heading, sentences: vec![], chart: None, table }
}

fn navigation(summary: &WebSummary) -> Table {
    let name = |kind: &str| {
        let told = [
            (Navigation::Navigation, "Somebody went there"),
            (Navigation::SubResource, "A page fetched it"),
            (Navigation::Unknown, "Not known"),
        ];
        told.into_iter().find(|(it, _)| it.slug() == kind).map_or("", |(_, name)| name)
    };
    Table {
        caption: "Did somebody go there?".into(),
        words: "",
        heads: heads("Kind of request"),
        rows: summary.navigation.iter().map(|row| cells(name(row.kind).into(), &row.counts)).collect(),
        nothing: "None.",
    }
}

fn attribution(summary: &WebSummary) -> Table {
    let name = |kind: &str| {
        let name = |it: Attribution| match it {
            Attribution::Individual => "Signed in with an account of their own",
            Attribution::ClassAccount => "An account that a class shares",
            Attribution::Guest => "A guest\u{2019}s account",
            Attribution::AddressOnly => "Only the device is known",
            Attribution::CredentialInDoubt => "Signed in with a password that others may know",
        };
        Attribution::ALL.into_iter().find(|it| it.slug() == kind).map_or("", name)
    };
    Table {
        caption: "How sure is it who asked?".into(),
        words: "",
        heads: heads("What is known"),
        rows: summary.attribution.iter().map(|row| cells(name(row.kind).into(), &row.counts)).collect(),
        nothing: "None.",
    }
}

fn coverage(summary: &WebSummary) -> Table {
    let row = |row: &super::CoverageRow| {
        let entries = if row.entries == 0 { "Not covered".into() } else { number(row.entries) };
        let age = row.age_days.map_or(String::new(), |days| counted(days, "day", "days"));
        vec![row.title.into(), entries, row.sources.join(", "), age]
    };
    Table {
        caption: "What the filter knows today".into(),
        words: "third",
        heads: vec!["Category", "Entries", "Lists from", "Age of the oldest"],
        rows: summary.coverage.categories.iter().map(row).collect(),
        nothing: "There are no rules.",
    }
}
