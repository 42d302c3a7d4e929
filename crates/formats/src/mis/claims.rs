//! What files say of people, put together: who is in them, and for which kinds they speak.

use std::collections::BTreeSet;

use belisha_policy::people::{Login, Name, NcYear, PersonKind, Upn};
use chrono::NaiveDate;

/// Where something is said: a file and its line.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At {
    /// The name of the file.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
}

/// `file:line`.
impl std::fmt::Display for At {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// What a system calls somebody.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId {
    /// The system and the kind of number, such as `wonde-student`.
    pub system: &'static str,
    /// The id.
    pub id: String,
}

/// The system alone.
impl std::fmt::Debug for SourceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SourceId({}, ..)", self.system)
    }
}

/// What a file says of one thing: nothing, where it has no column for it, or something, which may be that there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Said<T> {
    /// It has no column for it.
    #[default]
    Unsaid,
    /// It has one, and this stands in it.
    Said(Option<T>),
}

/// All that files say of the people of one school.
#[derive(Clone, Default)]
pub struct Claims {
    /// What they are of, such as `wonde`; kept in the journal.
    pub source: String,
    /// The kinds of people for which they speak as a whole: who is not in them is not there.
    pub speaks_for: BTreeSet<ListOf>,
    /// Kinds of whose lists lines were left out: nobody is taken to have left because they are not in what remains.
    pub torn: BTreeSet<ListOf>,
    /// Pupils.
    pub pupils: Vec<PupilClaim>,
    /// Contacts of pupils.
    pub contacts: Vec<ContactClaim>,
    /// Which contact is whose.
    pub links: Vec<LinkClaim>,
    /// Staff and governors.
    pub adults: Vec<AdultClaim>,
    /// Accounts of a directory.
    pub accounts: Vec<AccountClaim>,
}

impl Claims {
    /// Adds contacts; the links name them by their place among these.
    pub(super) fn add_contacts(&mut self, contacts: Vec<ContactClaim>, links: Vec<LinkClaim>) {
        let before = self.contacts.len();
        self.contacts.extend(contacts);
        self.links.extend(links.into_iter().map(|link| LinkClaim { contact: before + link.contact, ..link }));
    }
}

/// A kind of list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ListOf {
    /// Of pupils.
    Pupils,
    /// Of staff.
    Staff,
    /// Of governors.
    Governors,
    /// Of pupils' contacts.
    Contacts,
}

impl ListOf {
    /// The name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Pupils => "pupils",
            Self::Staff => "staff",
            Self::Governors => "governors",
            Self::Contacts => "contacts",
        }
    }
}

/// What a line says of a pupil.
#[derive(Clone)]
pub struct PupilClaim {
    /// Where.
    pub at: At,
    /// Their ids in the system.
    pub ids: BTreeSet<SourceId>,
    /// The unique pupil number.
    pub upn: Option<Upn>,
    /// The name. Letters that were lost on the way stand as `?` or U+FFFD.
    pub name: Name,
    /// Born on.
    pub born: Option<NaiveDate>,
    /// The year of the national curriculum.
    pub year: Option<NcYear>,
    /// The form.
    pub class: Option<String>,
    /// What they type to sign in.
    pub login: Option<Login>,
    /// Their address for mail.
    pub email: Option<String>,
    /// The day on which they joined.
    pub joined: Option<NaiveDate>,
    /// Their last day.
    pub left: Said<NaiveDate>,
}

/// What a line says of a contact.
#[derive(Clone)]
pub struct ContactClaim {
    /// Where.
    pub at: At,
    /// Their ids in the system.
    pub ids: BTreeSet<SourceId>,
    /// The name.
    pub name: Name,
    /// Their address for mail.
    pub email: Option<String>,
}

/// What a line says of a pupil and a contact.
#[derive(Clone)]
pub struct LinkClaim {
    /// Where.
    pub at: At,
    /// One of the pupil's ids.
    pub pupil: SourceId,
    /// Which of the contacts, by its place among the claims.
    pub contact: usize,
    /// What they are to the pupil.
    pub relationship: String,
    /// The order in which they are called.
    pub priority: Option<u8>,
    /// Whether they hold parental responsibility.
    pub responsibility: Option<bool>,
    /// Whether a court order keeps the pupil's affairs from them.
    pub court_order: Option<bool>,
}

/// What a line says of an adult who works here or governs.
#[derive(Clone)]
pub struct AdultClaim {
    /// Where.
    pub at: At,
    /// Their ids in the system.
    pub ids: BTreeSet<SourceId>,
    /// The name.
    pub name: Name,
    /// What they are.
    pub kind: PersonKind,
    /// What they are called at work.
    pub title: Option<String>,
    /// What they type to sign in.
    pub login: Option<Login>,
    /// Their address for mail.
    pub email: Option<String>,
    /// The first day.
    pub joined: Option<NaiveDate>,
    /// The last day.
    pub left: Said<NaiveDate>,
}

/// What a directory says of an account.
#[derive(Clone)]
pub struct AccountClaim {
    /// Where.
    pub at: At,
    /// The address for mail, which is also what is typed to sign in.
    pub email: String,
    /// The name.
    pub name: Name,
    /// Whether the directory has switched it off.
    pub suspended: bool,
}
