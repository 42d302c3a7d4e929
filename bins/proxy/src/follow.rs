//! Following changes of rules, settings and policy while requests are answered.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::Builder;
use std::time::{Duration, Instant, SystemTime};

use belisha_gateway::Live;
use belisha_school::rules::{self, Loaded, Origin, Rules};
use belisha_school::{DataFolder, School, SchoolError, Serving, Settings, days};
use belisha_store::journal::Watch;
use chrono::{DateTime, Utc};
use tokio::signal::unix::{SignalKind, signal};

use crate::args::Args;
use crate::door::SchoolDoor;
use crate::serve::{state, write_down};

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How often a journal that could not be opened is tried again.
const AGAIN: Duration = Duration::from_secs(5);
/// How often days of the log that are over are looked for.
const TIDY: Duration = Duration::from_hours(1);

/// Looks at rules and settings once a second, at once on SIGHUP, and at the journal as it changes. What cannot be used
/// changes nothing: the last good one stays in force, and the log says why.
pub(crate) struct Follower {
    folder: DataFolder,
    /// The settings file that was named.
    named: Option<PathBuf>,
    seen: Seen,
}

/// What tells one version of a file from another without reading it.
pub(crate) type Stamp = Option<(SystemTime, u64, u64)>;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) rules: Stamp,
    settings: Stamp,
}

impl Seen {
    /// The files as they are now; settings that are not there yet may come later.
    pub(crate) fn now(folder: &DataFolder, named: Option<&Path>) -> Self {
        let settings = folder.settings_to_read(named);
        Self { rules: stamp(&folder.rules()), settings: settings.as_deref().and_then(stamp) }
    }
}

/// The following, going on; dropping it ends it.
pub(crate) struct Following {
    _end: SyncSender<()>,
}

impl Follower {
    /// Remembers the files as they are now; to be called before they are read, so that no change is missed.
    pub(crate) fn new(args: &Args) -> Self {
        let folder = args.folder();
        let named = args.school.clone();
        let seen = Seen::now(&folder, named.as_deref());
        Self { folder, named, seen }
    }

    /// Begins to follow, on a thread of its own: a journal may be slow or away, and requests are not to wait for it.
    pub(crate) fn follow(self, live: Arc<Live>, door: Arc<SchoolDoor>, serving: Serving) -> Result<Following, String> {
        let (end, asked) = sync_channel(1);
        let hangup = end.clone();
        tokio::spawn(async move {
            let Ok(mut signal) = signal(SignalKind::hangup()) else { return };
            while signal.recv().await.is_some() {
                // Where one is waiting already, it does for both.
                let _ = hangup.try_send(());
            }
        });
        let thread = Builder::new().name("follower".into()).spawn(move || self.run(&live, door, serving, &asked));
        thread.map_err(|error| format!("no thread to follow changes: {error}"))?;
        Ok(Following { _end: end })
    }

    fn run(mut self, live: &Live, door: Arc<SchoolDoor>, serving: Serving, asked: &Receiver<()>) {
        let mut journal = JournalFollowed::new(serving, door);
        let mut tidied: Option<Instant> = None;
        loop {
            let asked = match asked.recv_timeout(LOOK) {
                Ok(()) => true,
                Err(RecvTimeoutError::Timeout) => false,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let now = Seen::now(&self.folder, self.named.as_deref());
            let files = asked || now != self.seen;
            journal.door.follow();
            if files || journal.wants_reading() {
                let before = std::mem::replace(&mut self.seen, now);
                self.reload(live, &mut journal, files, asked || before.rules != now.rules);
            }
            if tidied.is_none_or(|when| when.elapsed() >= TIDY) {
                tidied = Some(Instant::now());
                journal.close_days();
            }
        }
    }

    fn reload(&self, live: &Live, journal: &mut JournalFollowed, files_changed: bool, rules_changed: bool) {
        let file = match Settings::load(self.folder.settings_to_read(self.named.as_deref()).as_deref()) {
            Ok(settings) => settings,
            Err(error) => {
                tracing::error!("{error}. The settings in force are as before");
                return;
            }
        };
        let ended = journal.loosening_has_ended();
        let settings = match journal.read(&self.folder, file) {
            // Still away, and nothing else is new.
            Ok((_, Still::Away)) if !files_changed && !ended => return,
            Ok((settings, _)) => settings,
            Err(error) => {
                tracing::error!("{error}. The settings in force are as before");
                return;
            }
        };
        let current = live.load();
        let fresh = if rules_changed { self.fresh_rules() } else { None };
        if let (Some(school), Some(rules)) = (journal.school.as_deref(), &fresh) {
            write_down(school, rules);
        }
        let rules = fresh.or_else(|| current.rules.clone());
        let count = rules.as_ref().map_or(0, Rules::rule_count);
        live.replace(state(settings, rules));
        tracing::info!(rules = count, "reloaded");
    }

    /// The rules as they now are on the disk; `None` where they cannot be used.
    fn fresh_rules(&self) -> Option<Rules> {
        match rules::load(&self.folder) {
            Ok(Loaded { origin: Origin::Earlier { problem, .. }, .. }) => {
                tracing::error!("{}: {problem}. The rules in force are as before", self.folder.rules().display());
                None
            }
            Ok(loaded) => Some(loaded.rules),
            Err(error) => {
                tracing::error!("{error}. The rules in force are as before");
                None
            }
        }
    }
}

/// Whether a journal that was away is so still.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Still {
    Away,
    There,
}

