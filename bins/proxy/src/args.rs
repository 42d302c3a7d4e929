//! What can be typed, and what every command begins with.

use std::fmt::Display;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use belisha_school::past::{Column, column};
use belisha_school::{DataFolder, SchoolError, Settings, SettingsError, WrittenInstant, settings_in_force};
use clap::{Args as ClapArgs, Parser, Subcommand};

/// Belisha's web filter for schools: a forward proxy that blocks, explains and logs.
///
/// Without a command it serves. Without settings it serves the built-in starter school, in which this machine is a
/// pupil's, so that the first request needs no password.
#[derive(Parser)]
#[command(name = "belisha-proxy", version, after_help = HELP_END)]
pub(crate) struct Args {
    /// The data folder; made where it is not there yet
    #[arg(long, global = true, value_name = "DIR", env = "BELISHA_DATA", default_value = "./belisha-data")]
    pub(crate) data: PathBuf,

    /// The school's settings [default: school.toml in the data folder, else the starter school]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) school: Option<PathBuf>,

    /// Where to listen [default: as the settings say, 127.0.0.1:3128 in the starter school]
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

const HELP_END: &str = "Try it:
  belisha-proxy &
  curl -x http://127.0.0.1:3128 http://bet365.com/
  belisha-proxy check --as staff bet365.com
  belisha-proxy check --as \"year 4\" --at 2026-11-30T20:00 --explain youtube.com

Exit codes: 0 done, 1 there is no such group, 2 usage, 65 nothing that was asked about could be read, 74 a file, a port \
or the network failed, 78 the settings are wrong.";

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Filter the web (the default)
    Serve {
        /// Where to listen [default: as the settings say]
        #[arg(long, value_name = "ADDR")]
        listen: Option<SocketAddr>,
    },
    /// Say what the proxy would do with addresses, and why
    Check(CheckCommand),
    /// Answer another proxy, Squid, request by request
    Helper(HelperCommand),
    /// Say whose requests of the past would have gone another way under other settings
    Replay(ReplayCommand),
    /// Explain the settings in plain English, and what the rules cover
    CheckConfig {
        /// List the categories that profiles and lists can name
        #[arg(long)]
        categories: bool,
    },
}

/// Say what the proxy would do with addresses, and why: by the very function that the proxy uses.
#[derive(ClapArgs)]
pub(crate) struct CheckCommand {
    /// Who asks: a group of the settings, "year 4", "class 4A", "staff", "guests", "role head", "user m.tolland", or the
    /// address of a device [default: the strictest profile]
    #[arg(long = "as", value_name = "WHO")]
    pub(crate) who: Option<String>,

    /// When: such as 2026-11-30T20:00 by the clock at the school, or 2026-11-30 for its midnight [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<WrittenInstant>,

    /// Say besides what a pupil is told, and what would have changed the answer
    #[arg(long)]
    pub(crate) explain: bool,

    /// One JSON object a line, in the order of the addresses
    #[arg(long)]
    pub(crate) json: bool,

    /// Addresses, or - to read them from standard input, one a line
    #[arg(required = true, value_name = "URL")]
    pub(crate) urls: Vec<String>,
}

/// Answer another proxy, Squid 3.4 or later, that asks of each request whether it may go on: on standard input a line a
/// question, on standard output a line an answer. It takes the place of squidGuard.
///
/// Who asks is told by the user name that Squid sends, else by the address of the client; rules, settings and people are
/// looked at once a second, and no question waits for that. What cannot be read is refused. Nothing is logged here: import
/// Squid's own log with belisha-importer access-log.
#[derive(ClapArgs)]
#[command(after_help = HELPER_EXAMPLES)]
pub(crate) struct HelperCommand {
    /// How it is asked: rewrite (`url_rewrite_program`) or acl (`external_acl_type`)
    #[arg(long, value_name = "PROTOCOL", value_parser = ["rewrite", "acl"])]
    pub(crate) protocol: String,

