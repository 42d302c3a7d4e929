//! `belisha-reporter backup` and `restore`.

use std::fs;
use std::io::{IsTerminal, Write as _, stderr};
use std::path::Path;
use std::process::ExitCode;

use belisha_school::Settings;
use belisha_school::backup::{
    self, BackupError, BrokenJournal, Doing, JournalState, Made, Progress, Restore as What, RestoreError, Restored,
    SettingsFile, UnknownKeys, drill, restore as bring_back,
};
use belisha_store::backup::{BackupError as ArchiveError, BackupIdentity, BackupRecipient};
use chrono::Utc;

use crate::args::{Args, Backup, Restore, fail};
use crate::opened;

pub(crate) fn write(args: &Args, command: &Backup) -> ExitCode {
    let recipient = match BackupRecipient::parse(&command.recipient) {
        Ok(recipient) => recipient,
        Err(error) => return fail(&error, 2),
    };
    let school = match opened(args) {
        Ok(school) => school,
        Err(code) => return code,
    };
    for folder in [&command.out, &command.keys_out] {
        if let Err(error) = fs::create_dir_all(folder) {
            return fail(&format!("{}: {error}", folder.display()), 74);
        }
    }
    let made = backup::write(&school, &command.out, &command.keys_out, &recipient, Utc::now(), &mut |now| show(now));
    end_of_progress();
    match made {
        Ok(made) => say_made(&made),
        Err(error @ BackupError::SameFolder) => fail(&error, 2),
        Err(error) => fail(&error, 74),
    }
}

fn say_made(made: &Made) -> ExitCode {
    println!("Records: {} ({} MiB)", made.records.file.display(), made.records.bytes >> 20);
    println!("Keys: {} ({} MiB)", made.keys.file.display(), made.keys.bytes >> 20);
    println!("Days of the access log: {}", made.days);
    for old in &made.removed {
        println!("Removed, older than {} days: {}", backup::KEYS_KEPT.num_days(), old.display());
    }
    for old in &made.not_removed {
        fail(
            &format!(
                "{} is older than {} days and could not be removed: remove it by hand",
                old.display(),
                backup::KEYS_KEPT.num_days()
            ),
            0,
        );
    }
    if made.left_out > 0 {
        fail(
            &format!("{} files of lists have names that this program does not give, and were left out", made.left_out),
            0,
        );
    }
    if let Some(error) = &made.not_noted {
        fail(&format!("the backup was made, and it could not be written down: {error}"), 0);
    }
    match made.journal {
        JournalState::Sound(_) => ExitCode::SUCCESS,
        JournalState::Broken(_) | JournalState::Unreadable => fail(
            &"THE JOURNAL IS BROKEN. It was copied as it was found. Keep earlier backups, and run belisha-reporter verify",
            1,
        ),
    }
}

pub(crate) fn restore(args: &Args, command: &Restore) -> ExitCode {
    let identity = match read_identity(&command.identity) {
        Ok(identity) => identity,
        Err(code) => return code,
    };
    if command.drill {
        let tried = drill(&command.records, &command.keys, &identity, Utc::now(), &mut |now| show(now));
        end_of_progress();
        return match tried {
            Ok(tried) => {
                say_restored(&tried.restored);
                println!(
                    "{} events of a sample were opened; {} are sealed to people.",
                    tried.opened, tried.sealed_to_people
                );
                println!("It was a drill: nothing was changed.");
                ExitCode::SUCCESS
            }
            Err(error) => failed(&error),
        };
    }
    let settings = match settings(args) {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    let folder = args.folder();
    let what = What {
        records: &command.records,
        keys: &command.keys,
        identity: &identity,
        folder: &folder,
        store: settings.as_ref().and_then(|settings| settings.store.as_ref()),
        broken: if command.accept_broken { BrokenJournal::Accept } else { BrokenJournal::Refuse },
        unknown: if command.give_up_unreadable { UnknownKeys::GiveUp } else { UnknownKeys::Refuse },
    };
    let restored = bring_back(&what, Utc::now(), &mut |now| show(now));
    end_of_progress();
    match restored {
        Ok(restored) => {
            say_restored(&restored);
            println!("Restored into {}. Look at it: belisha-reporter verify", folder.root().display());
            ExitCode::SUCCESS
        }
        Err(error) => failed(&error),
    }
}

fn read_identity(file: &Path) -> Result<BackupIdentity, ExitCode> {
    let text = fs::read_to_string(file).map_err(|error| fail(&format!("{}: {error}", file.display()), 74))?;
    BackupIdentity::parse(&text).map_err(|error| fail(&format!("{}: {error}", file.display()), 65))
}

/// Where to restore into is said by settings that are named, or by the variable: the folder itself is empty.
fn settings(args: &Args) -> Result<Option<Settings>, ExitCode> {
    Settings::load(args.school.as_deref()).map(Some).map_err(|error| fail(&error, 78))
}

fn say_restored(restored: &Restored) {
    println!("{} ({}), as of {}", restored.name, restored.school, restored.made.format("%Y-%m-%d %H:%M UTC"));
    println!("Days of the access log: {}", restored.days);
    if !restored.days_removed.is_empty() {
        println!("Kept long enough meanwhile, and gone: {} days", restored.days_removed.len());
    }
    if restored.forgotten > 0 {
        println!("Erased since, and erased again: {} events", restored.forgotten);
    }
    if restored.given_up > 0 {
        println!("Given up for want of their keys: {} events", restored.given_up);
    }
    for day in &restored.days_damaged {
        fail(&format!("the access log of {day} is not what was written: it was like that when the backup was made"), 0);
    }
    if restored.settings == SettingsFile::PutAside {
        println!("The settings of the backup name another store: they stand beside, as school.toml.from-backup.");
    }
}

fn failed(error: &RestoreError) -> ExitCode {
    let code = match error {
        RestoreError::Archive(ArchiveError::Io { .. }) => 74,
        RestoreError::Archive(_)
        | RestoreError::Swapped { .. }
        | RestoreError::TwoSchools { .. }
        | RestoreError::Foreign { .. }
        | RestoreError::OtherHead { .. }
        | RestoreError::BrokenJournal
        | RestoreError::DamagedFile
        | RestoreError::KeysTooOld { .. } => 65,
        RestoreError::NotEmpty { .. } | RestoreError::StoreNotEmpty { .. } | RestoreError::OtherSchool { .. } => 1,
        _ => 74,
    };
    fail(error, code)
}

/// One line that is written over, at a terminal only.
fn show(now: Progress) {
    if !stderr().is_terminal() {
        return;
    }
    let doing = match now.doing {
        Doing::Copying => "copying",
        Doing::Writing => "writing",
        Doing::Checking => "checking",
        Doing::Restoring => "restoring",
        Doing::Finishing => "finishing",
        _ => "working",
    };
    let of = if now.of > 0 { format!(" of {}", now.of / 1_048_576) } else { String::new() };
    let _ = write!(stderr(), "\r{doing}: {}{of} MiB   ", now.done / 1_048_576);
}

fn end_of_progress() {
    if stderr().is_terminal() {
        let _ = write!(stderr(), "\r                                        \r");
    }
}
