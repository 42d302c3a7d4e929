//! Looking up a named person: permitted, with a purpose, written down first, and opened by a key that programs lack.

use belisha_policy::people::AccountId;
use belisha_policy::roles::Role as SchoolRole;
use belisha_policy::{Action, Attribution, Scope, WrongPermit};
use belisha_school::events::LookedUp;
use belisha_school::lookup::{LookUp, LookUpError, look_up};
use belisha_school::people::Roll;
use belisha_school::people::accounts::{Do, change};
use belisha_school::person::{ExportError, export};
use belisha_school::{LedgerError, Stream};
use belisha_store::keys::KeyError;
use chrono::TimeDelta;

use crate::support::{BEN, SCHOOL, TestSchool, at, day, permit, stands_in_files};

fn ask(person: &str) -> LookUp {
    LookUp {
        person: person.into(),
        from: day("2026-11-20"),
        to: day("2026-11-25"),
        purpose: "A teacher is worried after Tuesday's lesson".into(),
    }
}

#[test]
fn nothing_is_shown_without_permit_purpose_span_and_key() {
    let test = TestSchool::new();
    test.browse("2026-11-24");
    let [head, coordinator] = test.name_holders();
    let now = at("2026-11-25T12:00:00Z");
    let head_before = test.school.ledger().head().unwrap();
    let look = |permit, holder, ask: &LookUp| look_up(&test.school, &permit, holder, ask, now);
    let may = || permit(Action::LookUpHistory);
    let robin = ask("Robin Ashgrove");
    assert!(matches!(look(permit(Action::ExportPerson), &coordinator, &robin), Err(LookUpError::Permit(_))));
    for scope in [Scope::Aggregate, Scope::InstructOnly] {
        let narrow = may().scoped_for_tests(scope);
        assert!(matches!(look(narrow, &coordinator, &robin), Err(LookUpError::Scope)));
    }
    for purpose in ["", "   ", "curious", "! ! ! ! ! ! ! ! ! !"] {
        let aimless = LookUp { purpose: purpose.into(), ..robin.clone() };
        assert!(matches!(look(may(), &coordinator, &aimless), Err(LookUpError::Purpose)), "{purpose}");
    }
    for days in [-1, 93, 4_000] {
        let long = LookUp { to: robin.from + TimeDelta::days(days), ..robin.clone() };
        assert!(matches!(look(may(), &coordinator, &long), Err(LookUpError::Span)), "{days}");
    }
    assert_eq!(test.school.ledger().head().unwrap(), head_before, "what was refused left no trace and saw nothing");
    // A key holder who may not look up names, and the programs of the school, open nothing; that they tried stands.
    for holder in [&head, test.school.ledger().keys().as_school()] {
        assert!(matches!(look(may(), holder, &robin), Err(LookUpError::Log(_))));
    }
    assert_eq!(test.school.ledger().head().unwrap().position, head_before.position + 2);
    let history = look(may(), &coordinator, &robin).unwrap();
    assert_eq!(history.lines.len(), 3);
    assert!(history.lines.iter().all(|line| &*line.record.host == "volcanoes.test"));
    assert!(history.lines.iter().all(|line| line.record.person.is_none()), "a number of the day, and no name");
    assert!(look(may(), &coordinator, &ask("Nobody Here")).unwrap().lines.is_empty());
}

#[test]
fn a_look_up_is_an_event_that_the_programs_cannot_read() {
    let test = TestSchool::new();
    test.browse("2026-11-24");
    let [_, coordinator] = test.name_holders();
    let permit = permit(Action::LookUpHistory).and_for_tests(BEN);
    let history =
        look_up(&test.school, &permit, &coordinator, &ask("Robin Ashgrove"), at("2026-11-25T12:00:00Z")).unwrap();
    let ledger = test.school.ledger();
    let told = ledger.read(Stream::look_ups().id, &coordinator).unwrap();
    let [told] = &told[..] else { panic!("{} look-ups", told.len()) };
    assert_eq!(told.position, history.receipt.position());
    let event = told.read::<LookedUp>().unwrap().unwrap();
    assert_eq!((event.body.person.as_str(), event.body.second), ("Robin Ashgrove", Some(BEN.to_string())));
    let refused = ledger.read_own(&Stream::look_ups());
    assert!(matches!(refused, Err(LedgerError::Key(KeyError::NotAReader))), "sealed to those who may look up");
}

