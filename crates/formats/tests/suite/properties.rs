//! * Whatever the bytes, reading gives a value or an error; every rule of a value reads back as itself.
//! * An archive whose bytes were changed is refused, or its rules are still rules.
//! * The order of lines and members, and how a list is packed, do not change what is read.

use crate::common::*;

use belisha_formats::lists::{Format, Limits};
use proptest::prelude::*;

/// Small limits, so that hostile numbers in a header are reached soon.
fn limits() -> Limits {
    Limits { unpacked_bytes: 1 << 20, members: 50, line_bytes: 200, complaints_kept: 5, ..Limits::default() }
}

fn any_format() -> impl Strategy<Value = Option<Format>> {
    prop_oneof![Just(None), Just(Some(Format::SquidGuard)), Just(Some(Format::Hosts)), Just(Some(Format::Domains))]
}

/// Lines that are nearly names, web addresses and hosts lines.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-c]{1,3}\\.(example|org|co\\.uk)",
        "(0\\.0\\.0\\.0|127\\.0\\.0\\.1|::1|8\\.8\\.8\\.8)[ \t](localhost|[a-c]{1,2}\\.example)( [a-c]\\.example)?",
        "(https?://)?(www\\.)?[a-c]\\.(example|com)(:[0-9]{1,4})?(/[a-c%0-9.;?#]{0,8}){0,3}",
        "(full:|domain:|\\.|\\*\\.|\\|\\|)[a-cé]{1,4}\\.example\\^?",
        "[#!;] ?.{0,10}",
        "\\PC{0,30}",
        "[0-9a-fx.:%]{1,20}",
    ]
}

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["list", "domains", "urls", "expressions", "list.txt"])
}

proptest! {
    #[test]
    fn any_bytes_are_a_list_or_an_error(
        bytes in prop::collection::vec(any::<u8>(), 0..2000),
        name in name(),
        format in any_format(),
    ) {
        let scratch = Scratch::new();
        for content in [bytes.clone(), gzip(&bytes), zstd(&bytes), tar(&[file("x/domains", &bytes)])] {
            let _ = try_read(&scratch.file(name, content), format, &limits());
        }
    }

    #[test]
    fn any_lines_are_a_list(lines in prop::collection::vec(line(), 0..60), name in name(), format in any_format()) {
        let scratch = Scratch::new();
        let _ = try_read(&scratch.file(name, lines.join("\n")), format, &limits());
    }

    #[test]
    fn any_magic_and_any_bytes_are_an_error_or_a_list(
        magic in prop::sample::select(vec![&b"\x1f\x8b\x08"[..], b"\x28\xb5\x2f\xfd", b"\x50\x2a\x4d\x18", b"PK\x03\x04"]),
        bytes in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let scratch = Scratch::new();
        let _ = try_read(&scratch.file("list", [magic, &bytes].concat()), None, &limits());
    }

    #[test]
    fn any_header_is_an_error_or_a_member(
        kind in prop::sample::select(b"01234567SLKxgDMVNZ\0".to_vec()),
        name in "[a-b./]{1,12}|lists/a/(domains|urls)",
        target in "[a-b./]{0,12}|lists/a/(domains|urls)",
        content in prop::collection::vec(any::<u8>(), 0..40),
        pick in 0_usize..2,
        patches in prop::collection::vec((0_usize..512, any::<u8>()), 0..3),
    ) {
        let mut odd = member(kind, name.as_bytes(), target.as_bytes(), &content);
        for (at, byte) in patches {
            odd[at] = byte;
        }
        let mut fixed = tar::Header::new_gnu();
        fixed.as_mut_bytes().copy_from_slice(&odd[..512]);
        fixed.set_cksum();
        odd[..512].copy_from_slice(fixed.as_bytes());
        let good = file("lists/a/domains", "a.example\n");
        let members = if pick == 0 { [odd, good] } else { [good, odd] };
        let scratch = Scratch::new();
        let _ = try_read(&scratch.file("list.tar", tar(&members)), None, &limits());
    }

    #[test]
    fn a_changed_archive_is_refused_or_its_rules_are_rules(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
        packing in 0..3,
    ) {
        let archive = tar(&[
            file("lists/a/domains", "a.example\nb.example\n"),
            symlink("lists/b", "a"),
            symlink("lists/c/domains", "../a/domains"),
            file("lists/c/urls", "c.example/x\n"),
        ]);
        let mut bytes = match packing {
            0 => archive,
            1 => gzip(&archive),
            _ => zstd(&archive),
        };
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let scratch = Scratch::new();
        let _ = try_read(&scratch.file("list.tar", bytes), None, &limits());
    }

    #[test]
    fn order_and_packing_do_not_matter(
        lines in Just(()).prop_flat_map(|()| prop::collection::vec(line(), 1..40)),
        seed in any::<u64>(),
    ) {
        let scratch = Scratch::new();
        let plain = |name: &str, content: &[u8]| {
            try_read(&scratch.file(name, content), Some(Format::Domains), &Limits::default())
        };
        let text = lines.join("\n");
        let mut shuffled = lines.clone();
        shuffled.sort_by_key(|line| xorshift(seed, line));
        let one = plain("a/list", text.as_bytes());
        let two = plain("b/list", shuffled.join("\r\n").as_bytes());
        // The first line tells a web page from a list.
        if let (Ok(one), Ok(two)) = (&one, &two) {
            prop_assert_eq!(&one.lists[0].rules, &two.lists[0].rules);
            prop_assert_eq!(one.lists[0].malformed, two.lists[0].malformed);
            prop_assert_eq!(one.lists[0].lines, two.lists[0].lines);
        }
        for packed in [gzip(text.as_bytes()), zstd(text.as_bytes())] {
            let packed = plain("c/list.gz", &packed);
            prop_assert_eq!(packed.is_ok(), one.is_ok());
            if let (Ok(one), Ok(packed)) = (&one, &packed) {
                prop_assert_eq!(&one.lists[0].rules, &packed.lists[0].rules);
            }
        }
    }

    #[test]
    fn the_order_of_members_does_not_matter(order in Just((0..6).collect::<Vec<usize>>()).prop_shuffle()) {
        let members = [
            file("lists/a/domains", "a.example\n"),
            file("lists/a/urls", "a.example/x\n"),
            symlink("lists/b", "a"),
            symlink("lists/c/domains", "../a/domains"),
            symlink("lists/d/urls", "../a/domains"),
            file("lists/note.txt", "x"),
        ];
        let shuffled: Vec<_> = order.iter().map(|at| members[*at].clone()).collect();
        prop_assert_eq!(read_bytes(tar(&shuffled)).unwrap(), read_bytes(tar(&members)).unwrap());
    }
}

fn xorshift(seed: u64, line: &str) -> u64 {
    line.bytes().fold(seed | 1, |mut hash, byte| {
        hash ^= u64::from(byte);
        hash ^= hash << 13;
        hash ^= hash >> 7;
        hash ^ (hash << 17)
    })
}
