//! Opening a school: what is made, what is found again, and what is refused.

use std::fs;

use belisha_policy::{Action, WrongPermit};
use belisha_school::in_force::{ApplyError, apply};
use belisha_school::integrity::{self, PrintedHead};
use belisha_school::{DataFolder, School, SchoolError};
use belisha_store::journal::Verdict;

use crate::support::{SCHOOL, TestSchool, at, open, permit, settings};

/// The same school, whose sixth form may not read the news any more.
fn stricter() -> String {
    SCHOOL.replace("allow = [\"news\"]", "block = [\"cooking\"]")
}

#[test]
fn the_first_settings_seed_the_journal_and_later_ones_only_propose() {
    let test = TestSchool::new();
    assert!(test.school.proposal().is_empty());
    let again = test.again(&stricter());
    assert_eq!(again.id(), test.school.id());
    assert_eq!(again.settings().school_policy, test.school.settings().school_policy, "the journal's is in force");
    assert_eq!(
        again.proposal(),
        ["profile sixth-form: cooking comes into block", "profile sixth-form: news goes from allow"]
    );
    // What belongs to the machine holds as the file says.
    let moved = format!("{}\n[listeners]\nproxy = \"127.0.0.1:4000\"\n", stricter());
    assert_eq!(test.again(&moved).settings().proxy.port(), 4000);
}

#[test]
fn a_proposal_is_applied_by_somebody_who_may_and_only_to_what_they_saw() {
    let test = TestSchool::new();
    let again = test.again(&stricter());
    let now = at("2026-11-25T09:00:00Z");
    let wrong = permit(Action::LookUpHistory);
    let refused = apply(again.ledger(), &wrong, again.in_force(), again.proposed(), now);
    assert!(matches!(refused, Err(ApplyError::Permit(WrongPermit::OtherAction { .. }))));
    let may = permit(Action::ApplySettings);
    let nothing = apply(again.ledger(), &may, again.in_force(), &again.in_force().policy.clone(), now);
    assert!(matches!(nothing, Err(ApplyError::Nothing)));
    apply(again.ledger(), &may, again.in_force(), again.proposed(), now).unwrap();
    // Somebody who still looks at the old policy decides about something else.
    let late = apply(again.ledger(), &may, again.in_force(), &test.school.in_force().policy.clone(), now);
    assert!(matches!(late, Err(ApplyError::Nothing | ApplyError::Meanwhile)), "{late:?}");
    let third = test.again(&stricter());
    assert!(third.proposal().is_empty());
    assert_eq!(third.in_force().version, 2);
}

#[test]
fn looking_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let data = DataFolder::new(folder.path());
    assert!(School::look(&data, &settings(SCHOOL)).unwrap().is_none());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let made = open(folder.path(), SCHOOL);
    let looked = School::look(&data, &settings(&stricter())).unwrap().unwrap();
    assert_eq!(looked.id(), made.id());
    assert_eq!(looked.proposal().len(), 2);
}

#[test]
fn several_programs_may_start_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let ids: Vec<_> = std::thread::scope(|scope| {
        let opening: Vec<_> = (0..4).map(|_| scope.spawn(|| open(folder.path(), SCHOOL))).collect();
        opening
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .map(|school| (school.id(), school.in_force().version))
            .collect()
    });
    assert!(ids.iter().all(|(id, version)| *id == ids[0].0 && *version == 1), "{ids:?}");
}

#[test]
fn what_is_incomplete_or_not_ours_is_refused_and_stays_as_it_is() {
    let refused = |spoil: &dyn Fn(&std::path::Path)| {
        let folder = tempfile::tempdir().unwrap();
        drop(open(folder.path(), SCHOOL));
        spoil(folder.path());
        let list = |of: &str| {
            let Ok(entries) = fs::read_dir(folder.path().join(of)) else { return Vec::new() };
            let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        let before = [list(""), list("keys")];
        let opened = School::open(&DataFolder::new(folder.path()), &settings(SCHOOL), at("2026-11-25T08:00:00Z"));
        let Err(error) = opened else { panic!("it was opened") };
        assert_eq!(before, [list(""), list("keys")], "{error}");
        error
    };
    let gone = refused(&|folder| {
        for file in ["journal.db", "journal.db-wal", "journal.db-shm"] {
            let _ = fs::remove_file(folder.join(file));
        }
    });
    assert!(matches!(gone, SchoolError::JournalGone { .. }), "{gone}");
    let keys = refused(&|folder| fs::remove_dir_all(folder.join("keys")).unwrap());
    assert!(matches!(keys, SchoolError::KeysGone { .. }), "{keys}");
    let key = refused(&|folder| fs::remove_file(folder.join("keys/school.key")).unwrap());
    assert!(matches!(key, SchoolError::KeysGone { .. } | SchoolError::Key(_)), "{key}");
    // The keys of another school.
    let other = tempfile::tempdir().unwrap();
    drop(open(other.path(), SCHOOL));
    let theirs = refused(&|folder| {
        fs::copy(other.path().join("keys/school.key"), folder.join("keys/school.key")).unwrap();
    });
    assert!(theirs.to_string().contains("another school"), "{theirs}");
    let foreign = refused(&|folder| {
        for file in ["journal.db-wal", "journal.db-shm"] {
            let _ = fs::remove_file(folder.join(file));
        }
        fs::write(folder.join("journal.db"), "a shopping list").unwrap();
    });
    assert!(matches!(foreign, SchoolError::Journal(_)), "{foreign}");
}

#[test]
fn a_printed_head_vouches_for_what_came_before_it() {
    let test = TestSchool::new();
    let printed = integrity::head(test.school.ledger()).unwrap();
    let page = format!("Head of the journal, to be kept:\n\n  {printed}\n");
    assert_eq!(page.parse(), Ok(printed));
    let ledger = test.school.ledger();
    assert!(matches!(integrity::verify(ledger, Some(printed)).unwrap(), Verdict::Sound { .. }));
    // The head of a journal that was longer, or another.
    let mut words: Vec<String> = printed.to_string().split(' ').map(str::to_owned).collect();
    words[3] = format!("{:016x}", u64::from_str_radix(&words[3], 16).unwrap() ^ 4);
    let longer: PrintedHead = words.join(" ").parse().unwrap();
    assert!(matches!(integrity::verify(ledger, Some(longer)).unwrap(), Verdict::Broken(_)));
    words[4].replace_range(0..2, "00");
    let other: PrintedHead = words.join(" ").parse().unwrap();
    assert!(matches!(integrity::verify(ledger, Some(other)).unwrap(), Verdict::Broken(_)));
    assert!(!printed.to_string().contains(" 1 1 "), "how many events there are does not show");
    for wrong in ["", "belisha-head", "belisha-head 2 a b c", "belisha-head 1 00 1 00"] {
        assert!(wrong.parse::<PrintedHead>().is_err(), "{wrong}");
    }
    let other = TestSchool::new();
    assert!(integrity::verify(other.school.ledger(), Some(printed)).is_err());
}
