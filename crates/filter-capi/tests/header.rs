//! The header is what cbindgen makes of this crate, and what a C++ compiler takes too.

use std::path::Path;

const CRATE: &str = env!("CARGO_MANIFEST_DIR");

/// The files in the order in which a C programmer reads.
const FILES: &[&str] =
    &["abi", "failure", "request", "findings", "rules", "ffi/version", "ffi/rules", "ffi/findings", "ffi/canonical"];

/// The header is renewed by `BELISHA_RENEW=1 cargo test -p belisha-filter-capi --test header`.
#[test]
fn the_header_is_that_of_this_crate() {
    let config = cbindgen::Config::from_file(Path::new(CRATE).join("cbindgen.toml")).unwrap();
    let mut builder = cbindgen::Builder::new().with_config(config);
    for file in FILES {
        builder = builder.with_src(Path::new(CRATE).join(format!("src/{file}.rs")));
    }
    let mut made = Vec::new();
    builder.generate().unwrap().write(&mut made);
    let file = Path::new(CRATE).join("include/belisha.h");
    if std::env::var_os("BELISHA_RENEW").is_some_and(|value| value == "1") {
        std::fs::write(&file, &made).unwrap();
    }
    let there = std::fs::read_to_string(&file).unwrap();
    assert!(there.as_bytes() == made, "{} is not what the crate says; see above how to renew it", file.display());
}

/// No function of the crate is missing, whatever file it stands in.
#[test]
fn every_function_is_in_the_header() {
    let header = std::fs::read_to_string(Path::new(CRATE).join("include/belisha.h")).unwrap();
    let mut functions = 0;
    for entry in std::fs::read_dir(Path::new(CRATE).join("src/ffi")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for behind in text.split("extern \"C\" fn ").skip(1) {
            let name = behind.split('(').next().unwrap();
            assert!(header.contains(&format!("{name}(")), "{name} is not in the header");
            functions += 1;
        }
    }
    assert!(functions > 10, "{functions} functions were found, so this test looks for the wrong thing");
}
