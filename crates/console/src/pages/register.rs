//! The register of incidents in numbers.

use askama::Template;
use belisha_policy::calendar::local;
use belisha_school::cases::{For, Trends};
use chrono::NaiveDate;

use crate::reply::{Frame, Reply, Trouble};
use crate::visit::{Form, Visit, Who};

#[derive(Template)]
#[template(path = "register.html")]
struct Register {
    frame: Frame,
    trends: Trends,
    from: String,
    to: String,
}

/// Of the time that is asked for, else of the last twelve months; or a copy for others.
pub(crate) fn page(visit: &Visit, who: &Who, _: &Form) -> Result<Reply, Trouble> {
    let today = local(visit.now).date_naive();
    let day = |name: &str| visit.query.text(name).parse::<NaiveDate>().ok();
    let to = day("to").unwrap_or(today);
    let whose = match (visit.query.is_ticked("others"), day("from")) {
        (true, from) => from.map_or_else(|| For::others_before(today), For::Others),
        (false, Some(from)) => For::Oneself(from, to),
        (false, None) => For::year_to(to),
    };
    let trends = visit.desk(who)?.trends(whose)?;
    let date = |day: NaiveDate| day.format("%-d %B %Y").to_string();
    let (from, to) = (date(trends.from), date(trends.to));
    Ok(Reply::page(&Register { frame: Frame::of(visit, Some(who)), trends, from, to }))
}
