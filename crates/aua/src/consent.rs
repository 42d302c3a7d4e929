//! What a child's parents said of pictures, and where the child may be seen.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;

use belisha_policy::calendar::{local, start_of};
use belisha_policy::named;
use belisha_policy::people::{Person, Responsibility, Restriction, comes_of_age, is_of_age};
use belisha_policy::{Action, Permit, PersonId, WrongPermit};
use chrono::{DateTime, Months, Utc};

use crate::signature::Signer;
use crate::steps::Steps;

/// Where a picture, or a piece of work with a name, is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the titles say it")]
pub enum Channel {
    Display,
    Newsletter,
    Website,
    SocialMedia,
    Press,
    Video,
}

named! { Channel, "channel":
    Display = "display", "On walls and screens in school";
    Newsletter = "newsletter", "In letters to the families of the school";
    Website = "website", "On the school's website";
    SocialMedia = "social-media", "On the school's social media";
    Press = "press", "In newspapers and on television";
    Video = "video", "In films and live streams"
}

/// What it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Purpose {
    /// Of a group at work or play, without names.
    Group,
    /// Of the child alone, without a name.
    Alone,
    /// Of the child alone in a prominent place for long, such as a prospectus: asked for each time.
    HighProfile,
}

named! { Purpose, "purpose":
    Group = "group", "In a group, without names";
    Alone = "alone", "Alone, without a name";
    HighProfile = "individual-high-profile", "Alone, in a prominent place, for long"
}

/// How long a yes is good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Validity {
    /// From joining, until it is taken back.
    #[default]
    Joining,
    /// Twelve months.
    Yearly,
}

named! { Validity, "validity":
    Joining = "joining", "From joining, until it is taken back";
    Yearly = "yearly", "Twelve months"
}

/// What is known of a child that keeps them out of pictures, whatever anybody says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Flag {
    /// They must not be found by somebody.
    Restricted,
    /// They are looked after by the local authority, which decides with them.
    LookedAfter,
}

named! { Flag, "flag":
    Restricted = "restricted", "Not to be shown anywhere";
    LookedAfter = "looked-after", "Looked after: the local authority decides"
}

/// One answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Answer {
    /// Where.
    pub channel: Channel,
    /// What for.
    pub purpose: Purpose,
    /// Yes, or no.
    pub yes: bool,
}

/// What happened about pictures of a child.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum ConsentFact {
    /// Somebody answered. What they said before of the same place and purpose is over.
    Answered {
        /// Who.
        by: Signer,
        /// What.
        answers: Vec<Answer>,
        /// Where the form is kept, where it was on paper.
        #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
        filed: Option<String>,
    },
    /// Somebody takes back all that they said yes to.
    Withdrawn {
        /// Who.
        by: Signer,
    },
    /// The child is kept out of pictures.
    Flagged(Flag),
    /// That is over.
    Unflagged {
        /// Which.
        flag: Flag,
        /// Why.
        reason: String,
    },
}

impl ConsentFact {
    /// What the permit of somebody has to be for.
    pub fn action(&self, actor: PersonId, child: PersonId) -> Action {
        match self {
            Self::Answered { by, .. } | Self::Withdrawn { by } if by.is(actor, child) => Action::SignAgreement,
            Self::Answered { .. } | Self::Withdrawn { .. } => Action::RecordPaperReturn,
            Self::Flagged(_) | Self::Unflagged { .. } => Action::KeepFromPictures,
        }
    }
}

/// Why it cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConsentRefused {
    /// The permit is for something else, or about somebody else.
    #[error(transparent)]
    Permit(#[from] WrongPermit),
    /// Not a pupil.
    #[error("pictures are asked about of pupils alone")]
    NotAPupil,
    /// Not a contact of this child.
    #[error("this is no parent or carer of this child who may answer")]
    WrongParent,
    /// They say yes, and it is not known that they may.
    #[error("only whoever holds parental responsibility says yes: a no is taken from everybody")]
    Responsibility,
    /// The pupil is under 18 and says yes.
    #[error("a pupil says yes from the age of 18; a no is taken at any age")]
    UnderAge,
    /// The pupil is of age.
    #[error("the pupil is of age and answers alone")]
    OfAge,
    /// Nothing was answered.
    #[error("say where and what for: nothing was answered")]
    Nothing,
    /// There is no such flag.
    #[error("the child has no such flag")]
    NoFlag,
    /// There is no reason.
    #[error("say why, in a sentence")]
    Reason,
}

