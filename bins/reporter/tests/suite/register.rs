//! The register of incidents in numbers.

use std::fmt::Write as _;
use std::fs;

use belisha_testkit::{binary, finish, program};
use serde_json::Value;
use tempfile::TempDir;

use crate::console::Console;
use crate::incidents::{did, refused, report};
use crate::staffed::{SignedIn, staffed};
use crate::support::{REPORTER, School};

fn numbers(school: &School, token: &str, more: &[&str]) -> Value {
    serde_json::from_str(&did(school, token, &[&["register", "--json"], more].concat())).unwrap()
}

/// What stands somewhere.
fn said<'v>(numbers: &'v Value, at: &str) -> &'v Value {
    numbers.pointer(at).unwrap()
}

/// The row of a table; null where there is none.
fn count(numbers: &Value, table: &str, row: &str) -> Value {
    let tables = said(numbers, "/tables").as_array().unwrap();
    let table = tables.iter().find(|it| said(it, "/title") == table);
    let rows = table.map(|it| said(it, "/rows").as_array().unwrap());
    rows.into_iter().flatten().find(|it| said(it, "/0") == row).map_or(Value::Null, |it| said(it, "/1").clone())
}

/// Brings an old log: so many of each kind, in October 2024.
fn bring(school: &School, kinds: &[(&str, usize)]) {
    let folder = TempDir::new().unwrap();
    let log = folder.path().join("cpoms.csv");
    let mut text = "Id,Student,Incident date/time,Category,Incident text,Status\n".to_owned();
    for (number, kind) in kinds.iter().flat_map(|(kind, many)| vec![kind; *many]).enumerate() {
        writeln!(text, "{kind}-{number},,{:02}/10/2024,{kind},Note {number},Closed", number + 1).unwrap();
    }
    fs::write(&log, text).unwrap();
    let mut importer = binary(REPORTER, "belisha-importer");
    let done = finish(importer.arg("--data").arg(school.path()).arg("incidents").arg(&log));
    assert_eq!(done.code, 0, "{}", done.err);
}

/// C-016: every incident that somebody may see is in one register, that of an old system too, and its numbers are of those alone.
#[test]
fn the_register_counts_what_somebody_may_see() {
    staffed(counted);
}

fn counted(school: &School, people: &SignedIn) {
    for kind in ["N5", "N5", "U7"] {
        let reference = report(school, &people.teacher, &["--words", "x", "--named", "ben=instigator"]);
        did(school, &people.lead, &["sort", &reference, kind, "pupils"]);
        if kind == "U7" {
            did(school, &people.lead, &["step", &reference, "ben", "conversation", "--shown-by", "individual"]);
            did(school, &people.lead, &["conclude", &reference, "substantiated"]);
            did(school, &people.lead, &["answer", &reference]);
            did(school, &people.lead, &["close", &reference]);
        }
    }
    let mine = numbers(school, &people.lead, &[]);
    assert_eq!((said(&mine, "/all"), said(&mine, "/is_for_others")), (&3.into(), &false.into()), "{mine}");
    assert_eq!(count(&mine, "By kind", "N5 Cyberbullying"), 2, "{mine}");
    assert_eq!(count(&mine, "By kind of risk", "Contact"), 2, "{mine}");
    assert_eq!(count(&mine, "By kind of risk", "Content"), 0, "{mine}");
    assert_eq!(count(&mine, "By kind of risk of the national guidance", "Commerce"), 1, "{mine}");
    assert_eq!(count(&mine, "By what was done about somebody", "Conversation"), 1, "{mine}");
    let text = did(school, &people.lead, &["register"]);
    for said in ["that you may see", "2 are open, 1 closed", "Half were closed within", "N5 Cyberbullying"] {
        assert!(text.contains(said), "{said}: {text}");
    }
    // What is about the lead is counted for the head, and not for them.
    report(school, &people.teacher, &["--words", "Late messages", "--named", "s.birch=subject"]);
    assert_eq!(numbers(school, &people.lead, &[]), mine);
    let heads = numbers(school, &people.head, &[]);
    assert_eq!(said(&heads, "/all"), 4);
    assert_eq!(count(&heads, "By kind", "Kind not known"), 1, "{heads}");
    // Whoever handles none has none.
    assert!(refused(school, &people.teacher, &["register"]).contains("keys join"));
    // What an old system calls as it is called here is of a kind; of the rest nothing is guessed.
    bring(school, &[("Cyberbullying", 5), ("N8", 1), ("Online", 2)]);
    let year = ["--from", "2024-09-01", "--to", "2025-08-31"];
    let old = numbers(school, &people.lead, &year);
    assert_eq!(said(&old, "/all"), 8);
    let kinds = ["N5 Cyberbullying", "Kind not known"].map(|kind| count(&old, "By kind", kind));
    assert_eq!(kinds, [5, 2].map(Value::from));
    assert_eq!(count(&old, "By month in which it was first known", "October 2024"), 8);
    assert_eq!(said(&numbers(school, &people.lead, &["--from", "2024-11-01", "--to", "2024-11-30"]), "/all"), 0);
    assert_eq!(school.reporter(&["verify"]).code, 0);
}

