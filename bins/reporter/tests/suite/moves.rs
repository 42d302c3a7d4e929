//! Pupils who go to another school with their record, by the built program at both schools.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::keys::{PEOPLE, PUPILS};
use crate::support::{HEAD, School, on_both};

fn with_urn(urn: u64) -> String {
    format!("[school]\nname = \"Amber Hill School\"\nurn = {urn}\n[groups]\nyear-4 = \"pupils\"\n")
}

#[test]
fn a_pupil_goes_to_another_school_with_a_receipt() {
    on_both(moves);
}

fn moves(old: &School) {
    let [head, _] = old.name_holders();
    assert_eq!(old.import("staff.csv", PEOPLE).code, 0);
    assert_eq!(old.import("pupils.csv", PUPILS).code, 0);
    let head = old.login("head", HEAD, &head);
    let new = School::new();
    let [other, _] = new.name_holders();
    let other = new.login("head", HEAD, &other);
    new.write_settings(&with_urn(990_004));
    let path = |name: &str| new.path().join(name).to_str().unwrap().to_owned();
    let (key, record, receipt) = (path("key.txt"), path("ada.age"), path("receipt.json"));
    let recipient = new.reporter(&["keys", "backup-key", "--out", &key]).out.trim().to_owned();
    let offer = ["people", "move", "ada", "--to", "990004", "--recipient", &recipient, "--out", &record];
    // It takes the school's own number, a recipient, a pupil, and somebody who may.
    let nameless = old.as_person(&head, &offer);
    assert!(nameless.code == 78 && nameless.err.contains("urn = 990001"), "{}", nameless.err);
    old.write_settings(&with_urn(990_001));
    let nobody = old.reporter(&offer);
    assert!(nobody.code == 1 && nobody.err.contains("nobody is signed in"), "{}", nobody.err);
    let wrong =
        old.as_person(&head, &["people", "move", "ada", "--to", "990004", "--recipient", "age1x", "--out", &record]);
    assert!(wrong.code == 2 && wrong.err.contains("no recipient"), "{}", wrong.err);
    let staff = old
        .as_person(&head, &["people", "move", "k.vane", "--to", "990004", "--recipient", &recipient, "--out", &record]);
    assert!(staff.code == 1 && staff.err.contains("only pupils move"), "{}", staff.err);
    assert_eq!(old.as_person(&head, &["roles", "appoint", "network-manager", "k.vane"]).code, 0);
    let manager = old.admit(&head, "k.vane", "kettle by the orchard");
    let refused = old.as_person(&manager, &offer);
    assert!(refused.code == 1 && refused.err.contains("move-pupils is for others"), "{}", refused.err);
    let sent = old.as_person(&head, &offer);
    assert_eq!(sent.code, 0, "{}", sent.err);
    assert_eq!(fs::metadata(&record).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!String::from_utf8_lossy(&fs::read(&record).unwrap()).contains("Ashgrove"));
    let again = old.as_person(&head, &offer);
    assert!(again.code == 74 && again.err.contains("exists"), "{}", again.err);
    let listed = old.as_person(&head, &["people", "list"]).out;
    assert!(listed.contains(", goes to 990004 (record of ") && listed.contains("no receipt yet"), "{listed}");
    // The other school takes her in, and twice changes nothing.
    let receive = ["people", "receive", &record, "--identity", &key, "--receipt", &receipt];
    let closed = path("other-key.txt");
    new.reporter(&["keys", "backup-key", "--out", &closed]);
    let wrong = new.as_person(&other, &["people", "receive", &record, "--identity", &closed, "--receipt", &receipt]);
    assert!(wrong.code == 65 && wrong.err.contains("another one"), "{}", wrong.err);
    let taken = new.as_person(&other, &receive);
    assert!(taken.code == 0 && taken.out.contains("new here"), "{}{}", taken.out, taken.err);
    assert_eq!(fs::metadata(&receipt).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!fs::read_to_string(&receipt).unwrap().contains("Ashgrove"), "a receipt names nobody");
    let twice =
        new.as_person(&other, &["people", "receive", &record, "--identity", &key, "--receipt", &path("b.json")]);
    assert!(twice.code == 0 && twice.out.contains("here already"), "{}{}", twice.out, twice.err);
    assert!(new.as_person(&other, &["people", "list"]).out.contains("Ashgrove, Ada"));
    // A receipt that is somebody else's, and the right one.
    let foreign = new.as_person(&other, &["people", "receipt", &receipt]);
    assert!(foreign.code == 1 && foreign.err.contains("this receipt is for 990001"), "{}", foreign.err);
    let got = old.as_person(&head, &["people", "receipt", &receipt]);
    assert!(got.code == 0 && got.out.contains("Nobody has signed it"), "{}{}", got.out, got.err);
    let second = old.as_person(&head, &["people", "receipt", &receipt]);
    assert!(second.code == 1 && second.err.contains("a receipt already"), "{}", second.err);
    let listed = old.as_person(&head, &["people", "list"]).out;
    let ada = listed.lines().find(|line| line.contains("Ashgrove, Ada")).unwrap();
    assert!(ada.contains("is switched off or over, moved to 990004 ("), "{ada}");
    let on = old.as_person(&head, &["people", "on", "ada"]);
    assert!(on.code == 1 && on.err.contains("for reading only"), "{}", on.err);
    let imported = old.import("pupils.csv", &PUPILS.replace("Ada", "Adelaide"));
    assert!(imported.out.contains("moved to another school with their record"), "{}", imported.out);
    assert!(!old.as_person(&head, &["people", "list"]).out.contains("Adelaide"));
    for school in [old, &new] {
        assert_eq!(school.reporter(&["verify"]).code, 0);
    }
}
