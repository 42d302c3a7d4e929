//! What somebody wants to do about a case, and whether it can be.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use belisha_policy::{Action, Attribution, Permit, PersonId, WrongPermit};
use chrono::{DateTime, NaiveDate, Utc};

use crate::announcing::{self, Announced};
use crate::case::{Case, Event, Exported, Fact, HarmTest, Outcome, Part, Remedy, Settled, Stage, Track};
use crate::category::Category;
use crate::circumstances::{Circumstances, Doer, Matter};
use crate::custody::{self, Custody, Power};
use crate::duty::{Body, Parents, When};
use crate::file;
use crate::severity::Severity;
use crate::terms::Terms;

/// What somebody wants to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Tell of it. Nobody can be kept from this, at any stage.
    Report {
        /// When it became known to them.
        first_known: DateTime<Utc>,
        /// In their words.
        words: String,
        /// Whether somebody is in danger now.
        danger: bool,
        /// What they hold it to be, where they say so.
        matter: Option<Matter>,
        /// What kind of person did it, where they say so.
        done_by: Option<Doer>,
        /// Of whom they know that they have a part in it, and which.
        named: Vec<(PersonId, Part)>,
    },
    /// Say that one has told somebody outside of it already: that is everybody's own right, and nobody can keep them from it.
    ToldBefore {
        /// Whom.
        body: Body,
        /// Their reference, where they gave one.
        theirs: Option<String>,
    },
    /// Say that it may be illegal. Anybody may, at any stage but the last.
    Suspect {
        /// When it was first seen.
        first_seen: DateTime<Utc>,
    },
    /// Confirm the hold.
    ConfirmHold,
    /// Say that the police have it.
    GiveToPolice {
        /// Their reference.
        reference: String,
    },
    /// Lift the hold, two together, since the police gave it back.
    Return {
        /// The reference of their note.
        note: String,
    },
    /// Say what part somebody has in it.
    Name {
        /// Who.
        person: PersonId,
        /// Which.
        part: Part,
    },
    /// Sort it.
    Sort {
        /// What kind it is.
        category: Category,
        /// How bad it is; as bad as the school takes it where nothing is said.
        severity: Option<Severity>,
        /// Which way it goes.
        track: Track,
    },
    /// Say how it came about, as far as it is known.
    Describe(Circumstances),
    /// Make it a matter of child protection, whatever its kind.
    Raise {
        /// Why.
        reason: String,
    },
    /// Test the threshold of harm.
    TestHarm(HarmTest),
    /// Look into it, together with somebody.
    Inquire {
        /// Who else.
        with: PersonId,
    },
    /// Say how something owed was dealt with.
    Settle {
        /// To whom it is owed.
        body: Body,
        /// How.
        how: Settled,
    },
    /// Say what came of it that somebody was told.
    Hear {
        /// Who.
        body: Body,
        /// What came of it.
        what: String,
    },
    /// Make a document for somebody to whom something is owed. It settles nothing.
    Refer {
        /// For whom.
        body: Body,
        /// The SHA-256 of the document.
        digest: [u8; 32],
    },
    /// Hand it to another school or a court.
    Export(Exported),
    /// Say that an export was received.
    Receive {
        /// Which.
        export: String,
        /// Who took it.
        by: String,
        /// On which day.
        on: NaiveDate,
    },
    /// Say that the parents of a child were told.
    TellParents(PersonId),
    /// Say why they are not told yet.
    DeferParents {
        /// The child.
        child: PersonId,
        /// Why.
        reason: String,
    },
    /// Describe something that shows what happened.
    NoteEvidence {
        /// What it is, in words.
        description: String,
        /// Where the system that has it keeps it.
        reference: Option<String>,
        /// The SHA-256 of a document.
        digest: Option<[u8; 32]>,
    },
    /// Take a device, or say that one was handed in. It is left as it was found.
    TakeDevice {
        /// The number of the bag.
        bag: String,
        /// What it is.
        what: String,
        /// Whose it is.
        of: PersonId,
        /// How it came here.
        custody: Custody,
        /// How it was found.
        power: Power,
        /// Whether its owner consents: of an adult it takes that, or the police (decisions 23).
        consent: bool,
    },
    /// Search what is on a device that is kept, before a witness.
    SearchDevice {
        /// The number of the bag.
        bag: String,
        /// Why it is suspected.
        grounds: String,
        /// Who is there.
        witness: PersonId,
        /// What was found, in words.
        found: String,
        /// Whether its owner consents: of an adult it takes that, or the police (decisions 23).
        consent: bool,
    },
    /// Give a device back.
    ReturnDevice {
        /// The number of the bag.
        bag: String,
        /// Who gets it.
        to: PersonId,
        /// How it was seen that they are who they say.
        checked: String,
    },
    /// Say how a child is supported, or the adult whom it is about.
    Support {
        /// Who.
        person: PersonId,
        /// How.
        how: String,
    },
    /// Do something about somebody.
    Remedy {
        /// Who.
        person: PersonId,
        /// What.
        remedy: Remedy,
        /// How sure it is that what they are held to have done was done by them.
        attribution: Attribution,
        /// Why.
        because: Option<String>,
    },
    /// Say that another incident belongs with it: whoever is kept away from one is kept away from both.
    Link {
        /// The reference of the other.
        to: String,
        /// Those who are kept away from the other.
        kept_away: Vec<PersonId>,
    },
    /// Take out what is told in words, since the child-protection file has it, in another system.
    TakeOutWords,
    /// Say what came of it.
    Conclude(Outcome),
    /// Say that whoever told of it was answered.
    AnswerReporter,
    /// Close it.
    Close,
    /// Tell the community that it was dealt with. Whether the words name anybody is looked at before.
    Announce(Announced),
    /// Open it again.
    Reopen {
        /// Why.
        reason: String,
    },
}

