//! Files about people become people, and nobody is mixed up with anybody.
//!
//! 1. What is imported twice changes nothing the second time.
//! 2. Nobody is merged by name alone, nor by a number against which surname and birthday speak.
//! 3. A list that was read in part, or that lists only some, makes nobody leave.
//! 4. In whatever order systems are imported, the same pupils are there.

use std::collections::BTreeSet;

use belisha_formats::mis::claims::{
    AccountClaim, AdultClaim, At, Claims, ContactClaim, LinkClaim, ListOf, PupilClaim, Said, SourceId,
};
use belisha_policy::Action;
use belisha_policy::people::{Login, Name, NcYear, PersonKind, Upn};
use belisha_policy::roles::Command;

use belisha_school::authority::Authority;
use belisha_school::people::accounts::AccountError;
use belisha_school::people::newcomer::{Newcomer, add_person, is_added_by_hand, set_last_day};
use belisha_school::people::{Change, Lists, MOST_LEAVERS, Options, Plan, PlanError, Returning, Roll, apply, plan};
use proptest::prelude::*;

use crate::support::{TestSchool, at, day, permit};

const NOW: &str = "2026-05-12T09:00:00Z";

fn upn(text: &str) -> Option<Upn> {
    (!text.is_empty()).then(|| text.parse().unwrap())
}

fn id(system: &'static str, id: &str) -> SourceId {
    SourceId { system, id: id.into() }
}

pub(crate) struct Child<'a> {
    pub(crate) line: u64,
    pub(crate) number: &'a str,
    pub(crate) upn: &'a str,
    pub(crate) surname: &'a str,
    pub(crate) forename: &'a str,
    pub(crate) born: &'a str,
    pub(crate) class: &'a str,
}

pub(crate) fn pupil(child: &Child<'_>) -> PupilClaim {
    let Child { line, number, upn: number_of_pupil, surname, forename, born, class } = *child;
    PupilClaim {
        at: At { file: "students.csv".into(), line },
        ids: [id("wonde", number)].into_iter().filter(|id| !id.id.is_empty()).collect(),
        upn: upn(number_of_pupil),
        name: Name::new(surname, forename).unwrap(),
        born: (!born.is_empty()).then(|| day(born)),
        year: NcYear::new(4),
        class: Some(class.into()),
        login: None,
        email: Some(format!("{}.{line}@amberhill.example", forename.to_lowercase())),
        joined: Some(day("2022-09-01")),
        left: Said::Said(None),
    }
}

pub(crate) const ADA: Child<'_> = Child {
    line: 2,
    number: "1",
    upn: "K999319721001",
    surname: "Ashgrove",
    forename: "Ada",
    born: "2017-03-22",
    class: "4A",
};
pub(crate) const BEN: Child<'_> = Child {
    line: 3,
    number: "2",
    upn: "H999233723002",
    surname: "Birch",
    forename: "Ben",
    born: "2017-05-01",
    class: "4A",
};

pub(crate) fn claims(pupils: Vec<PupilClaim>) -> Claims {
    let speaks_for = BTreeSet::from([ListOf::Pupils]);
    Claims { source: "wonde".into(), speaks_for, pupils, ..Claims::default() }
}

pub(crate) fn options() -> Options {
    Options {
        now: at(NOW),
        most_leavers: MOST_LEAVERS,
        lists: Lists::Everybody,
        role_holders: BTreeSet::new(),
        returning: Returning::default(),
        elsewhere: None,
    }
}

pub(crate) fn import(test: &TestSchool, claims: &Claims) -> Plan {
    let ledger = test.school.ledger();
    let roll = Roll::load(ledger).unwrap();
    let plan = plan(&roll, claims, &options()).unwrap();
    apply(ledger, &roll, &plan, None, at(NOW)).unwrap();
    plan
}

/// A school with one pupil, who has an account.
pub(crate) fn one_pupil(test: &TestSchool) -> belisha_policy::PersonId {
    import(test, &claims(vec![pupil(&ADA)]));
    roll(test).people().next().unwrap().person.id
}

fn roll(test: &TestSchool) -> Roll {
    Roll::load(test.school.ledger()).unwrap()
}

#[test]
fn what_is_imported_twice_changes_nothing() {
    let test = TestSchool::new();
    let claims = claims(vec![pupil(&ADA), pupil(&BEN)]);
    let first = import(&test, &claims);
    assert_eq!((first.count(ListOf::Pupils, Change::Joins), first.complaints.len()), (2, 0));
    let head = test.school.ledger().head().unwrap().position;
    let second = import(&test, &claims);
    assert!(second.is_empty() && second.unchanged(ListOf::Pupils) == 2);
    assert_eq!(test.school.ledger().head().unwrap().position, head);
    // The index, and an event for each.
    assert_eq!(roll(&test).people().count(), 2);
    let login: Login = "ada.2".parse().unwrap();
    assert!(roll(&test).account(&login).unwrap().is_open(at(NOW)));
}

