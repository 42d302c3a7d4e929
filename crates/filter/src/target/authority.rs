//! The target of a CONNECT.

use core::fmt;
use core::str::FromStr;

use super::TargetError;
use super::port;
use crate::host::Host;

/// The target of a CONNECT: a host and a port, both named, and nothing else (RFC 9110 §9.3.6).
///
/// ```
/// use belisha_filter::Authority;
/// let authority: Authority = "WWW.example.org.:443".parse()?;
/// assert_eq!((authority.host().as_str(), authority.port()), ("www.example.org", 443));
/// assert!("user@example.org:443".parse::<Authority>().is_err());
/// assert!("example.org".parse::<Authority>().is_err());
/// # Ok::<(), belisha_filter::TargetError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Authority {
    host: Host,
    port: u16,
}

impl Authority {
    /// The canonical host.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl FromStr for Authority {
    type Err = TargetError;

    fn from_str(input: &str) -> Result<Self, TargetError> {
        if input.contains('@') {
            return Err(TargetError::UserInfo);
        }
        let (host, digits) = port::split(input.as_bytes());
        let port = port::parse(digits.ok_or(TargetError::Port)?)?;
        Ok(Self { host: Host::from_url_bytes(host)?, port })
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host.to_url(), self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn a_connect_names_a_host_and_a_port_and_nothing_else() {
        for input in ["example.org", "example.org:", ":443", "[example.org]:443", "u@example.org:443", "a.b:443x"] {
            assert!(input.parse::<Authority>().is_err(), "{input}");
        }
        let authority: Authority = "[2a0e:bad::2]:443".parse().unwrap();
        assert_eq!(authority.to_string(), "[2a0e:bad::2]:443");
    }
}
