//! `school.toml`: what stands in it, and what it means.
//!
//! Two stages: [`raw`] is exactly what was typed; [`Settings`] is what it amounts to, and making one from the other is
//! the only validation there is. Nothing is opened here but the file itself.
//!
//! What belongs to the machine (listeners, store, networks, egress, the log's manners) holds as the file says at every
//! start. What the school has decided (a [`SchoolPolicy`]) is in force as the journal says; the file only proposes it.

mod agencies;
mod agreements;
mod baseline;
mod calendar;
mod dates;
mod inspection;
mod mail;
mod names;
mod own;
mod places;
mod profiles;
mod raw;
mod review;
mod school_policy;
mod times;

use std::fmt::Display;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use belisha_aua::Validity;
use belisha_incident::CpRecord;
use belisha_policy::directory::{Directory, SchoolKind};
use belisha_policy::retention::{Period, Schedule};
use belisha_policy::{Audience, Network, Policy, Profile};
use belisha_store::postgres::Postgres;
use chrono::{DateTime, NaiveDate, Utc};
use ipnet::IpNet;
use toml::Spanned;

use self::mail::RawMail;
use self::places::Places;
use self::raw::{Raw, RawNetwork, parse_range};

use crate::trust::{KeptShut, Trust, TrustRules};

pub use self::agencies::WrittenAgency;
pub use self::agreements::WrittenAgreements;
pub use self::baseline::{parse_baseline, read_baseline};
pub use self::calendar::{WrittenCalendar, WrittenHoliday, WrittenHours, WrittenLesson, WrittenOpen, WrittenStretch};
pub use self::dates::{WrittenDay, WrittenError, WrittenInstant};
pub use self::inspection::WrittenInspection;
pub use self::mail::{Mail, MailSecurity};
pub use self::own::{WrittenApproved, WrittenException, WrittenVariation};
pub use self::profiles::{Base, WrittenAt, WrittenProfile};
pub use self::school_policy::SchoolPolicy;
pub use self::times::WrittenTimes;

/// The school that serves until there is a `school.toml`.
pub const STARTER: &str = include_str!("../data/starter-school.toml");

/// Overrides `store` of the file, so that the password of a database need not stand in it.
pub const STORE_VARIABLE: &str = "BELISHA_STORE";

/// The settings of one school, checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The school's name, for pages.
    pub school: String,
    /// What kind of school it is: to whom a concern about the head goes depends on it.
    pub kind: SchoolKind,
    /// Where the child-protection file is (decisions 13).
    pub cp_record: CpRecord,
    /// The school's reference number (URN): by it other schools of a trust know it.
    pub urn: Option<u64>,
    /// Where the proxy listens.
    pub proxy: SocketAddr,
    /// Ranges that the proxy may reach although they are private or special.
    pub egress: Vec<IpNet>,
    /// The database of journal and access log; `None` for files in the data folder.
    pub store: Option<Postgres>,
    /// Whether pupils' requests are refused once they can no longer be logged (decisions 18; off otherwise).
    pub refuse_unlogged: bool,
    /// How people are reminded; nobody is where there is nothing.
    pub mail: Option<Mail>,
    /// The address at which people sign in.
    pub console: Option<String>,
    /// Profiles, groups, networks, and the groups of those who sign in.
    pub policy: Policy,
    /// What profiles leave open and the trust keeps shut. Nothing for settings that are only read from a file.
    pub kept_shut: Vec<KeptShut>,
    /// When something that the trust has approved is to be shut again: from then on these settings are not in force.
    pub loosened_until: Option<DateTime<Utc>>,
    /// How long records are kept.
    pub schedule: Schedule,
    /// Bodies outside the school.
    pub directory: Directory,
    /// How long a review of who holds which role is good for; twelve months unless the school has set it.
    pub review_of_roles: Period,
    /// How long a parent's yes to pictures is good.
    pub photo_consent: Validity,
    /// What the school has decided, as it is written: in the file, or in the journal for settings in force.
    pub school_policy: SchoolPolicy,
    /// The file they were read from; `None` for the starter school.
    pub file: Option<PathBuf>,
    networks: Vec<Spanned<RawNetwork>>,
    /// Of these, what names a group that is only proposed. It is not in the policy.
    of_no_group: Vec<Fault>,
    /// When agencies of the file were last checked, and where that stands.
    checks: Vec<(usize, NaiveDate)>,
    text: Text,
}