/// Why a child is not shown somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeptOut {
    /// Flagged.
    Flagged(Flag),
    /// Somebody said no.
    Refused,
    /// Nobody who may has said yes.
    NotAsked,
    /// Somebody said yes, more than twelve months ago.
    Expired,
    /// A parent said yes, and the pupil has come of age and not answered since.
    CameOfAge,
}

impl KeptOut {
    /// For lists.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Flagged(flag) => flag.slug(),
            Self::Refused => "refused",
            Self::NotAsked => "no-answer",
            Self::Expired => "expired",
            Self::CameOfAge => "of-age",
        }
    }

    /// For people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Flagged(Flag::Restricted) => "must not be shown anywhere",
            Self::Flagged(Flag::LookedAfter) => "is looked after: the local authority decides",
            Self::Refused => "somebody said no",
            Self::NotAsked => "nobody who may has said yes",
            Self::Expired => "the yes is more than twelve months old",
            Self::CameOfAge => "is 18 by now and has to be asked themselves",
        }
    }
}

/// What happened about pictures of one child, in the order of the journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consents(Steps<ConsentFact>);

impl Consents {
    /// Those of a child of whom nobody has said anything.
    pub const EMPTY: Self = Self(Steps::EMPTY);

    /// What happened next. Nothing counts before what stands before it.
    pub fn evolve(&mut self, at: DateTime<Utc>, fact: ConsentFact) {
        self.0.push(at, fact);
    }

    /// What happened, and from when each counts.
    pub fn steps(&self) -> impl DoubleEndedIterator<Item = (DateTime<Utc>, &ConsentFact)> {
        self.0.all()
    }

    /// The flags at an instant.
    pub fn flags(&self, at: DateTime<Utc>) -> BTreeSet<Flag> {
        let mut flags = BTreeSet::new();
        for (_, fact) in self.0.by(at) {
            match fact {
                ConsentFact::Flagged(flag) => drop(flags.insert(*flag)),
                ConsentFact::Unflagged { flag, .. } => drop(flags.remove(flag)),
                _ => {}
            }
        }
        flags
    }

    /// What somebody said last about a place and a purpose by an instant; a yes that was taken back is a no.
    pub fn last_said(&self, by: Signer, channel: Channel, purpose: Purpose, at: DateTime<Utc>) -> Option<bool> {
        self.answers(channel, purpose, at).get(&by).map(|(yes, _)| *yes)
    }

    /// The last answer of everybody about a place and a purpose, and when they gave it.
    fn answers(
        &self,
        channel: Channel,
        purpose: Purpose,
        at: DateTime<Utc>,
    ) -> BTreeMap<Signer, (bool, DateTime<Utc>)> {
        let mut answers = BTreeMap::new();
        for (when, fact) in self.0.by(at) {
            match fact {
                ConsentFact::Answered { by, answers: given, .. } => {
                    let of = given.iter().rev().find(|it| it.channel == channel && it.purpose == purpose);
                    answers.extend(of.map(|answer| (*by, (answer.yes, when))));
                }
                ConsentFact::Withdrawn { by } => drop(answers.insert(*by, (false, when))),
                ConsentFact::Flagged(_) | ConsentFact::Unflagged { .. } => {}
            }
        }
        answers
    }

