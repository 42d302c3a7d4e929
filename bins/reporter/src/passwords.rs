//! Passwords, from the terminal or from standard input.

use std::io::{self, BufRead, stdin};

/// The shortest password that is taken. Length is what counts.
const SHORTEST: usize = 12;

/// Where passwords come from.
pub(crate) struct Passwords {
    from_stdin: bool,
}

impl Passwords {
    pub(crate) fn new(from_stdin: bool) -> Self {
        Self { from_stdin }
    }

    /// Asks for the password of somebody.
    pub(crate) fn ask(&self, whose: &str) -> io::Result<String> {
        if !self.from_stdin {
            return rpassword::prompt_password(format!("Password of {whose}: "));
        }
        let mut line = String::new();
        if stdin().lock().read_line(&mut line)? == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("no line for the password of {whose}")));
        }
        Ok(line.trim_end_matches(['\r', '\n']).to_string())
    }

    /// Asks for a code of the second factor.
    pub(crate) fn ask_code(&self, whose: &str) -> io::Result<String> {
        if self.from_stdin {
            return self.ask(whose);
        }
        rpassword::prompt_password(format!("Code of {whose}: "))
    }

    /// Asks for a new password, at the terminal twice.
    pub(crate) fn ask_new(&self, whose: &str) -> io::Result<String> {
        let refused = |why: String| Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        let first = self.ask(&format!("{whose} (new, at least {SHORTEST} characters)"))?;
        if first.chars().count() < SHORTEST {
            return refused(format!("the password of {whose} is shorter than {SHORTEST} characters: take a few words"));
        }
        if !self.from_stdin && self.ask(&format!("{whose} (again)"))? != first {
            return refused(format!("the two passwords of {whose} differ"));
        }
        Ok(first)
    }
}
