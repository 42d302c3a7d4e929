//! Telling of something without signing in: a child that is worried, a parent, a neighbour.

use askama::Template;
use belisha_incident::Refused;
use belisha_school::cases::{CaseError, Worry};
use http::StatusCode;

use super::new_form;
use crate::reply::{Frame, Reply, Trouble};
use crate::visit::{Form, Visit};

/// What stands in a form, before it was sent or where it has to be sent again.
struct Sheet {
    form: String,
    /// Whether there were no words.
    is_empty: bool,
    says: String,
    about: String,
    danger: bool,
}

impl Sheet {
    fn new() -> Result<Self, Trouble> {
        let (says, about) = (String::new(), String::new());
        Ok(Self { form: new_form()?, is_empty: false, says, about, danger: false })
    }

    /// Sent without words.
    fn empty(sent: &Form) -> Self {
        let text = |name| sent.text(name).to_owned();
        Self {
            form: text("form"),
            is_empty: true,
            says: text("says"),
            about: text("about"),
            danger: sent.is_ticked("danger"),
        }
    }

    fn status(&self) -> StatusCode {
        if self.is_empty { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }
    }
}

// Whoever sits at the machine may be somebody else than who signed in: no page here shows who that is.

#[derive(Template)]
#[template(path = "worried.html")]
struct Worried {
    frame: Frame,
    sheet: Sheet,
}

#[derive(Template)]
#[template(path = "tell.html")]
struct Tell {
    frame: Frame,
    sheet: Sheet,
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
    Ok(worried_with(visit, Sheet::new()?))
}

pub(crate) fn tell(visit: &Visit, _: &Form) -> Result<Reply, Trouble> {
    Ok(tell_with(visit, Sheet::new()?))
}

fn worried_with(visit: &Visit, sheet: Sheet) -> Reply {
    Reply::with(sheet.status(), &Worried { frame: Frame::of_telling(visit, None), sheet })
}

fn tell_with(visit: &Visit, sheet: Sheet) -> Reply {
    Reply::with(sheet.status(), &Tell { frame: Frame::of_telling(visit, None), sheet })
}

/// What a child sent. The page that follows holds nothing of it (decisions 9).
pub(crate) fn child(visit: &Visit, form: &Form) -> Result<Reply, Trouble> {
    match written(visit, form)? {
        Some(reported) => {
            let call = reported.call.map(|body| body.to_string());
            Ok(Reply::page(&Thanks { frame: Frame::of_telling(visit, None), call }).clearing())
        }
        None => Ok(worried_with(visit, Sheet::empty(form))),
    }
}

/// What an adult sent, who is given a reference.
pub(crate) fn adult(visit: &Visit, form: &Form) -> Result<Reply, Trouble> {
    match written(visit, form)? {
        Some(reported) => {
            let (reference, call) = (reported.reference.to_string(), reported.call.map(|body| body.to_string()));
            Ok(Reply::page(&Told { frame: Frame::of_telling(visit, None), reference, call }).clearing())
        }
        None => Ok(tell_with(visit, Sheet::empty(form))),
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