/// What somebody tells who is not signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrangerTold {
    /// In their words.
    pub words: String,
    /// Whether somebody is in danger now.
    pub danger: bool,
    /// Who they say they are.
    pub says: Option<String>,
    /// Of whom they speak, so that it is not for them to handle.
    pub kept_away: Vec<PersonId>,
}

impl Command {
    /// What the permit has to be for.
    pub fn action(&self) -> Action {
        match self {
            Self::Report { .. } | Self::ToldBefore { .. } => Action::ReportConcern,
            Self::Suspect { .. } => Action::DeclareIllegal,
            Self::Return { .. } => Action::LiftIllegalHold,
            Self::Remedy { remedy, .. } if remedy.is_suspension() => Action::SuspendPerson,
            Self::Close => Action::CloseIncident,
            Self::Announce(_) => Action::AnnounceIncident,
            Self::Reopen { .. } => Action::ReopenIncident,
            Self::Export(_) | Self::Receive { .. } => Action::ExportIncident,
            _ => Action::TriageIncident,
        }
    }

    /// Whether it leaves what an old system had as it was, and adds who is in it, what belongs with it and what shows it.
    fn is_for_what_is_archived(&self) -> bool {
        matches!(self, Self::Name { .. } | Self::Link { .. } | Self::NoteEvidence { .. })
    }

    /// Whether it only preserves and refers.
    fn is_for_what_is_held(&self) -> bool {
        matches!(
            self,
            Self::Report { .. }
                | Self::Suspect { .. }
                | Self::ConfirmHold
                | Self::GiveToPolice { .. }
                | Self::Return { .. }
                | Self::Name { .. }
                | Self::Link { .. }
                | Self::Settle { .. }
                | Self::Hear { .. }
                | Self::Describe(_)
                | Self::Refer { .. }
                | Self::Receive { .. }
                | Self::NoteEvidence { .. }
                | Self::TakeDevice { .. }
                | Self::Support { .. }
        )
    }
}

