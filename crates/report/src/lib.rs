//! Our values out, as documents that people read and programs take in.
//!
//! A document is made in two steps: the values become what may be shown, by rules that keep a child from being told by
//! small numbers; and that is written as HTML, CSV or JSON. No writer sees anything else than what may be shown. Nothing
//! here opens a file or knows a clock.
//!
//! ```
//! use belisha_policy::{DayCounts, Outcome, View};
//! use belisha_report::web_summary::{About, Day, Material, WebSummary};
//!
//! let date = chrono::NaiveDate::from_ymd_opt(2026, 11, 3).ok_or("no date")?;
//! let mut counts = DayCounts::default();
//! counts.people = 30;
//! counts.requests.add(Outcome::Blocked, 12);
//! let about = About { school: "Amber Hill".into(), from: date, to: date, made: date, view: View::Observed };
//! let day = Day { date, kind: "a school day".into(), has_school: true, counts: Some(counts), gap: None };
//! let summary = WebSummary::of(Material { days: vec![day], ..Material::about(about) });
//! assert!(summary.to_json()?.contains("\"blocked\": 12"));
//! assert!(summary.to_html()?.starts_with("<!DOCTYPE html>"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod chart;
mod error;
pub mod form;
pub mod letter;
pub mod paper;
mod qr;
mod sheet;
pub mod tables;
pub mod web_summary;
mod words;

pub use error::ReportError;
pub use words::{capital, date, plain};

/// A value as JSON that people can read too, with an end of line.
///
/// # Errors
/// It cannot be written, which is a fault of this program.
pub fn json(value: &impl serde::Serialize) -> Result<String, ReportError> {
    let json = serde_json::to_string_pretty(value).map_err(|error| ReportError::new("JSON", &error))?;
    Ok(json + "\n")
}
