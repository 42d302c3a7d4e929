//! Rows to claims.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Display;

use belisha_policy::people::{Login, Name, NameError, NcYear, PersonKind, Upn};
use chrono::NaiveDate;

use super::claims::{AccountClaim, AdultClaim, At, ContactClaim, LinkClaim, PupilClaim, Said, SourceId};
use super::columns::{Field, Kind, Layout};
use super::{Content, File, Refusal, Remark, SyncRole};
use crate::sheet::date::{self, Order};
use crate::sheet::{Row, Table};

/// Reads the rows of a table that was recognised.
pub(super) fn read(name: &str, table: &Table, layout: &Layout) -> Result<File, Refusal> {
    let mut reader = Reader::new(name, table, layout);
    reader.not_swapped()?;
    let content = match layout.kind {
        Kind::Pupils => Content::Pupils(reader.pupils()),
        Kind::Staff => Content::Staff(reader.each(Reader::staff)),
        Kind::Governors => Content::Governors(reader.each(Reader::governor)),
        Kind::Contacts => Content::Contacts(reader.each(Reader::contact)),
        Kind::Links => Content::Links(reader.each(Reader::link_of_ids)),
        Kind::ContactsOfPupils => {
            let both = reader.each(|reader, row| Ok((reader.contact(row)?, reader.pupil_of_contact(row)?)));
            let numbered = both.into_iter().enumerate();
            let (contacts, links) =
                numbered.map(|(place, (contact, link))| (contact, LinkClaim { contact: place, ..link })).unzip();
            Content::ContactsOfPupils(contacts, links)
        }
        Kind::Directory => Content::Accounts(reader.each(Reader::account)),
        Kind::SyncUsers => Content::SyncUsers(reader.each(Reader::sync_user)),
        Kind::SyncRoles => Content::SyncRoles(reader.each(Reader::sync_role)),
        Kind::NotNeeded => Content::NotNeeded,
    };
    Ok(File { system: layout.system, content, complaints: reader.complaints, notes: reader.notes })
}

struct Reader<'a> {
    file: &'a str,
    table: &'a Table,
    layout: &'a Layout,
    orders: HashMap<Field, Order>,
    complaints: Vec<Remark>,
    notes: Vec<Remark>,
}