/// The journal, as far as it can be had.
struct JournalFollowed {
    school: Option<Box<School>>,
    watch: Option<Watch>,
    tried: Instant,
    /// When something that the trust has approved is to be shut again.
    loosened_until: Option<DateTime<Utc>>,
    door: Arc<SchoolDoor>,
}

impl JournalFollowed {
    fn new(serving: Serving, door: Arc<SchoolDoor>) -> Self {
        let loosened_until = serving.settings().loosened_until;
        let school = match serving {
            Serving::Whole(school) => Some(school),
            Serving::Without { .. } => None,
        };
        let watch = school.as_ref().and_then(|school| school.ledger().journal().watch().ok());
        Self { school, watch, tried: Instant::now(), loosened_until, door }
    }

    fn keep(&mut self, school: Option<Box<School>>) {
        // The accounts stay at hand while the journal is away: a lesson goes on with those who were known.
        if school.is_some() {
            self.door.open(school.as_deref());
        }
        self.watch = school.as_ref().and_then(|school| school.ledger().journal().watch().ok());
        self.school = school;
        self.tried = Instant::now();
    }

    /// Whether the policy in force may have changed, or it is time to try a journal that was away.
    fn wants_reading(&mut self) -> bool {
        if self.loosening_has_ended() {
            return true;
        }
        match (&self.school, &mut self.watch) {
            (Some(school), Some(watch)) => watch.changed(Duration::ZERO) && school.policy_has_changed().unwrap_or(true),
            _ => self.tried.elapsed() >= AGAIN,
        }
    }

    /// Whether something that the trust has approved is to be shut by now.
    fn loosening_has_ended(&self) -> bool {
        self.loosened_until.is_some_and(|until| until <= Utc::now())
    }

    /// The settings in force, from the journal or without it.
    fn read(&mut self, folder: &DataFolder, file: Settings) -> Result<(Settings, Still), SchoolError> {
        let (settings, still) = self.read_as_it_is(folder, file)?;
        self.loosened_until = settings.loosened_until;
        Ok((settings, still))
    }

    fn read_as_it_is(&mut self, folder: &DataFolder, file: Settings) -> Result<(Settings, Still), SchoolError> {
        let was_away = self.school.is_none();
        match Serving::open(folder, file, Utc::now())? {
            Serving::Whole(school) => {
                if was_away {
                    tracing::info!("the journal is there again");
                }
                if !school.proposal().is_empty() {
                    tracing::warn!(
                        changes = school.proposal().len(),
                        "the settings file proposes what is not in force: see belisha-reporter settings diff"
                    );
                }
                let settings = school.settings().clone();
                self.keep(Some(school));
                Ok((settings, Still::There))
            }
            Serving::Without { settings, trouble } => {
                self.tried = Instant::now();
                if !was_away {
                    tracing::error!("{trouble}. Filtering goes on by the last good settings");
                    self.keep(None);
                }
                Ok((*settings, if was_away { Still::Away } else { Still::There }))
            }
        }
    }

    fn close_days(&self) {
        let Some(school) = &self.school else { return };
        match days::close_due(school, Utc::now()) {
            Ok(closed) if closed.is_empty() => {}
            Ok(closed) => tracing::info!(files = closed.len(), "days of the access log are closed"),
            Err(error) => tracing::error!("days of the access log could not be closed: {error}"),
        }
    }
}

fn stamp(path: &Path) -> Stamp {
    let about = fs::metadata(path).ok()?;
    Some((about.modified().ok()?, about.len(), about.ino()))
}
