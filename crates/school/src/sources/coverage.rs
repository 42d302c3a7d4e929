//! Coverage: what the lists in force know of each category, and how old that is.

use belisha_filter::List;
use belisha_policy::{Category, Kind};
use chrono::{DateTime, Utc};

use crate::rules::Rules;

/// What the rules cover.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Coverage {
    /// Every category but the locked ones, in the order of their numbers.
    pub categories: Vec<CoverageRow>,
    /// Lists that nobody has mapped to a category (source, list, entries): they have no action.
    pub unmapped: Vec<(String, String, u64)>,
}

/// What the rules cover of one category.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct CoverageRow {
    /// The category, by slug.
    pub category: &'static str,
    /// Rules about it in all lists; one that stands in two lists counts twice. 0 is *not covered*.
    pub entries: u64,
    /// The sources of its lists, each once.
    pub sources: Vec<String>,
    /// The date of the oldest of these lists, in seconds since 1970; `None` where there is none.
    pub oldest: Option<i64>,
}

/// Days after which a list of unlawful material counts as not kept up: their makers change them every day.
const KEPT_UP: i64 = 3;

/// What is said wherever the state of the filter is shown, unless a protected list of unlawful material is loaded and is
/// kept up (decisions 15). `rules` are those in force, where there are any.
pub fn unlawful_notice(rules: Option<&Rules>, now: DateTime<Utc>) -> Option<String> {
    let is_locked = |list: &&List| {
        list.entries() > 0 && Category::from_id(list.category()).is_some_and(|it| it.kind() == Kind::Locked)
    };
    let lists = rules.into_iter().flat_map(Rules::lists).filter(is_locked);
    let Some(newest) = lists.max_by_key(|list| list.date()) else { return Some(NO_UNLAWFUL_LIST.to_owned()) };
    let days = (now.timestamp() - newest.date()).max(0) / 86_400;
    (days > KEPT_UP).then(|| {
        format!(
            "The list of unlawful material ({}) is {days} days old. Until it is imported anew, this installation does not by \
             itself meet the national standard; keep a filter upstream that has one.",
            newest.source()
        )
    })
}

const NO_UNLAWFUL_LIST: &str = "No IWF or CTIRU list is loaded. This installation does not by itself meet the \
national standard; keep a filter upstream that has them.";

/// Counts what the rules cover.
pub fn coverage(rules: &Rules) -> Coverage {
    let lists: Vec<_> = rules.lists().collect();
    let ordinary = Category::ALL.iter().filter(|category| category.kind() != Kind::Locked);
    let row = |category: &Category| {
        let of_it: Vec<_> =
            lists.iter().filter(|list| list.category() == category.id() && list.entries() > 0).collect();
        let mut sources: Vec<String> = of_it.iter().map(|list| list.source().to_string()).collect();
        sources.dedup();
        CoverageRow {
            category: category.slug(),
            entries: of_it.iter().map(|list| list.entries()).sum(),
            sources,
            oldest: of_it.iter().map(|list| list.date()).min(),
        }
    };
    let unmapped = lists.iter().filter(|list| Category::from_id(list.category()).is_none());
    Coverage {
        categories: ordinary.map(row).collect(),
        unmapped: unmapped.map(|list| (list.source().into(), list.name().into(), list.entries())).collect(),
    }
}
