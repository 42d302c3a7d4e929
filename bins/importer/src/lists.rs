//! `belisha-importer lists`.

use std::fmt::{self, Write as _};
use std::io::{IsTerminal, Write as _, stderr};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use belisha_formats::lists::Progress;
use belisha_school::events::SourceChange;
use belisha_school::rules::Rules;
use belisha_school::sources::{Import, ImportError, Imported, coverage, import, remove};
use belisha_school::{DataFolder, LedgerError, School, SchoolError, Settings, activation, settings_in_force};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::args::{ListsAction, ListsCommand};

const KEPT: &str = "Nothing was changed: the rules and lists are as they were.";

/// Complaints of one list that are printed; all are counted.
const SHOWN: usize = 5;

pub(crate) fn run(folder: &DataFolder, school: Option<&Path>, command: &ListsCommand) -> ExitCode {
    let file = match Settings::load(folder.settings_to_read(school).as_deref()) {
        Ok(settings) => settings,
        Err(error) => return complain(&error, 78),
    };
    // Every change of the rules is written down: where that cannot be, nothing is changed.
    let opened = if command.dry_run {
        settings_in_force(folder, file).map(|(settings, _)| (settings, None))
    } else {
        School::open(folder, &file, chrono::Utc::now()).map(|school| (school.settings().clone(), Some(school)))
    };
    let (settings, school) = match opened {
        Ok(opened) => opened,
        Err(error @ SchoolError::Settings(_)) => return complain(&error, 78),
        Err(error) => return complain(&format!("{error}\n{KEPT}"), 74),
    };
    if let Some(ListsAction::Remove { name }) = &command.action {
        return match seed().and_then(|seed| remove(folder, &settings, name, (seed, chrono::Utc::now().timestamp()))) {
            Ok(rules) => {
                println!("{name} removed; {} rules are in force.", rules.rule_count());
                written_down(school.as_ref(), &rules, name, SourceChange::Removed)
            }
            Err(error) => fail(&error),
        };
    }
    for request in requests(command) {
        let imported = match run_one(folder, &settings, &request) {
            Ok(imported) => imported,
            Err(error) => return fail(&error),
        };
        if command.json {
            println!("{}", to_json(&imported));
        } else {
            match page(&imported) {
                Ok(page) => print!("{page}"),
                Err(error) => return complain(&error, 74),
            }
        }
        let change = SourceChange::Imported {
            rules: imported.lists.iter().map(|list| list.rules).sum(),
            left_out: imported.lists.iter().map(|list| list.malformed).sum(),
        };
        let done = written_down(school.as_ref(), &imported.rules, &imported.source, change);
        if done != ExitCode::SUCCESS {
            return done;
        }
    }
    ExitCode::SUCCESS
}

/// Writes down what was put in force. The rules stay in force where that fails; the next program that opens the school
/// makes up for it.
fn written_down(school: Option<&School>, rules: &Rules, source: &str, change: SourceChange) -> ExitCode {
    let noted = |school: &School| -> Result<(), LedgerError> {
        activation::note(school.ledger(), rules, source, change, chrono::Utc::now())
    };
    match school.map_or(Ok(()), noted) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&format!("the rules are in force, and it could not be written down: {error}"), 74),
    }
}

/// With a name all paths are one source; without, each is one of its own.
fn requests(command: &ListsCommand) -> Vec<Import> {
    let common = Import {
        paths: command.paths.clone(),
        name: command.name.clone(),
        category: command.category,
        maps: command.map.iter().cloned().collect(),
        format: command.format,
        licence: command.licence.clone(),
        expressions: command.expressions,
        dry_run: command.dry_run,
    };
    if command.name.is_some() {
        return vec![common];
    }
    command.paths.iter().map(|path| Import { paths: vec![path.clone()], ..common.clone() }).collect()
}

fn run_one(folder: &DataFolder, settings: &Settings, request: &Import) -> Result<Imported, ImportError> {
    let bar = bar();
    let mut progress = |now: Progress| {
        if let Some(total) = now.bytes_total {
            bar.set_length(total);
        }
        bar.set_position(now.bytes_read);
        bar.set_message(format!("{} lists, {} lines", now.lists, now.lines));
    };
    let stamp = (seed()?, chrono::Utc::now().timestamp());
    let imported = import(folder, settings, request, stamp, &mut progress);
    bar.finish_and_clear();
    imported
}

