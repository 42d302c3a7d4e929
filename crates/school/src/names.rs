//! Names in the access log: sealed by whoever writes it, opened by those who may look up.

use belisha_store::keys::{KeyStore, PublicSeal, Readers, Role, Unlocked};
use belisha_store::{PeopleOpener, PeopleSeal, SealFault, StreamId};
use zeroize::Zeroizing;

use crate::ledger::{Ledger, LedgerError};

/// The stream whose readers are those of names in the access log. No event is in it; its keys are those of the days.
const NAMES: StreamId = StreamId::from_bytes(*b"belisha:log-name");

/// Seals the key of a day's table of names. It makes itself a new public key for each table, so that who may read is
/// decided when the day begins and not when the program started; where the keys cannot be reached it uses the last.
pub(crate) struct NamesSealed {
    ledger: Ledger,
    last: PublicSeal,
}

impl NamesSealed {
    pub(crate) fn new(ledger: Ledger) -> Result<Self, LedgerError> {
        let last = ledger.keys().public_seal(NAMES, &Readers::Role(Role::HISTORY))?;
        Ok(Self { ledger, last })
    }
}

impl PeopleSeal for NamesSealed {
    fn seal(&self, table_key: &[u8; 32]) -> Result<Vec<u8>, SealFault> {
        let fresh = self.ledger.keys().public_seal(NAMES, &Readers::Role(Role::HISTORY));
        fresh.as_ref().unwrap_or(&self.last).seal(table_key).map_err(SealFault::from)
    }
}

/// Opens the tables of names with what a holder has unlocked.
pub(crate) struct HolderNames<'a> {
    keys: &'a KeyStore,
    holder: &'a Unlocked,
}

impl<'a> HolderNames<'a> {
    pub(crate) fn new(keys: &'a KeyStore, holder: &'a Unlocked) -> Self {
        Self { keys, holder }
    }
}

impl PeopleOpener for HolderNames<'_> {
    fn open(&self, sealed: &[u8]) -> Result<Zeroizing<[u8; 32]>, SealFault> {
        let opened = self.keys.open_apart(sealed, self.holder).map_err(SealFault::from)?;
        opened
            .first_chunk()
            .copied()
            .map(Zeroizing::new)
            .ok_or_else(|| "the key of a table of names has another length".into())
    }
}
