//! A round: what is owed to the holders of a key is owed to each of them, and each is told of what is owed to them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use belisha_policy::PersonId;
use belisha_store::journal::{Lease, TaskId};
use chrono::{DateTime, TimeDelta, Utc};

use super::mail::Transport;
use super::people::{Holders, Unreached, address};
use super::slip::{Mark, Slip};
use crate::authority::Authority;
use crate::ledger::{Ledger, LedgerError, Owed};

/// The name of the lease.
const LEASE: &str = "belisha reminders";
/// How long it is taken for; another process waits that long for one that ended without giving it back.
const LEASE_TIME: TimeDelta = TimeDelta::seconds(30);
/// The least time between two mails to one person.
const QUIET: TimeDelta = TimeDelta::minutes(15);
/// The first pause after a failure; each further one is twice as long.
const FIRST_PAUSE: TimeDelta = TimeDelta::seconds(5);
/// How often it is doubled at most: 85 minutes.
const MOST_DOUBLINGS: u32 = 10;

/// What became of a round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Whether another process does it.
    pub elsewhere: bool,
    /// How many mails were sent.
    pub sent: usize,
    /// How many could not be sent.
    pub failed: usize,
}

/// Tells people of what is owed to them.
pub struct Outbox<T> {
    ledger: Ledger,
    transport: T,
    authority: Authority,
    lease: Option<Lease>,
    /// A process that ends forgets them.
    paces: HashMap<PersonId, Pace>,
    /// What was last said of those who cannot be reached.
    said: Unreached,
}

/// When somebody may be told next.
#[derive(Clone, Copy, Debug, Default)]
struct Pace {
    not_before: Option<DateTime<Utc>>,
    failures: u32,
}

impl Pace {
    fn is_free(self, now: DateTime<Utc>) -> bool {
        self.not_before.is_none_or(|not_before| not_before <= now)
    }

    fn was_told(now: DateTime<Utc>) -> Self {
        Self { not_before: now.checked_add_signed(QUIET), failures: 0 }
    }

    fn failed(self, now: DateTime<Utc>) -> Self {
        let pause = FIRST_PAUSE * (1 << self.failures.min(MOST_DOUBLINGS));
        Self { not_before: now.checked_add_signed(pause), failures: self.failures.saturating_add(1) }
    }
}

impl<T: Transport> Outbox<T> {
    /// For a school.
    pub fn new(ledger: Ledger, transport: T) -> Self {
        Self {
            ledger,
            transport,
            authority: Authority::default(),
            lease: None,
            paces: HashMap::new(),
            said: Unreached::default(),
        }
    }

    /// Goes round once.
    ///
    /// # Errors
    /// Journal, keys or people cannot be read, or what was told of cannot be settled.
    pub fn go_round(&mut self, now: DateTime<Utc>) -> Result<Round, LedgerError> {
        if !self.has_lease()? {
            return Ok(Round { elsewhere: true, ..Round::default() });
        }
        self.authority.follow(&self.ledger)?;
        // Before what is owed: whoever is let into a circle after this is not among them, and what is kept from whoever was
        // let in before this is owed to others already.
        let holders = Holders::load(self.ledger.keys(), &self.authority, now)?;
        self.say_who_is_out_of_reach(&holders);
        let mut owed = self.ledger.owed(now)?;
        if self.divide(&owed, &holders)? {
            owed = self.ledger.owed(now)?;
        }
        self.tell(&owed, &holders, now)
    }

    /// Gives the lease back, so that another process need not wait.
    pub fn close(mut self) {
        if let Some(lease) = self.lease.take()
            && let Err(error) = self.ledger.journal().release(&lease)
        {
            tracing::debug!("the lease of the reminders ends by itself: {error}");
        }
    }

