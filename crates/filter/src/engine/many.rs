//! Many hosts looked up one after another, as on an assembly line: what one step needs from memory was fetched by the step
//! before, while other hosts were worked on.

use super::Line;
use super::filter::LineOfName;
use super::find::{AT_ONCE, AskedLines, Found, Hosts, LANES, short_name};
use super::keys::place;
use super::lines::NOTHING;
use super::ways::{Lanes, Names, ShortName};
use crate::host::Host;

/// Hosts that are in one step at a time.
pub(crate) const MANY: usize = 16;
/// Steps that a host goes through before it is done: it is fetched, its text is fetched, it is read, the lines of the filter are
/// chosen, the filter is asked, the first lines of the table are asked, and then others.
const STEPS: usize = 7;
/// Places for the hosts that are under way.
const ROUNDS: usize = STEPS.next_power_of_two();

/// Names that may be found in a round, and as many behind them as are read at once.
const ALL: usize = MANY * LANES + AT_ONCE as usize;

/// The hosts that are under way.
pub(crate) struct Many<'a> {
    rounds: Rounds<'a>,
    /// Those of the last two rounds in which hosts were read.
    read: [Read<'a>; 2],
    /// Those of the last two rounds in which the filter was asked.
    candidates: [Candidates<'a>; 2],
    found: [Found; MANY],
    /// Which of these was found of each host.
    which: Which,
}

/// The hosts of the last rounds.
struct Rounds<'h> {
    /// How many were begun.
    begun: usize,
    hosts: [[Option<&'h Host>; MANY]; ROUNDS],
}

/// Which of the hosts that were read each host is: some are asked for more than once in a row.
type Which = [u8; MANY];

/// What was read of some hosts.
#[derive(Clone, Copy)]
struct Read<'f> {
    names: [Names; MANY],
    /// That of the shortest name of each, and then all that it is asked of.
    first: [LineOfName<'f>; MANY],
    lines: [AskedLines<'f>; MANY],
    count: usize,
    which: Which,
}

/// The names of some hosts that may be listed.
#[derive(Clone, Copy)]
struct Candidates<'f> {
    hashes: [u64; ALL],
    lengths: [u8; ALL],
    /// The first line of the table that each may be in.
    lines: [&'f Line; ALL],
    /// What the table's first lines say of them.
    values: [u16; ALL],
    count: usize,
    /// The numbers of those that may be in another line than the first; what stands behind them is any.
    late: [usize; ALL],
    late_count: usize,
    /// How many there are of each host that was read and of those before it, and whether it goes the short way.
    hosts: [(usize, bool); MANY],
    host_count: usize,
    which: Which,
}

impl Default for Many<'_> {
    fn default() -> Self {
        let none = Candidates {
            hashes: [0; ALL],
            lengths: [0; ALL],
            lines: [NOTHING; ALL],
            values: [0; ALL],
            count: 0,
            late: [0; ALL],
            late_count: 0,
            hosts: [(0, false); MANY],
            host_count: 0,
            which: [0; MANY],
        };
        let read = Read {
            names: [Names::default(); MANY],
            first: [LineOfName::NONE; MANY],
            lines: [AskedLines::NONE; MANY],
            count: 0,
            which: [0; MANY],
        };
        Self {
            rounds: Rounds { begun: 0, hosts: [[None; MANY]; ROUNDS] },
            read: [read; 2],
            candidates: [none; 2],
            found: [const { Found::NOT_SHORT }; MANY],
            which: [0; MANY],
        }
    }
}

/// What belongs to this round, and what to the one before.
#[inline]
fn in_turn<T>([even, odd]: &mut [T; 2], begun: usize) -> (&mut T, &mut T) {
    if begun.is_multiple_of(2) { (even, odd) } else { (odd, even) }
}

impl<'h> Rounds<'h> {
    /// The hosts that began so many rounds ago.
    #[inline]
    fn ago(&self, rounds: usize) -> &[Option<&'h Host>; MANY] {
        self.hosts.get(self.begun.wrapping_sub(rounds) % ROUNDS).unwrap_or(&[None; MANY])
    }
}

impl<'h> Many<'h> {
    /// Begins a round with these; there is none behind the first that is not there.
    #[inline]
    pub(crate) fn begin(&mut self, hosts: [Option<&'h Host>; MANY]) {
        self.rounds.begun += 1;
        if let Some(round) = self.rounds.hosts.get_mut(self.rounds.begun % ROUNDS) {
            *round = hosts;
        }
    }

    /// The hosts that are done in this round, each with what was found of it.
    #[inline]
    pub(crate) fn done(&self) -> impl Iterator<Item = (Option<&'h Host>, Found)> {
        let found = |which: &u8| self.found.get(usize::from(*which)).cloned().unwrap_or(Found::NOT_SHORT);
        self.rounds.ago(STEPS - 1).iter().copied().zip(self.which.iter().map(found))
    }

    /// Whether hosts are done in this round: none are in the first.
    #[inline]
    pub(crate) fn are_done(&self) -> bool {
        self.rounds.begun >= STEPS
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
    pub(crate) fn many_by<'a, L: Lanes>(&self, file: &'a [u8], many: &mut Many<'a>) {
        let (now, before) = in_turn(&mut many.candidates, many.rounds.begun);
        let (read_now, read_before) = in_turn(&mut many.read, many.rounds.begun);
        many.which = now.which;
        self.ask_late::<L>(file, now, &mut many.found);
        self.ask_table::<L>(file, before);
        self.ask_filter::<L>(file, read_now, now);
        self.choose::<L>(file, read_before);
        self.read::<L>(file, many.rounds.ago(2), read_now);
        for host in many.rounds.ago(1).iter().flatten() {
            if let Some(first) = host.as_str().as_bytes().first() {
                L::fetch(first);
            }
        }
        for host in many.rounds.ago(0).iter().flatten() {
            L::fetch(*host);
        }
    }

    /// Reads hosts, and begins to fetch the first line of the filter that each is asked of and what is said beside it. One that
    /// is asked for again and again in a row, as nearly half of those are that browsers ask for, is read once.
    #[expect(clippy::inline_always, reason = "the instructions that a caller may use are those of its own function")]
    #[inline(always)]
    fn read<'f, L: Lanes>(&self, file: &'f [u8], hosts: &[Option<&Host>; MANY], read: &mut Read<'f>) {
        // No host is as empty as what is before the first.
        let (mut count, mut now, mut before) = (0_usize, 0, [].as_slice());
        for (host, which) in hosts.iter().zip(&mut read.which) {
            let Some(host) = host else { break };
            let text = host.as_str().as_bytes();
            if text.len() == before.len() && L::are_same(text, before) {
                *which = now;
                continue;
            }
            let (Some(names), Some(first)) = (read.names.get_mut(count), read.first.get_mut(count)) else { break };
            before = text;
            [now, ..] = count.to_le_bytes();
            *which = now;
            count += 1;
            if let Some(name) = short_name(host) {
                let all = L::read(&self.keys, name);
                *first = self.filter.line_of_name(file, place(all.hash(0)));
                L::fetch(first.line);
                L::fetch(first.crowds);
                all.store(names);
            } else {
                *names = Names::TOO_MANY;
            }
        }
        read.count = count;
    }

    /// Chooses the lines of the filter, and begins to fetch the second of each.
    #[expect(clippy::inline_always, reason = "the instructions that a caller may use are those of its own function")]
    #[inline(always)]
    fn choose<'f, L: Lanes>(&self, file: &'f [u8], read: &mut Read<'f>) {
        for ((names, first), lines) in read.names.iter().zip(&read.first).zip(&mut read.lines).take(read.count) {
            *lines = self.asked_lines(file, names, *first);
            L::fetch(lines.second);
        }
    }

    /// Asks the filter, and begins to fetch the lines of the table of names that may be listed.
    #[expect(clippy::inline_always, reason = "the instructions that a caller may use are those of its own function")]
    #[inline(always)]
    fn ask_filter<'f, L: Lanes>(&self, file: &'f [u8], read: &Read<'f>, candidates: &mut Candidates<'f>) {
        let mut count = 0;
        let Candidates { hashes, lengths, .. } = candidates;
        let all = read.names.iter().zip(&read.lines).zip(&mut candidates.hosts);
        for ((names, lines), (end, is_short)) in all.take(read.count) {
            let names = L::Names::load(names);
            let held = self.held(file, &names, *lines);
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
        for (hash, line) in hashes.iter().zip(&mut candidates.lines).take(count) {
            *line = self.table.lines.get(file, self.table.lines.of(place(*hash)));
            L::fetch(*line);
        }
        candidates.count = count;
        candidates.host_count = read.count;
        candidates.which = read.which;
    }

    /// Asks the first lines of the table, and begins to fetch those behind them that must be asked too.
    #[expect(clippy::inline_always, reason = "the instructions that a caller may use are those of its own function")]
    #[inline(always)]
    fn ask_table<L: Lanes>(&self, file: &[u8], candidates: &mut Candidates<'_>) {
        let Candidates { hashes, lines, values, late, .. } = candidates;
        let mut late_count = 0;
        for (number, ((hash, line), value)) in hashes.iter().zip(lines).zip(values).take(candidates.count).enumerate() {
            *value = self.table.in_line::<L>(line, *hash);
            // Written always and counted at times: which of them are late cannot be foreseen.
            if let Some(late) = late.get_mut(late_count) {
                *late = number;
            }
            late_count += usize::from(*value == 0);
        }
        for number in late.iter().take(late_count) {
            if let Some(hash) = hashes.get(*number) {
                let first = self.table.lines.of(place(*hash));
                L::fetch(self.table.lines.get(file, self.table.lines.behind(first)));
            }
        }
        candidates.late_count = late_count;
    }

    /// Asks the other lines, and says what was found of each host.
    #[expect(clippy::inline_always, reason = "the instructions that a caller may use are those of its own function")]
    #[inline(always)]
    fn ask_late<L: Lanes>(&self, file: &[u8], candidates: &mut Candidates<'_>, found: &mut [Found; MANY]) {
        let Candidates { hashes, lengths, values, .. } = candidates;
        for number in candidates.late.iter().take(candidates.late_count) {
            if let (Some(hash), Some(value)) = (hashes.get(*number), values.get_mut(*number)) {
                *value = self.table.get_by::<L>(file, *hash);
            }
        }
        let mut begin = 0;
        for (found, (end, is_short)) in found.iter_mut().zip(&candidates.hosts).take(candidates.host_count) {
            let values = values.get(begin..).and_then(|values| values.first_chunk());
            let lengths = lengths.get(begin..).and_then(|lengths| lengths.first_chunk());
            *found = match (values, lengths) {
                (Some(values), Some(lengths)) if *is_short => Found::of(*values, *lengths, *end - begin),
                _ => Found::NOT_SHORT,
            };
            begin = *end;
        }
    }
}
