//! Archives that are damaged or meant to do harm are refused as a whole, by name and with the reason.

use crate::common::*;

use std::io::Read as _;

use belisha_formats::lists::{Fault, Limits};

fn good() -> Vec<u8> {
    file("lists/arcade/domains", "arcade.example\n")
}

fn damaged(fault: &Fault) -> bool {
    matches!(fault, Fault::Damaged(_))
}

#[test]
fn names_that_lead_out_of_the_archive() {
    for name in ["../domains", "lists/../../x/domains", "/etc/domains", "lists/arcade/../../../domains", ".."] {
        assert_eq!(fault_of(tar(&[good(), file(name, "a.example\n")])), Fault::NameLeavesArchive, "{name}");
    }
    let folder = member(b'5', b"../lists/", b"", b"");
    assert_eq!(fault_of(tar(&[good(), folder])), Fault::NameLeavesArchive);
}

#[test]
fn links_that_lead_out_of_the_archive_or_nowhere() {
    for (target, expected) in [
        ("/etc/passwd", Fault::LinkLeavesSource("/etc/passwd".into())),
        ("../../../etc/passwd", Fault::LinkLeavesSource("../../../etc/passwd".into())),
        ("../nothing/domains", Fault::LinkDangles("../nothing/domains".into())),
        ("domains", Fault::LinkLoops("domains".into())),
        ("../other", Fault::LinkLoops("../other".into())),
    ] {
        let members = [good(), symlink("lists/hostile/domains", target), symlink("lists/other", "hostile/domains")];
        let error = read_bytes(tar(&members)).unwrap_err();
        assert!(error.to_string().contains("lists/hostile/domains in "), "{error}");
        assert_eq!(error.fault(), Some(&expected), "{target}");
    }
}

#[test]
fn hard_links_lead_to_earlier_members_only() {
    let linked = read_bytes(tar(&[good(), hard_link("lists/b/domains", "lists/arcade/domains")])).unwrap();
    assert_eq!(list(&linked, "b").rules, "arcade.example\n");
    for (target, expected) in [
        ("lists/later/domains", Fault::LinkDangles("lists/later/domains".into())),
        ("lists/b/domains", Fault::LinkDangles("lists/b/domains".into())),
        ("lists/arcade", Fault::LinkDangles("lists/arcade".into())),
        ("../lists/arcade/domains", Fault::LinkLeavesSource("../lists/arcade/domains".into())),
        ("/etc/passwd", Fault::LinkLeavesSource("/etc/passwd".into())),
    ] {
        let members = [good(), hard_link("lists/b/domains", target), file("lists/later/domains", "a.example\n")];
        assert_eq!(fault_of(tar(&members)), expected, "{target}");
    }
}

#[test]
fn members_that_are_not_files() {
    for (kind, expected) in [
        (b'3', Fault::Special("a character device")),
        (b'4', Fault::Special("a block device")),
        (b'6', Fault::Special("a named pipe")),
        (b'S', Fault::Sparse),
        (b'Z', Fault::Special("a member of an unknown kind")),
    ] {
        assert_eq!(fault_of(tar(&[good(), member(kind, b"lists/x/domains", b"", b"")])), expected);
    }
}

#[test]
fn sparse_files_in_the_newer_notation() {
    let record = record("GNU.sparse.major", "1");
    let members = [good(), member(b'x', b"x", b"", &record), file("lists/x/domains", "a.example\n")];
    assert_eq!(fault_of(tar(&members)), Fault::Sparse);
}

#[test]
fn the_same_name_twice() {
    for second in [
        good(),
        file("./lists//arcade/./domains", "b.example\n"),
        symlink("lists/arcade/domains", "x"),
        file("lists/arcade", "b.example\n"),
        file("lists/arcade/domains/x", "b.example\n"),
    ] {
        assert_eq!(fault_of(tar(&[good(), second])), Fault::Duplicate);
    }
    let through_a_link = [good(), symlink("linked", "lists"), file("linked/b/domains", "b.example\n")];
    assert_eq!(fault_of(tar(&through_a_link)), Fault::Duplicate);
    let folder = || member(b'5', b"lists/", b"", b"");
    assert!(read_bytes(tar(&[folder(), good(), folder()])).is_ok());
}

