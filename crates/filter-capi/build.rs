//! Gives the shared library the name that programs linked with it look for: `libbelisha.so.` and the ABI's number.

#[expect(dead_code, unreachable_pub, reason = "one of two numbers, public in the library")]
#[path = "src/abi.rs"]
mod abi;

fn main() {
    println!("cargo:rerun-if-changed=src/abi.rs");
    let system = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    if matches!(&*system, "linux" | "android" | "freebsd" | "netbsd" | "openbsd" | "dragonfly") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libbelisha.so.{}", abi::BELISHA_ABI_MAJOR);
    }
}
