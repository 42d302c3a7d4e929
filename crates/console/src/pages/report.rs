//! Reporting a concern, for whoever is signed in.

use askama::Template;
use belisha_incident::{Body, Doer, Matter, Part, Refused};
use belisha_policy::PersonId;
use belisha_school::WrittenInstant;
use belisha_school::cases::{self, CaseError};
use http::StatusCode;

use super::new_form;
use crate::reply::{Frame, Reply, Trouble};
use crate::visit::{Form, Visit, Who};

/// People whom the form has room for; the words have room for all others.
const NAMED: usize = 4;

/// Somebody who is named in the form.
struct Named {
    number: usize,
    text: String,
    part: String,
    /// What is wrong with the name.
    wrong: Option<String>,
    /// Those who have it, where there are several.
    choices: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page {
    frame: Frame,
    form: String,
    words: String,
    known_since: String,
    danger: bool,
    may_be_illegal: bool,
    matter: Option<Matter>,
    matters: &'static [Matter],
    done_by: Option<Doer>,
    doers: &'static [Doer],
    /// Whom outside they have told already, and the reference of those.
    told: Option<Body>,
    theirs: String,
    outside: Vec<Body>,
    named: Vec<Named>,
    parts: &'static [Part],
    wrong: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "reported.html")]
struct Reported {
    frame: Frame,
    reference: String,
    danger: bool,
    may_be_illegal: bool,
    call: Option<String>,
}

pub(crate) fn page(visit: &Visit, who: &Who, _: &Form) -> Result<Reply, Trouble> {
    let nobody = |number| Named { number, text: String::new(), part: String::new(), wrong: None, choices: Vec::new() };
    Ok(Reply::page(&Page {
        frame: Frame::of_telling(visit, Some(who)),
        form: new_form()?,
        words: String::new(),
        known_since: String::new(),
        danger: false,
        may_be_illegal: false,
        matter: None,
        matters: Matter::ALL,
        done_by: None,
        doers: Doer::ALL,
        told: None,
        theirs: String::new(),
        outside: outside(),
        named: (1..=NAMED).map(nobody).collect(),
        parts: Part::ALL,
        wrong: Vec::new(),
    }))
}

pub(crate) fn report(visit: &Visit, who: &Who, form: &Form) -> Result<Reply, Trouble> {
    let (danger, may_be_illegal) = (form.is_ticked("danger"), form.is_ticked("may_be_illegal"));
    let (matter, done_by) = (form.text("matter").parse().ok(), form.text("done_by").parse().ok());
    let told = form.text("told").parse::<Body>().ok().filter(|body| !body.is_inside());
    let mut wrong = Vec::new();
    let mut named = Vec::new();
    let mut meant: Vec<(PersonId, Part)> = Vec::new();
    for number in 1..=NAMED {
        let (found, read) = read_named(visit, form, number);
        meant.extend(found);
        if let Some(text) = &read.wrong {
            wrong.push((format!("name{number}"), text.clone()));
        }
        named.push(read);
    }
    let known_since = form.text("known_since").to_owned();
    let first_known = match known_since.as_str() {
        "" => visit.now,
        text => text.parse::<WrittenInstant>().map_or_else(
            |_| {
                wrong.push((
                    "known_since".to_owned(),
                    "Write the day and the time, such as 2026-11-25T10:12.".to_owned(),
                ));
                visit.now
            },
            WrittenInstant::beginning,
        ),
    };
    if form.text("words").is_empty() {
        wrong.insert(0, ("words".to_owned(), "Write what happened, in your own words.".to_owned()));
    }
    if wrong.is_empty() {
        let words = form.text("words").into();
        let told = told.map(|body| (body, form.given("theirs"))).into_iter().collect();
        let told = cases::Report { first_known, words, danger, may_be_illegal, matter, done_by, named: meant, told };
        let name = form.given("form").map_or_else(new_form, Ok)?;
        match cases::report(&visit.school, &visit.authority, who.person, told, Some(&name), visit.now) {
            Ok(reported) => {
                let (reference, call) = (reported.reference.to_string(), reported.call.map(|body| body.to_string()));
                let frame = Frame::of_telling(visit, Some(who));
                return Ok(Reply::page(&Reported { frame, reference, danger, may_be_illegal, call }));
            }
            Err(CaseError::Refused(Refused::NoReason)) => {
                wrong.push(("words".to_owned(), "Write what happened, in your own words.".to_owned()));
            }
            Err(error) => return Err(error.into()),
        }
    }
    let page = Page {
        frame: Frame::of_telling(visit, Some(who)),
        form: form.text("form").to_owned(),
        words: form.text("words").to_owned(),
        known_since,
        danger,
        may_be_illegal,
        matter,
        matters: Matter::ALL,
        done_by,
        doers: Doer::ALL,
        told,
        theirs: form.text("theirs").to_owned(),
        outside: outside(),
        named,
        parts: Part::ALL,
        wrong,
    };
    Ok(Reply::with(StatusCode::UNPROCESSABLE_ENTITY, &page))
}

/// Whom anybody may tell by themselves.
fn outside() -> Vec<Body> {
    Body::ALL.iter().copied().filter(|body| !body.is_inside() && *body != Body::ProtectionFile).collect()
}

/// Who is meant in a row of the form, or what is to be asked again.
fn read_named(visit: &Visit, form: &Form, number: usize) -> (Option<(PersonId, Part)>, Named) {
    let text = form.text(&format!("name{number}")).to_owned();
    let part = form.text(&format!("part{number}")).to_owned();
    let mut named = Named { number, text, part, wrong: None, choices: Vec::new() };
    let chosen = form.text(&format!("who{number}")).parse::<PersonId>().ok();
    if named.text.is_empty() {
        return (None, named);
    }
    let today = visit.now.date_naive();
    let called = visit.authority.roll().called(&named.text);
    let called: Vec<_> = called.into_iter().filter(|entry| entry.person.is_here(today)).collect();
    let one = match called.as_slice() {
        [one] => Some(one.person.id),
        several => several.iter().map(|entry| entry.person.id).find(|id| Some(*id) == chosen),
    };
    let Some(person) = one else {
        named.wrong = Some(if called.is_empty() {
            format!("Nobody here is called {}. Write it another way, or leave it out and write it above.", named.text)
        } else {
            format!("Several people are called {}. Choose which of them.", named.text)
        });
        named.choices = called.iter().map(|it| (it.person.id.to_string(), visit.called(it.person.id))).collect();
        return (None, named);
    };
    let Ok(part) = named.part.parse::<Part>() else {
        named.wrong = Some(format!("Say what part {} has in it.", named.text));
        return (None, named);
    };
    (Some((person, part)), named)
}
