//! What parents said of pictures, brought from lists in any order.
//!
//! 1. A no of a list is never lost, whatever else is wrong with its line, and no list makes a yes of it.
//! 2. A yes comes from whoever holds parental responsibility alone.
//! 3. What a list says of somebody is not changed by a later one.
//! 4. The same list again adds nothing.

use std::collections::BTreeMap;

use belisha_aua::{Channel, Purpose, Signer};
use belisha_formats::mis::claims::{Claims, LinkClaim};
use belisha_policy::{Action, Permit, PersonId};
use belisha_school::agreements::Pictures;
use belisha_school::authority::Authority;
use belisha_school::old_agreements::{
    Complaints, Desk, ImportedAgreements, Mapping, Source, import as bring, look, read,
};
use proptest::prelude::*;

use crate::people::{ADA, claims, contact, import, link, pupil};
use crate::support::{ANN, TestSchool, at};

const PARENTS: [&str; 3] = ["Morwen Ashgrove", "Piran Ashgrove", AUNT];
/// Nobody knows whether she holds parental responsibility.
const AUNT: &str = "Hedra Vane";
const CELLS: [&str; 4] = ["yes", "no", "", "x"];
/// What stands in another cell of a line that is not understood.
const UNREADABLE: &str = "perhaps";

/// Which parent a line names, what it says, and whether another cell of it is readable.
type Line = (&'static str, &'static str, bool);

fn family() -> TestSchool {
    let test = TestSchool::new();
    let of_nobody_knows = LinkClaim { responsibility: None, ..link("1", 2, None) };
    let contacts = vec![
        contact("10", "Ashgrove", "Morwen", ""),
        contact("11", "Ashgrove", "Piran", ""),
        contact("12", "Vane", "Hedra", ""),
    ];
    let links = vec![link("1", 0, Some(false)), link("1", 1, Some(false)), of_nobody_knows];
    import(&test, &Claims { contacts, links, ..claims(vec![pupil(&ADA)]) });
    test
}

fn text(lines: &[Line]) -> String {
    let line = |(parent, cell, readable): &Line| {
        let other = if *readable { "" } else { UNREADABLE };
        format!("Ada Ashgrove,{parent},{cell},{other}\n")
    };
    ["Pupil,Parent,Website,Press\n".to_owned()].into_iter().chain(lines.iter().map(line)).collect()
}

/// Brings a list, once it was seen that this is what is said beforehand.
fn brought(test: &TestSchool, lines: &[Line]) -> ImportedAgreements {
    let (ledger, now) = (test.school.ledger(), at("2026-11-25T09:00:00Z"));
    let columns = [("website:group", "website"), ("press:group", "PRESS")];
    let columns = columns.map(|(field, heading)| (field.parse().unwrap(), heading.to_owned())).into();
    let list = read("photos.csv", text(lines).as_bytes(), &Mapping { columns }).unwrap();
    let authority = Authority::load(ledger).unwrap();
    let permit = Permit::for_tests(ANN, Action::RecordPaperReturn, now);
    let desk = Desk { school: &test.school, authority: &authority, permit: &permit, now };
    let source = Source { list: &list, name: "photos.csv", document: None, edition: None, dated: None, because: None };
    let foreseen = look(desk, source, Complaints::Accepted).unwrap();
    let done = bring(desk, source, Complaints::Accepted, &mut |_, _| {}).unwrap();
    assert_eq!((foreseen.answers, foreseen.complaints), (done.answers, done.complaints.clone()));
    done
}

/// What each parent has said by a list.
fn words(lines: &[Line]) -> BTreeMap<&'static str, bool> {
    let mut words = BTreeMap::new();
    for (parent, cell, readable) in lines {
        match *cell {
            "no" => drop(words.insert(*parent, false)),
            "yes" if *readable && *parent != AUNT => drop(words.entry(*parent).or_insert(true)),
            _ => {}
        }
    }
    words
}

fn lines() -> impl Strategy<Value = Vec<Line>> {
    proptest::collection::vec(
        (prop::sample::select(&PARENTS[..]), prop::sample::select(&CELLS[..]), prop::bool::weighted(0.7)),
        1..6,
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn a_no_of_a_list_is_never_lost(first in lines(), second in lines()) {
        let test = family();
        brought(&test, &first);
        let again = brought(&test, &first);
        prop_assert_eq!(again.answers, [0, 0]);
        brought(&test, &second);
        let mut expected = words(&second);
        expected.extend(words(&first));
        let ledger = test.school.ledger();
        let (roll, pictures) = (Authority::load(ledger).unwrap().roll().clone(), Pictures::load(ledger).unwrap());
        let called = |name: &str| -> PersonId { roll.called(name).first().unwrap().person.id };
        let ada = called("Ada Ashgrove");
        let said: BTreeMap<&str, bool> = PARENTS.into_iter().filter_map(|parent| {
            let by = Signer::Parent(called(parent));
            let now = at("2026-11-25T09:00:00Z");
            Some((parent, pictures.of(ada).last_said(by, Channel::Website, Purpose::Group, now)?))
        }).collect();
        prop_assert_eq!(said, expected);
    }
}
