//! The cases that somebody handles.

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
    let (paging, rows) = if closed {
        let paging = |rows| Paging::of(visit, rows, "/cases?closed=yes&page=");
        let (count, cases) = desk.list_closed(|rows| paging(rows).range())?;
        (paging(count), cases.iter().map(|branch| row(visit, branch)).collect())
    } else {
        let mut cases = desk.list_open()?;
        cases.reverse();
        let paging = Paging::of(visit, cases.len(), "/cases?page=");
        let rows = paging.cut(&cases).map(|branch| row(visit, branch)).collect();
        (paging, rows)
    };
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
