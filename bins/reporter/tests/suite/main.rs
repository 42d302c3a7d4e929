//! The built reporter, driven as its users drive it.

mod backup;
mod journal;
mod keys;
mod support;
