//! Who has which role when: folded from events, changed by commands that the static rules allow.
//!
//! Whether somebody may give a command is asked of [`may`](crate::may::may) before; here it is only asked whether what
//! they want can be. The rules here are the same for everybody and so tell nobody anything.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use chrono::{DateTime, TimeDelta, Utc};

use super::committee::{Place, Seat, Seats, barred};
use super::{Role, RoleSet};
use crate::may::{ActionSet, Standing};
use crate::permit::Action;
use crate::person::PersonId;
use crate::retention::Period;

/// The longest that a delegation lasts; whoever needs more gives it again.
pub const LONGEST_DELEGATION: TimeDelta = TimeDelta::days(366);

/// A role that somebody holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The role.
    pub role: Role,
    /// Who.
    pub person: PersonId,
    /// From this instant.
    pub from: DateTime<Utc>,
    /// To this one, itself not included.
    pub until: Option<DateTime<Utc>>,
    /// For whom they stand in.
    pub covers_for: Option<PersonId>,
}

impl Holding {
    /// Whether it holds at an instant.
    pub fn is_on(&self, at: DateTime<Utc>) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }
}

/// What somebody let another do in their place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delegation {
    /// Who gave it.
    pub by: PersonId,
    /// To whom.
    pub to: PersonId,
    /// What.
    pub actions: BTreeSet<Action>,
    /// From this instant.
    pub from: DateTime<Utc>,
    /// To this one.
    pub until: DateTime<Utc>,
}

/// What happened to roles.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum Event {
    /// Somebody holds a role.
    Appointed {
        /// The role.
        role: Role,
        /// Who.
        person: PersonId,
        /// From this instant.
        from: DateTime<Utc>,
        /// To this one.
        until: Option<DateTime<Utc>>,
        /// For whom they stand in.
        covers_for: Option<PersonId>,
    },
    /// Somebody holds a role no longer.
    Ended {
        /// The role.
        role: Role,
        /// Who.
        person: PersonId,
        /// From this instant.
        at: DateTime<Utc>,
    },
    /// Somebody let another do something in their place.
    Delegated {
        /// Who gave it.
        by: PersonId,
        /// To whom.
        to: PersonId,
        /// What.
        actions: BTreeSet<Action>,
        /// From this instant.
        from: DateTime<Utc>,
        /// To this one.
        until: DateTime<Utc>,
    },
    /// What was given was taken back.
    Revoked {
        /// Who had given it.
        by: PersonId,
        /// To whom.
        to: PersonId,
        /// From this instant.
        at: DateTime<Utc>,
    },
    /// Somebody has the status 'web filtering management'.
    StatusGranted {
        /// Who.
        person: PersonId,
        /// From this instant.
        at: DateTime<Utc>,
    },
    /// Somebody has it no longer.
    StatusWithdrawn {
        /// Who.
        person: PersonId,
        /// From this instant.
        at: DateTime<Utc>,
    },
    /// Who manages somebody.
    Managed {
        /// Who is managed.
        person: PersonId,
        /// By whom; `None` for nobody any more.
        by: Option<PersonId>,
    },
    /// Who teaches a class as its own teacher.
    Teaches {
        /// The class.
        class: String,
        /// Who; `None` for nobody any more.
        teacher: Option<PersonId>,
    },
    /// Somebody sits in the online safety committee; a term that they had before is over.
    Seated {
        /// Who.
        person: PersonId,
        /// In which place. There is one chair at a time: another becomes a member.
        place: Place,
        /// For whom they sit there.
        represents: Option<String>,
        /// From this instant.
        from: DateTime<Utc>,
        /// To this one.
        until: Option<DateTime<Utc>>,
    },
    /// Somebody sits in it no longer.
    Unseated {
        /// Who.
        person: PersonId,
        /// From this instant.
        at: DateTime<Utc>,
    },
    /// Somebody looked through who holds which role.
    Reviewed {
        /// Who.
        by: PersonId,
        /// When.
        at: DateTime<Utc>,
    },
    /// Somebody left: they hold nothing from now on, and what they had delegated is over.
    Left {
        /// Who.
        person: PersonId,
        /// From this instant.
        at: DateTime<Utc>,
    },
}

