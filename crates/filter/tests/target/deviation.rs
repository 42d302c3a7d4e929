//! Where we differ from the URL standard, and why.

use belisha_filter::{HostError, MAX_URL, Target, TargetError};

/// The ways in which a target is not what the standard says, each on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Deviation {
    /// The dot of the root goes: with and without it a name is the same machine.
    RootDot,
    /// An IPv4-mapped IPv6 address is the IPv4 address: a socket connects there.
    MappedAddress,
    /// A name with an empty label is refused: no resolver answers for it.
    EmptyLabel,
    /// A label over 63 or a name over 253 bytes is refused: it does not fit into a question to a resolver.
    TooLong,
    /// A NUL in the path is refused, escaped or not: it ends a name for some servers and not for others.
    NulInPath,
    /// Port 0 is refused: nothing can be connected to there.
    PortZero,
    /// What is longer than the limit is refused.
    OverLimit,
    /// U+3D000 to U+3FC3F are unassigned, and the IDNA library takes them for letters. The name is one of its own, that
    /// no registry gives out.
    UnassignedLetter,
}

/// Why we may take what the standard refuses; nothing where we must not.
pub(crate) fn taken_though_refused(input: &str) -> Option<Deviation> {
    input.contains(|c| ('\u{3d000}'..='\u{3fc3f}').contains(&c)).then_some(Deviation::UnassignedLetter)
}

/// A URL in the standard's canonical form, in its parts.
pub(crate) struct Written<'a> {
    pub(crate) scheme: &'a str,
    pub(crate) host: &'a str,
    /// A colon and digits, or nothing.
    pub(crate) port: &'a str,
    /// Path and query.
    pub(crate) rest: &'a str,
}

impl<'a> Written<'a> {
    /// Parts a URL that is known to be in that form. User name, password and fragment are left out.
    pub(crate) fn of(href: &'a str) -> Self {
        let href = href.split('#').next().unwrap();
        let (scheme, rest) = href.split_once("://").unwrap();
        let (authority, rest) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let authority = authority.rsplit('@').next().unwrap();
        let port = authority.rfind(':').filter(|at| !authority[*at..].contains(']')).unwrap_or(authority.len());
        let (host, port) = authority.split_at(port);
        Self { scheme, host, port, rest }
    }
}

/// Why the outcome may differ from what the standard has for this URL; nothing where it must not.
pub(crate) fn deviation(theirs: &Written<'_>, ours: &Result<Target, TargetError>) -> Option<Deviation> {
    match ours {
        Ok(_) if theirs.host.ends_with('.') => Some(Deviation::RootDot),
        Ok(_) if theirs.host.starts_with("[::ffff:") => Some(Deviation::MappedAddress),
        Err(TargetError::Host(error)) => of_host(theirs.host, *error),
        Err(TargetError::NulInPath) if holds_escaped_nul(theirs.rest) => Some(Deviation::NulInPath),
        Err(TargetError::Port) if theirs.port == ":0" => Some(Deviation::PortZero),
        Err(TargetError::TooLong(length)) if *length > MAX_URL => Some(Deviation::OverLimit),
        _ => None,
    }
}

/// Whether a path, decoded often enough, holds a NUL.
fn holds_escaped_nul(rest: &str) -> bool {
    let path = rest.split('?').next().unwrap_or_default();
    let mut bytes = path.as_bytes().to_vec();
    loop {
        let digit = |at: usize| char::from(*bytes.get(at)?).to_digit(16);
        let escape = |at: &usize| bytes[*at] == b'%' && digit(at + 1).is_some() && digit(at + 2).is_some();
        let Some(at) = (0..bytes.len()).find(escape) else { return bytes.contains(&0) };
        let byte = u8::try_from(digit(at + 1).unwrap() << 4 | digit(at + 2).unwrap()).unwrap();
        bytes.splice(at..at + 3, [byte]);
    }
}

fn of_host(host: &str, error: HostError) -> Option<Deviation> {
    let name = host.strip_suffix('.').unwrap_or(host);
    match error {
        HostError::EmptyLabel if name.split('.').any(str::is_empty) => Some(Deviation::EmptyLabel),
        HostError::Empty if name.is_empty() && !host.is_empty() => Some(Deviation::EmptyLabel),
        HostError::LabelTooLong(_) if name.split('.').any(|label| label.len() > 63) => Some(Deviation::TooLong),
        HostError::TooLong(_) if name.len() > 253 => Some(Deviation::TooLong),
        _ => None,
    }
}
