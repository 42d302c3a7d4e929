//! Before a picture is published: who may be seen there, who not, and whom its words name.

use std::collections::BTreeSet;

use askama::Template;
use belisha_aua::{Channel, Purpose};
use belisha_policy::may::About;
use belisha_policy::{Action, PersonId};
use belisha_school::agreements::{Asked, BEFORE_PUBLISHING, Gate, Pictures, may_publish, sees_why};

use super::acts::{chosen, options};
use crate::reply::{Frame, Reply, Trouble, sentence};
use crate::visit::{Form, Visit, Who};

/// What was asked, so that it stands in the form again, and the answer.
struct Answered {
    may: Vec<String>,
    /// Who may not, and why.
    kept_out: Vec<(String, String)>,
    named: Vec<String>,
    is_open: bool,
}

#[derive(Template)]
#[template(path = "pictures.html")]
struct Page<'a> {
    frame: Frame,
    classes: BTreeSet<String>,
    channels: Vec<(String, String)>,
    purposes: Vec<(String, String)>,
    asked: &'a Form,
    answered: Option<Answered>,
    questions: &'a [&'a str],
}

pub(crate) fn page(visit: &Visit, who: &Who, _: &Form) -> Result<Reply, Trouble> {
    visit.permit(who, Action::AskPublication, &About::NOTHING)?;
    Ok(shown(visit, who, &Form::default(), None))
}

/// Asked by a form that is sent, so that no name stands in an address.
pub(crate) fn ask(visit: &Visit, who: &Who, form: &Form) -> Result<Reply, Trouble> {
    let permit = visit.permit(who, Action::AskPublication, &About::NOTHING)?;
    let children = children(visit, form)?;
    let channel: Channel = form.text("channel").parse().map_err(|_| Trouble::NotFound)?;
    let purpose: Purpose = form.text("purpose").parse().map_err(|_| Trouble::NotFound)?;
    let words: Vec<String> = form.text("words").lines().map(str::to_owned).collect();
    let validity = visit.school.settings().photo_consent;
    let asked = Asked { channel, purpose, validity, words: &words, at: visit.now };
    let pictures = Pictures::load(visit.school.ledger())?;
    let gate = may_publish(visit.authority.roll(), &pictures, &permit, &children, &asked);
    let gate = gate.map_err(|error| Trouble::Refused(error.to_string()))?;
    let answered = answered(visit, &gate, sees_why(&visit.authority, who.person, &children, visit.now));
    Ok(shown(visit, who, form, Some(answered)))
}

fn shown(visit: &Visit, who: &Who, asked: &Form, answered: Option<Answered>) -> Reply {
    Reply::page(&Page {
        frame: Frame::of(visit, Some(who)),
        classes: visit.authority.roll().classes(visit.now),
        channels: options!(Channel),
        purposes: options!(Purpose),
        asked,
        answered,
        questions: &BEFORE_PUBLISHING,
    })
}

/// Those who are named, one a line, and those of the class.
fn children(visit: &Visit, form: &Form) -> Result<Vec<PersonId>, Trouble> {
    let lines = form.text("who").lines().map(str::trim).filter(|line| !line.is_empty());
    let mut children = lines.map(|line| chosen(visit, line)).collect::<Result<BTreeSet<PersonId>, Trouble>>()?;
    if let Some(class) = form.given("class") {
        children.extend(visit.authority.roll().of_class(&class, visit.now).map(|entry| entry.person.id));
    }
    if children.is_empty() {
        return Err(Trouble::Refused("say who is in the picture: a class, or children by name".into()));
    }
    Ok(children.into_iter().collect())
}

fn answered(visit: &Visit, gate: &Gate, sees_why: bool) -> Answered {
    let called = |children: &[PersonId]| {
        let mut names: Vec<String> = children.iter().map(|child| visit.called(*child)).collect();
        names.sort();
        names
    };
    let why = |why: &belisha_aua::KeptOut| sentence(if sees_why { why.title() } else { "ask the office" });
    let mut kept_out: Vec<(String, String)> =
        gate.kept_out.iter().map(|(child, reason)| (visit.called(*child), why(reason))).collect();
    kept_out.sort();
    Answered { may: called(&gate.may), kept_out, named: called(&gate.named), is_open: gate.is_open() }
}
