//! `school.key`: the one secret that stands in a file as it is, for its owner alone.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::KeyError;
use super::secret::Secret;
use crate::SchoolId;

const NAME: &str = "school.key";
/// The file while the keys that belong to it are being made.
const NEW: &str = "school.key.new";
const SCHOOL: &str = "# school: ";
/// A file of ours is far shorter.
const MOST: u64 = 4_096;

pub(super) fn path(folder: &Path) -> PathBuf {
    folder.join(NAME)
}

/// What stands in the file.
pub(super) fn text(school: SchoolId, secret: &Secret) -> Zeroizing<String> {
    let about = "# The key of a school in Belisha. Whoever has it opens what is sealed to the school; without it that is \
                 lost.\n# Keep a copy of this file apart from this machine.\n";
    Zeroizing::new([about, SCHOOL, &school.to_string(), "\n", secret.text().as_str(), "\n"].concat())
}

/// Reads such a text.
pub(super) fn read_text(text: &str) -> Result<(SchoolId, Secret), &'static str> {
    let school = text.lines().find_map(|line| line.strip_prefix(SCHOOL)).ok_or("it does not say of which school")?;
    let school = school.trim().parse().map_err(|_| "it does not say of which school")?;
    let key = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    let key = key.and_then(Secret::parse).ok_or("no key stands in it")?;
    Ok((school, key))
}

/// The key of a folder; `None` where there is none.
pub(super) fn read(folder: &Path) -> Result<Option<(SchoolId, Secret)>, KeyError> {
    read_file(&path(folder))
}

/// A key that was made and whose keys may be there already: a crash came between.
pub(super) fn read_new(folder: &Path) -> Result<Option<(SchoolId, Secret)>, KeyError> {
    match read_file(&folder.join(NEW)) {
        Err(KeyError::KeyFile { .. }) => Ok(None),
        other => other,
    }
}

fn read_file(path: &Path) -> Result<Option<(SchoolId, Secret)>, KeyError> {
    let mut text = Zeroizing::new(String::with_capacity(usize::try_from(MOST).unwrap_or(0)));
    match File::open(path).and_then(|file| file.take(MOST).read_to_string(&mut text)) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == ErrorKind::InvalidData => {
            return Err(KeyError::KeyFile { file: path.to_owned(), found: "it is no text" });
        }
        Err(error) => return Err(KeyError::io(path)(error)),
    }
    read_text(&text).map(Some).map_err(|found| KeyError::KeyFile { file: path.to_owned(), found })
}

/// A key in the making: it gets its name when the keys that belong to it are on the disk.
pub(super) struct Making {
    folder: PathBuf,
    /// Locked, so that two programs do not make two keys.
    file: File,
}

impl Making {
    /// Begins, or waits for another program that has begun.
    pub(super) fn begin(folder: &Path) -> Result<Self, KeyError> {
        make_folder(folder).map_err(KeyError::io(folder))?;
        let path = folder.join(NEW);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        loop {
            let file = options.open(&path).map_err(KeyError::io(&path))?;
            file.lock().map_err(KeyError::io(&path))?;
            // Whoever had the lock may have given the file its name, or removed it.
            if is_named(&file, &path) {
                return Ok(Self { folder: folder.to_owned(), file });
            }
        }
    }

    pub(super) fn write(&mut self, school: SchoolId, secret: &Secret) -> Result<(), KeyError> {
        let write = |file: &mut File| {
            file.set_len(0)?;
            file.write_all(text(school, secret).as_bytes())?;
            file.sync_all()
        };
        write(&mut self.file).map_err(KeyError::io(&self.folder.join(NEW)))
    }

    pub(super) fn finish(self) -> Result<(), KeyError> {
        let (from, to) = (self.folder.join(NEW), path(&self.folder));
        fs::rename(&from, &to).map_err(KeyError::io(&to))?;
        #[cfg(unix)]
        File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(KeyError::io(&self.folder))?;
        Ok(())
    }

    /// Leaves everything as it was.
    pub(super) fn give_up(self) {
        // What stays behind is an unused key, which the next making overwrites.
        let _ = fs::remove_file(self.folder.join(NEW));
    }
}

#[cfg(unix)]
fn is_named(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let same = |(file, named): (fs::Metadata, fs::Metadata)| file.ino() == named.ino() && file.dev() == named.dev();
    file.metadata().ok().zip(fs::metadata(path).ok()).is_some_and(same)
}

#[cfg(not(unix))]
fn is_named(_: &File, path: &Path) -> bool {
    path.exists()
}

fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_leads_back_to_the_key() {
        let (school, secret) = (SchoolId::from_bytes([7; 16]), Secret::generate());
        let text = text(school, &secret);
        for text in [text.to_string(), text.replace('\n', "\r\n"), format!("\n{}\n\n", &*text)] {
            let (of, key) = read_text(&text).unwrap();
            assert!(of == school && key.public() == secret.public());
        }
        let wrong = [
            String::new(),
            text.replace("# school", "# scool"),
            text.replace("AGE", "AGF"),
            text[..text.len() - 3].into(),
        ];
        assert!(wrong.iter().all(|text| read_text(text).is_err()));
    }
}
