//! The same scenarios on every kind of store.

use crate::scenarios::SCENARIOS;
use crate::support::{World, prepared};

fn run(kind: &str, fresh: &dyn Fn() -> World) {
    for (name, scenario) in SCENARIOS {
        println!("{kind}: {name}");
        scenario(&fresh());
    }
}

#[test]
fn in_memory() {
    run("memory", &World::memory);
}

#[test]
fn in_a_file() {
    run("file", &World::file);
}

#[test]
fn in_postgres() {
    let Some(server) = prepared() else { return };
    run("server", &|| World::server(&server));
}
