//! What is open ends when who opened it may no longer be there.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, FixedOffset, Utc};
use tokio::time::sleep;

use crate::door::Still;
use crate::sign_in::{Pass, SignIns};

/// What the log says of what a guest's end has ended or refused.
pub(crate) const GUEST_EXPIRED: &str = "guest_expired";
/// What the log says of what was ended because the account may not be used any more.
const SWITCHED_OFF: &str = "account switched off";

/// The right of somebody to keep something open.
pub(crate) struct Stay {
    sign_ins: Arc<SignIns>,
    pass: Pass,
    look: Duration,
}

impl Stay {
    /// Looks so often whether anything about accounts has changed.
    pub(crate) fn new(sign_ins: Arc<SignIns>, pass: Pass, look: Duration) -> Self {
        Self { sign_ins, pass, look }
    }

    /// Returns when they may no longer be there, with what the log says of it.
    ///
    /// A guest's end is kept to the moment, wherever it has been moved to. A door that cannot say ends nothing but that.
    pub(crate) async fn over(self) -> &'static str {
        let mut until = self.pass.admitted.until;
        let mut known = self.pass.version;
        loop {
            let version = self.sign_ins.version();
            if version != known {
                match self.sign_ins.still(&self.pass.admitted).await {
                    Still::In(moved) => (until, known) = (moved, version),
                    Still::Out => return SWITCHED_OFF,
                    Still::Unknown => {}
                }
            }
            let left = left(until);
            if left == Some(Duration::ZERO) {
                return GUEST_EXPIRED;
            }
            sleep(left.map_or(self.look, |left| left.min(self.look))).await;
        }
    }
}

/// The same for what may have been opened by somebody who need not sign in: they may stay.
pub(crate) async fn over(stay: Option<Stay>) -> &'static str {
    match stay {
        Some(stay) => stay.over().await,
        None => std::future::pending().await,
    }
}

/// How long an account still lasts; `None` for one without an end.
pub(crate) fn left(until: Option<DateTime<FixedOffset>>) -> Option<Duration> {
    until.map(|until| until.signed_duration_since(Utc::now()).to_std().unwrap_or(Duration::ZERO))
}
