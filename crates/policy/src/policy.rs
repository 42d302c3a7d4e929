//! The policy of one school: profiles, groups, and the networks that tell who is asking.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;

use ipnet::IpNet;

use crate::actor::{Actor, Attribution};
use crate::profile::{Audience, Profile};

/// A group of people and the name of their profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name in the settings.
    pub name: Arc<str>,
    /// The name of its profile.
    pub profile: Arc<str>,
}

/// A range of addresses, and what being in it says of who is asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// The addresses.
    pub range: IpNet,
    /// The group that uses them.
    pub group: Arc<str>,
    /// Where they are, such as `Library`.
    pub place: Option<Arc<str>>,
    /// The person at whose desk they are, where it is one person's.
    pub person: Option<Arc<str>>,
    /// The name of the device that has them, where it is one device's.
    pub device: Option<Arc<str>>,
}

/// Profiles, groups and networks that agree with each other.
#[derive(Clone, Debug)]
pub struct Policy {
    profiles: Vec<Profile>,
    groups: Vec<(Group, usize)>,
    networks: Vec<(Network, usize)>,
    strictest: Profile,
}

/// Why profiles, groups and networks do not agree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// Two of one name.
    #[error("two {what} are named {name:?}")]
    Twice {
        /// What they are.
        what: &'static str,
        /// Their name.
        name: String,
    },
    /// A group names a profile that is not there.
    #[error("the group {group:?} has the profile {profile:?}, which does not exist")]
    NoSuchProfile {
        /// The group.
        group: String,
        /// The profile it names.
        profile: String,
    },
    /// A network names a group that is not there.
    #[error("the network {range} has the group {group:?}, which does not exist")]
    NoSuchGroup {
        /// The network.
        range: IpNet,
        /// The group it names.
        group: String,
    },
    /// One range given twice.
    #[error("the network {range} stands twice, for {first:?} and for {second:?}")]
    RangeTwice {
        /// The range.
        range: IpNet,
        /// The group of the one.
        first: String,
        /// The group of the other.
        second: String,
    },
    /// Pupils and adults need profiles of their own.
    #[error("there is no profile for {0}: pupils and staff need profiles of their own")]
    NoProfileFor(&'static str),
}

impl Policy {
    /// Puts a policy together.
    ///
    /// # Errors
    /// Names that stand twice or lead nowhere, a range given twice, and a school without a profile for pupils and one
    /// for staff (the national standard asks for both).
    pub fn new(profiles: Vec<Profile>, groups: Vec<Group>, networks: Vec<Network>) -> Result<Self, PolicyError> {
        no_doubles("profiles", profiles.iter().map(Profile::name))?;
        no_doubles("groups", groups.iter().map(|group| &group.name))?;
        for (audience, name) in [(Audience::Pupils, "pupils"), (Audience::Staff, "staff")] {
            if !profiles.iter().any(|profile| profile.audience() == audience) {
                return Err(PolicyError::NoProfileFor(name));
            }
        }
        let Some(strictest) = strictest(&profiles) else { return Err(PolicyError::NoProfileFor("pupils")) };
        let groups = groups.into_iter().map(|group| {
            let profile = profiles.iter().position(|profile| *profile.name() == group.profile);
            let error =
                || PolicyError::NoSuchProfile { group: (&*group.name).into(), profile: (&*group.profile).into() };
            Ok((group.clone(), profile.ok_or_else(error)?))
        });
        let groups = groups.collect::<Result<Vec<_>, PolicyError>>()?;
        let networks = networks.into_iter().map(|network| {
            let group = groups.iter().find(|(group, _)| group.name == network.group);
            let error = || PolicyError::NoSuchGroup { range: network.range, group: (&*network.group).into() };
            let (_, profile) = group.ok_or_else(error)?;
            Ok((Network { range: network.range.trunc(), ..network }, *profile))
        });
        let mut networks = networks.collect::<Result<Vec<_>, PolicyError>>()?;
        // The narrowest range says most: it is asked first.
        networks.sort_by_key(|(network, _)| (core::cmp::Reverse(network.range.prefix_len()), network.range));
        for pair in networks.windows(2) {
            if let [(first, _), (second, _)] = pair
                && first.range == second.range
            {
                let (range, first, second) = (first.range, (&*first.group).into(), (&*second.group).into());
                return Err(PolicyError::RangeTwice { range, first, second });
            }
        }
        Ok(Self { profiles, groups, networks, strictest })
    }

    /// Who asks from an address: the narrowest network that holds it, else nobody we know.
    pub fn identify(&self, address: IpAddr) -> Actor {
        let address = address.to_canonical();
        match self.networks.iter().find(|(network, _)| network.range.contains(&address)) {
            Some((network, profile)) => Actor {
                address: Some(address),
                group: Some(network.group.clone()),
                person: network.person.clone(),
                device: network.device.clone(),
                place: network.place.clone(),
                attribution: Attribution::AddressOnly,
                profile: *profile,
            },
            None => Actor { address: Some(address), ..self.stranger() },
        }
    }

    /// Somebody of whom nothing is known: held to the strictest profile.
    pub fn stranger(&self) -> Actor {
        Actor {
            address: None,
            group: None,
            person: None,
            device: None,
            place: None,
            attribution: Attribution::AddressOnly,
            profile: usize::MAX,
        }
    }

    /// A member of a group, wherever they sit.
    pub fn member(&self, group: &str) -> Option<Actor> {
        let (group, profile) = self.groups.iter().find(|(known, _)| &*known.name == group)?;
        Some(Actor { group: Some(group.name.clone()), profile: *profile, ..self.stranger() })
    }

    /// Somebody under a profile, whatever their group.
    pub fn under_profile(&self, profile: &str) -> Option<Actor> {
        let at = self.profiles.iter().position(|known| **known.name() == *profile)?;
        Some(Actor { profile: at, ..self.stranger() })
    }

    /// The profile of an actor. An actor of another policy gets the strictest that there is.
    pub fn profile_of(&self, actor: &Actor) -> &Profile {
        self.profiles.get(actor.profile).unwrap_or(&self.strictest)
    }

    /// The profile that blocks most; of several, one for pupils, and of these the first by name.
    pub fn strictest(&self) -> &Profile {
        &self.strictest
    }

    /// The profiles, in the order of the settings.
    pub fn profiles(&self) -> &[Profile] {
        &self.profiles
    }

    /// The groups, in the order of the settings.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.iter().map(|(group, _)| group)
    }

    /// The networks, the narrowest first.
    pub fn networks(&self) -> impl Iterator<Item = &Network> {
        self.networks.iter().map(|(network, _)| network)
    }
}

fn strictest(profiles: &[Profile]) -> Option<Profile> {
    let rank = |profile: &&Profile| {
        let pupils = profile.audience() == Audience::Pupils;
        (profile.blocked().count(), pupils, core::cmp::Reverse(profile.name().clone()))
    };
    profiles.iter().max_by_key(rank).cloned()
}

fn no_doubles<'a>(what: &'static str, names: impl Iterator<Item = &'a Arc<str>>) -> Result<(), PolicyError> {
    let mut seen = Vec::new();
    for name in names {
        if seen.contains(&name) {
            return Err(PolicyError::Twice { what, name: (&**name).into() });
        }
        seen.push(name);
    }
    Ok(())
}
