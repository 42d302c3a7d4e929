//! `belisha-reporter report`.

use std::fs::OpenOptions;
use std::io::{self, IsTerminal as _, Write as _, stderr, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use belisha_policy::calendar::local;
use belisha_policy::may::About;
use belisha_policy::{Action, Permit, View};
use belisha_school::School;
use belisha_school::web_summary::{Ask, Made, WebSummaryError, web_summary};
use chrono::{DateTime, Days, Utc};
use indicatif::{ProgressBar, ProgressStyle};

use crate::args::{Args, Format, ReportAction, WebSummary, fail};
use crate::opened;
use crate::session::Session;

/// Days before the last one that are looked at unless others are named.
const BEFORE: Days = Days::new(29);

pub(crate) fn run(args: &Args, action: &ReportAction) -> ExitCode {
    match action {
        ReportAction::WebSummary(command) => summary(args, command).unwrap_or_else(|code| code),
    }
}

fn summary(args: &Args, command: &WebSummary) -> Result<ExitCode, ExitCode> {
    let out =
        command.out.clone().unwrap_or_else(|| PathBuf::from(format!("web-summary.{}", command.format.extension())));
    let to_screen = out == Path::new("-");
    if !to_screen && !command.force && out.exists() {
        return Err(exists(&out));
    }
    let (school, permit) = asking(args)?;
    let now = Utc::now();
    let made = ask(&school, permit.as_ref(), command, now)?;
    for (_, error) in &made.left_out {
        let _ = writeln!(stderr(), "belisha-reporter: left out: {error}");
    }
    let text = match command.format {
        Format::Html => made.summary.to_html(),
        Format::Csv => made.summary.to_csv(),
        Format::Json => made.summary.to_json(),
    };
    let text = text.map_err(|error| fail(&error, 74))?;
    if to_screen {
        return match stdout().write_all(text.as_bytes()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(fail(&error, 74)),
            _ => Ok(ExitCode::SUCCESS),
        };
    }
    match write(&out, &text, command.force) {
        Ok(()) => {
            println!(
                "{} is written. Nobody is named in it; still, it is for those who work on safeguarding.",
                out.display()
            );
            Ok(ExitCode::SUCCESS)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(exists(&out)),
        Err(error) => Err(fail(&format!("{}: {error}", out.display()), 74)),
    }
}

fn exists(out: &Path) -> ExitCode {
    fail(&format!("{} is there already: name another file, or say --force", out.display()), 1)
}

/// The school, and the permit of whoever is signed in. Where nobody has been named yet, nobody has to be.
fn asking(args: &Args) -> Result<(School, Option<Permit>), ExitCode> {
    let school = opened(args)?;
    let founded = school.names_have_holders().map_err(|error| fail(&error, 74))?;
    if !founded {
        return Ok((school, None));
    }
    drop(school);
    let session = Session::open(args)?;
    let permit = session.permit(Action::ReadReport, &About::NOTHING)?;
    Ok((session.school, Some(permit)))
}

fn ask(school: &School, permit: Option<&Permit>, command: &WebSummary, now: DateTime<Utc>) -> Result<Made, ExitCode> {
    let to = command.to.unwrap_or_else(|| local(now).date_naive());
    let from = command.from.unwrap_or_else(|| to.checked_sub_days(BEFORE).unwrap_or(to));
    let view = if command.replayed { View::Replayed } else { View::Observed };
    let bar = bar();
    let progress = |done: usize, all: usize| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    };
    let made = web_summary(school, permit, &Ask { from, to, view }, now, &progress);
    bar.finish_and_clear();
    made.map_err(|error| match error {
        WebSummaryError::Period => fail(&error, 2),
        WebSummaryError::Log(_) | WebSummaryError::Ledger(_) | WebSummaryError::School(_) => fail(&error, 74),
        _ => fail(&error, 1),
    })
}

fn bar() -> ProgressBar {
    if !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len} days of the log").ok();
    style.map_or_else(ProgressBar::hidden, |style| ProgressBar::new(0).with_style(style))
}

/// Writes a file for its owner alone.
fn write(out: &Path, text: &str, force: bool) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true);
    if force {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(out)?.write_all(text.as_bytes())
}