/// Why it cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The permit is for something else, or of one where it takes two.
    #[error(transparent)]
    Permit(#[from] WrongPermit),
    /// Nobody told of anything.
    #[error("there is no such incident")]
    Nothing,
    /// It may be illegal.
    #[error(
        "this may be illegal: it is preserved and referred, and nothing else until two lift the hold with a note of the police"
    )]
    Held,
    /// It is not held.
    #[error("nothing is held here as possibly illegal")]
    NotHeld,
    /// It is over.
    #[error("the incident is closed: open it again first")]
    Closed,
    /// It is of another system.
    #[error(
        "this was brought from another system and stays as it was there: tell of what is new as an incident of its own, and link the two"
    )]
    Archived,
    /// It is not over.
    #[error("the incident is open already")]
    Open,
    /// It is not over, and others are told first.
    #[error("close the incident first: parents, and whoever told of it, hear of it before the community does")]
    NotOver,
    /// It is, or was, about an adult who works with children.
    #[error(
        "nothing is said in public of an allegation against somebody who works here: of a teacher that is an offence until they are \
         charged (Education Act 2002 s.141F)"
    )]
    Restricted,
    /// Nobody is told.
    #[error("say who is told")]
    NoAudience,
    /// It was not sorted.
    #[error("sort the incident first: say what kind it is")]
    NotSorted,
    /// It goes the other way.
    #[error("this is for incidents about {0}")]
    OtherTrack(&'static str),
    /// It is less than the school takes it for.
    #[error("this kind of incident is {} at least at this school", .0.number())]
    TooMild(Severity),
    /// Nobody looks into it alone.
    #[error("two people look into an incident together: name somebody else")]
    Alone,
    /// They are kept away.
    #[error("name somebody else")]
    NotThey,
    /// The officer of the local authority is asked before anything is looked into.
    #[error("ask the local authority designated officer (LADO) before anybody looks into it")]
    LadoFirst,
    /// Nothing is owed to them.
    #[error("nothing is owed to {}", .0.title())]
    NotOwed(Body),
    /// Another device is in this bag.
    #[error("a device is in bag {0} already: take another bag")]
    BagIsFull(String),
    /// No device is in it.
    #[error("no device is kept in bag {0}")]
    NoSuchBag(String),
    /// Only of pupils a device may be taken without consent.
    #[error(
        "the powers of a school cover its pupils: name the pupil in the incident first. An adult's device takes their consent, or the \
         police"
    )]
    NotAPupils,
    /// Nobody is a witness of their own search.
    #[error("somebody else is there when a device is searched: name them")]
    NoWitness,
    /// Nobody looks at such images.
    #[error("this is of images of children: nobody looks at them. Keep the device as it is, and give it to the police")]
    NoViewing,
    /// A parent did it, and not the pupil.
    #[error("a parent did this: no pupil of a school of the state is suspended or excluded for it")]
    ParentsDeed,
    /// A parent did it, and not the pupil, and the school is free to decide.
    #[error(
        "a parent did this, and the pupil would be suspended for it, which may not be lawful: say why all the same"
    )]
    ParentsDeedNeedsReason,
    /// They are at the school.
    #[error("{} is at the school and is told there: a document is for bodies outside", .0.title())]
    Inside(Body),
    /// What may be illegal is not handed out.
    #[error(
        "this may be illegal, and nothing of it is exported: all that you may say to them is that it was referred to the police, and their reference where they gave one"
    )]
    NotExported,
    /// There is no such export, or it was received.
    #[error("no export of this name waits for a receipt")]
    NoExport,
    /// A reason is missing.
    #[error("say why")]
    NoReason,
    /// It is for adults, and they are a pupil, or the other way round.
    #[error("{} is nothing that is done about {}", .0.title(), if .0.is_of_adults() { "a pupil" } else { "an adult" })]
    OfOthers(Remedy),
    /// They have no part in it.
    #[error("this person has no such part in the incident")]
    NoPart,
    /// Nobody is held to what may have been done by somebody else.
    #[error("the records do not say surely enough who did it: nothing is done about anybody on them alone")]
    Unsure,
    /// Who tells of their own accident is not punished.
    #[error("nobody is punished for telling of an accident")]
    SelfReport,
    /// Nobody would find it again.
    #[error("say under which reference the child-protection file has it")]
    NoFileReference,
    /// The words are nowhere else.
    #[error(
        "the words stay here until they are elsewhere: say under which reference the child-protection file has this, and \
         what came of that they were told"
    )]
    NotInFile,
    /// No picture, and nothing made of it.
    #[error("describe it, and say where it is kept: nothing of this kind is opened, copied or hashed")]
    NoCopies,
    /// Not before these are done.
    #[error("before that: {}", Gaps(.0))]
    Missing(Vec<Gap>),
}

