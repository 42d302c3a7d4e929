//! The round, for the office: how far it has come, who is still to be asked, letters, mail and forms.

use std::collections::BTreeSet;

use askama::Template;
use belisha_aua::{Audience, Change, Command, Document, Key, Lacking, LocalMinute, State, Why};
use belisha_policy::calendar::local;
use belisha_policy::may::About;
use belisha_policy::{Action, PersonId};
use belisha_school::WrittenDay;
use belisha_school::agreements::{
    self, Ask, Chased, Coverage, Families, Sending, WantedForms, act_on_document, address, chase, coverage, in_words,
    invitations, invite, new_since, two_weeks, unasked, who_know_the_procedure,
};

use super::agreements::{is_permitted, titles};
use super::shown;
use crate::posting::{self, Posted};
use crate::reply::{Frame, Reply, Trouble, sentence};
use crate::visit::{Form, Visit, Who};

/// How many of a class, or of some adults, have signed.
struct Row {
    title: String,
    whose: String,
    covered: Coverage,
}

/// Somebody who is still to be asked.
struct Asked {
    name: String,
    title: String,
    lacks: String,
}

/// Somebody who has to know what is done in a serious incident.
struct Known {
    role: &'static str,
    name: String,
    confirmed: Option<String>,
}

/// Somebody who is new.
struct Joined {
    name: String,
    since: String,
    documents: Vec<(String, &'static str)>,
}

/// Who may be sent a link.
struct Parents {
    /// Who would get one.
    to_ask: usize,
    /// Of those, who have an address for mail.
    by_mail: usize,
    /// Who are asked on paper: it is not known when a child of theirs was born.
    on_paper: usize,
    links: Links,
}

/// How many of the links that were given last are good, used, or over.
#[derive(Default)]
struct Links {
    good: usize,
    used: usize,
    over: usize,
}

#[derive(Template)]
#[template(path = "round.html")]
struct Page {
    frame: Frame,
    done: Option<&'static str>,
    unasked: Vec<&'static str>,
    rows: Vec<Row>,
    classes: BTreeSet<String>,
    /// Of which class the list is.
    class: String,
    asked: Option<Vec<Asked>>,
    /// Whom links can be sent to; nothing for those who may not.
    parents: Option<Parents>,
    /// Whether there is a place to which links lead, and whether mail goes.
    has_address: bool,
    has_mail: bool,
    posted: Option<Posted>,
    unsent: Vec<(String, String)>,
    documents: Vec<(String, String)>,
    may_publish: bool,
    known: Option<Vec<Known>>,
    joined: Vec<Joined>,
    today: String,
}

/// What was done, by what stands in the address after it.
const DONE: [(&str, &str); 2] = [
    ("mail", "The mail is under way. Look at this page again for how far it is."),
    ("again", "The edition is published: everybody for whom it is signs anew."),
];

pub(crate) fn page(visit: &Visit, who: &Who, _: &Form) -> Result<Reply, Trouble> {
    visit.permit(who, Action::ViewAgreements, &About::NOTHING)?;
    let (did, class) = (visit.query.text("did"), visit.query.text("class"));
    let posted = visit.office.posting.posted();
    let unsent = posted.iter().flat_map(|posted| &posted.failed);
    let settings = visit.school.settings();
    Ok(Reply::page(&Page {
        frame: Frame::of(visit, Some(who)),
        done: DONE.iter().find(|(verb, _)| *verb == did).map(|(_, said)| *said),
        unasked: unasked(&visit.authority, visit.now).into_iter().map(Audience::title).collect(),
        rows: rows(visit),
        asked: Some(class).filter(|class| !class.is_empty()).map(|class| asked(visit, class)),
        parents: parents(visit, who, class)?,
        has_address: settings.console.is_some(),
        has_mail: settings.mail.is_some(),
        unsent: unsent.map(|(adult, why)| (visit.called(*adult), why.clone())).collect(),
        posted,
        documents: titles(visit),
        may_publish: is_permitted(visit, who, Action::DraftPolicy),
        known: known(visit),
        joined: joined(visit),
        today: local(visit.now).date_naive().to_string(),
        classes: visit.authority.roll().classes(visit.now),
        class: class.to_owned(),
    }))
}

/// What a document is called.
fn title(visit: &Visit, key: &Key) -> String {
    let document = visit.authority.agreements().book().document(key);
    document.map_or_else(|| key.to_string(), |document| document.title().to_owned())
}

fn rows(visit: &Visit) -> Vec<Row> {
    let row = |((key, audience, class), covered): ((Key, Audience, Option<String>), Coverage)| Row {
        title: title(visit, &key),
        whose: class.unwrap_or_else(|| audience.title().to_owned()),
        covered,
    };
    coverage(&visit.authority, visit.now).into_iter().map(row).collect()
}

/// What a class is called in the form that stands for the adults, who have none.
const ADULTS: &str = "adults";

fn asked(visit: &Visit, class: &str) -> Vec<Asked> {
    let is_meant = |chased: &Chased| chased.class.as_deref().unwrap_or(ADULTS) == class;
    let asked = |chased: Chased| Asked {
        name: visit.called(chased.person),
        title: title(visit, &chased.key),
        lacks: match chased.until {
            Some(until) => {
                sentence(&format!("{}; what there is is good to {}", chased.lacking.title(), in_words(until)))
            }
            None => sentence(chased.lacking.title()),
        },
    };
    let mut all: Vec<Asked> = chase(&visit.authority, visit.now).into_iter().filter(is_meant).map(asked).collect();
    all.sort_by(|one, other| (&one.title, &one.name).cmp(&(&other.title, &other.name)));
    all
}

/// Of a class, or of all where none is chosen, the parents who can be sent a link, and those who cannot.
fn to_send(visit: &Visit, class: &str) -> (Vec<PersonId>, Vec<PersonId>) {
    let class = Some(class).filter(|class| !class.is_empty());
    let families = Families::at(&visit.authority, visit.now);
    families.parents_to_ask(class).into_iter().partition(|adult| families.is_known_by_birthday(*adult))
}

fn parents(visit: &Visit, who: &Who, class: &str) -> Result<Option<Parents>, Trouble> {
    if !is_permitted(visit, who, Action::InviteToSign) {
        return Ok(None);
    }
    let (to_ask, on_paper) = to_send(visit, class);
    let by_mail = to_ask.iter().filter(|adult| address(&visit.authority, **adult).is_some()).count();
    Ok(Some(Parents { to_ask: to_ask.len(), by_mail, on_paper: on_paper.len(), links: links(visit, who)? }))
}

fn links(visit: &Visit, who: &Who) -> Result<Links, Trouble> {
    let mut links = Links::default();
    let permit = visit.permit(who, Action::InviteToSign, &About::NOTHING)?;
    for given in invitations(visit.school.ledger(), &permit, visit.now)? {
        match given.standing {
            Ok(_) => links.good += 1,
            Err(belisha_aua::Spent::Used(_)) => links.used += 1,
            Err(_) => links.over += 1,
        }
    }
    Ok(links)
}

fn known(visit: &Visit) -> Option<Vec<Known>> {
    let known = who_know_the_procedure(&visit.authority, visit.now)?.into_iter();
    let known = known.map(|it| Known {
        role: it.role.title(),
        name: visit.called(it.person),
        confirmed: it.confirmed.map(|(edition, since)| format!("{edition}, since {}", shown(since))),
    });
    Some(known.collect())
}

fn joined(visit: &Visit) -> Vec<Joined> {
    let joiners = agreements::joiners(&visit.authority, new_since(visit.now), visit.now).into_iter();
    let document = |(key, state): (Key, State)| (title(visit, &key), state.lacking().map_or("signed", Lacking::title));
    let joined = joiners.map(|joiner| Joined {
        name: visit.called(joiner.person),
        since: joiner.joined.format("%-d %B %Y").to_string(),
        documents: joiner.documents.into_iter().map(document).collect(),
    });
    joined.collect()
}

/// Forms to print.
pub(crate) fn forms(visit: &Visit, who: &Who, _: &Form) -> Result<Reply, Trouble> {
    if visit.name != "forms" {
        return Err(Trouble::NotFound);
    }
    visit.permit(who, Action::ViewAgreements, &About::NOTHING)?;
    let key: Key = visit.query.text("key").parse().map_err(|_| Trouble::NotFound)?;
    let (only, back_by) = (visit.query.text("class"), visit.query.text("back_by"));
    let is_meant = |class: Option<&str>| only.is_empty() || class.unwrap_or(ADULTS) == only;
    let wanted = WantedForms { key: &key, all: visit.query.is_ticked("all"), back_by };
    let forms = agreements::forms(&visit.school, &visit.authority, &wanted, is_meant, visit.now);
    let forms = forms.ok_or(Trouble::NotFound)?;
    if forms.forms.is_empty() {
        return Err(Trouble::Refused("nobody is left to sign it there".into()));
    }
    let html = forms.to_html().map_err(|error| Trouble::Away(error.to_string()))?;
    Ok(Reply::document(&format!("forms-{key}.html"), html))
}

/// Does one of these things: letters, mail, and an edition for a new year.
pub(crate) fn act(visit: &Visit, who: &Who, form: &Form) -> Result<Reply, Trouble> {
    match visit.name.as_str() {
        "letters" => letters(visit, who, form),
        "mail" => mail(visit, who, form),
        "again" => again(visit, who, form),
        _ => Err(Trouble::NotFound),
    }
}

fn sending(visit: &Visit) -> Result<Sending<'_>, Trouble> {
    Sending::of(&visit.school, &visit.authority).ok_or_else(|| {
        Trouble::Refused("the settings do not say where people find the console: a link leads there".into())
    })
}

