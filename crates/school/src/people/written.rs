//! People and accounts as they stand in events.

use std::collections::BTreeSet;
use std::fmt;

use belisha_formats::mis::claims;
use belisha_policy::PersonId;
use belisha_policy::people::{
    Account, AccountHolder, AccountId, Capacity, Contact, Doubt, Login, Name, NcYear, Person, PersonKind, Pupil,
    Responsibility, Restriction, Switch, Upn,
};
use belisha_policy::trust::Move;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// A person as they stand in an event.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenPerson {
    /// The surname of the register.
    pub surname: String,
    /// The forename of the register.
    pub forename: String,
    /// The surname that they go by, where it is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_surname: Option<String>,
    /// The forename that they go by, where it is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_forename: Option<String>,
    /// What they are at the school besides a pupil, by slugs.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub kinds: BTreeSet<String>,
    /// The pupil that they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pupil: Option<WrittenPupil>,
    /// What they are called at work, as the school's system has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The day on which they joined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joined: Option<NaiveDate>,
    /// The last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<NaiveDate>,
    /// Their address for mail, at school for pupils and staff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// What they type to sign in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    /// Their account was switched off at this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub off: Option<DateTime<Utc>>,
    /// Whether a directory did that, which then may switch it on again too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspended: bool,
    /// When their credential was known to others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<WrittenDoubt>,
    /// Their ids in other systems.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub ids: BTreeSet<SourceId>,
    /// Other schools of the trust at which they work too, by number or name.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub also_at: BTreeSet<String>,
    /// To which school a pupil goes with their record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moving: Option<WrittenMove>,
}

/// Where a pupil goes with their record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenMove {
    /// The number of the school.
    pub to: u64,
    /// SHA-256 of the plain record, hexadecimal.
    pub sha256: String,
    /// When it was written out.
    pub offered: DateTime<Utc>,
    /// When the school received it, as its receipt says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<DateTime<Utc>>,
}

impl WrittenMove {
    /// The move; `None` where the sum cannot be read.
    pub(super) fn of(&self, pupil: PersonId) -> Option<Move> {
        match self.received {
            Some(at) => Some(Move::Received { pupil, by: self.to, at }),
            None => Some(Move::Offered { pupil, to: self.to, at: self.offered, sha256: crate::unhex(&self.sha256)? }),
        }
    }
}

/// What is known of a pupil.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenPupil {
    /// The unique pupil number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upn: Option<String>,
    /// Born on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub born: Option<NaiveDate>,
    /// The year of the national curriculum, by its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<i8>,
    /// The form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Contacts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<WrittenContact>,
}

/// A contact of a pupil.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenContact {
    /// Who.
    #[serde(with = "crate::text")]
    pub person: PersonId,
    /// What they are to the pupil.
    pub relationship: String,
    /// The order in which they are called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u8>,
    /// Whether they hold parental responsibility, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub responsibility: Option<bool>,
    /// Whether a court order keeps the pupil's affairs from them.
    #[serde(default)]
    pub court_order: bool,
}

/// A time in which others could have used a credential.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenDoubt {
    /// From this instant.
    pub from: DateTime<Utc>,
    /// To this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
}

/// What another system calls a person.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SourceId {
    /// The system and the kind of number, such as `wonde` or `admission-number`.
    pub system: String,
    /// The id.
    pub id: String,
}

impl SourceId {
    /// The ids of a line that are worth keeping. A UPN has a place of its own.
    pub(super) fn kept(ids: &BTreeSet<claims::SourceId>) -> BTreeSet<Self> {
        let kept = ids.iter().filter(|id| id.system != "upn");
        kept.map(|id| Self { system: id.system.into(), id: id.id.clone() }).collect()
    }
}

/// The account of a class or a guest as it stands in an event.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenAccount {
    /// What is typed to sign in.
    pub login: String,
    /// Whose it is.
    pub holder: WrittenHolder,
    /// It was switched off at this instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub off: Option<DateTime<Utc>>,
    /// When its credential was known to others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<WrittenDoubt>,
}

/// Whose an account is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WrittenHolder {
    /// A class shares it.
    Class(String),
    /// A guest's.
    Guest {
        /// What the guest is called.
        called: String,
        /// Who answers for them.
        #[serde(with = "crate::text")]
        sponsor: PersonId,
        /// When it ends.
        until: DateTime<Utc>,
    },
}

