//! Compiles lists into a ruleset, with a taxonomy of one's own.
//!
//! ```text
//! cargo run -p belisha-filter --features compile --example compile -- OUT CATEGORY NAME FILE [CATEGORY NAME FILE]...
//! ```
//!
//! A file has a rule in each line, as `Rule::from_normalised` reads it: `name` with everything below, `full:name` alone,
//! `host/path`. A line that is none is counted and left out.

use std::collections::hash_map::RandomState;
use std::error::Error;
use std::hash::{BuildHasher, Hasher};

use belisha_filter::{Compiler, List, Rule};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((out, lists)) = arguments.split_first().filter(|(_, lists)| !lists.is_empty() && lists.len() % 3 == 0)
    else {
        return Err("usage: compile OUT CATEGORY NAME FILE [CATEGORY NAME FILE]...".into());
    };
    // A number that nobody can foresee, so that no name can be made to collide with another.
    let seed = RandomState::new().build_hasher().finish();
    let mut compiler = Compiler::new(seed);
    for list in lists.as_chunks::<3>().0 {
        let [category, name, file] = list;
        let id = compiler.list(List::new("example", name, category.parse()?));
        let (mut taken, mut left_out) = (0, 0);
        for line in std::fs::read_to_string(file)?.lines() {
            match Rule::from_normalised(line) {
                Ok(rule) => {
                    compiler.add(id, &rule);
                    taken += 1;
                }
                Err(_) => left_out += 1,
            }
        }
        println!("{name}: {taken} rules, {left_out} lines left out");
    }
    std::fs::write(out, compiler.finish()?)?;
    Ok(())
}