/// What is missing before a case can be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    /// What kind it is.
    Sorting,
    /// What is owed to somebody.
    Owed(Body),
    /// The parents of a child.
    Parents,
    /// Support for somebody it was done to.
    Support,
    /// What came of it.
    Outcome,
    /// A device that is kept.
    Device,
    /// An answer to whoever told of it.
    Answer,
    /// What whoever has the child-protection file says of having got it.
    FileReceipt,
    /// Words that the child-protection file has.
    Words,
}

/// What is to be done.
impl core::fmt::Display for Gap {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Sorting => f.write_str("sort it: say what kind it is"),
            Self::Owed(body) => match body.title().strip_prefix("The ") {
                Some(title) => write!(f, "tell the {title}, or say why not"),
                None => write!(f, "tell {}, or say why not", body.title()),
            },
            Self::Parents => f.write_str("tell the parents, or say why not yet"),
            Self::Support => f.write_str("say how the child it was done to is supported"),
            Self::Outcome => f.write_str("say what came of it"),
            Self::Device => f.write_str("give back the device that is kept"),
            Self::Answer => f.write_str("answer whoever told of it"),
            Self::FileReceipt => f.write_str("say what those who have the child-protection file said of having got it"),
            Self::Words => f.write_str("take out the words: the child-protection file has them"),
        }
    }
}

struct Gaps<'a>(&'a [Gap]);

impl core::fmt::Display for Gaps<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        for (at, gap) in self.0.iter().enumerate() {
            let between = if at == 0 { "" } else { "; " };
            write!(f, "{between}{gap}")?;
        }
        Ok(())
    }
}

/// What a command makes happen; nothing, where it is so already.
///
/// # Errors
/// It cannot be, and why.
pub fn decide(case: &Case, terms: &Terms, command: Command, permit: &Permit) -> Result<Vec<Event>, Refused> {
    permit.allows(command.action())?;
    stand(case, &command)?;
    let facts = facts(case, terms, command, permit)?;
    let event = |fact| Event { at: permit.granted(), by: Some(permit.actor()), fact };
    Ok(facts.into_iter().map(event).collect())
}

/// What happens where somebody tells of something who is not signed in: a child, a parent, a neighbour. Nobody is asked
/// whether they may.
///
/// # Errors
/// There are no words.
pub fn told_by_stranger(told: StrangerTold, at: DateTime<Utc>) -> Result<Vec<Event>, Refused> {
    let StrangerTold { words, danger, says, kept_away } = told;
    let says = says.filter(|says| !says.trim().is_empty());
    let reported = Fact::Reported { first_known: at, words: said(words)?, danger, says, matter: None };
    let away = kept_away.into_iter().map(|person| Fact::Named { person, part: Part::InConflict });
    Ok(core::iter::once(reported).chain(away).map(|fact| Event { at, by: None, fact }).collect())
}

/// Whether the stage allows it.
fn stand(case: &Case, command: &Command) -> Result<(), Refused> {
    let reopens = matches!(command, Command::Reopen { .. });
    match case.stage() {
        Stage::Archived if command.is_for_what_is_archived() => Ok(()),
        // What is new would be among what is over, where no clock runs for it.
        Stage::Archived => Err(Refused::Archived),
        _ if matches!(command, Command::Report { .. }) => Ok(()),
        Stage::Nothing => Err(Refused::Nothing),
        Stage::Held | Stage::WithPolice if matches!(command, Command::Export(_)) => Err(Refused::NotExported),
        Stage::Closed if matches!(command.action(), Action::ExportIncident | Action::AnnounceIncident) => Ok(()),
        Stage::Closed if reopens || matches!(command, Command::Suspect { .. }) => Ok(()),
        Stage::Closed => Err(Refused::Closed),
        _ if reopens => Err(Refused::Open),
        Stage::Held | Stage::WithPolice if !command.is_for_what_is_held() => Err(Refused::Held),
        _ => Ok(()),
    }
}

