//! Profiles, as they are written.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use belisha_policy::calendar::Calendar;
use belisha_policy::people::NcYear;
use belisha_policy::{AtTimes, Audience, Category, CategorySet, ENGINES, Profile, Verdict};
use serde::{Deserialize, Serialize};

use super::Fault;
use super::calendar::starter;
use super::names::one_of;
use super::places::Places;
use super::times::{WrittenTimes, when};

/// A profile as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenProfile {
    /// The profile that it begins as: `pupils`, `staff`, or another of the settings.
    pub based_on: String,
    /// Categories that it blocks besides.
    #[serde(default)]
    pub block: BTreeSet<String>,
    /// Categories of which it warns: whoever asks may go on. Never for primary pupils.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub warn: BTreeSet<String>,
    /// Categories that it opens.
    #[serde(default)]
    pub allow: BTreeSet<String>,
    /// Categories of which open requests are marked in the access log.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub monitor: BTreeSet<String>,
    /// Which encrypted connections are looked into: `nothing`, `searches`, `most`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inspect: Option<String>,
    /// Whether the log keeps what follows the `?` of an address.
    #[serde(default)]
    pub keep_queries: bool,
    /// Whether all is closed but approved systems, sites that are vouched for, and those that help children.
    #[serde(default, skip_serializing_if = "is_false")]
    pub only_approved: bool,
    /// The lowest year of those who have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_year: Option<String>,
    /// Whether search engines answer with their filter on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safe_search: Option<bool>,
    /// What video sites leave out: `none`, `moderate`, `strict`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub videos: Option<String>,
    /// The search engines that may be used; any where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search_engines: Option<BTreeSet<String>>,
    /// What it says at certain times.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub at: Vec<WrittenAt>,
}

/// What a profile says at certain times.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenAt {
    /// The times, by their names.
    pub times: Vec<String>,
    /// Categories that are blocked then.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub block: BTreeSet<String>,
    /// Categories that are warned of then.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub warn: BTreeSet<String>,
    /// Categories that are open then.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub allow: BTreeSet<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// One of the two profiles that are built in, and the audience for which it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Base {
    /// That of pupils.
    Pupils,
    /// That of staff.
    Staff,
}

impl Base {
    /// For whom it is.
    pub fn audience(self) -> Audience {
        match self {
            Self::Pupils => Audience::Pupils,
            Self::Staff => Audience::Staff,
        }
    }
}

/// The two profiles that are built in.
pub(super) const BUILT_IN: [&str; 2] = ["pupils", "staff"];

/// The profiles of the settings, and the two that are built in unless one of the settings has their name.
pub(super) fn profiles(
    written: &BTreeMap<String, WrittenProfile>,
    times: &BTreeMap<String, WrittenTimes>,
    calendar: &Calendar,
    at: &Places,
) -> Result<Vec<Profile>, Fault> {
    let making = Making { written, times, calendar, at };
    let mut profiles = Vec::new();
    for name in written.keys() {
        profiles.push(making.profile(name, &mut vec![])?);
    }
    for starter in [Profile::pupils("pupils"), Profile::staff("staff")] {
        if !written.contains_key(&**starter.name()) {
            profiles.push(starter);
        }
    }
    Ok(profiles)
}

struct Making<'a> {
    written: &'a BTreeMap<String, WrittenProfile>,
    times: &'a BTreeMap<String, WrittenTimes>,
    calendar: &'a Calendar,
    at: &'a Places,
}

