//! Built binaries, driven as users drive them.

use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// A binary of this workspace, beside the one that cargo names to the test.
///
/// # Panics
/// Where it has not been built: `cargo test --workspace` builds all of them.
#[must_use]
pub fn binary(beside: &str, name: &str) -> Command {
    let path = PathBuf::from(beside).with_file_name(name);
    assert!(path.exists(), "{name} is not built; run cargo test --workspace, or cargo build first");
    Command::new(path)
}

/// What a program printed, and its exit code.
#[derive(Debug)]
pub struct Finished {
    /// The exit code; -1 where a signal ended it.
    pub code: i32,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

/// Runs a program to its end.
///
/// # Panics
/// Where it cannot be started.
pub fn finish(command: &mut Command) -> Finished {
    let output = command.stdin(Stdio::null()).output().expect("the program starts");
    Finished {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A program that goes on running; killed when the test ends.
#[derive(Debug)]
pub struct Running {
    child: Child,
    lines: Receiver<String>,
}

impl Running {
    /// Starts a program.
    ///
    /// # Panics
    /// Where it cannot be started.
    #[must_use]
    pub fn start(command: &mut Command) -> Self {
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let (sender, lines) = channel();
        let read = |stream: Box<dyn Read + Send>| {
            let sender = sender.clone();
            thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        break;
                    }
                }
            });
        };
        read(Box::new(child.stdout.take().expect("it was piped")));
        read(Box::new(child.stderr.take().expect("it was piped")));
        Self { child, lines }
    }

    /// Waits for a line that holds a text, on either stream, and gives it.
    ///
    /// # Panics
    /// Where none comes within twenty seconds.
    #[must_use]
    pub fn line_with(&self, text: &str) -> String {
        let deadline = Instant::now() + Duration::from_secs(20);
        let mut seen = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            if line.contains(text) {
                return line;
            }
            seen.push(line);
        }
        panic!("no line with {text:?}; there were {seen:#?}");
    }

    /// Ends it at once, as `kill -9` does.
    pub fn kill(&mut self) {
        // A process that has ended already needs no killing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}
