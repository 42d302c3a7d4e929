//! What the columns of an incident log hold, and whose log it is.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::mapped::{self, Known, places};

/// What a column holds, as far as it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// The number or name of the incident in its system.
    Id,
    /// Date and time of it, or the date alone.
    When,
    /// The time of the day, where it has a column of its own.
    Time,
    /// Unique pupil numbers.
    Upn,
    /// The pupil's whole name, or several.
    Pupil,
    /// The pupil's surname.
    Surname,
    /// The pupil's forename.
    Forename,
    /// The pupil's date of birth.
    Born,
    /// A line that says what it is about.
    Title,
    /// What happened, in the words of whoever wrote it down.
    Text,
    /// The kind, in the words of its system.
    Category,
    /// The kind within the kind.
    Subcategory,
    /// How bad its system takes it to be.
    Level,
    /// How far it has come there.
    Status,
    /// Other pupils.
    Linked,
    /// Staff.
    Staff,
    /// Bodies outside.
    Agency,
    /// What was done.
    Actions,
}

/// Each field with the name that is typed, which also stands in profiles and is stable.
const FIELDS: [(Field, &str); 18] = [
    (Field::Id, "id"),
    (Field::When, "when"),
    (Field::Time, "time"),
    (Field::Upn, "upn"),
    (Field::Pupil, "pupil"),
    (Field::Surname, "surname"),
    (Field::Forename, "forename"),
    (Field::Born, "born"),
    (Field::Title, "title"),
    (Field::Text, "text"),
    (Field::Category, "category"),
    (Field::Subcategory, "subcategory"),
    (Field::Level, "level"),
    (Field::Status, "status"),
    (Field::Linked, "linked"),
    (Field::Staff, "staff"),
    (Field::Agency, "agency"),
    (Field::Actions, "actions"),
];

/// There is no such field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no field has this name: they are {}", names())]
pub struct UnknownField;

fn names() -> String {
    FIELDS.map(|(_, name)| name).join(", ")
}

impl Field {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        FIELDS.into_iter().map(|(field, _)| field)
    }

    /// The name that is typed.
    pub fn slug(self) -> &'static str {
        FIELDS.iter().find(|(field, _)| *field == self).map_or("", |(_, name)| name)
    }
}

/// The name that is typed.
impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.slug())
    }
}

/// The name that is typed.
impl FromStr for Field {
    type Err = UnknownField;

    fn from_str(name: &str) -> Result<Self, UnknownField> {
        FIELDS.iter().find(|(_, it)| *it == name).map(|(field, _)| *field).ok_or(UnknownField)
    }
}

impl mapped::Field for Field {
    const TABLE: &'static str = "incident log";
    /// Those of systems, which say whose log it is.
    const TAKEN: &'static [&'static str] = &SYSTEMS;

    fn names() -> Vec<String> {
        FIELDS.map(|(_, name)| name.to_owned()).into()
    }

    fn is_day(self) -> bool {
        matches!(self, Self::When | Self::Born)
    }

    fn lacks(columns: &BTreeMap<Self, usize>) -> Vec<Self> {
        [Self::When, Self::Text].into_iter().filter(|field| !columns.contains_key(field)).collect()
    }
}

/// A log as a system exports it.
struct Export {
    system: &'static str,
    /// Headings, folded, by which it is known.
    by: &'static [&'static str],
    /// Its columns; the first heading of a field that is there counts.
    columns: &'static [Known<Field>],
}

/// What is called the same in both.
const COMMON: &[Known<Field>] = &[
    (Field::Upn, &["upn", "uniquepupilnumber"]),
    (Field::Surname, &["surname", "lastname", "legalsurname"]),
    (Field::Forename, &["forename", "firstname", "legalforename"]),
    (Field::Born, &["dob", "dateofbirth"]),
    (Field::Subcategory, &["subcategory", "subcategories"]),
    (Field::Status, &["status"]),
    (Field::Actions, &["actions", "action", "actionstaken"]),
];

const KNOWN: [Export; 2] = [
    Export {
        system: "cpoms",
        by: &["incidenttext"],
        columns: &[
            (Field::Id, &["incidentid", "incidentnumber", "id"]),
            (Field::When, &["incidentdatetime", "incidentdate", "dateofincident", "date"]),
            (Field::Time, &["incidenttime", "timeofincident", "time"]),
            (Field::Pupil, &["student", "pupil", "studentname", "pupilname"]),
            (Field::Text, &["incidenttext"]),
            (Field::Category, &["categorysubcategory", "categories", "category"]),
            (Field::Linked, &["linkedstudents", "linkedpupils", "linkedstudent"]),
            (Field::Staff, &["staffalerted", "alertedstaff", "staff"]),
            (Field::Agency, &["agency", "agencies", "agencyinvolved"]),
        ],
    },
    Export {
        system: "myconcern",
        by: &["concernid"],
        columns: &[
            (Field::Id, &["concernid"]),
            (Field::When, &["raised", "dateraised", "raisedon", "concerndate"]),
            (Field::Pupil, &["pupil", "pupils", "student", "learner", "name"]),
            (Field::Title, &["summary", "title"]),
            (Field::Text, &["detail", "details", "concerndetail", "description"]),
            (Field::Category, &["category", "concerntype", "categories"]),
            (Field::Level, &["level", "priority"]),
            (Field::Linked, &["linkedpupils", "otherpupils"]),
            (Field::Staff, &["owner", "caseowner"]),
            (Field::Agency, &["agency", "externalagencies"]),
            (Field::Actions, &["tasks", "actions", "task"]),
        ],
    },
];

/// The systems whose logs are known by their headings.
pub const SYSTEMS: [&str; 2] = [KNOWN[0].system, KNOWN[1].system];

/// The system whose log has these headings, folded, where one is known; and which columns of it hold what.
pub(super) fn known(headings: &[String]) -> (Option<&'static str>, BTreeMap<Field, usize>) {
    let is_there = |name: &&str| headings.iter().any(|there| there == name);
    let known = KNOWN.iter().find(|known| known.by.iter().all(is_there));
    let rows = known.into_iter().flat_map(|known| known.columns.iter().chain(COMMON));
    (known.map(|it| it.system), places(headings, rows))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::folded;

    #[test]
    fn every_field_is_typed_by_one_name() {
        for field in Field::all() {
            assert_eq!(field.slug().parse(), Ok(field));
        }
        assert_eq!("Text".parse::<Field>(), Err(UnknownField));
    }

    #[test]
    fn the_headings_of_the_table_are_folded() {
        let names = KNOWN.iter().flat_map(|known| known.columns.iter().chain(COMMON)).flat_map(|(_, names)| *names);
        for name in names.chain(KNOWN.iter().flat_map(|known| known.by)) {
            assert_eq!(&folded(name), name);
        }
    }
}
