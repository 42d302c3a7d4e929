//! The transcript in `docs/coordinators.md`: each command of it is typed, and what is printed is what stands there.
//! `BELISHA_RENEW=1` writes it anew.

use std::path::Path;

use crate::staffed::{SignedIn, staffed};
use crate::support::School;

const BEGIN: &str = "<!-- The transcript is a test: bins/reporter/tests/suite/transcript.rs. -->\n```\n";
const END: &str = "```\n<!-- The transcript ends here. -->\n";

/// What stands in the docs for the reference of the case, and for every instant.
const REFERENCE: &str = "K7QF2-M9X4D";
const INSTANT: &str = "2026-11-25 10:12";

#[test]
fn the_transcript_in_the_docs_is_what_is_printed() {
    staffed(typed);
}

fn typed(school: &School, people: &SignedIn) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/coordinators.md");
    let text = std::fs::read_to_string(&file).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (stands, after) = rest.split_once(END).unwrap();
    let mut printed = String::new();
    let (mut token, mut reference) = (&people.teacher, REFERENCE.to_owned());
    let commands = stands.lines().filter(|line| line.starts_with('#') || line.starts_with("$ "));
    for line in commands {
        if let Some(who) = line.strip_prefix("# ") {
            token = match who.split(',').next().unwrap() {
                "i.marsh" => &people.teacher,
                "s.birch" => &people.lead,
                "head" => &people.head,
                other => unreachable!("nobody of the transcript is called {other}"),
            };
            if !printed.is_empty() {
                printed.push('\n');
            }
        }
        printed.push_str(line);
        printed.push('\n');
        let Some(command) = line.strip_prefix("$ belisha-reporter ") else { continue };
        let arguments = words(&command.replace(REFERENCE, &reference));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let done = school.as_person(token, &arguments);
        if let Some(new) = done.out.split("Your reference: ").nth(1) {
            new.lines().next().unwrap_or_default().clone_into(&mut reference);
        }
        let said = format!("{}{}", done.out, done.err).replace(&reference, REFERENCE);
        printed.push_str(&durations(&instants(&said)));
    }
    if std::env::var_os("BELISHA_RENEW").is_some() {
        std::fs::write(&file, format!("{before}{BEGIN}{printed}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(stands, printed, "renew it: BELISHA_RENEW=1 cargo test -p belisha-reporter --test suite transcript");
}

/// The words of a command, of which some stand in quotation marks.
fn words(command: &str) -> Vec<String> {
    let quoted = command.split('"').enumerate();
    quoted
        .flat_map(|(number, part)| match number % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect(),
            _ => vec![part.to_owned()],
        })
        .collect()
}

/// The same with one duration for each line that says how long something took.
fn durations(said: &str) -> String {
    let line = |line: &str| match line.split_once(": after ") {
        Some((what @ ("First acted on" | "Closed"), _)) => format!("{what}: after less than a minute\n"),
        _ => line.to_owned(),
    };
    said.split_inclusive('\n').map(line).collect()
}

/// The same with one instant for each that stands in it.
fn instants(said: &str) -> String {
    let is_instant = |text: &str| {
        let shape = |byte: u8| if byte.is_ascii_digit() { b'0' } else { byte };
        text.bytes().map(shape).eq(*b"0000-00-00 00:00")
    };
    let mut out = String::new();
    let mut rest = said;
    while let Some(first) = rest.chars().next() {
        if let Some(instant) = rest.get(..INSTANT.len()).filter(|text| is_instant(text)) {
            out.push_str(INSTANT);
            rest = &rest[instant.len()..];
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}
