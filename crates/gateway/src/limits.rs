//! How much and how long.

use std::time::Duration;

/// Bounds of a gateway. The defaults are meant for a school.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections of clients at one time, or fewer where file descriptors are scarce; further ones wait to be accepted.
    pub connections: usize,
    /// From the last answer, or the beginning, to the end of a request's head.
    pub head: Duration,
    /// Waiting for a client within a body, or for it to take an answer, in all for every 4 KiB.
    pub stall: Duration,
    /// Resolving the name of an origin and connecting to it.
    pub dial: Duration,
    /// From a request, once all of it has been sent, to the head of the origin's answer.
    pub answer: Duration,
    /// From the opening of a tunnel to the end of the `ClientHello`.
    pub hello: Duration,
    /// A tunnel, or an answer under way, in which nothing moves.
    pub idle: Duration,
    /// Requests and tunnels that are open when the gateway is told to stop.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            head: Duration::from_secs(30),
            stall: Duration::from_secs(30),
            dial: Duration::from_secs(10),
            answer: Duration::from_mins(2),
            hello: Duration::from_secs(10),
            idle: Duration::from_mins(10),
            drain: Duration::from_secs(10),
        }
    }
}
