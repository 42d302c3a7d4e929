//! Incidents on the command line, from the first word to the last.

use crate::staffed::{LEAD, SignedIn, staffed};
use crate::support::School;

/// Tells of something, and gives the reference.
pub(crate) fn report(school: &School, token: &str, arguments: &[&str]) -> String {
    let told = school.as_person(token, &[&["incident", "report"], arguments].concat());
    assert_eq!(told.code, 0, "{}", told.err);
    told.out.split("Your reference: ").nth(1).unwrap().lines().next().unwrap().to_owned()
}

pub(crate) fn did(school: &School, token: &str, arguments: &[&str]) -> String {
    let done = school.as_person(token, &[&["incident"], arguments].concat());
    assert_eq!(done.code, 0, "{arguments:?}: {}", done.err);
    done.out
}

pub(crate) fn refused(school: &School, token: &str, arguments: &[&str]) -> String {
    let done = school.as_person(token, &[&["incident"], arguments].concat());
    assert_eq!(done.code, 1, "{arguments:?}: {}{}", done.out, done.err);
    done.err
}

/// SC-01: what a teacher tells of the head is the chair's. The head finds nothing of it, and the lead neither.
#[test]
fn what_is_about_the_head_is_for_the_chair() {
    staffed(about_the_head);
}

pub(crate) fn about_the_head(school: &School, people: &SignedIn) {
    let before = ["list", "tasks"].map(|what| did(school, &people.head, &[what]));
    let keys = school.reporter(&["keys", "list"]).out;
    let words = "A picture of a pupil is on a private account";
    let told = ["--words", words, "--named", "head=subject"];
    let reference = report(school, &people.teacher, &told);
    // The chair handles it; two referrals are owed.
    did(school, &people.chair, &["sort", &reference, "S3", "staff"]);
    let shown = did(school, &people.chair, &["show", &reference]);
    assert!(shown.contains(words) && shown.contains("Adult whom it is about: head"), "{shown}");
    assert!(shown.contains("tell the chair of governors") && shown.contains("(LADO)"), "{shown}");
    let listed = did(school, &people.chair, &["list", "--json"]);
    assert!(listed.contains("\"kind\":\"S3\"") && listed.contains(&reference), "{listed}");
    assert!(did(school, &people.chair, &["tasks"]).contains(&reference));
    // Nobody else finds anything, and what they are told is what is said of a reference that there is not.
    for token in [&people.head, &people.lead] {
        for arguments in [&["show"][..], &["close"], &["sort", "N5", "pupils"]] {
            let with = |reference: &str| {
                let (verb, rest) = arguments.split_first().unwrap();
                refused(school, token, &[&[*verb, reference], rest].concat())
            };
            assert_eq!(with(&reference), with("00000-00000"));
        }
    }
    assert_eq!(["list", "tasks"].map(|what| did(school, &people.head, &[what])), before);
    assert_eq!(school.reporter(&["keys", "list"]).out, keys);
    // Whoever told is told that it arrived, and nothing else.
    let receipt = did(school, &people.teacher, &["receipt", &reference]);
    assert!(receipt.contains("was received on") && receipt.contains("will read it"), "{receipt}");
    assert_eq!(school.reporter(&["verify"]).code, 0);
}

/// SC-02, decisions 3: who comes to be the subject of what they could see keeps what they saw as it was, and can go on with
/// it; nothing that comes later reaches them, and nothing that they do reaches it.
#[test]
fn who_is_found_out_finds_everything_as_it_was() {
    staffed(found_out);
}

pub(crate) fn found_out(school: &School, people: &SignedIn) {
    let first =
        report(school, &people.teacher, &["--words", "Messages late at night to a pupil", "--named", "ada=victim"]);
    let seen = did(school, &people.lead, &["show", &first]);
    // The head learns who sends them.
    let named = did(school, &people.head, &["name", &first, "s.birch", "subject"]);
    assert!(named.contains("Written down"), "{named}");
    let second = report(school, &people.technician, &["--words", "More messages", "--named", "s.birch=subject"]);
    did(school, &people.head, &["link", &first, &second]);
    did(school, &people.head, &["sort", &first, "S1", "staff"]);
    // The lead sees what there was, byte for byte, and does what they would have done.
    assert_eq!(did(school, &people.lead, &["show", &first]), seen);
    did(school, &people.lead, &["sort", &first, "N7", "pupils"]);
    did(school, &people.lead, &["support", &first, "ada", "a talk"]);
    assert!(!did(school, &people.lead, &["list", "--closed"]).contains(&second));
    assert_eq!(
        refused(school, &people.lead, &["show", &second]),
        refused(school, &people.lead, &["show", "00000-00000"])
    );
    // None of that reached the case, which the head sees once, and as it is.
    let shown = did(school, &people.head, &["show", &first]);
    assert!(shown.contains("S1") && shown.contains(&format!("linked it with {second}")), "{shown}");
    assert!(!shown.contains("a talk") && !shown.contains("N7"), "{shown}");
    assert_eq!(did(school, &people.head, &["list"]).matches(&first).count(), 1);
    assert_eq!(school.reporter(&["verify"]).code, 0);
}

/// C-072, SC-03, SC-04: a technician says that it may be illegal; nothing is done until two lift the hold with a note of the police,
/// and then it is the same incident.
#[test]
fn what_may_be_illegal_is_held_until_two_lift_it() {
    staffed(may_be_illegal);
}

