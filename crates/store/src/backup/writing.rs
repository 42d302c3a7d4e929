//! Writing a backup: whole and on the disk under its name, or not at all.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use age::stream::StreamWriter;
use sha2::{Digest, Sha256};

use crate::journal::Hash;

use super::padding::Padded;
use super::{BackupError, BackupRecipient, Manifest, Part};

/// The name of the first part.
pub(super) const MANIFEST: &str = "manifest.json";

/// What is packed is mostly sealed or packed already, so more work gains little.
const LEVEL: i32 = 3;
const BUFFER: usize = 1 << 17;

/// The end of the name of a file that is being written.
const UNFINISHED: &str = "part";

type Packing = tar::Builder<zstd::Encoder<'static, Padded<StreamWriter<Hashed<BufWriter<File>>>>>>;

/// Takes the content of one part.
pub struct Content<'a> {
    tar: &'a mut Packing,
    file: &'a Path,
    part: &'a Part,
    time: u64,
    taken: bool,
}

impl Content<'_> {
    /// Writes the content of the part, which must be as long as it was said and have the same hash.
    pub fn take(&mut self, from: &mut dyn Read) -> Result<(), BackupError> {
        let part = self.part;
        let mut measured = Measured { from: from.take(part.bytes), hash: Sha256::new(), length: 0, failed: None };
        let packed = append(self.tar, &part.name, part.bytes, self.time, &mut measured);
        let Measured { mut from, hash, length, failed } = measured;
        if let Some(source) = failed {
            return Err(BackupError::Io { file: part.name.clone().into(), source });
        }
        packed.map_err(BackupError::io(self.file))?;
        from.set_limit(1);
        let same = length == part.bytes && *hash.finalize() == *part.sha256.as_bytes();
        // More than there was to be. What cannot be read is not more.
        let ended = from.read(&mut [0]).is_ok_and(|more| more == 0);
        self.taken = same && ended;
        if self.taken { Ok(()) } else { Err(BackupError::Changed { part: part.name.clone() }) }
    }
}

fn append(tar: &mut Packing, name: &str, length: u64, time: u64, content: impl Read) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(length);
    header.set_mode(0o600);
    header.set_mtime(time);
    tar.append_data(&mut header, name, content)
}

/// Writes a backup: the manifest, and then each part of it, whose content a function gives when it is asked.
///
/// The file stands under its name only when it is whole and on the disk, for its owner alone. Until then it has the
/// ending `.part`; one that a crash left behind goes with the next [`sweep`]. Its length is one of few: at least 1 MiB, and at
/// most an eighth more than what is in it takes, so that it says little of what is in it; but for some random bytes, up to a few
/// hundred, that age writes in front of whatever it encrypts.
///
/// # Errors
/// There is a file of that name; a part is not as the manifest says; the disk does not take it. Nothing is left.
pub fn write<E: From<BackupError>>(
    name: &Path,
    recipient: &BackupRecipient,
    manifest: &Manifest,
    mut content: impl FnMut(&Part, &mut Content<'_>) -> Result<(), E>,
) -> Result<Written, E> {
    if name.exists() {
        return Err(BackupError::Exists { file: name.to_owned() }.into());
    }
    manifest.check().map_err(|found| BackupError::NotABackup { file: name.to_owned(), found })?;
    let part_name = name.with_extension(UNFINISHED);
    let file = begin(&part_name)?;
    let written = || {
        let mut tar = packing(&part_name, file, recipient)?;
        let text = serde_json::to_vec_pretty(manifest).map_err(io::Error::from).map_err(BackupError::io(&part_name))?;
        let time = u64::try_from(manifest.made.timestamp()).unwrap_or(0);
        append(&mut tar, MANIFEST, text.len() as u64, time, &text[..]).map_err(BackupError::io(&part_name))?;
        for part in &manifest.parts {
            let mut out = Content { tar: &mut tar, file: &part_name, part, time, taken: false };
            content(part, &mut out)?;
            if !out.taken {
                return Err(BackupError::Changed { part: part.name.clone() }.into());
            }
        }
        end(tar, &part_name, name).map_err(BackupError::io(name)).map_err(E::from)
    };
    written().inspect_err(|_| {
        // Of no use half written.
        let _ = fs::remove_file(&part_name);
    })
}

/// A file for its owner alone, locked as long as it is being written.
fn begin(file: &Path) -> Result<File, BackupError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let begun = options.open(file).map_err(|source| match source.kind() {
        ErrorKind::AlreadyExists => BackupError::Exists { file: file.to_owned() },
        _ => BackupError::Io { file: file.to_owned(), source },
    })?;
    // Not every kind of disk can; then a second backup at the same time would sweep this one away.
    let _ = begun.try_lock();
    Ok(begun)
}

