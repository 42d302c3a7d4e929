//! Reading a backup, of which nothing is believed.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use age::DecryptError;
use age::stream::StreamReader;
use sha2::{Digest, Sha256};

use super::writing::MANIFEST;
use super::{BackupError, BackupIdentity, Manifest, Part};

const AGE: &[u8] = b"age-encryption.org/v1\n";
/// Longer than any manifest.
const LONGEST_MANIFEST: u64 = 64 << 20;
/// Longer than any name of a part.
const LONGEST_NAME: u64 = 4_096;
/// As much as may follow on the last part: tar ends with zeros.
const LONGEST_END: u64 = 1 << 20;
const BUFFER: usize = 1 << 17;

type Unpacking = zstd::Decoder<'static, BufReader<Witnessed<StreamReader<BufReader<Witnessed<File>>>>>>;

/// Reads the manifest alone. What follows it has not been looked at.
pub fn peek(file: &Path, identity: &BackupIdentity) -> Result<Manifest, BackupError> {
    let mut opened = Opened::begin(file, identity)?;
    let about = opened.about.clone();
    let entries = opened.tar.entries().map_err(|_| about.failed())?.raw(true);
    Parts { entries, about }.manifest()
}

/// Reads a backup to its end, and gives each part with its content to a function, in the order of the manifest. Parts
/// that are longer, shorter, others or more than the manifest says are refused, and so is damage anywhere: age
/// authenticates every byte.
///
/// A part's content is held against its hash after the function has taken it: whoever takes it undoes what they did
/// when this fails. What the function leaves unread is read all the same.
///
/// # Errors
/// The file is no backup, of a later version, encrypted to somebody else, or damaged; or what the function says.
pub fn read<E: From<BackupError>>(
    file: &Path,
    identity: &BackupIdentity,
    mut take: impl FnMut(&Manifest, &Part, &mut dyn Read) -> Result<(), E>,
) -> Result<Manifest, E> {
    let mut opened = Opened::begin(file, identity)?;
    let about = opened.about.clone();
    let entries = opened.tar.entries().map_err(|_| about.failed())?.raw(true);
    let mut parts = Parts { entries, about };
    let manifest = parts.manifest()?;
    for part in &manifest.parts {
        parts.part(part, |content| take(&manifest, part, content))?;
    }
    parts.end()?;
    opened.end()?;
    Ok(manifest)
}

/// What went wrong below the archive.
#[derive(Clone, Copy)]
enum Trouble {
    None,
    /// The system said this.
    System(i32),
    /// Bytes are not those that were encrypted.
    Damage,
}

/// Which file, and what is known of its troubles.
#[derive(Clone)]
struct About {
    file: PathBuf,
    trouble: Rc<Cell<Trouble>>,
}

impl About {
    /// Why reading failed. Where nothing below the archive did, what was encrypted is no archive of ours.
    fn failed(&self) -> BackupError {
        let file = self.file.clone();
        match self.trouble.get() {
            Trouble::None => BackupError::NotABackup { file, found: "something else was encrypted" },
            Trouble::System(code) => BackupError::Io { file, source: io::Error::from_raw_os_error(code) },
            Trouble::Damage => BackupError::Damaged { file },
        }
    }

    fn wrong(&self, found: &'static str) -> BackupError {
        BackupError::NotABackup { file: self.file.clone(), found }
    }
}

/// Reads, and keeps in mind what went wrong.
struct Witnessed<R> {
    from: R,
    trouble: Rc<Cell<Trouble>>,
}

impl<R: Read> Read for Witnessed<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.from.read(bytes).inspect_err(|error| {
            if matches!(self.trouble.get(), Trouble::None) && error.kind() != ErrorKind::Interrupted {
                self.trouble.set(error.raw_os_error().map_or(Trouble::Damage, Trouble::System));
            }
        })
    }
}

struct Opened {
    tar: tar::Archive<Unpacking>,
    about: About,
}