fn facts(case: &Case, terms: &Terms, command: Command, permit: &Permit) -> Result<Vec<Fact>, Refused> {
    let one = |fact| Ok(alloc::vec![fact]);
    match command {
        Command::Report { first_known, words, danger, matter, done_by, named } => {
            let mut facts =
                alloc::vec![Fact::Reported { first_known, words: said(words)?, danger, says: None, matter }];
            let by = |doer| Fact::Described(Circumstances { by: [doer].into(), ..Circumstances::default() });
            facts.extend(done_by.map(by));
            facts.extend(named.into_iter().map(|(person, part)| Fact::Named { person, part }));
            Ok(facts)
        }
        Command::ToldBefore { body, .. } | Command::Refer { body, .. } if body.is_inside() => {
            Err(Refused::Inside(body))
        }
        Command::ToldBefore { body, theirs } => {
            one(Fact::ToldBefore { body, theirs: theirs.filter(|text| !text.trim().is_empty()) })
        }
        Command::Suspect { first_seen } => Ok(suspect(case, first_seen)),
        Command::ConfirmHold => held(case).map(|()| alloc::vec![Fact::HoldConfirmed]),
        Command::GiveToPolice { reference } => {
            held(case)?;
            one(Fact::TakenByPolice { reference: said(reference)? })
        }
        Command::Return { note } => {
            held(case)?;
            one(Fact::Returned { note: said(note)?, second: permit.second_person()? })
        }
        Command::Name { person, part } => one(Fact::Named { person, part }),
        Command::Sort { category, severity, track } => sort(case, terms, category, severity, track, permit.granted()),
        Command::Describe(circumstances) if circumstances.is_empty() => Err(Refused::NoReason),
        Command::Describe(circumstances) => one(Fact::Described(circumstances)),
        Command::Raise { .. } if case.is_raised() => Ok(Vec::new()),
        Command::Raise { reason } => {
            let raised = Fact::Raised { reason: said(reason)? };
            Ok(core::iter::once(raised).chain(file::filed(case, terms)).collect())
        }
        Command::TestHarm(test) => on(case, Track::Staff).map(|()| alloc::vec![Fact::HarmTested(test)]),
        Command::Inquire { with } => inquire(case, with, permit),
        Command::Settle { body, how } => settle(case, body, how),
        Command::Hear { body, what } if case.is_of_concern_to(body) => one(Fact::Heard { body, what: said(what)? }),
        Command::Hear { body, .. } => Err(Refused::NotOwed(body)),
        Command::Refer { body, .. } if !case.is_of_concern_to(body) => Err(Refused::NotOwed(body)),
        Command::Refer { body, digest } => one(Fact::Referred { body, digest }),
        Command::Export(exported) => {
            let Exported { to, because, .. } = exported;
            one(Fact::Exported(Box::new(Exported { to: said(to)?, because: said(because)?, ..exported })))
        }
        Command::Receive { export, by, on } => match case.is_received(&export) {
            Some(false) => one(Fact::Received { export, by: said(by)?, on }),
            _ => Err(Refused::NoExport),
        },
        Command::TellParents(child) => child_of(case, child).map(|()| alloc::vec![Fact::ParentsTold(child)]),
        Command::DeferParents { child, reason } => {
            child_of(case, child)?;
            one(Fact::ParentsDeferred { child, reason: said(reason)? })
        }
        Command::NoteEvidence { description, reference, digest } => {
            // Of what is archived nobody has said what it is of.
            if digest.is_some() && (case.is_held() || case.is_archived() || is_of_images(case)) {
                return Err(Refused::NoCopies);
            }
            one(Fact::EvidenceNoted { description: said(description)?, reference, digest })
        }
        command @ (Command::TakeDevice { .. } | Command::SearchDevice { .. } | Command::ReturnDevice { .. }) => {
            custody::facts(case, command, permit)
        }
        Command::Support { person, how } => {
            let is_adult = case.parts_of(person).any(|part| part == Part::Subject);
            child_of(case, person).or(if is_adult { Ok(()) } else { Err(Refused::NoPart) })?;
            one(Fact::Supported { person, how: said(how)? })
        }
        Command::Remedy { person, remedy, attribution, because } => {
            remedied(case, person, remedy, attribution)?;
            let because = because.map(said).transpose()?;
            if remedy.is_exclusion() && case.is_by_parent() {
                check_parents_deed(terms, because.as_deref())?;
            }
            one(Fact::Remedied { person, remedy, because })
        }
        Command::Link { to, kept_away } => {
            let mut facts = alloc::vec![Fact::Linked { to: said(to)? }];
            let new = kept_away.into_iter().filter(|person| !case.is_kept_away(*person));
            // It need not be about them to be kept from them.
            facts.extend(new.map(|person| Fact::Named { person, part: Part::InConflict }));
            Ok(facts)
        }
        Command::TakeOutWords => file::take_out_words(case),
        Command::Conclude(outcome) => {
            case.sorted().ok_or(Refused::NotSorted)?;
            one(Fact::Concluded(outcome))
        }
        Command::AnswerReporter => one(Fact::ReporterAnswered),
        Command::Close => match case.gaps() {
            gaps if gaps.is_empty() => one(Fact::Closed),
            gaps => Err(Refused::Missing(gaps)),
        },
        Command::Announce(what) => announcing::announced(case, what),
        Command::Reopen { reason } => one(Fact::Reopened { reason: said(reason)? }),
    }
}

