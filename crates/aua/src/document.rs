//! Agreements and what has to be read, as dated editions.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use belisha_policy::PersonId;
use belisha_policy::calendar::{instant, start_of};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Timelike as _, Utc};

use crate::audience::{Adults, Audience, Stage};
use crate::text::Text;

/// The name of a document: small letters, digits and hyphens, up to 40 of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(String);

/// Why a text is no name of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a document is called by 1 to 40 small letters, digits and hyphens, such as ks2 or online-safety-policy")]
pub struct KeyError;

impl Key {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is = (1..=40).contains(&text.len()) && text.bytes().all(fits) && !text.starts_with('-');
        if is { Ok(Self(text.into())) } else { Err(KeyError) }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which edition: the first number counts those that are signed anew, the second those that only correct.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Number {
    /// Raised where everybody signs anew.
    pub major: u32,
    /// Raised where nobody has to.
    pub minor: u32,
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { major, minor } = self;
        if *minor == 0 { write!(f, "v{major}") } else { write!(f, "v{major}.{minor}") }
    }
}

/// What the clock at the school shows, to the minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LocalMinute(NaiveDateTime);

impl LocalMinute {
    /// The minute in which this is: its seconds are cut off.
    pub fn of(local: NaiveDateTime) -> Self {
        Self(local.with_second(0).and_then(|it| it.with_nanosecond(0)).unwrap_or(local))
    }

    /// The end of a day, which is the first minute of the next.
    pub fn end_of(day: NaiveDate) -> Self {
        Self(day.succ_opt().unwrap_or(day).into())
    }

    /// What the clock shows.
    pub fn local(self) -> NaiveDateTime {
        self.0
    }

    /// The instant at which it shows that, across clock changes.
    pub fn instant(self) -> DateTime<Utc> {
        instant(self.0)
    }
}

/// What an edition changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum Change {
    /// What was agreed is another thing now, or a year is over: it is signed anew, and what was signed before is good until
    /// the grace ends.
    Asks {
        /// Why.
        why: Why,
        /// The minute at which what was signed before ends.
        grace_until: LocalMinute,
    },
    /// Words are put right: whoever signed before has signed this.
    Editorial,
}

/// Why everybody signs anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum Why {
    /// It says something else.
    Material,
    /// The yearly round.
    Yearly,
}

/// One edition.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Edition {
    /// Which.
    pub number: Number,
    /// What it changes.
    pub change: Change,
    /// The day at whose beginning it comes into force.
    pub effective: NaiveDate,
    /// For whom it is, and what depends on it.
    pub terms: Terms,
    /// What it says.
    pub text: Text,
}

impl Edition {
    /// The instant at which it comes into force.
    pub fn begins(&self) -> DateTime<Utc> {
        start_of(self.effective)
    }

    /// Whether it is that of a yearly round, in which everybody begins anew together.
    pub fn is_yearly(&self) -> bool {
        matches!(self.change, Change::Asks { why: Why::Yearly, .. })
    }

    /// The instant at which what was signed before is good no more; `None` for one that only corrects.
    pub fn grace_ends(&self) -> Option<DateTime<Utc>> {
        match self.change {
            Change::Asks { grace_until, .. } => Some(grace_until.instant()),
            Change::Editorial => None,
        }
    }
}

/// Whose signatures it takes of a pupil under 18. Whoever is of age signs alone (SC-07).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum SignedBy {
    /// Child and parent (C-045).
    PupilAndParent,
    /// Either of them.
    Either,
    /// The child alone.
    Pupil,
}

/// Whether a class talks about it before its pupils sign (C-048).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum Discussion {
    /// Before anybody of it signs.
    First,
    /// That is not asked.
    NotAsked,
}

/// An agreement of pupils.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ForPupils {
    /// Of which ages.
    pub stages: BTreeSet<Stage>,
    /// Whose signatures it takes.
    pub signed_by: SignedBy,
    /// Whether it is talked over first.
    pub discussion: Discussion,
}

/// An agreement of adults, each of whom signs for themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ForAdults {
    /// Of which.
    pub adults: BTreeSet<Adults>,
}

