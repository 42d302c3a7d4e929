//! Founding, signing in, and what signed-in people do.

use crate::support::{CHAIR, HEAD, Line, School};

#[test]
fn head_and_chair_are_named_once() {
    let school = School::new();
    let none = school.reporter(&["keys", "list"]);
    assert!(none.out.contains("Nobody is named"), "{}", none.out);
    let one =
        ["found", "--head", "Tolland", "--head-user", "h", "--chair", "R A", "--chair-user", "c", "--passwords-stdin"];
    assert_eq!(school.reporter_told(&one, "").code, 2);
    let short =
        ["found", "--head", "M T", "--head-user", "h", "--chair", "R A", "--chair-user", "c", "--passwords-stdin"];
    let short = school.reporter_told(&short, "short\n");
    assert!(short.code == 1 && short.err.contains("12 characters") && !short.err.contains("short\n"), "{}", short.err);
    school.name_holders();
    let listed = school.reporter(&["keys", "list"]);
    assert!(
        listed
            .out
            .contains("head: captures, cases, cases-chair, cases-dsl, cases-protection, cases-staff, history; helps"),
        "{}",
        listed.out
    );
    assert!(listed.out.contains("chair: cases-head; helps"), "{}", listed.out);
    let again =
        ["found", "--head", "X Y", "--head-user", "x", "--chair", "Z W", "--chair-user", "z", "--passwords-stdin"];
    let again = school.reporter_told(&again, "amber light one\n000000\n");
    assert!(again.code == 1 && again.err.contains("already"), "{}", again.err);
    assert_eq!(school.reporter(&["verify"]).code, 0);
}

#[test]
fn a_wrong_code_founds_nothing() {
    let school = School::new();
    let found =
        ["found", "--head", "M T", "--head-user", "h", "--chair", "R A", "--chair-user", "c", "--passwords-stdin"];
    let lines = [Line::Text(HEAD), Line::Code, Line::Text(CHAIR), Line::Text("12345")];
    let (refused, _) = school.talk(&found, &lines);
    assert_eq!(refused.code, 1, "{}", refused.err);
    assert!(school.reporter(&["keys", "list"]).out.contains("Nobody is named"));
    school.name_holders();
}

pub(crate) const PEOPLE: &str = "Id,Surname,Forename,Role,Email\n\
                      1,Tolland,Merrin,Headteacher,m.tolland@amberhill.example\n\
                      2,Birch,Sam,Class Teacher 4A,s.birch@amberhill.example\n\
                      3,Vane,Kit,IT Technician,k.vane@amberhill.example\n";
pub(crate) const PUPILS: &str = "UPN,Surname,Forename,DOB,Year,Class,Email\n\
                      K999319721001,Ashgrove,Ada,23/04/2016,4,4A,ada@amberhill.example\n\
                      H999233723002,Birch,Ben,24/04/2016,5,5A,ben@amberhill.example\n";

/// The passwords of a sheet, by user name.
fn sheet(school: &School, name: &str) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(school.path().join(name)).unwrap();
    let line = |line: &str| {
        let mut cells = line.trim_matches('"').split("\",\"").skip(2).map(str::to_owned);
        (cells.next().unwrap(), cells.next().unwrap())
    };
    text.lines().skip(1).map(line).collect()
}

