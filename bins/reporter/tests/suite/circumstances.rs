//! How it came about, who reads it first, and how bad the school takes it to be: typed and asked for as people do.

use crate::incidents::{did, refused, report};
use crate::staffed::{SignedIn, staffed, with_key};
use crate::support::School;

/// C-030, C-081: who breaks the rules is for the coordinator; whatever worries somebody, and what a visitor does, is not.
#[test]
fn misuse_is_for_the_coordinator_and_a_worry_is_not() {
    staffed(|school, people| {
        assert_eq!(school.as_person(&people.head, &["roles", "appoint", "coordinator", "i.thorn"]).code, 0);
        let (coordinator, _) = with_key(school, &people.head, "i.thorn", "a harbour in winter", "cases");
        let told = |more: &[&str]| report(school, &people.teacher, &[&["--words", "what I saw"], more].concat());
        let misuse = told(&["--matter", "misuse", "--by", "pupil"]);
        let weakness = told(&["--matter", "weakness"]);
        let hidden = [
            told(&[]),
            told(&["--matter", "concern"]),
            told(&["--matter", "misuse", "--danger"]),
            told(&["--matter", "misuse", "--by", "visitor"]),
            told(&["--matter", "accident", "--may-be-illegal"]),
        ];
        let listed = did(school, &coordinator, &["list"]);
        assert!(listed.contains(&misuse) && listed.contains(&weakness) && listed.lines().count() == 2, "{listed}");
        let nothing = refused(school, &coordinator, &["show", "00000-00000"]);
        for reference in &hidden {
            assert_eq!(refused(school, &coordinator, &["show", reference]), nothing);
        }
        assert!(did(school, &people.head, &["show", &weakness]).contains("tell the head"));
        // What turns out to be worse is the coordinator's no more.
        did(school, &coordinator, &["raise", &misuse, "She is afraid to go home"]);
        assert_eq!(refused(school, &coordinator, &["show", &misuse]), nothing);
        let shown = did(school, &people.lead, &["show", &misuse]);
        assert!(shown.contains("made it a matter of child protection: She is afraid to go home"), "{shown}");
        assert_eq!(school.reporter(&["verify"]).code, 0);
    });
}

/// C-027: whoever worries about a child tells social care by themselves where they see fit; it is written down, it takes nothing from
/// what the school owes, and they see how far their report has come and not the case.
#[test]
fn whoever_tells_outside_by_themselves_has_it_written_down() {
    staffed(|school, people| {
        let told = ["--told", "social-care=SC-77", "--told", "police"];
        let words = ["--words", "She says that she is hit at home", "--named", "ada=victim"];
        let reference = report(school, &people.teacher, &[&words[..], &told].concat());
        let shown = did(school, &people.lead, &["show", &reference]);
        for line in
            ["i.marsh: had told social-care by themselves, whose reference is SC-77", "had told police by themselves"]
        {
            assert!(shown.contains(line), "{line}: {shown}");
        }
        let sorted = did(school, &people.lead, &["sort", &reference, "I8", "pupils"]);
        assert!(sorted.contains("tell the police"), "{sorted}");
        let wrong = refused(school, &people.teacher, &["report", "--words", "x", "--told", "head"]);
        assert!(wrong.contains("is at the school"), "{wrong}");
        let receipt = did(school, &people.teacher, &["receipt", &reference]);
        assert!(receipt.contains("was received on") && !receipt.contains("SC-77"), "{receipt}");
        did(school, &people.lead, &["answer", &reference]);
        assert!(did(school, &people.teacher, &["receipt", &reference]).contains("You were answered"));
        assert!(refused(school, &people.teacher, &["show", &reference]).contains("you hold no key"));
    });
}

/// C-039, C-040, C-041, C-058, C-073: how it came about stands in the case, with the power by which the school acts.
#[test]
fn how_it_came_about_stands_in_the_case() {
    staffed(described);
}

