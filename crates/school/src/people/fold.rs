//! Names, compared as people would: accents, case, hyphens and apostrophes aside.

use std::ops::Range;

use belisha_policy::people::Name;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// What an export writes for a letter that it could not write.
const LOST: char = '?';

/// A part of a name without case, accents and what is no letter. Letters that were lost stand as `?`.
pub(crate) fn folded(part: &str) -> String {
    if part.is_ascii() {
        let letters = part.bytes().filter(|byte| byte.is_ascii_alphanumeric() || *byte == b'?');
        return letters.map(|byte| char::from(byte.to_ascii_lowercase())).collect();
    }
    let letter = |letter: char| match letter {
        '?' | '\u{FFFD}' => Some(LOST),
        // Those that have no accent apart from the letter.
        'ł' => Some('l'),
        'ø' => Some('o'),
        'đ' | 'ð' => Some('d'),
        'ı' => Some('i'),
        letter if letter.is_alphanumeric() => Some(letter),
        _ => None,
    };
    let letters = part.nfkd().filter(|letter| !is_combining_mark(*letter));
    letters.flat_map(char::to_lowercase).filter_map(letter).collect()
}

/// The words of a text, each folded.
pub(crate) fn words(text: &str) -> Vec<String> {
    let words = spans(text).filter_map(|span| text.get(span)).map(folded);
    words.filter(|word| !word.is_empty()).collect()
}

/// Whether a text and a name have a word in common.
pub(crate) fn same_words(name: &Name, text: &str) -> bool {
    let theirs = words_of(name);
    words(text).iter().any(|word| theirs.contains(word))
}

/// The words of all names by which somebody may be called.
pub(super) fn words_of(name: &Name) -> Vec<String> {
    [name.surname(), name.forename(), name.known_surname(), name.known_forename()].into_iter().flat_map(words).collect()
}

/// Where the words of a text are. What is not seen, such as a soft hyphen, is of the word in which it stands.
pub(crate) fn spans(text: &str) -> impl Iterator<Item = Range<usize>> {
    let is_of_word = |letter: char| {
        letter.is_alphanumeric()
            || is_combining_mark(letter)
            || matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
    };
    let mut letters = text.char_indices().peekable();
    std::iter::from_fn(move || {
        let (start, _) = letters.find(|(_, letter)| is_of_word(*letter))?;
        while letters.next_if(|(_, letter)| is_of_word(*letter)).is_some() {}
        Some(start..letters.peek().map_or(text.len(), |(at, _)| *at))
    })
}

/// Whether two folded names may be the same. A lost letter stands for one letter, or two where it was one such as `æ`.
pub(super) fn agree(one: &str, other: &str) -> bool {
    if one == other {
        return !one.is_empty();
    }
    if !one.contains(LOST) && !other.contains(LOST) {
        return false;
    }
    // Names are short: the square of their length is nothing.
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    matches(&one, &other)
}

fn matches(one: &[char], other: &[char]) -> bool {
    // Where the two can stand after so many letters of the first: a row of the table of all pairs of places.
    let mut row: Vec<bool> = vec![false; other.len() + 1];
    if let Some(first) = row.first_mut() {
        *first = true;
    }
    // A lost letter of the other may stand for the two last letters of this one.
    let mut before: Vec<bool> = Vec::new();
    for letter in one {
        let mut next = vec![false; other.len() + 1];
        for (at, theirs) in other.iter().enumerate() {
            let from = |row: &[bool], at: Option<usize>| at.and_then(|at| row.get(at).copied()).unwrap_or(false);
            let same = letter == theirs || *letter == LOST || *theirs == LOST;
            let ours_for_two = *letter == LOST && from(&row, at.checked_sub(1));
            let theirs_for_two = *theirs == LOST && from(&before, Some(at));
            if let Some(here) = next.get_mut(at + 1) {
                *here = same && from(&row, Some(at)) || ours_for_two || theirs_for_two;
            }
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or(false)
}

/// Whether letters of it were lost.
pub(super) fn is_torn(name: &Name) -> bool {
    [name.surname(), name.forename(), name.known_surname(), name.known_forename()]
        .iter()
        .any(|part| part.contains(['?', '\u{FFFD}']))
}

/// The names by which somebody may be called, folded.
pub(super) struct Folded {
    surnames: [String; 2],
    forenames: [String; 2],
}

impl Folded {
    pub(super) fn of(name: &Name) -> Self {
        Self::of_parts([name.surname(), name.known_surname()], [name.forename(), name.known_forename()])
    }

    pub(super) fn of_parts(surnames: [&str; 2], forenames: [&str; 2]) -> Self {
        Self { surnames: surnames.map(folded), forenames: forenames.map(folded) }
    }

    /// Whether one of their surnames is one of the other's.
    pub(super) fn surname_agrees(&self, other: &Self) -> bool {
        any_agree(&self.surnames, &other.surnames)
    }

    /// Whether they are called the same.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        self.surname_agrees(other) && any_agree(&self.forenames, &other.forenames)
    }

    /// Whether a whole name is theirs, whichever part of it comes first.
    pub(super) fn agrees_whole(&self, name: &str) -> bool {
        let name = folded(name);
        let pairs = self.surnames.iter().flat_map(|surname| self.forenames.iter().map(move |it| (surname, it)));
        pairs.into_iter().any(|(surname, forename)| {
            agree(&name, &format!("{surname}{forename}")) || agree(&name, &format!("{forename}{surname}"))
        })
    }
}

fn any_agree(ours: &[String; 2], theirs: &[String; 2]) -> bool {
    ours.iter().any(|one| theirs.iter().any(|other| agree(one, other)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_as_people_would() {
        for (one, other) in [
            ("O'Brien", "o’brien"),
            ("Renée", "Renee"),
            ("De La Cruz, Jr", "DELACRUZ JR"),
            ("Łukasz", "Lukasz"),
            ("Nguyễn", "Nguy?n"),
            ("Nguy\u{FFFD}n", "Nguyễn"),
            ("S?ren", "Søren"),
            ("Sæby", "S?by"),
        ] {
            assert!(agree(&folded(one), &folded(other)), "{one} {other}");
            assert!(agree(&folded(other), &folded(one)), "{other} {one}");
        }
        for (one, other) in [("Vane", "Vance"), ("", ""), ("Nguy?n", "Nguyen Van"), ("Ann", "Anna"), ("-", "'")] {
            assert!(!agree(&folded(one), &folded(other)), "{one} {other}");
        }
    }
}
