//! Canonical forms: what was looked up is what should be connected to and sent.

use std::ffi::c_char;

use belisha_filter::{Host, Target};

use super::guard::guarded;
use super::pointers::{bytes, put};
use crate::failure::{Failure, Status};

/// Longest canonical URL in bytes, without a NUL; longer ones are not URLs.
pub const BELISHA_MAX_URL: usize = 65_536;
/// Longest canonical host in bytes, without a NUL.
pub const BELISHA_MAX_HOST: usize = 253;

const _: () = assert!(BELISHA_MAX_URL == belisha_filter::MAX_URL && BELISHA_MAX_HOST == belisha_filter::MAX_NAME);

/// Writes the canonical form of a URL and a NUL. `written` gets its length without the NUL, also where the buffer is
/// too small and nothing is written to it (`BELISHA_STATUS_SPACE`); with a capacity of 0 the buffer may be null.
///
/// # Safety
/// `url` points to `length` bytes, `buffer` to `capacity` bytes, `written` to a place for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn belisha_url_canonical(
    url: *const c_char,
    length: usize,
    buffer: *mut c_char,
    capacity: usize,
    written: *mut usize,
) -> Status {
    guarded(|| {
        // SAFETY: the caller answers for the bytes.
        let url = unsafe { bytes(url.cast(), length, "url") }?;
        let text = Target::parse(url)?.to_string();
        // SAFETY: the caller answers for both places.
        unsafe { put_text(&text, buffer, capacity, written) }
    })
}

/// The same for a host; IPv6 without brackets.
///
/// # Safety
/// `host` points to `length` bytes, `buffer` to `capacity` bytes, `written` to a place for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn belisha_host_canonical(
    host: *const c_char,
    length: usize,
    buffer: *mut c_char,
    capacity: usize,
    written: *mut usize,
) -> Status {
    guarded(|| {
        // SAFETY: the caller answers for the bytes.
        let host = Host::parse(unsafe { bytes(host.cast(), length, "host") }?)?;
        // SAFETY: the caller answers for both places.
        unsafe { put_text(host.as_str(), buffer, capacity, written) }
    })
}

/// Writes a text and a NUL, and its length.
///
/// # Safety
/// `buffer` points to `capacity` bytes, or is null; `written` points to a place for a number, or is null.
unsafe fn put_text(text: &str, buffer: *mut c_char, capacity: usize, written: *mut usize) -> Result<(), Failure> {
    if buffer.is_null() && capacity > 0 {
        return Err(Failure::Null("buffer"));
    }
    // SAFETY: the caller answers for the place.
    unsafe { put(written, text.len(), "written") }?;
    if capacity <= text.len() {
        return Err(Failure::Space { capacity, needed: text.len() + 1 });
    }
    let buffer = buffer.cast::<u8>();
    // SAFETY: the buffer is not null, longer than the text, and not a part of it, which is ours.
    unsafe { buffer.copy_from_nonoverlapping(text.as_ptr(), text.len()) };
    // SAFETY: the capacity is above the text's length.
    let end = unsafe { buffer.add(text.len()) };
    // SAFETY: the same.
    unsafe { end.write(0) };
    Ok(())
}
