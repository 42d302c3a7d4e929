//! What the school itself has set for somebody: exceptions, approved systems, sites that help, other profiles for a
//! while.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;

use belisha_filter::{Overlay, Rule};
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};

use super::{MemberKind, Members, Policy, PolicyError};
use crate::calendar::{self, Moment};
use crate::category::Category;
use crate::exception::{ApprovedSystem, Exception, ExceptionError, Variation};
use crate::profile::Audience;
use crate::when::When;
use crate::who::Who;

/// What the school itself has set about sites and categories, ready to be asked.
#[derive(Clone, Debug)]
pub(super) struct Own {
    exceptions: Vec<Exception>,
    /// Where the exceptions about each category stand, by the number of the category.
    about: Vec<Vec<u16>>,
    approved: Vec<ApprovedSystem>,
    help: Vec<Rule<'static>>,
    sites: Overlay<Site>,
}

/// Whose site it is.
#[derive(Clone, Debug)]
pub(crate) enum Site {
    /// Of an exception.
    Exception {
        /// Where that stands.
        at: u16,
        /// The site as it was written.
        entry: Arc<str>,
    },
    /// Of a system that the school approved.
    Approved {
        /// Where that stands.
        at: u16,
        /// The site as it was written.
        entry: Arc<str>,
    },
    /// One that helps children.
    Help {
        /// The site as it was written.
        entry: Arc<str>,
    },
}

/// Nothing.
impl Default for Own {
    fn default() -> Self {
        Self {
            exceptions: Vec::new(),
            about: Vec::new(),
            approved: Vec::new(),
            help: Vec::new(),
            sites: Overlay::new([]),
        }
    }
}

impl Own {
    /// Looks everything up anew.
    fn indexed(mut self) -> Self {
        let number = |at: usize| u16::try_from(at).unwrap_or(u16::MAX);
        let text = |rule: &Rule<'static>| Arc::from(alloc::format!("{rule}"));
        let of_exceptions = self.exceptions.iter().enumerate().flat_map(|(at, exception)| {
            exception
                .sites
                .iter()
                .map(move |rule| (rule.clone(), Site::Exception { at: number(at), entry: text(rule) }))
        });
        let of_approved = self.approved.iter().enumerate().flat_map(|(at, system)| {
            system.sites.iter().map(move |rule| (rule.clone(), Site::Approved { at: number(at), entry: text(rule) }))
        });
        let of_help = self.help.iter().map(|rule| (rule.clone(), Site::Help { entry: text(rule) }));
        self.sites = Overlay::new(of_exceptions.chain(of_approved).chain(of_help));
        self.about = Vec::new();
        for (at, exception) in self.exceptions.iter().enumerate() {
            for category in exception.categories.iter() {
                let place = usize::from(category.id().0);
                if self.about.len() <= place {
                    self.about.resize(place + 1, Vec::new());
                }
                if let Some(about) = self.about.get_mut(place) {
                    about.push(number(at));
                }
            }
        }
        self
    }
}

/// As many of each as have a number.
const MOST: usize = u16::MAX as usize;

impl Policy {
    /// The same policy with exceptions.
    ///
    /// # Errors
    /// Two of one name, one that cannot be ([`ExceptionError`]), a group that is not there, and more than 65,535.
    pub fn with_exceptions(self, exceptions: Vec<Exception>) -> Result<Self, PolicyError> {
        no_doubles("exceptions", exceptions.iter().map(|exception| &exception.name), exceptions.len())?;
        for exception in &exceptions {
            let wrong = |error| PolicyError::Own { what: EXCEPTION, name: (&*exception.name).into(), error };
            exception.check().map_err(wrong)?;
            self.groups_are_there(EXCEPTION, &exception.name, &exception.who)?;
        }
        Ok(Self { own: Own { exceptions, ..self.own }.indexed(), ..self })
    }

    /// The same policy with systems that the school approved.
    ///
    /// # Errors
    /// Two of one name, one for nobody or without a site, a group that is not there, and more than 65,535.
    pub fn with_approved(self, approved: Vec<ApprovedSystem>) -> Result<Self, PolicyError> {
        no_doubles("approved systems", approved.iter().map(|system| &system.name), approved.len())?;
        for system in &approved {
            let wrong = |error| PolicyError::Own { what: APPROVED, name: (&*system.name).into(), error };
            if system.who.is_empty() {
                return Err(wrong(ExceptionError::ForNobody));
            }
            if system.sites.is_empty() {
                return Err(wrong(ExceptionError::AboutNothing));
            }
            self.groups_are_there(APPROVED, &system.name, &system.who)?;
        }
        Ok(Self { own: Own { approved, ..self.own }.indexed(), ..self })
    }

