//! Who was warned of a site and went on: the page offers a link, and for a while the site opens.
//!
//! The link leads to a host that does not exist outside of the proxy, with a number that nobody can guess: a page that
//! somebody else wrote cannot make a browser go on.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use belisha_filter::{Host, Target};
use belisha_policy::Actor;

/// How long a link can be followed.
const OFFERED: Duration = Duration::from_mins(10);
/// How long a site stays open to somebody who went on.
const OPEN: Duration = Duration::from_mins(30);
/// Most that are remembered of each; about 300 bytes each.
const MOST: usize = 8192;

/// The host of the links. The name can belong to nobody (RFC 6761 §6.4).
pub(crate) const HOST: &str = "go-on.belisha.invalid";

/// Who was warned: the person where they signed in, else the device.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Whom {
    Person(Arc<str>),
    Device(IpAddr),
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Warned {
    offers: Mutex<Recent<String, (Whom, Target)>>,
    open: Mutex<Recent<(Whom, Host), ()>>,
}

impl Warned {
    /// Whether somebody was warned of a host of late and went on.
    pub(crate) fn went_on(&self, actor: &Actor, address: IpAddr, host: &Host) -> bool {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.get(&(whom(actor, address), host.clone()), OPEN, Instant::now()).is_some()
    }

    /// A link by which somebody goes on to a target; `None` where the machine has no random numbers.
    pub(crate) fn offer(&self, actor: &Actor, address: IpAddr, target: &Target) -> Option<String> {
        let mut number = [0_u8; 16];
        getrandom::fill(&mut number).ok()?;
        let number = number.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        let mut offers = self.offers.lock().unwrap_or_else(PoisonError::into_inner);
        offers.insert(number.clone(), (whom(actor, address), target.clone()), OFFERED, Instant::now());
        Some(format!("http://{HOST}/{number}"))
    }

    /// Where a link leads that somebody follows, who is let through from now on; `None` where it is no link that was given
    /// to them of late.
    pub(crate) fn follow(&self, actor: &Actor, address: IpAddr, link: &Target) -> Option<Target> {
        let (now, who) = (Instant::now(), whom(actor, address));
        let mut offers = self.offers.lock().unwrap_or_else(PoisonError::into_inner);
        let (offered_to, target) = offers.get(link.path().trim_start_matches('/'), OFFERED, now)?.clone();
        drop(offers);
        if offered_to != who {
            return None;
        }
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.insert((who, target.host().clone()), (), OPEN, now);
        Some(target)
    }
}

fn whom(actor: &Actor, address: IpAddr) -> Whom {
    match (actor.signed_in(), actor.person()) {
        (Some(_), Some(person)) => Whom::Person(person.clone()),
        _ => Whom::Device(address.to_canonical()),
    }
}

/// Things that are forgotten after a while, or the oldest of them where there are too many.
#[derive(Debug)]
struct Recent<K, V>(HashMap<K, (V, Instant)>);

impl<K, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Clone + Eq + Hash, V> Recent<K, V> {
    fn get<Q: Eq + Hash + ?Sized>(&mut self, key: &Q, lasts: Duration, now: Instant) -> Option<&V>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.0.get(key).filter(|(_, since)| now.duration_since(*since) < lasts).map(|(value, _)| value)
    }

    fn insert(&mut self, key: K, value: V, lasts: Duration, now: Instant) {
        if self.0.len() >= MOST {
            self.0.retain(|_, (_, since)| now.duration_since(*since) < lasts);
        }
        if self.0.len() >= MOST {
            let oldest = self.0.iter().min_by_key(|(_, (_, since))| *since).map(|(key, _)| key.clone());
            oldest.and_then(|oldest| self.0.remove(&oldest));
        }
        self.0.insert(key, (value, now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_recent_is_bounded_and_over_after_a_while() {
        let start = Instant::now();
        let mut recent = Recent::default();
        for number in 0..=MOST {
            recent.insert(number, (), OPEN, start + Duration::from_nanos(number as u64));
        }
        let soon = start + Duration::from_secs(1);
        assert_eq!(recent.0.len(), MOST);
        assert!(recent.get(&0, OPEN, soon).is_none(), "the oldest went");
        assert!(recent.get(&MOST, OPEN, soon).is_some());
        assert!(recent.get(&MOST, OPEN, soon + OPEN).is_none());
    }
}
