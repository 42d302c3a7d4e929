//! Lists of people, as systems export them and as they come damaged.
//!
//! 1. Arbitrary bytes are read or refused, and never a panic.
//! 2. The order of columns does not matter.
//! 3. Nothing is taken but what is needed, whatever else stands in a row.
//! 4. A line that is left out is named by its number, and no remark names a person.

#![expect(clippy::unwrap_used, clippy::panic, clippy::format_collect, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;

use belisha_formats::mis::claims::{Claims, PupilClaim};
use belisha_formats::mis::{Content, File, Gathered, Refusal, read, read_file};
use belisha_formats::sheet::NoTable;
use belisha_policy::people::Restriction;
use belisha_testkit::test_data;
use proptest::prelude::*;

fn file(text: &str) -> File {
    read_file("list.csv", text.as_bytes()).unwrap()
}

fn pupils(text: &str) -> (Vec<PupilClaim>, Vec<u64>) {
    let file = file(text);
    let lines = file.complaints.iter().filter_map(|remark| remark.line).collect();
    let Content::Pupils(pupils) = file.content else { panic!("they are pupils") };
    (pupils, lines)
}

fn refused(bytes: &[u8]) -> Refusal {
    read_file("list.csv", bytes).err().unwrap().refusal
}

/// Lines enough that a few bad ones are not too many.
fn among_good(bad: &[&str]) -> String {
    let good = (0..400).map(|number| format!("A99931{number:06}1,Vane{number},Ada,2016-04-23,4,4A\n"));
    let head = "UPN,Surname,Forename,DOB,Year,Class\n".to_owned();
    head + &bad.iter().map(|line| format!("{line}\n")).collect::<String>() + &good.collect::<String>()
}

#[test]
fn bad_lines_are_left_out_and_named() {
    for (bad, about) in [
        ("A999310000001,=HYPERLINK(1),Ada,2016-04-23,4,4A", "formula"),
        ("A999310000001,Vane,@SUM(A1),2016-04-23,4,4A", "formula"),
        ("A999310000001,\u{ff1d}cmd,Ada,2016-04-23,4,4A", "formula"),
        ("A999310000001,'+1,Ada,2016-04-23,4,4A", "formula"),
        ("A999310000001,Vane,<b>Ada</b>,2016-04-23,4,4A", "markup"),
        ("A999310000001,Va\u{202e}ne,Ada,2016-04-23,4,4A", "not seen"),
        ("9.99E+11,Vane,Ada,2016-04-23,4,4A", "spreadsheet"),
        ("A99931,Vane,Ada,2016-04-23,4,4A", "UPN"),
        ("A999310000001,Vane,Ada,31/02/2016,4,4A", "no day"),
        ("A999310000001,Vane,Ada,2016-04-23,Ten,4A", "year"),
        ("A999310000001,,Ada,2016-04-23,4,4A", "missing"),
        ("A999310000001,Vane,Ada,2016-04-23,4,4A,4B", "fields"),
        ("A999310000001,Vane", "fields"),
    ] {
        let text = among_good(&[bad]);
        let file = file(&text);
        assert_eq!(file.complaints.len(), 1, "{bad}");
        let remark = &file.complaints[0];
        assert_eq!(remark.line, Some(2), "{bad}");
        assert!(remark.text.contains(about), "{bad}: {}", remark.text);
        assert!(!remark.text.contains("Vane") && !remark.text.contains("A9993"), "{}", remark.text);
        let Content::Pupils(pupils) = file.content else { panic!("they are pupils") };
        assert_eq!(pupils.len(), 400);
    }
}

#[test]
fn one_upn_on_two_lines_is_left_out_twice() {
    let twice = ["B999310000991,Vane,Ada,2016-04-23,4,4A", "B999310000991,Birch,Ben,2016-04-24,4,4A"];
    let (pupils, lines) = pupils(&among_good(&twice));
    assert_eq!((pupils.len(), lines), (400, vec![2, 3]));
}

