//! Those who are new or here for a time: what they are asked for, and who knows what is done in a serious incident.

use std::fs;

use crate::agreements::{did, done_owned, lines, publish_juniors, refused, staffed};
use crate::support::{School, on_both};

/// C-049: whoever uses the network and belongs to nobody else signs the rules for visitors before they count as agreed.
#[test]
fn a_contractor_is_asked_and_signs() {
    on_both(|school| {
        let [head, office, _] = staffed(school);
        let added = school
            .as_person(&office, &["people", "add", "Cai Ferris", "--kind", "contractor", "--until", "2099-01-31"]);
        assert_eq!(added.code, 0, "{}{}", added.out, added.err);
        let (_, _, warned) = crate::agreements::agreements(school, &office, &["list"]);
        assert!(warned.contains("WARNING: no agreement is for visitors and contractors"), "{warned}");
        let says = ["school=Amber Hill", "coordinator=Kit Vane", "lead=Merrin Tolland"];
        let says = says.iter().flat_map(|say| ["--say", say]);
        let publish = ["publish", "visitors", "--template", "visitors", "--grace-until", "2099-09-30"];
        did(school, &head, &publish.into_iter().chain(says).collect::<Vec<_>>());
        let standing = |at: &str| lines(&did(school, &office, &["standing", "Cai Ferris", "--json"]))[0][at].clone();
        assert_eq!(standing("standing"), "grace");
        let chased = did(school, &office, &["chase"]);
        assert!(chased.contains("visitors") && chased.contains("Cai Ferris"), "{chased}");
        let forms = school.path().join("visitors.html");
        did(school, &office, &["form", "visitors", "--out", forms.to_str().unwrap()]);
        let page = fs::read_to_string(&forms).unwrap();
        assert!(page.contains("Cai Ferris") && page.contains("The connection is filtered"), "{page}");
        did(school, &office, &["paper", "visitors", "Cai Ferris", "--filed", "visitors' book"]);
        assert_eq!(standing("standing"), "agreed");
        assert_eq!(standing("documents")[0]["state"], "signed");
    });
}

/// C-051: the policies on which an agreement rests stand with it, and nobody is left without something to sign unseen.
#[test]
fn whoever_has_nothing_to_sign_is_seen() {
    let school = School::new();
    let [head, office, _] = staffed(&school);
    let warned = || {
        let (code, out, err) = crate::agreements::agreements(&school, &office, &["list"]);
        assert_eq!(code, 0);
        (out, err)
    };
    assert!(warned().1.contains("WARNING: no agreement is for pupils of years 3 to 6"), "{}", warned().1);
    let policy = ["publish", "online-safety", "--template", "policy", "--grace-until", "2099-10-31"];
    let says = ["--say", "policy=Online safety", "--say", "school=Amber Hill", "--say", "where=the shared drive"];
    did(&school, &head, &[&policy[..], &says[..]].concat());
    let juniors = publish_juniors(&["--grace-until", "2099-10-31", "--rests-on", "online-safety"]);
    assert_eq!(done_owned(&school, &head, &juniors).0, 0);
    let (out, err) = warned();
    assert!(out.contains("rests on online-safety"), "{out}");
    assert!(
        !err.contains("years 3 to 6") && err.contains("no agreement is for staff"),
        "what is only read is no agreement: {err}"
    );
}

