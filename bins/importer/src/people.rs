//! `belisha-importer people`.

use std::fmt::Write as _;
use std::io::{IsTerminal, stderr};
use std::num::NonZero;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::thread;

use belisha_formats::lists::Progress;
use belisha_formats::mis::claims::ListOf;
use belisha_formats::mis::{Gathered, ReadPeopleError, read};
use belisha_policy::Action;
use belisha_school::authority::Authority;
use belisha_school::people::{
    Change, Complaint, Elsewhere, Lists, MOST_LEAVERS, Options, Plan, PlanError, Planned, Returning, Roll, across,
    apply, elsewhere, plan_all,
};
use belisha_school::{DataFolder, School, SchoolError, Settings};
use chrono::Utc;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::args::PeopleCommand;
use crate::lists::{bar, complain};
use crate::permitted::permit;
use crate::tables::Ended;

/// Complaints of one school that are printed; all are counted.
const SHOWN: usize = 20;

pub(crate) fn run(folder: &DataFolder, school: Option<&Path>, command: &PeopleCommand) -> ExitCode {
    match import(folder, school, command) {
        Ok(()) => ExitCode::SUCCESS,
        Err((message, code)) => complain(&message, code),
    }
}

fn import(folder: &DataFolder, school: Option<&Path>, command: &PeopleCommand) -> Result<(), Ended> {
    let gathered = gather(&command.path)?;
    let trust = gathered.len() > 1;
    let found = across(&gathered);
    for (word, remarks) in [("look at", &found.complaints), ("note", &found.notes)] {
        for remark in remarks.iter().filter(|_| !command.json) {
            println!("{word}: {}", line(remark));
        }
    }
    let lists = if command.part { Lists::Some } else { Lists::Everybody };
    let elsewhere = elsewhere(&gathered, lists, Utc::now().date_naive());
    let gathered: Vec<(Gathered, Elsewhere)> = gathered.into_iter().zip(elsewhere).collect();
    // Everything is worked out before anything is written.
    let planned = on_all_cores(gathered, |(gathered, elsewhere)| {
        let folder = if trust { folder_of(folder, &gathered) } else { folder.clone() };
        let file =
            Settings::load(folder.settings_to_read(school).as_deref()).map_err(|error| (error.to_string(), 78))?;
        Importing::plan(folder, &file, gathered, command, trust.then_some(elsewhere))
    });
    let planned = planned.into_iter().collect::<Result<Vec<_>, Ended>>()?;
    let bar = bar_of(planned.len());
    let done = on_all_cores(planned, |importing| {
        let done = importing.carry_out(command);
        bar.inc(1);
        done
    });
    bar.finish_and_clear();
    for page in done {
        print!("{}", page?);
    }
    Ok(())
}

/// Does the same with each, on all cores, and gives what came of them in their order.
fn on_all_cores<T: Send, R: Send>(all: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get).min(all.len());
    if cores <= 1 {
        return all.into_iter().map(work).collect();
    }
    let mut done: Vec<Option<R>> = all.iter().map(|_| None).collect();
    let queue = Mutex::new(all.into_iter().zip(done.iter_mut()));
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some((one, to)) = next() {
                    *to = Some(work(one));
                }
            });
        }
    });
    drop(queue);
    done.into_iter().flatten().collect()
}

fn bar_of(schools: usize) -> ProgressBar {
    if schools < 2 || !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(schools as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} schools") {
        bar.set_style(style);
    }
    bar
}

fn gather(path: &Path) -> Result<Vec<Gathered>, Ended> {
    let bar = bar();
    let mut progress = |now: Progress| {
        if let Some(total) = now.bytes_total {
            bar.set_length(total);
        }
        bar.set_position(now.bytes_read);
    };
    let gathered = read(path, &mut progress);
    bar.finish_and_clear();
    gathered.map_err(|error| {
        let code = match &error {
            ReadPeopleError::Read(read) if !read.is_bad_input() => 74,
            _ => 65,
        };
        (format!("{error}\nNothing was changed."), code)
    })
}

/// The data folder of one school of a trust.
fn folder_of(folder: &DataFolder, gathered: &Gathered) -> DataFolder {
    let name = gathered.urn.map_or_else(|| safe_name(&gathered.folder), |urn| urn.to_string());
    folder.school(if name.is_empty() { "school" } else { &name })
}

/// The last folder of a path, as far as it can be the name of one of ours.
fn safe_name(path: &str) -> String {
    let last = path.rsplit('/').next().unwrap_or_default();
    last.chars().filter(|letter| letter.is_ascii_alphanumeric() || "-_".contains(*letter)).collect()
}

/// The import of one school, worked out.
struct Importing {
    folder: DataFolder,
    file: Settings,
    gathered: Gathered,
    /// What is printed before it.
    title: Option<String>,
    school: Option<School>,
    roll: Roll,
    plan: Plan,
}

