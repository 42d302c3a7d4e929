//! Counting a day without putting its lines together again. Wherever the log is, open or closed:
//! - the counts are those that counting line by line would give, in both views and for any hours;
//! - parts of a day add up to it, and each sum says the same number of requests;
//! - a writer that starts again makes no more people of the same ones;
//! - a day that is damaged is counted by nobody, and says so.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::IpAddr;
use std::sync::Arc;

use belisha_policy::{
    AccessRecord, Attribution, DayCounts, Kind, Navigation, Outcome, Outcomes, Phase, Replayed, Sites, Verdict, View,
};
use belisha_store::{ErrorKind, Place, SchoolHours, close_day, count_day, days, read_day};
use chrono::{NaiveDate, Timelike as _};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::round_trip::any_record;
use crate::server::School;
use crate::support::{Dice, NOON, date, numbered, numbers, open, record};

const DAY: &str = "2026-11-02";

/// All of the day in UTC, as hours of the same day.
fn whole(date: NaiveDate) -> SchoolHours {
    let mut hour = 0;
    [(); 24].map(|()| {
        hour += 1;
        Some((date, hour - 1))
    })
}

/// An hour ahead, as in summer; the first three hours are left out.
fn summer(date: NaiveDate) -> SchoolHours {
    let mut hours = whole(date).map(|hour| hour.map(|(date, hour)| (date, hour + 1)));
    hours[23] = Some((date.succ_opt().unwrap(), 0));
    hours[..3].fill(None);
    hours
}

fn would(line: &AccessRecord) -> Option<Outcome> {
    line.replayed.as_ref().map(|replayed| match replayed.verdict {
        Verdict::Allow => Outcome::Allowed,
        Verdict::Warn => Outcome::Warned,
        Verdict::Block => Outcome::Blocked,
    })
}

fn add_site(to: &mut Sites, line: &AccessRecord, view: View) {
    let categories = match (&line.replayed, view) {
        (Some(replayed), View::Replayed) => &replayed.categories,
        _ => &line.categories,
    };
    to.requests += 1;
    // What is unlawful is shown to nobody.
    let replayed = line.replayed.iter().flat_map(|replayed| &replayed.categories);
    let locked = line.categories.iter().chain(replayed).any(|category| category.kind() == Kind::Locked);
    let host = if locked { "".into() } else { line.host.clone() };
    *to.hosts.entry(host).or_default() += 1;
    if categories.is_empty() {
        *to.categories.entry(None).or_default() += 1;
    }
    for category in categories {
        *to.categories.entry(Some(*category)).or_default() += 1;
    }
}

/// What there is to count, line by line.
fn counted(place: &Place, date: NaiveDate, hours: &SchoolHours, view: View) -> BTreeMap<NaiveDate, DayCounts> {
    let mut days = BTreeMap::<NaiveDate, DayCounts>::new();
    let mut people = BTreeMap::<(NaiveDate, Option<Option<Arc<str>>>), (BTreeSet<u32>, BTreeSet<IpAddr>)>::new();
    for (date, _) in hours.iter().flatten() {
        days.entry(*date).or_default();
    }
    for logged in read_day(place, date).unwrap() {
        let logged = logged.unwrap();
        let line = &logged.record;
        let Some((date, hour)) = hours[line.at.hour() as usize] else { continue };
        let day = days.get_mut(&date).unwrap();
        let outcome = match view {
            _ if line.phase == Phase::Closed => {
                day.ends += 1;
                continue;
            }
            View::Observed => line.observed,
            View::Replayed => {
                let Some(outcome) = would(line) else {
                    day.not_replayed += 1;
                    continue;
                };
                outcome
            }
        };
        day.requests.add(outcome, 1);
        day.hours[usize::from(hour)].add(outcome, 1);
        day.navigation_mut(line.navigation).add(outcome, 1);
        day.attribution_mut(line.attribution).add(outcome, 1);
        day.groups.entry(line.group.clone()).or_default().requests.add(outcome, 1);
        for of in [None, Some(line.group.clone())] {
            let (people, devices) = people.entry((date, of)).or_default();
            match logged.person {
                Some(person) => people.insert(person.get()),
                None => devices.insert(line.address),
            };
        }
        if outcome == Outcome::Blocked {
            add_site(&mut day.blocked, line, view);
        }
        let open = [Outcome::Allowed, Outcome::Failed, Outcome::Warned].contains(&line.observed);
        if view == View::Replayed && outcome == Outcome::Blocked && open {
            add_site(&mut day.would_close, line, View::Replayed);
        }
        if view == View::Replayed && outcome != Outcome::Blocked && line.observed == Outcome::Blocked {
            add_site(&mut day.would_open, line, View::Observed);
        }
    }
    for ((date, of), (people, devices)) in people {
        let at_least = people.len().max(devices.len()) as u64;
        let day = days.get_mut(&date).unwrap();
        match of {
            None => day.people = at_least,
            Some(group) => day.groups.get_mut(&group).unwrap().people = at_least,
        }
    }
    days
}

