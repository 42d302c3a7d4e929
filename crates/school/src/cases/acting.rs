//! What is done about a case: asked of the rules about rights, decided by the machine, written down, and carried on elsewhere
//! where somebody comes to be kept away.

use std::collections::BTreeSet;

use belisha_incident::{Body, Case, Command, Event, Fact, Refused, decide};
use belisha_policy::may::{Answer, Refusal};
use belisha_policy::people::Restriction;
use belisha_policy::{Action, Permit, PersonId, WrongPermit};
use belisha_report::ReportError;
use belisha_store::StreamId;
use belisha_store::journal::Expected;
use belisha_store::keys::{KeyError, Readers};
use chrono::NaiveDate;

use super::circle::Circle;
use super::desk::Desk;
use super::events::{CarriesOn, CaseArrived, CaseHappened, CaseLeft, CaseOpened, CaseReduced, Receipt};
use super::reference::Reference;
use super::register::Branch;
use super::reminders::Reminded;
use crate::ledger::{Batch, LedgerError};

/// Why nothing was done about a case.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaseError {
    /// There is no such case, as far as whoever asks is concerned.
    #[error("there is no such incident")]
    NotFound,
    /// They may see it, and may not do this.
    #[error(transparent)]
    Refusal(#[from] Refusal),
    /// Two have to agree.
    #[error(transparent)]
    Permit(#[from] WrongPermit),
    /// The machine says no.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Who signed in has no key.
    #[error("you hold no key, and cases open to those who do: belisha-reporter keys join, and ask to be admitted")]
    NoKey,
    /// A court order stands against it.
    #[error("a court order stands against it: nothing of this pupil goes to them. Give it to somebody else")]
    CourtOrder,
    /// An incident is to be linked with itself.
    #[error("these are one incident: name another")]
    Itself,
    /// Somebody asks to see what is shown on request, and does not say why.
    #[error("say why, in a sentence: it is written down with your name before anything is shown")]
    Purpose,
    /// What is to be said to the community names somebody.
    #[error("this names somebody, or leads to them: {}. Say it in other words", .0.iter().cloned().collect::<Vec<_>>().join(", "))]
    Named(BTreeSet<String>),
    /// A copy for others is of a time that is over.
    #[error("a copy for others is of a third of a school year that is over: this one ends on {}", belisha_report::date(*.0))]
    NotYet(NaiveDate),
    /// Somebody else did something about it.
    #[error("somebody else has added to this incident meanwhile: look at it, and do it again")]
    Meanwhile,
    /// The directory has no such agency.
    #[error("no agency of this name is in the directory for {}: look at belisha-reporter agencies list", .0.slug())]
    NoAgency(Body),
    /// A paper could not be written.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The journal or the keys.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl From<KeyError> for CaseError {
    fn from(error: KeyError) -> Self {
        LedgerError::from(error).into()
    }
}

/// The permit of an answer, or why there is none.
pub(super) fn permitted(answer: Answer) -> Result<Permit, CaseError> {
    match answer {
        Answer::Permit(permit) => Ok(permit),
        Answer::Refusal(refusal) => Err(refusal.into()),
        Answer::NotFound => Err(CaseError::NotFound),
    }
}

/// A case after something was done about it.
#[derive(Clone, Debug)]
pub struct Acted {
    /// As it is now.
    pub case: Case,
    /// What happened; nothing where it was so already.
    pub events: Vec<Event>,
    /// Whether whoever did it can open it no more: it is for others from now on.
    pub is_out_of_sight: bool,
}

/// What is about to be done about a case.
pub(super) struct Doing<'b> {
    branch: &'b Branch,
    events: Vec<Event>,
    /// As it will be.
    case: Case,
    /// Whose it will be.
    circle: Circle,
}

impl Doing<'_> {
    fn takes_out_words(&self) -> bool {
        self.events.iter().any(|event| event.fact == Fact::WordsTakenOut)
    }

    /// All that happened, as it is known from now on.
    fn all_events(&self) -> Vec<Event> {
        let before = self.branch.events.iter();
        if self.takes_out_words() {
            before.map(Event::without_words).chain(self.events.clone()).collect()
        } else {
            before.chain(&self.events).cloned().collect()
        }
    }

    /// Adds what happened to the stream, or says anew what there is of it.
    fn add_to_stream(&self, batch: &mut Batch) -> Result<(), CaseError> {
        let Branch { reference, stream, version, carries_on, .. } = *self.branch;
        let (case, expected) = (self.circle.case(stream), Expected::Version(version));
        if self.takes_out_words() {
            let reduced = CaseReduced { reference, carries_on, events: self.all_events() };
            return Ok(batch.add(&case, expected, &reduced)?);
        }
        Ok(batch.add(&case, expected, &CaseHappened { events: self.events.clone() })?)
    }
}

