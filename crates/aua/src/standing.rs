//! Whether somebody has agreed, at any instant that is past or present.

use alloc::vec::Vec;

use belisha_policy::Agreed;
use belisha_policy::calendar::start_of;
use belisha_policy::people::{Person, comes_of_age};
use chrono::{DateTime, Utc};

use crate::audience::Audience;
use crate::document::{Book, Document, Edition, ForPupils, Issued, Key, Number, SignedBy, Terms};
use crate::signature::{Fact, File, Signer, Word};

/// What of somebody decides which documents are theirs, as it was and is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// To which audience they belonged from when on, in the order of time.
    was: Vec<(DateTime<Utc>, Option<Audience>)>,
    /// When they come of age.
    of_age: Option<DateTime<Utc>>,
}

impl Subject {
    /// Somebody as they are, taken for what they always were.
    pub fn of(person: &Person) -> Self {
        Self::since(DateTime::<Utc>::MIN_UTC, person)
    }

    /// Somebody of whom nothing was known before an instant.
    pub fn since(at: DateTime<Utc>, person: &Person) -> Self {
        let mut subject = Self { was: Vec::new(), of_age: None };
        subject.becomes(at, person);
        subject
    }

    /// What is known of them from an instant on: they moved into another year, or work here by now.
    pub fn becomes(&mut self, at: DateTime<Utc>, person: &Person) {
        let audience = Audience::of(person);
        if self.was.last().is_none_or(|(_, last)| *last != audience) {
            self.was.push((at, audience));
        }
        let born = person.pupil().and_then(|pupil| pupil.born);
        self.of_age = born.and_then(comes_of_age).map(start_of).or(self.of_age);
    }

    /// Their audience at an instant.
    pub fn audience(&self, at: DateTime<Utc>) -> Option<Audience> {
        self.was.iter().rev().find(|(from, _)| *from <= at).and_then(|(_, audience)| *audience)
    }

    /// Whether they are a pupil of age.
    fn is_of_age(&self, at: DateTime<Utc>) -> bool {
        self.of_age.is_some_and(|from| from <= at)
    }
}

/// Whose signature is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lacking {
    /// That of the adult or of the pupil of age.
    Theirs,
    /// That of the pupil; the parent's is there, or is not asked.
    Pupils,
    /// That of a parent; the pupil's is there.
    Parents,
    /// Those of both, or of either of them.
    Both,
    /// A parent said no, and the school has not decided yet, or has decided that it does not hold.
    Disputed,
}

impl Lacking {
    /// For lists.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Theirs => "own",
            Self::Pupils => "pupil",
            Self::Parents => "parent",
            Self::Both => "pupil-and-parent",
            Self::Disputed => "disputed",
        }
    }

    /// For people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Theirs => "not signed",
            Self::Pupils => "the pupil has not signed",
            Self::Parents => "no parent has signed",
            Self::Both => "neither pupil nor parent has signed",
            Self::Disputed => "a parent says no: the school decides, with a reason",
        }
    }
}

/// How it stands with one document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is signed by all whom it takes.
    Signed {
        /// Under which edition they are.
        under: Number,
        /// Since when all have signed.
        since: DateTime<Utc>,
    },
    /// It is not signed yet, and what was signed before is still good; or it is the first, and its grace runs.
    Grace {
        /// Under which edition they still are; `None` for the first, or where it is another document's.
        under: Option<Number>,
        /// To this instant, itself not included.
        until: DateTime<Utc>,
        /// Whose signature is missing.
        lacking: Lacking,
    },
    /// It is not signed.
    Lacking(Lacking),
}

impl State {
    /// Whose signature is missing, where one is.
    pub fn lacking(self) -> Option<Lacking> {
        match self {
            Self::Signed { .. } => None,
            Self::Grace { lacking, .. } | Self::Lacking(lacking) => Some(lacking),
        }
    }

    /// Whether it is good.
    pub fn is_good(self) -> bool {
        !matches!(self, Self::Lacking(_))
    }
}

/// How it stands with somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing is asked of them.
    NotAsked,
    /// They have signed all on which access depends.
    Agreed,
    /// Not all, and a grace runs.
    Grace {
        /// To this instant, itself not included.
        until: DateTime<Utc>,
    },
    /// They are let in without a signature for a time.
    LetIn {
        /// To this instant, itself not included.
        until: DateTime<Utc>,
    },
    /// They have not agreed.
    Unsigned,
}