fn letters(visit: &Visit, who: &Who, form: &Form) -> Result<Reply, Trouble> {
    let permit = visit.permit(who, Action::InviteToSign, &About::NOTHING)?;
    let sending = sending(visit)?;
    let (adults, _) = to_send(visit, form.text("class"));
    let without_mail = form.is_ticked("without_mail");
    let is_meant = |adult: &PersonId| !without_mail || address(&visit.authority, *adult).is_none();
    let asked: Vec<(PersonId, Ask)> = adults.into_iter().filter(is_meant).map(|adult| (adult, Ask::Born)).collect();
    if asked.is_empty() {
        return Err(nobody_left());
    }
    let until = two_weeks(visit.now);
    let links = invite(&visit.school, &visit.authority, &permit, &asked, until, visit.now)?;
    let html = sending.letters(&links, until).to_html().map_err(|error| Trouble::Away(error.to_string()))?;
    Ok(Reply::document("letters.html", html))
}

fn nobody_left() -> Trouble {
    Trouble::Refused("nobody is left there who is to sign by a link".into())
}

fn mail(visit: &Visit, who: &Who, form: &Form) -> Result<Reply, Trouble> {
    visit.permit(who, Action::InviteToSign, &About::NOTHING)?;
    let post = sending(visit)?.post().map_err(|error| Trouble::Refused(error.to_string()))?;
    let post = post.ok_or_else(|| Trouble::Refused("the settings do not say how mail goes".into()))?;
    let (mut adults, _) = to_send(visit, form.text("class"));
    adults.retain(|adult| address(&visit.authority, *adult).is_some());
    if adults.is_empty() {
        return Err(nobody_left());
    }
    if !posting::begin(&visit.office, who.person, post, adults) {
        return Err(Trouble::Meanwhile("mail is under way already: wait until it has gone".into()));
    }
    Ok(Reply::to("/round?did=mail"))
}

/// The last edition once more, for a new year.
fn again(visit: &Visit, who: &Who, form: &Form) -> Result<Reply, Trouble> {
    let permit = visit.permit(who, Action::DraftPolicy, &About::NOTHING)?;
    let key: Key = form.text("key").parse().map_err(|_| Trouble::NotFound)?;
    let day = |name: &str, what: &str| {
        form.text(name).parse::<WrittenDay>().map_err(|_| Trouble::Refused(format!("write the day {what}")))
    };
    let (effective, grace) =
        (day("effective", "from which it is in force")?, day("grace", "until which what was signed before is good")?);
    let document: &Document = visit.authority.agreements().book().document(&key).ok_or(Trouble::NotFound)?;
    let newest = document.newest().ok_or(Trouble::NotFound)?;
    let command = Command::Publish {
        title: document.title().to_owned(),
        change: Change::Asks { why: Why::Yearly, grace_until: LocalMinute::end_of(grace.0) },
        effective: effective.0,
        terms: newest.terms.clone(),
        text: newest.text.clone(),
        rests_on: document.rests_on().map(str::to_owned).collect(),
    };
    act_on_document(&visit.school, &visit.authority, &permit, &key, command, visit.now)?;
    Ok(Reply::to("/round?did=again"))
}
