//! Key holders: the first ones, those who come and go, and what each change leaves in the journal.

use belisha_policy::roles::{Role as SchoolRole, RoleSet};
use belisha_policy::{Action, WrongPermit};
use belisha_school::founding::{Founder, FoundingError, check, found};
use belisha_school::holders::{self, HolderError};
use belisha_school::lookup::{LookUp, LookUpError, look_up};
use belisha_school::{LedgerError, Stream};
use belisha_store::keys::{KeyError, Role};

use crate::support::{BEN, PASSWORD, TestSchool, at, day, permit, stands_in_files};

const NOW: &str = "2026-11-25T12:00:00Z";

fn names(of: &[&str]) -> Vec<String> {
    of.iter().map(|name| (*name).to_owned()).collect()
}

fn founded() -> TestSchool {
    let test = TestSchool::new();
    let founder = |(name, role): (&str, SchoolRole)| Founder {
        name: name.to_owned(),
        password: format!("{PASSWORD} {name}"),
        roles: RoleSet::of(&[role]),
    };
    let founders = [("head", SchoolRole::Head), ("chair", SchoolRole::Chair), ("dsl", SchoolRole::Dsl)].map(founder);
    found(&test.school, &founders, &names(&["dsl"]), at(NOW)).unwrap();
    test
}

#[test]
fn the_first_holders_are_two_or_more_different_people_named_once() {
    let test = TestSchool::new();
    for alone in [&["head"][..], &["head", "head"], &[]] {
        assert!(matches!(check(&test.school, &names(alone), &[]), Err(FoundingError::TooFew)), "{alone:?}");
    }
    let stranger = check(&test.school, &names(&["head", "chair"]), &names(&["dsl"]));
    assert!(matches!(stranger, Err(FoundingError::NoHolder(name)) if name == "dsl"));
    let test = founded();
    let again = check(&test.school, &names(&["a", "b"]), &[]);
    assert!(matches!(again, Err(FoundingError::AlreadyFounded)));
    for name in ["head", "chair", "dsl"] {
        assert!(!stands_in_files(test.folder.path(), &format!("{PASSWORD} {name}")), "no password stands anywhere");
    }
    // Who is named stands in the journal, sealed to the school.
    let told = test.school.ledger().read_own(&Stream::KEYS).unwrap();
    assert_eq!(told.len(), 1);
}

#[test]
fn two_recover_the_key_of_a_third_with_a_permit_for_two() {
    let test = founded();
    let keys = test.school.ledger().keys();
    let unlock = |name: &str| keys.unlock(name, &format!("{PASSWORD} {name}")).unwrap();
    let (head, chair) = (unlock("head"), unlock("chair"));
    let recover = |permit, two| holders::recover(&test.school, &permit, "dsl", two, "a new amber light", at(NOW));
    let alone = recover(permit(Action::RecoverKey), [&head, &chair]);
    assert!(matches!(alone, Err(HolderError::Permit(WrongPermit::Alone(_)))));
    let twice = recover(permit(Action::RecoverKey).and_for_tests(BEN), [&head, &head]);
    assert!(matches!(twice, Err(HolderError::Key(KeyError::NotTheTwo))), "{twice:?}");
    recover(permit(Action::RecoverKey).and_for_tests(BEN), [&head, &chair]).unwrap();
    assert!(keys.unlock("dsl", &format!("{PASSWORD} dsl")).is_err(), "the old password opens nothing");
    keys.unlock("dsl", "a new amber light").unwrap();
    assert_eq!(test.school.ledger().read_own(&Stream::KEYS).unwrap().len(), 2, "that it was done is written down");
}

#[test]
fn a_role_that_is_handed_over_opens_to_the_new_holder_and_no_more_to_the_old() {
    let test = founded();
    test.browse("2026-11-24");
    let school = &test.school;
    let keys = school.ledger().keys();
    let old = keys.unlock("dsl", &format!("{PASSWORD} dsl")).unwrap();
    let manage = || permit(Action::ManageHolders);
    let refused = holders::add(school, &permit(Action::PlaceHold), "deputy", PASSWORD, at(NOW));
    assert!(matches!(refused, Err(HolderError::Permit(WrongPermit::OtherAction { .. }))));
    holders::add(school, &manage(), "deputy", PASSWORD, at(NOW)).unwrap();
    holders::hand_over(school, &manage(), &Role::HISTORY, &["deputy"], &old, at(NOW)).unwrap();
    let new = keys.unlock("deputy", PASSWORD).unwrap();
    let ask = LookUp {
        person: "Robin Ashgrove".into(),
        from: day("2026-11-24"),
        to: day("2026-11-24"),
        purpose: "A teacher is worried after Tuesday's lesson".into(),
    };
    let look = |holder| look_up(school, &permit(Action::LookUpHistory), holder, &ask, at(NOW));
    assert!(matches!(look(&old), Err(LookUpError::Log(_))));
    assert_eq!(look(&new).unwrap().lines.len(), 3, "days of before as well");
    let earlier = school.ledger().read(Stream::look_ups().id, &old);
    assert!(matches!(earlier, Err(LedgerError::Key(KeyError::NotAReader))));
    let held = holders::remove(school, &manage(), "deputy", at(NOW));
    assert!(matches!(held, Err(HolderError::Key(_))), "whoever holds a role is not removed");
}
