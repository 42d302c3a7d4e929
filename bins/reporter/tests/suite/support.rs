//! A school in a folder, and the built programs on it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use belisha_school::sign_in::TotpSecret;
use belisha_store::SchoolId;
use belisha_store::postgres::{Postgres, enrol, install};
use belisha_testkit::{Finished, binary, finish};
use chrono::{TimeDelta, Utc};
use tempfile::TempDir;

pub(crate) const REPORTER: &str = env!("CARGO_BIN_EXE_belisha-reporter");

/// How the folders of schools are called that outlive a test.
const KEPT: &str = "staffed-";

pub(crate) const SETTINGS: &str = "[school]\nname = \"Amber Hill School\"\n[groups]\nyear-4 = \"pupils\"\n";

/// A data folder that goes away with the test.
pub(crate) struct School {
    folder: TempDir,
    /// The line of the settings that names the database; empty for files.
    store: String,
}

/// Does a test on a school in files, and on one in PostgreSQL where there is one to start.
pub(crate) fn on_both(test: impl Fn(&School)) {
    test(&School::new());
    if let Some((_server, school)) = on_postgres() {
        test(&school);
    }
}

/// A school in PostgreSQL, where there is one to start.
pub(crate) fn on_postgres() -> Option<(belisha_testkit::Postgres, School)> {
    let server = belisha_testkit::Postgres::start()?;
    let admin = Postgres::parse(&server.admin_url()).unwrap();
    install(&admin).unwrap();
    enrol(&admin, SchoolId::from_bytes([7; 16]), "Amber Hill School", LOGIN, "p").unwrap();
    let school = School::in_store(&store(&server.url(LOGIN, "p")));
    Some((server, school))
}

/// The login of a school in PostgreSQL.
pub(crate) const LOGIN: &str = "amber_hill";

/// The line of the settings that names a database.
pub(crate) fn store(url: &str) -> String {
    format!("store = \"{url}\"\n")
}

impl School {
    /// A school with one imported list, so that something stands in its journal.
    pub(crate) fn new() -> Self {
        Self::in_store("")
    }

    fn in_store(store: &str) -> Self {
        Self { folder: TempDir::new().unwrap(), store: store.into() }.begun()
    }

    fn begun(self) -> Self {
        let school = self;
        school.write_settings(SETTINGS);
        let list = school.path().join("games.txt");
        fs::write(&list, "chess.example\n").unwrap();
        let mut importer = binary(REPORTER, "belisha-importer");
        let done = finish(importer.arg("--data").arg(school.path()).args(["lists", "--category", "games"]).arg(list));
        assert_eq!(done.code, 0, "{}", done.err);
        school
    }

