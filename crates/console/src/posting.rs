//! Links that go by mail, one after the other, while whoever sent them does something else.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use belisha_policy::may::{About, Answer};
use belisha_policy::{Action, PersonId};
use belisha_school::agreements::{Ask, InvitationError, Sending, invite, two_weeks};
use belisha_school::outbox::Smtp;
use chrono::Utc;

use crate::office::Office;
use crate::reply::sentence;

/// How far it is.
#[derive(Clone, Default)]
pub(crate) struct Posted {
    /// To how many mail goes.
    pub(crate) of: usize,
    /// To how many it went.
    pub(crate) sent: usize,
    /// Who signed before it was their turn.
    pub(crate) signed: usize,
    /// To whom it did not go, and why.
    pub(crate) failed: Vec<(PersonId, String)>,
    /// Why it ended before its end.
    pub(crate) stopped: Option<String>,
    /// Whether it has ended.
    pub(crate) is_over: bool,
}

/// The mail that is sent now, or that was sent last since the console was started. One at a time.
#[derive(Default)]
pub(crate) struct Posting(Mutex<Option<Posted>>);

impl Posting {
    fn lock(&self) -> MutexGuard<'_, Option<Posted>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How far it is; `None` where nothing was sent.
    pub(crate) fn posted(&self) -> Option<Posted> {
        self.lock().clone()
    }

    /// Begins one; `false` where one is under way.
    fn begin(&self, of: usize) -> bool {
        let mut posted = self.lock();
        let is_free = posted.as_ref().is_none_or(|posted| posted.is_over);
        if is_free {
            *posted = Some(Posted { of, ..Posted::default() });
        }
        is_free
    }

    fn note(&self, note: impl FnOnce(&mut Posted)) {
        if let Some(posted) = self.lock().as_mut() {
            note(posted);
        }
    }
}

/// Sends each of these adults a link, on a thread of its own; `false` where somebody sends mail already. Each link is made
/// right before its mail: where the program ends in between, at most one was made for nothing.
pub(crate) fn begin(office: &Arc<Office>, by: PersonId, post: Smtp, adults: Vec<PersonId>) -> bool {
    if !office.posting.begin(adults.len()) {
        return false;
    }
    let office = Arc::clone(office);
    std::thread::spawn(move || {
        for adult in adults {
            let sent = send(&office, by, &post, adult);
            let is_last = matches!(sent, Err(Unsent::Stop(_)));
            office.posting.note(|posted| match sent {
                Ok(()) => posted.sent += 1,
                Err(Unsent::Signed) => posted.signed += 1,
                Err(Unsent::Failed(why)) => posted.failed.push((adult, sentence(&why))),
                Err(Unsent::Stop(why)) => posted.stopped = Some(sentence(&why)),
            });
            if is_last {
                break;
            }
        }
        office.posting.note(|posted| posted.is_over = true);
    });
    true
}

enum Unsent {
    /// Nothing is left for them to sign.
    Signed,
    /// This one did not go.
    Failed(String),
    /// None of the others will.
    Stop(String),
}

fn send(office: &Office, by: PersonId, post: &Smtp, adult: PersonId) -> Result<(), Unsent> {
    let (school, authority) = office.as_it_is().map_err(|error| Unsent::Stop(error.to_string()))?;
    let now = Utc::now();
    // Whoever began it may have lost the right to.
    let permit = match authority.may(by, Action::InviteToSign, &About::NOTHING, now) {
        Answer::Permit(permit) => permit,
        Answer::Refusal(refusal) => return Err(Unsent::Stop(refusal.to_string())),
        Answer::NotFound => return Err(Unsent::Stop("whoever began it may not send any more".into())),
    };
    let sending = Sending::of(&school, &authority);
    let sending = sending.ok_or_else(|| Unsent::Stop("the settings do not say where the console is".into()))?;
    let made = invite(&school, &authority, &permit, &[(adult, Ask::Born)], two_weeks(now), now);
    let made = made.map_err(|error| match error {
        InvitationError::Nothing(_) => Unsent::Signed,
        error => Unsent::Failed(error.to_string()),
    })?;
    made.iter().try_for_each(|link| sending.mail(post, link)).map_err(|error| Unsent::Failed(error.to_string()))
}
