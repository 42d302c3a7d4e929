//! The store against a plain account of who may open what, over any order of what people and programs do.
//!
//! - What is sealed opens for its readers of now, and for nobody else, in every store at the place.
//! - What is erased never opens again, whatever comes after.
//! - Nobody who lost a role opens what it seals, with a proof from before or after.
//! - No key is used twice.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use belisha_store::StreamId;
use belisha_store::keys::{KeyError, KeyStore, Readers, Role, Sealed, Unlocked};
use proptest::prelude::*;

use crate::support::{Spot, open, people, stream, unlock};

const PEOPLE: [&str; 3] = ["a", "b", "c"];
const ROLES: [Role; 2] = [Role::CASES, Role::CAPTURES];

#[derive(Clone, Debug)]
enum Act {
    /// Which of two stores, stream, and readers: 0 the school, else a role.
    Seal(usize, u8, usize),
    Erase(usize, usize),
    EndStream(u8),
    /// Role and its new holders, as bits.
    HandOver(usize, usize),
    Admit(usize, usize),
    Move(u8, usize),
    Reopen(usize),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (0..2_usize, 0..3_u8, 0..3_usize).prop_map(|(store, of, readers)| Act::Seal(store, of, readers)),
        1 => (0..2_usize, any::<usize>()).prop_map(|(store, which)| Act::Erase(store, which)),
        1 => (0..3_u8).prop_map(Act::EndStream),
        2 => (0..2_usize, 1..8_usize).prop_map(|(role, holders)| Act::HandOver(role, holders)),
        1 => (0..2_usize, 0..3_usize).prop_map(|(role, person)| Act::Admit(role, person)),
        1 => (0..3_u8, 0..3_usize).prop_map(|(of, readers)| Act::Move(of, readers)),
        1 => (0..2_usize).prop_map(Act::Reopen),
    ]
}

fn readers(number: usize) -> Readers {
    number.checked_sub(1).map_or(Readers::School, |role| Readers::Role(ROLES[role].clone()))
}

struct Item {
    of: StreamId,
    sealed: Sealed,
    text: Vec<u8>,
    /// 0 for the school, else a role.
    readers: usize,
    erased: bool,
}

struct World {
    spot: Spot,
    stores: [KeyStore; 2],
    proofs: Vec<Unlocked>,
    /// By role: who holds it.
    held: BTreeMap<usize, BTreeSet<usize>>,
    items: Vec<Item>,
}

impl World {
    fn new(spot: Spot) -> Self {
        let store = spot.create();
        people(&store, &PEOPLE);
        let proofs = PEOPLE.iter().map(|name| unlock(&store, name)).collect();
        let stores = [store, spot.open()];
        Self { spot, stores, proofs, held: BTreeMap::new(), items: Vec::new() }
    }

    /// Whether a person may open what is for these readers; `None` is the school alone.
    fn may(&self, person: Option<usize>, readers: usize) -> bool {
        match readers.checked_sub(1).and_then(|role| self.held.get(&role)) {
            None => true,
            Some(holders) => person.is_some_and(|person| holders.contains(&person)),
        }
    }

    fn act(&mut self, act: &Act) {
        match *act {
            Act::Seal(store, of, who) => {
                let (of, text) = (stream(of), self.items.len().to_be_bytes().to_vec());
                let sealed = self.stores[store].seal(of, &readers(who), &text).unwrap();
                self.items.push(Item { of, sealed, text, readers: who, erased: false });
            }
            Act::Erase(store, which) => {
                let count = self.items.len();
                if let Some(item) = which.checked_rem(count).map(|at| &mut self.items[at]) {
                    let erased = self.stores[store].erase(&[item.sealed.key]).unwrap();
                    assert_eq!(erased, u64::from(!item.erased));
                    item.erased = true;
                }
            }
            Act::EndStream(of) => {
                // A stream ends when nobody writes to it: neither store keeps keys of it.
                self.stores = [self.spot.open(), self.spot.open()];
                self.stores[0].erase_stream(stream(of)).unwrap();
                self.items.iter_mut().filter(|item| item.of == stream(of)).for_each(|item| item.erased = true);
            }
            Act::HandOver(role, bits) => self.hand_over(role, (0..3).filter(|it| bits >> it & 1 == 1).collect()),
            Act::Admit(role, person) => {
                let Some(by) = self.held.get(&role).and_then(|it| it.first()).copied() else { return };
                self.stores[0].admit(&ROLES[role], PEOPLE[person], &self.proofs[by]).unwrap();
                self.held.entry(role).or_default().insert(person);
            }
            Act::Move(of, to) => self.move_stream(stream(of), to),
            Act::Reopen(which) => self.stores[which] = self.spot.open(),
        }
    }

