//! A case written out for the school to which a pupil goes, or for a court: others are not named in it.

use std::collections::BTreeSet;

use belisha_incident::{Command, Event, Exported, Fact, Part, Recipient, Refused};
use belisha_policy::calendar::local;
use belisha_policy::{Action, PersonId};
use belisha_report::paper::{Paper, Section};
use belisha_report::{date, json};
use chrono::{DateTime, Days, Utc};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::acting::CaseError;
use super::desk::Desk;
use super::handing::{clock, day, involved};
use super::redaction::Names;
use super::reference::Reference;
use super::register::Branch;
use crate::hex;
use crate::ledger::LedgerError;
use crate::lookup::says_why;

/// So many days after a pupil has left the file is to be with the other school.
const DUE: Days = Days::new(5);

/// Who reads an export, and so who is named in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// The school to which this pupil goes: nobody else is named, and nothing that was done about others is told.
    School(PersonId),
    /// A court: whoever it is about is named, and these.
    Court(BTreeSet<PersonId>),
}

/// An export: what it is called, and its files with their names. The last says what the others are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// What it is called. It stands on every page.
    pub id: String,
    /// The files.
    pub files: Vec<(&'static str, String)>,
}

/// What is in an export. Whoever is not named in it has been taken out already.
#[derive(Serialize)]
struct CaseFile<'a> {
    export: &'a str,
    reference: String,
    school: &'a str,
    to: &'a str,
    purpose: &'a str,
    made: DateTime<Utc>,
    made_by: String,
    stage: String,
    kind: Option<String>,
    severity: Option<u8>,
    first_known: Option<DateTime<Utc>>,
    people: Vec<InIt>,
    events: Vec<Happened>,
}

#[derive(Serialize)]
struct InIt {
    who: String,
    part: &'static str,
    /// Of those who are named.
    also: Option<String>,
    since: DateTime<Utc>,
}

#[derive(Serialize)]
struct Happened {
    at: DateTime<Utc>,
    by: String,
    what: String,
}

impl Desk<'_> {
    /// Writes out a case, a closed one as well. That it is, with the name of the export, for whom, why and the SHA-256 of each
    /// file, is in the case before their bytes are given. Each export has a name of its own.
    ///
    /// # Errors
    /// There is no such incident as far as they are concerned; they may not; it may be illegal; no reason or recipient is
    /// given; whoever is to be named has no part in it; or somebody else was faster.
    pub fn export(
        &self,
        reference: Reference,
        audience: &Audience,
        to: &str,
        because: &str,
    ) -> Result<Export, CaseError> {
        let branch = self.find(reference)?;
        self.permit(self.person, &branch, Action::ExportIncident)?;
        if !says_why(because) {
            return Err(CaseError::Purpose);
        }
        let id = format!("EX-{}", Reference::random().map_err(LedgerError::from)?);
        let names = self.named_to(&branch, audience)?;
        let file = self.case_file(&branch, audience, &names, (&id, to, because));
        let mut files = vec![("incident.html", file.paper().to_html()?), ("incident.json", json(&file)?)];
        files.push(("manifest.txt", self.manifest(&file, audience, &files)));
        let digests = files.iter().map(|(name, text)| ((*name).to_owned(), Sha256::digest(text).into()));
        let exported = Exported {
            export: id.clone(),
            recipient: audience.recipient(),
            to: to.to_owned(),
            because: because.to_owned(),
            files: digests.collect(),
        };
        self.act_on(&branch, Command::Export(exported), None)?;
        Ok(Export { id, files })
    }

    fn named_to(&self, branch: &Branch, audience: &Audience) -> Result<Names, CaseError> {
        let roll = self.authority.roll();
        let involved = involved(branch, roll);
        let kept = match audience {
            Audience::School(pupil) => {
                let is_in_it = branch.case.with_part(Part::is_of_pupil).any(|person| person == *pupil);
                is_in_it.then(|| BTreeSet::from([*pupil])).ok_or(Refused::NoPart)?
            }
            Audience::Court(keep) if keep.iter().all(|person| involved.contains(person)) => {
                branch.case.with_part(Part::is_subject).chain(keep.iter().copied()).collect()
            }
            Audience::Court(_) => return Err(Refused::NoPart.into()),
        };
        Ok(Names::of(roll, &involved, &kept))
    }

    fn case_file<'a>(
        &'a self,
        branch: &Branch,
        audience: &Audience,
        names: &Names,
        (export, to, purpose): (&'a str, &'a str, &'a str),
    ) -> CaseFile<'a> {
        let Branch { reference, case, events, .. } = branch;
        let person = |(person, part, since): (PersonId, Part, DateTime<Utc>)| {
            let also = names.is_kept(person).then(|| self.described(person, case));
            InIt { who: names.called(person), part: part.title(), also, since }
        };
        let happened = |event: &Event| Happened {
            at: event.at,
            by: event.by.map_or_else(|| "(nobody who signed in)".to_owned(), |by| names.called(by)),
            what: names.sentence(event),
        };
        let is_told =
            |(at, event): &(usize, &Event)| audience.is_told(&event.fact, names, events.get(..*at).unwrap_or_default());
        let told = events.iter().enumerate().filter(is_told);
        CaseFile {
            export,
            reference: reference.to_string(),
            school: &self.school.settings().school,
            to,
            purpose,
            made: self.now,
            made_by: self.signature(),
            stage: case.stage().to_string(),
            kind: case.sorted().map(|(category, _)| category.in_full()),
            severity: case.sorted().map(|(_, severity)| severity.number()),
            first_known: case.first_known(),
            people: case.parts().filter(|(_, part, _)| *part != Part::InConflict).map(person).collect(),
            events: told.map(|(_, event)| happened(event)).collect(),
        }
    }

    fn manifest(&self, file: &CaseFile<'_>, audience: &Audience, files: &[(&str, String)]) -> String {
        let CaseFile { export, reference, school, to, purpose, made, made_by, .. } = file;
        let mut lines = vec![
            format!("Export {export}"),
            format!("Incident {reference} of {school}"),
            format!("For: {to} ({})", audience.recipient().title().to_lowercase()),
            format!("Why: {purpose}"),
            format!("Made: {} by {made_by}", clock(*made)),
            String::new(),
            "SHA-256 of each file (sha256sum --check manifest.txt):".to_owned(),
        ];
        lines.extend(files.iter().map(|(name, content)| format!("{}  {name}", hex(&Sha256::digest(content)))));
        lines.push(
            "\nA PERSON HAS TO READ ALL OF IT BEFORE IT IS HANDED OVER. Names of people whom the school knows were taken out by a \
             program.\nWords may still name people whom it does not know, or say who somebody is without a name."
                .to_owned(),
        );
        if let Audience::School(pupil) = audience {
            let left = self.authority.roll().person(*pupil).and_then(|entry| entry.person.left);
            lines.push(left.and_then(|left| left.checked_add_days(DUE)).map_or_else(
                || {
                    "\nNo day of leaving is known: it is due within 5 days of the day on which the pupil leaves."
                        .to_owned()
                },
                |due| format!("\nDue with the other school within 5 days of leaving, by {}.", date(due)),
            ));
            lines.push("Ask for a receipt, and write it down:".to_owned());
            lines.push(format!("  belisha-reporter incident received {reference} --export {export} --by \"WHO\""));
        }
        lines.join("\n") + "\n"
    }
}

