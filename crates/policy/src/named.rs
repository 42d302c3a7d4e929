//! Values that people type and read, in the crates that are built on this one.

/// Why a text is no name of the kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no {what} has this name: they are {names}")]
pub struct UnknownName {
    what: &'static str,
    names: &'static str,
}

impl UnknownName {
    /// What is said of a text that is no `what`; these are all `names` that there are.
    pub const fn new(what: &'static str, names: &'static str) -> Self {
        Self { what, names }
    }
}

/// Gives an enum the names of its values: those that are typed, which also stand in events and are stable, and those for
/// people.
///
/// The crate that asks has `extern crate alloc`, and a feature `serde` that brings `serde`.
///
/// ```
/// extern crate alloc;
///
/// /// A light.
/// #[derive(Clone, Copy, Debug, PartialEq, Eq)]
/// enum Light {
///     /// Go.
///     Green,
///     /// Stop.
///     Red,
/// }
///
/// belisha_policy::named! { Light, "light":
///     Green = "green", "Go";
///     Red = "red", "Stop"
/// }
///
/// assert_eq!("red".parse(), Ok(Light::Red));
/// assert_eq!((Light::Green.title(), Light::ALL.len()), ("Go", 2));
/// assert_eq!("amber".parse::<Light>().unwrap_err().to_string(), "no light has this name: they are green, red");
/// ```
#[macro_export]
macro_rules! named {
    ($name:ident, $what:literal: $first:ident = $first_slug:literal, $first_title:literal
        $(; $variant:ident = $slug:literal, $title:literal)*) => {
        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[Self::$first $(, Self::$variant)*];

            /// The name in events and commands. Stable.
            pub fn slug(self) -> &'static str {
                match self {
                    Self::$first => $first_slug,
                    $(Self::$variant => $slug,)*
                }
            }

            /// The name for people.
            pub fn title(self) -> &'static str {
                match self {
                    Self::$first => $first_title,
                    $(Self::$variant => $title,)*
                }
            }
        }

        $crate::by_slug!($name, $what, concat!($first_slug $(, ", ", $slug)*));
    };
}

/// What has `ALL`, `slug` and `title` is read by its slug, and stands in events by it.
#[macro_export]
macro_rules! by_slug {
    ($name:ident, $what:expr, $names:expr) => {
        /// The slug.
        impl core::str::FromStr for $name {
            type Err = $crate::UnknownName;

            fn from_str(slug: &str) -> Result<Self, Self::Err> {
                let unknown = $crate::UnknownName::new($what, $names);
                Self::ALL.iter().copied().find(|it| it.slug() == slug).ok_or(unknown)
            }
        }

        /// The name for people.
        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.title())
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.slug())
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let slug = <alloc::string::String as serde::Deserialize>::deserialize(from)?;
                slug.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
