//! `belisha-reporter serve`: the console, and the reminders of what waits for people.

mod reminding;

use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use belisha_console::Office;
use belisha_school::cases;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use self::reminding::Reminding;
use crate::args::{Args, fail};
use crate::opened_or_made;

/// Where the console listens unless another address is given.
pub(crate) const LISTEN: &str = "127.0.0.1:8400";

pub(crate) fn run(args: &Args, listen: SocketAddr) -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_env("BELISHA_LOG").unwrap_or_else(|_| EnvFilter::new("info")))
        .with_writer(io::stderr)
        .init();
    open_and_serve(args, listen).map_or_else(|code| code, |()| ExitCode::SUCCESS)
}

fn open_and_serve(args: &Args, listen: SocketAddr) -> Result<(), ExitCode> {
    // Made where nothing is there yet, so that there is something to look at.
    let school = opened_or_made(args)?;
    if matches!(cases::is_read(&school), Ok(false)) {
        println!("Nobody is named yet who reads what is told here: belisha-reporter found");
    }
    let file = args.settings().map_err(|error| fail(&error, 78))?;
    let reminding = Reminding::begin(&school)?;
    let office = Office::new(school, file).map_err(|error| fail(&error, 74))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let served = runtime.map_err(|error| format!("no threads could be started: {error}"));
    let served = served.and_then(|runtime| runtime.block_on(serve(Arc::new(office), listen)));
    reminding.end()?;
    served.map_err(|error| fail(&error, 74))
}

async fn serve(office: Arc<Office>, listen: SocketAddr) -> Result<(), String> {
    let cannot = |error: io::Error| format!("cannot listen on {listen}: {error}. Choose another address with --listen");
    let listener = TcpListener::bind(listen).await.map_err(cannot)?;
    let address = listener.local_addr().map_err(cannot)?;
    println!("{}: the console is at http://{address}/", office.name());
    if !address.ip().is_loopback() {
        println!("What is typed there goes over the network as it is: put it behind a server that speaks TLS");
    }
    println!("Try: open http://{address}/worried in a browser");
    belisha_console::serve(listener, office, told_to_stop()).await.map_err(|error| error.to_string())
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
