//! The cases that somebody handles.

use askama::Template;
use belisha_school::cases::{Branch, tasks};

use super::shown;
use crate::reply::{Frame, Reply, Trouble};
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
    with_closed: bool,
}

pub(crate) fn page(visit: &Visit, who: &Who, _: &Form) -> Result<Reply, Trouble> {
    let with_closed = visit.query.is_ticked("closed");
    let cases = visit.desk(who)?.list()?;
    let shown = cases.iter().filter(|branch| with_closed || !branch.case.is_closed());
    let rows = shown.map(|branch| row(visit, branch)).collect();
    Ok(Reply::page(&Cases { frame: Frame::of(visit, Some(who)), rows, with_closed }))
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