impl Standing {
    /// For lists.
    pub fn slug(self) -> &'static str {
        match self {
            Self::NotAsked => "not-asked",
            Self::Agreed => "agreed",
            Self::Grace { .. } => "grace",
            Self::LetIn { .. } => "provisional",
            Self::Unsigned => "unsigned",
        }
    }

    /// What the policy makes of it.
    pub fn agreed(self) -> Agreed {
        match self {
            Self::NotAsked => Agreed::NotAsked,
            Self::Agreed | Self::Grace { .. } => Agreed::Yes,
            Self::LetIn { .. } => Agreed::Meanwhile,
            Self::Unsigned => Agreed::No,
        }
    }
}

impl Book {
    /// How it stands with somebody at an instant: by the journal as it was then, whatever happened later. Costs some
    /// hundreds of nanoseconds and allocates nothing.
    pub fn standing(&self, file: &File, subject: &Subject, at: DateTime<Utc>) -> Standing {
        let Some(audience) = subject.audience(at) else { return Standing::NotAsked };
        let mut standing = Standing::NotAsked;
        let documents = self.of(audience, at).filter(|(_, edition)| edition.terms.bears_on_access());
        for (document, _) in documents {
            standing = match (standing, self.state(document, file, subject, at)) {
                (_, State::Lacking(_)) => {
                    return file.let_in(at).map_or(Standing::Unsigned, |(until, _)| Standing::LetIn { until });
                }
                (Standing::Grace { until: one }, State::Grace { until, .. }) => {
                    Standing::Grace { until: one.min(until) }
                }
                (_, State::Grace { until, .. }) => Standing::Grace { until },
                (Standing::NotAsked, State::Signed { .. }) => Standing::Agreed,
                (standing, State::Signed { .. }) => standing,
            };
        }
        standing
    }

    /// How it stands with each document of somebody at an instant, what has only to be read included.
    pub fn lines<'a>(
        &'a self,
        file: &'a File,
        subject: &'a Subject,
        at: DateTime<Utc>,
    ) -> impl Iterator<Item = (&'a Document, State)> {
        let documents = subject.audience(at).into_iter().flat_map(move |audience| self.of(audience, at));
        documents.map(move |(document, _)| (document, self.state(document, file, subject, at)))
    }

    /// Every change of standing, with the instant from which each holds: what [`standing`](Self::standing) says at any
    /// instant, in one value.
    pub fn over_time(&self, file: &File, subject: &Subject) -> Vec<(DateTime<Utc>, Agreed)> {
        let of_file = file.steps().flat_map(|(at, fact)| {
            let end = if let Fact::LetIn { until, .. } = fact { Some(*until) } else { None };
            [Some(at), end].into_iter().flatten()
        });
        let mut turns: Vec<DateTime<Utc>> = self.documents().flat_map(Document::turns).chain(of_file).collect();
        turns.extend(subject.was.iter().map(|(from, _)| *from).chain(subject.of_age));
        turns.sort_unstable();
        turns.dedup();
        let mut over_time: Vec<(DateTime<Utc>, Agreed)> = Vec::new();
        for at in turns {
            let agreed = self.standing(file, subject, at).agreed();
            if over_time.last().map_or(Agreed::NotAsked, |(_, last)| *last) != agreed {
                over_time.push((at, agreed));
            }
        }
        over_time
    }

    /// The documents in force for an audience at an instant, and the edition of each.
    pub(crate) fn of(&self, audience: Audience, at: DateTime<Utc>) -> impl Iterator<Item = (&Document, &Edition)> {
        let in_force = self.asked(at).filter_map(move |document| Some((document, document.in_force(at)?)));
        in_force.filter(move |(_, edition)| edition.terms.is_for(audience))
    }

    /// How it stands with one document of theirs.
    fn state(&self, document: &Document, file: &File, subject: &Subject, at: DateTime<Utc>) -> State {
        // Whoever took back their own word has none left, whatever grace runs.
        let took_back = file.last_of(document.key(), Signer::Themselves, at) == Word::No;
        let mut missing: Option<(DateTime<Utc>, Lacking)> = None;
        // Whether the grace that runs is for everybody, whatever they had signed before.
        let mut is_for_all = false;
        for issued in document.asking(at) {
            let edition = &issued.edition;
            let major = edition.number.major;
            match signed(document.key(), edition, file, subject, at) {
                Ok(since) => {
                    let under = document.corrected(major, at);
                    return match missing {
                        None => State::Signed { under, since },
                        Some((until, lacking)) => State::Grace { under: Some(under), until, lacking },
                    };
                }
                Err(_) if is_for_all => {}
                Err(lacking) => {
                    let ends = issued.ends.unwrap_or(at);
                    let (until, first) = missing.map_or((ends, lacking), |(until, first)| (ends.min(until), first));
                    if ends <= at || took_back || lacking == Lacking::Disputed {
                        return State::Lacking(first);
                    }
                    missing = Some((until, first));
                    is_for_all = major == 1
                        || edition.is_yearly()
                        || self.is_good_elsewhere(document, issued, file, subject, at);
                }
            }
        }
        match missing {
            Some((until, lacking)) if is_for_all => State::Grace { under: None, until, lacking },
            Some((_, lacking)) => State::Lacking(lacking),
            None => State::Lacking(Lacking::Both),
        }
    }

    /// Whether they have signed another document that was good when this edition came into force: who moves into an older
    /// year in the holidays has the grace of all others.
    fn is_good_elsewhere(
        &self,
        document: &Document,
        issued: &Issued,
        file: &File,
        subject: &Subject,
        at: DateTime<Utc>,
    ) -> bool {
        let began = issued.begins;
        let others = self.documents().filter(|other| other.key() != document.key());
        let mut last = others.filter_map(|other| Some((other, other.asking(began).next()?)));
        last.any(|(other, last)| {
            let edition = &last.edition;
            edition.terms.bears_on_access() && signed(other.key(), edition, file, subject, at).is_ok()
        })
    }
}

