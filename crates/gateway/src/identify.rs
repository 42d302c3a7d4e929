//! Who a request comes from: what its address tells, or what it shows where the network asks.

use belisha_filter::Host;
use belisha_policy::{Actor, SignIn, is_help_site};
use chrono::NaiveDateTime;

use crate::credentials::Shown;
use crate::session::Scene;
use crate::sign_in::{Entry, Pass};
use crate::stay::{Stay, left};
use crate::trouble::Trouble;

/// What the log says of lines whose person could not be told although they showed who they are.
const UNCHECKED: &str = "sign-in could not be checked";

/// Who a request comes from.
pub(crate) struct Known {
    pub(crate) actor: Actor,
    /// For those who signed in: how long they may keep open what they open.
    pub(crate) stay: Option<Stay>,
    /// Something for the log.
    pub(crate) note: &'static str,
}

/// Who a request to a host comes from, or why it may not go on.
///
/// A child in trouble is never stopped by a password box: sites that help children are open to everybody, to those of
/// whom nothing is known under the strictest profile for pupils. Under that profile too, and as nobody, are those whose
/// credentials cannot be checked because the accounts are away: a lesson goes on (decisions 18), and nobody gets more by
/// it than the youngest pupil may.
pub(crate) async fn identify(scene: Scene<'_>, host: &Host) -> Result<Known, Trouble> {
    let (policy, address) = (&scene.state.policy, scene.client.ip());
    let nobody = |note| Known { actor: policy.not_signed_in(address), stay: None, note };
    if policy.sign_in_at(address) == SignIn::Never {
        return Ok(Known { actor: policy.identify(address), stay: None, note: "" });
    }
    let Some(sign_ins) = &scene.gateway.sign_ins else {
        scene.gateway.complain_of_the_door();
        return Ok(nobody(UNCHECKED));
    };
    let signed_in = |pass: Pass| {
        let actor = policy.signed_in(address, &pass.admitted.who);
        let stay = Stay::new(sign_ins.clone(), pass, scene.gateway.limits.look);
        Known { actor, stay: Some(stay), note: "" }
    };
    if is_help_site(host) {
        // Whoever is known is known; nobody waits.
        let pass = match scene.shown {
            Shown::Credentials(credentials) => sign_ins.remembered(credentials),
            Shown::Nothing | Shown::Nonsense => None,
        };
        return Ok(pass.filter(|pass| ended(pass).is_none()).map_or_else(|| nobody(""), signed_in));
    }
    let credentials = match scene.shown {
        Shown::Nothing => return Err(Trouble::NotSignedIn),
        Shown::Nonsense => return Err(Trouble::SignInNonsense),
        Shown::Credentials(credentials) => credentials,
    };
    match sign_ins.check(credentials, address.to_canonical()).await {
        Entry::In(pass) => match ended(&pass) {
            Some(at) => Err(Trouble::GuestExpired(at)),
            None => Ok(signed_in(pass)),
        },
        Entry::No => Err(Trouble::SignInWrong),
        Entry::Busy => Err(Trouble::SignInBusy),
        Entry::Unavailable => {
            scene.gateway.complain_of_the_door();
            Ok(nobody(UNCHECKED))
        }
    }
}

/// When the account ended, in the school's local time, if it has.
fn ended(pass: &Pass) -> Option<NaiveDateTime> {
    let until = pass.admitted.until;
    until.filter(|_| left(until).is_some_and(|left| left.is_zero())).map(|until| until.naive_local())
}
