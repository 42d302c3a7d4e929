//! What did a named person visit? Asked with a purpose, permitted, written down, and only then shown.

use belisha_policy::people::AccountId;
use belisha_policy::{Action, Attribution, Permit, PersonId, Scope, WrongPermit};
use belisha_store::keys::Unlocked;
use belisha_store::{Logged, StoreError, person_day};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::audit::AuditReceipt;
use crate::events::LookedUp;
use crate::ledger::{Ledger, LedgerError, Stream};
use crate::people::Roll;
use crate::school::School;

/// The longest span of one look-up. Whoever needs more asks again, and says why again.
pub const LONGEST: TimeDelta = TimeDelta::days(93);

/// The shortest purpose that says something, in letters.
const SHORTEST_PURPOSE: usize = 10;

/// A look-up that somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookUp {
    /// Of whom, as the log knows them.
    pub person: String,
    /// The first day, in UTC.
    pub from: NaiveDate,
    /// The last day, in UTC.
    pub to: NaiveDate,
    /// Why, in a sentence.
    pub purpose: String,
}

/// What a person visited, and the receipt under which it was shown.
#[derive(Debug)]
pub struct History {
    /// The proof that it was written down before.
    pub receipt: AuditReceipt,
    /// The lines, in the order of their days. Person and device are numbers of the day.
    pub lines: Vec<Logged>,
}

/// Why a look-up was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LookUpError {
    /// It is not permitted.
    #[error(transparent)]
    Permit(#[from] WrongPermit),
    /// The permit is for sums or for instructions, not for what a person did.
    #[error("this permit does not reach to what a named person did")]
    Scope,
    /// No purpose was given.
    #[error("say why, in a sentence: it is written down with your name before anything is shown")]
    Purpose,
    /// No days, or too many.
    #[error("ask for a span of 1 to {} days", LONGEST.num_days())]
    Span,
    /// The journal or the keys.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The access log.
    #[error(transparent)]
    Log(#[from] StoreError),
}

/// Looks up what a person did. The look-up is an event of its own, written before a line is read; where it cannot be
/// written, nothing is shown.
///
/// # Errors
/// It is not permitted, has no purpose or no fitting span: nothing was written and nothing read. Afterwards the look-up
/// stands in the journal, whatever came of reading: the holder's key may not open the days, or a day may be damaged.
pub fn look_up(
    school: &School,
    permit: &Permit,
    holder: &Unlocked,
    ask: &LookUp,
    now: DateTime<Utc>,
) -> Result<History, LookUpError> {
    permit.allows(Action::LookUpHistory)?;
    // A permit for one person's history opens no other's.
    if permit.about().is_some_and(|about| about.to_string() != ask.person) {
        return Err(WrongPermit::OtherPerson.into());
    }
    if matches!(permit.scope(), Scope::Aggregate | Scope::InstructOnly) {
        return Err(LookUpError::Scope);
    }
    if !says_why(&ask.purpose) {
        return Err(LookUpError::Purpose);
    }
    let span = ask.to.signed_duration_since(ask.from);
    if span < TimeDelta::zero() || span >= LONGEST {
        return Err(LookUpError::Span);
    }
    let LookUp { person, from, to, purpose } = ask.clone();
    let second = permit.second_person().ok().map(|second| second.to_string());
    let event = LookedUp { person, from, to, purpose, second };
    let by = permit.actor().to_string();
    let receipt = AuditReceipt::take(school.ledger(), &Stream::look_ups(), &by, now, &event)?;
    let opener = school.names(holder);
    let days = school.log_days()?;
    let mut lines = Vec::new();
    for day in ask.from.iter_days().take_while(|day| *day <= ask.to) {
        if days.contains(&day) {
            lines.extend(person_day(school.log_place(), day, &ask.person, &opener)?);
        }
    }
    mark_doubts(school.ledger(), &ask.person, &mut lines)?;
    Ok(History { receipt, lines })
}

/// Whether a purpose says something.
pub(crate) fn says_why(purpose: &str) -> bool {
    purpose.chars().filter(|letter| letter.is_alphanumeric()).count() >= SHORTEST_PURPOSE
}

/// Marks the lines of times in which others knew the person's credential. That is mostly said afterwards, when the
/// lines are written.
fn mark_doubts(ledger: &Ledger, person: &str, lines: &mut [Logged]) -> Result<(), LedgerError> {
    let Ok(person) = person.parse::<PersonId>() else { return Ok(()) };
    let roll = Roll::load(ledger)?;
    let Some(account) = roll.account_by_id(AccountId::of(person)) else { return Ok(()) };
    let doubted = |at| account.doubts.iter().any(|doubt| doubt.covers(at));
    for line in lines.iter_mut().filter(|line| doubted(line.record.at)) {
        line.record.attribution = Attribution::CredentialInDoubt;
    }
    Ok(())
}
