//! Looking at cases: written down first.

use std::ops::Range;
use std::sync::Arc;

use belisha_policy::may::{About, Answer, may};
use belisha_policy::{Action, Scope};

use super::acting::CaseError;
use super::circle::Circle;
use super::desk::{Desk, roles};
use super::events::CasesLookedAt;
use super::reference::Reference;
use super::register::{Branch, Register};
use crate::audit::AuditReceipt;
use crate::ledger::Stream;
use crate::lookup::says_why;

impl Desk<'_> {
    /// All cases that they may see without a request, those that were known first first. What was brought from other systems
    /// is not among them.
    ///
    /// Cost: about 0.3 ms for each that is closed.
    ///
    /// # Errors
    /// It cannot be written down that they look, or the journal cannot be read.
    pub fn list(&self) -> Result<Vec<Arc<Branch>>, CaseError> {
        let (circles, all) = self.look_at_open(|register| {
            let closed: Vec<Reference> = register.closed().keys().map(|it| it.reference).collect();
            let closed = register.open(self.ledger(), self.unlocked, &closed)?;
            Ok((register.circles.clone(), register.branches().cloned().chain(closed).collect()))
        })?;
        // One of the archive that was carried on, or sealed to others, stands in the list of its new circle.
        Ok(by_age(self.seen(&circles, all, |branch| !branch.case.is_archived())?))
    }

    /// Those of them that are not closed.
    ///
    /// # Errors
    /// As for [`list`](Self::list).
    pub fn list_open(&self) -> Result<Vec<Arc<Branch>>, CaseError> {
        let (circles, open) =
            self.look_at_open(|register| Ok((register.circles.clone(), register.branches().cloned().collect())))?;
        let is_open = |branch: &Branch| !branch.case.is_archived() && !branch.case.is_closed();
        Ok(by_age(self.seen(&circles, open, is_open)?))
    }

    /// How many are closed, and some of them, those that were closed last first: `which` is told how many there are and says which
    /// are opened. What was erased meanwhile is counted and not among them.
    ///
    /// Cost: about 0.3 ms for each that is opened.
    ///
    /// # Errors
    /// As for [`list`](Self::list).
    pub fn list_closed(
        &self,
        which: impl FnOnce(usize) -> Range<usize>,
    ) -> Result<(usize, Vec<Arc<Branch>>), CaseError> {
        let standing = self.authority.standing(self.person, self.now);
        let sees = |topic| {
            standing.is_some_and(|standing| is_full(&may(&standing, Action::ViewIncident, &About::of(topic), self.now)))
        };
        let (circles, count, some) = self.look_at_open(|register| {
            let hidden: Vec<&Circle> =
                register.circles.iter().filter(|it| it.title().is_some() && !it.topics().any(sees)).collect();
            let theirs = || register.closed().iter().filter(|(_, circle)| !hidden.contains(circle));
            let count = if hidden.is_empty() { register.closed().len() } else { theirs().count() };
            let range = which(count);
            let some = theirs().skip(range.start).take(range.len()).map(|(closed, _)| closed.reference);
            let some: Vec<Reference> = some.collect();
            Ok((register.circles.clone(), count, register.open(self.ledger(), self.unlocked, &some)?))
        })?;
        Ok((count, self.seen(&circles, some, |branch| branch.case.is_closed())?))
    }

    /// All of them with what was brought from other systems, of which there may be very many.
    ///
    /// # Errors
    /// As for [`list`](Self::list).
    pub fn list_with_archive(&self) -> Result<Vec<Arc<Branch>>, CaseError> {
        let register = Register::load(self.ledger(), self.unlocked)?;
        Ok(by_age(self.seen(&register.circles, register.branches().cloned().collect(), |_| true)?))
    }

    /// What they may see of what they can open, after it was written down that they look.
    fn seen(
        &self,
        circles: &[Circle],
        mut branches: Vec<Arc<Branch>>,
        is: impl Fn(&Branch) -> bool,
    ) -> Result<Vec<Arc<Branch>>, CaseError> {
        // Who is in no circle sees nothing, and there is nowhere to write it down.
        if circles.is_empty() {
            return Ok(Vec::new());
        }
        let streams: Vec<Stream> = circles.iter().map(Circle::looks).collect();
        let look = CasesLookedAt { references: Vec::new(), purpose: None };
        let looks: Vec<_> = streams.iter().map(|stream| (stream, &look)).collect();
        let _receipt = AuditReceipt::take_all(self.ledger(), &looks, &self.person.to_string(), self.now)?;
        // Worked out once, and not for each of very many.
        let Some(standing) = self.authority.standing(self.person, self.now) else { return Ok(Vec::new()) };
        branches.retain(|branch| {
            let about = || branch.case.about(self.person, roles(self.authority, &branch.case, self.now));
            is(branch) && is_full(&may(&standing, Action::ViewIncident, &about(), self.now))
        });
        Ok(branches)
    }

    /// One case; on request where it is shown so, and then with the reason.
    ///
    /// # Errors
    /// There is no such case as far as they are concerned, or it cannot be written down that they look.
    pub fn show(&self, reference: Reference, purpose: Option<&str>) -> Result<Arc<Branch>, CaseError> {
        let branch = self.find(reference)?;
        let permit = self.permit(self.person, &branch, Action::ViewIncident)?;
        if permit.scope() == Scope::OnRequest && !purpose.is_some_and(says_why) {
            return Err(CaseError::Purpose);
        }
        let look = CasesLookedAt { references: vec![reference.to_string()], purpose: purpose.map(str::to_owned) };
        let (stream, by) = (branch.circle.looks(), self.person.to_string());
        let _receipt = AuditReceipt::take(self.ledger(), &stream, &by, self.now, &look)?;
        Ok(branch)
    }
}

/// Whether they may without a request.
fn is_full(answer: &Answer) -> bool {
    matches!(answer, Answer::Permit(permit) if permit.scope() == Scope::Full)
}

/// Those that were known first first.
fn by_age(mut branches: Vec<Arc<Branch>>) -> Vec<Arc<Branch>> {
    branches.sort_by_key(|branch| (branch.case.first_known(), branch.reference));
    branches
}
