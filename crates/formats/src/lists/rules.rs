//! The text that a list's rules are kept in: one a line, in the order of their bytes, each once.

/// Rules wait unsorted up to this many bytes, so that sorting needs memory for a part of a large list only.
const BATCH: usize = 64 << 20;

/// Gathers lines in any order.
#[derive(Debug, Default)]
pub(super) struct RuleText {
    sorted: String,
    waiting: String,
    /// Where the last line of `waiting` starts.
    last: usize,
    /// A line of `waiting` did not follow the one before it.
    mixed: bool,
}

impl RuleText {
    /// Adds a line, which holds no `\n`. Costs a comparison and a copy where lines come in order, as they mostly do.
    pub(super) fn push(&mut self, line: &str) {
        let last = self.waiting.get(self.last..).and_then(|last| last.strip_suffix('\n')).unwrap_or_default();
        match line.cmp(last) {
            std::cmp::Ordering::Equal => return,
            std::cmp::Ordering::Less => self.mixed = true,
            std::cmp::Ordering::Greater => {}
        }
        self.last = self.waiting.len();
        self.waiting.push_str(line);
        self.waiting.push('\n');
        // The batch grows with the list: otherwise a large list would be copied once for every batch.
        if self.waiting.len() >= self.sorted.len().max(BATCH) {
            self.settle();
        }
    }

    /// The text, sorted and without repetitions.
    pub(super) fn finish(mut self) -> String {
        self.settle();
        self.sorted
    }

    fn settle(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        let waiting = if self.mixed { sort(&waiting) } else { waiting };
        self.sorted = merge(std::mem::take(&mut self.sorted), waiting);
        self.last = 0;
        self.mixed = false;
    }
}

/// Two sorted texts as one. Runs of lines that come from one text are found by doubling steps and copied whole: a few
/// `urls` among many `domains` cost next to nothing.
pub(super) fn merge(left: String, right: String) -> String {
    if left.is_empty() {
        return right;
    }
    if right.is_empty() {
        return left;
    }
    let mut out = String::with_capacity(left.len() + right.len());
    let (mut this, mut other) = (left.as_str(), right.as_str());
    while !other.is_empty() {
        let next = line_at(other.as_bytes(), 0);
        let (before, rest) = this.split_at_checked(length_before(this.as_bytes(), next)).unwrap_or((this, ""));
        out.push_str(before);
        let same = !rest.is_empty() && line_at(rest.as_bytes(), 0) == next;
        let rest = if same { rest.get(next.len() + 1..).unwrap_or_default() } else { rest };
        (this, other) = (other, rest);
    }
    out.push_str(this);
    out
}

/// How many bytes those lines have that come before `line`.
fn length_before(text: &[u8], line: &[u8]) -> usize {
    let mut low = 0;
    let mut step = 64;
    let mut high = loop {
        let probe = low + step;
        if probe >= text.len() {
            break text.len();
        }
        let start = line_start(text, probe);
        if line_at(text, start) >= line {
            break start;
        }
        low = start;
        step *= 2;
    };
    while low < high {
        let start = line_start(text, low.midpoint(high));
        let middle = line_at(text, start);
        if middle < line {
            low = start + middle.len() + 1;
        } else {
            high = start;
        }
    }
    low
}

/// Where the line starts that holds the byte at `offset`.
fn line_start(text: &[u8], offset: usize) -> usize {
    let before = text.get(..offset).unwrap_or(text);
    before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1)
}

/// The line that starts at `start`.
fn line_at(text: &[u8], start: usize) -> &[u8] {
    let rest = text.get(start..).unwrap_or_default();
    rest.iter().position(|byte| *byte == b'\n').and_then(|end| rest.get(..end)).unwrap_or(rest)
}

/// The lines in order, each once. The first eight bytes of a line settle most comparisons without looking at it.
fn sort(text: &str) -> String {
    let mut lines: Vec<(u64, &str)> = text.lines().map(|line| (first_bytes(line), line)).collect();
    #[expect(clippy::stable_sort_primitive, reason = "only the stable sort makes use of runs, and lists have them")]
    lines.sort();
    lines.dedup();
    let mut out = String::with_capacity(text.len());
    for (_, line) in lines {
        out.push_str(line);
        out.push('\n');
    }
    out
}

fn first_bytes(line: &str) -> u64 {
    let mut bytes = [0; 8];
    for (to, from) in bytes.iter_mut().zip(line.bytes()) {
        *to = from;
    }
    u64::from_be_bytes(bytes)
}

/// How many lines a text has.
pub(super) fn count(text: &str) -> u64 {
    text.bytes().map(|byte| u64::from(byte == b'\n')).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn written(lines: &BTreeSet<String>) -> String {
        lines.iter().flat_map(|line| [line, "\n"]).collect()
    }

    proptest! {
        /// Whatever their order, lines come out sorted and once; merging is union.
        #[test]
        fn order_and_repetition_do_not_matter(
            one in proptest::collection::vec("[a-c.]{1,12}", 0..60),
            two in proptest::collection::vec("[a-c.]{1,12}", 0..60),
        ) {
            let text = |lines: &[String]| {
                let mut text = RuleText::default();
                for line in lines {
                    text.push(line);
                }
                text.finish()
            };
            let set = |lines: &[String]| lines.iter().cloned().collect::<BTreeSet<_>>();
            prop_assert_eq!(text(&one), written(&set(&one)));
            prop_assert_eq!(count(&text(&one)), set(&one).len() as u64);
            let union = set(&one).union(&set(&two)).cloned().collect();
            prop_assert_eq!(merge(text(&one), text(&two)), written(&union));
        }
    }

    #[test]
    fn batches_merge_into_one_text() {
        let mut text = RuleText::default();
        for line in ["c", "a", "b", "a"] {
            text.push(line);
            text.settle();
        }
        assert_eq!(text.finish(), "a\nb\nc\n");
    }
}