/// Why settings cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("{}: cannot be read: {source}. Check that the file is there and that you may read it, or leave out --school for the built-in starter school", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Something in it is wrong.
    #[error("{}:{line}: {message}", file.display())]
    Wrong {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong, and what would be right.
        message: String,
    },
    /// The variable with the address of the store is wrong.
    #[error("{STORE_VARIABLE}: {0}")]
    Variable(String),
}

/// Where in the text something is wrong, and what.
type Fault = (usize, String);

/// The text and its name, to say in which line something is wrong.
#[derive(Clone, Debug)]
struct Text {
    name: PathBuf,
    content: String,
}

impl Text {
    fn wrong(&self, (at, message): Fault) -> SettingsError {
        let line = 1 + self.content.get(..at).unwrap_or_default().matches('\n').count();
        SettingsError::Wrong { file: self.name.clone(), line, message }
    }
}

/// The name under which the place of the calendar is remembered.
const CALENDAR: &str = "[calendar]";

/// What times are remembered among.
const TIMES: &str = "times";

/// The name under which members are remembered.
fn among_members(who: &str) -> String {
    format!("[members]\n{who}")
}

impl Settings {
    /// Reads a file, or the starter school where there is none to read. The variable `BELISHA_STORE` overrides `store`.
    ///
    /// # Errors
    /// A file that cannot be read, unknown keys, values of the wrong kind, names that lead nowhere: each with its line.
    pub fn load(file: Option<&Path>) -> Result<Self, SettingsError> {
        let mut settings = match file {
            Some(file) => {
                let text = std::fs::read_to_string(file);
                let text = text.map_err(|source| SettingsError::Unreadable { file: file.to_path_buf(), source })?;
                let settings = Self::parse(&text, file)?;
                Self { file: Some(file.to_path_buf()), ..settings }
            }
            None => Self::parse(STARTER, Path::new("(starter school)"))?,
        };
        if let Some(address) = std::env::var_os(STORE_VARIABLE) {
            let store = Postgres::parse(&address.to_string_lossy());
            settings.store = Some(store.map_err(|error| SettingsError::Variable(error.to_string()))?);
        }
        Ok(settings)
    }

    /// Reads a text as `file` would hold it; the name is for messages.
    pub fn parse(text: &str, file: &Path) -> Result<Self, SettingsError> {
        let text = Text { name: file.to_path_buf(), content: text.to_string() };
        let raw: Raw = toml::from_str(&text.content).map_err(|error| {
            text.wrong((error.span().map_or(0, |span| span.start), names::with_suggestion(error.message())))
        })?;
        let machine = Machine::of(&raw).map_err(|fault| text.wrong(fault))?;
        let (school_policy, at) = raw.school_policy(&text.content).map_err(|fault| text.wrong(fault))?;
        let free = Held { trust: &Trust::default(), now: DateTime::UNIX_EPOCH };
        let made = policy(&school_policy, &raw.networks, &at, &free).map_err(|fault| text.wrong(fault))?;
        let policy = made.policy;
        if let Some(fault) = made.of_no_group.into_iter().next() {
            return Err(text.wrong(fault));
        }
        let schedule = schedule(&raw).map_err(|fault| text.wrong(fault))?;
        let directory = agencies::directory(&school_policy.agencies).map_err(|fault| text.wrong(fault))?;
        let review_of_roles = review::of_roles(&school_policy.review).map_err(|fault| text.wrong(fault))?;
        let photo_consent = school_policy.agreements.validity().map_err(|fault| text.wrong(fault))?;
        let Machine { kind, cp_record, urn, proxy, egress, store, mail, console } = machine;
        Ok(Self {
            school: raw.school.name,
            kind,
            cp_record,
            urn,
            proxy,
            egress,
            store,
            refuse_unlogged: raw.log.refuse_unlogged,
            mail,
            console,
            policy,
            kept_shut: Vec::new(),
            loosened_until: None,
            schedule,
            directory,
            review_of_roles,
            photo_consent,
            school_policy,
            file: None,
            checks: agencies::checks(&raw.agencies),
            networks: raw.networks,
            of_no_group: Vec::new(),
            text,
        })
    }

