//! `belisha-reporter retain`.

use std::process::ExitCode;

use belisha_school::days;
use belisha_school::retention::{self, Plan};
use chrono::Utc;
use serde_json::json;

use crate::args::{Args, fail};
use crate::opened;

/// Dates of one line.
const SHOWN: usize = 5;

pub(crate) fn run(args: &Args, apply: bool, as_json: bool) -> ExitCode {
    let school = match opened(args) {
        Ok(school) => school,
        Err(code) => return code,
    };
    let now = Utc::now();
    let today = now.date_naive();
    let done = if apply {
        match days::close_due(&school, now) {
            Ok(_) => retention::carry_out(&school, today, now),
            Err(error) => Err(error.into()),
        }
    } else {
        retention::plan(&school, today)
    };
    match done {
        Ok(plan) if as_json => println!("{}", to_json(&plan, apply)),
        Ok(plan) => page(&plan, apply),
        Err(error) => return fail(&error, 74),
    }
    ExitCode::SUCCESS
}

fn page(plan: &Plan, applied: bool) {
    let verb = if applied { "Removed" } else { "Would be removed" };
    println!("{verb}: {} days of the access log, {} records.", plan.days.len(), plan.records.len());
    let some = plan.days.iter().take(SHOWN).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if !some.is_empty() {
        let more = if plan.days.len() > SHOWN { ", …" } else { "" };
        println!("  days: {some}{more}");
    }
    println!("For a person to decide: {} records.", plan.reviews.len());
    println!("Kept: {} days of the access log, {} records.", plan.days_kept.len(), plan.records_kept.len());
    if let Some((day, kept)) = plan.days_kept.first() {
        println!("  the oldest day, {day}: {kept}");
    }
    if !applied && (!plan.days.is_empty() || !plan.records.is_empty()) {
        println!("Nothing was changed. belisha-reporter retain --apply removes it for good.");
    }
}

fn to_json(plan: &Plan, applied: bool) -> serde_json::Value {
    let records = |of: &[(belisha_store::StreamId, belisha_policy::retention::RecordClass)]| {
        of.iter().map(|(id, class)| json!({ "record": id.to_string(), "class": class.slug() })).collect::<Vec<_>>()
    };
    json!({
        "applied": applied,
        "days": plan.days.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "records": records(&plan.records),
        "reviews": records(&plan.reviews),
        "days_kept": plan.days_kept.iter().map(|(day, kept)| json!({
            "day": day.to_string(), "because": kept.to_string()
        })).collect::<Vec<_>>(),
        "records_kept": plan.records_kept.iter().map(|(id, class, kept)| json!({
            "record": id.to_string(), "class": class.slug(), "because": kept.to_string()
        })).collect::<Vec<_>>(),
    })
}
