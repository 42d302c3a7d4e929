//! `belisha-importer people`, as it is run.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::Path;
use std::process::Command;

use belisha_school::people::{Entry, Roll};
use belisha_school::{DataFolder, School, Settings};
use belisha_testkit::{Finished, finish, test_data};
use serde_json::Value;
use tempfile::TempDir;

fn people(data: &Path, args: &[&str]) -> Finished {
    let mut command = Command::new(env!("CARGO_BIN_EXE_belisha-importer"));
    finish(command.arg("people").args(args).arg("--data").arg(data))
}

/// The one object that is printed.
fn json(finished: &Finished) -> Value {
    assert_eq!(finished.code, 0, "{}", finished.err);
    serde_json::from_str(&finished.out).unwrap()
}

const LIST: &str = "UPN,Surname,Forename,DOB,Year,Class,Email\n\
                    K999319721001,Ashgrove,Ada,23/04/2016,4,4A,ada@amberhill.example\n\
                    H999233723002,Birch,Ben,24/04/2016,4,4A,ben@amberhill.example\n";

#[test]
fn a_list_is_imported_once_however_often_it_is_given() {
    let folder = TempDir::new().unwrap();
    let (data, list) = (folder.path().join("data"), folder.path().join("pupils.csv"));
    fs::write(&list, LIST).unwrap();
    let list = list.to_str().unwrap();
    let dry = people(&data, &[list, "--dry-run"]);
    assert!(dry.out.contains("pupils.csv:2: new") && dry.out.contains("Dry run: nothing was changed"));
    assert!(!dry.out.contains("Ashgrove") && !data.exists());
    assert_eq!(json(&people(&data, &[list, "--json"]))["pupils"]["new"], 2);
    let again = json(&people(&data, &[list, "--json"]));
    assert_eq!((&again["pupils"]["new"], &again["pupils"]["unchanged"]), (&Value::from(0), &Value::from(2)));
}

#[test]
fn what_is_left_out_is_printed_with_its_line() {
    let folder = TempDir::new().unwrap();
    let (data, list) = (folder.path().join("data"), folder.path().join("pupils.csv"));
    fs::write(&list, format!("{LIST}9.99E+11,Tolland,Merrin,25/04/2016,4,4A,\n")).unwrap();
    let done = people(&data, &[list.to_str().unwrap()]);
    assert_eq!(done.code, 0);
    assert!(done.out.contains("left out: pupils.csv:4: a spreadsheet made a number of this UPN"), "{}", done.out);
    assert!(done.out.contains("pupils: 2 new") && done.out.contains("1 line left out"));
}

/// A Common Transfer File brings those who come, and makes nobody leave; nobody is added twice.
#[test]
fn a_transfer_file_brings_those_who_come() {
    let folder = TempDir::new().unwrap();
    let (data, list, ctf) =
        (folder.path().join("data"), folder.path().join("pupils.csv"), folder.path().join("999_CTF.xml"));
    fs::write(&list, LIST).unwrap();
    let pupil = |upn: &str, surname: &str, forename: &str, born: &str| {
        format!(
            "<Pupil><UPN>{upn}</UPN><Surname>{surname}</Surname><Forename>{forename}</Forename><DOB>{born}</DOB></Pupil>"
        )
    };
    let (ada, new) =
        (pupil("K999319721001", "Ashgrove", "Ada", "2016-04-23"), pupil("W999291520003", "Vane", "Ida", "2016-05-01"));
    fs::write(&ctf, format!("<?xml version=\"1.0\"?>\n<CTfile><CTFpupilData>{ada}{new}</CTFpupilData></CTfile>"))
        .unwrap();
    assert_eq!(people(&data, &[list.to_str().unwrap()]).code, 0);
    let done = json(&people(&data, &[ctf.to_str().unwrap(), "--json"]));
    assert_eq!((&done["pupils"]["new"], &done["pupils"]["left"]), (&Value::from(1), &Value::from(0)), "{done}");
    assert_eq!(done["source"], "ctf");
}

