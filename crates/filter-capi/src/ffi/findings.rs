//! Findings: made once, filled by look-ups, read, freed.

use super::guard::guarded;
use super::pointers::{exclusive, put, put_sized, shared};
use crate::failure::{Failure, Status};
use crate::findings::{Finding, Findings};

/// Makes findings, with nothing in them, to be used again and again: one for each thread is enough.
///
/// # Safety
/// `findings` points to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn belisha_findings_new(findings: *mut *mut Findings) -> Status {
    guarded(|| {
        // SAFETY: the caller answers for the place.
        unsafe { put(findings, std::ptr::null_mut(), "findings") }?;
        let made = Box::into_raw(Box::default());
        // SAFETY: the same place, which is one.
        unsafe { put(findings, made, "findings") }
    })
}

/// Frees findings. Null is nothing to free. To use them afterwards, or to free them twice, cannot be noticed.
///
/// # Safety
/// `findings` came from `belisha_findings_new`, is not freed, and no other thread uses it; or it is null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn belisha_findings_free(findings: *mut Findings) {
    if findings.is_null() || !findings.is_aligned() {
        return;
    }
    guarded(|| {
        // SAFETY: the caller answers that it came from a box and is freed once.
        drop(unsafe { Box::from_raw(findings) });
        Ok(())
    });
}

/// Empties findings, and lets go of the ruleset that they came from: for a thread that will be idle for long. Null is
/// nothing to empty.
///
/// # Safety
/// `findings` is not freed, and no other thread uses it; or it is null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn belisha_findings_clear(findings: *mut Findings) {
    if !findings.is_null() {
        guarded(|| {
            // SAFETY: the caller answers for it.
            unsafe { exclusive(findings, "findings") }?.clear();
            Ok(())
        });
    }
}

/// How many findings there are; 0 for null.
///
/// # Safety
/// `findings` is not freed, and no other thread fills it; or it is null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn belisha_findings_count(findings: *const Findings) -> usize {
    // SAFETY: the caller answers for it.
    unsafe { shared(findings, "findings") }.map_or(0, Findings::count)
}

/// Gives a finding by its number, from 0: the lists with the broadest rules first. `size` is `sizeof(belisha_finding)`:
/// of a library that knows more, a program takes what its own header names; what this library does not know is zero.
///
/// # Safety
/// `findings` is not freed, and no other thread fills it; or it is null. `finding` points to `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn belisha_findings_get(
    findings: *const Findings,
    index: usize,
    finding: *mut Finding,
    size: usize,
) -> Status {
    guarded(|| {
        // SAFETY: the caller answers for it.
        let found = unsafe { shared(findings, "findings") }?.get(index)?;
        // SAFETY: the caller answers for the memory.
        unsafe { put_sized(finding, size, found, "finding") }
    })
}

/// How many lists hold paths of the host that was looked up, where only the host was; 0 for null.
///
/// # Safety
/// `findings` is not freed, and no other thread fills it; or it is null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn belisha_findings_path_category_count(findings: *const Findings) -> usize {
    // SAFETY: the caller answers for it.
    unsafe { shared(findings, "findings") }.map_or(0, |findings| findings.categories_of_paths().len())
}

/// Gives the category of a list that holds paths of the host, by its number, from 0. A request to this host may be held
/// or not: look up its URL as soon as that is known.
///
/// # Safety
/// `findings` is not freed, and no other thread fills it; or it is null. `category` points to a place for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn belisha_findings_path_category(
    findings: *const Findings,
    index: usize,
    category: *mut u32,
) -> Status {
    guarded(|| {
        // SAFETY: the caller answers for it.
        let all = unsafe { shared(findings, "findings") }?.categories_of_paths();
        let limit = all.len();
        let found = all.get(index).ok_or(Failure::Argument { name: "index", value: index, limit })?;
        // SAFETY: the caller answers for the place.
        unsafe { put(category, u32::from(*found), "category") }
    })
}
