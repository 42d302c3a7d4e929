//! `belisha-reporter login`, `logout` and `password`.

use std::io;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use belisha_policy::PersonId;
use belisha_school::own_password::{Changing, OwnPasswordError};
use belisha_school::sign_in::{SIGN_IN_LASTS, SignInError, TotpSecret};
use belisha_store::keys::Unlocked;
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
        let account = authority.roll().account_of(user);
        let issued = sign_ins.sign_in(school.ledger(), account, &password, &code, Utc::now());
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
    let school = &opened(args)?;
    let (sign_ins, authority) = (&sign_ins(school)?, &authority(school)?);
    let old = asked(passwords.ask(&format!("{user} (now)")))?;
    let new = asked(passwords.ask_new(user))?;
    let account = authority.roll().account_of(user);
    let changing = Changing { school, sign_ins, authority, now: Utc::now() };
    let needs_code = changing.needs_code(account).map_err(|error| refused(&error))?;
    let code = if needs_code { Some(asked(passwords.ask_code(user))?) } else { None };
    // Whatever was asked for took its time.
    let changing = Changing { now: Utc::now(), ..changing };
    let account = changing.change(account, (&old, &new), code.as_deref()).map_err(|error| not_done(&error))?;
    println!("The password is changed.");
    if changing.needs_factor(account) && !needs_code {
        let secret = TotpSecret::random().map_err(|error| fail(&error, 74))?;
        let code = enrolment(&secret, &school.settings().school, user, passwords)?;
        let changing = Changing { now: Utc::now(), ..changing };
        let has_key = changing.enrol(account, &new, &secret, &code).map_err(|error| not_done(&error))?;
        println!("The second factor is set up. Sign in with: belisha-reporter login {user}");
        if has_key {
            let user = account.login.as_str();
            println!("You have a key. Head or chair let you open cases: belisha-reporter keys admit cases {user}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What is said where a password was not changed.
fn not_done(error: &OwnPasswordError) -> ExitCode {
    match error {
        OwnPasswordError::SignIn(error) => refused(error),
        OwnPasswordError::Key(error) => fail(error, 74),
        OwnPasswordError::Account(error) => fail(error, 74),
        other => fail(other, 74),
    }
}
