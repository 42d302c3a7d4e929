//! Many hosts looked up at once: the lines that one of them needs are fetched while others are read.

use super::find::{AT_ONCE, Asked, AskedLines, Found, Hosts, short_name};
use super::keys::place;
use super::ways::{Lanes, Names, ShortName};
use crate::host::Host;

/// Hosts that are looked up at once: as many lines as a processor can wait for at a time.
pub(crate) const MANY: usize = 16;

/// Hosts that are looked up at once, and what is found of each. Kept from one time to the next, since to clear it all would cost
/// as much as some look-ups.
pub(crate) struct Many {
    asked: [(Names, AskedLines); MANY],
    /// Names that may be listed, of all of them.
    candidates: [Candidate; MANY * AT_ONCE as usize],
    pub(crate) found: [Found; MANY],
}

/// A name that may be listed.
#[derive(Clone, Copy, Default)]
struct Candidate {
    hash: u64,
    length: u32,
    /// The number of the host that it is a name of.
    of: usize,
}

impl Default for Many {
    fn default() -> Self {
        Self {
            asked: [Default::default(); MANY],
            candidates: [Candidate::default(); MANY * AT_ONCE as usize],
            found: [const { Found::NOT_SHORT }; MANY],
        }
    }
}

impl Hosts {
    /// Looks hosts up, in one way; [`Found::NOT_SHORT`] is found of one that must go the long way, and of none.
    ///
    /// Loops and no closures: those would not have the instructions of the function that this is inlined into.
    #[expect(clippy::inline_always, reason = "the instructions that a caller may use are those of its own function")]
    #[inline(always)]
    pub(crate) fn many_by<L: Lanes>(&self, file: &[u8], hosts: &[Option<&Host>; MANY], many: &mut Many) {
        for ((names, lines), host) in many.asked.iter_mut().zip(hosts) {
            if let Some(name) = host.and_then(short_name) {
                let asked = self.ask::<L>(file, name);
                L::fetch(self.filter.lines.get(file, asked.lines.first));
                L::fetch(self.filter.lines.get(file, asked.lines.second));
                asked.names.store(names);
                *lines = asked.lines;
            } else {
                *names = Names::TOO_MANY;
            }
        }
        let mut count = 0;
        for (number, found) in many.found.iter_mut().enumerate() {
            let Some((names, lines)) = many.asked.get(number) else { continue };
            let held = self.held::<L>(file, &Asked { names: L::Names::load(names), lines: *lines });
            *found = Found::NOT_SHORT;
            let Some(mut held) = held.filter(|held| held.count_ones() <= AT_ONCE) else { continue };
            *found = Found::NOTHING;
            while held != 0 {
                let (hash, length) = names.get(held.trailing_zeros());
                held &= held - 1;
                L::fetch(self.table.lines.get(file, self.table.lines.of(place(hash))));
                if let Some(candidate) = many.candidates.get_mut(count) {
                    *candidate = Candidate { hash, length, of: number };
                    count += 1;
                }
            }
        }
        for Candidate { hash, length, of } in many.candidates.iter().take(count) {
            let value = self.table.get_by::<L>(file, *hash);
            if let Some(found) = many.found.get_mut(*of) {
                found.put(value, *length);
            }
        }
    }
}
