//! Which group somebody belongs to who has said who they are.

use alloc::string::String;
use alloc::sync::Arc;
use core::fmt;
use core::str::FromStr;

use crate::actor::{AccountKind, SignedIn};
use crate::people::{NcYear, PersonKind};

/// Some of those who sign in, as the settings name them.
///
/// ```
/// use belisha_policy::Members;
///
/// let members: Members = "Year 4".parse()?;
/// assert_eq!(members.to_string(), "year 4");
/// assert!("teachers".parse::<Members>().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Members {
    /// The pupils of a class, and those who use its account. Capital and small letters are alike.
    Class(Arc<str>),
    /// The pupils of a year of the national curriculum.
    Year(NcYear),
    /// All of a kind.
    Kind(MemberKind),
}

/// The kinds of those who sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MemberKind {
    /// Children who are taught here, whatever else they are.
    Pupils,
    /// Those who teach or work here.
    Staff,
    /// Those who govern.
    Governors,
    /// Volunteers, contractors, visitors, and users of rooms out of hours, with an account of their own.
    Visitors,
    /// Parents, carers and other contacts.
    Parents,
    /// Those who use a guest's account.
    Guests,
    /// Those who use an account that a class shares.
    ClassAccounts,
}

/// A name that means nobody who could sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not known: pupils, staff, governors, parents, visitors, guests, class-accounts, a year such as \"year 4\" or \
     \"year R\", or a class such as \"class 4A\" is expected"
)]
pub struct UnknownMembers;

impl MemberKind {
    /// All of them. Of several that an adult is, the first for which there is a rule counts.
    pub const ALL: [Self; 7] =
        [Self::Pupils, Self::Staff, Self::Governors, Self::Visitors, Self::Parents, Self::Guests, Self::ClassAccounts];

    /// The name in settings.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Pupils => "pupils",
            Self::Staff => "staff",
            Self::Governors => "governors",
            Self::Visitors => "visitors",
            Self::Parents => "parents",
            Self::Guests => "guests",
            Self::ClassAccounts => "class-accounts",
        }
    }

    /// The kind to which a person belongs; `None` for a body outside, which never signs in.
    fn of(person: PersonKind) -> Option<Self> {
        Some(match person {
            PersonKind::Pupil => Self::Pupils,
            PersonKind::Teacher | PersonKind::SupportStaff => Self::Staff,
            PersonKind::Governor => Self::Governors,
            PersonKind::Volunteer | PersonKind::Contractor | PersonKind::Visitor | PersonKind::CommunityUser => {
                Self::Visitors
            }
            PersonKind::Parent => Self::Parents,
            PersonKind::ExternalBody => return None,
        })
    }
}

impl Members {
    /// Whether both name the same people: `class 4A` and `class 4a` do.
    pub fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Class(one), Self::Class(two)) => one.eq_ignore_ascii_case(two),
            _ => self == other,
        }
    }
}

/// The first rule that fits somebody, the most particular first.
///
/// A pupil is a pupil, whatever else they are: no rule for adults reaches one. A guest's account is a guest's, whoever
/// uses it.
pub(super) fn fitting<'a, R>(rules: &'a [(Members, R)], who: &SignedIn) -> Option<&'a R> {
    let rule = |wanted: &Members| rules.iter().find(|(members, _)| members.same(wanted)).map(|(_, rule)| rule);
    let kind = |kind| rule(&Members::Kind(kind));
    let class = || who.class.as_ref().and_then(|class| rule(&Members::Class(class.clone())));
    let year = || who.year.and_then(|year| rule(&Members::Year(year)));
    match who.account {
        AccountKind::Guest => kind(MemberKind::Guests),
        AccountKind::Class => class().or_else(year).or_else(|| kind(MemberKind::ClassAccounts)),
        AccountKind::Individual if who.kinds.contains(&PersonKind::Pupil) => {
            class().or_else(year).or_else(|| kind(MemberKind::Pupils))
        }
        AccountKind::Individual => {
            let is = |kind: &MemberKind| who.kinds.iter().any(|it| MemberKind::of(*it) == Some(*kind));
            MemberKind::ALL.into_iter().filter(is).find_map(kind)
        }
    }
}

/// The name in settings.
impl fmt::Display for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Class(class) => write!(f, "class {class}"),
            Self::Year(year) => write!(f, "year {year}"),
            Self::Kind(kind) => f.write_str(kind.slug()),
        }
    }
}

impl FromStr for Members {
    type Err = UnknownMembers;

    fn from_str(text: &str) -> Result<Self, UnknownMembers> {
        if let Some(kind) = MemberKind::ALL.into_iter().find(|kind| kind.slug() == text) {
            return Ok(Self::Kind(kind));
        }
        let (word, name) = text.split_once(' ').ok_or(UnknownMembers)?;
        let name: String = name.trim().into();
        match word {
            "class" if !name.is_empty() => Ok(Self::Class(name.into())),
            "year" | "Year" => name.parse().map(Self::Year).map_err(|_| UnknownMembers),
            _ => Err(UnknownMembers),
        }
    }
}
