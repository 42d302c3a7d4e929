//! The built reporter, driven as its users drive it.

mod journal;
mod keys;
mod support;
