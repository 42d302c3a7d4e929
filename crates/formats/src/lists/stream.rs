//! From a file on the disk to the text or the tar inside it: what it looks like, unpacking, and the two limits on
//! what comes out.

use std::cell::{Cell, RefCell};
use std::io::{self, Read};
use std::rc::Rc;

use flate2::read::MultiGzDecoder;

use super::Limits;
use super::error::{Fault, Stop};

/// A ratio is held against nobody before this much came out.
const RATIO_FLOOR: u64 = 64 << 20;
/// How much of a file is looked at to tell what it is: a tar header.
const HEAD: usize = 512;
/// zstd's own default: frames that want more memory than 128 MiB to be unpacked are refused.
const WINDOW_LOG_MAX: u32 = 27;

/// What a source has cost so far; shared by all its readers.
#[derive(Debug)]
pub(super) struct Meter {
    unpacked_limit: u64,
    ratio: u64,
    disk_bytes: Cell<u64>,
    unpacked: Cell<u64>,
    texts: Cell<Texts>,
    /// Why a reader of ours gave an error, which on its way up other crates may have wrapped or reworded.
    trouble: RefCell<Option<Stop>>,
}

/// Which texts are let through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Texts {
    /// Lists of names: ASCII or UTF-8, and no markup.
    #[default]
    Lists,
    /// UTF-16 and markup too: whoever reads them tells them apart.
    Any,
}

impl Meter {
    /// Says which texts are let through from now on.
    pub(super) fn let_through(&self, texts: Texts) {
        self.texts.set(texts);
    }

    pub(super) fn new(limits: &Limits) -> Rc<Self> {
        Rc::new(Self {
            unpacked_limit: limits.unpacked_bytes,
            ratio: limits.ratio.max(1),
            disk_bytes: Cell::new(0),
            unpacked: Cell::new(0),
            texts: Cell::default(),
            trouble: RefCell::new(None),
        })
    }

    pub(super) fn disk_bytes(&self) -> u64 {
        self.disk_bytes.get()
    }

    pub(super) fn unpacked(&self) -> u64 {
        self.unpacked.get()
    }

    /// Why reading ended, where it was a reader of ours that ended it.
    pub(super) fn take_trouble(&self) -> Option<Stop> {
        self.trouble.take()
    }

    /// Counts bytes that came out of a source.
    pub(super) fn spend(&self, bytes: u64) -> Result<(), Fault> {
        self.unpacked.set(self.unpacked.get().saturating_add(bytes));
        if self.unpacked.get() > self.unpacked_limit { Err(Fault::TooLarge(self.unpacked_limit)) } else { Ok(()) }
    }

    fn refuse(&self, fault: Fault) -> io::Error {
        self.trouble.replace(Some(Stop::Fault(fault)));
        io::ErrorKind::InvalidData.into()
    }
}

/// What went into one file on the disk and came out of it, whatever is packed in it.
#[derive(Debug, Default)]
struct Gauge {
    input: Cell<u64>,
    output: Cell<u64>,
}

/// A file on the disk: counts, and remembers that it was the disk that failed.
struct Disk<R> {
    input: R,
    meter: Rc<Meter>,
    gauge: Rc<Gauge>,
}

impl<R: Read> Read for Disk<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.input.read(out) {
            Ok(count) => {
                let bytes = count as u64;
                self.meter.disk_bytes.set(self.meter.disk_bytes.get() + bytes);
                self.gauge.input.set(self.gauge.input.get() + bytes);
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                let kind = error.kind();
                self.meter.trouble.replace(Some(Stop::Stream(error)));
                Err(kind.into())
            }
        }
    }
}

/// Holds what comes out against the limits.
struct Unpacked<R> {
    input: R,
    meter: Rc<Meter>,
    gauge: Rc<Gauge>,
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(out)?;
        let output = self.gauge.output.get() + count as u64;
        self.gauge.output.set(output);
        self.meter.spend(count as u64).map_err(|fault| self.meter.refuse(fault))?;
        if output > RATIO_FLOOR && output / self.meter.ratio > self.gauge.input.get() {
            return Err(self.meter.refuse(Fault::Bomb(self.meter.ratio)));
        }
        Ok(count)
    }
}