/// For whom a document is, and what depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum Terms {
    /// Pupils agree to it, and their access depends on it.
    Pupils(ForPupils),
    /// Adults agree to it, and their access depends on it.
    Adults(ForAdults),
    /// It is read and acknowledged; no access depends on it.
    Reading(BTreeSet<Audience>),
}

impl Terms {
    /// For whom it is.
    pub fn audiences(&self) -> impl Iterator<Item = Audience> + '_ {
        let (pupils, adults, all) = match self {
            Self::Pupils(it) => (Some(&it.stages), None, None),
            Self::Adults(it) => (None, Some(&it.adults), None),
            Self::Reading(audiences) => (None, None, Some(audiences)),
        };
        let pupils = pupils.into_iter().flatten().map(|stage| Audience::Pupils(*stage));
        let adults = adults.into_iter().flatten().map(|adults| Audience::Adults(*adults));
        pupils.chain(adults).chain(all.into_iter().flatten().copied())
    }

    /// Whether it is for these.
    pub fn is_for(&self, audience: Audience) -> bool {
        self.audiences().any(|it| it == audience)
    }

    /// Whether access depends on it.
    pub fn bears_on_access(&self) -> bool {
        !matches!(self, Self::Reading(_))
    }

    /// Whether a class talks about it before its pupils sign.
    pub fn is_discussed_first(&self) -> bool {
        matches!(self, Self::Pupils(ForPupils { discussion: Discussion::First, .. }))
    }
}

/// With whom it was talked over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum With {
    /// A class.
    Class(String),
    /// A pupil who was not there, or came later.
    Pupil(PersonId),
}

/// What happened to a document.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum DocumentFact {
    /// An edition was published; the first of a document makes it.
    Published {
        /// What it is called.
        title: String,
        /// The edition.
        edition: Edition,
        /// The policies on which it rests, by their names here.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "BTreeSet::is_empty"))]
        rests_on: BTreeSet<String>,
    },
    /// It was talked over.
    Discussed {
        /// Which of those that are signed anew.
        major: u32,
        /// With whom.
        with: With,
        /// On which day.
        on: NaiveDate,
    },
    /// Nobody is asked for it any more.
    Retired,
}

/// An edition that was published, with its instants worked out once: by the clock at the school they cost more than all that is
/// asked about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Issued {
    /// From when it can be signed.
    published: DateTime<Utc>,
    /// From when it is in force.
    pub(crate) begins: DateTime<Utc>,
    /// When what was signed before is good no more.
    pub(crate) ends: Option<DateTime<Utc>>,
    pub(crate) edition: Edition,
}

impl Issued {
    fn of(edition: &Edition, published: DateTime<Utc>) -> Self {
        let begins = edition.begins().max(published);
        Self { published, begins, ends: edition.grace_ends(), edition: edition.clone() }
    }
}

/// A document, folded from what happened to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    key: Key,
    title: String,
    rests_on: BTreeSet<String>,
    /// In the order of the journal.
    editions: Vec<Issued>,
    discussions: BTreeSet<(u32, With)>,
    retired: Option<DateTime<Utc>>,
}

impl Document {
    /// Its name.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// Its title.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The names of the policies on which it rests.
    pub fn rests_on(&self) -> impl Iterator<Item = &str> {
        self.rests_on.iter().map(String::as_str)
    }

    /// Its editions in their order, and when each was published.
    pub fn editions(&self) -> impl DoubleEndedIterator<Item = (DateTime<Utc>, &Edition)> {
        self.editions.iter().map(|issued| (issued.published, &issued.edition))
    }

    /// An edition.
    pub fn edition(&self, number: Number) -> Option<&Edition> {
        self.editions().map(|(_, edition)| edition).find(|edition| edition.number == number)
    }

    /// The last edition that was published, in force or not.
    pub fn newest(&self) -> Option<&Edition> {
        self.editions().next_back().map(|(_, edition)| edition)
    }

    /// The edition that is signed at an instant: the newest that was published by then.
    pub fn to_sign(&self, at: DateTime<Utc>) -> Option<&Edition> {
        self.editions().rev().find(|(published, _)| *published <= at).map(|(_, edition)| edition)
    }

    /// The edition in force at an instant.
    pub fn in_force(&self, at: DateTime<Utc>) -> Option<&Edition> {
        self.in_force_since(at).next_back().map(|issued| &issued.edition)
    }

