//! Stands between the client's socket and hyper: what is not HTTP/1.1 by the letter does not come through.
//!
//! hyper reads generously, as a server should; a filter must not, because what it reads in one way an origin may read
//! in another. The guard reads each head and each chunk strictly ([`crate::head`], [`crate::chunked`]), and hands hyper
//! a clean copy with the target in canonical form. In place of a head that is refused, hyper gets a stand-in (a request
//! in origin form, which no client can get through) so that the refusal is answered in its turn; behind it the
//! connection is read no further.
//!
//! What clients show to the proxy itself to prove who they are goes no further than here either: it is hung up in the
//! [`Cloakroom`], and what was read of it is wiped.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use zeroize::Zeroize;

use crate::chunked::Chunked;
use crate::credentials::Cloakroom;
use crate::head::{self, Framing, Refused, Scan};
use crate::patience::Patience;
use crate::trouble::Trouble;

/// Bytes read from the socket at once.
const READ: usize = 8 * 1024;
/// So many bytes of a body buy a client another spell of patience.
const WORTH: usize = 4 * 1024;
/// How long, and for how many bytes, a client that was refused is listened to, so that it gets to read the answer
/// before the connection is reset.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 4 * 1024 * 1024;

/// Why the guard stopped reading; empty while it goes on.
pub(crate) type Verdict = Arc<OnceLock<Refused>>;

/// See the module.
pub(crate) struct Guard<S> {
    socket: S,
    /// As it came.
    input: BytesMut,
    /// In clean form, not yet read by hyper.
    output: BytesMut,
    state: State,
    verdict: Verdict,
    cloakroom: Cloakroom,
    /// Heads that were read.
    heads: u64,
    reading: Patience,
    writing: Patience,
    lingering: Patience,
    drained: usize,
    is_shut: bool,
}

enum State {
    Head(Scan),
    Body {
        rest: Rest,
        last: bool,
    },
    Tunnel,
    /// Nothing more is read as a request.
    Over,
}

enum Rest {
    Length(u64),
    Chunked(Chunked),
}

impl<S> Guard<S> {
    /// Guards a socket; a client that keeps us waiting longer than `stall` within a body, or takes an answer so
    /// slowly, is cut off.
    pub(crate) fn new(socket: S, stall: Duration) -> Self {
        Self {
            socket,
            input: BytesMut::new(),
            output: BytesMut::new(),
            state: State::Head(Scan::default()),
            verdict: Verdict::default(),
            cloakroom: Cloakroom::default(),
            heads: 0,
            reading: Patience::new(stall, WORTH),
            writing: Patience::new(stall, WORTH),
            lingering: Patience::new(LINGER, usize::MAX),
            drained: 0,
            is_shut: false,
        }
    }

    /// Where the reason will stand if the guard refuses something.
    pub(crate) fn verdict(&self) -> Verdict {
        self.verdict.clone()
    }

    /// Where what the requests show will hang.
    pub(crate) fn cloakroom(&self) -> Cloakroom {
        self.cloakroom.clone()
    }

    /// The socket, and what was read from it and not handed on.
    pub(crate) fn into_parts(self) -> (S, Bytes) {
        let mut rest = self.output;
        rest.extend_from_slice(&self.input);
        (self.socket, rest.freeze())
    }

    /// Turns input into output, until there is some or more input is needed.
    fn advance(&mut self) -> io::Result<()> {
        while self.output.is_empty() {
            match &mut self.state {
                State::Head(scan) => match scan.end(&mut self.input) {
                    Ok(Some(end)) => self.read_head(end),
                    Ok(None) => return Ok(()),
                    Err(trouble) => self.refuse(trouble.into()),
                },
                State::Body { rest: Rest::Length(left), .. } if *left > 0 => {
                    let here = usize::try_from(*left).unwrap_or(usize::MAX).min(self.input.len());
                    if here == 0 {
                        return Ok(());
                    }
                    *left -= here as u64;
                    self.output = self.input.split_to(here);
                }
                State::Body { rest: Rest::Chunked(chunked), .. } if !matches!(chunked, Chunked::End) => {
                    if chunked.pass(&mut self.input, &mut self.output).is_err() {
                        return Err(self.give_up(Trouble::Chunks, io::ErrorKind::InvalidData));
                    }
                    if self.output.is_empty() && !matches!(chunked, Chunked::End) {
                        return Ok(());
                    }
                }
                State::Body { last: false, .. } => self.state = State::Head(Scan::default()),
                State::Body { last: true, .. } => self.state = State::Over,
                State::Tunnel => {
                    self.output = self.input.split();
                    return Ok(());
                }
                State::Over => return Ok(()),
            }
        }
        Ok(())
    }

