//! Lists of people: what school systems and directories export.
//!
//! A file is known by its headings and not by its name: exports as Wonde, SIMS and Arbor make them, School Data Sync,
//! the directories of Google and Microsoft, CTF, and simple lists. What is read becomes [`claims`]: what a line says of
//! somebody, no more of it than is needed, and never a password.
//!
//! ```
//! use belisha_formats::mis::{Content, read_file};
//!
//! let list = "UPN,Surname,Forename,Year,Form\nK999319721001,Ashgrove,Ada,Year 4,4A\n,=1+1,Ben,4,4A\n";
//! let file = read_file("pupils.csv", list.as_bytes())?;
//! let Content::Pupils(pupils) = &file.content else { panic!("they are pupils") };
//! assert_eq!(pupils[0].class.as_deref(), Some("4A"));
//! assert_eq!(file.complaints[0].to_string(), "pupils.csv:3: the name begins like a formula");
//! # Ok::<(), belisha_formats::mis::Refused>(())
//! ```

pub mod claims;
mod columns;
mod ctf;
mod gather;
mod rows;

use std::fmt;

pub use gather::{Gathered, ReadPeopleError, read};

use belisha_policy::people::NcYear;

use self::claims::{AccountClaim, AdultClaim, ContactClaim, LinkClaim, PupilClaim, SourceId};
use self::columns::Kind;
use crate::sheet::{self, NoTable, Trim};

/// More bad lines than this, in per cent, and a file is refused as a whole.
pub const MOST_MALFORMED: usize = 2;

/// So many bad lines are never a reason to refuse.
const FEW: usize = 5;

/// Why a file was refused as a whole. Nothing of it is used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// There is nothing in it, or headings alone.
    #[error("is empty. An empty list is never an instruction to remove everybody: export it again")]
    Empty,
    /// It is no table, nor anything else that is read.
    #[error(transparent)]
    NoTable(NoTable),
    /// No kind of list has these headings.
    #[error(
        "has no headings of a list that is known: the first line must name the columns, such as UPN, Surname, Forename, Date of Birth, Year, Class"
    )]
    Unknown,
    /// A column holds what another should.
    #[error("has something else in the column {0:?} than it should, in most lines: were columns swapped?")]
    Swapped(&'static str),
    /// Too many lines cannot be read.
    #[error(
        "has {bad} lines of {lines} that cannot be read, more than {MOST_MALFORMED} %, the first because {first}. Mend it and import again"
    )]
    Malformed {
        /// How many.
        bad: usize,
        /// Of how many.
        lines: usize,
        /// What is wrong with the first.
        first: String,
    },
    /// It is no CTF file.
    #[error("is no Common Transfer File: {0}")]
    Ctf(&'static str),
}

/// An empty file is an empty list.
impl From<NoTable> for Refusal {
    fn from(no_table: NoTable) -> Self {
        if no_table == NoTable::Empty { Self::Empty } else { Self::NoTable(no_table) }
    }
}

/// A file that was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file} {refusal}")]
pub struct Refused {
    /// Its name.
    pub file: String,
    /// Why.
    pub refusal: Refusal,
}

/// A remark on a line, or on a file as a whole. No name and no number of a person is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The file.
    pub file: String,
    /// The line, from 1; `None` for the file as a whole.
    pub line: Option<u64>,
    /// What was found.
    pub text: String,
}

/// `file:line: text`.
impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.text),
            None => write!(f, "{}: {}", self.file, self.text),
        }
    }
}

/// What was read of one file.
pub struct File {
    /// Of which system it is, such as `wonde`.
    pub system: &'static str,
    /// What it holds.
    pub content: Content,
    /// Lines that were left out.
    pub complaints: Vec<Remark>,
    /// What is good to know.
    pub notes: Vec<Remark>,
}

/// What a file holds.
pub enum Content {
    /// Pupils.
    Pupils(Vec<PupilClaim>),
    /// Staff.
    Staff(Vec<AdultClaim>),
    /// Governors.
    Governors(Vec<AdultClaim>),
    /// Contacts, and whose they are in another file.
    Contacts(Vec<ContactClaim>),
    /// Whose the contacts of another file are: each with the id of the contact.
    Links(Vec<(SourceId, LinkClaim)>),
    /// Contacts with the pupils whose they are.
    ContactsOfPupils(Vec<ContactClaim>, Vec<LinkClaim>),
    /// Pupils with their contacts.
    PupilsAndContacts(Vec<PupilClaim>, Vec<ContactClaim>, Vec<LinkClaim>),
    /// Users of School Data Sync 2, of whom another file says what they are.
    SyncUsers(Vec<AdultClaim>),
    /// What the users of another file are.
    SyncRoles(Vec<SyncRole>),
    /// Accounts of a directory.
    Accounts(Vec<AccountClaim>),
    /// Nothing that is needed, such as classes and timetables.
    NotNeeded,
}

/// What a user of School Data Sync 2 is.
pub struct SyncRole {
    /// The user, by the id of the other file.
    pub user: String,
    /// What they are, in small letters: `student`, `teacher` and others.
    pub role: String,
    /// A pupil's year.
    pub year: Option<NcYear>,
}

/// Reads one file, whatever it is called.
///
/// # Errors
/// It is damaged, empty, no list that is known, or too many of its lines cannot be read.
pub fn read_file(name: &str, bytes: &[u8]) -> Result<File, Refused> {
    let refused = |refusal| Refused { file: name.to_owned(), refusal };
    let text = sheet::decode(bytes).map_err(|it| refused(it.into()))?;
    if text.trim_start().starts_with('<') {
        return ctf::read(name, &text).map_err(refused);
    }
    let table = sheet::read(&text, Trim::All).map_err(|it| refused(it.into()))?;
    let Some(layout) = columns::recognise(&table.headings) else { return Err(refused(Refusal::Unknown)) };
    if layout.kind != Kind::NotNeeded && table.rows.is_empty() {
        return Err(refused(Refusal::Empty));
    }
    let file = rows::read(name, &table, &layout).map_err(refused)?;
    too_many_bad(&file, table.rows.len() + table.ragged.len()).map_err(refused)?;
    Ok(file)
}

fn too_many_bad(file: &File, lines: usize) -> Result<(), Refusal> {
    let bad = file.complaints.len();
    match file.complaints.first() {
        Some(first) if bad > FEW && bad * 100 > lines * MOST_MALFORMED => {
            let first = format!("in line {} {}", first.line.unwrap_or_default(), first.text);
            Err(Refusal::Malformed { bad, lines, first })
        }
        Some(first) if bad == lines => {
            let first = format!("in line {} {}", first.line.unwrap_or_default(), first.text);
            Err(Refusal::Malformed { bad, lines, first })
        }
        _ => Ok(()),
    }
}
