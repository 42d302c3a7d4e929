//! Coverage: what the lists in force know of each category, and how old that is.

use belisha_policy::{Category, Kind};

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