    fn hand_over(&mut self, role: usize, holders: BTreeSet<usize>) {
        let names: Vec<&str> = holders.iter().map(|it| PEOPLE[*it]).collect();
        match self.held.get(&role) {
            None => drop(self.stores[0].name_role(&ROLES[role], &names).unwrap().blocks),
            Some(held) => {
                for (person, proof) in self.proofs.iter().enumerate().filter(|it| !held.contains(&it.0)) {
                    let tried = self.stores[1].rotate(&ROLES[role], &[PEOPLE[person]], proof);
                    assert!(matches!(tried, Err(KeyError::NotAReader)));
                }
                let by = &self.proofs[*held.first().unwrap()];
                assert_eq!(self.stores[1].rotate(&ROLES[role], &names, by).unwrap().damaged, 0);
            }
        }
        self.held.insert(role, holders);
    }

    fn move_stream(&mut self, of: StreamId, to: usize) {
        // Other stores that have keys of the stream at hand would seal to the new readers with them.
        self.stores = [self.spot.open(), self.spot.open()];
        let all: BTreeSet<usize> = self.items.iter().filter(|it| it.of == of).map(|it| it.readers).collect();
        let by = (0..3).find(|person| all.iter().all(|readers| self.may(Some(*person), *readers)));
        for (person, proof) in self.proofs.iter().enumerate() {
            if !all.iter().all(|readers| self.may(Some(person), *readers)) {
                let tried = self.stores[0].move_stream(of, &readers(to), proof);
                assert!(matches!(tried, Err(KeyError::NotAReader)));
            }
        }
        if let Some(by) = by {
            self.stores[0].move_stream(of, &readers(to), &self.proofs[by]).unwrap();
            self.items.iter_mut().filter(|item| item.of == of).for_each(|item| item.readers = to);
        }
    }

    fn check(&self) {
        let keys: HashSet<_> = self.items.iter().map(|item| item.sealed.key).collect();
        assert_eq!(keys.len(), self.items.len(), "a key was used twice");
        for store in &self.stores {
            let people = self.proofs.iter().enumerate().map(|(at, proof)| (Some(at), proof));
            for (person, proof) in people.chain([(None, store.as_school())]) {
                for item in &self.items {
                    let opened = open(store, item.of, &item.sealed, proof);
                    match (self.may(person, item.readers), item.erased) {
                        (false, _) => assert!(matches!(opened, Err(KeyError::NotAReader)), "{person:?}"),
                        (true, true) => assert!(matches!(opened, Err(KeyError::Erased))),
                        (true, false) => assert_eq!(*opened.unwrap(), item.text),
                    }
                }
            }
        }
    }
}

fn holds(spot: Spot, acts: &[Act]) {
    let mut world = World::new(spot);
    for (at, act) in acts.iter().enumerate() {
        world.act(act);
        if at % 5 == 0 {
            world.check();
        }
    }
    world.check();
    world.proofs = PEOPLE.iter().map(|name| unlock(&world.stores[0], name)).collect();
    world.stores = [world.spot.open(), world.spot.open()];
    world.check();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn in_memory(acts in proptest::collection::vec(act(), 1..60)) {
        holds(Spot::memory(), &acts);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn in_a_folder(acts in proptest::collection::vec(act(), 1..60)) {
        holds(Spot::folder(), &acts);
    }
}
