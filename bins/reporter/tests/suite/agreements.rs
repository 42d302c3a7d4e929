//! Agreements and consents at the command line, each step by a person who may.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use belisha_testkit::{Browser, binary, finish};
use serde_json::Value;

use crate::browser::{DESK, PHONE, axe, is_for_everybody};
use crate::console::Console;
use crate::keys::PEOPLE;
use crate::support::{HEAD, REPORTER, School, on_both};

pub(crate) const PUPILS: &str = "Adno,UPN,Surname,Forename,DOB,Year,Reg,Email\n\
                      101,K999319721001,Ashgrove,Ada,23/04/2016,4,4A,ada@amberhill.example\n\
                      102,H999233723002,Birch,Ben,24/04/2016,5,5A,ben@amberhill.example\n";
pub(crate) const CONTACTS: &str = "Adno,Contact Surname,Contact Forename,Relationship,Priority,Parental Responsibility,Court Order\n\
                        101,Ashgrove,Morwen,Mother,1,Yes,No\n\
                        101,Ashgrove,Piran,Father,2,Yes,No\n\
                        101,Ashgrove,Jory,Uncle,3,Yes,Yes\n\
                        102,Birch,Lowen,Mother,1,Yes,No\n";

/// A PNG of one grey pixel.
const PIXEL: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0:~\x9bU\0\0\0\nIDATx\x9cc\x68\0\0\0\x82\0\x81\xddCj\xb6\0\0\0\0IEND\xaeB`\x82";

const OFFICE: &str = "bluebell stamps on the desk";
const TEACHER: &str = "teapot on the bridge";

/// A school whose office is `k.vane`, and whose class 4A is that of `s.birch`; with the tokens of head, office and teacher.
pub(crate) fn staffed(school: &School) -> [String; 3] {
    staffed_with(school, PUPILS, CONTACTS)
}

/// The same with these pupils and contacts.
pub(crate) fn staffed_with(school: &School, pupils: &str, contacts: &str) -> [String; 3] {
    let [head, _] = school.name_holders();
    assert_eq!(school.import("staff.csv", PEOPLE).code, 0);
    // Who belongs to whom stands in two files of one system: they are read together.
    let folder = school.path().join("mis");
    fs::create_dir(&folder).unwrap();
    for (name, text) in [("pupils.csv", pupils), ("contacts.csv", contacts)] {
        fs::write(folder.join(name), text).unwrap();
    }
    let mut importer = binary(REPORTER, "belisha-importer");
    let done = finish(importer.arg("--data").arg(school.path()).arg("people").arg(&folder));
    assert_eq!(done.code, 0, "{}", done.err);
    let head = school.login("head", HEAD, &head);
    for arguments in [&["roles", "appoint", "admin", "k.vane"][..], &["roles", "teacher", "4A", "s.birch"]] {
        assert_eq!(school.as_person(&head, arguments).code, 0);
    }
    let office = school.admit(&head, "k.vane", OFFICE);
    let teacher = school.admit(&head, "s.birch", TEACHER);
    [head, office, teacher]
}

pub(crate) fn agreements(school: &School, token: &str, arguments: &[&str]) -> (i32, String, String) {
    let done = school.as_person(token, &[&["agreements"], arguments].concat());
    (done.code, done.out, done.err)
}

pub(crate) fn did(school: &School, token: &str, arguments: &[&str]) -> String {
    let (code, out, err) = agreements(school, token, arguments);
    assert_eq!(code, 0, "{arguments:?}: {out}{err}");
    out
}

pub(crate) fn refused(school: &School, token: &str, arguments: &[&str], said: &str) {
    let (code, out, err) = agreements(school, token, arguments);
    assert!(code != 0 && err.contains(said), "{arguments:?}: {code} {out}{err}");
}

pub(crate) fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

const JUNIORS: [&str; 9] = [
    "publish",
    "ks2",
    "--template",
    "ks2",
    "--say",
    "school=Amber Hill School",
    "--say",
    "pupil_channel=the class page",
    "--say",
];

pub(crate) fn publish_juniors(more: &[&str]) -> Vec<String> {
    let all = JUNIORS.iter().chain(&["trusted_adults=Mr Birch or Mrs Vane"]).chain(more);
    all.map(|text| (*text).to_owned()).collect()
}

pub(crate) fn done_owned(school: &School, token: &str, arguments: &[String]) -> (i32, String, String) {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    agreements(school, token, &arguments)
}

/// C-045: child and parent, and it is seen whose is missing. C-047: paper, with its scan and its place. C-048: talked over first.
/// C-101 and C-084: nothing is published without its notices, and it is seen since when somebody was told.
#[test]
fn a_round_from_the_first_edition_to_the_last_return() {
    on_both(|school| {
        let [head, office, teacher] = staffed(school);
        assert!(did(school, &head, &["templates"]).contains("How I stay safe on computers"));
        assert!(did(school, &head, &["templates", "ks2"]).contains("can and will check my files"));
        refused(
            school,
            &office,
            &["publish", "ks2", "--grace-until", "2099-01-01", "--template", "ks2"],
            "say what stands for",
        );
        // Without its notice of monitoring nothing is published, and nobody publishes who may not.
        let grace = ["--grace-until", "2099-10-31"];
        let (code, _, err) =
            done_owned(school, &head, &publish_juniors(&[&grace[..], &["--without", "juniors-seen"]].concat()));
        assert!(code == 1 && err.contains("it must say something of that use and e-mail are monitored"), "{err}");
        let (code, _, err) = done_owned(school, &office, &publish_juniors(&grace));
        assert!(code == 1 && err.contains("draft-policy is for others"), "{err}");
        let (_, out, err) = done_owned(school, &head, &publish_juniors(&[&grace[..], &["--dry-run"]].concat()));
        assert!(out.contains("Mr Birch or Mrs Vane") && out.contains("Nothing was published."), "{out}{err}");
        let (code, out, err) = done_owned(school, &head, &publish_juniors(&grace));
        assert!(code == 0 && out.contains("ks2 v1 is in force from"), "{out}{err}");
        assert!(did(school, &teacher, &["show", "ks2"]).contains("I never arrange to meet someone"));
        // In class, after it was talked over, and the teacher's own class alone.
        refused(school, &teacher, &["in-class", "ks2", "ada"], "is talked over with the class");
        refused(school, &teacher, &["discuss", "ks2", "--class", "5A"], "lead-in-class is for others");
        refused(school, &teacher, &["discuss", "ks2", "--class", "9Z"], "lead-in-class is for others");
        did(school, &teacher, &["discuss", "ks2", "--class", "4A"]);
        assert!(did(school, &teacher, &["in-class", "ks2", "--class", "4A"]).contains("1 pupil signed ks2 in class"));
        assert!(did(school, &teacher, &["in-class", "ks2", "--class", "4A"]).contains("have signed already"));
        refused(school, &teacher, &["in-class", "ks2", "ada"], "they signed v1 already");
        // One signature is not enough, and which one is missing is seen.
        let chased = lines(&did(school, &teacher, &["chase", "--json"]));
        assert_eq!(chased.len(), 1, "{chased:?}");
        assert_eq!((&chased[0]["name"], &chased[0]["lacking"]), (&"Ada Ashgrove".into(), &"parent".into()));
        assert_eq!(lines(&did(school, &office, &["chase", "--json"])).len(), 2, "the office sees all");
        let text = did(school, &office, &["coverage"]);
        assert!(text.contains("4A               0 of     1 signed (  0 %), 1 parent missing"), "{text}");
        comes_back_on_paper(school, [&head, &office, &teacher]);
        let covered = lines(&did(school, &office, &["coverage", "--json"]));
        let of_class = covered.iter().find(|it| it["class"] == "4A").unwrap();
        assert_eq!((&of_class["signed"], &of_class["percent"]), (&1.into(), &100.into()));
        let standing: Value = serde_json::from_str(&did(school, &office, &["standing", "ada", "--json"])).unwrap();
        assert_eq!((&standing["standing"], &standing["told"]), (&"agreed".into(), &Value::Null));
        let signed = standing["signatures"].as_array().unwrap();
        let ways: Vec<_> =
            signed.iter().map(|it| (it["way"].as_str().unwrap(), it["printed"].as_str().unwrap())).collect();
        assert_eq!(ways, [("in-class", "Ada Ashgrove"), ("paper", "Morwen Ashgrove")]);
        assert_eq!(signed[1]["capacity"], "as parent or carer");
        let before: Value =
            serde_json::from_str(&did(school, &office, &["standing", "ada", "--at", "2020-01-01", "--json"])).unwrap();
        assert_eq!(before["standing"], "not-asked");
        refused(school, &teacher, &["standing", "ben"], "view-agreements is for others");
        // The other parent says no: the school decides, and says why.
        did(school, &office, &["withdraw", "ks2", "ada", "--parent", "Piran Ashgrove"]);
        assert!(did(school, &office, &["standing", "ada"]).contains("unsigned"));
        did(school, &head, &["provisional", "ada", "--because", "we talk with both parents on Friday"]);
        assert!(did(school, &office, &["standing", "ada"]).contains("provisional"));
        did(school, &head, &["provisional", "ada", "--end"]);
        refused(
            school,
            &teacher,
            &["decide", "ks2", "ada", "--stands", "--because", "x"],
            "settle-agreement is for others",
        );
        did(school, &head, &["decide", "ks2", "ada", "--stands", "--because", "talked with both"]);
        assert!(did(school, &office, &["standing", "ada"]).contains("agreed"));
        // A notice is no signature.
        assert!(
            did(school, &office, &["notice", "--everybody", "--dated", "2026-09-01"]).contains("people were given")
        );
        assert!(did(school, &office, &["standing", "ada"]).contains("told of inspection since"));
        // Words are put right: nobody is asked. Then it says something else: everybody is.
        let (code, out, err) = done_owned(school, &head, &publish_juniors(&["--editorial"]));
        assert!(code == 0 && out.contains("ks2 v1.1 is in force") && out.contains("nobody signs anew"), "{out}{err}");
        assert!(did(school, &office, &["standing", "ada"]).contains("under v1.1"));
        did(school, &head, &["publish", "ks2", "--yearly", "--grace-until", "2099-11-30"]);
        assert!(did(school, &office, &["standing", "ada"]).contains("grace under v1.1"));
        let listed = lines(&did(school, &teacher, &["list", "--json"]));
        assert_eq!((&listed[0]["newest"], &listed[0]["in_force"]), (&"v2".into(), &"v2".into()));
        did(school, &head, &["retire", "ks2"]);
        assert_eq!(did(school, &head, &["list"]), "");
    });
}

/// A form is printed, and comes back: logged by the office, with its scan, from a parent who may.
fn comes_back_on_paper(school: &School, [head, office, teacher]: [&str; 3]) {
    // A form for each who has not signed, with the line that is missing.
    let forms = school.path().join("forms.html");
    let form = ["form", "ks2", "--class", "4A", "--back-by", "To the office.", "--out", forms.to_str().unwrap()];
    assert!(did(school, teacher, &form).contains("1 form is in"));
    let page = fs::read_to_string(&forms).unwrap();
    let is_private = |file: &Path| fs::metadata(file).unwrap().permissions().mode() & 0o777 == 0o600;
    assert!(is_private(&forms), "a form has a child's name");
    assert!(page.contains("Ada Ashgrove") && page.contains("Parent or carer") && !page.contains(">Pupil<"), "{page}");
    refused(school, teacher, &form, "File exists");
    // Paper: by the office, with its scan, from a parent who may.
    let scan = school.path().join("form.png");
    fs::write(&scan, PIXEL).unwrap();
    let letter = school.path().join("letter.txt");
    fs::write(&letter, "not a scan").unwrap();
    let paper = |parent: &str, file: &std::path::Path| {
        let file = file.to_str().unwrap().to_owned();
        let all = ["paper", "ks2", "ada", "--parent", parent, "--filed", "pupil file 12", "--scan", &file];
        all.map(str::to_owned).to_vec()
    };
    for (token, parent, file, said) in [
        (head, "Morwen Ashgrove", &scan, "record-paper-return is for others"),
        (office, "Jory Ashgrove", &scan, "no parent or carer of this child who may sign"),
        (office, "Lowen Birch", &scan, "no parent or carer of this child is called"),
        (office, "Ashgrove", &scan, "several parents or carers"),
        (office, "Morwen Ashgrove", &letter, "neither a PDF nor a picture"),
    ] {
        let (code, out, err) = done_owned(school, token, &paper(parent, file));
        assert!(code != 0 && err.contains(said), "{parent}: {out}{err}");
    }
    let (code, out, err) = done_owned(school, office, &paper("Morwen Ashgrove", &scan));
    assert!(code == 0 && out.contains("as parent or carer, from now on"), "{out}{err}");
    let back = school.path().join("back.png");
    did(school, office, &["scan", "ks2", "ada", "--out", back.to_str().unwrap()]);
    assert!(is_private(&back));
    assert_eq!(fs::read(&back).unwrap(), PIXEL);
}

/// C-013, C-028: policies are read, each year anew, and it is seen who has not. C-029: which edition. R-051: an agreement whose policy
/// changed is marked. R-053: the school's own services stand in it. R-065: name, date, and what it means to sign.
#[test]
fn staff_sign_and_read_what_they_have_to() {
    on_both(|school| {
        let [head, office, teacher] = staffed(school);
        let grace = ["--grace-until", "2099-10-31"];
        let says = [
            "school=Amber Hill",
            "email=StaffPost",
            "channel=the parents' app",
            "coordinator=Kit Vane",
            "storage=the picture store",
            "remote=the remote desktop",
            "lead=Merrin Tolland",
        ];
        let says: Vec<&str> = says.iter().flat_map(|say| ["--say", say]).collect();
        let staff = ["publish", "staff", "--template", "staff", "--rests-on", "online-safety-policy"];
        did(school, &head, &[&staff[..], &says, &grace].concat());
        let text = did(school, &teacher, &["show", "staff"]);
        assert!(
            text.contains("For school business I use only StaffPost.") && text.contains("disciplinary action"),
            "{text}"
        );
        // A sheet has the clauses that bind whoever signs it: those for teachers are on the teacher's alone.
        let forms = school.path().join("staff.html");
        did(school, &head, &["form", "staff", "--out", forms.to_str().unwrap()]);
        let page = fs::read_to_string(&forms).unwrap();
        let sheet = |of: &str| page.split("<article").find(|sheet| sheet.contains(of)).unwrap();
        let teaching = |of: &str| sheet(of).contains("check sites before a class uses them");
        assert!(teaching("Sam Birch") && !teaching("Kit Vane"), "{page}");
        refused(school, &teacher, &["sign", "staff", "--name", " "], "print the name");
        assert!(did(school, &teacher, &["sign", "staff", "--name", "Sam Birch"]).contains("You have signed staff v1."));
        refused(school, &teacher, &["sign", "staff", "--name", "Sam Birch"], "they signed v1 already");
        assert!(did(school, &teacher, &["standing"]).contains("staff: signed under v1"));
        let policy = [
            "publish",
            "online-safety-policy",
            "--template",
            "policy",
            "--say",
            "policy=Online safety policy",
            "--say",
            "where=on the staff drive",
            "--say",
            "school=Amber Hill",
        ];
        did(school, &head, &[&policy[..], &grace].concat());
        let text = did(school, &head, &["list"]);
        assert!(text.contains("Online safety policy") && text.contains("to be read"), "{text}");
        assert!(text.contains("WARNING: a policy on which it rests was published anew since"), "{text}");
        did(school, &teacher, &["sign", "online-safety-policy", "--name", "Sam Birch"]);
        let covered = lines(&did(school, &office, &["coverage", "--json"]));
        let of =
            |document: &str| covered.iter().find(|it| it["document"] == document && it["audience"] == "staff").unwrap();
        let (asked, signed) =
            (of("online-safety-policy")["asked"].as_u64().unwrap(), &of("online-safety-policy")["signed"]);
        assert!(asked >= 3 && *signed == 1, "{covered:?}");
        assert_eq!(of("online-safety-policy")["both_missing"].as_u64().unwrap(), asked - 1);
        let read: Value = serde_json::from_str(&did(school, &office, &["standing", "s.birch", "--json"])).unwrap();
        let last = read["signatures"].as_array().unwrap().last().unwrap();
        assert_eq!((&last["document"], &last["edition"]), (&"online-safety-policy".into(), &"v1".into()));
        did(school, &head, &["publish", "online-safety-policy", "--yearly", "--grace-until", "2099-11-30"]);
        assert!(did(school, &teacher, &["standing"]).contains("online-safety-policy: grace under v1 not signed"));
        did(school, &teacher, &["sign", "online-safety-policy", "--name", "Sam Birch"]);
        refused(school, &teacher, &["coverage", "--at", "soon"], "not a day or an instant");
        assert!(!did(school, &teacher, &["coverage"]).contains("staff"), "a teacher sees their own class");
        did(school, &teacher, &["withdraw", "staff"]);
        assert!(did(school, &teacher, &["standing"]).contains("unsigned"));
    });
}

/// C-089: who may be seen where, by whose word. C-090: what else is asked before. R-088: what is prominent is asked apart.
#[test]
fn who_may_be_shown_where() {
    on_both(|school| {
        let [head, office, teacher] = staffed(school);
        let gate = |token: &str, place: &str| {
            let (code, out, err) = agreements(school, token, &["may-publish", "ada", "ben", "--in", place, "--json"]);
            let said = lines(&out).into_iter().map(|it| (it["may"] == true, it["why"].clone())).collect::<Vec<_>>();
            assert!(code == i32::from(said.iter().any(|(may, _)| !may)), "{out}{err}");
            said
        };
        assert_eq!(gate(&office, "website:group"), [(false, "no-answer".into()), (false, "no-answer".into())]);
        for (child, parent) in [("ada", "Morwen Ashgrove"), ("ben", "Lowen Birch")] {
            did(
                school,
                &office,
                &["pictures", "answer", child, "--parent", parent, "--yes", "website:group", "--no", "press:group"],
            );
        }
        assert_eq!(gate(&office, "website:group"), [(true, Value::Null), (true, Value::Null)]);
        assert_eq!(gate(&office, "press:group")[0], (false, "refused".into()));
        assert_eq!(
            gate(&office, "website:individual-high-profile")[0],
            (false, "no-answer".into()),
            "that is asked apart"
        );
        // C-094: names and pictures are kept apart, in a caption as in the name of a file; an initial names nobody.
        let words = |words: &str| {
            let asked = ["may-publish", "ada", "ben", "--in", "website:group", "--words", words];
            let (code, out, _) = agreements(school, &office, &asked);
            (code, out.lines().filter(|line| line.contains("the words name")).map(str::to_owned).collect::<Vec<_>>())
        };
        assert_eq!(words("Year 4 and 5 at the pond, with A. and B."), (0, vec![]));
        for named in ["Well done, ADA!", "pond-ashgrove-2.jpg", "Ada’s newt"] {
            let (code, said) = words(named);
            assert!(code == 1 && said.len() == 1 && said[0].contains("Ada Ashgrove"), "{named}: {said:?}");
        }
        // The teacher of 4A is told of both, and why of neither, since one is of another class.
        did(school, &head, &["pictures", "flag", "ben", "restricted"]);
        refused(school, &office, &["pictures", "flag", "ben", "looked-after"], "keep-from-pictures is for others");
        assert_eq!(gate(&teacher, "website:group"), [(true, Value::Null), (false, "ask-the-office".into())]);
        assert_eq!(gate(&office, "website:group")[1], (false, "restricted".into()));
        refused(school, &office, &["pictures", "answer", "ada", "--yes", "website:group"], "from the age of 18");
        refused(
            school,
            &office,
            &["pictures", "answer", "ada", "--parent", "Jory", "--yes", "website:group"],
            "holds parental responsibility",
        );
        did(school, &office, &["pictures", "answer", "ada", "--parent", "Jory", "--no", "website:group"]);
        assert_eq!(gate(&office, "website:group")[0], (false, "refused".into()), "a no is taken from everybody");
        let shown = did(school, &office, &["pictures", "show", "ada"]);
        assert!(shown.contains("somebody said no"), "{shown}");
        let (code, out, _) = agreements(school, &teacher, &["may-publish", "--class", "4A", "--in", "website:group"]);
        assert!(
            code == 1 && out.contains("NO  Ada Ashgrove: somebody said no") && out.contains("Before it is published"),
            "{out}"
        );
        refused(school, &teacher, &["may-publish", "ada", "--in", "moon:group"], "no channel has this name");
    });
}

/// C-094 on a page: a teacher asks before they publish; why a child is not shown they are told of their own class alone.
#[test]
fn the_gate_is_a_page() {
    let school = School::new();
    let [_, office, teacher] = staffed(&school);
    let yes = ["pictures", "answer", "ada", "--parent", "Morwen Ashgrove", "--yes", "website:group"];
    did(&school, &office, &yes);
    let console = Console::of(&school);
    let token = console.get("/pictures", &teacher).hidden("token");
    let ask = |fields: &[(&str, &str)]| {
        let asked = [("token", token.as_str()), ("channel", "website"), ("purpose", "group")];
        let fields: Vec<(&str, &str)> = asked.iter().chain(fields).copied().collect();
        console.ask("/pictures", Some(&teacher), &fields, &[])
    };
    assert!(ask(&[("class", "4A")]).body.contains("All of them may be shown"));
    let both = ask(&[("who", "ada\r\nBen Birch\r\n")]);
    assert!(both.code == 200 && both.body.contains("Not like this"), "{}", both.body);
    assert!(both.body.contains("<strong>Ben Birch (5A)</strong>: Ask the office."), "{}", both.body);
    let named = ask(&[("class", "4A"), ("words", "pond.jpg\nAda’s <newt>")]);
    assert!(named.body.contains("Named by the words") && named.body.contains("Ada’s &#60;newt&#62;"), "{}", named.body);
    assert!(ask(&[]).body.contains("Say who is in the picture"));
    assert_eq!(ask(&[("class", "4A"), ("channel", "moon")]).code, 200, "the first of two is taken");
    assert_eq!(console.ask("/pictures", None, &[], &[]).code, 303);
}

/// C-048 on the pages: a teacher's class talks about it and signs, staff sign for themselves, the office logs paper and sees how
/// far it has come; and nobody gets at what is not theirs.
#[test]
fn the_pages_do_the_same() {
    let school = School::new();
    let [head, office, teacher] = staffed(&school);
    let (code, out, err) = done_owned(&school, &head, &publish_juniors(&["--grace-until", "2099-10-31"]));
    assert_eq!(code, 0, "{out}{err}");
    let says = ["school=Amber Hill", "email=StaffPost", "channel=the app", "coordinator=Kit Vane", "storage=the store"];
    let says = says.iter().chain(&["remote=the remote desktop", "lead=Merrin Tolland"]).flat_map(|say| ["--say", say]);
    let staff = ["publish", "staff", "--template", "staff", "--grace-until", "2099-10-31"];
    did(&school, &head, &staff.into_iter().chain(says).collect::<Vec<_>>());
    let console = Console::of(&school);
    let page = |token: &str| console.get("/agreements", token).body;
    let shown = page(&teacher);
    assert!(
        shown.contains("4A: Our agreement for computers") && shown.contains("0 of 1 pupils have signed"),
        "{shown}"
    );
    assert!(!shown.contains("Log what came back") && !shown.contains("How far it has come"), "{shown}");
    let token = |of: &str| {
        let page = page(of);
        let (_, rest) = page.split_once("name=\"token\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    let (teachers, offices) = (token(&teacher), token(&office));
    look_at(&console, &[("teacher", &teacher), ("office", &office)]);
    let send = |path: &str, of: &str, fields: &[(&str, &str)]| console.ask(path, Some(of), fields, &[]).code;
    assert_eq!(
        send("/agreements/ks2/discuss", &teacher, &[("token", &teachers), ("class", "5A")]),
        422,
        "not their class"
    );
    assert_eq!(send("/agreements/ks2/discuss", &teacher, &[("token", "elsewhere"), ("class", "4A")]), 403);
    assert_eq!(send("/agreements/ks2/discuss", &teacher, &[("token", &teachers), ("class", "4A")]), 303);
    let shown = page(&teacher);
    let (_, rest) = shown.split_once("name=\"pupil\" type=\"checkbox\" value=\"").unwrap();
    let ada = rest.split('"').next().unwrap();
    let nobody = [("token", teachers.as_str()), ("class", "4A")];
    assert_eq!(send("/agreements/ks2/in-class", &teacher, &nobody), 422);
    let signs = [("token", teachers.as_str()), ("class", "4A"), ("pupil", ada)];
    assert_eq!(send("/agreements/ks2/in-class", &teacher, &signs), 303);
    assert!(page(&teacher).contains("1 of 1 pupils have signed"));
    let paper = [
        ("token", offices.as_str()),
        ("key", "ks2"),
        ("who", "ada"),
        ("parent", "Morwen Ashgrove"),
        ("dated", &chrono::Utc::now().date_naive().to_string()),
        ("filed", "pupil file 12"),
    ];
    let as_teacher: Vec<(&str, &str)> = [("token", teachers.as_str())].into_iter().chain(paper[1..].to_vec()).collect();
    assert_eq!(send("/agreements/returned/paper", &teacher, &as_teacher), 422);
    // With a scan, which is looked into before anything is written down.
    let with_scan = |name: &str, bytes: &[u8]| {
        let file = school.path().join(name);
        fs::write(&file, bytes).unwrap();
        console.send_with_file("/agreements/returned/paper", &office, &paper, ("scan", &file))
    };
    let program = with_scan("return.pdf", b"#!/bin/sh\n");
    assert!(program.code == 422 && program.body.contains("This is neither a PDF nor a picture"), "{}", program.body);
    let large = with_scan("large.png", &[PIXEL, &vec![0; 9 << 20]].concat());
    assert!(large.code == 413 && large.body.contains("eight megabytes at most"), "{}", large.body);
    let larger = with_scan("larger.png", &[PIXEL, &vec![0; 8 << 20]].concat());
    assert!(larger.code == 422 && larger.body.contains("at most 8388608 are kept"), "{}", larger.body);
    assert!(did(&school, &office, &["standing", "ada"]).contains("grace"), "nothing of that was logged");
    let late = console.send_with_file(
        "/agreements/returned/paper",
        "elsewhere",
        &paper,
        ("scan", &school.path().join("return.pdf")),
    );
    assert!(late.body.contains("a file is not kept") && !late.body.contains("Morwen"), "{}", late.body);
    let stranger = console.send_with_file(
        "/agreements/returned/paper",
        "elsewhere",
        &paper,
        ("scan", &school.path().join("larger.png")),
    );
    assert_eq!(stranger.code, 413, "of whoever is not signed in no more is read than of any form");
    assert_eq!(with_scan("return.png", PIXEL).code, 303);
    assert!(page(&office).contains("Log what came back"));
    let covered = console.get("/round", &office).body;
    assert!(covered.contains("1 of 1 have signed (100 %)"), "{covered}");
    assert!(did(&school, &office, &["standing", "ada"]).contains("agreed"));
    let kept = school.path().join("kept.png");
    did(&school, &office, &["scan", "ks2", "ada", "--out", kept.to_str().unwrap()]);
    assert_eq!(fs::read(kept).unwrap(), PIXEL);
    assert_eq!(send("/agreements/returned/paper", &office, &paper[1..]), 403, "without its token");
    // Staff read what they sign, and sign it.
    assert!(page(&teacher).contains("check sites before a class uses them"), "a clause for those who teach");
    assert_eq!(send("/agreements/staff/sign", &teacher, &[("token", &teachers), ("name", " ")]), 422);
    assert_eq!(send("/agreements/staff/sign", &teacher, &[("token", &teachers), ("name", "Sam Birch")]), 303);
    assert!(page(&teacher).contains("Signed: v1, since"));
    assert_eq!(console.ask("/agreements", None, &[], &[]).code, 303);
    assert_eq!(send("/agreements/ks2/nothing", &teacher, &[("token", &teachers)]), 404);
}

/// The page in a browser, on a phone and on a desk: nobody is kept out by how it is made.
fn look_at(console: &Console, people: &[(&str, &str)]) {
    let Some(axe) = axe() else { return };
    let pictures = std::env::var_os("BELISHA_PICTURES").map(std::path::PathBuf::from);
    for (name, size) in [("phone", PHONE), ("desk", DESK)] {
        let Some(browser) = Browser::start(size.0, size.1) else { return };
        for (who, token) in people {
            browser.open(&format!("{}/receipt", console.base));
            browser.cookie("belisha", token);
            for page in ["agreements", "pictures"] {
                browser.open(&format!("{}/{page}", console.base));
                if let Some(folder) = &pictures {
                    browser.picture(&folder.join(format!("{page}-{who}-{name}.png")));
                }
                is_for_everybody(&browser, &axe, &format!("{page} of the {who} on a {name}"));
            }
            // What the gate answers is a page of its own.
            browser.fill("#who", "ada");
            browser.fill("#words", "Ada at the pond");
            browser.send("main form button");
            assert!(browser.text().contains("Named by the words"), "{}", browser.text());
            is_for_everybody(&browser, &axe, &format!("the gate's answer to the {who} on a {name}"));
        }
    }
}
