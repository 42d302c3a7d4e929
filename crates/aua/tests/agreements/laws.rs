//! The sentences at the head of `main.rs`, for whatever happens in whatever order.

use belisha_aua::{
    Book, Change, Command, Discussion, DocumentFact, Edition, Fact, File, ForPupils, LocalMinute, Number, SignedBy,
    Signer, Standing, Subject, Terms, Why,
};
use belisha_policy::calendar::instant;
use belisha_policy::{Agreed, Agreement, Told};
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use proptest::prelude::*;

use crate::world::{ADA, FATHER, MOTHER, OFFICE, World, asks, at, child, day, key, printed, text};

/// What may happen next, hours after the last.
#[derive(Clone, Debug)]
enum Next {
    Material { effective: u64, grace: u64 },
    Editorial { effective: u64 },
    Sign(Signer),
    Withdraw(Signer),
    Decide(bool),
    LetIn(i64),
    EndLetIn,
}

fn next() -> impl Strategy<Value = (i64, Next)> {
    let signer = || prop_oneof![Just(Signer::Themselves), Just(Signer::Parent(MOTHER)), Just(Signer::Parent(FATHER))];
    let next = prop_oneof![
        2 => (0..20u64, 0..30u64).prop_map(|(effective, grace)| Next::Material { effective, grace }),
        1 => (0..20u64).prop_map(|effective| Next::Editorial { effective }),
        6 => signer().prop_map(Next::Sign),
        2 => signer().prop_map(Next::Withdraw),
        1 => any::<bool>().prop_map(Next::Decide),
        1 => (1..200i64).prop_map(Next::LetIn),
        1 => Just(Next::EndLetIn),
    ];
    (0..300i64, next)
}

fn signed_by() -> impl Strategy<Value = SignedBy> {
    prop_oneof![Just(SignedBy::PupilAndParent), Just(SignedBy::Either), Just(SignedBy::Pupil)]
}

/// A book and a file into which everything of a history went, one step after the other.
#[derive(Clone)]
struct History {
    book: Book,
    file: File,
    now: DateTime<Utc>,
    number: Number,
    last: NaiveDate,
    terms: Terms,
}

impl History {
    fn new(signed_by: SignedBy) -> Self {
        let stages = belisha_aua::Stage::ALL.iter().copied().collect();
        let terms = Terms::Pupils(ForPupils { stages, signed_by, discussion: Discussion::NotAsked });
        let now = at("2026-01-05T09:00:00Z");
        let number = Number { major: 0, minor: 0 };
        Self { book: Book::default(), file: File::default(), now, number, last: day("2026-01-05"), terms }
    }

    fn publish(&mut self, number: Number, change: Change, effective: NaiveDate) {
        self.number = number;
        self.last = effective;
        let edition = Edition { number, change, effective, terms: self.terms.clone(), text: text("ks2") };
        let fact = DocumentFact::Published { title: "Rules".into(), edition, rests_on: [].into() };
        self.book.evolve(&key("ks2"), self.now, &fact);
    }

    fn steps(&mut self, history: &[(i64, Next)]) {
        for (hours, next) in history {
            self.step(*hours, next);
        }
    }

    fn step(&mut self, hours: i64, next: &Next) {
        self.now += TimeDelta::hours(hours);
        let today = belisha_policy::calendar::local(self.now).date_naive();
        let Number { major, minor } = self.number;
        let fact = match next {
            Next::Material { effective, grace } => {
                let effective = self.last.max(today) + Days::new(*effective);
                let grace_until = LocalMinute::end_of(effective + Days::new(*grace));
                let change = Change::Asks { why: Why::Material, grace_until };
                return self.publish(Number { major: major + 1, minor: 0 }, change, effective);
            }
            Next::Editorial { .. } | Next::Sign(_) if major == 0 => return,
            Next::Editorial { effective } => {
                let effective = self.last.max(today) + Days::new(*effective);
                return self.publish(Number { major, minor: minor + 1 }, Change::Editorial, effective);
            }
            Next::Sign(by) => {
                let (key, edition) = (key("ks2"), self.number);
                Fact::Signed {
                    key,
                    edition,
                    by: *by,
                    printed: printed(),
                    way: belisha_aua::Way::InClass,
                    because: None,
                }
            }
            Next::Withdraw(by) => Fact::Withdrawn { key: key("ks2"), by: *by },
            Next::Decide(stands) => Fact::Decided { key: key("ks2"), stands: *stands, reason: "talked".into() },
            Next::LetIn(hours) => Fact::LetIn { reason: "ill".into(), until: self.now + TimeDelta::hours(*hours) },
            Next::EndLetIn => Fact::LetInEnded,
        };
        self.file.evolve(self.now, fact);
    }
}

