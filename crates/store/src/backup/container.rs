//! The file of a backup: a tar archive, compressed with zstd, encrypted with age. Any program that knows the three
//! can read it: `age -d -i KEY FILE | zstd -d | tar -t`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use age::stream::{StreamReader, StreamWriter};
use sha2::{Digest, Sha256};

use super::BackupError;

const LEVEL: i32 = 6;

/// What nothing in an archive of ours is longer than, so that a hostile one cannot fill the disk: 1 TiB.
const LONGEST: u64 = 1 << 40;

/// Whom a backup is encrypted to: an age X25519 recipient (`age1…`). Whoever has its identity can read the backup.
#[derive(Clone)]
pub struct BackupRecipient(age::x25519::Recipient);

impl BackupRecipient {
    /// Reads `age1…`.
    pub fn parse(text: &str) -> Result<Self, BackupError> {
        text.trim().parse().map(Self).map_err(|_| BackupError::Recipient)
    }
}

/// The secret that opens a backup: the text that `age-keygen` writes.
#[derive(Clone)]
pub struct BackupIdentity(age::x25519::Identity);

impl BackupIdentity {
    /// A new one, with its recipient.
    pub fn generate() -> Self {
        Self(age::x25519::Identity::generate())
    }

    /// Reads a file of an identity: the first line that is one; others are comments.
    pub fn parse(text: &str) -> Result<Self, BackupError> {
        let line = text.lines().map(str::trim).find(|line| line.starts_with("AGE-SECRET-KEY-1"));
        line.and_then(|line| line.parse().ok()).map(Self).ok_or(BackupError::Identity)
    }

    /// Whom to encrypt to.
    pub fn recipient(&self) -> BackupRecipient {
        BackupRecipient(self.0.to_public())
    }

    /// `age1…`.
    pub fn recipient_text(&self) -> String {
        self.0.to_public().to_string()
    }

    /// The file to keep away from the machine, in the form of `age-keygen`.
    pub fn to_file(&self) -> String {
        use age::secrecy::ExposeSecret;
        format!("# public key: {}\n{}\n", self.recipient_text(), self.0.to_string().expose_secret())
    }
}

/// An archive that is being written. It stands under its name only once it is whole and on the disk.
pub(super) struct Writing {
    name: PathBuf,
    part: PathBuf,
    tar: tar::Builder<zstd::Encoder<'static, StreamWriter<Hashed<BufWriter<File>>>>>,
}

impl Writing {
    /// Begins an archive; `name` must not be there yet.
    pub(super) fn begin(name: &Path, recipient: &BackupRecipient) -> Result<Self, BackupError> {
        let failed = |error| BackupError::io(name, error);
        if name.exists() {
            return Err(failed(io::Error::from(io::ErrorKind::AlreadyExists)));
        }
        let part = name.with_extension("part");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&part).map_err(failed)?;
        let recipients = std::iter::once(&recipient.0 as &dyn age::Recipient);
        let age = age::Encryptor::with_recipients(recipients).map_err(|_| BackupError::Recipient)?;
        let sealed = age.wrap_output(Hashed::new(BufWriter::new(file))).map_err(failed)?;
        let packed = zstd::Encoder::new(sealed, LEVEL).map_err(failed)?;
        Ok(Self { name: name.to_owned(), part, tar: tar::Builder::new(packed) })
    }

    /// Adds a file of so many bytes.
    pub(super) fn add(&mut self, name: &str, length: u64, content: impl Read) -> Result<(), BackupError> {
        let mut header = tar::Header::new_gnu();
        header.set_size(length);
        header.set_mode(0o600);
        self.tar.append_data(&mut header, name, content).map_err(|error| BackupError::io(&self.part, error))
    }

    /// Ends the archive, waits until it is on the disk, and gives its length and SHA-256.
    pub(super) fn finish(self) -> Result<Written, BackupError> {
        let Self { name, part, tar } = self;
        let end = || {
            let hashed = tar.into_inner()?.finish()?.finish()?;
            let Hashed { inner, hash, length } = hashed;
            inner.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
            fs::rename(&part, &name)?;
            if let Some(folder) = name.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                File::open(folder)?.sync_all()?;
            }
            Ok(Written { file: name.clone(), bytes: length, sha256: hash.finalize().into() })
        };
        end().map_err(|error| {
            // Of no use half written.
            let _ = fs::remove_file(&part);
            BackupError::io(&name, error)
        })
    }
}

/// An archive that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Where it is.
    pub file: PathBuf,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: [u8; 32],
}

/// An archive that is being read.
pub(super) struct Reading {
    file: PathBuf,
    tar: tar::Archive<zstd::Decoder<'static, BufReader<StreamReader<BufReader<File>>>>>,
}

impl Reading {
    pub(super) fn begin(file: &Path, identity: &BackupIdentity) -> Result<Self, BackupError> {
        let open = File::open(file).map_err(|error| BackupError::io(file, error))?;
        let age = age::Decryptor::new_buffered(BufReader::new(open)).map_err(|_| BackupError::not_a_backup(file))?;
        let opened = match age.decrypt(std::iter::once(&identity.0 as &dyn age::Identity)) {
            Ok(opened) => opened,
            Err(age::DecryptError::NoMatchingKeys | age::DecryptError::KeyDecryptionFailed) => {
                return Err(BackupError::WrongIdentity { file: file.to_owned() });
            }
            Err(_) => return Err(BackupError::not_a_backup(file)),
        };
        let unpacked = zstd::Decoder::new(opened).map_err(|error| BackupError::io(file, error))?;
        Ok(Self { file: file.to_owned(), tar: tar::Archive::new(unpacked) })
    }

    /// Gives each file of the archive, in its order, to a function. Damage anywhere before or in a file is an error: age
    /// checks every byte.
    pub(super) fn each(
        mut self,
        mut take: impl FnMut(&str, &mut dyn Read) -> Result<(), BackupError>,
    ) -> Result<(), BackupError> {
        let file = self.file;
        let failed = |error: io::Error| BackupError::damaged(&file, &error);
        for entry in self.tar.entries().map_err(failed)? {
            let mut entry = entry.map_err(failed)?;
            let plain = entry.header().entry_type().is_file() && entry.size() <= LONGEST;
            let name = entry.path().ok().and_then(|name| name.to_str().map(str::to_owned));
            match name {
                Some(name) if plain => take(&name, &mut entry)?,
                _ => return Err(BackupError::not_a_backup(&file)),
            }
        }
        Ok(())
    }
}

/// Counts and hashes what goes through.
struct Hashed<W> {
    inner: W,
    hash: Sha256,
    length: u64,
}

impl<W> Hashed<W> {
    fn new(inner: W) -> Self {
        Self { inner, hash: Sha256::new(), length: 0 }
    }
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or_default());
        self.length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
