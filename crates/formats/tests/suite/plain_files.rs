//! Single files: what their lines say, how they are told apart, and how complaints read.

use belisha_formats::lists::{Fault, Format, Limits, List};

use crate::common::*;

fn only(content: impl AsRef<[u8]>) -> List {
    let mut source = read_bytes(content).unwrap();
    assert_eq!(source.lists.len(), 1);
    source.lists.remove(0)
}

fn complaints(list: &List) -> Vec<String> {
    list.complaints.iter().map(ToString::to_string).collect()
}

#[test]
fn a_list_of_names() {
    let list = only(
        "\u{feff}# heading\n! heading\n; heading\n\nWWW.Arcade.Example\r\n  b.example.  # why\n.c.example\t# why\n\
         domain:d.example\nfull:E.example\n10.1.2.3\n2a0e:0bad::2\nbücher.example\nb.example",
    );
    assert_eq!(
        list.rules,
        "10.1.2.3\n2a0e:bad::2\nb.example\nc.example\nd.example\nfull:e.example\nwww.arcade.example\n\
         xn--bcher-kva.example\n"
    );
    assert_eq!((list.lines, list.malformed, list.rule_count), (9, 0, 8));
}

#[test]
fn a_hosts_file() {
    let list = only(
        "# heading\r\n127.0.0.1 localhost localhost.localdomain\r\n::1 ip6-localhost ip6-loopback\r\n\
         255.255.255.255\tbroadcasthost\r\nfe80::1%lo0 localhost\r\n0.0.0.0 0.0.0.0\r\n0.0.0.0 a.example\r\n\
         127.0.0.1\tB.example c.example # two\r\n:: d.example\r\n::1 a.example\r\n",
    );
    assert_eq!(list.rules, "a.example\nb.example\nc.example\nd.example\n");
    assert_eq!((list.lines, list.malformed), (9, 0));
}

#[test]
fn what_a_hosts_file_should_not_have() {
    let list = only(
        "0.0.0.0 a.example\n203.0.113.7 www.example.org\n0.0.0.0\nb.example\n0.0.0.0 not_a_name c.example\n\
         0.0.0.0 co.uk\n0.0.0.0 d.example\n0.0.0.0 e.example\n0.0.0.0 f.example\n",
    );
    // A redirect is not a block, and one bad name does not lose its neighbours.
    assert_eq!(list.rules, "a.example\nc.example\nd.example\ne.example\nf.example\n");
    assert_eq!(
        complaints(&list),
        [
            "list:2: the answer does not stand for “nowhere”: a redirect, not a block: “203.0.113.7 www.example.org”",
            "list:3: no name follows the address: “0.0.0.0”",
            "list:4: a hosts line starts with an address: “b.example”",
            "list:5: a name without a dot would stand for everything below it: “0.0.0.0 not_a_name c.example”",
            "list:6: the name is a public suffix, and everything below it would be meant: “0.0.0.0 co.uk”",
        ]
    );
    assert_eq!((list.lines, list.malformed), (9, 5));
}

#[test]
fn most_lines_tell_what_a_file_is_unless_the_caller_does() {
    let names = "a.example\nb.example\n0.0.0.0 c.example\n";
    assert_eq!(only(names).rules, "a.example\nb.example\n");
    let hosts = "# names\n0.0.0.0 a.example\n0.0.0.0 b.example\nc.example\n";
    assert_eq!(only(hosts).rules, "a.example\nb.example\n");
    let scratch = Scratch::new();
    let path = scratch.file("list", hosts);
    let forced = try_read(&path, Some(Format::Domains), &Limits::default()).unwrap();
    assert_eq!(forced.lists[0].rules, "c.example\n");
    assert_eq!(forced.lists[0].malformed, 2);
}

#[test]
fn numbers_of_lines_hold_for_files_that_are_long_in_being_judged() {
    let mut text = "a.example\n".repeat(40);
    text.insert_str(0, "# one\n\nnot a name\n");
    text.push_str("not a name\n");
    let list = only(text);
    assert_eq!(list.complaints.iter().map(|complaint| complaint.line).collect::<Vec<_>>(), [3, 44]);
    assert_eq!(list.rules, "a.example\n");
}

#[test]
fn bytes_that_are_no_text() {
    let list = only(b"a.example\ncaf\xe9.example\nb\0.example\n# c\0\n\x1b[31mred.example\n# caf\xe9\nd.example\n");
    assert_eq!(list.rules, "a.example\nd.example\n");
    assert_eq!((list.lines, list.malformed), (6, 4));
    let text = complaints(&list).join("\n");
    assert!(text.contains("list:2: the line is not UTF-8: “caf\\xe9.example”"), "{text}");
    assert!(text.contains("list:4: the line has a NUL byte: “# c\\u{0}”"), "{text}");
    assert!(text.contains("“\\u{1b}[31mred.example”"), "{text}");
}

#[test]
fn a_line_of_eight_megabytes() {
    let list = only(["a.example\n".to_owned(), "x".repeat(8 << 20), "\nb.example\n".to_owned()].concat());
    assert_eq!(list.rules, "a.example\nb.example\n");
    assert_eq!((list.lines, list.malformed), (3, 1));
    let complaint = &list.complaints[0];
    assert!(complaint.text.starts_with("the line has more than 65536 bytes: “xxx"), "{complaint}");
    assert!(complaint.text.chars().count() < 140, "{complaint}");
}

