//! `belisha-importer incidents`.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use belisha_formats::old_incidents::{Field, Mapping, read};
use belisha_policy::calendar::local;
use belisha_school::old_incidents::{Change, ImportIncidentsError, ImportedIncidents, Shown, Source, import, look};
use belisha_school::people::Roll;
use belisha_school::{DataFolder, School};
use chrono::Utc;
use serde_json::{Value, json};

use crate::args::IncidentsCommand;
use crate::lists::complain;
use crate::tables::{
    self, Ended, KEPT, WHOLE, bytes, columns, columns_json, counted, left_out, mapping, name_of, save,
};

/// The system of a log of which nobody says whose it is.
const OTHER: &str = "other";

pub(crate) fn run(folder: &DataFolder, school: Option<&Path>, command: &IncidentsCommand) -> ExitCode {
    match all(folder, school, command) {
        Ok(()) => ExitCode::SUCCESS,
        Err((message, code)) => complain(&message, code),
    }
}

fn all(folder: &DataFolder, school: Option<&Path>, command: &IncidentsCommand) -> Result<(), Ended> {
    let mapping = mapping(folder, &command.table, &command.map)?;
    let school = tables::school(folder, school)?;
    let roll = school.as_ref().map_or_else(|| Ok(Roll::default()), |school| Roll::load(school.ledger()));
    let roll = roll.map_err(|error| (error.to_string(), 74))?;
    for path in &command.table.files {
        one(folder, school.as_ref(), &roll, &mapping, path, command)?;
    }
    Ok(())
}

fn one(
    folder: &DataFolder,
    school: Option<&School>,
    roll: &Roll,
    mapping: &Mapping,
    path: &Path,
    command: &IncidentsCommand,
) -> Result<(), Ended> {
    let (name, table) = (name_of(path), &command.table);
    let bytes = bytes(path)?;
    let log = read(&name, &bytes, mapping).map_err(|error| (format!("{error}\n{KEPT}"), 65))?;
    let said = table.profile.as_deref().or(table.save_profile.as_deref());
    let system = said.or_else(|| log.system()).unwrap_or(OTHER);
    let source = Source { log: &log, system, name: &name, bytes: &bytes };
    let done = if table.dry_run {
        look(school, roll, source, table.complaints())
    } else {
        save(folder, table, mapping)?;
        let school = school.ok_or_else(|| ended(&name, &ImportIncidentsError::NoCircle))?;
        counted(|progress| import(school, roll, source, table.complaints(), Utc::now(), progress))
    };
    let done = done.map_err(|error| ended(&name, &error))?;
    if table.json {
        println!("{}", to_json(source, &done, table.dry_run));
    } else {
        print!("{}", page(source, &done, table.dry_run));
    }
    Ok(())
}

fn ended(name: &str, error: &ImportIncidentsError) -> Ended {
    let (code, kept) = match error {
        ImportIncidentsError::TooBad { .. } => (65, KEPT),
        ImportIncidentsError::NoCircle => (1, KEPT),
        _ => (74, WHOLE),
    };
    (format!("{name}: {error}\n{kept}"), code)
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
    let Source { log, system, name, .. } = source;
    let mut out = left_out(name, &done.complaints);
    if log.is_month_first() {
        let _ = writeln!(out, "note: the days are written with the month first, as in America, and were read so");
    }
    out += &columns(log.columns());
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
        "columns": columns_json(log.columns()),
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
