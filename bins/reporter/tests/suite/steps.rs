//! An allegation against a member of staff, step by step, on the command line and on its page.

use belisha_testkit::program;

use crate::console::Console;
use crate::incidents::{did, refused, report};
use crate::staffed::{SignedIn, staffed};
use crate::support::School;

/// What follows a number in the list of steps, for the step that is next.
fn next(shown: &str) -> &str {
    shown.split("NEXT   ").nth(1).unwrap().lines().next().unwrap()
}

/// C-026: the case itself says what comes next, so that whoever leads it need not look it up; that head and deputies know the
/// procedure is seen from what they confirmed (`newcomers`).
#[test]
fn an_allegation_is_led_step_by_step() {
    staffed(|school, people| {
        let console = program("curl").map(|_| Console::of(school));
        led(school, people, console.as_ref());
    });
}

fn led(school: &School, people: &SignedIn, console: Option<&Console>) {
    let told = ["--words", "He shouts at Ada", "--named", "i.thorn=subject", "--named", "ada=victim"];
    let reference = report(school, &people.teacher, &told);
    let head = |arguments: &[&str]| {
        let (verb, rest) = arguments.split_first().unwrap();
        did(school, &people.head, &[&[*verb, &reference], rest].concat())
    };
    let shown = head(&["show"]);
    assert!(next(&shown).starts_with("sort it"), "{shown}");
    head(&["sort", "S1", "staff"]);
    head(&["tell", "head"]);
    head(&["harm-test", "--harmed"]);
    let shown = head(&["show"]);
    // The next step has its clock and what to mind; what is done says by whom; nothing is said twice.
    assert!(next(&shown).starts_with("tell the local authority designated officer (LADO)"), "{shown}");
    assert!(next(&shown).contains(", by 20"), "{shown}");
    for said in [
        "nobody questions the adult",
        " done   write down what was told, in their words (",
        " by i.marsh)",
        " done   test the threshold of harm (",
        "later  say how the adult is supported",
    ] {
        assert!(shown.contains(said), "{said}: {shown}");
    }
    assert_eq!(shown.matches("(LADO), or say why not").count(), 1, "{shown}");
    assert!(shown.contains("To be done:\n  tell the parents"), "{shown}");
    let json: serde_json::Value = serde_json::from_str(&head(&["show", "--json"])).unwrap();
    let steps = json.pointer("/steps").and_then(serde_json::Value::as_array).unwrap();
    let progress = |at: usize| steps.get(at).and_then(|it| it.pointer("/progress")).unwrap();
    assert_eq!([progress(0), progress(5), progress(6)], ["done", "next", "later"], "{json}");
    if let Some(console) = console {
        let page = console.get(&format!("/cases/{reference}"), &people.head).body;
        for said in
            ["<h2>Step by step</h2>", "aria-current=\"step\"", "To be done besides", "nobody questions the adult"]
        {
            assert!(page.contains(said), "{said}: {page}");
        }
    }
    head(&["tell", "lado", "--theirs", "26-17"]);
    head(&["heard", "lado", "The school may look into it"]);
    head(&["support", "ada", "A talk every week"]);
    head(&["support", "i.thorn", "The bursar tells her how it goes"]);
    head(&["inquire", "--with", "i.marsh"]);
    head(&["conclude", "substantiated"]);
    let shown = head(&["show"]);
    assert!(next(&shown).starts_with("decide what is done"), "{shown}");
    assert!(!shown.contains("Barring"), "nobody was dismissed");
    head(&["step", "i.thorn", "dismissal", "--shown-by", "individual"]);
    let shown = head(&["show"]);
    assert!(
        next(&shown).contains("Disclosure and Barring Service") && next(&shown).contains("(where they harmed"),
        "{shown}"
    );
    assert!(refused(school, &people.head, &["close", &reference]).contains("Teaching Regulation Agency"));
    // A document for the service names the adult and the child.
    let draft = head(&["refer", "--to", "dbs"]);
    assert!(draft.contains("Ida Thorn") && draft.contains("Ada Ashgrove"), "{draft}");
    let draft = head(&["refer", "--to", "tra"]);
    assert!(draft.contains("Ida Thorn") && !draft.contains("Ada"), "{draft}");
    // To the lead, who is not of that circle, there is nothing; a pupil's case has no such steps.
    assert_eq!(
        refused(school, &people.lead, &["show", &reference]),
        refused(school, &people.lead, &["show", "00000-00000"])
    );
    let of_pupils = report(school, &people.teacher, &["--words", "x", "--named", "ben=instigator"]);
    assert!(!did(school, &people.lead, &["show", &of_pupils]).contains("Step by step"));
}
