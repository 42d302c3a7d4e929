//! What is to be done in cases.

use askama::Template;
use belisha_school::cases::Task;

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
}

pub(crate) fn page(visit: &Visit, who: &Who, _: &Form) -> Result<Reply, Trouble> {
    let (overdue, others): (Vec<_>, Vec<_>) =
        visit.desk(who)?.tasks()?.into_iter().partition(|task| task.is_overdue(visit.now));
    let rows = |tasks: &[Task]| tasks.iter().map(row).collect();
    Ok(Reply::page(&Tasks { frame: Frame::of(visit, Some(who)), overdue: rows(&overdue), others: rows(&others) }))
}

fn row(task: &Task) -> Row {
    let what = sentence(&task.what.to_string());
    Row { reference: task.reference.to_string(), what, due: task.due.map(shown), judged: task.judged }
}
