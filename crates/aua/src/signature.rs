//! Who signed what, on whose behalf, and by which way.

use alloc::string::String;
use core::fmt;

use belisha_policy::PersonId;
use chrono::{DateTime, NaiveDate, Utc};

use crate::document::{Key, Number};
use crate::steps::Steps;

/// Who signs for somebody. Whether they may is asked before ([`crate::decide`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum Signer {
    /// They do: the pupil, or the adult.
    Themselves,
    /// A parent or carer of the pupil.
    Parent(PersonId),
}

impl Signer {
    /// Whether this is somebody, where the agreement is a person's.
    pub fn is(self, actor: PersonId, about: PersonId) -> bool {
        match self {
            Self::Themselves => actor == about,
            Self::Parent(parent) => actor == parent,
        }
    }

    /// In what capacity they sign.
    pub fn capacity(self) -> &'static str {
        match self {
            Self::Themselves => "for themselves",
            Self::Parent(_) => "as parent or carer",
        }
    }
}

/// By which way a signature came.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum Way {
    /// Signed in at school.
    SignedIn,
    /// By a link that was sent to one person.
    Link,
    /// In class, before the teacher.
    InClass,
    /// On paper that somebody logged (C-047).
    Paper {
        /// The day that stands on it. It counts from when it was logged.
        dated: NaiveDate,
        /// Where the original is kept.
        filed: String,
        /// The SHA-256 of a scan.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
        scan: Option<[u8; 32]>,
    },
    /// In another system, from which it was brought.
    Imported {
        /// The day that it has there. It counts from when it was brought.
        dated: NaiveDate,
    },
}

impl Way {
    /// The name in lists.
    pub fn slug(&self) -> &'static str {
        match self {
            Self::SignedIn => "signed-in",
            Self::Link => "link",
            Self::InClass => "in-class",
            Self::Paper { .. } => "paper",
            Self::Imported { .. } => "imported",
        }
    }

    /// For people.
    pub fn title(&self) -> &'static str {
        match self {
            Self::SignedIn => "signed in at school",
            Self::Link => "by a link",
            Self::InClass => "in class",
            Self::Paper { .. } => "on paper",
            Self::Imported { .. } => "in another system",
        }
    }
}

/// The name that somebody printed beside their signature.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Printed(String);

/// Why a text is no printed name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("print the name of whoever signs: 1 to 200 characters, none of them a control character")]
pub struct PrintedError;

impl Printed {
    /// A name as it was printed.
    ///
    /// # Errors
    /// It is empty, longer than 200 characters, or has a control character in it.
    pub fn new(text: &str) -> Result<Self, PrintedError> {
        let text = text.trim();
        let fits = (1..=200).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if fits { Ok(Self(text.into())) } else { Err(PrintedError) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Never the name.
impl fmt::Debug for Printed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Printed(..)")
    }
}

/// What happened about somebody's agreements.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum Fact {
    /// An edition was signed for them.
    Signed {
        /// Of which document.
        key: Key,
        /// Which edition.
        edition: Number,
        /// Who signed.
        by: Signer,
        /// The name that was printed.
        printed: Printed,
        /// By which way.
        way: Way,
        /// Why a parent may sign of whom it is not known whether they hold parental responsibility.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
        because: Option<String>,
    },
    /// A signature was taken back, or a parent says no who had not signed. It holds at once.
    Withdrawn {
        /// Of which document.
        key: Key,
        /// Who.
        by: Signer,
    },
    /// The school decided what holds where a parent said no (decisions 12).
    Decided {
        /// Of which document.
        key: Key,
        /// Whether the agreement of the other stands.
        stands: bool,
        /// Why.
        reason: String,
    },
    /// They may go on without a signature for a time.
    LetIn {
        /// Why.
        reason: String,
        /// To this instant, itself not included.
        until: DateTime<Utc>,
    },
    /// That is over before its time.
    LetInEnded,
    /// They, or a parent of theirs, were given the privacy notice: from then on connections may be inspected (decisions 2).
    Told {
        /// Who was told.
        whom: Signer,
        /// The day that stands on the notice.
        dated: NaiveDate,
    },
}

