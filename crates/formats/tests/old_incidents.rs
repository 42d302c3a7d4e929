//! Incident logs of other systems, as they are exported and as they come damaged.
//!
//! 1. Arbitrary bytes are read or refused, and never a panic.
//! 2. The order and the case of headings do not matter, nor what separates fields.
//! 3. Words come out as they stand in the file.
//! 4. A line that is left out is named by its number, and no complaint and no refusal holds a word of an incident.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;

use belisha_formats::access_log::When;
use belisha_formats::old_incidents::{Complaint, Fault, Field, Mapping, OldLog, PupilName, Refusal, is_too_bad, read};
use belisha_policy::people::Upn;
use proptest::prelude::*;

const CPOMS: &str = "Student,DOB,UPN,Year,Class,Incident date/time,Category/Subcategory,Incident text,Linked students,\
                     Staff alerted,Status,Agency,Actions\n\
                     \"Ashgrove, Ada\",23/04/2016,K999319721001,4,4A,03/09/2024 09:02,Bullying/Online,\
                     \" She said: \"\"go away\"\".\nTwice. \",Ben Birch (H999233723002),S Birch,Closed,,Spoke to both\n";

const MYCONCERN: &str = "Concern ID;Raised;Pupil;Summary;Detail;Category;Level;Status;Owner;Tasks\n\
                         C-17;04/09/2024;Ada Ashgrove;Messages;Unkind words on a telephone;Online;2;Open;S Birch;\n";

fn log(text: &str) -> OldLog {
    read("log.csv", text.as_bytes(), &Mapping::default()).unwrap()
}

fn refused(text: &str) -> Refusal {
    read("log.csv", text.as_bytes(), &Mapping::default()).err().unwrap().refusal
}

fn mapping(columns: &[(Field, &str)]) -> Mapping {
    Mapping { columns: columns.iter().map(|(field, heading)| (*field, (*heading).to_owned())).collect() }
}

fn complaints(log: &OldLog) -> Vec<Complaint> {
    log.incidents().filter_map(Result::err).collect()
}

fn clock(when: When) -> String {
    match when {
        When::Instant(at) => at.format("%F %T UTC").to_string(),
        When::Local(clock) => clock.format("%F %T").to_string(),
    }
}

#[test]
fn both_layouts_are_known_by_their_headings() {
    let cpoms = log(CPOMS);
    assert_eq!((cpoms.system(), cpoms.lines()), (Some("cpoms"), 1));
    let first = cpoms.incidents().next().unwrap().unwrap();
    assert_eq!(first.get(Field::Text), " She said: \"go away\".\nTwice. ");
    assert_eq!(first.get(Field::Category), "Bullying/Online");
    assert_eq!(clock(first.when()), "2024-09-03 09:02:00");
    assert_eq!(first.upns().iter().map(Upn::as_str).collect::<Vec<_>>(), ["K999319721001", "H999233723002"]);
    let (name, born) = first.pupil().unwrap();
    assert_eq!((name, born.to_string()), (PupilName::Whole("Ashgrove, Ada"), "2016-04-23".into()));
    assert_eq!(format!("{}\n", first.raw()), CPOMS.split_once('\n').unwrap().1);
    assert!(first.said().any(|said| said == (Field::Actions, "Actions", "Spoke to both")));
    assert!(first.said().all(|(field, ..)| field != Field::Agency), "nothing is said of it");

    let myconcern = log(MYCONCERN);
    let first = myconcern.incidents().next().unwrap().unwrap();
    assert_eq!(
        (myconcern.system(), first.get(Field::Id), first.get(Field::Title)),
        (Some("myconcern"), "C-17", "Messages")
    );
    assert_eq!(clock(first.when()), "2024-09-04 00:00:00");
    assert!(first.pupil().is_none() && first.upns().is_empty(), "nobody is looked for by name alone");
}