/// SC-05: off at once, kept, and back under the same number.
#[test]
fn a_leaver_is_switched_off_at_once_and_comes_back_as_themselves() {
    let test = TestSchool::new();
    import(&test, &claims(vec![pupil(&ADA), pupil(&BEN)]));
    let left = PupilClaim { left: Said::Said(Some(day("2026-05-08"))), ..pupil(&ADA) };
    let plan = import(&test, &claims(vec![left, pupil(&BEN)]));
    assert_eq!(plan.count(ListOf::Pupils, Change::Leaves), 1);
    let login: Login = "ada.2".parse().unwrap();
    let there = roll(&test);
    let account = there.account(&login).unwrap();
    assert!(!account.is_open(at(NOW)) && account.is_open(at("2026-05-08T12:00:00Z")));
    let who = account.id;
    let plan = import(&test, &claims(vec![pupil(&ADA), pupil(&BEN)]));
    assert_eq!(plan.count(ListOf::Pupils, Change::Returns), 1);
    let there = roll(&test);
    let account = there.account(&login).unwrap();
    assert_eq!((account.id, account.is_open(at(NOW))), (who, true));
    assert_eq!(there.people().count(), 2);
}

/// SC-05: the file of 12 May does not have her any more.
#[test]
fn who_is_in_no_line_of_a_whole_list_has_left() {
    let test = TestSchool::new();
    import(&test, &claims(vec![pupil(&ADA), pupil(&BEN)]));
    let only_ben = claims(vec![pupil(&BEN)]);
    let plan = import(&test, &only_ben);
    assert_eq!(plan.count(ListOf::Pupils, Change::Leaves), 1);
    let there = roll(&test);
    let ada = there.people().find(|entry| entry.person.name.forename() == "Ada").unwrap();
    assert_eq!(ada.person.left, Some(day("2026-05-12")));
    assert!(!ada.account.as_ref().unwrap().is_open(at(NOW)));
}

#[test]
fn a_list_in_part_makes_nobody_leave() {
    let test = TestSchool::new();
    import(&test, &claims(vec![pupil(&ADA), pupil(&BEN)]));
    let there = roll(&test);
    let part = Options { lists: Lists::Some, ..options() };
    assert!(plan(&there, &claims(vec![pupil(&BEN)]), &part).unwrap().is_empty());
    let torn = Claims { torn: BTreeSet::from([ListOf::Pupils]), ..claims(vec![pupil(&BEN)]) };
    let torn = plan(&there, &torn, &options()).unwrap();
    assert!(torn.is_empty() && torn.notes.len() == 1);
    // A list of staff says nothing of pupils.
    let staff = Claims { speaks_for: BTreeSet::from([ListOf::Staff]), ..claims(Vec::new()) };
    assert!(plan(&there, &staff, &options()).unwrap().is_empty());
}

fn many(count: u64) -> Vec<PupilClaim> {
    let child = |line: u64| PupilClaim {
        ids: [id("wonde", &line.to_string())].into(),
        upn: None,
        name: Name::new(
            &format!("Tolland{}", "x".repeat(usize::try_from(line).unwrap() % 50)),
            &format!("Merrin{line}"),
        )
        .unwrap(),
        ..pupil(&Child { line, ..ADA })
    };
    (0..count).map(child).collect()
}

#[test]
fn a_file_that_would_empty_the_school_is_refused() {
    let test = TestSchool::new();
    import(&test, &claims(many(100)));
    let there = roll(&test);
    let shrunk = |left: usize| plan(&there, &claims(many(100).split_off(left)), &options());
    assert_eq!(shrunk(20).unwrap().count(ListOf::Pupils, Change::Leaves), 20);
    let refused = PlanError::TooManyLeave { list: "pupils", leaving: 21, there: 100, most: 20 };
    assert_eq!(shrunk(21).unwrap_err(), refused);
    assert!(refused.to_string().contains("21 of 100 pupils"));
    let accepted = Options { most_leavers: 100, ..options() };
    assert_eq!(plan(&there, &claims(Vec::new()), &accepted).unwrap().people.len(), 100);
    // In September the top year is expected to go.
    let september = Options { now: at("2026-09-02T09:00:00Z"), ..options() };
    assert_eq!(plan(&there, &claims(many(100).split_off(60)), &september).unwrap().people.len(), 60);
}

