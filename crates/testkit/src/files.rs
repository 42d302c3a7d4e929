//! What stands in files.

use std::fs;
use std::path::Path;

/// Whether a text stands anywhere in the files of a folder, as it is.
///
/// # Panics
/// Where they cannot be read.
#[must_use]
pub fn stands_in_files(folder: &Path, text: &str) -> bool {
    fs::read_dir(folder).expect("the folder can be read").any(|entry| {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            return stands_in_files(&path, text);
        }
        let bytes = fs::read(&path).expect("the file can be read");
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}
