//! Tunnels: ruled on by their host, opened for TLS to that host and nothing else.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use belisha_filter::{Authority, Host};
use belisha_policy::{Verdict, decide};
use bytes::BytesMut;
use http::{Request, Response, StatusCode};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf, copy_bidirectional_with_sizes};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::guard::Guard;
use crate::hello::{self, Hello, MAX_HELLO};
use crate::identify::{Known, identify};
use crate::limits::Limits;
use crate::page;
use crate::records::Draft;
use crate::session::{Answer, Scene, describe_authority, length, origin, trouble};
use crate::stay::{self, Stay};
use crate::trouble::Trouble;

/// Bytes that are copied at once, each way.
const COPY: usize = 16 * 1024;

/// A tunnel that was announced to the client, and through which nothing has gone yet.
pub(crate) struct Tunnel {
    upgrade: OnUpgrade,
    origin: TcpStream,
    host: Host,
    draft: Draft,
    stay: Option<Stay>,
}

/// Rules on a CONNECT. A tunnel is announced only when the origin has been reached.
pub(crate) async fn answer(
    scene: Scene<'_>,
    mut request: Request<Incoming>,
    mut draft: Draft,
) -> (Answer, Option<Tunnel>) {
    let Scene { gateway, state, rules, .. } = scene;
    let authority = request.uri().authority().and_then(|authority| authority.as_str().parse::<Authority>().ok());
    let Some(authority) = authority else { return (trouble(draft, Trouble::Target, state), None) };
    draft.describe(|record| describe_authority(record, &authority));
    let Known { actor, stay } = match identify(scene, authority.host(), &mut draft).await {
        Ok(known) => known,
        Err(what) => return (trouble(draft, what, state), None),
    };
    // Tunnels are not looked into: where the host alone does not settle it, the stricter answer stands.
    let moment = state.policy.moment(draft.at());
    let ruling = decide(&actor, &rules.classify_authority(&authority), &state.policy, &moment).final_ruling();
    draft.ruled(&ruling, rules.fingerprint());
    // No page can be shown inside a tunnel: who was warned of the site in the clear and went on comes through.
    let is_warned = ruling.verdict() == Verdict::Warn;
    let went_on = is_warned && gateway.warned.went_on(&actor, scene.client.ip(), authority.host());
    if went_on {
        draft.went_on();
    }
    if ruling.verdict() == Verdict::Block || is_warned && !went_on {
        let page = page::blocked(&ruling, authority.host(), state);
        draft.answered(StatusCode::FORBIDDEN.as_u16(), length(&page));
        return (page.map(Either::Left), None);
    }
    if scene.refuses_unlogged(&ruling, authority.host()) {
        return (trouble(draft, Trouble::Unlogged, state), None);
    }
    let origin = origin(&ruling, authority.host());
    match gateway.live.dial(state, &origin, authority.port(), gateway.limits.dial).await {
        Ok((origin, _)) => {
            let upgrade = hyper::upgrade::on(&mut request);
            let tunnel = Tunnel { upgrade, origin, host: authority.host().clone(), draft, stay };
            (Response::new(Either::Left(Full::default())), Some(tunnel))
        }
        Err(error) => {
            tracing::debug!(%error, "an origin was not reached");
            (trouble(draft, Trouble::from(&error), state), None)
        }
    }
}

impl Tunnel {
    /// Carries the tunnel until one side ends it, or whoever opened it may no longer be there.
    pub(crate) async fn run(self, limits: &Limits) {
        let Self { upgrade, mut origin, host, draft, stay } = self;
        // The client left before it could be told.
        let Ok(upgraded) = upgrade.await else { return };
        let Ok(parts) = upgraded.downcast::<TokioIo<Guard<TcpStream>>>() else { return };
        let (mut client, rest) = parts.io.into_inner().into_parts();
        let mut first = BytesMut::from(parts.read_buf);
        first.extend_from_slice(&rest);
        match timeout(limits.hello, first_message(&mut client, &mut first, &host)).await {
            Ok(Ok(())) => {}
            Ok(Err(Unfit::Left)) => return draft.answered(StatusCode::OK.as_u16(), 0),
            Ok(Err(Unfit::Because(note))) => return draft.broken_off(note),
            Err(_) => return draft.broken_off("no TLS inside the tunnel in time"),
        }
        if origin.write_all(&first).await.is_err() {
            return draft.broken_off("the origin left");
        }
        drop(first);
        let mut going = draft.opened(StatusCode::OK.as_u16());
        let moved = Arc::new(AtomicU64::new(0));
        let mut client = Counted { stream: client, read: Arc::default(), moved: moved.clone() };
        let mut origin = Counted { stream: origin, read: going.bytes.clone(), moved: moved.clone() };
        tokio::select! {
            // An error is an end like any other.
            _ = copy_bidirectional_with_sizes(&mut client, &mut origin, COPY, COPY) => {}
            () = stillness(&moved, limits.idle) => {}
            why = stay::over(stay) => going.ends_because(why),
        }
    }
}

/// Why nothing of a tunnel reaches the origin.
enum Unfit {
    /// The client closed it before it sent anything: browsers open connections on suspicion.
    Left,
    Because(&'static str),
}

/// Reads until there is a `ClientHello`, and sees that it asks for the host that was ruled on. Nothing is sent to the
/// origin before.
async fn first_message(client: &mut TcpStream, first: &mut BytesMut, host: &Host) -> Result<(), Unfit> {
    loop {
        match hello::read(first) {
            Ok(Hello::Whole(None)) => return Ok(()),
            Ok(Hello::Whole(Some(name))) if hello::names(&name, host) => return Ok(()),
            Ok(Hello::Whole(Some(_))) => return Err(Unfit::Because("SNI differs from CONNECT host")),
            Ok(Hello::Partial) => {}
            Err(_) => return Err(Unfit::Because("not TLS inside the tunnel")),
        }
        let room = MAX_HELLO.saturating_sub(first.len());
        match (&mut *client).take(room as u64).read_buf(first).await {
            Ok(0) | Err(_) if first.is_empty() => return Err(Unfit::Left),
            Ok(0) | Err(_) => return Err(Unfit::Because("not TLS inside the tunnel")),
            Ok(_) => {}
        }
    }
}

/// Returns when nothing has moved for the limit, or up to a quarter longer.
async fn stillness(moved: &AtomicU64, limit: Duration) {
    let mut quiet = 0;
    let mut before = moved.load(Ordering::Relaxed);
    while quiet < 4 {
        sleep(limit / 4).await;
        let now = moved.load(Ordering::Relaxed);
        quiet = if now == before { quiet + 1 } else { 0 };
        before = now;
    }
}

/// A socket whose bytes are counted as they are read.
struct Counted {
    stream: TcpStream,
    read: Arc<AtomicU64>,
    /// What was read on both sides.
    moved: Arc<AtomicU64>,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        let read = (buffer.filled().len() - before) as u64;
        self.read.fetch_add(read, Ordering::Relaxed);
        self.moved.fetch_add(read, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
