//! Where in the file each name stands, so that a fault can be shown in its line.

use std::collections::BTreeMap;

use toml::Spanned;

/// Where in the file each name stands. Empty for a policy that comes out of the journal, which was checked when it was put
/// in force.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    text: String,
    at: BTreeMap<String, usize>,
}

impl Places {
    pub(super) fn new(text: &str) -> Self {
        Self { text: text.into(), at: BTreeMap::new() }
    }

    pub(super) fn note(&mut self, name: impl Into<String>, at: &Spanned<impl Sized>) {
        self.at.entry(name.into()).or_insert(at.span().start);
    }

    /// Remembers a place; whether the name was not known yet.
    pub(super) fn note_at(&mut self, name: String, place: usize) -> bool {
        let is_new = !self.at.contains_key(&name);
        self.at.entry(name).or_insert(place);
        is_new
    }

    pub(super) fn of(&self, name: &str) -> usize {
        self.at.get(name).copied().unwrap_or(0)
    }

    /// Where a text stands first from the place of a name on; that place where it stands nowhere.
    pub(super) fn find(&self, name: &str, text: &str) -> usize {
        let start = self.of(name);
        let quoted = format!("\"{text}\"");
        let rest = self.text.get(start..).unwrap_or_default();
        rest.find(&quoted).map_or(start, |at| start + at)
    }

    /// Where the first text that a message quotes stands from the place of a name on.
    pub(super) fn find_in(&self, name: &str, message: &str) -> usize {
        message.split('"').nth(1).map_or_else(|| self.of(name), |quoted| self.find(name, quoted))
    }
}
