//! Many hosts looked up one after another, as on an assembly line: what one step needs from memory was fetched by the step
//! before, while other hosts were worked on.

use super::find::{AskedLines, Found, Hosts, LANES, short_name};
use super::keys::place;
use super::ways::{Lanes, Names, ShortName};
use crate::host::Host;

/// Hosts that are in one step at a time.
pub(crate) const MANY: usize = 16;
/// Steps that a host goes through before it is done: it is fetched, its text is fetched, it is read, the filter is asked, the
/// first lines of the table are asked, and then others.
const STEPS: usize = 6;
/// Names that may be found, and as many behind them as are read at once.
const ALL: usize = MANY * LANES + LANES;
/// Places for the hosts that are under way.
const ROUNDS: usize = STEPS.next_power_of_two();

/// The hosts that are under way.
pub(crate) struct Many<'h> {
    /// How many rounds were begun.
    round: usize,
    hosts: [[Option<&'h Host>; MANY]; ROUNDS],
    /// What was read of those that the filter is to be asked of.
    asked: [(Names, AskedLines); MANY],
    /// Those of the last two rounds in which the filter was asked.
    candidates: [Candidates; 2],
    found: [Found; MANY],
}

/// The names of some hosts that may be listed.
#[derive(Clone, Copy)]
struct Candidates {
    hashes: [u64; MANY * LANES],
    lengths: [u8; MANY * LANES],
    /// What the table's first lines say of them.
    values: [u16; MANY * LANES],
    /// How many there are of each host and of those before it.
    ends: [usize; MANY],
    /// Whether each host goes the short way.
    are_short: [bool; MANY],
    /// The numbers of those that may be in another line than the first; what stands behind them is any.
    late: [usize; MANY * LANES],
    late_count: usize,
}

impl Default for Many<'_> {
    fn default() -> Self {
        let none = Candidates {
            hashes: [0; MANY * LANES],
            lengths: [0; MANY * LANES],
            values: [0; MANY * LANES],
            ends: [0; MANY],
            are_short: [false; MANY],
            late: [0; MANY * LANES],
            late_count: 0,
        };
        Self {
            round: 0,
            hosts: [[None; MANY]; ROUNDS],
            asked: [Default::default(); MANY],
            candidates: [none; 2],
            found: [const { Found::NOT_SHORT }; MANY],
        }
    }
}

impl<'h> Many<'h> {
    /// Begins a round with these.
    #[inline]
    pub(crate) fn begin(&mut self, hosts: [Option<&'h Host>; MANY]) {
        self.round += 1;
        if let Some(round) = self.hosts.get_mut(self.round % ROUNDS) {
            *round = hosts;
        }
    }

    /// The hosts that began so many rounds ago.
    #[inline]
    fn begun(&self, rounds_ago: usize) -> &[Option<&'h Host>; MANY] {
        self.hosts.get(self.round.wrapping_sub(rounds_ago) % ROUNDS).unwrap_or(&[None; MANY])
    }

    /// The hosts that are done in this round, each with what was found of it.
    #[inline]
    pub(crate) fn done(&self) -> impl Iterator<Item = (Option<&'h Host>, &Found)> {
        self.begun(STEPS - 1).iter().copied().zip(&self.found)
    }

    /// Whether hosts are done in this round: none are in the first.
    #[inline]
    pub(crate) fn are_done(&self) -> bool {
        self.round >= STEPS
    }

    /// Says that all hosts of this round must go the long way.
    pub(crate) fn find_nothing(&mut self) {
        self.found.fill(Found::NOT_SHORT);
    }
}

impl Hosts {
    /// One step for each host that is under way, in one way; [`Found::NOT_SHORT`] is found of one that must go the long way.
    ///
    /// Loops and no closures: those would not have the instructions of the function that this is inlined into. The last step
    /// comes first, so that what is handed on from step to step needs no second place.
    #[expect(clippy::inline_always, reason = "the instructions that a caller may use are those of its own function")]
    #[inline(always)]
    pub(crate) fn many_by<L: Lanes>(&self, file: &[u8], many: &mut Many<'_>) {
        let [even, odd] = &mut many.candidates;
        let (now, before) = if many.round.is_multiple_of(2) { (even, odd) } else { (odd, even) };
        self.ask_late::<L>(file, now, &mut many.found);
        self.ask_table::<L>(file, before);
        self.ask_filter::<L>(file, &many.asked, now);
        let hosts = many.hosts.get(many.round.wrapping_sub(2) % ROUNDS).unwrap_or(&[None; MANY]);
        self.read::<L>(file, hosts, &mut many.asked);
        for host in many.begun(1).iter().flatten() {
            if let [first, .., last] = host.as_str().as_bytes() {
                L::fetch(first);
                L::fetch(last);
            }
        }
        for host in many.begun(0).iter().flatten() {
            L::fetch(*host);
        }
    }

