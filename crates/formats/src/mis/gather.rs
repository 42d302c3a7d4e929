//! Files that belong together: all systems of one school, and all schools of a trust.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use belisha_policy::people::{NcYear, PersonKind};
use serde::Deserialize;

use super::claims::{AdultClaim, At, Claims, ContactClaim, LinkClaim, ListOf, PupilClaim, SourceId};
use super::{Content, File, Refusal, Refused, Remark, SyncRole, read_file};
use crate::lists::whole::{Whole, read_all};
use crate::lists::{Limits, Progress, ReadError};

/// All that was read of one school.
#[derive(Default)]
pub struct Gathered {
    /// The folder of the school inside what was read; empty where that is the school's own.
    pub folder: String,
    /// Its name, where a `school.json` says so.
    pub name: Option<String>,
    /// Its unique reference number, likewise.
    pub urn: Option<u64>,
    /// What its systems say, one after the other.
    pub claims: Vec<Claims>,
    /// Lines that were left out.
    pub complaints: Vec<Remark>,
    /// What is good to know.
    pub notes: Vec<Remark>,
}

/// Why nothing was read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadPeopleError {
    /// The path, the disk or an archive.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A file was refused.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// None of the files is a list of people.
    #[error("there is no list of people in it: give a file, folder or archive that an information system exported")]
    Nothing,
}

