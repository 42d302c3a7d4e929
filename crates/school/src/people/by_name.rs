//! Everybody by their whole name, for lists that have no better.

use std::collections::{BTreeSet, HashMap};

use super::fold::words;
use super::roll::{Entry, Roll};

/// Those of a roll whom a test is true of, those who left among them, by each whole name by which they may be called.
pub(crate) struct ByName<'a> {
    called: HashMap<String, Vec<&'a Entry>>,
}

impl<'a> ByName<'a> {
    /// Costs a few microseconds for each.
    pub(crate) fn of(roll: &'a Roll, among: impl Fn(&Entry) -> bool) -> Self {
        let mut called = HashMap::<String, Vec<&Entry>>::new();
        for entry in roll.people().filter(|entry| among(entry)) {
            let name = &entry.person.name;
            let surnames = [name.surname(), name.known_surname()];
            let forenames = [name.forename(), name.known_forename()];
            let names =
                surnames.iter().flat_map(|surname| forenames.map(|forename| key(&format!("{forename} {surname}"))));
            for name in names.collect::<BTreeSet<_>>() {
                called.entry(name).or_default().push(entry);
            }
        }
        Self { called }
    }

    /// Everybody who is called so: by all words of their name and no other, in whatever order.
    pub(crate) fn called(&self, name: &str) -> &[&'a Entry] {
        self.called.get(&key(name)).map_or(&[], Vec::as_slice)
    }
}

/// The words of a name, told apart: `Ann Alee` is not `Anna Lee`.
fn key(name: &str) -> String {
    let mut words = words(name);
    words.sort_unstable();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_in_any_order_and_no_other() {
        assert_eq!(key("O'Brien-Vane, Zoë"), key("zoe o’brien vane"));
        assert_eq!(key("王 小明"), key("小明 王"));
        assert_ne!(key("Ann Alee"), key("Anna Lee"));
        assert_ne!(key("Ada Ashgrove"), key("Ada Mary Ashgrove"));
    }
}
