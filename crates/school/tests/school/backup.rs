//! Backups: made while all goes on, restored only whole, and forgetting what was erased.

mod crash;
mod damage;
mod forgetting;
mod refusal;
mod round_trip;
mod support;
mod trust;