    /// The same machine under another policy: that which the journal has in force, in a school without a trust.
    ///
    /// A network of the file that names a group which is only proposed is left out: an address in it is in no network.
    /// Whoever asks who comes from where asks [`check_networks`](Self::check_networks) before.
    ///
    /// # Errors
    /// Something in the policy is unknown to this version of the program.
    pub fn under(&self, school_policy: SchoolPolicy) -> Result<Self, SettingsError> {
        self.under_trust(school_policy, &TrustRules::default(), DateTime::UNIX_EPOCH)
    }

    /// The same machine under a policy and what the trust set, below which no profile goes: each blocks for its audience
    /// at least what the baseline blocks and nobody has approved at this instant.
    ///
    /// # Errors
    /// As [`under`](Self::under).
    pub fn under_trust(
        &self,
        school_policy: SchoolPolicy,
        trust: &TrustRules,
        now: DateTime<Utc>,
    ) -> Result<Self, SettingsError> {
        let in_force = |fault| self.not_in_force(fault);
        let trust = trust.read().map_err(|message| in_force((0, message)))?;
        let held = Held { trust: &trust, now };
        let Made { policy, kept_shut, of_no_group } =
            policy(&school_policy, &self.networks, &Places::default(), &held).map_err(in_force)?;
        let loosened_until = trust.approvals.next_end(now);
        let schedule = school_policy.schedule().map_err(|error| in_force((0, error.to_string())))?;
        let directory = agencies::directory(&school_policy.agencies).map_err(in_force)?;
        let review_of_roles = review::of_roles(&school_policy.review).map_err(in_force)?;
        let photo_consent = school_policy.agreements.validity().map_err(in_force)?;
        let file = self.clone();
        let file = Self { of_no_group, ..file };
        Ok(Self {
            policy,
            kept_shut,
            loosened_until,
            schedule,
            directory,
            review_of_roles,
            photo_consent,
            school_policy,
            ..file
        })
    }

    /// Whether every network of the file names a group that is in force. Asked by whatever tells by its address who
    /// somebody is, and not where people sign in: they are the ones who can put the proposal in force.
    ///
    /// # Errors
    /// A network names a group that is only proposed.
    pub fn check_networks(&self) -> Result<(), SettingsError> {
        self.of_no_group.first().map_or(Ok(()), |fault| Err(self.not_in_force(fault.clone())))
    }

    fn not_in_force(&self, (at, message): Fault) -> SettingsError {
        let message = format!(
            "{message} in the settings in force. What the file says about profiles and groups is a proposal until it \
             is applied: see `belisha-reporter settings diff`"
        );
        self.text.wrong((at, message))
    }

    /// Whether what the file says of checks can be, on this day. Asked where a proposal is looked at, and not where the
    /// filter starts: a machine whose clock is behind goes on filtering.
    ///
    /// # Errors
    /// An agency was checked on a day that is still to come.
    pub fn check_days(&self, today: NaiveDate) -> Result<(), SettingsError> {
        match self.checks.iter().find(|(_, checked)| *checked > today) {
            Some((at, checked)) => {
                let message = format!("checked on {checked}, which is still to come (today is {today})");
                Err(self.text.wrong((*at, message)))
            }
            None => Ok(()),
        }
    }

    /// The profiles whose block page speaks to pupils.
    pub fn pupil_profiles(&self) -> impl Iterator<Item = &Profile> {
        let profiles = self.policy.profiles().iter().map(AsRef::as_ref);
        profiles.filter(|profile: &&Profile| profile.audience() == Audience::Pupils)
    }
}

/// What belongs to the machine.
struct Machine {
    kind: SchoolKind,
    cp_record: CpRecord,
    urn: Option<u64>,
    proxy: SocketAddr,
    egress: Vec<IpNet>,
    store: Option<Postgres>,
    mail: Option<Mail>,
    console: Option<String>,
}

