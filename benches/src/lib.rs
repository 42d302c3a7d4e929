//! What the benches share: a clock that counts a thread's own time, the real data, and the rivals.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a bench without its data ends at once")]

pub mod ad_requests;
pub mod cpu_time;
pub mod data;
pub mod rivals;
