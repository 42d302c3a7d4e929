//! A case: what is known of an incident, folded from what happened.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use belisha_policy::PersonId;
use belisha_policy::named;
use chrono::{DateTime, NaiveDate, Utc};

use crate::announcing::Announced;
use crate::category::Category;
use crate::circumstances::{Circumstances, Doer, Matter, Place};
use crate::custody::{Custody, Power};
use crate::duty::{Body, Duty, When};
use crate::file::Words;
use crate::response::Response;
use crate::severity::Severity;

/// What somebody is in a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// A pupil whom it was done to.
    Victim,
    /// A pupil who did it.
    Instigator,
    /// A pupil who is both.
    VictimAndInstigator,
    /// A pupil who saw it.
    Witness,
    /// A pupil of whom nobody knows what they were in it, as where an old log has their name and nothing else.
    Mentioned,
    /// An adult whom it is about.
    Subject,
    /// Somebody who must not handle it: a relative, a friend, somebody with a part in it.
    InConflict,
}

named! { Part, "part":
    Victim = "victim", "Victim";
    Instigator = "instigator", "Instigator";
    VictimAndInstigator = "both", "Victim and instigator";
    Witness = "witness", "Witness";
    Mentioned = "mentioned", "Pupil whose part is not known";
    Subject = "subject", "Adult whom it is about";
    InConflict = "conflict", "Kept away"
}

impl Part {
    /// Whether it is a pupil's.
    pub fn is_of_pupil(self) -> bool {
        matches!(self, Self::Victim | Self::Instigator | Self::VictimAndInstigator | Self::Witness | Self::Mentioned)
    }

    /// Whether it is about them.
    pub fn is_subject(self) -> bool {
        matches!(self, Self::Subject | Self::Instigator | Self::VictimAndInstigator)
    }

    /// Whether it was done to them.
    pub fn is_victim(self) -> bool {
        matches!(self, Self::Victim | Self::VictimAndInstigator)
    }
}

/// Which way a case goes that is not held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Track {
    /// It is about pupils.
    Pupils,
    /// It is about an adult who works with children.
    Staff,
}

named! { Track, "track":
    Pupils = "pupils", "About pupils";
    Staff = "staff", "About an adult who works with children"
}

/// How far a case has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Stage {
    /// There is none.
    #[default]
    Nothing,
    /// Somebody told of it, and nobody has sorted it.
    Reported,
    /// It was sorted and is being handled.
    Sorted(Track),
    /// Two people look into it.
    Inquiry(Track),
    /// It may be illegal: preserved, referred, and nothing else.
    Held,
    /// The police have it.
    WithPolice,
    /// The police gave it back: it is to be sorted anew, and keeps all that it had.
    Returned,
    /// What came of it is known.
    Concluded,
    /// It is over.
    Closed,
    /// It happened under another system and was brought from there: nothing is owed, and no clock runs.
    Archived,
}

/// The four tests of the threshold of harm: whether an adult …
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[expect(clippy::struct_excessive_bools, reason = "four questions, and any may be answered with yes")]
pub struct HarmTest {
    /// … harmed a child, or may have.
    pub harmed: bool,
    /// … possibly committed an offence against or about a child.
    pub offence: bool,
    /// … behaved in a way that tells of a risk to children.
    pub risk: bool,
    /// … may not be suited to work with children.
    pub unsuitable: bool,
}

impl HarmTest {
    /// Whether the threshold is met: one is enough.
    pub fn is_met(self) -> bool {
        self.harmed || self.offence || self.risk || self.unsuitable
    }
}

/// What came of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It is so.
    Substantiated,
    /// It was made up to harm somebody.
    Malicious,
    /// It is not so.
    False,
    /// It cannot be shown either way.
    Unsubstantiated,
    /// Nothing speaks for it.
    Unfounded,
}

named! { Outcome, "outcome":
    Substantiated = "substantiated", "Substantiated";
    Malicious = "malicious", "Malicious";
    False = "false", "False";
    Unsubstantiated = "unsubstantiated", "Unsubstantiated";
    Unfounded = "unfounded", "Unfounded"
}