/// What somebody wants to change. Each takes effect at once unless it says when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Give somebody a role.
    Appoint {
        /// The role.
        role: Role,
        /// Who.
        person: PersonId,
        /// From this instant.
        from: DateTime<Utc>,
        /// To this one.
        until: Option<DateTime<Utc>>,
        /// For whom they stand in.
        covers_for: Option<PersonId>,
    },
    /// Take a role away.
    End {
        /// The role.
        role: Role,
        /// From whom.
        person: PersonId,
    },
    /// Let another do something in one's place.
    Delegate {
        /// Who gives it.
        by: PersonId,
        /// To whom.
        to: PersonId,
        /// What.
        actions: BTreeSet<Action>,
        /// To this instant.
        until: DateTime<Utc>,
    },
    /// Take back what was given to somebody.
    Revoke {
        /// Who had given it.
        by: PersonId,
        /// To whom.
        to: PersonId,
    },
    /// Give the status 'web filtering management'.
    GrantStatus(PersonId),
    /// Take it away.
    WithdrawStatus(PersonId),
    /// Say who manages somebody.
    SetManager {
        /// Who is managed.
        person: PersonId,
        /// By whom.
        by: Option<PersonId>,
    },
    /// Say who teaches a class as its own teacher.
    SetTeacher {
        /// The class.
        class: String,
        /// Who.
        teacher: Option<PersonId>,
    },
    /// Seat somebody in the online safety committee.
    Seat {
        /// Who.
        person: PersonId,
        /// What they are at the school.
        being: RoleSet,
        /// In which place.
        place: Place,
        /// For whom they sit there.
        represents: Option<String>,
        /// To this instant.
        until: Option<DateTime<Utc>>,
    },
    /// Take somebody's seat away.
    Unseat(PersonId),
    /// Say that this person looked through who holds which role.
    Review(PersonId),
    /// Take everything from somebody who left.
    Leave(PersonId),
}

/// Why it cannot be. The rules are the same for everybody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// Nobody gives this role.
    #[error("{0} is what somebody is, and nobody is appointed to it: import them, or open an account")]
    NotGiven(Role),
    /// One person must not have both.
    #[error("nobody is {0} and {1} at once: appoint somebody else")]
    Both(Role, Role),
    /// Somebody else holds it.
    #[error("somebody else is {0}: end that first")]
    Held(Role),
    /// They do not hold it.
    #[error("this person is not {0}")]
    NotHeld(Role),
    /// Whoever stands in does so for a time.
    #[error("say until when somebody stands in for another")]
    CoverWithoutEnd,
    /// Nobody stands in for somebody who does not hold the role.
    #[error("nobody stands in for a person who is not {0}")]
    CoverForNobody(Role),
    /// It would be over before it begins, or last too long.
    #[error("it must end after it begins, and a delegation within {} days", LONGEST_DELEGATION.num_days())]
    Time,
    /// To oneself, or of nothing.
    #[error("a delegation is of something, and to somebody else")]
    Empty,
    /// It cannot be given to others.
    #[error("{0} cannot be delegated")]
    NotDelegable(Action),
    /// The giver may not do it by a role of their own.
    #[error("nobody delegates what they may not do themselves by a role: {0}")]
    NotTheirs(Action),
    /// The receiver must not have it.
    #[error("this cannot be delegated to a {0}")]
    Barred(Role),
    /// A head never acts for the chair.
    #[error("a head is never the delegate of the chair or the vice-chair")]
    HeadForChair,
    /// Nobody manages themselves, directly or by way of others.
    #[error("nobody manages themselves, be it by way of others")]
    Circle,
    /// They are what does not sit in the committee.
    #[error("a {0} does not sit in the online safety committee")]
    NotSeated(Role),
    /// They do not sit in it.
    #[error("this person does not sit in the online safety committee")]
    NoSeat,
    /// There is nothing to take back.
    #[error("there is nothing of this to take back")]
    Nothing,
}

