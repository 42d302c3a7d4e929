//! Following changes of rules and settings while requests are answered.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use belisha_gateway::Live;
use belisha_school::rules::{self, Loaded, Origin};
use belisha_school::{DataFolder, Settings};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval};

use crate::args::Args;
use crate::serve::state;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Looks at rules and settings once a second, and at once on SIGHUP. A file that cannot be used changes nothing: the
/// last good one stays in force, and the log says why.
pub(crate) struct Follower {
    folder: DataFolder,
    /// The settings file that was named.
    named: Option<PathBuf>,
    seen: Seen,
}

/// What tells one version of a file from another without reading it.
type Stamp = Option<(SystemTime, u64, u64)>;

#[derive(Clone, Copy, PartialEq, Eq)]
struct Seen {
    rules: Stamp,
    settings: Stamp,
}

impl Seen {
    /// The files as they are now; settings that are not there yet may come later.
    fn now(folder: &DataFolder, named: Option<&Path>) -> Self {
        let settings = folder.settings_to_read(named);
        Self { rules: stamp(&folder.rules()), settings: settings.as_deref().and_then(stamp) }
    }
}

impl Follower {
    /// Remembers the files as they are now; to be called before they are read, so that no change is missed.
    pub(crate) fn new(args: &Args) -> Self {
        let folder = args.folder();
        let named = args.school.clone();
        let seen = Seen::now(&folder, named.as_deref());
        Self { folder, named, seen }
    }

    pub(crate) async fn follow(mut self, live: Arc<Live>) {
        let mut tick = interval(LOOK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut hangup = signal(SignalKind::hangup()).ok();
        loop {
            let asked = tokio::select! {
                _ = tick.tick() => false,
                Some(()) = async { hangup.as_mut()?.recv().await } => true,
            };
            let now = Seen::now(&self.folder, self.named.as_deref());
            if asked || now != self.seen {
                let before = std::mem::replace(&mut self.seen, now);
                self.reload(&live, asked || before.rules != now.rules);
            }
        }
    }

    fn reload(&self, live: &Live, rules_changed: bool) {
        let settings = match Settings::load(self.folder.settings_to_read(self.named.as_deref()).as_deref()) {
            Ok(settings) => settings,
            Err(error) => {
                tracing::error!("{error}. The settings in force are as before");
                return;
            }
        };
        let current = live.load();
        let fresh = if rules_changed { self.fresh_rules() } else { None };
        let rules = fresh.or_else(|| current.rules.clone());
        let count = rules.as_ref().map_or(0, belisha_school::rules::Rules::rule_count);
        live.replace(state(settings, rules));
        tracing::info!(rules = count, "reloaded");
    }

    /// The rules as they now are on the disk; `None` where they cannot be used.
    fn fresh_rules(&self) -> Option<rules::Rules> {
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

fn stamp(path: &Path) -> Stamp {
    let about = fs::metadata(path).ok()?;
    Some((about.modified().ok()?, about.len(), about.ino()))
}
