//! `belisha-reporter incident`.

mod announce;
mod export;
mod list;
mod refer;
mod register;
mod report;
mod severities;
mod show;

use std::fs::File;
use std::path::Path;
use std::process::ExitCode;

use belisha_incident::{Circumstances, Command, Custody, HarmTest, Settled};
use belisha_policy::PersonId;
use belisha_policy::calendar::local;
use belisha_school::WrittenInstant;
use belisha_school::cases::{CaseError, For, Reference, digest, receipt};
use belisha_store::keys::Unlocked;

use crate::args::{Args, IncidentAction, fail};
use crate::files;
use crate::login;
use crate::passwords::Passwords;
use crate::session::{Session, shown};

pub(crate) fn run(args: &Args, action: &IncidentAction) -> ExitCode {
    let done = || match action {
        IncidentAction::Kinds { json } => {
            list::kinds(*json);
            Ok(())
        }
        action => carry_out(&mut Session::open(args)?, action),
    };
    done().map_or_else(|code| code, |()| ExitCode::SUCCESS)
}

/// What is said where nothing was done or shown.
fn refused(error: &CaseError) -> ExitCode {
    fail(error, if matches!(error, CaseError::Ledger(_)) { 74 } else { 1 })
}

fn carry_out(session: &mut Session, action: &IncidentAction) -> Result<(), ExitCode> {
    match action {
        IncidentAction::Report { words, named, matter, by, told: outside, known_since, danger, may_be_illegal } => {
            let (words, known_since) = (words.as_deref(), *known_since);
            let told = report::Told { words, named, matter: *matter, done_by: *by, outside, known_since };
            return report::report(session, &told, *danger, *may_be_illegal);
        }
        IncidentAction::Severity { category, severity, because } => {
            return severities::set(session, *category, *severity, because.as_deref());
        }
        IncidentAction::Severities { json } => return severities::list(session, *json),
        IncidentAction::Receipt { reference } => {
            let (at, is_answered) = receipt(&session.school, *reference).map_err(|error| refused(&error))?;
            let answered = if is_answered { "You were answered." } else { "Somebody will read it on a school day." };
            println!("{reference} was received on {}. {answered}", shown(at));
            return Ok(());
        }
        _ => {}
    }
    let unlocked = session.unlocked.take().ok_or_else(|| refused(&CaseError::NoKey))?;
    let desk = session.desk(&unlocked);
    match action {
        IncidentAction::List { closed, archived, json } => {
            let cases = match (*archived, *closed) {
                (true, _) => desk.list_with_archive(),
                (false, true) => desk.list(),
                (false, false) => desk.list_open(),
            };
            let cases = cases.map_err(|error| refused(&error))?;
            list::cases(session, &cases, *closed, *json);
            Ok(())
        }
        IncidentAction::Tasks { json } => {
            let tasks = desk.tasks().map_err(|error| refused(&error))?;
            list::tasks(&tasks, session.now, *json);
            Ok(())
        }
        IncidentAction::Register { from, to, for_others, of, json } => {
            let today = local(session.now).date_naive();
            let whose = match (*for_others, *of) {
                (true, day) => day.map_or_else(|| For::others_before(today), For::Others),
                (false, _) => register::own(today, *from, *to),
            };
            register::register(&desk, whose, *json)
        }
        IncidentAction::Show { reference, because, json } => {
            let case = desk.show(*reference, because.as_deref()).map_err(|error| refused(&error))?;
            show::show(session, &desk, &case, *json);
            Ok(())
        }
        IncidentAction::Original { reference, because, out } => {
            let original = desk.original(*reference, because).map_err(|error| refused(&error))?;
            files::write(out, &original.bytes)?;
            println!(
                "{} is what was imported as {}. Only you can read it; destroy it afterwards.",
                out.display(),
                original.name
            );
            Ok(())
        }
        IncidentAction::Refer { reference, to, agency, out } => {
            refer::refer(&desk, *reference, *to, agency.as_deref(), out.as_deref())
        }
        IncidentAction::Export { reference, recipient, to, because, about, keep, out } => {
            let audience = export::audience(session, *recipient, about.as_deref(), keep)?;
            export::export(&desk, *reference, &audience, (to, because), out)
        }
        IncidentAction::Announce { reference, text, to, out } => {
            announce::announce(&desk, *reference, text, to, out.as_deref())
        }
        IncidentAction::Link { reference, other } => {
            desk.link(*reference, *other).map_err(|error| refused(&error))?;
            println!("{reference} and {other} belong together. Whoever is kept away from one is kept away from both.");
            Ok(())
        }
        action => {
            let (reference, command) = command(session, action)?;
            let second = second(session, action)?;
            act(session, &unlocked, reference, command, second)
        }
    }
}

