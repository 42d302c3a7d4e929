//! What is said to the community of an incident that is over.

use std::fs;

use tempfile::TempDir;

use crate::console::Console;
use crate::hostile::{is_text, samples};
use crate::incidents::{did, refused, report};
use crate::staffed::{SignedIn, staffed};
use crate::support::School;
use belisha_testkit::program;

/// A case about pupils, closed by the lead.
fn closed(school: &School, people: &SignedIn) -> String {
    let told = ["--words", "Unkind messages", "--named", "ada=mentioned", "--named", "ben=witness"];
    let reference = report(school, &people.teacher, &told);
    for arguments in [&["sort", "N7", "pupils"][..], &["conclude", "substantiated"], &["answer"], &["close"]] {
        let (verb, rest) = arguments.split_first().unwrap();
        did(school, &people.lead, &[&[*verb, &reference], rest].concat());
    }
    reference
}

/// C-069: how long it took is said to those who see the case, and the community is told that it was dealt with, by words that name
/// nobody.
#[test]
fn the_community_is_told_without_names() {
    staffed(without_names);
}

fn without_names(school: &School, people: &SignedIn) {
    let reference = closed(school, people);
    let shown = did(school, &people.lead, &["show", &reference]);
    assert!(shown.contains("First acted on: after ") && shown.contains("\nClosed: after "), "{shown}");
    let say = |text: &str| refused(school, &people.lead, &["announce", &reference, text, "--to", "parents"]);
    for (text, named) in [
        ("What ADA did was dealt with", "ADA"),
        ("The Birch boy was spoken to", "Birch"),
        ("Ben's messages stopped", "Ben"),
        ("Mr Marsh saw it", "Marsh"),
        ("Ivo told us", "Ivo"),
        ("Ask Ida Thorn, who has nothing to do with it", "Ida Thorn"),
        ("We write to ada@amberhill.example", "ada@amberhill.example"),
    ] {
        let said = say(text);
        assert!(said.contains("names somebody") && said.contains(named), "{text}: {said}");
    }
    let small = reference.to_lowercase().replace('-', " ");
    assert!(say(&format!("It was {small}")).contains(&reference));
    // Whole words alone: a bench is no Ben.
    let text = "Unkind messages on the adapted benches were dealt with. Thank you to those who told us";
    let said = did(school, &people.lead, &["announce", &reference, text, "--to", "parents", "--to", "pupils"]);
    assert!(said.contains("For: Pupils, Parents and carers") && said.contains(text), "{said}");
    assert!(said.contains("Nothing was sent"), "{said}");
    let shown = did(school, &people.head, &["show", &reference]);
    assert!(shown.contains(&format!("s.birch: told the community (Pupils, Parents and carers): {text}")), "{shown}");
    // On a page nothing leads to the incident; what stands there already is not written over, and nothing is said then.
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("word.html");
    let announce = ["announce", &reference, text, "--to", "staff", "--out", out.to_str().unwrap()];
    did(school, &people.head, &announce);
    let page = fs::read_to_string(&out).unwrap();
    assert!(page.contains(text) && page.contains("Amber Hill School") && !page.contains(&reference), "{page}");
    assert!(refused(school, &people.head, &announce).contains("is there already"));
    assert_eq!(did(school, &people.head, &["show", &reference]).matches("told the community").count(), 2);
    // What would do harm is text, on the paper as on the page of the case.
    let bad = samples().join("\n");
    let out = folder.path().join("bad.html");
    did(school, &people.head, &["announce", &reference, &bad, "--to", "staff", "--out", out.to_str().unwrap()]);
    let mut pages = vec![fs::read_to_string(&out).unwrap()];
    if program("curl").is_some() {
        pages.push(Console::of(school).get(&format!("/cases/{reference}"), &people.head).body);
    }
    for page in &pages {
        let unseen = page.chars().find(|it| it.is_control() && !matches!(it, '\n' | '\r') || *it == '\u{202e}');
        assert_eq!(unseen, None, "{page}");
        for sample in samples() {
            is_text(page, &sample);
        }
    }
    assert_eq!(school.reporter(&["verify"]).code, 0);
}

#[test]
fn not_everybody_speaks_for_the_school_and_not_of_everything() {
    staffed(not_of_everything);
}

fn not_of_everything(school: &School, people: &SignedIn) {
    let announce = |token: &str, reference: &str| {
        refused(school, token, &["announce", reference, "It was dealt with", "--to", "parents"])
    };
    // Whoever holds no key opens nothing; a deputy handles it and does not speak for the school.
    let reference = closed(school, people);
    assert!(announce(&people.teacher, &reference).contains("keys join"));
    assert_eq!(school.as_person(&people.head, &["roles", "appoint", "deputy-dsl", "i.thorn"]).code, 0);
    let (deputy, _) =
        crate::staffed::with_key(school, &people.head, "i.thorn", "a bell in the tower", "cases, cases-protection");
    let said = announce(&deputy, &reference);
    assert!(said.contains("Designated safeguarding lead") && said.contains("Head"), "{said}");
    let open = report(school, &people.teacher, &["--words", "It goes on", "--matter", "misuse"]);
    assert!(announce(&people.lead, &open).contains("close the incident first"));
    // What may be illegal, be it closed before.
    did(school, &people.lead, &["suspect", &reference]);
    assert!(announce(&people.head, &reference).contains("may be illegal"));
    // Of somebody who works here nothing is said, and to whomever it is about there is no such incident.
    let about = report(school, &people.teacher, &["--words", "Late messages", "--named", "s.birch=subject"]);
    assert!(announce(&people.head, &about).contains("s.141F"));
    assert_eq!(announce(&people.lead, &about), announce(&people.lead, "00000-00000"));
}

#[test]
fn the_page_of_a_closed_case_offers_it() {
    if program("curl").is_some() {
        staffed(|school, people| on_the_page(school, people, &Console::of(school)));
    }
}

fn on_the_page(school: &School, people: &SignedIn, console: &Console) {
    let reference = closed(school, people);
    let path = format!("/cases/{reference}");
    let page = console.get(&path, &people.lead);
    assert!(page.body.contains("Tell the community") && page.body.contains("First acted on"), "{}", page.body);
    let (token, version) = (page.hidden("token"), page.hidden("version"));
    let send = |text: &str| {
        let fields = [("token", &*token), ("version", &*version), ("to", "parents"), ("to", "staff"), ("text", text)];
        console.ask(&format!("{path}/announce"), Some(&people.lead), &fields, &[])
    };
    let named = send("Ada was spoken to");
    assert!(named.body.contains("This names somebody, or leads to them: Ada"), "{}", named.body);
    assert_eq!(send("It was dealt with").code, 303);
    let page = console.get(&path, &people.lead);
    assert!(page.body.contains("told the community (Parents and carers, Staff): It was dealt with"), "{}", page.body);
    let about = report(school, &people.teacher, &["--words", "Late messages", "--named", "i.thorn=subject"]);
    did(school, &people.head, &["sort", &about, "S2", "staff"]);
    assert!(!console.get(&format!("/cases/{about}"), &people.head).body.contains("Tell the community"));
}
