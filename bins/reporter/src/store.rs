//! `belisha-reporter store`.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use belisha_store::SchoolId;
use belisha_store::postgres::{self, Postgres, PostgresError};

use crate::args::{Args, StoreAction, fail};
use crate::opened;
use crate::passwords::Passwords;

pub(crate) fn run(args: &Args, action: &StoreAction) -> ExitCode {
    let done = match action {
        StoreAction::Status => return status(args),
        StoreAction::Install { admin } => Postgres::parse(admin).and_then(|admin| {
            postgres::install(&admin)?;
            println!("{} is prepared. Add schools with belisha-reporter store enrol.", admin.server());
            Ok(())
        }),
        StoreAction::Enrol { admin, name, login, id, passwords_stdin } => {
            let id = match id.as_deref().map_or_else(new_id, |id| id.parse().map_err(|error| fail(&error, 2))) {
                Ok(id) => id,
                Err(code) => return code,
            };
            let password = match Passwords::new(*passwords_stdin).ask_new(login) {
                Ok(password) => password,
                Err(error) => return fail(&error, 1),
            };
            Postgres::parse(admin).and_then(|admin| enrol(&admin, id, name, login, &password))
        }
        StoreAction::Schools { admin } => Postgres::parse(admin).and_then(|admin| {
            for (id, name, login) in postgres::schools(&admin)? {
                println!("{id}  {login:<20}  {name}");
            }
            Ok(())
        }),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error @ PostgresError::Address(_)) => fail(&error, 2),
        Err(error @ PostgresError::Login { .. }) => fail(&error, 1),
        Err(error) => fail(&error, 74),
    }
}

fn new_id() -> Result<SchoolId, ExitCode> {
    SchoolId::random().map_err(|error| fail(&error, 74))
}

fn enrol(admin: &Postgres, id: SchoolId, name: &str, login: &str, password: &str) -> Result<(), PostgresError> {
    postgres::enrol(admin, id, name, login, password)?;
    println!("{name} is enrolled as {login} ({id}). In its school.toml, or in BELISHA_STORE:");
    println!("  store = \"postgres://{login}:PASSWORD@{}\"", admin.server());
    Ok(())
}

fn status(args: &Args) -> ExitCode {
    let school = match opened(args) {
        Ok(school) => school,
        Err(code) => return code,
    };
    let head = match school.ledger().head() {
        Ok(head) => head,
        Err(error) => return fail(&error, 74),
    };
    println!("{} ({})", school.settings().school, school.id());
    let folder = school.folder();
    if let Some(postgres) = &school.settings().store {
        println!("Journal, keys and access log: PostgreSQL at {}", postgres.server());
    } else {
        println!("Journal: {} ({} KiB)", folder.journal().display(), size(&folder.journal()) / 1024);
        println!("Keys: {} ({} KiB)", folder.keys().display(), size(&folder.keys()) / 1024);
        println!("Access log: {} ({} KiB)", folder.access().display(), size(&folder.access()) / 1024);
    }
    match school.log_days() {
        Ok(days) => match (days.first(), days.last()) {
            (Some(first), Some(last)) => println!("Days of the access log: {}, {first} to {last}", days.len()),
            _ => println!("Days of the access log: none"),
        },
        Err(error) => return fail(&error, 74),
    }
    println!("Head: {}", head.hash);
    ExitCode::SUCCESS
}

/// Bytes of a file, or of the files of a folder.
fn size(path: &Path) -> u64 {
    match fs::read_dir(path) {
        Ok(entries) => entries.flatten().map(|entry| size(&entry.path())).sum(),
        Err(_) => fs::metadata(path).map_or(0, |about| about.len()),
    }
}