pub(crate) fn bar() -> ProgressBar {
    if !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes} {msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// A number that nobody can foresee, from the operating system.
fn seed() -> Result<u64, ImportError> {
    getrandom::u64().map_err(|error| {
        ImportError::File(belisha_school::FileError {
            file: "the operating system's random numbers".into(),
            what: "cannot be read",
            source: std::io::Error::other(error),
        })
    })
}

fn page(imported: &Imported) -> Result<String, fmt::Error> {
    let mut out = String::new();
    for list in imported.lists.iter().filter(|list| !list.complaints.is_empty()) {
        for complaint in list.complaints.iter().take(SHOWN) {
            writeln!(out, "left out: {complaint}")?;
        }
        if list.malformed > SHOWN as u64 {
            writeln!(out, "left out: {}: {} lines in all", list.name, list.malformed)?;
        }
    }
    for note in &imported.notes {
        writeln!(out, "note: {note}")?;
    }
    for (name, of) in &imported.aliases {
        writeln!(out, "alias: {name} is another name for {of}, and is not listed twice")?;
    }
    let sum = |count: fn(&belisha_school::sources::ListSummary) -> u64| imported.lists.iter().map(count).sum::<u64>();
    let unapplied = [
        (sum(|list| list.expressions), "regular expressions (--expressions applies those of files of that name)"),
        (sum(|list| list.queries), "URLs with a query"),
        (
            sum(|list| list.unsupported),
            "rules for ad blockers: what they say of pages, redirects or cookies is not for lists",
        ),
    ];
    for (count, what) in unapplied.into_iter().filter(|(count, _)| *count > 0) {
        writeln!(out, "not applied: {count} {what}")?;
    }
    coverage_page(imported, &mut out)?;
    let rules = sum(|list| list.rules);
    let before = imported.before.map_or_else(|| "new".to_string(), |before| format!("{before} before"));
    let verb = if imported.activated { "imported" } else { "would be imported (dry run, nothing was changed)" };
    let left = sum(|list| list.malformed);
    writeln!(
        out,
        "{} {verb}: {} lists, {rules} rules ({before}), {left} lines left out.",
        imported.source,
        imported.lists.len()
    )?;
    writeln!(out, "In force: {} rules of all sources.", imported.rules.rule_count())?;
    Ok(out)
}

fn coverage_page(imported: &Imported, out: &mut String) -> fmt::Result {
    let covered = coverage(&imported.rules);
    let now = chrono::Utc::now().timestamp();
    writeln!(out, "\n{:<20} {:>10}  {:<8}  sources", "category", "entries", "oldest")?;
    for row in &covered.categories {
        let age = row.oldest.map_or_else(|| "-".to_string(), |date| format!("{} d", (now - date).max(0) / 86_400));
        let sources = if row.entries == 0 { "not covered".to_string() } else { row.sources.join(", ") };
        writeln!(out, "{:<20} {:>10}  {age:<8}  {sources}", row.category, row.entries)?;
    }
    for (source, list, entries) in &covered.unmapped {
        writeln!(
            out,
            "unmapped: the list {list} of {source} ({entries} entries) has no action; give it a category with --map {list}=CATEGORY"
        )?;
    }
    writeln!(out)
}

fn to_json(imported: &Imported) -> serde_json::Value {
    let lists = imported.lists.iter().map(|list| {
        json!({
            "list": list.name,
            "category": list.category.map(belisha_policy::Category::slug),
            "rules": list.rules,
            "lines": list.lines,
            "left_out": list.malformed,
            "expressions": list.expressions,
            "queries": list.queries,
            "unsupported": list.unsupported,
            "complaints": list.complaints.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })
    });
    json!({
        "source": imported.source,
        "activated": imported.activated,
        "rules_before": imported.before,
        "rules_in_force": imported.rules.rule_count(),
        "lists": lists.collect::<Vec<_>>(),
        "aliases": imported.aliases.iter().map(|(name, of)| json!({"name": name, "of": of})).collect::<Vec<_>>(),
        "notes": imported.notes.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "coverage": coverage(&imported.rules),
    })
}

fn fail(error: &ImportError) -> ExitCode {
    let code = match error {
        ImportError::Read(error) if !error.is_bad_input() => 74,
        ImportError::File(_) | ImportError::Busy(_) => 74,
        ImportError::NoSuchSource(_) => 1,
        _ => 65,
    };
    complain(&format!("{error}\n{KEPT}"), code)
}

pub(crate) fn complain(error: &dyn std::fmt::Display, code: u8) -> ExitCode {
    // Where the terminal is gone there is nobody to tell.
    let _ = writeln!(stderr(), "belisha-importer: {error}");
    ExitCode::from(code)
}
