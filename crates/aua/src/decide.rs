//! What somebody wants to do about agreements, and whether it can be.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

use belisha_policy::calendar::{local, start_of};
use belisha_policy::people::{Person, Responsibility, Restriction, is_of_age};
use belisha_policy::{Action, Permit, PersonId, WrongPermit};
use chrono::{DateTime, NaiveDate, Utc};

use crate::audience::Audience;
use crate::document::{Book, Change, Document, DocumentFact, Edition, ForPupils, Key, Number, SignedBy, Terms, With};
use crate::lint::{Finding, lint};
use crate::signature::{Fact, File, Printed, Signer, Way, Word};
use crate::standing::{Standing, Subject};
use crate::text::Text;

/// What somebody wants to do about a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Publish an edition; the first makes the document.
    Publish {
        /// What it is called.
        title: String,
        /// What it changes.
        change: Change,
        /// The day at whose beginning it comes into force.
        effective: NaiveDate,
        /// For whom it is.
        terms: Terms,
        /// What it says.
        text: Text,
        /// The names of policies on which it rests.
        rests_on: BTreeSet<String>,
    },
    /// Say that it was talked over.
    Discuss {
        /// With whom.
        with: With,
        /// On which day.
        on: NaiveDate,
    },
    /// Ask nobody for it any more.
    Retire,
}

impl Command {
    /// What the permit has to be for.
    pub fn action(&self) -> Action {
        match self {
            Self::Publish { .. } | Self::Retire => Action::DraftPolicy,
            Self::Discuss { .. } => Action::LeadInClass,
        }
    }
}

/// What somebody wants to do about one person's agreements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subjected {
    /// Sign.
    Sign {
        /// Which document.
        key: Key,
        /// Which edition of those that are signed anew; the newest where nothing is said.
        major: Option<u32>,
        /// Who signs.
        by: Signer,
        /// The name that was printed.
        printed: Printed,
        /// By which way.
        way: Way,
        /// Why a parent may sign of whom it is not known whether they hold parental responsibility.
        because: Option<String>,
    },
    /// Take a signature back; or, as a parent, say no.
    Withdraw {
        /// Which document.
        key: Key,
        /// Who.
        by: Signer,
    },
    /// Decide what holds where a parent said no.
    Decide {
        /// Which document.
        key: Key,
        /// Whether the agreement of the other stands.
        stands: bool,
        /// Why.
        reason: String,
    },
    /// Let them in without a signature for a time.
    LetIn {
        /// Why.
        reason: String,
        /// To this instant, itself not included.
        until: DateTime<Utc>,
    },
    /// End that before its time.
    EndLetIn,
    /// Say that they, or a parent, were given the privacy notice.
    Tell {
        /// Who was told.
        whom: Signer,
        /// The day that stands on the notice.
        dated: NaiveDate,
    },
}

impl Subjected {
    /// What the permit of somebody has to be for.
    pub fn action(&self, actor: PersonId, about: PersonId) -> Action {
        match self {
            Self::Sign { way: Way::SignedIn | Way::Link, .. } => Action::SignAgreement,
            Self::Sign { way: Way::InClass, .. } => Action::LeadInClass,
            Self::Withdraw { by, .. } if by.is(actor, about) => Action::SignAgreement,
            Self::Sign { .. } | Self::Withdraw { .. } => Action::RecordPaperReturn,
            Self::Decide { .. } | Self::LetIn { .. } | Self::EndLetIn => Action::SettleAgreement,
            Self::Tell { .. } => Action::RecordNotice,
        }
    }
}

