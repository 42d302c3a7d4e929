//! Letting somebody open the cases that their roles handle.

use belisha_policy::{Action, Permit, PersonId};

use super::acting::CaseError;
use super::circle::{Circle, circles_of};
use super::desk::{Desk, people};
use super::register::Register;
use crate::holders::{self, HolderError};
use crate::ledger::{Batch, LedgerError};

/// Somebody whose roles handle cases, and what of that they can open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handler {
    /// Who.
    pub person: PersonId,
    /// Whether they hold a key: they make it with their first own password.
    pub has_key: bool,
    /// The kinds that they can open.
    pub opens: Vec<Circle>,
    /// Those that they handle and cannot open.
    pub lacks: Vec<Circle>,
}

impl Desk<'_> {
    /// Everybody whose roles handle cases, in no order.
    ///
    /// # Errors
    /// The permit is for something else, or the keys cannot be read.
    pub fn handlers(&self, permit: &Permit) -> Result<Vec<Handler>, CaseError> {
        permit.allows(Action::ManageHolders)?;
        let holders = self.keys().holders()?;
        let mut handlers = Vec::new();
        for standing in people(self.authority, self.now) {
            let (person, name) = (standing.person, standing.person.to_string());
            let holder = holders.iter().find(|holder| holder.name == name);
            let is_in = |circle: &Circle| holder.is_some_and(|holder| holder.roles.contains(circle.key()));
            let (opens, lacks): (Vec<_>, Vec<_>) = circles_of(&standing, self.now).into_iter().partition(is_in);
            if !opens.is_empty() || !lacks.is_empty() {
                handlers.push(Handler { person, has_key: holder.is_some(), opens, lacks });
            }
        }
        Ok(handlers)
    }

    /// Lets somebody who has a key open the cases that their roles handle, as far as whoever is at this desk can open them.
    /// Cases from which they are to be kept away are sealed to others before. Gives the circles that they are let into.
    ///
    /// # Errors
    /// The permit is for something else, they have no key, or keys and journal cannot be read and written.
    pub fn admit(&self, permit: &Permit, person: PersonId) -> Result<Vec<Circle>, CaseError> {
        permit.allows(Action::ManageHolders)?;
        let own = Circle::held_by(self.keys(), self.unlocked.name().unwrap_or_default())?;
        let standing = self.authority.standing(person, self.now);
        let theirs = standing.map(|standing| circles_of(&standing, self.now)).unwrap_or_default();
        let name = person.to_string();
        let mut admitted = Vec::new();
        for circle in theirs.into_iter().filter(|circle| own.contains(circle)) {
            if circle.holders(self.keys())?.contains(&name) {
                continue;
            }
            let mut batch = Batch::new(Some(&self.person.to_string()));
            let register = Register::load(self.ledger(), self.unlocked)?;
            for branch in register.branches().filter(|it| it.circle == circle && it.case.is_kept_away(person)) {
                let others = self.circle_of(branch.reference, &branch.case, Some(person))?;
                self.seal_for(&mut batch, branch, &others, &branch.case)?;
                // In what comes before they are let in: nothing of it is ever owed to them.
                self.reminders().hand_over(self.ledger(), &mut batch, branch.reminded(), &others)?;
            }
            if !batch.is_empty() {
                self.append(&batch)?;
            }
            let done = holders::admit(self.school, permit, circle.key(), person, self.unlocked, self.now);
            done.map_err(|error| match error {
                HolderError::Key(error) => LedgerError::from(error).into(),
                HolderError::Ledger(error) => CaseError::from(error),
                HolderError::Permit(error) => error.into(),
                HolderError::SignIn(_) => CaseError::NoKey,
            })?;
            admitted.push(circle);
        }
        Ok(admitted)
    }
}
