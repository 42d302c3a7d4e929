//! What an import would change: worked out first, shown, and only then written.

mod adults;
mod matching;
mod pupils;

use std::collections::{BTreeMap, BTreeSet};

use belisha_policy::PersonId;
use chrono::{DateTime, Datelike, NaiveDate, Utc};

use super::across::Elsewhere;
use super::roll::{Entry, Roll};
use super::written::{Unreadable, WrittenPerson};
use belisha_formats::mis::claims::{At, Claims, ListOf};

/// The greatest share of a list, in per cent, that may leave in one import without somebody saying that it is so.
pub const MOST_LEAVERS: u8 = 20;

/// So many may leave however small the list is.
const FEW: usize = 5;

/// How an import is to be done.
#[derive(Clone, Debug)]
pub struct Options {
    /// The instant of the import.
    pub now: DateTime<Utc>,
    /// The greatest share of a list, in per cent, that may leave because they are not in it.
    pub most_leavers: u8,
    /// Whether the files list everybody, so that who is not in them has left.
    pub lists: Lists,
    /// Those who hold a role. No file makes them leave: a role is ended by a person.
    pub role_holders: BTreeSet<PersonId>,
    /// What is done with a pupil who had moved to another school with their record.
    pub returning: Returning,
    /// The staff of the other schools of one import; `None` where one school is imported alone.
    pub elsewhere: Option<Elsewhere>,
}

/// What is done with a pupil who had moved to another school with their record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Returning {
    /// Nothing: what is kept of them is for reading only.
    #[default]
    Stop,
    /// They are taken in again: the other school has handed them back.
    TakeIn,
}

/// Whether files list everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lists {
    /// Everybody: who is missing has left.
    Everybody,
    /// Some, such as the new ones: nobody leaves by being left out.
    Some,
}

/// Something that a person has to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// Where; `None` for what is of no line.
    pub at: Option<At>,
    /// What is wrong, and what to do. No name and no number of a person is in it.
    pub what: String,
}

/// What becomes of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Change {
    /// They are new.
    Joins,
    /// They had left and are here again.
    Returns,
    /// They go to another year or class.
    Moves,
    /// Something else is new about them.
    Changes,
    /// They leave.
    Leaves,
}

impl Change {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Joins, Self::Returns, Self::Moves, Self::Changes, Self::Leaves];

    /// A word for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Joins => "new",
            Self::Returns => "returned",
            Self::Moves => "moved",
            Self::Changes => "changed",
            Self::Leaves => "left",
        }
    }
}

/// What is to be written of a person.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Who.
    pub person: PersonId,
    /// The version at which their stream is.
    pub(super) version: u64,
    /// What is to be written.
    pub(super) written: WrittenPerson,
    /// What becomes of them.
    pub change: Change,
    /// The list that they are of.
    pub list: ListOf,
    /// The line that says so; `None` for somebody who leaves by not being there.
    pub at: Option<At>,
}

/// What an import would change.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// What they are of.
    pub source: String,
    /// What is to be written.
    pub people: Vec<Planned>,
    /// What a person has to look at. The lines are left out.
    pub complaints: Vec<Complaint>,
    /// What is good to know.
    pub notes: Vec<Complaint>,
    /// Those who stay as they are.
    unchanged: BTreeMap<PersonId, ListOf>,
    /// The version of the roll on which this was worked out.
    pub(super) version: u64,
}

impl Plan {
    /// One that writes these and knows of nothing else.
    pub(super) fn of(people: Vec<Planned>) -> Self {
        Self { people, ..Self::default() }
    }

    /// How many of a list this becomes of.
    pub fn count(&self, list: ListOf, change: Change) -> usize {
        self.people.iter().filter(|planned| planned.list == list && planned.change == change).count()
    }

    /// How many of a list stay as they are.
    pub fn unchanged(&self, list: ListOf) -> usize {
        self.unchanged.values().filter(|of| **of == list).count()
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }
}

