//! How people are reminded, and where they sign in. It belongs to the machine.

use std::net::IpAddr;
use std::path::PathBuf;

use lettre::Address;
use serde::Deserialize;
use toml::Spanned;

use super::Fault;

/// How mail is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The name of the server.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: MailSecurity,
    /// From whom it comes.
    pub(crate) from: Address,
    /// The user at the server, and the file with the password.
    pub sign_in: Option<(String, PathBuf)>,
}

/// How the connection to a mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailSecurity {
    /// TLS from the beginning, as a rule at port 465.
    Tls,
    /// TLS after a word in the clear, as a rule at port 587; without it nothing is sent.
    StartTls,
    /// Not at all: to a server on this machine alone.
    None,
}

impl MailSecurity {
    fn port(self) -> u16 {
        match self {
            Self::Tls => 465,
            Self::StartTls => 587,
            Self::None => 25,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMail {
    server: Spanned<String>,
    port: Option<Spanned<u16>>,
    security: Spanned<MailSecurity>,
    from: Spanned<String>,
    user: Option<Spanned<String>>,
    password_file: Option<Spanned<PathBuf>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawConsole {
    address: Option<Spanned<String>>,
}

impl RawMail {
    /// What it amounts to.
    ///
    /// # Errors
    /// There is no server, it would be talked to in the clear over a network, the sender is no address, or of user and
    /// password one is missing.
    pub(super) fn mail(&self) -> Result<Mail, Fault> {
        let (server, security) = (self.server.get_ref(), *self.security.get_ref());
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':');
        if server.is_empty() || !server.bytes().all(is_name) {
            let message = format!("{server:?} is not the name of a server, such as \"smtp.amberhill.example\"");
            return Err((self.server.span().start, message));
        }
        if security == MailSecurity::None && !is_loopback(server) {
            let message = "security \"none\" is for a mail server on this machine (127.0.0.1): use \"tls\" or \
                           \"starttls\" for any other";
            return Err((self.security.span().start, message.into()));
        }
        let from = self.from.get_ref();
        let not_an_address = |_| {
            let message = format!("{from:?} is not an address for mail, such as \"belisha@amberhill.example\"");
            (self.from.span().start, message)
        };
        let from = from.parse().map_err(not_an_address)?;
        let sign_in = match (&self.user, &self.password_file) {
            (Some(user), Some(file)) => Some((user.get_ref().clone(), file.get_ref().clone())),
            (None, None) => None,
            (Some(user), None) => return Err((user.span().start, "user needs password_file".into())),
            (None, Some(file)) => return Err((file.span().start, "password_file needs user".into())),
        };
        let port = self.port.as_ref().map_or(security.port(), |port| *port.get_ref());
        Ok(Mail { server: server.clone(), port, security, from, sign_in })
    }
}

impl RawConsole {
    /// The address at which people sign in.
    ///
    /// # Errors
    /// It has more than a name and a port, or is in the clear over a network.
    pub(super) fn address(&self) -> Result<Option<String>, Fault> {
        let Some(address) = &self.address else { return Ok(None) };
        let text = address.get_ref();
        let host = match text.split_once("://") {
            Some(("https", host)) => Some(host),
            Some(("http", host)) => Some(host).filter(|host| is_loopback(without_port(host))),
            _ => None,
        };
        let is_host = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']');
        if host.is_some_and(|host| !host.is_empty() && host.bytes().all(is_host)) {
            return Ok(Some(text.clone()));
        }
        let message = format!(
            "{text:?} is not the address of a console, such as \"https://belisha.amberhill.example\": https, a name, \
             perhaps a port, and nothing behind it"
        );
        Err((address.span().start, message))
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    }
}

fn is_loopback(server: &str) -> bool {
    let bare = server.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
