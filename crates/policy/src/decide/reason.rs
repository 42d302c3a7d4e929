//! Why: each rule that holds a target, and where it speaks.

use alloc::string::ToString;
use alloc::sync::Arc;
use core::fmt;
use core::ops::Deref;

use belisha_filter::{Entry, Hit};

use super::verdict::Verdict;
use crate::category::Category;

/// Which layer of the policy a rule belongs to. The first that speaks decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Layer {
    /// 1. Unlawful material is blocked for everyone.
    Locked,
    /// 2. Sites that help children are open to everyone.
    Help,
    /// 3. What the school decided for these people, about this site and for this time.
    Exception,
    /// 4. Systems that the school approved for its work.
    Approved,
    /// 5. Sites that somebody vouches for are allowed, whoever else lists them.
    Vouched,
    /// 6. Search engines, where the profile names those that may be used.
    Search,
    /// 7. Categories of which the profile says something, or an exception in its place.
    Profile,
    /// 8. All the rest, under a profile that is closed to what nobody approved.
    Unapproved,
    /// Known, and without effect here: the profile leaves the category open, or nobody has mapped the list.
    NoAction,
}

impl Layer {
    /// All of them, in their order.
    pub const ALL: [Self; 9] = [
        Self::Locked,
        Self::Help,
        Self::Exception,
        Self::Approved,
        Self::Vouched,
        Self::Search,
        Self::Profile,
        Self::Unapproved,
        Self::NoAction,
    ];

    /// The name in answers.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Locked => "locked",
            Self::Help => "help",
            Self::Exception => "exception",
            Self::Approved => "approved",
            Self::Vouched => "vouched",
            Self::Search => "search",
            Self::Profile => "profile",
            Self::Unapproved => "unapproved",
            Self::NoAction => "no-action",
        }
    }
}

/// The source of rules that the school itself has set.
const SCHOOL: Words = Words::Fixed("school");

/// Words that are handed on without being copied: a page of a lesson asks for hundreds of rulings.
#[derive(Clone, Debug)]
pub(super) enum Words {
    /// Of the program.
    Fixed(&'static str),
    /// Of a list, or of the settings.
    Shared(Arc<str>),
}

impl Deref for Words {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Fixed(words) => words,
            Self::Shared(words) => words,
        }
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl PartialEq for Words {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Words {}

impl From<&'static str> for Words {
    fn from(words: &'static str) -> Self {
        Self::Fixed(words)
    }
}

impl From<&Arc<str>> for Words {
    fn from(words: &Arc<str>) -> Self {
        Self::Shared(words.clone())
    }
}

/// What made a category what it is at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// What the profile says when no times say otherwise.
    Profile,
    /// What it says at times of this name.
    Times(Arc<str>),
    /// An exception of this name.
    Exception(Arc<str>),
}

/// A rule that holds the target, and the layer at which it speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    pub(super) source: Words,
    pub(super) list: Words,
    pub(super) entry: Arc<str>,
    pub(super) category: Option<Category>,
    pub(super) layer: Layer,
    pub(super) verdict: Verdict,
    pub(super) by: By,
}

impl Reason {
    /// A rule of a list.
    pub(super) fn of_list(hit: &Hit<'_>, category: Option<Category>, layer: Layer, verdict: Verdict, by: By) -> Self {
        let (source, list) = (hit.list().shared_source().into(), hit.list().shared_name().into());
        let entry = match hit.entry() {
            Entry::Domain(name) | Entry::Host(name) => name.into(),
            other => other.to_string().into(),
        };
        Self { source, list, entry, category, layer, verdict, by }
    }

    /// Something that the school itself has set.
    pub(super) fn of_school(
        list: impl Into<Words>,
        entry: impl Into<Arc<str>>,
        layer: Layer,
        verdict: Verdict,
        by: By,
    ) -> Self {
        Self { source: SCHOOL, list: list.into(), entry: entry.into(), category: None, layer, verdict, by }
    }

    /// Whose list it is; `school` for what the school itself has set.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The list; for what the school has set, what it is called there.
    pub fn list(&self) -> &str {
        &self.list
    }

    /// The rule: `example.org`, `example.org/path`.
    pub fn entry(&self) -> &str {
        &self.entry
    }

    /// The category; `None` for a list that nobody has mapped, and for what the school has set about sites.
    pub fn category(&self) -> Option<Category> {
        self.category
    }

    /// Where it speaks.
    pub fn layer(&self) -> Layer {
        self.layer
    }

    /// What it says.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// What made it so.
    pub fn by(&self) -> &By {
        &self.by
    }
}
