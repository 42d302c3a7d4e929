//! Real folders: nothing outside is opened, nothing that is not a file is waited for.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt as _;

use belisha_formats::lists::{Fault, Format, Limits, ReadError};

use crate::common::*;

/// A folder with one good list.
fn folder() -> Scratch {
    let scratch = Scratch::new();
    scratch.file("list/arcade/domains", "a.example\n");
    scratch
}

fn refused(scratch: &Scratch) -> ReadError {
    let error = try_read(&scratch.path("list"), None, &Limits::default()).unwrap_err();
    assert!(error.is_bad_input(), "{error}");
    error
}

#[test]
fn links_that_lead_out_or_nowhere_or_in_circles() {
    for (name, target, expected) in [
        ("hostile/domains", "/etc/passwd", Fault::LinkLeavesSource("/etc/passwd".into())),
        ("hostile/domains", "../../outside", Fault::LinkLeavesSource("../../outside".into())),
        ("hostile", "..", Fault::LinkLeavesSource("..".into())),
        ("README", "/etc/passwd", Fault::LinkLeavesSource("/etc/passwd".into())),
        ("hostile/domains", "../none/domains", Fault::LinkDangles("../none/domains".into())),
        ("hostile/domains", "domains", Fault::LinkLoops("domains".into())),
    ] {
        let scratch = folder();
        scratch.file("outside", "b.example\n");
        scratch.link(&format!("list/{name}"), target);
        let error = refused(&scratch);
        assert_eq!(error.fault(), Some(&expected));
        assert!(error.to_string().starts_with(&format!("{name} in ")), "{error}");
    }
}

#[test]
fn an_absolute_link_into_the_folder_is_refused_all_the_same() {
    let scratch = folder();
    let target = scratch.path("list/arcade");
    scratch.link("list/hostile", target.to_str().unwrap());
    assert!(matches!(refused(&scratch).fault(), Some(Fault::LinkLeavesSource(_))));
}

#[test]
fn the_path_that_is_given_may_be_a_link() {
    let scratch = folder();
    scratch.link("linked", "list");
    scratch.link("file", "list/arcade/domains");
    assert_eq!(names(&read(&scratch.path("linked"))), ["arcade"]);
    assert_eq!(names(&read(&scratch.path("file"))), ["file"]);
}

#[test]
fn pipes_and_sockets_are_not_opened() {
    let scratch = folder();
    let _socket = std::os::unix::net::UnixListener::bind(scratch.path("list/arcade/urls")).unwrap();
    assert_eq!(refused(&scratch).fault(), Some(&Fault::Special("a socket")));

    let scratch = folder();
    let made = std::process::Command::new("mkfifo").arg(scratch.path("list/arcade/urls")).status();
    if made.is_ok_and(|status| status.success()) {
        let error = refused(&scratch);
        assert_eq!(error.fault(), Some(&Fault::Special("a named pipe")));
        assert!(error.to_string().starts_with("arcade/urls in "), "{error}");
    }
}

#[test]
fn limits_hold_for_folders_too() {
    let scratch = folder();
    for n in 0..20 {
        scratch.file(&format!("list/l{n}/domains"), "a.example\n".repeat(100));
    }
    let limited = |limits: Limits| try_read(&scratch.path("list"), None, &limits).unwrap_err();
    let members = limited(Limits { members: 41, ..Limits::default() });
    assert_eq!(members.fault(), Some(&Fault::TooManyMembers(41)));
    let bytes = limited(Limits { unpacked_bytes: 5000, ..Limits::default() });
    assert_eq!(bytes.fault(), Some(&Fault::TooLarge(5000)));
    scratch.file(&format!("list/{}domains", "a/".repeat(40)), "");
    assert_eq!(refused(&scratch).fault(), Some(&Fault::NameTooLong));
}

#[test]
fn archives_in_a_folder_are_not_lists() {
    let scratch = Scratch::new();
    scratch.file("list/more.tar.gz", gzip(&tar(&[file("a/domains", "a.example\n")])));
    assert_eq!(refused(&scratch).fault(), Some(&Fault::PackedTwice));
    let scratch = Scratch::new();
    scratch.file("list/page.txt", "<html>");
    let error = refused(&scratch);
    assert!(error.to_string().starts_with("page.txt in "), "{error}");
}

#[test]
fn a_file_that_may_not_be_read_is_not_the_contents_fault() {
    let scratch = folder();
    let path = scratch.file("list/secret/domains", "a.example\n");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o0)).unwrap();
    // The superuser may read everything.
    if std::fs::File::open(&path).is_err() {
        let error = try_read(&scratch.path("list"), None, &Limits::default()).unwrap_err();
        assert!(!error.is_bad_input(), "{error}");
        assert!(error.to_string().starts_with("secret/domains in "), "{error}");
    }
}

#[test]
fn an_empty_folder_has_no_list() {
    let scratch = Scratch::new();
    std::fs::create_dir(scratch.path("list")).unwrap();
    for format in [None, Some(Format::SquidGuard), Some(Format::Domains)] {
        let error = try_read(&scratch.path("list"), format, &Limits::default()).unwrap_err();
        assert!(matches!(error.fault(), Some(Fault::NoList(_))), "{error}");
    }
}
