//! Papers that a person hands to somebody outside: referrals, and incidents for another school or a court.

use std::fs;
use std::path::Path;

use belisha_testkit::program;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::console::Console;
use crate::incidents::{did, refused, report};
use crate::staffed::{SignedIn, staffed};
use crate::support::{SETTINGS, School};

const POLICE: &str = "[[agencies]]\nname = \"County police\"\npurpose = \"police\"\ncontact = \"101\"\n\
                      hours = \"always\"\nchecked = 2026-02-28\n";

fn hex(bytes: &[u8]) -> String {
    belisha_school::hex(&Sha256::digest(bytes))
}

/// Whether a word stands in a text, whole.
fn has(text: &str, word: &str) -> bool {
    text.split(|letter: char| !letter.is_alphanumeric()).any(|it| it.eq_ignore_ascii_case(word))
}

fn folder_has(folder: &Path, wanted: &[u8]) -> bool {
    fs::read_dir(folder).unwrap().map(Result::unwrap).any(|entry| {
        if entry.file_type().unwrap().is_dir() {
            return folder_has(&entry.path(), wanted);
        }
        let bytes = fs::read(entry.path()).unwrap_or_default();
        bytes.windows(wanted.len()).any(|window| window == wanted)
    })
}

/// Decisions 4, 5 and 21: a body gets what it needs and no more, no copy goes with it, and what was made is written down first.
#[test]
fn each_body_gets_what_it_needs_and_nothing_more() {
    staffed(referred);
}

pub(crate) fn referred(school: &School, people: &SignedIn) {
    school.write_settings(&format!("{SETTINGS}{POLICE}"));
    assert_eq!(school.as_person(&people.head, &["roles", "grant-status", "head"]).code, 0);
    let applied = school.as_person(&people.head, &["settings", "apply"]);
    assert_eq!(applied.code, 0, "{}", applied.err);
    let words = "Ben sent Ada something terrible. Ivo Marsh saw it";
    let told = ["--words", words, "--named", "ada=victim", "--named", "ben=instigator", "--may-be-illegal"];
    let reference = report(school, &people.technician, &told);
    let lead = &people.lead;
    did(school, lead, &["evidence", &reference, "a laptop, sealed", "--kept-as", "bag 14"]);
    // A person sees whom it is for and what to think of; nothing is made by looking.
    let draft = did(school, lead, &["refer", &reference, "--to", "police"]);
    assert!(draft.contains("County police, 101 (always)") && draft.contains("Ada Ashgrove"), "{draft}");
    assert!(draft.contains("NOTE: This may be illegal") && draft.contains("Nothing was made"), "{draft}");
    let made = |shown: &str| shown.matches("made a document").count();
    assert_eq!(made(&did(school, lead, &["show", &reference])), 0);
    let to = TempDir::new().unwrap();
    let document = |body: &str| {
        let out = to.path().join(format!("{body}.html"));
        let path = out.to_str().unwrap();
        let said = did(school, lead, &["refer", &reference, "--to", body, "--out", path]);
        assert!(said.contains("Nothing was sent"), "{said}");
        let again = refused(school, lead, &["refer", &reference, "--to", body, "--out", path]);
        assert!(again.contains("is there already"), "{again}");
        fs::read_to_string(out).unwrap()
    };
    let police = document("police");
    for wanted in
        ["Ada Ashgrove", "Born on 23 April 2016", "Ben Birch", "bag 14", "This may be illegal", words, "Sam Birch"]
    {
        assert!(police.contains(wanted), "{wanted}: {police}");
    }
    assert!(police.contains("lang=\"en-GB\"") && !police.contains("<script"), "{police}");
    let iwf = document("iwf");
    for gone in ["Ada", "Ashgrove", "Ben", "Birch", "Marsh", "Vane", "laptop", "terrible"] {
        assert!(!has(&iwf, gone), "{gone}: {iwf}");
    }
    assert!(iwf.contains("addresses that the public can reach"), "{iwf}");
    let local = document("local-authority");
    assert!(local.contains("Ada Ashgrove") && !has(&local, "Marsh"), "{local}");
    // It is in the case, and settles nothing.
    let shown = did(school, lead, &["show", &reference]);
    assert_eq!(made(&shown), 3);
    assert!(shown.contains(&format!("made a document for police, SHA-256 {}", hex(police.as_bytes()))), "{shown}");
    assert!(shown.contains("tell the police"), "{shown}");
    for (body, why) in [("head", "is at the school"), ("ico", "nothing is owed")] {
        let said = refused(school, lead, &["refer", &reference, "--to", body]);
        assert!(said.contains(why), "{said}");
    }
    let nobody = refused(school, lead, &["refer", &reference, "--to", "police", "--agency", "Coastguard"]);
    assert!(nobody.contains("no agency of this name"), "{nobody}");
    // What may be illegal is handed to nobody.
    let out = to.path().join("court");
    let because = ["--because", "Ordered by the court", "--out", out.to_str().unwrap()];
    let held =
        refused(school, lead, &[&["export", &reference, "--for", "court", "--to", "The court"], &because[..]].concat());
    assert!(held.contains("nothing of it is exported") && !out.exists(), "{held}");
    // Whoever handles no cases has no key to them, and to whoever it is about there is none.
    for token in [&people.technician, &people.teacher] {
        assert!(refused(school, token, &["refer", &reference, "--to", "police"]).contains("keys join"));
    }
    let about_lead =
        report(school, &people.technician, &["--words", "Late messages", "--named", "s.birch=subject", "--danger"]);
    let refer = |reference: &str| refused(school, lead, &["refer", reference, "--to", "police"]);
    assert_eq!(refer(&about_lead), refer("00000-00000"));
    assert!(!folder_has(school.path(), b"Referral to the police"), "nothing of a document stays");
    assert_eq!(school.reporter(&["verify"]).code, 0);
}

