//! What can be typed, and what every command begins with.

mod agreements;
mod incident;

use std::fmt::Display;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use belisha_policy::directory::Purpose;
use belisha_policy::people::{Login, PersonKind};
use belisha_policy::roles::Role as SchoolRole;
use belisha_policy::{Action, Audience, Category};
use belisha_school::people::newcomer::is_added_by_hand;
use belisha_school::{DataFolder, Settings, SettingsError, WrittenDay, WrittenInstant};
use chrono::NaiveDate;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

pub(crate) use agreements::{AgreementsAction, Invite, Paper, PicturesAction, Publish, Shown};
pub(crate) use incident::{IncidentAction, Named, ToldOutside};

use crate::serve::LISTEN;

/// Where people of the school work: sign-ins, people, roles, settings, reports; and what keeps the records provable.
///
/// Everything that a school decided and that was done to its records stands in a journal that cannot be changed
/// unnoticed. What changes something is done by a signed-in person who may (login). The other commands check the
/// journal, back it up and bring it back, and remove what has been kept long enough.
#[derive(Parser)]
#[command(name = "belisha-reporter", version, after_help = HELP_END)]
pub(crate) struct Args {
    /// The data folder
    #[arg(long, global = true, value_name = "DIR", env = "BELISHA_DATA", default_value = "./belisha-data")]
    pub(crate) data: PathBuf,

    /// The school's settings [default: school.toml in the data folder, else the starter school]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) school: Option<PathBuf>,

    /// Where the console listens, without a command
    #[arg(long, value_name = "ADDR", default_value = LISTEN)]
    pub(crate) listen: SocketAddr,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

const HELP_END: &str = "Without a command it serves the console.

Try it:
  belisha-reporter
  belisha-reporter verify
  belisha-reporter head --out head-2026-11-25.txt      # print it, keep it away from the machine
  belisha-reporter verify --against head-2026-11-25.txt
  export BELISHA_TOKEN=$(belisha-reporter login m.tolland)
  belisha-reporter roles list
  belisha-reporter agreements coverage
  belisha-reporter report web-summary --from 2026-11-01 --to 2026-11-30

Passwords are asked for at the terminal; with --passwords-stdin they are read from standard input, a line each, in the \
order in which the people are named.

Exit codes: 0 done, 1 the journal is broken, the thing asked about is not there or is refused, 2 usage, 65 a file is no \
backup or is damaged, 74 a file or the database failed, 78 the settings are wrong.";

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Serve the console: people report concerns in a browser, find their tasks, and work on incidents
    ///
    /// It speaks plain HTTP and listens on this machine alone. For others put it behind a server that speaks TLS.
    Serve {
        /// Where it listens
        #[arg(long, value_name = "ADDR", default_value = LISTEN)]
        listen: SocketAddr,
    },
    /// Check every event of the journal, and say whether it is sound
    Verify(Verify),
    /// Print the head of the journal: one line that vouches for everything before it
    Head {
        /// Write it to a file [default: standard output]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Write a backup, encrypted to a recipient; the data keys go to a place of their own
    Backup(Backup),
    /// Bring a backup back into an empty data folder or database, or try whether it could be
    Restore(Restore),
    /// Say which records have been kept long enough, and with --apply remove them
    Retain {
        /// Remove what may go [default: only say what would go]
        #[arg(long)]
        apply: bool,
        /// Print one JSON object instead of a page
        #[arg(long)]
        json: bool,
    },
    /// Write the access log as JSON lines; people and devices are numbers of their day
    AccessLog {
        /// The first day (UTC) [default: the first that there is]
        #[arg(long, value_name = "DATE")]
        from: Option<NaiveDate>,
        /// The last day (UTC) [default: today]
        #[arg(long, value_name = "DATE")]
        to: Option<NaiveDate>,
    },
    /// Reports: what happened, without anybody's name
    Report {
        #[command(subcommand)]
        action: ReportAction,
    },
    /// School policy: what is in force, what the file proposes
    Settings {
        #[command(subcommand)]
        action: SettingsAction,
    },
    /// Bodies outside the school: whom to call for what
    Agencies {
        #[command(subcommand)]
        action: AgenciesAction,
    },
    /// Name head and chair: the first people, with their sign-ins and keys, in a new data folder
    Found(Found),
    /// Sign in with password and second factor; prints a token to export, good for eight hours
    Login {
        /// Your user name
        user: String,
        /// Read password and code from standard input
        #[arg(long)]
        passwords_stdin: bool,
    },
    /// End the sign-in
    Logout,
    /// Choose a password of your own, and set up the second factor where there is none
    Password {
        /// Your user name
        user: String,
        /// Read the old and the new password, and the code, from standard input
        #[arg(long)]
        passwords_stdin: bool,
    },
    /// People and accounts, as the signed-in person
    People {
        #[command(subcommand)]
        action: PeopleAction,
    },
    /// Who has which role, as the signed-in person
    Roles {
        #[command(subcommand)]
        action: RolesAction,
    },
    /// Agreements and consents: publish, sign, log paper, chase, and ask who may be shown where
    Agreements {
        #[command(subcommand)]
        action: AgreementsAction,
    },
    /// Incidents: report a concern, and handle what others reported
    Incident {
        #[command(subcommand)]
        action: IncidentAction,
    },
    /// The people who hold keys
    Keys {
        #[command(subcommand)]
        action: KeysAction,
    },
    /// The database of a trust
    Store {
        #[command(subcommand)]
        action: StoreAction,
    },
}

/// Check every event of the journal, and say whether it is sound.
///
/// Needs no key. Where the journal is broken, the place is shown to two key holders only, because it can tell what
/// somebody tried to hide.
#[derive(ClapArgs)]
pub(crate) struct Verify {
    /// A head that was printed earlier; it must stand in the journal
    #[arg(long, value_name = "FILE")]
    pub(crate) against: Option<PathBuf>,