/// A role that nobody holds and somebody must.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Vacancy(pub Role);

/// `nobody is …`.
impl fmt::Display for Vacancy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nobody is {}", self.0)
    }
}

/// Two roles that one person holds, which is lawful and changes who may act as the second person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Collision {
    /// Who.
    pub person: PersonId,
    /// The one.
    pub one: Role,
    /// The other.
    pub other: Role,
}

/// Roles, delegations and relations, as they were told in the order of their events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assignments {
    holdings: Vec<Holding>,
    delegations: Vec<Delegation>,
    status: BTreeSet<PersonId>,
    managers: BTreeMap<PersonId, PersonId>,
    teachers: BTreeMap<String, PersonId>,
    pub(super) seats: Seats,
    reviewed: Option<(PersonId, DateTime<Utc>)>,
}

/// Pairs of roles that nobody has both of. Whoever governs does not work for those who are governed, and whoever runs
/// the machines does not see what people did with them.
fn are_apart(one: Role, other: Role) -> bool {
    let governs = |role: Role| matches!(role, Role::Chair | Role::ViceChair);
    let works = |role: Role| {
        matches!(role, Role::Head | Role::Coordinator | Role::Dsl | Role::DeputyDsl | Role::Admin | Role::SeniorLeader)
            || role.is_technical()
    };
    let apart = |one: Role, other: Role| {
        governs(one) && works(other)
            || one.is_technical() && (other.handles_cases() || other == Role::LinkGovernor || other == Role::TrustLead)
            || one == Role::Chair && other == Role::ViceChair
            // Whoever lets a school loosen what the trust set is not of those who want to.
            || one == Role::TrustLead && matches!(other, Role::Head | Role::Coordinator)
            || one == Role::Dpo && matches!(other, Role::Head | Role::NetworkManager | Role::TrustIt)
    };
    apart(one, other) || apart(other, one)
}

/// What a command comes to.
///
/// # Errors
/// A static rule says no; nothing changes then.
pub fn decide(state: &Assignments, command: &Command, now: DateTime<Utc>) -> Result<Vec<Event>, Refused> {
    match command {
        Command::Appoint { role, person, from, until, covers_for } => {
            state.may_hold(*role, *person, (*from, *until), *covers_for)?;
            let (role, person, from, until, covers_for) = (*role, *person, *from, *until, *covers_for);
            Ok(alloc::vec![Event::Appointed { role, person, from, until, covers_for }])
        }
        Command::End { role, person } => {
            let held = |holding: &&Holding| {
                holding.role == *role && holding.person == *person && holding.until.is_none_or(|until| now < until)
            };
            state.holdings.iter().find(held).ok_or(Refused::NotHeld(*role))?;
            Ok(alloc::vec![Event::Ended { role: *role, person: *person, at: now }])
        }
        Command::Delegate { by, to, actions, until } => {
            state.may_delegate(*by, *to, actions, *until, now)?;
            let (by, to, from, until) = (*by, *to, now, *until);
            Ok(alloc::vec![Event::Delegated { by, to, actions: actions.clone(), from, until }])
        }
        Command::Revoke { by, to } => {
            let given = |it: &Delegation| it.by == *by && it.to == *to && now < it.until;
            if !state.delegations.iter().any(given) {
                return Err(Refused::Nothing);
            }
            Ok(alloc::vec![Event::Revoked { by: *by, to: *to, at: now }])
        }
        Command::GrantStatus(person) => Ok(alloc::vec![Event::StatusGranted { person: *person, at: now }]),
        Command::WithdrawStatus(person) if !state.status.contains(person) => Err(Refused::Nothing),
        Command::WithdrawStatus(person) => Ok(alloc::vec![Event::StatusWithdrawn { person: *person, at: now }]),
        Command::SetManager { person, by } => {
            if by.is_some_and(|by| by == *person || state.is_managed_by(by, *person)) {
                return Err(Refused::Circle);
            }
            Ok(alloc::vec![Event::Managed { person: *person, by: *by }])
        }
        Command::SetTeacher { class, teacher } => {
            Ok(alloc::vec![Event::Teaches { class: class.clone(), teacher: *teacher }])
        }
        Command::Seat { person, being, place, represents, until } => {
            if let Some(role) = barred(*being) {
                return Err(Refused::NotSeated(role));
            }
            if until.is_some_and(|until| until <= now) {
                return Err(Refused::Time);
            }
            let (person, place, represents, from, until) = (*person, *place, represents.clone(), now, *until);
            Ok(alloc::vec![Event::Seated { person, place, represents, from, until }])
        }
        Command::Unseat(person) if !state.seats.sits(*person, now) => Err(Refused::NoSeat),
        Command::Unseat(person) => Ok(alloc::vec![Event::Unseated { person: *person, at: now }]),
        Command::Review(by) => Ok(alloc::vec![Event::Reviewed { by: *by, at: now }]),
        Command::Leave(person) => Ok(alloc::vec![Event::Left { person: *person, at: now }]),
    }
}