    /// The same policy with sites that help children, besides those that are built in ([`crate::CANARIES`]): nothing but
    /// unlawful material keeps anybody from them.
    #[must_use]
    pub fn with_help_sites(self, help: Vec<Rule<'static>>) -> Self {
        Self { own: Own { help, ..self.own }.indexed(), ..self }
    }

    /// The same policy with other profiles for some, the first that holds before the others.
    ///
    /// # Errors
    /// Two of one name, one for nobody, a group or a profile that is not there, one that ends before it begins, one
    /// without a purpose, and one that puts pupils under a profile for staff.
    pub fn with_variations(self, variations: Vec<Variation>) -> Result<Self, PolicyError> {
        no_doubles("variations", variations.iter().map(|variation| &variation.name), variations.len())?;
        let mut placed = Vec::new();
        for variation in variations {
            let name = || (&*variation.name).into();
            let wrong = |error| PolicyError::Own { what: VARIATION, name: name(), error };
            if variation.who.is_empty() {
                return Err(wrong(ExceptionError::ForNobody));
            }
            if matches!((variation.from, variation.until), (Some(from), Some(until)) if until <= from) {
                return Err(wrong(ExceptionError::OverBefore));
            }
            if variation.purpose.trim().is_empty() {
                return Err(wrong(ExceptionError::WithoutPurpose));
            }
            self.groups_are_there(VARIATION, &variation.name, &variation.who)?;
            let Some(at) = self.profiles.iter().position(|profile| *profile.name() == variation.profile) else {
                return Err(PolicyError::NoSuchProfileOf { name: name(), profile: (&*variation.profile).into() });
            };
            let is_for_staff = self.profiles.get(at).is_some_and(|profile| profile.audience() == Audience::Staff);
            if let Some(pupils) = variation.who.iter().find(|who| is_for_staff && self.are_pupils(who)) {
                let who = alloc::format!("{pupils}");
                return Err(PolicyError::PupilsAsStaff { name: name(), who, profile: (&*variation.profile).into() });
            }
            placed.push((variation, at));
        }
        Ok(Self { variations: placed, ..self })
    }

    /// Whether these are held to a profile for pupils.
    fn are_pupils(&self, who: &Who) -> bool {
        match who {
            Who::Group(group) => {
                self.member(group).is_some_and(|it| self.profile_of(&it).audience() == Audience::Pupils)
            }
            Who::Members(Members::Class(_) | Members::Year(_) | Members::Years(..)) => true,
            Who::Members(Members::Kind(kind)) => matches!(kind, MemberKind::Pupils | MemberKind::ClassAccounts),
            Who::Everyone | Who::User(_) | Who::Members(Members::Role(_)) => false,
        }
    }

    fn groups_are_there(&self, what: &'static str, name: &Arc<str>, who: &[Who]) -> Result<(), PolicyError> {
        let lost = who.iter().find_map(|who| match who {
            Who::Group(group) => (!self.groups().any(|known| known.name == *group)).then_some(group),
            _ => None,
        });
        let lost =
            lost.map(|group| PolicyError::NoSuchGroupOf { what, name: (&**name).into(), group: (&**group).into() });
        lost.map_or(Ok(()), Err)
    }

    /// The exceptions, in the order of the settings.
    pub fn exceptions(&self) -> &[Exception] {
        &self.own.exceptions
    }

    /// The systems that the school approved, in the order of the settings.
    pub fn approved(&self) -> &[ApprovedSystem] {
        &self.own.approved
    }

    pub(crate) fn sites(&self) -> &Overlay<Site> {
        &self.own.sites
    }

    pub(crate) fn exception(&self, at: u16) -> Option<&Exception> {
        self.own.exceptions.get(usize::from(at))
    }

    pub(crate) fn approved_system(&self, at: u16) -> Option<&ApprovedSystem> {
        self.own.approved.get(usize::from(at))
    }

