//! The committee, lines of report, and the review of roles.

use crate::keys::{PEOPLE, PUPILS};
use crate::support::{CHAIR, HEAD, School, on_both};

/// C-003, C-007, C-099, R-001: who sits in the committee and leads it, whom the coordinator answers to, who is
/// answerable for the filter, and that somebody looked through all of it.
#[test]
fn the_committee_and_the_review_of_roles() {
    on_both(committee_and_review);
}

fn committee_and_review(school: &School) {
    let [head, chair] = school.name_holders();
    assert_eq!(school.import("staff.csv", PEOPLE).code, 0);
    assert_eq!(school.import("pupils.csv", PUPILS).code, 0);
    let token = school.login("head", HEAD, &head);
    let did = |arguments: &[&str]| {
        let done = school.as_person(&token, arguments);
        assert_eq!(done.code, 0, "{arguments:?}: {}", done.err);
        done.out
    };
    let empty = did(&["roles", "committee", "list"]);
    assert!(empty.contains("WARNING: nobody sits in the online safety committee"), "{empty}");
    did(&["roles", "appoint", "coordinator", "s.birch"]);
    did(&["roles", "committee", "seat", "k.vane", "--until", "2999-07-20T00:00:00Z"]);
    let listed = did(&["roles", "committee", "list"]);
    assert!(listed.contains("Led by s.birch\nk.vane, for support staff, since "), "{listed}");
    assert!(listed.contains(" until 2999-07-20") && !listed.contains("WARNING"), "{listed}");
    // Somebody else leads it; a chair who does not work here is told of.
    did(&["roles", "committee", "seat", "chair", "--chair", "--represents", "the governing body"]);
    let listed = did(&["roles", "committee", "list", "--json"]);
    assert!(listed.contains("\"led_by\":[\"chair\"]") && listed.contains("the governing body"), "{listed}");
    assert!(listed.contains("not of the staff"), "{listed}");
    did(&["roles", "committee", "seat", "s.birch", "--chair"]);
    let listed = did(&["roles", "committee", "list"]);
    assert!(listed.contains("chair, for the governing body") && listed.contains("s.birch, chair, for"), "{listed}");
    did(&["roles", "committee", "unseat", "chair"]);
    // Pupils do not sit, a term does not end before it begins, and it takes whoever gives roles.
    for (arguments, code, said) in [
        (&["roles", "committee", "seat", "ada"][..], 1, "a Pupil does not sit in the online safety committee"),
        (&["roles", "committee", "seat", "k.vane", "--until", "2020-01-01T00:00:00Z"], 1, "must end after it begins"),
        (&["roles", "committee", "unseat", "head"], 1, "does not sit"),
        (&["roles", "committee", "seat", "k.vane", "--represents", " "], 2, "1 to 60 letters"),
    ] {
        let refused = school.as_person(&token, arguments);
        assert!(refused.code == code && refused.err.contains(said), "{arguments:?}: {}", refused.err);
    }
    let manager = school.admit(&token, "k.vane", "kettle by the orchard");
    let refused = school.as_person(&manager, &["roles", "committee", "seat", "head"]);
    assert!(refused.code == 1 && refused.err.contains("assign-roles is for others"), "{}", refused.err);
    let refused = school.as_person(&manager, &["roles", "review"]);
    assert!(refused.code == 1 && refused.err.contains("review-roles is for others"), "{}", refused.err);
    // Lines of report, and the review.
    let listed = did(&["roles", "list"]);
    assert!(listed.contains("coordinator        Online safety coordinator: s.birch since "), "{listed}");
    assert!(listed.contains("(answers to: Headteacher, Governor)"), "{listed}");
    assert!(listed.contains("in the end: Headteacher (head), Chair of governors (chair)"), "{listed}");
    assert!(listed.contains("Online safety committee, led by s.birch: k.vane, s.birch"), "{listed}");
    assert!(listed.contains("WARNING: nobody has looked through yet who holds which role"), "{listed}");
    let governs = school.login("chair", CHAIR, &chair);
    assert_eq!(school.as_person(&governs, &["roles", "review"]).code, 0);
    let listed = did(&["roles", "list"]);
    assert!(listed.contains(" by chair\n") && !listed.contains("nobody has looked"), "{listed}");
    // Whoever leaves is in it no longer.
    let without = PEOPLE.lines().filter(|line| !line.contains("Vane")).collect::<Vec<_>>().join("\n");
    assert_eq!(school.import("staff.csv", &without).code, 0);
    let listed = did(&["roles", "committee", "list"]);
    assert!(!listed.contains("k.vane") && listed.contains("nobody of the support staff"), "{listed}");
    assert_eq!(school.reporter(&["verify"]).code, 0);
}
