//! The log of the invented school, beside what is known of it.

use std::collections::HashMap;

use belisha_formats::access_log::{Chunks, Dialect, Found, Observed, Requests, Tally, When, detect, open};
use belisha_testkit::test_data;

#[test]
fn the_sample_log_is_read_without_a_complaint_and_as_it_is_labelled() {
    let Some(data) = test_data() else { return };
    let folder = data.join("school/prep");
    let labels = std::fs::read_to_string(folder.join("access-sample.labels.tsv")).unwrap();
    let mut labelled: HashMap<u64, Vec<&str>> = HashMap::new();
    for row in labels.lines().skip(1) {
        let columns: Vec<_> = row.split('\t').collect();
        labelled.insert(columns[1].parse().unwrap(), columns);
    }
    assert!(!labelled.is_empty());
    let text = belisha_testkit::unpack(&folder.join("access-sample.log.zst"));
    let detected = detect(&text.as_bytes()[..16_384]).unwrap();
    assert_eq!((detected.dialect.clone(), detected.read), (Dialect::Squid, detected.lines));

    let (mut tally, mut requests, mut found, mut given) = (Tally::default(), Requests::new(), 0, 0_u64);
    let mut give = |_: u64, _: &belisha_formats::access_log::LogLine<'_>| given += 1;
    let mut chunks = Chunks::new(open(&folder.join("access-sample.log.zst")).unwrap());
    let mut failed = 0;
    while let Some(chunk) = chunks.next().unwrap() {
        for entry in chunk.lines(&detected.dialect) {
            tally.count(&entry);
            let Found::Line(line) = entry.found else { continue };
            requests.push(entry.line, &line, &mut give);
            failed += u64::from(line.observed == Observed::Failed);
            if let Some(label) = labelled.get(&entry.line) {
                let When::Instant(at) = line.when else { panic!("Squid writes instants") };
                assert_eq!(at.timestamp_millis().to_string(), label[2]);
                assert_eq!((line.user.to_str(), line.url.to_str()), (label[3].into(), label[11].into()));
                found += 1;
            }
        }
    }
    requests.finish(&mut give);
    let lines = text.lines().count() as u64;
    assert_eq!((tally.lines, tally.read, tally.bad()), (lines, lines, 0), "{:?}", tally.complaints());
    assert_eq!(found, labelled.len());
    assert_eq!(failed, text.lines().filter(|line| line.contains(" NONE_NONE/503 ")).count() as u64);
    let counts = requests.counts();
    assert_eq!((counts.requests, counts.requests + counts.tunnels), (given, lines));
    // Most tunnels are looked into; none is lost but to a request.
    let tunnels = text.lines().filter(|line| line.contains(" CONNECT ")).count() as u64;
    assert!(counts.tunnels > tunnels / 2 && counts.tunnels < tunnels);
    assert_eq!(chunks.position(), text.len() as u64);
}
