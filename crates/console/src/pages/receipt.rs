//! What became of a report, for whoever has its reference.

use askama::Template;
use belisha_school::cases::{CaseError, Reference, receipt};

use super::shown;
use crate::reply::{Frame, Reply, Trouble};
use crate::visit::{Form, Visit};

#[derive(Template)]
#[template(path = "receipt.html")]
struct Receipt<'a> {
    frame: Frame,
    reference: &'a str,
    /// When it was received, and whether it was answered; or that there is none.
    found: Option<(String, bool)>,
    wrong: Option<&'static str>,
}

pub(crate) fn page(visit: &Visit) -> Reply {
    let frame = Frame::of(visit, visit.who.as_ref());
    Reply::page(&Receipt { frame, reference: "", found: None, wrong: None })
}

pub(crate) fn show(visit: &Visit, form: &Form) -> Result<Reply, Trouble> {
    let written = form.text("reference");
    let (found, wrong) = match written.parse::<Reference>().map(|reference| receipt(&visit.school, reference)) {
        Ok(Ok((at, is_answered))) => (Some((shown(at), is_answered)), None),
        Ok(Err(CaseError::NotFound)) => (None, Some("There is no report with this reference.")),
        Ok(Err(error)) => return Err(error.into()),
        Err(_) => (None, Some("A reference is ten letters and digits, such as K7QF2-M9X4D.")),
    };
    Ok(Reply::page(&Receipt { frame: Frame::of(visit, visit.who.as_ref()), reference: written, found, wrong }))
}
