//! The three C programs of this folder, each run in every way.

use std::path::Path;
use std::process::Command;

use belisha_testkit::program;

use crate::installed::{Link, compile, succeed};
use crate::rulesets;

const PROGRAMS: &[&str] = &["vectors", "bad_input", "hot_swap"];

/// Runs each program, built with these flags, by what makes a command of its path.
fn run_all(link: Link, flags: &[&str], command: impl Fn(&Path) -> Command) {
    let folder = tempfile::tempdir().unwrap();
    let of_vectors = rulesets::of_vectors(folder.path());
    let first = rulesets::of_one_list(folder.path(), "first", 1, &["wager.example", "only.example"]);
    let second = rulesets::of_one_list(folder.path(), "second", 2, &["wager.example"]);
    for name in PROGRAMS {
        let path = compile(&format!("tests/c/{name}.c"), folder.path(), link, flags);
        let mut command = command(&path);
        match *name {
            "vectors" => command.arg(&of_vectors).arg(rulesets::vectors()),
            "bad_input" => command.arg(&of_vectors).arg(folder.path()),
            _ => command.arg(&first).arg(&second).arg(folder.path()),
        };
        let done = succeed(&mut command);
        println!("{name}: {}", done.out.trim_end());
    }
}

#[test]
fn with_the_shared_library() {
    run_all(Link::Shared, &[], |path| Command::new(path));
}

#[test]
fn with_the_static_library() {
    run_all(Link::Static, &[], |path| Command::new(path));
}

#[test]
fn with_address_and_undefined_behaviour_sanitizers() {
    let flags = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
    run_all(Link::Shared, &flags, |path| {
        let mut command = Command::new(path);
        // A length of half the memory is refused by us; the sanitizer's allocator would end the program first.
        command.env("ASAN_OPTIONS", "allocator_may_return_null=1");
        command
    });
}

/// Threads take turns under valgrind, so that whoever replaces rules must not wait for long.
#[test]
fn under_valgrind() {
    if program("valgrind").is_none() {
        return;
    }
    run_all(Link::Shared, &[], |path| {
        let mut valgrind = Command::new("valgrind");
        valgrind.args(["--quiet", "--error-exitcode=9", "--fair-sched=try"]);
        valgrind.args(["--leak-check=full", "--errors-for-leak-kinds=definite,indirect,possible"]).arg(path);
        valgrind
    });
}
