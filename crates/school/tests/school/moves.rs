//! Pupils who go to another school with their record.
//!
//! 1. What is taken in is what was written out; taken in twice, nothing is new the second time.
//! 2. Of a record that is damaged, for another school, for another key, or of whom it cannot be told who it is, nothing
//!    is taken in, and there is no receipt.
//! 3. Completing drops no court order, and overwrites nothing that the school knows of somebody who is here.
//! 4. After the receipt nothing about the pupil changes at the old school.

use std::fs;
use std::path::PathBuf;

use belisha_formats::mis::claims::{Claims, PupilClaim, Said};
use belisha_policy::Action;
use belisha_policy::people::{AccountId, Name, Responsibility, Restriction};
use belisha_policy::trust::MoveError;
use belisha_school::people::accounts::{self, AccountError, Do};
use belisha_school::people::moves::{
    Coming, Going, Key, MoveRecipient, MovingError, RecordError, TakenIn, accept_receipt, offer, receive,
};
use belisha_school::people::{Change, Entry, Lists, Options, Roll, apply, plan};
use belisha_store::backup::BackupIdentity;
use tempfile::TempDir;

use crate::people::{ADA, BEN, claims, contact, import, link, options, pupil};
use crate::support::{TestSchool, at, permit};

const SENT: &str = "2026-11-25T10:00:00Z";
const GOT: &str = "2026-11-26T10:00:00Z";
const OLD: u64 = 990_001;
const NEW: u64 = 990_004;

struct Two {
    old: TestSchool,
    new: TestSchool,
    identity: BackupIdentity,
    place: TempDir,
}

fn roll(test: &TestSchool) -> Roll {
    Roll::load(test.school.ledger()).unwrap()
}

fn child<'a>(roll: &'a Roll, forename: &str) -> &'a Entry {
    let is = |entry: &&Entry| entry.person.pupil().is_some() && entry.person.name.forename() == forename;
    roll.people().find(is).unwrap()
}