/// A column, what it is called, and whether a value is one of its kind.
type Check = (Field, &'static str, fn(&str) -> bool);

/// What is wrong with a row.
type Wrong = String;

impl<'a> Reader<'a> {
    fn new(file: &'a str, table: &'a Table, layout: &'a Layout) -> Self {
        let mut reader =
            Self { file, table, layout, orders: HashMap::new(), complaints: Vec::new(), notes: Vec::new() };
        if layout.kind != Kind::NotNeeded {
            for line in &table.ragged {
                reader.complain(*line, "the line has not as many fields as there are headings");
            }
        }
        for field in [Field::Born, Field::Joined, Field::Left] {
            let Some(column) = layout.column(field) else { continue };
            let order = date::order(table.rows.iter().map(|row| row.get(column)));
            if order == Order::MonthFirst {
                reader.note(None, "the days are written with the month first, as in America, and were read so");
            }
            if table.rows.iter().any(|row| date::is_serial(row.get(column))) {
                reader.note(None, "a spreadsheet made numbers of some days; they were read as days");
            }
            reader.orders.insert(field, order);
        }
        reader
    }

    fn complain(&mut self, line: u64, text: impl Display) {
        self.complaints.push(Remark { file: self.file.to_owned(), line: Some(line), text: text.to_string() });
    }

    fn note(&mut self, line: Option<u64>, text: impl Display) {
        self.notes.push(Remark { file: self.file.to_owned(), line, text: text.to_string() });
    }

    fn at(&self, row: &Row) -> At {
        At { file: self.file.to_owned(), line: row.line }
    }

    /// What stands in a field; nothing where there is no such column or it is blank.
    fn get<'r>(&self, row: &'r Row, field: Field) -> &'r str {
        self.layout.column(field).map_or("", |column| row.get(column))
    }

    fn each<T>(&mut self, mut read: impl FnMut(&mut Self, &Row) -> Result<T, Wrong>) -> Vec<T> {
        let mut all = Vec::with_capacity(self.table.rows.len());
        for row in &self.table.rows {
            match read(self, row) {
                Ok(one) => all.push(one),
                Err(wrong) => self.complain(row.line, wrong),
            }
        }
        self.complaints.sort_by_key(|remark| remark.line);
        all
    }

    /// In a column of which most is of another kind, something else was put.
    fn not_swapped(&self) -> Result<(), Refusal> {
        let checks: [Check; 4] = [
            (Field::Upn, "UPN", |text| !matches!(text.parse::<Upn>(), Err(belisha_policy::people::UpnError::Shape))),
            (Field::Born, "date of birth", |text| {
                date::read(text, Order::DayFirst).or(date::read(text, Order::MonthFirst)).is_some()
                    || text.contains('/')
            }),
            (Field::Year, "year", |text| text.parse::<NcYear>().is_ok()),
            (Field::Email, "e-mail", |text| text.contains('@')),
        ];
        for (field, title, fits) in checks {
            let Some(column) = self.layout.column(field) else { continue };
            let values = || self.table.rows.iter().map(|row| row.get(column)).filter(|text| !text.is_empty());
            let (all, wrong) = (values().count(), values().filter(|text| !fits(text)).count());
            if all > 0 && wrong * 2 > all {
                return Err(Refusal::Swapped(title));
            }
        }
        let name = [Field::Surname, Field::Forename, Field::LegalSurname, Field::LegalForename];
        for column in name.into_iter().filter_map(|field| self.layout.column(field)) {
            let is_other = |text: &str| text.parse::<Upn>().is_ok() || date::read(text, Order::DayFirst).is_some();
            let wrong = self.table.rows.iter().filter(|row| is_other(row.get(column))).count();
            if wrong * 2 > self.table.rows.len() {
                return Err(Refusal::Swapped("name"));
            }
        }
        Ok(())
    }

    fn pupils(&mut self) -> Vec<PupilClaim> {
        let pupils = self.each(Self::pupil);
        let mut by_upn: HashMap<Upn, usize> = HashMap::new();
        let mut wrong: BTreeSet<usize> = BTreeSet::new();
        for (place, pupil) in pupils.iter().enumerate() {
            if let Some(upn) = pupil.upn
                && let Some(first) = by_upn.insert(upn, place)
            {
                wrong.extend([first, place]);
            }
        }
        let doubled: Vec<u64> =
            wrong.iter().filter_map(|place| pupils.get(*place)).map(|pupil| pupil.at.line).collect();
        for line in doubled {
            self.complain(line, "another line has this UPN: both were left out. Find out whose it is");
        }
        pupils.into_iter().enumerate().filter(|(place, _)| !wrong.contains(place)).map(|(_, pupil)| pupil).collect()
    }

    fn pupil(&mut self, row: &Row) -> Result<PupilClaim, Wrong> {
        let upn = match self.get(row, Field::Upn) {
            "" => None,
            text => Some(text.parse::<Upn>().map_err(|error| error.to_string())?),
        };
        if upn.is_some_and(|upn| !upn.check_letter_fits()) {
            self.note(Some(row.line), "the first letter of the UPN does not fit its digits: it may be mistyped");
        }
        let year = match self.get(row, Field::Year) {
            "" => None,
            text => Some(text.parse::<NcYear>().map_err(|error| error.to_string())?),
        };
        let left = self.left(row)?;
        Ok(PupilClaim {
            at: self.at(row),
            ids: self.ids(row),
            upn,
            name: self.name(row)?,
            born: self.day(row, Field::Born, "date of birth")?,
            year,
            class: self.text(row, Field::Class, "class")?,
            login: self.login(row)?,
            email: self.email(row)?,
            joined: self.day(row, Field::Joined, "date of joining")?,
            left,
        })
    }

    /// Leaving dates, and a status that says that somebody has left on a day that is not told.
    fn left(&self, row: &Row) -> Result<Said<NaiveDate>, Wrong> {
        if self.layout.column(Field::Left).is_none() {
            return Ok(Said::Unsaid);
        }
        Ok(Said::Said(self.day(row, Field::Left, "date of leaving")?))
    }

    fn staff(&mut self, row: &Row) -> Result<AdultClaim, Wrong> {
        let title = self.text(row, Field::Role, "role")?;
        let teaches =
            self.layout.system == "sds" || title.as_ref().is_some_and(|title| title.to_lowercase().contains("teacher"));
        let kind = if teaches { PersonKind::Teacher } else { PersonKind::SupportStaff };
        self.adult(row, kind, title)
    }

    fn governor(&mut self, row: &Row) -> Result<AdultClaim, Wrong> {
        let title = self.text(row, Field::Role, "role")?;
        self.adult(row, PersonKind::Governor, title)
    }

    fn adult(&mut self, row: &Row, kind: PersonKind, title: Option<String>) -> Result<AdultClaim, Wrong> {
        Ok(AdultClaim {
            at: self.at(row),
            ids: self.ids(row),
            name: self.name(row)?,
            kind,
            title,
            login: self.login(row)?,
            email: self.email(row)?,
            joined: self.day(row, Field::Joined, "first day")?,
            left: self.left(row)?,
        })
    }

    fn sync_user(&mut self, row: &Row) -> Result<AdultClaim, Wrong> {
        self.adult(row, PersonKind::SupportStaff, None)
    }

    fn sync_role(&mut self, row: &Row) -> Result<SyncRole, Wrong> {
        let user = self.get(row, Field::Id);
        if user.is_empty() {
            return Err("the user is missing".into());
        }
        // Years of other countries and of nursery are written otherwise: who has none is in none.
        let year = self.get(row, Field::Year).parse().ok();
        Ok(SyncRole { user: user.to_owned(), role: self.get(row, Field::Role).to_lowercase(), year })
    }

    fn contact(&mut self, row: &Row) -> Result<ContactClaim, Wrong> {
        let ids = if self.layout.kind == Kind::Contacts { self.ids(row) } else { BTreeSet::new() };
        Ok(ContactClaim { at: self.at(row), ids, name: self.name(row)?, email: self.email(row)? })
    }

    fn link_of_ids(&mut self, row: &Row) -> Result<(SourceId, LinkClaim), Wrong> {
        let (pupil, contact) = (self.get(row, Field::PupilId), self.get(row, Field::ContactId));
        if pupil.is_empty() || contact.is_empty() {
            return Err("the id of the pupil or of the contact is missing".into());
        }
        let contact = SourceId { system: "wonde-contact", id: contact.to_owned() };
        Ok((contact, self.link(row, SourceId { system: "wonde-student", id: pupil.to_owned() })?))
    }

    fn pupil_of_contact(&mut self, row: &Row) -> Result<LinkClaim, Wrong> {
        let (admission, upn) = (self.get(row, Field::Admission), self.get(row, Field::Upn));
        let pupil = match (admission, upn) {
            ("", "") => return Err("neither admission number nor UPN of the pupil is there".into()),
            ("", upn) => SourceId { system: "upn", id: upn.to_owned() },
            (admission, _) => SourceId { system: "admission-number", id: admission.to_owned() },
        };
        self.link(row, pupil)
    }

    fn link(&self, row: &Row, pupil: SourceId) -> Result<LinkClaim, Wrong> {
        Ok(LinkClaim {
            at: self.at(row),
            pupil,
            contact: 0,
            relationship: self.text(row, Field::Relationship, "relationship")?.unwrap_or_default(),
            priority: self.get(row, Field::Priority).parse().ok(),
            responsibility: self.yes_or_no(row, Field::Responsibility, "parental responsibility")?,
            court_order: self.yes_or_no(row, Field::CourtOrder, "court order")?,
        })
    }

    fn account(&mut self, row: &Row) -> Result<AccountClaim, Wrong> {
        let Some(email) = self.email(row)? else { return Err("there is no e-mail address".into()) };
        let name = match self.name(row) {
            Ok(name) => name,
            // Microsoft's directory may have the whole name in one column.
            Err(wrong) => match self.get(row, Field::DisplayName).rsplit_once(' ') {
                Some((forename, surname)) => checked_name(surname, forename)?,
                None => return Err(wrong),
            },
        };
        let suspended = self.get(row, Field::Status).eq_ignore_ascii_case("suspended")
            || matches!(self.get(row, Field::Enabled).to_ascii_lowercase().as_str(), "yes" | "false")
                && self.layout.system == "microsoft";
        Ok(AccountClaim { at: self.at(row), email, name, suspended })
    }

    fn ids(&self, row: &Row) -> BTreeSet<SourceId> {
        let system = match (self.layout.system, self.layout.kind) {
            ("wonde", Kind::Pupils) => "wonde-student",
            ("wonde", Kind::Contacts) => "wonde-contact",
            ("wonde", _) => "wonde-employee",
            ("arbor", _) => "arbor-student",
            ("sds", Kind::SyncUsers) => "sds-user",
            ("sds", Kind::Pupils) => "sds-student",
            ("sds", _) => "sds-teacher",
            ("governors", _) => "governor",
            (_, Kind::Pupils) => "list-pupil",
            _ => "list-adult",
        };
        let mis = if self.layout.kind == Kind::Pupils { "mis-pupil" } else { "mis-staff" };
        let id = |field: Field, system: &'static str| {
            let text = self.get(row, field);
            (!text.is_empty()).then(|| SourceId { system, id: text.to_owned() })
        };
        let all = [id(Field::Id, system), id(Field::MisId, mis), id(Field::Admission, "admission-number")];
        let upn = id(Field::Upn, "upn").filter(|_| self.layout.kind == Kind::Pupils);
        all.into_iter().chain([upn]).flatten().collect()
    }

    fn name(&self, row: &Row) -> Result<Name, Wrong> {
        let part = |legal: Field, known: Field| {
            let (legal, known) = (self.get(row, legal), self.get(row, known));
            if legal.is_empty() { (known, known) } else { (legal, known) }
        };
        let (surname, known_surname) = part(Field::LegalSurname, Field::Surname);
        let (forename, known_forename) = part(Field::LegalForename, Field::Forename);
        for part in [known_surname, known_forename] {
            checked(part)?;
        }
        checked_name(surname, forename)?.going_by(known_surname, known_forename).map_err(|error| error.to_string())
    }

    fn text(&self, row: &Row, field: Field, title: &str) -> Result<Option<String>, Wrong> {
        let text = self.get(row, field);
        if text.is_empty() {
            return Ok(None);
        }
        checked(text).map_err(|_| format!("the {title} begins like a formula, or is none"))?;
        if text.chars().count() > 100 {
            return Err(format!("the {title} is longer than 100 characters"));
        }
        Ok(Some(text.to_owned()))
    }

    fn day(&self, row: &Row, field: Field, title: &str) -> Result<Option<NaiveDate>, Wrong> {
        match self.get(row, field) {
            "" => Ok(None),
            text => {
                let order = self.orders.get(&field).copied().unwrap_or_default();
                let wrong = || format!("the {title} is no day: write it as 2016-04-23 or 23/04/2016");
                date::read(text, order).map(Some).ok_or_else(wrong)
            }
        }
    }

    fn login(&self, row: &Row) -> Result<Option<Login>, Wrong> {
        match self.get(row, Field::Login) {
            "" => Ok(None),
            // The whole address does as user name too; what stands before the `@` is the shorter one.
            text if self.layout.kind == Kind::SyncUsers && text.contains('@') => Ok(None),
            text => text.parse().map(Some).map_err(|error: belisha_policy::people::LoginError| error.to_string()),
        }
    }

    fn email(&self, row: &Row) -> Result<Option<String>, Wrong> {
        match self.get(row, Field::Email) {
            "" => Ok(None),
            text => {
                let fits = text.split_once('@').is_some_and(|(local, domain)| {
                    local.parse::<Login>().is_ok()
                        && domain.contains('.')
                        && domain.parse::<Login>().is_ok()
                        && !domain.contains('@')
                });
                if fits { Ok(Some(text.to_owned())) } else { Err("the e-mail address is none".into()) }
            }
        }
    }

    fn yes_or_no(&self, row: &Row, field: Field, title: &str) -> Result<Option<bool>, Wrong> {
        match self.get(row, field).to_ascii_lowercase().as_str() {
            "" => Ok(None),
            "yes" | "y" | "true" | "t" | "1" => Ok(Some(true)),
            "no" | "n" | "false" | "f" | "0" => Ok(Some(false)),
            _ => Err(format!("{title} is neither yes nor no")),
        }
    }
}

/// A name of the register.
pub(super) fn checked_name(surname: &str, forename: &str) -> Result<Name, Wrong> {
    checked(surname)?;
    checked(forename)?;
    Name::new(surname, forename).map_err(|error| match error {
        NameError::Empty => "surname or forename is missing".to_owned(),
        other => other.to_string(),
    })
}

/// Refuses what a spreadsheet would take for a formula, and what a browser would take for markup.
pub(super) fn checked(text: &str) -> Result<(), Wrong> {
    let inner = text.strip_prefix('\'').unwrap_or(text);
    // Full-width forms are taken for the plain ones by some spreadsheets.
    let formula = ['=', '+', '-', '@', '\u{FF1D}', '\u{FF0B}', '\u{FF0D}', '\u{FF20}', '\t', '\r', '|'];
    if inner.starts_with(formula) {
        return Err("the name begins like a formula".into());
    }
    if text.contains(['<', '>', '\u{FF1C}', '\u{FF1E}']) {
        return Err("the name has markup in it".into());
    }
    let unseen =
        |letter: char| letter.is_control() || matches!(letter, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    if text.chars().any(unseen) {
        return Err("the name has characters in it that are not seen".into());
    }
    Ok(())
}
