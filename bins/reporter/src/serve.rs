//! `belisha-reporter serve`: tells people of what is owed to them.

use std::io;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::Builder;
use std::time::Duration;

use belisha_school::School;
use belisha_school::outbox::{Outbox, Smtp};
use chrono::Utc;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::args::{Args, fail};
use crate::opened;

/// The time between two rounds.
const ROUND: Duration = Duration::from_secs(3);

pub(crate) fn run(args: &Args) -> ExitCode {
    serve(args).unwrap_or_else(|code| code)
}

fn serve(args: &Args) -> Result<ExitCode, ExitCode> {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_env("BELISHA_LOG").unwrap_or_else(|_| EnvFilter::new("info")))
        .with_writer(io::stderr)
        .init();
    let school = opened(args)?;
    let post = post(&school)?;
    let (stop, stopped) = channel();
    let outbox = post.map(|post| Outbox::new(school.ledger().clone(), post));
    let reminding = Builder::new().name("reminders".into()).spawn(move || match outbox {
        Some(outbox) => remind(outbox, &stopped),
        // Until it is told to stop.
        None => stopped.recv().unwrap_or_default(),
    });
    let reminding = reminding.map_err(|error| fail(&error, 74))?;
    told_to_stop().map_err(|error| fail(&error, 74))?;
    tracing::info!("stopping");
    // Where it has ended already, nobody hears it.
    let _ = stop.send(());
    reminding.join().map_err(|_| fail(&"the reminders ended by a fault of their own", 74))?;
    Ok(ExitCode::SUCCESS)
}

/// The way by which mail goes; nothing where the school has set none.
fn post(school: &School) -> Result<Option<Smtp>, ExitCode> {
    let settings = school.settings();
    let Some(mail) = &settings.mail else {
        tracing::warn!("there is no [mail] in the settings: nobody is reminded by mail of what waits for them");
        return Ok(None);
    };
    let post = Smtp::new(mail, settings.console.as_deref()).map_err(|error| fail(&error, 78))?;
    tracing::info!("people are reminded by mail");
    Ok(Some(post))
}

/// Goes round until it is told to stop.
fn remind(mut outbox: Outbox<Smtp>, stopped: &Receiver<()>) {
    let mut is_in_trouble = false;
    loop {
        match outbox.go_round(Utc::now()) {
            Ok(_) => is_in_trouble = false,
            Err(error) if !is_in_trouble => {
                tracing::error!("nobody can be reminded until this is mended: {error}");
                is_in_trouble = true;
            }
            Err(_) => {}
        }
        if stopped.recv_timeout(ROUND) != Err(RecvTimeoutError::Timeout) {
            break;
        }
    }
    outbox.close();
}

/// Waits for the signal that ends a service.
fn told_to_stop() -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        Ok(())
    })
}