#[test]
fn a_refused_file_changes_nothing() {
    let folder = TempDir::new().unwrap();
    let (data, list) = (folder.path().join("data"), folder.path().join("pupils.csv"));
    for (text, about) in [
        ("", "is empty"),
        ("UPN,Surname,Forename,Year\n", "is empty"),
        ("UPN,Surname,Forename,Year\nK999319721001,Nu\0l,Ada,4\n", "zero bytes"),
        ("<html>Sign in</html>", "web page"),
    ] {
        fs::write(&list, text).unwrap();
        let refused = people(&data, &[list.to_str().unwrap()]);
        assert_eq!(refused.code, 65, "{text:?}");
        assert!(refused.err.contains(about) && refused.err.contains("Nothing was changed"), "{}", refused.err);
        assert!(!data.exists());
    }
    assert_eq!(people(&data, &["no-such-file.csv"]).code, 74);
}

#[test]
fn a_list_without_most_of_the_school_is_refused() {
    let folder = TempDir::new().unwrap();
    let (data, list) = (folder.path().join("data"), folder.path().join("pupils.csv"));
    let pupils = |count: u32| {
        let line = |n: u32| format!("A99931{n:06}1,Vane{n},Ada,23/04/2016,4,4A\n");
        "UPN,Surname,Forename,DOB,Year,Class\n".to_owned() + &(0..count).map(line).collect::<String>()
    };
    let list_path = list.to_str().unwrap();
    fs::write(&list, pupils(60)).unwrap();
    assert_eq!(people(&data, &[list_path]).code, 0);
    fs::write(&list, pupils(30)).unwrap();
    let refused = people(&data, &[list_path]);
    assert_eq!(refused.code, 65);
    assert!(refused.err.contains("30 of 60 pupils") && refused.err.contains("--most-leavers"), "{}", refused.err);
    assert_eq!(json(&people(&data, &[list_path, "--part", "--json"]))["pupils"]["unchanged"], 30);
    // Nobody is signed in.
    let accepted = people(&data, &[list_path, "--most-leavers", "60"]);
    assert_eq!(accepted.code, 1, "{}", accepted.err);
}

/// One folder with a `school.json` is one school, whatever lies beside it: no other is made, and people outside of it are
/// told of and passed over.
#[test]
fn what_lies_beside_the_folder_of_a_school_is_of_no_school() {
    let folder = TempDir::new().unwrap();
    let (data, export) = (folder.path().join("data"), folder.path().join("export"));
    fs::create_dir_all(export.join("mis")).unwrap();
    fs::write(export.join("mis/school.json"), "{\"name\": \"Amber Hill School\", \"urn\": 990001}").unwrap();
    fs::write(export.join("mis/pupils.csv"), LIST).unwrap();
    fs::write(export.join("labels.tsv"), "line\tlabel\n1\tgood\n").unwrap();
    fs::write(export.join("classes.csv"), "id,mis_id,name,subject\n1,2,4A,form\n").unwrap();
    fs::write(export.join("others.csv"), LIST.replace("Ashgrove", "Vane")).unwrap();
    let done = people(&data, &[export.to_str().unwrap()]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.out.contains("others.csv: is in no folder with a school.json: it was passed over"), "{}", done.out);
    assert!(!done.out.contains("labels.tsv") && !done.out.contains("classes.csv"), "{}", done.out);
    assert!(done.out.contains("pupils: 2 new") && !data.join("schools").exists(), "{}", done.out);
    assert!(data.join("journal.db").exists());
}

/// In every order, one system after the other: the same 281.
#[test]
fn three_systems_in_any_order_give_one_school() {
    let Some(mis) = test_data().map(|data| data.join("school/prep/mis")) else { return };
    for order in [
        ["wonde", "sims", "arbor"],
        ["wonde", "arbor", "sims"],
        ["sims", "wonde", "arbor"],
        ["sims", "arbor", "wonde"],
        ["arbor", "wonde", "sims"],
        ["arbor", "sims", "wonde"],
    ] {
        let folder = TempDir::new().unwrap();
        let mut all = 0;
        for system in order {
            let done = json(&people(folder.path(), &[mis.join(system).to_str().unwrap(), "--json"]));
            assert!(done["complaints"].as_array().unwrap().is_empty(), "{done}");
            all += done["pupils"]["new"].as_u64().unwrap();
        }
        assert_eq!(all, 281, "{order:?}");
    }
}

