//! Agreements: what is one's own to sign or to read, one's class, and what came back on paper.

use askama::Template;
use belisha_aua::{
    Clause, Command, Document, Edition, Key, Picture, Printed, Signer, State, Subject, Subjected, Teaches, Way, With,
};
use belisha_policy::calendar::local;
use belisha_policy::may::{About, Answer, may};
use belisha_policy::{Action, PersonId, Scope};
use belisha_school::WrittenDay;
use belisha_school::agreements::{
    AgreementError, Scan, Wanted, about_class, about_person, act as act_about, act_on_document, in_words,
};
use belisha_school::people::Entry;

use super::acts::chosen;
use super::shown;
use crate::reply::{Frame, Reply, Trouble};
use crate::visit::{Form, Visit, Who};

/// What an edition says to somebody.
pub(super) struct Words {
    pub(super) opening: String,
    /// Those that bind them, and the pictures that stand beside them.
    pub(super) clauses: Vec<(String, Option<&'static str>)>,
    pub(super) closing: String,
}

impl Words {
    pub(super) fn of(edition: &Edition, teaches: Teaches) -> Self {
        let shown = |clause: &Clause| (clause.text.clone(), clause.picture().map(Picture::svg));
        Self {
            opening: edition.text.opening.clone(),
            clauses: edition.text.for_whom(teaches).map(shown).collect(),
            closing: edition.text.closing.clone(),
        }
    }
}

/// A document that is one's own.
struct Own {
    key: String,
    title: String,
    edition: String,
    words: Words,
    /// How it stands, in a sentence.
    stands: String,
    is_to_sign: bool,
}

/// One's own class, with a document of its pupils.
struct OfClass {
    key: String,
    title: String,
    edition: String,
    class: String,
    is_discussed: bool,
    signed: usize,
    /// Who have not signed, and their ids.
    waiting: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "agreements.html")]
struct Page {
    frame: Frame,
    done: Option<&'static str>,
    own: Vec<Own>,
    classes: Vec<OfClass>,
    /// Whether they may ask who may be shown in a picture.
    asks_pictures: bool,
    /// Whether the round is theirs to look at.
    sees_round: bool,
    /// The agreements of which paper is logged: names and titles; nothing for those who do not log it.
    papers: Vec<(String, String)>,
    today: String,
}

/// What was done, by what stands in the address after it.
const DONE: [(&str, &str); 4] = [
    ("sign", "You have signed. It counts from now on."),
    ("discuss", "It is written down that the class talked about it: its pupils may sign."),
    ("in-class", "It is written down that they signed in class."),
    ("paper", "It is logged, and counts from now on."),
];

pub(crate) fn page(visit: &Visit, who: &Who, _: &Form) -> Result<Reply, Trouble> {
    let did = visit.query.text("did");
    let done = DONE.iter().find(|(verb, _)| *verb == did).map(|(_, said)| *said);
    let papers = if is_permitted(visit, who, Action::RecordPaperReturn) { titles(visit) } else { Vec::new() };
    Ok(Reply::page(&Page {
        frame: Frame::of(visit, Some(who)),
        done,
        own: own(visit, who).ok_or(Trouble::NotFound)?,
        classes: classes(visit, who),
        asks_pictures: is_permitted(visit, who, Action::AskPublication),
        sees_round: is_permitted(visit, who, Action::ViewAgreements),
        papers,
        today: local(visit.now).date_naive().to_string(),
    }))
}

pub(super) fn is_permitted(visit: &Visit, who: &Who, action: Action) -> bool {
    let answer = may(&who.standing, action, &About::NOTHING, visit.now);
    matches!(answer, Answer::Permit(permit) if permit.scope() == Scope::Full)
}

/// The documents of which something can be signed now.
pub(super) fn titles(visit: &Visit) -> Vec<(String, String)> {
    let asked = visit.authority.agreements().book().asked(visit.now);
    asked.map(|document| (document.key().to_string(), document.title().to_owned())).collect()
}

