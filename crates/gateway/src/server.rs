//! The accept loop, and the life of a connection.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use crate::guard::Guard;
use crate::limits::Limits;
use crate::live::Live;
use crate::pool::Pool;
use crate::records::Records;
use crate::session::{Gateway, Session};
use crate::sign_in::SignIns;
use crate::warned::Warned;

/// How long to wait when no connection can be accepted, for want of file descriptors above all.
const BREATHE: Duration = Duration::from_millis(200);
/// How often waiting connections to origins are looked through.
const SWEEP: Duration = Duration::from_secs(5);
/// Connections to origins that wait for another request.
const MOST_WAITING: usize = 1024;
/// File descriptors for everything that is no connection.
const OTHER_DESCRIPTORS: usize = 64;
/// Room for a head as the guard hands it on, whose target may have grown by percent-encoding.
const MAX_CLEAN_HEAD: usize = 256 * 1024;

/// Serves a proxy on a listener until `shutdown` comes, then lets what is under way finish for `limits.drain`.
///
/// Costs one task for each connection, and one for each connection to an origin outside tunnels.
///
/// # Errors
/// Only where the listener has no address, or the system gives no random bytes. Whatever happens while serving (no file descriptors, clients that leave) is
/// waited out.
pub async fn serve(
    listener: TcpListener,
    live: Arc<Live>,
    records: Records,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    live.add_listener(listener.local_addr()?);
    let budget = Budget::of(file_descriptors(), limits.connections);
    let sign_ins = live.door().map(|door| SignIns::new(door.clone(), &limits)).transpose();
    let sign_ins = sign_ins.map_err(io::Error::from)?.map(Arc::new);
    let pool = Arc::new(Pool::new(budget.waiting));
    let gateway = Arc::new(Gateway {
        live,
        records,
        limits,
        pool,
        sign_ins,
        complained: Mutex::default(),
        warned: Warned::default(),
    });
    let room = Arc::new(Semaphore::new(budget.clients));
    let (stop, stopped) = watch::channel(());
    let mut connections = JoinSet::new();
    let mut sweep = interval(SWEEP);
    sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            Some(ended) = connections.join_next() => {
                if let Err(error) = ended {
                    tracing::error!(%error, "a connection was dropped by a fault of the program");
                }
            }
            _ = sweep.tick() => gateway.pool.sweep(),
            (stream, client, permit) = accept(&listener, &room) => {
                connections.spawn(connection(gateway.clone(), stream, client, stopped.clone(), permit));
            }
        }
    }
    drop(listener);
    drop(stop);
    let drained = timeout(limits.drain, async { while connections.join_next().await.is_some() {} }).await;
    if drained.is_err() {
        tracing::info!(open = connections.len(), "connections that were still open are closed");
        connections.shutdown().await;
    }
    Ok(())
}

/// How many connections there can be.
#[derive(Debug, PartialEq, Eq)]
struct Budget {
    /// Of clients; each may need another to an origin.
    clients: usize,
    /// To origins, waiting for another request.
    waiting: usize,
}

impl Budget {
    /// Shares out the file descriptors that a process may have, so that a client who has been accepted can be served.
    fn of(descriptors: usize, wanted: usize) -> Self {
        let free = descriptors.saturating_sub(OTHER_DESCRIPTORS);
        let waiting = (free / 4).min(MOST_WAITING);
        let affordable = ((free - waiting) / 2).max(1);
        if affordable < wanted {
            tracing::warn!(
                affordable,
                wanted,
                descriptors,
                "too few file descriptors for as many connections as wanted"
            );
        }
        Self { clients: affordable.min(wanted).min(Semaphore::MAX_PERMITS), waiting }
    }
}

#[cfg(unix)]
fn file_descriptors() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX))
}

#[cfg(not(unix))]
fn file_descriptors() -> usize {
    usize::MAX
}

/// The next connection, once there is room for it.
async fn accept(listener: &TcpListener, room: &Arc<Semaphore>) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    loop {
        // The semaphore is never closed.
        let Ok(permit) = room.clone().acquire_owned().await else { continue };
        match listener.accept().await {
            Ok((stream, client)) => return (stream, client, permit),
            Err(error) if is_of_one_client(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "no connection can be accepted for now");
                sleep(BREATHE).await;
            }
        }
    }
}

/// Whether an error of accepting is about a client that is gone already, and not about us.
fn is_of_one_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// Serves one client: its requests one after the other, then its tunnel if it opened one.
async fn connection(
    gateway: Arc<Gateway>,
    stream: TcpStream,
    client: SocketAddr,
    mut stopped: watch::Receiver<()>,
    _permit: OwnedSemaphorePermit,
) {
    // Without it small answers wait for each other; a refusal to set it is no reason to give up.
    let _ = stream.set_nodelay(true);
    let guard = Guard::new(stream, gateway.limits.stall);
    let session = Arc::new(Session::new(gateway.clone(), client, &guard));
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(gateway.limits.head)
        .max_buf_size(MAX_CLEAN_HEAD)
        .title_case_headers(true)
        .half_close(true);
    let service = {
        let session = session.clone();
        service_fn(move |request| session.clone().answer(request))
    };
    let mut http = pin!(builder.serve_connection(TokioIo::new(guard), service).with_upgrades());
    let ended = tokio::select! {
        ended = &mut http => ended,
        _ = stopped.changed() => {
            http.as_mut().graceful_shutdown();
            http.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a client's connection ended");
    }
    if let Some(tunnel) = session.take_tunnel() {
        tunnel.run(&gateway.limits).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_are_shared_out() {
        for (descriptors, wanted, clients, waiting) in [
            (usize::MAX, 4096, 4096, 1024),
            (65_536, 4096, 4096, 1024),
            (1024, 4096, 360, 240),
            (256, 4096, 72, 48),
            (64, 4096, 1, 0),
            (0, 10, 1, 0),
        ] {
            let budget = Budget::of(descriptors, wanted);
            assert_eq!(budget, Budget { clients, waiting }, "{descriptors}");
            assert!(descriptors <= 64 || clients * 2 + waiting <= descriptors, "{descriptors}");
        }
    }
}
