//! URLs that are in canonical form already, as nearly all of real browsing are: recognised in one pass over their
//! bytes, and copied once.

use alloc::string::String;

use super::{MAX_URL, Scheme, Target, port};
use crate::host::Host;
use crate::path::RulePath;

/// What a byte means for a path.
mod class {
    /// It ends the path, or is changed by the canonical form.
    pub(super) const STRANGE: u8 = 1;
    /// It may begin a dot segment, after a slash.
    pub(super) const MAY_BE_DOT: u8 = 1 << 1;
    /// It ends an empty segment, after a slash.
    pub(super) const SLASH: u8 = 1 << 2;
    /// The path of rules is not the path in lower case.
    pub(super) const FOLDS: u8 = 1 << 3;
    /// The path is over.
    pub(super) const QUESTION: u8 = 1 << 4;

    const OF: [u8; 256] = table();

    const fn table() -> [u8; 256] {
        let mut table = [0; 256];
        let mut at = 0;
        while at < 256 {
            // The table is filled at compile time, where nothing but indexing can write.
            #[expect(clippy::indexing_slicing, clippy::cast_possible_truncation, reason = "at is below 256")]
            {
                table[at] = one(at as u8);
            }
            at += 1;
        }
        table
    }

    const fn one(byte: u8) -> u8 {
        match byte {
            b'/' => SLASH,
            b'.' => MAY_BE_DOT,
            b'%' => MAY_BE_DOT | FOLDS,
            b';' => FOLDS,
            b'?' => QUESTION,
            b'"' | b'#' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'}' | 0..=b' ' | 0x7f.. => STRANGE,
            _ => 0,
        }
    }

    pub(super) fn of(byte: u8) -> u8 {
        OF.get(usize::from(byte)).copied().unwrap_or(STRANGE)
    }
}

/// The target, where writing it in canonical form would change nothing but add the slash of an empty path; nothing for
/// any other URL, good or bad.
pub(super) fn parse(input: &[u8]) -> Option<Target> {
    // Room for that slash.
    if input.len() >= MAX_URL {
        return None;
    }
    let (scheme, rest) = scheme(input)?;
    let (host, rest) = host(rest)?;
    let (port, rest) = match rest.split_first() {
        Some((b':', rest)) => port_of(scheme, rest)?,
        _ => (scheme.default_port(), rest),
    };
    let path = Path::read(rest)?;
    let query = rest.get(path.end + 1..);
    if query.is_some_and(|query| !is_plain_query(query)) {
        return None;
    }
    let written = core::str::from_utf8(rest).ok()?;
    let mut text = String::with_capacity(written.len() + 1);
    if path.end == 0 {
        text.push('/');
    }
    text.push_str(written);
    let bytes = rest.get(..path.end)?;
    let rule_path = if path.folds { RulePath::fold_without_nul(bytes)? } else { RulePath::of_plain(bytes) };
    Some(Target { scheme, host, port, path_end: path.end.max(1), text, rule_path })
}

fn scheme(input: &[u8]) -> Option<(Scheme, &[u8])> {
    if let Some(rest) = input.strip_prefix(b"https://") {
        Some((Scheme::Https, rest))
    } else if let Some(rest) = input.strip_prefix(b"http://") {
        Some((Scheme::Http, rest))
    } else if let Some(rest) = input.strip_prefix(b"wss://") {
        Some((Scheme::Wss, rest))
    } else {
        input.strip_prefix(b"ws://").map(|rest| (Scheme::Ws, rest))
    }
}

/// The host, where it is a plain name that ends at a slash, a question mark, a colon or the end.
fn host(input: &[u8]) -> Option<(Host, &[u8])> {
    let end = input.iter().position(|byte| matches!(byte, b'/' | b'?' | b':')).unwrap_or(input.len());
    let (name, rest) = input.split_at_checked(end)?;
    Some((Host::of_plain(name)?, rest))
}

/// A port that is written as the canonical form writes it: it is not the scheme's, and has no zero in front.
fn port_of(scheme: Scheme, input: &[u8]) -> Option<(u16, &[u8])> {
    let end = input.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(input.len());
    let (digits, rest) = input.split_at_checked(end)?;
    let port = port::parse(digits).ok()?;
    let ends = matches!(rest.first(), None | Some(b'/' | b'?'));
    (ends && port != scheme.default_port() && digits.first() != Some(&b'0')).then_some((port, rest))
}

/// What one pass over the path finds.
struct Path {
    /// Where the path ends: at a question mark or the end of all.
    end: usize,
    /// Whether the path of rules is more than the path in lower case.
    folds: bool,
}

impl Path {
    fn read(input: &[u8]) -> Option<Self> {
        let mut seen = 0;
        // What stands before a path counts as no slash; the path itself begins with one or is empty.
        let mut after_slash = 0;
        let mut end = input.len();
        for (at, byte) in input.iter().enumerate() {
            let class = class::of(*byte);
            if class & class::QUESTION != 0 {
                end = at;
                break;
            }
            seen |= class & (class::STRANGE | class::FOLDS);
            // A mask of all ones after a slash: cheaper than a branch that nobody can foretell.
            seen |= class & after_slash & (class::MAY_BE_DOT | class::SLASH);
            after_slash = 0_u8.wrapping_sub(u8::from(class & class::SLASH != 0));
        }
        let strange = seen & (class::STRANGE | class::MAY_BE_DOT) != 0;
        (!strange).then_some(Self { end, folds: seen & (class::FOLDS | class::SLASH) != 0 })
    }
}

/// Whether the canonical form of a query is the query. Looks at all of it, since that takes fewer steps than looking
/// where it may stop.
#[expect(clippy::needless_bitwise_bool, reason = "without branches it is done for many bytes at a time")]
fn is_plain_query(query: &[u8]) -> bool {
    let strange = |strange, byte: &u8| {
        strange
            | matches!(byte, 0..=b' ' | 0x7f..)
            | (*byte == b'"')
            | (*byte == b'#')
            | (*byte == b'\'')
            | (*byte == b'<')
            | (*byte == b'>')
    };
    let (chunks, rest) = query.as_chunks::<32>();
    let of_chunks = chunks.iter().fold(false, |seen, chunk| seen | chunk.iter().fold(false, strange));
    !(of_chunks | rest.iter().fold(false, strange))
}
