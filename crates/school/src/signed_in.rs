//! Who is signed in: the person whose token the environment carries.

use belisha_policy::PersonId;
use belisha_policy::may::Standing;
use belisha_store::credentials::{CredentialError, Token, TokenError};
use belisha_store::keys::Unlocked;
use chrono::{DateTime, Utc};

use crate::authority::Authority;
use crate::ledger::LedgerError;
use crate::school::School;
use crate::sign_in::{SignInError, SignIns};

/// Where the token of a sign-in is.
pub const TOKEN_VARIABLE: &str = "BELISHA_TOKEN";

/// Why nobody is signed in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotSignedIn {
    /// There is no token, it is over, or its person is not here any more. Which of these is not told.
    #[error("nobody is signed in: export {TOKEN_VARIABLE}=$(belisha-reporter login USER)")]
    Nobody,
    /// What should be a token is none.
    #[error("what is in {TOKEN_VARIABLE} is no sign-in ({0}): export {TOKEN_VARIABLE}=$(belisha-reporter login USER)")]
    Token(#[from] TokenError),
    /// The sign-ins cannot be read.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// The sign-in is not what this program wrote.
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// The journal.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Somebody who is signed in.
pub struct SignedIn {
    /// The sign-ins of the school.
    pub sign_ins: SignIns,
    /// Its people and roles.
    pub authority: Authority,
    /// Who it is.
    pub person: PersonId,
    /// The key that the sign-in carries, for those who hold one.
    pub unlocked: Option<Unlocked>,
}

/// The token of the environment.
pub fn token() -> Result<Token, NotSignedIn> {
    let text = std::env::var(TOKEN_VARIABLE).map_err(|_| NotSignedIn::Nobody)?;
    Ok(text.parse()?)
}

/// The sign-ins of a school.
pub fn sign_ins(school: &School) -> Result<SignIns, NotSignedIn> {
    Ok(SignIns::new(school.credentials()?, school.ledger().keys().clone()))
}

/// The person of the token in the environment.
///
/// # Errors
/// There is none, it is over, or they are not here any more; or something cannot be read.
pub fn signed_in(school: &School, now: DateTime<Utc>) -> Result<SignedIn, NotSignedIn> {
    let token = token()?;
    let (sign_ins, authority) = (sign_ins(school)?, Authority::load(school.ledger())?);
    let (standing, unlocked) = standing_of(&sign_ins, &authority, &token, now)?.ok_or(NotSignedIn::Nobody)?;
    Ok(SignedIn { sign_ins, authority, person: standing.person, unlocked })
}

/// Who the person of a token is here, and the key that their sign-in carries; nobody where it is over, or they are not here any more.
///
/// # Errors
/// The sign-ins cannot be read, or are not what this program wrote.
pub fn standing_of(
    sign_ins: &SignIns,
    authority: &Authority,
    token: &Token,
    now: DateTime<Utc>,
) -> Result<Option<(Standing, Option<Unlocked>)>, SignInError> {
    let Some((account, unlocked)) = sign_ins.signed_in(token, now)? else { return Ok(None) };
    let person = PersonId::from_bytes(*account.as_bytes());
    // Who left, or was switched off, is nobody any more.
    Ok(authority.standing(person, now).map(|standing| (standing, unlocked)))
}
