//! What the documentation shows is what is compiled.

use std::fs;
use std::path::Path;

#[test]
fn the_program_for_developers_is_the_example() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let page = fs::read_to_string(root.join("docs/developers.md")).unwrap();
    let example = fs::read_to_string(root.join("crates/policy/examples/decide.rs")).unwrap();
    assert!(page.contains(&format!("```rust\n{example}```")), "docs/developers.md shows another program");
}