pub(crate) fn may_be_illegal(school: &School, people: &SignedIn) {
    let told = ["--words", "On a laptop that came back", "--may-be-illegal"];
    let reference = report(school, &people.technician, &told);
    let shown = did(school, &people.lead, &["show", &reference]);
    for owed in ["tell the police", "tell the Internet Watch Foundation", "tell the local authority"] {
        assert!(shown.contains(owed), "{shown}");
    }
    did(school, &people.lead, &["confirm-hold", &reference]);
    did(school, &people.lead, &["name", &reference, "ada", "victim"]);
    for arguments in [&["close"][..], &["conclude", "false"], &["parents", "ada"], &["sort", "U8", "pupils"]] {
        let (verb, rest) = arguments.split_first().unwrap();
        let said = refused(school, &people.lead, &[&[*verb, &reference], rest].concat());
        assert!(said.contains("preserved and referred"), "{arguments:?} {said}");
    }
    // A picture is taken in under no name.
    let picture = school.path().join("letter.pdf");
    std::fs::write(&picture, b"\x89PNG\r\n\x1a\n0000").unwrap();
    let evidence = ["incident", "evidence", &reference, "a laptop", "--document", picture.to_str().unwrap()];
    let kept_out = school.as_person(&people.lead, &evidence);
    assert!(kept_out.code == 65 && kept_out.err.contains("image/png"), "{}", kept_out.err);
    did(school, &people.lead, &["evidence", &reference, "a laptop, sealed, bag 14", "--kept-as", "bag 14"]);
    did(school, &people.lead, &["tell", &reference, "iwf", "--not-applicable", "no public address"]);
    did(school, &people.lead, &["police", &reference, "26/0417"]);
    // One alone lifts nothing, nor do two who are no pair.
    let lines =
        format!("{LEAD}\n{}\n", people.lead_secret.code_at(chrono::Utc::now() + chrono::TimeDelta::seconds(30)));
    let give_back =
        ["incident", "give-back", &reference, "no further action", "--with", "s.birch", "--passwords-stdin"];
    let twice = school.told_as(&people.lead, &give_back, &lines);
    assert_eq!(twice.code, 1, "{}", twice.err);
    let back = loop {
        let code = people.lead_secret.code_at(chrono::Utc::now() + chrono::TimeDelta::seconds(30));
        let back = school.told_as(&people.head, &give_back, &format!("{LEAD}\n{code}\n"));
        if back.code == 0 {
            break back;
        }
        assert!(back.err.contains("are not right"), "{}", back.err);
        std::thread::sleep(std::time::Duration::from_secs(2));
    };
    assert!(back.out.contains("back from the police"), "{}", back.out);
    did(school, &people.lead, &["sort", &reference, "I1", "pupils"]);
    let shown = did(school, &people.lead, &["show", &reference]);
    assert!(shown.contains("together with s.birch") && shown.contains("bag 14"), "{shown}");
    assert!(shown.contains("\nKept as long as it is open\n"), "{shown}");
    assert_eq!(school.reporter(&["verify"]).code, 0);
}

/// C-071: a pupil's case, from a parent's word to the day on which it is closed and opened again.
#[test]
fn a_case_of_pupils_is_closed_when_all_is_done() {
    staffed(case_of_pupils);
}

fn case_of_pupils(school: &School, people: &SignedIn) {
    let named = ["--words", "Unkind messages", "--named", "ada=victim", "--named", "ben=instigator"];
    let reference = report(school, &people.teacher, &named);
    let lead = &people.lead;
    assert!(refused(school, lead, &["conclude", &reference, "substantiated"]).contains("sort the incident first"));
    did(school, lead, &["sort", &reference, "N5", "pupils"]);
    let early = refused(school, lead, &["close", &reference]);
    assert!(early.contains("tell the parents") && early.contains("how the child"), "{early}");
    did(school, lead, &["inquire", &reference, "--with", "i.marsh"]);
    let unsure = refused(school, lead, &["step", &reference, "ben", "detention", "--shown-by", "class-account"]);
    assert!(unsure.contains("surely enough"), "{unsure}");
    did(school, lead, &["step", &reference, "ben", "conversation", "--shown-by", "individual"]);
    let head_only = refused(school, lead, &["step", &reference, "ben", "suspension", "--shown-by", "individual"]);
    assert!(head_only.contains("Headteacher"), "{head_only}");
    did(school, lead, &["parents", &reference, "ada"]);
    did(school, lead, &["parents", &reference, "ben", "--not-yet", "on the advice of social care"]);
    did(school, lead, &["support", &reference, "ada", "a talk every week"]);
    did(school, lead, &["conclude", &reference, "substantiated"]);
    did(school, lead, &["answer", &reference]);
    assert!(did(school, &people.teacher, &["receipt", &reference]).contains("You were answered."));
    did(school, lead, &["close", &reference]);
    assert!(did(school, lead, &["list"]).is_empty());
    assert!(did(school, lead, &["list", "--closed"]).contains(&reference));
    assert!(refused(school, lead, &["support", &reference, "ada", "more"]).contains("closed"));
    did(school, lead, &["reopen", &reference, "it goes on"]);
    let nothing = school.as_person(&people.teacher, &["incident", "report", "--words", " "]);
    assert!(nothing.code == 1 && nothing.err.contains("say"), "{}", nothing.err);
    let no_key = school.as_person(&people.teacher, &["incident", "list"]);
    assert!(no_key.code == 1 && no_key.err.contains("keys join"), "{}", no_key.err);
    let nobody = school.reporter(&["incident", "report", "--words", "x"]);
    assert!(nobody.code == 1 && nobody.err.contains("nobody is signed in"), "{}", nobody.err);
    assert!(school.reporter(&["incident", "kinds"]).out.contains("I1   Sexual images of children"));
}
