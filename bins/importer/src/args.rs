//! What can be typed.

use std::path::PathBuf;

use belisha_formats::lists::Format;
use belisha_policy::Category;
use belisha_school::DataFolder;
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
    /// Import block lists: squidGuard folders and archives such as UT1, hosts files, plain lists of names
    Lists(ListsCommand),
}

/// Import block lists: squidGuard folders and archives such as UT1, hosts files, plain lists of names.
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

fn mapping(text: &str) -> Result<(String, Category), String> {
    let (list, category) = text.split_once('=').ok_or("write it as LIST=CATEGORY")?;
    Ok((list.to_string(), category.parse::<Category>().map_err(|error| error.to_string())?))
}
