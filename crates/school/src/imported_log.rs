//! The log of another filter, taken into the access log: what it says as `observed`, and what today's rules would say
//! stored apart as `replayed`.
//!
//! A log is taken in whole or not at all, once, and only what is new of one that has grown: the journal keeps a digest
//! of what was read of it. See `docs/access-log.md` for how a crash at any moment leaves it.

mod known;
mod record;

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use belisha_formats::access_log::{Dialect, LogLine, RequestCounts, Tally};
use belisha_policy::{AccessRecord, Outcome, Policy, Verdict};
use belisha_store::{ClosedFile, Intake, StoreError, intake_done, intake_left};
use chrono::{DateTime, NaiveDate, Utc};

use crate::authority::Authority;
use crate::days::{DayError, close_due};
use crate::events::LogImported;
use crate::folder::{DataFolder, FileError, at};
use crate::ledger::LedgerError;
use crate::past::{Askers, Hosts, Judge, Line, LogError, LogFormat, Person, Reading, open};
use crate::rules::Rules;
use crate::school::{School, SchoolError};

use self::known::{Begun, begin, imported, note_done};
use self::record::Recorder;

/// Records that go to the log's thread at once.
const BATCH: usize = 8_192;
/// Batches that wait for it.
const WAITING: usize = 4;

/// Why a log was not taken in. Nothing of it is in the access log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportLogError {
    /// It cannot be read, or is no log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// Somebody else imports into this folder.
    #[error("another import into this school is at work: wait for it")]
    Busy,
    /// A file of the data folder.
    #[error(transparent)]
    File(#[from] FileError),
    /// The access log.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The journal.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Names cannot be sealed.
    #[error(transparent)]
    School(#[from] SchoolError),
    /// It is in the access log, and days that are over could not be closed.
    #[error("the log is imported, and days that are over could not be closed: {0}. The proxy or the next import will")]
    Close(#[from] DayError),
}

/// What came of a log.
#[derive(Clone, Debug, Default)]
pub struct ImportedLog {
    /// How it was read.
    pub format: &'static str,
    /// Lines of it that were imported before.
    pub before: u64,
    /// Its lines, as far as they are new, and what could not be read of them.
    pub tally: Tally,
    /// What became of the lines that could be read.
    pub counts: RequestCounts,
    /// Lines that are in the access log now, by day in UTC.
    pub days: Vec<(NaiveDate, u64)>,
    /// Of those days, the ones of which there was an access log before.
    pub shared_days: usize,
    /// Requests by what the log says became of them.
    pub observed: [u64; Outcome::ALL.len()],
    /// Of those that count as allowed, the ones of which the log does not say.
    pub unsaid: u64,
    /// Requests by what today's rules would say.
    pub would_be: [u64; Verdict::ALL.len()],
    /// Requests of which that cannot be told, since what they ask for is no address.
    pub no_address: u64,
    /// Requests of people who have an account here.
    pub known: u64,
    /// Requests with a user name that nobody here has.
    pub unknown: u64,
    /// How many such user names there are.
    pub unknown_users: u64,
    /// Requests without a user name.
    pub unnamed: u64,
    /// Days that were closed.
    pub closed: Vec<ClosedFile>,
}

impl ImportedLog {
    /// Requests in all.
    pub fn requests(&self) -> u64 {
        self.observed.iter().sum()
    }
}

/// By what a log is judged.
#[derive(Clone, Copy)]
pub struct Today<'a> {
    /// The rules in force.
    pub rules: &'a Rules,
    /// The policy in force.
    pub policy: &'a Policy,
    /// The people of the school.
    pub authority: &'a Authority,
    /// The time.
    pub now: DateTime<Utc>,
}

/// Is told how many bytes have been read, and how many there are where that is known.
pub type LogProgress<'a> = &'a mut dyn FnMut(u64, Option<u64>);

/// Reads a log and says what importing it into a school would do, where there is one; changes nothing.
pub fn try_log(
    school: Option<&School>,
    path: &Path,
    format: &LogFormat,
    today: &Today<'_>,
    progress: LogProgress<'_>,
) -> Result<ImportedLog, ImportLogError> {
    let opened = open(path, format)?;
    let known = school.map_or_else(|| Ok(Vec::new()), |school| imported(school.ledger()))?;
    let Begun { dialect, input, from } = begin(known, path, opened)?;
    let before = from.lines;
    let mut reading = Reading::new(dialect.clone(), input, from, today.now);
    let mut days = BTreeMap::<NaiveDate, u64>::new();
    let mut taking = Taking::new(today, &dialect);
    loop {
        let more = reading.next(&mut |at, line| taking.take(at, line)).map_err(LogError::from)?;
        taking.records.drain(..).for_each(|record| *days.entry(record.at.date_naive()).or_default() += 1);
        let (read, total) = reading.progress();
        progress(read, total);
        if !more {
            break;
        }
    }
    reading.check()?;
    Ok(ImportedLog { before, days: days.into_iter().collect(), ..taking.finish(&reading) })
}

/// Takes a log in: what of it was not imported before.
///
/// # Errors
/// Nothing of it is in the access log then, save for [`ImportLogError::Close`]. Where the program ends in the middle,
/// or the disk fails at the very end, the next import makes up for it first.
pub fn import_log(
    school: &School,
    path: &Path,
    format: &LogFormat,
    today: &Today<'_>,
    progress: LogProgress<'_>,
) -> Result<ImportedLog, ImportLogError> {
    let folder = school.folder();
    let _lock = alone(folder)?;
    let (place, scratch) = (school.log_place(), folder.importing());
    // What an import that was cut short had put into the log is written down first.
    if let Some(note) = intake_left(&place, &scratch)? {
        note_done(school, &note, today.now)?;
    }
    intake_done(&scratch)?;
    let opened = open(path, format)?;
    let first = opened.first_bytes().to_owned();
    let Begun { dialect, input, from } = begin(imported(school.ledger())?, path, opened)?;
    let before = from.lines;
    let mut reading = Reading::new(dialect.clone(), input, from, today.now);
    let mut intake = Intake::begin(&place, &scratch, school.seal_names()?)?;
    let mut taking = Taking::new(today, &dialect);
    read(&mut reading, &mut taking, &mut intake, progress)?;
    reading.check()?;
    let imported = taking.finish(&reading);
    let mut done = ImportedLog { before, ..imported };
    if reading.tally.lines > 0 {
        let there: HashSet<NaiveDate> = school.log_days()?.into_iter().collect();
        let event = LogImported::of(&reading, &first, today.rules.fingerprint())?;
        let note = serde_json::to_vec(&event).map_err(|error| FileError {
            file: scratch.clone(),
            what: "the note cannot be written",
            source: error.into(),
        })?;
        done.days = intake.finish(&note)?;
        note_done(school, &note, today.now)?;
        done.shared_days = done.days.iter().filter(|(day, _)| there.contains(day)).count();
    }
    intake_done(&scratch)?;
    drop(intake);
    done.closed = close_due(school, today.now)?;
    Ok(done)
}

/// Reads on this thread and writes on another, in the order of the log.
fn read(
    reading: &mut Reading,
    taking: &mut Taking<'_>,
    intake: &mut Intake,
    progress: LogProgress<'_>,
) -> Result<(), ImportLogError> {
    let (sender, receiver) = sync_channel::<Vec<AccessRecord>>(WAITING);
    thread::scope(|scope| {
        let writing = scope.spawn(move || -> Result<(), StoreError> {
            receiver.into_iter().try_for_each(|records| intake.append(&records))
        });
        let read = pieces(reading, taking, &sender, progress);
        drop(sender);
        // Where nobody takes what is read, writing has failed, and that says why.
        match writing.join() {
            Ok(written) => written?,
            Err(panic) => std::panic::resume_unwind(panic),
        }
        read
    })
}

fn pieces(
    reading: &mut Reading,
    taking: &mut Taking<'_>,
    to: &SyncSender<Vec<AccessRecord>>,
    progress: LogProgress<'_>,
) -> Result<(), ImportLogError> {
    loop {
        let mut is_taken = true;
        let mut take = |at: DateTime<Utc>, line: &LogLine<'_>| {
            taking.take(at, line);
            if taking.records.len() >= BATCH {
                let full = std::mem::replace(&mut taking.records, Vec::with_capacity(BATCH));
                is_taken &= to.send(full).is_ok();
            }
        };
        let more = reading.next(&mut take).map_err(LogError::from)?;
        let (read, total) = reading.progress();
        progress(read, total);
        if !is_taken || !more {
            let rest = std::mem::take(&mut taking.records);
            // Nobody takes it where writing has failed.
            let _ = to.send(rest);
            return Ok(());
        }
    }
}

