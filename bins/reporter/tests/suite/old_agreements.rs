//! Who agreed to what last year, brought from a spreadsheet.

use std::fs;

use belisha_testkit::{Finished, binary, finish};
use serde_json::Value;

use crate::agreements::{did, done_owned, publish_juniors, staffed_with};
use crate::support::{REPORTER, School, on_both};

/// Two are called Cato Thorn; Dara leaves; Quinn has come of age.
const PUPILS: &str = "Adno,UPN,Surname,Forename,DOB,Year,Reg,Email\n\
                      101,K999319721001,Ashgrove,Ada,23/04/2016,4,4A,ada@amberhill.example\n\
                      102,H999233723002,Birch,Ben,24/04/2016,5,5A,ben@amberhill.example\n\
                      103,,Thorn,Cato,01/02/2017,4,4A,cato@amberhill.example\n\
                      104,,Thorn,Cato,05/06/2016,5,5A,c.thorn@amberhill.example\n\
                      105,,Marlow,Quinn,01/01/2000,13,13A,quinn@amberhill.example\n\
                      106,,O'Brien-Łuk,Renée,09/09/2016,4,4A,renee@amberhill.example\n";
const DARA: &str = "107,,Vale,Dara,10/10/2016,4,4A,dara@amberhill.example\n";
const CONTACTS: &str = "Adno,Contact Surname,Contact Forename,Relationship,Priority,Parental Responsibility,Court Order\n\
                        101,Ashgrove,Morwen,Mother,1,Yes,No\n\
                        101,Ashgrove,Piran,Father,2,Yes,No\n\
                        101,Ashgrove,Jory,Uncle,3,Yes,Yes\n\
                        102,Birch,Lowen,Mother,1,Yes,No\n\
                        102,Vane,Hedra,Aunt,2,,No\n\
                        103,Thorn,Elowen,Mother,1,Yes,No\n\
                        105,Marlow,Tamsin,Mother,1,Yes,No\n";

const HEADINGS: &str = "UPN,Pupil,Class,DOB,Signed,Parent,Parent signed\n";
const ADA: &str = "K999319721001,Ada Ashgrove,3A,,08/09/2025,Mrs Morwen Ashgrove,09/09/2025\n";
const BEN: &str = ",\"Birch, Ben\",4A,24/04/2016,Y,Lowen Birch,yes\n";
const CATO: &str = ",Cato Thorn,,01/02/2017,x,,\n";
const NOT_BACK: &str = ",Renee O’Brien Luk,3A,,No,,\n";
const LEFT: &str = ",Dara Vale,3A,,08/09/2025,,\n";
/// What makes two lines in a hundred few.
const MANY: usize = 60;

const KS2: [&str; 4] = ["--document", "ks2", "--dated", "2025-09-10"];

/// A school with an agreement for juniors, and the tokens of head and office.
fn with_agreement(school: &School) -> [String; 2] {
    let [head, office, _] = staffed_with(school, &[PUPILS, DARA].concat(), CONTACTS);
    let (code, out, err) = done_owned(school, &head, &publish_juniors(&["--grace-until", "2099-10-31"]));
    assert_eq!(code, 0, "{out}{err}");
    let left = "Adno,Surname,Forename,DOB,Year,Reg,Leaving date\n107,Vale,Dara,10/10/2016,4,4A,18/07/2025\n";
    let file = school.path().join("left.csv");
    fs::write(&file, left).unwrap();
    let mut importer = binary(REPORTER, "belisha-importer");
    let done = finish(importer.arg("--data").arg(school.path()).args(["people", "--part"]).arg(file));
    assert!(done.code == 0 && done.out.contains("1 left"), "{}{}", done.out, done.err);
    [head, office]
}

fn import(school: &School, token: &str, bytes: &[u8], more: &[&str]) -> Finished {
    let file = school.path().join("last-year.csv");
    fs::write(&file, bytes).unwrap();
    let mut importer = binary(REPORTER, "belisha-importer");
    importer.arg("--data").arg(school.path()).env("BELISHA_TOKEN", token).arg("agreements").arg(file);
    finish(importer.args(more))
}

