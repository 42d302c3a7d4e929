//! The policy of one school: profiles, groups, the networks that tell who is asking, and where people say it
//! themselves.

mod members;
mod own;

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;

use chrono::{DateTime, Utc};
use ipnet::IpNet;
use once_cell::race::OnceBox;

use crate::actor::{Actor, Attribution, SignedIn};
use crate::agreed::UntilSigned;
use crate::calendar::{Calendar, Moment};
use crate::exception::{ExceptionError, Variation};
use crate::inspection::Inspection;
use crate::profile::{Audience, Profile};

use self::own::Own;

pub use self::members::{MemberKind, Members, UnknownMembers};
pub(crate) use self::own::Site;

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
    /// Whether whoever uses them has to say who they are.
    pub sign_in: SignIn,
}

/// Whether whoever comes from a network has to say who they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SignIn {
    /// The address says enough: the group of the network holds.
    #[default]
    Never,
    /// They sign in, and are held to the group that [`Policy::with_members`] says. Whoever has not signed in is held to
    /// the strictest profile for pupils.
    Ask,
}

/// Profiles, groups and networks that agree with each other.
#[derive(Clone, Debug)]
pub struct Policy {
    profiles: Vec<Arc<Profile>>,
    groups: Vec<(Group, usize)>,
    networks: Vec<(Network, usize)>,
    members: Vec<(Members, Belonging)>,
    strictest: Arc<Profile>,
    strictest_for_pupils: Arc<Profile>,
    calendar: Arc<Calendar>,
    /// Other profiles for some, and where each stands.
    variations: Vec<(Variation, usize)>,
    own: Own,
    inspection: Option<Inspection>,
    until_signed: Gates,
}

/// What every profile is for those who have not agreed, in the order of the profiles; and the two strictest.
#[derive(Clone, Debug)]
struct Gates {
    how: UntilSigned,
    profiles: Vec<Arc<Profile>>,
    strictest: Arc<Profile>,
    strictest_for_pupils: Arc<Profile>,
}

/// The place of the strictest profile that there is.
const STRICTEST: usize = usize::MAX;
/// The place of the strictest profile for pupils.
const STRICTEST_FOR_PUPILS: usize = usize::MAX - 1;

