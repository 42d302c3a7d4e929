//! Files that people ask for.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::ExitCode;

use crate::args::fail;

/// Writes a new file that its owner alone can read.
pub(crate) fn write(out: &Path, bytes: &[u8]) -> Result<(), ExitCode> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(out);
    let written = file.and_then(|mut file| file.write_all(bytes));
    written.map_err(|error| fail(&format!("{}: {error}", out.display()), 74))
}
