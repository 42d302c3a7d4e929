#![no_main]
#![allow(dead_code, reason = "the functions are shared with the tests, which use them all")]

#[path = "../../tests/target/deviation.rs"]
mod deviation;
#[path = "../../tests/target/fuzzed.rs"]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzzed::ruleset(bytes));