/// A group to which people belong who sign in, and where its profile stands.
#[derive(Clone, Debug)]
struct Belonging {
    group: Arc<str>,
    profile: usize,
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
    /// Members have a group that is not there.
    #[error("the members {members} have the group {group:?}, which does not exist")]
    NoSuchGroupOfMembers {
        /// The members.
        members: Members,
        /// The group they have.
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
    /// Something that the school has set for somebody cannot be.
    #[error("the {what} {name:?} cannot be: {error}")]
    Own {
        /// What it is.
        what: &'static str,
        /// What it is called.
        name: String,
        /// Why not.
        error: ExceptionError,
    },
    /// More than have a number.
    #[error("there are {count} {what}; 65,535 is the limit")]
    TooMany {
        /// What they are.
        what: &'static str,
        /// How many.
        count: usize,
    },
    /// Something is for a group that is not there.
    #[error("the {what} {name:?} is for the group {group:?}, which does not exist")]
    NoSuchGroupOf {
        /// What it is.
        what: &'static str,
        /// What it is called.
        name: String,
        /// The group that it names.
        group: String,
    },
    /// A variation names a profile that is not there.
    #[error("the variation {name:?} has the profile {profile:?}, which does not exist")]
    NoSuchProfileOf {
        /// What it is called.
        name: String,
        /// The profile that it names.
        profile: String,
    },
    /// A variation would put pupils under a profile for staff.
    #[error(
        "the variation {name:?} puts {who} under the profile {profile:?}, which is for staff: choose one for pupils"
    )]
    PupilsAsStaff {
        /// What it is called.
        name: String,
        /// Whom.
        who: String,
        /// The profile.
        profile: String,
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
        let none = || PolicyError::NoProfileFor("pupils");
        let for_pupils = |profile: &Profile| profile.audience() == Audience::Pupils;
        let strictest = strictest_of(&profiles, |_| true).ok_or_else(none)?;
        let strictest_for_pupils = strictest_of(&profiles, for_pupils).ok_or_else(none)?;
        let profiles: Vec<Arc<Profile>> = profiles.into_iter().map(Arc::new).collect();
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
        let until_signed = Gates::of(UntilSigned::default(), &profiles, &strictest, &strictest_for_pupils);
        Ok(Self {
            profiles,
            groups,
            networks,
            members: Vec::new(),
            strictest,
            strictest_for_pupils,
            calendar: starter_calendar(),
            variations: Vec::new(),
            own: Own::default(),
            inspection: None,
            until_signed,
        })
    }

    /// The same policy by another calendar; without one every Monday to Friday that is no bank holiday is a school day.
    #[must_use]
    pub fn with_calendar(self, calendar: impl Into<Arc<Calendar>>) -> Self {
        Self { calendar: calendar.into(), ..self }
    }

    /// The same policy with the groups of those who sign in. Of several rules that fit, the most particular counts:
    /// the class, then the year, then what somebody is.
    ///
    /// # Errors
    /// Members that stand twice, and a group that is not there.
    pub fn with_members(mut self, rules: Vec<(Members, Arc<str>)>) -> Result<Self, PolicyError> {
        let mut members: Vec<(Members, Belonging)> = Vec::new();
        for (who, group) in rules {
            if members.iter().any(|(known, _)| known.same(&who)) {
                return Err(PolicyError::Twice { what: "members", name: alloc::format!("{who}") });
            }
            let Some((group, profile)) = self.groups.iter().find(|(known, _)| known.name == group) else {
                return Err(PolicyError::NoSuchGroupOfMembers { members: who, group: (&*group).into() });
            };
            members.push((who, Belonging { group: group.name.clone(), profile: *profile }));
        }
        self.members = members;
        Ok(self)
    }

    /// The narrowest network that holds an address, and where its profile stands.
    fn network_of(&self, address: IpAddr) -> Option<&(Network, usize)> {
        self.networks.iter().find(|(network, _)| network.range.contains(&address))
    }

    /// Whether whoever comes from an address has to say who they are. Nobody has to who comes from outside every
    /// network: they are held to the strictest profile.
    pub fn sign_in_at(&self, address: IpAddr) -> SignIn {
        self.network_of(address.to_canonical()).map_or(SignIn::Never, |(network, _)| network.sign_in)
    }

    /// Somebody who has signed in: held to the group that the rules for members give them, and to the strictest profile
    /// for pupils where no rule fits. Device and place are those of the network.
    pub fn signed_in(&self, address: IpAddr, who: &Arc<SignedIn>) -> Actor {
        self.known(who, self.not_signed_in(address))
    }

    /// Somebody of whom it is known who they are, wherever they sit.
    pub fn somebody(&self, who: &Arc<SignedIn>) -> Actor {
        self.known(who, self.stranger())
    }

    fn known(&self, who: &Arc<SignedIn>, somewhere: Actor) -> Actor {
        let belonging = members::fitting(&self.members, who);
        Actor {
            group: belonging.map(|belonging| belonging.group.clone()),
            person: Some(who.person.clone()),
            attribution: who.attribution,
            signed_in: Some(who.clone()),
            is_unproven: false,
            profile: belonging.map_or(STRICTEST_FOR_PUPILS, |belonging| belonging.profile),
            ..somewhere
        }
    }

    /// Somebody who has not said who they are where they should: held to the strictest profile for pupils, and no
    /// person, whosever desk it is. Group, device and place are those of the network.
    pub fn not_signed_in(&self, address: IpAddr) -> Actor {
        Actor { person: None, is_unproven: true, profile: STRICTEST_FOR_PUPILS, ..self.identify(address) }
    }

    /// Who asks from an address: the narrowest network that holds it, else nobody we know.
    pub fn identify(&self, address: IpAddr) -> Actor {
        let address = address.to_canonical();
        match self.network_of(address) {
            Some((network, profile)) => Actor {
                address: Some(address),
                group: Some(network.group.clone()),
                person: network.person.clone(),
                device: network.device.clone(),
                place: network.place.clone(),
                attribution: Attribution::AddressOnly,
                signed_in: None,
                is_unproven: false,
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
            signed_in: None,
            is_unproven: true,
            profile: STRICTEST,
        }
    }

    /// A member of a group, wherever they sit.
    pub fn member(&self, group: &str) -> Option<Actor> {
        let (group, profile) = self.groups.iter().find(|(known, _)| &*known.name == group)?;
        Some(Actor { group: Some(group.name.clone()), is_unproven: false, profile: *profile, ..self.stranger() })
    }

    /// Somebody under a profile, whatever their group.
    pub fn under_profile(&self, profile: &str) -> Option<Actor> {
        let at = self.profiles.iter().position(|known| **known.name() == *profile)?;
        Some(Actor { profile: at, ..self.stranger() })
    }

    /// The profile of an actor when no variation holds. An actor of another policy gets the strictest that there is.
    pub fn profile_of(&self, actor: &Actor) -> &Profile {
        self.standing_profile(actor)
    }

    fn standing_profile(&self, actor: &Actor) -> &Arc<Profile> {
        self.at_place(actor.profile)
    }

    fn at_place(&self, place: usize) -> &Arc<Profile> {
        match place {
            STRICTEST_FOR_PUPILS => &self.strictest_for_pupils,
            place => self.profiles.get(place).unwrap_or(&self.strictest),
        }
    }

    /// The profile of an actor at a moment, and the variation by which it is that and not [`profile_of`](Self::profile_of).
    /// Of whoever has not agreed it is that profile as it is until they sign: never more open.
    pub fn profile_at(&self, actor: &Actor, moment: &Moment<'_>) -> (&Arc<Profile>, Option<&Arc<str>>) {
        let profile = self.standing_profile(actor);
        let gated = actor.has_not_agreed(moment.at());
        let as_agreed = |place: usize| if gated { self.until_signed.of_place(place) } else { self.at_place(place) };
        if actor.is_unproven {
            return (profile, None);
        }
        let fits = |to: &Profile| to.audience() == profile.audience() || to.audience() == Audience::Pupils;
        let varied = self.variations.iter().find_map(|(variation, at)| {
            self.profiles.get(*at).filter(|to| fits(to))?;
            variation.holds(actor, moment).then_some((as_agreed(*at), Some(&variation.name)))
        });
        varied.unwrap_or_else(|| (as_agreed(actor.profile), None))
    }

    /// What the calendar says of an instant.
    pub fn moment(&self, at: DateTime<Utc>) -> Moment<'_> {
        self.calendar.when(at)
    }

    /// The same policy of a school that has written down what it has to before connections are looked into.
    #[must_use]
    pub fn with_inspection(self, inspection: Option<Inspection>) -> Self {
        Self { inspection, ..self }
    }

    /// The same policy with this becoming of those who have not agreed; the mild profile where nothing is said.
    #[must_use]
    pub fn with_until_signed(self, how: UntilSigned) -> Self {
        let until_signed = Gates::of(how, &self.profiles, &self.strictest, &self.strictest_for_pupils);
        Self { until_signed, ..self }
    }

    /// What becomes of those who have not agreed.
    pub fn until_signed(&self) -> UntilSigned {
        self.until_signed.how
    }

    /// What the school has written down about looking into connections.
    pub fn inspection(&self) -> Option<Inspection> {
        self.inspection
    }

    /// The calendar.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// The profile that blocks most, one that is closed to all but what is approved aside; of several, one for pupils, and of
    /// these the first by name. Times at which it is
    /// more open are left out: whoever is held to it is somebody of whom nothing is known.
    pub fn strictest(&self) -> &Profile {
        &self.strictest
    }

    /// The strictest profile among those for pupils: that of whoever has not signed in where they should.
    pub fn strictest_for_pupils(&self) -> &Profile {
        &self.strictest_for_pupils
    }

    /// The profiles, in the order of the settings.
    pub fn profiles(&self) -> &[Arc<Profile>] {
        &self.profiles
    }

    /// Other profiles for some, in the order of the settings.
    pub fn variations(&self) -> impl Iterator<Item = &Variation> {
        self.variations.iter().map(|(variation, _)| variation)
    }

    /// The groups, in the order of the settings.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.iter().map(|(group, _)| group)
    }

    /// The networks, the narrowest first.
    pub fn networks(&self) -> impl Iterator<Item = &Network> {
        self.networks.iter().map(|(network, _)| network)
    }

    /// Those who sign in and the groups they belong to, in the order of the settings.
    pub fn members(&self) -> impl Iterator<Item = (&Members, &Arc<str>)> {
        self.members.iter().map(|(members, belonging)| (members, &belonging.group))
    }
}