impl Importing {
    fn plan(
        folder: DataFolder,
        file: &Settings,
        gathered: Gathered,
        command: &PeopleCommand,
        elsewhere: Option<Elsewhere>,
    ) -> Result<Self, Ended> {
        let school = School::look(&folder, file).map_err(|error| unopened(&error))?;
        let now = Utc::now();
        if command.most_leavers > MOST_LEAVERS {
            let what = format!("accept that more than {MOST_LEAVERS} in 100 have left");
            permit(school.as_ref(), Action::AcceptLeavers, &what, now)?;
        }
        let authority = match &school {
            Some(school) => Authority::load(school.ledger()).map_err(|error| (error.to_string(), 74))?,
            None => Authority::default(),
        };
        let (roll, role_holders) = (authority.roll().clone(), authority.role_holders(now));
        let lists = if command.part { Lists::Some } else { Lists::Everybody };
        let (most_leavers, trust) = (command.most_leavers, elsewhere.is_some());
        let options = Options { now, most_leavers, lists, role_holders, returning: Returning::Stop, elsewhere };
        let name = gathered.name.clone().unwrap_or_else(|| gathered.folder.clone());
        let title = trust.then_some(name);
        let plan = plan_all(&roll, &gathered.claims, &options).map_err(|error| {
            let of = title.as_ref().map_or_else(String::new, |title| format!("{title}: "));
            let code = if matches!(error, PlanError::TooManyLeave { .. }) { 65 } else { 74 };
            (format!("{of}{error}"), code)
        })?;
        Ok(Self { folder, file: file.clone(), gathered, title, school, roll, plan })
    }

    /// Writes it, and gives the page.
    fn carry_out(self, command: &PeopleCommand) -> Result<String, Ended> {
        if !command.dry_run {
            let now = Utc::now();
            let school = match &self.school {
                Some(school) => school,
                None => &School::open(&self.folder, &self.file, now).map_err(|error| unopened(&error))?,
            };
            apply(school.ledger(), &self.roll, &self.plan, None, now).map_err(|error| (error.to_string(), 74))?;
        }
        Ok(if command.json { format!("{}\n", self.json(command.dry_run)) } else { self.page(command.dry_run) })
    }

    /// Complaints about lines, of reading and of matching.
    fn left_out(&self) -> Vec<String> {
        let read = self.gathered.complaints.iter().map(ToString::to_string);
        read.chain(self.plan.complaints.iter().map(line)).collect()
    }

    fn notes(&self) -> Vec<String> {
        let read = self.gathered.notes.iter().map(ToString::to_string);
        read.chain(self.plan.notes.iter().map(line)).collect()
    }

    fn page(&self, dry_run: bool) -> String {
        let mut out = String::new();
        if let Some(title) = &self.title {
            let _ = writeln!(out, "{title}");
        }
        for (word, remarks) in [("left out", self.left_out()), ("note", self.notes())] {
            for remark in remarks.iter().take(SHOWN) {
                let _ = writeln!(out, "{word}: {remark}");
            }
            if remarks.len() > SHOWN {
                let _ = writeln!(out, "{word}: {} in all", remarks.len());
            }
        }
        if dry_run {
            let mut people: Vec<&Planned> = self.plan.people.iter().collect();
            people.sort_by(|one, other| one.at.cmp(&other.at));
            for planned in people {
                let _ = writeln!(out, "{}", self.change(planned));
            }
        }
        for list in [ListOf::Pupils, ListOf::Staff, ListOf::Governors, ListOf::Contacts] {
            let counts = Change::ALL.map(|change| (change.word(), self.plan.count(list, change)));
            let counts = counts.into_iter().chain([("as before", self.plan.unchanged(list))]);
            let counts: Vec<String> =
                counts.filter(|(_, count)| *count > 0).map(|(word, count)| format!("{count} {word}")).collect();
            if !counts.is_empty() {
                let _ = writeln!(out, "{}: {}", list.title(), counts.join(", "));
            }
        }
        let left_out = self.left_out().len();
        let done = if dry_run { "Dry run: nothing was changed" } else { "Done" };
        let lines = if left_out == 1 { "line" } else { "lines" };
        let _ = writeln!(out, "{done}; {left_out} {lines} left out.");
        out
    }

    /// One change, by the line that says so. Who leaves by not being there is in no line: told by the number that the
    /// school's system has for them.
    fn change(&self, planned: &Planned) -> String {
        let word = planned.change.word();
        if let Some(at) = &planned.at {
            return format!("{at}: {word}");
        }
        let entry = self.roll.person(planned.person);
        let number = entry.and_then(|entry| entry.written.ids.iter().next());
        match number {
            Some(id) => format!("{} {}: {word}", id.system, id.id),
            None => format!("{}: {word}", planned.person),
        }
    }

    fn json(&self, dry_run: bool) -> serde_json::Value {
        let counts = |list: ListOf| {
            let mut counts: serde_json::Map<_, _> = Change::ALL
                .iter()
                .map(|change| (change.word().to_owned(), self.plan.count(list, *change).into()))
                .collect();
            counts.insert("unchanged".into(), self.plan.unchanged(list).into());
            counts
        };
        json!({
            "school": self.title,
            "source": self.plan.source,
            "dry_run": dry_run,
            "pupils": counts(ListOf::Pupils),
            "staff": counts(ListOf::Staff),
            "governors": counts(ListOf::Governors),
            "contacts": counts(ListOf::Contacts),
            "complaints": self.left_out(),
            "notes": self.notes(),
        })
    }
}

fn line(remark: &Complaint) -> String {
    match &remark.at {
        Some(at) => format!("{at}: {}", remark.what),
        None => remark.what.clone(),
    }
}

fn unopened(error: &SchoolError) -> Ended {
    let code = if matches!(error, SchoolError::Settings(_)) { 78 } else { 74 };
    (format!("{error}\nNothing was changed."), code)
}
