//! An origin that records every byte, reads by the letter and answers by path.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::ORIGIN;
use super::strict::{self, Request};

#[derive(Clone, Default)]
struct Seen {
    connections: Arc<Mutex<Vec<Vec<u8>>>>,
    requests: Arc<Mutex<Vec<Request>>>,
    faults: Arc<Mutex<Vec<String>>>,
}

/// See the module.
pub(crate) struct Origin {
    pub(crate) address: SocketAddr,
    /// `/ticking` sends ten bytes for each permit, and ends when the semaphore is closed.
    pub(crate) ticks: Arc<Semaphore>,
    seen: Seen,
}

impl Origin {
    pub(crate) async fn start() -> Self {
        Self::with(|stream, connection, seen, ticks| async move { http(stream, connection, &seen, &ticks).await }).await
    }

    /// An origin that sends back what it gets.
    pub(crate) async fn echo() -> Self {
        Self::with(|mut stream, connection, seen, _| async move {
            let mut buffer = vec![0; 16 * 1024];
            while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                seen.connections.lock().unwrap()[connection].extend_from_slice(&buffer[..read]);
                if stream.write_all(&buffer[..read]).await.is_err() {
                    break;
                }
            }
        })
        .await
    }

    async fn with<F, S>(serve: F) -> Self
    where
        F: Fn(TcpStream, usize, Seen, Arc<Semaphore>) -> S + Send + 'static,
        S: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind((ORIGIN, 0)).await.expect("a port");
        let origin =
            Self { address: listener.local_addr().unwrap(), ticks: Arc::new(Semaphore::new(0)), seen: Seen::default() };
        let (seen, ticks) = (origin.seen.clone(), origin.ticks.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let connection = {
                    let mut connections = seen.connections.lock().unwrap();
                    connections.push(Vec::new());
                    connections.len() - 1
                };
                tokio::spawn(serve(stream, connection, seen.clone(), ticks.clone()));
            }
        });
        origin
    }

    /// Every byte of every connection.
    pub(crate) fn bytes(&self) -> Vec<Vec<u8>> {
        self.seen.connections.lock().unwrap().clone()
    }

    /// The whole requests.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.seen.requests.lock().unwrap().clone()
    }

    /// What was not by the letter.
    pub(crate) fn faults(&self) -> Vec<String> {
        self.seen.faults.lock().unwrap().clone()
    }
}

async fn http(mut stream: TcpStream, connection: usize, seen: &Seen, ticks: &Semaphore) {
    let mut pending = Vec::new();
    let mut buffer = vec![0; 16 * 1024];
    loop {
        match strict::request(&pending) {
            Ok(Some((request, length))) => {
                pending.drain(..length);
                seen.requests.lock().unwrap().push(request.clone());
                if !answer(&mut stream, &request, ticks).await {
                    return;
                }
                continue;
            }
            Ok(None) => {}
            Err(fault) => {
                seen.faults.lock().unwrap().push(fault);
                return;
            }
        }
        match stream.read(&mut buffer).await {
            Ok(read @ 1..) => {
                seen.connections.lock().unwrap()[connection].extend_from_slice(&buffer[..read]);
                pending.extend_from_slice(&buffer[..read]);
            }
            _ => return,
        }
    }
}

/// A body of a size, the same each time.
pub(crate) fn filler(size: usize) -> Vec<u8> {
    (0..size).map(|at| u8::try_from(at % 251).unwrap()).collect()
}

/// Answers; false where the connection ends with it.
async fn answer(stream: &mut TcpStream, request: &Request, ticks: &Semaphore) -> bool {
    let mut parts = request.target.split(['/', '?']).skip(1);
    let (what, size) = (parts.next().unwrap_or_default(), parts.next().and_then(|size| size.parse().ok()).unwrap_or(5));
    let sized =
        |body: &[u8]| [format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).as_bytes(), body].concat();
    let (reply, goes_on) = match what {
        "length" => (sized(&filler(size)), true),
        "chunked" => (in_chunks(&filler(size)), true),
        "until-close" => ([b"HTTP/1.1 200 OK\r\n\r\n".as_slice(), &filler(size)].concat(), false),
        "echo" => (sized(&request.body), true),
        "no-content" => (b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(), true),
        "not-modified" => (b"HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\nContent-Length: 77\r\n\r\n".to_vec(), true),
        "hop" => (
            b"HTTP/1.1 200 Fine\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 5\r\nAlt-Svc: h3=\":443\"\r\n\
              Proxy-Authenticate: Basic\r\nUpgrade: h2c\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n\r\nok"
                .to_vec(),
            true,
        ),
        "interim" => (
            [b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n".as_slice(), &sized(b"after")].concat(),
            true,
        ),
        "trailers" => (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n2\r\nok\r\n0\r\nX: y\r\n\r\n".to_vec(),
            true,
        ),
        "gzip-coding" => (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n".to_vec(), false),
        "both" => (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n".to_vec(), false),
        "two-lengths" => (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd".to_vec(), false),
        "switch" => (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n".to_vec(), false),
        "credentials" => (b"HTTP/1.1 407 Give\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n".to_vec(), true),
        "garbage" => (b"ICY 200 OK\r\n\r\n".to_vec(), false),
        "two-answers" => (
            b"HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil".to_vec(),
            true,
        ),
        "cut-short" => (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this".to_vec(), false),
        "cut-in-chunks" => (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nonly\r\n".to_vec(), false),
        "silent-end" => (Vec::new(), false),
        "end-after" => (sized(b"bye"), false),
        "silence" => {
            tokio::time::sleep(Duration::from_mins(1)).await;
            return false;
        }
        "ticking" => return ticking(stream, ticks).await,
        _ => (sized(b"hello"), true),
    };
    let reply = if request.method == "HEAD" {
        let end = reply.windows(4).position(|window| window == b"\r\n\r\n").map_or(reply.len(), |at| at + 4);
        reply[..end].to_vec()
    } else {
        reply
    };
    stream.write_all(&reply).await.is_ok() && goes_on
}

fn in_chunks(body: &[u8]) -> Vec<u8> {
    let mut out = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for chunk in body.chunks(1000) {
        out.extend_from_slice(format!("{:x};ext=1\r\n", chunk.len()).as_bytes());
        out.extend_from_slice(chunk);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"0\r\n\r\n");
    out
}

async fn ticking(stream: &mut TcpStream, ticks: &Semaphore) -> bool {
    if stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await.is_err() {
        return false;
    }
    while let Ok(permit) = ticks.acquire().await {
        permit.forget();
        if stream.write_all(b"A\r\n0123456789\r\n").await.is_err() {
            return false;
        }
    }
    stream.write_all(b"0\r\n\r\n").await.is_ok()
}
