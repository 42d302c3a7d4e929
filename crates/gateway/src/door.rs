//! Who may come in: what the gateway asks of whoever keeps the accounts, and what it is told.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use belisha_policy::SignedIn;
use belisha_policy::people::AccountId;
use chrono::{DateTime, FixedOffset};
use zeroize::Zeroizing;

/// Keeps the accounts, and knows who they belong to.
///
/// `check` and `still` are called on threads that may wait; `version` is called at every request.
///
/// ```
/// use std::net::IpAddr;
/// use belisha_gateway::{Admitted, Checked, Door, Secret, Still};
///
/// /// While the accounts are being restored.
/// struct Closed;
///
/// impl Door for Closed {
///     fn check(&self, _login: &str, _password: &Secret, _from: IpAddr) -> Checked {
///         Checked::Unavailable // lessons go on under the strictest profile for pupils
///     }
///     fn still(&self, _admitted: &Admitted) -> Still {
///         Still::Unknown
///     }
///     fn version(&self) -> u64 {
///         0
///     }
/// }
/// ```
pub trait Door: Send + Sync {
    /// Whether a user name and a password belong together, and whose they are. Both come as they were typed, without
    /// control characters and not empty: whatever normal form the accounts have is the door's to make.
    ///
    /// It answers the same, and after the same time, whether there is no such account or the password is wrong.
    fn check(&self, login: &str, password: &Secret, from: IpAddr) -> Checked;

    /// Whether somebody who was let in, and has something open, may go on. Asked after every change of `version`.
    fn still(&self, admitted: &Admitted) -> Still;

    /// A number that changes whenever anything about accounts or credentials does. What was checked under another
    /// number is not believed any more. It has to cost no more than to look at a number in memory.
    fn version(&self) -> u64;
}

/// The answer to a user name and a password.
#[derive(Debug)]
pub enum Checked {
    /// They belong together. Also where the account has come to its end: then `until` says since when.
    In(Admitted),
    /// Too many wrong ones have come: nothing was checked; to be asked again after so long.
    Wait(Duration),
    /// They do not belong together, or the account is switched off.
    No,
    /// The accounts cannot be had at the moment.
    Unavailable,
}

/// Somebody who was let in.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// What the policy needs to know of them.
    pub who: Arc<SignedIn>,
    /// The account they used.
    pub account: AccountId,
    /// Which credential of the account it was, in the door's own count: so that the door can tell later whether it has
    /// been replaced. The gateway only hands it back.
    pub credential: u64,
    /// When the account ends, for a guest's; in the school's local time, which is shown to the guest.
    pub until: Option<DateTime<FixedOffset>>,
}

/// Whether somebody who was let in may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Still {
    /// Until this instant, where there is an end; it may have been moved, and it may be over.
    In(Option<DateTime<FixedOffset>>),
    /// No more: the account is switched off, or its credential is void.
    Out,
    /// It cannot be said at the moment: what was said before holds.
    Unknown,
}

/// A password. It is wiped when dropped, and there is no way to print it.
#[derive(PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    pub(crate) fn new(text: Zeroizing<String>) -> Self {
        Self(text)
    }

    /// The password itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Never the password, nor its length.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