impl Audience {
    /// What kind of recipient it is.
    pub fn recipient(&self) -> Recipient {
        match self {
            Self::School(_) => Recipient::School,
            Self::Court(_) => Recipient::Court,
        }
    }

    /// Whether something that happened is for these readers. What was done about others is not for another school; which
    /// papers went to whom, and who was kept away, is for nobody outside.
    fn is_told(&self, fact: &Fact, names: &Names, before: &[Event]) -> bool {
        // Of a device that is searched or given back the number of its bag is said, and whose it is where it was taken.
        let owner = |bag: &str| {
            let taken = |event: &Event| match &event.fact {
                Fact::DeviceTaken { bag: there, of, .. } if there == bag => Some(*of),
                _ => None,
            };
            before.iter().rev().find_map(taken)
        };
        match fact {
            Fact::Linked { .. } | Fact::Exported(_) | Fact::Received { .. } | Fact::Referred { .. } => false,
            Fact::Named { part, .. } => *part != Part::InConflict,
            fact => match self {
                Self::School(_) => {
                    let about = match fact {
                        Fact::DeviceSearched { bag, .. } | Fact::DeviceReturned { bag, .. } => owner(bag),
                        fact => fact.person(),
                    };
                    about.is_none_or(|person| names.is_kept(person))
                }
                Self::Court(_) => true,
            },
        }
    }
}

impl CaseFile<'_> {
    fn paper(&self) -> Paper {
        let fact = |what: &str, answer: &str| (what.to_owned(), answer.to_owned());
        let mut facts = vec![
            fact("Export", self.export),
            fact("For", self.to),
            fact("Why", self.purpose),
            fact("Stage", &self.stage),
        ];
        facts.extend(self.kind.as_ref().map(|kind| fact("Kind", kind)));
        facts.extend(self.first_known.map(|known| fact("First known", &clock(known))));
        let person = |it: &InIt| {
            let also = it.also.as_ref().map(|also| format!(". {also}")).unwrap_or_default();
            (it.who.clone(), format!("{}, since {}{also}", it.part, day(it.since)))
        };
        let event = |it: &Happened| (clock(it.at), format!("{}: {}", it.by, it.what));
        let made = date(local(self.made).date_naive());
        Paper {
            title: format!("Incident {}", self.reference),
            intro: format!("From {} for {}, and for nobody else.", self.school, self.to),
            notices: vec![
                "Others are not named: the same words in brackets stand for the same person throughout.".to_owned(),
            ],
            facts,
            sections: vec![
                Section { heading: "Who".into(), rows: self.people.iter().map(person).collect() },
                Section { heading: "What happened".into(), rows: self.events.iter().map(event).collect() },
            ],
            mark: format!("{} for {}", self.export, self.to),
            footer: format!("Export {}. Made on {made} by {}.", self.export, self.made_by),
        }
    }
}
