//! Forms that came back on paper, a whole class at once: their codes are read, who signed is said, and all are logged together.

use askama::Template;
use belisha_aua::{Document, Edition, ForPupils, Lacking, SignedBy, Signer, Subject, Terms};
use belisha_policy::calendar::local;
use belisha_policy::may::About;
use belisha_policy::{Action, PersonId};
use belisha_school::WrittenDay;
use belisha_school::agreements::{SheetCode, Wanted, act};

use super::agreements::on_paper;
use crate::reply::{Frame, Reply, Trouble};
use crate::visit::{Form, Visit, Who};

/// A sheet that came back.
struct Sheet {
    code: SheetCode,
    whose: String,
    title: String,
    /// Whether the signature of the person themselves is missing.
    own: bool,
    /// The parents who may have signed: their ids and names; nothing where none is asked.
    parents: Vec<(String, String)>,
    /// The one who did, where only one can have.
    only: Option<String>,
    /// Why nothing of it is logged.
    wrong: Option<String>,
}

#[derive(Template)]
#[template(path = "returns.html")]
struct Page {
    frame: Frame,
    sheets: Vec<Sheet>,
    unread: Vec<String>,
    logged: Option<usize>,
    today: String,
}

/// The codes to be read, or, where one was read by a telephone, its sheet.
pub(crate) fn page(visit: &Visit, who: &Who, _: &Form) -> Result<Reply, Trouble> {
    shown(visit, who, visit.query.text("sheet"), visit.query.text("logged").parse().ok())
}

/// What codes mean that were read.
pub(crate) fn read(visit: &Visit, who: &Who, form: &Form) -> Result<Reply, Trouble> {
    shown(visit, who, form.text("codes"), None)
}

fn shown(visit: &Visit, who: &Who, codes: &str, logged: Option<usize>) -> Result<Reply, Trouble> {
    // Who may not log it is told nothing of who is here.
    visit.permit(who, Action::RecordPaperReturn, &About::NOTHING)?;
    let (mut sheets, mut unread): (Vec<Sheet>, Vec<String>) = (Vec::new(), Vec::new());
    for text in codes.split_whitespace() {
        match text.parse::<SheetCode>() {
            // One that was read twice is one.
            Ok(code) if sheets.iter().any(|sheet| sheet.code == code) => {}
            Ok(code) => sheets.push(sheet(visit, code)),
            Err(_) => unread.push(text.to_owned()),
        }
    }
    let (frame, today) = (Frame::of(visit, Some(who)), local(visit.now).date_naive().to_string());
    Ok(Reply::page(&Page { frame, sheets, unread, logged, today }))
}

/// What is to be said of a sheet.
fn sheet(visit: &Visit, code: SheetCode) -> Sheet {
    let (roll, agreements) = (visit.authority.roll(), visit.authority.agreements());
    let nothing = |code: SheetCode, wrong: &str| Sheet {
        whose: visit.called(code.person),
        title: code.key.to_string(),
        code,
        own: false,
        parents: Vec::new(),
        only: None,
        wrong: Some(wrong.to_owned()),
    };
    let found = |code: &SheetCode| -> Option<(&Document, &Edition)> {
        let document = agreements.book().document(&code.key)?;
        document
            .editions()
            .map(|(_, edition)| edition)
            .find(|it| it.number.major == code.major)
            .map(|it| (document, it))
    };
    let Some(entry) = roll.here(visit.now).find(|entry| entry.person.id == code.person) else {
        return nothing(code, "They are not here any more.");
    };
    let Some((document, edition)) = found(&code) else {
        return nothing(code, "There is no such edition.");
    };
    let title = format!("{} ({})", document.title(), edition.number);
    let (file, subject) = (agreements.file(code.person), Subject::of(&entry.person));
    let state = agreements.book().lines(file, &subject, visit.now).find(|(it, _)| it.key() == &code.key);
    let lacking = state.and_then(|(_, state)| state.lacking());
    let Some(lacking) = lacking.filter(|lacking| *lacking != Lacking::Disputed) else {
        return Sheet { title, ..nothing(code, "Nothing of it is missing.") };
    };
    let takes_parents =
        matches!(&edition.terms, Terms::Pupils(ForPupils { signed_by, .. }) if *signed_by != SignedBy::Pupil);
    let contacts = entry.person.pupil().into_iter().flat_map(|pupil| &pupil.contacts);
    let may_sign = contacts.filter(|it| it.may_be_told() && takes_parents && lacking != Lacking::Pupils);
    let parents: Vec<(String, String)> = may_sign.map(|it| (it.person.to_string(), visit.called(it.person))).collect();
    let only = if let [(id, _)] = parents.as_slice() { Some(id.clone()) } else { None };
    let own = !file.has_signed(&code.key, code.major, Signer::Themselves);
    Sheet { whose: visit.called(code.person), title, own, parents, only, code, wrong: None }
}

/// Logs what is ticked, in one piece.
pub(crate) fn log(visit: &Visit, who: &Who, form: &Form) -> Result<Reply, Trouble> {
    if visit.name != "log" {
        return Err(Trouble::NotFound);
    }
    let permit = visit.permit(who, Action::RecordPaperReturn, &About::NOTHING)?;
    let dated: WrittenDay =
        form.text("dated").parse().map_err(|_| Trouble::Refused("write the day on the forms".into()))?;
    let filed = form.text("filed");
    let signed = |code: &SheetCode, by: Signer| -> Result<Wanted, Trouble> {
        let of = (code.key.clone(), Some(code.major));
        Ok((code.person, on_paper(visit, of, (code.person, by), (dated, filed), None)?).into())
    };
    let mut wanted = Vec::new();
    for (field, value) in form.fields() {
        if let Some(code) = field.strip_prefix("own.").and_then(|code| code.parse::<SheetCode>().ok()) {
            wanted.push(signed(&code, Signer::Themselves)?);
        }
        let parent = value.parse::<PersonId>().ok();
        if let (Some(Ok(code)), Some(parent)) = (field.strip_prefix("parent.").map(str::parse::<SheetCode>), parent) {
            wanted.push(signed(&code, Signer::Parent(parent))?);
        }
    }
    if wanted.is_empty() {
        return Err(Trouble::Refused("say of at least one form who signed it".into()));
    }
    let done = act(&visit.school, &visit.authority, &permit, wanted, visit.now)?;
    Ok(Reply::to(&format!("/returns?logged={}", done.len())))
}
