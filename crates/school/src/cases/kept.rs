//! Cases that stay open between one look and the next.

use core::fmt;
use std::sync::{Mutex, PoisonError};

use belisha_store::keys::Unlocked;

use super::register::Register;
use crate::ledger::{Ledger, LedgerError};

/// The cases that somebody works on, kept open while they do: to open a hundred thousand takes seconds, and to take in what
/// was added since takes none. At each look it is brought up to date, and is what would be read anew.
///
/// It is worth what their key is worth: keep it no longer than they work, and drop it. It is for one holder; with the key of
/// another, all is read anew.
#[derive(Default)]
pub struct Kept(Mutex<Register>);

/// Nothing of what is in it.
impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept(..)")
    }
}

impl Kept {
    /// Looks at them as they are now. Two looks wait for each other.
    pub(super) fn look<T>(
        &self,
        ledger: &Ledger,
        with: &Unlocked,
        look: impl FnOnce(&Register) -> T,
    ) -> Result<T, LedgerError> {
        let mut register = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        register.follow(ledger, with)?;
        Ok(look(&register))
    }
}
