//! `belisha-importer access-log`.

use std::fmt::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use belisha_formats::access_log::{LineFault, Tally};
use belisha_policy::{Outcome, Verdict};
use belisha_school::authority::Authority;
use belisha_school::imported_log::{ImportLogError, ImportedLog, Today, import_log, try_log};
use belisha_school::past::LogFormat;
use belisha_school::{DataFolder, School, SchoolError, Settings, rules, settings_in_force};
use chrono::Utc;
use indicatif::ProgressBar;
use serde_json::{Map, Value, json};

use crate::args::AccessLogCommand;
use crate::lists::{bar, complain};

/// Complaints of one log that are printed; all are counted.
const SHOWN: usize = 5;

const KEPT: &str = "Nothing of it was imported.";

/// An import that ended early: what to say, and the exit code.
type Ended = (String, u8);

pub(crate) fn run(folder: &DataFolder, school: Option<&Path>, command: &AccessLogCommand) -> ExitCode {
    match import(folder, school, command) {
        Ok(()) => ExitCode::SUCCESS,
        Err((message, code)) => complain(&message, code),
    }
}

fn import(folder: &DataFolder, school: Option<&Path>, command: &AccessLogCommand) -> Result<(), Ended> {
    let format = LogFormat::named(command.format.as_deref(), command.map.clone());
    let format = format.map_err(|error| (error.to_string(), 2))?;
    let file = Settings::load(folder.settings_to_read(school).as_deref()).map_err(|error| (error.to_string(), 78))?;
    let (settings, school) = opened(folder, file, command)?;
    let loaded = rules::load(folder).map_err(|error| (error.to_string(), 74))?;
    let authority = school.as_ref().map_or_else(|| Ok(Authority::default()), |it| Authority::load(it.ledger()));
    let authority = authority.map_err(|error| (error.to_string(), 74))?;
    for path in &command.logs {
        let today = Today { rules: &loaded.rules, policy: &settings.policy, authority: &authority, now: Utc::now() };
        let bar = bar();
        let mut progress = |read, total| told(&bar, read, total);
        let done = match &school {
            Some(school) if !command.dry_run => import_log(school, path, &format, &today, &mut progress),
            school => try_log(school.as_ref(), path, &format, &today, &mut progress),
        };
        bar.finish_and_clear();
        let done = done.map_err(|error| ended(path, &error))?;
        if command.json {
            println!("{}", to_json(path, &done, command.dry_run));
        } else {
            let page = page(path, &done, command.dry_run).map_err(|error| (error.to_string(), 74))?;
            print!("{page}");
        }
    }
    Ok(())
}

/// The settings in force, and the school. A dry run makes none.
fn opened(
    folder: &DataFolder,
    file: Settings,
    command: &AccessLogCommand,
) -> Result<(Settings, Option<School>), Ended> {
    let unopened = |error: SchoolError| {
        let code = if matches!(error, SchoolError::Settings(_)) { 78 } else { 74 };
        (format!("{error}\n{KEPT}"), code)
    };
    if !command.dry_run {
        let school = School::open(folder, &file, Utc::now()).map_err(unopened)?;
        return Ok((school.settings().clone(), Some(school)));
    }
    let school = School::look(folder, &file).map_err(unopened)?;
    let (settings, _) = settings_in_force(folder, file).map_err(unopened)?;
    Ok((settings, school))
}

fn told(bar: &ProgressBar, read: u64, total: Option<u64>) {
    if let Some(total) = total {
        bar.set_length(total);
    }
    bar.set_position(read);
}

fn ended(path: &Path, error: &ImportLogError) -> Ended {
    let code = match error {
        ImportLogError::Log(log) if log.is_bad_input() => 65,
        _ => 74,
    };
    let kept = if matches!(error, ImportLogError::Close(_)) { "" } else { KEPT };
    (format!("{}: {error}\n{kept}", path.display()).trim_end().to_owned(), code)
}

/// Of each kind of complaint how many there are.
fn complaints(tally: &Tally) -> impl Iterator<Item = (LineFault, u64)> {
    LineFault::ALL.into_iter().map(|fault| (fault, tally.bad_for(fault))).filter(|(_, count)| *count > 0)
}

fn outcomes(done: &ImportedLog) -> impl Iterator<Item = (&'static str, u64)> {
    Outcome::ALL.iter().map(|outcome| outcome.slug()).zip(done.observed)
}