    /// Reads hosts and begins to fetch the lines of the filter that they are asked of.
    #[expect(clippy::inline_always, reason = "the instructions that a caller may use are those of its own function")]
    #[inline(always)]
    fn read<L: Lanes>(&self, file: &[u8], hosts: &[Option<&Host>; MANY], asked: &mut [(Names, AskedLines); MANY]) {
        for ((names, lines), host) in asked.iter_mut().zip(hosts) {
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
    }

    /// Asks the filter, and begins to fetch the lines of the table of names that may be listed.
    #[expect(clippy::inline_always, reason = "the instructions that a caller may use are those of its own function")]
    #[inline(always)]
    fn ask_filter<L: Lanes>(&self, file: &[u8], asked: &[(Names, AskedLines); MANY], candidates: &mut Candidates) {
        let mut count = 0;
        let Candidates { hashes, lengths, ends, are_short, .. } = candidates;
        for (((names, lines), end), is_short) in asked.iter().zip(ends).zip(are_short) {
            let names = L::Names::load(names);
            let held = self.held::<L>(file, &names, *lines);
            *is_short = held.is_some();
            let held = held.unwrap_or(0);
            let behind = (hashes.get_mut(count..), lengths.get_mut(count..));
            if let (Some(hashes), Some(lengths)) = behind
                && let (Some(hashes), Some(lengths)) = (hashes.first_chunk_mut(), lengths.first_chunk_mut())
            {
                names.write(held, hashes, lengths);
                count += held.count_ones() as usize;
            }
            *end = count;
        }
        for hash in hashes.iter().take(count) {
            L::fetch(self.table.lines.get(file, self.table.lines.of(place(*hash))));
        }
    }

    /// Asks the first lines of the table, and begins to fetch those behind them that must be asked too.
    #[expect(clippy::inline_always, reason = "the instructions that a caller may use are those of its own function")]
    #[inline(always)]
    fn ask_table<L: Lanes>(&self, file: &[u8], candidates: &mut Candidates) {
        let Candidates { hashes, values, ends: [.., count], late, late_count, .. } = candidates;
        *late_count = 0;
        for (number, (hash, to)) in hashes.iter().zip(values).take(*count).enumerate() {
            let (value, is_late) = self.table.first_by::<L>(file, *hash);
            *to = value;
            // Written always and counted at times: which of them are late cannot be foreseen.
            if let Some(late) = late.get_mut(*late_count) {
                *late = number;
            }
            *late_count += usize::from(is_late);
        }
        for number in late.iter().take(*late_count) {
            if let Some(hash) = hashes.get(*number) {
                L::fetch(self.table.lines.get(file, self.table.lines.behind(self.table.lines.of(place(*hash)))));
            }
        }
    }

    /// Asks the other lines, and says what was found of each host.
    #[expect(clippy::inline_always, reason = "the instructions that a caller may use are those of its own function")]
    #[inline(always)]
    fn ask_late<L: Lanes>(&self, file: &[u8], candidates: &mut Candidates, found: &mut [Found; MANY]) {
        let Candidates { hashes, lengths, values, ends, are_short, late, late_count } = candidates;
        for number in late.iter().take(*late_count) {
            if let (Some(hash), Some(value)) = (hashes.get(*number), values.get_mut(*number)) {
                *value = self.table.get_by::<L>(file, *hash);
            }
        }
        let (mut found_values, mut found_lengths, mut counts) = ([0_u16; ALL], [0_u8; ALL], [0_u8; ALL]);
        let mut count = 0_u8;
        let [.., candidates] = ends;
        for ((value, length), before) in values.iter().zip(lengths).zip(&mut counts).take(*candidates) {
            *before = count;
            let at = usize::from(count);
            if let (Some(to_value), Some(to_length)) = (found_values.get_mut(at), found_lengths.get_mut(at)) {
                (*to_value, *to_length) = (*value, *length);
            }
            count += u8::from(*value != 0);
        }
        if let Some(behind) = counts.get_mut(*candidates) {
            *behind = count;
        }
        let mut begin = 0;
        for ((found, end), is_short) in found.iter_mut().zip(ends).zip(are_short) {
            let end = usize::from(counts.get(*end).copied().unwrap_or(0));
            let values = found_values.get(begin..).and_then(|values| values.first_chunk());
            let lengths = found_lengths.get(begin..).and_then(|lengths| lengths.first_chunk());
            *found = match (values, lengths) {
                (Some(values), Some(lengths)) if *is_short => Found::of(*values, *lengths, end - begin),
                _ => Found::NOT_SHORT,
            };
            begin = end;
        }
    }
}