#[test]
fn names_stand_in_no_file() {
    let test = TestSchool::new();
    test.browse("2026-11-24");
    let [_, coordinator] = test.name_holders();
    test.browse("2026-11-25");
    let permit = permit(Action::LookUpHistory);
    let now = at("2026-11-25T12:00:00Z");
    // What was written before there were holders is theirs as well.
    let history = look_up(&test.school, &permit, &coordinator, &ask("Robin Ashgrove"), now).unwrap();
    assert_eq!(history.lines.len(), 6);
    for name in ["Robin Ashgrove", "Merrin Tolland", "ASHGROVE-LAPTOP", "Tuesday's lesson"] {
        assert!(!stands_in_files(test.folder.path(), name), "{name}");
    }
    assert!(stands_in_files(test.folder.path(), "volcanoes.test"), "the search finds what is there");
}

#[test]
fn an_export_has_one_persons_lines_and_says_nothing_of_look_ups() {
    let test = TestSchool::new();
    test.browse("2026-11-24");
    let [_, coordinator] = test.name_holders();
    let now = at("2026-11-25T12:00:00Z");
    look_up(&test.school, &permit(Action::LookUpHistory), &coordinator, &ask("Robin Ashgrove"), now).unwrap();
    let may = permit(Action::ExportPerson);
    let refused = export(&test.school, &may, &coordinator, "Robin Ashgrove", " ", now);
    assert!(matches!(refused, Err(ExportError::Purpose)));
    let export = export(&test.school, &may, &coordinator, "Robin Ashgrove", "subject access request 14", now).unwrap();
    assert_eq!(export.requests.len(), 3);
    assert!(export.requests.iter().all(|request| request.address == "http://volcanoes.test/"));
    let written = serde_json::to_string(&export).unwrap();
    for hidden in ["Tolland", "poems", "lesson", "look", "worried"] {
        assert!(!written.contains(hidden), "{hidden}: {written}");
    }
}

/// that others knew a password is mostly said when the lines are written already.
#[test]
fn lines_of_a_time_in_doubt_are_shown_as_such() {
    let test = TestSchool::new();
    let ada = crate::people::one_pupil(&test);
    let settings = SCHOOL.replace("Robin Ashgrove", &ada.to_string());
    let test = TestSchool { school: test.again(&settings), folder: test.folder };
    test.browse("2026-11-24");
    let [_, coordinator] = test.name_holders();
    let now = at("2026-11-25T12:00:00Z");
    let history = || look_up(&test.school, &permit(Action::LookUpHistory), &coordinator, &ask(&ada.to_string()), now);
    let before = history().unwrap().lines;
    assert!(before.len() > 1);
    let middle = before[1].record.at;
    let (ledger, may) = (test.school.ledger(), permit(Action::ReportCredential));
    let roll = Roll::load(ledger).unwrap();
    change(ledger, &roll, &may, AccountId::of(ada), &Do::Doubt(middle), now).unwrap();
    for line in history().unwrap().lines {
        let in_doubt = line.record.attribution == Attribution::CredentialInDoubt;
        assert_eq!(in_doubt, line.record.at >= middle);
    }
    // And a permit for one person opens no other's history.
    let other = belisha_policy::may::About::of(belisha_policy::may::Topic::PupilHistory).person(BEN);
    let lead = belisha_policy::may::Standing::of(ada, belisha_policy::roles::RoleSet::of(&[SchoolRole::Dsl]));
    let answer = belisha_policy::may::may(&lead, Action::LookUpHistory, &other, now);
    let belisha_policy::may::Answer::Permit(permit) = answer else { panic!("the lead may look up Ben") };
    let refused = look_up(&test.school, &permit, &coordinator, &ask(&ada.to_string()), now);
    assert!(matches!(refused, Err(LookUpError::Permit(WrongPermit::OtherPerson))));
}
