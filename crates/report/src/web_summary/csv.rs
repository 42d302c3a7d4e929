//! The summary as a table.

use crate::ReportError;
use crate::sheet::Sheet;

use super::{Counts, SiteRows, WebSummary};

pub(super) fn write(summary: &WebSummary) -> Result<String, ReportError> {
    let mut sheet = Sheet::new()?;
    counts(&mut sheet, "total", "", &summary.totals)?;
    sheet.row("total", "", "not-replayed", summary.not_replayed)?;
    sheet.row("few-people", "", "days", summary.few_people.days)?;
    sheet.row("few-people", "", "requests", summary.few_people.requests)?;
    for day in &summary.days {
        counts(&mut sheet, "day", &day.date.to_string(), &day.counts)?;
    }
    for hour in &summary.hours {
        counts(&mut sheet, "hour", &format!("{:02}", hour.hour), &hour.counts)?;
    }
    for kind in &summary.navigation {
        counts(&mut sheet, "navigation", kind.kind, &kind.counts)?;
    }
    for kind in &summary.attribution {
        counts(&mut sheet, "attribution", kind.kind, &kind.counts)?;
    }
    for group in &summary.groups {
        // No group can be called so: groups that are known stand in a section of their own.
        match &group.group {
            Some(name) => counts(&mut sheet, "group", name, &group.counts)?,
            None => counts(&mut sheet, "group-not-known", "", &group.counts)?,
        }
    }
    counts(&mut sheet, "small-groups", "", &summary.small_groups)?;
    sites(&mut sheet, "blocked", &summary.blocked)?;
    for (section, rows) in [("would-be-blocked", &summary.would_be_blocked), ("would-be-open", &summary.would_be_open)]
    {
        if let Some(rows) = rows {
            sites(&mut sheet, section, rows)?;
        }
    }
    for row in &summary.coverage.categories {
        sheet.row("coverage", row.category, "entries", row.entries)?;
        sheet.row("coverage", row.category, "sources", row.sources.len() as u64)?;
        if let Some(days) = row.age_days {
            sheet.row("coverage", row.category, "age-days", days)?;
        }
    }
    sheet.finish()
}

fn counts(sheet: &mut Sheet, section: &str, key: &str, counts: &Counts) -> Result<(), ReportError> {
    let Counts { requests, allowed, blocked, warned, monitored, refused, failed } = *counts;
    for (key2, count) in [
        ("requests", requests),
        ("allowed", allowed),
        ("blocked", blocked),
        ("warned", warned),
        ("monitored", monitored),
        ("refused", refused),
        ("failed", failed),
    ] {
        sheet.row(section, key, key2, count)?;
    }
    Ok(())
}

fn sites(sheet: &mut Sheet, section: &str, sites: &SiteRows) -> Result<(), ReportError> {
    sheet.row(section, "", "requests", sites.requests)?;
    for row in &sites.categories {
        let key = row.category.unwrap_or("none");
        sheet.row(&format!("{section}-category"), key, "requests", row.requests)?;
    }
    for row in &sites.hosts {
        sheet.row(&format!("{section}-host"), &row.host, "requests", row.requests)?;
    }
    sheet.row(&format!("{section}-other-hosts"), "", "hosts", sites.other_hosts.hosts)?;
    sheet.row(&format!("{section}-other-hosts"), "", "requests", sites.other_hosts.requests)
}