    /// Owes to each what was owed to all of them; whether there was anything. Whoever is interrupted does it again, and
    /// nothing is owed twice.
    fn divide(&self, owed: &[Owed], holders: &Holders) -> Result<bool, LedgerError> {
        let elsewhere = elsewhere(owed, holders);
        let mut is_divided = false;
        for owed in owed {
            let elsewhere = match slip(owed) {
                Some(Slip::InPlaceOf(_) | Slip::Tell(_)) => continue,
                Some(Slip::Remind(mark)) => elsewhere.get(&mark),
                // What cannot be opened is told of: once too often is better than not at all.
                None => None,
            };
            let handle: Vec<PersonId> = holders.handle(&owed.role).collect();
            let Ok(role) = owed.role.parse() else { continue };
            // It waits for somebody.
            if handle.is_empty() {
                continue;
            }
            for person in handle.into_iter().filter(|person| !elsewhere.is_some_and(|it| it.contains(person))) {
                let part = self.ledger.keys().fingerprint(&[b"belisha part 1", owed.id.as_bytes(), person.as_bytes()]);
                let part = TaskId::from_bytes(part.first_chunk().copied().unwrap_or_default());
                self.ledger.owe(part, &role, owed.due, &Slip::Tell(person).encode())?;
            }
            self.ledger.journal().delivered(owed.id)?;
            is_divided = true;
        }
        Ok(is_divided)
    }

    /// Sends a mail to each to whom something is owed, and settles it.
    fn tell(&mut self, owed: &[Owed], holders: &Holders, now: DateTime<Utc>) -> Result<Round, LedgerError> {
        // In no order.
        let mut waiting: HashMap<PersonId, Vec<TaskId>> = HashMap::new();
        for owed in owed {
            // Whoever handles such cases no more would find nothing.
            if let Some(Slip::Tell(person)) = slip(owed)
                && holders.handle(&owed.role).any(|it| it == person)
            {
                waiting.entry(person).or_default().push(owed.id);
            }
        }
        let mut round = Round::default();
        for (person, parts) in waiting {
            let pace = self.paces.get(&person).copied().unwrap_or_default();
            if !pace.is_free(now) || !self.has_lease()? {
                continue;
            }
            let Some(address) = address(&self.authority, person) else { continue };
            let sent = self.transport.remind(address);
            let pace = if sent.is_ok() { Pace::was_told(now) } else { pace.failed(now) };
            self.paces.insert(person, pace);
            match sent {
                Ok(()) => {
                    round.sent += 1;
                    for part in parts {
                        self.ledger.journal().delivered(part)?;
                    }
                }
                Err(error) => {
                    round.failed += 1;
                    tracing::warn!("somebody could not be reminded, and it is tried again: {error}");
                }
            }
        }
        Ok(round)
    }

    /// Whether this process has the lease, and will for a while.
    fn has_lease(&mut self) -> Result<bool, LedgerError> {
        let (now, journal) = (Utc::now(), self.ledger.journal());
        self.lease = match self.lease.take() {
            Some(lease) if lease.until() - now > LEASE_TIME / 2 => Some(lease),
            Some(lease) => journal.prolong(lease, now, LEASE_TIME)?,
            None => journal.lease(LEASE, now, LEASE_TIME)?,
        };
        Ok(self.lease.is_some())
    }

    fn say_who_is_out_of_reach(&mut self, holders: &Holders) {
        let unreached = Unreached::of(holders, &self.authority);
        if unreached != self.said {
            tracing::warn!("{unreached}");
            self.said = unreached;
        }
    }
}

/// What a task says; nothing where it cannot be opened.
fn slip(owed: &Owed) -> Option<Slip> {
    Slip::decode(owed.says.as_deref()?)
}

/// Who is not told of which stream, because they are told of the one that carries it on.
fn elsewhere(owed: &[Owed], holders: &Holders) -> BTreeMap<Mark, BTreeSet<PersonId>> {
    let mut elsewhere: BTreeMap<Mark, BTreeSet<PersonId>> = BTreeMap::new();
    for owed in owed {
        if let Some(Slip::InPlaceOf(mark)) = slip(owed) {
            elsewhere.entry(mark).or_default().extend(holders.of(&owed.role).iter().map(|holder| holder.person));
        }
    }
    elsewhere
}
