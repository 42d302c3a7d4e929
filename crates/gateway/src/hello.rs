//! The first message of TLS, read just far enough: is it one, and which name does it ask for?

use belisha_filter::Host;

/// Longest `ClientHello` that is read, records included. Those of browsers with post-quantum keys have 2 KiB.
pub(crate) const MAX_HELLO: usize = 64 * 1024;

/// What the first bytes in a tunnel are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hello {
    /// Perhaps a `ClientHello`; more bytes will tell.
    Partial,
    /// A `ClientHello` with the name it asks for, if it names one.
    Whole(Option<Vec<u8>>),
}

/// The bytes are no `ClientHello`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotTls;

/// Reads the first bytes of a tunnel. The message may be spread over several records (RFC 8446 §5.1).
pub(crate) fn read(bytes: &[u8]) -> Result<Hello, NotTls> {
    let mut message = Vec::new();
    let mut rest = bytes;
    loop {
        let (head, body) = match rest {
            [22, 3, minor, high, low, body @ ..] if *minor <= 4 => (u16::from_be_bytes([*high, *low]), body),
            // A record head that is still on its way.
            [] | [22] | [22, 3] | [22, 3, 0..=4] | [22, 3, 0..=4, _] => return partial(bytes, &message),
            _ => return Err(NotTls),
        };
        let length = usize::from(head);
        if length == 0 || length > 1 << 14 {
            return Err(NotTls);
        }
        message.extend_from_slice(body.get(..length.min(body.len())).unwrap_or_default());
        if let Some(hello) = whole(&message)? {
            return server_name(hello).map(Hello::Whole);
        }
        let Some(next) = body.get(length..) else { return partial(bytes, &message) };
        rest = next;
    }
}

fn partial(bytes: &[u8], message: &[u8]) -> Result<Hello, NotTls> {
    let possible = message.first().is_none_or(|kind| *kind == 1);
    if possible && bytes.len() < MAX_HELLO { Ok(Hello::Partial) } else { Err(NotTls) }
}

/// The body of the handshake message, once all of it is there.
fn whole(message: &[u8]) -> Result<Option<&[u8]>, NotTls> {
    match message {
        [1, high, middle, low, body @ ..] => {
            let length = usize::from(*high) << 16 | usize::from(*middle) << 8 | usize::from(*low);
            if length > MAX_HELLO { Err(NotTls) } else { Ok(body.get(..length)) }
        }
        [] | [1, ..] => Ok(None),
        _ => Err(NotTls),
    }
}

/// The name in the `server_name` extension (RFC 6066 §3), if there is one.
fn server_name(hello: &[u8]) -> Result<Option<Vec<u8>>, NotTls> {
    let mut hello = Reader(hello);
    // Version, random, session, ciphers, compression.
    ensure(hello.take(1)? == [3])?;
    hello.take(1 + 32)?;
    ensure(hello.vector8()?.len() <= 32)?;
    let ciphers = hello.vector16()?;
    ensure(ciphers.len() >= 2 && ciphers.len().is_multiple_of(2))?;
    ensure(!hello.vector8()?.is_empty())?;
    if hello.0.is_empty() {
        return Ok(None);
    }
    let mut extensions = Reader(hello.vector16()?);
    ensure(hello.0.is_empty())?;
    let mut name = None;
    while !extensions.0.is_empty() {
        let kind = extensions.take(2)?;
        let body = extensions.vector16()?;
        if kind == [0, 0] {
            ensure(name.is_none())?;
            name = Some(one_name(body)?);
        }
    }
    Ok(name)
}

/// The list holds one name, of the one kind that there is.
fn one_name(body: &[u8]) -> Result<Vec<u8>, NotTls> {
    let mut body = Reader(body);
    let mut list = Reader(body.vector16()?);
    ensure(body.0.is_empty())?;
    ensure(list.take(1)? == [0])?;
    let name = list.vector16()?;
    ensure(list.0.is_empty() && !name.is_empty())?;
    Ok(name.to_vec())
}

fn ensure(holds: bool) -> Result<(), NotTls> {
    if holds { Ok(()) } else { Err(NotTls) }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], NotTls> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(NotTls)?;
        self.0 = rest;
        Ok(taken)
    }

    fn vector8(&mut self) -> Result<&'a [u8], NotTls> {
        let length = self.take(1)?.iter().fold(0, |_, byte| usize::from(*byte));
        self.take(length)
    }

    fn vector16(&mut self) -> Result<&'a [u8], NotTls> {
        let length = self.take(2)?.iter().fold(0, |high, byte| high << 8 | usize::from(*byte));
        self.take(length)
    }
}

