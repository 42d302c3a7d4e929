//! Incidents, counted.

use belisha_incident::{
    Breach, Case, Category, Circumstances, Command, Event, Fact, Imported, NationalRisk, Outcome, Risk, Tally, Track,
};
use chrono::TimeDelta;

use crate::{LEAD, TEACHER, Told, at};

/// One of a kind, acted on after so many minutes and closed after twice as many.
fn closed(category: Category, reported: &str, minutes: i64) -> Case {
    let mut told = Told::at(reported);
    told.report(TEACHER);
    told.now += TimeDelta::minutes(minutes);
    told.sort(category, Track::Pupils);
    let breaches = [Breach::PupilPictures].into();
    told.by(LEAD, Command::Describe(Circumstances { breaches, ..Circumstances::default() }));
    told.by(LEAD, Command::Conclude(Outcome::Unfounded));
    told.now += TimeDelta::minutes(minutes);
    told.by(LEAD, Command::AnswerReporter);
    told.by(LEAD, Command::Close);
    told.case
}

/// One of another system, of a kind in its words.
fn imported(category: &str) -> Case {
    let imported = Imported {
        system: "cpoms".into(),
        id: None,
        happened: at("2024-01-31T23:30:00Z"),
        words: "a note".into(),
        category: category.into(),
        status: "Closed".into(),
        also: Vec::new(),
        row_digest: [1; 32],
        line: 2,
        file: "log.csv".into(),
        file_digest: [2; 32],
        replaces: None,
    };
    Case::of(&[Event { at: at("2026-03-01T10:00:00Z"), by: None, fact: Fact::Imported(Box::new(imported)) }])
}

#[test]
fn cases_are_counted_by_kind_risk_and_month_and_the_median_is_in_the_middle() {
    let mut open = Told::at("2026-03-03T10:00:00Z");
    open.report(TEACHER);
    let cases = [
        closed(Category::AgainstEthos, "2026-03-02T10:00:00Z", 10),
        closed(Category::AgainstEthos, "2026-03-31T22:59:00Z", 20),
        // By the clock at the school it is April.
        closed(Category::Games, "2026-03-31T23:01:00Z", 40),
        open.case,
        imported("cyberbullying "),
        imported("n5"),
        imported("Bullying"),
    ];
    let tally = Tally::of(&cases);
    assert_eq!((tally.all(), tally.open, tally.closed, tally.archived), (7, 1, 3, 3));
    assert_eq!(tally.of_no_kind(), 2);
    let kinds = [(Category::Cyberbullying, 2), (Category::AgainstEthos, 2), (Category::Games, 1)];
    assert_eq!(tally.kinds, kinds.into());
    assert_eq!(tally.by(Category::risk), [(Risk::Content, 2), (Risk::Contact, 2), (Risk::Conduct, 1)].into());
    assert_eq!(tally.by(Category::national_risk).get(&NationalRisk::Commerce), Some(&1));
    let months: Vec<(String, u64)> = tally.months.iter().map(|(month, count)| (month.to_string(), *count)).collect();
    let expected = [("2024-01-01", 3), ("2026-03-01", 3), ("2026-04-01", 1)];
    assert_eq!(months, expected.map(|(month, count)| (month.to_owned(), count)));
    assert_eq!(tally.breaches, [(Breach::PupilPictures, 3)].into());
    assert_eq!(tally.to_act(), Some((TimeDelta::minutes(20), 3)));
    assert_eq!(Tally::of(&cases[..2]).to_close(), Some((TimeDelta::minutes(30), 2)));
    assert_eq!(Tally::of(&cases[3..]).to_act(), None);
}
