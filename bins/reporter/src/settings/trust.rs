//! What the trust set for all its schools.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use belisha_policy::may::About;
use belisha_policy::{Action, Audience, Category, Profile};
use belisha_school::trust::{self, TrustError, slug};
use belisha_school::{School, read_baseline};
use chrono::{DateTime, Utc};
use serde_json::json;

use crate::args::{Args, fail};
use crate::opened;
use crate::session::{Session, shown};

const FOLLOWS: &str = "A running proxy follows within a second.";

/// Sets the baseline of a file, or ends it where there is none.
pub(super) fn baseline(args: &Args, file: Option<&Path>) -> Result<(), ExitCode> {
    let session = Session::open(args)?;
    let permit = session.permit(Action::SetBaseline, &About::NOTHING)?;
    let profiles = match file {
        Some(file) => read_baseline(file).map_err(|error| fail(&error, 78))?,
        None => BTreeMap::new(),
    };
    let school = &session.school;
    refused(trust::set_baseline(school.ledger(), &permit, school.in_force(), &profiles, session.now))?;
    println!("The trust's baseline is {}. {FOLLOWS}", if file.is_some() { "in force" } else { "ended" });
    kept_shut(&opened(args)?);
    Ok(())
}

pub(super) fn approve(
    args: &Args,
    audience: Audience,
    categories: &[Category],
    until: Option<DateTime<Utc>>,
) -> Result<(), ExitCode> {
    let session = Session::open(args)?;
    let permit = session.permit(Action::LoosenBaseline, &About::NOTHING)?;
    let school = &session.school;
    let what = (audience, categories);
    refused(trust::approve(school.ledger(), &permit, school.in_force(), what, until, session.now))?;
    println!("Profiles of the school for {} may leave it open{}. {FOLLOWS}", slug(audience), end(until));
    kept_shut(&opened(args)?);
    Ok(())
}

pub(super) fn withdraw(args: &Args, audience: Audience, categories: &[Category]) -> Result<(), ExitCode> {
    let session = Session::open(args)?;
    let permit = session.permit(Action::LoosenBaseline, &About::NOTHING)?;
    let school = &session.school;
    refused(trust::withdraw(school.ledger(), &permit, school.in_force(), (audience, categories), session.now))?;
    println!("It is shut again for {}. {FOLLOWS}", slug(audience));
    kept_shut(&opened(args)?);
    Ok(())
}

fn refused(done: Result<(), TrustError>) -> Result<(), ExitCode> {
    done.map_err(|error| fail(&error, if matches!(error, TrustError::Ledger(_)) { 74 } else { 1 }))
}

fn end(until: Option<DateTime<Utc>>) -> String {
    until.map(|until| format!(" until {}", shown(until))).unwrap_or_default()
}

/// What of the school's own opening is shut.
fn kept_shut(school: &School) {
    for kept in &school.settings().kept_shut {
        println!("WARNING: {kept}");
    }
}

/// What the trust set is no secret at the school: it says why something is shut.
pub(super) fn list(school: &School, as_json: bool) -> Result<(), ExitCode> {
    let now = Utc::now();
    let unreadable = |message: String| fail(&TrustError::Unreadable(message), 74);
    let rules = &school.in_force().trust;
    let read = rules.read().map_err(unreadable)?;
    let mut profiles: Vec<Profile> = Vec::new();
    for (name, written) in &rules.baseline {
        profiles.push(written.alone(name).map_err(unreadable)?);
    }
    let blocks = |profile: &Profile| profile.blocked().map(Category::slug).collect::<Vec<_>>();
    if as_json {
        let profiles: BTreeMap<String, _> = profiles
            .iter()
            .map(|it| (it.name().to_string(), json!({ "for": slug(it.audience()), "blocks": blocks(it) })))
            .collect();
        let approvals: Vec<_> = read
            .approvals
            .at(now)
            .map(|(audience, category, until)| json!({ "for": slug(audience), "category": category.slug(), "until": until }))
            .collect();
        let kept = school.settings().kept_shut.iter();
        let kept: Vec<_> = kept
            .map(|it| json!({ "what": it.what, "category": it.category.slug(), "for": slug(it.audience) }))
            .collect();
        println!("{}", json!({ "baseline": profiles, "approvals": approvals, "kept_shut": kept }));
        return Ok(());
    }
    if profiles.is_empty() {
        println!("No trust has set a baseline for this school.");
    }
    for profile in &profiles {
        let (name, whom) = (profile.name(), slug(profile.audience()));
        println!("Baseline {name}: for {whom} at least these are blocked: {}", blocks(profile).join(", "));
    }
    for (audience, category, until) in read.approvals.at(now) {
        println!("Approved: {category} may be open for {}{}", slug(audience), end(until));
    }
    kept_shut(school);
    Ok(())
}
