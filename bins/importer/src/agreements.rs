//! `belisha-importer agreements`.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use belisha_policy::Action;
use belisha_school::DataFolder;
use belisha_school::agreements::AgreementError;
use belisha_school::old_agreements::{
    Desk, Field, ImportAgreementsError, ImportedAgreements, Mapping, Shown, Source, import, look, read,
};
use chrono::Utc;
use serde_json::{Value, json};

use crate::args::AgreementsCommand;
use crate::lists::complain;
use crate::permitted::permit;
use crate::tables::{
    self, Ended, KEPT, WHOLE, bytes, columns, columns_json, counted, left_out, mapping, name_of, save,
};

pub(crate) fn run(folder: &DataFolder, school: Option<&Path>, command: &AgreementsCommand) -> ExitCode {
    match all(folder, school, command) {
        Ok(()) => ExitCode::SUCCESS,
        Err((message, code)) => complain(&message, code),
    }
}

fn all(folder: &DataFolder, school: Option<&Path>, command: &AgreementsCommand) -> Result<(), Ended> {
    let mapping = mapping(folder, &command.table, &command.map)?;
    let school = tables::school(folder, school)?;
    let (now, action) = (Utc::now(), Action::RecordPaperReturn);
    let (mut who, permit) = permit(school.as_ref(), action, "bring in what people signed", now)?;
    // Nobody is signed in where there is no school.
    let Some(school) = &school else { return Ok(()) };
    for path in &command.table.files {
        let desk = Desk { school, authority: &who.authority, permit: &permit, now };
        one(folder, desk, &mapping, path, command)?;
        who.authority.follow(school.ledger()).map_err(|error| (error.to_string(), 74))?;
    }
    Ok(())
}

fn one(
    folder: &DataFolder,
    desk: Desk<'_>,
    mapping: &Mapping,
    path: &Path,
    command: &AgreementsCommand,
) -> Result<(), Ended> {
    let name = name_of(path);
    let list = read(&name, &bytes(path)?, mapping).map_err(|error| (format!("{error}\n{KEPT}"), 65))?;
    let source = Source {
        list: &list,
        name: &name,
        document: command.document.as_ref(),
        edition: command.edition,
        dated: command.dated,
        because: command.because.as_deref(),
    };
    let table = &command.table;
    let done = if table.dry_run {
        look(desk, source, table.complaints())
    } else {
        save(folder, table, mapping)?;
        counted(|progress| import(desk, source, table.complaints(), progress))
    };
    let done = done.map_err(|error| ended(&name, &error))?;
    if table.json {
        println!("{}", to_json(source, &done, table.dry_run));
    } else {
        print!("{}", page(source, &done, table.dry_run));
    }
    Ok(())
}

fn ended(name: &str, error: &ImportAgreementsError) -> Ended {
    let (code, kept) = match error {
        ImportAgreementsError::NoDocument => (2, KEPT),
        ImportAgreementsError::TooBad { .. } => (65, KEPT),
        ImportAgreementsError::Agreement(AgreementError::Ledger(_) | AgreementError::Meanwhile)
        | ImportAgreementsError::Ledger(_) => (74, WHOLE),
        _ => (1, WHOLE),
    };
    (format!("{name}: {error}\n{kept}"), code)
}

/// What a line adds, without a name.
fn shown(line: &Shown) -> String {
    let signed =
        |who: &str, day: Option<chrono::NaiveDate>| day.map(|day| format!("{who} signed {}", day.format("%d/%m/%Y")));
    let [yes, no] = line.answers;
    let answers = (yes + no > 0).then(|| format!("pictures: {yes} yes, {no} no"));
    let parts: Vec<String> =
        [signed("they", line.own), signed("a parent", line.parent), answers].into_iter().flatten().collect();
    format!("line {}: {}", line.line, parts.join("; "))
}

fn page(source: Source<'_>, done: &ImportedAgreements, dry_run: bool) -> String {
    let Source { list, name, .. } = source;
    let mut out = left_out(name, &done.complaints);
    if [Field::Born, Field::Signed, Field::ParentSigned].into_iter().any(|field| list.is_month_first(field)) {
        let _ = writeln!(out, "note: days are written with the month first, as in America, and were read so");
    }
    out += &columns(list.columns());
    if dry_run {
        for line in &done.first {
            let _ = writeln!(out, "{}", shown(line));
        }
    }
    let verb = if dry_run { "would be imported (dry run, nothing was changed)" } else { "imported" };
    let _ = writeln!(
        out,
        "{name} {verb}: of {} lines {} new, {} as before, {} twice in the file, {} not signed, {} left out.",
        done.lines,
        done.new,
        done.before,
        done.twice,
        done.unsigned,
        done.complaints.len()
    );
    let [yes, no] = done.answers;
    let _ = writeln!(
        out,
        "Signatures of pupils and adults: {}; of parents: {}; about pictures: {yes} yes, {no} no. All count from now.",
        done.own, done.parents
    );
    out
}

fn to_json(source: Source<'_>, done: &ImportedAgreements, dry_run: bool) -> Value {
    let Source { list, name, .. } = source;
    let [yes, no] = done.answers;
    let line = |line: &Shown| {
        let [yes, no] = line.answers;
        json!({ "line": line.line, "signed": line.own, "parent_signed": line.parent, "yes": yes, "no": no })
    };
    json!({
        "file": name,
        "dry_run": dry_run,
        "columns": columns_json(list.columns()),
        "lines": done.lines,
        "new": done.new,
        "as_before": done.before,
        "twice": done.twice,
        "not_signed": done.unsigned,
        "left_out": done.complaints.len(),
        "complaints": done.complaints.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "signatures": done.own,
        "signatures_of_parents": done.parents,
        "pictures_yes": yes,
        "pictures_no": no,
        "first_lines": done.first.iter().map(line).collect::<Vec<_>>(),
    })
}
