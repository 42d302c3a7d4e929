//! Where the keys of a school are: making them, opening them, and refusing what is not theirs.

use std::path::{Path, PathBuf};

use super::KeyError;
use super::backend::{Backend, Incoming, SealedRing};
use super::memory::Memory;
use super::ring::Ring;
use super::school_key::{self, Making};
use super::seal::Key;
use super::secret::{PublicKey, Secret};
use super::{postgres, sqlite};
use crate::SchoolId;
use crate::postgres::Postgres;

/// Where the keys of a school are.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "a process has one or two of them")]
pub enum Place {
    /// In a folder: `school.key` and `data-keys.db`.
    Folder(PathBuf),
    /// `school.key` in a folder, and the rest in PostgreSQL, which never sees that.
    Postgres {
        /// The database, with this school's login.
        postgres: Postgres,
        /// The folder.
        folder: PathBuf,
    },
    /// In memory.
    Memory(Memory),
}

/// To whom a database of keys belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct About {
    pub(super) school: [u8; 16],
    /// Tells whether a school's key is the one, and nothing else.
    pub(super) key_check: [u8; 32],
}

impl About {
    pub(super) fn of(school: SchoolId, public: &PublicKey) -> Self {
        let key_check = *Key::derive("belisha check of the school's key 1", public.to_string().as_bytes()).bytes();
        Self { school: *school.as_bytes(), key_check }
    }
}

/// The database behind a folder's key.
enum Rows<'a> {
    File(PathBuf),
    Postgres(&'a Postgres),
}

impl Rows<'_> {
    fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Postgres(postgres) => postgres.server().to_owned(),
        }
    }

    fn about(&self, school: SchoolId) -> Result<Option<About>, KeyError> {
        match self {
            Self::File(path) => sqlite::about(path),
            Self::Postgres(postgres) => postgres::about(postgres, school),
        }
    }

    fn create(&self, about: &About, ring: &SealedRing, blocks: Incoming<'_>) -> Result<(), KeyError> {
        match self {
            Self::File(path) => sqlite::File::create(path, about, ring, blocks),
            Self::Postgres(postgres) => postgres::Rows::create(postgres, about, ring, blocks),
        }
    }

    fn open(&self) -> Result<Box<dyn Backend>, KeyError> {
        Ok(match self {
            Self::File(path) => Box::new(sqlite::File::open(path)?),
            Self::Postgres(postgres) => Box::new(postgres::Rows::open(postgres)?),
        })
    }
}

