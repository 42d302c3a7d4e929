//! What an agreement says: clauses of the library and the school's own, with the school's own words filled in.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use belisha_policy::people::{Person, PersonKind};

use crate::clause::{Topic, Whom};
use crate::picture::Picture;
use crate::templates::{TEMPLATES, Template};

/// A clause as it stands in an edition.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Clause {
    /// Its name in the library, and which version of it; `None` for one of the school's own.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub from: Option<(String, u16)>,
    /// What it is about.
    pub topics: BTreeSet<Topic>,
    /// Whom it binds.
    pub whom: Whom,
    /// What it says.
    pub text: String,
}

impl Clause {
    /// The picture that stands beside it; `None` for one of the school's own, or where its readers need none.
    pub fn picture(&self) -> Option<Picture> {
        let (name, _) = self.from.as_ref()?;
        TEMPLATES.iter().find_map(|template| template.clause(name))?.picture
    }

    /// Whether its reader writes names of their own to it: adults whom they trust.
    pub fn has_names_to_write(&self) -> bool {
        self.topics.contains(&Topic::TrustedAdults) && self.picture().is_some()
    }
}

/// The whole of what is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Text {
    /// What stands above the clauses.
    pub opening: String,
    /// The clauses, in their order.
    pub clauses: Vec<Clause>,
    /// What is said by signing: whose responsibility it is, and what follows if it is not kept.
    pub closing: String,
}

/// Why a template makes no text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// The school has to say something that only it knows.
    #[error("say what stands for {}", .0.join(", "))]
    Missing(Vec<String>),
    /// Something was said for which there is no place.
    #[error("nothing in it is called {}: it has {}", .name, .known.join(", "))]
    NoPlace {
        /// What was said.
        name: String,
        /// What could have been.
        known: Vec<String>,
    },
    /// No clause of the template has this name.
    #[error("the template has no clause {0:?}")]
    NoSuchClause(String),
    /// An empty sentence.
    #[error("a clause of your own is a sentence: it is empty")]
    Empty,
}

/// What a school makes of a template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// What stands for each name in braces.
    pub values: BTreeMap<String, String>,
    /// Clauses that are left out, by their names.
    pub without: BTreeSet<String>,
    /// Clauses of the school's own, which come last.
    pub own: Vec<String>,
}

impl Text {
    /// What a template says in a school's own words.
    ///
    /// # Errors
    /// A name in braces for which nothing is said, a word for which there is no place, a clause that is not there.
    pub fn of(template: &Template, words: &Words) -> Result<Self, TextError> {
        let known = template.names();
        if let Some(name) = words.values.keys().find(|name| !known.contains(&name.as_str())) {
            let known = known.iter().map(|name| (*name).into()).collect();
            return Err(TextError::NoPlace { name: name.clone(), known });
        }
        if let Some(name) = words.without.iter().find(|name| template.clause(name).is_none()) {
            return Err(TextError::NoSuchClause(name.clone()));
        }
        if words.own.iter().any(|own| own.trim().is_empty()) {
            return Err(TextError::Empty);
        }
        let kept = || template.clauses.iter().filter(|clause| !words.without.contains(clause.name));
        let mut missing = BTreeSet::new();
        let mut fill = |text: &str| fill(text, &words.values, &mut missing);
        let from_library = kept().map(|clause| Clause {
            from: Some((clause.name.into(), clause.version)),
            topics: clause.topics.iter().copied().collect(),
            whom: clause.whom,
            text: fill(clause.text),
        });
        let mut clauses: Vec<Clause> = from_library.collect();
        let (opening, closing) = (fill(template.opening), fill(template.closing));
        clauses.extend(words.own.iter().map(|own| Clause {
            from: None,
            topics: BTreeSet::new(),
            whom: Whom::Everybody,
            text: own.trim().into(),
        }));
        if missing.is_empty() {
            Ok(Self { opening, clauses, closing })
        } else {
            Err(TextError::Missing(missing.into_iter().collect()))
        }
    }

    /// The clauses that bind somebody: those for teachers only where they teach.
    pub fn for_whom(&self, teaches: Teaches) -> impl Iterator<Item = &Clause> {
        self.clauses.iter().filter(move |clause| clause.whom == Whom::Everybody || teaches == Teaches::Yes)
    }

    /// Everything that it is about.
    pub fn topics(&self) -> BTreeSet<Topic> {
        self.clauses.iter().flat_map(|clause| &clause.topics).copied().collect()
    }
}

/// Whether somebody teaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Teaches {
    Yes,
    No,
}

impl Teaches {
    /// Whether a person does.
    pub fn of(person: &Person) -> Self {
        if person.is(PersonKind::Teacher) { Self::Yes } else { Self::No }
    }
}

/// The names in braces in a text.
pub(crate) fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
}

fn fill(text: &str, values: &BTreeMap<String, String>, missing: &mut BTreeSet<String>) -> String {
    let mut pieces = text.split('{');
    let mut filled: String = pieces.next().unwrap_or_default().into();
    for piece in pieces {
        let Some((name, rest)) = piece.split_once('}') else {
            filled.push_str(piece);
            continue;
        };
        match values.get(name).filter(|value| !value.trim().is_empty()) {
            Some(value) => filled.push_str(value.trim()),
            None => drop(missing.insert(name.into())),
        }
        filled.push_str(rest);
    }
    filled
}
