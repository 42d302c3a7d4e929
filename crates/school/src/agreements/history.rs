//! What somebody was, by the journal: in which year, and whether they worked here.

use belisha_aua::Subject;
use belisha_policy::PersonId;

use crate::ledger::{Ledger, LedgerError, Stream};
use crate::people::person_of;

/// Somebody as they were at each instant and are now: for questions about the past. `None` where nothing is known of them.
/// Reads one stream.
pub fn subject(ledger: &Ledger, person: PersonId) -> Result<Option<Subject>, LedgerError> {
    let mut subject: Option<Subject> = None;
    for told in ledger.read_own(&Stream::person(person))? {
        let Some(written) = person_of(&told)? else { continue };
        let was = written.person(person)?;
        match &mut subject {
            Some(subject) => subject.becomes(told.at, &was),
            None => subject = Some(Subject::since(told.at, &was)),
        }
    }
    Ok(subject)
}