impl Two {
    /// Ada with a mother who is told everything, and a father who is not.
    fn new() -> Self {
        let (old, new) = (TestSchool::new(), TestSchool::new());
        let family = Claims {
            contacts: vec![contact("7", "Ashgrove", "Ida", "ida@mail.example"), contact("8", "Ashgrove", "Tom", "")],
            links: vec![link("1", 0, Some(false)), link("1", 1, Some(true))],
            ..claims(vec![pupil(&ADA), pupil(&BEN)])
        };
        import(&old, &family);
        Self { old, new, identity: BackupIdentity::generate(), place: TempDir::new().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    fn offer(&self, name: &str, to: u64) -> Result<(), MovingError> {
        let recipient = &MoveRecipient::parse(&self.identity.recipient().to_string()).unwrap();
        let (there, out) = (roll(&self.old), &self.path(name));
        let going = Going { from: OLD, to, recipient, out };
        let ada = child(&there, "Ada").person.id;
        offer(self.old.school.ledger(), &there, &permit(Action::MovePupils), ada, &going, at(SENT))
    }

    fn receive(&self, file: &str, receipt: &str) -> Result<TakenIn, MovingError> {
        let key = &Key::parse(&self.identity.to_file()).unwrap();
        let (file, receipt) = (&self.path(file), &self.path(receipt));
        let coming = Coming { file, key, receipt, ours: NEW };
        receive(self.new.school.ledger(), &roll(&self.new), &permit(Action::MovePupils), &coming, at(GOT))
    }

    fn accept(&self, receipt: &str) -> Result<u64, MovingError> {
        let (there, file) = (roll(&self.old), &self.path(receipt));
        let done = accept_receipt(self.old.school.ledger(), &there, &permit(Action::MovePupils), (file, OLD), at(GOT));
        done.map(|(_, by)| by)
    }
}

#[test]
fn a_pupil_moves_with_a_receipt_and_the_old_record_is_for_reading_only() {
    let two = Two::new();
    two.offer("ada.age", NEW).unwrap();
    let there = roll(&two.old);
    assert!(child(&there, "Ada").written.moved_to().is_none() && child(&there, "Ada").person.left.is_none());
    assert!(child(&there, "Ben").written.moving.is_none());
    let taken = two.receive("ada.age", "receipt.json").unwrap();
    assert_eq!((taken.pupil, taken.contacts, taken.from), (Some(Change::Joins), 2, OLD));
    // What is there is what was sent, and no more: no class, no user name, no address of the old school.
    let there = roll(&two.new);
    assert_eq!(there.people().count(), 3);
    let ada = child(&there, "Ada");
    let of_pupil = ada.person.pupil().unwrap();
    assert_eq!(of_pupil.upn, pupil(&ADA).upn);
    assert_eq!((of_pupil.born, of_pupil.year), (pupil(&ADA).born, pupil(&ADA).year));
    assert!(of_pupil.class.is_none() && ada.written.login.is_none() && ada.written.email.is_none());
    let orders: Vec<_> =
        of_pupil.contacts.iter().map(|contact| (contact.restriction, contact.responsibility)).collect();
    assert!(orders.contains(&(Restriction::CourtOrder, Responsibility::Held)), "{orders:?}");
    assert!(orders.contains(&(Restriction::None, Responsibility::Held)), "{orders:?}");
    // Again: nothing is new, and there is another receipt.
    let before = two.new.school.ledger().head().unwrap();
    let again = two.receive("ada.age", "again.json").unwrap();
    assert!(again.pupil.is_none() && again.contacts == 0);
    assert_eq!(two.new.school.ledger().head().unwrap().position, before.position);
    // The old school takes the receipt, once.
    assert_eq!(two.accept("receipt.json").unwrap(), NEW);
    assert!(matches!(two.accept("again.json"), Err(MovingError::Receipt(MoveError::Again))));
    let there = roll(&two.old);
    let ada = child(&there, "Ada");
    assert!(ada.written.moved_to() == Some(NEW) && ada.person.left.is_some());
    let account = ada.account.clone().unwrap();
    assert!(!account.is_open(at(GOT)));
    // Neither by hand nor by a file does anything about her change.
    let (ledger, manage) = (two.old.school.ledger(), permit(Action::ManageAccounts));
    for what in [Do::SwitchOn, Do::Rename("ada.a".parse().unwrap())] {
        let done = accounts::change(ledger, &there, &manage, AccountId::of(ada.person.id), &what, at(GOT));
        assert!(matches!(done, Err(AccountError::Moved(NEW))), "{done:?}");
    }
    assert!(matches!(two.offer("more.age", 990_005), Err(MovingError::Moved(NEW))) && !two.path("more.age").exists());
    let moved = PupilClaim { name: Name::new("Ashgrove", "Adelaide").unwrap(), ..pupil(&ADA) };
    let file = claims(vec![moved, pupil(&BEN)]);
    let planned = plan(&there, &file, &options()).unwrap();
    assert!(planned.is_empty() && planned.complaints.len() == 1, "{:?}", planned.complaints);
    assert!(planned.complaints[0].what.contains("moved to another school"), "{:?}", planned.complaints);
    let listed = PupilClaim { left: Said::Said(Some(at(GOT).date_naive())), ..pupil(&ADA) };
    let planned = plan(&there, &claims(vec![listed, pupil(&BEN)]), &options()).unwrap();
    assert!(planned.is_empty() && planned.complaints.is_empty(), "{:?}", planned.complaints);
    assert!(plan(&there, &claims(vec![pupil(&BEN)]), &options()).unwrap().is_empty(), "nor does she leave twice");
}

#[test]
fn what_cannot_be_read_is_taken_in_nowhere() {
    let two = Two::new();
    two.offer("ada.age", NEW).unwrap();
    let sealed = fs::read(two.path("ada.age")).unwrap();
    let untouched = |two: &Two| {
        assert_eq!(roll(&two.new).people().count(), 0);
        assert!(!two.path("receipt.json").exists());
    };
    for at in (0..sealed.len()).step_by(7) {
        let mut damaged = sealed.clone();
        damaged[at] ^= 1;
        fs::write(two.path("damaged.age"), &damaged).unwrap();
        let refused = two.receive("damaged.age", "receipt.json").map(drop);
        assert!(matches!(refused, Err(MovingError::Record(_))), "{at}: {refused:?}");
        fs::write(two.path("damaged.age"), &sealed[..at]).unwrap();
        assert!(matches!(two.receive("damaged.age", "receipt.json"), Err(MovingError::Record(_))), "{at}");
    }
    fs::write(two.path("long.age"), vec![0; (1 << 20) + 1]).unwrap();
    assert!(matches!(two.receive("long.age", "receipt.json"), Err(MovingError::Record(RecordError::Long))));
    assert!(matches!(two.receive("none.age", "receipt.json"), Err(MovingError::File { .. })));
    untouched(&two);
    let other = Two { identity: BackupIdentity::generate(), ..two };
    assert!(matches!(other.receive("ada.age", "receipt.json"), Err(MovingError::Record(RecordError::WrongKey))));
    untouched(&other);
    // For another school; a file or a receipt that is there is never written over.
    other.offer("elsewhere.age", 990_009).unwrap();
    let refused = other.receive("elsewhere.age", "receipt.json");
    assert!(matches!(refused, Err(MovingError::ForAnother { to: 990_009, ours: NEW })));
    untouched(&other);
    assert!(matches!(other.offer("elsewhere.age", NEW), Err(MovingError::File { .. })));
    assert!(matches!(other.offer("itself.age", OLD), Err(MovingError::Ours(OLD))));
    other.offer("again.age", NEW).unwrap();
    fs::write(other.path("there.json"), "x").unwrap();
    assert!(matches!(other.receive("again.age", "there.json"), Err(MovingError::File { .. })));
    assert_eq!(fs::read(other.path("there.json")).unwrap(), b"x");
    untouched(&other);
    let wrong = permit(Action::ManageAccounts);
    let key = &Key::parse(&other.identity.to_file()).unwrap();
    let coming = Coming { file: &other.path("again.age"), key, receipt: &other.path("receipt.json"), ours: NEW };
    let refused = receive(other.new.school.ledger(), &roll(&other.new), &wrong, &coming, at(GOT));
    assert!(matches!(refused, Err(MovingError::Permit(_))));
}

#[test]
fn a_receipt_of_something_else_changes_nothing() {
    let two = Two::new();
    two.offer("ada.age", NEW).unwrap();
    two.receive("ada.age", "receipt.json").unwrap();
    let text = fs::read_to_string(two.path("receipt.json")).unwrap();
    for (from, to, said) in [
        ("990001", "990002", "give it to the school that sent the record"),
        ("990004", "990005", "of another school than the one"),
        ("2026-11-26", "2026-11-24", "older than what was sent"),
        ("\"version\": 1", "\"version\": 2", "a newer version"),
        ("receipt of a", "record of a", "this is no belisha receipt"),
        ("\"by\"", "\"buy\"", "this is no receipt"),
    ] {
        assert!(text.contains(from), "{text}");
        fs::write(two.path("wrong.json"), text.replace(from, to)).unwrap();
        let error = two.accept("wrong.json").unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
    // She was offered anew meanwhile: the receipt of what was sent before is not that of what was sent last.
    two.offer("later.age", 990_007).unwrap();
    let refused = two.accept("receipt.json");
    assert!(matches!(refused, Err(MovingError::Receipt(MoveError::OtherContent))));
    let there = roll(&two.old);
    assert!(
        child(&there, "Ada").person.left.is_none() && child(&there, "Ada").account.as_ref().unwrap().is_open(at(GOT))
    );
}

/// By name alone nobody is taken in, and somebody who is there is completed and not overwritten.
#[test]
fn whoever_is_there_is_matched_as_an_import_matches_and_completed() {
    let two = Two::new();
    two.offer("ada.age", NEW).unwrap();
    // A child of the same name of whom nothing else is known.
    let namesake = PupilClaim { upn: None, born: None, ..pupil(&ADA) };
    import(&two.new, &claims(vec![namesake]));
    let stopped = two.receive("ada.age", "receipt.json").unwrap_err();
    assert!(matches!(&stopped, MovingError::Stopped(why) if why.contains("nothing else tells")), "{stopped}");
    assert!(!two.path("receipt.json").exists() && roll(&two.new).people().count() == 1);
    // Another child with her number.
    let two = Two { new: TestSchool::new(), ..two };
    let other = PupilClaim { name: Name::new("Quill", "Ben").unwrap(), born: None, ..pupil(&ADA) };
    import(&two.new, &claims(vec![other]));
    let stopped = two.receive("ada.age", "receipt.json").unwrap_err();
    assert!(matches!(&stopped, MovingError::Stopped(why) if why.contains("another child")), "{stopped}");
    // She herself, already imported, whose mother may not be told here and of whom this school knows more.
    let two = Two { new: TestSchool::new(), ..two };
    let known =
        PupilClaim { name: Name::new("Ashgrove", "Adelaide").unwrap(), class: Some("5B".into()), ..pupil(&ADA) };
    let family = Claims {
        contacts: vec![contact("70", "Ashgrove", "Ida", "ida@mail.example")],
        links: vec![link("1", 0, Some(true))],
        ..claims(vec![known])
    };
    import(&two.new, &family);
    let taken = two.receive("ada.age", "receipt.json").unwrap();
    assert_eq!(taken.pupil, Some(Change::Changes));
    let there = roll(&two.new);
    let ada = child(&there, "Adelaide");
    assert!(ada.written.pupil.as_ref().unwrap().class.as_deref() == Some("5B") && ada.written.login.is_some());
    let contacts = &ada.person.pupil().unwrap().contacts;
    assert!(contacts.len() == 2 && contacts.iter().all(|contact| !contact.may_be_told()), "no order is dropped");
    assert_eq!(there.people().count(), 3);
}

/// Whoever moved away and comes back is taken in again with the record of the other school, and is writable again.
#[test]
fn whoever_comes_back_is_taken_in_again() {
    let two = Two::new();
    two.offer("ada.age", NEW).unwrap();
    two.receive("ada.age", "receipt.json").unwrap();
    two.accept("receipt.json").unwrap();
    let recipient = &MoveRecipient::parse(&two.identity.recipient().to_string()).unwrap();
    let (there, out) = (roll(&two.new), &two.path("back.age"));
    let going = Going { from: NEW, to: OLD, recipient, out };
    let ada = child(&there, "Ada").person.id;
    offer(two.new.school.ledger(), &there, &permit(Action::MovePupils), ada, &going, at("2027-01-08T10:00:00Z"))
        .unwrap();
    let key = &Key::parse(&two.identity.to_file()).unwrap();
    let coming = Coming { file: out, key, receipt: &two.path("back.json"), ours: OLD };
    let now = at("2027-01-09T10:00:00Z");
    let taken = receive(two.old.school.ledger(), &roll(&two.old), &permit(Action::MovePupils), &coming, now).unwrap();
    assert_eq!(taken.pupil, Some(Change::Returns));
    let there = roll(&two.old);
    let ada = child(&there, "Ada");
    assert!(ada.written.moving.is_none() && ada.person.left.is_none() && ada.account.as_ref().unwrap().is_open(now));
    let options = Options { now, lists: Lists::Some, ..options() };
    let changed = PupilClaim { class: Some("5C".into()), ..pupil(&ADA) };
    let planned = plan(&there, &claims(vec![changed]), &options).unwrap();
    assert_eq!(planned.people.len(), 1);
    apply(two.old.school.ledger(), &there, &planned, None, now).unwrap();
}
