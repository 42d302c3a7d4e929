//! `belisha-proxy check` and `check-config`, as users run them.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::Stdio;
use std::thread;

use crate::support::School;
use belisha_testkit::{finish, test_data, unpack};
use serde_json::Value;

/// Asks about addresses on standard input, and reads the answers.
fn check(school: &School, who: &[&str], urls: String) -> Vec<Value> {
    let mut command = school.proxy();
    let command = command.arg("check").args(who).args(["--json", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let writer = thread::spawn(move || input.write_all(urls.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// sites are filtered by category, and the lists that hold a site are exactly those that name it.
#[test]
fn every_vector_of_ut1_is_found_in_its_lists_and_in_no_other() {
    let Some(data) = test_data() else { return };
    let school = School::new();
    let import =
        finish(school.importer().args(["lists", "--name", "ut1"]).arg(data.join("ut1/ut1-squidguard.tar.zst")));
    assert_eq!(import.code, 0, "{}", import.err);
    let vectors = unpack(&data.join("ut1/match_vectors.tsv.zst"));
    let vectors: Vec<Vec<&str>> = vectors.lines().skip(1).map(|line| line.split('\t').collect()).collect();
    let answers = check(&school, &[], vectors.iter().flat_map(|cells| [cells[1], "\n"]).collect());
    assert_eq!((vectors.len(), answers.len()), (14_000, 14_000));
    for (cells, answer) in vectors.iter().zip(&answers) {
        let expected: BTreeSet<&str> = cells[2].split(',').filter(|list| *list != "-").collect();
        let rules = answer["rules"].as_array().unwrap();
        let found: BTreeSet<&str> = rules.iter().map(|rule| rule["list"].as_str().unwrap()).collect();
        assert_eq!(found, expected, "{}: {answer}", cells[1]);
    }
}

/// C-065: gambling and games are blocked, games that teach are not. C-066: shopping is blocked but for the bursar.
#[test]
fn categories_are_blocked_by_profile() {
    let school = School::new();
    for (category, name) in [
        ("gambling", "wager.test"),
        ("games", "play.test"),
        ("educational-games", "sums.test"),
        ("shopping", "shop.test"),
    ] {
        assert_eq!(school.import(category, category, &format!("{name}\n")).code, 0);
    }
    let urls = "wager.test\nplay.test\nsums.test\nshop.test\n";
    let verdicts = |who: &str| -> Vec<String> {
        check(&school, &["--as", who], urls.into()).iter().map(|it| it["verdict"].as_str().unwrap().into()).collect()
    };
    assert_eq!(verdicts("pupils"), ["block", "block", "allow", "block"]);
    assert_eq!(verdicts("staff"), ["block", "block", "allow", "block"]);
    assert_eq!(verdicts("bursary"), ["block", "block", "allow", "allow"]);
    assert_eq!(verdicts("127.0.0.9"), ["block", "block", "allow", "allow"]);
}

#[test]
fn an_answer_has_the_keys_of_the_contract() {
    let school = School::new();
    assert_eq!(school.import("betting", "gambling", "wager.test\nno name at all\n").code, 65);
    assert_eq!(school.import("betting", "gambling", "wager.test\n").code, 0);
    let answers =
        check(&school, &[], "http://WWW.wager.test:8080/x?q#f\nhttp://no such host/\nhttps://fine.test\n".into());
    let keys = |answer: &Value| answer.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    let expected = ["url", "who", "at", "verdict", "categories", "rules", "monitor", "inspect", "reason"];
    assert_eq!(keys(&answers[0]), expected.map(String::from).into());
    assert_eq!(answers[0]["url"], "http://www.wager.test:8080/x?q");
    assert_eq!(answers[0]["who"], "pupils (the strictest profile)");
    assert_eq!(answers[0]["verdict"], "block");
    assert_eq!(answers[0]["categories"], serde_json::json!(["gambling"]));
    let rule = serde_json::json!([{
        "source": "betting", "list": "betting", "entry": "wager.test", "category": "gambling", "layer": "profile"
    }]);
    assert_eq!(answers[0]["rules"], rule);
    assert_eq!(keys(&answers[1]), ["url", "who", "at", "error"].map(String::from).into());
    assert_eq!(answers[2]["verdict"], "allow");
}

#[test]
fn what_an_encrypted_connection_hides_is_said_to_be_unseen() {
    let school = School::new();
    let folder = school.path().join("layout/betting");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("urls"), "shared.test/casino\n").unwrap();
    let import = finish(school.importer().args(["lists", "--category", "gambling"]).arg(school.path().join("layout")));
    assert_eq!(import.code, 0, "{}", import.err);
    let answers = check(&school, &[], "http://shared.test/casino/1\nhttps://shared.test/casino/1\n".into());
    assert_eq!((&answers[0]["verdict"], &answers[0]["rules"][0]["layer"]), (&"block".into(), &"profile".into()));
    assert_eq!((&answers[1]["verdict"], &answers[1]["rules"][0]["layer"]), (&"allow".into(), &"unseen".into()));
}

#[test]
fn exit_codes_say_what_was_wrong() {
    let school = School::new();
    let code = |args: &[&str]| finish(school.proxy().args(args)).code;
    assert_eq!(code(&["check", "example.org"]), 0);
    assert_eq!(code(&["check", "example.org", "http://no such host/"]), 0);
    assert_eq!(code(&["check", "http://no such host/"]), 65);
    assert_eq!(code(&["check", "--as", "nobody", "example.org"]), 1);
    assert_eq!(code(&["check"]), 2);
    assert_eq!(code(&["--school", "no-such-file.toml", "check", "example.org"]), 78);
}

#[test]
fn settings_that_are_wrong_are_answered_with_file_and_line() {
    for (settings, line, what) in [
        ("[school]\nname = \"A\"\ncolour = \"amber\"\n", 3, "unknown field `colour`"),
        (
            "[school]\nname = \"A\"\n[profiles.x]\nbased_on = \"pupils\"\nallow = [\"gamblin\"]\n",
            5,
            "did you mean \"gambling\"",
        ),
        (
            "[school]\nname = \"A\"\n[profiles.x]\nbased_on = \"staff\"\nallow = [\"terrorism\"]\n",
            5,
            "cannot be allowed",
        ),
        ("[school]\nname = \"A\"\n[groups]\nyear-4 = \"juniors\"\n", 4, "does not exist"),
        ("[school]\nname = \"A\"\n[[networks]]\nrange = \"10.0.0.0/33\"\ngroup = \"pupils\"\n", 4, "not a range"),
        ("[school]\nname = \"A\"\n[[networks]]\nrange = \"10.0.0.0/8\"\ngroup = \"robots\"\n", 4, "does not exist"),
        ("[school]\nname = \"A\"\n[listeners]\nproxy = \"3128\"\n", 4, "address with a port"),
        ("[school\n", 1, ""),
    ] {
        let school = School::with(settings);
        for command in [&["check-config"][..], &["check", "example.org"], &["serve", "--listen", "127.0.0.1:0"]] {
            let finished = finish(school.proxy().args(command));
            assert_eq!(finished.code, 78, "{settings}");
            assert!(finished.err.contains(&format!("school.toml:{line}: ")), "{}", finished.err);
            assert!(finished.err.contains(what), "{}", finished.err);
        }
    }
}

#[test]
fn check_config_explains_who_may_do_what_and_what_is_not_covered() {
    let school = School::new();
    assert_eq!(school.import("betting", "gambling", "wager.test\n").code, 0);
    let page = finish(school.proxy().arg("check-config"));
    assert_eq!(page.code, 0);
    for text in [
        "127.0.0.9/32: Odile Fenwright, of the group bursary",
        "held to the profile pupils, the strictest",
        "not covered: discrimination, hate",
        "A concern about the head is the chair's. Where there is no chair: call the local authority",
        "No IWF or CTIRU list is loaded.",
    ] {
        assert!(page.out.contains(text), "{text} is not in:\n{}", page.out);
    }
}

/// C-038, R-030: check-config shows the directory by purpose, and warns of what is missing or stale.
#[test]
fn check_config_shows_agencies_and_warns_of_gaps() {
    let agency = |purpose: &str, checked: &str| {
        format!(
            "[[agencies]]\nname = \"Body for {purpose}\"\npurpose = \"{purpose}\"\ncontact = \"01632 960001\"\n\
             hours = \"always\"\nchecked = {checked}\n"
        )
    };
    let today = chrono::Utc::now().date_naive();
    let file = |checked: &str| {
        let (lado, police) = (agency("lado", &today.to_string()), agency("police", checked));
        format!("[school]\nname = \"A\"\n[review]\nroles = \"2 years\"\n{lado}{police}")
    };
    let school = School::with(&file("2020-01-01"));
    let page = finish(school.proxy().arg("check-config"));
    assert_eq!(page.code, 0, "{}", page.err);
    for text in [
        "Local authority designated officer, allegations against adults: Body for lado, 01632 960001 (always; checked",
        "WARNING: nobody is known for iwf (",
        "WARNING: nobody is known for information-commissioner",
        "WARNING: Body for police was last checked on 2020-01-01, more than 12 months ago",
        "WARNING: 2 years is longer than the 12 months",
    ] {
        assert!(page.out.contains(text), "{text} is not in:\n{}", page.out);
    }
    assert!(!page.out.contains("known for lado"), "{}", page.out);
    // A day that is still to come is wrong here, and does not keep the filter from starting.
    let school = School::with(&file("2999-01-01"));
    let page = finish(school.proxy().arg("check-config"));
    assert!(page.code == 78 && page.err.contains("school.toml:16: checked on 2999-01-01"), "{}", page.err);
    assert_eq!(finish(school.proxy().args(["check", "example.org"])).code, 0);
}
