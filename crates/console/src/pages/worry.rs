//! Telling of something without signing in: a child that is worried, a parent, a neighbour.

use askama::Template;
use belisha_incident::Refused;
use belisha_school::cases::{CaseError, Worry};
use http::StatusCode;

use super::new_form;
use crate::reply::{Frame, Reply, Trouble};
use crate::visit::{Form, Visit};

#[derive(Template)]
#[template(path = "worried.html")]
struct Worried {
    frame: Frame,
    form: String,
    is_empty: bool,
    says: String,
    about: String,
    danger: bool,
}

#[derive(Template)]
#[template(path = "tell.html")]
struct Tell {
    frame: Frame,
    form: String,
    is_empty: bool,
    says: String,
    about: String,
    danger: bool,
}

#[derive(Template)]
#[template(path = "thanks.html")]
struct Thanks {
    frame: Frame,
    call: Option<String>,
}

#[derive(Template)]
#[template(path = "told.html")]
struct Told {
    frame: Frame,
    reference: String,
    call: Option<String>,
}

pub(crate) fn worried(visit: &Visit, _: &Form) -> Result<Reply, Trouble> {
    worried_with(visit, &Form::default(), new_form()?, false)
}

pub(crate) fn tell(visit: &Visit, _: &Form) -> Result<Reply, Trouble> {
    tell_with(visit, &Form::default(), new_form()?, false)
}

// Whoever sits at the machine may be somebody else than who signed in: neither page shows who that is.
fn worried_with(visit: &Visit, sent: &Form, form: String, is_empty: bool) -> Result<Reply, Trouble> {
    let status = if is_empty { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (says, about, danger) = (sent.text("says").into(), sent.text("about").into(), sent.is_ticked("danger"));
    Ok(Reply::with(status, &Worried { frame: Frame::of(visit, None), form, is_empty, says, about, danger }))
}

fn tell_with(visit: &Visit, sent: &Form, form: String, is_empty: bool) -> Result<Reply, Trouble> {
    let status = if is_empty { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (says, about, danger) = (sent.text("says").into(), sent.text("about").into(), sent.is_ticked("danger"));
    Ok(Reply::with(status, &Tell { frame: Frame::of(visit, None), form, is_empty, says, about, danger }))
}

/// What a child sent. The page that follows holds nothing of it (decisions 9).
pub(crate) fn child(visit: &Visit, form: &Form) -> Result<Reply, Trouble> {
    match written(visit, form)? {
        Some(reported) => {
            let call = reported.call.map(|body| body.to_string());
            Ok(Reply::page(&Thanks { frame: Frame::of(visit, None), call }).clearing())
        }
        None => worried_with(visit, form, form.text("form").to_owned(), true),
    }
}

/// What an adult sent, who is given a reference.
pub(crate) fn adult(visit: &Visit, form: &Form) -> Result<Reply, Trouble> {
    match written(visit, form)? {
        Some(reported) => {
            let (reference, call) = (reported.reference.to_string(), reported.call.map(|body| body.to_string()));
            Ok(Reply::page(&Told { frame: Frame::of(visit, None), reference, call }).clearing())
        }
        None => tell_with(visit, form, form.text("form").to_owned(), true),
    }
}

/// Writes it down; nothing where there are no words.
fn written(visit: &Visit, form: &Form) -> Result<Option<belisha_school::cases::Reported>, Trouble> {
    let told = Worry {
        words: form.text("words").to_owned(),
        danger: form.is_ticked("danger"),
        says: form.given("says"),
        about: form.text("about").to_owned(),
    };
    // Without the name of a form, as from a program, each is a report of its own.
    let name = form.given("form").map_or_else(new_form, Ok)?;
    match belisha_school::cases::worry(&visit.school, &visit.authority, told, &name, visit.now) {
        Ok(reported) => Ok(Some(reported)),
        Err(CaseError::Refused(Refused::NoReason)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