    /// Where a rewriter sends what is refused: a page of yours that says so
    #[arg(long, value_name = "URL", required_if_eq("protocol", "rewrite"))]
    pub(crate) redirect: Option<String>,
}

const HELPER_EXAMPLES: &str = "In squid.conf, with a page that Squid makes (the better way):
  external_acl_type belisha ttl=0 negative_ttl=0 concurrency=100 children-max=2 %URI %>a %un %>rm \\
      /usr/bin/belisha-proxy --data /var/lib/belisha helper --protocol acl
  acl may external belisha
  http_access deny !may

Or as squidGuard was used:
  url_rewrite_program /usr/bin/belisha-proxy --data /var/lib/belisha helper --protocol rewrite --redirect http://filter.example/
  url_rewrite_children 2 concurrency=100

More can be sent behind: group=NAME for a group of the settings, sni=%ssl::>sni for the host that a client names inside a
tunnel.";

/// Say whose requests of the past would have gone another way under other settings (--school NEW.toml): each is asked
/// about under the settings in force and under those, at its own time, with the rules in force.
///
/// What is printed has counts and no names; of fewer than five people it says only that there are some.
#[derive(ClapArgs)]
#[command(after_help = REPLAY_EXAMPLES)]
pub(crate) struct ReplayCommand {
    /// Logs of Squid, e2guardian, or tables with headings; plain or packed (.gz, .zst)
    #[arg(required = true, value_name = "LOG")]
    pub(crate) logs: Vec<PathBuf>,

    /// How to read them: squid, squid-common, e2guardian-1 to -4, e2guardian-5-8 or table [default: found out by looking]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<String>,

    /// What a column of a table holds, such as 'Web page=url'; may be given again
    #[arg(long, value_name = "HEADING=COLUMN", value_parser = column_of)]
    pub(crate) map: Vec<(String, Column)>,

    /// How many hosts to name of each change
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(crate) top: usize,

    /// Name the people: for a signed-in person who may look them up. It is written down first
    #[arg(long, requires = "purpose")]
    pub(crate) names: bool,

    /// Why names are asked for, in a sentence
    #[arg(long, value_name = "TEXT")]
    pub(crate) purpose: Option<String>,

    /// Print one JSON object instead of a page
    #[arg(long)]
    pub(crate) json: bool,
}

const REPLAY_EXAMPLES: &str = "Examples:
  belisha-proxy replay access.log --school new.toml
  belisha-proxy replay term.log.zst --school new.toml --names --purpose \"who loses the orchestra's video lessons\"";

fn column_of(text: &str) -> Result<(String, Column), String> {
    let (heading, name) = text.rsplit_once('=').ok_or("write it as HEADING=COLUMN")?;
    Ok((heading.to_owned(), column(name)?))
}

impl Args {
    pub(crate) fn folder(&self) -> DataFolder {
        DataFolder::new(&self.data)
    }

    /// The settings in force, which is what the proxy goes by; with a warning where the journal cannot be read.
    pub(crate) fn settings_in_force(&self) -> Result<Settings, ExitCode> {
        let file = self.settings().map_err(|error| fail(&error, 78))?;
        match settings_in_force(&self.folder(), file) {
            Ok((settings, None)) => Ok(settings),
            Ok((settings, Some(trouble))) => {
                fail(&format!("{trouble}. This is by the last good settings"), 0);
                Ok(settings)
            }
            Err(error @ SchoolError::Settings(_)) => Err(fail(&error, 78)),
            Err(error) => Err(fail(&error, 74)),
        }
    }

    /// What the file says.
    pub(crate) fn settings(&self) -> Result<Settings, SettingsError> {
        Settings::load(self.folder().settings_to_read(self.school.as_deref()).as_deref())
    }
}

/// Says what went wrong, and gives the exit code for it.
pub(crate) fn fail(error: &dyn Display, code: u8) -> ExitCode {
    // Where the terminal is gone there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "belisha-proxy: {error}");
    ExitCode::from(code)
}
