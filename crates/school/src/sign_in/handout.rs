//! The sheet with which passwords are handed out: for nobody but whoever made it, and to be destroyed.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// A line of it.
pub struct Line<'a> {
    /// What the person is called.
    pub name: &'a str,
    /// The class, for pupils.
    pub class: &'a str,
    /// What they type to sign in.
    pub login: &'a str,
    /// The password.
    pub password: &'a str,
}

/// A sheet that is still empty: made before any password is given, so that none is given for nothing.
#[derive(Debug)]
pub struct Sheet {
    path: PathBuf,
    file: File,
}

impl Sheet {
    /// Makes a file that its owner alone may read. One that is there is never written over.
    pub fn create(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Writes the passwords. When this returns they are on the disk.
    pub fn write<'a>(mut self, lines: impl Iterator<Item = Line<'a>>) -> io::Result<()> {
        let mut text = Zeroizing::new(String::from("name,class,user name,password\r\n"));
        for line in lines {
            let cells = [line.name, line.class, line.login, line.password].map(cell);
            text.push_str(&cells.join(","));
            text.push_str("\r\n");
        }
        self.file.write_all(text.as_bytes())?;
        self.file.sync_all()
    }

    /// Takes it away again, where no password was given.
    pub fn discard(self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// A cell that no spreadsheet takes for a formula, and that keeps its text.
fn cell(text: &str) -> String {
    let formula = ['=', '+', '-', '@', '\t', '\r', '\n', '\u{FF1D}', '\u{FF0B}', '\u{FF0D}', '\u{FF20}'];
    let guarded = if text.starts_with(formula) { format!("'{text}") } else { text.to_owned() };
    format!("\"{}\"", guarded.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_sheet_is_its_owners_and_runs_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("year-4.csv");
        let line = Line { name: "=HYPERLINK(\"x\")", class: "4A", login: "ada", password: "acorn-river-0042" };
        Sheet::create(&path).unwrap().write(std::iter::once(line)).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("\"'=HYPERLINK(\"\"x\"\")\",\"4A\",\"ada\",\"acorn-river-0042\""), "{text}");
        // A second one does not write over the first.
        assert!(Sheet::create(&path).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
}