#[test]
fn what_is_no_list_is_refused_as_a_whole() {
    assert_eq!(refused(b""), Refusal::Empty);
    assert_eq!(refused(b"\n\n"), Refusal::Empty);
    assert_eq!(refused(b"UPN,Surname,Forename,Year\n"), Refusal::Empty);
    assert_eq!(refused(b"UPN,Surname,Forename,Year\nA999310000001,Nu\0l,Ada,4\n"), Refusal::NoTable(NoTable::Nul));
    assert_eq!(refused(b"<!doctype html><title>Sign in</title>"), Refusal::NoTable(NoTable::Html));
    assert_eq!(refused(b"a,b,c\n1,2,3\n"), Refusal::Unknown);
    assert_eq!(refused(b"Surname,Forename,Year\n\"Vane,Ada,4\nBirch,Ben,4\n"), Refusal::NoTable(NoTable::OpenQuote));
    assert!(matches!(
        refused(&[&b"UPN,Surname\n"[..], &vec![b'x'; 8 << 20]].concat()),
        Refusal::NoTable(NoTable::LongLine(_))
    ));
    let swapped: String = (0..30).map(|n| format!("Vane{n},A99931{n:06}1,Ada,4\n")).collect();
    assert!(matches!(refused(format!("UPN,Surname,Forename,Year\n{swapped}").as_bytes()), Refusal::Swapped("UPN")));
    let days: String = (10..30).map(|n| format!("Vane,Ada,4,2016-04-{n}\n")).collect();
    assert!(matches!(refused(format!("Surname,Forename,DOB,Year\n{days}").as_bytes()), Refusal::Swapped(_)));
    let half: String =
        (0..30).map(|n| if n % 2 == 0 { format!("A99931{n:06}1,Vane,Ada,4\n") } else { "A9,,,\n".into() }).collect();
    let Refusal::Malformed { bad, lines, .. } = refused(format!("UPN,Surname,Forename,Year\n{half}").as_bytes()) else {
        panic!("half of it is missing")
    };
    assert_eq!((bad, lines), (15, 30));
}

#[test]
fn days_of_spreadsheets_and_of_america_are_read_and_said() {
    let serial = file("Surname,Forename,DOB,Year\nVane,Ada,42483,4\n");
    assert_eq!(serial.notes.len(), 1);
    let Content::Pupils(pupils) = serial.content else { panic!("they are pupils") };
    assert_eq!(pupils[0].born.unwrap().to_string(), "2016-04-23");
    let american = file("Surname,Forename,DOB,Year\nVane,Ada,4/23/2016,4\nBirch,Ben,5/6/2016,4\n");
    let Content::Pupils(pupils) = american.content else { panic!("they are pupils") };
    assert_eq!(pupils[1].born.unwrap().to_string(), "2016-05-06");
}

/// Data minimisation: of a row with everything in it, only what is needed is kept.
#[test]
fn nothing_is_taken_that_is_not_needed() {
    let head = "UPN,Surname,Forename,DOB,Year,Class,SEN Status,FSM,Ethnicity,Medical,Password,Postcode,Mobile,Religion";
    let row = "A999310000001,Vane,Ada,2016-04-23,4,4A,zqcanary,zqcanary,zqcanary,zqcanary,zqcanary,zqcanary,zqcanary,zqcanary";
    let (pupils, _) = pupils(&format!("{head}\n{row}\n"));
    let pupil = &pupils[0];
    let kept = format!(
        "{:?}{:?}{:?}{:?}{:?}{:?}{:?}",
        pupil.ids.iter().map(|id| id.id.clone()).collect::<Vec<_>>(),
        (pupil.name.surname(), pupil.name.forename(), pupil.name.known_surname(), pupil.name.known_forename()),
        pupil.upn.map(|upn| upn.as_str().to_owned()),
        pupil.class,
        pupil.login.as_ref().map(|login| login.as_str().to_owned()),
        pupil.email,
        (pupil.born, pupil.year, pupil.joined),
    );
    assert!(kept.contains("Vane") && !kept.contains("zqcanary"), "{kept}");
}