#[test]
fn more_members_than_the_limit() {
    let scratch = Scratch::new();
    let members: Vec<_> = (0..50).map(|n| file(&format!("lists/l{n}/domains"), "a.example\n")).collect();
    let path = scratch.file("list.tar", tar(&members));
    let limits = |members| Limits { members, ..Limits::default() };
    assert!(try_read(&path, None, &limits(50)).is_ok());
    let error = try_read(&path, None, &limits(49)).unwrap_err();
    assert_eq!(error.fault(), Some(&Fault::TooManyMembers(49)));
}

#[test]
fn names_and_extended_headers_that_are_too_long() {
    let long = |length| member(b'L', b"././@LongLink", b"", &vec![b'a'; length]);
    assert!(read_bytes(tar(&[good(), long(300), file("x", "")])).is_ok());
    assert_eq!(fault_of(tar(&[good(), long(5000), file("x", "")])), Fault::NameTooLong);
    assert_eq!(fault_of(tar(&[good(), file(&"a/".repeat(40), "")])), Fault::NameTooLong);
    let huge = member(b'x', b"x", b"", &vec![b'a'; 100_000]);
    assert_eq!(fault_of(tar(&[good(), huge, file("x", "")])), Fault::NameTooLong);
}

#[test]
fn extended_headers_that_contradict() {
    let x = |record: &[u8]| member(b'x', b"x", b"", record);
    let long = member(b'L', b"././@LongLink", b"", b"lists/long/domains\0");
    for members in [
        vec![good(), x(&record("size", "9")), file("lists/x/domains", "a.example\n")],
        vec![good(), x(&record("path", "lists/other/domains")), long.clone(), file("x", "a.example\n")],
        vec![good(), long.clone(), long.clone(), file("x", "a.example\n")],
        vec![good(), x(b"not a record\n"), file("x", "a.example\n")],
        vec![good(), member(b'g', b"x", b"", &record("path", "lists/other/domains")), file("x", "a.example\n")],
        vec![good(), long.clone()],
        vec![good(), member(b'2', b"link", b"lists", b"content")],
        vec![good(), member(b'5', b"folder/", b"", b"content")],
    ] {
        let fault = fault_of(tar(&members));
        assert!(damaged(&fault), "{fault:?}");
    }
    let named = read_bytes(tar(&[x(&record("path", "lists/other/domains")), file("x", "a.example\n")])).unwrap();
    assert_eq!(names(&named), ["other"]);
    let comment = member(b'g', b"pax_global_header", b"", &record("comment", "0123"));
    assert!(read_bytes(tar(&[comment, good()])).is_ok());
}

#[test]
fn a_header_that_lies_or_is_stale() {
    let mut stale = good();
    stale[0] = b'x';
    assert!(damaged(&fault_of(tar(&[stale]))));
    // More content than there is; less, so that the next header is in the middle of names; and no number.
    let content = "arcade.example\n".repeat(100);
    for size in [1_u64 << 40, 512] {
        let mut lying = file("lists/arcade/domains", &content);
        lying[..512].copy_from_slice(header(b'0', b"lists/arcade/domains", b"", size).as_bytes());
        assert!(damaged(&fault_of(tar(&[lying, good()]))));
    }
    let mut wrong = header(b'0', b"lists/arcade/domains", b"", 0);
    wrong.as_old_mut().size = *b"99999999999\0";
    wrong.set_cksum();
    assert!(damaged(&fault_of(tar(&[wrong.as_bytes().to_vec(), good()]))));
}

#[test]
fn archives_that_are_cut_off() {
    let members = [good(), file("lists/b/domains", "b.example\n".repeat(200))].concat();
    let whole = tar(std::slice::from_ref(&members));
    for length in [700, 1023, 1024, 1536, members.len() - 1, members.len()] {
        let fault = fault_of(&whole[..length]);
        assert!(damaged(&fault), "{length}: {fault:?}");
    }
    // One block of zeros is an end; GNU tar warns and goes on, too.
    assert!(read_bytes(&whole[..members.len() + 512]).is_ok());
}

#[test]
fn data_after_the_end() {
    let archive = tar(&[good()]);
    assert_eq!(fault_of([archive.clone(), archive.clone()].concat()), Fault::DataAfterEnd);
    assert_eq!(fault_of([archive.clone(), b"x".to_vec()].concat()), Fault::DataAfterEnd);
    assert!(read_bytes([archive, vec![0; 8192]].concat()).is_ok());
    for pack in [gzip, zstd] {
        let packed = pack(b"a.example\n");
        for garbage in [&b"x"[..], b"garbage behind the end", &[0; 64]] {
            let fault = fault_of([&packed, garbage].concat());
            assert!(damaged(&fault), "{garbage:?}: {fault:?}");
        }
        // Two of a kind, one behind the other, are one text.
        let two = read_bytes([packed.clone(), pack(b"b.example\n")].concat()).unwrap();
        assert_eq!(two.lists[0].rules, "a.example\nb.example\n");
    }
}

