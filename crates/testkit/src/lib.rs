//! For tests only: where the test data is.

use std::path::{Path, PathBuf};

/// The folder of the test data: `BELISHA_TEST_DATA`, else `../shared/data` beside the workspace.
///
/// Where there is none, says so in one line and gives `None`, so that the test ends early on a user's machine.
///
/// # Panics
/// Where there is none and `BELISHA_REQUIRE_DATA=1`, as in continuous integration.
#[must_use]
#[expect(clippy::panic, reason = "a missing folder must fail the test that asked for it")]
pub fn test_data() -> Option<PathBuf> {
    let folder = std::env::var_os("BELISHA_TEST_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    if folder.is_dir() {
        return Some(folder);
    }
    if std::env::var_os("BELISHA_REQUIRE_DATA").is_some_and(|value| value == "1") {
        panic!("BELISHA_REQUIRE_DATA=1, and there is no test data at {}", folder.display());
    }
    println!("skipped: no test data at {} (set BELISHA_TEST_DATA)", folder.display());
    None
}
