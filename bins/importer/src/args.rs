//! What can be typed.

use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;

use belisha_aua::Key;
use belisha_formats::access_log::Column;
use belisha_formats::lists::Format;
use belisha_formats::old_incidents;
use belisha_policy::Category;
use belisha_school::old_agreements::Complaints;
use belisha_school::past::column;
use belisha_school::people::MOST_LEAVERS;
use belisha_school::{DataFolder, old_agreements};
use chrono::NaiveDate;
use clap::{Args as ClapArgs, Parser, Subcommand};

/// Brings other people's files into a Belisha data folder.
///
/// Everything is checked before anything changes: an import that is refused leaves rules and lists as they were.
#[derive(Parser)]
#[command(name = "belisha-importer", version, after_help = EXIT_CODES)]
pub(crate) struct Args {
    /// The data folder; made where it is not there yet
    #[arg(long, global = true, value_name = "DIR", env = "BELISHA_DATA", default_value = "./belisha-data")]
    pub(crate) data: PathBuf,

    /// The school's settings [default: school.toml in the data folder, else the starter school]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) school: Option<PathBuf>,

    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done (lines that were left out are printed and counted), 1 there is no such \
source, 2 usage, 65 the file is damaged, hostile or refused, 74 a file could not be read or written, 78 the settings \
are wrong.";

impl Args {
    pub(crate) fn folder(&self) -> DataFolder {
        DataFolder::new(&self.data)
    }
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Import block lists: squidGuard folders and archives such as UT1, hosts files, plain lists of names, lists
    /// of dnsmasq and unbound, lists for ad blockers
    Lists(ListsCommand),
    /// Import people: pupils, contacts, staff and governors from the school's information system or directory
    People(PeopleCommand),
    /// Import the log of another filter: Squid's, e2guardian's, or a table with headings
    AccessLog(AccessLogCommand),
    /// Import the incident log of another safeguarding system, as archived incidents: CPOMS, MyConcern, or any with headings
    Incidents(IncidentsCommand),
    /// Import who agreed to what last year, and what was said of pictures, from a spreadsheet
    Agreements(AgreementsCommand),
}

/// Import the incident log of another safeguarding system, as archived incidents: CPOMS, MyConcern, or any with headings.
///
/// Each row becomes an archived incident, with its words unchanged: nothing is owed for it and no clock runs. It is sealed to
/// those who handle child protection, together with the file itself, and importing takes no key. Pupils are named by UPN, or by
/// name and date of birth, where the school has them; staff are not guessed.
///
/// Importing the same log twice adds nothing, and one that has grown only what is new. A row that was changed in the old
/// system is an incident of its own that says which it replaces. A log of which more than 2 lines in 100 cannot be read is
/// refused.
#[derive(ClapArgs)]
#[command(after_help = INCIDENTS_EXAMPLES)]
pub(crate) struct IncidentsCommand {
    #[command(flatten)]
    pub(crate) table: TableArgs,

    /// Which column holds what, such as text='What happened'; may be given again. Fields: id, when, time, upn, pupil, surname,
    /// forename, born, title, text, category, subcategory, level, status, linked, staff, agency, actions
    #[arg(long, value_name = "FIELD=COLUMN", value_parser = field_of::<old_incidents::Field>)]
    pub(crate) map: Vec<(old_incidents::Field, String)>,
}

/// What is said of every kind of table.
#[derive(ClapArgs)]
pub(crate) struct TableArgs {
    /// Files, as CSV
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    /// How to read them, as it was saved before
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,

    /// Keep what --map says under this name, in import-profiles of the data folder
    #[arg(long, value_name = "NAME", requires = "map", conflicts_with = "profile")]
    pub(crate) save_profile: Option<String>,

    /// Import what can be read, however many lines cannot
    #[arg(long)]
    pub(crate) accept_complaints: bool,

    /// Read everything and change nothing; no words of a file are shown
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Print one JSON object for each file instead of a page
    #[arg(long)]
    pub(crate) json: bool,
}

impl TableArgs {
    /// What is made of lines that cannot be read.
    pub(crate) fn complaints(&self) -> Complaints {
        if self.accept_complaints { Complaints::Accepted } else { Complaints::Few }
    }
}

const INCIDENTS_EXAMPLES: &str = "Examples:
  belisha-importer incidents cpoms-export.csv --dry-run
  belisha-importer incidents concerns-2024.csv concerns-2025.csv
  belisha-importer incidents old.csv --map when=Date --map text='What happened' --map id=Ref --save-profile old-log
  belisha-importer incidents old-again.csv --profile old-log";

/// Import who agreed to what last year, and what was said of pictures, from a spreadsheet.
///
/// It takes a signed-in person who may log what comes back on paper (see belisha-reporter login). Each line is about a pupil or an
/// adult who is here, found by UPN, by user name, or by the whole name; nobody is guessed, and where two are called so the date
/// of birth has to tell them apart. A parent is looked for among the contacts of the child, and has to hold parental
/// responsibility.
///
/// What is imported counts from now on, whatever day stands in it, and undoes nothing that somebody said here. It is never of an
/// edition after the first that was published later than it was signed. The same file again adds nothing. A file of which more
/// than 2 lines in 100 cannot be used is refused; lines about those who have left do not count among them.
#[derive(ClapArgs)]
#[command(after_help = AGREEMENTS_EXAMPLES)]
pub(crate) struct AgreementsCommand {
    #[command(flatten)]
    pub(crate) table: TableArgs,

