//! The mail: one text for everybody and everything, and how it gets to the server.

use std::fmt;
use std::time::Duration;

use belisha_store::SchoolId;
use chrono::Utc;
use lettre::address::Envelope;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{Address, SmtpTransport, Transport as _};
use zeroize::Zeroizing;

use crate::settings::{Mail, MailSecurity};

/// How long the server may take over each of its answers.
const PATIENCE: Duration = Duration::from_secs(20);

/// What takes a reminder to somebody. There is one reminder: whatever it is about and however much there is, its words
/// are these.
pub trait Transport {
    /// Takes it to an address. When this returns without an error, the server has it.
    ///
    /// # Errors
    /// It did not get there, or nobody knows.
    fn remind(&mut self, address: &str) -> Result<(), NotSent>;
}

/// Why a reminder was not sent. It names nobody, for it goes to the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotSent {
    /// The address is none.
    #[error("an address for mail cannot be used: look at the addresses of those who handle incidents")]
    Address,
    /// The server said no.
    #[error("the mail server refuses it (code {0})")]
    Refused(u16),
    /// There is no answer.
    #[error("the mail server cannot be reached, or no encrypted connection to it")]
    Unreachable,
}

/// Why mail cannot be sent with these settings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MailError {
    /// The file with the password cannot be read.
    #[error("[mail] password_file {}: cannot be read: {source}", file.display())]
    Password {
        /// The file.
        file: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// TLS cannot be set up for this server.
    #[error("[mail] server: no encrypted connection can be made to a server of this name")]
    Server,
}

/// Mail by SMTP, a connection for each.
pub struct Smtp {
    transport: SmtpTransport,
    from: Address,
    words: String,
}

/// Without the password.
impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp").finish_non_exhaustive()
    }
}

impl Smtp {
    /// By the settings; with the address of the console, where there is one. Reads the password, and connects to nothing.
    ///
    /// # Errors
    /// The password cannot be read, or the name of the server is none that a certificate could have.
    pub fn new(mail: &Mail, console: Option<&str>) -> Result<Self, MailError> {
        let parameters = || TlsParameters::new(mail.server.clone()).map_err(|_| MailError::Server);
        let tls = match mail.security {
            MailSecurity::Tls => Tls::Wrapper(parameters()?),
            MailSecurity::StartTls => Tls::Required(parameters()?),
            MailSecurity::None => Tls::None,
        };
        let mut builder =
            SmtpTransport::builder_dangerous(&mail.server).port(mail.port).tls(tls).timeout(Some(PATIENCE));
        if let Some((user, file)) = &mail.sign_in {
            let read = std::fs::read_to_string(file).map(Zeroizing::new);
            let password = read.map_err(|source| MailError::Password { file: file.clone(), source })?;
            builder =
                builder.credentials(Credentials::new(user.clone(), password.trim_end_matches(['\r', '\n']).into()));
        }
        Ok(Self { transport: builder.build(), from: mail.from.clone(), words: words(console) })
    }

    /// Sends an adult the link by which they sign. Nobody is named in it, and nothing of what is to be signed (decisions 12).
    ///
    /// # Errors
    /// It did not get there, or nobody knows.
    pub fn invite(&self, address: &str, link: &str, until: &str, asks_code: bool) -> Result<(), NotSent> {
        self.send(address, "School: something to read and sign", &invitation(link, until, asks_code))
    }

    fn send(&self, address: &str, subject: &str, words: &str) -> Result<(), NotSent> {
        let to: Address = address.parse().map_err(|_| NotSent::Address)?;
        let mail = self.mail(&to, subject, words)?;
        let envelope = Envelope::new(Some(self.from.clone()), vec![to]).map_err(|_| NotSent::Address)?;
        match self.transport.send_raw(&envelope, mail.as_bytes()) {
            Ok(_) => Ok(()),
            // The words of the server may hold the address.
            Err(error) => Err(error.status().map_or(NotSent::Unreachable, |code| NotSent::Refused(code.into()))),
        }
    }

    /// The mail to an address.
    fn mail(&self, to: &Address, subject: &str, words: &str) -> Result<String, NotSent> {
        let id = SchoolId::random().map_err(|_| NotSent::Unreachable)?;
        let from = &self.from;
        let (date, domain) = (Utc::now().to_rfc2822(), from.domain());
        let id = crate::hex(id.as_bytes());
        Ok(format!(
            "From: Belisha <{from}>\r\nTo: <{to}>\r\nSubject: {subject}\r\nDate: {date}\r\nMessage-ID: <{id}@{domain}>\r\n\
             MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nAuto-Submitted: auto-generated\r\n\r\n{words}"
        ))
    }
}

impl Transport for Smtp {
    fn remind(&mut self, address: &str) -> Result<(), NotSent> {
        self.send(address, SUBJECT, &self.words)
    }
}

/// Of every reminder.
const SUBJECT: &str = "Belisha: something is waiting for you";

/// The words, lines of up to 78 letters.
fn words(console: Option<&str>) -> String {
    let sign_in = match console {
        Some(address) => format!("Please sign in at {address} and look.\r\n"),
        None => "Please sign in to Belisha and look.\r\n".into(),
    };
    format!(
        "Something is waiting for you in Belisha, your school's online-safety system.\r\n\r\n{sign_in}\r\n\
         This mail says nothing more on purpose: mail is read by more people than the\r\n\
         one to whom it is addressed. Please do not answer it, and do not ask about it\r\n\
         by mail.\r\n\r\n\
         If you cannot sign in, ask your network manager.\r\n"
    )
}

/// The words of a mail with a link, lines of up to 78 letters but for the link.
fn invitation(link: &str, until: &str, asks_code: bool) -> String {
    let asked = if asks_code {
        "a code, which the school's\r\noffice tells you on the telephone or in person"
    } else {
        "on which day your child\r\nwas born"
    };
    format!(
        "Your school asks you to read and sign something online:\r\n\r\n{link}\r\n\r\n\
         Before it shows anything you are asked {asked}. It is good until\r\n{until}, and is used up when you sign.\r\n\r\n\
         The link is for you alone: please do not pass this mail on. If you did not\r\nexpect it, or would rather sign on \
         paper, ask the school's office.\r\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_name_nobody_and_fit_their_lines() {
        for console in [None, Some("https://belisha.amberhill.example:8443")] {
            let words = words(console);
            assert!(words.lines().all(|line| line.len() <= 78), "{words}");
            assert_eq!(words.contains("amberhill"), console.is_some());
        }
        for asks_code in [false, true] {
            let words = invitation("https://a.example/sign/x", "Wednesday 30 September 2026, 23:59", asks_code);
            assert!(words.lines().all(|line| line.len() <= 78), "{words}");
        }
    }
}