impl Opened {
    fn begin(file: &Path, identity: &BackupIdentity) -> Result<Self, BackupError> {
        let about = About { file: file.to_owned(), trouble: Rc::new(Cell::new(Trouble::None)) };
        let witnessed =
            Witnessed { from: File::open(file).map_err(BackupError::io(file))?, trouble: Rc::clone(&about.trouble) };
        let mut sealed = BufReader::with_capacity(BUFFER, witnessed);
        if !sealed.fill_buf().map_err(BackupError::io(file))?.starts_with(AGE) {
            return Err(about.wrong("it is not encrypted with age"));
        }
        let damaged = || match about.trouble.get() {
            Trouble::None => BackupError::Damaged { file: file.to_owned() },
            _ => about.failed(),
        };
        let age = age::Decryptor::new_buffered(sealed).map_err(|_| damaged())?;
        let opened = age.decrypt(std::iter::once(identity.of_age())).map_err(|error| match error {
            DecryptError::NoMatchingKeys | DecryptError::KeyDecryptionFailed => {
                BackupError::WrongIdentity { file: file.to_owned() }
            }
            _ => damaged(),
        })?;
        let opened = Witnessed { from: opened, trouble: Rc::clone(&about.trouble) };
        let unpacked = zstd::Decoder::new(opened).map_err(|_| about.failed())?;
        Ok(Self { tar: tar::Archive::new(unpacked), about })
    }

    /// The last bytes say whether anything was cut off.
    fn end(self) -> Result<(), BackupError> {
        let mut rest = self.tar.into_inner().take(LONGEST_END);
        let read = io::copy(&mut rest, &mut io::sink()).map_err(|_| self.about.failed())?;
        if read < LONGEST_END { Ok(()) } else { Err(self.about.wrong("it goes on after its end")) }
    }
}

/// The parts of an archive, one after another.
struct Parts<'a> {
    entries: tar::Entries<'a, Unpacking>,
    about: About,
}

type Entry<'a> = tar::Entry<'a, Unpacking>;

impl<'a> Parts<'a> {
    /// The next plain file and its name; whatever else there can be in an archive is refused.
    fn next(&mut self) -> Result<Option<(Vec<u8>, Entry<'a>)>, BackupError> {
        let mut long = None;
        while let Some(entry) = self.entries.next() {
            let mut entry = entry.map_err(|_| self.about.failed())?;
            let kind = entry.header().entry_type();
            if kind.is_file() {
                let name = long.unwrap_or_else(|| entry.path_bytes().into_owned());
                return Ok(Some((name, entry)));
            }
            if !kind.is_gnu_longname() || entry.size() > LONGEST_NAME || long.is_some() {
                return Err(self.about.wrong("there is more in it than plain files"));
            }
            let mut name = Vec::new();
            entry.read_to_end(&mut name).map_err(|_| self.about.failed())?;
            if name.last() == Some(&0) {
                name.pop();
            }
            long = Some(name);
        }
        if long.is_some() { Err(self.about.wrong("it ends too soon")) } else { Ok(None) }
    }

    fn manifest(&mut self) -> Result<Manifest, BackupError> {
        let about = self.about.clone();
        let nothing = || about.wrong("no manifest stands in front");
        let (name, entry) = self.next()?.ok_or_else(nothing)?;
        if name != MANIFEST.as_bytes() || entry.size() > LONGEST_MANIFEST {
            return Err(nothing());
        }
        let mut text = Vec::new();
        let length = entry.size();
        entry.take(length).read_to_end(&mut text).map_err(|_| about.failed())?;
        if text.len() as u64 != length {
            return Err(about.failed());
        }
        Manifest::parse(&about.file, &text)
    }

    /// Gives out the next part, which must be this one.
    fn part<E: From<BackupError>>(
        &mut self,
        part: &Part,
        take: impl FnOnce(&mut dyn Read) -> Result<(), E>,
    ) -> Result<(), E> {
        let about = self.about.clone();
        let other = || about.wrong("its parts are not those that its manifest names");
        let (name, entry) = self.next()?.ok_or_else(other)?;
        if name != part.name.as_bytes() || entry.size() != part.bytes {
            return Err(other().into());
        }
        let mut content = Hashing { from: entry, hash: Sha256::new(), length: 0 };
        let taken = take(&mut content);
        // Where the bytes are at fault, that is the reason, whatever the taker made of it.
        if !matches!(about.trouble.get(), Trouble::None) {
            return Err(about.failed().into());
        }
        taken?;
        io::copy(&mut content, &mut io::sink()).map_err(|_| about.failed())?;
        if content.length != part.bytes || *content.hash.finalize() != *part.sha256.as_bytes() {
            return Err(other().into());
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), BackupError> {
        let more = self.next()?.is_some();
        if more { Err(self.about.wrong("its parts are not those that its manifest names")) } else { Ok(()) }
    }
}

/// Hashes what is read.
struct Hashing<R> {
    from: R,
    hash: Sha256,
    length: u64,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(bytes)?;
        self.hash.update(bytes.get(..read).unwrap_or_default());
        self.length += read as u64;
        Ok(read)
    }
}
