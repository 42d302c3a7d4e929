//! What a group of people may reach.

use alloc::collections::BTreeSet;
use alloc::sync::Arc;

use crate::category::{Category, Kind};

/// For whom a block page is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Audience {
    /// Children: the same words for every category.
    Pupils,
    /// Adults at work: category and rule are named.
    Staff,
}

/// A profile: the categories that are blocked, and whom the block page speaks to.
///
/// A locked category is blocked in every profile: there is nothing in this type that could say otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    name: Arc<str>,
    audience: Audience,
    blocked: BTreeSet<Category>,
    keeps_queries: bool,
}

/// Why a profile cannot be as asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// A locked category was to be allowed.
    #[error("{0} is unlawful material: it is blocked for everyone and cannot be allowed")]
    Locked(Category),
    /// A category of vouched-for sites was to be blocked.
    #[error("{0} holds sites that are vouched for: it can be left out, not blocked")]
    Vouched(Category),
}

impl Profile {
    /// The starter profile for pupils: what the UK Safer Internet Centre lists, and what distracts.
    pub fn pupils(name: &str) -> Self {
        Self::starter(name, Audience::Pupils, Category::blocked_for_pupils)
    }

    /// The starter profile for staff: harmful categories, social networks, games and shopping are blocked.
    pub fn staff(name: &str) -> Self {
        Self::starter(name, Audience::Staff, Category::blocked_for_staff)
    }

    fn starter(name: &str, audience: Audience, blocked: fn(Category) -> bool) -> Self {
        let ordinary = Category::ALL.iter().copied().filter(|category| category.kind() == Kind::Ordinary);
        let blocked = ordinary.filter(|category| blocked(*category)).collect();
        Self { name: name.into(), audience, blocked, keeps_queries: false }
    }

    /// The same profile with a category blocked.
    pub fn block(mut self, category: Category) -> Result<Self, ProfileError> {
        match category.kind() {
            Kind::Vouched => return Err(ProfileError::Vouched(category)),
            Kind::Locked => {}
            Kind::Ordinary => {
                self.blocked.insert(category);
            }
        }
        Ok(self)
    }

    /// The same profile with a category no longer blocked.
    pub fn allow(mut self, category: Category) -> Result<Self, ProfileError> {
        if category.kind() == Kind::Locked {
            return Err(ProfileError::Locked(category));
        }
        self.blocked.remove(&category);
        Ok(self)
    }

    /// The same profile with queries kept in the access log. They hold what people typed: a school needs a reason.
    #[must_use]
    pub fn keep_queries(mut self) -> Self {
        self.keeps_queries = true;
        self
    }

    /// Its name in the settings.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Whom its block page speaks to.
    pub fn audience(&self) -> Audience {
        self.audience
    }

    /// Whether the access log keeps the queries of its people; no starter profile does.
    pub fn keeps_queries(&self) -> bool {
        self.keeps_queries
    }

    /// Whether it blocks a category.
    pub fn blocks(&self, category: Category) -> bool {
        category.kind() == Kind::Locked || self.blocked.contains(&category)
    }

    /// The ordinary categories that it blocks, in the order of their numbers.
    pub fn blocked(&self) -> impl Iterator<Item = Category> + '_ {
        self.blocked.iter().copied()
    }
}
