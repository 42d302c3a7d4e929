//! Schools that belong together: what a trust sets for all of them, and pupils who go from one to another.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use chrono::{DateTime, Utc};

use crate::category::{Category, Kind};
use crate::person::PersonId;
use crate::profile::{Audience, Profile};

/// What a trust sets for all its schools: a profile for each audience. Schools tighten it freely, and loosen it with
/// the approval of the trust's safeguarding lead (decisions 27).
#[derive(Clone, Debug, Default)]
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
        let mut loosened: Vec<Category> =
            theirs.flat_map(Profile::blocked).filter(|category| profile.may_open(*category)).collect();
        loosened.sort_unstable();
        loosened.dedup();
        loosened
    }

    /// Whether it blocks a category for an audience.
    pub fn blocks(&self, audience: Audience, category: Category) -> bool {
        let theirs = self.profiles.iter().filter(|of_trust| of_trust.audience() == audience);
        theirs.into_iter().any(|of_trust| of_trust.blocked().any(|blocked| blocked == category))
    }

    /// What a profile of a school opens and the trust keeps shut: what it loosens and nobody has approved.
    pub fn kept_shut(&self, profile: &Profile, approvals: &Approvals, at: DateTime<Utc>) -> Vec<Category> {
        let mut shut = self.loosenings(profile);
        shut.retain(|category| !approvals.cover(profile.audience(), *category, at));
        shut
    }

    /// A profile as it is in force: what it blocks, and what the trust keeps shut besides. Nothing is ever opened.
    #[must_use]
    pub fn hold(&self, profile: Profile, approvals: &Approvals, at: DateTime<Utc>) -> Profile {
        let shut = self.kept_shut(&profile, approvals, at);
        shut.into_iter().fold(profile, Profile::keep_shut)
    }

    /// Whether there is anything to approve about a category.
    ///
    /// # Errors
    /// It is locked, or vouched for, or the trust does not block it for this audience.
    pub fn may_approve(&self, audience: Audience, category: Category) -> Result<(), NoApproval> {
        match category.kind() {
            Kind::Locked => Err(NoApproval::Locked(category)),
            _ if !self.blocks(audience, category) => Err(NoApproval::NotShut(category)),
            _ => Ok(()),
        }
    }
}

/// Why there is nothing to approve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoApproval {
    /// Nobody opens it.
    #[error("{0} is unlawful material: it is blocked for everyone, whoever approves")]
    Locked(Category),
    /// The trust does not block it.
    #[error("the trust's baseline does not block {0} for them: there is nothing to approve")]
    NotShut(Category),
}

/// What the trust's safeguarding lead lets a school loosen: a category for an audience, for a time or until it is
/// withdrawn. It opens nothing by itself: a profile of the school has to leave the category open as well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Approvals(BTreeMap<(Audience, Category), Option<DateTime<Utc>>>);

impl Approvals {
    /// Approves; another end takes the place of the one before.
    pub fn approve(&mut self, audience: Audience, category: Category, until: Option<DateTime<Utc>>) {
        self.0.insert((audience, category), until);
    }

    /// Takes an approval back; whether there was one.
    pub fn withdraw(&mut self, audience: Audience, category: Category) -> bool {
        self.0.remove(&(audience, category)).is_some()
    }

    /// Whether a category is approved for an audience at an instant.
    pub fn cover(&self, audience: Audience, category: Category, at: DateTime<Utc>) -> bool {
        self.0.get(&(audience, category)).is_some_and(|until| until.is_none_or(|until| at < until))
    }

    /// Those that hold at an instant, with their ends.
    pub fn at(&self, at: DateTime<Utc>) -> impl Iterator<Item = (Audience, Category, Option<DateTime<Utc>>)> {
        let holds = move |until: &Option<DateTime<Utc>>| until.is_none_or(|until| at < until);
        self.0
            .iter()
            .filter(move |(_, until)| holds(until))
            .map(|((audience, category), until)| (*audience, *category, *until))
    }

