//! School policy as people write it: what `school.toml` proposes and the journal puts in force.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use belisha_policy::calendar::Calendar;
use belisha_policy::retention::{Schedule, ScheduleError};
use belisha_policy::{Group, Members, Policy, Profile};
use serde::{Deserialize, Serialize};

use super::agencies::{self, WrittenAgency};
use super::agreements::WrittenAgreements;
use super::calendar::WrittenCalendar;
use super::inspection::{self, WrittenInspection};
use super::names::nearest;
use super::own::{self, KeepsShut, Own, WrittenApproved, WrittenException, WrittenVariation, among};
use super::places::Places;
use super::profiles::{self, WrittenProfile};
use super::times::{self, WrittenTimes};
use super::{CALENDAR, Fault, TIMES, among_members};
use crate::trust::KeptShut;

/// The part of the settings that people decide about: profiles, groups, who belongs to which when they sign in, how long
/// records are kept. (Networks, listeners and the like belong to the machine.) Two of them are equal when they mean the
/// same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchoolPolicy {
    /// Terms, lessons and hours. Not in what was written before there was a calendar.
    #[serde(default, skip_serializing_if = "is_default")]
    pub calendar: WrittenCalendar,
    /// Times by name, for profiles, exceptions and variations.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub times: BTreeMap<String, WrittenTimes>,
    /// Profiles by name.
    #[serde(default)]
    pub profiles: BTreeMap<String, WrittenProfile>,
    /// Groups and the names of their profiles.
    #[serde(default)]
    pub groups: BTreeMap<String, String>,
    /// Those who sign in, such as `year 4`, and the groups they belong to. Not in what was written before there was
    /// sign-in.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub members: BTreeMap<String, String>,
    /// Classes of records and how long they are kept, where it is not the default.
    #[serde(default)]
    pub retention: BTreeMap<String, String>,
    /// What the school decided for some, for a purpose and a time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<WrittenException>,
    /// The systems that it approved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approved: Vec<WrittenApproved>,
    /// Other profiles for some, at some places and times.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variations: Vec<WrittenVariation>,
    /// Sites that help children, besides those that are built in.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub help_sites: BTreeSet<String>,
    /// What was written down before connections are looked into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inspection: Option<WrittenInspection>,
    /// What becomes of those who have not agreed. Not in what was written before there were agreements.
    #[serde(default, skip_serializing_if = "is_default")]
    pub agreements: WrittenAgreements,
    /// Bodies outside the school. Not in what was written before there was a directory.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub agencies: BTreeSet<WrittenAgency>,
    /// What is looked through, and how often, where it is not the default.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub review: BTreeMap<String, String>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl SchoolPolicy {
    /// How long records are kept under it.
    ///
    /// # Errors
    /// A class or a period that this version does not know.
    pub(crate) fn schedule(&self) -> Result<Schedule, ScheduleError> {
        let mut schedule = Schedule::default();
        for (class, period) in &self.retention {
            schedule.set(class, period)?;
        }
        Ok(schedule)
    }

    /// In plain English, what another policy would change in this one; empty where they mean the same.
    pub fn changes(&self, to: &Self) -> Vec<String> {
        let mut changes = Vec::new();
        self.calendar.changes(&to.calendar, &mut changes);
        for (name, now, then) in both(&self.times, &to.times) {
            match (now, then) {
                (None, Some(_)) => changes.push(format!("new times {name}")),
                (Some(_), None) => changes.push(format!("the times {name} go")),
                (Some(now), Some(then)) if now != then => changes.push(format!("the times {name} change")),
                _ => {}
            }
        }
        for (name, now, then) in both(&self.profiles, &to.profiles) {
            match (now, then) {
                (None, Some(then)) => changes.push(format!("new profile {name}: {}", then.describe())),
                (Some(now), None) => changes.push(format!("profile {name} goes ({})", now.describe())),
                (Some(now), Some(then)) => now.changes(name, then, &mut changes),
                (None, None) => {}
            }
        }
        texts("group", "has the profile", &self.groups, &to.groups, &mut changes);
        members(&self.members, &to.members, &mut changes);
        texts("retention of", "is", &self.retention, &to.retention, &mut changes);
        own::changes("exception", &self.exceptions, &to.exceptions, WrittenException::describe, &mut changes);
        own::changes("approved system", &self.approved, &to.approved, WrittenApproved::describe, &mut changes);
        own::changes("variation", &self.variations, &to.variations, WrittenVariation::describe, &mut changes);
        let help = |sites: &BTreeSet<String>| sites.iter().map(|site| (site.clone(), String::new())).collect();
        texts("help site", "is open", &help(&self.help_sites), &help(&to.help_sites), &mut changes);
        inspection::changes(self.inspection, to.inspection, &mut changes);
        self.agreements.changes(&to.agreements, &mut changes);
        agencies::changes(&self.agencies, &to.agencies, &mut changes);
        texts("review of", "is due every", &self.review, &to.review, &mut changes);
        changes
    }

    /// The calendar.
    pub(super) fn calendar(&self, at: &Places) -> Result<Arc<Calendar>, Fault> {
        self.calendar.calendar().map_err(|message| (at.of(CALENDAR), message))
    }

    /// The policy without networks and members.
    pub(super) fn profiles(&self, calendar: &Calendar, at: &Places) -> Result<Vec<Profile>, Fault> {
        for (name, times) in &self.times {
            times::check(times, calendar)
                .map_err(|error| (at.of(&among(TIMES, name)), format!("the times {name:?}: {error}")))?;
        }
        profiles::profiles(&self.profiles, &self.times, calendar, at)
    }

    /// The policy with what the school has set for somebody.
    pub(super) fn with_own(
        &self,
        policy: Policy,
        calendar: &Calendar,
        at: &Places,
        trust: (KeepsShut<'_>, &mut Vec<KeptShut>),
    ) -> Result<Policy, Fault> {
        let own = Own {
            exceptions: &self.exceptions,
            approved: &self.approved,
            variations: &self.variations,
            help_sites: &self.help_sites,
            times: &self.times,
            calendar,
            at,
        };
        let inspection = self.inspection.map(WrittenInspection::inspection);
        let until_signed = self.agreements.until_signed()?;
        Ok(own.add_to(policy, trust)?.with_inspection(inspection).with_until_signed(until_signed))
    }

    pub(super) fn groups(&self, profiles: &[Profile], at: &Places) -> Result<Vec<Group>, Fault> {
        let mut groups: Vec<Group> = Vec::new();
        for (name, profile) in &self.groups {
            if !profiles.iter().any(|known| **known.name() == **profile) {
                let known: Vec<&str> = profiles.iter().map(|profile| &**profile.name()).collect();
                let meant = nearest(profile, known.iter().copied()).map(|meant| format!("; did you mean {meant:?}?"));
                let message = format!(
                    "the group {name:?} has the profile {profile:?}, which does not exist; there are {}{}",
                    known.join(", "),
                    meant.unwrap_or_default()
                );
                return Err((at.of(name), message));
            }
            groups.push(Group { name: name.as_str().into(), profile: profile.as_str().into() });
        }
        // A profile is a group of its own name where no group has taken it.
        for profile in profiles {
            if !groups.iter().any(|group| group.name == *profile.name()) {
                groups.push(Group { name: profile.name().clone(), profile: profile.name().clone() });
            }
        }
        Ok(groups)
    }

    /// The groups of those who sign in.
    pub(super) fn members(&self, groups: &[Group], at: &Places) -> Result<Vec<(Members, Arc<str>)>, Fault> {
        let mut members: Vec<(Members, Arc<str>)> = Vec::new();
        for (who, group) in &self.members {
            let place = at.of(&among_members(who));
            let named: Members = who.parse().map_err(|error| (place, format!("{who:?} is {error}")))?;
            if let Some((twin, _)) = members.iter().find(|(known, _)| known.same(&named)) {
                return Err((place, format!("the members {:?} and {who:?} are the same", twin.to_string())));
            }
            let Some(known) = groups.iter().find(|known| *known.name == **group) else {
                let known: Vec<&str> = groups.iter().map(|group| &*group.name).collect();
                let known = known.join(", ");
                let message =
                    format!("the members {who:?} have the group {group:?}, which does not exist; there are {known}");
                return Err((place, message));
            };
            members.push((named, known.name.clone()));
        }
        Ok(members)
    }
}

