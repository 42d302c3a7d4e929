//! Killed at any moment: no half file under the name of a whole one, and no half school that is taken for one.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use belisha_school::backup;
use belisha_school::{DataFolder, School};
use belisha_store::backup::{BackupIdentity, read};

use crate::backup::support::{Backed, NOW, content, open, quiet, stream};
use crate::support::{SCHOOL, at, settings};

/// Set in processes that a test starts.
const CHILD: &str = "BELISHA_BACKUP_TEST_FOLDER";
const ROUNDS: u32 = 25;

fn child(test: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(CHILD, folder);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn child_folder() -> Option<PathBuf> {
    std::env::var_os(CHILD).map(PathBuf::from)
}

/// A moment within so long; random enough.
fn moment(within: Duration) -> Duration {
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos();
    within.mul_f64(f64::from(seed % 10_007) / 10_007.0)
}

/// How long a child takes that is not killed. What it said is shown where it fails.
fn whole(mut command: Command) -> Duration {
    let start = Instant::now();
    let done = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(done.status.success(), "{}\n{}{}", done.status, said(&done.stdout), said(&done.stderr));
    start.elapsed()
}

fn kill(mut command: Command, after: Duration) {
    let mut child = command.spawn().unwrap();
    sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// What is in a folder; nothing where it is not there, or was just made.
fn names(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
}

/// Not a test but what the test runs and kills.
#[test]
fn backer_that_is_killed() {
    let Some(place) = child_folder() else { return };
    let identity = BackupIdentity::parse(&std::fs::read_to_string(place.join("identity")).unwrap()).unwrap();
    let school = open(Path::new(&std::fs::read_to_string(place.join("school")).unwrap()));
    let now = chrono::DateTime::from(SystemTime::now());
    let (out, keys) = (place.join("records"), place.join("keys"));
    // Twice in one second is once too often.
    let _ = backup::write(&school, &out, &keys, &identity.recipient(), now, &mut quiet);
}

/// Not a test but what the test runs and kills.
#[test]
fn restorer_that_is_killed() {
    let Some(place) = child_folder() else { return };
    let identity = BackupIdentity::parse(&std::fs::read_to_string(place.join("identity")).unwrap()).unwrap();
    let file = |folder: &str| std::fs::read_dir(place.join(folder)).unwrap().next().unwrap().unwrap().path();
    let (records, keys, folder) = (file("records"), file("keys"), DataFolder::new(place.join("restored")));
    let (broken, unknown) = Default::default();
    let what = backup::Restore {
        records: &records,
        keys: &keys,
        identity: &identity,
        folder: &folder,
        store: None,
        broken,
        unknown,
    };
    backup::restore(&what, at(NOW), &mut quiet).unwrap();
}

fn prepared() -> Backed {
    let backed = Backed::new();
    (0..300).for_each(|_| backed.note(&stream(1)));
    std::fs::write(backed.path("identity"), &*backed.identity.to_file()).unwrap();
    std::fs::write(backed.path("school"), backed.test.folder.path().to_str().unwrap()).unwrap();
    backed
}

#[test]
fn a_killed_backup_leaves_no_half_file_under_a_name() {
    let backed = prepared();
    let command = || child("backup::crash::backer_that_is_killed", backed.place.path());
    let within = whole(command());
    for _ in 0..ROUNDS {
        kill(command(), moment(within));
    }
    let (mut whole, mut half) = (0, 0);
    for folder in ["records", "keys"] {
        for entry in std::fs::read_dir(backed.path(folder)).unwrap() {
            let file = entry.unwrap().path();
            if file.extension().is_some_and(|end| end == "part") {
                half += 1;
                continue;
            }
            let nothing = |_: &_, _: &_, _: &mut dyn std::io::Read| Ok::<(), belisha_store::backup::BackupError>(());
            read(&file, &backed.identity, nothing).unwrap();
            whole += 1;
        }
    }
    assert!(whole >= 2, "{whole} whole, {half} half");
    let made = backed.back_up("2027-01-01T00:00:00Z");
    let left = |folder: &str| std::fs::read_dir(backed.path(folder)).unwrap().map(|entry| entry.unwrap().path());
    let half = left("records").chain(left("keys")).filter(|file| file.extension().is_some_and(|end| end == "part"));
    assert_eq!(half.count(), 0, "the next one sweeps");
    backed.restore(&made, "restored").unwrap();
    // The school itself was never touched.
    open(backed.test.folder.path());
}

#[test]
fn a_killed_restore_leaves_a_folder_that_no_program_takes_for_a_school() {
    let backed = prepared();
    backed.back_up(NOW);
    let before = content(backed.school());
    let folder = backed.folder("restored");
    let command = || child("backup::crash::restorer_that_is_killed", backed.place.path());
    let within = whole(command());
    std::fs::remove_dir_all(folder.root()).unwrap();
    let (mut begun, mut done) = (0, 0);
    for _ in 0..ROUNDS {
        kill(command(), moment(within));
        if folder.root().join("restore-unfinished").exists() {
            begun += 1;
            assert!(School::open(&folder, &settings(SCHOOL), at(NOW)).is_err());
            assert!(School::look(&folder, &settings(SCHOOL)).is_err());
            // Every other time the next restore finds what this one left.
            if begun % 2 == 0 {
                continue;
            }
        } else if !names(folder.root()).is_empty() {
            done += 1;
            assert!(content(&open(folder.root())) == before);
        }
        let _ = std::fs::remove_dir_all(folder.root());
    }
    println!("{begun} were cut off and {done} done");
    whole(command());
    assert!(content(&open(folder.root())) == before);
}

/// A crash while the journal is being made leaves a file of the database's own, which the next restore clears away.
#[test]
fn a_restore_that_was_cut_off_while_its_journal_was_made_begins_anew() {
    let backed = prepared();
    let made = backed.back_up(NOW);
    let folder = backed.folder("restored");
    std::fs::create_dir(folder.root()).unwrap();
    for left in ["restore-unfinished", "journal.db", "journal.db-journal"] {
        std::fs::write(folder.root().join(left), "").unwrap();
    }
    backed.restore(&made, "restored").unwrap();
    assert!(content(&open(folder.root())) == content(backed.school()));
}