#[test]
fn any_other_log_is_read_as_somebody_says() {
    let text = "Ref,Date of event,At,Narrative,Child,Born\n7,9/13/2024,2:05 pm,Lost a laptop,Ada Ashgrove,4/23/2016\n";
    let Refusal::Unknown { lacks, .. } = refused(text) else { unreachable!("it is not known") };
    assert_eq!(lacks, [Field::When, Field::Text]);
    let said = refused(text).to_string();
    assert!(said.contains("\"Narrative\"") && said.contains("--map when='HEADING' --map text='HEADING'"), "{said}");
    let mapping = mapping(&[
        (Field::Id, "ref"),
        (Field::When, "DATE OF EVENT"),
        (Field::Time, "At"),
        (Field::Text, "Narrative"),
        (Field::Pupil, "child"),
        (Field::Born, "born"),
    ]);
    let log = read("log.csv", text.as_bytes(), &mapping).unwrap();
    let first = log.incidents().next().unwrap().unwrap();
    assert_eq!((log.system(), first.get(Field::Id), clock(first.when())), (None, "7", "2024-09-13 14:05:00".into()));
    assert!(log.is_month_first());
    assert_eq!(first.pupil().unwrap().1.to_string(), "2016-04-23");
    let wrong = Mapping { columns: BTreeMap::from([(Field::Status, "State".to_owned())]) };
    let refused = read("log.csv", CPOMS.as_bytes(), &wrong).err().unwrap().to_string();
    assert!(refused.contains("no column \"State\"") && refused.contains("\"Incident text\""), "{refused}");
}

#[test]
fn a_bad_line_is_a_complaint_with_its_number_and_no_word_of_it() {
    let text =
        "Incident text,Incident date,Status\nWords,03/09/2024,Open\nSecret,31/02/2024,\n ,03/09/2024,\nSecret,a,b,c\n";
    let log = log(text);
    let faults = [(3, Fault::When), (4, Fault::Empty), (5, Fault::Ragged)];
    assert_eq!(complaints(&log), faults.map(|(line, fault)| Complaint { line, fault }));
    assert!(complaints(&log).iter().all(|complaint| !complaint.to_string().contains("Secret")));
    assert_eq!((log.lines(), log.incidents().flatten().count()), (4, 1));
    assert!(is_too_bad(3, 4) && is_too_bad(3, 149) && !is_too_bad(3, 150) && !is_too_bad(0, 0));
}

#[test]
fn what_is_no_log_is_refused() {
    assert!(matches!(refused(""), Refusal::NoTable(_)));
    assert!(matches!(refused("<!doctype html>"), Refusal::NoTable(_)));
    assert_eq!(refused("Incident text,Incident date\n"), Refusal::Empty);
    // Where there are no headings the first line is an incident, which nobody is shown.
    let said = refused("Ashgrove Ada,03/09/2024,She said that at home\n").to_string();
    assert!(!said.contains("Ada") && said.contains("no line of headings"), "{said}");
}

fn columns() -> Vec<(&'static str, &'static str)> {
    let mut lines = MYCONCERN.lines().map(|line| line.split(';'));
    let (headings, values) = (lines.next().unwrap(), lines.next().unwrap());
    headings.zip(values).collect()
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let mapping = mapping(&[(Field::When, "a"), (Field::Text, "b"), (Field::Born, "c")]);
        let with_headings = [b"a,b,c,UPN\n", &bytes[..]].concat();
        for bytes in [&bytes, &with_headings] {
            if let Ok(log) = read("log.csv", bytes, &mapping) {
                let read = log.incidents().flatten();
                let read = read.map(|it| (it.raw().len(), it.upns().len(), it.pupil().is_some(), it.said().count()));
                prop_assert!(read.count() <= log.lines());
            }
        }
    }

    #[test]
    fn headings_may_stand_in_any_order_and_case(columns in Just(columns()).prop_shuffle(), upper: bool, tab: bool) {
        let between = if tab { "\t" } else { "," };
        let row = |row: Vec<&str>| row.join(between);
        let mut headings = row(columns.iter().map(|(heading, _)| *heading).collect());
        if upper {
            headings = headings.to_uppercase();
        }
        let values = row(columns.iter().map(|(_, value)| *value).collect());
        let (shuffled, straight) = (log(&format!("{headings}\n{values}")), log(MYCONCERN));
        let values = |log: &OldLog| {
            let first = log.incidents().next().unwrap().unwrap();
            Field::all().map(|field| first.get(field).to_owned()).collect::<Vec<_>>()
        };
        prop_assert_eq!(values(&shuffled), values(&straight));
    }
}