/// Why it cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The permit is for something else, or about somebody else.
    #[error(transparent)]
    Permit(#[from] WrongPermit),
    /// There is no such document.
    #[error("no agreement is called so: look at belisha-reporter agreements list")]
    NoDocument,
    /// Nobody is asked for it any more.
    #[error("nobody is asked for this any more: publish it under another name")]
    Retired,
    /// It has no title, or is for nobody.
    #[error("an agreement has a title, and somebody for whom it is")]
    Empty,
    /// Something that has to be in it is not.
    #[error("it is not published like this: {}", .0.iter().map(alloc::string::ToString::to_string).collect::<Vec<_>>().join("; "))]
    Lacks(Vec<Finding>),
    /// It would come into force in the past, or before an edition that was published before it.
    #[error("it comes into force on {effective} at the earliest: nothing is dated back")]
    TooEarly {
        /// The first day.
        effective: NaiveDate,
    },
    /// Its grace ends before it comes into force.
    #[error("what was signed before is good until after the new edition comes into force: let the grace end later")]
    NoGrace,
    /// The first edition cannot correct anything.
    #[error("the first edition corrects nothing: it is signed")]
    FirstCorrects,
    /// It says it corrects, and changes for whom it is or what it is about.
    #[error("an edition that only corrects is for the same people and about the same things: publish it as material")]
    NotEditorial,
    /// An agreement would become something to read, or the other way round.
    #[error("what is only read stays so, and what access depends on does: use another name")]
    OtherKind,
    /// It is not talked over in class.
    #[error("this is not talked over in class before it is signed")]
    NotDiscussed,
    /// It was to have been talked over before it was there, or on a day to come.
    #[error("it is talked over between the day on which it is published and today")]
    DiscussedWhen,
    /// The class has not talked about it.
    #[error("{} is talked over with the class before its pupils sign: belisha-reporter agreements discuss {}", .0, .0)]
    DiscussFirst(Key),
    /// It is not for them.
    #[error("this is not for them: it is for {0}")]
    NotForThem(String),
    /// The edition is not one that they can sign.
    #[error("sign {0}: the older edition is not signed any more")]
    Superseded(Number),
    /// There is no such edition.
    #[error("there is no such edition")]
    NoEdition,
    /// It was signed.
    #[error("they signed {0} already")]
    Already(Number),
    /// They took it back here, or said no, and what is brought from another system says that they had agreed.
    #[error("they have said no here: what another system has of them does not undo that")]
    SaidNo,
    /// There is nothing to take back.
    #[error("they have not signed it: there is nothing to take back")]
    NotSigned,
    /// Not a parent of this child.
    #[error("this is no parent or carer of this child who may sign")]
    WrongParent,
    /// It is not known whether they hold parental responsibility.
    #[error("it is not known whether they hold parental responsibility: say why they may sign (--because)")]
    Responsibility,
    /// A pupil who is of age.
    #[error("the pupil is of age and signs alone")]
    OfAge,
    /// Only the pupil signs.
    #[error("this is signed by the pupil alone")]
    PupilAlone,
    /// Somebody signs for somebody else.
    #[error("nobody signs for somebody else: what comes back on paper is logged by the office")]
    NotThey,
    /// Only pupils sign in class.
    #[error("in class pupils sign for themselves")]
    NotInClass,
    /// The paper is dated in the future, or before the edition was there.
    #[error("the paper is dated between the day on which the edition was published and today")]
    Dated,
    /// It was signed elsewhere before an edition was there that is not the first.
    #[error("{0} was not there yet on that day: what was signed before is of another edition")]
    BeforeEdition(Number),
    /// It does not say where the paper is.
    #[error("say where the original is kept")]
    NotFiled,
    /// No parent said no.
    #[error("no parent has said no: there is nothing to decide")]
    NothingToDecide,
    /// There is no reason.
    #[error("say why, in a sentence")]
    Reason,
    /// The time is over, or too long.
    #[error("somebody is let in without a signature for at most ten school days, to {}", local(*.0).format("%Y-%m-%d %H:%M"))]
    TooLong(DateTime<Utc>),
    /// They need not be let in.
    #[error("they are not kept back: there is nothing to do")]
    NotKeptBack,
}

/// What stands around a command.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// All documents.
    pub book: &'a Book,
    /// The instant.
    pub now: DateTime<Utc>,
    /// To when somebody may be let in without a signature at the longest.
    pub longest: DateTime<Utc>,
}

impl Around<'_> {
    fn today(&self) -> NaiveDate {
        local(self.now).date_naive()
    }

    fn document(&self, key: &Key) -> Result<&Document, Refused> {
        let document = self.book.document(key).ok_or(Refused::NoDocument)?;
        if document.is_retired(self.now) { Err(Refused::Retired) } else { Ok(document) }
    }
}

/// What comes of a command about a document, or why it cannot be.
pub fn decide(around: &Around<'_>, key: &Key, command: Command, permit: &Permit) -> Result<DocumentFact, Refused> {
    permit.allows(command.action())?;
    match command {
        Command::Publish { title, change, effective, terms, text, rests_on } => {
            let number = next(around, key, change, effective, &terms, &text)?;
            if title.trim().is_empty() || terms.audiences().next().is_none() {
                return Err(Refused::Empty);
            }
            let lacks: Vec<Finding> = lint(&text, &terms).into_iter().filter(Finding::is_needed).collect();
            if !lacks.is_empty() {
                return Err(Refused::Lacks(lacks));
            }
            let edition = Edition { number, change, effective, terms, text };
            Ok(DocumentFact::Published { title: title.trim().into(), edition, rests_on })
        }
        Command::Discuss { with, on } => {
            let document = around.document(key)?;
            let (published, edition) = newest(document).ok_or(Refused::NoDocument)?;
            if !edition.terms.is_discussed_first() {
                return Err(Refused::NotDiscussed);
            }
            // The day on which what is signed anew was published, and not that of a correction since.
            let of_major = document.editions().find(|(_, it)| it.number.major == edition.number.major);
            let since = local(of_major.map_or(published, |(at, _)| at)).date_naive();
            if !(since..=around.today()).contains(&on) {
                return Err(Refused::DiscussedWhen);
            }
            Ok(DocumentFact::Discussed { major: edition.number.major, with, on })
        }
        Command::Retire => around.document(key).map(|_| DocumentFact::Retired),
    }
}

