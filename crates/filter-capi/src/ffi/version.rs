//! Which library this is, and what went wrong last.

use std::ffi::c_char;

use crate::abi::{BELISHA_ABI_MAJOR, BELISHA_ABI_MINOR};
use crate::failure;

/// The version of the library, such as `0.1.0`: for people to read.
#[unsafe(no_mangle)]
pub extern "C" fn belisha_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// The ABI of the library that runs: `BELISHA_ABI_MAJOR` in the upper 16 bits, `BELISHA_ABI_MINOR` in the lower. A
/// program may use a library whose upper half is that of its header and whose lower half is not below.
#[unsafe(no_mangle)]
pub extern "C" fn belisha_abi_version() -> u32 {
    BELISHA_ABI_MAJOR << 16 | BELISHA_ABI_MINOR
}

/// Why the last call of this thread that failed did so, in a sentence that ends with a NUL; empty where none did. It
/// lives until the next failure in this thread. A call that succeeds leaves it as it is.
#[unsafe(no_mangle)]
pub extern "C" fn belisha_last_error() -> *const c_char {
    failure::last_error().cast()
}