/// Decisions 10: a copy for others is of a time that is over, has no number under five, and nothing of staff.
#[test]
fn a_copy_for_others_lets_nobody_be_told() {
    staffed(for_others);
}

fn for_others(school: &School, people: &SignedIn) {
    bring(school, &[("Cyberbullying", 7), ("Piracy", 2), ("Shopping", 1), ("S2", 6), ("I1", 5), ("N8", 6)]);
    bring(school, &[("Online", 6)]);
    let copy = numbers(school, &people.lead, &["--for-others", "--of", "2024-12-24"]);
    assert_eq!((said(&copy, "/from"), said(&copy, "/to")), (&"2024-09-01".into(), &"2024-12-31".into()));
    assert_eq!(
        said(&copy, "/all"),
        16,
        "nothing of staff, of what may be illegal, nor of what nobody has sorted: {copy}"
    );
    assert_eq!(count(&copy, "By kind", "N5 Cyberbullying"), 7);
    // The two small ones are hidden with the smallest that is not.
    assert_eq!(count(&copy, "By kind", "All other kinds"), 9);
    assert_eq!(count(&copy, "By kind", "U3 Piracy"), Value::Null);
    assert!(!copy.to_string().contains("S2") && copy.to_string().contains("Not counted here"), "{copy}");
    let few = numbers(school, &people.lead, &["--for-others", "--of", "2025-01-01"]);
    assert_eq!(said(&few, "/all"), 0);
    let soon = refused(school, &people.lead, &["register", "--for-others", "--of", "2099-01-01"]);
    assert!(soon.contains("this one ends on 30 April 2099"), "{soon}");
    let both = ["incident", "register", "--for-others", "--of", "2024-12-24", "--from", "2024-12-01"];
    assert_eq!(school.as_person(&people.lead, &both).code, 2, "no other time can be cut out");
}

#[test]
fn the_register_is_a_page_of_tables() {
    if program("curl").is_some() {
        staffed(|school, people| on_a_page(school, people, &Console::of(school)));
    }
}

fn on_a_page(school: &School, people: &SignedIn, console: &Console) {
    let reference = report(school, &people.teacher, &["--words", "x"]);
    did(school, &people.lead, &["sort", &reference, "N5", "pupils"]);
    assert!(console.get("/cases", &people.lead).body.contains("href=\"/register\""));
    let page = console.get("/register", &people.lead).body;
    assert!(page.contains("<caption>By kind</caption>") && !page.contains("<script"), "{page}");
    assert!(page.contains("<th scope=\"row\">N5 Cyberbullying</th><td>1</td>"), "{page}");
    let none = console.get("/register?from=2024-01-01&to=2024-02-01", &people.lead).body;
    assert!(none.contains("<strong>0</strong>") && none.contains("1 January 2024 to 1 February 2024"), "{none}");
    let copy = console.get("/register?others=yes", &people.lead).body;
    assert!(copy.contains("as others may read it") && copy.contains("Not counted here"), "{copy}");
    let soon = console.get("/register?others=yes&from=2099-01-01", &people.lead).body;
    assert!(soon.contains("a third of a school year that is over"), "{soon}");
    assert!(console.get("/register", &people.teacher).body.contains("You hold no key yet"));
}
