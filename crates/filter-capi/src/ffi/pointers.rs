//! Pointers from C, which become references or errors.

use std::ffi::{CStr, c_char, c_void};
use std::path::Path;

use crate::failure::Failure;

/// Longest memory that one slice may cover.
const MOST: usize = isize::MAX.unsigned_abs();

/// What a pointer points to, for reading.
///
/// # Safety
/// A pointer that is neither null nor misaligned points to a `T` that nobody changes during the call.
#[inline]
pub(super) unsafe fn shared<'a, T>(pointer: *const T, name: &'static str) -> Result<&'a T, Failure> {
    if !pointer.is_aligned() {
        return Err(Failure::Null(name));
    }
    // SAFETY: it is aligned, and the caller answers for the rest.
    unsafe { pointer.as_ref() }.ok_or(Failure::Null(name))
}

/// Largest structure that a program may say it has: far above every one that there will be, and below what a
/// number that was never set would be.
const LARGEST: usize = 4096;

/// A size that a structure of the caller's header may have. A program that is older than this library has less than it; there
/// is none older than the first ABI yet.
fn check_size<T>(size: usize) -> Result<(), Failure> {
    if size < size_of::<T>() || size > LARGEST {
        return Err(Failure::Argument { name: "size", value: size, limit: size_of::<T>() });
    }
    Ok(())
}

/// Writes as much of a value as a program has place for, and zeros where it has more.
///
/// # Safety
/// A pointer that is neither null nor misaligned points to `size` bytes.
pub(super) unsafe fn put_sized<T: Copy>(
    pointer: *mut T,
    size: usize,
    value: T,
    name: &'static str,
) -> Result<(), Failure> {
    if pointer.is_null() || !pointer.is_aligned() {
        return Err(Failure::Null(name));
    }
    check_size::<T>(size)?;
    // SAFETY: it is neither null nor misaligned, and there is place for a `T`, as was just seen.
    unsafe { pointer.write(value) };
    // SAFETY: the `T` lies within the memory.
    let behind = unsafe { pointer.add(1) }.cast::<u8>();
    // SAFETY: what is behind the `T` belongs to the caller's `size` bytes.
    unsafe { behind.write_bytes(0, size - size_of::<T>()) };
    Ok(())
}

/// A structure that the caller filled. Where its header has more fields than this library knows, those say nothing.
///
/// # Safety
/// A pointer that is neither null nor misaligned points to `size` bytes that nobody changes during the call.
pub(super) unsafe fn sized<'a, T>(pointer: *const T, size: usize, name: &'static str) -> Result<&'a T, Failure> {
    if pointer.is_null() || !pointer.is_aligned() {
        return Err(Failure::Null(name));
    }
    check_size::<T>(size)?;
    // SAFETY: so many bytes hold a `T`.
    let known = unsafe { shared(pointer, name) }?;
    // SAFETY: the `T` lies within the caller's bytes.
    let behind = unsafe { pointer.add(1) }.cast::<u8>();
    // SAFETY: what is behind it belongs to the same `size` bytes.
    let behind = unsafe { std::slice::from_raw_parts(behind, size - size_of::<T>()) };
    if behind.iter().any(|byte| *byte != 0) {
        return Err(Failure::Argument { name: "size", value: size, limit: size_of::<T>() });
    }
    Ok(known)
}

/// What a pointer points to, for writing.
///
/// # Safety
/// A pointer that is neither null nor misaligned points to a `T` that nobody else uses during the call.
#[inline]
pub(super) unsafe fn exclusive<'a, T>(pointer: *mut T, name: &'static str) -> Result<&'a mut T, Failure> {
    if !pointer.is_aligned() {
        return Err(Failure::Null(name));
    }
    // SAFETY: it is aligned, and the caller answers for the rest.
    unsafe { pointer.as_mut() }.ok_or(Failure::Null(name))
}

/// Writes to where a pointer points, whatever is there now.
///
/// # Safety
/// A pointer that is neither null nor misaligned points to memory for a `T`.
#[inline]
pub(super) unsafe fn put<T>(pointer: *mut T, value: T, name: &'static str) -> Result<(), Failure> {
    if pointer.is_null() || !pointer.is_aligned() {
        return Err(Failure::Null(name));
    }
    // SAFETY: it is not null and aligned, and the caller answers for the memory.
    unsafe { pointer.write(value) };
    Ok(())
}

/// So many bytes.
///
/// # Safety
/// A pointer that is not null points to so many bytes that nobody changes during the call.
#[inline]
pub(super) unsafe fn bytes<'a>(data: *const c_void, length: usize, name: &'static str) -> Result<&'a [u8], Failure> {
    if data.is_null() {
        return Err(Failure::Null(name));
    }
    if length > MOST {
        return Err(Failure::Argument { name: "length", value: length, limit: MOST });
    }
    // SAFETY: it is not null, bytes are always aligned, the length is one that there can be, and the caller answers for
    // the rest.
    Ok(unsafe { std::slice::from_raw_parts(data.cast(), length) })
}

/// A file's name, which ends with a NUL.
///
/// # Safety
/// A pointer that is not null points to bytes up to a NUL that nobody changes during the call.
pub(super) unsafe fn file_name<'a>(pointer: *const c_char, name: &'static str) -> Result<&'a Path, Failure> {
    if pointer.is_null() {
        return Err(Failure::Null(name));
    }
    // SAFETY: it is not null, and the caller answers for the NUL.
    as_path(unsafe { CStr::from_ptr(pointer) })
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere not every name is one")]
fn as_path(name: &CStr) -> Result<&Path, Failure> {
    use std::os::unix::ffi::OsStrExt;
    Ok(Path::new(std::ffi::OsStr::from_bytes(name.to_bytes())))
}

#[cfg(not(unix))]
fn as_path(name: &CStr) -> Result<&Path, Failure> {
    let name = name.to_str().map_err(|_| std::io::Error::other("the name of the file is not UTF-8"))?;
    Ok(Path::new(name))
}
