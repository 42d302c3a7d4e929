//! Numbers and dates as people write them.

use chrono::NaiveDate;

/// `4,919,296`.
pub(crate) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `Tuesday 3 November 2026`.
pub(crate) fn long_date(date: NaiveDate) -> String {
    date.format("%A %-d %B %Y").to_string()
}

/// `3 November 2026`.
pub fn date(date: NaiveDate) -> String {
    date.format("%-d %B %Y").to_string()
}

/// `1 day`, `3 days`.
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", self::number(number), if number == 1 { one } else { many })
}

/// A share in whole per cent, `less than 1%` for what is not nothing; empty where there is no whole.
pub(crate) fn share(part: u64, whole: u64) -> String {
    match part.saturating_mul(100).checked_div(whole) {
        None => String::new(),
        Some(0) if part > 0 => "less than 1%".into(),
        Some(percent) => format!("{percent}%"),
    }
}

/// The first letter as a capital.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A name in which nothing is hidden: what would turn letters round, or is not seen, is a mark instead.
pub(crate) fn visible(name: &str) -> String {
    let hidden = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
            || matches!(letter, '\u{feff}' | '\u{e0000}'..='\u{e007f}')
    };
    name.chars().map(|letter| if hidden(letter) { char::REPLACEMENT_CHARACTER } else { letter }).collect()
}

/// What somebody wrote, as it can be shown: what would turn letters round, or tell a terminal to do something, is a mark instead. Lines
/// stay lines, and what joins letters in many scripts stays.
pub fn plain(text: &str) -> String {
    let does_something = |letter: char| {
        letter.is_control() && letter != '\n' || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    // What a spreadsheet or Windows ends lines with.
    let text = text.replace("\r\n", "\n");
    text.chars().map(|letter| if does_something(letter) { char::REPLACEMENT_CHARACTER } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_shares_are_as_people_write_them() {
        assert_eq!([0, 999, 1_000, 4_919_296].map(number), ["0", "999", "1,000", "4,919,296"]);
        assert_eq!([share(0, 9), share(1, 900), share(9, 10), share(1, 0)], ["0%", "less than 1%", "90%", ""]);
        assert_eq!(long_date("2026-11-03".parse().unwrap()), "Tuesday 3 November 2026");
        assert_eq!((counted(1, "day", "days"), counted(2_000, "day", "days")), ("1 day".into(), "2,000 days".into()));
        assert_eq!(visible("\u{202e}gnp.exe\n\u{200b}"), "\u{fffd}gnp.exe\u{fffd}\u{fffd}");
        assert_eq!(
            plain("one\r\ntwo\u{1b}[2J\u{9b} \u{202e}x \u{200c}"),
            "one\ntwo\u{fffd}[2J\u{fffd} \u{fffd}x \u{200c}"
        );
        assert_eq!(visible("Year 4 \u{2013} caf\u{e9}"), "Year 4 \u{2013} caf\u{e9}");
        assert_eq!((capital("a weekend"), capital("")), ("A weekend".into(), String::new()));
    }
}
