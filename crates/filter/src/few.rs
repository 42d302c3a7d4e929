//! A short list that allocates only when it is not short.

use alloc::boxed::Box;
use alloc::vec::Vec;

/// Values in the order in which they came; the first `N` of them need no allocation.
#[derive(Clone, Debug)]
pub(crate) struct Few<T, const N: usize> {
    first: [T; N],
    count: u32,
    #[expect(clippy::box_collection, reason = "a pointer is a third of a vector, and nearly always there is none")]
    more: Option<Box<Vec<T>>>,
}

impl<T: Copy + Default, const N: usize> Default for Few<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Copy + Default, const N: usize> Few<T, N> {
    #[inline]
    pub(crate) fn new() -> Self {
        Self { first: [T::default(); N], count: 0, more: None }
    }

    pub(crate) fn push(&mut self, value: T) {
        match self.first.get_mut(self.count as usize) {
            Some(slot) => {
                *slot = value;
                self.count += 1;
            }
            None => self.more.get_or_insert_default().push(value),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> + Clone {
        self.first.iter().take(self.count as usize).chain(self.more.iter().flat_map(|more| more.iter()))
    }
}
