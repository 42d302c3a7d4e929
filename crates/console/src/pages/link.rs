//! Signing by a link, without signing in: nothing is shown before it was answered what the link asks.

use askama::Template;
use belisha_aua::{Answer, Channel, Issued, Key, Number, Proof, Purpose, Signer, Spent, Teaches};
use belisha_policy::PersonId;
use belisha_school::agreements::{
    InvitationError, Paper, Pictures, Said, Secret, Sheet, asked_by, in_words, open_link, sign_by_link,
};
use http::StatusCode;

use super::agreements::{Words, printed};
use crate::reply::{Frame, Reply, Trouble, sentence};
use crate::visit::{Form, Visit};

#[derive(Template)]
#[template(path = "link-ask.html")]
struct AskPage<'a> {
    frame: Frame,
    secret: &'a str,
    asks_birthday: bool,
    until: String,
    wrong: Option<String>,
}

/// An edition that is to be signed.
struct ToSign {
    /// Whose it is; nothing where it is their own.
    child: Option<String>,
    title: String,
    edition: String,
    words: Words,
    /// What its answer is called in the form.
    field: String,
}

/// One of a place's answers: its name in the form, its words, and whether it was given before.
type Choice = (&'static str, &'static str, bool);

/// Where pictures of a child may be shown.
struct OfPictures {
    child: String,
    places: Vec<(String, &'static str, Vec<Choice>)>,
}

#[derive(Template)]
#[template(path = "link.html")]
struct Page<'a> {
    frame: Frame,
    secret: &'a str,
    /// What was answered, which is sent again with what is signed.
    answer: &'a str,
    papers: Vec<ToSign>,
    pictures: Vec<OfPictures>,
}

#[derive(Template)]
#[template(path = "link-done.html")]
struct Done {
    frame: Frame,
    signed: usize,
    refused: usize,
    pictures: bool,
}

#[derive(Template)]
#[template(path = "link-over.html")]
struct Over {
    frame: Frame,
    why: String,
}

/// Whoever asked too often for links that there are not waits.
fn unhurried(visit: &Visit) -> Result<(), Trouble> {
    visit.office.links.wait(visit.from, visit.now).map_or(Ok(()), |wait| Err(Trouble::Wait(wait)))
}

/// A text that is no link is a guess like any other.
fn secret(visit: &Visit) -> Result<Secret, InvitationError> {
    visit.name.parse().map_err(|_| Spent::Unknown.into())
}

/// A link: what it asks.
pub(crate) fn page(visit: &Visit, _: &Form) -> Result<Reply, Trouble> {
    unhurried(visit)?;
    let asked = secret(visit).and_then(|secret| asked_by(&visit.school, secret, visit.now));
    match asked {
        Ok(issued) => Ok(ask(visit, &issued, None)),
        Err(error) => no_link(visit, error),
    }
}

fn ask(visit: &Visit, issued: &Issued, wrong: Option<String>) -> Reply {
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let asks_birthday = issued.proof == Proof::Born;
    let (secret, until) = (visit.name.as_str(), in_words(issued.until));
    Reply::with(status, &AskPage { frame: Frame::of(visit, None), secret, asks_birthday, until, wrong })
}

/// What is said where there is no page.
fn no_link(visit: &Visit, error: InvitationError) -> Result<Reply, Trouble> {
    match error {
        InvitationError::Spent(spent) => {
            if spent == Spent::Unknown {
                visit.office.links.guessed(visit.from, visit.now);
            }
            let status = if spent == Spent::Unknown { StatusCode::NOT_FOUND } else { StatusCode::GONE };
            let why = sentence(&spent.to_string());
            Ok(Reply::with(status, &Over { frame: Frame::of(visit, None), why }))
        }
        InvitationError::Wrong { .. } => {
            let issued = asked_by(&visit.school, secret(visit)?, visit.now)?;
            Ok(ask(visit, &issued, Some(sentence(&error.to_string()))))
        }
        other => Err(other.into()),
    }
}

/// What there is to sign, for whoever answered rightly.
pub(crate) fn open(visit: &Visit, form: &Form) -> Result<Reply, Trouble> {
    unhurried(visit)?;
    let answer = form.text("answer");
    let opened = secret(visit).and_then(|secret| open_link(&visit.school, &visit.authority, secret, answer, visit.now));
    match opened {
        Ok(sheet) => {
            let (frame, secret, papers) = (Frame::of(visit, None), visit.name.as_str(), to_sign(visit, &sheet));
            Ok(Reply::page(&Page { frame, secret, answer, papers, pictures: pictures(visit, &sheet)? }))
        }
        Err(error) => no_link(visit, error),
    }
}

