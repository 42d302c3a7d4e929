//! Without the standard library nobody else asks for the C library.

fn main() {
    println!("cargo:rustc-link-lib=c");
}
