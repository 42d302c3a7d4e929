//! `belisha-reporter keys`.

mod recovery;

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::ExitCode;

use belisha_policy::Action;
use belisha_policy::may::About;
use belisha_policy::roles::Role as SchoolRole;
use belisha_school::authority::Authority;
use belisha_school::cases::Circle;
use belisha_school::holders;
use belisha_store::backup::BackupIdentity;
use belisha_store::keys::Role;

use crate::args::{Args, KeysAction, fail};
use crate::login::asked;
use crate::opened;
use crate::passwords::Passwords;
use crate::session::{Session, authority};

pub(crate) fn run(args: &Args, action: &KeysAction) -> ExitCode {
    match action {
        KeysAction::List => list(args),
        KeysAction::Join { passwords_stdin } => {
            join(args, &Passwords::new(*passwords_stdin)).unwrap_or_else(|code| code)
        }
        KeysAction::Admit { role, user } => admit(args, role, user).unwrap_or_else(|code| code),
        KeysAction::Recover { user, with, passwords_stdin } => {
            recovery::recover(args, user, with, &Passwords::new(*passwords_stdin)).unwrap_or_else(|code| code)
        }
        KeysAction::Helpers { users, with, passwords_stdin } => {
            recovery::helpers(args, users, with, &Passwords::new(*passwords_stdin)).unwrap_or_else(|code| code)
        }
        KeysAction::BackupKey { out } => backup_key(out),
    }
}

fn list(args: &Args) -> ExitCode {
    let school = match opened(args) {
        Ok(school) => school,
        Err(code) => return code,
    };
    let people = match authority(&school) {
        Ok(people) => people,
        Err(code) => return code,
    };
    let keys = school.ledger().keys();
    match (keys.holders(), keys.roles()) {
        (Ok(holders), Ok(roles)) => {
            if holders.is_empty() {
                println!("Nobody is named. What is sealed opens with the school's key: belisha-reporter found");
            }
            // Who is in the circle of a single case, and that there is one, is for those in it.
            let is_shown = |role: &Role| !Circle::is_of_one_case(role);
            for holder in holders {
                let roles = holder.roles.iter().filter(|role| is_shown(role));
                let roles = roles.map(ToString::to_string).collect::<Vec<_>>().join(", ");
                let recovers = if holder.recovers { "; helps to recover keys" } else { "" };
                let user = user_of(&people, &holder.name);
                println!(
                    "{user}: {}{recovers}; {}",
                    if roles.is_empty() { "no role" } else { &roles },
                    holder.fingerprint
                );
            }
            for role in roles.into_iter().filter(|info| is_shown(&info.role)) {
                println!("{}: edition {}", role.role, role.edition);
            }
            ExitCode::SUCCESS
        }
        (Err(error), _) | (_, Err(error)) => fail(&error, 74),
    }
}

/// The user name of a holder.
fn user_of(people: &Authority, holder: &str) -> String {
    let person = holder.parse().ok().and_then(|person| people.roll().person(person));
    person.and_then(|entry| entry.written.login.clone()).unwrap_or_else(|| holder.to_owned())
}

fn join(args: &Args, passwords: &Passwords) -> Result<ExitCode, ExitCode> {
    let session = Session::open(args)?;
    let user = session.user(session.person);
    let password = asked(passwords.ask(&user))?;
    // The same password signs in and opens the key: it has to be the right one.
    let account = session.account(&user)?;
    let known = session.sign_ins.verify_own(&account, &password, session.now).map_err(|error| fail(&error, 1))?;
    if !known {
        return Err(fail(&"this is not your password", 1));
    }
    holders::join(&session.school, session.person, &password, session.now).map_err(|error| fail(&error, 1))?;
    println!("You have a key. It opens nothing yet: ask somebody who holds one to admit you,");
    println!("and then sign in again.");
    Ok(ExitCode::SUCCESS)
}

fn admit(args: &Args, role: &str, user: &str) -> Result<ExitCode, ExitCode> {
    let session = Session::open(args)?;
    let role: Role = role.parse().map_err(|error| fail(&error, 2))?;
    let is_of_cases = role == Role::CASES;
    let person = session.person(user)?;
    let permit = session.permit(Action::ManageHolders, &About::NOTHING)?;
    let standing = session.authority.standing(person, session.now);
    if !standing.is_some_and(|standing| standing.roles.iter().any(SchoolRole::handles_cases)) {
        return Err(fail(
            &"a key is for those who handle cases: give them a role first (belisha-reporter roles appoint)",
            1,
        ));
    }
    let Some(by) = &session.unlocked else { return Err(fail(&"you hold no key yourself, and so can give none", 1)) };
    if !is_of_cases {
        holders::admit(&session.school, &permit, &role, person, by, session.now).map_err(|error| fail(&error, 1))?;
        return Ok(ExitCode::SUCCESS);
    }
    let admitted = session.desk(by).admit(&permit, person).map_err(|error| fail(&error, 1))?;
    if admitted.is_empty() {
        let said = format!("{user} handles no cases that you can open, or can open them already");
        return Err(fail(&said, 1));
    }
    let names: Vec<&str> = admitted.iter().map(|circle| circle.key().name()).collect();
    println!("{user} can open: {}. They sign in again first.", names.join(", "));
    Ok(ExitCode::SUCCESS)
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