/// September: everybody goes up a year and into another class, the top year is in no line any more, and new ones come.
/// Whoever goes up keeps their account.
#[test]
fn in_september_everybody_goes_up() {
    let test = TestSchool::new();
    let cora = Child { line: 4, number: "3", upn: "W999291520003", forename: "Cora", class: "8A", ..BEN };
    let top = PupilClaim { year: NcYear::new(8), ..pupil(&cora) };
    import(&test, &claims(vec![pupil(&ADA), pupil(&BEN), top]));
    let login: Login = "ada.2".parse().unwrap();
    let before = roll(&test).account(&login).unwrap().id;

    let next = |child: &Child<'_>| PupilClaim { year: NcYear::new(5), class: Some("5B".into()), ..pupil(child) };
    let new = Child { line: 5, number: "4", upn: "", forename: "Dora", born: "2018-02-02", ..BEN };
    let september = Options { now: at("2026-09-02T09:00:00Z"), ..options() };
    let there = roll(&test);
    let all = claims(vec![next(&ADA), next(&BEN), pupil(&new)]);
    let plan = plan(&there, &all, &september).unwrap();
    let counts = [Change::Moves, Change::Leaves, Change::Joins].map(|change| plan.count(ListOf::Pupils, change));
    assert_eq!((counts, plan.complaints.len()), ([2, 1, 1], 0));
    apply(test.school.ledger(), &there, &plan, None, september.now).unwrap();

    let there = roll(&test);
    let ada = there.people().find(|entry| entry.person.name.forename() == "Ada").unwrap();
    assert_eq!((ada.person.pupil().unwrap().year, ada.class()), (NcYear::new(5), Some("5B")));
    assert_eq!(there.account(&login).map(|account| (account.id, account.is_open(september.now))), Some((before, true)));
    let cora = there.people().find(|entry| entry.person.name.forename() == "Cora").unwrap();
    assert!(cora.person.left.is_some() && !cora.account.as_ref().unwrap().is_open(september.now));
    // The same file again is no second roll-over.
    assert!(belisha_school::people::plan(&there, &all, &september).unwrap().is_empty());
}

#[test]
fn nobody_is_merged_against_surname_and_birthday() {
    let test = TestSchool::new();
    import(&test, &claims(vec![pupil(&ADA), pupil(&BEN)]));
    let there = roll(&test);
    let tried = |child: Child<'_>| {
        let plan = plan(&there, &claims(vec![pupil(&child), pupil(&BEN)]), &options()).unwrap();
        (plan.people.len(), plan.complaints.len())
    };
    // Another surname and another birthday under her UPN, and under her number in the system. She does not leave.
    assert_eq!(tried(Child { surname: "Vane", born: "2016-01-01", ..ADA }), (0, 1));
    assert_eq!(tried(Child { surname: "Vane", born: "2016-01-01", upn: "", ..ADA }), (0, 1));
    // Her number in the system, her name, and another permanent UPN.
    assert_eq!(tried(Child { upn: "W999291520003", ..ADA }), (0, 1));
    // The name alone.
    assert_eq!(tried(Child { number: "", upn: "", born: "", ..ADA }), (0, 1));
    // One of the two agrees: it is her, under a new surname, or with a birthday that was mended.
    assert_eq!(tried(Child { surname: "Vane", ..ADA }), (1, 0));
    assert_eq!(tried(Child { born: "2017-03-23", ..ADA }), (1, 0));
    // Name and birthday, without any number.
    assert_eq!(tried(Child { number: "", upn: "", ..ADA }), (0, 0));
    // Of another name under no number: she joins, and Ada has left.
    assert_eq!(tried(Child { number: "9", upn: "", surname: "Vane", ..ADA }), (2, 0));
}

#[test]
fn two_children_of_one_name_and_birthday_need_numbers() {
    let test = TestSchool::new();
    let twin = Child { line: 3, number: "2", ..ADA };
    let both = |upns: [&str; 2]| {
        let [one, other] = upns;
        let claims = claims(vec![pupil(&Child { upn: one, ..ADA }), pupil(&Child { upn: other, ..twin })]);
        let plan = plan(&roll(&test), &claims, &options()).unwrap();
        (plan.people.len(), plan.complaints.len())
    };
    assert_eq!(both(["K999319721001", "H999233723002"]), (2, 0));
    assert_eq!(both(["", ""]), (0, 2));
    assert_eq!(both(["K999319721001", ""]), (0, 2));
}

#[test]
fn one_upn_on_two_lines_is_nobodys() {
    let test = TestSchool::new();
    let other = Child { upn: ADA.upn, ..BEN };
    let plan = import(&test, &claims(vec![pupil(&ADA), pupil(&other)]));
    assert_eq!((plan.people.len(), plan.complaints.len()), (0, 2));
    assert!(plan.complaints.iter().all(|complaint| !complaint.what.contains("Ashgrove")));
}

