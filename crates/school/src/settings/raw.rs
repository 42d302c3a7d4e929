//! `school.toml` exactly as it was typed.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use belisha_policy::{Group, Members, Network, SignIn};
use ipnet::IpNet;
use serde::Deserialize;
use toml::Spanned;

use super::agencies::{self, RawAgency};
use super::agreements::RawAgreements;
use super::calendar::WrittenCalendar;
use super::inspection::WrittenInspection;
use super::mail::{RawConsole, RawMail};
use super::own::{APPROVED, EXCEPTIONS, HELP, VARIATIONS, WrittenApproved, WrittenException, WrittenVariation, among};
use super::places::Places;
use super::profiles::WrittenProfile;
use super::review::RawReview;
use super::school_policy::SchoolPolicy;
use super::times::WrittenTimes;
use super::{CALENDAR, Fault, TIMES, among_members};

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
    pub(super) mail: Option<RawMail>,
    #[serde(default)]
    pub(super) console: RawConsole,
    #[serde(default)]
    calendar: Option<Spanned<WrittenCalendar>>,
    #[serde(default)]
    times: BTreeMap<Spanned<String>, WrittenTimes>,
    #[serde(default)]
    profiles: BTreeMap<Spanned<String>, WrittenProfile>,
    #[serde(default)]
    groups: BTreeMap<Spanned<String>, String>,
    #[serde(default)]
    members: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    pub(super) retention: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    exceptions: Vec<Spanned<WrittenException>>,
    #[serde(default)]
    approved: Vec<Spanned<WrittenApproved>>,
    #[serde(default)]
    variations: Vec<Spanned<WrittenVariation>>,
    help_sites: Option<Spanned<BTreeSet<String>>>,
    #[serde(default)]
    pub(super) networks: Vec<Spanned<RawNetwork>>,
    inspection: Option<WrittenInspection>,
    #[serde(default)]
    agreements: RawAgreements,
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
    pub(super) cp_record: Option<Spanned<String>>,
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
    pub(super) fn school_policy(&self, text: &str) -> Result<(SchoolPolicy, Places), Fault> {
        let mut at = Places::new(text);
        let mut policy = SchoolPolicy::default();
        if let Some(calendar) = &self.calendar {
            at.note(CALENDAR, calendar);
            policy.calendar = calendar.get_ref().clone();
        }
        for (name, times) in &self.times {
            at.note(among(TIMES, name.get_ref()), name);
            policy.times.insert(name.get_ref().clone(), times.clone());
        }
        for (name, profile) in &self.profiles {
            at.note(name.get_ref(), name);
            policy.profiles.insert(name.get_ref().clone(), profile.clone());
        }
        self.note_own(&mut policy, &mut at)?;
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
        policy.inspection = self.inspection;
        policy.agreements = self.agreements.written()?;
        policy.agencies = agencies::written(&self.agencies)?;
        policy.review = self.review.written()?;
        Ok((policy, at))
    }
}

impl Raw {
    /// What the school has set for somebody, and where it stands.
    fn note_own(&self, policy: &mut SchoolPolicy, at: &mut Places) -> Result<(), Fault> {
        let mut note = |what: &str, name: &str, place: usize| {
            let is_new = at.note_at(among(what, name), place);
            is_new.then_some(()).ok_or_else(|| (place, format!("two {what} are named {name:?}")))
        };
        for exception in &self.exceptions {
            note(EXCEPTIONS, &exception.get_ref().name, exception.span().start)?;
            policy.exceptions.push(exception.get_ref().clone());
        }
        for system in &self.approved {
            note(APPROVED, &system.get_ref().name, system.span().start)?;
            policy.approved.push(system.get_ref().clone());
        }
        for variation in &self.variations {
            note(VARIATIONS, &variation.get_ref().name, variation.span().start)?;
            policy.variations.push(variation.get_ref().clone());
        }
        if let Some(sites) = &self.help_sites {
            at.note(HELP, sites);
            policy.help_sites.clone_from(sites.get_ref());
        }
        Ok(())
    }
}

impl RawNetwork {
    /// The group that it names.
    pub(super) fn group<'a>(&self, groups: &'a [Group]) -> Result<&'a Group, Fault> {
        groups.iter().find(|group| *group.name == *self.group).ok_or_else(|| {
            let known: Vec<&str> = groups.iter().map(|group| &*group.name).collect();
            let (range, group, known) = (self.range.get_ref(), &self.group, known.join(", "));
            let message =
                format!("the network {range} has the group {group:?}, which does not exist; there are {known}");
            (self.range.span().start, message)
        })
    }

    pub(super) fn network(&self, group: &Group) -> Result<Network, Fault> {
        let range = parse_range(self.range.get_ref()).map_err(|message| (self.range.span().start, message))?;
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
