//! Nothing unwinds into C.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::failure::{Failure, Status};

/// Runs a call. What it fails with is noted for `belisha_last_error`; a panic is a failure too.
#[inline]
pub(super) fn guarded(call: impl FnOnce() -> Result<(), Failure>) -> Status {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(())) => Status::Ok,
        Ok(Err(failure)) => failure.noted(),
        Err(panic) => {
            // To drop what somebody panicked with could panic again.
            std::mem::forget(panic);
            Failure::Internal.noted()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ffi::belisha_last_error;
    use std::ffi::CStr;

    fn last_error() -> String {
        // SAFETY: it points to a text with a NUL, which lives until the next failure of this thread.
        unsafe { CStr::from_ptr(belisha_last_error()) }.to_string_lossy().into_owned()
    }

    #[test]
    fn a_panic_is_an_error() {
        struct Grenade;
        impl Drop for Grenade {
            fn drop(&mut self) {
                panic!("dropped");
            }
        }
        assert_eq!(guarded(|| std::panic::resume_unwind(Box::new(Grenade))), Status::Internal);
        assert_eq!(last_error(), "a mistake in the library was caught");
    }

    #[test]
    fn each_thread_has_its_own_last_error() {
        assert_eq!(guarded(|| Err(Failure::Freed)), Status::Freed);
        let elsewhere = std::thread::spawn(|| {
            let before = last_error();
            assert_eq!(guarded(|| Err(Failure::Memory(7))), Status::Memory);
            (before, last_error())
        });
        assert_eq!(elsewhere.join().unwrap(), (String::new(), "there is no memory for 7 bytes".into()));
        assert_eq!(last_error(), "the rules were freed");
    }
}
