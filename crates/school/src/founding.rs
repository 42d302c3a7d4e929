//! The first people: head and chair, with their sign-ins and their keys. Nobody can have permitted them, since there was
//! nobody before: so it can be done once.

use std::collections::BTreeMap;

use belisha_policy::PersonId;
use belisha_policy::may::Standing;
use belisha_policy::people::{Login, PersonKind};
use belisha_policy::roles::{Event, Role as SchoolRole, RoleSet};
use belisha_store::journal::Expected;

use belisha_store::keys::{KeyError, Role};
use chrono::{DateTime, Utc};

use crate::authority::Authority;
use crate::cases::circles_of;
use crate::events::HoldersNamed;
use crate::ledger::{Batch, LedgerError, Stream};
use crate::people::{Changed, PeopleChanged, PersonRecorded, WrittenPerson};
use crate::school::School;
use crate::sign_in::{Audience, SignInError, SignIns, TotpSecret};

/// Why the first key holders were not named.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FoundingError {
    /// There are holders.
    #[error("key holders are named already: it takes one of them to name others")]
    AlreadyFounded,
    /// Fewer than two, or one of them twice.
    #[error("name at least two different people, such as head and chair: one alone could lose everything, or see it")]
    TooFew,
    /// Somebody who is to look up names is no holder.
    #[error("{0:?} is to look up names and is not among the holders")]
    NoHolder(String),
    /// People were imported already.
    #[error("there are people here already: head and chair are named first, in a new data folder")]
    PeopleThere,
    /// One user name for two.
    #[error("head and chair need different user names")]
    OneLogin,
    /// A password or a code does not do.
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// The keys.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The journal.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Somebody who is to be head or chair, with all that they need to sign in.
pub struct First {
    /// The surname.
    pub surname: String,
    /// The forename.
    pub forename: String,
    /// What they type to sign in.
    pub login: Login,
    /// Their address for mail, by which the school's own system finds them later.
    pub email: Option<String>,
    /// The password, which is kept nowhere.
    pub password: String,
    /// The second factor.
    pub second_factor: TotpSecret,
    /// A code of it, which shows that the person has it.
    pub code: String,
}

/// A key that was made, to be written down on paper and compared with later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// What its holder is.
    pub role: SchoolRole,
    /// The fingerprint.
    pub fingerprint: String,
}

/// Whether head and chair could be named now: nobody is here yet, and nobody holds a key.
pub fn check_empty(school: &School) -> Result<(), FoundingError> {
    let authority = Authority::load(school.ledger())?;
    if authority.roll().people().next().is_some() {
        return Err(FoundingError::PeopleThere);
    }
    if school.ledger().keys().roles()?.is_empty() { Ok(()) } else { Err(FoundingError::AlreadyFounded) }
}

/// Names head and chair: people, roles, sign-ins and keys. Takes some seconds, most of them for the keys.
///
/// # Errors
/// There is somebody already, or a password or a code does not do: nothing was done then.
pub fn found_school(
    school: &School,
    sign_ins: &SignIns,
    head: &First,
    chair: &First,
    now: DateTime<Utc>,
) -> Result<[Fingerprint; 2], FoundingError> {
    check_empty(school)?;
    if head.login == chair.login {
        return Err(FoundingError::OneLogin);
    }
    let both = [(SchoolRole::Head, PersonKind::Teacher, head), (SchoolRole::Chair, PersonKind::Governor, chair)];
    for (_, _, first) in &both {
        crate::sign_in::check_first(
            first.password.as_str(),
            first.login.as_str(),
            &first.second_factor,
            &first.code,
            now,
        )?;
    }
    let mut batch = Batch::new(None);
    let mut index = PeopleChanged { source: "founding".into(), joined: 2, ..PeopleChanged::default() };
    let mut people = Vec::new();
    for (role, kind, first) in both {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(LedgerError::from)?;
        let person = PersonId::from_bytes(id);
        let written = WrittenPerson {
            surname: first.surname.trim().into(),
            forename: first.forename.trim().into(),
            kinds: [kind.slug().to_owned()].into(),
            email: first.email.clone(),
            login: Some(first.login.as_str().into()),
            ..WrittenPerson::default()
        };
        written.person(person).map_err(LedgerError::from)?;
        index.people.push(Changed { stream: Stream::person(person).id, version: 1 });
        let recorded = PersonRecorded { person: written, source: "founding".into() };
        batch.add(&Stream::person(person), Expected::Version(0), &recorded)?;
        people.push((role, person, first));
    }
    batch.add(&Stream::PEOPLE, Expected::Version(0), &index)?;
    let appointed = people.iter().map(|(role, person, _)| Event::Appointed {
        role: *role,
        person: *person,
        from: now,
        until: None,
        covers_for: None,
    });
    Authority::default().add_to(&mut batch, appointed.collect())?;
    // Keys and passwords first: until people and roles stand in the journal, nobody is anybody.
    let founders: Vec<Founder> = people
        .iter()
        .map(|(role, person, first)| Founder {
            name: person.to_string(),
            password: first.password.clone(),
            roles: RoleSet::of(&[*role]),
        })
        .collect();
    let heads: Vec<String> = founders.first().map(|founder| founder.name.clone()).into_iter().collect();
    found(school, &founders, &heads, now)?;
    for (_, person, first) in &people {
        let account = belisha_policy::people::AccountId::of(*person);
        sign_ins.set(school.ledger(), account, Audience::Staff, &first.password, now)?;
        sign_ins.enrol(school.ledger(), account, &first.second_factor, &first.code, now)?;
    }
    school.ledger().append_all(&batch, now)?;
    let holders = school.ledger().keys().holders()?;
    let fingerprint = |of: usize, role: SchoolRole| {
        let name = founders.get(of).map(|founder| founder.name.as_str());
        let holder = holders.iter().find(|holder| Some(holder.name.as_str()) == name);
        Fingerprint { role, fingerprint: holder.map(|holder| holder.fingerprint.clone()).unwrap_or_default() }
    };
    Ok([fingerprint(0, SchoolRole::Head), fingerprint(1, SchoolRole::Chair)])
}

