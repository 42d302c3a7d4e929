//! `belisha-proxy check`.

use std::io::{self, BufRead, BufWriter, Write, stdin, stdout};
use std::process::ExitCode;

use belisha_policy::people::Login;
use belisha_school::authority::Authority;
use belisha_school::rules::{self, Rules};
use belisha_school::tester::{Finding, Who, ask, explained};
use belisha_school::{School, Settings, WrittenInstant};
use chrono::{DateTime, Utc};

use crate::args::{Args, CheckCommand, fail};

/// What every address is asked with.
struct Asking<'a> {
    rules: Rules,
    settings: Settings,
    who: Who,
    /// The instant; each its own where none was named.
    at: Option<DateTime<Utc>>,
    command: &'a CheckCommand,
    read: u64,
    unreadable: u64,
}

pub(crate) fn run(args: &Args, command: &CheckCommand) -> ExitCode {
    let settings = match args.settings_in_force() {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    let loaded = match rules::load(&args.folder()) {
        Ok(loaded) => loaded,
        Err(error) => return fail(&error, 74),
    };
    let at = command.at.map(WrittenInstant::beginning);
    let who = match &command.who {
        None => Who::strictest(&settings.policy),
        Some(name) => match who(args, &settings, name, at.unwrap_or_else(Utc::now)) {
            Ok(who) => who,
            Err(code) => return code,
        },
    };
    let mut asking = Asking { rules: loaded.rules, settings, who, at, command, read: 0, unreadable: 0 };
    match asking.run() {
        Ok(()) => {}
        // Whoever read the answers has seen enough, as with `| head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
        Err(error) => return fail(&error, 74),
    }
    if asking.unreadable > 0 && asking.unreadable == asking.read {
        return fail(&"nothing that was asked about is an address", 65);
    }
    if asking.unreadable > 0 {
        fail(&format!("{} of {} lines are no addresses", asking.unreadable, asking.read), 0);
    }
    ExitCode::SUCCESS
}

/// Who is meant: by what the settings say, or by a user name of the school.
fn who(args: &Args, settings: &Settings, name: &str, at: DateTime<Utc>) -> Result<Who, ExitCode> {
    let Some(user) = name.strip_prefix("user ") else {
        let who = Who::named(&settings.policy, name);
        return who.ok_or_else(|| fail(&no_such_group(name, settings), 1));
    };
    let school = School::look(&args.folder(), settings).map_err(|error| fail(&error, 74))?;
    let login = user.parse::<Login>().map_err(|error| fail(&error, 1))?;
    let nobody = || fail(&"nobody at this school has this user name: `belisha-reporter people list` shows them", 1);
    let school = school.ok_or_else(nobody)?;
    let authority = Authority::load(school.ledger()).map_err(|error| fail(&error, 74))?;
    let account = authority.roll().account(&login).ok_or_else(nobody)?;
    let who = authority.who_was(school.ledger(), account, at).map_err(|error| fail(&error, 74))?;
    Ok(Who::somebody(&settings.policy, &who))
}

fn no_such_group(name: &str, settings: &Settings) -> String {
    let groups: Vec<&str> = settings.policy.groups().map(|group| &*group.name).collect();
    format!(
        "{name:?} is neither a group, nor some of those who sign in (such as \"year 4\", \"class 4A\" or \"staff\"), nor the \
         address of a device; the groups are: {}",
        groups.join(", ")
    )
}

impl Asking<'_> {
    fn run(&mut self) -> io::Result<()> {
        let mut out = BufWriter::with_capacity(1 << 16, stdout().lock());
        for url in &self.command.urls {
            if url != "-" {
                self.answer(url, &mut out)?;
                continue;
            }
            let mut input = stdin().lock();
            let mut line = Vec::new();
            while input.read_until(b'\n', &mut line)? > 0 {
                let text = String::from_utf8_lossy(&line);
                if !text.trim().is_empty() {
                    self.answer(&text, &mut out)?;
                }
                line.clear();
            }
        }
        out.flush()
    }

    fn answer(&mut self, url: &str, out: &mut impl Write) -> io::Result<()> {
        let at = self.at.unwrap_or_else(Utc::now);
        let (rules, policy) = (&self.rules, &self.settings.policy);
        let mut answer = ask(rules, policy, &self.who, url, at);
        self.read += 1;
        if matches!(answer.result, Finding::Unreadable(_)) {
            self.unreadable += 1;
        }
        if self.command.explain {
            answer.explanation = explained(rules, policy, &self.who, url, at).ok();
        }
        if self.command.json {
            serde_json::to_writer(&mut *out, &answer)?;
            writeln!(out)
        } else {
            writeln!(out, "{}", answer.to_text())
        }
    }
}
