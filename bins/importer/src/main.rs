//! `belisha-importer`: brings other people's files into a data folder.

mod access_log;
mod agreements;
mod args;
mod incidents;
mod lists;
mod people;
mod permitted;
mod tables;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};

fn main() -> ExitCode {
    let args = Args::parse();
    match &args.command {
        Command::Lists(command) => lists::run(&args.folder(), args.school.as_deref(), command),
        Command::AccessLog(command) => access_log::run(&args.folder(), args.school.as_deref(), command),
        Command::Incidents(command) => incidents::run(&args.folder(), args.school.as_deref(), command),
        Command::Agreements(command) => agreements::run(&args.folder(), args.school.as_deref(), command),
        Command::People(command) => people::run(&args.folder(), args.school.as_deref(), command),
    }
}