fn subject() -> Subject {
    // Of age in the middle of what happens.
    Subject::of(&child(13, "2008-05-14"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_comes_later_changes_nothing_of_what_was(
        signed_by in signed_by(),
        history in prop::collection::vec(next(), 1..24),
    ) {
        let (mut told, subject) = (History::new(signed_by), subject());
        let mut seen: Vec<(DateTime<Utc>, Standing)> = Vec::new();
        for (hours, next) in &history {
            // One second on, so that nothing else happens at an instant that was looked at.
            told.step(hours + 1, next);
            for (when, standing) in &seen {
                prop_assert_eq!(told.book.standing(&told.file, &subject, *when), *standing, "{}", when);
            }
            for when in [told.now, told.now + TimeDelta::minutes(59)] {
                seen.push((when, told.book.standing(&told.file, &subject, when)));
            }
        }
    }

    #[test]
    fn one_value_says_it_of_every_instant(
        signed_by in signed_by(),
        history in prop::collection::vec(next(), 1..24),
        whens in prop::collection::vec(0..20_000i64, 1..40),
    ) {
        let (mut told, subject) = (History::new(signed_by), subject());
        told.steps(&history);
        let over_time = told.book.over_time(&told.file, &subject);
        let agreement = Agreement::new(over_time.clone(), Told::Never);
        let turns = over_time.iter().flat_map(|(at, _)| [*at, *at - TimeDelta::milliseconds(1)]);
        let others = whens.iter().map(|hours| at("2025-12-01T00:00:00Z") + TimeDelta::hours(*hours));
        for when in turns.chain(others) {
            let expected = told.book.standing(&told.file, &subject, when).agreed();
            prop_assert_eq!(agreement.agreed(when), expected, "{}", when);
        }
    }

    #[test]
    fn an_edition_that_corrects_makes_nobody_unsigned(
        signed_by in signed_by(),
        history in prop::collection::vec(next(), 1..20),
        effective in 0..20u64,
        later in 0..2_000i64,
    ) {
        let (mut told, subject) = (History::new(signed_by), subject());
        told.steps(&history);
        prop_assume!(told.number.major > 0);
        let mut corrected = told.clone();
        corrected.step(1, &Next::Editorial { effective });
        let when = corrected.now + TimeDelta::hours(later);
        let before = told.book.standing(&told.file, &subject, when);
        prop_assert_eq!(corrected.book.standing(&corrected.file, &subject, when), before);
    }

    /// Whatever the day, clock changes included.
    #[test]
    fn a_material_edition_ends_what_was_signed_at_the_end_of_its_grace_by_the_clock_at_the_school(
        days in 1..400u64,
        grace in 0..60u64,
        minute in 0..1_440i64,
    ) {
        let mut world = World::new(child(4, "2016-04-23"), "2026-01-05T09:00:00Z");
        world.publish("ks2", asks("2026-01-20"), "2026-01-05").unwrap();
        world.discuss("ks2", "4A");
        world.sign("ks2", Signer::Themselves, belisha_aua::Way::InClass).unwrap();
        world.sign("ks2", Signer::Parent(MOTHER), world.paper()).unwrap();
        let effective = day("2026-01-06") + Days::new(days);
        let local = (effective + Days::new(grace + 1)).and_time(chrono::NaiveTime::MIN) + TimeDelta::minutes(minute);
        let change = Change::Asks { why: Why::Material, grace_until: LocalMinute::of(local) };
        world.publish("ks2", change, &effective.to_string()).unwrap();
        let ends = instant(local);
        let standing = |when| world.book.standing(&world.file, &world.subject(), when);
        prop_assert!(standing(ends - TimeDelta::milliseconds(1)).agreed() == Agreed::Yes);
        prop_assert_eq!(standing(ends), Standing::Unsigned);
    }

    #[test]
    fn a_no_holds_at_once(
        signed_by in signed_by(),
        history in prop::collection::vec(next(), 1..24),
        by in prop_oneof![Just(Signer::Themselves), Just(Signer::Parent(MOTHER))],
    ) {
        let mut told = History::new(signed_by);
        told.steps(&history);
        told.step(1, &Next::EndLetIn);
        told.step(24 * 60, &Next::Withdraw(by));
        let subject = Subject::of(&child(4, "2016-04-23"));
        // Whose word it is that is asked for, and no grace of a first edition.
        let counts = match (signed_by, by) {
            (SignedBy::Pupil, Signer::Parent(_)) | (SignedBy::Either, Signer::Themselves) => false,
            _ => told.number.major > 0,
        };
        prop_assume!(counts);
        let standing = told.book.standing(&told.file, &subject, told.now);
        let is_asked = told.book.documents().any(|it| it.in_force(told.now).is_some());
        prop_assert!(standing == Standing::Unsigned || !is_asked, "{:?}", standing);
    }
}

/// What an edition that corrects says it is, it is: for the same people, about the same things.
#[test]
fn a_correction_changes_nothing_else() {
    let mut world = World::new(child(4, "2016-04-23"), "2026-01-05T09:00:00Z");
    world.publish("ks2", asks("2026-01-20"), "2026-01-05").unwrap();
    let template = belisha_aua::Template::named("ks2").unwrap();
    let mut shorter = text("ks2");
    shorter.clauses.retain(|clause| !clause.topics.contains(&belisha_aua::Topic::Extremism));
    let mut terms = template.terms();
    if let Terms::Pupils(pupils) = &mut terms {
        pupils.signed_by = SignedBy::Either;
    }
    for (terms, text) in [(template.terms(), shorter), (terms, text("ks2"))] {
        let command = Command::Publish {
            title: "Rules".into(),
            change: Change::Editorial,
            effective: day("2026-01-06"),
            terms,
            text,
            rests_on: [].into(),
        };
        assert_eq!(world.document("ks2", command), Err(belisha_aua::Refused::NotEditorial));
    }
    assert_ne!(ADA, OFFICE);
}
