//! Slowing guesses, and nobody else.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::time::Duration;

use chrono::{DateTime, Utc};

/// So many wrong passwords are anybody's.
const FREE: u32 = 3;
/// The first delay; each further one is twice as long.
const FIRST: Duration = Duration::from_millis(250);
/// The longest.
const LONGEST: Duration = Duration::from_secs(5);
/// Pairs of account and address that are remembered; of more, those that have waited longest are forgotten.
const REMEMBERED: usize = 8_192;

/// How long the next try at an account from an address has to wait. Names and addresses are hashed under a key that the
/// process draws; nothing of them is kept.
#[derive(Default)]
pub struct Delays {
    key: RandomState,
    tries: HashMap<u64, Tries>,
}

struct Tries {
    wrong: u32,
    last: DateTime<Utc>,
}

impl Delays {
    fn name(&self, login: &str, from: IpAddr) -> u64 {
        self.key.hash_one((login.trim().to_lowercase(), from.to_canonical()))
    }

    /// How long the next try has to wait; `None` where it need not.
    pub fn wait(&self, login: &str, from: IpAddr, now: DateTime<Utc>) -> Option<Duration> {
        let tries = self.tries.get(&self.name(login, from))?;
        let doubled = tries.wrong.checked_sub(FREE)?.min(16);
        let delay = FIRST.saturating_mul(1 << doubled).min(LONGEST);
        // A clock that went back makes nobody wait for longer.
        let passed = now.signed_duration_since(tries.last).to_std().ok()?;
        delay.checked_sub(passed).filter(|left| !left.is_zero())
    }

    /// The password was wrong.
    pub fn wrong(&mut self, login: &str, from: IpAddr, now: DateTime<Utc>) {
        if self.tries.len() >= REMEMBERED {
            self.forget_half();
        }
        let tries = self.tries.entry(self.name(login, from)).or_insert(Tries { wrong: 0, last: now });
        tries.wrong = tries.wrong.saturating_add(1);
        tries.last = now;
    }

    /// It was right: from this address there is no more to wait.
    pub(super) fn right(&mut self, login: &str, from: IpAddr) {
        self.tries.remove(&self.name(login, from));
    }

    fn forget_half(&mut self) {
        let mut last: Vec<DateTime<Utc>> = self.tries.values().map(|tries| tries.last).collect();
        let middle = last.len() / 2;
        let (_, median, _) = last.select_nth_unstable(middle);
        let median = *median;
        self.tries.retain(|_, tries| tries.last > median);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_800_000_000_000 + millis).unwrap()
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    /// A pupil who tries a thousand passwords for the lead's account does not keep the lead out.
    #[test]
    fn guesses_are_slowed_and_nobody_else() {
        let mut delays = Delays::default();
        let mut now = 0;
        for tried in 0..1_000 {
            let wait = delays.wait("lead", address(1), at(now));
            assert_eq!(wait.is_some(), tried >= 3, "{tried}");
            assert!(wait.is_none_or(|wait| wait <= LONGEST));
            now += wait.map_or(0, |wait| i64::try_from(wait.as_millis()).unwrap());
            assert_eq!(delays.wait("lead", address(1), at(now)), None);
            delays.wrong("lead", address(1), at(now));
        }
        assert_eq!(delays.wait("lead", address(2), at(now)), None);
        assert_eq!(delays.wait("other", address(1), at(now)), None);
        assert_eq!(delays.wait("lead", address(1), at(now)), Some(LONGEST));
        // However it is written.
        assert_eq!(delays.wait(" Lead", address(1), at(now)), Some(LONGEST));
        delays.right("lead", address(1));
        assert_eq!(delays.wait("lead", address(1), at(now)), None);
    }

    #[test]
    fn memory_is_bounded_and_a_clock_that_goes_back_harms_nobody() {
        let mut delays = Delays::default();
        for number in 0..50_000_i64 {
            delays.wrong(&format!("pupil{number}"), address(1), at(number));
            assert!(delays.tries.len() <= REMEMBERED);
        }
        for _ in 0..10 {
            delays.wrong("lead", address(1), at(60_000));
        }
        assert_eq!(delays.wait("lead", address(1), at(0)), None);
    }
}