#[test]
fn directories_give_accounts_and_no_passwords() {
    let google = "First Name [Required], Last Name [Required], Email Address [Required], Password [Required], \
                  Password Hash Function [UPLOAD ONLY], Org Unit Path [Required], Status [READ ONLY]\n\
                  Ada, Vane, ada@amberhill.example, zqcanary, , /Pupils/Year 4, Active\n\
                  Ben, Birch, ben@amberhill.example, , , /Staff, Suspended\n";
    let google = file(google);
    assert_eq!(google.system, "google");
    let Content::Accounts(accounts) = google.content else { panic!("they are accounts") };
    assert_eq!(
        accounts.iter().map(|it| (it.email.as_str(), it.suspended)).collect::<Vec<_>>(),
        [("ada@amberhill.example", false), ("ben@amberhill.example", true)]
    );
    let microsoft = "version:v1.0\nName [displayName] Required,User name [userPrincipalName] Required,\
                     Initial password [passwordProfile] Required,Block sign in (Yes/No) [accountEnabled] Required\n\
                     Ada Vane,ada@amberhill.example,zqcanary,No\nBen Birch,ben@amberhill.example,,Yes\n";
    let microsoft = file(microsoft);
    assert_eq!(microsoft.system, "microsoft");
    let Content::Accounts(accounts) = microsoft.content else { panic!("they are accounts") };
    assert_eq!(accounts.iter().map(|it| (it.at.line, it.suspended)).collect::<Vec<_>>(), [(3, false), (4, true)]);
    assert_eq!(accounts[0].name.surname(), "Vane");
}

const CTF: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<CTfile>
  <Header><DocumentName>Common Transfer File</DocumentName><CTFversion>19.0</CTFversion>
    <SourceSchool><LEA>999</LEA><SchoolName>zqcanary</SchoolName></SourceSchool></Header>
  <CTFpupilData>
    <Pupil>
      <UPN>K999319721001</UPN><Surname>O&apos;Brien</Surname><Forename>Ada</Forename>
      <DOB>2016-04-23</DOB><Sex>F</Sex>
      <BasicDetails><PreferredForename>Addie</PreferredForename><NCyearActual>4</NCyearActual>
        <Ethnicity>zqcanary</Ethnicity></BasicDetails>
      <LookedAfter><InCare>true</InCare></LookedAfter>
      <Address><PostCode>zqcanary</PostCode></Address>
      <Contacts><Contact><Order>1</Order><Surname>O&#39;Brien</Surname><Forename>Ida</Forename>
        <Relationship>MOT</Relationship><Responsibility>Y</Responsibility></Contact></Contacts>
    </Pupil>
    <Pupil><UPN>nonsense</UPN><Surname>Birch</Surname><Forename>Ben</Forename></Pupil>
  </CTFpupilData>
</CTfile>
"#;

#[test]
fn transfer_files_bring_those_who_come() {
    let ctf = read_file("999_CTF.xml", CTF.as_bytes()).unwrap();
    assert_eq!(ctf.complaints.iter().map(|remark| remark.line).collect::<Vec<_>>(), [Some(16)]);
    let Content::PupilsAndContacts(pupils, contacts, links) = ctf.content else { panic!("pupils and contacts") };
    let ada = &pupils[0];
    assert_eq!((ada.name.surname(), ada.name.forename(), ada.name.known_forename()), ("O'Brien", "Ada", "Addie"));
    assert_eq!((ada.at.line, ada.year.unwrap().number(), contacts.len()), (6, 4, 1));
    assert_eq!((links[0].contact, links[0].responsibility, contacts[0].name.surname()), (0, Some(true), "O'Brien"));
}

