//! `belisha-proxy serve`: opens the school, introduces the wire to the log, and follows changes.

use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use belisha_gateway::{Door, Egress, Limits, Live, Records, State, records};
use belisha_policy::AccessRecord;
use belisha_school::rules::{self, Loaded, NoRules, Origin, Rules};
use belisha_school::sources::unlawful_notice;
use belisha_school::{DataFolder, LateNames, School, SchoolError, Serving, Settings, activation, log_place};
use belisha_store::{LogStatus, Writer};
use chrono::Utc;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::args::{Args, fail};
use crate::door::SchoolDoor;
use crate::follow::Follower;

/// Records that wait for the log's thread; it takes two thousand at a time.
const WAITING_RECORDS: usize = 16_384;

pub(crate) fn run(args: &Args, listen: Option<SocketAddr>) -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_env("BELISHA_LOG").unwrap_or_else(|_| EnvFilter::new("info")))
        .with_writer(io::stderr)
        .init();
    let watching = Follower::new(args);
    let file = match args.settings() {
        Ok(settings) => settings,
        Err(error) => return fail(&error, 78),
    };
    let folder = args.folder();
    let serving = match Serving::open(&folder, file.clone(), Utc::now()) {
        Ok(serving) => serving,
        Err(error @ SchoolError::Settings(_)) => return fail(&error, 78),
        Err(error) => return fail(&error, 74),
    };
    raise_file_limit();
    // Database and keys are asked before there is a runtime for the wire: they wait, and the wire must not.
    let loaded = rules::load(&folder);
    if let (Some(school), Ok(loaded)) = (serving.school(), &loaded) {
        write_down(school, &loaded.rules);
    }
    let (records, incoming) = records::channel(WAITING_RECORDS);
    let status = Arc::new(LogStatus::default());
    let writer = match start_log(&folder, file, &serving, incoming, Arc::clone(&status)) {
        Ok(writer) => writer,
        Err(error) => return fail(&error, 74),
    };
    let records = records.full_when(move || status.is_full());
    let notes = notes(&folder, &serving, &loaded);
    // Held here as well, so that it is closed when the wire is silent and not by one of its threads.
    let door = Arc::new(SchoolDoor::default());
    door.open(serving.school());
    let wire = Wire { serving, loaded, records, door: Arc::clone(&door), notes, follower: watching };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let served = runtime.map_err(|error| format!("no threads could be started: {error}"));
    let served = served.and_then(|runtime| runtime.block_on(wire.serve(listen)));
    // The wire is silent and its end of the channel is gone: the log writes what is waiting, and ends.
    writer.join();
    drop(door);
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error, 74),
    }
}

/// Everything that the wire needs, opened.
struct Wire {
    serving: Serving,
    loaded: Result<Loaded, NoRules>,
    records: Records,
    door: Arc<SchoolDoor>,
    /// What a person should know or do.
    notes: Vec<String>,
    follower: Follower,
}

impl Wire {
    async fn serve(self, listen: Option<SocketAddr>) -> Result<(), String> {
        let settings = self.serving.settings().clone();
        let address = listen.unwrap_or(settings.proxy);
        let listener = TcpListener::bind(address).await.map_err(|error| cannot_listen(address, &error))?;
        let address = listener.local_addr().map_err(|error| cannot_listen(address, &error))?;
        println!("{}: the web is filtered on {address}", settings.school);
        for note in self.notes {
            println!("{note}");
        }
        if let Err(error) = &self.loaded {
            tracing::error!("{error}. Until then only the page that says so is served");
        }
        if let Some(notice) = unlawful_notice(self.loaded.as_ref().ok().map(|loaded| &loaded.rules), chrono::Utc::now())
        {
            println!("{notice}");
        }
        println!("Try: curl -x http://{address} http://bet365.com/");
        let rules = self.loaded.ok().map(|loaded| loaded.rules);
        let door = Arc::clone(&self.door) as Arc<dyn Door>;
        let live = Arc::new(Live::new(state(settings, rules)).with_door(door));
        let following = self.follower.follow(Arc::clone(&live), self.door, self.serving)?;
        let served = belisha_gateway::serve(listener, live, self.records, Limits::default(), told_to_stop()).await;
        drop(following);
        served.map_err(|error| error.to_string())
    }
}