#[test]
fn a_permanent_number_takes_the_place_of_a_temporary_one() {
    let test = TestSchool::new();
    import(&test, &claims(vec![pupil(&Child { upn: "A99931972100B", ..ADA })]));
    let plan = import(&test, &claims(vec![pupil(&ADA)]));
    assert_eq!((plan.people.len(), plan.complaints.len()), (1, 0));
    let there = roll(&test);
    assert_eq!(there.people().next().unwrap().person.pupil().unwrap().upn, upn("K999319721001"));
    // And never the other way.
    assert!(import(&test, &claims(vec![pupil(&Child { upn: "A99931972100B", ..ADA })])).is_empty());
}

#[test]
fn letters_that_an_export_lost_do_not_replace_a_whole_name() {
    let test = TestSchool::new();
    let torn = Child { surname: "Nguy?n", ..ADA };
    let whole = Child { surname: "Nguyễn", ..ADA };
    import(&test, &claims(vec![pupil(&torn)]));
    assert_eq!(import(&test, &claims(vec![pupil(&whole)])).count(ListOf::Pupils, Change::Changes), 1);
    assert!(import(&test, &claims(vec![pupil(&torn)])).is_empty());
    assert_eq!(roll(&test).people().next().unwrap().person.name.surname(), "Nguyễn");
}

pub(crate) fn contact(number: &str, surname: &str, forename: &str, email: &str) -> ContactClaim {
    ContactClaim {
        at: At { file: "contacts.csv".into(), line: 2 },
        ids: [id("wonde-contact", number)].into_iter().filter(|id| !id.id.is_empty()).collect(),
        name: Name::new(surname, forename).unwrap(),
        email: (!email.is_empty()).then(|| email.into()),
    }
}

pub(crate) fn link(pupil: &str, contact: usize, court_order: Option<bool>) -> LinkClaim {
    LinkClaim {
        at: At { file: "student_contacts.csv".into(), line: 2 },
        pupil: id("wonde", pupil),
        contact,
        relationship: "Mother".into(),
        priority: Some(1),
        responsibility: Some(true),
        court_order,
    }
}

#[test]
fn a_court_order_stands_until_it_is_said_to_be_over() {
    let test = TestSchool::new();
    let with = |order: Option<bool>| Claims {
        contacts: vec![contact("7", "Ashgrove", "Ida", "ida@mail.example")],
        links: vec![link("1", 0, order)],
        ..claims(vec![pupil(&ADA)])
    };
    import(&test, &with(Some(true)));
    let told = || {
        let there = roll(&test);
        let ada = there.people().find(|entry| entry.person.pupil().is_some()).unwrap();
        ada.person.pupil().unwrap().contacts[0].may_be_told()
    };
    assert!(!told());
    // A file without the column, and one without contacts, say nothing about it.
    import(&test, &with(None));
    import(&test, &claims(vec![pupil(&ADA)]));
    assert!(!told());
    let plan = import(&test, &with(Some(false)));
    assert!(told());
    assert_eq!(plan.notes.len(), 1);
}

#[test]
fn one_parent_of_two_children_is_one_person() {
    let test = TestSchool::new();
    let claims = Claims {
        contacts: vec![
            contact("", "Ashgrove", "Ida", "ida@mail.example"),
            contact("", "Ashgrove", "Ida", "IDA@mail.example"),
            // They share the address, and are two.
            contact("", "Ashgrove", "Tom", "ida@mail.example"),
        ],
        links: vec![link("1", 0, None), link("2", 1, None), link("1", 2, None)],
        ..claims(vec![pupil(&ADA), pupil(&BEN)])
    };
    import(&test, &claims);
    let there = roll(&test);
    assert_eq!(there.people().filter(|entry| entry.person.is(PersonKind::Parent)).count(), 2);
    assert!(import(&test, &claims).is_empty());
}

fn adult(number: &str, surname: &str, email: &str, kind: PersonKind) -> AdultClaim {
    AdultClaim {
        at: At { file: "employees.csv".into(), line: 2 },
        ids: [id("wonde-employee", number)].into(),
        name: Name::new(surname, "Robin").unwrap(),
        kind,
        title: None,
        login: None,
        email: Some(email.into()),
        joined: None,
        left: Said::Unsaid,
    }
}