fn verdicts(done: &ImportedLog) -> impl Iterator<Item = (&'static str, u64)> {
    Verdict::ALL.iter().map(|verdict| verdict.slug()).zip(done.would_be)
}

fn listed(counts: impl Iterator<Item = (&'static str, u64)>) -> String {
    let counts: Vec<String> =
        counts.filter(|(_, count)| *count > 0).map(|(name, count)| format!("{count} {name}")).collect();
    if counts.is_empty() { "nothing".into() } else { counts.join(", ") }
}

fn page(path: &Path, done: &ImportedLog, dry_run: bool) -> Result<String, fmt::Error> {
    let mut out = String::new();
    let tally = &done.tally;
    for complaint in tally.complaints().iter().take(SHOWN) {
        writeln!(out, "left out: {complaint}")?;
    }
    if tally.bad() > SHOWN as u64 {
        for (fault, count) in complaints(tally) {
            writeln!(out, "left out: {count} lines in all of which {fault}")?;
        }
    }
    let name = path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
    if done.before > 0 {
        writeln!(out, "{name}: {} lines of it were imported before.", done.before)?;
    }
    if tally.lines == 0 {
        writeln!(out, "{name}: nothing is new; nothing was changed.")?;
        return Ok(out);
    }
    let verb = if dry_run { "would be imported (dry run, nothing was changed)" } else { "imported" };
    writeln!(
        out,
        "{name} {verb}: {} lines ({}), {} requests, {} skipped, {} left out.",
        tally.lines,
        done.format,
        done.requests(),
        tally.skipped,
        tally.bad(),
    )?;
    let counts = done.counts;
    writeln!(
        out,
        "No requests of their own: {} tunnels whose requests are there themselves, {} questions who it is, {} without a request.",
        counts.tunnels, counts.challenges, counts.nothing
    )?;
    if let (Some((first, _)), Some((last, _))) = (done.days.first(), done.days.last()) {
        writeln!(out, "Days (UTC): {}, {first} to {last}; {} files closed.", done.days.len(), done.closed.len())?;
    }
    if done.shared_days > 0 {
        let days = done.shared_days;
        writeln!(out, "note: of {days} days there was an access log before: see that no line is in two exports")?;
    }
    writeln!(out, "Observed: {}.", listed(outcomes(done)))?;
    if done.unsaid > 0 {
        let unsaid = done.unsaid;
        writeln!(out, "note: of {unsaid} requests the log does not say what became of them; they count as allowed")?;
    }
    writeln!(out, "By today's rules: {}.", listed(verdicts(done)))?;
    if done.no_address > 0 {
        writeln!(out, "note: {} requests are for no address that could be read, and were not judged", done.no_address)?;
    }
    writeln!(
        out,
        "People: {} requests of people here, {} of {} user names that nobody here has, {} without a user name.",
        done.known, done.unknown, done.unknown_users, done.unnamed
    )?;
    Ok(out)
}

fn to_json(path: &Path, done: &ImportedLog, dry_run: bool) -> Value {
    let object = |counts: &mut dyn Iterator<Item = (&'static str, u64)>| -> Map<String, Value> {
        counts.map(|(name, count)| (name.to_owned(), count.into())).collect()
    };
    let kinds: Map<String, Value> =
        complaints(&done.tally).map(|(fault, count)| (fault.to_string(), count.into())).collect();
    let days: Map<String, Value> = done.days.iter().map(|(day, count)| (day.to_string(), (*count).into())).collect();
    json!({
        "log": path.display().to_string(),
        "format": done.format,
        "dry_run": dry_run,
        "imported_before": done.before,
        "lines": done.tally.lines,
        "skipped": done.tally.skipped,
        "left_out": done.tally.bad(),
        "left_out_because": kinds,
        "complaints": done.tally.complaints().iter().map(ToString::to_string).collect::<Vec<_>>(),
        "requests": done.requests(),
        "tunnels": done.counts.tunnels,
        "challenges": done.counts.challenges,
        "no_request": done.counts.nothing,
        "days": days,
        "days_with_a_log_before": done.shared_days,
        "closed": done.closed.len(),
        "observed": object(&mut outcomes(done)),
        "observed_not_said": done.unsaid,
        "would_be": object(&mut verdicts(done)),
        "would_be_not_known": done.no_address,
        "requests_of_people": done.known,
        "requests_of_unknown_users": done.unknown,
        "unknown_users": done.unknown_users,
        "requests_without_user": done.unnamed,
    })
}
