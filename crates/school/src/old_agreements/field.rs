//! What the columns of a list of agreements hold.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use belisha_aua::{Channel, Purpose};
use belisha_formats::mapped::{self, Known};

/// What a column holds, as far as it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// The unique pupil number.
    Upn,
    /// The user name, or the address for mail that does as well.
    User,
    /// The whole name of the pupil or adult.
    Pupil,
    /// Their surname.
    Surname,
    /// Their forename.
    Forename,
    /// The pupil's class.
    Class,
    /// The date of birth.
    Born,
    /// When they signed, or that they did.
    Signed,
    /// Which parent signed and answered.
    Parent,
    /// When that parent signed, or that they did.
    ParentSigned,
    /// The name that the parent printed.
    ParentName,
    /// The agreement, by its name or title.
    Document,
    /// Which edition of it.
    Edition,
    /// What was said of pictures in a place for a purpose.
    Picture(Channel, Purpose),
}

/// Each field that is one alone with the name that is typed, which also stands in profiles and is stable.
const FIELDS: [(Field, &str); 13] = [
    (Field::Upn, "upn"),
    (Field::User, "user"),
    (Field::Pupil, "pupil"),
    (Field::Surname, "surname"),
    (Field::Forename, "forename"),
    (Field::Class, "class"),
    (Field::Born, "born"),
    (Field::Signed, "signed"),
    (Field::Parent, "parent"),
    (Field::ParentSigned, "parent-signed"),
    (Field::ParentName, "parent-name"),
    (Field::Document, "document"),
    (Field::Edition, "edition"),
];

/// Headings by which columns are known without a word. Of pictures none is: a heading does not say where and what for.
pub(super) const KNOWN: &[Known<Field>] = &[
    (Field::Upn, &["upn", "uniquepupilnumber"]),
    (Field::User, &["username", "user", "login"]),
    (Field::Pupil, &["pupil", "pupilname", "student", "studentname", "child", "childsname", "name"]),
    (Field::Surname, &["surname", "lastname", "legalsurname"]),
    (Field::Forename, &["forename", "firstname", "legalforename"]),
    (Field::Class, &["class", "form", "reg", "registrationgroup", "tutorgroup"]),
    (Field::Born, &["dob", "dateofbirth"]),
    (Field::Signed, &["signed", "signedon", "datesigned", "pupilsigned", "studentsigned", "childsigned"]),
    (Field::Parent, &["parent", "parentcarer", "parentname", "parentcarername"]),
    (Field::ParentSigned, &["parentsigned", "parentsignedon", "parentcarersigned", "signedbyparent"]),
    (Field::ParentName, &["printedname", "parentprintedname"]),
    (Field::Document, &["agreement", "document"]),
    (Field::Edition, &["edition", "version"]),
];

/// There is no such field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no field has this name: they are {}", names().join(", "))]
pub struct UnknownField;

fn names() -> Vec<String> {
    let pictures = "PLACE:PURPOSE such as website:group".to_owned();
    FIELDS.iter().map(|(_, name)| (*name).to_owned()).chain([pictures]).collect()
}

/// The name that is typed.
impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Picture(channel, purpose) => write!(f, "{}:{}", channel.slug(), purpose.slug()),
            field => f.write_str(FIELDS.iter().find(|(it, _)| it == field).map_or("", |(_, name)| name)),
        }
    }
}

/// The name that is typed.
impl FromStr for Field {
    type Err = UnknownField;

    fn from_str(text: &str) -> Result<Self, UnknownField> {
        if let Some((channel, purpose)) = text.split_once(':') {
            let (channel, purpose) = (channel.parse(), purpose.parse());
            return Ok(Self::Picture(channel.map_err(|_| UnknownField)?, purpose.map_err(|_| UnknownField)?));
        }
        FIELDS.iter().find(|(_, name)| *name == text).map(|(field, _)| *field).ok_or(UnknownField)
    }
}

impl mapped::Field for Field {
    const TABLE: &'static str = "list of agreements";
    const TAKEN: &'static [&'static str] = &[];

    fn names() -> Vec<String> {
        names()
    }

    fn is_day(self) -> bool {
        matches!(self, Self::Born | Self::Signed | Self::ParentSigned)
    }

    /// Somebody, and something that they said.
    fn lacks(columns: &BTreeMap<Self, usize>) -> Vec<Self> {
        let has = |field: Self| columns.contains_key(&field);
        let names = has(Self::Upn) || has(Self::User) || has(Self::Pupil) || has(Self::Surname) && has(Self::Forename);
        let is_said = |field: &Self| matches!(field, Self::Signed | Self::ParentSigned | Self::Picture(..));
        let says = columns.keys().any(is_said);
        [(names, Self::Pupil), (says, Self::Signed)].into_iter().filter(|(there, _)| !there).map(|(_, it)| it).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_typed_by_one_name() {
        let pictures =
            Channel::ALL.iter().flat_map(|it| Purpose::ALL.iter().map(|purpose| Field::Picture(*it, *purpose)));
        for field in FIELDS.iter().map(|(field, _)| *field).chain(pictures) {
            assert_eq!(field.to_string().parse(), Ok(field));
        }
        for text in ["Signed", "website", "website:", ":group", "website:everything", "website:group:"] {
            assert_eq!(text.parse::<Field>(), Err(UnknownField), "{text}");
        }
    }
}
