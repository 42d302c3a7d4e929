//! The functions that C calls. Everything unsafe is here: pointers are looked at, become references or errors, and the
//! rest of the crate knows neither pointers nor C.

#![expect(unsafe_code, reason = "pointers from C")]
#![warn(clippy::undocumented_unsafe_blocks, clippy::multiple_unsafe_ops_per_block)]

mod canonical;
mod findings;
mod guard;
mod pointers;
mod rules;
mod version;

pub use canonical::*;
pub use findings::*;
pub use rules::*;
pub use version::*;
