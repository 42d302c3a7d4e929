//! Who asked, by what a line of a log says.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use ahash::RandomState;
use belisha_policy::people::{Account, AccountHolder, AccountId, Switch};
use belisha_policy::{Actor, PersonId, Policy, SignIn};
use chrono::{DateTime, Utc};

use crate::authority::Authority;

const SECONDS_A_DAY: i64 = 86_400;
/// User names and askers that are kept in memory; when there are more, all are forgotten.
const KEPT: usize = 1 << 17;

/// An asker, by the number in [`Askers`].
pub(crate) type AskerId = u32;

/// Who somebody is, as far as a log can tell.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum Person {
    /// Somebody with an account here.
    Known(AccountId),
    /// A user name that nobody here has.
    Unknown(Arc<str>),
    /// The log names nobody.
    Nobody,
}

/// Never who.
impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Person(..)")
    }
}

/// Somebody who asked from somewhere, as they are at a time.
pub(crate) struct Asker {
    pub(crate) person: Person,
    /// Who that is to each policy.
    pub(crate) actors: Vec<Actor>,
    /// From and to which second this holds.
    holds: (i64, i64),
}

impl Asker {
    /// Who they are to the first policy.
    pub(crate) fn actor(&self) -> Option<&Actor> {
        self.actors.first()
    }
}

/// Finds out who asked. Policies and the people of a school are given; what a log says of groups is not believed.
pub(crate) struct Askers<'a> {
    policies: Vec<&'a Policy>,
    authority: &'a Authority,
    /// Those whose roles come and go.
    with_roles: HashSet<PersonId>,
    users: HashMap<Box<[u8]>, u32, RandomState>,
    people: Vec<Person>,
    ids: HashMap<(u32, Option<IpAddr>), AskerId, RandomState>,
    all: Vec<Asker>,
    /// Raised when a number means somebody else than it did.
    generation: u32,
}

impl<'a> Askers<'a> {
    pub(crate) fn new(policies: Vec<&'a Policy>, authority: &'a Authority) -> Self {
        let assignments = authority.assignments();
        let holding = assignments.holdings().iter().map(|holding| holding.person);
        let delegated = assignments.delegations().iter().map(|delegation| delegation.to);
        Self {
            policies,
            authority,
            with_roles: holding.chain(delegated).collect(),
            users: HashMap::default(),
            people: Vec::new(),
            ids: HashMap::default(),
            all: Vec::new(),
            generation: 0,
        }
    }

    /// Whoever has a user name and an address, as they were at a time.
    pub(crate) fn id(&mut self, user: &[u8], address: Option<IpAddr>, at: DateTime<Utc>) -> AskerId {
        let user = self.user(user);
        let address = address.map(|address| address.to_canonical());
        let second = at.timestamp();
        let known = self.ids.get(&(user, address)).copied();
        if let Some(id) = known
            && self.get(id).is_some_and(|asker| (asker.holds.0..asker.holds.1).contains(&second))
        {
            return id;
        }
        let person = usize::try_from(user).ok().and_then(|user| self.people.get(user)).cloned();
        let asker = self.asker(person.unwrap_or(Person::Nobody), address, at);
        self.keep(known, (user, address), asker)
    }

    fn keep(&mut self, known: Option<AskerId>, key: (u32, Option<IpAddr>), asker: Asker) -> AskerId {
        if let Some(slot) = known.and_then(|id| self.all.get_mut(usize::try_from(id).ok()?)) {
            // As long as they are the same to every rule, what was said of them holds.
            if slot.actors != asker.actors {
                self.generation = self.generation.wrapping_add(1);
            }
            *slot = asker;
            return known.unwrap_or_default();
        }
        if self.all.len() >= KEPT {
            self.all.clear();
            self.ids.clear();
            self.generation = self.generation.wrapping_add(1);
        }
        let id = AskerId::try_from(self.all.len()).unwrap_or(AskerId::MAX);
        self.all.push(asker);
        self.ids.insert(key, id);
        id
    }

