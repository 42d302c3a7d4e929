//! Numbers for sets of lists, and for what is said of a name.

use alloc::vec;
use alloc::vec::Vec;
use hashbrown::HashMap;

use super::CompileError;
use crate::ruleset::{KEEPS_PATTERNS, Value};

/// Sets of lists, each once; number 0 is the empty set.
#[derive(Debug)]
pub(super) struct Sets {
    list: Vec<Vec<u16>>,
    numbers: HashMap<Vec<u16>, u32>,
    /// The sets of one list alone: nearly every rule that comes is its name's first.
    single: Vec<u32>,
    with: HashMap<(u32, u16), u32>,
    unions: HashMap<(u32, u32), u32>,
    differences: HashMap<(u32, u32), u32>,
}

impl Sets {
    pub(super) fn new() -> Self {
        Self {
            list: vec![Vec::new()],
            numbers: HashMap::from_iter([(Vec::new(), 0)]),
            single: Vec::new(),
            with: HashMap::default(),
            unions: HashMap::default(),
            differences: HashMap::default(),
        }
    }

    fn members(&self, set: u32) -> &[u16] {
        self.list.get(set as usize).map(Vec::as_slice).unwrap_or_default()
    }

    /// The number of a set, given in any order.
    fn intern(&mut self, mut members: Vec<u16>) -> u32 {
        members.sort_unstable();
        members.dedup();
        if let Some(number) = self.numbers.get(&members) {
            return *number;
        }
        let number = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        self.list.push(members.clone());
        self.numbers.insert(members, number);
        number
    }

    /// A set and one list more.
    pub(super) fn with(&mut self, set: u32, list: u16) -> u32 {
        if set != 0 {
            if let Some(number) = self.with.get(&(set, list)) {
                return *number;
            }
            let members = self.members(set).iter().copied().chain([list]).collect();
            let number = self.intern(members);
            self.with.insert((set, list), number);
            return number;
        }
        let at = usize::from(list);
        if self.single.len() <= at {
            self.single.resize(at + 1, 0);
        }
        match self.single.get(at) {
            Some(number) if *number != 0 => *number,
            _ => {
                let number = self.intern(vec![list]);
                if let Some(slot) = self.single.get_mut(at) {
                    *slot = number;
                }
                number
            }
        }
    }

    pub(super) fn union(&mut self, a: u32, b: u32) -> u32 {
        if a == b || b == 0 {
            return a;
        }
        if a == 0 {
            return b;
        }
        let key = (a.min(b), a.max(b));
        if let Some(number) = self.unions.get(&key) {
            return *number;
        }
        let number = self.intern(self.members(a).iter().chain(self.members(b)).copied().collect());
        self.unions.insert(key, number);
        number
    }

    /// The lists of `a` that are not in `b`.
    pub(super) fn without(&mut self, a: u32, b: u32) -> u32 {
        if a == 0 || b == 0 || a == b {
            return if a == b { 0 } else { a };
        }
        if let Some(number) = self.differences.get(&(a, b)) {
            return *number;
        }
        let left = self.members(a).iter().filter(|list| !self.members(b).contains(list)).copied().collect();
        let number = self.intern(left);
        self.differences.insert((a, b), number);
        number
    }
}

/// The sets that are written, numbered as they are first needed.
pub(super) struct FinalSets {
    order: Vec<u32>,
    /// The number of each set, plus one; 0 for a set that has none yet.
    numbers: Vec<u32>,
}

impl FinalSets {
    pub(super) fn new() -> Self {
        Self { order: vec![0], numbers: vec![1] }
    }

    pub(super) fn number(&mut self, set: u32) -> u32 {
        let at = set as usize;
        if self.numbers.len() <= at {
            self.numbers.resize(at + 1, 0);
        }
        match self.numbers.get_mut(at) {
            Some(0) | None => {
                self.order.push(set);
                let next = u32::try_from(self.order.len()).unwrap_or(u32::MAX);
                if let Some(number) = self.numbers.get_mut(at) {
                    *number = next;
                }
                next - 1
            }
            Some(number) => *number - 1,
        }
    }

    /// How many sets there are.
    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    pub(super) fn encode(&self, sets: &Sets) -> Vec<u8> {
        let length = super::bytes::length;
        let mut out = length(self.order.len()).to_vec();
        let mut offset = 0;
        out.extend(length(offset));
        for set in &self.order {
            offset += sets.members(*set).len();
            out.extend(length(offset));
        }
        out.extend(self.order.iter().flat_map(|set| sets.members(*set)).flat_map(|list| list.to_le_bytes()));
        out
    }
}

/// Values, each once; number 0 is none.
pub(super) struct Values {
    list: Vec<Value>,
    /// The numbers of values that say something of the name and below alone, by that set: nearly all.
    plain: Vec<u16>,
    others: HashMap<Value, u16>,
}

impl Values {
    pub(super) fn new() -> Self {
        Self { list: vec![Value::default()], plain: Vec::new(), others: HashMap::default() }
    }

    /// The number of a value.
    pub(super) fn intern(&mut self, value: Value) -> Result<u16, CompileError> {
        let next = u16::try_from(self.list.len()).map_err(|_| CompileError::TooManySets(self.list.len()))?;
        let slot = if (value.alone, value.paths, value.keeps_patterns) == (0, 0, false) {
            let at = value.below as usize;
            if self.plain.len() <= at {
                self.plain.resize(at + 1, 0);
            }
            self.plain.get_mut(at)
        } else {
            Some(self.others.entry(value).or_insert(0))
        };
        match slot {
            Some(number) if *number != 0 => Ok(*number),
            slot => {
                if let Some(number) = slot {
                    *number = next;
                }
                self.list.push(value);
                Ok(next)
            }
        }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let words = |value: &Value| {
            let flags = if value.keeps_patterns { KEEPS_PATTERNS } else { 0 };
            [value.below, value.alone, value.paths, flags]
        };
        self.list.iter().flat_map(words).flat_map(u32::to_le_bytes).collect()
    }
}
