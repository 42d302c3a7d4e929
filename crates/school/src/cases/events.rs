//! What the journal says of incidents. Sealed to the circle of each.

use belisha_incident::Event;
use belisha_policy::retention::RecordClass;
use belisha_store::StreamId;
use belisha_store::journal::Recorded;
use belisha_store::keys::Readers;
use serde::{Deserialize, Serialize};

use super::reference::Reference;
use crate::events::recorded;
use crate::ledger::Stream;

recorded! {
    "incident.arrived" => CaseArrived,
    "incident.left" => CaseLeft,
    "incident.opened" => CaseOpened,
    "incident.happened" => CaseHappened,
    "incident.reduced" => CaseReduced,
    "incident.archived" => CasesArchived,
    "incident.file-part" => FilePart,
    "incident.looked-at" => CasesLookedAt,
    "incident.receipt" => Receipt,
}

/// A case is, or is about to be, one of the circle in whose list this stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseArrived {
    /// Its stream.
    #[serde(with = "crate::text")]
    pub stream: StreamId,
    /// What it is called.
    #[serde(with = "crate::text")]
    pub reference: Reference,
    /// Whether it is sealed to the circle already: what is added is sealed to the circle where it arrived last.
    pub is_sealed: bool,
    /// Whether it is closed: then nobody need open it to know what is to be done. Said anew with each change of that; where
    /// nothing is said, as before there was this, it is opened to see.
    #[serde(default)]
    pub is_closed: bool,
}

/// A case is one of the circle in whose list this stands no more: it was sealed to another, from none of whose people it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseLeft {
    /// Its stream.
    #[serde(with = "crate::text")]
    pub stream: StreamId,
    /// What it is called.
    #[serde(with = "crate::text")]
    pub reference: Reference,
}

/// Incidents of another system are in the archive of the circle in whose list this stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CasesArchived {
    /// The stream of the file that they were in.
    #[serde(with = "crate::text")]
    pub file: StreamId,
    /// Which.
    pub cases: Vec<ArchivedCase>,
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchivedCase {
    /// Its stream.
    #[serde(with = "crate::text")]
    pub stream: StreamId,
    /// What it is called.
    #[serde(with = "crate::text")]
    pub reference: Reference,
}

/// A part of a file, in the order of its stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilePart {
    /// What the file was called.
    pub name: String,
    /// The bytes, in base 64.
    pub bytes: String,
}

/// A case begins: because somebody told of something, or because an older stream is carried on without somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseOpened {
    /// What it is called.
    #[serde(with = "crate::text")]
    pub reference: Reference,
    /// The stream that it carries on, with all that is in it.
    pub carries_on: Option<CarriesOn>,
    /// What happened so far.
    pub events: Vec<Event>,
}

/// A stream that is carried on in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarriesOn {
    /// The stream.
    #[serde(with = "crate::text")]
    pub stream: StreamId,
    /// Its version then.
    pub version: u64,
}

/// Something happened in a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseHappened {
    /// What, in its order.
    pub events: Vec<Event>,
}

/// What was told in words is elsewhere, and what came before this in the stream is erased: this is all that there is of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseReduced {
    /// What the case is called.
    #[serde(with = "crate::text")]
    pub reference: Reference,
    /// The stream that it carries on.
    pub carries_on: Option<CarriesOn>,
    /// What happened so far, without words.
    pub events: Vec<Event>,
}

/// Somebody looked at cases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CasesLookedAt {
    /// At which; none where it was the list of them.
    pub references: Vec<String>,
    /// Why, where a reason is asked for.
    pub purpose: Option<String>,
}

/// What became of a report, as far as whoever told is shown. Sealed to the school, in a stream that only the reference leads
/// to: nothing in it says who told, or of what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Whether they were answered.
    pub is_answered: bool,
}

impl Receipt {
    pub(super) fn stream(reference: Reference) -> Stream {
        let id = Stream::derived("belisha receipt", &reference.small());
        Stream { id, class: RecordClass::SafeguardingIncident, readers: Readers::School }
    }
}
