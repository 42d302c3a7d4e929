//! Keys: who may open what, and how it is forgotten.
//!
//! Every payload is sealed with a data key of its own. Data keys stand in blocks, each of one stream, and a block is
//! locked for its readers: the school (its programs, with nobody signed in) or the holders of a role. A program that
//! may write for a role and not read for it needs the role's public key alone: it makes a block, uses its keys, and
//! forgets them. `docs/keys.md` says which keys there are and what each loss gives away.
//!
//! This part of the crate never writes a secret anywhere but `school.key`, never seals two things with one data key,
//! never says that something is sealed before its key is on the disk, and never asks whether somebody *may*: the
//! caller has asked that.
//!
//! ```
//! use belisha_store::keys::{KeyError, KeyStore, Place, Readers, Role, Work};
//! use belisha_store::{SchoolId, StreamId};
//!
//! let folder = tempfile::tempdir()?;
//! let (school, incident) = (SchoolId::random()?, StreamId::random()?);
//! let store = KeyStore::create(&Place::Folder(folder.path().join("keys")), school, Work::log2(4)?)?;
//!
//! store.add_holder("coordinator", "an amber light at the crossing")?;
//! store.name_role(&Role::CASES, &["coordinator"])?;
//! let cases = Readers::Role(Role::CASES);
//! let sealed = store.seal(incident, &cases, b"what was seen")?;
//!
//! let coordinator = store.unlock("coordinator", "an amber light at the crossing")?;
//! let opened = store.open(incident, sealed.key, &sealed.bytes, &coordinator)?;
//! assert_eq!(*opened, b"what was seen");
//! let refused = store.open(incident, sealed.key, &sealed.bytes, store.as_school());
//! assert!(matches!(refused, Err(KeyError::NotAReader)));
//!
//! store.erase(&[sealed.key])?;
//! let forgotten = store.open(incident, sealed.key, &sealed.bytes, &coordinator);
//! assert!(matches!(forgotten, Err(KeyError::Erased)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod backend;
mod carried;
mod copy;
mod error;
mod inquire;
mod memory;
mod people;
mod place;
mod postgres;
mod public;
mod readers;
mod ring;
mod school_key;
mod seal;
mod sealed_text;
mod secret;
mod slots;
mod sqlite;
mod store;
mod unlocked;

pub use self::error::KeyError;
pub use self::inquire::{KeyState, school_of};
pub use self::memory::Memory;
pub use self::people::{HandedOver, HolderInfo, RoleInfo};
pub use self::place::Place;
pub(crate) use self::postgres::SCHEMA;
pub use self::public::{PublicSeal, TableKey};
pub use self::readers::{Readers, Role};
pub use self::secret::{PublicKey, PublicKeyError, Work};
pub use self::store::{KeyStore, Sealed};
pub use self::unlocked::Unlocked;