impl Place {
    /// The name in messages.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Folder(folder) => folder.display().to_string(),
            Self::Postgres { postgres, .. } => postgres.server().to_owned(),
            Self::Memory(_) => "memory".to_owned(),
        }
    }

    fn parts(&self) -> Result<(&Path, Rows<'_>), &Memory> {
        match self {
            Self::Folder(folder) => Ok((folder, Rows::File(folder.join("data-keys.db")))),
            Self::Postgres { postgres, folder } => Ok((folder, Rows::Postgres(postgres))),
            Self::Memory(memory) => Err(memory),
        }
    }

    /// Makes new keys: a school's key, and a ring with nobody on it.
    pub(super) fn create(&self, school: SchoolId) -> Result<(), KeyError> {
        let secret = Secret::generate();
        let first = Ring::default().sealed(&Ring::key(&secret), school, 1)?;
        let ring = SealedRing { edition: 1, bytes: first };
        self.fill(school, &secret, &ring, &mut core::iter::empty())
    }

    /// Makes keys that were copied elsewhere.
    pub(super) fn fill(
        &self,
        school: SchoolId,
        secret: &Secret,
        ring: &SealedRing,
        blocks: Incoming<'_>,
    ) -> Result<(), KeyError> {
        let (folder, rows) = match self.parts() {
            Ok(parts) => parts,
            Err(memory) => return memory.create(school, secret, ring.clone(), blocks),
        };
        let mut making = Making::begin(folder)?;
        let made = self.fill_rows(folder, &rows, &mut making, (school, secret), ring, blocks);
        match made {
            Ok(()) => making.finish(),
            Err(error) => {
                making.give_up();
                Err(error)
            }
        }
    }

    fn fill_rows(
        &self,
        folder: &Path,
        rows: &Rows<'_>,
        making: &mut Making,
        (school, secret): (SchoolId, &Secret),
        ring: &SealedRing,
        blocks: Incoming<'_>,
    ) -> Result<(), KeyError> {
        let there = rows.about(school)?;
        // The key of keys that are restored may have been put in its place by hand.
        let same = |(of, key): &(SchoolId, Secret)| *of == school && key.public() == secret.public();
        match (school_key::read(folder)?, there) {
            (None, None) => {}
            (Some(key), None) if same(&key) => {}
            (Some(_), None) => return Err(KeyError::NoKeys { file: school_key::path(folder), place: rows.name() }),
            (_, Some(_)) => return Err(KeyError::Exists { place: self.name() }),
        }
        making.write(school, secret)?;
        rows.create(&About::of(school, &secret.public()), ring, blocks)
    }

    /// Puts the school's key beside keys that are there and belong to it, where it is missing.
    pub(super) fn put_key(&self, school: SchoolId, secret: &Secret) -> Result<(), KeyError> {
        let Ok((folder, rows)) = self.parts() else { return Ok(()) };
        let about = rows.about(school)?.ok_or_else(|| KeyError::Missing { place: self.name() })?;
        if about != About::of(school, &secret.public()) {
            return Err(KeyError::WrongKey { place: rows.name() });
        }
        if school_key::read(folder)?.is_some() {
            return Ok(());
        }
        let mut making = Making::begin(folder)?;
        making.write(school, secret)?;
        making.finish()
    }

    /// Opens keys that are there.
    pub(super) fn open(&self, school: SchoolId) -> Result<(Secret, Box<dyn Backend>), KeyError> {
        let (folder, rows) = match self.parts() {
            Ok(parts) => parts,
            Err(memory) => return Ok((memory.secret(school)?, Box::new(memory.clone()))),
        };
        let file = school_key::path(folder);
        let secret = match school_key::read(folder)? {
            Some((of, _)) if of != school => return Err(KeyError::OtherSchool { place: file.display().to_string() }),
            Some((_, secret)) => secret,
            None => self.finish_making(folder, &rows, school)?,
        };
        match rows.about(school)? {
            None => return Err(KeyError::NoKeys { file, place: rows.name() }),
            Some(about) if about.school != *school.as_bytes() => {
                return Err(KeyError::OtherSchool { place: rows.name() });
            }
            Some(about) if about != About::of(school, &secret.public()) => {
                return Err(KeyError::WrongKey { place: rows.name() });
            }
            Some(_) => {}
        }
        Ok((secret, rows.open()?))
    }

    /// There is no school's key. If a crash came between the making of the keys and its naming, it gets its name now.
    fn finish_making(&self, folder: &Path, rows: &Rows<'_>, school: SchoolId) -> Result<Secret, KeyError> {
        let Some(about) = rows.about(school)? else { return Err(KeyError::Missing { place: self.name() }) };
        let missing = || KeyError::NoKeyFile { file: school_key::path(folder), place: rows.name() };
        if !folder.is_dir() {
            return Err(missing());
        }
        let made = |folder| {
            // Another program that makes the keys may have named it since it was looked for.
            let found = match school_key::read_new(folder)? {
                None => school_key::read(folder)?,
                new => new,
            };
            let (of, secret) = found.ok_or_else(missing)?;
            if of == school && about == About::of(school, &secret.public()) { Ok(secret) } else { Err(missing()) }
        };
        let secret = made(folder)?;
        let making = Making::begin(folder)?;
        // Another program may have been faster.
        match school_key::read(folder)? {
            Some((_, secret)) => {
                making.give_up();
                Ok(secret)
            }
            None => making.finish().map(|()| secret),
        }
    }
}
