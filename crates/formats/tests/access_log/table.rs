//! Tables of commercial filters, by their headings.

use belisha_formats::access_log::{Column, DateOrder, Dialect, LineFault, Mapping, MappingError, detect};

use super::common::{all_are, all_fail, read};

fn table(headings: &str) -> Dialect {
    Dialect::Table(Box::new(Mapping::new(headings.as_bytes(), &[]).unwrap()))
}

#[test]
fn columns_are_known_by_their_headings_in_any_order() {
    all_are(
        &table("Time,Username,Source IP,Group,Code,URL,Categories"),
        &[
            (
                "03/09/2025 09:02:49,ada,10.0.0.7,Year 4,403,\"http://a.example/x?a=1,2\",\"games, chat\"",
                "2025-09-03 09:02:49|10.0.0.7||ada|Year 4||http://a.example/x?a=1,2|403||0|0||Blocked|games, chat||",
            ),
            (
                "03/09/2025 09:02:49,-,,,200,http://a.example/x,",
                "2025-09-03 09:02:49||||||http://a.example/x|200||0|0||Allowed|||",
            ),
            // Spreadsheets leave empty fields at the end out.
            ("03/09/2025 09:02:49,ada,,,0,a.example", "2025-09-03 09:02:49|||ada|||a.example|0||0|0||Unknown|||"),
            // Exports that were put together have headings within.
            ("Time,Username,Source IP,Group,Code,URL,Categories", "skipped"),
            ("", "skipped"),
        ],
    );
    all_are(
        &table("Domain;Action;User Agent;Date;Time;Device Name;IP Address;Bytes;MIME type;Rule;Method"),
        &[
            (
                "a.example;Blocked;Browser/1;3 Sep 2025;9:02:49 PM;pc-12;10.0.0.7;12;text/html;No games;GET",
                "2025-09-03 21:02:49|10.0.0.7|pc-12|||GET|a.example|0|Blocked|12|0|text/html|Blocked||No games|Browser/1",
            ),
            (
                "a.example;Allowed by rule;;2025-09-03;09:02;;;;;;",
                "2025-09-03 09:02:00||||||a.example|0|Allowed by rule|0|0||Allowed|||",
            ),
        ],
    );
    all_are(
        &table("Time (UTC)\tURL\tBlocked?"),
        &[
            (
                "2025-09-03 09:02:49\thttp://a.example/\tYes",
                "1756890169000||||||http://a.example/|0|Yes|0|0||Blocked|||",
            ),
            ("2025-09-03 09:02:49\thttp://a.example/\tno", "1756890169000||||||http://a.example/|0|no|0|0||Allowed|||"),
            ("2025-09-03 09:02:49\thttp://a.example/\t", "1756890169000||||||http://a.example/|0||0|0||Unknown|||"),
        ],
    );
}

#[test]
fn what_a_verdict_says() {
    let table = table("Time,URL,Action,Code");
    for (action, code, expected) in [
        ("Blocked", "200", "Blocked"),
        ("BLOCK", "", "Blocked"),
        ("Access denied", "", "Blocked"),
        ("Not allowed", "", "Blocked"),
        ("Denied", "", "Blocked"),
        ("Allowed", "403", "Allowed"),
        ("Permitted", "", "Allowed"),
        ("accessed", "", "Allowed"),
        ("Redirected", "302", "Unknown"),
        ("Unblocked", "200", "Unknown"),
        ("", "200", "Unknown"),
        ("Blocked", "407", "AuthenticationAsked"),
    ] {
        let told = read(&table, &format!("2025-09-03 09:02:49,http://a.example/,{action},{code}")).unwrap();
        assert!(told.contains(&format!("|{expected}|")), "{action} {code}: {told}");
    }
}

#[test]
fn lines_that_cannot_be_read() {
    all_fail(
        &table("Time,URL,Username,Code,Source IP"),
        &[
            ("03/09/2025 09:02:49,http://a.example/,ada,200,10.0.0.7,more", LineFault::Fields),
            ("03/09/2025 09:02:49", LineFault::Fields),
            ("03/09/2025 09:02:49,\"http://a.example/,ada,200,10.0.0.7", LineFault::Quotes),
            ("03/09/2025 09:02:49,\"http://a.example/\"x,ada,200,10.0.0.7", LineFault::Quotes),
            ("31/09/2025 09:02:49,http://a.example/,ada,200,10.0.0.7", LineFault::Time),
            (",http://a.example/,ada,200,10.0.0.7", LineFault::Time),
            ("03/09/2025 09:02:49,,ada,200,10.0.0.7", LineFault::Address),
            ("03/09/2025 09:02:49,http://a.example/,ada,OK,10.0.0.7", LineFault::Status),
            ("03/09/2025 09:02:49,http://a.example/,ada,200,=1+1", LineFault::Client),
        ],
    );
}

#[test]
fn a_caller_says_what_headings_do_not_tell() {
    let headings = b"Wann,Wer,Wohin\n3.9.2025 9:02,ada,a.example\n";
    assert_eq!(Mapping::new(headings, &[]), Err(MappingError::NoTime));
    let said = [("wann", Column::Time), ("WER", Column::User), ("Wohin", Column::Host)];
    let mapping = Mapping::new(headings, &said).unwrap();
    assert_eq!(mapping.columns(), [Column::Time, Column::User, Column::Host]);
    all_are(
        &Dialect::Table(Box::new(mapping)),
        &[("3.9.2025 9:02,ada,a.example", "2025-09-03 09:02:00|||ada|||a.example|0||0|0||Unknown|||")],
    );
    assert_eq!(Mapping::new(headings, &said[..1]), Err(MappingError::NoAddress));
    assert_eq!(Mapping::new(headings, &[("Where", Column::Host)]), Err(MappingError::NoSuchHeading));
    assert_eq!(Mapping::new(b"Time,URL,Web address", &[]), Err(MappingError::Twice(Column::Url)));
    assert_eq!(Mapping::new(b"Time", &[]), Err(MappingError::NotATable));
    assert_eq!(Mapping::new(&b"a,".repeat(100), &[]), Err(MappingError::NotATable));
}

#[test]
fn lines_below_tell_what_headings_do_not() {
    // A column without a heading has web addresses, and there are months before days.
    let sample = "Time,Username,\n09/03/2025 09:02,ada,http://a.example/\n09/23/2025 09:02,ada,https://b.example/\n";
    let dialect = detect(sample.as_bytes()).unwrap().dialect;
    let Dialect::Table(mapping) = &dialect else { panic!("it is a table") };
    assert_eq!(mapping.columns(), [Column::Time, Column::User, Column::Url]);
    assert_eq!(mapping.order(), DateOrder::MonthFirst);
    assert!(read(&dialect, "09/03/2025 09:02,ada,http://a.example/").unwrap().starts_with("2025-09-03"));
    // Without a day after the twelfth, days are first, as they are here.
    let sample = "Date,Time,URL\n09/03/2025,09:02,http://a.example/\n";
    let dialect = detect(sample.as_bytes()).unwrap().dialect;
    assert!(read(&dialect, "09/03/2025,09:02,http://a.example/").unwrap().starts_with("2025-03-09 09:02"));
    let sample = "Date,Time,URL\n09/23/2025,09:02,http://a.example/\n";
    let dialect = detect(sample.as_bytes()).unwrap().dialect;
    assert!(read(&dialect, "09/03/2025,09:02,http://a.example/").unwrap().starts_with("2025-09-03 09:02"));
}

#[test]
fn debug_shows_no_heading() {
    assert!(!format!("{:?}", Mapping::new(b"Time,URL,Ada Vane", &[])).contains("Vane"));
}
