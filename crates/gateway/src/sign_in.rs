//! Asking the door: few at a time, each credential once however many requests bring it, and no longer than a lesson
//! can wait.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use tokio::sync::{OnceCell, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use crate::credentials::Credentials;
use crate::door::{Admitted, Checked, Door, Still};
use crate::limits::Limits;
use crate::remembered::{Name, Namer, Remembered};

/// So many times the patience there is may pass while the door goes on answering others.
const SPELLS: usize = 4;
/// Longest that a door's wish to wait is followed at once; in all it may take half of the patience there is.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// So often somebody is checked again whose account was changed while they were being checked.
const AGAIN: usize = 3;
/// How long nobody waits for a door that was waited for in vain.
const STUCK: Duration = Duration::from_secs(30);
/// How long a question about somebody who has something open may take.
const STILL: Duration = Duration::from_secs(10);

/// The answer to what a request shows.
#[derive(Clone, Debug)]
pub(crate) enum Entry {
    /// Let in; their account may have come to its end.
    In(Pass),
    /// Not let in.
    No,
    /// Too many are waiting.
    Busy,
    /// Nobody can say.
    Unavailable,
}

/// Somebody who was let in, and under which version of the accounts.
#[derive(Clone, Debug)]
pub(crate) struct Pass {
    pub(crate) admitted: Arc<Admitted>,
    pub(crate) version: u64,
}

/// See the module.
pub(crate) struct SignIns {
    door: Arc<dyn Door>,
    namer: Namer,
    remembered: Mutex<Remembered>,
    waiting: Mutex<HashMap<Waiting, Arc<OnceCell<Entry>>>>,
    lanes: Arc<Semaphore>,
    /// For the questions about what is open, which must not wait behind those who come in.
    side_lanes: Arc<Semaphore>,
    patience: Duration,
    most_waiting: usize,
    answers: Arc<AtomicU64>,
    stuck: Mutex<Option<Stuck>>,
}

/// A credential that is being checked: under one version of the accounts, for one address.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Waiting {
    name: Name,
    from: IpAddr,
    version: u64,
}

/// The door was waited for in vain: when, and how many answers it had given by then.
#[derive(Clone, Copy)]
struct Stuck {
    since: Instant,
    answers: u64,
}

impl SignIns {
    /// In front of a door.
    pub(crate) fn new(door: Arc<dyn Door>, limits: &Limits) -> Result<Self, getrandom::Error> {
        let cores = available_parallelism().map_or(2, usize::from);
        Ok(Self {
            door,
            namer: Namer::new()?,
            remembered: Mutex::default(),
            waiting: Mutex::default(),
            lanes: Arc::new(Semaphore::new(cores.max(2))),
            side_lanes: Arc::new(Semaphore::new(2)),
            patience: limits.sign_in,
            most_waiting: limits.sign_ins,
            answers: Arc::default(),
            stuck: Mutex::default(),
        })
    }

    /// The version of the accounts now.
    pub(crate) fn version(&self) -> u64 {
        self.door.version()
    }

    /// Somebody who was let in of late with these credentials. Costs a hash and a look-up.
    pub(crate) fn remembered(&self, credentials: &Credentials) -> Option<Pass> {
        self.recall(&self.namer.name(credentials))
    }

    fn recall(&self, name: &Name) -> Option<Pass> {
        let (mut remembered, version) = self.memory();
        remembered.get(name, Instant::now()).map(|admitted| Pass { admitted, version })
    }

    /// What is remembered, moved to the version that the accounts have now. The number is read with the lock held: of two
    /// that look, the second never sees the older one.
    fn memory(&self) -> (MutexGuard<'_, Remembered>, u64) {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let version = self.door.version();
        remembered.move_to(version);
        (remembered, version)
    }

    /// Whether these credentials let somebody in. Remembered where they did of late; else the door is asked, once for
    /// all requests that bring them at the same time.
    pub(crate) async fn check(&self, credentials: &Arc<Credentials>, from: IpAddr) -> Entry {
        let name = self.namer.name(credentials);
        if let Some(pass) = self.recall(&name) {
            return Entry::In(pass);
        }
        if self.is_stuck() {
            return Entry::Unavailable;
        }
        let Some(place) = self.queue(Waiting { name: name.clone(), from, version: self.door.version() }) else {
            return Entry::Busy;
        };
        let mut answer = pin!(place.answer.get_or_init(|| self.ask(credentials, from, &name)));
        for _ in 0..SPELLS {
            let before = self.answers.load(Ordering::Relaxed);
            if let Ok(entry) = timeout(self.patience, &mut answer).await {
                return entry.clone();
            }
            // A door that answers others has much to do; it is not away.
            if self.answers.load(Ordering::Relaxed) == before {
                self.note_stuck();
                break;
            }
        }
        Entry::Unavailable
    }

