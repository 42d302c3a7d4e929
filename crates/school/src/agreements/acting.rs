//! What somebody does about agreements: permitted, decided, and written in one piece.

use belisha_aua::{
    Around, Command, ConsentFact, ConsentRefused, DocumentFact, Fact, Key, Refused, Subjected, With, decide,
};
use belisha_policy::calendar::Within;
use belisha_policy::may::{About, Relation};
use belisha_policy::{Permit, PersonId, Scope, WrongPermit};
use belisha_store::journal::Expected;
use chrono::{DateTime, TimeDelta, Utc};

use super::events::DocumentChanged;
use super::pictures::Pictures;
use super::scans::Scan;
use super::writing::{Writing, append, here};
use crate::authority::Authority;
use crate::ledger::{Batch, LedgerError, Stream};
use crate::people::Entry;
use crate::school::School;

/// For how many days at school somebody is let in without a signature at the longest (decisions 2).
const LET_IN: Within = Within::SchoolDays(10);
/// The same where the calendar does not reach so far.
const LET_IN_AT_LEAST: TimeDelta = TimeDelta::days(14);

/// Why nothing was written about agreements.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AgreementError {
    /// It is not permitted.
    #[error(transparent)]
    Permit(#[from] WrongPermit),
    /// A rule says no.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The same about pictures.
    #[error(transparent)]
    Pictures(#[from] ConsentRefused),
    /// Nobody of the school.
    #[error("there is no such person here: look at belisha-reporter people list")]
    NobodyHere,
    /// No such class.
    #[error("no pupil is in the class {0:?}: look at belisha-reporter people list")]
    NoClass(String),
    /// Somebody else did something about it.
    #[error("somebody else has changed this meanwhile: nothing was written. Do it again")]
    Meanwhile,
    /// The journal.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// What is wanted about one person's agreements.
pub struct Wanted {
    /// Of whom.
    pub person: PersonId,
    /// What.
    pub command: Subjected,
    /// The scan of what came back on paper.
    pub scan: Option<Scan>,
}

impl From<(PersonId, Subjected)> for Wanted {
    fn from((person, command): (PersonId, Subjected)) -> Self {
        Self { person, command, scan: None }
    }
}

/// To when somebody may be let in without a signature at the longest: ten days at school (decisions 2).
pub fn let_in_at_the_longest(school: &School, now: DateTime<Utc>) -> DateTime<Utc> {
    let due = school.settings().policy.calendar().due(LET_IN, now);
    due.unwrap_or(now + LET_IN_AT_LEAST)
}

/// What a question of authority about somebody's agreement is about: whether it is one's own, of one's child or class.
pub fn about_person(authority: &Authority, actor: PersonId, person: PersonId) -> About {
    let own = authority.roll().person(person).is_some_and(|entry| is_own(authority, actor, entry));
    About { relation: Relation { own, ..Relation::default() }, ..About::NOTHING.person(person) }
}

/// The same about a class.
pub fn about_class(authority: &Authority, actor: PersonId, class: &str) -> About {
    let own = authority.assignments().teacher(class) == Some(actor);
    About { relation: Relation { own, ..Relation::default() }, ..About::NOTHING }
}

fn is_own(authority: &Authority, actor: PersonId, entry: &Entry) -> bool {
    let contacts = entry.person.pupil().into_iter().flat_map(|pupil| &pupil.contacts);
    entry.person.id == actor
        || entry.class().is_some_and(|class| authority.assignments().teacher(class) == Some(actor))
        || contacts.into_iter().any(|contact| contact.person == actor)
}

/// Does something about a document.
///
/// # Errors
/// It is not permitted or cannot be; somebody else was faster.
pub fn act_on_document(
    school: &School,
    authority: &Authority,
    permit: &Permit,
    key: &Key,
    command: Command,
    now: DateTime<Utc>,
) -> Result<DocumentFact, AgreementError> {
    if let Command::Discuss { with, .. } = &command {
        let class = match with {
            With::Class(class) => Some(class.as_str()),
            With::Pupil(pupil) => here(authority, *pupil, now)?.class(),
        };
        let is_in = |entry: &Entry| class.is_some() && entry.class() == class;
        if !authority.roll().people().any(is_in) {
            return Err(AgreementError::NoClass(class.unwrap_or_default().to_owned()));
        }
        let theirs = class.is_some_and(|class| authority.assignments().teacher(class) == Some(permit.actor()));
        if permit.scope() == Scope::Own && !theirs {
            return Err(WrongPermit::OtherPerson.into());
        }
    }
    let agreements = authority.agreements();
    let fact = decide(&around(school, authority, now), key, command, permit)?;
    let mut batch = Batch::new(Some(&permit.actor().to_string()));
    let event = DocumentChanged { key: key.clone(), fact: fact.clone() };
    batch.add(&Stream::AGREEMENTS, Expected::Version(agreements.version()), &event)?;
    append(school, &batch, now)?;
    Ok(fact)
}

/// Does something about the agreements of people: of all of them, or, where it cannot be of one, of none. Gives what
/// happened, in their order.
///
/// # Errors
/// It is not permitted or cannot be; somebody else was faster.
pub fn act(
    school: &School,
    authority: &Authority,
    permit: &Permit,
    commands: Vec<Wanted>,
    now: DateTime<Utc>,
) -> Result<Vec<Fact>, AgreementError> {
    let mut writing = Writing::by(permit.actor(), school, authority, now);
    let facts = commands.into_iter().map(|wanted| writing.about(permit, wanted));
    let facts = facts.collect::<Result<Vec<Fact>, AgreementError>>()?;
    writing.append()?;
    Ok(facts)
}

/// Does something about pictures of a child.
///
/// # Errors
/// It is not permitted or cannot be; somebody else was faster.
pub fn act_on_pictures(
    school: &School,
    authority: &Authority,
    pictures: &Pictures,
    permit: &Permit,
    (child, wanted): (PersonId, ConsentFact),
    now: DateTime<Utc>,
) -> Result<ConsentFact, AgreementError> {
    let mut writing = Writing::by(permit.actor(), school, authority, now);
    let fact = writing.about_pictures(permit, pictures, child, wanted)?;
    writing.append()?;
    Ok(fact)
}

/// The same about pictures of several children: of all of them, or, where it cannot be of one, of none.
///
/// # Errors
/// As [`act_on_pictures`].
pub(crate) fn act_on_all_pictures(
    school: &School,
    authority: &Authority,
    pictures: &Pictures,
    permit: &Permit,
    wanted: Vec<(PersonId, ConsentFact)>,
    now: DateTime<Utc>,
) -> Result<(), AgreementError> {
    let mut writing = Writing::by(permit.actor(), school, authority, now);
    for (child, wanted) in wanted {
        writing.about_pictures(permit, pictures, child, wanted)?;
    }
    writing.append()
}

/// What stands around a command.
pub(crate) fn around<'a>(school: &School, authority: &'a Authority, now: DateTime<Utc>) -> Around<'a> {
    Around { book: authority.agreements().book(), now, longest: let_in_at_the_longest(school, now) }
}
