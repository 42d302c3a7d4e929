//! For tests only: where the test data is, programs to drive, an origin and a mail server to reach, a browser, and built
//! binaries that end with the test.

#![expect(clippy::panic, clippy::expect_used, reason = "a test that cannot go on fails")]

mod browser;
mod files;
mod mail_server;
mod origin;
mod postgres;
mod process;

use std::path::{Path, PathBuf};
use std::process::Command;

pub use browser::Browser;
pub use files::stands_in_files;
pub use mail_server::{Mail, MailServer};
pub use origin::Origin;
pub use postgres::Postgres;
pub use process::{Finished, Running, binary, finish};

/// The folder of the test data: `BELISHA_TEST_DATA`, else `../shared/data` beside the workspace.
///
/// Where there is none, says so in one line and gives `None`, so that the test ends early on a user's machine.
///
/// # Panics
/// Where there is none and `BELISHA_REQUIRE_DATA=1`, as in continuous integration.
#[must_use]
pub fn test_data() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("BELISHA_TEST_DATA").map_or_else(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    let required = std::env::var_os("BELISHA_REQUIRE_DATA").is_some_and(|value| value == "1");
    assert!(!required, "BELISHA_REQUIRE_DATA=1, and there is no test data at {}", folder.display());
    println!("skipped: no test data at {} (set BELISHA_TEST_DATA)", folder.display());
    None
}

/// A program that a test drives, such as `curl`. Where it is absent, says so in one line and gives `None`.
///
/// # Panics
/// Where it is absent and `CI=true`.
#[must_use]
pub fn program(name: &str) -> Option<Command> {
    let found = std::env::var_os("PATH")
        .and_then(|path| std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file()));
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none_or(|value| value != "true"), "CI=true, and {name} is not installed");
        println!("skipped: {name} is not installed");
    }
    found.map(Command::new)
}

/// A `.zst` file of the test data, unpacked.
///
/// # Panics
/// Where it cannot be read.
#[must_use]
pub fn unpack(file: &Path) -> String {
    let packed = std::fs::File::open(file).expect("the file of the test data opens");
    let text = zstd::decode_all(packed).expect("the file of the test data is whole");
    String::from_utf8(text).expect("the file of the test data is text")
}
