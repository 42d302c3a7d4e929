//! Names that a reader is not to learn, taken out of what people wrote.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use belisha_policy::PersonId;
use belisha_policy::people::{Name, Person};

use crate::people::fold::{folded, spans, words};
use crate::people::{Entry, Roll};

/// Stands for somebody who has nothing to do with the matter.
const SOMEBODY: &str = "[somebody else]";
/// What stands before a surname where no forename does.
const TITLES: [&str; 8] = ["mr", "mrs", "miss", "ms", "mx", "dr", "sir", "madam"];
/// Stands for a name that may be that of one of several.
const SEVERAL: &str = "[one of several people]";

/// Who is named to a reader, and what stands for everybody else: the same for the same person throughout.
pub(super) struct Names {
    kept: BTreeMap<PersonId, String>,
    marks: BTreeMap<PersonId, String>,
    /// By its first word: the words of a name, and whose it is.
    known: BTreeMap<String, Vec<(Vec<String>, PersonId)>>,
}

/// What somebody may be called.
pub(super) struct Called<'a> {
    pub(super) person: PersonId,
    pub(super) name: &'a Name,
    /// What stands for them, without a number.
    pub(super) mark: &'static str,
    /// User name and address.
    pub(super) also: Vec<&'a str>,
}

impl<'a> Called<'a> {
    fn of(entry: &'a Entry) -> Self {
        let Entry { person, written, .. } = entry;
        let also = [&written.login, &written.email].into_iter().flatten().map(String::as_str).collect();
        Self { person: person.id, name: &person.name, mark: mark(person), also }
    }
}

fn mark(person: &Person) -> &'static str {
    match person {
        person if person.pupil().is_some() => "another pupil",
        person if person.is_staff() => "member of staff",
        _ => "another adult",
    }
}

impl Names {
    /// For a reader to whom those of `kept` are named. Of those who are `involved`, in the order in which they are numbered,
    /// each part of a name is known; of everybody else on the roll, forename and surname together, and the surname after a title.
    pub(super) fn of(roll: &Roll, involved: &[PersonId], kept: &BTreeSet<PersonId>) -> Self {
        let those: Vec<Called<'_>> =
            involved.iter().filter_map(|person| roll.person(*person)).map(Called::of).collect();
        let others = roll.people().filter(|entry| !involved.contains(&entry.person.id)).map(Called::of);
        Self::new(&those, others, kept)
    }