    fn read_head(&mut self, end: usize) {
        let mut bytes = self.input.split_to(end);
        self.heads += 1;
        let head = head::read(&bytes, self.heads);
        bytes.zeroize();
        let head = match head {
            Ok(head) => head,
            Err(refused) => return self.refuse(refused),
        };
        self.cloakroom.hang(self.heads, head.shown);
        self.output = head.bytes;
        let last = head.last;
        self.state = match head.framing {
            Framing::Tunnel => State::Tunnel,
            Framing::Chunked => State::Body { rest: Rest::Chunked(Chunked::default()), last },
            Framing::Length(length) => State::Body { rest: Rest::Length(length), last },
        };
    }

    /// Has a refusal answered in its turn, and reads no further.
    fn refuse(&mut self, refused: Refused) {
        // To a HEAD there is an answer without a body.
        let method: &[u8] = if refused.method == "HEAD" { b"HEAD" } else { b"GET" };
        self.output.extend_from_slice(method);
        self.output.extend_from_slice(b" / HTTP/1.1\r\nHost: refused.invalid\r\nConnection: close\r\n\r\n");
        let _ = self.verdict.set(refused);
        self.state = State::Over;
    }

    /// Ends a body that cannot be read to its end.
    fn give_up(&mut self, trouble: Trouble, kind: io::ErrorKind) -> io::Error {
        let _ = self.verdict.set(trouble.into());
        self.state = State::Over;
        kind.into()
    }

    fn is_in_body(&self) -> bool {
        matches!(self.state, State::Body { .. })
    }