/// Whether a name in a `ClientHello` is the host that was ruled on. The name is plain letters, digits, hyphens,
/// underscores and dots (RFC 6066 §3 asks for A-labels): what would need decoding is another name.
pub(crate) fn names(name: &[u8], host: &Host) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if !name.iter().all(plain) {
        return false;
    }
    std::str::from_utf8(name).is_ok_and(|name| name.parse::<Host>().is_ok_and(|name| name == *host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn extension(kind: u16, body: &[u8]) -> Vec<u8> {
        [&kind.to_be_bytes(), &u16::try_from(body.len()).unwrap().to_be_bytes(), body].concat()
    }

    fn name(name: &[u8]) -> Vec<u8> {
        let length = u16::try_from(name.len()).unwrap();
        extension(0, &[&(length + 3).to_be_bytes(), [0].as_slice(), &length.to_be_bytes(), name].concat())
    }

    fn message(extensions: &[u8]) -> Vec<u8> {
        let length = u16::try_from(extensions.len()).unwrap().to_be_bytes();
        let body = [&[3, 3], [7; 32].as_slice(), &[0], &[0, 2, 0x13, 1], &[1, 0], &length, extensions].concat();
        [&[1], &u32::try_from(body.len()).unwrap().to_be_bytes()[1..], &body].concat()
    }

    fn records(message: &[u8], size: usize) -> Vec<u8> {
        let record =
            |part: &[u8]| [&[22, 3, 1], u16::try_from(part.len()).unwrap().to_be_bytes().as_slice(), part].concat();
        message.chunks(size).flat_map(record).collect()
    }

    #[test]
    fn the_name_is_found_in_one_record_or_in_many() {
        let message = message(&[extension(0x0a0a, &[]), name(b"fine.test"), extension(43, &[2, 3, 4])].concat());
        for size in [1, 2, 3, 50, 16_384] {
            let bytes = records(&message, size);
            assert_eq!(read(&bytes), Ok(Hello::Whole(Some(b"fine.test".to_vec()))), "{size}");
            for cut in 0..bytes.len() {
                assert_eq!(read(&bytes[..cut]), Ok(Hello::Partial), "{size} {cut}");
            }
        }
    }

    #[test]
    fn a_hello_without_a_name_is_a_hello() {
        assert_eq!(read(&records(&message(&[]), 9000)), Ok(Hello::Whole(None)));
        assert_eq!(read(&records(&message(&extension(43, &[2, 3, 4])), 9000)), Ok(Hello::Whole(None)));
    }

    #[test]
    fn what_is_no_hello_is_told_apart() {
        let two = records(&message(&[name(b"a.test"), name(b"b.test")].concat()), 9000);
        let list = {
            let body = [&[0, 12], [0, 0, 3].as_slice(), b"a.b", &[0, 0, 3], b"c.d"].concat();
            records(&message(&extension(0, &body)), 9000)
        };
        let odd_kind = records(&message(&extension(0, &[0, 4, 9, 0, 1, b'a'])), 9000);
        let short = records(&message(&[0, 0, 0, 9, 1]), 9000);
        for bytes in [
            b"GET / HTTP/1.1\r\n".as_slice(),
            b"SSH-2.0-x\r\n",
            &[22, 2],
            &[22, 3, 9],
            &[21, 3, 1, 0, 2],
            &[22, 3, 1, 0, 0],
            &[22, 3, 1, 0x40, 1],
            &[22, 3, 1, 0, 5, 2],
            &[0x80, 0x2e, 1, 3, 1],
            &two,
            &list,
            &odd_kind,
            &short,
        ] {
            assert_eq!(read(bytes), Err(NotTls), "{bytes:?}");
        }
        let endless = records(&[vec![1, 1, 0, 0], vec![0; 70_000]].concat(), 16_384);
        assert_eq!(read(&endless), Err(NotTls));
    }

    #[test]
    fn names_agree_in_canonical_form_only() {
        let host: Host = "fine.test".parse().unwrap();
        for (name, agrees) in [
            ("fine.test", true),
            ("FINE.test.", true),
            ("www.fine.test", false),
            ("fine%2etest", false),
            ("fine.test\0", false),
            ("fine.test:443", false),
            ("", false),
            ("ﬁne.test", false),
        ] {
            assert_eq!(names(name.as_bytes(), &host), agrees, "{name}");
        }
        assert!(!names(b"fine.test", &"51.140.10.10".parse().unwrap()));
    }

    proptest! {
        /// Any bytes give a value or an error.
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
            let _ = read(&records(&message(&bytes), 40));
            let _ = read(&[&[22, 3, 1, 0, 200], bytes.as_slice()].concat());
        }
    }
}