fn newest(document: &Document) -> Option<(DateTime<Utc>, &Edition)> {
    document.editions().next_back()
}

/// The number of the next edition.
fn next(
    around: &Around<'_>,
    key: &Key,
    change: Change,
    effective: NaiveDate,
    terms: &Terms,
    text: &Text,
) -> Result<Number, Refused> {
    let document = around.book.document(key);
    if document.is_some_and(|document| document.is_retired(around.now)) {
        return Err(Refused::Retired);
    }
    let last = document.and_then(newest).map(|(_, edition)| edition);
    let earliest = last.map_or(around.today(), |last| last.effective.max(around.today()));
    if effective < earliest {
        return Err(Refused::TooEarly { effective: earliest });
    }
    if let Change::Asks { grace_until, .. } = change
        && grace_until.instant() <= start_of(effective).max(around.now)
    {
        return Err(Refused::NoGrace);
    }
    let Some(last) = last else {
        return if change == Change::Editorial {
            Err(Refused::FirstCorrects)
        } else {
            Ok(Number { major: 1, minor: 0 })
        };
    };
    if last.terms.bears_on_access() != terms.bears_on_access() {
        return Err(Refused::OtherKind);
    }
    let Number { major, minor } = last.number;
    match change {
        Change::Asks { .. } => Ok(Number { major: major + 1, minor: 0 }),
        Change::Editorial if last.terms != *terms || last.text.topics() != text.topics() => Err(Refused::NotEditorial),
        Change::Editorial => Ok(Number { major, minor: minor + 1 }),
    }
}

/// What comes of a command about one person's agreements, or why it cannot be.
pub fn decide_about(
    around: &Around<'_>,
    person: &Person,
    file: &File,
    command: Subjected,
    permit: &Permit,
) -> Result<Fact, Refused> {
    permit.allows_about(command.action(permit.actor(), person.id), person.id)?;
    let now = around.now;
    match command {
        Subjected::Sign { key, major, by, printed, way, because } => {
            let document = around.document(&key)?;
            let edition = to_sign(around, document, person, major)?;
            may_sign(around, edition, person, by, &way, because.as_deref(), permit.actor())?;
            dated(around, document, edition, &way)?;
            let number = edition.number;
            let (last, is_brought) = (file.last_of(&key, by, now), matches!(way, Way::Imported { .. }));
            if last.covers(number.major).is_some() {
                return Err(Refused::Already(number));
            }
            // What is brought is older than what was said here, whenever it is brought.
            if is_brought && last == Word::No {
                return Err(Refused::SaidNo);
            }
            let class = person.pupil().and_then(|pupil| pupil.class.as_deref());
            // A class that signed elsewhere talked about it there, or not: here nobody can say any more.
            if by == Signer::Themselves
                && edition.terms.is_discussed_first()
                && !is_brought
                && !document.was_discussed(number.major, class, person.id)
            {
                return Err(Refused::DiscussFirst(key));
            }
            let because = because.filter(|because| !because.trim().is_empty());
            Ok(Fact::Signed { key, edition: number, by, printed, way, because })
        }
        Subjected::Withdraw { key, by } => {
            around.book.document(&key).ok_or(Refused::NoDocument)?;
            let has_signed = matches!(file.last_of(&key, by, now), Word::Yes { .. });
            match by {
                Signer::Parent(parent) if !has_signed => parent_of(person, parent).map(drop)?,
                _ if !has_signed => return Err(Refused::NotSigned),
                _ => {}
            }
            Ok(Fact::Withdrawn { key, by })
        }
        Subjected::Decide { key, stands, reason } => {
            let said_no = |(_, fact): (DateTime<Utc>, &Fact)| matches!(fact, Fact::Withdrawn { key: of, by: Signer::Parent(_) } if *of == key);
            if !file.steps().any(said_no) {
                return Err(Refused::NothingToDecide);
            }
            Ok(Fact::Decided { key, stands, reason: sentence(&reason)? })
        }
        Subjected::LetIn { reason, until } => {
            let reason = sentence(&reason)?;
            if until <= now || until > around.longest {
                return Err(Refused::TooLong(around.longest));
            }
            match around.book.standing(file, &Subject::of(person), now) {
                Standing::NotAsked | Standing::Agreed => Err(Refused::NotKeptBack),
                Standing::Grace { .. } | Standing::LetIn { .. } | Standing::Unsigned => {
                    Ok(Fact::LetIn { reason, until })
                }
            }
        }
        Subjected::EndLetIn => file.let_in(now).map(|_| Fact::LetInEnded).ok_or(Refused::NotKeptBack),
        Subjected::Tell { whom, dated } => {
            if let Signer::Parent(parent) = whom {
                parent_of(person, parent)?;
            }
            Ok(Fact::Told { whom, dated })
        }
    }
}