/// As people give them: a file of its own, one in a folder, and packed.
#[test]
fn transfer_files_and_utf_16_are_read_from_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let wide: Vec<u8> = "\u{feff}UPN,Surname,Forename,DOB,Year,Class\nK999319721001,Łęcka,Ada,2016-04-23,4,4A\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    std::fs::create_dir(at("export")).unwrap();
    std::fs::write(at("999_CTF.xml"), CTF).unwrap();
    std::fs::write(at("wide.csv"), &wide).unwrap();
    std::fs::write(at("export/999_CTF.xml"), CTF).unwrap();
    std::fs::write(at("export/wide.csv"), &wide).unwrap();
    let mut archive = tar::Builder::new(std::fs::File::create(at("export.tar")).unwrap());
    archive.append_dir_all("export", at("export")).unwrap();
    archive.finish().unwrap();
    let surnames = |name: &str| -> Vec<String> {
        let schools = read(&at(name), &mut |_| {}).unwrap();
        let pupils = schools.iter().flat_map(|school| &school.claims).flat_map(|claims| &claims.pupils);
        pupils.map(|pupil| pupil.name.surname().to_owned()).collect()
    };
    assert_eq!(surnames("999_CTF.xml"), ["O'Brien"]);
    assert_eq!(surnames("wide.csv"), ["Łęcka"]);
    for both in ["export", "export.tar"] {
        assert_eq!(surnames(both), ["Łęcka", "O'Brien"], "{both}");
    }
    // A page to sign in that was saved in place of a list is still none, and so is an archive of another kind.
    std::fs::write(at("page.csv"), "<!DOCTYPE html><title>Sign in</title>").unwrap();
    let page = read(&at("page.csv"), &mut |_| {}).err().unwrap().to_string();
    assert!(page.contains("web page"), "{page}");
    std::fs::write(at("zip.csv"), b"PK\x03\x04....").unwrap();
    assert!(read(&at("zip.csv"), &mut |_| {}).err().unwrap().to_string().contains("ZIP"));
}

#[test]
fn hostile_transfer_files_are_refused() {
    let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;&b;\">]><CTfile>&c;</CTfile>";
    for text in [
        bomb,
        "<CTfile>&xxe;</CTfile>",
        "<CTfile><Pupil>",
        "<other/>",
        "<CTfile></CTfile>",
        "<CTfile><a></b></CTfile>",
        &"<CTfile>".repeat(100),
    ] {
        assert!(matches!(refused(text.as_bytes()), Refusal::Ctf(_)), "{text}");
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let _ = read_file("x", &bytes);
    }

    #[test]
    fn arbitrary_text_behind_headings_never_panics(text in "[A-Z0-9a-z,\"\n/ é=;-]{0,400}", upn in any::<bool>()) {
        let head = if upn { "UPN,Surname,Forename,DOB,Year" } else { "Adno,Contact Surname,Contact Forename,Court Order" };
        let _ = read_file("x", format!("{head}\n{text}").as_bytes());
    }

    #[test]
    fn the_order_of_columns_does_not_matter(order in Just([0, 1, 2, 3, 4, 5]).prop_shuffle(), class in "[1-6][AB]") {
        let columns = ["UPN", "Surname", "Forename", "Date of Birth", "Year Group", "Reg"];
        let values = ["K999319721001", "O'Brien", "Zoë", "23/04/2016", "Year 4", &class];
        let line = |of: &[&str; 6]| order.iter().map(|at| of[*at]).collect::<Vec<_>>().join(",");
        let (pupils, lines) = pupils(&format!("{}\n{}\n", line(&columns), line(&values)));
        prop_assert!(lines.is_empty());
        let pupil = &pupils[0];
        prop_assert_eq!((pupil.name.surname(), pupil.name.forename()), ("O'Brien", "Zoë"));
        prop_assert_eq!(pupil.born.unwrap().to_string(), "2016-04-23");
        prop_assert_eq!(pupil.class.as_deref(), Some(class.as_str()));
    }
}