/// `None` for somebody who is not here any more.
fn own(visit: &Visit, who: &Who) -> Option<Vec<Own>> {
    let entry = visit.authority.roll().person(who.person)?;
    let (agreements, subject) = (visit.authority.agreements(), Subject::of(&entry.person));
    let teaches = Teaches::of(&entry.person);
    let lines = agreements.book().lines(agreements.file(who.person), &subject, visit.now);
    let line = |(document, state): (&Document, State)| {
        let edition: &Edition = document.to_sign(visit.now)?;
        let stands = match state {
            State::Signed { under, since } => format!("Signed: {under}, since {}.", shown(since)),
            State::Grace { until, .. } => format!("Sign it by {}.", in_words(until)),
            State::Lacking(lacking) => format!("{}.", crate::reply::sentence(lacking.title()).trim_end_matches('.')),
        };
        Some(Own {
            key: document.key().to_string(),
            title: document.title().to_owned(),
            edition: edition.number.to_string(),
            words: Words::of(edition, teaches),
            stands,
            is_to_sign: state.lacking().is_some(),
        })
    };
    Some(lines.filter_map(line).collect())
}

/// The pupils of a class who are here today, in the order of their names.
fn pupils<'a>(visit: &'a Visit, class: &str) -> Vec<&'a Entry> {
    let mut pupils: Vec<&Entry> = visit.authority.roll().of_class(class, visit.now).collect();
    pupils.sort_by_cached_key(|entry| entry.person.name.in_full());
    pupils
}

fn classes(visit: &Visit, who: &Who) -> Vec<OfClass> {
    let (authority, agreements) = (&visit.authority, visit.authority.agreements());
    let mut classes = Vec::new();
    for (class, _) in authority.assignments().teachers().filter(|(_, teacher)| *teacher == who.person) {
        let pupils = pupils(visit, class);
        for document in agreements.book().asked(visit.now) {
            let Some(edition) = document.to_sign(visit.now) else { continue };
            let is_for = |entry: &&&Entry| {
                let audience = Subject::of(&entry.person).audience(visit.now);
                audience.is_some_and(|audience| edition.terms.is_for(audience))
            };
            let of_it: Vec<&&Entry> = pupils.iter().filter(is_for).collect();
            let Some(first) = of_it.first() else { continue };
            let major = edition.number.major;
            let waits = |entry: &&&&Entry| {
                !agreements.file(entry.person.id).has_signed(document.key(), major, Signer::Themselves)
            };
            let waiting: Vec<(String, String)> =
                of_it.iter().filter(waits).map(|it| (it.person.id.to_string(), it.person.name.in_full())).collect();
            classes.push(OfClass {
                key: document.key().to_string(),
                title: document.title().to_owned(),
                edition: edition.number.to_string(),
                class: class.to_owned(),
                is_discussed: !edition.terms.is_discussed_first()
                    || document.was_discussed(major, Some(class), first.person.id),
                signed: of_it.len() - waiting.len(),
                waiting,
            });
        }
    }
    classes
}

/// Does one of these things about a document, which stands in the address.
pub(crate) fn act(visit: &Visit, who: &Who, form: &Form) -> Result<Reply, Trouble> {
    let key: Key = visit.name.parse().map_err(|_| Trouble::NotFound)?;
    match visit.verb.as_str() {
        "sign" => sign(visit, who, key, form)?,
        "discuss" => discuss(visit, who, &key, form)?,
        "in-class" => in_class(visit, who, &key, form)?,
        _ => return Err(Trouble::NotFound),
    }
    Ok(Reply::to(&format!("/agreements?did={}", visit.verb)))
}

/// A name as it is printed.
pub(super) fn printed(text: &str) -> Result<Printed, Trouble> {
    Printed::new(text).map_err(|error| Trouble::Refused(error.to_string()))
}

fn about(visit: &Visit, who: &Who, wanted: Wanted) -> Result<(), Trouble> {
    let action = wanted.command.action(who.person, wanted.person);
    let permit = visit.permit(who, action, &about_person(&visit.authority, who.person, wanted.person))?;
    act_about(&visit.school, &visit.authority, &permit, vec![wanted], visit.now)?;
    Ok(())
}

fn sign(visit: &Visit, who: &Who, key: Key, form: &Form) -> Result<(), Trouble> {
    let (printed, by, way) = (printed(form.text("name"))?, Signer::Themselves, Way::SignedIn);
    about(visit, who, (who.person, Subjected::Sign { key, major: None, by, printed, way, because: None }).into())
}

