//! `belisha-reporter login`, `logout` and `password`.

use std::io;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use belisha_policy::may::{About, Answer, Relation};
use belisha_policy::people::{Account, Login};
use belisha_policy::roles::Role;
use belisha_policy::{Action, PersonId};
use belisha_school::School;
use belisha_school::authority::Authority;
use belisha_school::holders::{self, HolderError};
use belisha_school::people::accounts::{self, Do};
use belisha_school::sign_in::{Audience, SIGN_IN_LASTS, SignInError, TotpSecret};
use belisha_store::keys::{KeyError, Unlocked};
use chrono::Utc;

use crate::args::{Args, fail};
use crate::opened;
use crate::passwords::Passwords;
use crate::session::{Session, authority, sign_ins, token};

/// How long a wrong answer takes.
const WRONG: Duration = Duration::from_secs(2);

/// What was typed, or what is said where it does not do.
pub(crate) fn asked(typed: io::Result<String>) -> Result<String, ExitCode> {
    typed.map_err(|error| {
        let code = if error.kind() == io::ErrorKind::InvalidInput { 1 } else { 74 };
        fail(&error, code)
    })
}

/// Shows the secret of a second factor, and asks for a code of it.
pub(crate) fn enrolment(
    secret: &TotpSecret,
    school: &str,
    user: &str,
    passwords: &Passwords,
) -> Result<String, ExitCode> {
    println!("Second factor of {user}. Add this to an app for codes, by hand:");
    println!("  {}", secret.base32());
    println!("or as an address: {}", secret.uri(school, user));
    asked(passwords.ask_code(&format!("{user}, from the app")))
}

/// What is said where somebody was not signed in.
pub(crate) fn refused(error: &SignInError) -> ExitCode {
    if matches!(error, SignInError::Wrong) {
        sleep(WRONG);
    }
    fail(error, 1)
}

/// A second person signs in for one command alone: who they are, and their key, where they have one.
pub(crate) fn second(
    session: &Session,
    user: &str,
    passwords: &Passwords,
) -> Result<(PersonId, Option<Unlocked>), ExitCode> {
    let account = session.account(user)?;
    let person = session.person(user)?;
    let (password, code) = (asked(passwords.ask(user))?, asked(passwords.ask_code(user))?);
    let second = session.sign_ins.second(session.school.ledger(), &account, &password, &code, Utc::now());
    Ok((person, second.map_err(|error| refused(&error))?))
}

pub(crate) fn login(args: &Args, user: &str, from_stdin: bool) -> ExitCode {
    let signed_in = || -> Result<ExitCode, ExitCode> {
        let school = opened(args)?;
        let (sign_ins, authority) = (sign_ins(&school)?, authority(&school)?);
        let passwords = Passwords::new(from_stdin);
        let password = asked(passwords.ask(user))?;
        let code = asked(passwords.ask_code(user))?;
        let account = user.parse::<Login>().ok().and_then(|login| authority.roll().account(&login).cloned());
        let issued = sign_ins.sign_in(school.ledger(), account.as_ref(), &password, &code, Utc::now());
        let (token, _) = issued.map_err(|error| refused(&error))?;
        println!("{}", token.reveal());
        eprintln!("Signed in for {} hours. End it with belisha-reporter logout.", SIGN_IN_LASTS.num_hours());
        Ok(ExitCode::SUCCESS)
    };
    signed_in().unwrap_or_else(|code| code)
}

pub(crate) fn logout(args: &Args) -> ExitCode {
    let signed_out = || -> Result<ExitCode, ExitCode> {
        let token = token()?;
        let school = opened(args)?;
        sign_ins(&school)?.sign_out(&token).map_err(|error| refused(&error))?;
        Ok(ExitCode::SUCCESS)
    };
    signed_out().unwrap_or_else(|code| code)
}

pub(crate) fn password(args: &Args, user: &str, from_stdin: bool) -> ExitCode {
    change(args, user, &Passwords::new(from_stdin)).unwrap_or_else(|code| code)
}

fn change(args: &Args, user: &str, passwords: &Passwords) -> Result<ExitCode, ExitCode> {
    let school = opened(args)?;
    let (sign_ins, authority) = (sign_ins(&school)?, authority(&school)?);
    let old = asked(passwords.ask(&format!("{user} (now)")))?;
    let new = asked(passwords.ask_new(user))?;
    let account = user.parse::<Login>().ok().and_then(|login| authority.roll().account(&login).cloned());
    // An account that is not there is taken for a person's.
    let audience = account.as_ref().map_or(Audience::Staff, |account| authority.audience(account));
    let has_factor = |id| sign_ins.has_second_factor(id).map_err(|error| refused(&error));
    let code = match &account {
        Some(account) if has_factor(account.id)? => Some(asked(passwords.ask_code(user))?),
        _ => None,
    };
    let (now, both) = (Utc::now(), (old.as_str(), new.as_str()));
    let done = sign_ins.change_password(school.ledger(), account.as_ref(), audience, both, code.as_deref(), now);
    let id = done.map_err(|error| refused(&error))?;
    println!("The password is changed.");
    if let Some(account) = &account {
        end_doubt(&school, &authority, account)?;
    }
    if audience == Audience::Staff && code.is_none() {
        let secret = TotpSecret::random().map_err(|error| fail(&error, 74))?;
        let code = enrolment(&secret, &school.settings().school, user, passwords)?;
        let enrolled = sign_ins.enrol(school.ledger(), id, &secret, &code, Utc::now());
        enrolled.map_err(|error| refused(&error))?;
        println!("The second factor is set up. Sign in with: belisha-reporter login {user}");
        if let Some(account) = &account {
            make_key(&school, &authority, account, &new)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Who handles cases needs a key to open them: it is made with their first own password, so that nobody has to think of it.
fn make_key(school: &School, authority: &Authority, account: &Account, password: &str) -> Result<(), ExitCode> {
    let now = Utc::now();
    let Some(person) = authority.person_of(account) else { return Ok(()) };
    let standing = authority.standing(person, now);
    if !standing.is_some_and(|standing| standing.roles.iter().any(Role::handles_cases)) {
        return Ok(());
    }
    match holders::join(school, person, password, now) {
        Ok(()) => {
            let user = account.login.as_str();
            println!("You have a key. Head or chair let you open cases: belisha-reporter keys admit cases {user}");
            Ok(())
        }
        Err(HolderError::Key(KeyError::HolderExists)) => Ok(()),
        Err(error) => Err(fail(&error, 74)),
    }
}

/// A new password ends the time in which others knew the old one.
fn end_doubt(school: &School, authority: &Authority, account: &Account) -> Result<(), ExitCode> {
    if !account.is_in_doubt() {
        return Ok(());
    }
    let Some(person) = authority.person_of(account) else { return Ok(()) };
    let (now, own) = (Utc::now(), Relation { own: true, ..Relation::default() });
    let about = About { relation: own, ..About::NOTHING };
    let Answer::Permit(permit) = authority.may(person, Action::ReportCredential, &about, now) else { return Ok(()) };
    let ended = accounts::change(school.ledger(), authority.roll(), &permit, account.id, &Do::EndDoubt, now);
    ended.map_err(|error| fail(&error, 74))
}
