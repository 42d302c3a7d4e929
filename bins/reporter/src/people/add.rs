//! People whom no list of the school has.

use std::process::ExitCode;

use belisha_policy::may::About;
use belisha_policy::people::{Login, PersonKind};
use belisha_policy::{Action, Permit, Scope};
use belisha_school::WrittenDay;
use belisha_school::people::newcomer::{Newcomer, add_person, set_last_day};

use super::said;
use crate::args::fail;
use crate::session::Session;

/// Somebody to be added, as it was typed.
pub(super) struct Added<'a> {
    pub(super) name: &'a str,
    pub(super) kind: PersonKind,
    pub(super) user: Option<&'a Login>,
    pub(super) title: Option<&'a str>,
    pub(super) until: Option<WrittenDay>,
}

fn permit(session: &Session) -> Result<Permit, ExitCode> {
    let permit = session.permit(Action::ManageAccounts, &About::NOTHING)?;
    if permit.scope() == Scope::Full {
        return Ok(permit);
    }
    Err(fail(&"this is for those who decide about accounts", 1))
}

pub(super) fn add(session: &Session, added: &Added<'_>) -> Result<(), ExitCode> {
    let permit = permit(session)?;
    let Some((forename, surname)) = added.name.trim().rsplit_once(' ') else {
        return Err(fail(&format!("{:?}: give forename and surname", added.name), 2));
    };
    let newcomer = Newcomer {
        surname: surname.into(),
        forename: forename.trim().into(),
        kind: added.kind,
        title: added.title.map(str::to_owned),
        login: added.user.cloned(),
        until: added.until.map(|day| day.0),
    };
    let (ledger, roll) = (session.school.ledger(), session.authority.roll());
    said(add_person(ledger, roll, &permit, &newcomer, session.now).map(drop))?;
    let until = added.until.map(|day| format!(", until {day}")).unwrap_or_default();
    println!("{} is on the roll as {}{until}.", added.name.trim(), added.kind.slug());
    if let Some(user) = added.user {
        println!(
            "For a password ask the safeguarding lead, the head or the chair: belisha-reporter people issue {} --out FILE",
            user.as_str()
        );
    }
    Ok(())
}

pub(super) fn until(session: &Session, user: &str, day: WrittenDay) -> Result<(), ExitCode> {
    let permit = permit(session)?;
    let person = session.person(user)?;
    session.permit_for_account_of(person)?;
    let (ledger, roll) = (session.school.ledger(), session.authority.roll());
    said(set_last_day(ledger, roll, &permit, person, day.0, session.now))?;
    println!("The last day of {user} is {day}.");
    Ok(())
}
