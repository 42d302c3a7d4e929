//! Requests of the past, as logs of other products tell of them: who asked for what, and what is said of it under rules
//! and a policy, at the time at which it was asked.
//!
//! The log import and the what-if replay are made of this. It decides nothing: `belisha_policy::decide` does, on what
//! the proxy would see of the request, as for `belisha-proxy check`.

mod asking;
mod judging;
mod log;
mod web;

pub(crate) use self::asking::{Askers, Person};
pub(crate) use self::judging::{Judge, Judged, Line};
pub(crate) use self::log::{From, Input, OpenedLog, Reading, open};
pub use belisha_formats::access_log::Column;

pub use self::log::{LogError, LogFormat, UnknownFormat, column};
pub(crate) use self::web::{HostId, Hosts, Web};
