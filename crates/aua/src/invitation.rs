//! A link by which one adult signs, once, without signing in.

use belisha_policy::PersonId;
use chrono::{DateTime, Utc};

use crate::steps::Steps;

/// After so many wrong answers a link is good no more: of the days on which a pupil can have been born they are one in a
/// thousand.
pub const TRIES: usize = 5;

/// What is asked before a link shows anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum Proof {
    /// The day on which one of their children was born.
    Born,
    /// A code that they were told by another way: its SHA-256.
    Code([u8; 32]),
}

/// What happened to a link.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum InvitationFact {
    /// It was made.
    Issued {
        /// For whom.
        adult: PersonId,
        /// To this instant, itself not included.
        until: DateTime<Utc>,
        /// What is asked first.
        proof: Proof,
    },
    /// What was asked was answered wrongly.
    Tried,
    /// It was answered rightly, and shown what there is to sign.
    Opened,
    /// It was signed by it.
    Used,
    /// Another took its place, or the school took it back.
    Ended,
}

/// A link that is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Issued {
    /// For whom.
    pub adult: PersonId,
    /// To this instant, itself not included.
    pub until: DateTime<Utc>,
    /// What is asked first.
    pub proof: Proof,
    /// How many wrong answers it stands.
    pub tries_left: usize,
}

/// Why a link is good no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Spent {
    /// There is none.
    #[error("there is no such link: look whether the whole of it was typed")]
    Unknown,
    /// It was signed by it.
    #[error("this link was used: what was signed by it counts")]
    Used(DateTime<Utc>),
    /// Its time is over.
    #[error("the time of this link is over")]
    Expired(DateTime<Utc>),
    /// Too many wrong answers were given.
    #[error("too many wrong answers were given to this link")]
    Guessed,
    /// Another took its place, or the school took it back.
    #[error("this link was taken back, or a newer one took its place")]
    Ended,
}

/// What happened to one link, in the order of the journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Invitation(Steps<InvitationFact>);

impl Invitation {
    /// What happened next.
    pub fn evolve(&mut self, at: DateTime<Utc>, fact: InvitationFact) {
        self.0.push(at, fact);
    }

    /// What happened, and from when each counts.
    pub fn steps(&self) -> impl DoubleEndedIterator<Item = (DateTime<Utc>, &InvitationFact)> {
        self.0.all()
    }

    /// How it stands with it at an instant.
    ///
    /// # Errors
    /// It is good no more, and why.
    pub fn standing(&self, at: DateTime<Utc>) -> Result<Issued, Spent> {
        let mut issued = None;
        for (when, fact) in self.0.by(at) {
            match fact {
                InvitationFact::Issued { adult, until, proof } => {
                    issued = Some(Issued { adult: *adult, until: *until, proof: *proof, tries_left: TRIES });
                }
                InvitationFact::Used => return Err(Spent::Used(when)),
                InvitationFact::Ended => return Err(Spent::Ended),
                InvitationFact::Tried => {
                    issued = issued.map(|it| Issued { tries_left: it.tries_left.saturating_sub(1), ..it });
                }
                InvitationFact::Opened => {}
            }
        }
        match issued {
            None => Err(Spent::Unknown),
            Some(issued) if issued.tries_left == 0 => Err(Spent::Guessed),
            Some(issued) if issued.until <= at => Err(Spent::Expired(issued.until)),
            Some(issued) => Ok(issued),
        }
    }
}
