//! What was imported before, and where a log that has grown goes on.

use std::io::{self, Read};
use std::path::Path;

use belisha_formats::access_log::Dialect;
use belisha_store::journal::{Expected, IdempotencyKey};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::ImportLogError;
use crate::events::LogImported;
use crate::folder::FileError;
use crate::ledger::{Ledger, LedgerError, Stream};
use crate::past::{From, Input, LogError, LogFormat, OpenedLog, Reading, open};
use crate::school::School;

/// By the digest of so many first bytes a log is told from others before all of it is read.
const BEGINNING: usize = 4_096;
const BUFFER: usize = 1 << 16;

impl LogImported {
    /// What is to be remembered of a log that was read.
    pub(super) fn of(reading: &Reading, first: &[u8], ruleset: u64) -> Result<Self, LedgerError> {
        let all = reading.all();
        Ok(Self {
            id: crate::hex(IdempotencyKey::fresh()?.as_bytes()),
            format: reading.dialect().slug().into(),
            bytes: all.offset,
            sha256: crate::hex(&all.digest.finalize()),
            beginning: beginning_of(first, all.offset),
            ends_a_line: reading.is_whole(),
            lines: all.lines,
            told: all.told,
            left_out: all.bad,
            ruleset,
        })
    }
}

/// The logs that were imported, in the order of importing.
pub(super) fn imported(ledger: &Ledger) -> Result<Vec<LogImported>, LedgerError> {
    let told = ledger.read_own(&Stream::IMPORTS)?;
    told.iter().filter_map(|told| told.read().transpose()).map(|told| told.map(|told| told.body)).collect()
}

/// Writes down what is in the access log now; once, however often it is asked.
pub(super) fn note_done(school: &School, note: &[u8], now: DateTime<Utc>) -> Result<(), ImportLogError> {
    let event: LogImported = serde_json::from_slice(note).map_err(|error| FileError {
        file: school.folder().importing(),
        what: "the note of an import that was cut short cannot be read",
        source: error.into(),
    })?;
    let key = IdempotencyKey::of(event.id.as_bytes());
    school.ledger().append(&Stream::IMPORTS, Expected::Any, key, None, now, &event)?;
    Ok(())
}

/// A log, from where it is new.
pub(super) struct Begun {
    pub(super) dialect: Dialect,
    pub(super) input: Input,
    pub(super) from: From,
}

/// Passes over what was imported before: the longest beginning of this log that is one of these.
pub(super) fn begin(mut known: Vec<LogImported>, path: &Path, opened: OpenedLog) -> Result<Begun, ImportLogError> {
    known.retain(|it| {
        // One that is shorter than what was imported is another log, or begins anew.
        it.beginning == beginning_of(opened.first_bytes(), it.bytes)
    });
    known.sort_by_key(|it| it.bytes);
    let (dialect, mut input) = opened.into_input();
    let Some((last, from)) = longest(&known, &mut input)? else {
        // Where anything was read to find that out, the log is read again from its beginning.
        let input = if known.is_empty() { input } else { reopened(path)? };
        return Ok(Begun { dialect, input, from: From::default() });
    };
    let mut input = reopened(path)?;
    let mut from = From { lines: last.lines, bad: last.left_out, told: last.told, ..from };
    skip(&mut input, from.offset)?;
    if !last.ends_a_line {
        rest_of_line(&mut input, &mut from)?;
    }
    Ok(Begun { dialect, input, from })
}

/// The digest of the first bytes of a log of which so many were read.
fn beginning_of(first: &[u8], bytes: u64) -> String {
    let length = usize::try_from(bytes).unwrap_or(BEGINNING).min(BEGINNING);
    crate::hex(&Sha256::digest(first.get(..length).unwrap_or(first)))
}

fn reopened(path: &Path) -> Result<Input, LogError> {
    // What it is was told before, and is not asked again.
    let format = LogFormat { format: Some(Dialect::Squid.slug().into()), ..LogFormat::default() };
    Ok(open(path, &format)?.into_input().1)
}

/// The last of these that the log begins with.
fn longest<'a>(known: &'a [LogImported], input: &mut impl Read) -> Result<Option<(&'a LogImported, From)>, LogError> {
    let (mut found, mut digest, mut offset) = (None, Sha256::new(), 0);
    let mut buffer = vec![0; BUFFER];
    for known in known {
        while offset < known.bytes {
            let room = usize::try_from(known.bytes - offset).unwrap_or(BUFFER).min(BUFFER);
            let count = input.read(buffer.get_mut(..room).unwrap_or_default());
            let count = match count {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                count => count?,
            };
            if count == 0 {
                return Ok(found);
            }
            digest.update(buffer.get(..count).unwrap_or_default());
            offset += count as u64;
        }
        if crate::hex(&digest.clone().finalize()) == known.sha256 {
            found = Some((known, From { offset, digest: digest.clone(), ..From::default() }));
        }
    }
    Ok(found)
}

fn skip(input: &mut impl Read, bytes: u64) -> Result<(), LogError> {
    io::copy(&mut input.take(bytes), &mut io::sink())?;
    Ok(())
}

/// Passes over what is left of a line that was taken without its end.
fn rest_of_line(input: &mut impl Read, from: &mut From) -> Result<(), LogError> {
    let mut byte = [0];
    loop {
        match input.read(&mut byte) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
            Ok(0) => return Ok(()),
            Ok(_) => {}
        }
        from.digest.update(byte);
        from.offset += 1;
        if byte == *b"\n" {
            return Ok(());
        }
    }
}
