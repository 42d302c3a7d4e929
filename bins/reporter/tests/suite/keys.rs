//! Key holders: named once, and passwords that are changed.

use crate::support::School;

#[test]
fn the_first_holders_are_named_once() {
    let school = School::new();
    let none = school.reporter(&["keys", "list"]);
    assert!(none.out.contains("Nobody is named"), "{}", none.out);
    let alone = school.reporter_told(&["keys", "init", "--holder", "head", "--passwords-stdin"], "amber light one\n");
    assert_eq!(alone.code, 1);
    assert!(alone.err.contains("at least two"), "{}", alone.err);
    let stranger = ["keys", "init", "--holder", "head", "--holder", "chair", "--history", "dsl", "--passwords-stdin"];
    assert_eq!(school.reporter_told(&stranger, "").code, 1);
    let short = ["keys", "init", "--holder", "head", "--holder", "chair", "--passwords-stdin"];
    let short = school.reporter_told(&short, "amber light one\nshort\n");
    assert!(short.code == 1 && short.err.contains("12 characters") && !short.err.contains("amber"), "{}", short.err);
    school.name_holders();
    let listed = school.reporter(&["keys", "list"]);
    assert!(listed.out.contains("chair: captures, cases, history"), "{}", listed.out);
    assert!(listed.out.contains("head: captures, cases;"), "{}", listed.out);
    let again = ["keys", "init", "--holder", "x", "--holder", "y", "--passwords-stdin"];
    let again = school.reporter_told(&again, "amber light one\namber light two\n");
    assert!(again.code == 1 && again.err.contains("already"), "{}", again.err);
    assert_eq!(school.reporter(&["verify"]).code, 0);
}

#[test]
fn a_password_is_changed_by_who_knows_it() {
    let school = School::new();
    school.name_holders();
    let change = ["keys", "password", "head", "--passwords-stdin"];
    let wrong = school.reporter_told(&change, "amber light two\namber light nine\n");
    assert_eq!(wrong.code, 1, "{}", wrong.err);
    let right = school.reporter_told(&change, "amber light one\namber light nine\n");
    assert_eq!(right.code, 0, "{}", right.err);
    let old = school.reporter_told(&change, "amber light one\namber light ten!\n");
    assert_eq!(old.code, 1, "{}", old.err);
}
