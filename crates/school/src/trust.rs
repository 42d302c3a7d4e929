//! What the trust set for all its schools, in this one: the baseline, and what its safeguarding lead lets the school
//! loosen. Both stand in the journal, in the stream of the settings; no file says anything of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use belisha_policy::trust::{Approvals, Baseline, NoApproval};
use belisha_policy::{Action, Audience, Category, Permit, Profile, WrongPermit};
use belisha_store::journal::{Expected, IdempotencyKey, Recorded};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::events::recorded;
use crate::in_force::InForce;
use crate::ledger::{Ledger, LedgerError, Stream, Told};
use crate::settings::{Base, WrittenProfile};

recorded! {
    "settings.baseline-set" => BaselineSet,
    "settings.loosening-approved" => LooseningApproved,
    "settings.loosening-withdrawn" => LooseningWithdrawn,
}

/// The trust's safeguarding lead set what profiles block at least; nothing, where there are no profiles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaselineSet {
    /// Profiles by name: what those for an audience block.
    pub profiles: BTreeMap<String, WrittenProfile>,
}

/// The trust's safeguarding lead lets the school open categories.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LooseningApproved {
    /// Which, by their slugs.
    pub categories: BTreeSet<String>,
    /// For whom.
    pub audience: Base,
    /// To this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
}

/// The trust's safeguarding lead lets it no longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LooseningWithdrawn {
    /// Which, by their slugs.
    pub categories: BTreeSet<String>,
    /// For whom.
    pub audience: Base,
}

/// Why nothing was changed about what the trust set.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// It is not permitted.
    #[error(transparent)]
    Permit(#[from] WrongPermit),
    /// There is nothing to approve.
    #[error(transparent)]
    Approval(#[from] NoApproval),
    /// There is nothing to take back.
    #[error("{0} was not approved for them: there is nothing to withdraw")]
    NotApproved(Category),
    /// It would be over before it begins.
    #[error("an approval ends after now")]
    Time,
    /// It says what is in force already.
    #[error("this is what the trust's baseline is already")]
    Nothing,
    /// What was set by a newer version.
    #[error("this version of Belisha cannot read what the trust set: {0}")]
    Unreadable(String),
    /// Somebody else changed settings.
    #[error("somebody else has changed settings meanwhile: nothing was written. Do it again")]
    Meanwhile,
    /// The journal.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// What the trust set, as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustRules {
    /// Profiles of the baseline, by name; none where there is no baseline.
    #[serde(default)]
    pub baseline: BTreeMap<String, WrittenProfile>,
    /// Approvals, the last of each category and audience.
    #[serde(default)]
    pub approvals: Vec<WrittenApproval>,
}

/// An approval as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenApproval {
    /// The category, by its slug.
    pub category: String,
    /// For whom.
    pub audience: Base,
    /// To this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
}

impl TrustRules {
    /// Takes in what an event of the settings says.
    pub(crate) fn take(&mut self, told: &Told) -> Result<(), LedgerError> {
        if let Some(set) = told.read::<BaselineSet>()? {
            self.baseline = set.body.profiles;
        } else if let Some(approved) = told.read::<LooseningApproved>()? {
            let LooseningApproved { categories, audience, until } = approved.body;
            self.forget(&categories, audience);
            let approval = |category| WrittenApproval { category, audience, until };
            self.approvals.extend(categories.into_iter().map(approval));
        } else if let Some(withdrawn) = told.read::<LooseningWithdrawn>()? {
            self.forget(&withdrawn.body.categories, withdrawn.body.audience);
        }
        Ok(())
    }

    fn forget(&mut self, categories: &BTreeSet<String>, audience: Base) {
        self.approvals.retain(|it| it.audience != audience || !categories.contains(&it.category));
    }

    /// What it amounts to.
    ///
    /// # Errors
    /// A category that this version does not know, told in words.
    pub fn read(&self) -> Result<Trust, String> {
        let profile = |(name, written): (&String, &WrittenProfile)| written.alone(name);
        let profiles = self.baseline.iter().map(profile).collect::<Result<Vec<_>, _>>()?;
        let mut approvals = Approvals::default();
        for approval in &self.approvals {
            let category: Category =
                approval.category.parse().map_err(|error: belisha_policy::UnknownCategory| error.to_string())?;
            approvals.approve(approval.audience.audience(), category, approval.until);
        }
        Ok(Trust { baseline: Baseline::new(profiles), approvals })
    }
}

/// What the trust set.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// What profiles block at least.
    pub baseline: Baseline,
    /// What may be opened all the same.
    pub approvals: Approvals,
}

