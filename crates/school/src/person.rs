//! Everything that is kept of one person, for a subject access request.
//!
//! What is here is the access log, what they agreed to, and what was said of pictures of them. Third parties are left out by
//! rule and not by hand: lines of accounts that several people share, and the names of those who signed for somebody. What
//! could tell the subject of a concern that there is one is left out too: look-ups, that a child is kept out of pictures
//! whatever anybody says, and why the school decided something.

mod agreed;

use belisha_policy::{Action, Attribution, Permit, Scope, WrongPermit};
use belisha_store::keys::Unlocked;
use belisha_store::{Logged, StoreError, person_day};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::audit::AuditReceipt;
use crate::events::PersonExported;
use crate::ledger::{LedgerError, Stream};
use crate::school::School;

/// Why a person's records were not exported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// It is not permitted.
    #[error(transparent)]
    Permit(#[from] WrongPermit),
    /// The permit is for sums or for instructions.
    #[error("this permit does not reach to the records of a named person")]
    Scope,
    /// No purpose was given.
    #[error("say why, in a sentence: it is written down before anything is exported")]
    Purpose,
    /// The journal or the keys.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The access log.
    #[error(transparent)]
    Log(#[from] StoreError),
}

/// What is kept of a person, as it is handed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PersonExport {
    /// The place in the journal that says that it was made.
    #[serde(skip)]
    pub receipt: u64,
    /// Of whom.
    pub person: String,
    /// When it was made.
    pub made: String,
    /// What is said of it to its reader.
    pub about: Vec<String>,
    /// Requests that are attributed to them.
    pub requests: Vec<ExportedRequest>,
    /// What they agreed to, and what others did for them, the oldest first.
    pub agreements: Vec<ExportedStep>,
    /// What was said of pictures of them, the oldest first.
    pub pictures: Vec<ExportedStep>,
    /// Lines that are left out because several people share the account under which they were made.
    pub shared_lines_left_out: u64,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExportedStep {
    /// When, in UTC.
    pub at: String,
    /// What, in words.
    pub what: String,
}

/// A request of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExportedRequest {
    /// When, in UTC.
    pub at: String,
    /// How sure it is that it was they.
    pub attribution: &'static str,
    /// What was asked for, without what follows a `?` unless that was kept.
    pub address: String,
    /// What became of it.
    pub outcome: &'static str,
    /// What the address is about.
    pub categories: Vec<&'static str>,
}

/// What every export says of itself.
const ABOUT: [&str; 2] = [
    "Times are in UTC. The log keeps addresses of websites and not what stood on the pages.",
    "Attribution says how sure it is that a line is this person's: an address alone is not proof that they sat there.",
];

/// Exports what is kept of a person. That it was done is an event of its own, written before anything is read.
pub fn export(
    school: &School,
    permit: &Permit,
    holder: &Unlocked,
    person: &str,
    purpose: &str,
    now: DateTime<Utc>,
) -> Result<PersonExport, ExportError> {
    permit.allows(Action::ExportPerson)?;
    if matches!(permit.scope(), Scope::Aggregate | Scope::InstructOnly) {
        return Err(ExportError::Scope);
    }
    if purpose.trim().is_empty() {
        return Err(ExportError::Purpose);
    }
    let event = PersonExported { person: person.into(), purpose: purpose.trim().into() };
    let by = permit.actor().to_string();
    let receipt = AuditReceipt::take(school.ledger(), &Stream::look_ups(), &by, now, &event)?;
    let mut export = PersonExport {
        receipt: receipt.position(),
        person: person.into(),
        made: time(now),
        about: ABOUT.map(str::to_owned).to_vec(),
        requests: Vec::new(),
        agreements: agreed::agreements(school.ledger(), person)?,
        pictures: agreed::pictures(school.ledger(), person)?,
        shared_lines_left_out: 0,
    };
    let opener = school.names(holder);
    for day in school.log_days()? {
        for line in person_day(school.log_place(), day, person, &opener)? {
            match line.record.attribution {
                Attribution::ClassAccount => export.shared_lines_left_out += 1,
                _ => export.requests.push(request(&line)),
            }
        }
    }
    Ok(export)
}

fn request(line: &Logged) -> ExportedRequest {
    let record = &line.record;
    let query = if record.query.is_empty() { String::new() } else { format!("?{}", record.query) };
    ExportedRequest {
        at: time(record.at),
        attribution: record.attribution.slug(),
        address: format!("{}://{}{}{query}", record.scheme, record.host, record.path),
        outcome: record.observed.slug(),
        categories: record.categories.iter().map(|category| category.slug()).collect(),
    }
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
