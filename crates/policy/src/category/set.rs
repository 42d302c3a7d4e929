//! Sets of categories.

use core::fmt;

use super::Category;

/// A set of categories: one bit each, so that asking costs nothing.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct CategorySet(u128);

impl CategorySet {
    /// None.
    pub const EMPTY: Self = Self(0);

    /// Whether a category is in it.
    pub fn has(self, category: Category) -> bool {
        self.0 & bit(category) != 0
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many there are.
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// The same and another category.
    #[must_use]
    pub fn with(self, category: Category) -> Self {
        Self(self.0 | bit(category))
    }

    /// The same without a category.
    #[must_use]
    pub fn without(self, category: Category) -> Self {
        Self(self.0 & !bit(category))
    }

    /// Those that are in both.
    #[must_use]
    pub fn in_both(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The categories, in the order of their numbers.
    pub fn iter(self) -> impl Iterator<Item = Category> {
        Category::ALL.iter().copied().filter(move |category| self.has(*category))
    }
}

fn bit(category: Category) -> u128 {
    // A number past the width would be no bit at all; a test holds every category to it.
    1_u128.checked_shl(u32::from(category.id().0)).unwrap_or_default()
}

impl FromIterator<Category> for CategorySet {
    fn from_iter<I: IntoIterator<Item = Category>>(categories: I) -> Self {
        categories.into_iter().fold(Self::EMPTY, Self::with)
    }
}

impl fmt::Debug for CategorySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_category_has_a_bit_of_its_own() {
        let mut all = CategorySet::EMPTY;
        for category in Category::ALL {
            assert!(!all.has(*category));
            all = all.with(*category);
            assert!(all.has(*category) && !all.without(*category).has(*category));
        }
        assert_eq!((all.len(), all.iter().count()), (Category::ALL.len(), Category::ALL.len()));
    }
}