/// A person who will hold a key.
pub struct Founder {
    /// The name, such as `head`.
    pub name: String,
    /// The password, which is kept nowhere.
    pub password: String,
    /// What they are: they open the cases that these roles handle.
    pub roles: RoleSet,
}

/// Whether these people could be named now. Asked before anybody chooses a password.
pub fn check(school: &School, names: &[String], history: &[String]) -> Result<(), FoundingError> {
    let different = |name: &String| names.iter().filter(|other| *other == name).count() == 1;
    if names.len() < 2 || !names.iter().all(different) {
        return Err(FoundingError::TooFew);
    }
    if let Some(stranger) = history.iter().find(|name| !names.contains(name)) {
        return Err(FoundingError::NoHolder(stranger.clone()));
    }
    // Holders of an attempt that a crash cut short are named again; a role that has holders is not.
    let roles = school.ledger().keys().roles()?;
    if roles.is_empty() { Ok(()) } else { Err(FoundingError::AlreadyFounded) }
}

/// Names the first key holders. All of them help to recover keys, two at a time; those in `history` alone may look up
/// names in the access log from now on, also names of before. Cases open to those who handle their kind, and to nobody else:
/// those about the head to the chair.
pub fn found(
    school: &School,
    founders: &[Founder],
    history: &[String],
    now: DateTime<Utc>,
) -> Result<(), FoundingError> {
    let names: Vec<String> = founders.iter().map(|founder| founder.name.clone()).collect();
    check(school, &names, history)?;
    let keys = school.ledger().keys();
    for founder in founders {
        match keys.add_holder(&founder.name, &founder.password) {
            Err(KeyError::HolderExists) => drop(keys.unlock(&founder.name, &founder.password)?),
            added => added?,
        }
    }
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    keys.set_recovery(&all, None)?;
    // What each of them needs to recover the others is put by when they unlock.
    for founder in founders {
        keys.unlock(&founder.name, &founder.password)?;
    }
    let fingerprints = keys.holders()?.into_iter().map(|holder| (holder.name, holder.fingerprint)).collect();
    let event = HoldersNamed { holders: names.clone(), history: history.to_vec(), fingerprints };
    school.ledger().note(&Stream::KEYS, None, now, &event)?;
    let may_look: Vec<&str> = history.iter().map(String::as_str).collect();
    keys.name_role(&Role::HISTORY, &may_look)?;
    let mut circles: BTreeMap<Role, Vec<&str>> = BTreeMap::new();
    for founder in founders {
        let standing = Standing::of(PersonId::from_bytes([0; 16]), founder.roles);
        for circle in circles_of(&standing, now) {
            circles.entry(circle.key().clone()).or_default().push(&founder.name);
        }
    }
    // What monitoring catches is for those who handle what pupils do.
    if let Some(of_pupils) = circles.get(&Role::CASES).cloned() {
        circles.insert(Role::CAPTURES, of_pupils);
    }
    for (role, names) in circles {
        keys.name_role(&role, &names)?;
    }
    Ok(())
}