/// Why an import was refused as a whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// Too many would leave.
    #[error(
        "{leaving} of {there} {list} are not in it, more than {most} %: nothing was changed. If they have really left, \
         a signed-in person who may says so with --most-leavers 100; if it lists only some, use --part"
    )]
    TooManyLeave {
        /// The list.
        list: &'static str,
        /// Who would leave.
        leaving: usize,
        /// Who is there.
        there: usize,
        /// The greatest share.
        most: u8,
    },
    /// Somebody whom this program cannot read.
    #[error("{0}. Use the version that wrote it, or a newer one")]
    Unreadable(#[from] Unreadable),
    /// The system gives no random bytes.
    #[error("the system gives no random numbers: {0}")]
    Random(#[from] getrandom::Error),
}

/// Works out what several systems change in a roll, one after the other, as one plan.
///
/// # Errors
/// As [`plan`].
pub fn plan_all(roll: &Roll, claims: &[Claims], options: &Options) -> Result<Plan, PlanError> {
    let sources: Vec<&str> = claims.iter().map(|claims| claims.source.as_str()).collect();
    let mut all = Plan { source: sources.join("+"), version: roll.version(), ..Plan::default() };
    let mut then = roll.clone();
    let mut told: BTreeMap<PersonId, (ListOf, Option<At>)> = BTreeMap::new();
    for claims in claims {
        let next = plan(&then, claims, options)?;
        all.complaints.extend(next.complaints);
        all.notes.extend(next.notes);
        for (person, list) in next.unchanged {
            told.entry(person).or_insert((list, None));
        }
        for planned in next.people {
            then.put(planned.person, planned.written, planned.version)?;
            told.insert(planned.person, (planned.list, planned.at));
        }
    }
    if let Some(elsewhere) = &options.elsewhere {
        for (person, also_at) in elsewhere.news(&then, options.now.date_naive()) {
            let Some(entry) = then.person(person) else { continue };
            let (written, version) = (WrittenPerson { also_at, ..entry.written.clone() }, entry.version);
            then.put(person, written, version)?;
            told.entry(person).or_insert((ListOf::Staff, None));
        }
    }
    for (person, (list, at)) in told {
        let (before, Some(after)) = (roll.person(person), then.person(person)) else { continue };
        let Some(change) = change(before.map(|entry| &entry.written), &after.written) else {
            all.unchanged.insert(person, list);
            continue;
        };
        let version = before.map_or(0, |entry| entry.version);
        all.people.push(Planned { person, version, written: after.written.clone(), change, list, at });
    }
    Ok(all)
}

/// Works out what claims change in a roll.
///
/// # Errors
/// More would leave than may, or there are no random numbers for the ids of those who join.
pub fn plan(roll: &Roll, claims: &Claims, options: &Options) -> Result<Plan, PlanError> {
    let mut work = Work::new(roll, claims, options);
    let contacts = work.contacts()?;
    work.pupils(&contacts)?;
    work.adults()?;
    work.accounts();
    work.leavers(ListOf::Pupils)?;
    work.leavers(ListOf::Staff)?;
    work.leavers(ListOf::Governors)?;
    Ok(work.finish())
}

/// The plan as it grows.
struct Work<'a> {
    roll: &'a Roll,
    claims: &'a Claims,
    options: &'a Options,
    today: NaiveDate,
    /// What is to be said of each person; the last word of all lines about them.
    drafts: BTreeMap<PersonId, Draft>,
    /// People of whom some line speaks, be it a line that was left out: they do not leave by not being there.
    spoken_of: BTreeSet<PersonId>,
    /// User names that are given, and to whom.
    logins: BTreeMap<String, PersonId>,
    plan: Plan,
}

struct Draft {
    written: WrittenPerson,
    list: ListOf,
    at: Option<At>,
}

impl<'a> Work<'a> {
    fn new(roll: &'a Roll, claims: &'a Claims, options: &'a Options) -> Self {
        let plan = Plan { source: claims.source.clone(), version: roll.version(), ..Plan::default() };
        let login = |entry: &Entry| Some((entry.written.login.clone()?, entry.person.id));
        let mut logins: BTreeMap<String, PersonId> = roll.people().filter_map(login).collect();
        let shared = roll.shared_accounts();
        logins.extend(shared.map(|it| (it.login.as_str().to_owned(), PersonId::from_bytes(*it.id.as_bytes()))));
        let today = options.now.date_naive();
        Self { roll, claims, options, today, drafts: BTreeMap::new(), spoken_of: BTreeSet::new(), logins, plan }
    }

    fn complain(&mut self, at: &At, what: impl Into<String>) {
        self.plan.complaints.push(Complaint { at: Some(at.clone()), what: what.into() });
    }

    fn note(&mut self, at: Option<&At>, what: impl Into<String>) {
        self.plan.notes.push(Complaint { at: at.cloned(), what: what.into() });
    }