/// SC-05, SC-14: whoever is not to be named is not, the digests are right, each export has its name, and it is received once.
#[test]
fn others_are_not_named_in_what_is_exported() {
    staffed(exported);
}

pub(crate) fn exported(school: &School, people: &SignedIn) {
    let lead = &people.lead;
    let words = "Ben hit Ada. BIRCH, ben laughed; Mr Marsh saw it, and it was not benign";
    let named = ["--words", words, "--named", "ada=victim", "--named", "ben=instigator"];
    let reference = report(school, &people.teacher, &named);
    did(school, lead, &["sort", &reference, "N5", "pupils"]);
    did(school, lead, &["support", &reference, "ada", "a talk every week, without Ben"]);
    did(school, lead, &["step", &reference, "ben", "detention", "--shown-by", "individual"]);
    let to = TempDir::new().unwrap();
    let export = |name: &str, options: &[&str]| {
        let out = to.path().join(name);
        let fixed = ["export", &reference, "--to", "Hill School", "--because", "Ada moves on Monday", "--out"];
        did(school, lead, &[&fixed[..], &[out.to_str().unwrap()], options].concat());
        ["incident.html", "incident.json", "manifest.txt"].map(|name| fs::read_to_string(out.join(name)).unwrap())
    };
    let id = |manifest: &str| manifest.lines().next().unwrap().strip_prefix("Export ").unwrap().to_owned();
    let [html, json, manifest] = export("school", &["--for", "school", "--about", "ada"]);
    for page in [&html, &json] {
        for gone in ["ben", "marsh", "ivo", "detention"] {
            assert!(!has(page, gone), "{gone}: {page}");
        }
        assert!(page.contains("[another pupil 1] hit Ada") && page.contains("not benign"), "{page}");
        assert!(page.contains("Born on 23 April 2016") && page.contains("without [another pupil 1]"), "{page}");
        assert!(page.contains(&id(&manifest)), "{page}");
    }
    assert!(html.contains("class=\"mark\""), "{html}");
    for (name, text) in [("incident.html", &html), ("incident.json", &json)] {
        assert!(manifest.contains(&format!("{}  {name}\n", hex(text.as_bytes()))), "{manifest}");
    }
    assert!(manifest.contains("A PERSON HAS TO READ") && manifest.contains("within 5 days"), "{manifest}");
    let shown = did(school, lead, &["show", &reference]);
    assert!(shown.contains(&format!("exported it as {} for Hill School", id(&manifest))), "{shown}");
    assert!(shown.contains(&format!("manifest.txt has SHA-256 {}", hex(manifest.as_bytes()))), "{shown}");
    // Before a court whoever it is about is named, and those who are asked for.
    let [court, _, second] = export("court", &["--for", "court"]);
    assert!(has(&court, "Ben") && has(&court, "Detention") && !has(&court, "Marsh"), "{court}");
    assert!(court.contains("Ben hit [another pupil 1]"), "{court}");
    assert_ne!(id(&second), id(&manifest));
    let [kept, ..] = export("kept", &["--for", "court", "--keep", "ada", "--keep", "i.marsh"]);
    assert!(kept.contains("Ben hit Ada") && kept.contains("Ivo Marsh"), "{kept}");
    // A receipt is of an export that there is, and once.
    let first = id(&manifest).to_lowercase();
    let receipt = ["received", &reference, "--export", &first, "--by", "Office of Hill School"];
    did(school, lead, &receipt);
    assert!(did(school, lead, &["show", &reference]).contains("noted that Office of Hill School received the export"));
    assert!(refused(school, lead, &receipt).contains("no export of this name"));
    let other = to.path().join("other");
    let stranger = [
        "export",
        &reference,
        "--for",
        "school",
        "--about",
        "i.marsh",
        "--to",
        "x",
        "--because",
        "Somebody else moves",
    ];
    let no_part = refused(school, lead, &[&stranger[..], &["--out", other.to_str().unwrap()]].concat());
    assert!(no_part.contains("no such part") && !other.exists(), "{no_part}");
    assert!(!folder_has(school.path(), b"A PERSON HAS TO READ"));
    assert_eq!(school.reporter(&["verify"]).code, 0);
}

