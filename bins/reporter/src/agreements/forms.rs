//! Forms to print and sign.

use std::path::Path;
use std::process::ExitCode;

use belisha_aua::{Audience, Key, Lacking, Stage, Teaches};
use belisha_report::form::{Form, Forms, Reader};
use belisha_school::agreements::{Outstanding, SheetCode, outstanding};

use super::looking::{may_see, reaches};
use super::name;
use crate::args::fail;
use crate::files;
use crate::session::Session;

/// Of whom forms are wanted.
pub(super) struct Wanted<'a> {
    /// Of this class alone.
    pub(super) class: Option<&'a str>,
    /// Whether of those who have signed as well.
    pub(super) all: bool,
    /// By when and where they come back.
    pub(super) back_by: &'a str,
}

pub(super) fn write(session: &Session, key: &Key, wanted: &Wanted<'_>, out: &Path) -> Result<(), ExitCode> {
    let permit = may_see(session)?;
    let unknown = || fail(&"no agreement is called so: look at belisha-reporter agreements list", 1);
    let document = session.authority.agreements().book().document(key).ok_or_else(unknown)?;
    let edition = document.to_sign(session.now).ok_or_else(unknown)?;
    let is_wanted = |line: &Outstanding| {
        line.key == *key
            && wanted.class.is_none_or(|class| line.class.as_deref() == Some(class))
            && (wanted.all || line.state.lacking().is_some())
            && reaches(session, &permit, line.class.as_deref())
    };
    let mut lines: Vec<Outstanding> = outstanding(&session.authority, session.now).filter(is_wanted).collect();
    lines.sort_by_cached_key(|line| (line.class.clone(), name(session, line.person)));
    if lines.is_empty() {
        return Err(fail(&"nobody is left to sign it", 1));
    }
    let infants = lines.iter().all(|line| line.audience == Audience::Pupils(Stage::Infants));
    let clauses = |line: &Outstanding| {
        let entry = session.authority.roll().person(line.person);
        let teaches = entry.map_or(Teaches::No, |entry| Teaches::of(&entry.person));
        edition.text.for_whom(teaches).map(|clause| clause.text.clone()).collect()
    };
    let forms = lines.iter().map(|line| Form {
        name: name(session, line.person),
        class: line.class.clone().unwrap_or_default(),
        clauses: clauses(line),
        signed_by: signers(line, wanted.all),
        code: sheet_address(session, &SheetCode { key: key.clone(), major: edition.number.major, person: line.person }),
    });
    let forms = Forms {
        title: document.title().to_owned(),
        school: session.school.settings().school.clone(),
        edition: format!("{key} {}", edition.number),
        opening: edition.text.opening.clone(),
        closing: edition.text.closing.clone(),
        back_by: wanted.back_by.to_owned(),
        reader: if infants { Reader::Infants } else { Reader::Others },
        forms: forms.collect(),
    };
    let html = forms.to_html().map_err(|error| fail(&error, 74))?;
    files::write(out, html.as_bytes())?;
    println!(
        "{} in {}.",
        if forms.forms.len() == 1 { "1 form is".into() } else { format!("{} forms are", forms.forms.len()) },
        out.display()
    );
    Ok(())
}

/// What stands in the code of a sheet: where the office logs it, or the code alone where there is no address of the console.
fn sheet_address(session: &Session, code: &SheetCode) -> String {
    match session.school.settings().console.as_deref() {
        Some(console) => format!("{}/returns?sheet={code}", console.trim_end_matches('/')),
        None => code.to_string(),
    }
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
