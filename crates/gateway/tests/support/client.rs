//! A client that sends exactly what it is told, and reads answers by their framing.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD as STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// Nothing in these tests may take longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// A user name and a password as they stand in a head.
pub(crate) fn basic(who: impl AsRef<[u8]>) -> String {
    format!("Basic {}", STANDARD.encode(who))
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) line: String,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Whether the body came to the end that its framing promised.
    pub(crate) whole: bool,
}

impl Answer {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// See the module.
pub(crate) struct Client {
    pub(crate) stream: BufReader<TcpStream>,
}

impl Client {
    pub(crate) async fn connect(proxy: SocketAddr, from: Option<Ipv4Addr>) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        if let Some(from) = from {
            socket.bind((from, 0).into()).expect("an address of loopback");
        }
        Self { stream: BufReader::new(socket.connect(proxy).await.expect("the proxy")) }
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        // A proxy that has seen enough closes; what it answered can still be read.
        let _ = self.stream.get_mut().write_all(bytes.as_ref()).await;
    }

    /// Sends a GET for a URL and reads the answer.
    pub(crate) async fn get(&mut self, url: &str) -> Answer {
        self.send(format!("GET {url} HTTP/1.1\r\nHost: ignored.test\r\n\r\n")).await;
        self.answer("GET").await
    }

    /// The same as somebody: `login:password`, or any bytes.
    pub(crate) async fn get_as(&mut self, who: impl AsRef<[u8]>, url: &str) -> Answer {
        let shown = basic(who);
        self.send(format!("GET {url} HTTP/1.1\r\nHost: ignored.test\r\nProxy-Authorization: {shown}\r\n\r\n")).await;
        self.answer("GET").await
    }

    /// Asks for a tunnel as somebody, and reads the answer.
    pub(crate) async fn connect_as(&mut self, who: impl AsRef<[u8]>, to: &str) -> Answer {
        let shown = basic(who);
        self.send(format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\nProxy-Authorization: {shown}\r\n\r\n")).await;
        self.answer("CONNECT").await
    }

    /// The answer to a request with this method.
    pub(crate) async fn answer(&mut self, method: &str) -> Answer {
        self.try_answer(method).await.expect("an answer")
    }

    /// The answer, or `None` where the connection was closed instead.
    pub(crate) async fn try_answer(&mut self, method: &str) -> Option<Answer> {
        timeout(PATIENCE, self.read_answer(method)).await.expect("an answer in time")
    }

    async fn read_answer(&mut self, method: &str) -> Option<Answer> {
        let line = self.line().await?;
        let status: u16 = line.split(' ').nth(1).expect("a status").parse().expect("a status");
        let mut fields = Vec::new();
        loop {
            let line = self.line().await?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').expect("a field");
            fields.push((name.to_owned(), value.trim().to_owned()));
        }
        let mut answer = Answer { status, line, fields, body: Vec::new(), whole: true };
        let no_body =
            method == "HEAD" || method == "CONNECT" && status == 200 || matches!(status, 100..200 | 204 | 304);
        if no_body {
            return Some(answer);
        }
        let length = answer.field("content-length").map(|length| length.parse::<usize>().expect("a length"));
        answer.whole = match (length, answer.field("transfer-encoding")) {
            (Some(length), None) => self.exactly(length, &mut answer.body).await,
            (None, Some("chunked")) => self.chunks(&mut answer.body).await,
            (None, None) => self.stream.read_to_end(&mut answer.body).await.is_ok(),
            framing => panic!("framing {framing:?}"),
        };
        Some(answer)
    }

    pub(crate) async fn line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        self.stream.read_until(b'\n', &mut line).await.ok()?;
        let line = line.strip_suffix(b"\r\n")?;
        Some(String::from_utf8_lossy(line).into_owned())
    }

    async fn exactly(&mut self, length: usize, body: &mut Vec<u8>) -> bool {
        let _ = (&mut self.stream).take(length as u64).read_to_end(body).await;
        body.len() == length
    }

    async fn chunks(&mut self, body: &mut Vec<u8>) -> bool {
        while let Some(size) = self.line().await {
            let size = usize::from_str_radix(&size, 16).expect("a chunk size");
            let before = body.len();
            if !self.exactly_more(size, body, before).await || self.line().await.is_none() {
                return false;
            }
            if size == 0 {
                return true;
            }
        }
        false
    }

    async fn exactly_more(&mut self, size: usize, body: &mut Vec<u8>, before: usize) -> bool {
        let _ = (&mut self.stream).take(size as u64).read_to_end(body).await;
        body.len() == before + size
    }

    /// Reads so many bytes, whatever they are.
    pub(crate) async fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        timeout(PATIENCE, self.stream.read_exact(&mut bytes)).await.expect("bytes in time").expect("bytes");
        bytes
    }

    /// Reads to the end, which must come in time; a reset is an end.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        let _ = timeout(PATIENCE, self.stream.read_to_end(&mut rest)).await.expect("the end in time");
        rest
    }

    /// Whether the proxy has ended the connection, or does so within a moment.
    pub(crate) async fn is_closed(&mut self) -> bool {
        let mut byte = [0];
        matches!(timeout(Duration::from_secs(3), self.stream.read(&mut byte)).await, Ok(Ok(0) | Err(_)))
    }
}