/// What tells one pupil of the sample school from another.
fn facts(pupil: &PupilClaim) -> (Option<String>, String, Option<String>, Option<i8>, Option<String>) {
    (
        pupil.upn.map(|upn| upn.as_str().to_owned()),
        pupil.email.clone().unwrap_or_default(),
        pupil.born.map(|born| born.to_string()),
        pupil.year.map(belisha_policy::people::NcYear::number),
        pupil.class.clone(),
    )
}

fn of<'a>(school: &'a Gathered, source: &str) -> &'a Claims {
    school.claims.iter().find(|claims| claims.source == source).unwrap()
}

/// Every trap of `traps.csv`, in each of the three dialects.
#[test]
fn three_systems_of_one_school_agree() {
    let Some(folder) = test_data().map(|data| data.join("school/prep/mis")) else { return };
    let schools = read(&folder, &mut |_| {}).unwrap();
    assert_eq!(schools.len(), 1);
    let school = &schools[0];
    assert!(school.complaints.is_empty(), "{:?}", school.complaints);
    let of_each: Vec<BTreeMap<_, _>> = ["wonde", "sims", "arbor"]
        .iter()
        .map(|source| of(school, source).pupils.iter().map(|pupil| (facts(pupil), pupil)).collect())
        .collect();
    for pupils in &of_each {
        assert_eq!(pupils.len(), 281);
        assert!(pupils.keys().eq(of_each[0].keys()));
    }
    let wonde = of(school, "wonde");
    let id = |pupil: &PupilClaim| pupil.ids.iter().find(|id| id.system == "wonde-student").unwrap().id.clone();
    let there: BTreeMap<String, &PupilClaim> = wonde.pupils.iter().map(|pupil| (id(pupil), pupil)).collect();
    let traps = std::fs::read_to_string(folder.join("traps.csv")).unwrap();
    let mut sprung = 0;
    for line in traps.lines().skip(1) {
        let (pupil, note) = line.split_once(',').unwrap();
        let trapped = there[pupil];
        let same: Vec<&PupilClaim> = of_each.iter().map(|pupils| pupils[&facts(trapped)]).collect();
        let name = |pupil: &PupilClaim| (pupil.name.known_surname().to_owned(), pupil.name.known_forename().to_owned());
        sprung += 1;
        if note.contains("CP1252") {
            assert!(same[1].name.surname().contains('?') && !same[0].name.surname().contains('?'));
            assert_eq!(name(same[0]), name(same[2]));
            continue;
        }
        assert!(
            same.iter().all(|other| name(other) == name(trapped) && other.name.surname() == trapped.name.surname())
        );
        match note {
            "preferred forename differs from legal forename" => {
                assert_ne!(trapped.name.forename(), trapped.name.known_forename());
            }
            "no UPN yet (new arrival)" => assert!(trapped.upn.is_none()),
            "date of birth missing" => assert!(trapped.born.is_none()),
            note if note.starts_with("court order: ") => {
                let contact = note.split([' ', ':']).find(|word| word.starts_with('C') && word.len() == 8).unwrap();
                let place = wonde.contacts.iter().position(|it| it.ids.iter().any(|id| id.id == contact)).unwrap();
                let link = wonde.links.iter().find(|link| link.contact == place && link.pupil.id == pupil).unwrap();
                assert_eq!(link.court_order, Some(true), "{:?}", Restriction::CourtOrder);
            }
            _ => {}
        }
    }
    assert_eq!(sprung, 17);
    assert_eq!((wonde.adults.len(), of(school, "governors").adults.len(), wonde.contacts.len()), (41, 9, 549));
}