impl Making<'_> {
    /// A profile, with all that it inherits. `below` are those that wait for it.
    fn profile(&self, name: &str, below: &mut Vec<String>) -> Result<Profile, Fault> {
        let Some(written) = self.written.get(name) else { return Ok(built_in(name)) };
        let place = self.at.of(name);
        below.push(name.to_owned());
        let base = &written.based_on;
        // A profile that takes the name of a built-in one and is based on it begins as that.
        let base = if BUILT_IN.contains(&base.as_str()) && (base == name || !self.written.contains_key(base)) {
            built_in(base)
        } else if below.contains(base) {
            let message =
                format!("the profile {name:?} is based on {base:?}, which is based on it: one has to be the first");
            return Err((place, message));
        } else if self.written.contains_key(base) {
            self.profile(base, below)?
        } else {
            let known = self.written.keys().map(String::as_str).chain(BUILT_IN);
            return Err((self.at.find(name, base), one_of("profile", base, known)));
        };
        below.pop();
        self.changed(base.named(name), name, written)
    }

    fn changed(&self, mut profile: Profile, name: &str, written: &WrittenProfile) -> Result<Profile, Fault> {
        let wrong = |slug: &str, error: &dyn Display| (self.at.find(name, slug), error.to_string());
        let sets = [(&written.block, Verdict::Block), (&written.warn, Verdict::Warn), (&written.allow, Verdict::Allow)];
        no_doubles(sets.map(|(set, _)| set))
            .map_err(|(slug, both)| wrong(slug, &format!("{slug:?} is in both {both} of the profile {name:?}")))?;
        for (set, verdict) in sets {
            for slug in set {
                let category: Category = slug.parse().map_err(|error| wrong(slug, &error))?;
                profile = profile.set(category, verdict).map_err(|error| wrong(slug, &error))?;
            }
        }
        if written.keep_queries {
            profile = profile.keep_queries();
        }
        if written.only_approved {
            profile = profile.only_approved();
        }
        if let Some(text) = &written.from_year {
            let year: NcYear =
                text.parse().map_err(|error| (self.at.find(name, text), format!("{text:?} is {error}")))?;
            profile = profile.from_year(year);
        }
        for slug in &written.monitor {
            let category: Category = slug.parse().map_err(|error| wrong(slug, &error))?;
            profile = profile.monitor(category).map_err(|error| wrong(slug, &error))?;
        }
        if let Some(text) = &written.inspect {
            let inspect = text.parse().map_err(|error| wrong(text, &format!("{text:?} is {error}")))?;
            profile = profile.inspecting(inspect);
        }
        profile = self.searching(profile, name, written)?;
        for part in &written.at {
            profile = self.at_times(profile, name, part)?;
        }
        Ok(profile)
    }

    fn searching(&self, profile: Profile, name: &str, written: &WrittenProfile) -> Result<Profile, Fault> {
        let mut search = profile.search().clone();
        if let Some(safe) = written.safe_search {
            search.safe = safe;
        }
        if let Some(videos) = &written.videos {
            let parsed = videos.parse();
            search.video = parsed.map_err(|error| (self.at.find(name, videos), format!("{videos:?} is {error}")))?;
        }
        if let Some(engines) = &written.search_engines {
            for engine in engines {
                if !ENGINES.iter().any(|known| known.name == engine) {
                    let message = one_of("search engine", engine, ENGINES.iter().map(|known| known.name));
                    return Err((self.at.find(name, engine), message));
                }
            }
            search.engines = Some(engines.iter().map(|engine| engine.as_str().into()).collect());
        }
        Ok(profile.searching(search))
    }

    fn at_times(&self, profile: Profile, name: &str, part: &WrittenAt) -> Result<Profile, Fault> {
        let all = part.times.join(" and ");
        let fault = |message: String| (self.at.find(name, part.times.first().map_or("", String::as_str)), message);
        if part.times.is_empty() {
            return Err(fault(format!("the profile {name:?} has something for times that are not named")));
        }
        let when = when(&part.times, self.times, self.calendar).map_err(fault)?;
        no_doubles([&part.block, &part.warn, &part.allow])
            .map_err(|(slug, both)| fault(format!("at the times {all:?} {slug:?} is in both {both}")))?;
        let set = |slugs: &BTreeSet<String>| {
            let categories = slugs
                .iter()
                .map(|slug| slug.parse::<Category>().map_err(|error| (self.at.find(name, slug), error.to_string())));
            categories.collect::<Result<CategorySet, Fault>>()
        };
        let times = AtTimes {
            name: all.as_str().into(),
            when,
            block: set(&part.block)?,
            warn: set(&part.warn)?,
            allow: set(&part.allow)?,
        };
        profile.at_times(times).map_err(|error| fault(format!("the profile {name:?}: {error}")))
    }
}

fn built_in(name: &str) -> Profile {
    if name == "staff" { Profile::staff(name) } else { Profile::pupils(name) }
}

/// A name that stands in two sets, and which two.
fn no_doubles(sets: [&BTreeSet<String>; 3]) -> Result<(), (&String, &'static str)> {
    let [block, warn, allow] = sets;
    let pairs = [(allow, block, "block and allow"), (warn, block, "block and warn"), (warn, allow, "warn and allow")];
    let twice = pairs.into_iter().find_map(|(one, other, both)| Some((one.intersection(other).next()?, both)));
    twice.map_or(Ok(()), Err)
}

