//! How long somebody has not done anything.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

/// A sign-in that is not used for so long is over: somebody went away from the machine.
pub(crate) const IDLE: TimeDelta = TimeDelta::minutes(30);

/// When each sign-in was last used, by a digest of its token. It is forgotten with the process: who signed in before it began
/// starts anew.
#[derive(Default)]
pub(crate) struct Sittings {
    last: Mutex<HashMap<[u8; 32], DateTime<Utc>>>,
}

impl Sittings {
    /// Whether a sign-in was used not so long ago; it is from now on.
    pub(crate) fn goes_on(&self, token: &str, now: DateTime<Utc>) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let name = name(token);
        if last.get(&name).is_some_and(|last| *last + IDLE <= now) {
            return false;
        }
        last.insert(name, now);
        // What is over is over for good within a day: sign-ins last eight hours.
        if last.len() > 4_096 {
            last.retain(|_, last| *last + TimeDelta::days(1) > now);
        }
        true
    }

    /// Forgets a sign-in that is over.
    pub(crate) fn ended(&self, token: &str) {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).remove(&name(token));
    }
}

fn name(token: &str) -> [u8; 32] {
    Sha256::new().chain_update("belisha sitting").chain_update(token).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_used_for_half_an_hour_is_over() {
        let (sittings, start) = (Sittings::default(), DateTime::UNIX_EPOCH);
        let at = |minutes| start + TimeDelta::minutes(minutes);
        assert!(sittings.goes_on("a", at(0)) && sittings.goes_on("a", at(29)) && sittings.goes_on("a", at(58)));
        assert!(sittings.goes_on("b", at(58)));
        assert!(!sittings.goes_on("a", at(88)) && !sittings.goes_on("a", at(89)));
        sittings.ended("a");
        assert!(sittings.goes_on("a", at(90)));
    }
}