    pub(crate) fn get(&self, id: AskerId) -> Option<&Asker> {
        self.all.get(usize::try_from(id).ok()?)
    }

    /// Who an asker is to the first policy.
    pub(crate) fn actor(&self, id: AskerId) -> Option<&Actor> {
        self.get(id).and_then(Asker::actor)
    }

    /// Another one says that what was said of numbers from before does not hold any more.
    pub(crate) fn generation(&self) -> u32 {
        self.generation
    }

    fn user(&mut self, user: &[u8]) -> u32 {
        if let Some(id) = self.users.get(user) {
            return *id;
        }
        if self.users.len() >= KEPT {
            self.users.clear();
            self.people.clear();
            self.all.clear();
            self.ids.clear();
            self.generation = self.generation.wrapping_add(1);
        }
        let id = u32::try_from(self.people.len()).unwrap_or(u32::MAX);
        self.people.push(self.person(user));
        self.users.insert(user.into(), id);
        id
    }

    /// Who a user name is: as it stands, without the domain in front (`SCHOOL\ada`), without what is behind (`ada@SCHOOL`).
    fn person(&self, user: &[u8]) -> Person {
        if user.is_empty() {
            return Person::Nobody;
        }
        let decoded = percent_decoded(user);
        let text = String::from_utf8_lossy(&decoded);
        let text = text.trim();
        let account = |name: &str| self.authority.roll().account_of(name);
        let without_domain = text.rsplit(['\\', '/']).next().unwrap_or(text);
        let short = without_domain.split('@').next().unwrap_or(without_domain);
        let found = [text, without_domain, short].into_iter().find_map(account);
        found.map_or_else(|| Person::Unknown(format!("user {}", text.to_lowercase()).into()), |it| Person::Known(it.id))
    }

    fn asker(&self, person: Person, address: Option<IpAddr>, at: DateTime<Utc>) -> Asker {
        let account = match &person {
            Person::Known(id) => self.authority.roll().account_by_id(*id),
            Person::Unknown(_) | Person::Nobody => None,
        };
        let who = account.map(|account| self.authority.who_is(account, at));
        let actor = |policy: &&Policy| match (&who, address) {
            (Some(who), Some(address)) => policy.signed_in(address, who),
            (Some(who), None) => policy.somebody(who),
            // Of whoever is not known here, the address tells, as it does to the proxy.
            (None, Some(address)) => match policy.sign_in_at(address) {
                SignIn::Never => policy.identify(address),
                SignIn::Ask => policy.not_signed_in(address),
            },
            (None, None) => policy.stranger(),
        };
        let holds = account.map_or((i64::MIN, i64::MAX), |account| self.holds(account, at));
        Asker { person, actors: self.policies.iter().map(actor).collect(), holds }
    }

    /// How long what is known of an account holds: a day, for those of whom only who is here can change; a second, where
    /// roles, doubts or an end can.
    fn holds(&self, account: &Account, at: DateTime<Utc>) -> (i64, i64) {
        let second = at.timestamp();
        let steady = account.doubts.is_empty()
            && account.switch == Switch::On
            && match &account.holder {
                AccountHolder::Individual(person) => !self.with_roles.contains(person),
                AccountHolder::Class { .. } => true,
                AccountHolder::Guest { .. } => false,
            };
        if steady {
            let day = second.div_euclid(SECONDS_A_DAY) * SECONDS_A_DAY;
            (day, day + SECONDS_A_DAY)
        } else {
            (second, second + 1)
        }
    }
}

/// What `%5C` and the like stand for; what only looks like it stays.
fn percent_decoded(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'%', text).is_none() {
        return text.into();
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, behind)) = rest.split_first() {
        let digit = |at: usize| behind.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        let byte = digit(0).zip(digit(1)).and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        if let Some(byte) = byte.filter(|_| *first == b'%') {
            decoded.push(byte);
            rest = behind.get(2..).unwrap_or_default();
        } else {
            decoded.push(*first);
            rest = behind;
        }
    }
    decoded.into()
}
