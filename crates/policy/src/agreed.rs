//! Whether somebody has agreed to the rules, and was told of inspection: worked out by others, and consumed here.

use alloc::vec::Vec;

use chrono::{DateTime, Utc};

/// Whether somebody has agreed to what the school asks them to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Agreed {
    /// Nothing is asked of them.
    #[default]
    NotAsked,
    /// They have, or their time to do it runs.
    Yes,
    /// They have not, and were let in for a time by somebody who says why.
    Meanwhile,
    /// They have not.
    No,
}

/// Whether somebody was given a dated notice that connections may be looked into (decisions 2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Told {
    /// What the settings say of everybody holds: nobody in particular is asked about.
    #[default]
    AsEverybody,
    /// They, or a parent of theirs, were told at this instant.
    Since(DateTime<Utc>),
    /// Nobody has told them.
    Never,
}

/// What somebody has agreed to and was told, at any instant.
///
/// ```
/// use belisha_policy::{Agreed, Agreement, Told};
/// use chrono::{DateTime, TimeDelta};
///
/// let signed = DateTime::UNIX_EPOCH;
/// let agreement = Agreement::new(vec![(signed, Agreed::Yes)], Told::Never);
/// assert_eq!(agreement.agreed(signed), Agreed::Yes);
/// assert_eq!(agreement.agreed(signed - TimeDelta::seconds(1)), Agreed::NotAsked);
/// assert!(!agreement.was_told(signed));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    over_time: Vec<(DateTime<Utc>, Agreed)>,
    told: Told,
}

impl Agreement {
    /// What they have agreed to from which instants on, in the order of time; before the first nothing is asked.
    pub fn new(over_time: Vec<(DateTime<Utc>, Agreed)>, told: Told) -> Self {
        Self { over_time, told }
    }

    /// Whether they have agreed at an instant. Costs a search in a few instants.
    pub fn agreed(&self, at: DateTime<Utc>) -> Agreed {
        let until = self.over_time.partition_point(|(from, _)| *from <= at);
        let last = until.checked_sub(1).and_then(|place| self.over_time.get(place));
        last.map_or(Agreed::NotAsked, |(_, agreed)| *agreed)
    }

    /// Whether they had been told by an instant, as far as it is asked of them and not of everybody.
    pub fn was_told(&self, at: DateTime<Utc>) -> bool {
        match self.told {
            Told::AsEverybody => true,
            Told::Since(since) => since <= at,
            Told::Never => false,
        }
    }
}

/// What becomes of those who have not agreed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UntilSigned {
    /// They are chased, and nothing is closed.
    Chase,
    /// What is there for fun is closed: work, the learning platform and help stay open (decisions 2).
    #[default]
    Mild,
    /// Everything is closed but what the school approved and what helps children (C-043).
    Strict,
}

/// What a text that names no [`UntilSigned`] is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nothing that becomes of those who have not agreed: chase, mild and strict do")]
pub struct UnknownUntilSigned;

impl UntilSigned {
    /// All of them, the mildest first.
    pub const ALL: [Self; 3] = [Self::Chase, Self::Mild, Self::Strict];

    /// The name in settings.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Chase => "chase",
            Self::Mild => "mild",
            Self::Strict => "strict",
        }
    }
}

impl core::str::FromStr for UntilSigned {
    type Err = UnknownUntilSigned;

    fn from_str(text: &str) -> Result<Self, UnknownUntilSigned> {
        Self::ALL.into_iter().find(|it| it.slug() == text).ok_or(UnknownUntilSigned)
    }
}
