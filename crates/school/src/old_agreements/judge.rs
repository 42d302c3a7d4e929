//! What one line says, held against the rules of agreements and of pictures, and against what is here.

use belisha_aua::{
    Answer, Around, ConsentFact, Key, Printed, Refused, Signer, Subjected, Way, decide_about, decide_consent,
};
use belisha_formats::mapped::{Line, Said};
use belisha_policy::PersonId;
use belisha_policy::calendar::local;
use belisha_policy::people::is_of_age;
use chrono::NaiveDate;

use super::fault::Fault;
use super::field::Field;
use super::whom::Register;
use super::{Desk, Source};
use crate::agreements::{Pictures, around};
use crate::people::{Entry, folded};

/// Judges lines.
pub(super) struct Judge<'a> {
    desk: Desk<'a>,
    pictures: &'a Pictures,
    source: Source<'a>,
    register: Register<'a>,
    around: Around<'a>,
    today: NaiveDate,
}

/// A signature that is not here yet.
pub(super) struct Signs {
    pub(super) key: Key,
    pub(super) by: Signer,
    pub(super) dated: NaiveDate,
    pub(super) command: Subjected,
}

/// What a line says that is not here yet.
pub(super) struct Says {
    pub(super) person: PersonId,
    pub(super) signatures: Vec<Signs>,
    pub(super) pictures: Pictured,
    /// Whether something of it is here.
    pub(super) before: bool,
    /// What is wrong with it. What is to be taken nevertheless is in the rest.
    pub(super) fault: Option<Fault>,
}

/// What somebody says of pictures.
pub(super) struct Pictured {
    pub(super) by: Signer,
    pub(super) answers: Vec<Answer>,
}

impl Says {
    /// Notes what is wrong. Of a line that was not understood only a no to pictures is taken: it holds whatever else is wrong.
    pub(super) fn spoil(&mut self, fault: Fault) {
        if !fault.is_over() {
            self.signatures.clear();
            self.pictures.answers.retain(|answer| !answer.yes);
        }
        // What was not understood weighs more than what is over.
        if self.fault.as_ref().is_none_or(Fault::is_over) {
            self.fault = Some(fault);
        }
    }

    /// Whether there is nothing to be taken.
    pub(super) fn is_empty(&self) -> bool {
        self.signatures.is_empty() && self.pictures.answers.is_empty()
    }
}

impl<'a> Judge<'a> {
    pub(super) fn new(desk: Desk<'a>, pictures: &'a Pictures, source: Source<'a>) -> Self {
        let today = local(desk.now).date_naive();
        let register = Register::of(desk.authority.roll(), today);
        let around = around(desk.school, desk.authority, desk.now);
        Self { desk, pictures, source, register, around, today }
    }

    /// What a line says.
    ///
    /// # Errors
    /// It is not known whom it is about.
    pub(super) fn judge(&self, line: Line<'a, Field>) -> Result<Says, Fault> {
        let own = self.signed(line, Field::Signed);
        let parents = self.signed(line, Field::ParentSigned);
        let said = |day: &Result<Option<NaiveDate>, Fault>| day.as_ref().ok().copied().flatten();
        let entry = self.register.whom(line, said(&own).or(said(&parents)).or(self.source.dated))?;
        let mut says = Says {
            person: entry.person.id,
            signatures: Vec::new(),
            pictures: Pictured { by: Signer::Themselves, answers: Vec::new() },
            before: false,
            fault: None,
        };
        // All answers are known before anything is spoilt.
        self.answers(line, entry, &mut says);
        let own = own.map(|day| day.map(|day| (Signer::Themselves, day)));
        let parents = parents.and_then(|day| day.map(|day| Ok((self.parent(line, entry)?, day))).transpose());
        let (mut signatures, mut faults) = (Vec::new(), Vec::new());
        for signed in [own, parents] {
            let signs = signed.and_then(|it| it.map(|(by, day)| self.sign(line, entry, by, day)).transpose());
            match signs {
                Ok(signs) => signatures.extend(signs),
                Err(Fault::Refused(Refused::Already(_))) => says.before = true,
                Err(fault) => faults.push(fault),
            }
        }
        // A line whose answers were not understood signs nothing either.
        if says.fault.as_ref().is_none_or(Fault::is_over) {
            says.signatures = signatures;
        }
        for fault in faults {
            says.spoil(fault);
        }
        Ok(says)
    }

    /// When somebody signed, where they did.
    fn signed(&self, line: Line<'_, Field>, field: Field) -> Result<Option<NaiveDate>, Fault> {
        let day = match (line.day(field), line.said(field)) {
            (Some(day), _) => day,
            (None, Some(Said::Nothing | Said::No)) => return Ok(None),
            (None, Some(Said::Yes | Said::Cross)) => self.source.dated.ok_or(Fault::Undated(field))?,
            (None, None) => return Err(Fault::Day(field)),
        };
        if day > self.today { Err(Fault::ToCome(field)) } else { Ok(Some(day)) }
    }