impl Gates {
    fn of(
        how: UntilSigned,
        profiles: &[Arc<Profile>],
        strictest: &Arc<Profile>,
        strictest_for_pupils: &Arc<Profile>,
    ) -> Self {
        let gate = |profile: &Arc<Profile>| Arc::new(profile.until_signed(how));
        Self {
            how,
            profiles: profiles.iter().map(gate).collect(),
            strictest: gate(strictest),
            strictest_for_pupils: gate(strictest_for_pupils),
        }
    }

    fn of_place(&self, place: usize) -> &Arc<Profile> {
        match place {
            STRICTEST_FOR_PUPILS => &self.strictest_for_pupils,
            place => self.profiles.get(place).unwrap_or(&self.strictest),
        }
    }
}

/// The calendar of a school of which nothing is known: worked out once, since it is of every day of a century.
fn starter_calendar() -> Arc<Calendar> {
    static STARTER: OnceBox<Arc<Calendar>> = OnceBox::new();
    STARTER.get_or_init(|| Box::new(Arc::new(Calendar::starter()))).clone()
}

/// The strictest profile of those that are wanted.
fn strictest_of(profiles: &[Profile], wanted: impl Fn(&Profile) -> bool) -> Option<Arc<Profile>> {
    let rank = |profile: &&Profile| {
        let pupils = profile.audience() == Audience::Pupils;
        (profile.strictness(), pupils, core::cmp::Reverse(profile.name().clone()))
    };
    let found = profiles.iter().filter(|profile| wanted(profile)).max_by_key(rank);
    found.map(|profile| Arc::new(profile.at_its_strictest()))
}

fn no_doubles<'a>(what: &'static str, names: impl Iterator<Item = &'a Arc<str>>) -> Result<(), PolicyError> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(PolicyError::Twice { what, name: (&**name).into() });
        }
    }
    Ok(())
}
