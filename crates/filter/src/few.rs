//! A short list that allocates only when it is not short.

use alloc::vec::Vec;

/// Values in the order in which they came; the first `N` of them need no allocation.
#[derive(Clone, Debug)]
pub(crate) struct Few<T, const N: usize> {
    first: [T; N],
    count: usize,
    more: Vec<T>,
}

impl<T: Copy + Default, const N: usize> Few<T, N> {
    #[inline]
    pub(crate) fn new() -> Self {
        Self { first: [T::default(); N], count: 0, more: Vec::new() }
    }

    #[inline]
    pub(crate) fn push(&mut self, value: T) {
        match self.first.get_mut(self.count) {
            Some(slot) => {
                *slot = value;
                self.count += 1;
            }
            None => self.more.push(value),
        }
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(crate) fn get(&self, at: usize) -> Option<&T> {
        if at < N { self.first.get(..self.count)?.get(at) } else { self.more.get(at - N) }
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.first.iter_mut().take(self.count).chain(&mut self.more)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> + Clone {
        self.first.iter().take(self.count).chain(&self.more)
    }
}
