//! A school in a folder, and the built programs on it.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use belisha_testkit::{Finished, binary, finish};
use tempfile::TempDir;

const REPORTER: &str = env!("CARGO_BIN_EXE_belisha-reporter");

const SETTINGS: &str = "[school]\nname = \"Amber Hill School\"\n[groups]\nyear-4 = \"pupils\"\n";

/// A data folder that goes away with the test.
pub(crate) struct School {
    folder: TempDir,
}

impl School {
    /// A school with one imported list, so that something stands in its journal.
    pub(crate) fn new() -> Self {
        let school = Self { folder: TempDir::new().unwrap() };
        school.write_settings(SETTINGS);
        let list = school.path().join("games.txt");
        fs::write(&list, "chess.example\n").unwrap();
        let mut importer = binary(REPORTER, "belisha-importer");
        let done = finish(importer.arg("--data").arg(school.path()).args(["lists", "--category", "games"]).arg(list));
        assert_eq!(done.code, 0, "{}", done.err);
        school
    }

    /// A folder with nothing in it.
    pub(crate) fn empty() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write_settings(&self, text: &str) {
        fs::write(self.path().join("school.toml"), text).unwrap();
    }

    /// Runs the reporter on this school.
    pub(crate) fn reporter(&self, arguments: &[&str]) -> Finished {
        finish(Command::new(REPORTER).arg("--data").arg(self.path()).args(arguments))
    }

    /// The same, with lines on its standard input.
    pub(crate) fn reporter_told(&self, arguments: &[&str], lines: &str) -> Finished {
        let mut command = Command::new(REPORTER);
        command.arg("--data").arg(self.path()).args(arguments);
        let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = pipes.spawn().unwrap();
        // A program that refuses before it reads has closed its end.
        let _ = child.stdin.take().unwrap().write_all(lines.as_bytes());
        let output = child.wait_with_output().unwrap();
        Finished {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Names head and chair, of whom the chair may look up names.
    pub(crate) fn name_holders(&self) {
        let init = ["keys", "init", "--holder", "head", "--holder", "chair", "--history", "chair", "--passwords-stdin"];
        let named = self.reporter_told(&init, "amber light one\namber light two\n");
        assert_eq!(named.code, 0, "{}", named.err);
    }
}
