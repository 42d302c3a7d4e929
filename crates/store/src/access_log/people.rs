//! Names apart from what people did: a number of the day in the records, and the name sealed beside them.
//!
//! The names of a writer's day are sealed under one random key, the table key, and that key is sealed to those who may
//! look people up. The writer keeps names and table keys of two days in memory, and can open nothing that it has
//! written once they are gone.

use core::error::Error;
use core::fmt;
use core::num::TryFromIntError;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use ahash::RandomState;
use belisha_policy::AccessRecord;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use zeroize::Zeroizing;

use super::day::Day;
use crate::StoreError;
use crate::keys::{KeyStore, PublicSeal, Unlocked};

/// Sealed names are as long as the next multiple of this: their length must not tell who it is.
const PAD: usize = 32;
/// Today's, and one more around midnight.
const TABLES: usize = 2;
/// A table with so many names is put away, and the next append begins another.
const FULL: usize = 65_536;

/// A person's or a device's number in the log of one day: random, and another one on another day. One person may have
/// several in a day, since a writer gives out new ones when it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DayNumber(u32);

impl DayNumber {
    /// The number; never 0.
    pub fn get(self) -> u32 {
        self.0
    }

    /// Back from what stands in a log; 0 stands for nobody.
    pub(super) fn from_column(number: i64) -> Result<Option<Self>, TryFromIntError> {
        u32::try_from(number).map(|number| (number != 0).then_some(Self(number)))
    }
}

impl fmt::Display for DayNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A line of the access log: the record with numbers of the day for the names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// The record; its `person` and `device` are `None`.
    pub record: AccessRecord,
    /// The person, where there was one.
    pub person: Option<DayNumber>,
    /// The device, where it had a name.
    pub device: Option<DayNumber>,
}

/// What a seal or an opener says that could not do it.
pub type SealFault = Box<dyn Error + Send + Sync>;

/// Seals table keys to those who may look people up. Asked once for each day of each writer.
pub trait PeopleSeal: Send {
    /// Seals a table key, so that only a [`PeopleOpener`] of those people gets it back.
    fn seal(&self, table_key: &[u8; 32]) -> Result<Vec<u8>, SealFault>;
}

/// Opens table keys for somebody who may look people up.
pub trait PeopleOpener {
    /// The table key that was sealed. An opener that cannot open this one is refused all names of the day: nobody
    /// should take a list that lacks some for the whole.
    fn open(&self, sealed: &[u8]) -> Result<Zeroizing<[u8; 32]>, SealFault>;
}

/// Seals to nobody: the table key is thrown away, and no name can ever be had. For schools that want none, and for logs
/// before there are keys.
#[derive(Clone, Copy, Debug, Default)]
pub struct SealedToNobody;

impl PeopleSeal for SealedToNobody {
    fn seal(&self, _table_key: &[u8; 32]) -> Result<Vec<u8>, SealFault> {
        Ok(Vec::new())
    }
}

impl<S: PeopleSeal + Sync + ?Sized> PeopleSeal for Arc<S> {
    fn seal(&self, table_key: &[u8; 32]) -> Result<Vec<u8>, SealFault> {
        (**self).seal(table_key)
    }
}

/// A public key: the writer itself cannot open what it sealed.
impl PeopleSeal for PublicSeal {
    fn seal(&self, table_key: &[u8; 32]) -> Result<Vec<u8>, SealFault> {
        Ok(Self::seal(self, table_key)?)
    }
}

/// The keys, and the proof of holding those of a reader.
impl PeopleOpener for (&KeyStore, &Unlocked) {
    fn open(&self, sealed: &[u8]) -> Result<Zeroizing<[u8; 32]>, SealFault> {
        let key = self.0.open_apart(sealed, self.1)?;
        Ok(Zeroizing::new(key.as_slice().try_into()?))
    }
}

/// Whose name it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Person = 1,
    Device = 2,
}

impl Kind {
    pub(super) fn from_column(number: i64) -> Option<Self> {
        [Self::Person, Self::Device].into_iter().find(|kind| *kind as i64 == number)
    }
}

/// The numbers of one record, 0 for nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Who {
    pub(super) person: u32,
    pub(super) device: u32,
}

impl Who {
    /// The numbers of a line that was read.
    pub(super) fn of(logged: &Logged) -> Self {
        let number = |number: Option<DayNumber>| number.map_or(0, DayNumber::get);
        Self { person: number(logged.person), device: number(logged.device) }
    }
}

/// Why no number could be given or no name sealed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("the system gives no random bytes: {0}")]
    Random(#[from] getrandom::Error),
    #[error("a name is too long to be sealed")]
    TooLong,
}