fn is_counted_rightly(place: &Place) {
    for date in days(place).unwrap() {
        for view in [View::Observed, View::Replayed] {
            for hours in [whole(date), summer(date), [None; 24]] {
                let counts = count_day(place, date, &hours, view).unwrap();
                assert!(counts == counted(place, date, &hours, view), "{date} {view:?}");
                for day in counts.values() {
                    adds_up(day);
                }
            }
        }
    }
}

/// Whatever is summed up, it is the same requests.
fn adds_up(day: &DayCounts) {
    let sum = |parts: &mut dyn Iterator<Item = Outcomes>| {
        parts.fold(Outcomes::default(), |mut sum, part| {
            sum.merge(&part);
            sum
        })
    };
    let navigations = [Navigation::Navigation, Navigation::SubResource, Navigation::Unknown];
    assert_eq!(sum(&mut day.hours.into_iter()), day.requests);
    assert_eq!(sum(&mut navigations.into_iter().map(|it| day.navigation(it))), day.requests);
    assert_eq!(sum(&mut Attribution::ALL.into_iter().map(|it| day.attribution(it))), day.requests);
    assert_eq!(sum(&mut day.groups.values().map(|it| it.requests)), day.requests);
    for sites in [&day.blocked, &day.would_close, &day.would_open] {
        assert_eq!(sites.hosts.values().sum::<u64>(), sites.requests);
        assert!(sites.categories.values().sum::<u64>() >= sites.requests);
    }
    assert_eq!(day.blocked.requests, day.requests.get(Outcome::Blocked));
}

/// Records of all kinds on two days, much of which comes again. (Of a third, a writer would give out numbers anew.)
fn mixed(runner: &mut TestRunner, count: usize) -> Vec<AccessRecord> {
    let pool = proptest::collection::vec(any_record(), 8..40).new_tree(runner).unwrap().current();
    let mut dice = Dice::new(count as u64);
    let mut mixed = |number: usize| {
        let mut record = pool[dice.index(pool.len())].clone();
        record.at = crate::support::at(NOON + i64::try_from(dice.below(86_400_000)).unwrap());
        record.observed = Outcome::ALL[dice.index(5)];
        record.phase = [Phase::Whole, Phase::Opened, Phase::Whole, Phase::Closed][number % 4];
        if let Some(replayed) = &mut record.replayed {
            Arc::make_mut(replayed).verdict = Verdict::ALL[dice.index(3)];
        }
        record
    };
    (0..count).map(&mut mixed).collect()
}

fn fill(place: &Place, runner: &mut TestRunner) {
    let mut log = open(place);
    for count in [1, 40, 3_000] {
        log.append(&mixed(runner, count)).unwrap();
    }
}

fn close_all(place: &Place) {
    let Place::Folder(folder) = place else { return };
    for day in days(place).unwrap() {
        close_day(folder, day).unwrap();
    }
}

#[test]
fn a_folder_open_closed_or_both_counts_as_its_lines_do() {
    let mut runner = TestRunner::deterministic();
    for _ in 0..6 {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().into();
        fill(&place, &mut runner);
        is_counted_rightly(&place);
        close_all(&place);
        is_counted_rightly(&place);
    }
}

#[test]
fn postgresql_counts_as_its_lines_do() {
    let Some(mut schools) = School::start() else { return };
    let mut runner = TestRunner::deterministic();
    for _ in 0..3 {
        let place = schools.next();
        fill(&place, &mut runner);
        is_counted_rightly(&place);
    }
    assert_eq!(
        count_day(schools.next(), date(DAY), &whole(date(DAY)), View::Observed).unwrap_err().kind(),
        ErrorKind::Missing
    );
}

