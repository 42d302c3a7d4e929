//! Bodies on their way through.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, timeout_at};

use crate::patience::Patience;
use crate::pool::Borrowed;
use crate::records::Going;
use crate::stay::Stay;

/// So much of a body, or what comes in so much time, is read before anything is sent to the origin: a small body that
/// turns out to be malformed never gets there.
const FIRST_BYTES: usize = 64 * 1024;
const FIRST_TIME: Duration = Duration::from_millis(100);

/// The body of a request.
pub(crate) struct Upload {
    first: VecDeque<Bytes>,
    rest: Option<Incoming>,
    /// The length of what is still to be sent, where it is known.
    left: Option<u64>,
    sent: Arc<AtomicU64>,
}

impl Upload {
    pub(crate) async fn begin(mut body: Incoming) -> Result<Self, hyper::Error> {
        let deadline = Instant::now() + FIRST_TIME;
        let declared = body.size_hint().exact();
        let (mut first, mut read) = (VecDeque::new(), 0);
        while !body.is_end_stream() {
            if read >= FIRST_BYTES {
                return Ok(Self { first, rest: Some(body), left: declared, sent: Arc::default() });
            }
            match timeout_at(deadline, body.frame()).await {
                Ok(None) => break,
                Ok(Some(frame)) => {
                    if let Ok(data) = frame?.into_data() {
                        read += data.len();
                        first.push_back(data);
                    }
                }
                Err(_) => return Ok(Self { first, rest: Some(body), left: declared, sent: Arc::default() }),
            }
        }
        Ok(Self { first, rest: None, left: Some(read as u64), sent: Arc::default() })
    }

    pub(crate) fn empty() -> Self {
        Self { first: VecDeque::new(), rest: None, left: Some(0), sent: Arc::default() }
    }

    /// The length of the whole, where it is known.
    pub(crate) fn length(&self) -> Option<u64> {
        self.left
    }

    /// How much the origin has taken, as it goes on.
    pub(crate) fn progress(&self) -> Arc<AtomicU64> {
        self.sent.clone()
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let data = loop {
            if let Some(data) = self.first.pop_front() {
                break data;
            }
            let Some(rest) = &mut self.rest else { return Poll::Ready(None) };
            match ready!(Pin::new(rest).poll_frame(context)) {
                None => return Poll::Ready(None),
                Some(frame) => {
                    // Trailers go no further.
                    if let Ok(data) = frame?.into_data() {
                        break data;
                    }
                }
            }
        };
        self.left = self.left.map(|left| left.saturating_sub(data.len() as u64));
        self.sent.fetch_add(data.len() as u64, Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_empty() && self.rest.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}

/// The body of an answer: counted as it goes by; at its end the connection goes back to the pool and the record is
/// closed.
pub(crate) struct Download {
    body: Incoming,
    going: Option<Going>,
    connection: Option<Borrowed>,
    /// Ends when whoever asked for it may no longer be there.
    stay: Option<Pin<Box<dyn Future<Output = &'static str> + Send>>>,
    patience: Patience,
}

impl Download {
    pub(crate) fn new(
        body: Incoming,
        connection: Borrowed,
        going: Option<Going>,
        stay: Option<Stay>,
        idle: Duration,
    ) -> Self {
        // What is already there needs no watching.
        let stay = stay.filter(|_| !body.is_end_stream());
        let stay = stay.map(|stay| Box::pin(stay.over()) as Pin<Box<dyn Future<Output = &'static str> + Send>>);
        Self { body, going, connection: Some(connection), stay, patience: Patience::new(idle, 1) }
    }

    /// Ready when whoever asked for it may no longer be there.
    fn poll_over(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(stay) = &mut self.stay else { return Poll::Pending };
        let why = ready!(stay.as_mut().poll(context));
        self.stay = None;
        self.connection = None;
        if let Some(going) = &mut self.going {
            going.ends_because(why);
        }
        Poll::Ready(())
    }
}

impl Body for Download {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.poll_over(context).is_ready() {
            return Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())));
        }
        loop {
            match Pin::new(&mut self.body).poll_frame(context) {
                Poll::Pending => {
                    ready!(self.patience.poll_waiting(context));
                    self.connection = None;
                    return Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into())));
                }
                Poll::Ready(None) => {
                    if let Some(connection) = self.connection.take() {
                        connection.give_back();
                    }
                    return Poll::Ready(None);
                }
                Poll::Ready(Some(Err(error))) => {
                    self.connection = None;
                    return Poll::Ready(Some(Err(io::Error::other(error))));
                }
                Poll::Ready(Some(Ok(frame))) => {
                    let Ok(data) = frame.into_data() else { continue };
                    self.patience.moved(data.len());
                    if let Some(going) = &self.going {
                        going.bytes.fetch_add(data.len() as u64, Ordering::Relaxed);
                    }
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Download {
    fn drop(&mut self) {
        // A body of known length is not asked again once it is complete.
        if let Some(connection) = self.connection.take()
            && self.body.is_end_stream()
        {
            connection.give_back();
        }
    }
}