impl Machine {
    fn of(raw: &Raw) -> Result<Self, Fault> {
        let mut proxy = SocketAddr::from(([127, 0, 0, 1], 3128));
        if let Some(text) = &raw.listeners.proxy {
            proxy = text.get_ref().parse().map_err(|_| {
                let message = format!("{:?} is not an address with a port, such as \"0.0.0.0:3128\"", text.get_ref());
                (text.span().start, message)
            })?;
        }
        let (kind, cp_record) = (named(raw.school.kind.as_ref())?, named(raw.school.cp_record.as_ref())?);
        let urn = match &raw.school.urn {
            Some(urn) if !(100_000..=999_999).contains(urn.get_ref()) => {
                let message =
                    format!("{} is no reference number of a school (URN): they have six digits", urn.get_ref());
                return Err((urn.span().start, message));
            }
            urn => urn.as_ref().map(|urn| *urn.get_ref()),
        };
        let range =
            |range: &Spanned<String>| parse_range(range.get_ref()).map_err(|message| (range.span().start, message));
        let egress = raw.egress.allow.iter().map(range).collect::<Result<_, _>>()?;
        let store = raw.store.as_ref().map(|address| {
            Postgres::parse(address.get_ref()).map_err(|error| (address.span().start, error.to_string()))
        });
        let mail = raw.mail.as_ref().map(RawMail::mail).transpose()?;
        let console = raw.console.address()?;
        Ok(Self { kind, cp_record, urn, proxy, egress, store: store.transpose()?, mail, console })
    }
}

/// What is meant by a name; the default where there is none.
fn named<T: Default + FromStr<Err: Display>>(text: Option<&Spanned<String>>) -> Result<T, Fault> {
    let read =
        |text: &Spanned<String>| text.get_ref().parse().map_err(|error: T::Err| (text.span().start, error.to_string()));
    text.map_or_else(|| Ok(T::default()), read)
}

fn schedule(raw: &Raw) -> Result<Schedule, Fault> {
    let mut schedule = Schedule::default();
    for (class, period) in &raw.retention {
        schedule.set(class.get_ref(), period.get_ref()).map_err(|error| (period.span().start, error.to_string()))?;
    }
    Ok(schedule)
}

/// What the trust set, and the instant for which it is asked.
struct Held<'a> {
    trust: &'a Trust,
    now: DateTime<Utc>,
}

/// A policy, and what could not be part of it.
struct Made {
    policy: Policy,
    kept_shut: Vec<KeptShut>,
    /// Networks of groups that there are not.
    of_no_group: Vec<Fault>,
}

/// The policy, of profiles and exceptions that are held to what the trust set: there is no other way to one.
fn policy(school: &SchoolPolicy, raw: &[Spanned<RawNetwork>], at: &Places, held: &Held<'_>) -> Result<Made, Fault> {
    let calendar = school.calendar(at)?;
    let (profiles, mut kept_shut) = held.trust.hold(school.profiles(&calendar, at)?, held.now);
    let groups = school.groups(&profiles, at)?;
    let members = school.members(&groups, at)?;
    let (mut networks, mut of_no_group) = (Vec::<Network>::new(), Vec::new());
    for raw in raw {
        let group = match raw.get_ref().group(&groups) {
            Ok(group) => group,
            Err(fault) => {
                of_no_group.push(fault);
                continue;
            }
        };
        let network = raw.get_ref().network(group)?;
        if let Some(twin) = networks.iter().find(|other| other.range.trunc() == network.range.trunc()) {
            let message = format!("the network {} stands twice, for {:?} before", network.range, twin.group);
            return Err((raw.get_ref().range.span().start, message));
        }
        networks.push(network);
    }
    let policy = Policy::new(profiles, groups, networks).and_then(|policy| policy.with_members(members));
    let policy = policy.map_err(|error| (0, error.to_string()))?.with_calendar(calendar.clone());
    let keeps_shut = |category| held.trust.keeps_shut(category, held.now);
    let policy = school.with_own(policy, &calendar, at, (&keeps_shut, &mut kept_shut))?;
    Ok(Made { policy, kept_shut, of_no_group })
}