impl Desk<'_> {
    /// Does something about a case; with a second person who agrees, where it takes two.
    ///
    /// # Errors
    /// There is none, as far as they are concerned; they may not; it cannot be; or somebody else was faster.
    pub fn act(&self, reference: Reference, command: Command, second: Option<PersonId>) -> Result<Acted, CaseError> {
        let branch = self.find(reference)?;
        self.act_on(&branch, command, second)
    }

    /// The same, as long as nobody has added anything since it was seen at this [version](Branch::version).
    ///
    /// # Errors
    /// As for [`act`](Self::act), and [`CaseError::Meanwhile`].
    pub fn act_at(
        &self,
        reference: Reference,
        version: u64,
        command: Command,
        second: Option<PersonId>,
    ) -> Result<Acted, CaseError> {
        let branch = self.find(reference)?;
        if branch.version != version {
            return Err(CaseError::Meanwhile);
        }
        self.act_on(&branch, command, second)
    }

    /// Says that two incidents belong together, in both: whoever is kept away from one is kept away from both from then on
    /// (decisions 3).
    ///
    /// # Errors
    /// As for [`act`](Self::act); for either of them.
    pub fn link(&self, one: Reference, other: Reference) -> Result<(), CaseError> {
        if one == other {
            return Err(CaseError::Itself);
        }
        let (first, second) = (self.find(one)?, self.find(other)?);
        let away = |branch: &Branch| branch.case.kept_away().collect();
        let to_other = Command::Link { to: other.to_string(), kept_away: away(&second) };
        let to_one = Command::Link { to: one.to_string(), kept_away: away(&first) };
        let both = [self.decide(&first, to_other, None)?, self.decide(&second, to_one, None)?];
        // In one piece: there is no time in which one belongs to the other and the other not to it.
        let mut batch = Batch::new(Some(&self.person.to_string()));
        for doing in &both {
            self.add(&mut batch, doing)?;
        }
        self.append(&batch)
    }

    /// The same about a case as it was seen.
    ///
    /// # Errors
    /// As for [`act`](Self::act), and [`CaseError::Meanwhile`] where it is not any more as it was seen.
    pub fn act_on(&self, branch: &Branch, command: Command, second: Option<PersonId>) -> Result<Acted, CaseError> {
        // Whoever knows the reference may ask for the receipt. Where it was carried on without somebody who does, that it says
        // more than they know would tell them: whoever was answered knows it from that.
        let answers = matches!(command, Command::AnswerReporter) && branch.carries_on.is_none();
        let takes_out = command == Command::TakeOutWords;
        let doing = self.decide(branch, command, second)?;
        if doing.events.is_empty() {
            // Where it was cut off before what was taken out was erased, it is now.
            if takes_out {
                self.ledger().erase_before(branch.stream, branch.since, self.now)?;
            }
            return Ok(Acted { case: doing.case, events: doing.events, is_out_of_sight: false });
        }
        let mut batch = Batch::new(Some(&self.person.to_string()));
        let stays = self.add(&mut batch, &doing)?;
        if answers {
            batch.add(&Receipt::stream(branch.reference), Expected::Any, &Receipt { is_answered: true })?;
        }
        self.append(&batch)?;
        if takes_out && stays {
            self.ledger().erase_before(branch.stream, branch.version + 1, self.now)?;
        }
        let holders = doing.circle.holders(self.keys())?;
        let is_out_of_sight = !holders.iter().any(|holder| self.unlocked.name() == Some(holder));
        Ok(Acted { case: doing.case, events: doing.events, is_out_of_sight })
    }

    /// What a command would make of a case, and whose it would be then. Nothing is written.
    pub(super) fn decide<'b>(
        &self,
        branch: &'b Branch,
        command: Command,
        second: Option<PersonId>,
    ) -> Result<Doing<'b>, CaseError> {
        if let Command::Announce(announced) = &command {
            self.check_announced(branch, announced)?;
        }
        let permit = self.permit_of_both(branch, command.action(), second)?;
        if let Command::ReturnDevice { bag, to, .. } = &command {
            self.check_return(&branch.case, bag, *to)?;
        }
        let events = decide(&branch.case, &self.school.terms()?, command, &permit)?;
        let mut case = branch.case.clone();
        case.evolve_all(&events);
        let circle =
            if events.is_empty() { branch.circle.clone() } else { self.circle_of(branch.reference, &case, None)? };
        Ok(Doing { branch, events, case, circle })
    }

    /// Whether a device may be given to somebody: not to a contact of its owner against whom a court order stands.
    fn check_return(&self, case: &Case, bag: &str, to: PersonId) -> Result<(), CaseError> {
        let owner = case.devices().find(|(there, _)| *there == bag.trim()).map(|(_, of)| of);
        let owner = owner.and_then(|of| self.authority.roll().person(of));
        let contacts = owner.and_then(|entry| entry.person.pupil()).map(|pupil| pupil.contacts.as_slice());
        let mut against = contacts.unwrap_or_default().iter().filter(|it| it.restriction == Restriction::CourtOrder);
        if against.any(|it| it.person == to) { Err(CaseError::CourtOrder) } else { Ok(()) }
    }

    /// Adds what happened to where it belongs: to the stream, to the stream sealed to others, or to a new one. Gives whether the
    /// stream goes on.
    fn add(&self, batch: &mut Batch, doing: &Doing<'_>) -> Result<bool, CaseError> {
        let Doing { branch, case, circle, .. } = doing;
        let Branch { reference, stream, version, .. } = **branch;
        let is_closed = case.is_closed();
        if *circle == branch.circle {
            self.reminders().go_on(batch, branch.reminded(), &branch.case, case);
            if is_closed != branch.case.is_closed() {
                let stands = CaseArrived { stream, reference, is_sealed: true, is_closed };
                batch.add(&circle.list(), Expected::Any, &stands)?;
            }
            doing.add_to_stream(batch)?;
            return Ok(true);
        }
        let away: BTreeSet<String> = case.kept_away().map(|person| person.to_string()).collect();
        let could_see = branch.circle.holders(self.keys())?.iter().any(|holder| away.contains(holder));
        if could_see {
            // It goes on without them, and they find what they knew as it was. What somebody adds to it in this moment is
            // carried on too: where they were faster, this is decided anew.
            batch.expect(&branch.circle.case(stream), version);
            let next = StreamId::random().map_err(LedgerError::from)?;
            let carries_on = Some(CarriesOn { stream, version });
            let arriving = CaseArrived { stream: next, reference, is_sealed: true, is_closed };
            batch.add(&circle.list(), Expected::Any, &arriving)?;
            let opened = CaseOpened { reference, carries_on, events: doing.all_events() };
            batch.add(&circle.case(next), Expected::Version(0), &opened)?;
            // What is owed in the old stream stays owed to those who see nothing else.
            let is = Reminded { stream: next, version: 1, circle, carries_on: Some(stream) };
            self.reminders().begin(batch, is, case);
            return Ok(false);
        }
        self.seal_for(batch, branch, circle, case)?;
        // Whoever has the list of before open finds out by this, and need not read anew all that they can open. It comes after the
        // other list, so that it never leaves those who are in both.
        batch.add(&branch.circle.list(), Expected::Any, &CaseLeft { stream, reference })?;
        self.reminders().end(batch, branch.reminded());
        self.reminders().begin(batch, Reminded { version: version + 1, circle, ..branch.reminded() }, case);
        doing.add_to_stream(batch)?;
        Ok(true)
    }

    /// Seals a case for another circle, none of whose people is to be kept from what there was.
    /// `case` is as it will be.
    pub(super) fn seal_for(
        &self,
        batch: &mut Batch,
        branch: &Branch,
        circle: &Circle,
        case: &Case,
    ) -> Result<(), CaseError> {
        let (stream, reference, is_closed) = (branch.stream, branch.reference, case.is_closed());
        let arriving = CaseArrived { stream, reference, is_sealed: false, is_closed };
        // The list first: whatever ends in between, somebody finds it.
        self.ledger().note(&circle.list(), Some(&self.person.to_string()), self.now, &arriving)?;
        self.keys().move_stream(branch.stream, &Readers::Role(circle.key().clone()), self.unlocked)?;
        Ok(batch.add(&circle.list(), Expected::Any, &CaseArrived { is_sealed: true, ..arriving })?)
    }

    pub(super) fn append(&self, batch: &Batch) -> Result<(), CaseError> {
        self.ledger().append_all(batch, self.now).map(drop).map_err(|error| error.or(CaseError::Meanwhile))
    }

    /// The permit for something in a case, of both where it takes two.
    fn permit_of_both(&self, branch: &Branch, action: Action, second: Option<PersonId>) -> Result<Permit, CaseError> {
        let own = self.permit(self.person, branch, action)?;
        match second.filter(|_| action.needs_two()) {
            // Whoever may not even see it is no second, and why is not said.
            Some(second) => Ok(own.together(&self.permit(second, branch, action)?)?),
            None => Ok(own),
        }
    }
}