fn to_sign(visit: &Visit, sheet: &Sheet) -> Vec<ToSign> {
    let book = visit.authority.agreements().book();
    let paper = |paper: &Paper| {
        let document = book.document(&paper.key)?;
        let edition = document.edition(paper.number)?;
        let teaches = visit.authority.roll().person(paper.about).map_or(Teaches::No, |it| Teaches::of(&it.person));
        let Number { major, minor } = paper.number;
        Some(ToSign {
            child: matches!(paper.by, Signer::Parent(_)).then(|| visit.called(paper.about)),
            title: document.title().to_owned(),
            edition: edition.number.to_string(),
            words: Words::of(edition, teaches),
            field: format!("agree.{}.{}.{major}.{minor}", paper.about, paper.key),
        })
    };
    sheet.papers.iter().filter_map(paper).collect()
}

/// What can be answered of a place: its name in the form, its words, and what it says of a picture of a group and of one alone.
const CHOICES: [(&str, &str, [bool; 2]); 3] = [
    ("alone", "Yes, in a group or alone, without a name", [true, true]),
    ("group", "Only in a group, without a name", [true, false]),
    ("no", "No", [false, false]),
];

/// What a place says of each, in the order of the choices. A picture in a prominent place for long is asked about each time.
const PURPOSES: [Purpose; 2] = [Purpose::Group, Purpose::Alone];

fn pictures(visit: &Visit, sheet: &Sheet) -> Result<Vec<OfPictures>, Trouble> {
    let said = Pictures::load(visit.school.ledger())?;
    let by = Signer::Parent(sheet.adult);
    let place = |child: PersonId, channel: Channel| {
        let before = PURPOSES.map(|purpose| said.of(child).last_said(by, channel, purpose, visit.now));
        let choices = CHOICES.map(|(name, words, means)| (name, words, before == means.map(Some)));
        (format!("pictures.{child}.{}", channel.slug()), channel.title(), choices.to_vec())
    };
    let of = |child: &PersonId| OfPictures {
        child: visit.called(*child),
        places: Channel::ALL.iter().map(|channel| place(*child, *channel)).collect(),
    };
    Ok(sheet.children.iter().map(of).collect())
}

/// Signs.
pub(crate) fn sign(visit: &Visit, form: &Form) -> Result<Reply, Trouble> {
    if visit.verb != "sign" {
        return Err(Trouble::NotFound);
    }
    unhurried(visit)?;
    let printed = printed(form.text("name"))?;
    let agreements: Vec<_> = form.fields().filter_map(agreed).collect();
    let mut pictures: Vec<(PersonId, Vec<Answer>)> = Vec::new();
    for (child, answers) in form.fields().filter_map(of_pictures) {
        match pictures.iter_mut().find(|(of, _)| *of == child) {
            Some((_, all)) => all.extend(answers),
            None => pictures.push((child, answers.to_vec())),
        }
    }
    let signed = agreements.iter().filter(|(.., agrees)| *agrees).count();
    let done = Done {
        frame: Frame::of(visit, None),
        signed,
        refused: agreements.len() - signed,
        pictures: !pictures.is_empty(),
    };
    let said = Said { printed, agreements, pictures };
    let answer = form.text("answer");
    let signed =
        secret(visit).and_then(|it| sign_by_link(&visit.school, &visit.authority, it, answer, said, visit.now));
    match signed {
        Ok(()) => Ok(Reply::page(&done).clearing()),
        Err(error) => no_link(visit, error),
    }
}

/// `agree.PERSON.DOCUMENT.MAJOR.MINOR` is yes or no.
fn agreed((field, value): (&str, &str)) -> Option<(PersonId, Key, Number, bool)> {
    let mut parts = field.strip_prefix("agree.")?.split('.');
    let (person, key) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let number = Number { major: parts.next()?.parse().ok()?, minor: parts.next()?.parse().ok()? };
    match (value, parts.next()) {
        ("yes", None) => Some((person, key, number, true)),
        ("no", None) => Some((person, key, number, false)),
        _ => None,
    }
}

/// `pictures.PERSON.PLACE` is one of the choices.
fn of_pictures((field, value): (&str, &str)) -> Option<(PersonId, [Answer; 2])> {
    let (person, channel) = field.strip_prefix("pictures.")?.split_once('.')?;
    let (person, channel) = (person.parse().ok()?, channel.parse().ok()?);
    let (.., [group, alone]) = CHOICES.into_iter().find(|(name, ..)| *name == value)?;
    let answer = |(purpose, yes)| Answer { channel, purpose, yes };
    let [in_group, by_themselves] = PURPOSES;
    Some((person, [answer((in_group, group)), answer((by_themselves, alone))]))
}

impl From<InvitationError> for Trouble {
    fn from(error: InvitationError) -> Self {
        match error {
            InvitationError::Agreement(error) => error.into(),
            refused => Self::Refused(refused.to_string()),
        }
    }
}
