//! What happened on the web at a school, without anybody in it: for the coordinator and the safeguarding lead.
//!
//! # What keeps children out of it
//! Whoever has two of these documents can subtract one from the other, so that each rule holds for every day by itself:
//! no difference of periods shows what a day alone would not.
//!
//! - **Few people.** Of a day on which fewer than five people were seen, only the number of requests of each kind is
//!   said: no hour, group, category or site.
//! - **Small groups.** A group's requests of a day are its own only where at least five people of it were seen that
//!   day. Those of all others are put together, and with the smallest of the large groups until they are at least five
//!   people too, since whatever is left out of a table can be told by subtraction.
//! - **Sites** are named from five requests on, and never beside a group, a person or an hour. The hosts of unlawful
//!   material are named to nobody.
//! - Addresses, paths, search words, and what a person did are not in it at all: they are not counted.

mod csv;
mod html;
mod material;
mod rule;

use belisha_policy::{Attribution, Category, Navigation, Outcome, Outcomes, Risk, View};
use chrono::NaiveDate;
use serde::Serialize;

use crate::ReportError;
use crate::words::visible;

pub use material::{About, Coverage, CoverageRow, Day, Gap, Material};

/// What may be shown of a period. It can only be made by the rules above.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WebSummary {
    report: &'static str,
    version: u32,
    school: String,
    from: NaiveDate,
    to: NaiveDate,
    made: NaiveDate,
    view: &'static str,
    notices: Vec<String>,
    totals: Counts,
    /// Requests that other rules were not asked about.
    not_replayed: u64,
    few_people: FewPeople,
    days: Vec<DayRow>,
    hours: Vec<HourRow>,
    navigation: Vec<KindRow>,
    attribution: Vec<KindRow>,
    groups: Vec<GroupRow>,
    small_groups: Counts,
    blocked: SiteRows,
    would_be_blocked: Option<SiteRows>,
    would_be_open: Option<SiteRows>,
    coverage: Coverage,
}

/// Requests by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
struct Counts {
    requests: u64,
    allowed: u64,
    blocked: u64,
    warned: u64,
    monitored: u64,
    refused: u64,
    failed: u64,
}

impl From<&Outcomes> for Counts {
    fn from(outcomes: &Outcomes) -> Self {
        Self {
            requests: outcomes.total(),
            allowed: outcomes.get(Outcome::Allowed),
            blocked: outcomes.get(Outcome::Blocked),
            warned: outcomes.get(Outcome::Warned),
            monitored: outcomes.get(Outcome::Monitored),
            refused: outcomes.get(Outcome::Refused),
            failed: outcomes.get(Outcome::Failed),
        }
    }
}

/// Days that stand in the totals and in no table but that of days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
struct FewPeople {
    days: u64,
    requests: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct DayRow {
    date: NaiveDate,
    /// What the school's calendar says of it.
    kind: String,
    has_school: bool,
    few_people: bool,
    gap: Option<Gap>,
    #[serde(flatten)]
    counts: Counts,
}

impl DayRow {
    /// A day with school of which there is no line although there should be.
    fn is_unexplained(&self) -> bool {
        self.gap == Some(Gap::NoLines) && self.has_school
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct HourRow {
    hour: usize,
    #[serde(flatten)]
    counts: Counts,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct KindRow {
    kind: &'static str,
    #[serde(flatten)]
    counts: Counts,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct GroupRow {
    /// `None` for requests of which the group is not known.
    group: Option<String>,
    #[serde(flatten)]
    counts: Counts,
}

/// Requests by category and by site.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
struct SiteRows {
    requests: u64,
    /// The most frequent first. A request counts in each of its categories.
    categories: Vec<CategoryRow>,
    hosts: Vec<HostRow>,
    other_hosts: OtherHosts,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct CategoryRow {
    /// `None` for requests to sites in no category.
    category: Option<&'static str>,
    /// What kind of risk it is, where it is one.
    risk: Option<&'static str>,
    title: &'static str,
    requests: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct HostRow {
    host: String,
    requests: u64,
}

/// Sites that are not named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
struct OtherHosts {
    hosts: u64,
    requests: u64,
}

const NAVIGATIONS: [Navigation; 3] = [Navigation::Navigation, Navigation::SubResource, Navigation::Unknown];

impl WebSummary {
    /// What may be shown.
    pub fn of(material: Material) -> Self {
        let gathered = rule::gather(material.days);
        let replayed = material.about.view == View::Replayed;
        let sites = |sites: &belisha_policy::Sites| replayed.then(|| SiteRows::of(sites));
        let kind = |kind, counts: Outcomes| KindRow { kind, counts: (&counts).into() };
        let all = &gathered.tables;
        Self {
            report: "web-summary",
            version: 1,
            school: visible(&material.about.school),
            from: material.about.from,
            to: material.about.to,
            made: material.about.made,
            view: if replayed { "replayed" } else { "observed" },
            notices: material.notices,
            totals: (&gathered.totals).into(),
            not_replayed: gathered.not_replayed,
            few_people: gathered.few_people,
            days: gathered.days,
            hours: all.hours.iter().enumerate().map(|(hour, counts)| HourRow { hour, counts: counts.into() }).collect(),
            navigation: NAVIGATIONS.iter().map(|it| kind(it.slug(), all.navigation(*it))).collect(),
            attribution: Attribution::ALL.iter().map(|it| kind(it.slug(), all.attribution(*it))).collect(),
            groups: gathered.groups,
            small_groups: (&gathered.small_groups).into(),
            blocked: SiteRows::of(&all.blocked),
            would_be_blocked: sites(&all.would_close),
            would_be_open: sites(&all.would_open),
            coverage: material.coverage,
        }
    }

    /// As one JSON object. Its keys are described in `docs/access-log.md`; `version` changes when one of them changes its
    /// meaning or goes.
    pub fn to_json(&self) -> Result<String, ReportError> {
        crate::json(self)
    }

    /// As a table with the columns `section`, `key`, `key2` and `count`. No cell is a formula.
    pub fn to_csv(&self) -> Result<String, ReportError> {
        csv::write(self)
    }

    /// As one page that needs nothing else: no script, nothing from outside.
    pub fn to_html(&self) -> Result<String, ReportError> {
        html::write(self)
    }
}

impl SiteRows {
    fn of(sites: &belisha_policy::Sites) -> Self {
        let mut categories: Vec<CategoryRow> = sites.categories.iter().map(CategoryRow::of).collect();
        categories.sort_by_key(|row| (std::cmp::Reverse(row.requests), row.category.is_none(), row.title));
        let (hosts, other_hosts) = rule::hosts(&sites.hosts);
        Self { requests: sites.requests, categories, hosts, other_hosts }
    }
}

impl CategoryRow {
    fn of((category, requests): (&Option<Category>, &u64)) -> Self {
        let title = category.map_or("In no category", Category::title);
        let risk = category.and_then(Category::risk).map(Risk::title);
        Self { category: category.map(Category::slug), risk, title, requests: *requests }
    }
}