impl Assignments {
    /// What they are after an event.
    pub fn evolve(&mut self, event: &Event) {
        match event {
            Event::Appointed { role, person, from, until, covers_for } => self.holdings.push(Holding {
                role: *role,
                person: *person,
                from: *from,
                until: *until,
                covers_for: *covers_for,
            }),
            Event::Ended { role, person, at } => self.end(*at, |holding| {
                // Whoever stood in for them does so no longer.
                holding.role == *role && (holding.person == *person || holding.covers_for == Some(*person))
            }),
            Event::Delegated { by, to, actions, from, until } => self.delegations.push(Delegation {
                by: *by,
                to: *to,
                actions: actions.clone(),
                from: *from,
                until: *until,
            }),
            Event::Revoked { by, to, at } => self.end_delegations(*at, |it| it.by == *by && it.to == *to),
            Event::StatusGranted { person, .. } => drop(self.status.insert(*person)),
            Event::StatusWithdrawn { person, .. } => drop(self.status.remove(person)),
            Event::Managed { person, by: Some(by) } => drop(self.managers.insert(*person, *by)),
            Event::Managed { person, by: None } => drop(self.managers.remove(person)),
            Event::Teaches { class, teacher: Some(teacher) } => drop(self.teachers.insert(class.clone(), *teacher)),
            Event::Teaches { class, teacher: None } => drop(self.teachers.remove(class)),
            Event::Seated { person, place, represents, from, until } => self.seats.seat(&Seat {
                person: *person,
                place: *place,
                represents: represents.clone(),
                from: *from,
                until: *until,
            }),
            Event::Unseated { person, at } => self.seats.unseat(*person, *at),
            Event::Reviewed { by, at } => self.reviewed = Some((*by, *at)),
            Event::Left { person, at } => {
                self.seats.unseat(*person, *at);
                self.end(*at, |holding| holding.person == *person || holding.covers_for == Some(*person));
                self.end_delegations(*at, |it| it.by == *person || it.to == *person);
                self.status.remove(person);
                self.managers.retain(|managed, by| managed != person && by != person);
                self.teachers.retain(|_, teacher| teacher != person);
            }
        }
    }

    fn end(&mut self, at: DateTime<Utc>, which: impl Fn(&Holding) -> bool) {
        for holding in self.holdings.iter_mut().filter(|holding| which(holding)) {
            holding.until = Some(holding.until.map_or(at, |until| until.min(at)));
        }
        self.holdings.retain(|holding| holding.until.is_none_or(|until| holding.from < until));
    }

    fn end_delegations(&mut self, at: DateTime<Utc>, which: impl Fn(&Delegation) -> bool) {
        for delegation in self.delegations.iter_mut().filter(|delegation| which(delegation)) {
            delegation.until = delegation.until.min(at);
        }
        self.delegations.retain(|delegation| delegation.from < delegation.until);
    }