/// Turns requests into records, and counts them.
struct Taking<'a> {
    format: &'static str,
    askers: Askers<'a>,
    hosts: Hosts,
    judge: Judge<'a>,
    recorder: Recorder,
    records: Vec<AccessRecord>,
    done: ImportedLog,
    unknown: HashSet<std::sync::Arc<str>>,
}

impl<'a> Taking<'a> {
    fn new(today: &Today<'a>, dialect: &Dialect) -> Self {
        Self {
            format: dialect.slug(),
            askers: Askers::new(vec![today.policy], today.authority),
            hosts: Hosts::default(),
            judge: Judge::new(today.rules, vec![today.policy]),
            recorder: Recorder::default(),
            records: Vec::with_capacity(BATCH),
            done: ImportedLog::default(),
            unknown: HashSet::new(),
        }
    }

    fn take(&mut self, at: DateTime<Utc>, line: &LogLine<'_>) {
        let Self { askers, hosts, judge, recorder, done, .. } = self;
        let Line { asker, host, judged } = judge.line(askers, hosts, line, at);
        let Some(asker) = askers.get(asker) else { return };
        let Some(actor) = asker.actor() else { return };
        let judged = judged.as_deref().and_then(<[_]>::first);
        match &asker.person {
            Person::Known(_) => done.known += 1,
            Person::Unknown(name) => {
                done.unknown += 1;
                if !self.unknown.contains(name) {
                    self.unknown.insert(name.clone());
                }
            }
            Person::Nobody => done.unnamed += 1,
        }
        match judged {
            Some(judged) => add(&mut done.would_be, Verdict::ALL.iter().position(|it| *it == judged.verdict())),
            None => done.no_address += 1,
        }
        let record = recorder.record(at, line, (&asker.person, actor), host.and_then(|host| hosts.get(host)), judged);
        add(&mut done.observed, Outcome::ALL.iter().position(|it| *it == record.observed));
        done.unsaid += u64::from(line.observed.outcome().is_none());
        self.records.push(record);
    }

    fn finish(self, reading: &Reading) -> ImportedLog {
        ImportedLog {
            format: self.format,
            tally: reading.tally.clone(),
            counts: reading.counts(),
            unknown_users: self.unknown.len() as u64,
            ..self.done
        }
    }
}

fn add(counts: &mut [u64], place: Option<usize>) {
    if let Some(count) = place.and_then(|place| counts.get_mut(place)) {
        *count += 1;
    }
}

/// One import at a time.
fn alone(folder: &DataFolder) -> Result<File, ImportLogError> {
    let path = folder.importing().with_extension("lock");
    let file = File::create(&path).map_err(at(&path, "cannot be made"))?;
    file.try_lock().map_err(|_| ImportLogError::Busy)?;
    Ok(file)
}
