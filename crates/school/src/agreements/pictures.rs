//! What was said of pictures of children, and who may be shown where.

use std::collections::HashMap;

use belisha_aua::{Channel, Consents, KeptOut, Purpose, Validity};
use belisha_policy::{Action, Permit, PersonId, WrongPermit};
use chrono::{DateTime, Utc};

use super::events::PicturesChanged;
use super::reading::{changed, told_of};
use crate::ledger::{Ledger, LedgerError, Stream};
use crate::people::Roll;

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

/// What is asked of the gate.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// Where something is to be shown.
    pub channel: Channel,
    /// What for.
    pub purpose: Purpose,
    /// How long a yes is good here.
    pub validity: Validity,
    /// When.
    pub at: DateTime<Utc>,
}

/// Who may be shown, and who not and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gate {
    /// Who may.
    pub may: Vec<PersonId>,
    /// Who may not.
    pub kept_out: Vec<(PersonId, KeptOut)>,
}

impl Gate {
    /// Whether all may.
    pub fn is_open(&self) -> bool {
        self.kept_out.is_empty()
    }
}

/// Which of some children may be shown somewhere. Whoever is not a pupil here may not.
///
/// # Errors
/// The permit is for something else.
pub fn may_publish(
    roll: &Roll,
    pictures: &Pictures,
    permit: &Permit,
    children: &[PersonId],
    asked: &Asked,
) -> Result<Gate, WrongPermit> {
    permit.allows(Action::AskPublication)?;
    let mut gate = Gate::default();
    for child in children {
        let pupil = roll.person(*child).map(|entry| &entry.person).filter(|person| person.pupil().is_some());
        let Asked { channel, purpose, validity, at } = *asked;
        let may = pupil.ok_or(KeptOut::NotAsked);
        match may.and_then(|pupil| pictures.of(*child).may_appear(pupil, channel, purpose, validity, at)) {
            Ok(()) => gate.may.push(*child),
            Err(why) => gate.kept_out.push((*child, why)),
        }
    }
    Ok(gate)
}
