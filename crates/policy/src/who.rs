//! Whom a rule of the school is about.

use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;
use core::str::FromStr;

use crate::actor::Actor;
use crate::policy::{Members, UnknownMembers};

/// Some of those who use the web at school, as the settings name them.
///
/// ```
/// use belisha_policy::Who;
///
/// for text in ["everyone", "group bursary", "user k.purse", "class 6B", "years 7-9", "role head", "staff"] {
///     assert_eq!(text.parse::<Who>()?.to_string(), text);
/// }
/// assert!("the bursar".parse::<Who>().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// Whoever asks, known or not.
    Everyone,
    /// A group of the settings: those whom a network or a rule for members puts in it.
    Group(Arc<str>),
    /// Some of those who sign in.
    Members(Members),
    /// One account, by its user name.
    User(Arc<str>),
}

/// A text that means nobody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "\"{text}\" is nobody: \"everyone\", \"group NAME\", \"user NAME\", \"role NAME\", \"class 4A\", \"year 4\", \
     \"years 3-6\", or one of pupils, staff, governors, parents, visitors, guests, class-accounts is expected"
)]
pub struct UnknownWho {
    text: String,
}

impl Who {
    /// Whether somebody is among them. Whoever should have signed in and has not is among everyone, and in no group.
    pub fn holds(&self, actor: &Actor) -> bool {
        match self {
            Self::Everyone => true,
            Self::Group(group) => actor.proven_group() == Some(group),
            Self::Members(members) => actor.signed_in().is_some_and(|who| members.hold(who)),
            Self::User(user) => actor.signed_in().is_some_and(|who| who.user.eq_ignore_ascii_case(user)),
        }
    }
}

/// Whether somebody is among any of these.
pub(crate) fn any_holds(who: &[Who], actor: &Actor) -> bool {
    who.iter().any(|who| who.holds(actor))
}

/// The name in settings.
impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everyone => f.write_str("everyone"),
            Self::Group(group) => write!(f, "group {group}"),
            Self::Members(members) => write!(f, "{members}"),
            Self::User(user) => write!(f, "user {user}"),
        }
    }
}

impl FromStr for Who {
    type Err = UnknownWho;

    fn from_str(text: &str) -> Result<Self, UnknownWho> {
        let unknown = || UnknownWho { text: text.into() };
        let text = text.trim();
        if text == "everyone" {
            return Ok(Self::Everyone);
        }
        let named = text.split_once(' ').map(|(word, name)| (word, name.trim())).filter(|(_, name)| !name.is_empty());
        match named {
            Some(("group", name)) => Ok(Self::Group(name.into())),
            Some(("user", name)) => Ok(Self::User(name.into())),
            _ => text.parse().map(Self::Members).map_err(|_: UnknownMembers| unknown()),
        }
    }
}