/// What is inside a file, unpacked.
pub(super) enum Content<'a> {
    /// Lines, without a byte-order mark.
    Text(Box<dyn Read + 'a>),
    Tar(Box<dyn Read + 'a>, Inside),
}

/// What the members of an archive need to know of the file that they are in.
#[derive(Clone)]
pub(super) struct Inside {
    meter: Rc<Meter>,
    gauge: Rc<Gauge>,
}

/// Opens a file of the disk.
pub(super) fn from_disk<'a>(file: impl Read + 'a, meter: &Rc<Meter>) -> Result<Content<'a>, Stop> {
    let inside = Inside { meter: Rc::clone(meter), gauge: Rc::default() };
    let disk = Disk { input: file, meter: Rc::clone(meter), gauge: Rc::clone(&inside.gauge) };
    let (head, reader) = peek(disk)?;
    let reader: Box<dyn Read> = match Packing::of(&head) {
        Some(packing) => inside.unpack(packing, reader)?,
        None => Box::new(inside.count(reader)),
    };
    let (head, reader) = peek(reader)?;
    if Packing::of(&head).is_some() {
        return Err(Fault::PackedTwice.into());
    }
    if looks_like_tar(&head) {
        return Ok(Content::Tar(Box::new(reader), inside));
    }
    text(&head, reader, meter.texts.get()).map(Content::Text)
}

impl Inside {
    /// Opens a member of an archive; what is stored plainly has been counted with the archive.
    pub(super) fn open<'a>(&self, member: impl Read + 'a) -> Result<Box<dyn Read + 'a>, Stop> {
        let (head, reader) = peek(member)?;
        let texts = self.meter.texts.get();
        let Some(packing) = Packing::of(&head) else {
            return text(&head, reader, texts);
        };
        let (head, reader) = peek(self.unpack(packing, reader)?)?;
        text(&head, reader, texts)
    }

    fn unpack<'a>(&self, packing: Packing, packed: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
        Ok(match packing {
            // Both readers go on with a further member or frame, and fail at anything else behind the last.
            Packing::Gzip => Box::new(self.count(MultiGzDecoder::new(packed))),
            Packing::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::new(packed)?;
                decoder.window_log_max(WINDOW_LOG_MAX)?;
                Box::new(self.count(decoder))
            }
        })
    }

    fn count<R: Read>(&self, input: R) -> Unpacked<R> {
        Unpacked { input, meter: Rc::clone(&self.meter), gauge: Rc::clone(&self.gauge) }
    }
}

/// The first bytes of a reader, and a reader that still gives them.
fn peek<'a>(mut reader: impl Read + 'a) -> io::Result<(Vec<u8>, impl Read + 'a)> {
    let mut head = Vec::with_capacity(HEAD);
    reader.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
    Ok((head.clone(), io::Cursor::new(head).chain(reader)))
}

fn text<'a>(head: &[u8], mut reader: impl Read + 'a, texts: Texts) -> Result<Box<dyn Read + 'a>, Stop> {
    if Packing::of(head).is_some() || looks_like_tar(head) {
        return Err(Fault::PackedTwice.into());
    }
    let is_let_through =
        |fault: &Fault| texts == Texts::Any && matches!(fault, Fault::Utf16 | Fault::Document(WEB_PAGE));
    if let Some(fault) = no_list(head).filter(|fault| !is_let_through(fault)) {
        return Err(fault.into());
    }
    if head.starts_with(BYTE_ORDER_MARK) {
        reader.read_exact(&mut [0; BYTE_ORDER_MARK.len()])?;
    }
    Ok(Box::new(reader))
}

/// What markup is called.
const WEB_PAGE: &str = "a web page";

const BYTE_ORDER_MARK: &[u8; 3] = b"\xef\xbb\xbf";

#[derive(Clone, Copy)]
enum Packing {
    Gzip,
    Zstd,
}

impl Packing {
    fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            // A frame, or one of the sixteen kinds of frame that decoders skip.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            _ => None,
        }
    }
}

/// The magic of POSIX and GNU archives, or a header whose checksum holds, as older ones have it.
fn looks_like_tar(head: &[u8]) -> bool {
    if head.get(257..262) == Some(b"ustar") {
        return true;
    }
    let (Some(before), Some(field), Some(after)) = (head.get(..148), head.get(148..156), head.get(156..HEAD)) else {
        return false;
    };
    let sum = before.iter().chain(after).fold(8 * u32::from(b' '), |sum, byte| sum + u32::from(*byte));
    let digits = field.split(|byte| matches!(byte, 0 | b' ')).find(|digits| !digits.is_empty());
    let stored = digits.and_then(|digits| std::str::from_utf8(digits).ok());
    stored.and_then(|digits| u32::from_str_radix(digits, 8).ok()) == Some(sum)
}

