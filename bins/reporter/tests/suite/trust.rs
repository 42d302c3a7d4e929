//! What a trust set for all its schools: no file of a school goes below it, and its lead alone lets it.

use std::fs;
use std::time::{Duration, Instant};

use belisha_testkit::{binary, finish};

use crate::keys::PEOPLE;
use crate::support::{CHAIR, HEAD, REPORTER, School, on_both};

const OPENED: &str = "[school]\nname = \"Amber Hill School\"\n[profiles.sixth-form]\nbased_on = \"pupils\"\n\
                      allow = [\"news\", \"games\"]\n[groups]\nyear-12 = \"sixth-form\"\n";

const BASELINE: &str = "[profiles.all-pupils]\nbased_on = \"pupils\"\nallow = [\"shopping\"]\n";

#[test]
fn a_baseline_is_set_loosened_and_withdrawn_by_the_trusts_lead_alone() {
    on_both(baseline);
}

fn verdict(school: &School) -> String {
    let mut proxy = binary(REPORTER, "belisha-proxy");
    finish(proxy.arg("--data").arg(school.path()).args(["check", "--as", "year-12", "chess.example"])).out
}

fn baseline(school: &School) {
    let [head, chair] = school.name_holders();
    let staff = format!("{PEOPLE}4,Quill,Ana,Safeguarding Lead of the Trust,a.quill@trust.example\n");
    assert_eq!(school.import("staff.csv", &staff).code, 0);
    let head = school.login("head", HEAD, &head);
    let chair = school.login("chair", CHAIR, &chair);
    // Who approves is not picked by whom they check.
    let by_head = school.as_person(&head, &["roles", "appoint", "trust-lead", "a.quill"]);
    assert!(by_head.code == 1 && by_head.err.contains("assign-governors is for others"), "{}", by_head.err);
    assert_eq!(school.as_person(&chair, &["roles", "appoint", "trust-lead", "a.quill"]).code, 0);
    for role in ["coordinator", "network-manager", "technician"] {
        let both = school.as_person(&head, &["roles", "appoint", role, "a.quill"]);
        assert!(both.code == 1 && both.err.contains("at once"), "{role}: {}", both.err);
    }
    let sheet = school.path().join("lead.csv");
    let by_head = school.as_person(&head, &["people", "issue", "a.quill", "--out", sheet.to_str().unwrap()]);
    assert!(by_head.code == 1 && !sheet.exists(), "whoever gives the first password could be them: {}", by_head.err);
    let lead = school.admit(&chair, "a.quill", "lantern on the harbour");
    assert_eq!(school.as_person(&head, &["roles", "grant-status", "head"]).code, 0);
    // The school opens games for its sixth form.
    school.write_settings(OPENED);
    assert_eq!(school.as_person(&head, &["settings", "apply"]).code, 0);
    assert!(verdict(school).starts_with("allow"), "{}", verdict(school));
    let file = school.path().join("baseline.toml");
    fs::write(&file, BASELINE).unwrap();
    let file = file.to_str().unwrap();
    for (who, name) in [(&head, "head"), (&chair, "chair")] {
        for arguments in [
            &["settings", "baseline", file][..],
            &["settings", "baseline", "--end"],
            &["settings", "approve", "games", "--for", "pupils"],
            &["settings", "withdraw", "games", "--for", "pupils"],
        ] {
            let refused = school.as_person(who, arguments);
            assert!(
                refused.code == 1 && refused.err.contains("is for others: Safeguarding lead"),
                "{name} {}",
                refused.err
            );
        }
    }
    let set = school.as_person(&lead, &["settings", "baseline", file]);
    assert_eq!(set.code, 0, "{}", set.err);
    let kept = "WARNING: profile sixth-form leaves games open, and the trust's baseline keeps it shut for pupils: block it \
                there too, or ask the trust's safeguarding lead (belisha-reporter settings approve games --for pupils)";
    assert!(set.out.contains(kept), "{}", set.out);
    assert!(verdict(school).starts_with("block"), "{}", verdict(school));
    let again = school.as_person(&lead, &["settings", "baseline", file]);
    assert!(again.code == 1 && again.err.contains("already"), "{}", again.err);
    // Whoever proposes it, and whoever looks, is told; and applying does not loosen it.
    assert!(school.reporter(&["settings", "diff"]).out.contains(kept));
    school.write_settings(&OPENED.replace("\"games\"", "\"games\", \"shopping\", \"ai-chat\""));
    let applied = school.as_person(&head, &["settings", "apply"]);
    assert!(applied.code == 0 && applied.out.contains(kept), "{}{}", applied.out, applied.err);
    assert!(!applied.out.contains("leaves shopping open"), "the trust leaves it open too: {}", applied.out);
    assert!(verdict(school).starts_with("block"));
    let mut config = binary(REPORTER, "belisha-proxy");
    let config = finish(config.arg("--data").arg(school.path()).arg("check-config"));
    assert!(config.out.contains(kept), "{}{}", config.out, config.err);
    // The lead lets it, for pupils, and until then.
    for (arguments, code, said) in [
        (&["settings", "approve", "terrorism", "--for", "pupils"][..], 1, "blocked for everyone"),
        (&["settings", "approve", "games", "--for", "staff"], 1, "nothing to approve"),
        (&["settings", "approve", "shopping", "--for", "pupils"], 1, "nothing to approve"),
        (&["settings", "approve", "gmaes", "--for", "pupils"], 2, "no category \"gmaes\""),
        (&["settings", "approve", "games", "--for", "pupils", "--until", "2020-01-01T00:00:00Z"], 1, "ends after now"),
        (&["settings", "withdraw", "games", "--for", "pupils"], 1, "nothing to withdraw"),
    ] {
        let refused = school.as_person(&lead, arguments);
        assert!(refused.code == code && refused.err.contains(said), "{arguments:?}: {}", refused.err);
    }
    let soon = (chrono::Utc::now() + chrono::TimeDelta::seconds(8)).to_rfc3339();
    let approved = school.as_person(&lead, &["settings", "approve", "games", "--for", "pupils", "--until", &soon]);
    assert_eq!(approved.code, 0, "{}", approved.err);
    assert!(verdict(school).starts_with("allow"), "{}", verdict(school));
    let listed = school.reporter(&["settings", "list"]).out;
    assert!(listed.contains("Approved: games may be open for pupils until "), "{listed}");
    assert!(listed.contains("Baseline all-pupils: for pupils at least these are blocked: "), "{listed}");
    // By itself it is over.
    let deadline = Instant::now() + Duration::from_secs(30);
    while verdict(school).starts_with("allow") {
        assert!(Instant::now() < deadline, "an approval does not end");
        std::thread::sleep(Duration::from_millis(300));
    }
    assert_eq!(school.as_person(&lead, &["settings", "approve", "games", "--for", "pupils"]).code, 0);
    assert!(verdict(school).starts_with("allow"));
    assert_eq!(school.as_person(&lead, &["settings", "withdraw", "games", "--for", "pupils"]).code, 0);
    assert!(verdict(school).starts_with("block"));
    // What is wrong in the file is said with its line.
    fs::write(file, "[profiles.x]\nbased_on = \"pupils\"\nblock = [\"gmaes\"]\n").unwrap();
    let wrong = school.as_person(&lead, &["settings", "baseline", file]);
    assert!(wrong.code == 78 && wrong.err.contains("baseline.toml:3: "), "{}", wrong.err);
    fs::write(file, "").unwrap();
    let empty = school.as_person(&lead, &["settings", "baseline", file]);
    assert!(empty.code == 78 && empty.err.contains("--end"), "{}", empty.err);
    assert_eq!(school.as_person(&lead, &["settings", "baseline", "--end"]).code, 0);
    assert!(verdict(school).starts_with("allow"));
    let listed = school.reporter(&["settings", "list", "--json"]).out;
    assert!(listed.contains("\"baseline\":{}") && listed.contains("\"kept_shut\":[]"), "{listed}");
    assert_eq!(school.reporter(&["verify"]).code, 0);
}