fn sentence(text: &str) -> Result<String, Refused> {
    let text = text.trim();
    if text.is_empty() { Err(Refused::Reason) } else { Ok(text.into()) }
}

/// The edition that somebody signs: the newest, or the one in force while the newest is still to come.
fn to_sign<'d>(
    around: &Around<'_>,
    document: &'d Document,
    person: &Person,
    major: Option<u32>,
) -> Result<&'d Edition, Refused> {
    let newest = document.to_sign(around.now).ok_or(Refused::NoDocument)?;
    let edition = match major {
        None => newest,
        Some(major) => {
            let in_force = document.asking(around.now).next().map_or(0, |issued| issued.edition.number.major);
            let of = document.editions().rev().map(|(_, edition)| edition).find(|it| it.number.major == major);
            match of {
                Some(_) if major < in_force => return Err(Refused::Superseded(newest.number)),
                Some(edition) => edition,
                None => return Err(Refused::NoEdition),
            }
        }
    };
    let is_for = Audience::of(person).is_some_and(|audience| edition.terms.is_for(audience));
    let titles = || edition.terms.audiences().map(Audience::title).collect::<Vec<_>>().join(", ");
    if is_for { Ok(edition) } else { Err(Refused::NotForThem(titles())) }
}

/// Whether somebody may sign for a person, by this way.
fn may_sign(
    around: &Around<'_>,
    edition: &Edition,
    person: &Person,
    by: Signer,
    way: &Way,
    because: Option<&str>,
    actor: PersonId,
) -> Result<(), Refused> {
    let own = matches!(way, Way::SignedIn | Way::Link);
    let Signer::Parent(parent) = by else {
        if own && actor != person.id {
            return Err(Refused::NotThey);
        }
        return if *way == Way::InClass && person.pupil().is_none() { Err(Refused::NotInClass) } else { Ok(()) };
    };
    if own && actor != parent {
        return Err(Refused::NotThey);
    }
    let Terms::Pupils(ForPupils { signed_by, .. }) = &edition.terms else { return Err(Refused::WrongParent) };
    if *way == Way::InClass {
        return Err(Refused::NotInClass);
    }
    if is_of_age(person.pupil().and_then(|pupil| pupil.born), around.today()) {
        return Err(Refused::OfAge);
    }
    if *signed_by == SignedBy::Pupil {
        return Err(Refused::PupilAlone);
    }
    match parent_of(person, parent)? {
        Responsibility::Held => Ok(()),
        Responsibility::NotHeld => Err(Refused::WrongParent),
        // The school decides, and says why (decisions 12); not by a link, where nobody looks.
        Responsibility::Unknown if !own && because.is_some_and(|because| !because.trim().is_empty()) => Ok(()),
        Responsibility::Unknown => Err(Refused::Responsibility),
    }
}

/// What a contact of a child holds, unless an order stands against them.
fn parent_of(person: &Person, parent: PersonId) -> Result<Responsibility, Refused> {
    let contacts = person.pupil().into_iter().flat_map(|pupil| &pupil.contacts);
    let found = contacts.filter(|contact| contact.person == parent).find(|it| it.restriction == Restriction::None);
    found.map(|contact| contact.responsibility).ok_or(Refused::WrongParent)
}

/// Whether a paper, or what is brought, is dated when it can be.
fn dated(around: &Around<'_>, document: &Document, edition: &Edition, way: &Way) -> Result<(), Refused> {
    let of_major = document.editions().find(|(_, it)| it.number.major == edition.number.major);
    let published = of_major.map_or(around.now, |(at, _)| at);
    match way {
        Way::Paper { filed, .. } if filed.trim().is_empty() => Err(Refused::NotFiled),
        Way::Paper { dated, .. } if !(local(published).date_naive()..=around.today()).contains(dated) => {
            Err(Refused::Dated)
        }
        Way::Imported { dated } if *dated > around.today() => Err(Refused::Dated),
        // The first edition is what the school had before it came here; those after it were not to be signed anywhere else.
        Way::Imported { dated } if edition.number.major > 1 && *dated < local(published).date_naive() => {
            Err(Refused::BeforeEdition(edition.number))
        }
        _ => Ok(()),
    }
}