/// That there is nothing yet where something is to be written: before it is written down that it was made.
fn free(out: &Path) -> Result<(), ExitCode> {
    if out.symlink_metadata().is_err() {
        return Ok(());
    }
    Err(fail(&format!("{} is there already: name another", out.display()), 1))
}

/// Does it, and says how the case stands.
fn act(
    session: &Session,
    unlocked: &Unlocked,
    reference: Reference,
    command: Command,
    second: Option<PersonId>,
) -> Result<(), ExitCode> {
    let acted = session.desk(unlocked).act(reference, command, second).map_err(|error| refused(&error))?;
    if acted.events.is_empty() {
        println!("It was so already.");
        return Ok(());
    }
    println!("Written down: {reference} is {}.", acted.case.stage());
    if acted.is_out_of_sight {
        println!("It is for others from now on, and you do not see it any more.");
        return Ok(());
    }
    let next: Vec<String> = acted.case.gaps().iter().map(ToString::to_string).collect();
    if !next.is_empty() {
        println!("To be done: {}.", next.join("; "));
    }
    Ok(())
}

/// The second person, where it takes two; they type password and code.
fn second(session: &Session, action: &IncidentAction) -> Result<Option<PersonId>, ExitCode> {
    match action {
        IncidentAction::GiveBack { with, passwords_stdin, .. } => {
            let (person, _) = login::second(session, with, &Passwords::new(*passwords_stdin))?;
            Ok(Some(person))
        }
        _ => Ok(None),
    }
}

/// How something owed was dealt with.
fn settled(theirs: Option<&String>, not_applicable: Option<&String>) -> Settled {
    match not_applicable {
        Some(reason) => Settled::NotApplicable(reason.clone()),
        None => Settled::Told(theirs.cloned()),
    }
}

/// The SHA-256 of a document that is evidence.
fn digest_of(path: &Path) -> Result<[u8; 32], ExitCode> {
    let failed = |error: &dyn std::fmt::Display, code| fail(&format!("{}: {error}", path.display()), code);
    let file = File::open(path).map_err(|error| failed(&error, 74))?;
    digest(file).map_err(|error| failed(&error, 65))
}

