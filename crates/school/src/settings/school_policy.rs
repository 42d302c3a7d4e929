//! School policy as people write it: what `school.toml` proposes and the journal puts in force.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::sync::Arc;

use belisha_policy::retention::{Schedule, ScheduleError};
use belisha_policy::{Audience, Category, Group, Members, Profile};
use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::agencies::{self, WrittenAgency};
use super::{Fault, among_members, within};

/// The part of the settings that people decide about: profiles, groups, who belongs to which when they sign in, how long
/// records are kept. (Networks, listeners and the like belong to the machine.) Two of them are equal when they mean the
/// same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchoolPolicy {
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
    /// Bodies outside the school. Not in what was written before there was a directory.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub agencies: BTreeSet<WrittenAgency>,
    /// What is looked through, and how often, where it is not the default.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub review: BTreeMap<String, String>,
}

/// A profile as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenProfile {
    /// The starter profile that it begins as.
    pub based_on: Base,
    /// Categories that it blocks besides.
    #[serde(default)]
    pub block: BTreeSet<String>,
    /// Categories that it opens.
    #[serde(default)]
    pub allow: BTreeSet<String>,
    /// Whether the log keeps what follows the `?` of an address.
    #[serde(default)]
    pub keep_queries: bool,
}

/// The starter profile that a profile begins as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Base {
    /// That of pupils.
    Pupils,
    /// That of staff.
    Staff,
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
        agencies::changes(&self.agencies, &to.agencies, &mut changes);
        texts("review of", "is due every", &self.review, &to.review, &mut changes);
        changes
    }

    pub(super) fn profiles(&self, at: &Places) -> Result<Vec<Profile>, Fault> {
        let made = |(name, written): (&String, &WrittenProfile)| written.profile(name, at);
        let mut profiles = self.profiles.iter().map(made).collect::<Result<Vec<_>, _>>()?;
        // The two starter profiles are there unless a profile of the file has their name.
        for starter in [Profile::pupils("pupils"), Profile::staff("staff")] {
            if !profiles.iter().any(|profile| profile.name() == starter.name()) {
                profiles.push(starter);
            }
        }
        Ok(profiles)
    }

    pub(super) fn groups(&self, profiles: &[Profile], at: &Places) -> Result<Vec<Group>, Fault> {
        let mut groups: Vec<Group> = Vec::new();
        for (name, profile) in &self.groups {
            if !profiles.iter().any(|known| **known.name() == **profile) {
                let known: Vec<&str> = profiles.iter().map(|profile| &**profile.name()).collect();
                let message = format!(
                    "the group {name:?} has the profile {profile:?}, which does not exist; there are {}",
                    known.join(", ")
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

impl WrittenProfile {
    /// The profile.
    ///
    /// # Errors
    /// Something in it that this version does not know, told in words.
    pub fn alone(&self, name: &str) -> Result<Profile, String> {
        self.profile(name, &Places::default()).map_err(|(_, message)| message)
    }

    pub(super) fn profile(&self, name: &str, at: &Places) -> Result<Profile, Fault> {
        let mut profile = match self.based_on {
            Base::Pupils => Profile::pupils(name),
            Base::Staff => Profile::staff(name),
        };
        let place = |slug: &String| at.of(&within(name, slug));
        let wrong = |slug: &String, error: &dyn Display| (place(slug), error.to_string());
        for slug in &self.block {
            let category: Category = slug.parse().map_err(|error| wrong(slug, &error))?;
            profile = profile.block(category).map_err(|error| wrong(slug, &error))?;
        }
        for slug in &self.allow {
            let category: Category = slug.parse().map_err(|error| wrong(slug, &error))?;
            if self.block.contains(slug) {
                return Err((place(slug), format!("{slug:?} is in both block and allow of the profile {name:?}")));
            }
            profile = profile.allow(category).map_err(|error| wrong(slug, &error))?;
        }
        Ok(if self.keep_queries { profile.keep_queries() } else { profile })
    }

    fn describe(&self) -> String {
        let list = |what: &str, slugs: &BTreeSet<String>| {
            if slugs.is_empty() {
                return String::new();
            }
            format!(", {what} {}", slugs.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
        };
        let queries = if self.keep_queries { ", keeps queries" } else { "" };
        format!("as {}{}{}{queries}", self.based_on.name(), list("blocks", &self.block), list("opens", &self.allow))
    }

    fn changes(&self, name: &str, then: &Self, to: &mut Vec<String>) {
        if self.based_on != then.based_on {
            to.push(format!("profile {name}: based on {} (was {})", then.based_on.name(), self.based_on.name()));
        }
        let lists = [("block", &self.block, &then.block), ("allow", &self.allow, &then.allow)];
        for (list, now, then) in lists {
            to.extend(then.difference(now).map(|slug| format!("profile {name}: {slug} comes into {list}")));
            to.extend(now.difference(then).map(|slug| format!("profile {name}: {slug} goes from {list}")));
        }
        if self.keep_queries != then.keep_queries {
            let verb = if then.keep_queries { "keeps queries from now on" } else { "keeps queries no longer" };
            to.push(format!("profile {name}: {verb}"));
        }
    }
}

impl Base {
    /// For whom it is.
    pub fn audience(self) -> Audience {
        match self {
            Self::Pupils => Audience::Pupils,
            Self::Staff => Audience::Staff,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Pupils => "pupils",
            Self::Staff => "staff",
        }
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

/// Where in the file each name stands, so that a fault can be shown in its line. Empty for a policy that comes out of
/// the journal, which was checked when it was put in force.
#[derive(Clone, Debug, Default)]
pub(super) struct Places(BTreeMap<String, usize>);

impl Places {
    pub(super) fn note(&mut self, name: impl Into<String>, at: &Spanned<impl Sized>) {
        self.0.entry(name.into()).or_insert(at.span().start);
    }

    pub(super) fn of(&self, name: &str) -> usize {
        self.0.get(name).copied().unwrap_or(0)
    }
}
