//! Rules: loaded, replaced, asked, freed.

use std::ffi::{c_char, c_void};
use std::ptr::{from_ref, null_mut};

use super::guard::guarded;
use super::pointers::{bytes, exclusive, file_name, put, put_sized, shared, sized};
use crate::failure::{Failure, Status};
use crate::findings::Findings;
use crate::loaded::Loaded;
use crate::request::{Asked, Request};
use crate::rules::{About, Rules};

/// Loads a ruleset from a file, checks every byte, and gives a handle for it, or null where that fails. The file may be
/// replaced afterwards: it is not read again. `path` ends with a NUL and is UTF-8 where the system has no file names
/// of bytes.
///
/// # Safety
/// `path` points to a text with a NUL, `rules` to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn belisha_rules_load_file(path: *const c_char, rules: *mut *mut Rules) -> Status {
    guarded(|| {
        // SAFETY: the caller answers for the NUL.
        let loaded = || Loaded::from_file(unsafe { file_name(path, "path") }?);
        // SAFETY: the caller answers for the place.
        unsafe { load(rules, loaded) }
    })
}

/// The same from `length` bytes in memory, which are copied.
///
/// # Safety
/// `data` points to so many bytes, `rules` to a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn belisha_rules_load_memory(
    data: *const c_void,
    length: usize,
    rules: *mut *mut Rules,
) -> Status {
    guarded(|| {
        // SAFETY: the caller answers for the bytes.
        let loaded = || Loaded::from_memory(unsafe { bytes(data, length, "data") }?);
        // SAFETY: the caller answers for the place.
        unsafe { load(rules, loaded) }
    })
}

/// Replaces the rules of a handle by a ruleset from a file, in one step: each look-up sees the old or the new, and none
/// waits. Where it fails, the rules are what they were.
///
/// # Safety
/// `rules` is a handle, freed or not, or null; `path` points to a text with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn belisha_rules_reload_file(rules: *mut Rules, path: *const c_char) -> Status {
    guarded(|| {
        // SAFETY: handles are never given back, and everything in them may be shared.
        let rules = unsafe { shared(rules, "rules") }?;
        // SAFETY: the caller answers for the NUL.
        let path = unsafe { file_name(path, "path") }?;
        rules.replace(Loaded::from_file(path)?)
    })
}

/// The same from `length` bytes in memory, which are copied.
///
/// # Safety
/// `rules` is a handle, freed or not, or null; `data` points to so many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn belisha_rules_reload_memory(rules: *mut Rules, data: *const c_void, length: usize) -> Status {
    guarded(|| {
        // SAFETY: handles are never given back, and everything in them may be shared.
        let rules = unsafe { shared(rules, "rules") }?;
        // SAFETY: the caller answers for the bytes.
        let data = unsafe { bytes(data, length, "data") }?;
        rules.replace(Loaded::from_memory(data)?)
    })
}

/// Lets go of the rules of a handle. Look-ups that run finish; findings keep the rules that they came from; every later
/// call with the handle gives `BELISHA_STATUS_FREED`, a second free too. A few bytes stay for ever, so that this can be
/// said: to change rules, reload. Null is nothing to free.
///
/// # Safety
/// `rules` is a handle, freed or not, or null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn belisha_rules_free(rules: *mut Rules) -> Status {
    if rules.is_null() {
        return Status::Ok;
    }
    // SAFETY: handles are never given back, and everything in them may be shared.
    guarded(|| unsafe { shared(rules, "rules") }?.free())
}

/// Tells about the rules in force. `size` is `sizeof(belisha_about)`: of a library that knows more, a program takes what
/// its own header names; what this library does not know is zero.
///
/// # Safety
/// `rules` is a handle, freed or not, or null; `about` points to `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn belisha_rules_about(rules: *const Rules, about: *mut About, size: usize) -> Status {
    guarded(|| {
        // SAFETY: handles are never given back, and everything in them may be shared.
        let rules = unsafe { shared(rules, "rules") }?;
        // SAFETY: the caller answers for the memory.
        unsafe { put_sized(about, size, rules.about()?, "about") }
    })
}

/// Fills findings with every list of the rules in force, in order, each with kind `BELISHA_RULE_KIND_NONE` and an empty
/// rule: for a page of licences, or to see what is covered.
///
/// # Safety
/// `rules` is a handle, freed or not, or null; `findings` is not freed, and no other thread uses it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn belisha_rules_lists(rules: *const Rules, findings: *mut Findings) -> Status {
    // SAFETY: the caller answers for both.
    unsafe { filled(rules, findings, Rules::lists) }
}

