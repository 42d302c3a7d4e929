//! Which group somebody belongs to who has said who they are.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use crate::actor::{AccountKind, Attribution, SignedIn};
use crate::agreed::Agreement;
use crate::people::{NcYear, PersonKind};
use crate::roles::{Role, RoleSet};

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
    /// The pupils of several years, the first and the last.
    Years(NcYear, NcYear),
    /// The adults who hold a role, with an account of their own.
    Role(Role),
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
     \"year R\", years such as \"years 3-6\", a class such as \"class 4A\", or a role such as \"role head\" is expected"
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

    /// Whether somebody who has signed in is among them. A pupil is a pupil, whatever else they are, and a guest's
    /// account is a guest's, whoever uses it.
    pub fn hold(&self, who: &SignedIn) -> bool {
        let is_pupil = who.kinds.contains(&PersonKind::Pupil);
        let taught = who.account == AccountKind::Class || who.account == AccountKind::Individual && is_pupil;
        let is_adult = who.account == AccountKind::Individual && !is_pupil;
        match self {
            Self::Class(class) => taught && who.class.as_ref().is_some_and(|it| it.eq_ignore_ascii_case(class)),
            Self::Year(year) => taught && who.year == Some(*year),
            Self::Years(first, last) => taught && who.year.is_some_and(|year| (*first..=*last).contains(&year)),
            Self::Role(role) => is_adult && who.roles.has(*role),
            Self::Kind(MemberKind::Guests) => who.account == AccountKind::Guest,
            Self::Kind(MemberKind::ClassAccounts) => who.account == AccountKind::Class,
            Self::Kind(MemberKind::Pupils) => taught && is_pupil,
            Self::Kind(kind) => is_adult && who.kinds.iter().any(|it| MemberKind::of(*it) == Some(*kind)),
        }
    }

    /// Somebody who is among them and of whom nothing else is known: for the question what these may do.
    pub fn example(&self) -> SignedIn {
        let pupil = SignedIn {
            person: "".into(),
            user: "".into(),
            attribution: Attribution::Individual,
            account: AccountKind::Individual,
            kinds: alloc::vec![PersonKind::Pupil],
            roles: RoleSet::EMPTY,
            year: None,
            class: None,
            agreement: Agreement::default(),
        };
        let adult = |kind| SignedIn { kinds: alloc::vec![kind], ..pupil.clone() };
        match self {
            Self::Class(class) => SignedIn { class: Some(class.clone()), ..pupil },
            Self::Year(year) | Self::Years(year, _) => SignedIn { year: Some(*year), ..pupil },
            Self::Role(role) => SignedIn { roles: RoleSet::of(&[*role]), ..adult(PersonKind::Teacher) },
            Self::Kind(MemberKind::Pupils) => pupil,
            Self::Kind(MemberKind::Staff) => adult(PersonKind::Teacher),
            Self::Kind(MemberKind::Governors) => adult(PersonKind::Governor),
            Self::Kind(MemberKind::Visitors) => adult(PersonKind::Visitor),
            Self::Kind(MemberKind::Parents) => adult(PersonKind::Parent),
            Self::Kind(MemberKind::Guests) => {
                SignedIn { account: AccountKind::Guest, attribution: Attribution::Guest, kinds: Vec::new(), ..pupil }
            }
            Self::Kind(MemberKind::ClassAccounts) => SignedIn {
                account: AccountKind::Class,
                attribution: Attribution::ClassAccount,
                kinds: Vec::new(),
                ..pupil
            },
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
    let years = |year: NcYear| {
        let several =
            |members: &Members| matches!(members, Members::Years(first, last) if (*first..=*last).contains(&year));
        // Of several the narrowest, and of these the first.
        let width = |(members, _): &&(Members, R)| match members {
            Members::Years(first, last) => last.number() - first.number(),
            _ => i8::MAX,
        };
        rules.iter().filter(|(members, _)| several(members)).min_by_key(width).map(|(_, rule)| rule)
    };
    let year = || who.year.and_then(|year| rule(&Members::Year(year)).or_else(|| years(year)));
    let of_role = || rules.iter().find(|(members, _)| matches!(members, Members::Role(_)) && members.hold(who));
    match who.account {
        AccountKind::Guest => kind(MemberKind::Guests),
        AccountKind::Class => class().or_else(year).or_else(|| kind(MemberKind::ClassAccounts)),
        AccountKind::Individual if who.kinds.contains(&PersonKind::Pupil) => {
            class().or_else(year).or_else(|| kind(MemberKind::Pupils))
        }
        AccountKind::Individual => {
            let is = |kind: &MemberKind| who.kinds.iter().any(|it| MemberKind::of(*it) == Some(*kind));
            of_role().map(|(_, rule)| rule).or_else(|| MemberKind::ALL.into_iter().filter(is).find_map(kind))
        }
    }
}

/// The name in settings.
impl fmt::Display for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Class(class) => write!(f, "class {class}"),
            Self::Year(year) => write!(f, "year {year}"),
            Self::Years(first, last) => write!(f, "years {first}-{last}"),
            Self::Role(role) => write!(f, "role {}", role.slug()),
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
            "years" | "Years" => {
                let (first, last) = name.split_once('-').ok_or(UnknownMembers)?;
                let year = |text: &str| text.parse::<NcYear>().map_err(|_| UnknownMembers);
                let (first, last) = (year(first)?, year(last)?);
                if first < last { Ok(Self::Years(first, last)) } else { Err(UnknownMembers) }
            }
            "role" => {
                let role = name.parse::<Role>().map_err(|_| UnknownMembers)?;
                if role.is_given_by_being() { Err(UnknownMembers) } else { Ok(Self::Role(role)) }
            }
            _ => Err(UnknownMembers),
        }
    }
}
