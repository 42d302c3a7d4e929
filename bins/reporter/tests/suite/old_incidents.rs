//! The incident log of another system, brought into the archive.

use std::fs;
use std::path::PathBuf;

use belisha_testkit::{Finished, binary, finish, stands_in_files};
use serde_json::Value;
use tempfile::TempDir;

use crate::incidents::{did, refused, report};
use crate::staffed::{SignedIn, staffed};
use crate::support::{REPORTER, School};

const HEADINGS: &str = "Id,Student,DOB,UPN,Incident date/time,Category,Incident text,Staff alerted,Status,Actions\n";
const WORDS: &str = "A lantern was taken from the porch";
const FIRST: &str = "11,\"Ashgrove, Ada\",,K999319721001,03/09/2024 09:02,Online,\"A lantern was taken from the porch, and \
                     \"\"borrowed\"\" again\",S Birch,Closed,Spoke to both\n";
const SECOND: &str = "12,Ben Birch,24/04/2016,,04/09/2024,Bullying,Unkind words by the pond,S Birch,Open,\n";
const OF_NOBODY: &str = "13,Cato Thorn,01/02/2009,,05/10/2019 14:00,Online,He left long ago,,Closed,\n";

/// A log that lies outside the data folder, and goes away with the test.
struct Log {
    folder: TempDir,
}

impl Log {
    fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("cpoms.csv")
    }

    fn import(&self, school: &School, text: &str, more: &[&str]) -> Finished {
        fs::write(self.file(), text).unwrap();
        let mut importer = binary(REPORTER, "belisha-importer");
        finish(importer.arg("--data").arg(school.path()).arg("incidents").arg(self.file()).args(more))
    }

    /// How many are new, changed, more of an incident, as before and left out.
    fn counts(&self, school: &School, text: &str, more: &[&str]) -> [u64; 5] {
        let done = self.import(school, text, &[&["--json"], more].concat());
        assert_eq!(done.code, 0, "{}", done.err);
        let done: Value = serde_json::from_str(&done.out).unwrap();
        ["new", "changed", "more_of_an_incident", "as_before", "left_out"]
            .map(|count| done.get(count).unwrap().as_u64().unwrap())
    }
}

/// The references of what is archived, the oldest first.
fn archived(school: &School, token: &str) -> Vec<String> {
    let listed = did(school, token, &["list", "--archived", "--json"]);
    let lines = listed.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let told = |line: &Value, what: &str| line.get(what).unwrap().as_str().unwrap().to_owned();
    lines.filter(|line| told(line, "stage").starts_with("archived")).map(|line| told(&line, "reference")).collect()
}

/// What is in an old log is for those who handle child protection, and for nobody else; the words stand in no file.
#[test]
fn a_log_is_sealed_to_those_who_handle_child_protection() {
    staffed(sealed);
}

pub(crate) fn sealed(school: &School, people: &SignedIn) {
    let log = Log::new();
    let text = [HEADINGS, FIRST, SECOND, OF_NOBODY].concat();
    let dry = log.import(school, &text, &["--dry-run"]);
    assert_eq!(dry.code, 0, "{}", dry.err);
    assert!(dry.out.contains("line 2: new, happened 03/09/2024 09:02, 1 pupil found; letters: id 2"), "{}", dry.out);
    assert!(["lantern", "Ashgrove", "Bullying"].iter().all(|word| !dry.out.contains(word)), "{}", dry.out);
    assert!(archived(school, &people.lead).is_empty());
    let done = log.import(school, &text, &[]);
    assert!(done.out.contains("log of cpoms: 3 new") && done.out.contains("put it away safely"), "{}", done.out);
    assert!(done.out.contains("named in 2 of them"), "{}", done.out);
    let references = archived(school, &people.lead);
    let [of_nobody, first, second] = references.as_slice() else { unreachable!("{references:?}") };
    assert_eq!(archived(school, &people.head), references);
    let shown = did(school, &people.lead, &["show", first]);
    assert!(shown.contains("A lantern was taken from the porch, and \"borrowed\" again"), "{shown}");
    for said in [
        "Pupil whose part is not known: ada",
        "brought from cpoms 11: line 2",
        "Staff alerted: S Birch",
        "Actions: Spoke",
    ] {
        assert!(shown.contains(said), "{said}: {shown}");
    }
    assert!(!shown.contains("s.birch"), "staff are not guessed: {shown}");
    assert!(did(school, &people.lead, &["show", second]).contains("not known: ben"));
    assert!(!did(school, &people.lead, &["show", of_nobody]).contains("not known"));
    // Nothing is to be done, and it is not among what is.
    assert!(
        did(school, &people.lead, &["list", "--closed"]).is_empty() && did(school, &people.lead, &["tasks"]).is_empty()
    );
    for token in [&people.technician, &people.teacher] {
        let listed = school.as_person(token, &["incident", "list", "--archived"]);
        assert!(listed.out.is_empty(), "{}", listed.out);
        let show = |reference: &str| refused(school, token, &["show", reference]);
        assert_eq!(show(first), show("00000-00000"));
    }
    for text in [WORDS, "Unkind words", "Spoke to both"] {
        assert!(!stands_in_files(school.path(), text), "{text}");
    }
    assert!(stands_in_files(log.folder.path(), WORDS), "the search finds what is there");
    original(school, people, &log, first);
    assert_eq!(school.reporter(&["verify"]).code, 0);
}

