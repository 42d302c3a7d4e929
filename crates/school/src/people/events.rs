//! What the journal says of people.

use belisha_policy::PersonId;
use belisha_policy::people::AccountId;
use belisha_policy::retention::RecordClass;
use belisha_store::StreamId;
use belisha_store::journal::Recorded;
use belisha_store::keys::Readers;
use serde::{Deserialize, Serialize};

use super::written::{WrittenAccount, WrittenPerson};
use crate::events::recorded;
use crate::ledger::Stream;

recorded! {
    "people.person" => PersonRecorded,
    "people.move-offered" => MoveOffered,
    "people.move-received" => MoveReceived,
    "people.account" => AccountRecorded,
    "people.changed" => PeopleChanged,
}

/// What is known of a person from now on, all of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonRecorded {
    /// The person.
    pub person: WrittenPerson,
    /// From where it is known, such as `wonde`, or `by hand`.
    pub source: String,
}

/// A pupil's record was written out for another school; what is known of them from now on, all of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveOffered {
    /// The pupil, with where they go.
    pub person: WrittenPerson,
}

/// The other school has said that it has the record; what is known of the pupil from now on, all of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveReceived {
    /// The pupil, with where they went.
    pub person: WrittenPerson,
}

/// What is known of the account of a class or a guest from now on, all of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRecorded {
    /// The account.
    pub account: WrittenAccount,
}

/// Which people and accounts changed together, by ids alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeopleChanged {
    /// Where it came from.
    pub source: String,
    /// The streams of people, and the versions at which they are.
    #[serde(default)]
    pub people: Vec<Changed>,
    /// Those of accounts of classes and guests.
    #[serde(default)]
    pub accounts: Vec<Changed>,
    /// People who are new.
    #[serde(default)]
    pub joined: u64,
    /// People who left.
    #[serde(default)]
    pub left: u64,
}

/// A stream, and the version at which it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// The stream.
    #[serde(with = "crate::text")]
    pub stream: StreamId,
    /// The version.
    pub version: u64,
}

impl Stream {
    /// Which people changed when.
    pub const PEOPLE: Self = Self::of(*b"belisha:people..", RecordClass::KeysAndRoles);

    /// A person.
    pub fn person(person: PersonId) -> Self {
        Self { id: StreamId::from_bytes(*person.as_bytes()), class: RecordClass::Person, readers: Readers::School }
    }

    /// The account of a class or a guest.
    pub fn account(account: AccountId) -> Self {
        Self { id: StreamId::from_bytes(*account.as_bytes()), class: RecordClass::Guest, readers: Readers::School }
    }
}
