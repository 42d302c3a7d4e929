//! What somebody types to do harm, through every field of an incident and out of every page and paper: it is text there, and nothing
//! else. `BELISHA_TEST_DATA` has samples of it.

use std::fs;

use belisha_testkit::{program, test_data};
use tempfile::TempDir;

use crate::console::Console;
use crate::incidents::{did, refused, report};
use crate::staffed::{SignedIn, staffed};
use crate::support::School;

/// Terminals would do as the second says; the others stand on pages, and in a spreadsheet.
const OURS: [&str; 5] = [
    "<script>alert(1)</script>\" onmouseover=\"x() ' --",
    "before \u{1b}[2J\u{1b}]0;title\u{7} after",
    "</textarea></title><svg/onload=x()>",
    "\u{202e}txt.exe and \u{200b}nothing",
    "=HYPERLINK(\"http://127.0.0.1\")",
];

/// The samples that are there, and ours.
pub(crate) fn samples() -> Vec<String> {
    let mut samples: Vec<String> = OURS.map(str::to_owned).into();
    for file in ["attacks/xss/payloads.jsonl", "attacks/csv/payloads.jsonl"] {
        let Some(text) = test_data().map(|data| fs::read_to_string(data.join(file)).unwrap()) else { continue };
        let value = |line: &str| {
            let sample: serde_json::Value = serde_json::from_str(line).unwrap();
            sample.get("value").and_then(serde_json::Value::as_str).unwrap().to_owned()
        };
        samples.extend(text.lines().map(value));
    }
    samples
}

#[test]
fn what_is_typed_to_do_harm_is_text() {
    staffed(typed_to_do_harm);
}

fn typed_to_do_harm(school: &School, people: &SignedIn) {
    if program("curl").is_none() {
        return;
    }
    let console = Console::of(school);
    let (lead, out) = (&people.lead, TempDir::new().unwrap());
    let samples = samples();
    // One under another, and the other way round.
    for (number, all) in
        [samples.join("\n"), samples.iter().rev().cloned().collect::<Vec<_>>().join(" \n")].iter().enumerate()
    {
        let bad = all.as_str();
        let named = ["--words", bad, "--named", "ada=victim", "--named", "ben=instigator"];
        let reference = report(school, &people.teacher, &named);
        let bag = format!("{number} {bad}");
        let device = ["--of", "ben", "--bag", &bag, "--what", bad, "--found", "off"];
        let search = ["--bag", &bag, "--grounds", bad, "--witness", "i.marsh", "--found", bad];
        for arguments in [
            &["sort", &reference, "N5", "pupils"][..],
            &["evidence", &reference, bad, "--kept-as", bad],
            &["support", &reference, "ada", bad],
            &["parents", &reference, "ada", "--not-yet", bad],
            &[&["take-device", reference.as_str()][..], &device].concat(),
            &[&["search-device", reference.as_str()][..], &search].concat(),
            &["give-back-device", &reference, "--bag", &bag, "--to", "ben", "--checked", bad],
            &["step", &reference, "ben", "detention", "--shown-by", "individual", "--because", bad],
            &["raise", &reference, bad],
            &["tell", &reference, "dsl", "--theirs", bad],
            &["heard", &reference, "dsl", bad],
        ] {
            did(school, lead, arguments);
        }
        // At the command line nothing of it is done by a terminal.
        let shown = did(school, lead, &["show", &reference]);
        let wrong = refused(school, lead, &["show", "00000-00000", "--because", bad]);
        for said in [&shown, &wrong] {
            let control = said.chars().find(|letter| letter.is_control() && *letter != '\n');
            assert_eq!(control, None, "{said:?}");
        }
        // A line of it is not taken for a line of ours.
        assert!(!shown.lines().any(|line| line.starts_with("=1+1")), "{shown}");
        let json = did(school, lead, &["show", &reference, "--json"]);
        let events = serde_json::from_str::<serde_json::Value>(&json).unwrap().get("events").unwrap().to_string();
        assert!(events.contains(&serde_json::to_string(bad).unwrap().trim_matches('"').to_owned()), "{events}");
        let folder = out.path().join(number.to_string());
        let because = format!("Ordered on Monday: {bad}");
        let to = ["--for", "court", "--to", bad, "--because", &because, "--out", folder.to_str().unwrap()];
        did(school, lead, &[&["export", reference.as_str()][..], &to].concat());
        let [html, json, manifest] =
            ["incident.html", "incident.json", "manifest.txt"].map(|it| fs::read_to_string(folder.join(it)).unwrap());
        assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok() && manifest.starts_with("Export EX-"));
        let mut pages = vec![html];
        for path in ["/cases", "/tasks", &format!("/cases/{reference}")] {
            pages.push(console.get(path, lead).body);
        }
        for page in &pages {
            let unseen = page.chars().find(|it| it.is_control() && !matches!(it, '\n' | '\r') || *it == '\u{202e}');
            assert_eq!(unseen, None, "{bad:?}: {page}");
        }
        // What is refused gives back what was typed, so that nothing is lost.
        let token = console.get("/report", lead).hidden("token");
        let fields = [("token", token.as_str()), ("words", " "), ("named", bad), ("reference", bad)];
        for (path, token) in [("/report", Some(lead.as_str())), ("/worried", None), ("/tell", None), ("/receipt", None)]
        {
            let said = [("says", bad), ("about", bad), ("form", bad)];
            pages.push(console.ask(path, token, &[&fields[..], &said].concat(), &[]).body);
        }
        for page in &pages {
            for sample in &samples {
                is_text(page, sample);
            }
        }
    }
    assert_eq!(school.reporter(&["verify"]).code, 0);
}

/// Whether something stands on a page as text alone: what it begins and ends with is nowhere as it was typed, and no tag or
/// attribute is on the page that is not ours.
pub(crate) fn is_text(page: &str, bad: &str) {
    if bad.contains(['<', '>', '"']) {
        assert!(!page.contains(bad), "{bad}: {page}");
    }
    // Tags without what stands between quotes in them; a link that runs something stands there.
    let lower = page.to_lowercase();
    assert!(!lower.contains("href=\"javascript:"), "{page}");
    for tag in lower.split('<').skip(1).filter_map(|tag| tag.split_once('>')).map(|(tag, _)| tag) {
        let unquoted: String = tag.split('"').step_by(2).collect();
        let is_ours = !["script", "svg", "iframe", "img"].iter().any(|name| unquoted.starts_with(name));
        let does_nothing = !["onload=", "onerror=", "onmouseover="].iter().any(|name| unquoted.contains(name));
        assert!(is_ours && does_nothing, "{tag}: {page}");
    }
}
