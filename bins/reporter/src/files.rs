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

/// Whether a new file can come to be there: asked before something is done that is not done twice.
pub(crate) fn is_free(out: &Path) -> Result<(), ExitCode> {
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let why = match out.symlink_metadata() {
        Ok(_) => "there is a file of this name",
        Err(_) if !folder.is_dir() => "there is no such folder",
        Err(_) => return Ok(()),
    };
    Err(fail(&format!("{}: {why}. Nothing was done", out.display()), 74))
}