/// Since when an edition, or one after it, is signed by all whom it takes; or whose signature is missing.
fn signed(
    key: &Key,
    edition: &Edition,
    file: &File,
    subject: &Subject,
    at: DateTime<Utc>,
) -> Result<DateTime<Utc>, Lacking> {
    let major = edition.number.major;
    let by = |signer: Signer| file.last_of(key, signer, at).covers(major);
    let theirs = by(Signer::Themselves);
    let signed_by = match &edition.terms {
        Terms::Pupils(ForPupils { signed_by, .. }) if !subject.is_of_age(at) => *signed_by,
        _ => return theirs.ok_or(Lacking::Theirs),
    };
    if signed_by == SignedBy::Pupil {
        return theirs.ok_or(Lacking::Pupils);
    }
    if is_disputed(key, file, at) {
        return Err(Lacking::Disputed);
    }
    let parents = file.parents(key, at).filter_map(by).min();
    match (signed_by, theirs, parents) {
        (SignedBy::PupilAndParent, Some(one), Some(other)) => Ok(one.max(other)),
        (SignedBy::PupilAndParent, Some(_), None) => Err(Lacking::Parents),
        (SignedBy::PupilAndParent, None, Some(_)) => Err(Lacking::Pupils),
        (_, Some(one), Some(other)) => Ok(one.min(other)),
        (_, Some(one), None) | (_, None, Some(one)) => Ok(one),
        (_, None, None) => Err(Lacking::Both),
    }
}

/// Whether the last word of a parent is no, and the school has not decided since that the agreement stands.
fn is_disputed(key: &Key, file: &File, at: DateTime<Utc>) -> bool {
    let decided = |fact: &Fact| match fact {
        Fact::Decided { key: of, stands, .. } if of == key => Some(*stands),
        _ => None,
    };
    // What came after the school's last decision, and what it was.
    let last = file.by(at).find_map(|(_, fact)| decided(fact));
    let since = || file.by(at).take_while(|(_, fact)| decided(fact).is_none());
    let says_no = |signer: Signer| {
        since().find_map(|(_, fact)| match fact {
            Fact::Signed { key: of, by, .. } if of == key && *by == signer => Some(false),
            Fact::Withdrawn { key: of, by } if of == key && *by == signer => Some(true),
            _ => None,
        })
    };
    let new_no = file.parents(key, at).any(|parent| says_no(parent) == Some(true));
    new_no || last == Some(false)
}