/// Ten people; the second writer gives them other numbers.
fn twice(place: &Place, between: impl Fn()) {
    let people = |hour: i64| {
        let person = move |number: i64| AccessRecord {
            person: Some(format!("p{number}").into()),
            ..record(NOON + hour * 3_600_000 + number, "a.example", "/")
        };
        (0..10).map(person).collect::<Vec<_>>()
    };
    open(place).append(&people(0)).unwrap();
    between();
    open(place).append(&people(1)).unwrap();
    let counts = count_day(place, date(DAY), &whole(date(DAY)), View::Observed).unwrap();
    let day = &counts[&date(DAY)];
    assert_eq!((day.people, day.requests.total()), (10, 20));
    assert_eq!(day.groups[&Some("year 9".into())].people, 10);
}

#[test]
fn a_writer_that_starts_again_makes_no_more_people() {
    let (open, closed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    twice(&open.path().into(), || ());
    twice(&closed.path().into(), || drop(close_day(closed.path(), date(DAY)).unwrap()));
    close_day(open.path(), date(DAY)).unwrap();
    let counts = count_day(open.path(), date(DAY), &whole(date(DAY)), View::Observed).unwrap();
    assert_eq!(counts[&date(DAY)].people, 10);
    let Some(mut schools) = School::start() else { return };
    twice(&schools.next(), || ());
}

#[test]
fn a_file_of_version_1_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let file = zstd::decode_all(include_bytes!("data/version-1.db.zst").as_slice()).unwrap();
    fs::write(folder.path().join("2026-11-02.db"), file).unwrap();
    is_counted_rightly(&folder.path().into());
    close_all(&folder.path().into());
    is_counted_rightly(&folder.path().into());
}

/// Every bit that is turned in a closed file is found: by its checksum, or because nothing can be unpacked.
#[test]
fn a_damaged_day_is_not_counted() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).append(&numbers(0, 3_000)).unwrap();
    let file = folder.path().join(&close_day(folder.path(), date(DAY)).unwrap()[0].name);
    let hours = whole(date(DAY));
    let right = count_day(folder.path(), date(DAY), &hours, View::Observed).unwrap();
    let good = fs::read(&file).unwrap();
    let (mut dice, mut found) = (Dice::new(9), 0);
    for _ in 0..200 {
        let mut bad = good.clone();
        let bit = dice.index(good.len() * 8);
        bad[bit / 8] ^= 1 << (bit % 8);
        fs::write(&file, &bad).unwrap();
        match count_day(folder.path(), date(DAY), &hours, View::Observed) {
            Ok(counts) => assert!(counts == right, "bit {bit} changed the counts"),
            Err(_) => found += 1,
        }
    }
    assert!(found > 190, "{found}");
    fs::write(&file, &good[..good.len() / 2]).unwrap();
    let cut = count_day(folder.path(), date(DAY), &hours, View::Observed).unwrap_err();
    assert_eq!(cut.kind(), ErrorKind::Damaged);
}

/// What a replay says counts in its view alone.
#[test]
fn a_replay_changes_nothing_of_what_was_observed() {
    let [one, two] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let replayed = |number: u64| {
        let verdict = if number.is_multiple_of(2) { Verdict::Allow } else { Verdict::Block };
        Replayed { verdict, profile: "staff".into(), categories: vec![], rules: vec![], ruleset: 1 }
    };
    let with = |number: u64| AccessRecord { replayed: Some(Arc::new(replayed(number))), ..numbered(number) };
    let without = |number: u64| AccessRecord { replayed: None, ..numbered(number) };
    open(one.path()).append(&(0..500).map(with).collect::<Vec<_>>()).unwrap();
    open(two.path()).append(&(0..500).map(without).collect::<Vec<_>>()).unwrap();
    let count = |folder: &tempfile::TempDir, view| {
        count_day(folder.path(), date(DAY), &whole(date(DAY)), view).unwrap().remove(&date(DAY)).unwrap()
    };
    assert_eq!(count(&one, View::Observed), count(&two, View::Observed));
    let (with, without) = (count(&one, View::Replayed), count(&two, View::Replayed));
    assert_eq!((without.requests.total(), without.not_replayed), (0, with.requests.total()));
    assert!(with.would_open.requests > 0 && with.would_open.requests < with.requests.total());
    assert_eq!(with.would_close.requests, 0, "all were blocked");
}