    /// Whether the client may be sending something that nobody reads.
    fn must_linger(&self) -> bool {
        let at_an_end = match &self.state {
            State::Head(_) => true,
            State::Body { rest: Rest::Length(left), last } => *left == 0 && !last,
            State::Body { rest: Rest::Chunked(chunked), last } => matches!(chunked, Chunked::End) && !last,
            State::Tunnel | State::Over => false,
        };
        !at_an_end || !self.input.is_empty() || !self.output.is_empty()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            this.advance()?;
            if !this.output.is_empty() {
                let here = this.output.len().min(buffer.remaining());
                buffer.put_slice(&this.output.split_to(here));
                return Poll::Ready(Ok(()));
            }
            match this.state {
                State::Tunnel => return Pin::new(&mut this.socket).poll_read(context, buffer),
                // The answer that is under way is the last thing that happens here.
                State::Over => return Poll::Pending,
                State::Head(_) | State::Body { .. } => {}
            }
            let mut scratch = [std::mem::MaybeUninit::uninit(); READ];
            let mut read = ReadBuf::uninit(&mut scratch);
            match Pin::new(&mut this.socket).poll_read(context, &mut read)? {
                Poll::Ready(()) if read.filled().is_empty() => return Poll::Ready(Ok(())),
                Poll::Ready(()) => {
                    this.reading.moved(read.filled().len());
                    this.input.extend_from_slice(read.filled());
                    if let State::Head(_) = this.state {
                        read.filled_mut().zeroize();
                    }
                }
                Poll::Pending if this.is_in_body() => {
                    ready!(this.reading.poll_waiting(context));
                    return Poll::Ready(Err(this.give_up(Trouble::SlowBody, io::ErrorKind::TimedOut)));
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Guard<S> {
    /// Counts what was written, and ends the wait for a client that takes nothing.
    fn written(&mut self, written: Poll<io::Result<usize>>, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        match &written {
            Poll::Ready(Ok(bytes)) => self.writing.moved(*bytes),
            Poll::Ready(Err(_)) => {}
            Poll::Pending => {
                ready!(self.writing.poll_waiting(context));
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
        }
        written
    }

    /// Reads what still comes, for a while: a socket closed with unread bytes resets the connection, and the client
    /// would lose the answer.
    fn poll_linger(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            let mut scratch = [std::mem::MaybeUninit::uninit(); READ];
            let mut read = ReadBuf::uninit(&mut scratch);
            match Pin::new(&mut self.socket).poll_read(context, &mut read) {
                Poll::Ready(Ok(())) if !read.filled().is_empty() && self.drained < LINGER_BYTES => {
                    self.drained += read.filled().len();
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return self.lingering.poll_waiting(context),
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Guard<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.written(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(context, slices);
        self.written(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.is_shut {
            ready!(Pin::new(&mut self.socket).poll_shutdown(context))?;
            self.is_shut = true;
        }
        if self.must_linger() {
            ready!(self.poll_linger(context));
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credentials::Shown;
    use proptest::prelude::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// What hyper would read of bytes that come in pieces, and what was refused.
    fn through(pieces: &[&[u8]]) -> (Vec<u8>, Option<Trouble>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let (mut client, socket) = tokio::io::duplex(1 << 20);
            let mut guard = Guard::new(socket, Duration::from_secs(30));
            let verdict = guard.verdict();
            let mut out = Vec::new();
            for piece in pieces {
                client.write_all(piece).await.unwrap();
                // Nothing more comes for now: a read waits, and the paused clock runs into the limit.
                let mut chunk = [0; 4096];
                while let Ok(Ok(read)) = tokio::time::timeout(Duration::from_millis(1), guard.read(&mut chunk)).await {
                    if read == 0 {
                        break;
                    }
                    out.extend_from_slice(&chunk[..read]);
                }
            }
            (out, verdict.get().map(|refused| refused.trouble))
        })
    }

    #[test]
    fn requests_come_through_one_after_the_other() {
        let (out, refused) = through(&[
            b"POST http://a.example/ HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET http://b.example/ HTTP/1.1\r\n",
            b"Host: b\r\n\r\nPUT http://c.example/ HTTP/1.1\r\nHost: c\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nab",
            b"c\r\n0\r\nT: t\r\n\r\nCONNECT d.example:443 HTTP/1.1\r\nHost: d\r\n\r\nany\0thing",
        ]);
        assert_eq!(
            String::from_utf8_lossy(&out),
            "POST http://a.example/ HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET http://b.example/ HTTP/1.1\r\n\
             Host: b\r\n\r\nPUT http://c.example/ HTTP/1.1\r\nHost: c\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\
             \r\nCONNECT d.example:443 HTTP/1.1\r\nHost: d\r\n\r\nany\0thing"
        );
        assert_eq!(refused, None);
    }

    /// What stands on the pegs after a connection sent these bytes, and what hyper would read.
    fn hung(bytes: &[u8]) -> (Vec<String>, String) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let (mut client, socket) = tokio::io::duplex(1 << 20);
            let mut guard = Guard::new(socket, Duration::from_secs(30));
            client.write_all(bytes).await.unwrap();
            let (mut out, mut chunk) = (Vec::new(), [0; 4096]);
            while let Ok(Ok(read @ 1..)) = tokio::time::timeout(Duration::from_millis(1), guard.read(&mut chunk)).await
            {
                out.extend_from_slice(&chunk[..read]);
            }
            let out = String::from_utf8(out).unwrap();
            let numbers = out.lines().filter_map(|line| line.strip_prefix("Proxy-Authorization: "));
            let login = |number: &str| {
                let mut fields = http::HeaderMap::new();
                fields.insert(http::header::PROXY_AUTHORIZATION, number.parse().unwrap());
                match guard.cloakroom().take(&mut fields) {
                    Shown::Credentials(it) => it.login.to_string(),
                    other => format!("{other:?}"),
                }
            };
            (numbers.map(login).collect(), out)
        })
    }

    #[test]
    fn what_is_shown_to_the_proxy_is_hung_up_and_not_handed_on() {
        let get = |fields: &str| format!("GET http://a.example/ HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
        let (hung, out) = hung(
            [
                get("Proxy-Authorization: Basic YWRhOmFtYmVy\r\n"),
                get(""),
                get("PROXY-authorization:Basic YmVuOmJlYWNvbg==\r\nX: y\r\n"),
                get("Proxy-Authorization: 1\r\n"),
                "CONNECT a.example:443 HTTP/1.1\r\nProxy-Authorization: Basic Z3VzOmdhcmRlbg\r\nHost: a\r\n\r\n".into(),
            ]
            .concat()
            .as_bytes(),
        );
        assert_eq!(hung, ["ada", "ben", "Nonsense", "gus"]);
        for secret in ["Basic", "YWRh", "YmVu", "Z3Vz"] {
            assert!(!out.contains(secret), "{out}");
        }
        assert!(out.contains("\r\nX: y\r\nProxy-Authorization: 3\r\n"), "{out}");
    }

    #[test]
    fn behind_a_refusal_nothing_is_read() {
        let (out, refused) = through(&[
            b"GET http://a.example/ HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\nGET http://b.example/ HTTP/1.1\r\nHost: b\r\n\r\n",
        ]);
        assert_eq!(
            String::from_utf8_lossy(&out),
            "GET / HTTP/1.1\r\nHost: refused.invalid\r\nConnection: close\r\n\r\n"
        );
        assert_eq!(refused, Some(Trouble::Field));
    }

    #[test]
    fn behind_a_wish_to_change_the_protocol_nothing_is_read() {
        let (out, refused) = through(&[
            b"GET http://a.example/ HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\nGET http://b.example/ HTTP/1.1\r\n\r\n",
        ]);
        assert!(out.ends_with(b"Upgrade: websocket\r\n\r\n"));
        assert_eq!(refused, None);
    }

    proptest! {
        /// How the bytes are cut into pieces changes nothing, save how much of a body that turns out malformed has gone by.
        #[test]
        fn pieces_do_not_matter(
            parts in proptest::collection::vec(prop_oneof![
                Just("GET http://a.example/ HTTP/1.1\r\n"), Just("POST http://a.example/ HTTP/1.1\r\n"),
                Just("Host: a\r\n"), Just("Content-Length: 5\r\n"), Just("Transfer-Encoding: chunked\r\n"), Just("\r\n"),
                Just("5\r\nhello\r\n"), Just("0\r\n\r\n"), Just("0\r\nX: y\r\n\r\n"), Just("\n"), Just("hello"), Just("\r"), Just(" "),
                Just("POST http://a.example/ HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"),
                Just("POST http://a.example/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"),
            ], 0..8),
            cuts in proptest::collection::vec(0_usize..400, 0..6),
        ) {
            let whole = parts.concat().into_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(whole.len())).collect();
            cuts.extend([0, whole.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &whole[pair[0]..pair[1]]).filter(|piece| !piece.is_empty()).collect();
            let ((out, refused), (at_once, refused_at_once)) = (through(&pieces), through(&[&whole]));
            prop_assert_eq!(refused, refused_at_once);
            if refused == Some(Trouble::Chunks) {
                prop_assert!(out.starts_with(&at_once));
            } else {
                prop_assert_eq!(out, at_once);
            }
        }

        /// Any bytes are passed on or refused; what is passed on as a head has no control characters but line ends.
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let head = [b"GET http://a.example/ HTTP/1.1\r\nHost: a\r\nX: ".as_slice(), &bytes, b"\r\n\r\n"].concat();
            let (out, _) = through(&[&head]);
            let first = out.windows(4).position(|end| end == b"\r\n\r\n").unwrap_or(0);
            for line in out[..first].split(|byte| *byte == b'\n') {
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                prop_assert!(line.iter().all(|byte| *byte >= b' ' && *byte != 0x7f || *byte == b'\t'), "{:?}", line);
            }
            through(&[&bytes]);
        }
    }
}