    /// When the first of those that hold at an instant ends.
    pub fn next_end(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.at(at).filter_map(|(_, _, until)| until).min()
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
    use crate::category::CategorySet;
    use crate::profile::AtTimes;
    use crate::when::When;

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

    proptest! {
        /// What is blocked in force is at least what the baseline blocks without what was approved, and exactly that and
        /// what the profile blocks: approving opens nothing by itself, tightening is never refused, and without a
        /// baseline nothing changes. Locked categories stay shut whatever anybody approves, and an approval for another
        /// audience, or one that is over, is none.
        #[test]
        fn in_force_is_the_baseline_less_what_was_approved(
            of_trust in ordinary(),
            block in ordinary(),
            allow in ordinary(),
            approved in proptest::collection::vec((0..Category::ALL.len(), any::<bool>(), proptest::option::of(0_i64..20)), 0..12),
            when in 0_i64..20,
        ) {
            let instant = |hours: i64| DateTime::UNIX_EPOCH + chrono::TimeDelta::hours(hours);
            let mut approvals = Approvals::default();
            for (category, for_pupils, until) in &approved {
                let audience = if *for_pupils { Audience::Pupils } else { Audience::Staff };
                approvals.approve(audience, Category::ALL[*category], until.map(instant));
            }
            let baseline = Baseline::new(alloc::vec![with(Profile::pupils("trust"), &of_trust, &[])]);
            let now = instant(when);
            for school in [Profile::pupils("school"), Profile::staff("school")] {
                let school = with(school, &block, &allow);
                let held = baseline.hold(school.clone(), &approvals, now);
                for category in Category::ALL {
                    // Said anew: the last approval of all for this audience and category counts.
                    let is_for = |pupils: bool| pupils == (school.audience() == Audience::Pupils);
                    let last = approved.iter().rev().find(|(it, pupils, _)| Category::ALL[*it] == *category && is_for(*pupils));
                    let opened = last.is_some_and(|(_, _, until)| until.is_none_or(|until| when < until));
                    let shut = baseline.blocks(school.audience(), *category) && !opened;
                    prop_assert_eq!(held.blocks(*category), school.blocks(*category) || shut, "{}", category);
                    prop_assert!(category.kind() != Kind::Locked || held.blocks(*category));
                    if category.kind() == Kind::Locked {
                        prop_assert_eq!(baseline.may_approve(school.audience(), *category), Err(NoApproval::Locked(*category)));
                    }
                }
                prop_assert!(baseline.kept_shut(&held, &approvals, now).is_empty());
                prop_assert_eq!(Baseline::default().hold(school.clone(), &approvals, now), school);
            }
            let end = approvals.next_end(now);
            prop_assert!(end.is_none_or(|end| now < end));
            // Nothing about approvals changes before that end.
            let before = end.map_or(instant(1000), |end| end - chrono::TimeDelta::seconds(1));
            prop_assert!(approvals.at(now).eq(approvals.at(before)));
        }
    }

    /// A profile that opens a category in the evening loosens what the trust blocks at all times.
    #[test]
    fn what_opens_at_times_is_kept_shut_at_all_times() {
        let games: CategorySet = [Category::Games].into_iter().collect();
        let none = CategorySet::EMPTY;
        let times = AtTimes { name: "evening".into(), when: When::ALWAYS, block: none, warn: none, allow: games };
        let school = Profile::pupils("school").at_times(times).expect("times");
        let baseline = Baseline::new(alloc::vec![Profile::pupils("trust")]);
        assert_eq!(baseline.loosenings(&school), [Category::Games]);
        let now = DateTime::UNIX_EPOCH;
        let mut approvals = Approvals::default();
        assert!(!baseline.hold(school.clone(), &approvals, now).may_open(Category::Games));
        approvals.approve(Audience::Pupils, Category::Games, None);
        assert!(baseline.hold(school, &approvals, now).may_open(Category::Games));
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