#[test]
fn staff_are_known_by_number_and_mail() {
    let test = TestSchool::new();
    let with =
        |adults: Vec<AdultClaim>| Claims { adults, speaks_for: BTreeSet::from([ListOf::Staff]), ..claims(Vec::new()) };
    import(&test, &with(vec![adult("1", "Tolland", "r.tolland@amberhill.example", PersonKind::Teacher)]));
    // She married; her number and her address are as before.
    let married = with(vec![adult("1", "Vane", "r.tolland@amberhill.example", PersonKind::Teacher)]);
    assert_eq!(import(&test, &married).count(ListOf::Staff, Change::Changes), 1);
    // Her number and somebody else's name and address.
    let other = with(vec![adult("1", "Birch", "r.birch@amberhill.example", PersonKind::SupportStaff)]);
    let plan = import(&test, &other);
    assert_eq!((plan.people.len(), plan.complaints.len()), (0, 1));
    assert!(roll(&test).account(&"r.tolland".parse().unwrap()).unwrap().is_open(at(NOW)));
}

/// A file that somebody tampered with does not put the head out.
#[test]
fn no_file_makes_somebody_leave_who_holds_a_role() {
    let test = TestSchool::new();
    let with =
        |adults: Vec<AdultClaim>| Claims { adults, speaks_for: BTreeSet::from([ListOf::Staff]), ..claims(Vec::new()) };
    let head = adult("1", "Tolland", "r.tolland@amberhill.example", PersonKind::Teacher);
    let other = adult("2", "Birch", "r.birch@amberhill.example", PersonKind::Teacher);
    import(&test, &with(vec![head.clone(), other.clone()]));
    let there = roll(&test);
    let holder = there.account(&"r.tolland".parse().unwrap()).unwrap().id;
    let role_holders = BTreeSet::from([belisha_policy::PersonId::from_bytes(*holder.as_bytes())]);
    let options = Options { role_holders, ..options() };
    let without = plan(&there, &with(vec![other.clone()]), &options).unwrap();
    assert_eq!((without.people.len(), without.notes.len()), (0, 1));
    let dated = AdultClaim { left: Said::Said(Some(day("2026-05-01"))), ..head.clone() };
    let dated = plan(&there, &with(vec![dated, other.clone()]), &options).unwrap();
    assert_eq!((dated.people.len(), dated.notes.len()), (0, 1));
    // Nor one who is not here yet, nor does a directory switch them off.
    let to_come = AdultClaim { joined: Some(day("2030-01-01")), ..head };
    let to_come = plan(&there, &with(vec![to_come, other]), &options).unwrap();
    assert_eq!((to_come.people.len(), to_come.notes.len()), (0, 1));
    let off = Claims { accounts: vec![suspended("r.tolland", "Tolland", true)], ..claims(Vec::new()) };
    let off = plan(&there, &off_of_directory(off), &options).unwrap();
    assert_eq!((off.people.len(), off.notes.len()), (0, 1));
}

fn suspended(user: &str, surname: &str, suspended: bool) -> AccountClaim {
    AccountClaim {
        at: At { file: "users.csv".into(), line: 2 },
        email: format!("{user}@amberhill.example"),
        name: Name::new(surname, "Robin").unwrap(),
        suspended,
    }
}

/// What a directory says speaks for no list.
fn off_of_directory(claims: Claims) -> Claims {
    Claims { speaks_for: BTreeSet::new(), ..claims }
}

/// A directory switches on what it switched off, and never what a person did.
#[test]
fn a_directory_switches_accounts_and_undoes_nobody_elses_decision() {
    let test = TestSchool::new();
    let staff = vec![adult("1", "Tolland", "r.tolland@amberhill.example", PersonKind::Teacher)];
    import(&test, &Claims { adults: staff, ..claims(Vec::new()) });
    let directory = |off: bool| {
        let accounts = vec![suspended("r.tolland", "Tolland", off)];
        import(&test, &off_of_directory(Claims { accounts, ..claims(Vec::new()) }))
    };
    let login: Login = "r.tolland".parse().unwrap();
    let is_open = || roll(&test).account(&login).unwrap().is_open(at(NOW));
    directory(true);
    assert!(!is_open());
    directory(false);
    assert!(is_open());
    directory(true);
    let id = roll(&test).account(&login).unwrap().id;
    let may = permit(Action::ManageAccounts);
    let by_hand = belisha_school::people::accounts::Do::SwitchOff;
    belisha_school::people::accounts::change(test.school.ledger(), &roll(&test), &may, id, &by_hand, at(NOW)).unwrap();
    directory(false);
    assert!(!is_open(), "a person switched it off as well");
    // Of somebody else's surname it says nothing.
    let other = Claims { accounts: vec![suspended("r.tolland", "Vane", false)], ..claims(Vec::new()) };
    assert_eq!(import(&test, &off_of_directory(other)).complaints.len(), 1);
}