pub(crate) fn described(school: &School, people: &SignedIn) {
    let reference =
        report(school, &people.teacher, &["--words", "A page about a teacher", "--named", "ben=instigator"]);
    let describe = |more: &[&str]| did(school, &people.lead, &[&["describe", reference.as_str()], more].concat());
    describe(&["--by", "pupil", "--did", "made", "--did", "posted", "--where", "outside"]);
    describe(&["--meant", "deliberate", "--touches", "behaviour", "--touches", "online-safety"]);
    let shown = did(school, &people.lead, &["show", &reference]);
    for line in [
        "Done by: A pupil",
        "What was done: Made it",
        "What was done: Posted it",
        "Where: Outside of school",
        "Meant or not: Deliberately",
        "Rules that it touches: Behaviour policy",
        "The school acts by: Education and Inspections Act 2006 s.89(5)",
        "tell the parents, or say why not yet",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    assert!(refused(school, &people.lead, &["describe", &reference]).contains("say why"));
    let wrong = school.as_person(&people.lead, &["incident", "describe", &reference, "--where", "on-the-moon"]);
    assert!(wrong.code == 2 && wrong.err.contains("in-school, outside"), "{}", wrong.err);
    did(school, &people.lead, &["sort", &reference, "N6", "pupils"]);
    let step = ["step", &reference, "ben", "suspension", "--shown-by", "individual"];
    did(school, &people.head, &[&step[..], &["--because", "It was the third time"]].concat());
    assert!(did(school, &people.lead, &["show", &reference]).contains("Suspension, because: It was the third time"));
    // What is said anew stands instead: it was a parent, and no pupil is suspended for that.
    describe(&["--by", "parent"]);
    assert!(refused(school, &people.head, &step).contains("a parent did this"));
    did(school, &people.lead, &["tell", &reference, "head"]);
    did(school, &people.lead, &["heard", &reference, "head", "Speaks with the family on Friday"]);
    assert!(did(school, &people.lead, &["show", &reference]).contains("heard from head: Speaks with the family"));
}

/// a search is written down with its grounds, its witness and what was found; the parents are told of it.
#[test]
fn a_search_of_a_device_is_written_down() {
    staffed(|school, people| {
        let reference = report(school, &people.teacher, &["--words", "Games", "--named", "ben=instigator"]);
        did(school, &people.lead, &["sort", &reference, "U7", "pupils"]);
        let device = ["--of", "ben", "--bag", "7", "--what", "a phone", "--found", "off"];
        did(school, &people.lead, &[&["take-device", reference.as_str()], &device[..]].concat());
        let what = ["--bag", "7", "--grounds", "Two pupils saw it", "--found", "Games alone"];
        let search = |witness| [&["search-device", &reference, "--witness", witness], &what[..]].concat();
        assert!(refused(school, &people.lead, &search("s.birch")).contains("somebody else is there"));
        did(school, &people.lead, &search("i.marsh"));
        let shown = did(school, &people.lead, &["show", &reference]);
        assert!(
            shown.contains("searched bag 7 before i.marsh, because: Two pupils saw it. Found: Games alone"),
            "{shown}"
        );
        assert!(shown.contains("tell the parents"), "{shown}");
    });
}

/// A school takes a kind for worse by its head or lead, and for less bad by its head alone, who says why.
#[test]
fn a_school_takes_kinds_for_worse_and_its_head_for_less_bad() {
    staffed(severities);
}

pub(crate) fn severities(school: &School, people: &SignedIn) {
    assert!(did(school, &people.teacher, &["severities"]).contains("as the table has it"));
    let denied = |token: &str, arguments: &[&str]| refused(school, token, &[&["severity"], arguments].concat());
    assert!(denied(&people.teacher, &["U8", "3"]).contains("is for others"));
    assert!(denied(&people.lead, &["N5", "1", "--because", "we are many"]).contains("is for others"));
    assert!(denied(&people.head, &["N5", "1"]).contains("--because"));
    assert!(denied(&people.head, &["I1", "4", "--because", "no"]).contains("on mere suspicion"));
    did(school, &people.lead, &["severity", "U8", "3"]);
    did(school, &people.head, &["severity", "N5", "1", "--because", "Weekly review of class chats"]);
    let listed = did(school, &people.teacher, &["severities"]);
    assert_eq!(
        listed,
        "N5 Cyberbullying: 1 here, 2 in the table, because (head): Weekly review of class chats\n\
         U8 Shopping: 3 here, 1 in the table\n"
    );
    let reference = report(school, &people.teacher, &["--words", "A shop"]);
    let mild = ["sort", &reference, "U8", "pupils", "--severity", "1"];
    assert!(refused(school, &people.lead, &mild).contains("is 3 at least at this school"));
    did(school, &people.lead, &["sort", &reference, "U8", "pupils"]);
    assert!(did(school, &people.lead, &["show", &reference]).contains("U8 Shopping, severity 3"));
    did(school, &people.lead, &["sort", &reference, "N5", "pupils"]);
    assert!(did(school, &people.lead, &["show", &reference]).contains("N5 Cyberbullying, severity 1"));
    // Taken as the table has it again, it is listed no more.
    did(school, &people.lead, &["severity", "N5", "2"]);
    assert!(!did(school, &people.teacher, &["severities"]).contains("N5"));
    assert_eq!(school.reporter(&["verify"]).code, 0);
}

/// C-031, C-076, C-095, R-070, R-074, R-086: staff agree to write to pupils and parents through the school's systems alone, to take
/// no pictures of pupils but of their own child with a phone of theirs, and to keep pupils out of their social media; what they did
/// otherwise, or captured with a device of their own, is recorded as that, and what the school does about it stands with it and in the
/// register.
#[test]
fn what_staff_do_against_the_rules_is_recorded_with_what_is_done_about_it() {
    staffed(staff_against_the_rules);
}

fn staff_against_the_rules(school: &School, people: &SignedIn) {
    let template = belisha_aua::Template::named("staff").unwrap();
    for (clause, bars) in [
        ("adults-channels", "communicate only through"),
        ("adults-channels", "no private messages"),
        ("adults-pictures", "no camera, phone or device of my own"),
        ("adults-pictures", "my own child alone"),
        ("adults-social", "without pupils or their parents as contacts, without a word about pupils"),
    ] {
        assert!(template.clause(clause).is_some_and(|it| it.text.contains(bars)), "{clause}: {bars}");
    }
    let told = ["--words", "Pictures in a private chat with parents", "--named", "i.thorn=subject", "--by", "staff"];
    let reference = report(school, &people.teacher, &told);
    let head = |arguments: &[&str]| did(school, &people.head, arguments);
    head(&["sort", &reference, "S2", "staff"]);
    let breaches = [
        "off-system-contact",
        "private-messages",
        "online-friendship",
        "staff-social-media",
        "pupil-pictures",
        "personal-capture",
    ];
    let broke = breaches.map(|it| ["--broke", it]).concat();
    head(&[&["describe", &*reference], &broke[..], &["--touches", "staff-conduct"]].concat());
    let wrong = school.as_person(&people.head, &["incident", "describe", &reference, "--broke", "chatting"]);
    assert!(wrong.code == 2 && wrong.err.contains("private-messages"), "{}", wrong.err);
    let step = |step| ["step", &*reference, "i.thorn", step, "--shown-by", "individual"];
    assert!(refused(school, &people.head, &step("detention")).contains("nothing that is done about an adult"));
    head(&step("disciplinary"));
    let shown = head(&["show", &reference]);
    for line in [
        "Rule that was broken: Contact of staff with pupils or parents by means that are not the school's",
        "Rule that was broken: Private messages of staff to pupils or parents",
        "Rule that was broken: Friendship of staff with pupils on social media",
        "Rule that was broken: Pupils, parents, staff or the school in social media of staff",
        "Rule that was broken: Pictures of pupils on a personal phone",
        "Rule that was broken: Pictures, video or sound captured with a personal device",
        "head: i.thorn: Disciplinary action",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    let register = head(&["register"]);
    for line in ["Pictures of pupils on a personal phone", "Disciplinary action"] {
        assert!(register.contains(line), "{line}: {register}");
    }
    // To the lead there is no such incident that they may count.
    assert!(!did(school, &people.lead, &["register"]).contains("Disciplinary action"));
}
