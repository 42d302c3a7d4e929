//! The first page.

use askama::Template;

use crate::reply::{Frame, Reply};
use crate::visit::Visit;

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    frame: Frame,
}

pub(crate) fn home(visit: &Visit) -> Reply {
    Reply::page(&Home { frame: Frame::of(visit, visit.who.as_ref()) })
}