/// What is counted of a file that was imported.
fn counts(school: &School, token: &str, text: &str, more: &[&str]) -> Value {
    let done = import(school, token, text.as_bytes(), &[&["--json"], more].concat());
    assert_eq!(done.code, 0, "{}", done.err);
    serde_json::from_str(&done.out).unwrap()
}

fn numbers<const N: usize>(done: &Value, names: [&str; N]) -> [u64; N] {
    names.map(|name| done.get(name).unwrap().as_u64().unwrap())
}

const LINES: [&str; 5] = ["new", "as_before", "twice", "not_signed", "left_out"];
const SIGNATURES: [&str; 2] = ["signatures", "signatures_of_parents"];
const PICTURES: [&str; 2] = ["pictures_yes", "pictures_no"];

fn standing(school: &School, token: &str, who: &str) -> Value {
    serde_json::from_str(&did(school, token, &["standing", who, "--json"])).unwrap()
}

fn complaints(done: &Value) -> Vec<&str> {
    done["complaints"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect()
}

#[test]
fn a_list_of_last_year_is_brought_in_once_and_counts_from_then() {
    on_both(|school| {
        let [head, office] = with_agreement(school);
        let text = [HEADINGS, ADA, BEN, CATO, NOT_BACK, LEFT].concat();
        for token in ["", head.as_str()] {
            let done = import(school, token, text.as_bytes(), &KS2);
            assert!(done.code == 1 && done.out.is_empty(), "it takes who may log paper: {}", done.err);
        }
        let chain = school.journal_head();
        let dry = import(school, &office, text.as_bytes(), &[&KS2[..], &["--dry-run"]].concat());
        assert!(
            dry.out.contains("line 2: they signed 08/09/2025; a parent signed 09/09/2025"),
            "{}{}",
            dry.out,
            dry.err
        );
        assert!(dry.out.contains("line 3: they signed 10/09/2025; a parent signed 10/09/2025"), "{}", dry.out);
        assert!(dry.out.contains("left out: last-year.csv: line 6: they have left the school"), "{}", dry.out);
        assert!(["Ada", "Ashgrove", "K999"].iter().all(|word| !dry.out.contains(word)), "{}", dry.out);
        assert_eq!(school.journal_head(), chain, "nothing is written");
        let done = counts(school, &office, &text, &KS2);
        assert_eq!(numbers(&done, LINES), [3, 0, 0, 1, 1], "{done}");
        assert_eq!(numbers(&done, SIGNATURES), [3, 2]);
        let ada = standing(school, &office, "ada");
        assert_eq!(ada["standing"], "agreed");
        let signed = ada["signatures"].as_array().unwrap();
        let ways: Vec<_> = signed.iter().map(|it| (&it["way"], &it["printed"])).collect();
        let imported = Value::from("imported");
        assert_eq!(ways, [(&imported, &"Ada Ashgrove".into()), (&imported, &"Morwen Ashgrove".into())]);
        // Whatever day stands in it, nothing counts before it was brought.
        let before = did(school, &office, &["standing", "ada", "--at", "2025-09-20", "--json"]);
        assert!(!before.contains("\"agreed\""), "{before}");
        assert_eq!(standing(school, &office, "renee")["signatures"].as_array().unwrap().len(), 0);
        // Again it adds nothing, and of one that has grown what is new.
        let chain = school.journal_head();
        assert_eq!(numbers(&counts(school, &office, &text, &KS2), LINES), [0, 3, 0, 1, 1]);
        assert_eq!(school.journal_head(), chain, "nothing is written");
        let signed = NOT_BACK.replace("No", "12/09/2025");
        let grown = [text.as_str(), &signed, &signed].concat();
        assert_eq!(numbers(&counts(school, &office, &grown, &KS2), LINES), [1, 3, 1, 1, 1]);
        // What is taken back here is not undone by the list.
        did(school, &office, &["withdraw", "ks2", "ada", "--parent", "Morwen Ashgrove"]);
        let done = counts(school, &office, &text, &KS2);
        assert!(complaints(&done)[0].starts_with("line 2: they have said no here"), "{done}");
        assert_ne!(standing(school, &office, "ada")["standing"], "agreed");
        // A list of before is not of a later edition.
        did(school, &head, &["publish", "ks2", "--yearly", "--grace-until", "2099-11-30"]);
        let late = import(school, &office, [HEADINGS, ADA].concat().as_bytes(), &KS2);
        assert!(late.code == 65 && late.err.contains("v2 was not there yet on that day"), "{}", late.err);
        assert_eq!(school.reporter(&["verify"]).code, 0);
    });
}

#[test]
fn nobody_is_guessed_and_what_is_wrong_is_said_by_line() {
    let school = School::new();
    let [_, office] = with_agreement(&school);
    let wrong = [
        (",Cato Thorn,4A,,08/09/2025,,\n", "several are called so"),
        (",Nessa Quill,,,08/09/2025,,\n", "nobody of the school has this"),
        (",,,,08/09/2025,,\n", "nobody is named"),
        ("K999319721001,Ben Birch,,,08/09/2025,,\n", "another's"),
        ("K999319721001,Ada Ashgrove,,01/01/2010,08/09/2025,,\n", "another's"),
        ("K99931972,Ada Ashgrove,,,08/09/2025,,\n", "not a UPN"),
        (",Ada Ashgrove,,soon,08/09/2025,,\n", "date of birth cannot be read"),
        (",Ada Ashgrove,,,perhaps,,\n", "signed is neither a day nor yes or no"),
        (",Ada Ashgrove,,,=TODAY(),,\n", "signed is neither a day nor yes or no"),
        (",Ada Ashgrove,,,08/09/2099,,\n", "signed is a day that is still to come"),
        (",Ada Ashgrove,,,,,yes\n", "which parent or carer it was is not said"),
        (",Ada Ashgrove,,,,Mrs Ashgrove,yes\n", "several parents or carers"),
        (",Ada Ashgrove,,,,Lowen Birch,yes\n", "no parent or carer of this child is called so"),
        (",Ada Ashgrove,,,,Jory Ashgrove,yes\n", "no parent or carer of this child who may sign"),
        (",Ben Birch,,,,Hedra Vane,yes\n", "--because"),
        (",Quinn Marlow,,,08/09/2025,,\n", "this is not for them"),
        (",Morwen Ashgrove,,,08/09/2025,,\n", "nobody of the school has this"),
        ("a,b\n", "not as many fields"),
    ];
    let good = ADA.repeat(10);
    let text = [HEADINGS, &good, &wrong.map(|(line, _)| line).concat()].concat();
    let refused = import(&school, &office, text.as_bytes(), &KS2);
    assert!(refused.code == 65 && refused.err.contains("18 lines of 28 cannot be used"), "{}", refused.err);
    assert!(
        refused.err.contains("because of line 12: several") && refused.err.contains("Nothing of it"),
        "{}",
        refused.err
    );
    assert_eq!(standing(&school, &office, "ada")["signatures"].as_array().unwrap().len(), 0);
    let done = counts(&school, &office, &text, &[&KS2[..], &["--accept-complaints"]].concat());
    for (complaint, (line, said)) in complaints(&done).iter().zip(wrong) {
        assert!(complaint.contains(said), "{line}: {complaint}");
        assert!(["Ada", "Cato", "Ashgrove", "K999"].iter().all(|word| !complaint.contains(word)), "{complaint}");
    }
    assert_eq!(numbers(&done, LINES), [1, 0, 9, 0, 18], "{done}");
    // A parent of whom nothing is known signs for a reason.
    let because = [&KS2[..], &["--because", "the mother lives abroad"]].concat();
    let aunt = [HEADINGS, ",Ben Birch,,,,Hedra Vane,yes\n"].concat();
    assert_eq!(numbers(&counts(&school, &office, &aunt, &because), SIGNATURES), [0, 1]);
    // The class of this year tells two apart; that of another year may be the other's by now.
    let today = chrono::Utc::now().format("%Y-%m-%d").to_string();
    let namesake = [HEADINGS, ",Cato Thorn,4A,,yes,,\n"].concat();
    let this_year = ["--document", "ks2", "--dated", today.as_str()];
    assert_eq!(numbers(&counts(&school, &office, &namesake, &this_year), SIGNATURES), [1, 0]);
    assert_eq!(standing(&school, &office, "cato")["signatures"].as_array().unwrap().len(), 1);
    assert_eq!(standing(&school, &office, "c.thorn")["signatures"].as_array().unwrap().len(), 0);
    // Two bad lines in a hundred are few.
    let many = [HEADINGS, &ADA.repeat(MANY), ",Nessa Quill,,,08/09/2025,,\n"].concat();
    assert_eq!(numbers(&counts(&school, &office, &many, &KS2), LINES), [0, MANY as u64, 0, 0, 1]);
}

/// A school names columns as it likes, and says so once.
#[test]
fn any_list_is_read_by_a_saved_mapping_and_what_is_no_list_is_refused() {
    let school = School::new();
    let [_, office] = with_agreement(&school);
    let text = "Child's login;Form back;Which form;Round;Mum or dad\nada;Ja;;;\nben;08/09/2025;our agreement for computers, and the internet;v1;Lowen\n";
    let unknown = import(&school, &office, text.as_bytes(), &KS2);
    assert!(unknown.code == 65 && unknown.err.contains("\"Form back\""), "{}", unknown.err);
    assert!(unknown.err.contains("--map pupil='HEADING' --map signed='HEADING'"), "{}", unknown.err);
    let map = "user=Child's login|signed=form BACK|document=Which form|edition=Round|parent=Mum or dad|parent-signed=Form back";
    let map: Vec<&str> = map.split('|').flat_map(|map| ["--map", map]).collect();
    let text = text.replace("Ja", "");
    let saved = [&map[..], &["--save-profile", "forms"]].concat();
    assert_eq!(numbers(&counts(&school, &office, &text, &[&saved[..], &["--dry-run"]].concat()), SIGNATURES), [1, 1]);
    let profile = school.path().join("import-profiles/forms.toml");
    assert!(!profile.exists());
    assert_eq!(numbers(&counts(&school, &office, &text, &saved), SIGNATURES), [1, 1]);
    assert!(fs::read_to_string(&profile).unwrap().contains("user = \"Child's login\""));
    let again = counts(&school, &office, &text, &["--profile", "forms"]);
    assert_eq!(numbers(&again, LINES), [0, 1, 0, 1, 0]);
    fs::write(&profile, "[columns]\nuser = \"Child's login\"\n\"website:everybody\" = \"Form back\"\n").unwrap();
    let wrong = import(&school, &office, text.as_bytes(), &["--profile", "forms"]);
    assert!(wrong.code == 78 && wrong.err.contains("forms.toml:3"), "{}", wrong.err);
    for (map, code) in [("words=a", 2), ("website:everybody=a", 2)] {
        assert_eq!(import(&school, &office, text.as_bytes(), &["--map", map]).code, code, "{map}");
    }
    let unsaid = import(&school, &office, [HEADINGS, ADA].concat().as_bytes(), &[]);
    assert!(unsaid.code == 2 && unsaid.err.contains("--document"), "{}", unsaid.err);
    // What spreadsheets make of a list, and what is none.
    let wide = |text: &str| [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let list = [HEADINGS, &NOT_BACK.replace("No", "12/09/2025")].concat();
    let tabs = list.replace(',', "\t");
    for (bytes, new) in [([b"\xEF\xBB\xBF", list.as_bytes()].concat(), 1), (wide(&list), 0), (tabs.into_bytes(), 0)] {
        let done = import(&school, &office, &bytes, &[&KS2[..], &["--json"]].concat());
        let done: Value = serde_json::from_str(&done.out).unwrap();
        assert_eq!(numbers(&done, ["new", "as_before", "left_out"]), [new, 1 - new, 0], "{done}");
    }
    for (bytes, said) in [
        (&b""[..], "is empty"),
        (b"<!DOCTYPE html><p>Sign in", "web page"),
        (b"Pupil,Signed\nAda\0,yes\n", "zero bytes"),
        (b"Pupil,Signed\n\"Ada,yes\n", "never closed"),
        (b"Pupil,Signed\n", "nothing below them"),
        (b"K999319721001,08/09/2025\n", "no line of headings"),
    ] {
        let done = import(&school, &office, bytes, &KS2);
        assert!(done.code == 65 && done.err.contains(said) && !done.err.contains("Ada"), "{said}: {}", done.err);
    }
}

#[test]
fn what_was_said_of_pictures_is_brought_and_a_no_is_never_lost() {
    on_both(|school| {
        let [_, office] = with_agreement(school);
        let map = ["--map", "website:group=Website photo", "--map", "press:group=Press", "--map", "user=Login"];
        let headings = "Login,Parent,Website photo,Press\n";
        let text = [
            headings,
            "ada,Morwen Ashgrove,Y,no\n",
            "ada,Piran Ashgrove,y,\n",
            "ben,Hedra Vane,yes,no\n",
            "ben,Lowen Birch,yes,x\n",
            "quinn,,yes,\n",
            "cato,,yes,\n",
            "renee,,,\n",
        ]
        .concat();
        let accepted = [&map[..], &["--accept-complaints"]].concat();
        assert_eq!(import(school, &office, text.as_bytes(), &map).code, 65);
        let done = counts(school, &office, &text, &accepted);
        let expected = [
            "line 4: only whoever holds parental responsibility says yes: a no is taken from everybody; that it says no to \
             pictures is taken",
            "line 5: press:group is neither yes nor no",
            "line 7: which parent or carer it was is not said (parent)",
        ];
        assert_eq!(complaints(&done), expected);
        assert_eq!((numbers(&done, PICTURES), numbers(&done, LINES)), ([3, 2], [3, 0, 0, 1, 3]), "{done}");
        let gate = |who: &str, place: &str| {
            let done = school.as_person(&office, &["agreements", "may-publish", who, "--in", place, "--json"]);
            serde_json::from_str::<Value>(done.out.trim()).unwrap()["why"].clone()
        };
        assert_eq!([gate("ada", "website:group"), gate("quinn", "website:group")], [Value::Null, Value::Null]);
        assert_eq!(
            [gate("ada", "press:group"), gate("ben", "press:group")],
            [Value::from("refused"), "refused".into()]
        );
        assert_eq!(gate("ben", "website:group"), "no-answer");
        let again = counts(school, &office, &text, &accepted);
        assert_eq!((numbers(&again, PICTURES), numbers(&again, LINES)), ([0, 0], [0, 3, 0, 1, 3]), "{again}");
        // What was said here since stands, whether it is a yes or a no.
        let answer = ["pictures", "answer", "ada", "--parent", "Morwen Ashgrove", "--yes", "press:group"];
        did(school, &office, &answer);
        did(school, &office, &["pictures", "withdraw", "ada", "--parent", "Piran Ashgrove"]);
        let stands = counts(school, &office, &text, &accepted);
        assert!(complaints(&stands)[..2].iter().all(|it| it.contains("what is here stands")), "{stands}");
        assert_eq!(numbers(&stands, PICTURES), [0, 0]);
        // Where two lines of a file differ, the no holds whichever comes first.
        for (first, second, held) in [("yes", "no", [1, 1]), ("no", "yes", [0, 1])] {
            let place = if held == [1, 1] { "video:alone" } else { "newsletter:alone" };
            let map = format!("{place}=Photo");
            let text = format!("Login,Parent,Photo\ncato,Elowen Thorn,{first}\ncato,Elowen Thorn,{second}\n");
            let done = counts(school, &office, &text, &["--map", &map, "--map", "user=Login", "--accept-complaints"]);
            assert_eq!(numbers(&done, PICTURES), held, "{done}");
            assert_eq!(gate("cato", place), "refused");
        }
        assert_eq!(school.reporter(&["verify"]).code, 0);
    });
}
