//! A program with an allocator, a panic handler and no standard library. If any crate below brought one, there would be
//! two panic handlers, and this would not compile. It ends with 0 where the rule is found and its neighbour is not.

#![no_std]
#![no_main]

extern crate alloc;

use core::alloc::{GlobalAlloc, Layout};
use core::ffi::{c_char, c_int};

use belisha_filter::{Compiler, List, Rule, Ruleset, Target};

/// The allocator of the C library.
struct OfC;

// SAFETY: `aligned_alloc` gives memory of at least the size and of the alignment asked for, or null, and `free` takes
// what it gave. It wants an alignment of at least a pointer's and a size that is a multiple of it.
unsafe impl GlobalAlloc for OfC {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let align = layout.align().max(size_of::<usize>());
        // SAFETY: a power of two, and a size rounded up to a multiple of it.
        unsafe { libc::aligned_alloc(align, layout.size().next_multiple_of(align)).cast() }
    }

    unsafe fn dealloc(&self, memory: *mut u8, _: Layout) {
        // SAFETY: `alloc` gave it.
        unsafe { libc::free(memory.cast()) }
    }
}

#[global_allocator]
static ALLOCATOR: OfC = OfC;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // SAFETY: ending has no conditions.
    unsafe { libc::abort() }
}

/// `alloc` comes compiled for unwinding and asks for this where nothing ever unwinds.
// SAFETY: no other symbol of the program has this name.
#[unsafe(no_mangle)]
pub extern "C" fn rust_eh_personality() -> ! {
    // SAFETY: ending has no conditions.
    unsafe { libc::abort() }
}

/// As above.
// SAFETY: no other symbol of the program has this name.
#[unsafe(no_mangle)]
pub extern "C" fn _Unwind_Resume() -> ! {
    // SAFETY: ending has no conditions.
    unsafe { libc::abort() }
}

/// The entry of a C program.
// SAFETY: no other symbol of the program has this name.
#[unsafe(no_mangle)]
pub extern "C" fn main(_: c_int, _: *const *const c_char) -> c_int {
    match finds_the_rule_alone() {
        Some(true) => 0,
        Some(false) => 1,
        None => 2,
    }
}

fn finds_the_rule_alone() -> Option<bool> {
    let mut compiler = Compiler::new(7);
    let list = compiler.list(List::new("ours", "games", 1));
    compiler.add(list, &Rule::url_prefix("b\u{fc}cher.test/arcade").ok()?);
    let rules = Ruleset::open(compiler.finish().ok()?).ok()?;
    let found = |url: &str| Some(rules.classify(&url.parse::<Target>().ok()?).hits().count());
    Some(found("http://B\u{dc}CHER.test/%61rcade/x?y")? == 1 && found("http://b\u{fc}cher.test/arcades")? == 0)
}
