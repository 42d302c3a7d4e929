//! The register of incidents in numbers.

use std::fmt::Write as _;
use std::process::ExitCode;

use belisha_report::tables::Table;
use belisha_report::{date, json};
use belisha_school::cases::{Desk, For, Trends};
use chrono::NaiveDate;

use super::refused;
use crate::args::fail;

/// One's own, from one day to another.
pub(super) fn own(today: NaiveDate, from: Option<NaiveDate>, to: Option<NaiveDate>) -> For {
    let to = to.unwrap_or(today);
    from.map_or_else(|| For::year_to(to), |from| For::Oneself(from, to))
}

pub(super) fn register(desk: &Desk<'_>, whose: For, as_json: bool) -> Result<(), ExitCode> {
    let trends = desk.trends(whose).map_err(|error| refused(&error))?;
    if as_json {
        print!("{}", json(&trends).map_err(|error| fail(&error, 1))?);
    } else {
        print!("{}", text(&trends));
    }
    Ok(())
}

fn text(trends: &Trends) -> String {
    let Trends { from, to, is_for_others, all, says, tables } = trends;
    let whose = if *is_for_others { "" } else { " that you may see" };
    let mut page = format!("Incidents{whose}, {} to {}: {all}\n", date(*from), date(*to));
    for sentence in says {
        page = page + sentence + "\n";
    }
    for Table { title, rows, .. } in tables {
        let widest = rows.iter().map(|(what, _)| what.chars().count()).max().unwrap_or_default();
        let _ = writeln!(page, "\n{title}");
        for (what, count) in rows {
            let _ = writeln!(page, "  {what:<widest$}  {:>7}", count.to_string());
        }
    }
    page
}