/// C-121: whoever joined has a list of what is to be read and signed. R-010: it is seen whether the head has confirmed that they
/// know the procedure for a serious incident.
#[test]
fn who_is_new_and_who_knows() {
    on_both(|school| {
        let [head, office, teacher] = staffed(school);
        refused(school, &office, &["procedure"], "no procedure is published");
        let says = ["school=Amber Hill", "lado=the officer of the council", "lead=Merrin Tolland"];
        let says = says.iter().flat_map(|say| ["--say", say]);
        let procedure = ["publish", "procedure", "--template", "procedure", "--grace-until", "2099-10-31"];
        did(school, &head, &procedure.into_iter().chain(says).collect::<Vec<_>>());
        for policy in ["online-safety", "information-security"] {
            let title = format!("policy={policy}");
            let publish = ["publish", policy, "--template", "policy", "--grace-until", "2099-10-31"];
            let says = ["--say", title.as_str(), "--say", "school=Amber Hill", "--say", "where=the shared drive"];
            did(school, &head, &publish.into_iter().chain(says).collect::<Vec<_>>());
        }
        refused(school, &teacher, &["procedure"], "view-agreements is for others");
        let known = |of: &str| {
            let known = lines(&did(school, &office, &["procedure", "--json"]));
            known.into_iter().find(|it| it["role"] == of).unwrap_or_else(|| panic!("nobody is {of}"))
        };
        assert_eq!(known("head")["name"], "Merrin Tolland");
        assert!(known("head")["confirmed"].is_null());
        assert!(did(school, &office, &["procedure"]).contains("NOT CONFIRMED"));
        did(school, &head, &["sign", "procedure", "--name", "Merrin Tolland"]);
        assert_eq!(known("head")["confirmed"], "v1");
        assert!(known("chair")["confirmed"].is_null(), "each for themselves");
        // Where the procedure says something else by now, they are asked anew.
        let anew = ["publish", "procedure", "--grace-until", "2099-10-31"];
        did(school, &head, &anew);
        assert!(known("head")["confirmed"].is_null());
        // Those who are new.
        let staff = "Id,Surname,Forename,Role,Email,Start Date\n\
                     1,Tolland,Merrin,Headteacher,m.tolland@amberhill.example,\n\
                     2,Birch,Sam,Class Teacher 4A,s.birch@amberhill.example,01/09/2019\n\
                     3,Vane,Kit,IT Technician,k.vane@amberhill.example,\n\
                     4,Penrose,Elowen,Teaching Assistant,e.penrose@amberhill.example,01/11/2026\n";
        assert_eq!(school.import("staff.csv", staff).code, 0);
        let joiners = lines(&did(school, &office, &["joiners", "--since", "2026-10-01", "--json"]));
        let new = joiners.iter().find(|it| it["name"] == "Elowen Penrose").unwrap();
        assert_eq!(new["joined"], "2026-11-01");
        let owed: Vec<&str> =
            new["documents"].as_array().unwrap().iter().map(|it| it["document"].as_str().unwrap()).collect();
        assert_eq!(owed, ["procedure", "online-safety", "information-security"]);
        assert!(joiners.iter().all(|it| it["name"] != "Sam Birch"), "who has been here for years");
        let listed = did(school, &office, &["joiners", "--since", "2026-10-01"]);
        assert!(listed.contains("Elowen Penrose, joined 2026-11-01") && listed.contains("not signed"), "{listed}");
        refused(school, &teacher, &["joiners"], "view-agreements is for others");
    });
}

/// R-066 on paper: the youngest have pictures, and lines for the adults whom they trust.
#[test]
fn the_youngest_have_pictures() {
    let school = School::new();
    let pupils = format!("{}103,,Sorrel,Wren,02/02/2020,1,1A,wren@amberhill.example\n", crate::agreements::PUPILS);
    let [head, office, _] = crate::agreements::staffed_with(&school, &pupils, crate::agreements::CONTACTS);
    let says = ["--say", "school=Amber Hill", "--say", "trusted_adults=Mr Birch"];
    let publish = ["publish", "ks1", "--template", "ks1", "--grace-until", "2099-10-31"];
    did(&school, &head, &publish.into_iter().chain(says).collect::<Vec<_>>());
    let forms = school.path().join("ks1.html");
    did(&school, &office, &["form", "ks1", "--out", forms.to_str().unwrap()]);
    let page = fs::read_to_string(&forms).unwrap();
    assert_eq!(page.matches("<li class=\"pictured\"><svg").count(), 11, "one beside each");
    assert_eq!(page.matches("class=\"write\"").count(), 2);
    assert!(page.contains("Wren Sorrel") && !page.contains("Ada"), "the form is for those for whom it is");
}
