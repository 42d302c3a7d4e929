//! Telling people by mail of what waits for them.

use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use belisha_school::School;
use belisha_school::outbox::{Outbox, Smtp};
use chrono::Utc;

use crate::args::fail;

/// The time between two rounds.
const ROUND: Duration = Duration::from_secs(3);

/// The thread that reminds people, where the school has set how mail goes.
pub(super) struct Reminding {
    running: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Reminding {
    /// Begins to go round.
    pub(super) fn begin(school: &School) -> Result<Self, ExitCode> {
        let settings = school.settings();
        let Some(mail) = &settings.mail else {
            tracing::warn!("there is no [mail] in the settings: nobody is reminded by mail of what waits for them");
            return Ok(Self { running: None });
        };
        let post = Smtp::new(mail, settings.console.as_deref()).map_err(|error| fail(&error, 78))?;
        let outbox = Outbox::new(school.ledger().clone(), post);
        let (stop, stopped) = channel();
        let reminding = Builder::new().name("reminders".into()).spawn(move || remind(outbox, &stopped));
        let reminding = reminding.map_err(|error| fail(&error, 74))?;
        tracing::info!("people are reminded by mail");
        Ok(Self { running: Some((stop, reminding)) })
    }

    /// Ends when the round is over that is going on.
    pub(super) fn end(self) -> Result<(), ExitCode> {
        let Some((stop, reminding)) = self.running else { return Ok(()) };
        // Where it has ended already, nobody hears it.
        let _ = stop.send(());
        reminding.join().map_err(|_| fail(&"the reminders ended by a fault of their own", 74))
    }
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