/// The last word of somebody about a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// They have said nothing.
    None,
    /// They signed an edition with this first number.
    Yes {
        /// The number.
        major: u32,
        /// When.
        since: DateTime<Utc>,
    },
    /// They took it back, or said no.
    No,
}

impl Word {
    /// Since when they have signed an edition with this first number or one after it.
    pub(crate) fn covers(self, major: u32) -> Option<DateTime<Utc>> {
        match self {
            Self::Yes { major: signed, since } if signed >= major => Some(since),
            _ => None,
        }
    }
}

/// What happened about one person's agreements, in the order of the journal.
///
/// Nothing counts before what stands before it: an event whose clock was behind counts from the one that it follows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File(Steps<Fact>);

impl File {
    /// That of somebody about whom nothing has happened.
    pub const EMPTY: Self = Self(Steps::EMPTY);

    /// What happened next.
    pub fn evolve(&mut self, at: DateTime<Utc>, fact: Fact) {
        self.0.push(at, fact);
    }

    /// What happened, and from when each counts.
    pub fn steps(&self) -> impl DoubleEndedIterator<Item = (DateTime<Utc>, &Fact)> {
        self.0.all()
    }

    /// What had happened by an instant, the last first.
    pub(crate) fn by(&self, at: DateTime<Utc>) -> impl Iterator<Item = (DateTime<Utc>, &Fact)> {
        self.0.by(at).rev()
    }

    /// What somebody said last of a document by an instant.
    pub(crate) fn last_of(&self, key: &Key, by: Signer, at: DateTime<Utc>) -> Word {
        let found = self.by(at).find_map(|(when, fact)| match fact {
            Fact::Signed { key: of, by: signer, edition, .. } if of == key && *signer == by => {
                Some(Word::Yes { major: edition.major, since: when })
            }
            Fact::Withdrawn { key: of, by: signer } if of == key && *signer == by => Some(Word::No),
            _ => None,
        });
        found.unwrap_or(Word::None)
    }

    /// Parents who did anything about a document by an instant.
    pub(crate) fn parents(&self, key: &Key, at: DateTime<Utc>) -> impl Iterator<Item = Signer> {
        self.by(at).filter_map(move |(_, fact)| match fact {
            Fact::Signed { key: of, by: by @ Signer::Parent(_), .. }
            | Fact::Withdrawn { key: of, by: by @ Signer::Parent(_) }
                if of == key =>
            {
                Some(*by)
            }
            _ => None,
        })
    }

    /// Whether somebody has signed an edition with this first number or one after it, and not taken it back.
    pub fn has_signed(&self, key: &Key, major: u32, by: Signer) -> bool {
        self.last_of(key, by, DateTime::<Utc>::MAX_UTC).covers(major).is_some()
    }

    /// Since when they, or a parent of theirs, have been told that connections may be inspected. A notice that is dated
    /// later holds from its day.
    pub fn told(&self) -> Option<DateTime<Utc>> {
        let of = |(at, fact): (DateTime<Utc>, &Fact)| match fact {
            Fact::Told { dated, .. } => Some(at.max(belisha_policy::calendar::start_of(*dated))),
            _ => None,
        };
        self.steps().filter_map(of).min()
    }

    /// Until when they are let in without a signature, at an instant, and why.
    pub fn let_in(&self, at: DateTime<Utc>) -> Option<(DateTime<Utc>, &str)> {
        let found = self.by(at).find_map(|(_, fact)| match fact {
            Fact::LetIn { until, reason } => Some(Some((*until, reason.as_str()))),
            Fact::LetInEnded => Some(None),
            _ => None,
        });
        found.flatten().filter(|(until, _)| at < *until)
    }
}
