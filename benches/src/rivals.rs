//! The rivals: what one would reach for without this project.

use fst::raw::Fst;
use hashbrown::HashMap;

/// A hash map from names to combinations of lists, asked suffix by suffix.
pub struct SuffixMap(HashMap<Box<str>, u16, ahash::RandomState>);

impl SuffixMap {
    /// Builds the map.
    pub fn build(names: &[(String, u16)]) -> Self {
        Self(names.iter().map(|(name, set)| (name.as_str().into(), *set)).collect())
    }

    /// The most specific listed suffix at a label boundary.
    pub fn get(&self, host: &str) -> Option<u16> {
        let mut rest = host;
        loop {
            if let Some(set) = self.0.get(rest) {
                return Some(*set);
            }
            rest = rest.split_once('.')?.1;
        }
    }
}

/// A finite-state transducer over names written backwards.
pub struct BackwardsFst(Fst<Vec<u8>>);

impl BackwardsFst {
    /// Builds the transducer; `names` in any order.
    pub fn build(names: &[(String, u16)]) -> Self {
        let mut keys: Vec<(Vec<u8>, u16)> = names.iter().map(|(name, set)| (backwards(name), *set)).collect();
        keys.sort_unstable();
        keys.dedup_by(|a, b| a.0 == b.0);
        let mut builder = fst::raw::Builder::memory();
        for (key, set) in keys {
            builder.insert(key, u64::from(set)).unwrap();
        }
        Self(Fst::new(builder.into_inner().unwrap()).unwrap())
    }

    /// The most specific listed suffix at a label boundary.
    pub fn get(&self, host: &str) -> Option<u16> {
        let mut node = self.0.root();
        let mut sum = 0;
        let mut found = None;
        for byte in host.bytes().rev().chain([b'.']) {
            if byte == b'.' && node.is_final() {
                found = Some(sum + node.final_output().value());
            }
            let Some(at) = node.find_input(byte) else { break };
            let transition = node.transition(at);
            sum += transition.out.value();
            node = self.0.node(transition.addr);
        }
        found.and_then(|set| u16::try_from(set).ok())
    }

    /// Bytes of the whole.
    pub fn size(&self) -> usize {
        self.0.as_bytes().len()
    }
}

fn backwards(name: &str) -> Vec<u8> {
    name.bytes().rev().collect()
}