/// People whom no list has are added by hand, each as what they are; no list makes them leave, and their last day
/// does.
#[test]
fn who_is_in_no_list_is_added_by_hand_and_leaves_by_hand() {
    let test = TestSchool::new();
    import(&test, &claims(vec![pupil(&ADA)]));
    let (ledger, may) = (test.school.ledger(), permit(Action::ManageAccounts));
    let newcomer = |kind: PersonKind, user: &str| Newcomer {
        surname: "Marlow".into(),
        forename: "Ines".into(),
        kind,
        title: None,
        login: (!user.is_empty()).then(|| user.parse().unwrap()),
        until: None,
    };
    let add = |newcomer: &Newcomer| add_person(ledger, &roll(&test), &may, newcomer, at(NOW));
    for kind in PersonKind::ALL {
        let user = if kind == PersonKind::ExternalBody { "" } else { kind.slug() };
        let added = add(&newcomer(kind, user));
        assert_eq!(added.is_ok(), is_added_by_hand(kind), "{kind:?}");
        assert!(added.is_ok() || matches!(added, Err(AccountError::InLists)));
    }
    let outside = add(&newcomer(PersonKind::ExternalBody, "police"));
    assert!(matches!(outside, Err(AccountError::Outside)));
    assert!(matches!(add(&newcomer(PersonKind::Visitor, "volunteer")), Err(AccountError::Taken)));
    let over = Newcomer { until: Some(day("2026-05-11")), ..newcomer(PersonKind::Visitor, "v") };
    assert!(matches!(add(&over), Err(AccountError::Over)));
    let unnamed = Newcomer { surname: " ".into(), ..newcomer(PersonKind::Visitor, "v") };
    assert!(matches!(add(&unnamed), Err(AccountError::Name(_))));
    let wrong =
        add_person(ledger, &roll(&test), &permit(Action::ViewPeople), &newcomer(PersonKind::Visitor, "v"), at(NOW));
    assert!(matches!(wrong, Err(AccountError::Permit(_))));
    // Whole lists, in which they are not.
    let whole = Claims { speaks_for: BTreeSet::from([ListOf::Staff, ListOf::Governors]), ..claims(vec![pupil(&ADA)]) };
    assert!(import(&test, &whole).is_empty());
    let login: Login = "volunteer".parse().unwrap();
    let helper = belisha_policy::PersonId::from_bytes(*roll(&test).account(&login).unwrap().id.as_bytes());
    set_last_day(ledger, &roll(&test), &may, helper, day("2026-05-12"), at(NOW)).unwrap();
    let there = roll(&test);
    assert!(there.account(&login).unwrap().is_open(at(NOW)));
    assert!(!there.account(&login).unwrap().is_open(at("2026-05-13T09:00:00Z")));
    let ada = there.people().find(|entry| entry.person.pupil().is_some()).unwrap().person.id;
    let of_list = set_last_day(ledger, &there, &may, ada, day("2026-05-12"), at(NOW));
    assert!(matches!(of_list, Err(AccountError::InLists)));
}

#[test]
fn a_user_name_is_one_persons() {
    let test = TestSchool::new();
    let same = PupilClaim { email: Some("ada.2@other.example".into()), ..pupil(&BEN) };
    let plan = import(&test, &claims(vec![pupil(&ADA), same]));
    assert_eq!((plan.people.len(), plan.notes.len()), (2, 1));
    assert_eq!(roll(&test).people().filter(|entry| entry.account.is_some()).count(), 1);
}

#[test]
fn whoever_imports_on_an_old_roll_is_told() {
    let test = TestSchool::new();
    let ledger = test.school.ledger();
    let old = roll(&test);
    import(&test, &claims(vec![pupil(&ADA)]));
    let late = plan(&old, &claims(vec![pupil(&BEN)]), &options()).unwrap();
    assert!(apply(ledger, &old, &late, None, at(NOW)).is_err());
    assert_eq!(roll(&test).people().count(), 1);
}

#[test]
fn who_would_have_to_copy_people_to_follow_them_is_told_when_to() {
    let test = TestSchool::new();
    let ledger = test.school.ledger();
    let mut authority = Authority::load(ledger).unwrap();
    assert!(!authority.is_behind(ledger).unwrap());
    import(&test, &claims(vec![pupil(&ADA)]));
    assert!(authority.is_behind(ledger).unwrap());
    assert!(authority.follow(ledger).unwrap());
    assert!(!authority.is_behind(ledger).unwrap());
    // Roles are in it as well.
    let pupil = authority.roll().people().next().unwrap().person.id;
    let grant = Command::GrantStatus(pupil);
    authority.change(ledger, &permit(Action::AssignRoles), &grant, at(NOW)).unwrap();
    assert!(authority.is_behind(ledger).unwrap());
    assert!(authority.follow(ledger).unwrap());
    assert!(!authority.is_behind(ledger).unwrap());
}