/// Something that this version of the program cannot read as a person or an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the journal has a person or an account of which this version of Belisha cannot read {0}")]
pub struct Unreadable(pub(super) &'static str);

impl WrittenPerson {
    /// Where a pupil has moved whose record the other school has: what is kept of them is for reading only.
    pub fn moved_to(&self) -> Option<u64> {
        self.moving.as_ref().filter(|moving| moving.received.is_some()).map(|moving| moving.to)
    }

    /// The person.
    pub(crate) fn person(&self, id: PersonId) -> Result<Person, Unreadable> {
        let known = |text: &Option<String>| text.clone().unwrap_or_default();
        let name = Name::new(&self.surname, &self.forename)
            .and_then(|name| name.going_by(&known(&self.known_surname), &known(&self.known_forename)))
            .map_err(|_| Unreadable("the name"))?;
        let mut capacities = Vec::new();
        if let Some(pupil) = &self.pupil {
            capacities.push(Capacity::Pupil(pupil.pupil()?));
        }
        for slug in &self.kinds {
            capacities.push(capacity(slug).ok_or(Unreadable("what they are at the school"))?);
        }
        Ok(Person { id, name, capacities, joined: self.joined, left: self.left })
    }

    /// The account with which they sign in, where they have one.
    pub(super) fn account(&self, person: PersonId) -> Result<Option<Account>, Unreadable> {
        let Some(login) = &self.login else { return Ok(None) };
        Ok(Some(Account {
            id: AccountId::of(person),
            login: login.parse().map_err(|_| Unreadable("the user name"))?,
            holder: AccountHolder::Individual(person),
            switch: switch(earlier(self.off, self.left.and_then(day_after))),
            doubts: doubts(&self.doubts),
        }))
    }
}

/// The instant at which a day is over.
fn day_after(day: NaiveDate) -> Option<DateTime<Utc>> {
    Some(day.succ_opt()?.and_hms_opt(0, 0, 0)?.and_utc())
}

fn earlier(one: Option<DateTime<Utc>>, other: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    one.into_iter().chain(other).min()
}

fn switch(off: Option<DateTime<Utc>>) -> Switch {
    off.map_or(Switch::On, Switch::Off)
}

fn doubts(written: &[WrittenDoubt]) -> Vec<Doubt> {
    written.iter().map(|doubt| Doubt { from: doubt.from, until: doubt.until }).collect()
}

fn capacity(slug: &str) -> Option<Capacity> {
    let kind = PersonKind::ALL.into_iter().find(|kind| kind.slug() == slug)?;
    Some(match kind {
        PersonKind::Pupil => return None,
        PersonKind::Parent => Capacity::Parent,
        PersonKind::Teacher => Capacity::Teacher,
        PersonKind::SupportStaff => Capacity::SupportStaff,
        PersonKind::Volunteer => Capacity::Volunteer,
        PersonKind::Governor => Capacity::Governor,
        PersonKind::Contractor => Capacity::Contractor,
        PersonKind::Visitor => Capacity::Visitor,
        PersonKind::CommunityUser => Capacity::CommunityUser,
        PersonKind::ExternalBody => Capacity::ExternalBody,
    })
}

impl WrittenPupil {
    fn pupil(&self) -> Result<Pupil, Unreadable> {
        let upn: Option<Upn> = self.upn.as_deref().map(str::parse).transpose().map_err(|_| Unreadable("the UPN"))?;
        let year = self.year.map(|year| NcYear::new(year).ok_or(Unreadable("the year"))).transpose()?;
        let contact = |contact: &WrittenContact| Contact {
            person: contact.person,
            relationship: contact.relationship.clone(),
            priority: contact.priority,
            responsibility: match contact.responsibility {
                Some(true) => Responsibility::Held,
                Some(false) => Responsibility::NotHeld,
                None => Responsibility::Unknown,
            },
            restriction: if contact.court_order { Restriction::CourtOrder } else { Restriction::None },
        };
        let contacts = self.contacts.iter().map(contact).collect();
        Ok(Pupil { upn, born: self.born, year, class: self.class.clone(), contacts })
    }
}

impl WrittenAccount {
    /// The account.
    pub(super) fn account(&self, id: AccountId) -> Result<Account, Unreadable> {
        let holder = match &self.holder {
            WrittenHolder::Class(class) => AccountHolder::Class { class: class.clone() },
            WrittenHolder::Guest { called, sponsor, until } => {
                AccountHolder::Guest { called: called.clone(), sponsor: *sponsor, until: *until }
            }
        };
        let login: Login = self.login.parse().map_err(|_| Unreadable("the user name"))?;
        Ok(Account { id, login, holder, switch: switch(self.off), doubts: doubts(&self.doubts) })
    }
}

/// Nothing that names anybody.
impl fmt::Debug for WrittenPerson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WrittenPerson(..)")
    }
}

/// Nothing that names anybody.
impl fmt::Debug for WrittenAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WrittenAccount(..)")
    }
}

/// The system alone.
impl fmt::Debug for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SourceId({}, ..)", self.system)
    }
}
