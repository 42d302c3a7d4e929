//! What a group of people may reach.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::agreed::UntilSigned;
use crate::calendar::Moment;
use crate::category::{Category, CategorySet, Kind};
use crate::decide::Verdict;
use crate::inspection::Inspect;
use crate::people::NcYear;
use crate::searching::Search;
use crate::when::When;

/// For whom a block page is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Audience {
    /// Children: the same words for every category.
    Pupils,
    /// Adults at work: category and rule are named.
    Staff,
}

/// A profile: what becomes of each category at which times, and whom the block page speaks to.
///
/// A locked category is blocked in every profile: there is nothing in this type that could say otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    name: Arc<str>,
    audience: Audience,
    blocked: CategorySet,
    warned: CategorySet,
    monitored: CategorySet,
    times: Vec<AtTimes>,
    /// Categories that any of `times` changes.
    timed: CategorySet,
    keeps_queries: bool,
    only_approved: bool,
    from_year: Option<NcYear>,
    search: Search,
    inspect: Inspect,
}

/// What becomes of some categories at certain times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AtTimes {
    /// What these times are called, such as `evening`.
    pub name: Arc<str>,
    /// When.
    pub when: When,
    /// Blocked then.
    pub block: CategorySet,
    /// Warned of then.
    pub warn: CategorySet,
    /// Open then.
    pub allow: CategorySet,
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
    /// At some time two parts of it say different things of a category.
    #[error(
        "{category} is {one} by the times \"{first}\" and {other} by the times \"{second}\", and on {example} both hold: \
         let them end where the other begins, or say the same"
    )]
    Contradiction {
        /// The category.
        category: Category,
        /// What the one says.
        one: &'static str,
        /// The one.
        first: String,
        /// What the other says.
        other: &'static str,
        /// The other.
        second: String,
        /// A day and an hour at which both hold.
        example: String,
    },
    /// Within the same times a category is named twice.
    #[error("the times \"{times}\" say two things of {category}")]
    TwiceAt {
        /// The times.
        times: String,
        /// The category.
        category: Category,
    },
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
        Self {
            name: name.into(),
            audience,
            blocked: ordinary.filter(|category| blocked(*category)).collect(),
            warned: CategorySet::EMPTY,
            monitored: CategorySet::EMPTY,
            times: Vec::new(),
            timed: CategorySet::EMPTY,
            keeps_queries: false,
            only_approved: false,
            from_year: None,
            search: Search::starter(audience),
            inspect: Inspect::Nothing,
        }
    }

    /// The same profile under another name, for one that is made from it.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self { name: name.into(), ..self }
    }

    /// The same profile with something else becoming of a category.
    ///
    /// # Errors
    /// Anything but a block for unlawful material, anything but being open for sites that are vouched for.
    pub fn set(mut self, category: Category, verdict: Verdict) -> Result<Self, ProfileError> {
        admissible(category, verdict)?;
        if category.kind() == Kind::Ordinary {
            self.blocked = self.blocked.without(category);
            self.warned = self.warned.without(category);
            match verdict {
                Verdict::Block => self.blocked = self.blocked.with(category),
                Verdict::Warn => self.warned = self.warned.with(category),
                Verdict::Allow => {}
            }
        }
        Ok(self)
    }

    /// The same profile with a category blocked.
    pub fn block(self, category: Category) -> Result<Self, ProfileError> {
        self.set(category, Verdict::Block)
    }

    /// The same profile with a category no longer blocked.
    pub fn allow(self, category: Category) -> Result<Self, ProfileError> {
        self.set(category, Verdict::Allow)
    }

    /// The same profile with requests for a category marked in the access log where they are open, for those who review it.
    /// Nobody who browses sees anything of it.
    ///
    /// # Errors
    /// Unlawful material, which is never open.
    pub fn monitor(self, category: Category) -> Result<Self, ProfileError> {
        if category.kind() == Kind::Locked {
            return Err(ProfileError::Locked(category));
        }
        Ok(Self { monitored: self.monitored.with(category), ..self })
    }

    /// The same profile with these encrypted connections looked into.
    #[must_use]
    pub fn inspecting(self, inspect: Inspect) -> Self {
        Self { inspect, ..self }
    }

    /// The same profile, which says other things of some categories at certain times.
    ///
    /// # Errors
    /// What [`set`](Self::set) refuses, and times that say something else of a category than other times of the profile
    /// which hold at the same hour: nobody could tell what holds.
    pub fn at_times(mut self, times: AtTimes) -> Result<Self, ProfileError> {
        for (set, verdict) in times.sets() {
            set.iter().try_for_each(|category| admissible(category, verdict))?;
        }
        let twice =
            [times.block.in_both(times.warn), times.block.in_both(times.allow), times.warn.in_both(times.allow)];
        if let Some(category) = twice.into_iter().find_map(|both| both.iter().next()) {
            return Err(ProfileError::TwiceAt { times: (&*times.name).into(), category });
        }
        for other in &self.times {
            times.agree_with(other)?;
        }
        self.timed = times.sets().into_iter().flat_map(|(set, _)| set.iter()).fold(self.timed, CategorySet::with);
        self.times.push(times);
        Ok(self)
    }

    /// The same profile with queries kept in the access log. They hold what people typed: a school needs a reason.
    #[must_use]
    pub fn keep_queries(self) -> Self {
        Self { keeps_queries: true, ..self }
    }

    /// The same profile, closed to all but the systems that the school approved, the sites that somebody vouches for, and
    /// those that help children: for a class that has to keep to its work, or for whoever has not agreed to the rules.
    #[must_use]
    pub fn only_approved(self) -> Self {
        Self { only_approved: true, ..self }
    }

    /// The same profile, for pupils of this year and above alone, whether they have said who they are or not.
    #[must_use]
    pub fn from_year(self, year: NcYear) -> Self {
        Self { from_year: Some(year), ..self }
    }

    /// The same profile with other rules for searching.
    #[must_use]
    pub fn searching(self, search: Search) -> Self {
        Self { search, ..self }
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

    /// Whether all is closed that nobody approved.
    pub fn is_only_approved(&self) -> bool {
        self.only_approved
    }

    /// The lowest year of those who have it; `None` where it may be any.
    pub fn lowest_year(&self) -> Option<NcYear> {
        self.from_year
    }

    /// How its people search.
    pub fn search(&self) -> &Search {
        &self.search
    }

    /// Whether open requests for a category are marked.
    pub fn monitors(&self, category: Category) -> bool {
        self.monitored.has(category)
    }

    /// The categories of which open requests are marked.
    pub fn monitored(&self) -> impl Iterator<Item = Category> + '_ {
        self.monitored.iter()
    }

    /// Which encrypted connections are looked into, once the school has written down what it has to.
    pub fn inspects(&self) -> Inspect {
        self.inspect
    }

    /// What it says at certain times.
    pub fn times(&self) -> &[AtTimes] {
        &self.times
    }

    /// What becomes of a category when no times say otherwise.
    pub fn verdict(&self, category: Category) -> Verdict {
        match category.kind() {
            Kind::Locked => Verdict::Block,
            Kind::Ordinary if self.blocked.has(category) => Verdict::Block,
            Kind::Ordinary if self.warned.has(category) => Verdict::Warn,
            Kind::Ordinary | Kind::Vouched => Verdict::Allow,
        }
    }

    /// What becomes of a category at a moment, and by which times where it is by any.
    pub fn verdict_at(&self, category: Category, moment: &Moment<'_>) -> (Verdict, Option<&Arc<str>>) {
        if self.timed.has(category) {
            for times in &self.times {
                if let Some(verdict) = times.verdict(category)
                    && times.when.holds(moment)
                {
                    return (verdict, Some(&times.name));
                }
            }
        }
        (self.verdict(category), None)
    }

    /// Whether it blocks a category when no times say otherwise.
    pub fn blocks(&self, category: Category) -> bool {
        self.verdict(category) == Verdict::Block
    }

    /// The ordinary categories that it blocks when no times say otherwise, in the order of their numbers.
    pub fn blocked(&self) -> impl Iterator<Item = Category> + '_ {
        self.blocked.iter()
    }

    /// The ordinary categories that it warns of when no times say otherwise.
    pub fn warned(&self) -> impl Iterator<Item = Category> + '_ {
        self.warned.iter()
    }

    /// Whether a category is not blocked at some time.
    pub fn may_open(&self, category: Category) -> bool {
        let at_times = self.times.iter().filter_map(|times| times.verdict(category));
        at_times.chain([self.verdict(category)]).any(|verdict| verdict < Verdict::Block)
    }

    /// The same profile with an ordinary category blocked at all times.
    #[must_use]
    pub(crate) fn keep_shut(mut self, category: Category) -> Self {
        if category.kind() != Kind::Ordinary {
            return self;
        }
        self.blocked = self.blocked.with(category);
        self.warned = self.warned.without(category);
        self.timed = self.timed.without(category);
        for times in &mut self.times {
            times.block = times.block.without(category);
            times.warn = times.warn.without(category);
            times.allow = times.allow.without(category);
        }
        self
    }

    /// The profile as it is for those who have not agreed: what is there for fun is closed, or all that nobody approved.
    pub(crate) fn until_signed(&self, how: UntilSigned) -> Self {
        let named = |profile: Self| profile.named(&alloc::format!("{} until signed", self.name));
        match how {
            UntilSigned::Chase => self.clone(),
            UntilSigned::Mild => named(FUN.into_iter().fold(self.clone(), Self::keep_shut)),
            UntilSigned::Strict => named(self.clone().only_approved()),
        }
    }

    /// The same profile without the times at which it is more open: for somebody of whom nothing is known.
    pub(crate) fn at_its_strictest(&self) -> Self {
        let mut strictest = Self { times: Vec::new(), timed: CategorySet::EMPTY, ..self.clone() };
        for times in &self.times {
            let base = |category: Category| self.verdict(category);
            let block: CategorySet = times.block.iter().filter(|it| base(*it) < Verdict::Block).collect();
            let warn: CategorySet = times.warn.iter().filter(|it| base(*it) < Verdict::Warn).collect();
            strictest.timed = block.iter().chain(warn.iter()).fold(strictest.timed, CategorySet::with);
            strictest.times.push(AtTimes { block, warn, allow: CategorySet::EMPTY, ..times.clone() });
        }
        strictest
    }

    /// How strict it is beside others: by what it blocks, then by what it warns of; times do not count. One that is closed to
    /// all that nobody approved is made for a task or a lesson, and comes last: a child whose sign-in fails is to have a
    /// lesson all the same.
    pub(crate) fn strictness(&self) -> (bool, usize, usize) {
        (!self.only_approved, self.blocked.len(), self.warned.len())
    }
}