    fn may_hold(
        &self,
        role: Role,
        person: PersonId,
        (from, until): (DateTime<Utc>, Option<DateTime<Utc>>),
        covers_for: Option<PersonId>,
    ) -> Result<(), Refused> {
        if role.is_given_by_being() {
            return Err(Refused::NotGiven(role));
        }
        if until.is_some_and(|until| until <= from) {
            return Err(Refused::Time);
        }
        let overlaps = |holding: &&Holding| {
            holding.until.is_none_or(|end| from < end) && until.is_none_or(|until| holding.from < until)
        };
        if let Some(covered) = covers_for {
            let covers = |holding: &Holding| holding.role == role && holding.person == covered;
            if until.is_none() {
                return Err(Refused::CoverWithoutEnd);
            }
            if covered == person || !self.holdings.iter().filter(overlaps).any(covers) {
                return Err(Refused::CoverForNobody(role));
            }
        }
        for holding in self.holdings.iter().filter(overlaps) {
            if holding.person == person && are_apart(holding.role, role) {
                return Err(Refused::Both(holding.role, role));
            }
            if holding.role == role && role.is_of_one() && holding.person != person && covers_for.is_none() {
                return Err(Refused::Held(role));
            }
        }
        // Whoever acts for the chair must not become the head meanwhile.
        let acts_for_chair = |it: &Delegation| it.to == person && self.governs(it.by, it.from.max(from));
        let delegated =
            self.delegations.iter().filter(|it| from < it.until && until.is_none_or(|until| it.from < until));
        if role == Role::Head && delegated.clone().any(acts_for_chair) {
            return Err(Refused::HeadForChair);
        }
        let gives_to_head = |it: &Delegation| it.by == person && self.holds(it.to, Role::Head, it.from.max(from));
        if matches!(role, Role::Chair | Role::ViceChair) && delegated.clone().any(gives_to_head) {
            return Err(Refused::HeadForChair);
        }
        Ok(())
    }

