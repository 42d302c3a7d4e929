//! Looking at cases: written down first.

use std::sync::Arc;

use belisha_policy::may::{Answer, may};
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

/// The circles of a register, and some of what is in it.
fn chosen(register: &Register, is: impl Fn(&Branch) -> bool) -> (Vec<Circle>, Vec<Arc<Branch>>) {
    (register.circles.clone(), register.branches().filter(|branch| is(branch)).cloned().collect())
}

impl Desk<'_> {
    /// All cases that they may see without a request, those that were known first first. What was brought from other systems
    /// is not among them.
    ///
    /// # Errors
    /// It cannot be written down that they look, or the journal cannot be read.
    pub fn list(&self) -> Result<Vec<Arc<Branch>>, CaseError> {
        // One of the archive that was carried on, or sealed to others, stands in the list of its new circle.
        self.seen(self.look_at_current(|register| chosen(register, |branch| !branch.case.is_archived()))?)
    }

    /// Those of them that are not closed.
    ///
    /// # Errors
    /// As for [`list`](Self::list).
    pub fn list_open(&self) -> Result<Vec<Arc<Branch>>, CaseError> {
        let is_open = |branch: &Branch| !branch.case.is_archived() && !branch.case.is_closed();
        self.seen(self.look_at_current(|register| chosen(register, is_open))?)
    }

    /// All of them with what was brought from other systems, of which there may be very many.
    ///
    /// # Errors
    /// As for [`list`](Self::list).
    pub fn list_with_archive(&self) -> Result<Vec<Arc<Branch>>, CaseError> {
        self.seen(chosen(&Register::load(self.ledger(), self.unlocked)?, |_| true))
    }

    fn seen(&self, (circles, mut branches): (Vec<Circle>, Vec<Arc<Branch>>)) -> Result<Vec<Arc<Branch>>, CaseError> {
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
        let may_see = |branch: &Branch| {
            let about = branch.case.about(self.person, roles(self.authority, &branch.case, self.now));
            let answer = may(&standing, Action::ViewIncident, &about, self.now);
            matches!(answer, Answer::Permit(permit) if permit.scope() == Scope::Full)
        };
        branches.retain(|branch| may_see(branch));
        branches.sort_by_key(|branch| (branch.case.first_known(), branch.reference));
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