impl WrittenProfile {
    /// The profile, beside no other: it begins as one of the two that are built in, and knows no times.
    ///
    /// # Errors
    /// Something in it that this version does not know, told in words.
    pub fn alone(&self, name: &str) -> Result<Profile, String> {
        let written = BTreeMap::from([(name.to_owned(), self.clone())]);
        let (times, calendar, at) = (BTreeMap::new(), starter(), Places::default());
        let making = Making { written: &written, times: &times, calendar: &calendar, at: &at };
        making.profile(name, &mut vec![]).map_err(|(_, message)| message)
    }

    /// In a few words.
    pub(super) fn describe(&self) -> String {
        let mut parts = vec![format!("as {}", self.based_on)];
        let sets =
            [("blocks", &self.block), ("warns of", &self.warn), ("opens", &self.allow), ("marks", &self.monitor)];
        parts.extend(described(&sets));
        if self.only_approved {
            parts.push("closed to all that is not approved".into());
        }
        if self.keep_queries {
            parts.push("keeps queries".into());
        }
        parts.extend(self.values().into_iter().filter_map(|(what, value)| Some(format!("{what} {}", value?))));
        parts.extend(self.at.iter().map(|part| format!("at {} {}", part.times.join(" and "), part.describe())));
        parts.join(", ")
    }

    /// What is one value each, as it stands in the file; `None` where it is not set.
    fn values(&self) -> [(&'static str, Option<String>); 5] {
        let flag = |flag| if flag { "on" } else { "off" }.to_owned();
        [
            ("inspect", self.inspect.clone()),
            ("from_year", self.from_year.clone()),
            ("safe_search", self.safe_search.map(flag)),
            ("videos", self.videos.clone()),
            ("search_engines", self.search_engines.as_ref().map(joined)),
        ]
    }

    /// In plain English, what another would change in this one.
    pub(super) fn changes(&self, name: &str, then: &Self, to: &mut Vec<String>) {
        if self.based_on != then.based_on {
            to.push(format!("profile {name} is based on {} (was {})", then.based_on, self.based_on));
        }
        let sets = [
            ("block", &self.block, &then.block),
            ("warn", &self.warn, &then.warn),
            ("allow", &self.allow, &then.allow),
            ("monitor", &self.monitor, &then.monitor),
        ];
        for (what, now, then) in sets {
            to.extend(then.difference(now).map(|slug| format!("profile {name}: {slug} comes into {what}")));
            to.extend(now.difference(then).map(|slug| format!("profile {name}: {slug} goes from {what}")));
        }
        if self.keep_queries != then.keep_queries {
            let verb = if then.keep_queries { "keeps queries from now on" } else { "keeps queries no longer" };
            to.push(format!("profile {name}: {verb}"));
        }
        if self.only_approved != then.only_approved {
            let verb = if then.only_approved { "is closed" } else { "is no longer closed" };
            to.push(format!("profile {name} {verb} to all that is not approved"));
        }
        for ((what, now), (_, then)) in self.values().into_iter().zip(then.values()).filter(|(now, then)| now != then) {
            let [now, then] = [now, then].map(|value| value.unwrap_or_else(|| "not set".into()));
            to.push(format!("profile {name}: {what} is {then} (was {now})"));
        }
        let gone = self.at.iter().filter(|part| !then.at.contains(part));
        to.extend(
            gone.map(|part| format!("profile {name}: at {} no longer {}", part.times.join(" and "), part.describe())),
        );
        let new = then.at.iter().filter(|part| !self.at.contains(part));
        to.extend(new.map(|part| format!("profile {name}: at {} it {}", part.times.join(" and "), part.describe())));
    }
}

impl WrittenAt {
    fn describe(&self) -> String {
        let sets = [("blocks", &self.block), ("warns of", &self.warn), ("opens", &self.allow)];
        described(&sets).collect::<Vec<_>>().join(", ")
    }
}

/// What is done with which categories, leaving out what is done with none.
fn described(sets: &[(&str, &BTreeSet<String>)]) -> impl Iterator<Item = String> {
    sets.iter().filter(|(_, slugs)| !slugs.is_empty()).map(|(what, slugs)| format!("{what} {}", joined(slugs)))
}

fn joined(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}
