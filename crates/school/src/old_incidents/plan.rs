//! What of a log is new, and what becomes of each row.

use std::collections::HashSet;

use belisha_formats::old_incidents::{Field, OldIncident, PupilName, is_too_bad};
use belisha_incident::{Event, Fact, Imported, Part};
use belisha_policy::PersonId;
use belisha_policy::calendar::instant;
use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

use super::known::{Digest, Digests, Known, RowDigest};
use super::{Change, Complaints, ImportIncidentsError, ImportedIncidents, Shown, Source};
use crate::cases::{Reference, ToArchive};
use crate::people::{Pupils, Roll};

/// How many rows are shown.
const SHOWN: usize = 5;

/// A row that is to be added.
pub(super) struct Adding<'a> {
    incident: OldIncident<'a>,
    pub(super) digest: RowDigest,
    change: Change,
    /// The digest of what was said of the same incident before.
    other: Option<Digest>,
    happened: DateTime<Utc>,
    pupils: Vec<PersonId>,
}

/// Works out what is to be added.
pub(super) fn plan<'a>(
    mut known: Known,
    digests: Digests<'_>,
    roll: &Roll,
    source: Source<'a>,
    complaints: Complaints,
) -> Result<(ImportedIncidents, Vec<Adding<'a>>), ImportIncidentsError> {
    let pupils = Pupils::of(roll);
    let mut done = ImportedIncidents { lines: source.log.lines(), ..ImportedIncidents::default() };
    let (mut adding, mut here) = (Vec::new(), HashSet::new());
    for incident in source.log.incidents() {
        let incident = match incident {
            Ok(incident) => incident,
            Err(complaint) => {
                done.complaints.push(complaint);
                continue;
            }
        };
        let digest = digests.of_row(source.system, &incident);
        if known.has(&digest) {
            let count = if here.contains(&digest.said) { &mut done.twice } else { &mut done.before };
            *count += 1;
            continue;
        }
        let other = known.latest(&digest);
        let change = match other {
            None => Change::New,
            // Some systems give a line for each task of an incident.
            Some(other) if here.contains(&other) => Change::Further,
            Some(_) => Change::Changed,
        };
        known.take(digest);
        here.insert(digest.said);
        let (happened, pupils) = (incident.when().instant(instant), found(&pupils, &incident));
        let row = Adding { incident, digest, change, other, happened, pupils };
        row.count(&mut done);
        adding.push(row);
    }
    done.complaints.sort_by_key(|complaint| complaint.line);
    let bad = done.complaints.len();
    match done.complaints.first() {
        Some(first) if complaints == Complaints::Few && is_too_bad(bad, done.lines) => {
            Err(ImportIncidentsError::TooBad { bad, lines: done.lines, first: *first })
        }
        _ => Ok((done, adding)),
    }
}

/// The pupils of the roll who are in it, each once.
fn found(pupils: &Pupils, incident: &OldIncident<'_>) -> Vec<PersonId> {
    let mut found: Vec<PersonId> = incident.upns().into_iter().filter_map(|upn| pupils.with_upn(upn)).collect();
    let by_name = incident.pupil().and_then(|(name, born)| match name {
        PupilName::Parts { surname, forename } => pupils.called(surname, forename, born),
        PupilName::Whole(name) => pupils.called_whole(name, born),
    });
    if let Some(person) = by_name.filter(|person| !found.contains(person)) {
        found.push(person);
    }
    found
}

impl Adding<'_> {
    fn count(&self, done: &mut ImportedIncidents) {
        *match self.change {
            Change::New => &mut done.new,
            Change::Changed => &mut done.changed,
            Change::Further => &mut done.further,
        } += 1;
        done.with_pupils += usize::from(!self.pupils.is_empty());
        let (first, last) = done.span.unwrap_or((self.happened, self.happened));
        done.span = Some((first.min(self.happened), last.max(self.happened)));
        if done.first.len() < SHOWN {
            let said = self.incident.said().map(|(field, _, text)| (field, text.chars().count()));
            done.first.push(Shown {
                line: self.incident.line(),
                change: self.change,
                happened: self.happened,
                pupils: self.pupils.len(),
                said: said.collect(),
            });
        }
    }

    /// As a case.
    pub(super) fn archived(&self, source: Source<'_>, file_digest: [u8; 32], now: DateTime<Utc>) -> ToArchive {
        let Self { incident, digest, .. } = self;
        let words = Some(Field::Text).filter(|text| !incident.get(*text).trim().is_empty()).unwrap_or(Field::Title);
        let own = [words, Field::Id, Field::Category, Field::Status];
        let also = incident.said().filter(|(field, ..)| !own.contains(field));
        let get = |field: Field| incident.get(field).to_owned();
        let other = self.other.map(|other| Reference::of(&other).to_string());
        let imported = Imported {
            system: source.system.to_owned(),
            id: Some(get(Field::Id)).filter(|id| !id.trim().is_empty()),
            happened: self.happened,
            words: get(words),
            category: get(Field::Category),
            status: get(Field::Status),
            also: also.map(|(_, heading, text)| (heading.to_owned(), text.to_owned())).collect(),
            row_digest: Sha256::digest(incident.raw()).into(),
            line: incident.line(),
            file: source.name.to_owned(),
            file_digest,
            replaces: other.clone().filter(|_| self.change == Change::Changed),
        };
        let linked = other.filter(|_| self.change == Change::Further).map(|to| Fact::Linked { to });
        let named = self.pupils.iter().map(|person| Fact::Named { person: *person, part: Part::Mentioned });
        let facts = [Fact::Imported(Box::new(imported))].into_iter().chain(named).chain(linked);
        let event = |fact| Event { at: now, by: None, fact };
        ToArchive { reference: Reference::of(&digest.said), events: facts.map(event).collect() }
    }
}
