//! What was said of pictures of children, and who may be shown where.

use std::collections::{BTreeSet, HashMap};

use belisha_aua::{Channel, Consents, KeptOut, Purpose, Validity};
use belisha_policy::may::Answer;
use belisha_policy::{Action, Permit, PersonId, WrongPermit};
use chrono::{DateTime, Utc};

use super::acting::about_person;
use super::events::PicturesChanged;
use super::reading::{changed, told_of};
use crate::authority::Authority;
use crate::ledger::{Ledger, LedgerError, Stream};
use crate::people::fold::words;
use crate::people::{Entry, Roll};

/// What was said of pictures of all children of a school.
#[derive(Clone, Debug, Default)]
pub struct Pictures {
    of: HashMap<PersonId, (Consents, u64)>,
}

/// A child of whom nothing was said.
static NOTHING: Consents = Consents::EMPTY;

impl Pictures {
    /// Reads all of it.
    pub fn load(ledger: &Ledger) -> Result<Self, LedgerError> {
        let (children, _) = changed(ledger, 0, |changed| changed.pictures)?;
        let mut pictures = Self::default();
        for (child, told) in told_of(ledger, &children, Stream::pictures_of, |_| 0)? {
            let (consents, version) = pictures.of.entry(child).or_default();
            if let Some(changed) = told.read::<PicturesChanged>()? {
                consents.evolve(told.at, changed.body.fact);
            }
            *version = told.version;
        }
        Ok(pictures)
    }

    /// What was said of a child.
    pub fn of(&self, child: PersonId) -> &Consents {
        self.of.get(&child).map_or(&NOTHING, |(consents, _)| consents)
    }

    pub(super) fn version_of(&self, child: PersonId) -> u64 {
        self.of.get(&child).map_or(0, |(_, version)| *version)
    }
}

/// What is to be shown, where, and with which words.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// Where something is to be shown.
    pub channel: Channel,
    /// What for.
    pub purpose: Purpose,
    /// How long a yes is good here.
    pub validity: Validity,
    /// What is written with it: captions, names of files, tags.
    pub words: &'a [String],
    /// When.
    pub at: DateTime<Utc>,
}

/// What whoever publishes asks themselves besides (C-090, C-092, C-093).
pub const BEFORE_PUBLISHING: [&str; 4] = [
    "Are dress and activity in the picture suitable, and would the child be glad of it in ten years?",
    "Is no child named beside a picture, in a caption, a file name or a tag? Where a name is needed at all: the first name and an initial.",
    "Can it not easily be copied, cut out or changed: a group, at a low resolution?",
    "Does nothing around it say where a child will be, and when?",
];

/// Who may be shown, and who not and why; and who is named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gate {
    /// Who may.
    pub may: Vec<PersonId>,
    /// Who may not.
    pub kept_out: Vec<(PersonId, KeptOut)>,
    /// Whom the words name: names and pictures are kept apart (C-094).
    pub named: Vec<PersonId>,
}

impl Gate {
    /// Whether all may, and nobody is named.
    pub fn is_open(&self) -> bool {
        self.kept_out.is_empty() && self.named.is_empty()
    }
}

/// Which of some children may be shown somewhere, and whom the words beside them name. Whoever is not a pupil here may not.
///
/// # Errors
/// The permit is for something else.
pub fn may_publish(
    roll: &Roll,
    pictures: &Pictures,
    permit: &Permit,
    children: &[PersonId],
    asked: &Asked<'_>,
) -> Result<Gate, WrongPermit> {
    permit.allows(Action::AskPublication)?;
    let mut gate = Gate { named: named(roll, children, asked), ..Gate::default() };
    for child in children {
        let pupil = roll.person(*child).map(|entry| &entry.person).filter(|person| person.pupil().is_some());
        let Asked { channel, purpose, validity, at, .. } = *asked;
        let may = pupil.ok_or(KeptOut::NotAsked);
        match may.and_then(|pupil| pictures.of(*child).may_appear(pupil, channel, purpose, validity, at)) {
            Ok(()) => gate.may.push(*child),
            Err(why) => gate.kept_out.push((*child, why)),
        }
    }
    Ok(gate)
}

/// Whether somebody may be told of all of these children why one is not shown. Others are told to ask the office.
pub fn sees_why(authority: &Authority, actor: PersonId, children: &[PersonId], now: DateTime<Utc>) -> bool {
    children.iter().all(|child| {
        let about = about_person(authority, actor, *child);
        matches!(authority.may(actor, Action::ViewAgreements, &about, now), Answer::Permit(_))
    })
}

/// The pupils whom words name: one of the children by any part of their name, another pupil by forename and surname together.
fn named(roll: &Roll, children: &[PersonId], asked: &Asked<'_>) -> Vec<PersonId> {
    let said: BTreeSet<String> = asked.words.iter().flat_map(|words| parts(words)).collect();
    if said.is_empty() {
        return Vec::new();
    }
    let is_named = |entry: &&Entry| {
        let name = &entry.person.name;
        let forenames =
            [name.forename(), name.known_forename()].into_iter().flat_map(parts).any(|it| said.contains(&it));
        let surnames = [name.surname(), name.known_surname()].into_iter().flat_map(parts).any(|it| said.contains(&it));
        if children.contains(&entry.person.id) { forenames || surnames } else { forenames && surnames }
    };
    let pupils = roll.here(asked.at).filter(|entry| entry.person.pupil().is_some());
    pupils.filter(is_named).map(|entry| entry.person.id).collect()
}

/// The words of a text as names are compared, without digits about them, as in the name of a file. One letter alone is an initial,
/// and names nobody.
fn parts(text: &str) -> impl Iterator<Item = String> {
    let bare = |word: String| word.trim_matches(char::is_numeric).to_owned();
    words(text).into_iter().map(bare).filter(|word| word.chars().count() > 1)
}
