//! `belisha-reporter keys`.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::ExitCode;

use belisha_school::founding::{Founder, found};
use belisha_school::holders;
use belisha_store::backup::BackupIdentity;
use chrono::Utc;

use crate::args::{Args, KeysAction, fail};
use crate::passwords::Passwords;
use crate::{opened, opened_or_made};

pub(crate) fn run(args: &Args, action: &KeysAction) -> ExitCode {
    match action {
        KeysAction::Init { holders, history, passwords_stdin } => {
            init(args, holders, history, &Passwords::new(*passwords_stdin))
        }
        KeysAction::List => list(args),
        KeysAction::Password { name, passwords_stdin } => password(args, name, &Passwords::new(*passwords_stdin)),
        KeysAction::BackupKey { out } => backup_key(out),
    }
}

fn init(args: &Args, names: &[String], history: &[String], passwords: &Passwords) -> ExitCode {
    let school = match opened_or_made(args) {
        Ok(school) => school,
        Err(code) => return code,
    };
    let history = if history.is_empty() { names } else { history };
    if let Err(error) = belisha_school::founding::check(&school, names, history) {
        return fail(&error, 1);
    }
    let mut founders = Vec::new();
    for name in names {
        match passwords.ask_new(name) {
            Ok(password) => founders.push(Founder { name: name.clone(), password }),
            Err(error) => return fail(&error, if error.kind() == std::io::ErrorKind::InvalidInput { 1 } else { 74 }),
        }
    }
    if let Err(error) = found(&school, &founders, history, Utc::now()) {
        return fail(&error, 1);
    }
    println!("Key holders: {}.", names.join(", "));
    println!("Names in the access log open to {} alone from now on, those of earlier days too.", history.join(", "));
    println!("A password that is lost is replaced by two of the others together.");
    if names.len() < 3 {
        println!(
            "WARNING: with two holders neither can help the other. Name a third person while both passwords are known."
        );
    }
    println!("Keep a copy of {} apart from this machine.", school.folder().keys().join("school.key").display());
    ExitCode::SUCCESS
}

fn list(args: &Args) -> ExitCode {
    let school = match opened(args) {
        Ok(school) => school,
        Err(code) => return code,
    };
    let keys = school.ledger().keys();
    match (keys.holders(), keys.roles()) {
        (Ok(holders), Ok(roles)) => {
            if holders.is_empty() {
                println!("Nobody is named. What is sealed opens with the school's key: belisha-reporter keys init");
            }
            for holder in holders {
                let roles = holder.roles.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                let recovers = if holder.recovers { "; helps to recover keys" } else { "" };
                println!("{}: {}{recovers}", holder.name, if roles.is_empty() { "no role" } else { &roles });
            }
            for role in roles {
                println!("{}: edition {}", role.role, role.edition);
            }
            ExitCode::SUCCESS
        }
        (Err(error), _) | (_, Err(error)) => fail(&error, 74),
    }
}

fn password(args: &Args, name: &str, passwords: &Passwords) -> ExitCode {
    let school = match opened(args) {
        Ok(school) => school,
        Err(code) => return code,
    };
    let asked = passwords.ask(name).and_then(|old| Ok((old, passwords.ask_new(name)?)));
    let (old, new) = match asked {
        Ok(both) => both,
        Err(error) => return fail(&error, if error.kind() == std::io::ErrorKind::InvalidInput { 1 } else { 74 }),
    };
    match holders::change_password(&school, name, &old, &new, Utc::now()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error, 1),
    }
}

fn backup_key(out: &Path) -> ExitCode {
    let identity = BackupIdentity::generate();
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(out);
    let written = file.and_then(|mut file| {
        file.write_all(identity.to_file().as_bytes())?;
        file.sync_all()
    });
    match written {
        Ok(()) => {
            println!("{}", identity.recipient());
            eprintln!(
                "The secret is in {}. Move it away from this machine: backups are of no use to whoever has one",
                out.display()
            );
            eprintln!("Back up with --recipient and the line above.");
            ExitCode::SUCCESS
        }
        Err(error) => fail(&format!("{}: {error}", out.display()), 74),
    }
}
