//! `school.toml` exactly as it was typed.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use belisha_policy::{Group, Members, Network, SignIn};
use ipnet::IpNet;
use serde::Deserialize;
use toml::Spanned;

use super::agencies::{self, RawAgency};
use super::review::RawReview;
use super::school_policy::{Base, Places, SchoolPolicy, WrittenProfile};
use super::{Fault, among_members, within};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    pub(super) store: Option<Spanned<String>>,
    pub(super) school: RawSchool,
    #[serde(default)]
    pub(super) listeners: RawListeners,
    #[serde(default)]
    pub(super) egress: RawEgress,
    #[serde(default)]
    pub(super) log: RawLog,
    #[serde(default)]
    profiles: BTreeMap<Spanned<String>, RawProfile>,
    #[serde(default)]
    groups: BTreeMap<Spanned<String>, String>,
    #[serde(default)]
    members: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    pub(super) retention: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    pub(super) networks: Vec<Spanned<RawNetwork>>,
    #[serde(default)]
    pub(super) agencies: Vec<RawAgency>,
    #[serde(default)]
    review: RawReview,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSchool {
    pub(super) name: String,
    pub(super) kind: Option<Spanned<String>>,
    pub(super) urn: Option<Spanned<u64>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawListeners {
    pub(super) proxy: Option<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEgress {
    #[serde(default)]
    pub(super) allow: Vec<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLog {
    #[serde(default)]
    pub(super) refuse_unlogged: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawProfile {
    based_on: Base,
    #[serde(default)]
    block: Vec<Spanned<String>>,
    #[serde(default)]
    allow: Vec<Spanned<String>>,
    #[serde(default)]
    keep_queries: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawNetwork {
    pub(super) range: Spanned<String>,
    pub(super) group: String,
    place: Option<String>,
    person: Option<String>,
    device: Option<String>,
    #[serde(default)]
    sign_in: bool,
}

impl Raw {
    /// The school's policy, and where each name of it stands.
    ///
    /// # Errors
    /// Members that are not known, or stand twice; agencies and reviews that are not right.
    pub(super) fn school_policy(&self) -> Result<(SchoolPolicy, Places), Fault> {
        let mut at = Places::default();
        let mut policy = SchoolPolicy::default();
        for (name, raw) in &self.profiles {
            raw.note(name, &mut at);
            policy.profiles.insert(name.get_ref().clone(), raw.written());
        }
        for (name, profile) in &self.groups {
            at.note(name.get_ref(), name);
            policy.groups.insert(name.get_ref().clone(), profile.clone());
        }
        // In the order of the file, so that of two that are the same the second is at fault.
        let mut members: Vec<_> = self.members.iter().collect();
        members.sort_by_key(|(name, _)| name.span().start);
        for (name, group) in members {
            let members = name.get_ref().parse::<Members>();
            let members = members.map_err(|error| (name.span().start, format!("{:?} is {error}", name.get_ref())))?;
            let members = members.to_string();
            at.note(among_members(&members), name);
            if policy.members.insert(members, group.get_ref().clone()).is_some() {
                return Err((name.span().start, format!("the members {:?} stand twice", name.get_ref())));
            }
        }
        for (class, period) in &self.retention {
            policy.retention.insert(class.get_ref().clone(), period.get_ref().clone());
        }
        policy.agencies = agencies::written(&self.agencies)?;
        policy.review = self.review.written()?;
        Ok((policy, at))
    }
}

impl RawProfile {
    /// Notes where its names stand.
    pub(super) fn note(&self, name: &Spanned<String>, at: &mut Places) {
        at.note(name.get_ref(), name);
        for slug in self.allow.iter().chain(&self.block) {
            at.note(within(name.get_ref(), slug.get_ref()), slug);
        }
    }

    pub(super) fn written(&self) -> WrittenProfile {
        let slugs = |list: &[Spanned<String>]| list.iter().map(|slug| slug.get_ref().clone()).collect();
        WrittenProfile {
            based_on: self.based_on,
            block: slugs(&self.block),
            allow: slugs(&self.allow),
            keep_queries: self.keep_queries,
        }
    }
}

impl RawNetwork {
    pub(super) fn network(&self, groups: &[Group]) -> Result<Network, Fault> {
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
        Ok(Network {
            range,
            group: group.name.clone(),
            place: shared(&self.place),
            person: shared(&self.person),
            device: shared(&self.device),
            sign_in: if self.sign_in { SignIn::Ask } else { SignIn::Never },
        })
    }
}

/// A range, or a single address as the range of itself.
pub(super) fn parse_range(text: &str) -> Result<IpNet, String> {
    let range = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    range.ok_or_else(|| format!("{text:?} is not a range of addresses, such as \"10.20.0.0/16\" or \"10.20.0.7\""))
}