/// What is done about somebody, the mildest first. A pupil's up to [`PermanentExclusion`](Self::PermanentExclusion).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Remedy {
    /// A conversation.
    Conversation,
    /// A warning.
    Warning,
    /// A profile that allows less, for two weeks at most.
    LimitedProfile,
    /// The agreement is signed again.
    SignAgain,
    /// Detention.
    Detention,
    /// Exclusion inside the school.
    InternalExclusion,
    /// Suspension: the head alone.
    Suspension,
    /// Permanent exclusion: the head alone.
    PermanentExclusion,
    /// Of an adult: advice.
    Advice,
    /// Of an adult: an instruction.
    Instruction,
    /// Of an adult: disciplinary action.
    Disciplinary,
    /// Of an adult: suspension, which says nothing of what they did; the head or the chair.
    NeutralSuspension,
    /// Of an adult: dismissal, or that they left or were not asked back before it came to that; the head or the chair.
    Dismissal,
}

named! { Remedy, "step":
    Conversation = "conversation", "Conversation";
    Warning = "warning", "Warning";
    LimitedProfile = "limited-profile", "Profile that allows less";
    SignAgain = "sign-again", "Agreement signed again";
    Detention = "detention", "Detention";
    InternalExclusion = "internal-exclusion", "Exclusion inside the school";
    Suspension = "suspension", "Suspension";
    PermanentExclusion = "permanent-exclusion", "Permanent exclusion";
    Advice = "advice", "Advice to an adult";
    Instruction = "instruction", "Instruction to an adult";
    Disciplinary = "disciplinary", "Disciplinary action";
    NeutralSuspension = "neutral-suspension", "Suspension of an adult, which says nothing of what they did";
    Dismissal = "dismissal", "Dismissal, or they left before it"
}

impl Remedy {
    /// Whether it keeps a pupil from school.
    pub fn is_exclusion(self) -> bool {
        matches!(self, Self::Suspension | Self::PermanentExclusion)
    }

    /// Whether it takes the right to suspend.
    pub fn is_suspension(self) -> bool {
        matches!(self, Self::Suspension | Self::PermanentExclusion | Self::NeutralSuspension | Self::Dismissal)
    }

    /// Whether it is for adults who work with children, and not for pupils.
    pub fn is_of_adults(self) -> bool {
        matches!(
            self,
            Self::Advice | Self::Instruction | Self::Disciplinary | Self::NeutralSuspension | Self::Dismissal
        )
    }
}

/// Whom a case is handed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Recipient {
    /// The school to which a pupil goes.
    School,
    /// A court.
    Court,
}

named! { Recipient, "recipient":
    School = "school", "Another school";
    Court = "court", "A court"
}

/// A case that was handed out, with the names of others taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Exported {
    /// What the export is called; it stands on every page of it.
    pub export: String,
    /// What kind of recipient it is for.
    pub recipient: Recipient,
    /// Whom it is for, as they are called.
    pub to: String,
    /// Why.
    pub because: String,
    /// The names of its files, and the SHA-256 of each.
    pub files: Vec<(String, [u8; 32])>,
}

/// How something owed was dealt with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum Settled {
    /// They were told; their reference, where they gave one.
    Told(Option<String>),
    /// It is nothing for them, and why: no public address for the IWF, say.
    NotApplicable(String),
}

/// An incident as another system had it. Nothing in it is changed: neither words nor order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Imported {
    /// The system.
    pub system: String,
    /// What it is called there, where it has a name.
    pub id: Option<String>,
    /// When it happened, as the system says.
    pub happened: DateTime<Utc>,
    /// The words of whoever wrote it down.
    pub words: String,
    /// Its kind, in the words of the system.
    pub category: String,
    /// How far it had come, in the words of the system.
    pub status: String,
    /// What else the system says, with the headings under which it stands: names of pupils, staff, what was done.
    pub also: Vec<(String, String)>,
    /// The SHA-256 of the row.
    pub row_digest: [u8; 32],
    /// The line of the file, from 1.
    pub line: u64,
    /// The name of the file.
    pub file: String,
    /// Its SHA-256.
    pub file_digest: [u8; 32],
    /// The reference of what the system said of the same incident before.
    pub replaces: Option<String>,
}

/// What happened, once.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Event {
    /// When it was written down.
    pub at: DateTime<Utc>,
    /// Who did it; nobody who is known, where somebody told of it without signing in, or it was brought from another system.
    pub by: Option<PersonId>,
    /// What.
    pub fact: Fact,
}