#[test]
fn a_roll_follows_what_others_write() {
    let test = TestSchool::new();
    let mut following = roll(&test);
    assert!(!following.follow(test.school.ledger()).unwrap());
    import(&test, &claims(vec![pupil(&ADA), pupil(&BEN)]));
    assert!(following.follow(test.school.ledger()).unwrap());
    import(&test, &claims(vec![pupil(&Child { class: "5A", ..ADA }), pupil(&BEN)]));
    assert!(following.follow(test.school.ledger()).unwrap());
    let fresh = roll(&test);
    let all = |roll: &Roll| roll.people().map(|entry| (entry.person.clone(), entry.version)).collect::<Vec<_>>();
    assert_eq!(all(&following), all(&fresh));
    assert_eq!(following.version(), fresh.version());
}

#[test]
fn no_name_stands_in_the_clear() {
    let test = TestSchool::new();
    import(&test, &claims(vec![pupil(&Child { surname: "Quillfeather", ..ADA })]));
    let folder = test.folder.path();
    drop(test.school);
    let mut looked = 0;
    for entry in walk(folder) {
        let bytes = std::fs::read(&entry).unwrap();
        looked += 1;
        for secret in [&b"Quillfeather"[..], b"K999319721001", b"amberhill.example"] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret), "{}", entry.display());
        }
    }
    assert!(looked > 2);
}

pub(crate) fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// One system knows UPNs, one knows numbers of its own, one only names and birthdays (some without a birthday have
    /// a UPN there): in every order the same children are there.
    #[test]
    fn systems_in_any_order_give_the_same_pupils(order in Just(vec![0, 1, 2]).prop_shuffle(), seed in 1_u64..1_000) {
        let test = TestSchool::new();
        let children: Vec<(String, String, String)> = (0..12)
            .map(|number| {
                let upn = format!("A99931{:06}1", seed * 100 + number);
                (upn, format!("Vane{}", char::from(b'a' + u8::try_from(number).unwrap())), format!("2017-03-{:02}", number + 1))
            })
            .collect();
        let file = |system: usize| {
            let child = |(place, (upn, surname, born)): (usize, &(String, String, String))| PupilClaim {
                ids: if system == 1 { [id("sims", &place.to_string())].into() } else { BTreeSet::new() },
                upn: if system == 2 && place % 3 != 0 { None } else { Some(upn.parse().unwrap()) },
                email: Some(format!("pupil{place}@amberhill.example")),
                born: (system != 2 || place % 3 != 0).then(|| day(born)),
                ..pupil(&Child { line: place as u64 + 2, surname, ..ADA })
            };
            claims(children.iter().enumerate().map(child).collect())
        };
        for system in order {
            let plan = import(&test, &file(system));
            prop_assert_eq!(plan.complaints.len(), 0);
        }
        let there = roll(&test);
        prop_assert_eq!(there.people().count(), 12);
        prop_assert!(there.people().all(|entry| entry.person.left.is_none() && entry.written.pupil.as_ref().unwrap().born.is_some()));
    }
}

mod accounts {
    //! Classes and guests, and what is done by hand.

    use belisha_policy::people::{AccountHolder, Doubt};
    use belisha_policy::{Action, Attribution, PersonId};
    use belisha_school::people::accounts::{AccountError, Do, Guest, change, open_class, open_guest, set_guest_end};

    use super::*;
    use crate::support::permit;

    fn school() -> (TestSchool, PersonId) {
        let test = TestSchool::new();
        let staff = vec![adult("1", "Tolland", "r.tolland@amberhill.example", PersonKind::Teacher)];
        import(&test, &Claims { adults: staff, ..claims(vec![pupil(&ADA), pupil(&BEN)]) });
        let host = roll(&test).people().find(|entry| entry.person.is_staff()).unwrap().person.id;
        (test, host)
    }

    fn guest(sponsor: PersonId, until: &str) -> Guest {
        Guest { called: "visiting author".into(), login: "author".parse().unwrap(), sponsor, until: at(until) }
    }