    /// A new person's id.
    fn fresh() -> Result<PersonId, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(PersonId::from_bytes(bytes))
    }

    /// What was written of a person, or is to be written of them by an earlier line.
    fn draft_of(&self, person: PersonId) -> WrittenPerson {
        match (self.drafts.get(&person), self.roll.person(person)) {
            (Some(draft), _) => draft.written.clone(),
            (None, Some(entry)) => entry.written.clone(),
            (None, None) => WrittenPerson::default(),
        }
    }

    fn put(&mut self, person: PersonId, written: WrittenPerson, list: ListOf, at: Option<At>) {
        self.spoken_of.insert(person);
        self.drafts.insert(person, Draft { written, list, at });
    }

    /// Whether a pupil has moved with their record, so that nothing about them changes here.
    fn is_gone(&self, person: PersonId) -> bool {
        let moved = self.roll.person(person).is_some_and(|entry| entry.written.moved_to().is_some());
        moved && self.options.returning == Returning::Stop
    }

    /// Gives a person a user name where they have none: one that they have has a password, and was perhaps given by
    /// hand.
    fn sign_in_name(&mut self, person: PersonId, written: &mut WrittenPerson, wanted: Option<String>, at: &At) {
        let Some(wanted) = wanted.filter(|_| written.login.is_none()) else { return };
        if self.logins.get(&wanted).is_some_and(|holder| *holder != person) {
            self.note(
                Some(at),
                "the user name is somebody else's, so this person has none: give one with belisha-reporter people login",
            );
            return;
        }
        written.login = Some(wanted.clone());
        self.logins.insert(wanted, person);
    }

    /// Those of a list who are here and of whom no line speaks leave today.
    fn leavers(&mut self, list: ListOf) -> Result<(), PlanError> {
        if self.options.lists == Lists::Some || !self.claims.speaks_for.contains(&list) {
            return Ok(());
        }
        let here: Vec<&Entry> = self
            .roll
            .people()
            .filter(|entry| list_of(entry) == Some(list) && entry.person.is_here(self.today))
            .filter(|entry| !self.is_gone(entry.person.id))
            .collect();
        let missing: Vec<&Entry> =
            here.iter().copied().filter(|entry| !self.spoken_of.contains(&entry.person.id)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        if self.claims.torn.contains(&list) {
            let what = format!(
                "{} {} are in none of the lines that were read, but some lines were left out: nobody was taken to \
                 have left. Mend those lines and import again",
                missing.len(),
                list.title()
            );
            self.note(None, what);
            return Ok(());
        }
        // Those of the top year are expected to go when the school year ends.
        let top = here.iter().filter_map(|entry| entry.written.pupil.as_ref()?.year).max();
        let summer = (7..=10).contains(&self.today.month());
        let expected = |entry: &&&Entry| {
            summer && entry.written.pupil.as_ref().is_some_and(|pupil| pupil.year.is_some() && pupil.year == top)
        };
        let sudden = missing.iter().filter(|entry| !expected(entry)).count();
        let most = self.options.most_leavers;
        if sudden > FEW && sudden * 100 > here.len() * usize::from(most) {
            return Err(PlanError::TooManyLeave { list: list.title(), leaving: sudden, there: here.len(), most });
        }
        let missing: Vec<PersonId> = missing.iter().map(|entry| entry.person.id).collect();
        let (holders, missing): (Vec<_>, Vec<_>) =
            missing.into_iter().partition(|person| self.options.role_holders.contains(person));
        if !holders.is_empty() {
            self.note(None, held_back(holders.len(), list));
        }
        for person in missing {
            let mut written = self.draft_of(person);
            written.left = Some(self.today);
            written.off = written.off.or(Some(self.options.now));
            self.drafts.insert(person, Draft { written, list, at: None });
        }
        Ok(())
    }

    fn finish(mut self) -> Plan {
        for (person, draft) in self.drafts {
            let before = self.roll.person(person);
            let Some(change) = change(before.map(|entry| &entry.written), &draft.written) else {
                self.plan.unchanged.insert(person, draft.list);
                continue;
            };
            let version = before.map_or(0, |entry| entry.version);
            let Draft { written, list, at } = draft;
            self.plan.people.push(Planned { person, version, written, change, list, at });
        }
        self.plan
    }
}

/// What is said of those who would leave and hold a role.
fn held_back(count: usize, list: ListOf) -> String {
    let who = if count == 1 { "one who holds a role is" } else { "some who hold roles are" };
    format!("{}: {who} not in the list, and stays: end the role first (belisha-reporter roles end)", list.title())
}

fn list_of(entry: &Entry) -> Option<ListOf> {
    if entry.written.pupil.is_some() {
        Some(ListOf::Pupils)
    } else if entry.person.is_staff() {
        Some(ListOf::Staff)
    } else if entry.person.is(belisha_policy::people::PersonKind::Governor) {
        Some(ListOf::Governors)
    } else {
        None
    }
}

/// What becomes of a person, where anything does.
fn change(before: Option<&WrittenPerson>, after: &WrittenPerson) -> Option<Change> {
    let Some(before) = before else { return Some(Change::Joins) };
    if before == after {
        return None;
    }
    let placed = |written: &WrittenPerson| written.pupil.as_ref().map(|pupil| (pupil.year, pupil.class.clone()));
    Some(match (before.left, after.left) {
        (None, Some(_)) => Change::Leaves,
        (Some(_), None) => Change::Returns,
        _ if placed(before) != placed(after) => Change::Moves,
        _ => Change::Changes,
    })
}
