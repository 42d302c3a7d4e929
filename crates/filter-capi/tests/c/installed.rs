//! The library as a C programmer has it: installed by the script, found by `cc`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use belisha_testkit::{Finished, finish};
use tempfile::TempDir;

pub(crate) const CRATE: &str = env!("CARGO_MANIFEST_DIR");

pub(crate) const STRICT: &[&str] = &["-std=c11", "-Wall", "-Wextra", "-Werror", "-O1", "-g"];

/// The prefix into which the library was installed, once for all tests of this file.
pub(crate) fn prefix() -> &'static Path {
    static PREFIX: OnceLock<TempDir> = OnceLock::new();
    PREFIX
        .get_or_init(|| {
            let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
            let mut install = Command::new(Path::new(CRATE).join("install.sh"));
            // What the tests need is fetched by then.
            install.arg(folder.path()).env("PROFILE", "dev").env("CARGO_NET_OFFLINE", "true");
            let done = finish(&mut install);
            assert_eq!(done.code, 0, "{}", done.err);
            folder
        })
        .path()
}

/// How a program finds the library.
#[derive(Clone, Copy)]
pub(crate) enum Link {
    Shared,
    Static,
}

/// Compiles a C file of this crate into a folder.
pub(crate) fn compile(file: &str, into: &Path, link: Link, flags: &[&str]) -> PathBuf {
    let out = into.join(Path::new(file).file_stem().unwrap());
    let library = prefix().join("lib");
    let mut cc = Command::new("cc");
    cc.args(STRICT).args(flags).arg("-I").arg(prefix().join("include"));
    cc.arg(Path::new(CRATE).join(file)).arg("-o").arg(&out);
    match link {
        Link::Shared => {
            cc.arg("-L").arg(&library).arg("-lbelisha");
            cc.arg(format!("-Wl,-rpath,{}", library.display()));
        }
        Link::Static => {
            cc.arg(library.join("libbelisha.a"));
        }
    }
    // As `Libs.private` of belisha.pc says; a shared library brings them itself, and more are no harm.
    cc.args(["-lpthread", "-ldl", "-lm"]);
    succeed(&mut cc);
    out
}

/// Runs a program that must end well.
pub(crate) fn succeed(command: &mut Command) -> Finished {
    let done = finish(command);
    assert_eq!(done.code, 0, "{command:?}\n{}{}", done.out, done.err);
    done
}