#[test]
fn thirty_schools_of_a_trust_are_kept_apart() {
    let Some(archive) = test_data().map(|data| data.join("school/trust/trust-30-schools.tar.zst")) else { return };
    let schools = read(&archive, &mut |_| {}).unwrap();
    assert_eq!(schools.len(), 30);
    let count = |of: fn(&Claims) -> usize| -> usize {
        schools.iter().flat_map(|school| &school.claims).filter(|claims| claims.source == "wonde").map(of).sum()
    };
    assert_eq!(count(|claims| claims.pupils.len()), 8_472);
    assert_eq!(count(|claims| claims.adults.len()), 1_153);
    let complaints: usize = schools.iter().map(|school| school.complaints.len()).sum();
    assert_eq!(complaints, 0);
    assert!(schools.iter().all(|school| school.name.is_some() && school.urn.is_some()));
}

#[test]
fn the_second_school_data_sync_joins_users_and_roles() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    file("orgs.csv", "sourcedId,name,type,parentSourcedId\n1,Amber Hill School,school,\n");
    file(
        "users.csv",
        "sourcedId,username,givenName,familyName,password,activeDirectoryMatchId,email,phone\n\
         u1,ada@amberhill.example,Ada,Ashgrove,zqcanary,,ada@amberhill.example,zqcanary\n\
         u2,s.birch,Sam,Birch,zqcanary,,s.birch@amberhill.example,\n\
         u3,p.vane,Kit,Vane,,,kit@mail.example,\nu4,nobody,No,Role,,,,\n",
    );
    file(
        "roles.csv",
        "userSourcedId,orgSourcedId,role,sessionSourcedId,grade,isPrimary\n\
         u1,1,student,,4,true\nu2,1,teacher,,,true\nu3,1,guardian,,,true\n",
    );
    file("classes.csv", "sourcedId,orgSourcedId,title\nc1,1,4A\n");
    file("enrollments.csv", "classSourcedId,userSourcedId,role\nc1,u1,student\n");
    let schools = read(folder.path(), &mut |_| {}).unwrap();
    let claims = of(&schools[0], "sds");
    assert_eq!(
        claims.pupils.iter().map(|it| (it.name.surname(), it.year.unwrap().number())).collect::<Vec<_>>(),
        [("Ashgrove", 4)]
    );
    assert_eq!(claims.adults.iter().map(|it| it.name.surname()).collect::<Vec<_>>(), ["Birch"]);
    assert_eq!(schools[0].complaints.iter().map(|remark| remark.line).collect::<Vec<_>>(), [Some(5)]);
}

#[test]
fn school_data_sync_is_read() {
    for dialect in ["SDS_Format", "UK_Format"] {
        let Some(folder) =
            test_data().map(|data| data.join(format!("school/formats/microsoft-sds/{dialect}/25_Users")))
        else {
            return;
        };
        let schools = read(&folder, &mut |_| {}).unwrap();
        let claims = of(&schools[0], "sds");
        assert!(!claims.pupils.is_empty() && !claims.adults.is_empty(), "{dialect}");
        assert!(
            claims.pupils.iter().all(|pupil| pupil.born.is_some() && pupil.year.is_some() && pupil.login.is_some())
        );
    }
}

/// The kind `mis` of the attack samples.
#[test]
fn attacks_are_refused() {
    let Some(folder) = test_data().map(|data| data.join("attacks/lists")) else { return };
    let manifest = std::fs::read_to_string(folder.join("manifest.jsonl")).unwrap();
    let mut seen = 0;
    for line in manifest.lines().filter(|line| line.contains("\"kind\": \"mis\"")) {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| case[key].as_str().unwrap().to_owned();
        let path = folder.join(text("dir")).join(text("file"));
        let read = read(&path, &mut |_| {});
        match text("expect").as_str() {
            "reject" => assert!(read.is_err(), "{line}"),
            "accept" => assert!(read.unwrap()[0].complaints.is_empty(), "{line}"),
            "accept-drop" => assert!(!read.unwrap()[0].complaints.is_empty(), "{line}"),
            other => panic!("{other}"),
        }
        seen += 1;
    }
    assert!(seen > 0);
}