/// What is to be done, and to which case.
fn command(session: &Session, action: &IncidentAction) -> Result<(Reference, Command), ExitCode> {
    let person = |user: &String| session.person(user);
    Ok(match action {
        IncidentAction::Suspect { reference, since } => {
            let first_seen = since.map_or(session.now, WrittenInstant::beginning).min(session.now);
            (*reference, Command::Suspect { first_seen })
        }
        IncidentAction::ConfirmHold { reference } => (*reference, Command::ConfirmHold),
        IncidentAction::Police { reference, theirs } => {
            (*reference, Command::GiveToPolice { reference: theirs.clone() })
        }
        IncidentAction::GiveBack { reference, note, .. } => (*reference, Command::Return { note: note.clone() }),
        IncidentAction::Name { reference, user, part } => {
            (*reference, Command::Name { person: person(user)?, part: *part })
        }
        IncidentAction::Sort { reference, category, track, severity } => {
            (*reference, Command::Sort { category: *category, severity: *severity, track: *track })
        }
        IncidentAction::Describe { reference, by, did, broke, place, meant, touches } => {
            let circumstances = Circumstances {
                by: by.iter().copied().collect(),
                deeds: did.iter().copied().collect(),
                breaches: broke.iter().copied().collect(),
                place: *place,
                intent: *meant,
                rules: touches.iter().copied().collect(),
            };
            (*reference, Command::Describe(circumstances))
        }
        IncidentAction::Raise { reference, reason } => (*reference, Command::Raise { reason: reason.clone() }),
        IncidentAction::Heard { reference, body, what } => {
            (*reference, Command::Hear { body: *body, what: what.clone() })
        }
        IncidentAction::HarmTest { reference, harmed, offence, risk, unsuitable } => {
            let (harmed, offence, risk, unsuitable) = (*harmed, *offence, *risk, *unsuitable);
            (*reference, Command::TestHarm(HarmTest { harmed, offence, risk, unsuitable }))
        }
        IncidentAction::Inquire { reference, with } => (*reference, Command::Inquire { with: person(with)? }),
        IncidentAction::Tell { reference, body, theirs, not_applicable } => {
            (*reference, Command::Settle { body: *body, how: settled(theirs.as_ref(), not_applicable.as_ref()) })
        }
        IncidentAction::Received { reference, export, by, on } => {
            let (export, by) = (export.trim().to_uppercase(), by.clone());
            let on = on.unwrap_or_else(|| local(session.now).date_naive());
            (*reference, Command::Receive { export, by, on })
        }
        IncidentAction::Parents { reference, user, not_yet: None } => (*reference, Command::TellParents(person(user)?)),
        IncidentAction::Parents { reference, user, not_yet: Some(reason) } => {
            (*reference, Command::DeferParents { child: person(user)?, reason: reason.clone() })
        }
        IncidentAction::Evidence { reference, description, kept_as, document } => {
            let digest = document.as_deref().map(digest_of).transpose()?;
            let (description, kept_as) = (description.clone(), kept_as.clone());
            (*reference, Command::NoteEvidence { description, reference: kept_as, digest })
        }
        IncidentAction::TakeDevice { reference, of, bag, what, found, handed_in, consent } => {
            let custody = if *handed_in { Custody::HandedIn } else { Custody::Confiscated };
            let (bag, what, of) = (bag.clone(), what.clone(), session.meant(of)?);
            let command = Command::TakeDevice { bag, what, of, custody, power: *found, consent: *consent };
            (*reference, command)
        }
        IncidentAction::SearchDevice { reference, bag, grounds, witness, found, consent } => {
            let (bag, grounds, witness) = (bag.clone(), grounds.clone(), person(witness)?);
            (*reference, Command::SearchDevice { bag, grounds, witness, found: found.clone(), consent: *consent })
        }
        IncidentAction::GiveBackDevice { reference, bag, to, checked } => {
            let (bag, to, checked) = (bag.clone(), session.meant(to)?, checked.clone());
            (*reference, Command::ReturnDevice { bag, to, checked })
        }
        IncidentAction::Support { reference, user, how } => {
            (*reference, Command::Support { person: person(user)?, how: how.clone() })
        }
        IncidentAction::Step { reference, user, step, shown_by, because } => {
            let (remedy, attribution, because) = (*step, *shown_by, because.clone());
            (*reference, Command::Remedy { person: person(user)?, remedy, attribution, because })
        }
        IncidentAction::TakeOutWords { reference } => (*reference, Command::TakeOutWords),
        IncidentAction::Conclude { reference, outcome } => (*reference, Command::Conclude(*outcome)),
        IncidentAction::Answer { reference } => (*reference, Command::AnswerReporter),
        IncidentAction::Close { reference } => (*reference, Command::Close),
        IncidentAction::Reopen { reference, reason } => (*reference, Command::Reopen { reason: reason.clone() }),
        IncidentAction::Report { .. }
        | IncidentAction::Receipt { .. }
        | IncidentAction::List { .. }
        | IncidentAction::Register { .. }
        | IncidentAction::Tasks { .. }
        | IncidentAction::Show { .. }
        | IncidentAction::Kinds { .. }
        | IncidentAction::Severity { .. }
        | IncidentAction::Severities { .. }
        | IncidentAction::Original { .. }
        | IncidentAction::Refer { .. }
        | IncidentAction::Export { .. }
        | IncidentAction::Announce { .. }
        | IncidentAction::Link { .. } => return Err(fail(&"nothing to do", 2)),
    })
}
