//! Who has confirmed that they know what is done in a serious incident.

use belisha_aua::{Document, Number, State, Subject, Terms, Topic};
use belisha_policy::PersonId;
use belisha_policy::roles::Role;
use chrono::{DateTime, Utc};

use crate::authority::Authority;

/// Those who have to know it: whoever decides in it, or is asked by the others (C-026, R-010).
pub const MUST_KNOW: [Role; 6] =
    [Role::Head, Role::Dsl, Role::DeputyDsl, Role::SeniorLeader, Role::Coordinator, Role::Chair];

/// Somebody who has to know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Knowing {
    /// By which role.
    pub role: Role,
    /// Who.
    pub person: PersonId,
    /// Which edition they confirmed and since when; `None` where they have not, or where a newer one waits for it.
    pub confirmed: Option<(Number, DateTime<Utc>)>,
}

/// Whether a document is the procedure for serious incidents: it is read, and it says so.
fn is_procedure(document: &Document, at: DateTime<Utc>) -> bool {
    document.to_sign(at).is_some_and(|edition| {
        matches!(edition.terms, Terms::Reading(_)) && edition.text.topics().contains(&Topic::SeriousIncidents)
    })
}

/// Who has to know the procedure for serious incidents, in the order of their roles; `None` where none is published. Where
/// there are several, all of them are to be confirmed, and the one that was confirmed last is said.
pub fn who_know_the_procedure(authority: &Authority, at: DateTime<Utc>) -> Option<Vec<Knowing>> {
    let (agreements, roll) = (authority.agreements(), authority.roll());
    let procedures: Vec<&Document> = agreements.book().asked(at).filter(|it| is_procedure(it, at)).collect();
    if procedures.is_empty() {
        return None;
    }
    let confirmed = |person: PersonId| {
        let subject = Subject::of(&roll.person(person)?.person);
        let lines: Vec<(&Document, State)> = agreements.book().lines(agreements.file(person), &subject, at).collect();
        let state = |procedure: &&Document| {
            let (_, state) = lines.iter().find(|(document, _)| document.key() == procedure.key())?;
            if let State::Signed { under, since } = state { Some((*under, *since)) } else { None }
        };
        let all: Option<Vec<(Number, DateTime<Utc>)>> = procedures.iter().map(state).collect();
        all?.into_iter().max_by_key(|(_, since)| *since)
    };
    let of_role = |role: Role| {
        let holders = authority.assignments().holders(role, at);
        holders.map(move |person| Knowing { role, person, confirmed: confirmed(person) })
    };
    Some(MUST_KNOW.into_iter().flat_map(of_role).collect())
}
