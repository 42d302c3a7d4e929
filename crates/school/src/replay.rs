//! What if? A log of the past under the settings in force and under others: whose requests would have gone the other way.
//!
//! The answer has counts and no people; of fewer than five people it says only that there are some (decisions 10). Names
//! are for those who may look them up, with a purpose that is written down first.

mod names;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::net::IpAddr;
use std::path::Path;

use ahash::RandomState;
use belisha_formats::access_log::{LogLine, RequestCounts, Tally};
use belisha_policy::{Category, Policy, Verdict};
use chrono::{DateTime, NaiveDate, Utc};

use crate::authority::Authority;
use crate::past::{Askers, From, HostId, Hosts, Judge, Line, LogError, LogFormat, Person, Reading, open};
use crate::rules::Rules;

pub use self::names::{Named, NamesError, name};

/// Groups of fewer people are not counted exactly.
const SMALL: usize = 5;

/// How many people: exact from five, and only that there are some below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct People(usize);

impl People {
    /// So many, or that there are some.
    pub fn exactly(self) -> Option<usize> {
        (self.0 == 0 || self.0 >= SMALL).then_some(self.0)
    }
}

/// `0`, `1–4`, `12`.
impl fmt::Display for People {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.exactly() {
            Some(count) => write!(f, "{count}"),
            None => write!(f, "1–{}", SMALL - 1),
        }
    }
}

/// Requests that would have gone another way: of which group, about what, and which way.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Way {
    /// The group under the settings in force; `None` for those who are in none.
    pub group: Option<String>,
    /// What the rule that decides is about; `None` where it is not a category that does.
    pub category: Option<Category>,
    /// What the settings in force say.
    pub from: Verdict,
    /// What the others say.
    pub to: Verdict,
}

/// How much that is.
#[derive(Clone, Debug)]
pub struct Change {
    /// Which.
    pub way: Way,
    /// Requests.
    pub requests: u64,
    /// People; devices, where the log names nobody.
    pub people: People,
    /// The hosts most concerned, and their requests.
    pub hosts: Vec<(String, u64)>,
    who: HashSet<Whose>,
}

/// Whose requests they are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Whose {
    Person(Person),
    Device(Option<IpAddr>),
}

/// What came of a log.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// How the logs were read.
    pub formats: Vec<&'static str>,
    /// Their lines.
    pub tally: Tally,
    /// What became of the lines that could be read.
    pub counts: RequestCounts,
    /// Requests of which nothing can be said, since what they ask for is no address.
    pub no_address: u64,
    /// Requests of which both say the same, and those of which they do not.
    pub same: u64,
    /// See `same`.
    pub other: u64,
    /// What the settings in force say, and what the others do.
    pub said: [[u64; Verdict::ALL.len()]; 2],
    /// The first day and the last, in UTC.
    pub days: Option<(NaiveDate, NaiveDate)>,
    /// What would have gone another way; the most requests first.
    pub changes: Vec<Change>,
}

/// What logs are asked under.
#[derive(Clone, Copy)]
pub struct WhatIf<'a> {
    /// The rules in force.
    pub rules: &'a Rules,
    /// The policy in force.
    pub policy: &'a Policy,
    /// The other one.
    pub other: &'a Policy,
    /// The people of the school.
    pub authority: &'a Authority,
    /// The time.
    pub now: DateTime<Utc>,
    /// How many hosts are named of each change.
    pub top: usize,
}

/// Reads logs under both policies. Nothing is written. `progress` is told which log is read, how many of its bytes have
/// been, and how many there are.
///
/// # Errors
/// A log cannot be read or is none; with its place among the paths.
pub fn replay(
    logs: &[impl AsRef<Path>],
    format: &LogFormat,
    ask: &WhatIf<'_>,
    progress: &mut dyn FnMut(usize, u64, Option<u64>),
) -> Result<Replayed, (usize, LogError)> {
    let mut comparing = Comparing::new(ask);
    for (at, path) in logs.iter().enumerate() {
        comparing
            .read(path.as_ref(), format, ask, &mut |read, total| progress(at, read, total))
            .map_err(|e| (at, e))?;
    }
    Ok(comparing.finish(ask.top))
}

#[derive(Default)]
struct Gathered {
    requests: u64,
    who: HashSet<Whose>,
    hosts: HashMap<Box<str>, u64, RandomState>,
}

struct Comparing<'a> {
    askers: Askers<'a>,
    hosts: Hosts,
    judge: Judge<'a>,
    changes: BTreeMap<Way, Gathered>,
    done: Replayed,
    seconds: (i64, i64),
}