    /// A key holder who wants to see the place of a break; give two
    #[arg(long = "holder", value_name = "NAME")]
    pub(crate) holders: Vec<String>,

    /// Read passwords from standard input
    #[arg(long)]
    pub(crate) passwords_stdin: bool,

    /// Print one JSON object instead of a page
    #[arg(long)]
    pub(crate) json: bool,
}

/// Write a backup, encrypted to a recipient; the data keys go to a place of their own.
///
/// Two files: the records, which are of no use without the keys, and the keys, which are of no use without the records.
/// Keep them in different places. Copies of keys that are older than 35 days are removed from the place of keys, so
/// that what was erased is forgotten everywhere.
#[derive(ClapArgs)]
pub(crate) struct Backup {
    /// Folder for the records
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,

    /// Folder for the keys; another one, better on another machine
    #[arg(long, value_name = "DIR")]
    pub(crate) keys_out: PathBuf,

    /// Whom to encrypt to: age1…, from `age-keygen` or `belisha-reporter keys backup-key`
    #[arg(long, value_name = "AGE1", env = "BELISHA_BACKUP_RECIPIENT")]
    pub(crate) recipient: String,
}

/// Bring a backup back into an empty data folder or database, or try whether it could be.
///
/// The chain is checked event by event while it is read. What was erased after the backup was made stays erased: its
/// keys are not in the newest copy of the keys.
#[derive(ClapArgs)]
pub(crate) struct Restore {
    /// The file of the records
    #[arg(long, value_name = "FILE")]
    pub(crate) records: PathBuf,

    /// The newest file of the keys
    #[arg(long, value_name = "FILE")]
    pub(crate) keys: PathBuf,

    /// The file with the secret that opens both: AGE-SECRET-KEY-1…
    #[arg(long, value_name = "FILE")]
    pub(crate) identity: PathBuf,

    /// Restore into a folder that goes away again, check everything, and change nothing
    #[arg(long)]
    pub(crate) drill: bool,

    /// Restore a journal that was broken when the backup was made, as it was found
    #[arg(long)]
    pub(crate) accept_broken: bool,

    /// Give up the content of events whose keys are not in the copy of the keys
    #[arg(long)]
    pub(crate) give_up_unreadable: bool,
}

#[derive(Subcommand)]
pub(crate) enum ReportAction {
    /// What was asked for on the web and what was blocked: by category, group, site, time; and what the filter knows
    WebSummary(WebSummary),
}

/// What was asked for on the web and what was blocked: by category, group, site, time; and what the filter knows.
///
/// For the online safety coordinator and the safeguarding lead. Nobody is named in it, and small numbers are put together
/// so that nobody can be told by them. Once head and chair have been named, it takes a signed-in person who may read it.
#[derive(ClapArgs)]
pub(crate) struct WebSummary {
    /// The first day [default: 29 days before the last]
    #[arg(long, value_name = "DATE")]
    pub(crate) from: Option<NaiveDate>,

