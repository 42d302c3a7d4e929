//! Links by which adults sign who do not sign in.

use std::process::ExitCode;

use belisha_aua::Spent;
use belisha_policy::may::About;
use belisha_policy::{Action, PersonId};
use belisha_school::WrittenInstant;
use belisha_school::agreements::{self, Ask, Families, Given, InvitationError, Link, Sending, address, two_weeks};
use belisha_school::outbox::Smtp;
use serde_json::json;

use super::{counted, name};
use crate::args::{Invite, fail};
use crate::files;
use crate::session::{Session, shown};

fn refused(error: &InvitationError) -> ExitCode {
    match error {
        InvitationError::Agreement(error) => super::refused(error),
        error => fail(error, 1),
    }
}

pub(super) fn invite(session: &Session, wanted: &Invite) -> Result<(), ExitCode> {
    let permit = session.permit(Action::InviteToSign, &About::NOTHING)?;
    let sending = Sending::of(&session.school, &session.authority).ok_or_else(|| {
        fail(
            &"say where people find the console ([console] address = \"https://…\" in school.toml): a link leads there",
            78,
        )
    })?;
    let post = if wanted.mail { Some(post(&sending)?) } else { None };
    let adults = adults(session, wanted)?;
    if adults.is_empty() {
        println!("Nobody is left who is to sign by a link.");
        return Ok(());
    }
    let addressed = |adult: PersonId| post.is_some() && address(&session.authority, adult).is_some();
    let by_letter = adults.iter().filter(|adult| !addressed(**adult)).count();
    if by_letter > 0 && wanted.letters.is_none() {
        let whom = if by_letter == 1 { "1 of them has".to_owned() } else { format!("{by_letter} of them have") };
        return Err(fail(&format!("{whom} no address for mail: say --letters FILE for them. Nothing was sent"), 1));
    }
    // A link that was made takes the place of an older one, and is shown once: there must be a place for it.
    wanted.letters.as_deref().map_or(Ok(()), files::is_free)?;
    let ask = if wanted.code { Ask::Code } else { Ask::Born };
    let until = wanted.until.map_or_else(|| two_weeks(session.now), WrittenInstant::end);
    let asked: Vec<(PersonId, Ask)> = adults.into_iter().map(|adult| (adult, ask)).collect();
    let made = agreements::invite(&session.school, &session.authority, &permit, &asked, until, session.now);
    let made = made.map_err(|error| refused(&error))?;
    let (by_mail, by_letter): (Vec<Link>, Vec<Link>) = made.into_iter().partition(|link| addressed(link.adult));
    if let Some(file) = wanted.letters.as_deref().filter(|_| !by_letter.is_empty()) {
        let letters = sending.letters(&by_letter, until).to_html().map_err(|error| fail(&error, 74))?;
        files::write(file, letters.as_bytes())?;
        println!(
            "{} in {}: print and hand them out.",
            counted(by_letter.len(), "letter is", "letters are"),
            file.display()
        );
    }
    let unsent = post.map_or(0, |post| send(session, &sending, &post, &by_mail));
    for link in by_mail.iter().chain(&by_letter) {
        if let Some(code) = &link.code {
            println!("Tell {} by telephone or in person: {code}", name(session, link.adult));
        }
    }
    if unsent > 0 {
        return Err(fail(&"some mails were not sent: type it again for those who are named above", 74));
    }
    Ok(())
}

fn post(sending: &Sending<'_>) -> Result<Smtp, ExitCode> {
    let none = || fail(&"there is no [mail] in school.toml: use --letters, or say how mail goes", 78);
    sending.post().map_err(|error| fail(&error, 78))?.ok_or_else(none)
}

/// Those who are meant: of a class or the school, the parents of whom something is to be signed.
fn adults(session: &Session, wanted: &Invite) -> Result<Vec<PersonId>, ExitCode> {
    if !wanted.everybody && wanted.class.is_none() {
        return wanted.who.iter().map(|who| session.meant(who)).collect();
    }
    if let Some(class) = &wanted.class {
        session.check_class(class)?;
    }
    Ok(Families::at(&session.authority, session.now).parents_to_ask(wanted.class.as_deref()))
}

/// Sends them, and says of whom it was not possible; how many that were.
fn send(session: &Session, sending: &Sending<'_>, post: &Smtp, links: &[Link]) -> usize {
    let mut unsent = 0;
    for link in links {
        if let Err(error) = sending.mail(post, link) {
            eprintln!("{}: {error}", name(session, link.adult));
            unsent += 1;
        }
    }
    println!("{} sent.", counted(links.len() - unsent, "mail was", "mails were"));
    unsent
}

pub(super) fn links(session: &Session, as_json: bool) -> Result<(), ExitCode> {
    let permit = session.permit(Action::InviteToSign, &About::NOTHING)?;
    let given = agreements::invitations(session.school.ledger(), &permit, session.now);
    for Given { adult, at, standing } in given.map_err(|error| refused(&error))? {
        let (name, state) = (name(session, adult), state(standing.err()));
        let until = standing.ok().map(|issued| issued.until);
        if as_json {
            println!("{}", json!({ "name": name, "given": at, "state": state, "until": until }));
        } else {
            let until = until.map(|until| format!(", until {}", shown(until))).unwrap_or_default();
            println!("{name:<28} given {}, {state}{until}", shown(at));
        }
    }
    Ok(())
}

fn state(spent: Option<Spent>) -> &'static str {
    match spent {
        None => "good",
        Some(Spent::Used(_)) => "used",
        Some(Spent::Expired(_)) => "expired",
        Some(Spent::Guessed) => "too many wrong answers",
        Some(_) => "taken back",
    }
}

pub(super) fn take_back(session: &Session, who: &str) -> Result<(), ExitCode> {
    let permit = session.permit(Action::InviteToSign, &About::NOTHING)?;
    let adult = session.meant(who)?;
    let done = agreements::take_back(&session.school, &permit, adult, session.now);
    done.map_err(|error| refused(&error))?;
    println!("The link is taken back.");
    Ok(())
}
