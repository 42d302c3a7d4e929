//! `belisha-proxy`: the web filter, and what it would say.

mod args;
mod check;
mod check_config;
mod door;
mod follow;
mod helper;
mod replay;
mod serve;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};

fn main() -> ExitCode {
    let args = Args::parse();
    match args.command.as_ref() {
        None => serve::run(&args, args.listen),
        Some(Command::Serve { listen }) => serve::run(&args, listen.or(args.listen)),
        Some(Command::Check(command)) => check::run(&args, command),
        Some(Command::Helper(command)) => helper::run(&args, command),
        Some(Command::Replay(command)) => replay::run(&args, command),
        Some(Command::CheckConfig { categories: true }) => check_config::list_categories(),
        Some(Command::CheckConfig { categories: false }) => check_config::run(&args),
    }
}
