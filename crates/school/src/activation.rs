//! Which rules were in force when: each change of them stands in the journal.

use chrono::{DateTime, Utc};

use crate::events::{RulesActivated, SourceChange};
use crate::ledger::{Ledger, LedgerError, Stream};
use crate::rules::Rules;

/// Writes down that rules came into force.
pub fn note(
    ledger: &Ledger,
    rules: &Rules,
    source: &str,
    change: SourceChange,
    now: DateTime<Utc>,
) -> Result<(), LedgerError> {
    let event =
        RulesActivated { ruleset: rules.fingerprint(), rules: rules.rule_count(), source: source.into(), change };
    ledger.note(&Stream::RULES, None, now, &event).map(drop)
}

/// Writes down the rules in force where the journal does not know of them: they came with the folder, or a crash came
/// between putting them in force and writing it down. True where something had to be written.
pub fn reconcile(ledger: &Ledger, rules: &Rules, now: DateTime<Utc>) -> Result<bool, LedgerError> {
    for told in ledger.read_own(&Stream::RULES)?.iter().rev() {
        if let Some(last) = told.read::<RulesActivated>()? {
            if last.body.ruleset == rules.fingerprint() {
                return Ok(false);
            }
            break;
        }
    }
    note(ledger, rules, "", SourceChange::Found, now)?;
    Ok(true)
}