/// The file comes out as it went in, for whoever says why.
fn original(school: &School, people: &SignedIn, log: &Log, reference: &str) {
    let out = log.folder.path().join("original.csv");
    let write = |token: &str, reference: &str, because: &str| {
        let original = ["incident", "original", reference, "--because", because, "--out", out.to_str().unwrap()];
        school.as_person(token, &original)
    };
    let because = "the police ask for the old log";
    assert!(write(&people.lead, reference, "x").err.contains("say why") && !out.exists());
    let nobody = write(&people.teacher, reference, because);
    assert_eq!((nobody.code, nobody.err), (1, write(&people.teacher, "00000-00000", because).err));
    let written = write(&people.lead, reference, because);
    assert_eq!(written.code, 0, "{}", written.err);
    assert_eq!(fs::read(&out).unwrap(), fs::read(log.file()).unwrap());
    let told = report(school, &people.teacher, &["--words", "something new"]);
    assert_eq!(write(&people.lead, &told, because).code, 1, "it came in no file");
}

/// Twice is once; of a log that grew what is new; what was changed there is one more that says what it replaces.
#[test]
fn what_was_imported_before_is_not_imported_again() {
    staffed(again);
}

pub(crate) fn again(school: &School, people: &SignedIn) {
    let log = Log::new();
    let text = [HEADINGS, FIRST, SECOND].concat();
    assert_eq!(log.counts(school, &text, &[]), [2, 0, 0, 0, 0]);
    let head = school.journal_head();
    assert_eq!(log.counts(school, &text, &[]), [0, 0, 0, 2, 0]);
    assert_eq!(school.journal_head(), head, "nothing is written");
    assert_eq!(log.counts(school, &[&text, OF_NOBODY].concat(), &["--dry-run"]), [1, 0, 0, 2, 0]);
    assert_eq!(log.counts(school, &[&text, OF_NOBODY, OF_NOBODY].concat(), &[]), [1, 0, 0, 2, 0]);
    // In another order, with another separator and one column more, it is the same.
    let other = "Status;Incident text;Actions;Seen;Id;Student;DOB;UPN;Incident date/time;Category;Staff alerted\n\
                 Open;Unkind words by the pond;;yes;12;Ben Birch;24/04/2016;;04/09/2024;Bullying;S Birch\n";
    assert_eq!(log.counts(school, other, &[]), [0, 0, 0, 1, 0]);
    // What was changed there says what it replaces; what says more of the same in the same file is linked with it.
    let before = archived(school, &people.lead);
    let changed = SECOND.replace(",Open,", ",Closed,");
    let further = SECOND.replace("Unkind words by the pond", "They made it up");
    assert_eq!(log.counts(school, &[HEADINGS, FIRST, &changed, &further].concat(), &[]), [0, 1, 1, 1, 0]);
    assert_eq!(log.counts(school, &[HEADINGS, FIRST, &changed, &further].concat(), &[]), [0, 0, 0, 3, 0]);
    let after = archived(school, &people.lead);
    let pages: Vec<String> = after
        .iter()
        .filter(|reference| !before.contains(reference))
        .map(|reference| did(school, &people.lead, &["show", reference]))
        .collect();
    let old = before.iter().find(|old| pages.iter().any(|page| page.contains(&format!("It replaces {old}"))));
    let stays = did(school, &people.lead, &["show", old.unwrap()]);
    assert!(stays.contains("Status: Open"), "it stays as it was: {stays}");
    let of_changed = pages.iter().find(|page| page.contains("Status: Closed")).unwrap();
    assert!(of_changed.contains("It replaces"), "{of_changed}");
    let of_further = pages.iter().find(|page| page.contains("They made it up")).unwrap();
    assert!(of_further.contains("linked it with") && !of_further.contains("It replaces"), "{of_further}");
    assert_eq!(school.reporter(&["verify"]).code, 0);
}

/// An archived incident takes no steps; who is in it can be named, and who comes to be its subject finds it as it was.
#[test]
fn what_is_archived_stays_as_it_was_and_is_kept_from_whom_it_is_about() {
    staffed(stays);
}