    /// Which column holds what, such as signed='Form back'; may be given again. Fields: upn, user, pupil, surname, forename,
    /// class, born, signed, parent, parent-signed, parent-name, document, edition, and PLACE:PURPOSE for pictures, such as
    /// website:group='Website photo'
    #[arg(long, value_name = "FIELD=COLUMN", value_parser = field_of::<old_agreements::Field>)]
    pub(crate) map: Vec<(old_agreements::Field, String)>,

    /// The agreement that they signed, where no column says it (see belisha-reporter agreements list)
    #[arg(long, value_name = "KEY")]
    pub(crate) document: Option<Key>,

    /// Which edition of it, where no column says it [default: the newest]
    #[arg(long, value_name = "N")]
    pub(crate) edition: Option<u32>,

    /// The day on which they signed, where it says only that they did
    #[arg(long, value_name = "DAY")]
    pub(crate) dated: Option<NaiveDate>,

    /// Why parents may sign of whom it is not known whether they hold parental responsibility
    #[arg(long, value_name = "TEXT")]
    pub(crate) because: Option<String>,
}

const AGREEMENTS_EXAMPLES: &str = "Examples:
  export BELISHA_TOKEN=$(belisha-reporter login k.vane)
  belisha-importer agreements ks2-2025.csv --document ks2 --dry-run
  belisha-importer agreements forms.csv --document ks2 --dated 2025-09-08 \\
      --map pupil=Child --map signed='Form back' --save-profile forms
  belisha-importer agreements ks1.csv --document ks1 --dated 2025-09-08 --profile forms
  belisha-importer agreements photos.csv --map website:group='Website photo'
  belisha-importer agreements photos.csv --map press:group=Press --accept-complaints";

/// Import the log of another filter: Squid's, e2guardian's, or a table with headings.
///
/// What the log says became of a request is what the access log says; beside it stands what today's rules would say. User
/// names are matched with the accounts of the school. Requests that a proxy logs more than once are counted once.
///
/// A log is imported whole or not at all, and once: given again it adds nothing, and of one that has grown only what is
/// new. A log is refused when it is none, or when more than 2 lines in 100 cannot be read.
#[derive(ClapArgs)]
#[command(after_help = ACCESS_LOG_EXAMPLES)]
pub(crate) struct AccessLogCommand {
    /// Logs, plain or packed (.gz, .zst), the oldest first
    #[arg(required = true, value_name = "LOG")]
    pub(crate) logs: Vec<PathBuf>,

    /// How to read them: squid, squid-common, e2guardian-1 to -4, e2guardian-5-8 or table [default: found out by looking]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<String>,

    /// What a column of a table holds, such as 'Web page=url'; may be given again
    #[arg(long, value_name = "HEADING=COLUMN", value_parser = column_of)]
    pub(crate) map: Vec<(String, Column)>,

    /// Read everything and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Print one JSON object for each log instead of a page
    #[arg(long)]
    pub(crate) json: bool,
}

const ACCESS_LOG_EXAMPLES: &str = "Examples:
  belisha-importer access-log /var/log/squid/access.log.1 /var/log/squid/access.log
  belisha-importer access-log dstats.log.gz --format e2guardian-1
  belisha-importer access-log export.csv --map 'Web page=url' --map Pupil=user --dry-run";

/// Import people: pupils, contacts, staff and governors from the school's information system or directory.
///
/// A file is known by its headings: exports as Wonde, SIMS and Arbor make them, School Data Sync, the directories of
/// Google and Microsoft, CTF, and simple lists (UPN, Surname, Forename, Date of Birth, Year, Class). Give a file, a
/// folder or an archive (.tar, .gz, .zst); where several folders in it have a school.json, each is a school, and its
/// data folder is made in schools/ of the data folder.
///
/// Only what is needed is read: no passwords, no addresses, nothing about health, origin or meals. Nobody is matched by
/// name alone: by UPN, by the number in the system, then by name and birthday, and where that does not tell them apart,
/// the line is left out and printed. Who is not in a whole list has left: their account is off at once, and what is
/// known of them is kept as long as the retention schedule says.
///
/// Passwords are never imported or issued here: see belisha-reporter people issue.
#[derive(ClapArgs)]
#[command(after_help = PEOPLE_EXAMPLES)]
pub(crate) struct PeopleCommand {
    /// A file, a folder or an archive
    #[arg(required = true, value_name = "PATH")]
    pub(crate) path: PathBuf,