/// Which rules are in force stands in the journal. Where it cannot be written, they are in force all the same.
pub(crate) fn write_down(school: &School, rules: &Rules) {
    if let Err(error) = activation::reconcile(school.ledger(), rules, Utc::now()) {
        tracing::error!("it could not be written down which rules are in force: {error}");
    }
}

/// What the wire goes by, from settings and rules.
pub(crate) fn state(settings: Settings, rules: Option<Rules>) -> State {
    let Settings { policy, school, console, egress, refuse_unlogged, .. } = settings;
    State { rules, policy, egress: Egress::new(egress), school, console, refuse_unlogged }
}

fn start_log(
    folder: &DataFolder,
    file: Settings,
    serving: &Serving,
    incoming: std::sync::mpsc::Receiver<AccessRecord>,
    status: Arc<LogStatus>,
) -> Result<Writer, String> {
    let place = log_place(folder, serving.settings());
    let limits = belisha_store::Limits::default();
    let writer = match serving {
        Serving::Whole(school) => {
            let names = school.seal_names().map_err(|error| error.to_string())?;
            Writer::spawn(place, names, incoming, limits, status)
        }
        Serving::Without { .. } => Writer::spawn(place, LateNames::new(folder.clone(), file), incoming, limits, status),
    };
    writer.map_err(|error| error.to_string())
}

fn cannot_listen(address: SocketAddr, error: &io::Error) -> String {
    let advice = match error.kind() {
        io::ErrorKind::AddrInUse => {
            "Another program listens there, perhaps another belisha-proxy: stop it, or choose another address with --listen"
        }
        io::ErrorKind::PermissionDenied => "Ports below 1024 are for privileged programs: choose another with --listen",
        io::ErrorKind::AddrNotAvailable => "This machine does not have that address: choose another with --listen",
        _ => "Choose another address with --listen",
    };
    format!("cannot listen on {address}: {error}. {advice}")
}

/// By which rules it serves, where it logs, and what a person should do about it.
fn notes(folder: &DataFolder, serving: &Serving, loaded: &Result<Loaded, NoRules>) -> Vec<String> {
    let mut notes = Vec::new();
    match loaded {
        Ok(Loaded { rules, origin: Origin::Imported }) => {
            notes.push(format!("Rules: {} from the imported lists", rules.rule_count()));
        }
        Ok(Loaded { rules, origin: Origin::Starter }) => notes.push(format!(
            "Rules: {} starter rules, to see the filter at work; import lists with belisha-importer lists",
            rules.rule_count()
        )),
        Ok(Loaded { origin: Origin::Earlier { file, problem }, .. }) => {
            tracing::error!("the rules in force cannot be used ({problem}); serving {}", file.display());
        }
        Ok(Loaded { rules, .. }) => notes.push(format!("Rules: {}", rules.rule_count())),
        Err(_) => {}
    }
    notes.push(match &serving.settings().store {
        Some(postgres) => format!("Journal and log: PostgreSQL at {}", postgres.server()),
        None => format!("Log: {}", folder.access().display()),
    });
    match serving {
        Serving::Whole(school) => notes.extend(about_school(school)),
        Serving::Without { trouble, .. } => {
            tracing::error!("{trouble}. Filtering goes on by the last good settings, and the log waits in memory");
        }
    }
    notes
}

/// What a person should know or do about the journal.
fn about_school(school: &School) -> Vec<String> {
    let mut notes = Vec::new();
    let proposed = school.proposal().len();
    if proposed > 0 {
        notes.push(format!(
            "The settings file proposes what is not in force ({proposed} changes): belisha-reporter settings diff"
        ));
    }
    if matches!(school.names_have_holders(), Ok(false)) {
        notes.push("Nobody is named yet who alone may look up names in the log: belisha-reporter found".to_string());
    }
    notes
}

/// Asks for as many open files as the system grants without asking anybody: a client may need two, its own connection
/// and one to an origin, and the usual soft limit of 1,024 would be a few hundred clients.
fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = Rlimit { current: limit.maximum, ..limit };
    if let Err(error) = setrlimit(Resource::Nofile, wanted) {
        tracing::warn!("the limit of open files stays at {:?}: {error}", limit.current);
    }
}

async fn told_to_stop() {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        // Without signal handlers the default holds: the process ends at once.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping: open requests may finish");
}