    /// The last day [default: today]
    #[arg(long, value_name = "DATE")]
    pub(crate) to: Option<NaiveDate>,

    /// Show what other rules would say of requests that they were asked about, and what would change
    #[arg(long)]
    pub(crate) replayed: bool,

    /// How it is written
    #[arg(long, value_enum, default_value_t = Format::Html)]
    pub(crate) format: Format,

    /// Where to [default: web-summary.html, .csv or .json]; - for standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,

    /// Write over a file that is there
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A page for people, with charts
    Html,
    /// A table for spreadsheets
    Csv,
    /// One object for programs
    Json,
}

impl Format {
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }
}

#[derive(Subcommand)]
pub(crate) enum SettingsAction {
    /// Say what school.toml proposes that is not in force
    Diff,
    /// Put the proposal in force, as the signed-in person: it takes the status 'web filtering management'
    Apply,
    /// Say what the trust set for all its schools, what its safeguarding lead approved, and what is kept shut by it
    List {
        /// Print one JSON object instead of a page
        #[arg(long)]
        json: bool,
    },
    /// Set what profiles block at least, as the trust's safeguarding lead: no file of the school goes below it
    Baseline {
        /// A file with [profiles.NAME] as in school.toml
        #[arg(required_unless_present = "end", conflicts_with = "end")]
        file: Option<PathBuf>,
        /// End the baseline: the school is held to nothing of the trust
        #[arg(long)]
        end: bool,
    },
    /// Let the school open categories that the baseline keeps shut, as the trust's safeguarding lead
    Approve {
        /// The categories; belisha-proxy check-config --categories lists them
        #[arg(required = true)]
        categories: Vec<Category>,
        /// For whom
        #[arg(long = "for", value_name = "WHOM")]
        whom: Whom,
        /// When they are to be shut again: a day, which ends with itself, or 2026-12-18T16:00 [default: when it is withdrawn]
        #[arg(long, value_name = "WHEN")]
        until: Option<WrittenInstant>,
    },
    /// Take an approval back, as the trust's safeguarding lead
    Withdraw {
        /// The categories
        #[arg(required = true)]
        categories: Vec<Category>,
        /// For whom
        #[arg(long = "for", value_name = "WHOM")]
        whom: Whom,
    },
}

/// For whom a profile is.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Whom {
    /// Profiles based on that of pupils
    Pupils,
    /// Profiles based on that of staff
    Staff,
}

impl Whom {
    pub(crate) fn audience(self) -> Audience {
        match self {
            Self::Pupils => Audience::Pupils,
            Self::Staff => Audience::Staff,
        }
    }
}

#[derive(Subcommand)]
pub(crate) enum AgenciesAction {
    /// List them by what they are called for, with when they answer and when somebody last made sure
    List {
        /// Only those for this, such as lado
        #[arg(long)]
        purpose: Option<Purpose>,
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
}

/// Name head and chair: the first people, with their sign-ins and keys, in a new data folder.
///
/// Both have to be here: each chooses a password and sets up a second factor (an app for codes on their telephone).
/// From then on cases, captures and names in the log open to those alone who hold a key, and everything else is done by
/// signed-in people who may. The fingerprints of both keys are printed: write them on paper.
///
/// Lists and rules may have been imported before, and the proxy may have run; people may not.
#[derive(ClapArgs)]
pub(crate) struct Found {
    /// The head's name, such as \"Merrin Tolland\": the last word is the surname
    #[arg(long, value_name = "NAME")]
    pub(crate) head: String,
    /// What the head types to sign in
    #[arg(long, value_name = "USER")]
    pub(crate) head_user: String,
    /// The head's address for mail, by which an import finds them
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) head_email: Option<String>,
    /// The chair's name
    #[arg(long, value_name = "NAME")]
    pub(crate) chair: String,
    /// What the chair types to sign in
    #[arg(long, value_name = "USER")]
    pub(crate) chair_user: String,
    /// The chair's address for mail
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) chair_email: Option<String>,
    /// Read passwords and codes from standard input: the head's password and code, then the chair's
    #[arg(long)]
    pub(crate) passwords_stdin: bool,
}

