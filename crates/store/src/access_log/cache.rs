//! A bounded memory of what was looked up last.

use core::borrow::Borrow;
use core::hash::Hash;
use core::mem;
use std::collections::HashMap;

use ahash::RandomState;

/// Remembers at least the last `size / 2` keys that were used and at most `size`. Two generations: when the younger
/// one is full it becomes the older one, whose keys are forgotten unless they are used again. The hasher has a random
/// key, since pupils choose the keys.
#[derive(Debug)]
pub(super) struct Cache<K, V> {
    young: HashMap<K, V, RandomState>,
    old: HashMap<K, V, RandomState>,
    half: usize,
}

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    pub(super) fn new(size: usize) -> Self {
        Self { young: HashMap::default(), old: HashMap::default(), half: size / 2 }
    }

    pub(super) fn get<Q>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        if let Some(value) = self.young.get(key) {
            return Some(value.clone());
        }
        let (key, value) = self.old.remove_entry(key)?;
        self.insert(key, value.clone());
        Some(value)
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        if self.young.len() >= self.half {
            mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
        }
        self.young.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_last_is_remembered_and_the_size_is_kept() {
        let mut cache = Cache::new(100);
        for number in 0..10_000_u32 {
            cache.insert(number, number);
            assert_eq!(cache.get(&7), (number >= 7).then_some(7), "used all the time");
            assert!(cache.young.len() + cache.old.len() <= 100);
        }
        assert!((9_960..10_000).all(|number| cache.get(&number) == Some(number)));
        assert_eq!(cache.get(&5_000), None);
    }
}