    /// One that outlives the test that makes it. It stays in the folder that cargo has for tests, until one is made a day later.
    pub(crate) fn kept() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let is_old = |entry: &fs::DirEntry| {
            let age = entry.metadata().and_then(|it| it.modified()).ok().and_then(|it| it.elapsed().ok());
            entry.file_name().to_string_lossy().starts_with(KEPT) && age.is_some_and(|age| age.as_secs() > 86_400)
        };
        for old in fs::read_dir(folder).unwrap().flatten().filter(is_old) {
            let _ = fs::remove_dir_all(old.path());
        }
        let folder = tempfile::Builder::new().prefix(KEPT).tempdir_in(folder).unwrap();
        Self { folder, store: String::new() }.begun()
    }

    /// A copy of its folder, with this line in the settings that names the database.
    pub(crate) fn copy(&self, store: &str) -> Self {
        let school = Self { folder: TempDir::new().unwrap(), store: store.into() };
        copy_folder(self.path(), school.path());
        school.write_settings(SETTINGS);
        school
    }

    /// A folder with nothing in it.
    pub(crate) fn empty() -> Self {
        Self { folder: TempDir::new().unwrap(), store: String::new() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write_settings(&self, text: &str) {
        fs::write(self.path().join("school.toml"), format!("{}{text}", self.store)).unwrap();
    }

    /// Runs the reporter on this school.
    pub(crate) fn reporter(&self, arguments: &[&str]) -> Finished {
        finish(Command::new(REPORTER).arg("--data").arg(self.path()).args(arguments))
    }

    /// What the journal's last entry is, as `head` says it: the line that `verify --against` reads, without the minute it was
    /// printed.
    pub(crate) fn journal_head(&self) -> String {
        let printed = self.reporter(&["head"]).out;
        printed.lines().find(|line| line.starts_with("belisha-head ")).unwrap().to_owned()
    }

    /// The same as [`School::reporter`], with lines on its standard input.
    pub(crate) fn reporter_told(&self, arguments: &[&str], lines: &str) -> Finished {
        self.tell(Command::new(REPORTER), arguments, lines)
    }

    fn tell(&self, mut command: Command, arguments: &[&str], lines: &str) -> Finished {
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

    /// Names head and chair: `head` and `chair` are their user names, and the two passwords those below.
    pub(crate) fn name_holders(&self) -> [TotpSecret; 2] {
        let found = [
            "found",
            "--head",
            "Merrin Tolland",
            "--head-user",
            "head",
            "--head-email",
            "m.tolland@amberhill.example",
            "--chair",
            "Robin Ashgrove",
            "--chair-user",
            "chair",
            "--passwords-stdin",
        ];
        let lines = [Line::Text(HEAD), Line::Code, Line::Text(CHAIR), Line::Code];
        let (finished, secrets) = self.talk(&found, &lines);
        assert_eq!(finished.code, 0, "{}", finished.err);
        secrets.try_into().unwrap_or_else(|_| unreachable!("two enrol"))
    }

    /// Runs the reporter and types lines into it; a code is of the second factor that it has just shown.
    pub(crate) fn talk(&self, arguments: &[&str], lines: &[Line<'_>]) -> (Finished, Vec<TotpSecret>) {
        self.talk_with(Command::new(REPORTER), arguments, lines)
    }

    /// The same as somebody who is signed in.
    pub(crate) fn talk_as(&self, token: &str, arguments: &[&str], lines: &[Line<'_>]) -> (Finished, Vec<TotpSecret>) {
        let mut command = Command::new(REPORTER);
        command.env("BELISHA_TOKEN", token);
        self.talk_with(command, arguments, lines)
    }

    fn talk_with(&self, mut command: Command, arguments: &[&str], lines: &[Line<'_>]) -> (Finished, Vec<TotpSecret>) {
        command.arg("--data").arg(self.path()).args(arguments);
        let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = pipes.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let (mut out, mut secrets) = (String::new(), Vec::new());
        for line in lines {
            let text = match line {
                Line::Text(text) => (*text).to_owned(),
                Line::Code => {
                    let secret = loop {
                        let mut shown = String::new();
                        assert!(output.read_line(&mut shown).unwrap() > 0, "no second factor was shown: {out}");
                        out.push_str(&shown);
                        if let Some(secret) = TotpSecret::from_base32(shown.trim()) {
                            break secret;
                        }
                    };
                    let code = secret.code_at(Utc::now());
                    secrets.push(secret);
                    code
                }
            };
            // A program that refuses before it reads has closed its end.
            let _ = writeln!(input, "{text}");
        }
        drop(input);
        output.read_to_string(&mut out).unwrap();
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        let code = child.wait().unwrap().code().unwrap_or(-1);
        (Finished { code, out, err }, secrets)
    }

    /// Signs somebody in, and gives the token. A code does once. The next one is taken already, so that nobody waits who has
    /// used only that of now; where it was used as well, the one after it is waited for.
    pub(crate) fn login(&self, user: &str, password: &str, secret: &TotpSecret) -> String {
        for _ in 0..40 {
            let lines = format!("{password}\n{}\n", secret.code_at(Utc::now() + TimeDelta::seconds(30)));
            let signed_in = self.reporter_told(&["login", user, "--passwords-stdin"], &lines);
            if signed_in.code == 0 {
                return signed_in.out.trim().to_owned();
            }
            std::thread::sleep(std::time::Duration::from_secs(1));
        }
        unreachable!("{user} cannot sign in")
    }

    /// Runs the reporter as somebody who is signed in.
    pub(crate) fn as_person(&self, token: &str, arguments: &[&str]) -> Finished {
        let mut command = Command::new(REPORTER);
        finish(command.arg("--data").arg(self.path()).env("BELISHA_TOKEN", token).args(arguments))
    }

    /// The same, with lines on its standard input.
    pub(crate) fn told_as(&self, token: &str, arguments: &[&str], lines: &str) -> Finished {
        let mut command = Command::new(REPORTER);
        command.env("BELISHA_TOKEN", token);
        self.tell(command, arguments, lines)
    }

    /// Gives somebody a password by a signed-in person, lets them choose their own, and signs them in.
    pub(crate) fn admit(&self, token: &str, user: &str, password: &str) -> String {
        let first = self.issue(token, user);
        let lines = [Line::Text(&first), Line::Text(password), Line::Code];
        let (changed, secrets) = self.talk(&["password", user, "--passwords-stdin"], &lines);
        assert_eq!(changed.code, 0, "{}", changed.err);
        self.login(user, password, secrets.first().unwrap())
    }

    /// Gives somebody a password by a signed-in person, and gives it.
    pub(crate) fn issue(&self, token: &str, user: &str) -> String {
        self.issued(token, user).unwrap()
    }

    /// The same, or what is said where it cannot be.
    pub(crate) fn issued(&self, token: &str, user: &str) -> Result<String, String> {
        let out = self.path().join(format!("{user}.csv"));
        let issued = self.as_person(token, &["people", "issue", user, "--out", out.to_str().unwrap()]);
        if issued.code != 0 {
            return Err(issued.err);
        }
        let sheet = fs::read_to_string(&out).unwrap();
        Ok(sheet.lines().nth(1).unwrap().trim_matches('"').rsplit("\",\"").next().unwrap().to_owned())
    }

    /// Imports people from a file with this text.
    pub(crate) fn import(&self, name: &str, text: &str) -> Finished {
        let list = self.path().join(name);
        fs::write(&list, text).unwrap();
        let mut importer = binary(REPORTER, "belisha-importer");
        finish(importer.arg("--data").arg(self.path()).arg("people").arg(list))
    }
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir_all(&target).unwrap();
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// What is typed.
pub(crate) enum Line<'a> {
    /// This.
    Text(&'a str),
    /// A code of the second factor that was shown last.
    Code,
}

/// The head's password.
pub(crate) const HEAD: &str = "amber light one";
/// The chair's.
pub(crate) const CHAIR: &str = "amber light two";
