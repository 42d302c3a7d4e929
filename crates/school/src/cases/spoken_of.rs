//! Of whom somebody speaks who does not know that names can be chosen from a list.

use std::collections::BTreeSet;

use belisha_policy::PersonId;
use belisha_policy::people::Name;
use belisha_policy::roles::Role;
use chrono::{DateTime, Utc};

use super::desk::people;
use crate::authority::Authority;
use crate::people::fold::words;

/// What children and parents call those who lead a school.
const HEAD: [&str; 7] =
    ["headteacher", "head teacher", "headmaster", "headmistress", "head of school", "principal", "executive head"];
/// And those who lead on safeguarding.
const LEAD: [&str; 4] = ["dsl", "safeguarding lead", "safeguarding officer", "child protection officer"];

/// Those who handle cases and of whom the words speak: by their surname or what they are, and by their forename too where
/// somebody was asked whom it is about.
pub(super) fn spoken_of(authority: &Authority, told: &str, about: &str, now: DateTime<Utc>) -> Vec<PersonId> {
    let (told, about) = (folded(told), folded(about));
    let speaks = |text: &str, of: &str| !of.trim().is_empty() && text.contains(of);
    let handles = people(authority, now).into_iter().filter(|it| it.roles.iter().any(Role::handles_cases));
    let is_spoken_of = |person: PersonId, is: &dyn Fn(Role) -> bool| {
        let name = authority.roll().person(person).map(|entry| &entry.person.name);
        // As it is, and where an apostrophe or a hyphen was left out.
        let surname = |name: &Name| {
            let surnames = [name.surname(), name.known_surname()];
            surnames.into_iter().flat_map(|it| [folded(it), folded(&words(it).concat())]).collect::<Vec<_>>()
        };
        let forename = |name: &Name| [name.forename(), name.known_forename()].map(folded);
        let by_name = name.is_some_and(|name| {
            surname(name).iter().any(|it| speaks(&told, it) || speaks(&about, it))
                || forename(name).iter().any(|it| speaks(&about, it))
        });
        let called =
            |names: &[&str]| names.iter().map(|it| folded(it)).any(|it| speaks(&told, &it) || speaks(&about, &it));
        by_name || is(Role::Head) && called(&HEAD) || is(Role::Dsl) && called(&LEAD)
    };
    let spoken_of: BTreeSet<PersonId> =
        handles.filter(|it| is_spoken_of(it.person, &|role| it.roles.has(role))).map(|it| it.person).collect();
    spoken_of.into_iter().collect()
}

/// The words, with one space before, between and after them: so that a word is found whole or not at all.
fn folded(text: &str) -> String {
    format!(" {} ", words(text).join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_whole_or_not_at_all() {
        let text = folded("Mr O\u{2019}Brien's class, and ROWE!");
        for found in ["o'brien", "Rowe", "class"] {
            assert!(text.contains(&folded(found)), "{found}: {text}");
        }
        assert!(
            folded("ask Zoe\u{308} Bir\u{ad}ch").contains(&folded("zoe BIRCH")),
            "accents and what is not seen aside"
        );
        for not in ["row", "brie", "lass"] {
            assert!(!text.contains(&folded(not)), "{not}");
        }
    }
}