#[test]
fn a_trust_is_kept_apart_school_by_school() {
    let Some(archive) = test_data().map(|data| data.join("school/trust/trust-30-schools.tar.zst")) else { return };
    let folder = TempDir::new().unwrap();
    let done = people(folder.path(), &[archive.to_str().unwrap(), "--json"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let schools: Vec<Value> = done.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let sum = |list: &str| schools.iter().map(|school| school[list]["new"].as_u64().unwrap()).sum::<u64>();
    assert_eq!((schools.len(), sum("pupils"), sum("staff")), (30, 8_472, 1_153));
    assert!(folder.path().join("schools/990001/journal.db").exists());
    // Two UPNs are in two schools for different children: both are named, and nobody is merged.
    let page = people(folder.path(), &[archive.to_str().unwrap(), "--dry-run"]);
    assert_eq!(page.out.lines().filter(|line| line.starts_with("look at: ")).count(), 2);
}

/// Staff of several schools of a trust are noted at each of them, by their address and surname and never by name alone,
/// and are noted no more when they are there no more.
#[test]
fn staff_of_several_schools_are_noted_at_each() {
    let folder = TempDir::new().unwrap();
    let trust = folder.path().join("trust");
    let head = "Id,Surname,Forename,Role,Email\n";
    let write = |school: &str, urn: u64, staff: &str| {
        fs::create_dir_all(trust.join(school)).unwrap();
        let about = format!("{{\"name\": \"{school}\", \"urn\": {urn}}}");
        fs::write(trust.join(school).join("school.json"), about).unwrap();
        fs::write(trust.join(school).join("staff.csv"), format!("{head}{staff}")).unwrap();
    };
    let import = |arguments: &[&str]| {
        let data = folder.path().join("data");
        let done = people(&data, &[&[trust.to_str().unwrap()], arguments].concat());
        assert_eq!(done.code, 0, "{}", done.err);
    };
    let also_at = |urn: u64| -> Vec<(String, String)> {
        let data = DataFolder::new(folder.path().join(format!("data/schools/{urn}")));
        let school = School::look(&data, &Settings::load(None).unwrap()).unwrap().unwrap();
        let roll = Roll::load(school.ledger()).unwrap();
        let noted = |entry: &Entry| {
            let also: Vec<&str> = entry.written.also_at.iter().map(String::as_str).collect();
            (!also.is_empty()).then(|| (entry.person.name.surname().to_owned(), also.join(",")))
        };
        let mut noted: Vec<_> = roll.people().filter_map(noted).collect();
        noted.sort();
        noted
    };
    let said = |name: &str, also: &str| (name.to_owned(), also.to_owned());
    // Vane is at both. Birch has a namesake with another address, Tolland shares an address with somebody else.
    write(
        "North",
        990_001,
        "1,Vane,Kit,IT Technician,K.Vane@trust.example\n2,Birch,Sam,Class Teacher,s.birch@north.example\n\
         3,Tolland,Merrin,Class Teacher,office@trust.example\n",
    );
    let south = "7,Vane,Kit,IT Technician,k.vane@trust.example\n8,Birch,Sam,Class Teacher,s.birch@south.example\n\
                 9,Quill,Ana,Class Teacher,office@trust.example\n";
    write("South", 990_004, south);
    import(&[]);
    assert_eq!(also_at(990_001), [said("Vane", "990004")]);
    assert_eq!(also_at(990_004), [said("Vane", "990001")]);
    // Lists of some take nobody away; whole ones do.
    write("South", 990_004, south.split_once('\n').unwrap().1);
    import(&["--part"]);
    assert_eq!(also_at(990_001), [said("Vane", "990004")]);
    import(&[]);
    assert!(also_at(990_001).is_empty());
    // Of somebody who left here the note stays as it was.
    assert_eq!(also_at(990_004), [said("Vane", "990001")]);
    write("South", 990_004, south);
    import(&[]);
    assert_eq!(also_at(990_001), [said("Vane", "990004")]);
}
