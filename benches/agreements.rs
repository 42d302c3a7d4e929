//! Who has agreed: one standing, the coverage of a trust, and reading it all from the journal.
//!
//! 8,472 people, three years of editions: each year a material edition and a correction, signed by pupil and parent.

#![expect(clippy::expect_used, reason = "a bench that cannot go on ends")]

use std::hint::black_box;

use belisha_aua::{
    Book, Change, DocumentFact, Edition, Fact, File, Key, LocalMinute, Number, Printed, Signer, Subject, Template,
    Text, Way, Why, Words,
};
use belisha_policy::PersonId;
use belisha_policy::people::{Capacity, Contact, Name, NcYear, Person, Pupil, Responsibility, Restriction};
use chrono::{DateTime, Days, NaiveDate, Utc};
use criterion::Criterion;

/// The pupils of thirty schools.
const PEOPLE: u32 = 8_472;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

fn id(number: u32) -> PersonId {
    PersonId::from_bytes(u128::from(number).to_be_bytes())
}

fn pupil(number: u32) -> Person {
    let contact = |person| Contact {
        person,
        relationship: "Mother".into(),
        priority: Some(1),
        responsibility: Responsibility::Held,
        restriction: Restriction::None,
    };
    let pupil = Pupil {
        upn: None,
        born: NaiveDate::from_ymd_opt(2014, 1, 1).map(|day| day + Days::new(u64::from(number % 900))),
        year: NcYear::new(3 + i8::try_from(number % 4).unwrap_or(0)),
        class: Some(format!("{}A", number % 30)),
        contacts: vec![contact(id(number + 1_000_000))],
    };
    let name = Name::new("Ashgrove", "Ada").expect("a name");
    Person { id: id(number), name, capacities: vec![Capacity::Pupil(pupil)], joined: None, left: None }
}

fn book(key: &Key) -> Book {
    let template = Template::named("ks2").expect("a template");
    let values = template.names().into_iter().map(|name| (name.to_owned(), "ours".to_owned())).collect();
    let text = Text::of(template, &Words { values, ..Words::default() }).expect("a text");
    let mut book = Book::default();
    for major in 1..=3 {
        let year = 2023 + i32::try_from(major).unwrap_or(0);
        let day = |month, day| NaiveDate::from_ymd_opt(year, month, day).expect("a day");
        let grace_until = LocalMinute::end_of(day(10, 31));
        let asks = Change::Asks { why: Why::Material, grace_until };
        for (minor, change, effective) in [(0, asks, day(9, 1)), (1, Change::Editorial, day(11, 20))] {
            let (number, terms, text) = (Number { major, minor }, template.terms(), text.clone());
            let edition = Edition { number, change, effective, terms, text };
            let at = effective.and_hms_opt(7, 0, 0).expect("a time").and_utc();
            book.evolve(key, at, &DocumentFact::Published { title: "Rules".into(), edition, rests_on: [].into() });
        }
    }
    book
}

fn file(key: &Key, number: u32) -> File {
    let mut file = File::default();
    for major in 1..=3 {
        let at = at(&format!("{}-10-0{}T09:00:00Z", 2023 + major, 1 + number % 8));
        for by in [Signer::Themselves, Signer::Parent(id(number + 1_000_000))] {
            // One in ten parents does not sign the last.
            if major == 3 && by != Signer::Themselves && number.is_multiple_of(10) {
                continue;
            }
            let (key, edition) = (key.clone(), Number { major, minor: 0 });
            let printed = Printed::new("Ada Ashgrove").expect("a name");
            file.evolve(at, Fact::Signed { key, edition, by, printed, way: Way::InClass, because: None });
        }
    }
    file
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let key: Key = "ks2".parse().expect("a name");
    let book = book(&key);
    let people: Vec<(Person, File)> = (0..PEOPLE).map(|number| (pupil(number), file(&key, number))).collect();
    let now = at("2026-11-27T10:00:00Z");
    let mut group = criterion.benchmark_group("agreements");
    let (person, file) = people.get(7).expect("somebody");
    let subject = Subject::of(person);
    group.bench_function("standing of one", |b| {
        b.iter(|| black_box(&book).standing(black_box(file), black_box(&subject), black_box(now)));
    });
    group.bench_function("every change of one", |b| b.iter(|| black_box(&book).over_time(black_box(file), &subject)));
    group.bench_function("coverage of 8,472", |b| {
        b.iter(|| {
            let lacking = |(person, file): &(Person, File)| {
                let subject = Subject::of(person);
                book.lines(file, &subject, now).filter(|(_, state)| state.lacking().is_some()).count()
            };
            black_box(&people).iter().map(lacking).sum::<usize>()
        });
    });
    group.finish();
    criterion.final_summary();
}
