//! What a school decided for somebody, for a purpose and a time: exceptions, systems that it approved, and another
//! profile for a while.

use alloc::sync::Arc;
use alloc::vec::Vec;

use belisha_filter::Rule;
use chrono::{DateTime, Utc};

use crate::actor::Actor;
use crate::calendar::Moment;
use crate::category::{Category, CategorySet, Kind};
use crate::decide::Verdict;
use crate::when::When;
use crate::who::{Who, any_holds};

/// A decision that goes before the profile: these sites or categories, for these people, for a purpose, until an
/// instant. One without an end, a purpose and somebody who decided it does not exist.
///
/// About sites it says what becomes of them whatever categories they are in, unlawful material and the sites that help
/// children aside. About categories it says what becomes of these: a site that is in another one besides is blocked if
/// that one is. Of several that hold, the one that names the narrowest part of the web counts, and of these the
/// strictest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// What it is called, such as `bursar's orders`.
    pub name: Arc<str>,
    /// For whom.
    pub who: Vec<Who>,
    /// The sites.
    pub sites: Vec<Rule<'static>>,
    /// The categories.
    pub categories: CategorySet,
    /// What becomes of them.
    pub verdict: Verdict,
    /// At which times.
    pub when: When,
    /// From this instant.
    pub from: DateTime<Utc>,
    /// To this one, itself not included: judged by when a request came.
    pub until: DateTime<Utc>,
    /// What it is for.
    pub purpose: Arc<str>,
    /// Who decided it.
    pub by: Arc<str>,
}

/// A system that the school has approved for its work: it is open to these people whatever lists say of it,
/// unlawful material aside, and it is what stays open under a profile that is [closed to the
/// rest](crate::Profile::only_approved).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovedSystem {
    /// What it is called.
    pub name: Arc<str>,
    /// Where it is.
    pub sites: Vec<Rule<'static>>,
    /// For whom.
    pub who: Vec<Who>,
}

/// Another profile for some, at some places or times: older pupils in the library, boarders in the evening, a class that
/// has to keep to its work this lesson. The first in the order of the settings counts.
///
/// It moves nobody from the profiles for pupils to those for staff, and nobody who should have signed in and has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variation {
    /// What it is called.
    pub name: Arc<str>,
    /// For whom.
    pub who: Vec<Who>,
    /// At these places; none for all.
    pub places: Vec<Arc<str>>,
    /// On these devices; none for all.
    pub devices: Vec<Arc<str>>,
    /// At which times.
    pub when: When,
    /// From this instant, where it has a beginning.
    pub from: Option<DateTime<Utc>>,
    /// To this one, itself not included, where it has an end.
    pub until: Option<DateTime<Utc>>,
    /// The name of the profile.
    pub profile: Arc<str>,
    /// What it is for.
    pub purpose: Arc<str>,
}

/// Why there can be no such exception.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExceptionError {
    /// It says for nobody.
    #[error("it is for nobody: say for whom")]
    ForNobody,
    /// It says about nothing.
    #[error("it is about nothing: name sites or categories")]
    AboutNothing,
    /// It ends before it begins.
    #[error("it ends before it begins")]
    OverBefore,
    /// Nobody says why.
    #[error("it has no purpose: say in a few words what it is for")]
    WithoutPurpose,
    /// Nobody decided it.
    #[error("it does not say who decided it")]
    ByNobody,
    /// Unlawful material.
    #[error("{0} is unlawful material: it is blocked for everyone and cannot be opened")]
    Locked(Category),
    /// Vouched for.
    #[error("{0} holds sites that are vouched for: an exception is about sites or about what profiles block")]
    Vouched(Category),
}

impl Exception {
    /// Whether it is one that can be.
    pub(crate) fn check(&self) -> Result<(), ExceptionError> {
        if self.who.is_empty() {
            return Err(ExceptionError::ForNobody);
        }
        if self.sites.is_empty() && self.categories.is_empty() {
            return Err(ExceptionError::AboutNothing);
        }
        if self.until <= self.from {
            return Err(ExceptionError::OverBefore);
        }
        if self.purpose.trim().is_empty() {
            return Err(ExceptionError::WithoutPurpose);
        }
        if self.by.trim().is_empty() {
            return Err(ExceptionError::ByNobody);
        }
        for category in self.categories.iter() {
            match category.kind() {
                Kind::Locked => return Err(ExceptionError::Locked(category)),
                Kind::Vouched => return Err(ExceptionError::Vouched(category)),
                Kind::Ordinary => {}
            }
        }
        Ok(())
    }

    /// Whether it holds for somebody at a moment.
    pub fn holds(&self, actor: &Actor, moment: &Moment<'_>) -> bool {
        (self.from..self.until).contains(&moment.at()) && self.when.holds(moment) && any_holds(&self.who, actor)
    }
}

impl ApprovedSystem {
    /// Whether it is open to somebody.
    pub(crate) fn holds(&self, actor: &Actor) -> bool {
        any_holds(&self.who, actor)
    }
}

impl Variation {
    /// Whether it holds for somebody at a moment.
    pub fn holds(&self, actor: &Actor, moment: &Moment<'_>) -> bool {
        let at = moment.at();
        let here =
            |wanted: &[Arc<str>], is: Option<&Arc<str>>| wanted.is_empty() || is.is_some_and(|is| wanted.contains(is));
        self.from.is_none_or(|from| from <= at)
            && self.until.is_none_or(|until| at < until)
            && here(&self.places, actor.place())
            && here(&self.devices, actor.device())
            && self.when.holds(moment)
            && any_holds(&self.who, actor)
    }
}