/// Every key of two maps, in order, with what each has for it.
pub(super) fn both<'a, V>(
    now: &'a BTreeMap<String, V>,
    then: &'a BTreeMap<String, V>,
) -> impl Iterator<Item = (&'a str, Option<&'a V>, Option<&'a V>)> {
    let names: BTreeSet<&String> = now.keys().chain(then.keys()).collect();
    names.into_iter().map(|name| (name.as_str(), now.get(name), then.get(name)))
}

fn texts(
    what: &str,
    verb: &str,
    now: &BTreeMap<String, String>,
    then: &BTreeMap<String, String>,
    to: &mut Vec<String>,
) {
    for (name, now, then) in both(now, then) {
        match (now, then) {
            (Some(now), Some(then)) if now != then => to.push(format!("{what} {name} {verb} {then} (was {now})")),
            (None, Some(then)) => to.push(format!("new {what} {name} {verb} {then}")),
            (Some(now), None) => to.push(format!("{what} {name} goes ({verb} {now})")),
            _ => {}
        }
    }
}

fn members(now: &BTreeMap<String, String>, then: &BTreeMap<String, String>, to: &mut Vec<String>) {
    for (who, now, then) in both(now, then) {
        to.push(match (now, then) {
            (Some(now), Some(then)) if now != then => {
                format!("whoever signs in as {who} belongs to the group {then} (was {now})")
            }
            (None, Some(then)) => format!("whoever signs in as {who} belongs to the group {then} from now on"),
            (Some(now), None) => format!("whoever signs in as {who} has no rule any more (was {now})"),
            _ => continue,
        });
    }
}