    fn new<'a>(involved: &[Called<'a>], others: impl Iterator<Item = Called<'a>>, kept: &BTreeSet<PersonId>) -> Self {
        let mut names = Self { kept: BTreeMap::new(), marks: BTreeMap::new(), known: BTreeMap::new() };
        let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
        for called in involved {
            if kept.contains(&called.person) {
                names.kept.insert(called.person, called.name.in_full());
            } else {
                let number = numbers.entry(called.mark).and_modify(|number| *number += 1).or_insert(1);
                names.marks.insert(called.person, format!("[{} {number}]", called.mark));
            }
            for name in parts(called.name).into_iter().chain(wholes(called.name)) {
                names.learn(name, called.person);
            }
            for also in &called.also {
                names.learn(words(also), called.person);
            }
        }
        for called in others {
            if kept.contains(&called.person) {
                names.kept.insert(called.person, called.name.in_full());
            }
            for name in wholes(called.name).into_iter().chain(titled(called.name)) {
                names.learn(name, called.person);
            }
        }
        names
    }

    fn learn(&mut self, name: Vec<String>, whose: PersonId) {
        let Some(first) = name.first().cloned() else { return };
        let known = self.known.entry(first).or_default();
        if !known.iter().any(|it| it.0 == name && it.1 == whose) {
            known.push((name, whose));
        }
    }

    /// Whether they are named.
    pub(super) fn is_kept(&self, person: PersonId) -> bool {
        self.kept.contains_key(&person)
    }

    /// What somebody is called before this reader.
    pub(super) fn called(&self, person: PersonId) -> String {
        let known = self.kept.get(&person).or_else(|| self.marks.get(&person));
        known.cloned().unwrap_or_else(|| SOMEBODY.to_owned())
    }

    /// The same text without the names of those who are not named: whole words, in any order of forename and surname, whatever
    /// their case and accents. Of several names that begin at a word the longest counts.
    pub(super) fn without(&self, text: &str) -> String {
        let (mut out, mut copied) = (String::with_capacity(text.len()), 0);
        for (span, mark) in self.marked(text) {
            out.push_str(text.get(copied..span.start).unwrap_or_default());
            out.push_str(mark);
            copied = span.end;
        }
        out.push_str(text.get(copied..).unwrap_or_default());
        out
    }

    /// The names in a text of those who are not named, as they stand there.
    pub(super) fn found(&self, text: &str) -> BTreeSet<String> {
        self.marked(text).into_iter().filter_map(|(span, _)| text.get(span)).map(str::to_owned).collect()
    }

    /// Where in a text names stand of those who are not named, and what stands for each.
    fn marked(&self, text: &str) -> Vec<(Range<usize>, &str)> {
        let word = |span: Range<usize>| text.get(span.clone()).map(|word| (span, folded(word)));
        let words: Vec<(Range<usize>, String)> =
            spans(text).filter_map(word).filter(|(_, word)| !word.is_empty()).collect();
        let (mut rest, mut marked) = (words.as_slice(), Vec::new());
        while let Some((first, after)) = rest.split_first() {
            let (length, whose) = self.longest(rest);
            let last = length.checked_sub(1).and_then(|last| rest.get(last));
            if let (Some((end, _)), Some(mark)) = (last, self.stands_for(&whose)) {
                marked.push((first.0.start..end.end, mark));
            }
            rest = rest.get(length.max(1)..).unwrap_or(after);
        }
        marked
    }

    /// The longest name that begins with these words, in words, and whose it may be.
    fn longest(&self, text: &[(Range<usize>, String)]) -> (usize, BTreeSet<PersonId>) {
        let known = text.first().and_then(|(_, word)| self.known.get(word)).map(Vec::as_slice).unwrap_or_default();
        let is_here =
            |name: &[String]| name.len() <= text.len() && name.iter().zip(text).all(|(one, (_, other))| one == other);
        let here = || known.iter().filter(|(name, _)| is_here(name));
        let length = here().map(|(name, _)| name.len()).max().unwrap_or_default();
        (length, here().filter(|(name, _)| name.len() == length).map(|(_, whose)| *whose).collect())
    }

    /// What stands for a name that is of one of these; nothing, where it may be read.
    fn stands_for(&self, whose: &BTreeSet<PersonId>) -> Option<&str> {
        if whose.iter().all(|person| self.is_kept(*person)) {
            return None;
        }
        match whose.first() {
            Some(only) if whose.len() == 1 => Some(self.marks.get(only).map_or(SOMEBODY, String::as_str)),
            _ => Some(SEVERAL),
        }
    }
}

/// Each part of a name by which somebody may be meant: forename or surname, and each word of one that has several, if it is
/// more than an initial.
fn parts(name: &Name) -> Vec<Vec<String>> {
    let mut parts = Vec::new();
    for part in [name.surname(), name.known_surname(), name.forename(), name.known_forename()] {
        let words = words(part);
        let is_one = words.len() == 1;
        parts.extend(words.iter().filter(|word| is_one || word.chars().count() > 1).map(|word| vec![word.clone()]));
        let without_apostrophe = part.split([' ', '-']).map(folded).filter(|word| word.chars().count() > 1);
        parts.extend(without_apostrophe.map(|word| vec![word]));
        // Written as one word.
        parts.push(vec![words.concat()]);
        parts.push(words);
    }
    parts
}

/// Forename and surname, in both orders.
fn wholes(name: &Name) -> Vec<Vec<String>> {
    let mut wholes = Vec::new();
    for surname in [name.surname(), name.known_surname()].map(words) {
        for forename in [name.forename(), name.known_forename()].map(words) {
            wholes.push([forename.clone(), surname.clone()].concat());
            wholes.push([surname.clone(), forename].concat());
        }
    }
    wholes
}