impl<'a> Comparing<'a> {
    fn new(ask: &WhatIf<'a>) -> Self {
        let policies = vec![ask.policy, ask.other];
        let done = Replayed {
            formats: Vec::new(),
            tally: Tally::default(),
            counts: RequestCounts::default(),
            no_address: 0,
            same: 0,
            other: 0,
            said: [[0; Verdict::ALL.len()]; 2],
            days: None,
            changes: Vec::new(),
        };
        Self {
            askers: Askers::new(policies.clone(), ask.authority),
            hosts: Hosts::default(),
            judge: Judge::new(ask.rules, policies),
            changes: BTreeMap::new(),
            done,
            seconds: (i64::MAX, i64::MIN),
        }
    }

    fn read(
        &mut self,
        path: &Path,
        format: &LogFormat,
        ask: &WhatIf<'_>,
        progress: &mut dyn FnMut(u64, Option<u64>),
    ) -> Result<(), LogError> {
        let (dialect, input) = open(path, format)?.into_input();
        self.done.formats.push(dialect.slug());
        let mut reading = Reading::unremembered(dialect, input, From::default(), ask.now);
        while reading.next(&mut |at, line| self.take(at, line))? {
            let (read, total) = reading.progress();
            progress(read, total);
        }
        reading.check()?;
        self.done.tally.add(&reading.tally);
        let (sum, counts) = (&mut self.done.counts, reading.counts());
        sum.requests += counts.requests;
        sum.tunnels += counts.tunnels;
        sum.challenges += counts.challenges;
        sum.nothing += counts.nothing;
        Ok(())
    }

    fn take(&mut self, at: DateTime<Utc>, line: &LogLine<'_>) {
        let Line { asker, host, judged } = self.judge.line(&mut self.askers, &mut self.hosts, line, at);
        let second = at.timestamp();
        self.seconds = (self.seconds.0.min(second), self.seconds.1.max(second));
        let Some([now, then]) = judged.as_deref() else {
            self.done.no_address += 1;
            return;
        };
        for (counts, judged) in self.done.said.iter_mut().zip([now, then]) {
            if let Some((count, _)) = counts.iter_mut().zip(Verdict::ALL).find(|(_, it)| *it == judged.verdict()) {
                *count += 1;
            }
        }
        if now.verdict() == then.verdict() {
            self.done.same += 1;
            return;
        }
        self.done.other += 1;
        let strict = if then.verdict() > now.verdict() { then } else { now };
        let mild = if then.verdict() > now.verdict() { now } else { then };
        let asked = self.askers.get(asker);
        let group = asked.and_then(|asker| asker.actor()?.group()).map(|group| (**group).to_owned());
        let category = strict.about.or(mild.about);
        let way = Way { group, category, from: now.verdict(), to: then.verdict() };
        let whose = match asked.map(|asker| &asker.person) {
            Some(person @ (Person::Known(_) | Person::Unknown(_))) => Whose::Person(person.clone()),
            Some(Person::Nobody) | None => Whose::Device(line.address),
        };
        self.add(way, whose, host);
    }

    fn add(&mut self, way: Way, whose: Whose, host: Option<HostId>) {
        let gathered = self.changes.entry(way).or_default();
        gathered.requests += 1;
        gathered.who.insert(whose);
        if let Some(host) = host.and_then(|host| self.hosts.get(host)) {
            match gathered.hosts.get_mut(host.as_str()) {
                Some(count) => *count += 1,
                None => {
                    gathered.hosts.insert(host.as_str().into(), 1);
                }
            }
        }
    }

    fn finish(self, top: usize) -> Replayed {
        let day = |second: i64| Some(DateTime::from_timestamp(second, 0)?.date_naive());
        let changes = self.changes.into_iter().map(|(way, gathered)| {
            let mut hosts: Vec<(String, u64)> =
                gathered.hosts.into_iter().map(|(host, count)| (host.into(), count)).collect();
            hosts.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
            hosts.truncate(top);
            let people = People(gathered.who.len());
            Change { way, requests: gathered.requests, people, hosts, who: gathered.who }
        });
        let mut changes: Vec<Change> = changes.collect();
        changes.sort_by(|one, other| other.requests.cmp(&one.requests).then_with(|| one.way.cmp(&other.way)));
        let days = day(self.seconds.0).zip(day(self.seconds.1));
        Replayed { days, changes, ..self.done }
    }
}