#[derive(Subcommand)]
pub(crate) enum PeopleAction {
    /// List people: staff and others, pupils by class, contacts; with user name and whether they can sign in
    List {
        /// Only this class
        #[arg(long)]
        class: Option<String>,
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Give people passwords, and write them to a sheet to hand out that you alone can read; destroy it afterwards
    #[command(group = clap::ArgGroup::new("whom").required(true))]
    Issue {
        /// User names, of people, classes and guests; a password that they have is void then
        #[arg(group = "whom")]
        users: Vec<String>,
        /// Those of a class who have no password yet
        #[arg(long, group = "whom")]
        class: Option<String>,
        /// All pupils who have none yet
        #[arg(long, group = "whom")]
        pupils: bool,
        /// All staff and others with an account who have none yet; as the chair, those who govern too
        #[arg(long, group = "whom")]
        staff: bool,
        /// With --class or --pupils: also those who have a password, which is void then
        #[arg(long, conflicts_with_all = ["users", "staff"])]
        anew: bool,
        /// The sheet; must not be there yet
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Add somebody whom no list of the school has: a volunteer, a contractor, a visitor, somebody who uses its rooms, or
    /// a body outside
    Add {
        /// The name, such as "Ines Marlow": the last word is the surname
        #[arg(value_name = "NAME")]
        name: String,
        /// What they are
        #[arg(long, value_parser = by_hand())]
        kind: PersonKind,
        /// What they type to sign in [default: they do not]
        #[arg(long, value_name = "USER")]
        user: Option<Login>,
        /// What they are called at work, such as "reading helper"
        #[arg(long, value_name = "TITLE", value_parser = whom)]
        title: Option<String>,
        /// The last day [default: until somebody says so]
        #[arg(long, value_name = "DAY")]
        until: Option<WrittenDay>,
    },
    /// Say which day is the last of somebody who was added; their account is off after it
    Until {
        /// The user name
        user: String,
        /// The day
        #[arg(value_name = "DAY")]
        until: WrittenDay,
    },
    /// Let a guest in for a time; somebody answers for them
    Guest {
        /// What the guest is called, such as "visiting author"
        called: String,
        /// What the guest types to sign in
        #[arg(long, value_name = "USER")]
        user: String,
        /// The user name of who answers for them [default: you]
        #[arg(long, value_name = "USER")]
        sponsor: Option<String>,
        /// When it ends, by the clock at the school: 2026-11-26T14:30, or a day, which ends with itself; seven days at most
        #[arg(long, value_name = "WHEN")]
        until: WrittenInstant,
    },
    /// Let a guest stay longer, or end their time sooner
    GuestEnd {
        /// The guest's user name
        user: String,
        /// When it ends: 2026-11-26T14:30, or a day, which ends with itself
        #[arg(value_name = "WHEN")]
        until: WrittenInstant,
    },
    /// Open the account that a class shares
    Class {
        /// The class
        class: String,
        /// What is typed to sign in
        #[arg(long, value_name = "USER")]
        user: String,
    },
    /// Switch an account off
    Off {
        /// The user name
        user: String,
    },
    /// Switch an account on again
    On {
        /// The user name
        user: String,
    },
    /// Give an account another user name
    Login {
        /// The user name now
        user: String,
        /// The new one
        new: String,
    },
    /// Write a pupil's record out for the school that they go to, encrypted to it. What goes is who they are and their
    /// contacts with responsibility and court orders: no log and no case
    Move {
        /// The pupil's user name, or their UPN
        user: String,
        /// The other school's reference number (URN)
        #[arg(long, value_name = "URN")]
        to: u64,
        /// The other school's recipient: age1…
        #[arg(long, value_name = "AGE1")]
        recipient: String,
        /// The file; must not be there yet
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Take in the record of a pupil who comes from another school, and write a receipt for that school
    Receive {
        /// The file of the record
        file: PathBuf,
        /// The file with the secret that opens it: AGE-SECRET-KEY-1…
        #[arg(long, value_name = "FILE")]
        identity: PathBuf,
        /// The receipt; must not be there yet
        #[arg(long, value_name = "FILE")]
        receipt: PathBuf,
    },
    /// Take the receipt of the other school: from then on the pupil has left, and their record is for reading only
    Receipt {
        /// The file
        file: PathBuf,
    },
    /// Take the second factor of somebody who has lost their telephone: they set up another with belisha-reporter password
    ForgetFactor {
        /// The user name
        user: String,
    },
    /// Say that others know an account's password: it is void at once, and its lines are marked from then on
    Compromised {
        /// The user name
        user: String,
        /// Since when others knew it: a day, or 2026-11-25T16:00 by the clock at the school [default: now]
        #[arg(long, value_name = "WHEN")]
        since: Option<WrittenInstant>,
    },
}

#[derive(Subcommand)]
pub(crate) enum RolesAction {
    /// List roles, who holds them, what was delegated, and what nobody holds
    List {
        /// Print one JSON object instead of a page
        #[arg(long)]
        json: bool,
    },
    /// The online safety committee: who sits in it, and who leads it
    Committee {
        #[command(subcommand)]
        action: CommitteeAction,
    },
    /// Say that you have looked through who holds which role, as head or chair
    Review,
    /// Give somebody a role
    Appoint {
        /// The role, such as dsl; `roles list` shows them
        role: SchoolRole,
        /// The user name
        user: String,
        /// Until when: a day, which ends with itself, or 2026-12-18T16:00 by the clock at the school
        #[arg(long, value_name = "WHEN")]
        until: Option<WrittenInstant>,
        /// The user name of whom they stand in for
        #[arg(long, value_name = "USER")]
        covers_for: Option<String>,
    },
    /// Take a role away
    End {
        /// The role
        role: SchoolRole,
        /// The user name
        user: String,
    },
    /// Give the status 'web filtering management', which changing the filter takes
    GrantStatus {
        /// The user name
        user: String,
    },
    /// Take that status away
    WithdrawStatus {
        /// The user name
        user: String,
    },
    /// Let somebody do things in your place
    Delegate {
        /// The user name
        user: String,
        /// What; may be several
        #[arg(required = true, value_parser = delegable())]
        actions: Vec<Action>,
        /// Until when, a year at most: a day, which ends with itself, or 2026-12-18T16:00 by the clock at the school
        #[arg(long, value_name = "WHEN")]
        until: WrittenInstant,
    },
    /// Take back what you let somebody do
    Revoke {
        /// The user name
        user: String,
    },
    /// Say who manages somebody
    Manager {
        /// The user name of who is managed
        user: String,
        /// The user name of the manager
        #[arg(required_unless_present = "nobody", conflicts_with = "nobody")]
        manager: Option<String>,
        /// Nobody manages them any more
        #[arg(long)]
        nobody: bool,
    },
    /// Say whose class it is
    Teacher {
        /// The class
        class: String,
        /// The teacher's user name
        #[arg(required_unless_present = "nobody", conflicts_with = "nobody")]
        user: Option<String>,
        /// It is nobody's own class any more
        #[arg(long)]
        nobody: bool,
    },
}

#[derive(Subcommand)]
pub(crate) enum CommitteeAction {
    /// List its members with their terms, who leads it, and what it lacks
    List {
        /// Print one JSON object instead of a page
        #[arg(long)]
        json: bool,
    },
    /// Seat somebody; a term that they had is over
    Seat {
        /// The user name
        user: String,
        /// As the one who leads it [default: the coordinator leads]
        #[arg(long)]
        chair: bool,
        /// The end of the term: a day, which ends with itself, or 2027-07-20T16:00 by the clock at the school
        #[arg(long, value_name = "WHEN")]
        until: Option<WrittenInstant>,
        /// For whom they sit there, such as "parents of year 6" [default: what they are at the school]
        #[arg(long, value_name = "WHOM", value_parser = whom)]
        represents: Option<String>,
    },
    /// Take somebody's seat away
    Unseat {
        /// The user name
        user: String,
    },
}

/// What may be delegated.
fn delegable() -> impl TypedValueParser<Value = Action> {
    let slugs = Action::ALL.iter().filter(|action| action.is_delegable()).map(|action| action.slug());
    PossibleValuesParser::new(slugs).try_map(|slug| slug.parse::<Action>())
}

/// What somebody is who is added by hand.
fn by_hand() -> impl TypedValueParser<Value = PersonKind> {
    let kinds = || PersonKind::ALL.into_iter().filter(|kind| is_added_by_hand(*kind));
    let parse = move |slug: String| kinds().find(|kind| kind.slug() == slug).ok_or("no kind of person");
    PossibleValuesParser::new(kinds().map(PersonKind::slug)).try_map(parse)
}

/// For whom somebody sits in the committee, or what somebody is called.
fn whom(text: &str) -> Result<String, &'static str> {
    let (text, fits) = (text.trim(), |letter: char| letter.is_alphanumeric() || " .,'-/&".contains(letter));
    if text.is_empty() || text.chars().count() > 60 || !text.chars().all(fits) {
        return Err("1 to 60 letters, digits and spaces");
    }
    Ok(text.to_owned())
}

#[derive(Subcommand)]
pub(crate) enum KeysAction {
    /// List key holders and what their keys are for
    List,
    /// Make a key of your own, behind your password, as the signed-in person. It opens nothing until a holder admits you
    Join {
        /// Read the password from standard input
        #[arg(long)]
        passwords_stdin: bool,
    },
    /// Let somebody who has a key open captures, history, or the cases that their roles handle. You have to hold it yourself
    Admit {
        /// cases, captures or history
        #[arg(value_parser = PossibleValuesParser::new(["cases", "captures", "history"]))]
        role: String,
        /// The user name
        user: String,
    },
    /// Give somebody who holds a key and has lost their password or telephone new ones: you, a second who helps to recover,
    /// and they have to be here
    Recover {
        /// The user name of who lost it
        user: String,
        /// The user name of the second
        #[arg(long, value_name = "USER")]
        with: String,
        /// Read the second's password and code, and the new password and code, from standard input
        #[arg(long)]
        passwords_stdin: bool,
    },
    /// Say who helps to recover from now on, as one of two who do now: any two of them together give a third another
    /// password. Three are better than two: of two neither can be helped
    Helpers {
        /// The user names of all who are to help; each has to hold a key
        #[arg(required = true, num_args = 2..)]
        users: Vec<String>,
        /// The user name of the second who helps now
        #[arg(long, value_name = "USER")]
        with: String,
        /// Read the second's password and code from standard input
        #[arg(long)]
        passwords_stdin: bool,
    },
    /// Make a key for backups: print the recipient, write the secret to a file to keep away from the machine
    BackupKey {
        /// The file of the secret; must not be there yet
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

#[derive(Subcommand)]
pub(crate) enum StoreAction {
    /// Say where journal, keys and access log are, and how large they are
    Status,
    /// Prepare a PostgreSQL database for schools
    Install {
        /// An administrator's address: postgres://login:password@host:port/database
        #[arg(long, value_name = "URL", env = "BELISHA_STORE_ADMIN")]
        admin: String,
    },
    /// Add a school to the database, with a login of its own
    Enrol {
        /// An administrator's address: postgres://login:password@host:port/database
        #[arg(long, value_name = "URL", env = "BELISHA_STORE_ADMIN")]
        admin: String,
        /// The school's name
        #[arg(long)]
        name: String,
        /// Its login: small letters, digits and _
        #[arg(long)]
        login: String,
        /// The school's id, where it has one already, as when it moves [default: a new one]
        #[arg(long, value_name = "ID")]
        id: Option<String>,
        /// Read the login's password from standard input
        #[arg(long)]
        passwords_stdin: bool,
    },
    /// List the schools of the database
    Schools {
        /// An administrator's address: postgres://login:password@host:port/database
        #[arg(long, value_name = "URL", env = "BELISHA_STORE_ADMIN")]
        admin: String,
    },
}

impl Args {
    pub(crate) fn folder(&self) -> DataFolder {
        DataFolder::new(&self.data)
    }

    pub(crate) fn settings(&self) -> Result<Settings, SettingsError> {
        Settings::load(self.folder().settings_to_read(self.school.as_deref()).as_deref())
    }
}

/// Says what went wrong, and gives the exit code for it.
pub(crate) fn fail(error: &dyn Display, code: u8) -> ExitCode {
    // Where the terminal is gone there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "belisha-reporter: {}", belisha_school::plain(&error.to_string()));
    ExitCode::from(code)
}
