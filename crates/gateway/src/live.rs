//! What the proxy goes by, replaceable while it runs.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use belisha_filter::{AlignedBytes, Host, Ruleset};
use belisha_policy::Policy;
use tokio::net::TcpStream;

use crate::dial::{self, DialError};
use crate::door::Door;
use crate::egress::{Egress, PublicAddr};

/// What the proxy goes by.
#[derive(Debug)]
pub struct State {
    /// The rules; without any, everything is refused with a page that says so.
    pub rules: Option<Ruleset<AlignedBytes>>,
    /// Who is asking, and what they may reach.
    pub policy: Policy,
    /// Where connections may go.
    pub egress: Egress,
    /// The name of the school, for the pages that people see.
    pub school: String,
    /// Where the console of the school is, which has a page for those who are worried: `https://belisha.amberhill.example`.
    pub console: Option<String>,
    /// Whether pupils are refused, help sites aside, while the log takes no records. Without it they are served, and
    /// what they do is not recorded.
    pub refuse_unlogged: bool,
}

/// A [`State`] that can be replaced while requests are answered.
///
/// A request is answered whole by the state that was there when it came; a replacement ends no connection.
pub struct Live {
    state: ArcSwap<State>,
    door: Option<Arc<dyn Door>>,
    listeners: Mutex<Arc<[SocketAddr]>>,
}

impl Live {
    /// Starts with a state.
    pub fn new(state: State) -> Self {
        Self { state: ArcSwap::from_pointee(state), door: None, listeners: Mutex::new(Arc::new([])) }
    }

    /// With somebody who knows the accounts, for networks that ask. Where nobody does, whoever comes from such a network
    /// is not asked, and held to the strictest profile for pupils.
    #[must_use]
    pub fn with_door(self, door: Arc<dyn Door>) -> Self {
        Self { door: Some(door), ..self }
    }

    pub(crate) fn door(&self) -> Option<&Arc<dyn Door>> {
        self.door.as_ref()
    }

    /// Puts another state in its place, for every request that comes from now on.
    pub fn replace(&self, state: State) {
        self.state.store(Arc::new(state));
    }

    /// The state as it is now.
    pub fn load(&self) -> Arc<State> {
        self.state.load_full()
    }

    /// Remembers an address at which the proxy listens: it is never dialled.
    pub(crate) fn add_listener(&self, address: SocketAddr) {
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        *listeners = listeners.iter().copied().chain([address]).collect();
    }

    /// Connects to an origin, as the egress rules of `state` allow.
    pub(crate) async fn dial(
        &self,
        state: &State,
        host: &Host,
        port: u16,
        limit: Duration,
    ) -> Result<(TcpStream, PublicAddr), DialError> {
        dial::dial(&state.egress, &self.listeners(), host, port, limit).await
    }

    /// Whether a connection that was made earlier might still be made under `state`.
    pub(crate) fn still_permits(&self, state: &State, address: PublicAddr) -> bool {
        dial::permit(&state.egress, &self.listeners(), address.get()).is_ok()
    }

    fn listeners(&self) -> Arc<[SocketAddr]> {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Nothing of the door.
impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").field("state", &self.state).finish_non_exhaustive()
    }
}
