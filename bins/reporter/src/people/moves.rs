//! Pupils who go to another school with their record.

use std::path::Path;
use std::process::ExitCode;

use belisha_policy::may::About;
use belisha_policy::people::{AccountId, Upn};
use belisha_policy::{Action, Permit, PersonId};
use belisha_school::people::Change;
use belisha_school::people::moves::{self, Coming, Going, Key, MoveRecipient, MovingError, RecordError};
use zeroize::Zeroizing;

use crate::args::fail;
use crate::session::Session;

fn said<T>(done: Result<T, MovingError>) -> Result<T, ExitCode> {
    done.map_err(|error| {
        let code = match error {
            MovingError::Record(RecordError::Recipient) => 2,
            MovingError::Record(_) => 65,
            MovingError::Ledger(_) | MovingError::File { .. } | MovingError::NoReceipt { .. } => 74,
            _ => 1,
        };
        fail(&error, code)
    })
}

/// The number of this school, by which the other one knows it.
fn ours(session: &Session) -> Result<u64, ExitCode> {
    let missing =
        "this school has no reference number yet: write urn = 990001, with its own, under [school] in school.toml";
    session.school.settings().urn.ok_or_else(|| fail(&missing, 78))
}

fn permit(session: &Session) -> Result<Permit, ExitCode> {
    session.permit(Action::MovePupils, &About::NOTHING)
}

pub(super) fn offer(session: &Session, user: &str, to: u64, recipient: &str, out: &Path) -> Result<(), ExitCode> {
    let permit = permit(session)?;
    let (from, person) = (ours(session)?, pupil(session, user)?);
    let recipient = &said(MoveRecipient::parse(recipient).map_err(MovingError::from))?;
    let going = Going { from, to, recipient, out };
    let (ledger, roll) = (session.school.ledger(), session.authority.roll());
    said(moves::offer(ledger, roll, &permit, person, &going, session.now))?;
    println!("The record is in {}, which {to} alone can open. Send it, and ask for the receipt.", out.display());
    println!("When it is here: belisha-reporter people receipt FILE");
    Ok(())
}

/// A pupil by their user name, or by their UPN where they have none.
fn pupil(session: &Session, user: &str) -> Result<PersonId, ExitCode> {
    let Ok(upn) = user.parse::<Upn>() else { return session.person(user) };
    let has = |it: &&belisha_school::people::Entry| it.person.pupil().and_then(|pupil| pupil.upn) == Some(upn);
    let found = session.authority.roll().people().find(has).map(|entry| entry.person.id);
    found.map_or_else(|| session.person(user), Ok)
}

pub(super) fn receive(session: &Session, file: &Path, identity: &Path, receipt: &Path) -> Result<(), ExitCode> {
    let permit = permit(session)?;
    let ours = ours(session)?;
    let text = std::fs::read_to_string(identity).map(Zeroizing::new);
    let text = text.map_err(|error| fail(&format!("{}: {error}", identity.display()), 74))?;
    let key = &said(Key::parse(&text).map_err(MovingError::from))?;
    let coming = Coming { file, key, receipt, ours };
    let (ledger, roll) = (session.school.ledger(), session.authority.roll());
    let taken = said(moves::receive(ledger, roll, &permit, &coming, session.now))?;
    for note in &taken.notes {
        println!("note: {note}");
    }
    match taken.pupil {
        Some(Change::Joins) => println!("The pupil is new here, with {} contacts new or changed.", taken.contacts),
        Some(Change::Returns) => println!("The pupil is here again, with {} contacts new or changed.", taken.contacts),
        Some(_) => println!("The pupil was here and is completed, with {} contacts new or changed.", taken.contacts),
        None => println!("Everything was here already; {} contacts new or changed.", taken.contacts),
    }
    println!("The receipt is in {}. Give it to {}.", receipt.display(), taken.from);
    Ok(())
}

pub(super) fn receipt(session: &Session, file: &Path) -> Result<(), ExitCode> {
    let permit = permit(session)?;
    let ours = ours(session)?;
    let (ledger, roll) = (session.school.ledger(), session.authority.roll());
    let (person, by) = said(moves::accept_receipt(ledger, roll, &permit, (file, ours), session.now))?;
    session.sign_ins.sign_out_everywhere(AccountId::of(person)).map_err(|error| fail(&error, 74))?;
    println!("{by} has the record. The pupil has left, and what is kept of them here is for reading only.");
    println!(
        "The receipt shows that whoever wrote it could open what was sent. Nobody has signed it: be sure that it came from \
         {by} itself."
    );
    Ok(())
}
