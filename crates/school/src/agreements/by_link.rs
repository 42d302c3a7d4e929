//! Opening a link, and signing by it.

use belisha_aua::{
    Answer, ConsentFact, InvitationFact, Issued, Key, Number, Printed, Proof, Refused, Signer, Spent, Subjected, Way,
};
use belisha_policy::may;
use belisha_policy::{Action, Permit, PersonId};
use belisha_store::journal::Expected;
use chrono::{DateTime, Utc};

use super::acting::{AgreementError, about_person};
use super::invitations::{Code, InvitationChanged, InvitationError, Secret, digest, read};
use super::pictures::Pictures;
use super::sheet::{Families, Paper, Sheet};
use super::writing::{Writing, append};
use crate::WrittenDay;
use crate::authority::Authority;
use crate::ledger::{Batch, Stream};
use crate::school::School;

/// What an adult says by a link.
pub struct Said {
    /// Their name, as they print it.
    pub printed: Printed,
    /// Of each agreement whether they agree: whose, which document, and the edition that they were shown.
    pub agreements: Vec<(PersonId, Key, Number, bool)>,
    /// About pictures of their children.
    pub pictures: Vec<(PersonId, Vec<Answer>)>,
}

/// What a link asks before it shows anything. Writes nothing.
///
/// # Errors
/// It is good no more, and why.
pub fn asked_by(school: &School, secret: Secret, now: DateTime<Utc>) -> Result<Issued, InvitationError> {
    let (invitation, _) = read(school.ledger(), &secret.stream())?;
    Ok(invitation.standing(now)?)
}

/// What there is to sign for whoever has the link and answers rightly.
///
/// # Errors
/// It is good no more; the answer is wrong, which counts; somebody answered at the same time.
pub fn open(
    school: &School,
    authority: &Authority,
    secret: Secret,
    answer: &str,
    now: DateTime<Utc>,
) -> Result<Sheet, InvitationError> {
    let opened = Opening::of(school, authority, secret, answer, now)?;
    opened.note(InvitationFact::Opened)?;
    Ok(opened.sheet)
}

/// Signs, and uses the link up: all of it in one piece.
///
/// # Errors
/// As of [`open`]; something was not answered, or cannot be signed any more. Then nothing is signed, and the link is as
/// good as before.
pub fn sign_by_link(
    school: &School,
    authority: &Authority,
    secret: Secret,
    answer: &str,
    said: Said,
    now: DateTime<Utc>,
) -> Result<(), InvitationError> {
    let opened = Opening::of(school, authority, secret, answer, now)?;
    let adult = opened.sheet.adult;
    let mut writing = Writing::by(adult, school, authority, now);
    for Paper { about, by, key, number } in &opened.sheet.papers {
        let of_it = said.agreements.iter().find(|(person, named, ..)| person == about && named == key);
        let (.., shown, agrees) = of_it.ok_or(InvitationError::Unanswered)?;
        // What is signed is what was read.
        if shown != number {
            return Err(AgreementError::Refused(Refused::Superseded(*number)).into());
        }
        let (key, by) = (key.clone(), *by);
        let command = match (agrees, by) {
            (true, _) => {
                let (major, printed, way) = (Some(number.major), said.printed.clone(), Way::Link);
                Subjected::Sign { key, major, by, printed, way, because: None }
            }
            (false, Signer::Parent(_)) => Subjected::Withdraw { key, by },
            // Whoever does not agree for themselves has not signed.
            (false, Signer::Themselves) => continue,
        };
        writing.about(&permit(authority, adult, *about, now)?, (*about, command).into())?;
    }
    let pictures = Pictures::load(school.ledger())?;
    for (child, answers) in said.pictures.into_iter().filter(|(_, answers)| !answers.is_empty()) {
        if !opened.sheet.children.contains(&child) {
            return Err(Spent::Ended.into());
        }
        let fact = ConsentFact::Answered { by: Signer::Parent(adult), answers, filed: None };
        writing.about_pictures(&permit(authority, adult, child, now)?, &pictures, child, fact)?;
    }
    if writing.is_empty() {
        return Err(InvitationError::Unanswered);
    }
    opened.add(writing.batch(), InvitationFact::Used)?;
    Ok(writing.append()?)
}

/// That somebody may sign for a person; the link is nobody's who may not.
fn permit(
    authority: &Authority,
    adult: PersonId,
    about: PersonId,
    now: DateTime<Utc>,
) -> Result<Permit, InvitationError> {
    match authority.may(adult, Action::SignAgreement, &about_person(authority, adult, about), now) {
        may::Answer::Permit(permit) => Ok(permit),
        may::Answer::Refusal(_) | may::Answer::NotFound => Err(Spent::Ended.into()),
    }
}

/// A link that was answered rightly, at the version at which it is.
struct Opening<'a> {
    school: &'a School,
    stream: Stream,
    version: u64,
    sheet: Sheet,
    now: DateTime<Utc>,
}

impl<'a> Opening<'a> {
    fn of(
        school: &'a School,
        authority: &Authority,
        secret: Secret,
        answer: &str,
        now: DateTime<Utc>,
    ) -> Result<Self, InvitationError> {
        let stream = secret.stream();
        let (invitation, version) = read(school.ledger(), &stream)?;
        let issued = invitation.standing(now)?;
        let families = Families::at(authority, now);
        let sheet = families.sheet(issued.adult);
        let is_right = match issued.proof {
            Proof::Born => answer
                .parse::<WrittenDay>()
                .is_ok_and(|answered| families.born(issued.adult).any(|born| born == answered.0)),
            Proof::Code(code) => answer.parse::<Code>().is_ok_and(|answered| digest(&answered.small()) == code),
        };
        let opening = Self { school, stream, version, sheet, now };
        if !is_right {
            opening.note(InvitationFact::Tried)?;
            let left = issued.tries_left.saturating_sub(1);
            return Err(if left == 0 { Spent::Guessed.into() } else { InvitationError::Wrong { left } });
        }
        // Nothing is theirs any more: their child left, or an order came.
        if opening.sheet.is_empty() { Err(Spent::Ended.into()) } else { Ok(opening) }
    }

    fn add(&self, batch: &mut Batch, fact: InvitationFact) -> Result<(), InvitationError> {
        Ok(batch.add(&self.stream, Expected::Version(self.version), &InvitationChanged { fact })?)
    }

    /// Written before anything is said of the answer: of several at once, one counts.
    fn note(&self, fact: InvitationFact) -> Result<(), InvitationError> {
        let mut batch = Batch::new(None);
        self.add(&mut batch, fact)?;
        Ok(append(self.school, &batch, self.now)?)
    }
}
