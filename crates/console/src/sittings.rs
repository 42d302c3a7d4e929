//! How long somebody has not done anything.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use belisha_school::cases::Kept;
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

/// A sign-in that is not used for so long is over: somebody went away from the machine.
pub(crate) const IDLE: TimeDelta = TimeDelta::minutes(30);

/// When each sign-in was last used, and what is kept open for it, by a digest of its token. It is forgotten with the process:
/// who signed in before it began starts anew.
#[derive(Default)]
pub(crate) struct Sittings {
    sittings: Mutex<HashMap<[u8; 32], Sitting>>,
}

struct Sitting {
    last: DateTime<Utc>,
    kept: Arc<Kept>,
}

impl Sittings {
    /// What is kept open for a sign-in that was used not so long ago; it is from now on.
    pub(crate) fn go_on(&self, token: &str, now: DateTime<Utc>) -> Option<Arc<Kept>> {
        let mut sittings = self.sittings.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Sitting { last: now, kept: Arc::default() };
        let sitting = sittings.entry(name(token)).or_insert_with(new);
        if sitting.last + IDLE <= now {
            return None;
        }
        sitting.last = now;
        Some(Arc::clone(&sitting.kept))
    }

    /// Closes what is kept open for those who went away.
    pub(crate) fn tidy(&self, now: DateTime<Utc>) {
        let mut sittings = self.sittings.lock().unwrap_or_else(PoisonError::into_inner);
        // What is over is over for good within a day: sign-ins last eight hours.
        sittings.retain(|_, sitting| sitting.last + TimeDelta::days(1) > now);
        for sitting in sittings.values_mut().filter(|sitting| sitting.last + IDLE <= now) {
            sitting.kept = Arc::default();
        }
    }

    /// Forgets a sign-in that is over, and closes what is kept open for it.
    pub(crate) fn ended(&self, token: &str) {
        self.sittings.lock().unwrap_or_else(PoisonError::into_inner).remove(&name(token));
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
        let goes_on = |token, minutes| sittings.go_on(token, at(minutes)).is_some();
        assert!(goes_on("a", 0) && goes_on("a", 29) && goes_on("a", 58));
        assert!(goes_on("b", 58));
        assert!(!goes_on("a", 88) && !goes_on("a", 89));
        sittings.ended("a");
        assert!(goes_on("a", 90));
    }

    #[test]
    fn what_is_kept_open_is_closed_with_the_sitting() {
        let (sittings, start) = (Sittings::default(), DateTime::UNIX_EPOCH);
        let at = |minutes| start + TimeDelta::minutes(minutes);
        let kept = |token, minutes| Arc::downgrade(&sittings.go_on(token, at(minutes)).unwrap());
        let (one, other, third) = (kept("a", 0), kept("b", 10), kept("c", 10));
        assert!(one.ptr_eq(&kept("a", 9)) && !one.ptr_eq(&other));
        sittings.tidy(at(38));
        assert!([&one, &other, &third].iter().all(|it| it.strong_count() == 1));
        // Nobody does anything: it is closed all the same, and the sitting stays over.
        sittings.tidy(at(39));
        assert_eq!((one.strong_count(), other.strong_count()), (0, 1));
        assert!(sittings.go_on("a", at(39)).is_none());
        sittings.ended("b");
        assert_eq!((other.strong_count(), third.strong_count()), (0, 1));
        sittings.tidy(at(24 * 60 + 10));
        assert_eq!(third.strong_count(), 0);
    }
}