/// Looks up a URL: any bytes, in any spelling that a browser takes. Afterwards `findings` holds each list that has a
/// rule for it, with the broadest of its rules; after a failure it holds nothing.
///
/// # Safety
/// `rules` is a handle, freed or not, or null; `url` points to `length` bytes; `findings` is not freed, and no other
/// thread uses it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn belisha_rules_look_up_url(
    rules: *const Rules,
    url: *const c_char,
    length: usize,
    findings: *mut Findings,
) -> Status {
    let fill = |rules: &Rules, findings: &mut Findings| {
        // SAFETY: the caller answers for the bytes.
        rules.look_up_url(unsafe { bytes(url.cast(), length, "url") }?, findings)
    };
    // SAFETY: the caller answers for the handles.
    unsafe { filled(rules, findings, fill) }
}

/// Looks up a request of which more is known than its URL, as `belisha_rules_look_up_url` does a URL. `size` is
/// `sizeof(belisha_request)`; fields that a later header has and this library does not know have to be zeros.
///
/// # Safety
/// `rules` is a handle, freed or not, or null; `request` points to `size` bytes, and what it points to has the lengths that it
/// says; `findings` is not freed, and no other thread uses it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn belisha_rules_look_up_request(
    rules: *const Rules,
    request: *const Request,
    size: usize,
    findings: *mut Findings,
) -> Status {
    let fill = |rules: &Rules, findings: &mut Findings| {
        // SAFETY: the caller answers for the structure.
        let request = unsafe { sized(request, size, "request") }?;
        // SAFETY: the caller answers for the bytes.
        let url = unsafe { bytes(request.url.cast(), request.url_length, "url") }?;
        let page = (!request.page.is_null()).then(|| {
            // SAFETY: the same.
            unsafe { bytes(request.page.cast(), request.page_length, "page") }
        });
        let asked = Asked::read(url, page.transpose()?, request.party, request.kind)?;
        rules.look_up_request(&asked, findings)
    };
    // SAFETY: the caller answers for the handles.
    unsafe { filled(rules, findings, fill) }
}

/// Looks up a host of which no path is known, as at CONNECT or in a DNS question: a name, or an address, IPv6 with or
/// without brackets. Rules for paths of it show as `belisha_findings_path_category`: whether they hold the request is
/// known when its URL is.
///
/// # Safety
/// `rules` is a handle, freed or not, or null; `host` points to `length` bytes; `findings` is not freed, and no other
/// thread uses it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn belisha_rules_look_up_host(
    rules: *const Rules,
    host: *const c_char,
    length: usize,
    findings: *mut Findings,
) -> Status {
    let fill = |rules: &Rules, findings: &mut Findings| {
        // SAFETY: the caller answers for the bytes.
        rules.look_up_host(unsafe { bytes(host.cast(), length, "host") }?, findings)
    };
    // SAFETY: the caller answers for the handles.
    unsafe { filled(rules, findings, fill) }
}

/// Gives a handle for what was loaded.
///
/// # Safety
/// `rules` points to a place for a pointer, or is null.
unsafe fn load(rules: *mut *mut Rules, load: impl FnOnce() -> Result<Loaded, Failure>) -> Result<(), Failure> {
    // SAFETY: the caller answers for the place.
    unsafe { put(rules, null_mut(), "rules") }?;
    let handle = from_ref(Rules::new(load()?)).cast_mut();
    // SAFETY: the same place.
    unsafe { put(rules, handle, "rules") }
}

/// Fills findings, and empties them where that fails.
///
/// # Safety
/// `rules` is a handle, freed or not, or null; `findings` is not freed, and no other thread uses it.
#[inline]
unsafe fn filled(
    rules: *const Rules,
    findings: *mut Findings,
    fill: impl FnOnce(&Rules, &mut Findings) -> Result<(), Failure>,
) -> Status {
    // SAFETY: the caller answers for it.
    let findings = match unsafe { exclusive(findings, "findings") } {
        Ok(findings) => findings,
        Err(failure) => return failure.noted(),
    };
    findings.said.forget();
    let status = guarded(|| {
        // SAFETY: handles are never given back, and everything in them may be shared.
        let rules = unsafe { shared(rules, "rules") }?;
        fill(rules, findings)
    });
    if status != Status::Ok {
        findings.said.forget();
    }
    status
}