    /// Whether a child may be seen in some place for some purpose at an instant.
    ///
    /// A no of anybody holds, whatever others say and whenever they say it (decisions 12); a yes takes somebody who holds
    /// parental responsibility now. From the age of 18 the pupil's answer counts alone.
    ///
    /// # Errors
    /// Why not.
    pub fn may_appear(
        &self,
        child: &Person,
        channel: Channel,
        purpose: Purpose,
        validity: Validity,
        at: DateTime<Utc>,
    ) -> Result<(), KeptOut> {
        if let Some(flag) = self.flags(at).first() {
            return Err(KeptOut::Flagged(*flag));
        }
        let born = child.pupil().and_then(|pupil| pupil.born);
        let of_age = is_of_age(born, local(at).date_naive());
        let since = born.and_then(comes_of_age).map(start_of);
        let answers = self.answers(channel, purpose, at);
        let counts = |by: Signer, given: DateTime<Utc>| match by {
            Signer::Themselves => !of_age || since.is_some_and(|since| since <= given),
            Signer::Parent(_) => !of_age,
        };
        let counting = || answers.iter().filter(|(by, (_, given))| counts(**by, *given));
        if counting().any(|(_, (yes, _))| !yes) {
            return Err(KeptOut::Refused);
        }
        let holds = |by: &Signer| match by {
            Signer::Themselves => of_age,
            Signer::Parent(_) => holds_responsibility(child, *by),
        };
        let last_yes = counting().filter(|(by, _)| holds(by)).map(|(_, (_, given))| *given).max();
        let Some(given) = last_yes else {
            let had_a_yes = of_age && answers.values().any(|(yes, _)| *yes);
            return Err(if had_a_yes { KeptOut::CameOfAge } else { KeptOut::NotAsked });
        };
        let ends = local(given).date_naive().checked_add_months(Months::new(12)).map(start_of);
        match validity {
            Validity::Yearly if ends.is_some_and(|ends| ends <= at) => Err(KeptOut::Expired),
            Validity::Joining | Validity::Yearly => Ok(()),
        }
    }
}

/// Whether somebody is a parent of a child who holds parental responsibility, and no order stands against them.
fn holds_responsibility(child: &Person, by: Signer) -> bool {
    let Signer::Parent(parent) = by else { return false };
    let contacts = child.pupil().into_iter().flat_map(|pupil| &pupil.contacts);
    contacts
        .filter(|it| it.person == parent)
        .any(|it| it.responsibility == Responsibility::Held && it.restriction == Restriction::None)
}

/// What comes of something about pictures of a child, or why it cannot be.
pub fn decide_consent(
    child: &Person,
    consents: &Consents,
    wanted: ConsentFact,
    permit: &Permit,
    now: DateTime<Utc>,
) -> Result<ConsentFact, ConsentRefused> {
    permit.allows_about(wanted.action(permit.actor(), child.id), child.id)?;
    let Some(pupil) = child.pupil() else { return Err(ConsentRefused::NotAPupil) };
    let of_age = is_of_age(pupil.born, local(now).date_naive());
    match &wanted {
        ConsentFact::Answered { answers, .. } if answers.is_empty() => return Err(ConsentRefused::Nothing),
        ConsentFact::Answered { by, answers, .. } => {
            let yes = answers.iter().any(|answer| answer.yes);
            match by {
                Signer::Themselves if yes && !of_age => return Err(ConsentRefused::UnderAge),
                Signer::Parent(_) if of_age => return Err(ConsentRefused::OfAge),
                Signer::Parent(parent) if !pupil.contacts.iter().any(|it| it.person == *parent) => {
                    return Err(ConsentRefused::WrongParent);
                }
                Signer::Parent(_) if yes && !holds_responsibility(child, *by) => {
                    return Err(ConsentRefused::Responsibility);
                }
                Signer::Themselves | Signer::Parent(_) => {}
            }
        }
        ConsentFact::Withdrawn { by } => {
            let has_answered =
                consents.steps().any(|(_, fact)| matches!(fact, ConsentFact::Answered { by: of, .. } if of == by));
            let is_contact = |by: &Signer| match by {
                Signer::Themselves => true,
                Signer::Parent(parent) => pupil.contacts.iter().any(|it| it.person == *parent),
            };
            if !has_answered && !is_contact(by) {
                return Err(ConsentRefused::WrongParent);
            }
        }
        ConsentFact::Flagged(_) => {}
        ConsentFact::Unflagged { flag, reason } => {
            if !consents.flags(now).contains(flag) {
                return Err(ConsentRefused::NoFlag);
            }
            if reason.trim().is_empty() {
                return Err(ConsentRefused::Reason);
            }
        }
    }
    Ok(wanted)
}
