//! Signing, by each way; and what stands in for a signature, or ends one.

use std::path::Path;
use std::process::ExitCode;

use belisha_aua::{Audience, Fact, Key, Printed, Signer, Subjected, Way};
use belisha_policy::calendar::local;
use belisha_policy::{Action, PersonId};
use belisha_school::WrittenInstant;
use belisha_school::agreements::{self, LARGEST, Scan, ScanError, Wanted, act, let_in_at_the_longest};
use belisha_school::people::Entry;
use chrono::NaiveDate;

use super::{Pupils, counted, name, permit_about, permit_about_all, refused, signer};
use crate::args::{Paper, fail};
use crate::files;
use crate::session::{Session, shown};

/// Does one thing about one person.
fn act_about(session: &Session, person: PersonId, command: Subjected, scan: Option<Scan>) -> Result<Fact, ExitCode> {
    let permit = permit_about(session, command.action(session.person, person), person)?;
    let wanted = vec![Wanted { person, command, scan }];
    let done = act(&session.school, &session.authority, &permit, wanted, session.now);
    let facts = done.map_err(|error| refused(&error))?;
    facts.into_iter().next().ok_or_else(|| fail(&"nothing was done", 1))
}

fn printed(text: &str) -> Result<Printed, ExitCode> {
    Printed::new(text).map_err(|error| fail(&error, 2))
}

pub(super) fn own(session: &Session, key: &Key, printed_name: &str) -> Result<(), ExitCode> {
    let (printed, by, way) = (printed(printed_name)?, Signer::Themselves, Way::SignedIn);
    let command = Subjected::Sign { key: key.clone(), major: None, by, printed, way, because: None };
    if let Fact::Signed { edition, .. } = act_about(session, session.person, command, None)? {
        println!("You have signed {key} {edition}.");
    }
    Ok(())
}

pub(super) fn in_class(session: &Session, key: &Key, pupils: &Pupils<'_>) -> Result<(), ExitCode> {
    let (people, agreements) = (pupils.of(session)?, session.authority.agreements());
    let newest = agreements.book().document(key).and_then(|it| it.to_sign(session.now)).map(|it| it.number.major);
    // Where a whole class signs, those who have already are not asked again.
    let has_signed = |person: PersonId| {
        pupils.class.is_some()
            && newest.is_some_and(|newest| agreements.file(person).has_signed(key, newest, Signer::Themselves))
    };
    let people: Vec<PersonId> = people.into_iter().filter(|person| !has_signed(*person)).collect();
    if people.is_empty() {
        println!("All of them have signed already.");
        return Ok(());
    }
    let commands = people.iter().map(|person| {
        let printed = printed(&name(session, *person))?;
        let (by, way) = (Signer::Themselves, Way::InClass);
        let command = Subjected::Sign { key: key.clone(), major: None, by, printed, way, because: None };
        Ok((*person, command).into())
    });
    let commands = commands.collect::<Result<Vec<Wanted>, ExitCode>>()?;
    let permit = permit_about_all(session, Action::LeadInClass, &people)?;
    let done = act(&session.school, &session.authority, &permit, commands, session.now);
    println!("{} signed {key} in class.", counted(done.map_err(|error| refused(&error))?.len(), "pupil", "pupils"));
    Ok(())
}

pub(super) fn paper(session: &Session, paper: &Paper) -> Result<(), ExitCode> {
    let person = session.meant(&paper.who)?;
    let by = signer(session, person, paper.parent.as_deref())?;
    let of = if let Signer::Parent(parent) = by { parent } else { person };
    let printed = printed(&paper.name.clone().unwrap_or_else(|| name(session, of)))?;
    let scan = paper.scan.as_deref().map(read_scan).transpose()?;
    let dated = paper.dated.map_or_else(|| local(session.now).date_naive(), |day| day.0);
    let way = Way::Paper { dated, filed: paper.filed.clone(), scan: scan.as_ref().map(Scan::digest) };
    let (key, major, because) = (paper.key.clone(), paper.edition, paper.because.clone());
    let command = Subjected::Sign { key, major, by, printed, way, because };
    if let Fact::Signed { edition, .. } = act_about(session, person, command, scan)? {
        let name = name(session, person);
        println!("{} {edition} is signed for {name} {}, from now on.", paper.key, by.capacity());
        say_standing(session, person);
    }
    Ok(())
}

/// What is still missing, after something was written.
fn say_standing(session: &Session, person: PersonId) {
    let mut authority = session.authority.clone();
    if authority.follow(session.school.ledger()).is_err() {
        return;
    }
    let Some(entry) = authority.roll().person(person) else { return };
    let subject = belisha_aua::Subject::of(&entry.person);
    let agreements = authority.agreements();
    for (document, state) in agreements.book().lines(agreements.file(person), &subject, chrono::Utc::now()) {
        if let Some(lacking) = state.lacking() {
            println!("{}: {}.", document.key(), lacking.title());
        }
    }
}