/// Holds what may be illegal. What the police have stays with them.
fn suspect(case: &Case, first_seen: DateTime<Utc>) -> Vec<Fact> {
    if case.is_held() { Vec::new() } else { alloc::vec![Fact::Suspected { first_seen }] }
}

fn sort(
    case: &Case,
    terms: &Terms,
    category: Category,
    severity: Option<Severity>,
    track: Track,
    at: DateTime<Utc>,
) -> Result<Vec<Fact>, Refused> {
    let least = terms.severity(category);
    let severity = severity.unwrap_or(least);
    if severity < least {
        return Err(Refused::TooMild(least));
    }
    if category.is_about_staff() && track != Track::Staff {
        return Err(Refused::OtherTrack("an adult who works with children"));
    }
    let mut facts = alloc::vec![Fact::Sorted { category, severity, track }];
    facts.extend(file::filed_as(case, terms, category));
    // What the police gave back is not held again for what they have seen.
    if category.is_held_when_suspected() && case.stage() != Stage::Returned {
        facts.extend(suspect(case, case.first_known().unwrap_or(at)));
    }
    Ok(facts)
}

fn inquire(case: &Case, with: PersonId, permit: &Permit) -> Result<Vec<Fact>, Refused> {
    case.sorted().ok_or(Refused::NotSorted)?;
    if with == permit.actor() {
        return Err(Refused::Alone);
    }
    if case.is_kept_away(with) {
        return Err(Refused::NotThey);
    }
    // Who asked first what happened is fact-finding; to look into it is not, before the officer was asked.
    if case.owed().any(|owed| owed.duty.body == Body::Lado && owed.duty.when == When::Always) {
        return Err(Refused::LadoFirst);
    }
    Ok(alloc::vec![Fact::InquiryBegan { second: with }])
}

fn settle(case: &Case, body: Body, how: Settled) -> Result<Vec<Fact>, Refused> {
    if !case.owed().any(|owed| owed.duty.body == body) {
        return Err(Refused::NotOwed(body));
    }
    let how = match how {
        Settled::NotApplicable(reason) => Settled::NotApplicable(said(reason)?),
        Settled::Told(reference) if body == Body::ProtectionFile => file::told(reference)?,
        Settled::Told(_) => how,
    };
    Ok(alloc::vec![Fact::Settled { body, how }])
}