    /// A signature, as the rules take it.
    fn sign(&self, line: Line<'_, Field>, entry: &Entry, by: Signer, dated: NaiveDate) -> Result<Signs, Fault> {
        let Desk { authority, permit, .. } = self.desk;
        let printed = match by {
            Signer::Themselves => Printed::new(&entry.person.name.in_full())?,
            Signer::Parent(parent) => self.printed(line, parent)?,
        };
        let (key, major) = (self.document(line)?, self.edition(line)?);
        let because = self.source.because.filter(|_| by != Signer::Themselves).map(str::to_owned);
        let way = Way::Imported { dated };
        let command = Subjected::Sign { key: key.clone(), major, by, printed, way, because };
        let file = authority.agreements().file(entry.person.id);
        decide_about(&self.around, &entry.person, file, command.clone(), permit)?;
        Ok(Signs { key, by, dated, command })
    }

    /// The name that a parent printed, or is called by here.
    fn printed(&self, line: Line<'_, Field>, parent: PersonId) -> Result<Printed, Fault> {
        let written = said(line, Field::ParentName);
        if written.is_some_and(|name| name.starts_with(['=', '+', '-', '@'])) {
            return Err(Fault::Formula);
        }
        let entry = self.desk.authority.roll().person(parent).ok_or(Fault::ParentUnknown)?;
        Ok(Printed::new(&written.map_or_else(|| entry.person.name.in_full(), str::to_owned))?)
    }

    /// The parent of a line.
    fn parent(&self, line: Line<'_, Field>, child: &Entry) -> Result<Signer, Fault> {
        let name = said(line, Field::Parent).or_else(|| said(line, Field::ParentName)).ok_or(Fault::ParentUnsaid)?;
        self.register.parent(child, name).map(Signer::Parent)
    }

    /// Which agreement, by its name or its title.
    fn document(&self, line: Line<'_, Field>) -> Result<Key, Fault> {
        let Some(written) = said(line, Field::Document) else {
            return self.source.document.cloned().ok_or(Fault::DocumentUnsaid);
        };
        let book = self.desk.authority.agreements().book();
        let by_name = written.to_lowercase().parse().ok().and_then(|key| book.document(&key));
        let by_title = || {
            let title = folded(written);
            let mut called = book.documents().filter(|document| folded(document.title()) == title);
            called.next().filter(|_| called.next().is_none())
        };
        by_name.or_else(by_title).map(|document| document.key().clone()).ok_or(Fault::Document)
    }

    /// Which edition of those that are signed anew: `2`, `v2` or `v2.1`.
    fn edition(&self, line: Line<'_, Field>) -> Result<Option<u32>, Fault> {
        let Some(written) = said(line, Field::Edition) else { return Ok(self.source.edition) };
        let number = written.trim_start_matches(['v', 'V']);
        let (major, minor) = number.split_once('.').unwrap_or((number, "0"));
        let numbers = major.parse().ok().zip(minor.parse::<u32>().ok());
        numbers.map(|(major, _)| Some(major)).ok_or(Fault::Edition)
    }

    /// What is said of pictures: by the parent of the line, or by the pupil who is of age.
    fn answers(&self, line: Line<'_, Field>, child: &Entry, says: &mut Says) {
        let (mut answers, mut faults) = (Vec::new(), Vec::new());
        for (field, _) in self.source.list.columns() {
            let Field::Picture(channel, purpose) = field else { continue };
            match line.said(field) {
                Some(Said::Nothing) => {}
                Some(said @ (Said::Yes | Said::No)) => {
                    answers.push(Answer { channel, purpose, yes: said == Said::Yes });
                }
                Some(Said::Cross) | None => faults.push(Fault::Answer(field)),
            }
        }
        if !answers.is_empty() {
            match self.answering(line, child) {
                Ok(by) => self.hold_against_what_is_here(child, by, answers, says, &mut faults),
                Err(fault) => faults.push(fault),
            }
        }
        for fault in faults {
            says.spoil(fault);
        }
    }

    fn answering(&self, line: Line<'_, Field>, child: &Entry) -> Result<Signer, Fault> {
        let is_of_age = is_of_age(child.person.pupil().and_then(|pupil| pupil.born), self.today);
        let is_unsaid = said(line, Field::Parent).or_else(|| said(line, Field::ParentName)).is_none();
        if is_of_age && is_unsaid { Ok(Signer::Themselves) } else { self.parent(line, child) }
    }

    /// What somebody said here is newer than what is brought.
    fn hold_against_what_is_here(
        &self,
        child: &Entry,
        by: Signer,
        answers: Vec<Answer>,
        says: &mut Says,
        faults: &mut Vec<Fault>,
    ) {
        let consents = self.pictures.of(child.person.id);
        let mut new = Vec::new();
        for answer in answers {
            match consents.last_said(by, answer.channel, answer.purpose, self.desk.now) {
                None => new.push(answer),
                Some(yes) if yes == answer.yes => says.before = true,
                Some(_) => faults.push(Fault::SaidOther),
            }
        }
        let may = |answers: &[Answer]| {
            let wanted = ConsentFact::Answered { by, answers: answers.to_vec(), filed: None };
            decide_consent(&child.person, consents, wanted, self.desk.permit, self.desk.now)
        };
        if !new.is_empty()
            && let Err(refused) = may(&new)
        {
            // A no is taken from everybody who is a contact.
            new.retain(|answer| !answer.yes);
            if may(&new).is_err() {
                new.clear();
            }
            faults.push(refused.into());
        }
        says.pictures = Pictured { by, answers: new };
    }
}

/// What stands in a field, where something does.
fn said(line: Line<'_, Field>, field: Field) -> Option<&str> {
    Some(line.get(field)).filter(|text| Said::of(text) != Some(Said::Nothing))
}