fn discuss(visit: &Visit, who: &Who, key: &Key, form: &Form) -> Result<(), Trouble> {
    let class = form.text("class");
    let command = Command::Discuss { with: With::Class(class.to_owned()), on: local(visit.now).date_naive() };
    let permit = visit.permit(who, command.action(), &about_class(&visit.authority, who.person, class))?;
    act_on_document(&visit.school, &visit.authority, &permit, key, command, visit.now)?;
    Ok(())
}

fn in_class(visit: &Visit, who: &Who, key: &Key, form: &Form) -> Result<(), Trouble> {
    let class = form.text("class");
    let ticked = |entry: &&&Entry| {
        let id = entry.person.id.to_string();
        form.fields().any(|(name, value)| name == "pupil" && value == id)
    };
    let of_class = pupils(visit, class);
    let signed = of_class.iter().filter(ticked).map(|entry| {
        let (by, printed, way) = (Signer::Themselves, printed(&entry.person.name.in_full())?, Way::InClass);
        let command = Subjected::Sign { key: key.clone(), major: None, by, printed, way, because: None };
        Ok((entry.person.id, command).into())
    });
    let signed = signed.collect::<Result<Vec<Wanted>, Trouble>>()?;
    if signed.is_empty() {
        return Err(Trouble::Refused("tick who signed".into()));
    }
    let permit = visit.permit(who, Action::LeadInClass, &about_class(&visit.authority, who.person, class))?;
    act_about(&visit.school, &visit.authority, &permit, signed, visit.now)?;
    Ok(())
}

/// Logs what came back on paper, with its scan where there is one.
pub(crate) fn paper(visit: &Visit, who: &Who, form: &Form) -> Result<Reply, Trouble> {
    // Who may not log it is told nothing of who is here.
    visit.permit(who, Action::RecordPaperReturn, &About::NOTHING)?;
    let key: Key = form.text("key").parse().map_err(|_| Trouble::NotFound)?;
    let roll = visit.authority.roll();
    let person = chosen(visit, form.text("who"))?;
    let parent = form.given("parent").map(|name| match roll.contacts_called(person, &name).as_slice() {
        [one] => Ok(*one),
        [] => Err(Trouble::Refused(format!("nobody here is called {name:?}"))),
        _ => Err(Trouble::Refused(format!("several people are called {name:?}: write the user name"))),
    });
    let parent = parent.transpose()?;
    let dated: WrittenDay =
        form.text("dated").parse().map_err(|_| Trouble::Refused("write the day on the form".into()))?;
    let by = parent.map_or(Signer::Themselves, Signer::Parent);
    let scan = form.file("scan").map(|bytes| Scan::new(bytes.to_vec())).transpose();
    let scan = scan.map_err(|error| Trouble::Refused(error.to_string()))?;
    let command = on_paper(visit, (key, None), (person, by), (dated, form.text("filed")), scan.as_ref())?;
    about(visit, who, Wanted { person, command, scan })?;
    Ok(Reply::to("/agreements?did=paper"))
}

/// What came back on paper, with the name of whoever signed as the school has it: which edition, whose and by whom, and the day
/// and place of the paper.
pub(super) fn on_paper(
    visit: &Visit,
    (key, major): (Key, Option<u32>),
    (person, by): (PersonId, Signer),
    (dated, filed): (WrittenDay, &str),
    scan: Option<&Scan>,
) -> Result<Subjected, Trouble> {
    let of = if let Signer::Parent(parent) = by { parent } else { person };
    let whose = visit.authority.roll().person(of).map(|entry| entry.person.name.in_full()).unwrap_or_default();
    let (printed, way) =
        (printed(&whose)?, Way::Paper { dated: dated.0, filed: filed.to_owned(), scan: scan.map(Scan::digest) });
    Ok(Subjected::Sign { key, major, by, printed, way, because: None })
}

impl From<AgreementError> for Trouble {
    fn from(error: AgreementError) -> Self {
        match error {
            AgreementError::Meanwhile => Self::Meanwhile(error.to_string()),
            AgreementError::Ledger(error) => error.into(),
            refused => Self::Refused(refused.to_string()),
        }
    }
}