/// What a file is that cannot be a list.
fn no_list(head: &[u8]) -> Option<Fault> {
    const ARCHIVES: [(&[u8], &str); 8] = [
        (b"PK\x03\x04", "a ZIP archive"),
        (b"PK\x05\x06", "a ZIP archive"),
        (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
        (b"Rar!\x1a\x07", "a RAR archive"),
        (b"\xfd7zXZ\0", "an xz archive"),
        (b"BZh", "a bzip2 archive"),
        (b"\x04\x22\x4d\x18", "an LZ4 archive"),
        (b"\x1f\x9d", "a compress (.Z) archive"),
    ];
    const DOCUMENTS: [(&[u8], &str); 3] = [
        (b"%PDF-", "a PDF document"),
        (b"{\\rtf", "a word processor's document"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an office document"),
    ];
    if looks_like_utf16(head) {
        return Some(Fault::Utf16);
    }
    let named = |table: &[(&[u8], &'static str)]| {
        table.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, name)| *name)
    };
    if let Some(archive) = named(&ARCHIVES) {
        // `BZh` could be the start of a name; a digit and a block's mark follow it in an archive.
        let bzip2_by_chance = head.starts_with(b"BZh") && head.get(4..10) != Some(b"1AY&SY");
        if !bzip2_by_chance {
            return Some(Fault::OtherArchive(archive));
        }
    }
    if let Some(document) = named(&DOCUMENTS) {
        return Some(Fault::Document(document));
    }
    let start = head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head).trim_ascii_start();
    match start {
        [b'<', b'!' | b'?' | b'a'..=b'z' | b'A'..=b'Z', ..] => Some(Fault::Document(WEB_PAGE)),
        _ => None,
    }
}

/// A byte-order mark, or a NUL in nearly every second place.
fn looks_like_utf16(head: &[u8]) -> bool {
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return true;
    }
    let pairs = head.get(..64).unwrap_or(head).chunks_exact(2);
    let enough = pairs.len() >= 4;
    let nuls = |place: usize| pairs.clone().filter(|pair| pair.get(place) == Some(&0)).count();
    let (first, second) = (nuls(0), nuls(1));
    enough && first.min(second) == 0 && first.max(second) * 4 >= pairs.len() * 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_files_are_told_by_their_first_bytes() {
        for (head, expected) in [
            (&b"PK\x03\x04...."[..], Some(Fault::OtherArchive("a ZIP archive"))),
            (b"BZh91AY&SY", Some(Fault::OtherArchive("a bzip2 archive"))),
            (b"BZhost.example\n", None),
            (b"%PDF-1.7", Some(Fault::Document("a PDF document"))),
            (b"\n <!DOCTYPE html>", Some(Fault::Document("a web page"))),
            (b"\xef\xbb\xbf<html>", Some(Fault::Document("a web page"))),
            (b"\xff\xfee\0x\0", Some(Fault::Utf16)),
            (b"e\0x\0a\0m\0p\0l\0e\0.\0o\0r\0g\0\n\0", Some(Fault::Utf16)),
            (b"\0e\0x\0a\0m\0p\0l\0e", Some(Fault::Utf16)),
            (b"exam\0ple.org\n", None),
            (b"\0\0\0\0\0\0\0\0", None),
            (b"", None),
            (b"example.org\n", None),
        ] {
            assert_eq!(no_list(head), expected, "{head:?}");
        }
    }

    #[test]
    fn archives_without_magic_are_told_by_their_checksum() {
        let mut header = tar::Header::new_old();
        header.set_path("domains").unwrap();
        header.set_size(0);
        header.set_cksum();
        assert!(looks_like_tar(header.as_bytes()));
        let mut damaged = *header.as_bytes();
        damaged[0] = b'x';
        assert!(!looks_like_tar(&damaged));
        assert!(!looks_like_tar(&[0; HEAD]));
        assert!(!looks_like_tar(&[b'a'; HEAD]));
    }
}
