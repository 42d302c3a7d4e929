//! What the journal says of agreements.

use std::collections::BTreeSet;

use belisha_aua::{ConsentFact, DocumentFact, Fact, Key};
use belisha_policy::PersonId;
use belisha_policy::retention::RecordClass;
use belisha_store::journal::Recorded;
use belisha_store::keys::Readers;
use serde::{Deserialize, Serialize};

use crate::events::recorded;
use crate::ledger::Stream;

recorded! {
    "agreements.document" => DocumentChanged,
    "agreements.person" => AgreementChanged,
    "agreements.pictures" => PicturesChanged,
    "agreements.changed" => AgreementsChanged,
}

/// Something happened to a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DocumentChanged {
    /// Which.
    pub(super) key: Key,
    /// What.
    pub(super) fact: DocumentFact,
}

/// Something happened about somebody's agreements.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AgreementChanged {
    /// What.
    pub(super) fact: Fact,
}

/// Something happened about pictures of a child.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PicturesChanged {
    /// What.
    pub(super) fact: ConsentFact,
}

/// Of whom something has changed, by ids alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AgreementsChanged {
    /// Whose agreements.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) people: BTreeSet<PersonText>,
    /// Of whom what is said of pictures.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) pictures: BTreeSet<PersonText>,
    /// To whom a link was given.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) invited: BTreeSet<PersonText>,
}

/// A person's id as it stands in an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct PersonText(#[serde(with = "crate::text")] pub(super) PersonId);

impl Stream {
    /// Agreements and what is to be read: their editions.
    pub const AGREEMENTS: Self = Self::of(*b"belisha:agreemts", RecordClass::PolicyVersion);
    /// Of whom something about agreements or pictures changed.
    pub const AGREED: Self = Self::of(*b"belisha:agreed..", RecordClass::KeysAndRoles);

    /// What somebody has agreed to.
    pub fn agreements_of(person: PersonId) -> Self {
        let id = Self::derived("belisha agreements of ", &person.to_string());
        Self { id, class: RecordClass::AgreementSignature, readers: Readers::School }
    }

    /// What was said of pictures of somebody.
    pub fn pictures_of(person: PersonId) -> Self {
        let id = Self::derived("belisha pictures of ", &person.to_string());
        Self { id, class: RecordClass::PhotoConsent, readers: Readers::School }
    }
}
