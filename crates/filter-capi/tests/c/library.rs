//! What is installed: names, symbols, the pkg-config file, the header for C++, the programs of the documentation.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use belisha_testkit::{finish, program};

use crate::installed::{CRATE, Link, STRICT, compile, prefix, succeed};
use crate::rulesets;

fn library() -> String {
    prefix().join("lib/libbelisha.so").display().to_string()
}

/// The functions that the header declares.
fn declared() -> BTreeSet<String> {
    let header = std::fs::read_to_string(prefix().join("include/belisha.h")).unwrap();
    let name = |line: &str| {
        let before = line.split_once('(')?.0;
        let name = before.rsplit([' ', '*']).next()?;
        (line.starts_with(|c: char| c.is_ascii_lowercase()) && name.starts_with("belisha_")).then(|| name.to_string())
    };
    header.lines().filter_map(name).collect()
}

#[test]
fn the_shared_library_has_the_functions_of_the_header_and_no_others() {
    let symbols = succeed(Command::new("nm").args(["-D", "--defined-only"]).arg(library())).out;
    let exported: BTreeSet<String> =
        symbols.lines().filter_map(|line| line.split_whitespace().nth(2)).map(str::to_string).collect();
    assert_eq!(exported, declared());
    assert!(exported.len() > 10, "{exported:?}");
}

#[test]
fn programs_look_for_the_number_of_the_abi() {
    let dynamic = succeed(Command::new("readelf").arg("-d").arg(library())).out;
    let name = format!("libbelisha.so.{}", belisha::BELISHA_ABI_MAJOR);
    assert!(dynamic.contains(&format!("soname: [{name}]")), "{dynamic}");
    assert!(prefix().join("lib").join(name).exists());
}

#[test]
fn pkg_config_knows_it() {
    let Some(mut pkg_config) = program("pkg-config") else { return };
    let there = prefix().join("lib/pkgconfig");
    let flags = succeed(pkg_config.env("PKG_CONFIG_PATH", &there).args(["--cflags", "--libs", "belisha"])).out;
    let version = Command::new("pkg-config").env("PKG_CONFIG_PATH", &there).args(["--modversion", "belisha"]).output();
    assert_eq!(String::from_utf8_lossy(&version.unwrap().stdout).trim_end(), env!("CARGO_PKG_VERSION"));
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("first");
    let mut cc = Command::new("cc");
    cc.args(STRICT).arg(Path::new(CRATE).join("examples/first.c")).arg("-o").arg(&out);
    succeed(cc.args(flags.split_whitespace()));
    let rules = rulesets::of_vectors(folder.path());
    let asked = Command::new(out)
        .env("LD_LIBRARY_PATH", prefix().join("lib"))
        .arg(rules)
        .arg("http://www.wager.example/")
        .output();
    assert_eq!(
        String::from_utf8_lossy(&asked.unwrap().stdout),
        "wager.example is on betting (14)\nwager.example is on tips (65535)\n"
    );
}

/// A machine may have no C++ compiler: nothing needs one.
#[test]
fn the_header_is_also_one_of_cpp() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("header");
    let mut cpp = Command::new("c++");
    if cpp.arg("--version").output().is_err() {
        println!("skipped: c++ is not installed");
        return;
    }
    let mut cpp = Command::new("c++");
    cpp.args(["-std=c++11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I"]).arg(prefix().join("include"));
    cpp.arg(Path::new(CRATE).join("tests/c/header.cpp")).arg("-o").arg(&out);
    cpp.arg("-L").arg(prefix().join("lib")).arg("-lbelisha");
    succeed(cpp.arg(format!("-Wl,-rpath,{}", prefix().join("lib").display())));
    assert_eq!(succeed(&mut Command::new(out)).out, "the file is not a Belisha ruleset\n");
}

/// The program in the documentation is the one that is compiled here.
#[test]
fn the_program_of_the_documentation_runs() {
    let text = std::fs::read_to_string(Path::new(CRATE).join("../../docs/vendors.md")).unwrap();
    let program = std::fs::read_to_string(Path::new(CRATE).join("examples/first.c")).unwrap();
    assert!(text.contains(&format!("```c\n{program}```\n")), "docs/vendors.md does not show examples/first.c");
    let folder = tempfile::tempdir().unwrap();
    let first = compile("examples/first.c", folder.path(), Link::Shared, &[]);
    let rules = rulesets::of_one_list(folder.path(), "betting", 14, &["wager.example"]);
    let ask = |url: &str| finish(Command::new(&first).arg(&rules).arg(url));
    assert_eq!(ask("https://www.wager.example/").out, "wager.example is on betting (14)\n");
    assert_eq!((ask("https://nothing.test/").out.as_str(), ask("https://nothing.test/").code), ("", 0));
    let bad = ask("nothing.test");
    assert_eq!((bad.code, bad.err.contains("does not start with http://")), (1, true), "{}", bad.err);
}