    /// Those that had come into force by an instant.
    fn in_force_since(&self, at: DateTime<Utc>) -> impl DoubleEndedIterator<Item = &Issued> {
        self.editions.iter().filter(move |issued| issued.begins <= at)
    }

    /// Of those in force by an instant, the ones that are signed anew, the newest first.
    pub(crate) fn asking(&self, at: DateTime<Utc>) -> impl Iterator<Item = &Issued> {
        self.in_force_since(at).rev().filter(|issued| issued.edition.change != Change::Editorial)
    }

    /// The edition under which somebody is at an instant who signed one with this first number.
    pub(crate) fn corrected(&self, major: u32, at: DateTime<Utc>) -> Number {
        let corrections =
            self.in_force_since(at).map(|issued| issued.edition.number).filter(|number| number.major == major);
        corrections.max().unwrap_or(Number { major, minor: 0 })
    }

    /// Whether it was talked over with a class or a pupil of it.
    pub fn was_discussed(&self, major: u32, class: Option<&str>, pupil: PersonId) -> bool {
        let with = |with: With| self.discussions.contains(&(major, with));
        class.is_some_and(|class| with(With::Class(class.into()))) || with(With::Pupil(pupil))
    }

    /// The classes with which an edition was talked over.
    pub fn classes(&self, major: u32) -> impl Iterator<Item = &str> {
        self.discussions.iter().filter_map(move |(of, with)| match with {
            With::Class(class) if *of == major => Some(class.as_str()),
            _ => None,
        })
    }

    /// Whether nobody is asked for it any more at an instant.
    pub fn is_retired(&self, at: DateTime<Utc>) -> bool {
        self.retired.is_some_and(|retired| retired <= at)
    }

    /// The instants at which something changes by itself or was changed.
    pub(crate) fn turns(&self) -> impl Iterator<Item = DateTime<Utc>> + '_ {
        let of = |issued: &Issued| [Some(issued.published), Some(issued.begins), issued.ends];
        self.editions.iter().flat_map(of).flatten().chain(self.retired)
    }
}

/// All documents of a school.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Book {
    documents: Vec<Document>,
}

impl Book {
    /// What happened to a document, in the order of the journal.
    pub fn evolve(&mut self, key: &Key, at: DateTime<Utc>, fact: &DocumentFact) {
        let known = self.documents.iter_mut().find(|document| document.key == *key);
        match (fact, known) {
            (DocumentFact::Published { title, edition, rests_on }, None) => self.documents.push(Document {
                key: key.clone(),
                title: title.clone(),
                rests_on: rests_on.clone(),
                editions: alloc::vec![Issued::of(edition, at)],
                discussions: BTreeSet::new(),
                retired: None,
            }),
            (DocumentFact::Published { title, edition, rests_on }, Some(document)) => {
                document.title.clone_from(title);
                document.rests_on.clone_from(rests_on);
                document.editions.push(Issued::of(edition, at));
            }
            (DocumentFact::Discussed { major, with, .. }, Some(document)) => {
                document.discussions.insert((*major, with.clone()));
            }
            (DocumentFact::Retired, Some(document)) => document.retired = document.retired.or(Some(at)),
            (_, None) => {}
        }
    }

    /// A document.
    pub fn document(&self, key: &Key) -> Option<&Document> {
        self.documents.iter().find(|document| document.key == *key)
    }

    /// All of them, in the order in which they were first published.
    pub fn documents(&self) -> impl Iterator<Item = &Document> {
        self.documents.iter()
    }

    /// Those for which somebody may be asked at an instant: all but those that were retired.
    pub fn asked(&self, at: DateTime<Utc>) -> impl Iterator<Item = &Document> {
        self.documents().filter(move |document| !document.is_retired(at))
    }

    /// Whether a policy on which a document rests was published anew in another sense since the document was.
    pub fn is_stale(&self, document: &Document) -> bool {
        let last = document.editions().next_back().map(|(at, _)| at);
        let newer = |policy: &Document| {
            policy.editions().any(|(at, edition)| edition.change != Change::Editorial && Some(at) > last)
        };
        document.rests_on().any(|name| self.documents.iter().any(|it| it.key.as_str() == name && newer(it)))
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Key {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Key {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = <String as serde::Deserialize>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
