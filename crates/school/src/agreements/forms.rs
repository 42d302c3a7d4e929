//! Forms to print: a sheet for each of those who are to sign, with a code by which it is logged when it comes back.

use belisha_aua::{Audience, Clause, Document, Edition, Key, Lacking, Stage, Teaches};
use belisha_report::form::{self, Form, Forms, Reader};
use chrono::{DateTime, Utc};

use super::coverage::{Outstanding, outstanding};
use super::sheet_code::SheetCode;
use crate::authority::Authority;
use crate::school::School;

/// Of whom forms are wanted, and what stands on them.
pub struct WantedForms<'a> {
    /// Of which agreement.
    pub key: &'a Key,
    /// Whether of those who have signed as well.
    pub all: bool,
    /// By when and where they come back; empty where nothing is said.
    pub back_by: &'a str,
}

/// The forms of those pupils whose class, or of adults without one, is meant; `None` where no such agreement is asked for.
/// Without sheets where nobody is left to sign.
pub fn forms(
    school: &School,
    authority: &Authority,
    wanted: &WantedForms<'_>,
    is_meant: impl Fn(Option<&str>) -> bool,
    now: DateTime<Utc>,
) -> Option<Forms> {
    let (roll, settings) = (authority.roll(), school.settings());
    let document: &Document = authority.agreements().book().document(wanted.key)?;
    let edition: &Edition = document.to_sign(now)?;
    let name = |line: &Outstanding| {
        let entry = roll.person(line.person);
        entry.map(|entry| entry.person.name.in_full()).unwrap_or_default()
    };
    let is_wanted = |line: &Outstanding| {
        line.key == *wanted.key && (wanted.all || line.state.lacking().is_some()) && is_meant(line.class.as_deref())
    };
    let mut lines: Vec<Outstanding> = outstanding(authority, now).filter(is_wanted).collect();
    lines.sort_by_cached_key(|line| (line.class.clone(), name(line)));
    let infants = lines.iter().all(|line| line.audience == Audience::Pupils(Stage::Infants));
    let clauses = |line: &Outstanding| {
        let teaches = roll.person(line.person).map_or(Teaches::No, |entry| Teaches::of(&entry.person));
        edition.text.for_whom(teaches).map(printed).collect()
    };
    let forms = lines.iter().map(|line| {
        let code = SheetCode { key: wanted.key.clone(), major: edition.number.major, person: line.person };
        Form {
            name: name(line),
            class: line.class.clone().unwrap_or_default(),
            clauses: clauses(line),
            signed_by: signers(line, wanted.all),
            code: address(settings.console.as_deref(), &code),
        }
    });
    Some(Forms {
        title: document.title().to_owned(),
        school: settings.school.clone(),
        edition: format!("{} {}", wanted.key, edition.number),
        opening: edition.text.opening.clone(),
        closing: edition.text.closing.clone(),
        back_by: wanted.back_by.to_owned(),
        reader: if infants { Reader::Infants } else { Reader::Others },
        forms: forms.collect(),
    })
}

fn printed(clause: &Clause) -> form::Clause {
    form::Clause {
        text: clause.text.clone(),
        picture: clause.picture().map(belisha_aua::Picture::svg),
        has_names_to_write: clause.has_names_to_write(),
    }
}

/// What stands in the code of a sheet: where the office logs it, or the code alone where there is no address of the console.
fn address(console: Option<&str>, code: &SheetCode) -> String {
    console
        .map_or_else(|| code.to_string(), |console| format!("{}/returns?sheet={code}", console.trim_end_matches('/')))
}

/// Who is still to sign.
fn signers(line: &Outstanding, all: bool) -> Vec<String> {
    let lacking = line.state.lacking().filter(|_| !all);
    let who: &[&str] = match (line.audience, lacking) {
        (Audience::Adults(_), _) | (_, Some(Lacking::Theirs)) => &["Signed by"],
        (_, Some(Lacking::Pupils)) => &["Pupil"],
        (_, Some(Lacking::Parents)) => &["Parent or carer"],
        _ => &["Pupil", "Parent or carer"],
    };
    who.iter().map(|who| (*who).to_owned()).collect()
}
