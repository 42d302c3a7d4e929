//! Pictures of children: what was said, and who may be shown where.

use std::process::ExitCode;

use belisha_aua::{Channel, ConsentFact, Purpose, Signer};
use belisha_policy::may::About;
use belisha_policy::{Action, PersonId};
use belisha_school::agreements::{Asked, BEFORE_PUBLISHING, Pictures, act_on_pictures, may_publish as gate, sees_why};
use serde_json::json;

use super::{Pupils, name, permit_about, refused, signer};
use crate::args::{PicturesAction as Do, Shown, fail};
use crate::session::Session;

fn load(session: &Session) -> Result<Pictures, ExitCode> {
    Pictures::load(session.school.ledger()).map_err(|error| fail(&error, 74))
}

pub(super) fn run(session: &Session, action: &Do) -> Result<(), ExitCode> {
    let (who, fact) = match action {
        Do::Show { who, json } => return show(session, who, *json),
        Do::Answer { who, parent, yes, no, filed } => {
            let by = of(session, who, parent.as_deref())?;
            let said = yes.iter().map(|it| it.answer(true)).chain(no.iter().map(|it| it.answer(false)));
            (who, ConsentFact::Answered { by, answers: said.collect(), filed: filed.clone() })
        }
        Do::Withdraw { who, parent } => (who, ConsentFact::Withdrawn { by: of(session, who, parent.as_deref())? }),
        Do::Flag { who, flag } => (who, ConsentFact::Flagged(*flag)),
        Do::Unflag { who, flag, because } => (who, ConsentFact::Unflagged { flag: *flag, reason: because.clone() }),
    };
    let child = session.meant(who)?;
    let permit = permit_about(session, fact.action(session.person, child), child)?;
    let pictures = load(session)?;
    let done = act_on_pictures(&session.school, &session.authority, &pictures, &permit, (child, fact), session.now);
    done.map_err(|error| refused(&error))?;
    println!("It is written down, and holds from now on.");
    Ok(())
}

fn of(session: &Session, who: &str, parent: Option<&str>) -> Result<Signer, ExitCode> {
    signer(session, session.meant(who)?, parent)
}

fn show(session: &Session, who: &str, as_json: bool) -> Result<(), ExitCode> {
    let child = session.meant(who)?;
    permit_about(session, Action::ViewAgreements, child)?;
    let pictures = load(session)?;
    let Some(entry) = session.authority.roll().person(child) else { return Err(fail(&"there is no such person", 1)) };
    let validity = session.school.settings().photo_consent;
    for channel in Channel::ALL {
        for purpose in Purpose::ALL {
            let may = pictures.of(child).may_appear(&entry.person, *channel, *purpose, validity, session.now);
            let why = may.err();
            if as_json {
                let object = json!({
                    "channel": channel.slug(), "purpose": purpose.slug(), "may": why.is_none(),
                    "why": why.map(belisha_aua::KeptOut::slug),
                });
                println!("{object}");
            } else {
                let why = why.map_or("yes", belisha_aua::KeptOut::title);
                println!("{:<14} {:<26} {why}", channel.slug(), purpose.slug());
            }
        }
    }
    Ok(())
}

pub(super) fn may_publish(
    session: &Session,
    pupils: &Pupils<'_>,
    (place, words): (Shown, &[String]),
    as_json: bool,
) -> Result<(), ExitCode> {
    let children: Vec<PersonId> = pupils.of(session)?;
    let permit = session.permit(Action::AskPublication, &About::NOTHING)?;
    let sees_why = sees_why(&session.authority, session.person, &children, session.now);
    let Shown { channel, purpose } = place;
    let asked = Asked { channel, purpose, validity: session.school.settings().photo_consent, words, at: session.now };
    let pictures = load(session)?;
    let gate =
        gate(session.authority.roll(), &pictures, &permit, &children, &asked).map_err(|error| fail(&error, 1))?;
    let out = gate.kept_out.iter().map(|(child, why)| {
        let why = if sees_why { (why.slug(), why.title()) } else { ("ask-the-office", "is not shown: ask the office") };
        (*child, Some(why))
    });
    for (child, why) in gate.may.iter().map(|child| (*child, None)).chain(out) {
        let name = name(session, child);
        if as_json {
            let (user, why, named) = (session.user(child), why.map(|(slug, _)| slug), gate.named.contains(&child));
            println!("{}", json!({ "user": user, "name": name, "may": why.is_none(), "why": why, "named": named }));
        } else {
            println!(
                "{} {name}{}",
                if why.is_none() { "yes" } else { "NO " },
                why.map_or_else(String::new, |(_, title)| format!(": {title}"))
            );
        }
    }
    for named in &gate.named {
        let name = name(session, *named);
        match as_json {
            // Of those who are asked about it was said above.
            true if children.contains(named) => {}
            true => println!("{}", json!({ "user": session.user(*named), "name": name, "named": true })),
            false => println!("NO  the words name {name}: names and pictures are kept apart"),
        }
    }
    if !as_json {
        println!("\nBefore it is published:");
        for question in BEFORE_PUBLISHING {
            println!("- {question}");
        }
    }
    if gate.is_open() { Ok(()) } else { Err(ExitCode::from(1)) }
}
