//! `school.toml`: what stands in it, and what it means.
//!
//! Two stages: [`Raw`] is exactly what was typed; [`Settings`] is what it amounts to, and making one from the other is
//! the only validation there is. Nothing is opened here but the file itself.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use belisha_policy::{Audience, Category, Group, Network, Policy, Profile};
use ipnet::IpNet;
use serde::Deserialize;
use toml::Spanned;

/// The school that serves until there is a `school.toml`.
pub const STARTER: &str = include_str!("../data/starter-school.toml");

/// The settings of one school, checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The school's name, for pages.
    pub school: String,
    /// Where the proxy listens.
    pub proxy: SocketAddr,
    /// Ranges that the proxy may reach although they are private or special.
    pub egress: Vec<IpNet>,
    /// Profiles, groups and networks.
    pub policy: Policy,
    /// The file they were read from; `None` for the starter school.
    pub file: Option<PathBuf>,
}

/// Why settings cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("{}: cannot be read: {source}. Check that the file is there and that you may read it, or leave out --school for the built-in starter school", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Something in it is wrong.
    #[error("{}:{line}: {message}", file.display())]
    Wrong {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong, and what would be right.
        message: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    school: RawSchool,
    #[serde(default)]
    listeners: RawListeners,
    #[serde(default)]
    egress: RawEgress,
    #[serde(default)]
    profiles: BTreeMap<Spanned<String>, RawProfile>,
    #[serde(default)]
    groups: BTreeMap<Spanned<String>, String>,
    #[serde(default)]
    networks: Vec<Spanned<RawNetwork>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSchool {
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawListeners {
    proxy: Option<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEgress {
    #[serde(default)]
    allow: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProfile {
    based_on: RawAudience,
    #[serde(default)]
    block: Vec<Spanned<String>>,
    #[serde(default)]
    allow: Vec<Spanned<String>>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RawAudience {
    Pupils,
    Staff,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawNetwork {
    range: Spanned<String>,
    group: String,
    place: Option<String>,
    person: Option<String>,
}

impl Settings {
    /// Reads a file, or the starter school where there is none to read.
    ///
    /// # Errors
    /// A file that cannot be read, unknown keys, values of the wrong kind, names that lead nowhere: each with its line.
    pub fn load(file: Option<&Path>) -> Result<Self, SettingsError> {
        match file {
            Some(file) => {
                let text = std::fs::read_to_string(file);
                let text = text.map_err(|source| SettingsError::Unreadable { file: file.to_path_buf(), source })?;
                let settings = Self::parse(&text, file)?;
                Ok(Self { file: Some(file.to_path_buf()), ..settings })
            }
            None => Self::parse(STARTER, Path::new("(starter school)")),
        }
    }

    /// Reads a text as `file` would hold it; the name is for messages.
    pub fn parse(text: &str, file: &Path) -> Result<Self, SettingsError> {
        let wrong = |at: usize, message: String| SettingsError::Wrong {
            file: file.to_path_buf(),
            line: 1 + text.get(..at).unwrap_or_default().matches('\n').count(),
            message,
        };
        let raw: Raw = toml::from_str(text)
            .map_err(|error| wrong(error.span().map_or(0, |span| span.start), error.message().to_string()))?;
        let mut proxy = SocketAddr::from(([127, 0, 0, 1], 3128));
        if let Some(text) = &raw.listeners.proxy {
            proxy = text.get_ref().parse().map_err(|_| {
                wrong(
                    text.span().start,
                    format!("{:?} is not an address with a port, such as \"0.0.0.0:3128\"", text.get_ref()),
                )
            })?;
        }
        let egress = raw
            .egress
            .allow
            .iter()
            .map(|range| parse_range(range.get_ref()).map_err(|message| wrong(range.span().start, message)));
        let egress = egress.collect::<Result<_, _>>()?;
        let policy = raw.policy().map_err(|(at, message)| wrong(at, message))?;
        Ok(Self { school: raw.school.name, proxy, egress, policy, file: None })
    }

    /// The profiles whose block page speaks to pupils.
    pub fn pupil_profiles(&self) -> impl Iterator<Item = &Profile> {
        self.policy.profiles().iter().filter(|profile| profile.audience() == Audience::Pupils)
    }
}

/// Where in the text something is wrong, and what.
type Fault = (usize, String);

impl Raw {
    fn policy(&self) -> Result<Policy, Fault> {
        let mut profiles = self.profiles.iter().map(|(name, raw)| raw.profile(name)).collect::<Result<Vec<_>, _>>()?;
        // The two starter profiles are there unless a profile of the file has their name.
        for starter in [Profile::pupils("pupils"), Profile::staff("staff")] {
            if !profiles.iter().any(|profile| profile.name() == starter.name()) {
                profiles.push(starter);
            }
        }
        let mut groups: Vec<Group> = Vec::new();
        for (name, profile) in &self.groups {
            if !profiles.iter().any(|known| **known.name() == **profile) {
                let known: Vec<&str> = profiles.iter().map(|profile| &**profile.name()).collect();
                let message = format!(
                    "the group {:?} has the profile {profile:?}, which does not exist; there are {}",
                    name.get_ref(),
                    known.join(", ")
                );
                return Err((name.span().start, message));
            }
            groups.push(Group { name: name.get_ref().as_str().into(), profile: profile.as_str().into() });
        }
        // A profile is a group of its own name where no group has taken it.
        for profile in &profiles {
            if !groups.iter().any(|group| group.name == *profile.name()) {
                groups.push(Group { name: profile.name().clone(), profile: profile.name().clone() });
            }
        }
        let mut networks: Vec<Network> = Vec::new();
        for raw in &self.networks {
            let network = raw.get_ref().network(&groups)?;
            if let Some(twin) = networks.iter().find(|other| other.range.trunc() == network.range.trunc()) {
                let message = format!("the network {} stands twice, for {:?} before", network.range, twin.group);
                return Err((raw.get_ref().range.span().start, message));
            }
            networks.push(network);
        }
        Policy::new(profiles, groups, networks).map_err(|error| (0, error.to_string()))
    }
}

impl RawProfile {
    fn profile(&self, name: &Spanned<String>) -> Result<Profile, Fault> {
        let mut profile = match self.based_on {
            RawAudience::Pupils => Profile::pupils(name.get_ref()),
            RawAudience::Staff => Profile::staff(name.get_ref()),
        };
        let category = |slug: &Spanned<String>| {
            slug.get_ref().parse::<Category>().map_err(|error| (slug.span().start, error.to_string()))
        };
        for slug in &self.block {
            profile = profile.block(category(slug)?).map_err(|error| (slug.span().start, error.to_string()))?;
        }
        for slug in &self.allow {
            if self.block.iter().any(|blocked| blocked.get_ref() == slug.get_ref()) {
                let message =
                    format!("{:?} is in both block and allow of the profile {:?}", slug.get_ref(), name.get_ref());
                return Err((slug.span().start, message));
            }
            profile = profile.allow(category(slug)?).map_err(|error| (slug.span().start, error.to_string()))?;
        }
        Ok(profile)
    }
}

impl RawNetwork {
    fn network(&self, groups: &[Group]) -> Result<Network, Fault> {
        let at = self.range.span().start;
        let range = parse_range(self.range.get_ref()).map_err(|message| (at, message))?;
        let Some(group) = groups.iter().find(|group| *group.name == *self.group) else {
            let known: Vec<&str> = groups.iter().map(|group| &*group.name).collect();
            let known = known.join(", ");
            return Err((
                at,
                format!("the network {range} has the group {:?}, which does not exist; there are {known}", self.group),
            ));
        };
        let shared = |text: &Option<String>| text.as_deref().map(Arc::from);
        let (place, person) = (shared(&self.place), shared(&self.person));
        Ok(Network { range, group: group.name.clone(), place, person, device: None })
    }
}

/// A range, or a single address as the range of itself.
fn parse_range(text: &str) -> Result<IpNet, String> {
    let range = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    range.ok_or_else(|| format!("{text:?} is not a range of addresses, such as \"10.20.0.0/16\" or \"10.20.0.7\""))
}
