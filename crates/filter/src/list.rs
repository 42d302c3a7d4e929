//! A list: where rules come from, and what they mean to their maker.

use alloc::string::String;
use alloc::sync::Arc;
#[cfg(feature = "compile")]
use alloc::vec::Vec;

use crate::layout::{u16_at, u64_at};

/// The number of a list within one ruleset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ListId(pub(crate) u16);

impl ListId {
    /// The number, from 0.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// The number of a category in the embedder's own taxonomy. The matcher carries it and reads nothing into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CategoryId(pub u16);

/// What a ruleset says about one of its lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    source: Arc<str>,
    name: Arc<str>,
    category: CategoryId,
    exact: bool,
    entries: u64,
    dated: i64,
    licence: String,
}

const EXACT: u16 = 1;

impl List {
    /// A list of a source, in a category of the embedder's taxonomy.
    pub fn new(source: &str, name: &str, category: u16) -> Self {
        Self {
            source: source.into(),
            name: name.into(),
            category: CategoryId(category),
            exact: false,
            entries: 0,
            dated: 0,
            licence: String::new(),
        }
    }

    /// Has its rules compared string by string, never by hash alone. For lists that allow: a hash that happened to
    /// agree would open a blocked site. Costs the bytes of its rules in the file.
    #[must_use]
    pub fn compared_exactly(self) -> Self {
        Self { exact: true, ..self }
    }

    /// When the list was made or fetched, in seconds since 1970; 0 where nobody knows.
    #[must_use]
    pub fn dated(self, seconds: i64) -> Self {
        Self { dated: seconds, ..self }
    }

    /// The licence and whom to name, as its maker asks.
    #[must_use]
    pub fn licence(self, text: &str) -> Self {
        Self { licence: text.into(), ..self }
    }

    /// Whose list it is, such as `ut1`.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Its name as its maker gives it, such as `agressif`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// [`source`](Self::source), to keep without a copy.
    pub fn shared_source(&self) -> &Arc<str> {
        &self.source
    }

    /// [`name`](Self::name), to keep without a copy.
    pub fn shared_name(&self) -> &Arc<str> {
        &self.name
    }

    /// Its category.
    pub fn category(&self) -> CategoryId {
        self.category
    }

    /// Whether its rules are compared string by string.
    pub fn is_exact(&self) -> bool {
        self.exact
    }

    /// How many rules of it are in the ruleset, doubles left out.
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// When it was made or fetched, in seconds since 1970; 0 where nobody knows.
    pub fn date(&self) -> i64 {
        self.dated
    }

    /// The licence and whom to name.
    pub fn licence_text(&self) -> &str {
        &self.licence
    }

    /// The list before its rules are counted.
    #[cfg(feature = "compile")]
    pub(crate) fn without_entries(self) -> Self {
        Self { entries: 0, ..self }
    }

    #[cfg(feature = "compile")]
    pub(crate) fn count_one(&mut self) {
        self.entries += 1;
    }

    #[cfg(feature = "compile")]
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend(self.category.0.to_le_bytes());
        out.extend(if self.exact { EXACT } else { 0 }.to_le_bytes());
        out.extend(self.entries.to_le_bytes());
        out.extend(self.dated.to_le_bytes());
        for text in [&*self.source, &*self.name, &*self.licence] {
            // A length has 16 bits: a text that is longer is cut, between two characters.
            let len = text.floor_char_boundary(usize::from(u16::MAX));
            out.extend(u16::try_from(len).unwrap_or_default().to_le_bytes());
            out.extend(text.bytes().take(len));
        }
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut at = 20;
        let mut text = || {
            let len = usize::from(u16_at(bytes, at)?);
            let text = core::str::from_utf8(bytes.get(at + 2..at + 2 + len)?).ok()?;
            at += 2 + len;
            Some(String::from(text))
        };
        let (source, name, licence) = (text()?, text()?, text()?);
        (at == bytes.len()).then_some(())?;
        Some(Self {
            source: source.into(),
            name: name.into(),
            licence,
            category: CategoryId(u16_at(bytes, 0)?),
            exact: u16_at(bytes, 2)? & EXACT != 0,
            entries: u64_at(bytes, 4)?,
            dated: u64_at(bytes, 12)?.cast_signed(),
        })
    }
}