#[test]
fn complaints_are_counted_and_the_first_are_kept() {
    let text = numbered(100, "bad line ", "");
    let list = only(&text);
    assert_eq!((list.malformed, list.complaints.len()), (100, 20));
    assert!(list.complaints[19].text.ends_with("“bad line 19”"));
    let scratch = Scratch::new();
    let limits = Limits { complaints_kept: 0, ..Limits::default() };
    let source = try_read(&scratch.file("list", &text), None, &limits).unwrap();
    assert_eq!((source.lists[0].malformed, source.lists[0].complaints.len()), (100, 0));
}

#[test]
fn what_is_no_list_at_all() {
    for (content, expected) in [
        (&b"<!DOCTYPE html><title>404</title>"[..], Fault::Document("a web page")),
        (b"  \r\n<html>", Fault::Document("a web page")),
        (b"%PDF-1.4", Fault::Document("a PDF document")),
        (b"PK\x03\x04 and so on", Fault::OtherArchive("a ZIP archive")),
        (b"7z\xbc\xaf\x27\x1c", Fault::OtherArchive("a 7-Zip archive")),
        (b"Rar!\x1a\x07\x01\0", Fault::OtherArchive("a RAR archive")),
        (b"\xff\xfea\0.\0", Fault::Utf16),
        (b"\xfe\xff\0a\0.", Fault::Utf16),
        (b"a\0.\0e\0x\0a\0m\0p\0l\0e\0\n\0", Fault::Utf16),
    ] {
        assert_eq!(fault_of(content), expected);
        assert_eq!(fault_of(gzip(content)), expected);
        assert_eq!(fault_of(tar(&[file("lists/a/domains", content)])), expected);
    }
    let message = read_bytes(b"<html>").unwrap_err().to_string();
    assert!(message.ends_with("list is a web page, not a list; check where it was fetched from"), "{message}");
}

#[test]
fn a_file_with_nothing_in_it_is_a_list_with_no_rules() {
    for content in [&b""[..], b"\n", b"# heading\n# another\n", b"\xef\xbb\xbf"] {
        let list = only(content);
        assert_eq!((list.rule_count, list.lines, list.malformed), (0, 0, 0));
        let packed = only(gzip(content));
        assert_eq!(packed.rule_count, 0);
    }
}

#[test]
fn a_file_is_called_after_itself_or_its_folder() {
    let scratch = Scratch::new();
    for (path, expected) in [
        ("a/Arcades.txt", "Arcades"),
        ("a/arcades.hosts.txt.gz", "arcades"),
        ("arcade/domains", "arcade"),
        ("arcade/urls.gz", "arcade"),
        ("a/.txt", ".txt"),
    ] {
        let source = read(&scratch.file(path, gzip(b"a.example\n")));
        assert_eq!(names(&source), [expected], "{path}");
    }
}

#[test]
fn lone_squidguard_files_are_read_as_such() {
    let scratch = Scratch::new();
    let urls = read(&scratch.file("arcade/urls", "www.a.example/Games/\nb.example/x?id=1\nb.example/y z\n"));
    let list = &urls.lists[0];
    assert_eq!(list.rules, "a.example/games\nb.example/y%20z\n");
    assert_eq!((list.lines, list.queries, list.malformed), (3, 1, 0));
    assert_eq!(complaints(list), ["urls: one web address with a query is not applied"]);

    let expressions = read(&scratch.file("arcade/expressions", "# why\n(casino|poker)\n\n.*\n"));
    let list = &expressions.lists[0];
    assert_eq!((list.rule_count, list.lines, list.expressions), (0, 0, 2));
    assert_eq!(list.expression_rules, "regexp:(casino|poker)\n", "one that is found everywhere is none");
    assert_eq!(complaints(list), [""; 0]);

    // Only `#` starts a comment there.
    let domains = read(&scratch.file("arcade/domains", "# why\n! why\n.a.example\nfull:b.example\n"));
    let list = &domains.lists[0];
    assert_eq!((list.rules.as_str(), list.malformed), ("a.example\n", 2));
}

#[test]
fn paths_that_are_not_there_or_not_files() {
    let scratch = Scratch::new();
    let missing = try_read(&scratch.path("nothing"), None, &Limits::default()).unwrap_err();
    assert!(!missing.is_bad_input());
    assert!(missing.fault().is_none());
    assert!(missing.to_string().contains("nothing could not be read"), "{missing}");
    #[cfg(unix)]
    {
        let _socket = std::os::unix::net::UnixListener::bind(scratch.path("socket")).unwrap();
        let error = try_read(&scratch.path("socket"), None, &Limits::default()).unwrap_err();
        assert_eq!(error.fault(), Some(&Fault::Special("a socket")));
        let error = try_read(std::path::Path::new("/dev/null"), None, &Limits::default()).unwrap_err();
        assert_eq!(error.fault(), Some(&Fault::Special("a device")));
    }
}

#[test]
fn what_is_read_can_go_to_another_thread() {
    fn goes<T: Send + Sync>() {}
    goes::<belisha_formats::lists::Source>();
    goes::<belisha_formats::lists::ReadError>();
    goes::<Limits>();
}

#[test]
fn formats_have_names() {
    for format in Format::ALL {
        assert_eq!(format.to_string().parse(), Ok(format));
    }
    assert_eq!("squidGuard".parse(), Ok(Format::SquidGuard));
    let error = "adblock".parse::<Format>().unwrap_err();
    assert_eq!(error.to_string(), "“adblock” is not a format; known are squid-guard, hosts and domains");
}