/// A technician with a shell and no sign-in can act as nobody; who is signed in may what their roles give and no more.
#[test]
fn signed_in_people_do_what_they_may() {
    let school = School::new();
    let [head, _] = school.name_holders();
    assert_eq!(school.import("staff.csv", PEOPLE).code, 0);
    assert_eq!(school.import("pupils.csv", PUPILS).code, 0);
    let out = school.path().join("pupils-out.csv");
    let out = out.to_str().unwrap();
    for arguments in [
        &["people", "list"][..],
        &["people", "issue", "--pupils", "--out", out],
        &["people", "off", "ada"],
        &["roles", "list"],
        &["roles", "appoint", "dsl", "k.vane"],
        &["keys", "admit", "cases", "k.vane"],
        &["keys", "join", "--passwords-stdin"],
    ] {
        let nobody = school.reporter(arguments);
        assert!(nobody.code == 1 && nobody.err.contains("nobody is signed in"), "{arguments:?} {}", nobody.err);
        let forged = school.as_person(&format!("belisha-{}", "7".repeat(64)), arguments);
        assert!(forged.code == 1 && forged.err.contains("nobody is signed in"), "{arguments:?} {}", forged.err);
    }
    // A row that somebody wrote by hand signs nobody in.
    let edit = rusqlite::Connection::open(school.path().join("credentials.db")).unwrap();
    let forged = format!("belisha-{}", "07".repeat(32));
    let hash: Vec<u8> = sha256(&[7; 32]);
    edit.execute("INSERT INTO tokens VALUES (?1, 'x', 9999999999999, NULL, x'00')", [hash]).unwrap();
    drop(edit);
    assert_eq!(school.as_person(&forged, &["roles", "list"]).code, 1);
    // The head signs in, was found again by the import, and gives roles.
    let token = school.login("head", HEAD, &head);
    let listed = school.as_person(&token, &["people", "list", "--json"]);
    assert_eq!(listed.out.lines().count(), 6, "{}", listed.out);
    let did = |arguments: &[&str]| {
        let done = school.as_person(&token, arguments);
        assert_eq!(done.code, 0, "{arguments:?}: {}", done.err);
        done
    };
    did(&["roles", "appoint", "network-manager", "k.vane"]);
    let both = school.as_person(&token, &["roles", "appoint", "dsl", "k.vane"]);
    assert!(both.code == 1 && both.err.contains("at once"), "{}", both.err);
    let above = school.as_person(&token, &["roles", "appoint", "chair", "s.birch"]);
    assert!(above.code == 1 && above.err.contains("Chair of governors"), "{}", above.err);
    did(&["roles", "teacher", "4A", "s.birch"]);
    let vacant = did(&["roles", "list", "--json"]);
    assert!(vacant.out.contains("\"vacant\":[\"coordinator\",\"dsl\""), "{}", vacant.out);
    let staff_out = school.path().join("staff-out.csv");
    did(&["people", "issue", "s.birch", "k.vane", "--out", staff_out.to_str().unwrap()]);
    let issued = sheet(&school, "staff-out.csv");
    // What was issued signs in to nothing until it is changed.
    let code = format!("{}\n000000\n", issued[0].1);
    let unchanged = school.reporter_told(&["login", "s.birch", "--passwords-stdin"], &code);
    assert!(unchanged.code == 1 && unchanged.err.contains("choose one of your own"), "{}", unchanged.err);
    let (user, old) = &issued[0];
    let lines = [Line::Text(old), Line::Text("teapot on the bridge"), Line::Code];
    let (changed, secrets) = school.talk(&["password", user, "--passwords-stdin"], &lines);
    assert_eq!(changed.code, 0, "{}", changed.err);
    let teacher = school.login(user, "teapot on the bridge", &secrets[0]);
    // A teacher sees and serves the class that is theirs.
    let own = school.as_person(&teacher, &["people", "list", "--json"]);
    assert!(own.out.contains("Ashgrove") && !own.out.contains("Ben"), "{}", own.out);
    assert_eq!(school.as_person(&teacher, &["people", "issue", "ada", "--out", out]).code, 0);
    let other = school.path().join("other.csv");
    let others = school.as_person(&teacher, &["people", "issue", "ben", "--out", other.to_str().unwrap()]);
    assert!(others.code == 1 && !other.exists(), "{}", others.err);
    // The network manager gives no passwords to staff.
    let lines = [Line::Text(&issued[1].1), Line::Text("kettle by the orchard"), Line::Code];
    let (_, secrets) = school.talk(&["password", "k.vane", "--passwords-stdin"], &lines);
    let manager = school.login("k.vane", "kettle by the orchard", &secrets[0]);
    let refused = school.as_person(&manager, &["people", "issue", "s.birch", "--out", other.to_str().unwrap()]);
    assert!(refused.code == 1 && refused.err.contains("issue-staff-passwords is for others"), "{}", refused.err);
    assert_eq!(school.as_person(&manager, &["people", "off", "ben"]).code, 0);
    // A compromised password is void at once, and so is every sign-in with it.
    did(&["people", "compromised", "s.birch"]);
    assert_eq!(school.as_person(&teacher, &["people", "list"]).code, 1);
    // A leaver is nobody at once.
    let without = PEOPLE.lines().filter(|line| !line.contains("Vane")).collect::<Vec<_>>().join("\n");
    let note = school.import("staff.csv", &without);
    assert!(note.out.contains("holds a role"), "{}", note.out);
    did(&["roles", "end", "network-manager", "k.vane"]);
    assert_eq!(school.import("staff.csv", &without).code, 0);
    assert_eq!(school.as_person(&manager, &["people", "list"]).code, 1);
    did(&["logout"]);
    assert_eq!(school.as_person(&token, &["roles", "list"]).code, 1);
    assert_eq!(school.reporter(&["verify"]).code, 0);
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).to_vec()
}

/// A handler's key is wrapped by somebody who holds it; settings are put in force by who has the status.
#[test]
fn keys_are_handed_on_and_settings_applied() {
    let school = School::new();
    let [head, _] = school.name_holders();
    assert_eq!(school.import("staff.csv", PEOPLE).code, 0);
    let token = school.login("head", HEAD, &head);
    let out = school.path().join("staff-out.csv");
    assert_eq!(school.as_person(&token, &["people", "issue", "s.birch", "--out", out.to_str().unwrap()]).code, 0);
    let issued = sheet(&school, "staff-out.csv");
    let lines = [Line::Text(&issued[0].1), Line::Text("teapot on the bridge"), Line::Code];
    let (_, secrets) = school.talk(&["password", "s.birch", "--passwords-stdin"], &lines);
    let early = school.as_person(&token, &["keys", "admit", "cases", "s.birch"]);
    assert_eq!(early.code, 1, "no role yet: {}", early.err);
    assert_eq!(school.as_person(&token, &["roles", "appoint", "dsl", "s.birch"]).code, 0);
    let lead = school.login("s.birch", "teapot on the bridge", &secrets[0]);
    let joined = school.told_as(&lead, &["keys", "join", "--passwords-stdin"], "teapot on the bridge\n");
    assert_eq!(joined.code, 0, "{}", joined.err);
    let admitted = school.as_person(&token, &["keys", "admit", "cases", "s.birch"]);
    assert_eq!(admitted.code, 0, "{}", admitted.err);
    assert!(school.reporter(&["keys", "list"]).out.contains("s.birch: cases, cases-protection;"));
    // The file proposes something: it takes the status.
    school
        .write_settings("[school]\nname = \"Amber Hill School\"\n[groups]\nyear-4 = \"pupils\"\nyear-5 = \"pupils\"\n");
    let without = school.as_person(&token, &["settings", "apply"]);
    assert!(without.code == 1 && without.err.contains("web filtering management"), "{}", without.err);
    assert_eq!(school.as_person(&token, &["roles", "grant-status", "head"]).code, 0);
    let applied = school.as_person(&token, &["settings", "apply"]);
    assert_eq!(applied.code, 0, "{}", applied.err);
    assert!(school.reporter(&["settings", "diff"]).out.contains("is in force"));
}
