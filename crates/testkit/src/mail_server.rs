//! A mail server on loopback that keeps what it is given, on a thread of its own.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A mail as a server got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The address to which it goes.
    pub to: String,
    /// All of it: head and body, with the ends of its lines.
    pub text: String,
}

impl Mail {
    /// What it says, without what differs from mail to mail: its date and its id.
    #[must_use]
    pub fn without_date_and_id(&self) -> String {
        let differs = |line: &&str| line.starts_with("Date: ") || line.starts_with("Message-ID: ");
        self.text.split_inclusive("\r\n").filter(|line| !differs(line)).collect()
    }
}

#[derive(Debug, Default)]
struct Got {
    mails: Mutex<Vec<Mail>>,
    news: Condvar,
    is_silent: AtomicBool,
    is_down: AtomicBool,
}

impl Got {
    fn mails(&self) -> MutexGuard<'_, Vec<Mail>> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A mail server that speaks as much SMTP as it takes to hand it a mail, in the clear.
#[derive(Debug)]
pub struct MailServer {
    address: SocketAddr,
    got: Arc<Got>,
    thread: Option<JoinHandle<()>>,
}

impl MailServer {
    /// Starts it on a free port of 127.0.0.1.
    ///
    /// # Panics
    /// Where no port is free.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("a listener has an address");
        let got = Arc::<Got>::default();
        let thread = Some(serve(listener, &got));
        Self { address, got, thread }
    }

    /// The port on which it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// What it has got so far.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        self.got.mails().clone()
    }

    /// Waits until it has got so many in all, and gives them.
    ///
    /// # Panics
    /// Where they do not come within a minute.
    #[must_use]
    pub fn wait_for(&self, count: usize) -> Vec<Mail> {
        let deadline = Instant::now() + Duration::from_mins(1);
        let mut mails = self.got.mails();
        while mails.len() < count {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{} of {count} mails came", mails.len());
            mails = self.got.news.wait_timeout(mails, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        mails.clone()
    }

    /// Takes mails from now on, and never says so: whoever sends waits, and does not know whether it was taken.
    pub fn be_silent(&self, is_silent: bool) {
        self.got.is_silent.store(is_silent, Ordering::SeqCst);
    }

    /// Listens no more.
    pub fn stop(&mut self) {
        self.got.is_down.store(true, Ordering::SeqCst);
        // Wakes it up, so that it sees that.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }

    /// Listens again on the same port.
    ///
    /// # Panics
    /// Where somebody else has taken it.
    pub fn start_again(&mut self) {
        self.got.is_down.store(false, Ordering::SeqCst);
        let listener = TcpListener::bind(self.address).expect("the port is still free");
        self.thread = Some(serve(listener, &self.got));
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn serve(listener: TcpListener, got: &Arc<Got>) -> JoinHandle<()> {
    let got = Arc::clone(got);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            if got.is_down.load(Ordering::SeqCst) {
                return;
            }
            let got = Arc::clone(&got);
            // Whoever hangs up in the middle has sent nothing.
            thread::spawn(move || talk(&stream, &got).unwrap_or_default());
        }
    })
}

/// One connection, to its end.
fn talk(stream: &TcpStream, got: &Got) -> std::io::Result<()> {
    let (mut lines, mut answer) = (BufReader::new(stream), stream);
    let mut to = String::new();
    answer.write_all(b"220 mail.test\r\n")?;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        match &*verb {
            "EHLO" => answer.write_all(b"250-mail.test\r\n250 8BITMIME\r\n")?,
            "RCPT" => {
                let address = line.split(['<', '>']).nth(1).unwrap_or_default();
                address.clone_into(&mut to);
                answer.write_all(b"250 ok\r\n")?;
            }
            "DATA" => {
                answer.write_all(b"354 go on\r\n")?;
                let text = text(&mut lines)?;
                got.mails().push(Mail { to: std::mem::take(&mut to), text });
                got.news.notify_all();
                while got.is_silent.load(Ordering::SeqCst) {
                    thread::sleep(Duration::from_millis(20));
                }
                answer.write_all(b"250 taken\r\n")?;
            }
            "QUIT" => return answer.write_all(b"221 bye\r\n"),
            _ => answer.write_all(b"250 ok\r\n")?,
        }
    }
}

/// A mail up to the dot that ends it.
fn text(lines: &mut impl BufRead) -> std::io::Result<String> {
    let mut text = String::new();
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line == ".\r\n" {
            return Ok(text);
        }
        text.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}
