//! The policy in force: seeded from the first `school.toml`, and from then on what the journal says.

use belisha_policy::{Action, Permit, WrongPermit};
use belisha_store::journal::{AppendError, Expected, IdempotencyKey};
use chrono::{DateTime, Utc};

use crate::events::{SettingsApplied, SettingsSeeded};
use crate::ledger::{Ledger, LedgerError, Stream, Told};
use crate::settings::SchoolPolicy;
use crate::trust::TrustRules;

/// Why a proposal was not put in force.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// It is not permitted.
    #[error(transparent)]
    Permit(#[from] WrongPermit),
    /// There is nothing to apply.
    #[error("the file proposes nothing that is not in force")]
    Nothing,
    /// Somebody else changed the policy meanwhile.
    #[error("somebody else has changed the policy meanwhile: look at the difference again")]
    Meanwhile,
    /// The journal could not take it.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// A policy in force, and the version of its stream: whoever changes it says which one they saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    /// The policy.
    pub policy: SchoolPolicy,
    /// What the trust set, below which the policy does not go.
    pub trust: TrustRules,
    /// How many times something of it has been set.
    pub version: u64,
}

/// What the journal has in force; `None` for a journal that was not seeded yet.
pub fn in_force(ledger: &Ledger) -> Result<Option<InForce>, LedgerError> {
    let told = ledger.read_own(&Stream::SETTINGS)?;
    let version = told.len() as u64;
    let mut trust = TrustRules::default();
    told.iter().try_for_each(|told| trust.take(told))?;
    for told in told.iter().rev() {
        if let Some(policy) = policy_of(told)? {
            return Ok(Some(InForce { policy, trust, version }));
        }
    }
    Ok(None)
}

fn policy_of(told: &Told) -> Result<Option<SchoolPolicy>, LedgerError> {
    if let Some(seeded) = told.read::<SettingsSeeded>()? {
        return Ok(Some(seeded.body.policy));
    }
    Ok(told.read::<SettingsApplied>()?.map(|applied| applied.body.policy))
}

/// Puts the file's policy into a journal that has none. Of several programs that start at once the first one seeds;
/// what is then in force is given to all.
pub fn seed(ledger: &Ledger, proposed: &SchoolPolicy, now: DateTime<Utc>) -> Result<InForce, LedgerError> {
    loop {
        if let Some(in_force) = in_force(ledger)? {
            return Ok(in_force);
        }
        let event = SettingsSeeded { policy: proposed.clone() };
        let key = IdempotencyKey::fresh()?;
        match ledger.append(&Stream::SETTINGS, Expected::Version(0), key, None, now, &event) {
            // Another program was faster: it has seeded.
            Ok(_) | Err(LedgerError::Append(AppendError::Conflict { .. })) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Puts a proposal in force.
///
/// # Errors
/// The permit is not for this, nothing is proposed, or the policy changed since `seen`: then nothing is done.
pub fn apply(
    ledger: &Ledger,
    permit: &Permit,
    seen: &InForce,
    proposed: &SchoolPolicy,
    now: DateTime<Utc>,
) -> Result<(), ApplyError> {
    permit.allows(Action::ApplySettings)?;
    let changes = seen.policy.changes(proposed);
    if changes.is_empty() {
        return Err(ApplyError::Nothing);
    }
    let event = SettingsApplied { policy: proposed.clone(), changes };
    let by = permit.actor().to_string();
    let key = IdempotencyKey::fresh().map_err(LedgerError::from)?;
    ledger
        .append(&Stream::SETTINGS, Expected::Version(seen.version), key, Some(&by), now, &event)
        .map(drop)
        .map_err(|error| error.or(ApplyError::Meanwhile))
}
