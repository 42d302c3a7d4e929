//! Schools that belong together: what a trust sets for all of them, and pupils who go from one to another.

use alloc::vec::Vec;

use chrono::{DateTime, Utc};

use crate::category::Category;
use crate::person::PersonId;
use crate::profile::Profile;

/// What a trust sets for all its schools: a profile for each audience. Schools tighten it freely, and loosen it with
/// the approval of the trust's safeguarding lead (decisions 27).
#[derive(Clone, Debug)]
pub struct Baseline {
    profiles: Vec<Profile>,
}

impl Baseline {
    /// What these profiles block; where several are for one audience, what any of them blocks.
    pub fn new(profiles: Vec<Profile>) -> Self {
        Self { profiles }
    }

    /// What a profile of a school opens that the trust blocks for its audience. None: it is at least as strict.
    pub fn loosenings(&self, profile: &Profile) -> Vec<Category> {
        let theirs = self.profiles.iter().filter(|of_trust| of_trust.audience() == profile.audience());
        let mut loosened: Vec<Category> = theirs
            .flat_map(Profile::blocked)
            .filter(|category| !profile.blocked().any(|blocked| blocked == *category))
            .collect();
        loosened.sort_unstable();
        loosened.dedup();
        loosened
    }
}

/// A pupil who goes from one school to another, with what is kept of them.
///
/// The old school keeps its record until the new one has said that it has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    /// The old school has written it out for a school.
    Offered {
        /// Who.
        pupil: PersonId,
        /// The reference number of the school.
        to: u64,
        /// When.
        at: DateTime<Utc>,
        /// SHA-256 of what was written out.
        sha256: [u8; 32],
    },
    /// The new school has said that it has it.
    Received {
        /// Who.
        pupil: PersonId,
        /// The reference number of the school.
        by: u64,
        /// When.
        at: DateTime<Utc>,
    },
}

/// The receipt of the new school.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The reference number of the school that received.
    pub by: u64,
    /// SHA-256 of what it received.
    pub sha256: [u8; 32],
    /// When.
    pub at: DateTime<Utc>,
}

/// Why a receipt does not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MoveError {
    /// Another school received it.
    #[error("the receipt is of another school than the one to which the record was sent")]
    OtherSchool,
    /// Something else was received.
    #[error("what was received is not what was sent: send it again")]
    OtherContent,
    /// It was received before it was sent.
    #[error("the receipt is older than what was sent")]
    Early,
    /// There is a receipt.
    #[error("there is a receipt already")]
    Again,
}

impl Move {
    /// Takes a receipt. From then on the old school's record is for reading only.
    ///
    /// # Errors
    /// The receipt is of another school, of something else, of before, or not the first.
    pub fn receive(&self, receipt: &Receipt) -> Result<Self, MoveError> {
        match self {
            Self::Received { .. } => Err(MoveError::Again),
            Self::Offered { to, .. } if *to != receipt.by => Err(MoveError::OtherSchool),
            Self::Offered { sha256, .. } if *sha256 != receipt.sha256 => Err(MoveError::OtherContent),
            Self::Offered { at, .. } if receipt.at < *at => Err(MoveError::Early),
            Self::Offered { pupil, .. } => Ok(Self::Received { pupil: *pupil, by: receipt.by, at: receipt.at }),
        }
    }

    /// Whether the old school may still write to its record.
    pub fn is_writable(&self) -> bool {
        matches!(self, Self::Offered { .. })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::category::Kind;

    fn ordinary() -> impl Strategy<Value = Vec<Category>> {
        let all: Vec<Category> = Category::ALL.iter().copied().filter(|it| it.kind() == Kind::Ordinary).collect();
        proptest::sample::subsequence(all.clone(), 0..all.len())
    }

    fn with(profile: Profile, block: &[Category], allow: &[Category]) -> Profile {
        let blocked = block.iter().fold(profile, |profile, it| profile.block(*it).expect("an ordinary category"));
        allow.iter().fold(blocked, |profile, it| profile.allow(*it).expect("an ordinary category"))
    }

    proptest! {
        /// A profile without loosenings blocks all that the trust blocks for its audience; one with some opens exactly
        /// those. Tightening never loosens, and locked categories are never among them.
        #[test]
        fn what_loosens_nothing_is_as_strict(of_trust in ordinary(), block in ordinary(), allow in ordinary()) {
            let trust = with(Profile::pupils("trust"), &of_trust, &[]);
            let baseline = Baseline::new(alloc::vec![trust.clone(), Profile::staff("staff of the trust")]);
            let school = with(Profile::pupils("school"), &block, &allow);
            let loosenings = baseline.loosenings(&school);
            for category in Category::ALL {
                let opens = trust.blocks(*category) && !school.blocks(*category);
                prop_assert_eq!(loosenings.contains(category), opens, "{}", category);
                prop_assert!(category.kind() != Kind::Locked || !opens);
            }
            let tightened = with(trust, &block, &[]);
            prop_assert!(baseline.loosenings(&tightened).is_empty());
        }
    }

    #[test]
    fn a_pupil_moves_with_a_receipt() {
        let pupil = PersonId::from_bytes([1; 16]);
        let (sent, got) = (DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH + chrono::TimeDelta::days(2));
        let offered = Move::Offered { pupil, to: 990_002, at: sent, sha256: [7; 32] };
        let receipt = Receipt { by: 990_002, sha256: [7; 32], at: got };
        assert!(offered.is_writable());
        assert_eq!(offered.receive(&Receipt { by: 990_003, ..receipt }), Err(MoveError::OtherSchool));
        assert_eq!(offered.receive(&Receipt { sha256: [8; 32], ..receipt }), Err(MoveError::OtherContent));
        assert_eq!(
            offered.receive(&Receipt { at: sent - chrono::TimeDelta::seconds(1), ..receipt }),
            Err(MoveError::Early)
        );
        let received = offered.receive(&receipt).expect("the right receipt");
        assert!(!received.is_writable());
        assert_eq!(received.receive(&receipt), Err(MoveError::Again));
    }
}