pub(crate) fn is_of_images(case: &Case) -> bool {
    case.sorted().is_some_and(|(category, _)| category.is_of_images())
}

/// Whether a pupil may be suspended for what a parent did (decisions 23): nowhere in schools of the state; elsewhere where
/// somebody says why, having been warned.
fn check_parents_deed(terms: &Terms, because: Option<&str>) -> Result<(), Refused> {
    match because {
        _ if terms.kind().is_of_the_state() => Err(Refused::ParentsDeed),
        None => Err(Refused::ParentsDeedNeedsReason),
        Some(_) => Ok(()),
    }
}

fn remedied(case: &Case, person: PersonId, remedy: Remedy, attribution: Attribution) -> Result<(), Refused> {
    let (category, _) = case.sorted().ok_or(Refused::NotSorted)?;
    if category == Category::Accident {
        return Err(Refused::SelfReport);
    }
    if attribution != Attribution::Individual {
        return Err(Refused::Unsure);
    }
    if !case.relation(person).subject {
        return Err(Refused::NoPart);
    }
    let is_adult = case.parts_of(person).any(|part| part == Part::Subject);
    if remedy.is_of_adults() == is_adult { Ok(()) } else { Err(Refused::OfOthers(remedy)) }
}

impl Case {
    /// What has to be done before it is over, in the order in which it is done. What is held waits for the police, and nothing
    /// is to be done but to tell those to whom it is owed.
    pub fn gaps(&self) -> Vec<Gap> {
        let mut gaps = Vec::new();
        if matches!(self.stage(), Stage::Nothing | Stage::Closed | Stage::Archived) {
            return gaps;
        }
        let is_held = self.is_held();
        if !is_held && matches!(self.stage(), Stage::Reported | Stage::Returned) {
            gaps.push(Gap::Sorting);
        }
        gaps.extend(self.owed().map(|owed| Gap::Owed(owed.duty.body)));
        let parents = self.sorted().map(|(category, _)| category.parents());
        let is_open = |child: PersonId| !self.told.contains(&child) && !self.deferred.contains(&child);
        let children = || self.with_part(|part| part.is_of_pupil() && !matches!(part, Part::Witness | Part::Mentioned));
        // Of what happened outside of school parents are told where it is known, whatever kind it is.
        let are_told = matches!(parents, Some(Parents::Told | Parents::OnAdvice)) || self.is_outside();
        let of_searched = || self.searched.iter().copied().filter(|of| self.parts_of(*of).any(Part::is_of_pupil));
        if !is_held && (are_told && children().any(is_open) || of_searched().any(is_open)) {
            gaps.push(Gap::Parents);
        }
        if self.with_part(Part::is_victim).any(|victim| !self.supported.contains(&victim)) {
            gaps.push(Gap::Support);
        }
        if !is_held && self.outcome().is_none() {
            gaps.push(Gap::Outcome);
        }
        if !is_held && self.devices().next().is_some() {
            gaps.push(Gap::Device);
        }
        if !is_held && self.is_unanswered {
            gaps.push(Gap::Answer);
        }
        gaps.extend(self.gap_of_file());
        gaps
    }
}

fn held(case: &Case) -> Result<(), Refused> {
    if case.is_held() { Ok(()) } else { Err(Refused::NotHeld) }
}

fn on(case: &Case, track: Track) -> Result<(), Refused> {
    match case.track() {
        None => Err(Refused::NotSorted),
        Some(of) if of == track => Ok(()),
        Some(_) => Err(Refused::OtherTrack(match track {
            Track::Pupils => "pupils",
            Track::Staff => "an adult who works with children",
        })),
    }
}

pub(crate) fn child_of(case: &Case, child: PersonId) -> Result<(), Refused> {
    if case.with_part(Part::is_of_pupil).any(|person| person == child) { Ok(()) } else { Err(Refused::NoPart) }
}

pub(crate) fn said(text: String) -> Result<String, Refused> {
    if text.trim().is_empty() { Err(Refused::NoReason) } else { Ok(text) }
}
