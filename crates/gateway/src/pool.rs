//! Connections to origins that wait for another request to the same host and port.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use belisha_filter::Host;
use hyper::client::conn::http1::SendRequest;

use crate::body::Upload;
use crate::egress::PublicAddr;

/// How long a connection waits.
const WAIT: Duration = Duration::from_secs(15);

/// What a connection is good for: this very host and port, as they were ruled on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Origin {
    pub(crate) host: Host,
    pub(crate) port: u16,
}

/// The waiting connections.
pub(crate) struct Pool {
    waiting: Mutex<HashMap<Origin, Vec<Waiting>>>,
    most: usize,
}

struct Waiting {
    sender: SendRequest<Upload>,
    address: PublicAddr,
    since: Instant,
}

/// A connection in use. Dropped, it is closed.
pub(crate) struct Borrowed {
    pub(crate) sender: SendRequest<Upload>,
    address: PublicAddr,
    origin: Origin,
    pool: Arc<Pool>,
    /// Somebody has signed in to the origin by means of the connection itself (NTLM does): it is nobody else's.
    pub(crate) is_personal: bool,
}

impl Pool {
    /// A pool in which so many connections may wait, a quarter of them for one host.
    pub(crate) fn new(most: usize) -> Self {
        Self { waiting: Mutex::default(), most }
    }

    /// A connection that waits, to an address that still may be dialled.
    pub(crate) fn take(self: &Arc<Self>, origin: &Origin, permitted: impl Fn(PublicAddr) -> bool) -> Option<Borrowed> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let of_host = waiting.get_mut(origin)?;
        while let Some(Waiting { sender, address, since }) = of_host.pop() {
            // One that is not ready is at its end, or has something to say that nobody asked for.
            if sender.is_ready() && since.elapsed() < WAIT && permitted(address) {
                return Some(Borrowed {
                    sender,
                    address,
                    origin: origin.clone(),
                    pool: self.clone(),
                    is_personal: false,
                });
            }
        }
        waiting.remove(origin);
        None
    }

    /// A new connection.
    pub(crate) fn lend(self: &Arc<Self>, sender: SendRequest<Upload>, address: PublicAddr, origin: Origin) -> Borrowed {
        Borrowed { sender, address, origin, pool: self.clone(), is_personal: false }
    }

    /// Closes what has waited too long.
    pub(crate) fn sweep(&self) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|_, of_host| {
            of_host.retain(|one| one.since.elapsed() < WAIT && !one.sender.is_closed());
            !of_host.is_empty()
        });
    }
}

impl Borrowed {
    /// Lets the connection wait for another request.
    pub(crate) fn give_back(self) {
        let Self { sender, address, origin, pool, is_personal } = self;
        if is_personal || sender.is_closed() {
            return;
        }
        let mut waiting = pool.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.values().map(Vec::len).sum::<usize>() >= pool.most {
            return;
        }
        let of_host = waiting.entry(origin).or_default();
        if of_host.len() < pool.most.div_ceil(4) {
            of_host.push(Waiting { sender, address, since: Instant::now() });
        }
    }
}
