//! A pupil's record on its way: what stands in it, and how it is sealed.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{Read, Write};

use belisha_formats::mis::claims::{At, Claims, ContactClaim, LinkClaim, PupilClaim, Said, SourceId};
use belisha_policy::PersonId;
use belisha_policy::people::{Name, NcYear};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::people::roll::{Entry, Roll};
use crate::people::written::WrittenContact;

/// Longer than any record: one of a pupil with a hundred contacts has some 40 kB.
pub(super) const MOST_BYTES: u64 = 1 << 20;

const FORMAT: &str = "belisha record of a pupil";
const VERSION: u16 = 1;
const SECRET: &str = "AGE-SECRET-KEY-1";

/// What the numbers of a record are called in the roll of the school that took it in.
const SYSTEM: &str = "belisha-move";

/// Why a record or a receipt cannot be read, or not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// No recipient.
    #[error("this is no recipient: ask the other school for the line that begins with age1")]
    Recipient,
    /// No secret.
    #[error("there is no key in this file: a line that begins with AGE-SECRET-KEY-1")]
    Key,
    /// It is sealed to another key.
    #[error("this key does not open the record: it was sealed to another one")]
    WrongKey,
    /// It is damaged, or no record.
    #[error("the record is damaged, or is none: have it sent again. Nothing was changed")]
    Damaged,
    /// A newer version wrote it.
    #[error("a newer version of Belisha wrote this: use that, or a newer one, here too")]
    Newer,
    /// It has not the form of what it should be.
    #[error("this is no {0} that this version of Belisha can read. Nothing was changed")]
    Form(&'static str),
    /// It is longer than any record.
    #[error("this is longer than any record: more than {MOST_BYTES} bytes")]
    Long,
    /// It could not be sealed.
    #[error("the record could not be sealed")]
    Sealing,
}

/// To whom a record is sealed: `age1…`, which the other school gives.
#[derive(Clone)]
pub struct MoveRecipient(age::x25519::Recipient);

impl MoveRecipient {
    /// Reads `age1…`.
    pub fn parse(text: &str) -> Result<Self, RecordError> {
        text.trim().parse().map(Self).map_err(|_| RecordError::Recipient)
    }
}

/// `age1…`.
impl fmt::Debug for MoveRecipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MoveRecipient({})", self.0)
    }
}

/// The secret that opens records.
#[derive(Clone)]
pub struct Key(age::x25519::Identity);

impl Key {
    /// Reads a file of a key, as `age-keygen` and `belisha-reporter keys backup-key` write it.
    pub fn parse(text: &str) -> Result<Self, RecordError> {
        let line = text.lines().map(str::trim).find(|line| line.starts_with(SECRET));
        line.and_then(|line| line.parse().ok()).map(Self).ok_or(RecordError::Key)
    }
}