impl Trust {
    /// Profiles as they are in force, and what of the school's own opening is kept shut.
    pub(crate) fn hold(&self, profiles: Vec<Profile>, at: DateTime<Utc>) -> (Vec<Profile>, Vec<KeptShut>) {
        let mut shut = Vec::new();
        let hold = |profile: Profile| {
            let (name, audience) = (profile.name().to_string(), profile.audience());
            let kept = self.baseline.kept_shut(&profile, &self.approvals, at);
            let what = format!("profile {name}");
            shut.extend(kept.into_iter().map(|category| KeptShut { what: what.clone(), category, audience }));
            self.baseline.hold(profile, &self.approvals, at)
        };
        (profiles.into_iter().map(hold).collect(), shut)
    }
}

impl Trust {
    /// For whom the trust keeps a category shut at an instant, where it does so for anybody. An exception about a whole
    /// category is held to it, whoever it is for.
    pub(crate) fn keeps_shut(&self, category: Category, at: DateTime<Utc>) -> Option<Audience> {
        let shut = |audience: &Audience| {
            self.baseline.blocks(*audience, category) && !self.approvals.cover(*audience, category, at)
        };
        [Audience::Pupils, Audience::Staff].into_iter().find(shut)
    }
}

/// A category that a profile of the school leaves open and the trust keeps shut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptShut {
    /// What leaves it open: a profile or an exception.
    pub what: String,
    /// The category.
    pub category: Category,
    /// For whom.
    pub audience: Audience,
}

/// What is kept shut, and what is to be done about it.
impl fmt::Display for KeptShut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, category, audience } = self;
        let whom = slug(*audience);
        write!(
            f,
            "{what} leaves {category} open, and the trust's baseline keeps it shut for {whom}: block it there \
             too, or ask the trust's safeguarding lead (belisha-reporter settings approve {category} --for {whom})"
        )
    }
}

/// The name of an audience in commands.
pub fn slug(audience: Audience) -> &'static str {
    match audience {
        Audience::Pupils => "pupils",
        Audience::Staff => "staff",
    }
}

fn base(audience: Audience) -> Base {
    match audience {
        Audience::Pupils => Base::Pupils,
        Audience::Staff => Base::Staff,
    }
}

/// Sets the baseline; without profiles, there is none from now on. Approvals stay.
pub fn set_baseline(
    ledger: &Ledger,
    permit: &Permit,
    seen: &InForce,
    profiles: &BTreeMap<String, WrittenProfile>,
    now: DateTime<Utc>,
) -> Result<(), TrustError> {
    permit.allows(Action::SetBaseline)?;
    if seen.trust.baseline == *profiles {
        return Err(TrustError::Nothing);
    }
    append(ledger, permit, seen, &BaselineSet { profiles: profiles.clone() }, now)
}

/// Lets the school open categories for an audience.
pub fn approve(
    ledger: &Ledger,
    permit: &Permit,
    seen: &InForce,
    (audience, categories): (Audience, &[Category]),
    until: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), TrustError> {
    permit.allows(Action::LoosenBaseline)?;
    if until.is_some_and(|until| until <= now) {
        return Err(TrustError::Time);
    }
    let trust = seen.trust.read().map_err(TrustError::Unreadable)?;
    categories.iter().try_for_each(|category| trust.baseline.may_approve(audience, *category))?;
    let event = LooseningApproved { categories: slugs(categories), audience: base(audience), until };
    append(ledger, permit, seen, &event, now)
}

/// Takes approvals back.
pub fn withdraw(
    ledger: &Ledger,
    permit: &Permit,
    seen: &InForce,
    (audience, categories): (Audience, &[Category]),
    now: DateTime<Utc>,
) -> Result<(), TrustError> {
    permit.allows(Action::LoosenBaseline)?;
    let mut approvals = seen.trust.read().map_err(TrustError::Unreadable)?.approvals;
    if let Some(category) = categories.iter().find(|category| !approvals.withdraw(audience, **category)) {
        return Err(TrustError::NotApproved(*category));
    }
    let event = LooseningWithdrawn { categories: slugs(categories), audience: base(audience) };
    append(ledger, permit, seen, &event, now)
}

fn slugs(categories: &[Category]) -> BTreeSet<String> {
    categories.iter().map(|category| category.slug().to_owned()).collect()
}

fn append<E: Recorded + Clone>(
    ledger: &Ledger,
    permit: &Permit,
    seen: &InForce,
    event: &E,
    now: DateTime<Utc>,
) -> Result<(), TrustError> {
    let by = permit.actor().to_string();
    let key = IdempotencyKey::fresh().map_err(LedgerError::from)?;
    ledger
        .append(&Stream::SETTINGS, Expected::Version(seen.version), key, Some(&by), now, event)
        .map(drop)
        .map_err(|error| error.or(TrustError::Meanwhile))
}