    /// SC-08: an end that moves, one account, and nothing after the end.
    #[test]
    fn a_guest_is_in_until_their_time_is_over() {
        let (test, host) = school();
        let ledger = test.school.ledger();
        let may = permit(Action::CreateGuestAccount);
        let open = |until: &str| open_guest(ledger, &roll(&test), &may, &guest(host, until), at(NOW));
        assert!(matches!(open("2026-05-12T08:59:59Z"), Err(AccountError::GuestTime)));
        assert!(matches!(open("2026-05-20T09:00:01Z"), Err(AccountError::GuestTime)));
        let id = open("2026-05-12T14:30:00Z").unwrap();
        assert!(matches!(open("2026-05-12T14:30:00Z"), Err(AccountError::Taken)));
        let there = roll(&test);
        let account = there.account_by_id(id).unwrap();
        assert!(account.is_open(at("2026-05-12T14:29:59Z")) && !account.is_open(at("2026-05-12T14:30:00Z")));
        assert_eq!(account.attribution(at(NOW)), Attribution::Guest);
        assert_eq!(there.guests_of(host, at(NOW)).count(), 1);
        let late = at("2026-05-12T14:28:00Z");
        set_guest_end(ledger, &there, &may, id, at("2026-05-12T14:35:00Z"), late).unwrap();
        let there = roll(&test);
        assert!(there.account_by_id(id).unwrap().is_open(at("2026-05-12T14:34:59Z")));
        let over = at("2026-05-12T14:36:00Z");
        let extended = set_guest_end(ledger, &there, &may, id, at("2026-05-12T15:00:00Z"), over);
        assert!(matches!(extended, Err(AccountError::GuestOver)));
        // Somebody who is not here answers for nobody.
        let nobody = guest(PersonId::from_bytes([9; 16]), "2026-05-12T14:30:00Z");
        assert!(matches!(open_guest(ledger, &there, &may, &nobody, at(NOW)), Err(AccountError::Unknown)));
    }

    /// C-085.
    #[test]
    fn what_a_class_shares_is_nobodys_alone() {
        let (test, _) = school();
        let login = "class4a".parse().unwrap();
        let may = permit(Action::CreateClassAccount);
        let id = open_class(test.school.ledger(), &roll(&test), &may, "4A", &login, at(NOW)).unwrap();
        let there = roll(&test);
        let account = there.account(&login).unwrap();
        assert_eq!((account.id, account.attribution(at(NOW))), (id, Attribution::ClassAccount));
        assert_eq!(account.holder, AccountHolder::Class { class: "4A".into() });
    }

    /// marked from when it was known to others to when it no longer was.
    #[test]
    fn a_credential_in_doubt_marks_its_time() {
        let (test, _) = school();
        let ledger = test.school.ledger();
        let may = permit(Action::ReportCredential);
        let id = roll(&test).account(&"ada.2".parse().unwrap()).unwrap().id;
        let since = at("2026-05-11T10:00:00Z");
        change(ledger, &roll(&test), &may, id, &Do::Doubt(since), at(NOW)).unwrap();
        change(ledger, &roll(&test), &may, id, &Do::EndDoubt, at("2026-05-12T10:00:00Z")).unwrap();
        let there = roll(&test);
        let account = there.account_by_id(id).unwrap();
        assert_eq!(account.doubts, [Doubt { from: since, until: Some(at("2026-05-12T10:00:00Z")) }]);
        assert_eq!(account.attribution(at("2026-05-11T09:59:59Z")), Attribution::Individual);
        assert_eq!(account.attribution(since), Attribution::CredentialInDoubt);
        assert_eq!(account.attribution(at("2026-05-12T10:00:00Z")), Attribution::Individual);
        // The next file does not wash it away.
        let moved = PupilClaim { class: Some("5A".into()), ..pupil(&ADA) };
        import(&test, &claims(vec![moved, pupil(&BEN)]));
        assert_eq!(roll(&test).account_by_id(id).unwrap().doubts.len(), 1);
    }

    #[test]
    fn an_account_is_switched_off_on_and_renamed_with_a_permit() {
        let (test, _) = school();
        let ledger = test.school.ledger();
        let may = permit(Action::ManageAccounts);
        let id = roll(&test).account(&"ada.2".parse().unwrap()).unwrap().id;
        let wrong = change(ledger, &roll(&test), &permit(Action::CreateGuestAccount), id, &Do::SwitchOff, at(NOW));
        assert!(matches!(wrong, Err(AccountError::Permit(_))));
        let done = |what: Do| change(ledger, &roll(&test), &may, id, &what, at(NOW));
        done(Do::SwitchOff).unwrap();
        assert!(!roll(&test).account_by_id(id).unwrap().is_open(at(NOW)));
        // A file in which she stands does not switch on what a person switched off.
        import(&test, &claims(vec![pupil(&ADA), pupil(&BEN)]));
        assert!(!roll(&test).account_by_id(id).unwrap().is_open(at(NOW)));
        done(Do::SwitchOn).unwrap();
        assert!(matches!(done(Do::Rename("ben.3".parse().unwrap())), Err(AccountError::Taken)));
        done(Do::Rename("ada".parse().unwrap())).unwrap();
        assert!(import(&test, &claims(vec![pupil(&ADA), pupil(&BEN)])).is_empty());
        let there = roll(&test);
        assert!(there.account(&"ada.2".parse().unwrap()).is_none());
        assert!(there.account(&"ada".parse().unwrap()).unwrap().is_open(at(NOW)));
    }
}
