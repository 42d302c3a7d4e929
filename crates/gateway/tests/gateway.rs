//! The gateway over real sockets on loopback, with an origin that reads by the letter. One binary, one file a subject.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail like tests"
)]

mod support;

mod attacks;
mod curl;
mod door;
mod egress;
mod guests;
mod model;
mod pages;
mod plain;
mod running;
mod sign_in;
mod storm;
mod tunnels;
mod unlogged;
mod warnings;
