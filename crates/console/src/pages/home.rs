//! The first page.

use askama::Template;

use crate::reply::{Frame, Reply, Trouble};
use crate::visit::{Form, Visit};

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    frame: Frame,
}

pub(crate) fn home(visit: &Visit, _: &Form) -> Result<Reply, Trouble> {
    Ok(Reply::page(&Home { frame: Frame::of(visit, visit.who.as_ref()) }))
}