/// What may happen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum Fact {
    /// Somebody told of it, in these words, which nobody changes.
    Reported {
        /// When it became known to them.
        first_known: DateTime<Utc>,
        /// Their words.
        words: String,
        /// Whether somebody is in danger now.
        danger: bool,
        /// Who they say they are, where they did not sign in and say so.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
        says: Option<String>,
        /// What they hold it to be, where they say so.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
        matter: Option<Matter>,
    },
    /// Whoever told of it had told somebody outside before, by themselves. What the school owes to them it still owes.
    ToldBefore {
        /// Whom.
        body: Body,
        /// Their reference, where they gave one.
        theirs: Option<String>,
    },
    /// How it came about is known, or better known.
    Described(Circumstances),
    /// It became a matter of child protection, whatever its kind, and why.
    Raised {
        /// Why.
        reason: String,
    },
    /// It was brought from another system.
    Imported(Box<Imported>),
    /// Somebody has a part in it.
    Named {
        /// Who.
        person: PersonId,
        /// Which.
        part: Part,
    },
    /// It is of a kind, so bad, and goes a way.
    Sorted {
        /// The kind.
        category: Category,
        /// How bad it is.
        severity: Severity,
        /// The way.
        track: Track,
    },
    /// Somebody says that it may be illegal.
    Suspected {
        /// When it was first seen: from then on it is owed.
        first_seen: DateTime<Utc>,
    },
    /// Whoever may do so confirmed that it is held.
    HoldConfirmed,
    /// The police took it over.
    TakenByPolice {
        /// Their reference.
        reference: String,
    },
    /// The police gave it back, and two people lifted the hold.
    Returned {
        /// The reference of their note.
        note: String,
        /// The second person.
        second: PersonId,
    },
    /// The threshold of harm was tested.
    HarmTested(HarmTest),
    /// Two people look into it.
    InquiryBegan {
        /// The second person.
        second: PersonId,
    },
    /// What was owed to somebody was dealt with.
    Settled {
        /// To whom.
        body: Body,
        /// How.
        how: Settled,
    },
    /// Somebody who was told answered, or did something.
    Heard {
        /// Who.
        body: Body,
        /// What came of it.
        what: String,
    },
    /// A document was made for somebody to whom something is owed. Whether they were told says [`Settled`](Self::Settled).
    Referred {
        /// For whom.
        body: Body,
        /// The SHA-256 of the document.
        digest: [u8; 32],
    },
    /// The case was written out for another school or a court.
    Exported(Box<Exported>),
    /// Whoever an export was for has it.
    Received {
        /// Which export.
        export: String,
        /// Who took it.
        by: String,
        /// On which day.
        on: NaiveDate,
    },
    /// The parents of a child were told.
    ParentsTold(PersonId),
    /// They are not told yet, and why not.
    ParentsDeferred {
        /// The child.
        child: PersonId,
        /// Why.
        reason: String,
    },
    /// Something that shows what happened, described.
    EvidenceNoted {
        /// What it is and where, in words.
        description: String,
        /// Where the system that has it keeps it.
        reference: Option<String>,
        /// The SHA-256 of a document.
        digest: Option<[u8; 32]>,
    },
    /// A device is kept by the school, as it was found.
    DeviceTaken {
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
    },
    /// What is on a device was searched, before a witness.
    DeviceSearched {
        /// The number of the bag.
        bag: String,
        /// Why it was suspected.
        grounds: String,
        /// Who was there.
        witness: PersonId,
        /// What was found, in words.
        found: String,
    },
    /// It is not kept any more.
    DeviceReturned {
        /// The number of the bag.
        bag: String,
        /// Who got it.
        to: PersonId,
        /// How it was seen that they are who they say.
        checked: String,
    },
    /// A child is supported, or the adult whom it is about.
    Supported {
        /// Who.
        person: PersonId,
        /// How.
        how: String,
    },
    /// Something is done about somebody.
    Remedied {
        /// Who.
        person: PersonId,
        /// What.
        remedy: Remedy,
        /// Why.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
        because: Option<String>,
    },
    /// It goes into the child-protection file, which another system has.
    FiledElsewhere,
    /// What was told in words is in that file, and here no more.
    WordsTakenOut,
    /// Another incident belongs with it.
    Linked {
        /// The reference of the other.
        to: String,
    },
    /// What came of it.
    Concluded(Outcome),
    /// Whoever told of it was answered.
    ReporterAnswered,
    /// It is over.
    Closed,
    /// The community was told that it was dealt with, in words that name nobody.
    Announced(Box<Announced>),
    /// It is open again, and why.
    Reopened {
        /// Why.
        reason: String,
    },
}

