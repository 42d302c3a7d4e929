//! Bodies outside the school, as they are written.

use std::collections::{BTreeMap, BTreeSet};

use belisha_policy::directory::{Agency, Directory, Purpose};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use toml::Spanned;
use toml::value::Datetime;

use super::Fault;
use super::school_policy::both;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAgency {
    name: Spanned<String>,
    purpose: Spanned<String>,
    contact: Spanned<String>,
    hours: Spanned<String>,
    checked: Spanned<Datetime>,
}

/// A body outside the school, as it is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenAgency {
    /// What it is called for, by its slug.
    pub purpose: String,
    /// What it is called.
    pub name: String,
    /// Telephone, address for mail or page.
    pub contact: String,
    /// When it answers, in words.
    pub hours: String,
    /// The day on which somebody last made sure that this is right.
    pub checked: NaiveDate,
}

impl RawAgency {
    fn written(&self) -> Result<WrittenAgency, Fault> {
        let purpose: Purpose = self
            .purpose
            .get_ref()
            .parse()
            .map_err(|error| (self.purpose.span().start, format!("{:?} is {error}", self.purpose.get_ref())))?;
        let said = |what: &str, text: &Spanned<String>| match text.get_ref().trim() {
            "" => Err((text.span().start, format!("say the {what} of this agency"))),
            said => Ok(said.to_owned()),
        };
        Ok(WrittenAgency {
            purpose: purpose.slug().to_owned(),
            name: said("name", &self.name)?,
            contact: said("contact (a telephone number, an address for mail or a page)", &self.contact)?,
            hours: said("hours, such as \"always\"", &self.hours)?,
            checked: self.day().ok_or_else(|| {
                (self.checked.span().start, "checked is a day without a time, such as 2026-09-01".to_owned())
            })?,
        })
    }

    fn day(&self) -> Option<NaiveDate> {
        match self.checked.get_ref() {
            Datetime { date: Some(date), time: None, offset: None } => {
                NaiveDate::from_ymd_opt(date.year.into(), date.month.into(), date.day.into())
            }
            _ => None,
        }
    }
}

/// What the file says of agencies.
///
/// # Errors
/// An unknown purpose, something empty, a check that is no day, or two of one name and purpose.
pub(super) fn written(raw: &[RawAgency]) -> Result<BTreeSet<WrittenAgency>, Fault> {
    let (mut names, mut agencies) = (BTreeSet::new(), BTreeSet::new());
    for raw in raw {
        let agency = raw.written()?;
        if !names.insert((agency.purpose.clone(), agency.name.to_lowercase())) {
            let message = format!("the agency {:?} stands twice for {}", agency.name, agency.purpose);
            return Err((raw.name.span().start, message));
        }
        agencies.insert(agency);
    }
    Ok(agencies)
}

/// When agencies were last checked, and where that stands.
pub(super) fn checks(raw: &[RawAgency]) -> Vec<(usize, NaiveDate)> {
    raw.iter().filter_map(|raw| Some((raw.checked.span().start, raw.day()?))).collect()
}

/// The directory.
///
/// # Errors
/// A purpose that this version does not know.
pub(super) fn directory(written: &BTreeSet<WrittenAgency>) -> Result<Directory, Fault> {
    let agency = |written: &WrittenAgency| {
        let purpose: Purpose =
            written.purpose.parse().map_err(|error| (0, format!("{:?} is {error}", written.purpose)))?;
        let WrittenAgency { name, contact, hours, checked, .. } = written.clone();
        Ok(Agency { name, purpose, contact, hours, checked })
    };
    written.iter().map(agency).collect::<Result<Vec<_>, _>>().map(Directory)
}

/// In plain English, what others would change in these.
pub(super) fn changes(now: &BTreeSet<WrittenAgency>, then: &BTreeSet<WrittenAgency>, to: &mut Vec<String>) {
    let by_name = |agencies: &BTreeSet<WrittenAgency>| -> BTreeMap<String, WrittenAgency> {
        agencies.iter().map(|it| (format!("{} for {}", it.name, it.purpose), it.clone())).collect()
    };
    for (name, now, then) in both(&by_name(now), &by_name(then)) {
        match (now, then) {
            (None, Some(then)) => to.push(format!("new agency {name}: {}, {}", then.contact, then.hours)),
            (Some(_), None) => to.push(format!("agency {name} goes")),
            (Some(now), Some(then)) => {
                for (what, now, then) in [("contact", &now.contact, &then.contact), ("hours", &now.hours, &then.hours)]
                {
                    if now != then {
                        to.push(format!("agency {name}: {what} {then} (was {now})"));
                    }
                }
                if now.checked != then.checked {
                    to.push(format!("agency {name}: checked on {} (was {})", then.checked, now.checked));
                }
            }
            (None, None) => {}
        }
    }
}
