//! Who a request comes from: what its address tells, or what it shows where the network asks.

use std::sync::Arc;

use belisha_filter::Host;
use belisha_policy::{Actor, SignIn, is_help_site};
use chrono::NaiveDateTime;

use crate::credentials::Shown;
use crate::records::Draft;
use crate::session::Scene;
use crate::sign_in::{Entry, Pass, SignIns};
use crate::stay::{Stay, left};
use crate::trouble::Trouble;

/// What the log says of lines whose person could not be told although they showed who they are.
const UNCHECKED: &str = "sign-in could not be checked";

/// Who a request comes from.
pub(crate) struct Known {
    pub(crate) actor: Actor,
    /// For those who signed in: how long they may keep open what they open.
    pub(crate) stay: Option<Stay>,
}

/// Who a request to a host comes from, or why it may not go on. The record is told.
///
/// A child in trouble is never stopped by a password box: sites that help children are open to everybody, to those of
/// whom nothing is known under the strictest profile for pupils. Under that profile too, and as nobody, are those whose
/// credentials cannot be checked because the accounts are away: a lesson goes on (decisions 18), and nobody gets more by
/// it than the youngest pupil may.
pub(crate) async fn identify(scene: Scene<'_>, host: &Host, draft: &mut Draft) -> Result<Known, Trouble> {
    let (policy, address) = (&scene.state.policy, scene.client.ip());
    if policy.sign_in_at(address) == SignIn::Never {
        return Ok(Known { actor: policy.identify(address), stay: None });
    }
    let Some(sign_ins) = &scene.gateway.sign_ins else { return Ok(scene.cannot_tell(draft)) };
    // Whoever is known is known, and nobody has to wait for that.
    if let Shown::Credentials(credentials) = scene.shown
        && let Some(pass) = sign_ins.remembered(credentials)
        && ended(&pass).is_none()
    {
        return Ok(scene.lets_in(sign_ins, pass, draft));
    }
    if is_help_site(host) {
        return Ok(scene.nobody());
    }
    let credentials = match scene.shown {
        Shown::Nothing => return Err(Trouble::NotSignedIn),
        Shown::Nonsense => return Err(Trouble::SignInNonsense),
        Shown::Credentials(credentials) => credentials,
    };
    match sign_ins.check(credentials, address.to_canonical()).await {
        Entry::In(pass) => {
            let ended = ended(&pass);
            let known = scene.lets_in(sign_ins, pass, draft);
            ended.map_or(Ok(known), |at| Err(Trouble::GuestExpired(at)))
        }
        Entry::No => Err(Trouble::SignInWrong),
        Entry::Busy => Err(Trouble::SignInBusy),
        Entry::Unavailable => Ok(scene.cannot_tell(draft)),
    }
}

impl Scene<'_> {
    /// Somebody of whom nothing is known where people have to sign in. The draft has them already.
    fn nobody(&self) -> Known {
        Known { actor: self.state.policy.not_signed_in(self.client.ip()), stay: None }
    }

    /// Somebody whose credentials cannot be checked.
    fn cannot_tell(&self, draft: &mut Draft) -> Known {
        self.gateway.complain_of_the_door();
        draft.describe(|record| record.note = UNCHECKED.into());
        self.nobody()
    }

    /// Somebody whose credentials are right.
    fn lets_in(&self, sign_ins: &Arc<SignIns>, pass: Pass, draft: &mut Draft) -> Known {
        let actor = self.state.policy.signed_in(self.client.ip(), &pass.admitted.who);
        draft.is_by(&actor);
        Known { actor, stay: Some(Stay::new(sign_ins.clone(), pass, self.gateway.limits.look)) }
    }
}

/// When the account ended, in the school's local time, if it has.
fn ended(pass: &Pass) -> Option<NaiveDateTime> {
    let until = pass.admitted.until;
    until.filter(|_| left(until).is_some_and(|left| left.is_zero())).map(|until| until.naive_local())
}