fn stays(school: &School, people: &SignedIn) {
    let log = Log::new();
    assert_eq!(log.counts(school, &[HEADINGS, FIRST].concat(), &[]), [1, 0, 0, 0, 0]);
    let references = archived(school, &people.lead);
    let [reference] = references.as_slice() else { unreachable!("{references:?}") };
    for arguments in [&["close"][..], &["suspect"], &["reopen", "it goes on"], &["sort", "N5", "pupils"]] {
        let (verb, rest) = arguments.split_first().unwrap();
        let said = refused(school, &people.lead, &[&[*verb, reference], rest].concat());
        assert!(said.contains("another system") || said.contains("open"), "{arguments:?} {said}");
    }
    did(school, &people.lead, &["evidence", reference, "a note in the old folder", "--kept-as", "folder 3"]);
    let new = report(school, &people.teacher, &["--words", "It happened again", "--named", "ada=victim"]);
    did(school, &people.lead, &["link", &new, reference]);
    let seen = did(school, &people.lead, &["show", reference]);
    assert!(seen.contains(&format!("linked it with {new}")) && seen.contains("folder 3"), "{seen}");
    did(school, &people.head, &["name", reference, "s.birch", "subject"]);
    assert_eq!(did(school, &people.lead, &["show", reference]), seen);
    assert_eq!(archived(school, &people.lead), references);
    assert_eq!(archived(school, &people.head), references);
    assert!(did(school, &people.head, &["show", reference]).contains("Adult whom it is about: s.birch"));
    assert!(!did(school, &people.head, &["list"]).contains(reference.as_str()), "it is still archived");
    assert_eq!(log.counts(school, &[HEADINGS, FIRST].concat(), &[]), [0, 0, 0, 1, 0]);
}

#[test]
fn bad_lines_are_named_by_number_and_too_many_are_a_reason_to_refuse() {
    let unsealed = Log::new().import(&School::new(), &[HEADINGS, FIRST].concat(), &[]);
    assert!(unsealed.code == 1 && unsealed.err.contains("name head and chair first"), "{}", unsealed.err);
    staffed(bad_lines);
}

fn bad_lines(school: &School, people: &SignedIn) {
    let log = Log::new();
    let text = [HEADINGS, FIRST, "12,Ben Birch,,,31/02/2024,Bullying,Unkind words by the pond,,,\n"].concat();
    let bad = log.import(school, &text, &[]);
    assert!(bad.code == 65 && bad.err.contains("1 lines of 2") && bad.err.contains("line 3: no date"), "{}", bad.err);
    assert!(!bad.err.contains("pond") && archived(school, &people.lead).is_empty());
    let accepted = log.import(school, &text, &["--accept-complaints"]);
    assert!(accepted.code == 0 && accepted.out.contains("left out: cpoms.csv: line 3: no date"), "{}", accepted.out);
    assert_eq!(archived(school, &people.lead).len(), 1);
    let missing = log.import(school, "", &[]);
    assert!(missing.code == 65 && missing.err.contains("is empty"), "{}", missing.err);
}

/// Of a log that is not known somebody says once how it is read.
#[test]
fn a_log_that_is_not_known_is_read_by_a_profile() {
    staffed(by_a_profile);
}

fn by_a_profile(school: &School, _: &SignedIn) {
    let log = Log::new();
    let text = "Ref,Day,What happened\n7,03/09/2024,A lost key\n";
    let unknown = log.import(school, text, &[]);
    assert!(unknown.code == 65 && unknown.err.contains("\"What happened\""), "{}", unknown.err);
    assert!(unknown.err.contains("--map when='HEADING' --map text='HEADING'"), "{}", unknown.err);
    let map = ["--map", "when=Day", "--map", "text=what happened", "--map", "id=Ref"];
    let save = ["--save-profile", "old-log"];
    assert_eq!(log.counts(school, text, &[&map[..], &save, &["--dry-run"]].concat()), [1, 0, 0, 0, 0]);
    let profile = school.path().join("import-profiles/old-log.toml");
    assert!(!profile.exists());
    assert_eq!(log.counts(school, text, &[&map[..], &save].concat()), [1, 0, 0, 0, 0]);
    assert!(fs::read_to_string(&profile).unwrap().contains("text = \"what happened\""));
    assert_eq!(log.counts(school, text, &["--profile", "old-log"]), [0, 0, 0, 1, 0]);
    let other = log.import(school, text, &["--map", "when=Day", "--map", "text=Ref", "--save-profile", "old-log"]);
    assert!(other.code == 1 && other.err.contains("says something else"), "{}", other.err);
    fs::write(&profile, "[columns]\nwhen = \"Day\"\nwords = \"What happened\"\n").unwrap();
    let wrong = log.import(school, text, &["--profile", "old-log"]);
    assert!(wrong.code == 78 && wrong.err.contains("old-log.toml:3"), "{}", wrong.err);
    fs::write(&profile, "[column]\nwhen = \"Day\"\n").unwrap();
    assert_eq!(log.import(school, text, &["--profile", "old-log"]).code, 78);
    assert_eq!(log.import(school, text, &["--profile", "../old"]).code, 2);
    assert_eq!(log.import(school, text, &["--profile", "other"]).code, 1);
    assert_eq!(log.import(school, text, &["--map", "words=Day"]).code, 2);
}