/// The surname after each title.
fn titled(name: &Name) -> impl Iterator<Item = Vec<String>> {
    let surnames = [name.surname(), name.known_surname()].map(words);
    TITLES.into_iter().flat_map(move |title| {
        let with_title = |surname: &Vec<String>| [vec![title.to_owned()], surname.clone()].concat();
        surnames.iter().map(with_title).collect::<Vec<_>>()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Ada is named; Ben Birch and Zoë O'Brien-Vane are not, and Ivo Marsh has nothing to do with it.
    fn names() -> Names {
        let name = |surname: &str, forename: &str| Name::new(surname, forename).unwrap();
        let (ada, ben) = (name("Ashgrove", "Ada"), name("Birch", "Ben"));
        let (zoe, ivo) = (name("O'Brien-Vane", "Zo\u{eb}"), name("Marsh", "Ivo"));
        let person = |number: u8| PersonId::from_bytes([number; 16]);
        let called = |number, name, mark, also: &[&'static str]| Called {
            person: person(number),
            name,
            mark,
            also: also.to_vec(),
        };
        let involved = [
            called(1, &ada, "another pupil", &[]),
            called(2, &ben, "another pupil", &["b99", "ben@amberhill.example"]),
            called(3, &zoe, "member of staff", &[]),
        ];
        let others = std::iter::once(called(4, &ivo, "member of staff", &[]));
        Names::new(&involved, others, &[person(1)].into())
    }

    #[test]
    fn a_name_goes_however_it_is_written() {
        for (text, without) in [
            ("Ada told Ben.", "Ada told [another pupil 1]."),
            ("BIRCH, ben's phone", "[another pupil 1]'s phone"),
            ("Ben Birch; Birch Ben", "[another pupil 1]; [another pupil 1]"),
            ("write to ben@amberhill.example or b99", "write to [another pupil 1] or [another pupil 1]"),
            (
                "Mrs O\u{2019}Brien Vane; then ZOE or Zoe\u{308}",
                "Mrs [member of staff 1]; then [member of staff 1] or [member of staff 1]",
            ),
            (
                "Mrs OBrien-Vane and Miss Vane",
                "Mrs [member of staff 1]-[member of staff 1] and Miss [member of staff 1]",
            ),
            ("Bir\u{ad}ch", "[another pupil 1]"),
            ("Marsh Ivo saw it by the marsh", "[somebody else] saw it by the marsh"),
            ("Mr Marsh, and MR. MARSH", "[somebody else], and [somebody else]"),
            ("benign, Birchall, Ada Ashgrove", "benign, Birchall, Ada Ashgrove"),
            ("", ""),
        ] {
            assert_eq!(names().without(text), without, "{text}");
        }
    }

    #[test]
    fn a_name_that_may_be_of_two_is_nobody_s() {
        let name = |forename: &str| Name::new("Birch", forename).unwrap();
        let (ada, ben) = (name("Ada"), name("Ben"));
        let person = |number: u8| PersonId::from_bytes([number; 16]);
        let called = |number, name| Called { person: person(number), name, mark: "another pupil", also: Vec::new() };
        let names = Names::new(&[called(1, &ada), called(2, &ben)], std::iter::empty(), &[person(1)].into());
        assert_eq!(
            names.without("Ada Birch or a Birch, not Ben Birch"),
            "Ada Birch or a [one of several people], not [another pupil 1]"
        );
    }

    proptest! {
        /// No name of somebody who is not named is left as a word; whoever is named stays; what is no name stays as it was.
        #[test]
        fn no_name_is_left(
            pieces in prop::collection::vec(
                prop_oneof![
                    Just("Ben".to_owned()), Just("BIRCH".to_owned()), Just("zo\u{eb}".to_owned()), Just("O'Brien".to_owned()),
                    Just("vAnE".to_owned()), Just("b99".to_owned()), Just("Ada".to_owned()), "[ -~]{0,6}", "\\PC{0,4}",
                ],
                0..24,
            ),
            between in prop_oneof![Just(" "), Just(", "), Just("\n"), Just("-"), Just("")],
        ) {
            let text = pieces.join(between);
            let without = names().without(&text);
            let left = words(&without);
            for gone in ["ben", "birch", "zoe", "brien", "obrien", "vane", "b99"] {
                prop_assert!(!left.iter().any(|word| word == gone), "{gone} in {without:?} of {text:?}");
            }
            let ada = |words: &[String]| words.iter().filter(|word| *word == "ada").count();
            prop_assert_eq!(ada(&left), ada(&words(&text)));
            let names_someone = words(&text).iter().any(|word| {
                ["ben", "birch", "zoe", "o", "brien", "obrien", "vane", "b99"].contains(&word.as_str())
            });
            if !names_someone {
                prop_assert_eq!(without, text);
            }
        }
    }
}
