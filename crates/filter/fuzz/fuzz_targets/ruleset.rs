#![no_main]

#[path = "../../tests/target/changed.rs"]
mod changed;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| changed::ruleset(bytes));
