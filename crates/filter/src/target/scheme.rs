//! The schemes that a target may have.

/// The schemes that a web filter rules on: those that the URL standard calls special, without `file`.
///
/// A rule does not look at them. Which of them a program can fetch is for the program to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scheme {
    /// `http`
    Http,
    /// `https`
    Https,
    /// `ws`, which is HTTP/1.1 upgraded
    Ws,
    /// `wss`
    Wss,
    /// `ftp`, which stands in the logs of older proxies
    Ftp,
}

impl Scheme {
    const ALL: [Self; 5] = [Self::Http, Self::Https, Self::Ws, Self::Wss, Self::Ftp];

    /// The name in lower case, without a colon.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Ws => "ws",
            Self::Wss => "wss",
            Self::Ftp => "ftp",
        }
    }

    /// The port that a URL means when it names none.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Http | Self::Ws => 80,
            Self::Https | Self::Wss => 443,
            Self::Ftp => 21,
        }
    }

    /// The scheme in front of a URL in whatever case, and what follows its colon.
    pub(super) fn split(input: &[u8]) -> Option<(Self, &[u8])> {
        let colon = input.iter().take(6).position(|byte| *byte == b':')?;
        let name = input.get(..colon)?;
        let scheme = Self::ALL.into_iter().find(|scheme| name.eq_ignore_ascii_case(scheme.as_str().as_bytes()))?;
        Some((scheme, input.get(colon + 1..)?))
    }
}
