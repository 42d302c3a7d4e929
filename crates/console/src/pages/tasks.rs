//! What is to be done in cases.

use askama::Template;
use belisha_school::cases::Task;

use super::paging::Paging;
use super::shown;
use crate::reply::{Frame, Reply, Trouble, sentence};
use crate::visit::{Form, Visit, Who};

struct Row {
    reference: String,
    what: String,
    due: Option<String>,
    judged: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "tasks.html")]
struct Tasks {
    frame: Frame,
    overdue: Vec<Row>,
    others: Vec<Row>,
    paging: Paging,
}

/// The longest due first.
pub(crate) fn page(visit: &Visit, who: &Who, _: &Form) -> Result<Reply, Trouble> {
    let tasks = visit.desk(who)?.tasks()?;
    let paging = Paging::of(visit, tasks.len(), "/tasks?page=");
    let (overdue, others): (Vec<&Task>, Vec<&Task>) = paging.cut(&tasks).partition(|task| task.is_overdue(visit.now));
    let rows = |tasks: &[&Task]| tasks.iter().copied().map(row).collect();
    let (overdue, others) = (rows(&overdue), rows(&others));
    Ok(Reply::page(&Tasks { frame: Frame::of(visit, Some(who)), overdue, others, paging }))
}

fn row(task: &Task) -> Row {
    let what = sentence(&task.what.to_string());
    Row { reference: task.reference.to_string(), what, due: task.due.map(shown), judged: task.judged }
}