/// How grave a case is held to be, whatever its kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Gravity {
    /// All who told of it hold it to be something ordinary.
    #[default]
    Ordinary,
    /// Somebody told of it as of something that is not.
    Grave,
    /// It became a matter of child protection.
    Raised,
}

/// Something that is owed to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owed {
    /// What.
    pub duty: Duty,
    /// From when on.
    pub since: DateTime<Utc>,
    /// How it was dealt with.
    pub settled: Option<Settled>,
}

/// What is known of an incident.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Case {
    stage: Stage,
    reporters: BTreeSet<PersonId>,
    /// Who is in it, what they are in it, and since when; in the order in which it was said.
    parts: Vec<(PersonId, Part, DateTime<Utc>)>,
    sorted: Option<(Category, Severity)>,
    track: Option<Track>,
    owed: BTreeMap<Body, Owed>,
    /// How it came about.
    circumstances: Circumstances,
    gravity: Gravity,
    /// When the case was first known.
    first_known: Option<DateTime<Utc>>,
    hold_confirmed: bool,
    harm: Option<HarmTest>,
    /// Devices that are kept, by the number of their bag: whose they are.
    pub(crate) devices: BTreeMap<String, PersonId>,
    /// Those whose devices were searched.
    pub(crate) searched: BTreeSet<PersonId>,
    pub(crate) told: BTreeSet<PersonId>,
    pub(crate) deferred: BTreeSet<PersonId>,
    pub(crate) supported: BTreeSet<PersonId>,
    outcome: Option<Outcome>,
    /// What it was exported as, and whether that was received.
    exports: BTreeMap<String, bool>,
    /// Whether somebody who told of it waits for an answer.
    pub(crate) is_unanswered: bool,
    response: Option<Response>,
    remedies: BTreeSet<Remedy>,
    /// Its kind, where another system says one that is ours.
    kind_elsewhere: Option<Category>,
    pub(crate) words: Words,
}