    fn may_delegate(
        &self,
        by: PersonId,
        to: PersonId,
        actions: &BTreeSet<Action>,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<(), Refused> {
        if by == to || actions.is_empty() {
            return Err(Refused::Empty);
        }
        if until <= now || until - now > LONGEST_DELEGATION {
            return Err(Refused::Time);
        }
        let (givers, receivers) = (self.given_roles(by, now), self.given_roles(to, now));
        for action in actions {
            if !action.is_delegable() {
                return Err(Refused::NotDelegable(*action));
            }
            if !crate::may::gives(givers, *action) {
                return Err(Refused::NotTheirs(*action));
            }
        }
        if receivers.has(Role::Head) && self.governs(by, now) {
            return Err(Refused::HeadForChair);
        }
        match receivers.iter().find(|role| role.is_technical() || *role == Role::ExternalBody) {
            Some(role) => Err(Refused::Barred(role)),
            None => Ok(()),
        }
    }

    fn governs(&self, person: PersonId, at: DateTime<Utc>) -> bool {
        self.holds(person, Role::Chair, at) || self.holds(person, Role::ViceChair, at)
    }

    /// Whether somebody is managed by another, directly or by way of others.
    fn is_managed_by(&self, person: PersonId, by: PersonId) -> bool {
        let mut above = person;
        // No circle is ever made, and so the way up ends; it is bounded all the same.
        for _ in 0..=self.managers.len() {
            match self.managers.get(&above) {
                Some(manager) if *manager == by => return true,
                Some(manager) => above = *manager,
                None => return false,
            }
        }
        false
    }

    /// Whether somebody holds a role at an instant.
    pub fn holds(&self, person: PersonId, role: Role, at: DateTime<Utc>) -> bool {
        self.holdings.iter().any(|holding| holding.role == role && holding.person == person && holding.is_on(at))
    }

    /// The roles that were given to somebody, at an instant.
    pub fn given_roles(&self, person: PersonId, at: DateTime<Utc>) -> RoleSet {
        let theirs = |holding: &&Holding| holding.person == person && holding.is_on(at);
        self.holdings.iter().filter(theirs).map(|holding| holding.role).collect()
    }

    /// Who holds a role at an instant, those who stand in among them.
    pub fn holders(&self, role: Role, at: DateTime<Utc>) -> impl Iterator<Item = PersonId> {
        self.holdings.iter().filter(move |holding| holding.role == role && holding.is_on(at)).map(|it| it.person)
    }

    /// All that is held, was held or will be.
    pub fn holdings(&self) -> &[Holding] {
        &self.holdings
    }

    /// All that was delegated.
    pub fn delegations(&self) -> &[Delegation] {
        &self.delegations
    }

    /// Who manages somebody.
    pub fn manager(&self, person: PersonId) -> Option<PersonId> {
        self.managers.get(&person).copied()
    }

    /// Who is managed, and by whom.
    pub fn managers(&self) -> impl Iterator<Item = (PersonId, PersonId)> {
        self.managers.iter().map(|(person, by)| (*person, *by))
    }

    /// The classes that have a teacher of their own, and who that is.
    pub fn teachers(&self) -> impl Iterator<Item = (&str, PersonId)> {
        self.teachers.iter().map(|(class, teacher)| (class.as_str(), *teacher))
    }

    /// Whose class it is.
    pub fn teacher(&self, class: &str) -> Option<PersonId> {
        self.teachers.get(class).copied()
    }

    /// Whether somebody has the status 'web filtering management'.
    pub fn has_status(&self, person: PersonId) -> bool {
        self.status.contains(&person)
    }

    /// Who has it.
    pub fn with_status(&self) -> impl Iterator<Item = PersonId> {
        self.status.iter().copied()
    }

    /// Who last looked through who holds which role, and when.
    pub fn last_review(&self) -> Option<(PersonId, DateTime<Utc>)> {
        self.reviewed
    }

    /// Whether that was longer ago than a review is good for, or never.
    pub fn review_is_due(&self, good_for: Period, at: DateTime<Utc>) -> bool {
        self.reviewed.is_none_or(|(_, reviewed)| good_for.after(reviewed.date_naive()) < at.date_naive())
    }

    /// Everything about somebody that [`may`](crate::may::may) asks for, at an instant. `by_being` are the roles that
    /// they have by what they are.
    pub fn standing(&self, person: PersonId, by_being: RoleSet, at: DateTime<Utc>) -> Standing {
        let given = |it: &&Delegation| it.to == person && it.from <= at && at < it.until;
        // A delegation is worth what its giver may do now.
        let worth = |it: &Delegation| {
            let givers = self.given_roles(it.by, at);
            let still = it.actions.iter().copied().filter(move |action| crate::may::gives(givers, *action));
            still.collect::<ActionSet>()
        };
        let delegated = self.delegations.iter().filter(given).map(worth).fold(ActionSet::EMPTY, ActionSet::and);
        Standing {
            person,
            roles: self.given_roles(person, at).and(by_being),
            status: self.has_status(person),
            delegated,
        }
    }

    /// Roles that must be held and are not, at an instant.
    pub fn vacancies(&self, at: DateTime<Utc>) -> Vec<Vacancy> {
        let vacant = |role: &Role| role.must_be_held() && self.holders(*role, at).next().is_none();
        Role::ALL.iter().copied().filter(vacant).map(Vacancy).collect()
    }

    /// Roles of those who handle cases that one person holds together, at an instant.
    pub fn collisions(&self, at: DateTime<Utc>) -> Vec<Collision> {
        let people: BTreeSet<PersonId> = self.holdings.iter().map(|holding| holding.person).collect();
        let mut collisions = Vec::new();
        for person in people {
            let roles: Vec<Role> = self.given_roles(person, at).iter().filter(|role| role.handles_cases()).collect();
            for (place, one) in roles.iter().enumerate() {
                let others = roles.iter().skip(place + 1);
                collisions.extend(others.map(|other| Collision { person, one: *one, other: *other }));
            }
        }
        collisions
    }
}