    /// A place among those who wait, beside others with the same credentials or of one's own if there is room.
    fn queue(&self, key: Waiting) -> Option<Place<'_>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        // No device takes all the room.
        let of_address = || waiting.keys().filter(|other| other.from == key.from).count();
        let is_full = waiting.len() >= self.most_waiting || of_address() >= self.most_waiting.div_ceil(2);
        let answer = match waiting.entry(key.clone()) {
            Slot::Occupied(slot) => slot.get().clone(),
            Slot::Vacant(_) if is_full => return None,
            Slot::Vacant(slot) => slot.insert(Arc::default()).clone(),
        };
        Some(Place { of: self, key, answer })
    }

    /// Asks the door, and again as it wishes, or where the accounts changed meanwhile.
    async fn ask(&self, credentials: &Arc<Credentials>, from: IpAddr, name: &Name) -> Entry {
        let (mut waited, mut again) = (Duration::ZERO, 0);
        loop {
            let version = self.door.version();
            match self.knock(credentials.clone(), from).await {
                Checked::Wait(wish) => {
                    let wait = wish.min(LONGEST_WAIT);
                    waited += wait;
                    if waited > self.patience / 2 {
                        return Entry::No;
                    }
                    sleep(wait).await;
                }
                Checked::In(admitted) => {
                    let pass = Pass { admitted: Arc::new(admitted), version };
                    if self.remember(name, &pass) {
                        return Entry::In(pass);
                    }
                    // They were let in by what held a moment ago.
                    again += 1;
                    if again > AGAIN {
                        return Entry::Busy;
                    }
                }
                Checked::No => return Entry::No,
                Checked::Unavailable => return Entry::Unavailable,
            }
        }
    }

    /// Remembers somebody, unless the accounts changed while they were being checked.
    fn remember(&self, name: &Name, pass: &Pass) -> bool {
        let (mut remembered, version) = self.memory();
        let holds = version == pass.version;
        if holds {
            remembered.insert(name.clone(), pass.admitted.clone(), Instant::now());
        }
        holds
    }

    /// One question to the door, in one of its lanes. A door that falls over is a door that cannot be asked.
    async fn knock(&self, credentials: Arc<Credentials>, from: IpAddr) -> Checked {
        // The semaphore is never closed.
        let Ok(lane) = self.lanes.clone().acquire_owned().await else { return Checked::Unavailable };
        let (door, answers) = (self.door.clone(), self.answers.clone());
        let asked = spawn_blocking(move || {
            let _lane = lane;
            let answer = door.check(&credentials.login, &credentials.password, from);
            // Counted here: whoever asked may not be waiting any more.
            answers.fetch_add(1, Ordering::Relaxed);
            answer
        });
        asked.await.unwrap_or_else(|error| {
            tracing::error!(%error, "a check of credentials was dropped by a fault of the program");
            Checked::Unavailable
        })
    }

    /// Whether somebody who has something open may go on.
    pub(crate) async fn still(&self, admitted: &Arc<Admitted>) -> Still {
        let ask = async {
            let Ok(lane) = self.side_lanes.clone().acquire_owned().await else { return Still::Unknown };
            let (door, admitted) = (self.door.clone(), admitted.clone());
            let asked = spawn_blocking(move || {
                let _lane = lane;
                door.still(&admitted)
            });
            asked.await.unwrap_or(Still::Unknown)
        };
        timeout(STILL, ask).await.unwrap_or(Still::Unknown)
    }

    /// Whether the door was waited for in vain of late and has said nothing since. Now and then one may try.
    fn is_stuck(&self) -> bool {
        let mut stuck = self.stuck.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(last) = *stuck else { return false };
        if self.answers.load(Ordering::Relaxed) != last.answers {
            *stuck = None;
            return false;
        }
        if last.since.elapsed() < STUCK {
            return true;
        }
        *stuck = Some(Stuck { since: Instant::now(), ..last });
        false
    }

    fn note_stuck(&self) {
        let mut stuck = self.stuck.lock().unwrap_or_else(PoisonError::into_inner);
        *stuck = Some(Stuck { since: Instant::now(), answers: self.answers.load(Ordering::Relaxed) });
    }
}

/// A place among those who wait; given up when dropped.
struct Place<'a> {
    of: &'a SignIns,
    key: Waiting,
    answer: Arc<OnceCell<Entry>>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut waiting = self.of.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let Slot::Occupied(slot) = waiting.entry(self.key.clone()) else { return };
        // The map's and this one: nobody else waits. An answer that is there is for those who waited, and not for those
        // who come later.
        let is_last = Arc::strong_count(&self.answer) <= 2;
        if Arc::ptr_eq(slot.get(), &self.answer) && (is_last || self.answer.initialized()) {
            slot.remove();
        }
    }
}
