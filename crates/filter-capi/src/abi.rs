//! The numbers of the ABI, apart from the version of the library.

/// Grows with every change that a program built against an older header would not survive. It is in the name that
/// programs look for: `libbelisha.so.1`.
pub const BELISHA_ABI_MAJOR: u32 = 1;

/// Grows with every function, constant or field that is added.
pub const BELISHA_ABI_MINOR: u32 = 0;
