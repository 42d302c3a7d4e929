//! Somebody tells of something.

use std::io::{IsTerminal, Read, stdin};
use std::process::ExitCode;

use belisha_incident::{Doer, Matter};
use belisha_school::WrittenInstant;
use belisha_school::cases::{Report, is_read, report as written_down};

use crate::args::{Named, ToldOutside, fail};
use crate::session::Session;

/// What was typed.
pub(super) struct Told<'a> {
    pub(super) words: Option<&'a str>,
    pub(super) named: &'a [Named],
    pub(super) matter: Option<Matter>,
    pub(super) done_by: Option<Doer>,
    pub(super) outside: &'a [ToldOutside],
    pub(super) known_since: Option<WrittenInstant>,
}

pub(super) fn report(session: &Session, told: &Told<'_>, danger: bool, may_be_illegal: bool) -> Result<(), ExitCode> {
    let named = told.named.iter().map(|named| Ok((session.person(&named.user)?, named.part)));
    let report = Report {
        named: named.collect::<Result<_, ExitCode>>()?,
        first_known: told.known_since.map_or(session.now, WrittenInstant::beginning),
        words: told.words.map_or_else(asked, |words| Ok(words.to_owned()))?,
        danger,
        may_be_illegal,
        matter: told.matter,
        done_by: told.done_by,
        told: told.outside.iter().map(|it| (it.body, it.theirs.clone())).collect(),
    };
    let done = written_down(&session.school, &session.authority, session.person, report, None, session.now);
    let done = done.map_err(|error| super::refused(&error))?;
    println!("Thank you. It is written down, and those who handle it will read it. Your reference: {}", done.reference);
    if !is_read(&session.school).map_err(|error| super::refused(&error.into()))? {
        println!("Nobody reads this yet: the school has not said who does. Do not wait for it, and speak to the head.");
    }
    println!("Nobody is watching outside of school hours. If anybody is in danger now, call 999.");
    if may_be_illegal {
        println!(
            "Do not look at it again, copy it or forward it. Leave the device as it is: not switched on, not off."
        );
        println!("Take it from the network, keep it where nobody gets at it, and speak to nobody who may be in it.");
    }
    if let Some(body) = done.call {
        println!("Nobody at the school may handle this: {body}.");
    }
    Ok(())
}

/// The words, from standard input.
fn asked() -> Result<String, ExitCode> {
    if stdin().is_terminal() {
        eprintln!("Write what happened, when and where. End with an empty line and Ctrl-D:");
    }
    let mut words = String::new();
    stdin().lock().read_to_string(&mut words).map_err(|error| fail(&error, 74))?;
    Ok(words.trim().to_owned())
}
