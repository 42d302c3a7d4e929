//! The house plan, held against what cargo knows: who may depend on whom, and what no model may touch.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// Each member and the members it may depend on. A member that is not here fails the test: say where it belongs.
const ARROWS: &[(&str, &[&str])] = &[
    ("filter", &[]),
    ("filter-capi", &["filter"]),
    ("policy", &["filter"]),
    ("incident", &["policy"]),
    ("aua", &["policy"]),
    ("formats", &["filter", "policy"]),
    ("report", &["policy"]),
    ("store", &["policy"]),
    ("school", &["filter", "policy", "incident", "aua", "formats", "report", "store"]),
    ("gateway", &["filter", "policy"]),
    ("console", &["policy", "incident", "aua", "school", "store"]),
    ("testkit", &[]),
    ("proxy", &["filter", "policy", "gateway", "school", "store"]),
    ("importer", &["filter", "policy", "aua", "formats", "school"]),
    ("reporter", &["policy", "incident", "aua", "report", "school", "store", "console"]),
    (
        "benches",
        &[
            "filter",
            "filter-capi",
            "policy",
            "incident",
            "aua",
            "formats",
            "school",
            "store",
            "gateway",
            "console",
            "testkit",
        ],
    ),
];

/// Members that know the law of the place and nothing of the world.
const MODELS: &[&str] = &["filter", "policy", "incident", "aua"];

/// Crates that would bring the world into a model: async, sockets, files, randomness.
const WORLDLY: &[&str] = &["tokio", "hyper", "rusqlite", "getrandom", "rand", "tracing", "memmap2", "ureq"];

fn metadata() -> Metadata {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
    MetadataCommand::new().manifest_path(manifest).no_deps().other_options(["--offline".into()]).exec().unwrap()
}

fn short(package: &str) -> Option<&str> {
    package.strip_prefix("belisha-")
}

#[test]
fn arrows_point_down_and_nowhere_else() {
    let allowed: BTreeMap<&str, BTreeSet<&str>> =
        ARROWS.iter().map(|(from, to)| (*from, to.iter().copied().collect())).collect();
    for package in metadata().packages {
        let name = short(&package.name).unwrap();
        let Some(allowed) = allowed.get(name) else { panic!("{name} is not in the plan") };
        for dependency in package.dependencies.iter().filter(|it| it.kind == DependencyKind::Normal) {
            if let Some(other) = short(&dependency.name) {
                assert!(allowed.contains(other), "{name} depends on {other}, which the plan does not allow");
            }
        }
    }
}

/// A permit can be made up with the feature `testing` of `policy`: no product may have it.
#[test]
fn no_product_can_make_up_a_permit() {
    let mut tests = 0;
    for package in metadata().packages {
        for dependency in package.dependencies.iter().filter(|it| it.name == "belisha-policy") {
            let testing = dependency.features.iter().any(|feature| feature == "testing");
            let ours = dependency.kind == DependencyKind::Development;
            assert!(!testing || ours, "{} enables `testing`", package.name);
            tests += usize::from(testing);
        }
    }
    assert!(tests > 0, "nobody enables it, so this test looks for the wrong thing");
}

#[test]
fn the_plan_has_no_circles() {
    let order: Vec<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    for (at, (name, to)) in ARROWS.iter().enumerate() {
        for other in *to {
            let other_at = order.iter().position(|it| it == other).unwrap();
            assert!(other_at < at || name == &"benches", "{name} stands before {other}, on which it depends");
        }
    }
}

#[test]
fn models_know_nothing_of_the_world() {
    for package in metadata().packages {
        if !short(&package.name).is_some_and(|name| MODELS.contains(&name)) {
            continue;
        }
        for dependency in package.dependencies.iter().filter(|it| it.kind == DependencyKind::Normal) {
            assert!(!WORLDLY.contains(&&*dependency.name), "{} depends on {}", package.name, dependency.name);
            if dependency.name == "chrono" {
                assert!(!dependency.features.iter().any(|feature| feature == "clock"), "{} has a clock", package.name);
            }
        }
        let lib = package.targets.iter().find(|target| target.is_lib()).unwrap();
        let text = std::fs::read_to_string(&lib.src_path).unwrap();
        assert!(text.contains("#![no_std]"), "{} could reach for files and clocks", package.name);
    }
}