    /// The lists have only some, such as the new ones: nobody leaves by not being in them
    #[arg(long)]
    pub(crate) part: bool,

    /// Refuse a list that more than so many in 100 are not in any more. Below the default it may be set freely; above
    /// it takes a signed-in person who may (see belisha-reporter login)
    #[arg(long, value_name = "PERCENT", default_value_t = MOST_LEAVERS, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(crate) most_leavers: u8,

    /// Show what would change, line by line, and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Print one JSON object for each school instead of a page
    #[arg(long)]
    pub(crate) json: bool,
}

const PEOPLE_EXAMPLES: &str = "Examples:
  belisha-importer people wonde-export/ --dry-run
  belisha-importer people pupils.csv
  belisha-importer people new-arrivals.xml --part
  belisha-importer people trust.tar.zst --data trust-data      # 30 schools in trust-data/schools/";

/// Import block lists: squidGuard folders and archives such as UT1, hosts files, plain lists of names, lists of dnsmasq and
/// unbound, lists for ad blockers.
///
/// Each source is kept in the data folder under its name. Importing a source of the same name replaces it, another
/// name adds to the others; the rules of all sources are compiled together and put in force at once. A running proxy
/// follows within a second.
///
/// A source is refused when its archive is damaged or hostile, when more than 2 lines in 100 cannot be read, when it
/// has 20 in 100 fewer rules than last time, or when a site that children must be able to reach (a helpline, say)
/// would be blocked for pupils.
#[derive(ClapArgs)]
#[command(args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub(crate) struct ListsCommand {
    #[command(subcommand)]
    pub(crate) action: Option<ListsAction>,

    /// Folders, archives (.tar, .gz, .zst) or plain files
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,

    /// The name of the source [default: the file's name]; with several paths, all of them are one source
    #[arg(long, value_name = "SOURCE")]
    pub(crate) name: Option<String>,

    /// The category of all lists of the source, such as gambling
    #[arg(long, value_name = "CATEGORY")]
    pub(crate) category: Option<Category>,

    /// The category of one list, such as `liste_bu=education`; may be given again
    #[arg(long, value_name = "LIST=CATEGORY", value_parser = mapping)]
    pub(crate) map: Vec<(String, Category)>,

    /// How to read the lists: squidguard, hosts or domains [default: found out by looking]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<Format>,

    /// Apply squidGuard's `expressions` files, too. They look for words anywhere in web addresses, and so hold much that
    /// nobody meant; without this they are counted, and nothing more. Said once, it holds for the source
    #[arg(long)]
    pub(crate) expressions: bool,

    /// The licence of the lists and whom to name; travels with the rules
    #[arg(long, value_name = "TEXT")]
    pub(crate) licence: Option<String>,

    /// Check everything and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Print one JSON object instead of a page
    #[arg(long)]
    pub(crate) json: bool,
}

const EXAMPLES: &str = "Examples:
  belisha-importer lists blacklists.tar.gz --name ut1 --licence 'CC BY-SA 4.0, Universite Toulouse Capitole'
  belisha-importer lists our-games.txt --category games
  belisha-importer lists blacklists/ --name ut1 --map liste_bu=education --dry-run
  belisha-importer lists remove our-games";

#[derive(Subcommand)]
pub(crate) enum ListsAction {
    /// Remove a source and put the rules of the others in force
    Remove {
        /// The name of the source
        name: String,
    },
}

fn column_of(text: &str) -> Result<(String, Column), String> {
    let (heading, name) = text.rsplit_once('=').ok_or("write it as HEADING=COLUMN")?;
    Ok((heading.to_owned(), column(name)?))
}

fn field_of<F: FromStr<Err: Display>>(text: &str) -> Result<(F, String), String> {
    let (field, heading) = text.split_once('=').ok_or("write it as FIELD=COLUMN")?;
    Ok((field.parse().map_err(|error: F::Err| error.to_string())?, heading.to_owned()))
}

fn mapping(text: &str) -> Result<(String, Category), String> {
    let (list, category) = text.split_once('=').ok_or("write it as LIST=CATEGORY")?;
    Ok((list.to_string(), category.parse::<Category>().map_err(|error| error.to_string())?))
}
