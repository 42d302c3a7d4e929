//! `belisha-importer incidents`.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use belisha_formats::old_incidents::{Field, Mapping, OldLog, read};
use belisha_policy::calendar::local;
use belisha_school::import_profile::{self, ProfileError};
use belisha_school::old_incidents::{
    Change, Complaints, ImportIncidentsError, ImportedIncidents, Shown, Source, import, look,
};
use belisha_school::people::Roll;
use belisha_school::{DataFolder, School, SchoolError, Settings};
use chrono::Utc;
use serde_json::{Value, json};

use crate::args::IncidentsCommand;
use crate::lists::{bar, complain};

/// Complaints of one log that are printed; all are counted.
const SHOWN: usize = 20;

/// The largest log, in bytes: it is read into memory.
const LARGEST: u64 = 512 << 20;

/// The system of a log of which nobody says whose it is.
const OTHER: &str = "other";

const KEPT: &str = "Nothing of it was imported.";

/// An import that ended early: what to say, and the exit code.
type Ended = (String, u8);

pub(crate) fn run(folder: &DataFolder, school: Option<&Path>, command: &IncidentsCommand) -> ExitCode {
    match all(folder, school, command) {
        Ok(()) => ExitCode::SUCCESS,
        Err((message, code)) => complain(&message, code),
    }
}

fn all(folder: &DataFolder, school: Option<&Path>, command: &IncidentsCommand) -> Result<(), Ended> {
    let mapping = mapping(folder, command).map_err(|error| unread(&error))?;
    let settings =
        Settings::load(folder.settings_to_read(school).as_deref()).map_err(|error| (error.to_string(), 78))?;
    let school = School::look(folder, &settings).map_err(|error| unopened(&error))?;
    let roll = school.as_ref().map_or_else(|| Ok(Roll::default()), |school| Roll::load(school.ledger()));
    let roll = roll.map_err(|error| (error.to_string(), 74))?;
    for path in &command.files {
        one(folder, school.as_ref(), &roll, &mapping, path, command)?;
    }
    Ok(())
}

/// What was saved, and what is said beside it.
fn mapping(folder: &DataFolder, command: &IncidentsCommand) -> Result<Mapping, ProfileError> {
    let saved = command.profile.as_ref().map(|name| import_profile::load(folder, name)).transpose()?;
    let mut mapping = saved.unwrap_or_default();
    mapping.columns.extend(command.map.iter().cloned());
    Ok(mapping)
}

fn one(
    folder: &DataFolder,
    school: Option<&School>,
    roll: &Roll,
    mapping: &Mapping,
    path: &Path,
    command: &IncidentsCommand,
) -> Result<(), Ended> {
    let name = path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
    let bytes = bytes(path)?;
    let log = read(&name, &bytes, mapping).map_err(|error| (format!("{error}\n{KEPT}"), 65))?;
    let said = command.profile.as_deref().or(command.save_profile.as_deref());
    let system = said.or_else(|| log.system()).unwrap_or(OTHER);
    let source = Source { log: &log, system, name: &name, bytes: &bytes };
    let complaints = if command.accept_complaints { Complaints::Accepted } else { Complaints::Few };
    let done = if command.dry_run {
        look(school, roll, source, complaints)
    } else {
        if let Some(name) = &command.save_profile {
            import_profile::save(folder, name, mapping).map_err(|error| unread(&error))?;
        }
        let school = school.ok_or_else(|| ended(&name, &ImportIncidentsError::NoCircle))?;
        let bar = bar();
        let mut progress = |written: usize, of: usize| {
            bar.set_length(of as u64);
            bar.set_position(written as u64);
        };
        let done = import(school, roll, source, complaints, Utc::now(), &mut progress);
        bar.finish_and_clear();
        done
    };
    let done = done.map_err(|error| ended(&name, &error))?;
    if command.json {
        println!("{}", to_json(source, &done, command.dry_run));
    } else {
        print!("{}", page(source, &done, command.dry_run));
    }
    Ok(())
}

fn bytes(path: &Path) -> Result<Vec<u8>, Ended> {
    let failed = |error| (format!("{}: {error}", path.display()), 74);
    let size = fs::metadata(path).map_err(failed)?.len();
    if size > LARGEST {
        let message = format!("{}: {size} bytes are more than {LARGEST}: export it in parts", path.display());
        return Err((message, 65));
    }
    fs::read(path).map_err(failed)
}

fn unread(error: &ProfileError) -> Ended {
    let code = match error {
        ProfileError::Name { .. } => 2,
        ProfileError::Wrong { .. } => 78,
        ProfileError::File(_) => 74,
        _ => 1,
    };
    (format!("{error}\n{KEPT}"), code)
}