#[test]
fn packed_files_with_a_bit_flipped_or_cut_off() {
    let text = numbered(500, "name", ".example");
    let expected = read_bytes(&text).unwrap().lists[0].rules.clone();
    for packed in [gzip(text.as_bytes()), zstd(text.as_bytes())] {
        for at in 4..packed.len() {
            let mut flipped = packed.clone();
            flipped[at] ^= 1 << (at % 8);
            // A flip in what nobody reads, a time say, changes nothing; every other is found.
            if let Ok(source) = read_bytes(&flipped) {
                assert_eq!(source.lists[0].rules, expected, "byte {at}");
            }
        }
        for length in (5..packed.len()).step_by(7).chain([packed.len() - 1]) {
            let fault = fault_of(&packed[..length]);
            assert!(damaged(&fault), "{length}: {fault:?}");
        }
    }
}

#[test]
fn bombs() {
    let zeros = vec![0; 65 << 20];
    for pack in [gzip, zstd] {
        assert_eq!(fault_of(pack(&zeros)), Fault::Bomb(200));
        assert_eq!(fault_of(pack(&tar(&[file("lists/a/domains", &zeros)]))), Fault::Bomb(200));
        assert_eq!(fault_of(tar(&[file("lists/a/domains.gz", pack(&zeros))])), Fault::Bomb(200));
    }
    // Packed in an archive that is packed, it counts with what was read from the disk.
    assert_eq!(fault_of(gzip(&tar(&[file("lists/a/domains.gz", zstd(&zeros))]))), Fault::Bomb(200));
}

#[test]
fn more_than_the_limit_unpacked() {
    let scratch = Scratch::new();
    let text = "arcade.example\n".repeat(100_000);
    let limits = Limits { unpacked_bytes: 1_000_000, ..Limits::default() };
    for (name, content) in [
        ("list.txt", text.clone().into_bytes()),
        ("list.gz", gzip(text.as_bytes())),
        ("list.zst", zstd(text.as_bytes())),
        ("list.tar", tar(&[file("lists/a/domains", &text)])),
        ("list.tar.zst", zstd(&tar(&[file("lists/a/domains.gz", gzip(text.as_bytes()))]))),
    ] {
        let error = try_read(&scratch.file(name, content), None, &limits).unwrap_err();
        assert_eq!(error.fault(), Some(&Fault::TooLarge(1_000_000)), "{name}");
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn a_large_file_under_many_names() {
    let text = numbered(10_000, "name", ".example");
    let mut members = vec![file("lists/a/domains", &text)];
    members.extend((0..1000).map(|n| symlink(&format!("lists/l{n}/domains"), "../a/domains")));
    let scratch = Scratch::new();
    let path = scratch.file("list.tar", tar(&members));
    let limits = Limits { unpacked_bytes: 20_000_000, ..Limits::default() };
    let error = try_read(&path, None, &limits).unwrap_err();
    assert_eq!(error.fault(), Some(&Fault::TooLarge(20_000_000)));
}

#[test]
fn archives_in_archives() {
    let inner = tar(&[good()]);
    assert_eq!(fault_of(tar(&[file("lists/a/domains", &inner)])), Fault::PackedTwice);
    assert_eq!(fault_of(tar(&[file("lists/a/domains.gz", gzip(&inner))])), Fault::PackedTwice);
    assert_eq!(fault_of(gzip(&gzip(b"a.example\n"))), Fault::PackedTwice);
    assert_eq!(fault_of(zstd(&gzip(&inner))), Fault::PackedTwice);
    // What is not read as a list may be anything.
    assert!(read_bytes(tar(&[good(), file("more.tar", &inner)])).is_ok());
}

#[test]
fn a_window_of_gigabytes_is_not_set_aside() {
    let mut encoder = zstd::stream::read::Encoder::new(std::io::repeat(b'\n').take(1 << 20), 1).unwrap();
    encoder.window_log(30).unwrap();
    let mut packed = Vec::new();
    encoder.read_to_end(&mut packed).unwrap();
    assert!(damaged(&fault_of(packed)));
}
