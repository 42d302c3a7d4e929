//! Values that stand as their text in events.

use alloc::string::String;
use core::fmt::Display;
use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::permit::Action;
use crate::person::PersonId;
use crate::roles::Role;

fn read<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(from: D) -> Result<T, D::Error> {
    String::deserialize(from)?.parse().map_err(D::Error::custom)
}

macro_rules! as_text {
    ($($type:ty => $text:expr;)*) => {
        $(impl Serialize for $type {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(&$text(self))
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                read(from)
            }
        })*
    };
}

as_text! {
    PersonId => |it: &PersonId| *it;
    Role => |it: &Role| it.slug();
    Action => |it: &Action| it.slug();
}
