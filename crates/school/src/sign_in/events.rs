//! What the journal says of sign-ins: that something was done, and never a hash or a secret.

use belisha_policy::retention::RecordClass;
use belisha_store::journal::Recorded;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::events::recorded;
use crate::ledger::Stream;

/// Who was given a password, signed in, enrolled a second factor.
pub const SIGN_INS: Stream = Stream::of(*b"belisha:sign-ins", RecordClass::SignIn);

recorded! {
    "sign-in.passwords-issued" => PasswordsIssued,
    "sign-in.password-changed" => PasswordChanged,
    "sign-in.second-factor-enrolled" => SecondFactorEnrolled,
    "sign-in.second-factor-taken" => SecondFactorTaken,
    "sign-in.credential-voided" => CredentialVoided,
    "sign-in.signed-in" => SignedInEvent,
}

/// Accounts were given passwords that somebody else chose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordsIssued {
    /// Which.
    pub accounts: Vec<String>,
}

/// Somebody chose a password of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordChanged {
    /// Whose account.
    pub account: String,
}

/// Somebody has a second factor from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondFactorEnrolled {
    /// Whose account.
    pub account: String,
}

/// Somebody lost their second factor, and it is theirs no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondFactorTaken {
    /// Whose account.
    pub account: String,
}

/// Others knew a credential: it lets nobody in any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialVoided {
    /// Of which account.
    pub account: String,
    /// Since when others knew it.
    pub since: DateTime<Utc>,
}

/// Somebody signed in at the command line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedInEvent {
    /// With which account.
    pub account: String,
}
