//! `belisha-reporter found`.

use std::process::ExitCode;

use belisha_school::founding::{First, FoundingError, check_empty, found_school};
use belisha_school::sign_in::TotpSecret;
use chrono::Utc;

use crate::args::{Args, Found, fail};
use crate::login::{asked, enrolment};
use crate::opened_or_made;
use crate::passwords::Passwords;
use crate::session::sign_ins;

pub(crate) fn run(args: &Args, command: &Found) -> ExitCode {
    found(args, command).unwrap_or_else(|code| code)
}

fn found(args: &Args, command: &Found) -> Result<ExitCode, ExitCode> {
    let school = opened_or_made(args)?;
    check_empty(&school).map_err(|error| refused(&error))?;
    let passwords = Passwords::new(command.passwords_stdin);
    let name = school.settings().school.clone();
    let head = first(&command.head, &command.head_user, command.head_email.as_deref(), &name, &passwords)?;
    let chair = first(&command.chair, &command.chair_user, command.chair_email.as_deref(), &name, &passwords)?;
    eprintln!("Making keys. This takes some seconds.");
    let fingerprints =
        found_school(&school, &sign_ins(&school)?, &head, &chair, Utc::now()).map_err(|error| refused(&error))?;
    println!("Head and chair are named, and can sign in: belisha-reporter login {}", command.head_user);
    println!("Write these on paper. Whoever doubts a key later compares them:");
    for fingerprint in fingerprints {
        println!("  {}: {}", fingerprint.role, fingerprint.fingerprint);
    }
    println!("From now on cases, captures and names in the log open to holders of keys alone.");
    println!("Keep a copy of {} apart from this machine.", school.folder().keys().join("school.key").display());
    println!("Next: belisha-importer people …, and belisha-reporter roles appoint dsl …");
    Ok(ExitCode::SUCCESS)
}

fn refused(error: &FoundingError) -> ExitCode {
    fail(error, 1)
}

/// Asks one of the two for what they need.
fn first(name: &str, user: &str, email: Option<&str>, school: &str, passwords: &Passwords) -> Result<First, ExitCode> {
    let Some((forename, surname)) = name.trim().rsplit_once(' ') else {
        return Err(fail(&format!("{name:?}: give forename and surname"), 2));
    };
    let login = user.parse().map_err(|error| fail(&format!("{user:?}: {error}"), 2))?;
    let password = asked(passwords.ask_new(user))?;
    let second_factor = TotpSecret::random().map_err(|error| fail(&error, 74))?;
    let code = enrolment(&second_factor, school, user, passwords)?;
    Ok(First {
        surname: surname.into(),
        forename: forename.trim().into(),
        login,
        email: email.map(str::to_owned),
        password,
        second_factor,
        code,
    })
}
