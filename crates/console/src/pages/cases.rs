//! The cases that somebody handles.

use std::sync::Arc;

use askama::Template;
use belisha_school::cases::{Branch, Reference, tasks};

use super::paging::Paging;
use super::shown;
use crate::reply::{Frame, Reply, Trouble, sentence};
use crate::visit::{Form, Visit, Who};

struct Row {
    reference: String,
    known: String,
    stage: String,
    kind: Option<String>,
    severity: Option<u8>,
    to_do: usize,
    overdue: usize,
}

#[derive(Template)]
#[template(path = "cases.html")]
struct Cases {
    frame: Frame,
    rows: Vec<Row>,
    paging: Paging,
    /// Whether those that are closed are shown, and not those that are open.
    closed: bool,
    /// What is wrong with the reference that was asked for.
    wrong: Option<String>,
}

/// Those that are open, those that were known last first; or those that are closed, those that were closed last first. With a
/// reference, the case of that.
pub(crate) fn page(visit: &Visit, who: &Who, _: &Form) -> Result<Reply, Trouble> {
    let asked = visit.query.given("reference").map(|reference| reference.parse::<Reference>());
    if let Some(Ok(reference)) = &asked {
        return Ok(Reply::to(&format!("/cases/{reference}")));
    }
    let closed = visit.query.is_ticked("closed");
    let desk = visit.desk(who)?;
    let (paging, cases): (Paging, Vec<Arc<Branch>>) = if closed {
        let mut paging = Paging::of(visit, 0, "/cases?closed=yes&page=");
        let cases = desk.list_closed(|rows| {
            paging = Paging::of(visit, rows, paging.path);
            paging.range()
        })?;
        (paging, cases)
    } else {
        let cases = desk.list_open()?;
        let paging = Paging::of(visit, cases.len(), "/cases?page=");
        let page = cases.iter().rev().skip(paging.range().start).take(paging.range().len()).cloned().collect();
        (paging, page)
    };
    let rows = cases.iter().map(|branch| row(visit, branch)).collect();
    let wrong = asked.and_then(Result::err).map(|error| sentence(&error.to_string()));
    Ok(Reply::page(&Cases { frame: Frame::of(visit, Some(who)), rows, paging, closed, wrong }))
}

fn row(visit: &Visit, branch: &Branch) -> Row {
    let (case, tasks) = (&branch.case, tasks(&visit.school, branch));
    Row {
        reference: branch.reference.to_string(),
        known: case.first_known().map(shown).unwrap_or_default(),
        stage: case.stage().to_string(),
        kind: case.sorted().map(|(category, _)| category.in_full()),
        severity: case.sorted().map(|(_, severity)| severity.number()),
        to_do: tasks.len(),
        overdue: tasks.iter().filter(|task| task.is_overdue(visit.now)).count(),
    }
}
