//! What a log is told to be, and what is refused by name.

use belisha_formats::access_log::{Dialect, NotALogError, detect};

fn slug(sample: &str) -> String {
    match detect(sample.as_bytes()) {
        Ok(detected) => detected.dialect.slug().to_owned(),
        Err(error) => error.to_string(),
    }
}

const SQUID: &str =
    "1756890169.793     75 10.0.0.7 TCP_TUNNEL/200 36 CONNECT a.example:443 ada HIER_DIRECT/203.0.113.8 -\n";

#[test]
fn every_dialect_is_told_by_its_lines() {
    let common = "10.0.0.7 - ada [21/Aug/2025:22:08:13 +0100] \"GET http://a.example/x HTTP/1.1\" 200 3634";
    for (sample, expected) in [
        (SQUID.to_owned(), "squid"),
        (format!("\u{feff}{}", SQUID.replace('\n', "\r\n")), "squid"),
        (format!("<166>Aug 21 22:08:13 fw (squid-1)[6802]: {SQUID}"), "squid"),
        // A parent that Squid is told to use by default.
        (SQUID.replace("HIER_DIRECT", "DEFAULT_PARENT"), "squid"),
        (format!("{common} TCP_MISS:HIER_DIRECT\n"), "squid-common"),
        (format!("{common} \"-\" \"Browser/1\" TCP_MISS:HIER_DIRECT\n"), "squid-common"),
        (
            "2025.09.03 09:02:49 ada 10.0.0.7 http://a.example/x *DENIED* Banned GET 0 0 games 3 403 - pc g - - - - -\n".into(),
            "e2guardian-1",
        ),
        (
            "\"2025.09.03 09:02:49\",\"ada\",\"10.0.0.7\",\"http://a.example/\",\"\",\"GET\",\"1\",\"0\",\"\",\"1\",\"200\",\"\",\"\",\"g\",\"\",\"\",\"\",\"\",\"\"\n".into(),
            "e2guardian-2",
        ),
        (
            "1756890169.793     75 10.0.0.7 TCP_MISS/200 36 GET http://a.example/ ada DEFAULT_PARENT/127.0.0.1 text/html\n".into(),
            "e2guardian-3",
        ),
        ("2025.09.03 09:02:49\tada\t10.0.0.7\thttp://a.example/\t\tGET\t1\t0\t\t1\t200\t\t\tg\t\t\t\t\t\n".into(), "e2guardian-4"),
        (
            "1756890169.793\t\t-\t10.0.0.7\t10.0.0.7\thttps://a.example/x\tPOST\t200\t213\t-\t-\t-\t272\t-\t0\t-\t0\t-\tg\t1\n".into(),
            "e2guardian-5-8",
        ),
        ("Time,Username,Source IP,Group,Code,(URL),(Categories)\n03/09/2025 09:02,ada,,,200,http://a.example/,\n".into(), "table"),
        ("Time,URL\n".into(), "table"),
    ] {
        assert_eq!(slug(&sample), expected, "{sample}");
        assert_eq!(slug(&sample.repeat(30)), expected, "{sample}");
    }
    for dialect in Dialect::WITHOUT_HEADINGS {
        assert_eq!(Dialect::from_slug(dialect.slug()), Some(dialect));
    }
    assert_eq!(Dialect::from_slug("table"), None);
}

#[test]
fn a_line_that_the_sample_cuts_off_does_not_count() {
    let detected = detect(format!("{SQUID}{SQUID}{}", &SQUID[..20]).as_bytes()).unwrap();
    assert_eq!(detected.to_string(), "Squid's own format: 2 of the first 2 lines are so");
    assert_eq!(detect(SQUID.trim_end().as_bytes()).unwrap().read, 1);
}

#[test]
fn other_files_are_refused_by_name_and_with_a_remedy() {
    let apache = "10.0.0.7 - - [21/Aug/2025:22:08:13 +0100] \"GET /x HTTP/1.1\" 200 36 \"-\" \"Browser/1\"\n";
    let escaped = "Aug 21 22:08:13 fw e2guardian[7]: 1756890169.793#011#011ada#01110.0.0.7#011http://a.example/\n";
    for (sample, about, remedy) in [
        ("", "is empty", "rotated"),
        ("\n \r\n", "is empty", "rotated"),
        ("\x1f\u{8b}", "no access log", "Squid"),
        ("PK\x03\x04xxxx", "ZIP", "unpack"),
        ("%PDF-1.7\n", "PDF", "export"),
        ("{\"time\": 1}\n{\"time\": 2}\n", "JSON", "CSV"),
        ("[\n{\"time\": 1}\n]\n", "JSON", "CSV"),
        ("<!DOCTYPE html>\n<p>Sign in\n", "web page", "sign in"),
        ("#Software: X\n#Fields: date time\n", "W3C", "CSV"),
        ("time\t\thttpw\tbusy\thttpwQ\tlogQ\tconx\tconx/s\treqs\treqs/s\tmaxfd\tLCcnt\n", "dstats.log", "access.log"),
        ("1756890169\t1\t2\t3\t4\t5\t6\t7\t8\t9\t10\n", "dstats.log", "access.log"),
        (escaped, "#011", "switch"),
        ("2025/08/21 22:08:13 kid1| Starting Squid Cache version 6\n", "cache.log", "access.log"),
        ("2025/08/21 22:08:13| Starting Squid Cache version 3\n", "cache.log", "access.log"),
        (
            "1756890169.793 RELEASE -1 FFFFFFFF 0123 200 1 -1 -1 text/html 1/1 GET http://a.example/\n",
            "store.log",
            "access.log",
        ),
        (apache, "web server", "proxy"),
        ("Aug 21 22:08:13 dnsmasq[77]: query[A] a.example from 10.0.0.7\n", "name server", "proxy"),
        ("Aug 21 22:08:13 fw filterlog[7]: 5,,,1000000103,em0,match,block\n", "firewall", "proxy"),
        ("1756890169.793 10.0.0.7 \"GET http://a.example/\" pass\n", "own", "logformat"),
        ("Dear all\nplease find attached\n", "no access log", "Squid"),
        ("Time,Colour\n09:02,red\n", "web address", "URL"),
        ("Colour,URL\nred,http://a.example/\n", "time", "Time"),
        (
            "2025-09-03,10.20.30.40,12,http://1.example/\n2025-09-03,10.20.30.40,12,http://1.example/\n",
            "no access log",
            "Squid",
        ),
    ] {
        let told = slug(sample);
        assert!(told.contains(about) && told.contains(remedy), "{sample}: {told}");
    }
    assert_eq!(detect(b"\x1f\x8b\x08\0"), Err(NotALogError::Packed("packed with gzip")));
    assert_eq!(detect(b"\x28\xb5\x2f\xfd\0"), Err(NotALogError::Packed("packed with zstd")));
    let wide: Vec<u8> = SQUID.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(detect(&wide), Err(NotALogError::Utf16));
    let mostly_else = format!("{SQUID}{}", "something else\n".repeat(3));
    let told = slug(&mostly_else);
    assert!(told.contains("Squid's own format") && told.contains("only 1 of its first 4 lines"), "{told}");
}