/// What is there for fun, and closed to whoever has not agreed under the mild rule: work and help stay as they are.
const FUN: [Category; 14] = [
    Category::Social,
    Category::Games,
    Category::Shopping,
    Category::AiChat,
    Category::FileSharing,
    Category::Video,
    Category::Audio,
    Category::Chat,
    Category::Forums,
    Category::Blogs,
    Category::Webmail,
    Category::Sport,
    Category::Celebrities,
    Category::Comics,
];

impl AtTimes {
    /// The three sets, with what becomes of them.
    fn sets(&self) -> [(CategorySet, Verdict); 3] {
        [(self.block, Verdict::Block), (self.warn, Verdict::Warn), (self.allow, Verdict::Allow)]
    }

    /// What becomes of a category then; `None` where these times say nothing of it.
    pub fn verdict(&self, category: Category) -> Option<Verdict> {
        self.sets().into_iter().find(|(set, _)| set.has(category)).map(|(_, verdict)| verdict)
    }

    /// Whether there is no hour at which both hold and say different things.
    fn agree_with(&self, other: &Self) -> Result<(), ProfileError> {
        let sets = self.sets();
        let mine = sets.iter().flat_map(|(set, verdict)| set.iter().map(move |category| (category, *verdict)));
        for (category, verdict) in mine {
            let Some(theirs) = other.verdict(category).filter(|theirs| *theirs != verdict) else { continue };
            if let Some(example) = self.when.overlap(&other.when) {
                return Err(ProfileError::Contradiction {
                    category,
                    one: theirs.participle(),
                    first: (&*other.name).into(),
                    other: verdict.participle(),
                    second: (&*self.name).into(),
                    example,
                });
            }
        }
        Ok(())
    }
}

/// Whether a category can be treated so.
fn admissible(category: Category, verdict: Verdict) -> Result<(), ProfileError> {
    match (category.kind(), verdict) {
        (Kind::Locked, Verdict::Allow | Verdict::Warn) => Err(ProfileError::Locked(category)),
        (Kind::Vouched, Verdict::Block | Verdict::Warn) => Err(ProfileError::Vouched(category)),
        _ => Ok(()),
    }
}
