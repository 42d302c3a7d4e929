//! Who can open the incidents that their roles handle, and letting them.

use askama::Template;
use belisha_policy::may::About;
use belisha_policy::{Action, Permit, PersonId};
use belisha_school::cases::{Circle, Handler};

use crate::reply::{Frame, Reply, Trouble};
use crate::visit::{Form, Visit, Who};

struct Row {
    id: String,
    name: String,
    opens: Vec<&'static str>,
    lacks: Vec<&'static str>,
    has_key: bool,
}

#[derive(Template)]
#[template(path = "keys.html")]
struct Keys {
    frame: Frame,
    rows: Vec<Row>,
    /// Whom somebody let in just now, and what they can open.
    done: Option<(String, Vec<&'static str>)>,
}

pub(crate) fn page(visit: &Visit, who: &Who, _: &Form) -> Result<Reply, Trouble> {
    show(visit, who, &visit.permit(who, Action::ManageHolders, &About::NOTHING)?, None)
}

/// Lets somebody open what they handle, as far as whoever does it can open that.
pub(crate) fn admit(visit: &Visit, who: &Who, form: &Form) -> Result<Reply, Trouble> {
    let person: PersonId = form.text("person").parse().map_err(|_| Trouble::NotFound)?;
    let permit = visit.permit(who, Action::ManageHolders, &About::NOTHING)?;
    let admitted = visit.desk(who)?.admit(&permit, person)?;
    if admitted.is_empty() {
        let why = "they handle nothing that you can open, or can open it already".to_owned();
        return Err(Trouble::Refused(why));
    }
    show(visit, who, &permit, Some((visit.called(person), titles(&admitted))))
}

fn show(
    visit: &Visit,
    who: &Who,
    permit: &Permit,
    done: Option<(String, Vec<&'static str>)>,
) -> Result<Reply, Trouble> {
    let row = |it: Handler| {
        let (opens, lacks) = (titles(&it.opens), titles(&it.lacks));
        Row { id: it.person.to_string(), name: visit.called(it.person), opens, lacks, has_key: it.has_key }
    };
    let mut rows: Vec<Row> = visit.desk(who)?.handlers(permit)?.into_iter().map(row).collect();
    rows.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(Reply::page(&Keys { frame: Frame::of(visit, Some(who)), rows, done }))
}

fn titles(circles: &[Circle]) -> Vec<&'static str> {
    circles.iter().filter_map(Circle::title).collect()
}
