//! `belisha-reporter people`.

mod add;
mod issue;
mod list;
mod moves;

use std::process::ExitCode;

use belisha_policy::may::{About, Relation};
use belisha_policy::people::AccountId;
use belisha_policy::{Action, Scope};
use belisha_school::WrittenInstant;
use belisha_school::people::accounts::{self, AccountError, Do, Guest};
use chrono::{DateTime, Utc};

use self::add::Added;
use self::issue::{Those, Whom};
use crate::args::{Args, PeopleAction, fail};
use crate::session::{Session, shown};

pub(crate) fn run(args: &Args, action: &PeopleAction) -> ExitCode {
    let done = || -> Result<ExitCode, ExitCode> {
        let session = Session::open(args)?;
        match action {
            PeopleAction::List { class, json } => list::list(&session, class.as_deref(), *json)?,
            PeopleAction::Issue { users, class, pupils, staff: _, anew, out } => {
                let those = if *anew { Those::Everybody } else { Those::Without };
                let whom = match class {
                    Some(class) => Whom::Class(class, those),
                    None if *pupils => Whom::Pupils(those),
                    None if users.is_empty() => Whom::Staff,
                    None => Whom::Users(users),
                };
                issue::issue(&session, &whom, out)?;
            }
            PeopleAction::Add { name, kind, user, title, until } => {
                let (user, title) = (user.as_ref(), title.as_deref());
                add::add(&session, &Added { name, kind: *kind, user, title, until: *until })?;
            }
            PeopleAction::Until { user, until } => add::until(&session, user, *until)?,
            PeopleAction::Guest { called, user, sponsor, until } => {
                guest(&session, called, user, sponsor.as_deref(), until.end())?;
            }
            PeopleAction::GuestEnd { user, until } => guest_end(&session, user, until.end())?,
            PeopleAction::Class { class, user } => {
                let permit = session.permit(Action::CreateClassAccount, &About::NOTHING)?;
                session.check_class(class)?;
                let login = user.parse().map_err(|error| fail(&error, 2))?;
                let (ledger, roll) = (session.school.ledger(), session.authority.roll());
                said(accounts::open_class(ledger, roll, &permit, class, &login, session.now).map(drop))?;
                println!("The account is open. Give it a password: belisha-reporter people issue {user} --out FILE");
            }
            PeopleAction::Off { user } => change(&session, user, &Do::SwitchOff)?,
            PeopleAction::On { user } => change(&session, user, &Do::SwitchOn)?,
            PeopleAction::Login { user, new } => {
                change(&session, user, &Do::Rename(new.parse().map_err(|error| fail(&error, 2))?))?;
            }
            PeopleAction::Move { user, to, recipient, out } => moves::offer(&session, user, *to, recipient, out)?,
            PeopleAction::Receive { file, identity, receipt } => moves::receive(&session, file, identity, receipt)?,
            PeopleAction::Receipt { file } => moves::receipt(&session, file)?,
            PeopleAction::ForgetFactor { user } => forget_factor(&session, user)?,
            PeopleAction::Compromised { user, since } => {
                compromised(&session, user, since.map_or(session.now, WrittenInstant::beginning))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    };
    done().unwrap_or_else(|code| code)
}

fn said<T>(done: Result<T, AccountError>) -> Result<T, ExitCode> {
    done.map_err(|error| fail(&error, if matches!(error, AccountError::Ledger(_)) { 74 } else { 1 }))
}

fn change(session: &Session, user: &str, what: &Do) -> Result<(), ExitCode> {
    let permit = session.permit(Action::ManageAccounts, &About::NOTHING)?;
    if permit.scope() != Scope::Full {
        return Err(fail(&"this is for those who decide about accounts", 1));
    }
    let account = session.account(user)?;
    if let Some(person) = session.authority.person_of(&account) {
        session.permit_for_account_of(person)?;
    }
    let account = account.id;
    said(accounts::change(session.school.ledger(), session.authority.roll(), &permit, account, what, session.now))?;
    match what {
        Do::SwitchOff => {
            session.sign_ins.sign_out_everywhere(account).map_err(|error| fail(&error, 74))?;
            println!("The account of {user} is off, and nobody is signed in with it any more.");
        }
        Do::SwitchOn => println!("The account of {user} is on."),
        Do::Rename(new) => println!("What was {user} signs in as {} from now on.", new.as_str()),
        Do::Doubt(_) | Do::EndDoubt => {}
    }
    Ok(())
}

fn guest_end(session: &Session, user: &str, until: DateTime<Utc>) -> Result<(), ExitCode> {
    let permit = session.permit(Action::CreateGuestAccount, &About::NOTHING)?;
    if permit.scope() != Scope::Full {
        return Err(fail(&"ask the office, the coordinator or the network manager about your guest", 1));
    }
    let account = session.account(user)?.id;
    let (ledger, roll) = (session.school.ledger(), session.authority.roll());
    said(accounts::set_guest_end(ledger, roll, &permit, account, until, session.now))?;
    println!("The account of {user} is open until {}.", shown(until));
    Ok(())
}

fn forget_factor(session: &Session, user: &str) -> Result<(), ExitCode> {
    let account = session.account(user)?;
    let Some(person) = session.authority.person_of(&account) else {
        return Err(fail(&"this account is a class's or a guest's, and has no second factor", 1));
    };
    let above = session.authority.is_for_the_chair(person, session.now);
    let action = if above { Action::AssignGovernors } else { Action::AssignRoles };
    let permit = session.permit(action, &About::NOTHING)?;
    let taken = session.sign_ins.forget_factor(session.school.ledger(), &permit, account.id, session.now);
    taken.map_err(|error| fail(&error, 1))?;
    println!("{user} sets up another second factor with: belisha-reporter password {user}");
    Ok(())
}

fn compromised(session: &Session, user: &str, since: DateTime<Utc>) -> Result<(), ExitCode> {
    let account = session.account(user)?;
    let own = account.id == AccountId::of(session.person);
    let about = About { relation: Relation { own, ..Relation::default() }, ..About::NOTHING };
    let permit = session.permit(Action::ReportCredential, &about)?;
    if since > session.now {
        return Err(fail(&"others cannot know it since an instant that is still to come", 2));
    }
    // Void first: whatever comes after, nobody signs in with it.
    let void = session.sign_ins.void(session.school.ledger(), &permit, account.id, since, session.now);
    void.map_err(|error| fail(&error, 1))?;
    let (ledger, roll) = (session.school.ledger(), session.authority.roll());
    said(accounts::change(ledger, roll, &permit, account.id, &Do::Doubt(since), session.now))?;
    let since = shown(since);
    println!("The password is void, and lines of this account are marked since {since}, until it gets a new one.");
    if session.sign_ins.holds_key(account.id).map_err(|error| fail(&error, 74))? {
        println!("They hold a key: they choose another password themselves, with belisha-reporter password {user}");
    }
    Ok(())
}

fn guest(
    session: &Session,
    called: &str,
    user: &str,
    sponsor: Option<&str>,
    until: DateTime<Utc>,
) -> Result<(), ExitCode> {
    let permit = session.permit(Action::CreateGuestAccount, &About::NOTHING)?;
    if permit.scope() != Scope::Full {
        return Err(fail(&"ask the office, the coordinator or the network manager to let your guest in", 1));
    }
    let sponsor = sponsor.map_or(Ok(session.person), |user| session.person(user))?;
    let login = user.parse().map_err(|error| fail(&error, 2))?;
    let guest = Guest { called: called.into(), login, sponsor, until };
    let (ledger, roll) = (session.school.ledger(), session.authority.roll());
    said(accounts::open_guest(ledger, roll, &permit, &guest, session.now).map(drop))?;
    let until = shown(until);
    println!("The account is open until {until}. Give it a password: belisha-reporter people issue {user} --out FILE");
    Ok(())
}