impl From<Fault> for rusqlite::Error {
    fn from(fault: Fault) -> Self {
        Self::ToSqlConversionFailure(Box::new(fault))
    }
}

type Numbers = HashMap<Arc<str>, u32, RandomState>;

/// The names of one writer and day.
pub(super) struct Table {
    day: Day,
    /// Random, so that the tables of several writers stand side by side.
    id: i64,
    key: Zeroizing<[u8; 32]>,
    sealed_key: Vec<u8>,
    people: Numbers,
    devices: Numbers,
    /// All that this table ever gave out. Each is the nonce of one name alone.
    given: HashSet<u32, RandomState>,
}

impl Table {
    pub(super) fn new(day: Day, seal: &dyn PeopleSeal) -> Result<Self, StoreError> {
        let failed = |source: SealFault| StoreError::Seal { day: day.name(), source };
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *key).map_err(|error| failed(Box::new(error)))?;
        let id = getrandom::u64().map_err(|error| failed(Box::new(error)))? >> 1;
        let sealed_key = seal.seal(&key).map_err(failed)?;
        let (people, devices, given) = (Numbers::default(), Numbers::default(), HashSet::default());
        Ok(Self { day, id: id.cast_signed(), key, sealed_key, people, devices, given })
    }

    pub(super) fn id(&self) -> i64 {
        self.id
    }

    pub(super) fn sealed_key(&self) -> &[u8] {
        &self.sealed_key
    }

    /// The numbers of a record, once they and the names are stored. `store` is given what is new to the log, and says
    /// whether the number was free, or is this name's already.
    pub(super) fn refer<E: From<Fault>>(
        &mut self,
        stored: &mut HashSet<u32, RandomState>,
        record: &AccessRecord,
        mut store: impl FnMut(Kind, u32, &[u8]) -> Result<bool, E>,
    ) -> Result<Who, E> {
        let mut number = |kind, name: Option<&Arc<str>>| {
            let Some(name) = name else { return Ok(0) };
            let mut number = self.number(kind, name)?;
            while !stored.contains(&number) {
                let sealed = self.seal(kind, number, name)?;
                if store(kind, number, &sealed)? {
                    stored.insert(number);
                } else {
                    // Another writer has given it to somebody.
                    self.names(kind).remove(name);
                    number = self.number(kind, name)?;
                }
            }
            Ok::<_, E>(number)
        };
        let person = number(Kind::Person, record.person.as_ref())?;
        Ok(Who { person, device: number(Kind::Device, record.device.as_ref())? })
    }

    /// The numbers of a record, where all of them have been given out before.
    pub(super) fn known(&self, record: &AccessRecord) -> Option<Who> {
        let number = |names: &Numbers, name: Option<&Arc<str>>| name.map_or(Some(0), |name| names.get(name).copied());
        let person = number(&self.people, record.person.as_ref())?;
        Some(Who { person, device: number(&self.devices, record.device.as_ref())? })
    }

    fn names(&mut self, kind: Kind) -> &mut Numbers {
        match kind {
            Kind::Person => &mut self.people,
            Kind::Device => &mut self.devices,
        }
    }

    fn is_full(&self) -> bool {
        self.given.len() >= FULL
    }

    fn number(&mut self, kind: Kind, name: &Arc<str>) -> Result<u32, Fault> {
        if let Some(number) = self.names(kind).get(name) {
            return Ok(*number);
        }
        let mut number = 0;
        while number == 0 || !self.given.insert(number) {
            number = getrandom::u32()?;
        }
        self.names(kind).insert(name.clone(), number);
        Ok(number)
    }

    fn seal(&self, kind: Kind, number: u32, name: &str) -> Result<Vec<u8>, Fault> {
        let length = (name.len() + 1).next_multiple_of(PAD);
        let mut padded = Zeroizing::new(Vec::with_capacity(length));
        padded.extend(name.as_bytes());
        padded.push(0x80);
        padded.resize(length, 0);
        let aad = about(self.day, kind, number);
        let payload = Payload { msg: &padded, aad: &aad };
        let cipher = ChaCha20Poly1305::new(Key::from_slice(&*self.key));
        cipher.encrypt(&nonce(number), payload).map_err(|_| Fault::TooLong)
    }
}

/// Neither keys nor names.
impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("day", &self.day).field("names", &self.given.len()).finish_non_exhaustive()
    }
}

