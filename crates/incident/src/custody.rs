//! Devices that the school keeps: taken or handed in, searched, and given back.

use alloc::string::String;
use alloc::vec::Vec;

use belisha_policy::named;
use belisha_policy::{Permit, PersonId};

use crate::case::{Case, Fact};
use crate::decide::{Command, Refused, child_of, is_of_images, said};

/// How a device came to the school.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Custody {
    /// It was taken, by the power that a school has over its pupils.
    Confiscated,
    /// Its owner gave it, as those do who need it for their health and leave it at reception.
    HandedIn,
}

named! { Custody, "custody":
    Confiscated = "confiscated", "Confiscated";
    HandedIn = "handed-in", "Handed in"
}

/// How a device was found, and left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Power {
    /// Switched on.
    On,
    /// Switched off.
    Off,
    /// Nobody could tell.
    Unknown,
}

named! { Power, "state":
    On = "on", "Switched on";
    Off = "off", "Switched off";
    Unknown = "unknown", "Nobody could tell"
}

impl Case {
    /// Takes in what happened to a device.
    pub(crate) fn evolve_devices(&mut self, fact: &Fact) {
        match fact {
            Fact::DeviceTaken { bag, of, .. } => {
                self.devices.insert(bag.clone(), *of);
            }
            Fact::DeviceSearched { bag, .. } => {
                // Its parents are told, whatever was said of them before.
                if let Some(of) = self.devices.get(bag) {
                    self.told.remove(of);
                    self.deferred.remove(of);
                    self.searched.insert(*of);
                }
            }
            Fact::DeviceReturned { bag, .. } => {
                self.devices.remove(bag);
            }
            _ => {}
        }
    }

    /// The devices that are kept: the number of the bag, and whose each is.
    pub fn devices(&self) -> impl Iterator<Item = (&str, PersonId)> {
        self.devices.iter().map(|(bag, of)| (bag.as_str(), *of))
    }
}

/// What a command about a device makes happen; nothing for any other.
pub(crate) fn facts(case: &Case, command: Command, permit: &Permit) -> Result<Vec<Fact>, Refused> {
    let fact = match command {
        Command::TakeDevice { bag, what, of, custody, power, consent } => {
            let bag = bag.trim().into();
            if case.devices().any(|(there, _)| there == bag) {
                return Err(Refused::BagIsFull(bag));
            }
            if custody == Custody::Confiscated && !consent {
                child_of(case, of).map_err(|_| Refused::NotAPupils)?;
            }
            Fact::DeviceTaken { bag: said(bag)?, what: said(what)?, of, custody, power }
        }
        Command::SearchDevice { bag, grounds, witness, found, consent } => {
            let bag: String = bag.trim().into();
            search(case, &bag, witness, consent, permit)?;
            Fact::DeviceSearched { bag, grounds: said(grounds)?, witness, found: said(found)? }
        }
        Command::ReturnDevice { bag, to, checked } => {
            let bag: String = bag.trim().into();
            if !case.devices().any(|(there, _)| there == bag) {
                return Err(Refused::NoSuchBag(bag));
            }
            Fact::DeviceReturned { bag, to, checked: said(checked)? }
        }
        _ => return Ok(Vec::new()),
    };
    Ok(alloc::vec![fact])
}

/// Whether what is on a device may be searched. Nobody looks at images of children, and nobody searches alone.
fn search(case: &Case, bag: &str, witness: PersonId, consent: bool, permit: &Permit) -> Result<(), Refused> {
    let of = case.devices().find(|(there, _)| *there == bag).map(|(_, of)| of);
    let of = of.ok_or_else(|| Refused::NoSuchBag(bag.into()))?;
    if is_of_images(case) {
        return Err(Refused::NoViewing);
    }
    if witness == permit.actor() || case.is_kept_away(witness) {
        return Err(Refused::NoWitness);
    }
    if consent { Ok(()) } else { child_of(case, of).map_err(|_| Refused::NotAPupils) }
}