/// Reads lists of people: a file, a folder or an archive of one school or of several.
///
/// Where folders have a `school.json`, each of them is a school, and what is in none of them is passed over.
///
/// # Errors
/// The path or the disk is to blame, an archive is damaged or hostile, or one of the lists was refused. What is no list
/// of people is passed over where there are others.
pub fn read(path: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Vec<Gathered>, ReadPeopleError> {
    let files = read_all(path, &Limits::default(), progress)?;
    let alone = files.len() == 1;
    let mut schools: BTreeMap<String, School> = BTreeMap::new();
    let roots: BTreeSet<String> = files.iter().filter_map(|(name, _)| root(name)).collect();
    let mut outside = Vec::new();
    for (name, bytes) in files {
        let folder = roots.iter().filter(|root| is_within(&name, root)).max_by_key(|root| root.len());
        let folder = match folder {
            Some(folder) => folder.clone(),
            None if roots.is_empty() => String::new(),
            // Whose people these are is not told: of no school of those beside it.
            None => {
                outside.extend(is_list(&name, &bytes).then_some(name));
                continue;
            }
        };
        let school = schools.entry(folder.clone()).or_insert_with(|| School::new(folder));
        school.take((name, bytes), alone)?;
    }
    let mut gathered: Vec<Gathered> =
        schools.into_values().filter(|school| !school.files.is_empty()).map(School::gather).collect();
    if let Some(first) = gathered.first_mut() {
        let text = "is in no folder with a school.json: it was passed over";
        first.notes.extend(outside.into_iter().map(|file| Remark { file, line: None, text: text.to_owned() }));
    }
    if gathered.is_empty() { Err(ReadPeopleError::Nothing) } else { Ok(gathered) }
}

/// The folder of a `school.json`.
fn root(name: &str) -> Option<String> {
    match name.rsplit_once('/') {
        Some((folder, "school.json")) => Some(folder.to_owned()),
        None if name == "school.json" => Some(String::new()),
        _ => None,
    }
}

/// Whether a file holds people.
fn is_list(name: &str, bytes: &[u8]) -> bool {
    is_named_as_list(name)
        && !matches!(
            read_file(name, bytes),
            Ok(File { content: Content::NotNeeded, .. }) | Err(Refused { refusal: Refusal::Unknown, .. })
        )
}

fn is_named_as_list(name: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    matches!(ending.as_deref(), Some("csv" | "tsv" | "txt" | "xml"))
}

fn is_within(name: &str, root: &str) -> bool {
    root.is_empty() || name.strip_prefix(root).is_some_and(|rest| rest.starts_with('/'))
}

#[derive(Deserialize)]
struct About {
    name: Option<String>,
    urn: Option<u64>,
}

struct School {
    gathered: Gathered,
    files: Vec<File>,
}

impl School {
    fn new(folder: String) -> Self {
        Self { gathered: Gathered { folder, ..Gathered::default() }, files: Vec::new() }
    }

    fn take(&mut self, (name, bytes): Whole, alone: bool) -> Result<(), Refused> {
        if name == "school.json" || name.ends_with("/school.json") {
            if let Ok(about) = serde_json::from_slice::<About>(&bytes) {
                self.gathered.name = about.name;
                self.gathered.urn = about.urn;
            }
            return Ok(());
        }
        if !alone && !is_named_as_list(&name) {
            return Ok(());
        }
        match read_file(&name, &bytes) {
            Ok(mut file) => {
                self.gathered.complaints.append(&mut file.complaints.clone());
                self.gathered.notes.append(&mut file.notes);
                self.files.push(file);
                Ok(())
            }
            Err(Refused { refusal: Refusal::Unknown, file }) if !alone => {
                let text = "is no list of people that is known: it was passed over".to_owned();
                self.gathered.notes.push(Remark { file, line: None, text });
                Ok(())
            }
            Err(refused) => Err(refused),
        }
    }

    fn gather(self) -> Gathered {
        let Self { mut gathered, files } = self;
        let mut by_system: BTreeMap<usize, (Claims, Parts)> = BTreeMap::new();
        for file in files {
            let rank = rank(file.system);
            let (claims, parts) = by_system
                .entry(rank)
                .or_insert_with(|| (Claims { source: file.system.to_owned(), ..Claims::default() }, Parts::default()));
            take(claims, parts, file);
        }
        for (mut claims, parts) in by_system.into_values() {
            gathered.complaints.extend(parts.join(&mut claims));
            gathered.claims.push(claims);
        }
        gathered
    }
}

/// Systems in the order in which they are taken: those that know most come first, directories last.
fn rank(system: &str) -> usize {
    const ORDER: [&str; 9] = ["wonde", "sims", "arbor", "sds", "list", "ctf", "governors", "google", "microsoft"];
    ORDER.iter().position(|known| *known == system).unwrap_or(ORDER.len())
}

/// Contacts and links of one system, until both are there.
#[derive(Default)]
struct Parts {
    contacts: Vec<ContactClaim>,
    links: Vec<(SourceId, LinkClaim)>,
    users: Vec<AdultClaim>,
    roles: Vec<SyncRole>,
    /// Lines of users or roles were left out.
    torn: bool,
}

fn take(claims: &mut Claims, parts: &mut Parts, file: File) {
    let torn = !file.complaints.is_empty();
    let mut speaks = |list: ListOf| {
        claims.speaks_for.insert(list);
        if torn {
            claims.torn.insert(list);
        }
    };
    match file.content {
        Content::Pupils(pupils) => {
            speaks(ListOf::Pupils);
            claims.pupils.extend(pupils);
        }
        Content::Staff(staff) => {
            speaks(ListOf::Staff);
            claims.adults.extend(staff);
        }
        Content::Governors(governors) => {
            speaks(ListOf::Governors);
            claims.adults.extend(governors);
        }
        Content::Contacts(contacts) => parts.contacts.extend(contacts),
        Content::Links(links) => parts.links.extend(links),
        Content::ContactsOfPupils(contacts, links) => claims.add_contacts(contacts, links),
        // A transfer file has those who come, and says nothing of those who are here.
        Content::PupilsAndContacts(pupils, contacts, links) => {
            claims.pupils.extend(pupils);
            claims.add_contacts(contacts, links);
        }
        Content::SyncUsers(users) => {
            parts.torn |= torn;
            parts.users.extend(users);
        }
        Content::SyncRoles(roles) => {
            parts.torn |= torn;
            parts.roles.extend(roles);
        }
        Content::Accounts(accounts) => claims.accounts.extend(accounts),
        Content::NotNeeded => {}
    }
}

impl Parts {
    /// Puts contacts and links of two files together.
    fn join(mut self, claims: &mut Claims) -> Vec<Remark> {
        let mut complaints = self.join_users(claims);
        let places: HashMap<SourceId, usize> = self
            .contacts
            .iter()
            .enumerate()
            .flat_map(|(place, contact)| contact.ids.iter().map(move |id| (id.clone(), place)))
            .collect();
        let mut joined = Vec::with_capacity(self.links.len());
        for (contact, link) in self.links {
            if let Some(place) = places.get(&contact) {
                joined.push(LinkClaim { contact: *place, ..link });
            } else {
                let At { file, line } = link.at;
                let text = "the contact of this line is in none of the files".to_owned();
                complaints.push(Remark { file, line: Some(line), text });
            }
        }
        claims.add_contacts(self.contacts, joined);
        complaints
    }

    /// Users of School Data Sync 2 with what they are: pupils, or staff. Parents are told of by the school's own system.
    fn join_users(&mut self, claims: &mut Claims) -> Vec<Remark> {
        let mut complaints = Vec::new();
        let mut roles: HashMap<String, (Vec<String>, Option<NcYear>)> = HashMap::new();
        for role in std::mem::take(&mut self.roles) {
            let entry = roles.entry(role.user).or_default();
            entry.0.push(role.role);
            entry.1 = entry.1.or(role.year);
        }
        for user in std::mem::take(&mut self.users) {
            let id = user.ids.iter().find(|id| id.system == "sds-user").map(|id| id.id.as_str());
            let Some((theirs, year)) = id.and_then(|id| roles.get(id)) else {
                let text = "the file of roles does not say what this user is".to_owned();
                complaints.push(Remark { file: user.at.file, line: Some(user.at.line), text });
                continue;
            };
            let is = |name: &str| theirs.iter().any(|role| role == name);
            let list = if is("student") { ListOf::Pupils } else { ListOf::Staff };
            if list == ListOf::Staff
                && theirs.iter().all(|role| matches!(role.as_str(), "parent" | "guardian" | "relative"))
            {
                continue;
            }
            claims.speaks_for.insert(list);
            if self.torn {
                claims.torn.insert(list);
            }
            if list == ListOf::Pupils {
                claims.pupils.push(pupil_of(user, *year));
            } else {
                let kind = if is("teacher") { PersonKind::Teacher } else { PersonKind::SupportStaff };
                claims.adults.push(AdultClaim { kind, ..user });
            }
        }
        complaints
    }
}

fn pupil_of(user: AdultClaim, year: Option<NcYear>) -> PupilClaim {
    let AdultClaim { at, ids, name, login, email, joined, left, .. } = user;
    PupilClaim { at, ids, upn: None, name, born: None, year, class: None, login, email, joined, left }
}