impl Case {
    /// A case from its events, in their order.
    pub fn of<'e>(events: impl IntoIterator<Item = &'e Event>) -> Self {
        let mut case = Self::default();
        case.evolve_all(events);
        case
    }

    /// Takes in what happened, in its order.
    pub fn evolve_all<'e>(&mut self, events: impl IntoIterator<Item = &'e Event>) {
        for event in events {
            self.evolve(event);
        }
    }

    /// Takes in what happened.
    pub fn evolve(&mut self, event: &Event) {
        let at = event.at;
        self.evolve_words(&event.fact);
        self.response = Response::evolve(self.response, event);
        match &event.fact {
            Fact::Reported { .. } => self.evolve_reported(event),
            Fact::Described(circumstances) => {
                self.circumstances.take_in(circumstances);
                if self.is_by_guest() {
                    self.owe(Category::OF_GUESTS, at);
                }
            }
            Fact::FiledElsewhere => self.owe(Category::OF_FILE_ELSEWHERE, at),
            Fact::Raised { .. } => {
                self.gravity = Gravity::Raised;
                self.owe(Category::OF_PROTECTION, at);
            }
            Fact::Imported(imported) => {
                self.first_known = Some(imported.happened);
                self.kind_elsewhere = Category::called(&imported.category);
                self.stage = Stage::Archived;
            }
            Fact::Named { person, part } => {
                self.parts.push((*person, *part, at));
                self.owe_by_category(at);
            }
            Fact::Sorted { category, severity, track } => {
                self.sorted = Some((*category, *severity));
                self.track = Some(*track);
                self.stage = Stage::Sorted(*track);
                // What came of it was about another kind, or is not known any more.
                self.outcome = None;
                self.owe_by_category(at);
            }
            Fact::Suspected { first_seen } => {
                self.stage = Stage::Held;
                self.owe_all(&Category::OF_SUSPICION, *first_seen);
            }
            Fact::HoldConfirmed => self.hold_confirmed = true,
            Fact::TakenByPolice { .. } => self.stage = Stage::WithPolice,
            Fact::Returned { .. } => {
                self.stage = Stage::Returned;
                self.hold_confirmed = false;
            }
            Fact::HarmTested(test) => {
                self.harm = Some(*test);
                let category = if test.is_met() { Category::StaffHarm } else { Category::StaffLowLevel };
                self.owe_all(category.duties(), at);
            }
            Fact::InquiryBegan { .. } => {
                self.outcome = None;
                self.stage = Stage::Inquiry(self.track.unwrap_or(Track::Pupils));
            }
            Fact::Settled { body, how } => {
                if let Some(owed) = self.owed.get_mut(body) {
                    owed.settled = Some(how.clone());
                }
            }
            Fact::ParentsTold(child) => {
                self.told.insert(*child);
                self.deferred.remove(child);
            }
            Fact::ParentsDeferred { child, .. } => {
                self.deferred.insert(*child);
            }
            fact @ (Fact::DeviceTaken { .. } | Fact::DeviceSearched { .. } | Fact::DeviceReturned { .. }) => {
                self.evolve_devices(fact);
            }
            Fact::Supported { person, .. } => {
                self.supported.insert(*person);
            }
            Fact::Concluded(outcome) => {
                self.outcome = Some(*outcome);
                self.stage = Stage::Concluded;
            }
            Fact::ReporterAnswered => self.is_unanswered = false,
            Fact::Closed => self.stage = Stage::Closed,
            Fact::Reopened { .. } => {
                self.outcome = None;
                self.stage = self.track.map_or(Stage::Reported, Stage::Sorted);
            }
            Fact::Exported(exported) => {
                self.exports.insert(exported.export.clone(), false);
            }
            Fact::Received { export, .. } => {
                self.exports.insert(export.clone(), true);
            }
            Fact::Remedied { remedy, .. } => self.evolve_remedied(*remedy, at),
            Fact::EvidenceNoted { .. }
            | Fact::Linked { .. }
            | Fact::Referred { .. }
            | Fact::WordsTakenOut
            | Fact::ToldBefore { .. }
            | Fact::Announced(_)
            | Fact::Heard { .. } => {}
        }
    }

    /// Takes in that somebody told of it.
    fn evolve_reported(&mut self, event: &Event) {
        let Fact::Reported { first_known, danger, says, matter, .. } = &event.fact else { return };
        self.reporters.extend(event.by);
        self.first_known = Some(self.first_known.map_or(*first_known, |known| known.min(*first_known)));
        // Whoever is not known and does not say who they are cannot be answered.
        self.is_unanswered |= event.by.is_some() || says.is_some();
        if self.stage == Stage::Nothing {
            self.stage = Stage::Reported;
        }
        if *danger || !matter.is_some_and(Matter::is_ordinary) {
            self.gravity = self.gravity.max(Gravity::Grave);
        }
        if *matter == Some(Matter::Weakness) {
            self.owe(Category::OF_WEAKNESS, event.at);
        }
        if *danger {
            self.owe_all(&Category::OF_DANGER, event.at);
        }
    }

    /// Takes in what was done about somebody.
    fn evolve_remedied(&mut self, remedy: Remedy, at: DateTime<Utc>) {
        self.remedies.insert(remedy);
        if remedy == Remedy::Dismissal {
            self.owe_all(&Category::OF_DISMISSAL, at);
        }
    }

    /// How far it has come.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// Whether it is over.
    pub fn is_closed(&self) -> bool {
        self.stage == Stage::Closed
    }

    /// Whether it was brought from another system, and is here to be looked at.
    pub fn is_archived(&self) -> bool {
        self.stage == Stage::Archived
    }

    /// Whether it is preserved as possibly illegal, be it with the police.
    pub fn is_held(&self) -> bool {
        matches!(self.stage, Stage::Held | Stage::WithPolice)
    }

    /// Whether the hold was confirmed, so that parents are not told before it is lifted.
    pub fn is_hold_confirmed(&self) -> bool {
        self.hold_confirmed
    }

    /// The kind of incident, and how bad it is.
    pub fn sorted(&self) -> Option<(Category, Severity)> {
        self.sorted
    }

    /// The kind of incident: as it was sorted, or as another system calls it that has a name for it which is ours.
    pub fn kind(&self) -> Option<Category> {
        self.sorted.map(|(category, _)| category).or(self.kind_elsewhere)
    }

    /// What was done about anybody.
    pub fn remedies(&self) -> impl Iterator<Item = Remedy> {
        self.remedies.iter().copied()
    }

    /// How it came about, as far as it is known.
    pub fn circumstances(&self) -> &Circumstances {
        &self.circumstances
    }

    /// Whether it happened outside of school: parents are told of that.
    pub fn is_outside(&self) -> bool {
        self.circumstances.place == Some(Place::Outside)
    }

    /// Whether somebody did it who comes to the school and belongs to neither its pupils nor its staff.
    pub fn is_by_guest(&self) -> bool {
        self.circumstances.by.iter().any(|doer| doer.is_guest())
    }

    /// Whether a parent did it, and no pupil.
    pub fn is_by_parent(&self) -> bool {
        self.circumstances.by.contains(&Doer::Parent) && !self.circumstances.by.contains(&Doer::Pupil)
    }

    /// Whether all who told of it hold it to be something ordinary.
    pub fn is_ordinary(&self) -> bool {
        self.gravity == Gravity::Ordinary
    }

    /// Whether it became a matter of child protection, whatever its kind.
    pub fn is_raised(&self) -> bool {
        self.gravity == Gravity::Raised
    }

    /// When anybody first knew of it.
    pub fn first_known(&self) -> Option<DateTime<Utc>> {
        self.first_known
    }

    /// How long it took, where somebody told of it here.
    pub fn response(&self) -> Option<&Response> {
        self.response.as_ref()
    }

    /// What the test of the threshold of harm said last.
    pub fn harm(&self) -> Option<HarmTest> {
        self.harm
    }

    /// What came of it.
    pub fn outcome(&self) -> Option<Outcome> {
        self.outcome
    }

    /// What is owed and not dealt with. By when [`Calendar::due`](belisha_policy::calendar::Calendar::due) says.
    pub fn owed(&self) -> impl Iterator<Item = &Owed> {
        self.owed.values().filter(|owed| owed.settled.is_none())
    }

    /// What was owed and was dealt with.
    pub fn settled(&self) -> impl Iterator<Item = &Owed> {
        self.owed.values().filter(|owed| owed.settled.is_some())
    }

    /// Whether anything is owed to somebody, or was and is dealt with.
    pub fn is_of_concern_to(&self, body: Body) -> bool {
        self.owed.contains_key(&body)
    }

    /// Whether an export of this name was received; nothing where there is none.
    pub fn is_received(&self, export: &str) -> Option<bool> {
        self.exports.get(export).copied()
    }

    /// Those with a part of a kind, each once.
    pub fn with_part(&self, is: impl Fn(Part) -> bool) -> impl Iterator<Item = PersonId> {
        let people: BTreeSet<PersonId> =
            self.parts.iter().filter(|(_, part, _)| is(*part)).map(|(person, _, _)| *person).collect();
        people.into_iter()
    }

    /// Those who are in it, what they are in it, and since when, in the order in which it was said.
    pub fn parts(&self) -> impl Iterator<Item = (PersonId, Part, DateTime<Utc>)> {
        self.parts.iter().copied()
    }

    /// Which way it goes.
    pub fn track(&self) -> Option<Track> {
        self.track
    }

    /// Whether somebody told of it.
    pub fn is_reporter(&self, person: PersonId) -> bool {
        self.reporters.contains(&person)
    }

    /// The parts of somebody.
    pub(crate) fn parts_of(&self, person: PersonId) -> impl Iterator<Item = Part> {
        self.parts.iter().filter(move |(who, _, _)| *who == person).map(|(_, part, _)| *part)
    }

    fn owe_by_category(&mut self, at: DateTime<Utc>) {
        let Some((category, _)) = self.sorted else { return };
        for duty in category.duties() {
            let applies = match duty.when {
                When::Always | When::Judged(_) => true,
                When::AdultIsSubject => self.with_part(|part| part == Part::Subject).next().is_some(),
                When::PupilIsInvolved => self.with_part(Part::is_of_pupil).next().is_some(),
            };
            if applies {
                self.owe(*duty, at);
            }
        }
    }

    fn owe_all(&mut self, duties: &[Duty], since: DateTime<Utc>) {
        for duty in duties {
            self.owe(*duty, since);
        }
    }

    /// Notes that something is owed. What is owed to the same body already stays owed since then; what was to be judged gives
    /// way to what is certain.
    fn owe(&mut self, duty: Duty, since: DateTime<Utc>) {
        let new = Owed { duty, since, settled: None };
        let is_judged = |duty: &Duty| matches!(duty.when, When::Judged(_));
        self.owed
            .entry(duty.body)
            .and_modify(|owed| {
                if owed.settled.is_none() && is_judged(&owed.duty) && !is_judged(&duty) {
                    *owed = new.clone();
                }
            })
            .or_insert(new);
    }
}