fn unopened(error: &SchoolError) -> Ended {
    let code = if matches!(error, SchoolError::Settings(_)) { 78 } else { 74 };
    (format!("{error}\n{KEPT}"), code)
}

fn ended(name: &str, error: &ImportIncidentsError) -> Ended {
    let (code, kept) = match error {
        ImportIncidentsError::TooBad { .. } => (65, KEPT),
        ImportIncidentsError::NoCircle => (1, KEPT),
        _ => (74, "What was written by then is whole: import it again, and nothing is added twice."),
    };
    (format!("{name}: {error}\n{kept}"), code)
}

/// Which column was read as what.
fn columns(log: &OldLog) -> String {
    let columns: Vec<String> = log.columns().map(|(field, heading)| format!("{field}={heading:?}")).collect();
    columns.join(", ")
}

fn word(change: Change) -> &'static str {
    match change {
        Change::New => "new",
        Change::Changed => "changed since",
        Change::Further => "more of the same incident",
    }
}

/// A row as it would be, without a word of it.
fn shown(row: &Shown) -> String {
    let letters = |(field, letters): &(Field, usize)| format!("{field} {letters}");
    let said: Vec<String> = row.said.iter().map(letters).collect();
    let happened = local(row.happened).format("%d/%m/%Y %H:%M");
    let pupils = if row.pupils == 1 { "1 pupil" } else { &format!("{} pupils", row.pupils) };
    format!(
        "line {}: {}, happened {happened}, {pupils} found; letters: {}",
        row.line,
        word(row.change),
        said.join(", ")
    )
}

fn page(source: Source<'_>, done: &ImportedIncidents, dry_run: bool) -> String {
    let mut out = String::new();
    let Source { log, system, name, .. } = source;
    for complaint in done.complaints.iter().take(SHOWN) {
        let _ = writeln!(out, "left out: {name}: {complaint}");
    }
    if done.complaints.len() > SHOWN {
        let _ = writeln!(out, "left out: {} lines in all", done.complaints.len());
    }
    if log.is_month_first() {
        let _ = writeln!(out, "note: the days are written with the month first, as in America, and were read so");
    }
    let _ = writeln!(out, "Columns: {}.", columns(log));
    if dry_run {
        for row in &done.first {
            let _ = writeln!(out, "{}", shown(row));
        }
    }
    let verb = if dry_run { "would be imported (dry run, nothing was changed)" } else { "imported" };
    let _ = writeln!(
        out,
        "{name} {verb} as the log of {system}: {} new, {} changed since, {} more of an incident, {} as before, {} twice in \
         the file, {} left out.",
        done.new,
        done.changed,
        done.further,
        done.before,
        done.twice,
        done.complaints.len()
    );
    if let Some((first, last)) = done.span {
        let day = |at| local(at).format("%d/%m/%Y").to_string();
        let _ = writeln!(out, "They happened from {} to {}.", day(first), day(last));
        let _ = writeln!(out, "Pupils of the school are named in {} of them.", done.with_pupils);
    }
    if !dry_run {
        let _ = writeln!(
            out,
            "Incidents and file are sealed to those who handle child protection. {name} itself still lies here for anybody to \
             read: put it away safely now, or destroy it."
        );
    }
    out
}

fn to_json(source: Source<'_>, done: &ImportedIncidents, dry_run: bool) -> Value {
    let Source { log, system, name, .. } = source;
    let columns: serde_json::Map<_, _> =
        log.columns().map(|(field, heading)| (field.slug().to_owned(), heading.into())).collect();
    let row = |row: &Shown| {
        let letters: serde_json::Map<_, _> =
            row.said.iter().map(|(field, letters)| (field.slug().to_owned(), (*letters).into())).collect();
        json!({
            "line": row.line,
            "change": word(row.change),
            "happened": row.happened,
            "pupils": row.pupils,
            "letters": letters,
        })
    };
    json!({
        "log": name,
        "system": system,
        "dry_run": dry_run,
        "columns": columns,
        "month_first": log.is_month_first(),
        "lines": done.lines,
        "new": done.new,
        "changed": done.changed,
        "more_of_an_incident": done.further,
        "as_before": done.before,
        "twice": done.twice,
        "left_out": done.complaints.len(),
        "complaints": done.complaints.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "with_pupils": done.with_pupils,
        "from": done.span.map(|(first, _)| first),
        "to": done.span.map(|(_, last)| last),
        "first_rows": done.first.iter().map(row).collect::<Vec<_>>(),
    })
}
