//! A school in a folder, and the built programs on it.

use std::fs;
use std::path::Path;
use std::process::Command;

use belisha_testkit::{Finished, Running, binary, finish};
use tempfile::TempDir;

const PROXY: &str = env!("CARGO_BIN_EXE_belisha-proxy");

/// A data folder that goes away with the test.
pub(crate) struct School {
    folder: TempDir,
}

impl School {
    /// A school in which this machine is a pupil's, 127.0.0.9 is the bursar's, and the proxy may reach this machine.
    pub(crate) fn new() -> Self {
        Self::with(
            r#"
            [school]
            name = "Amber Hill School"
            [egress]
            allow = ["127.0.0.1"]
            [profiles.bursary]
            based_on = "staff"
            allow = ["shopping"]
            [[networks]]
            range = "127.0.0.0/8"
            group = "pupils"
            place = "Library"
            [[networks]]
            range = "127.0.0.8"
            group = "staff"
            [[networks]]
            range = "127.0.0.9"
            group = "bursary"
            person = "Odile Fenwright"
            "#,
        )
    }

    /// A school with these settings.
    pub(crate) fn with(settings: &str) -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("school.toml"), settings).unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The proxy's program, with this data folder.
    pub(crate) fn proxy(&self) -> Command {
        let mut command = Command::new(PROXY);
        command.arg("--data").arg(self.path());
        command
    }

    /// The importer's program, with this data folder.
    pub(crate) fn importer(&self) -> Command {
        let mut command = binary(PROXY, "belisha-importer");
        command.arg("--data").arg(self.path());
        command
    }

    /// Imports names as a source of one list in a category.
    pub(crate) fn import(&self, source: &str, category: &str, names: &str) -> Finished {
        let file = self.path().join(format!("{source}.txt"));
        fs::write(&file, names).unwrap();
        finish(self.importer().args(["lists", "--name", source, "--category", category]).arg(file))
    }

    /// Starts the proxy on a free port, and gives it with the URL to name as proxy.
    pub(crate) fn serve(&self) -> (Running, String) {
        let running = Running::start(self.proxy().args(["serve", "--listen", "127.0.0.1:0"]));
        let line = running.line_with("the web is filtered on ");
        let address = line.rsplit(' ').next().unwrap().to_string();
        (running, format!("http://{address}"))
    }
}