fn packing(file: &Path, to: File, recipient: &BackupRecipient) -> Result<Packing, BackupError> {
    let sealing = age::Encryptor::with_recipients(std::iter::once(recipient.of_age()));
    let to = Hashed::new(BufWriter::with_capacity(BUFFER, to));
    let sealed = sealing.map_err(|_| BackupError::Recipient)?.wrap_output(to).map_err(BackupError::io(file))?;
    let mut packed = zstd::Encoder::new(Padded::new(sealed), LEVEL).map_err(BackupError::io(file))?;
    packed.include_checksum(true).map_err(BackupError::io(file))?;
    Ok(tar::Builder::new(packed))
}

fn end(tar: Packing, from: &Path, name: &Path) -> io::Result<Written> {
    let Hashed { inner, hash, length } = tar.into_inner()?.finish()?.end()?.finish()?;
    let file = inner.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    fs::rename(from, name)?;
    flush_folder(name)?;
    let sha256 = Hash::from_bytes(hash.finalize().into());
    Ok(Written { file: name.to_owned(), bytes: length, sha256 })
}

/// A name that was given is there after a power cut only when its folder was flushed. Disks of other systems cannot
/// do that, and do not need it.
fn flush_folder(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        other => other,
    }
}

/// Removes files that were never finished and whose names begin like this, unless somebody is writing them. Gives how
/// many.
pub fn sweep(folder: &Path, begin: &str) -> Result<u64, BackupError> {
    let mut swept = 0;
    for entry in fs::read_dir(folder).map_err(BackupError::io(folder))? {
        let path = entry.map_err(BackupError::io(folder))?.path();
        let ours = path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(begin));
        if !ours || path.extension().is_none_or(|end| end != UNFINISHED) {
            continue;
        }
        let open = File::open(&path).map_err(BackupError::io(&path))?;
        if !matches!(open.try_lock_shared(), Err(TryLockError::WouldBlock)) {
            fs::remove_file(&path).map_err(BackupError::io(&path))?;
            swept += 1;
        }
    }
    Ok(swept)
}

/// A file of a backup that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Where it is.
    pub file: PathBuf,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: Hash,
}

impl Written {
    /// Reads the file again, and tells whether it is what was written. That needs no secret.
    pub fn is_on_disk(&self) -> Result<bool, BackupError> {
        let failed = BackupError::io(&self.file);
        let mut file = File::open(&self.file).map_err(&failed)?;
        let mut read = Hashed::new(io::sink());
        io::copy(&mut file, &mut read).map_err(&failed)?;
        Ok(read.length == self.bytes && *read.hash.finalize() == *self.sha256.as_bytes())
    }
}

/// Counts and hashes what goes through.
pub struct Hashed<W> {
    inner: W,
    hash: Sha256,
    length: u64,
}

impl<W> Hashed<W> {
    /// Before the first byte.
    pub fn new(inner: W) -> Self {
        Self { inner, hash: Sha256::new(), length: 0 }
    }

    /// What went through, as a part of a backup.
    pub fn part(self, name: &str) -> Part {
        Part { name: name.to_owned(), bytes: self.length, sha256: Hash::from_bytes(self.hash.finalize().into()) }
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

/// Counts and hashes what is read, and tells a source that fails from a target that does.
struct Measured<R> {
    from: R,
    hash: Sha256,
    length: u64,
    failed: Option<io::Error>,
}

impl<R: Read> Read for Measured<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = match self.from.read(bytes) {
            Err(error) if error.kind() != ErrorKind::Interrupted => {
                let kind = error.kind();
                self.failed = Some(error);
                return Err(kind.into());
            }
            other => other?,
        };
        self.hash.update(bytes.get(..read).unwrap_or_default());
        self.length += read as u64;
        Ok(read)
    }
}