fn read_scan(file: &Path) -> Result<Scan, ExitCode> {
    let about = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    // No more is read than could be kept.
    let length = std::fs::metadata(file).map_err(|error| fail(&about(&error), 74))?.len();
    if length > LARGEST as u64 {
        return Err(fail(&about(&ScanError::Large(usize::try_from(length).unwrap_or(usize::MAX))), 65));
    }
    let bytes = std::fs::read(file).map_err(|error| fail(&about(&error), 74))?;
    Scan::new(bytes).map_err(|error| fail(&about(&error), 65))
}

pub(super) fn scan(session: &Session, key: &Key, who: &str, out: &Path) -> Result<(), ExitCode> {
    let person = session.meant(who)?;
    let permit = permit_about(session, Action::ViewAgreements, person)?;
    let digest = session.authority.agreements().file(person).steps().rev().find_map(|(_, fact)| match fact {
        Fact::Signed { key: of, way: Way::Paper { scan, .. }, .. } if of == key => *scan,
        _ => None,
    });
    let found = digest.ok_or(ScanError::None);
    let scan = found.and_then(|digest| agreements::scan(session.school.ledger(), &permit, person, digest));
    let scan = scan.map_err(|error| fail(&error, if matches!(error, ScanError::Ledger(_)) { 74 } else { 1 }))?;
    files::write(out, scan.bytes())?;
    println!("The scan is in {}.", out.display());
    Ok(())
}

pub(super) fn withdraw(session: &Session, key: &Key, who: Option<&str>, parent: Option<&str>) -> Result<(), ExitCode> {
    let person = who.map_or(Ok(session.person), |who| session.meant(who))?;
    let by = signer(session, person, parent)?;
    act_about(session, person, Subjected::Withdraw { key: key.clone(), by }, None)?;
    println!("It is taken back, from now on.");
    Ok(())
}

pub(super) fn decide(session: &Session, key: &Key, who: &str, stands: bool, because: &str) -> Result<(), ExitCode> {
    let person = session.meant(who)?;
    act_about(session, person, Subjected::Decide { key: key.clone(), stands, reason: because.to_owned() }, None)?;
    println!("It is decided: {key} {}.", if stands { "stands" } else { "does not hold" });
    Ok(())
}

/// Lets somebody in for a time, or ends that where no reason is given.
pub(super) fn provisional(
    session: &Session,
    who: &str,
    because: Option<&str>,
    until: Option<WrittenInstant>,
) -> Result<(), ExitCode> {
    let person = session.meant(who)?;
    let Some(because) = because else {
        act_about(session, person, Subjected::EndLetIn, None)?;
        println!("It is over, from now on.");
        return Ok(());
    };
    let until = until.map_or_else(|| let_in_at_the_longest(&session.school, session.now), WrittenInstant::end);
    act_about(session, person, Subjected::LetIn { reason: because.to_owned(), until }, None)?;
    println!("{} is let in without a signature until {}.", name(session, person), shown(until));
    Ok(())
}

/// Who was given a notice.
pub(super) enum Whom<'a> {
    /// These.
    These(Pupils<'a>),
    /// Everybody for whom an agreement could be.
    Everybody,
}

/// To whom it was given.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum To {
    /// To them.
    Themselves,
    /// To a parent of each.
    Parents,
}

pub(super) fn notice(session: &Session, whom: &Whom<'_>, dated: NaiveDate, to: To) -> Result<(), ExitCode> {
    let roll = session.authority.roll();
    let people = match whom {
        Whom::These(these) => these.of(session)?,
        Whom::Everybody => {
            let is_asked = |entry: &&Entry| Audience::of(&entry.person).is_some();
            roll.here(session.now).filter(is_asked).map(|entry| entry.person.id).collect()
        }
    };
    let parent = |child: PersonId| {
        let contacts = roll.person(child)?.person.pupil()?.contacts.iter();
        contacts.filter(|contact| contact.may_be_told()).min_by_key(|it| it.priority).map(|contact| contact.person)
    };
    let mut without_parent = 0;
    let mut commands: Vec<Wanted> = Vec::new();
    for person in people {
        let whom = match (to, parent(person)) {
            (To::Themselves, _) => Signer::Themselves,
            (To::Parents, Some(parent)) => Signer::Parent(parent),
            (To::Parents, None) => {
                without_parent += 1;
                continue;
            }
        };
        commands.push((person, Subjected::Tell { whom, dated }).into());
    }
    let (count, permit) = (commands.len(), session.permit(Action::RecordNotice, &belisha_policy::may::About::NOTHING)?);
    if count > 0 {
        let done = act(&session.school, &session.authority, &permit, commands, session.now);
        done.map_err(|error| refused(&error))?;
    }
    let whom = if count == 1 { "person was" } else { "people were" };
    println!("It is written down that {count} {whom} given the notice of {dated}.");
    if without_parent > 0 {
        eprintln!("Left out: {without_parent} of whom no parent is known who may be told.");
    }
    Ok(())
}
