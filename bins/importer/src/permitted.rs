//! What takes a signed-in person: `BELISHA_TOKEN` is theirs.

use belisha_policy::may::{About, Answer};
use belisha_policy::{Action, Permit};
use belisha_school::School;
use belisha_school::signed_in::{NotSignedIn, SignedIn, TOKEN_VARIABLE, signed_in};
use chrono::{DateTime, Utc};

use crate::tables::Ended;

/// Who is signed in, and their permit; `what` says what for, to whoever is not.
pub(crate) fn permit(
    school: Option<&School>,
    action: Action,
    what: &str,
    now: DateTime<Utc>,
) -> Result<(SignedIn, Permit), Ended> {
    let refused = || {
        let said = format!("only a signed-in person who may can {what}");
        (format!("{said}: export {TOKEN_VARIABLE}=$(belisha-reporter login USER)"), 1)
    };
    let who = signed_in(school.ok_or_else(refused)?, now).map_err(|error| match error {
        NotSignedIn::Nobody | NotSignedIn::Token(_) => refused(),
        other => (other.to_string(), 74),
    })?;
    match who.authority.may(who.person, action, &About::NOTHING, now) {
        Answer::Permit(permit) => Ok((who, permit)),
        Answer::Refusal(refusal) => Err((refusal.to_string(), 1)),
        Answer::NotFound => Err(refused()),
    }
}