/// Decisions 13: another system has the child-protection file. It gets a document with all that is known and gives its reference and a
/// receipt; the words are here no more then, on no page.
#[test]
fn what_another_system_has_in_its_file_is_here_in_words_no_more() {
    staffed(filed_elsewhere);
}

pub(crate) fn filed_elsewhere(school: &School, people: &SignedIn) {
    school.write_settings(&SETTINGS.replacen("[school]", "[school]\ncp_record = \"elsewhere\"", 1));
    let lead = &people.lead;
    let told = ["--words", "She does not eat, and hides her tablet", "--named", "ada=victim"];
    let reference = report(school, &people.teacher, &told);
    let sorted = did(school, lead, &["sort", &reference, "N4", "pupils"]);
    assert!(sorted.contains("tell the child-protection file"), "{sorted}");
    did(school, lead, &["support", &reference, "ada", "lunch with Mx Reed"]);
    let to = TempDir::new().unwrap();
    let out = to.path().join("file.html");
    did(school, lead, &["refer", &reference, "--to", "protection-file", "--out", out.to_str().unwrap()]);
    let page = fs::read_to_string(out).unwrap();
    for part in ["For the child-protection file", "hides her tablet", "Ada Ashgrove", "lunch with Mx Reed"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(refused(school, lead, &["take-out-words", &reference]).contains("until they are elsewhere"));
    assert!(refused(school, lead, &["tell", &reference, "protection-file"]).contains("under which reference"));
    did(school, lead, &["tell", &reference, "protection-file", "--theirs", "CP-26-114"]);
    let heard = did(school, lead, &["heard", &reference, "protection-file", "received by their office, No. 9"]);
    assert!(heard.contains("take out the words"), "{heard}");
    if program("curl").is_some() {
        let console = Console::of(school);
        let path = format!("/cases/{reference}");
        let page = console.get(&path, lead);
        assert!(page.body.contains("hides her tablet") && page.body.contains("Take out the words"), "{}", page.body);
        let fields = [("token", page.hidden("token")), ("version", page.hidden("version"))];
        let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
        let done = console.ask(&format!("{path}/take-out-words"), Some(lead), &fields, &[]);
        assert_eq!(done.code, 303, "{}", done.body);
        let page = console.get(&path, lead);
        assert!(!page.body.contains("tablet") && page.body.contains("CP-26-114"), "{}", page.body);
    } else {
        did(school, lead, &["take-out-words", &reference]);
    }
    let shown = did(school, lead, &["show", &reference]);
    for gone in ["tablet", "Reed", "take out the words"] {
        assert!(!shown.contains(gone), "{gone}: {shown}");
    }
    for stays in ["in the child-protection file, and here no more", "CP-26-114", "No. 9", "named ada (victim)", "N4"] {
        assert!(shown.contains(stays), "{stays}: {shown}");
    }
    assert_eq!(did(school, lead, &["take-out-words", &reference]), "It was so already.\n");
    assert_eq!(school.reporter(&["verify"]).code, 0);
}
