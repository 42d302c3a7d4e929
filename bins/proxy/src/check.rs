//! `belisha-proxy check`.

use std::io::{self, BufRead, BufWriter, Write, stdin, stdout};
use std::process::ExitCode;

use belisha_school::Settings;
use belisha_school::rules::{self, Rules};
use belisha_school::tester::{Finding, Who, ask};
use chrono::Utc;

use crate::args::{Args, CheckCommand, fail};

/// What every address is asked with.
struct Asking<'a> {
    rules: Rules,
    settings: Settings,
    who: Who,
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
    let who = match &command.who {
        None => Who::strictest(&settings.policy),
        Some(name) => match Who::named(&settings.policy, name) {
            Some(who) => who,
            None => return fail(&no_such_group(name, &settings), 1),
        },
    };
    let mut asking = Asking { rules: loaded.rules, settings, who, command, read: 0, unreadable: 0 };
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

fn no_such_group(name: &str, settings: &Settings) -> String {
    let groups: Vec<&str> = settings.policy.groups().map(|group| &*group.name).collect();
    format!("{name:?} is neither a group nor the address of a device; the groups are: {}", groups.join(", "))
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
        let answer = ask(&self.rules, &self.settings.policy, &self.who, url, Utc::now());
        self.read += 1;
        if matches!(answer.result, Finding::Unreadable(_)) {
            self.unreadable += 1;
        }
        if self.command.json {
            serde_json::to_writer(&mut *out, &answer)?;
            writeln!(out)
        } else {
            writeln!(out, "{}", answer.to_text())
        }
    }
}
