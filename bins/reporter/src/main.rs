//! `belisha-reporter`: where people of a school work, and what keeps its records provable.

mod access_log;
mod agencies;
mod agreements;
mod args;
mod backup;
mod files;
mod found;
mod incident;
mod keys;
mod login;
mod passwords;
mod people;
mod report;
mod retain;
mod roles;
mod serve;
mod session;
mod settings;
mod store;
mod verify;

use std::process::ExitCode;

use belisha_school::{School, SchoolError};
use chrono::Utc;
use clap::Parser;

use args::{Args, Command, fail};

fn main() -> ExitCode {
    let args = Args::parse();
    let Some(command) = &args.command else { return serve::run(&args, args.listen) };
    match command {
        Command::Serve { listen } => serve::run(&args, *listen),
        Command::Verify(command) => verify::run(&args, command),
        Command::Head { out } => verify::head(&args, out.as_deref()),
        Command::Retain { apply, json } => retain::run(&args, *apply, *json),
        Command::Settings { action } => settings::run(&args, action),
        Command::Agencies { action } => agencies::run(&args, action),
        Command::Found(command) => found::run(&args, command),
        Command::Login { user, passwords_stdin } => login::login(&args, user, *passwords_stdin),
        Command::Logout => login::logout(&args),
        Command::Password { user, passwords_stdin } => login::password(&args, user, *passwords_stdin),
        Command::People { action } => people::run(&args, action),
        Command::Roles { action } => roles::run(&args, action),
        Command::Agreements { action } => agreements::run(&args, action),
        Command::Incident { action } => incident::run(&args, action),
        Command::Keys { action } => keys::run(&args, action),
        Command::Store { action } => store::run(&args, action),
        Command::AccessLog { from, to } => access_log::run(&args, *from, *to),
        Command::Report { action } => report::run(&args, action),
        Command::Backup(command) => backup::write(&args, command),
        Command::Restore(command) => backup::restore(&args, command),
    }
}

/// Opens the school that is there, or says why not and what to do.
fn opened(args: &Args) -> Result<School, ExitCode> {
    let file = args.settings().map_err(|error| fail(&error, 78))?;
    match School::look(&args.folder(), &file) {
        Ok(Some(school)) => Ok(school),
        Ok(None) => {
            let nothing = format!(
                "there is no school in {} yet: belisha-proxy makes it at its first start, and so does belisha-importer",
                args.data.display()
            );
            Err(fail(&nothing, 1))
        }
        Err(error @ SchoolError::Settings(_)) => Err(fail(&error, 78)),
        Err(error) => Err(fail(&error, 74)),
    }
}

/// Opens the school for a command that writes; it is made where nothing is there yet.
fn opened_or_made(args: &Args) -> Result<School, ExitCode> {
    let file = args.settings().map_err(|error| fail(&error, 78))?;
    School::open(&args.folder(), &file, Utc::now()).map_err(|error| match error {
        SchoolError::Settings(_) => fail(&error, 78),
        _ => fail(&error, 74),
    })
}
