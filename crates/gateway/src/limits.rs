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
    /// Without any answer of the door for so long, whoever waits for one is held to the strictest profile for pupils; and
    /// after four times as long, even where it goes on answering others.
    pub sign_in: Duration,
    /// Credentials that wait to be checked at one time, each counted once, and half as many of one address. Whoever
    /// brings more is asked to try again.
    pub sign_ins: usize,
    /// How often what somebody has opened who signed in is held against changes of accounts. A guest's end is kept to
    /// the moment.
    pub look: Duration,
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
            sign_in: Duration::from_secs(30),
            sign_ins: 1024,
            look: Duration::from_secs(15),
            drain: Duration::from_secs(10),
        }
    }
}
