//! Links that are guessed.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use belisha_school::sign_in::Delays;
use chrono::{DateTime, Utc};

/// What all links are together, where guesses are counted.
const LINKS: &str = "links";

/// How often a link was asked for that there is not, from each address. Whoever has a link is not kept from it by the guesses
/// of others, unless they come from one address with them, and then for seconds.
#[derive(Default)]
pub(crate) struct Guesses(Mutex<Delays>);

impl Guesses {
    /// How long whoever comes from there has to wait.
    pub(crate) fn wait(&self, from: IpAddr, now: DateTime<Utc>) -> Option<Duration> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).wait(LINKS, from, now)
    }

    /// There was no such link.
    pub(crate) fn guessed(&self, from: IpAddr, now: DateTime<Utc>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).wrong(LINKS, from, now);
    }
}