/// Nothing of it.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// What the old school holds of a pupil in its roll.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    format: String,
    version: u16,
    /// Which school wrote it.
    pub(super) from: u64,
    /// For which.
    pub(super) to: u64,
    written: DateTime<Utc>,
    pupil: MovedPupil,
    contacts: Vec<MovedContact>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    /// What the old school calls them; it tells nothing.
    reference: String,
    surname: String,
    forename: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    known_surname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    known_forename: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MovedPupil {
    name: Named,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    upn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    born: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    year: Option<i8>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MovedContact {
    name: Named,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    email: Option<String>,
    relationship: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    priority: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    responsibility: Option<bool>,
    court_order: bool,
}

impl Named {
    fn of(entry: &Entry) -> Self {
        let written = &entry.written;
        Self {
            reference: entry.person.id.to_string(),
            surname: written.surname.clone(),
            forename: written.forename.clone(),
            known_surname: written.known_surname.clone(),
            known_forename: written.known_forename.clone(),
        }
    }

    fn name(&self) -> Result<Name, RecordError> {
        let known = |text: &Option<String>| text.clone().unwrap_or_default();
        let name = Name::new(&self.surname, &self.forename)
            .and_then(|name| name.going_by(&known(&self.known_surname), &known(&self.known_forename)));
        name.map_err(|_| RecordError::Form("record"))
    }

    /// Their number, as that of the school that wrote it.
    fn id(&self, from: u64) -> Result<SourceId, RecordError> {
        let reference: PersonId = self.reference.parse().map_err(|_| RecordError::Form("record"))?;
        Ok(SourceId { system: SYSTEM, id: format!("{from}/{reference}") })
    }
}

impl Record {
    pub(super) fn of(roll: &Roll, entry: &Entry, (from, to): (u64, u64), now: DateTime<Utc>) -> Self {
        let pupil = entry.written.pupil.clone().unwrap_or_default();
        let contact = |contact: &WrittenContact| {
            let entry = roll.person(contact.person)?;
            Some(MovedContact {
                name: Named::of(entry),
                email: entry.written.email.clone(),
                relationship: contact.relationship.clone(),
                priority: contact.priority,
                responsibility: contact.responsibility,
                court_order: contact.court_order,
            })
        };
        Self {
            format: FORMAT.into(),
            version: VERSION,
            from,
            to,
            written: now,
            contacts: pupil.contacts.iter().filter_map(contact).collect(),
            pupil: MovedPupil { name: Named::of(entry), upn: pupil.upn, born: pupil.born, year: pupil.year },
        }
    }

    /// The plain content.
    pub(super) fn plain(&self) -> Result<Zeroizing<Vec<u8>>, RecordError> {
        serde_json::to_vec(self).map(Zeroizing::new).map_err(|_| RecordError::Sealing)
    }

    pub(super) fn read(plain: &[u8]) -> Result<Self, RecordError> {
        check_form(plain, FORMAT)?;
        serde_json::from_slice(plain).map_err(|_| RecordError::Form("record"))
    }

    /// The same as an import would say it.
    pub(super) fn claims(&self, now: DateTime<Utc>) -> Result<Claims, RecordError> {
        let at = At { file: "record".into(), line: 1 };
        let wrong = || RecordError::Form("record");
        let id = self.pupil.name.id(self.from)?;
        let upn = self.pupil.upn.as_deref().map(str::parse).transpose().map_err(|_| wrong())?;
        let year = self.pupil.year.map(|year| NcYear::new(year).ok_or_else(wrong)).transpose()?;
        let pupil = PupilClaim {
            at: at.clone(),
            ids: BTreeSet::from([id.clone()]),
            upn,
            name: self.pupil.name.name()?,
            born: self.pupil.born,
            year,
            class: None,
            login: None,
            email: None,
            joined: Some(now.date_naive()),
            // Whoever had left is here again.
            left: Said::Said(None),
        };
        let (mut contacts, mut links) = (Vec::new(), Vec::new());
        for (place, contact) in self.contacts.iter().enumerate() {
            contacts.push(ContactClaim {
                at: at.clone(),
                ids: BTreeSet::from([contact.name.id(self.from)?]),
                name: contact.name.name()?,
                email: contact.email.clone(),
            });
            links.push(LinkClaim {
                at: at.clone(),
                pupil: id.clone(),
                contact: place,
                relationship: contact.relationship.clone(),
                priority: contact.priority,
                responsibility: contact.responsibility,
                court_order: Some(contact.court_order),
            });
        }
        let source = format!("moved from {}", self.from);
        Ok(Claims { source, pupils: vec![pupil], contacts, links, ..Claims::default() })
    }
}

/// Whether a text is what it should be, and of a version that this program knows.
pub(super) fn check_form(text: &[u8], format: &'static str) -> Result<(), RecordError> {
    #[derive(Deserialize)]
    struct Form {
        format: String,
        version: u16,
    }
    let form: Form = serde_json::from_slice(text).map_err(|_| RecordError::Form(format))?;
    match form.version {
        _ if form.format != format => Err(RecordError::Form(format)),
        1 => Ok(()),
        _ => Err(RecordError::Newer),
    }
}

pub(super) fn sha256(plain: &[u8]) -> [u8; 32] {
    Sha256::digest(plain).into()
}

pub(super) fn seal(plain: &[u8], recipient: &MoveRecipient) -> Result<Vec<u8>, RecordError> {
    let failed = |_| RecordError::Sealing;
    let sealing = age::Encryptor::with_recipients(std::iter::once(&recipient.0 as &dyn age::Recipient));
    let sealing = sealing.map_err(|_| RecordError::Sealing)?;
    let mut sealed = Vec::new();
    let mut writer = sealing.wrap_output(&mut sealed).map_err(failed)?;
    writer.write_all(plain).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(sealed)
}

pub(super) fn open(sealed: &[u8], key: &Key) -> Result<Zeroizing<Vec<u8>>, RecordError> {
    let opening = age::Decryptor::new_buffered(sealed).map_err(|_| RecordError::Damaged)?;
    let reader = opening.decrypt(std::iter::once(&key.0 as &dyn age::Identity)).map_err(|error| match error {
        age::DecryptError::NoMatchingKeys => RecordError::WrongKey,
        _ => RecordError::Damaged,
    })?;
    let mut plain = Zeroizing::new(Vec::new());
    reader.take(MOST_BYTES + 1).read_to_end(&mut plain).map_err(|_| RecordError::Damaged)?;
    if plain.len() as u64 > MOST_BYTES {
        return Err(RecordError::Long);
    }
    Ok(plain)
}
