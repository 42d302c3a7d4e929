//! Verifying, heads, and what the settings propose.

use std::fs;

use crate::support::School;

#[test]
fn a_sound_journal_is_called_sound_and_a_tampered_one_broken() {
    let school = School::new();
    let sound = school.reporter(&["verify"]);
    assert_eq!(sound.code, 0, "{}", sound.err);
    assert!(sound.out.starts_with("Sound."), "{}", sound.out);
    let head = school.path().join("head.txt");
    assert_eq!(school.reporter(&["head", "--out", head.to_str().unwrap()]).code, 0);
    let against = school.reporter(&["verify", "--against", head.to_str().unwrap()]);
    assert_eq!(against.code, 0, "{}", against.err);
    assert!(against.out.contains("printed earlier"), "{}", against.out);
    school.name_holders();
    // Somebody changes one byte of one payload, where SQLite itself does not notice.
    let db = rusqlite::Connection::open(school.path().join("journal.db")).unwrap();
    let changed = db.execute("UPDATE events SET payload = zeroblob(length(payload)) WHERE position = 2", []).unwrap();
    assert_eq!(changed, 1);
    drop(db);
    let broken = school.reporter(&["verify"]);
    assert_eq!(broken.code, 1);
    assert!(broken.out.starts_with("BROKEN."), "{}", broken.out);
    assert!(
        !broken.out.contains("position") && !broken.out.contains('2'),
        "the place is not for everybody: {}",
        broken.out
    );
    assert_eq!(school.reporter(&["verify", "--json"]).out.trim(), "{\"sound\":false}");
    let two = ["verify", "--holder", "head", "--holder", "chair", "--passwords-stdin"];
    let wrong = school.reporter_told(&two, "amber light one\namber light three\n");
    assert_eq!(wrong.code, 1);
    assert!(!wrong.out.contains("position"), "{}", wrong.out);
    let same = ["verify", "--holder", "head", "--holder", "head", "--passwords-stdin"];
    let same = school.reporter_told(&same, "amber light one\namber light one\n");
    assert!(same.code == 1 && !same.out.contains("position"), "{}", same.out);
    let shown = school.reporter_told(&two, "amber light one\namber light two\n");
    assert_eq!(shown.code, 1);
    assert!(shown.out.contains("position 2"), "{} {}", shown.out, shown.err);
    assert_eq!(school.reporter(&["verify", "--holder", "head"]).code, 2);
}

#[test]
fn a_head_that_is_none_or_anothers_is_refused() {
    let (school, other) = (School::new(), School::new());
    let file = school.path().join("head.txt");
    fs::write(&file, "a shopping list").unwrap();
    let refused = school.reporter(&["verify", "--against", file.to_str().unwrap()]);
    assert_eq!(refused.code, 65);
    assert_eq!(other.reporter(&["head", "--out", file.to_str().unwrap()]).code, 0);
    let refused = school.reporter(&["verify", "--against", file.to_str().unwrap()]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("another school"), "{}", refused.err);
    assert_eq!(school.reporter(&["verify", "--against", "no-such-file"]).code, 74);
}

#[test]
fn settings_in_the_file_are_a_proposal_once_the_journal_has_some() {
    let school = School::new();
    let nothing = school.reporter(&["settings", "diff"]);
    assert!(nothing.code == 0 && nothing.out.contains("is in force"), "{} {}", nothing.out, nothing.err);
    school.write_settings("[school]\nname = \"Amber Hill School\"\n[groups]\nyear-4 = \"staff\"\n");
    let diff = school.reporter(&["settings", "diff"]);
    assert!(diff.out.contains("group year-4 has the profile staff (was pupils)"), "{}", diff.out);
    let apply = school.reporter(&["settings", "apply"]);
    assert_eq!(apply.code, 1, "it takes a signed-in person");
    assert!(apply.err.contains("nobody is signed in"), "{}", apply.err);
    assert!(school.reporter(&["settings", "diff"]).out.contains("year-4"));
    // A network whose group is only proposed waits with it, and says so; it keeps nobody from putting it in force.
    school.write_settings(
        "[school]\nname = \"A\"\n[groups]\nyear-9 = \"pupils\"\n[[networks]]\nrange = \"10.0.0.0/8\"\ngroup = \"year-9\"\n",
    );
    let waits = school.reporter(&["settings", "diff"]);
    assert!(waits.code == 0 && waits.out.contains("new group year-9"), "{} {}", waits.out, waits.err);
    assert!(waits.out.contains("none starts") && waits.out.contains("school.toml:6"), "{}", waits.out);
}

#[test]
fn without_a_school_it_says_how_one_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_belisha-reporter"));
    let said = belisha_testkit::finish(command.arg("--data").arg(folder.path()).arg("verify"));
    assert_eq!(said.code, 1);
    assert!(said.err.contains("belisha-proxy makes it"), "{}", said.err);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "looking makes nothing");
}

#[test]
fn what_is_kept_is_said_before_anything_goes() {
    let school = School::new();
    let said = school.reporter(&["retain"]);
    assert!(said.code == 0 && said.out.starts_with("Would be removed: 0 days"), "{} {}", said.out, said.err);
    let json: serde_json::Value = serde_json::from_str(&school.reporter(&["retain", "--json"]).out).unwrap();
    assert_eq!(json["applied"], false);
    let status = school.reporter(&["store", "status"]);
    assert!(status.out.contains("Amber Hill School") && status.out.contains("journal.db"), "{}", status.out);
}
