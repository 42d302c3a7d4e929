//! Everything about reading access logs, linked once. One file a subject. All lines are invented.
//!
//! The modules are marked as tests so that the lints know their helpers for what they are.

#[cfg(test)]
mod common;
#[cfg(test)]
mod detecting;
#[cfg(test)]
mod e2guardian;
#[cfg(test)]
mod opening;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod squid;
#[cfg(test)]
mod table;