    /// The exceptions about a category.
    pub(crate) fn exceptions_about(&self, category: Category) -> impl Iterator<Item = &Exception> {
        let about = self.own.about.get(usize::from(category.id().0));
        about.into_iter().flatten().filter_map(|at| self.exception(*at))
    }

    /// The instants after a moment at which anything of the policy may begin or end to hold, for so many days. Between two
    /// of them nothing changes.
    pub fn edges_ahead(&self, moment: &Moment<'_>, days: u16) -> Vec<DateTime<Utc>> {
        // The last of so many days ends on the day after it, at the time of day at which the first began.
        let dates = moment.day().date().iter_days().take(usize::from(days) + 1);
        let limit = moment.at() + TimeDelta::days(days.into());
        let mut instants: Vec<DateTime<Utc>> =
            self.edges_on(dates).into_iter().chain(self.ends_and_beginnings()).collect();
        instants.retain(|at| *at > moment.at() && *at < limit);
        instants.sort_unstable();
        instants.dedup();
        instants
    }

    /// From which instant to which (itself not included) nothing of the policy begins or ends to hold, around a moment: what
    /// is decided at one instant of it is decided at all of them. A day at most.
    pub fn steady_around(&self, moment: &Moment<'_>) -> Range<DateTime<Utc>> {
        let today = moment.day().date();
        let days = [today.pred_opt(), Some(today), today.succ_opt()].into_iter().flatten();
        let edges = self.edges_on(days).into_iter().chain(self.ends_and_beginnings());
        let day = TimeDelta::days(1);
        let mut steady = moment.at() - day..moment.at() + day;
        for edge in edges {
            if edge <= moment.at() {
                steady.start = steady.start.max(edge);
            } else {
                steady.end = steady.end.min(edge);
            }
        }
        steady
    }

    /// The instants of days at which anything may begin or end to hold that holds at times of day.
    fn edges_on(&self, days: impl Iterator<Item = NaiveDate>) -> Vec<DateTime<Utc>> {
        let times: Vec<NaiveTime> = self.edges_of_day().collect();
        let of_day = |day: NaiveDate| {
            let shown = times.iter().flat_map(move |time| calendar::shown(day.and_time(*time)));
            shown.chain(calendar::clock_change(day)).collect::<Vec<_>>()
        };
        days.flat_map(of_day).collect()
    }

    /// The times of day at which anything may begin or end to hold, midnight among them.
    fn edges_of_day(&self) -> impl Iterator<Item = NaiveTime> {
        let of_profiles = self.profiles.iter().flat_map(|profile| profile.times()).map(|times| &times.when);
        let of_exceptions = self.own.exceptions.iter().map(|exception| &exception.when);
        let of_variations = self.variations.iter().map(|(variation, _)| &variation.when);
        let all = of_profiles.chain(of_exceptions).chain(of_variations);
        // Parts of the school day begin and end as the calendar has them, on days that run as another one too.
        let plan = self.calendar.plan();
        let of_calendar = plan.week.iter().map(|it| it.hours).chain(plan.lessons.iter().map(|it| it.hours));
        let of_calendar = of_calendar.chain(plan.extended.iter().map(|it| it.hours)).chain([plan.night]);
        let of_calendar = of_calendar.flat_map(|hours| [hours.start(), hours.end()]);
        let all = all.flat_map(When::edges).chain(of_calendar).chain([NaiveTime::MIN]);
        let mut edges: Vec<NaiveTime> = all.collect();
        edges.sort_unstable();
        edges.dedup();
        edges.into_iter()
    }

    /// The instants at which exceptions and variations begin and end.
    fn ends_and_beginnings(&self) -> impl Iterator<Item = DateTime<Utc>> {
        let of_exceptions = self.own.exceptions.iter().flat_map(|exception| [exception.from, exception.until]);
        let of_variations =
            self.variations.iter().flat_map(|(variation, _)| variation.from.into_iter().chain(variation.until));
        of_exceptions.chain(of_variations)
    }
}

const EXCEPTION: &str = "exception";
const APPROVED: &str = "approved system";
const VARIATION: &str = "variation";

fn no_doubles<'a>(
    what: &'static str,
    names: impl Iterator<Item = &'a Arc<str>>,
    count: usize,
) -> Result<(), PolicyError> {
    if count > MOST {
        return Err(PolicyError::TooMany { what, count });
    }
    super::no_doubles(what, names)
}