/// A name that was sealed under this table key; `None` where it was not, or not for this number and day.
pub(super) fn open(key: &[u8; 32], day: Day, kind: Kind, number: u32, sealed: &[u8]) -> Option<Arc<str>> {
    let aad = about(day, kind, number);
    let cipher = ChaCha20Poly1305::new(Key::from_slice(key));
    let padded = Zeroizing::new(cipher.decrypt(&nonce(number), Payload { msg: sealed, aad: &aad }).ok()?);
    let end = padded.iter().rposition(|byte| *byte != 0).filter(|end| padded.get(*end) == Some(&0x80))?;
    core::str::from_utf8(padded.get(..end)?).ok().map(Arc::from)
}

/// A table gives each number to one name alone, and each table has a key of its own.
fn nonce(number: u32) -> Nonce {
    let mut nonce = Nonce::default();
    for (to, byte) in nonce.iter_mut().zip(number.to_le_bytes()) {
        *to = byte;
    }
    nonce
}

/// What a sealed name belongs to, so that it cannot be moved to another number, kind or day.
fn about(day: Day, kind: Kind, number: u32) -> Vec<u8> {
    format!("belisha access {} {} {number}", day.name(), kind as u8).into_bytes()
}

/// The tables that a writer keeps.
pub(super) struct People {
    seal: Box<dyn PeopleSeal>,
    /// The latest used at the end.
    tables: Vec<Table>,
}

impl People {
    pub(super) fn new(seal: Box<dyn PeopleSeal>) -> Self {
        Self { seal, tables: Vec::new() }
    }

    /// The table of a day, made where there is none. Tables of the days that `keep` names are needed as they are.
    pub(super) fn table(&mut self, day: Day, keep: impl Fn(Day) -> bool) -> Result<&mut Table, StoreError> {
        let at = self.tables.iter().position(|table| table.day == day);
        let table = match at.map(|at| self.tables.remove(at)) {
            Some(table) if !table.is_full() || keep(day) => table,
            _ => Table::new(day, &*self.seal)?,
        };
        while self.tables.len() >= TABLES {
            let Some(oldest) = self.tables.iter().position(|table| !keep(table.day)) else { break };
            self.tables.remove(oldest);
        }
        Ok(self.tables.push_mut(table))
    }
}

impl fmt::Debug for People {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tables.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn table() -> Table {
        Table::new(Day::from("2026-11-23".parse::<chrono::NaiveDate>().unwrap()), &SealedToNobody).unwrap()
    }

    proptest! {
        #[test]
        fn a_sealed_name_opens_to_itself_and_only_where_it_belongs(name in any::<String>(), zeros in 0..40_usize) {
            let name = name + &"\0".repeat(zeros);
            let table = table();
            let sealed = table.seal(Kind::Person, 7, &name).unwrap();
            prop_assert_eq!(sealed.len() % PAD, 16, "nothing but the multiple shows");
            let opened = open(&table.key, table.day, Kind::Person, 7, &sealed);
            prop_assert_eq!(opened.as_deref(), Some(&*name));
            let tomorrow = Day::from("2026-11-24".parse::<chrono::NaiveDate>().unwrap());
            prop_assert_eq!(open(&table.key, tomorrow, Kind::Person, 7, &sealed), None);
            prop_assert_eq!(open(&table.key, table.day, Kind::Device, 7, &sealed), None);
            prop_assert_eq!(open(&table.key, table.day, Kind::Person, 8, &sealed), None);
            prop_assert_eq!(open(&[0; 32], table.day, Kind::Person, 7, &sealed), None);
        }
    }

    #[test]
    fn a_number_that_another_writer_gave_out_is_not_used() {
        let mut table = table();
        let policy = belisha_policy::Policy::new(
            vec![belisha_policy::Profile::pupils("pupils"), belisha_policy::Profile::staff("staff")],
            vec![],
            vec![],
        )
        .unwrap();
        let address = "192.0.2.7".parse().unwrap();
        let record = AccessRecord::new(chrono::DateTime::UNIX_EPOCH, &policy.identify(address), address);
        let record = AccessRecord { person: Some("p17".into()), device: Some("p17".into()), ..record };
        assert_eq!(table.known(&record), None);
        let (mut stored, mut asked) = (HashSet::default(), Vec::new());
        let who = table.refer(&mut stored, &record, |kind, number, _| {
            asked.push((kind, number));
            Ok::<_, Fault>(asked.len() > 2)
        });
        let who = who.unwrap();
        assert_eq!(asked.len(), 4, "two were taken");
        assert_eq!((asked[2].1, asked[3].1), (who.person, who.device));
        assert_ne!(who.person, who.device);
        assert_eq!(table.known(&record), Some(who));
        let again = table.refer(&mut stored, &record, |_, _, _| Err(Fault::TooLong)).unwrap();
        assert_eq!(again, who, "nothing is stored twice");
    }
}
