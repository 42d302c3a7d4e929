//! Bodies outside the school: what each is for, when it answers, and when somebody last made sure of that.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use chrono::{Months, NaiveDate};

/// What kind of school it is. It changes whom a concern about the head goes to, who inspects, and which words are
/// used (decisions 24).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum SchoolKind {
    /// Maintained by the local authority.
    #[default]
    Maintained,
    /// An academy in a trust.
    Academy,
    /// Independent, with governors.
    Independent,
    /// Independent, led by its proprietor.
    ProprietorLed,
}

impl SchoolKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Maintained, Self::Academy, Self::Independent, Self::ProprietorLed];

    /// The name in settings.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Maintained => "maintained",
            Self::Academy => "academy",
            Self::Independent => "independent",
            Self::ProprietorLed => "proprietor-led",
        }
    }

    /// Whether the state pays for it.
    pub fn is_of_the_state(self) -> bool {
        matches!(self, Self::Maintained | Self::Academy)
    }

    /// Whether requests under the Freedom of Information Act are to be answered.
    pub fn answers_freedom_of_information(self) -> bool {
        self.is_of_the_state()
    }
}

/// Why a text names no kind of school.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no kind of school: maintained, academy, independent and proprietor-led are")]
pub struct UnknownKind;

impl FromStr for SchoolKind {
    type Err = UnknownKind;

    fn from_str(slug: &str) -> Result<Self, UnknownKind> {
        Self::ALL.into_iter().find(|kind| kind.slug() == slug).ok_or(UnknownKind)
    }
}

macro_rules! purposes {
    ($($variant:ident = $slug:literal, $title:literal;)*) => {
        /// What a body is called for (decisions 21 and 25).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Purpose {
            $(#[doc = $title] #[doc = "."] $variant,)*
        }

        impl Purpose {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in settings.
            pub fn slug(self) -> &'static str {
                match self { $(Self::$variant => $slug,)* }
            }

            /// What it is for.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

purposes! {
    Police = "police", "Police, emergencies and crimes against a person";
    Lado = "lado", "Local authority designated officer, allegations against adults";
    SocialCare = "social-care", "Children's social care, in hours";
    SocialCareOutOfHours = "social-care-out-of-hours", "Children's social care, out of hours";
    SafeguardingPartners = "safeguarding-partners", "Safeguarding partnership of the area";
    Ceop = "ceop", "Online sexual abuse and exploitation";
    Iwf = "iwf", "Child sexual abuse images at a public address";
    Ctiru = "ctiru", "Terrorist content at a public address";
    Prevent = "prevent", "Radicalisation";
    ReportRemove = "report-remove", "Images of oneself, taken down for a child";
    ProfessionalsHelpline = "professionals-helpline", "Advice on online safety for staff";
    WhistleblowingLine = "whistleblowing-line", "Concerns about how a school handles concerns";
    ReportFraud = "report-fraud", "Fraud and computer misuse";
    InformationCommissioner = "information-commissioner", "Breaches of personal data";
    SupplyAgency = "supply-agency", "Agency of supply staff";
    Hirer = "hirer", "Whoever hires rooms";
    LocalAuthority = "local-authority", "Advice of the local authority on safeguarding and online safety";
    Department = "department", "Government department for education";
    Association = "association", "Association or inspectorate of the school";
}

impl Purpose {
    /// Whether a school must know whom to call for it.
    pub fn is_needed(self) -> bool {
        matches!(
            self,
            Self::Police
                | Self::Lado
                | Self::SocialCare
                | Self::SocialCareOutOfHours
                | Self::SafeguardingPartners
                | Self::Iwf
                | Self::Ceop
                | Self::Prevent
                | Self::ReportRemove
                | Self::ProfessionalsHelpline
                | Self::WhistleblowingLine
                | Self::InformationCommissioner
        )
    }
}

/// Why a text names no purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no purpose of an agency: {} are", Slugs)]
pub struct UnknownPurpose;

/// The slugs of all purposes.
struct Slugs;

impl fmt::Display for Slugs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = Purpose::ALL.len();
        for (place, purpose) in Purpose::ALL.iter().enumerate() {
            let between = match place {
                0 => "",
                _ if place + 1 == count => " and ",
                _ => ", ",
            };
            write!(f, "{between}{}", purpose.slug())?;
        }
        Ok(())
    }
}

/// Reads the slug.
impl FromStr for Purpose {
    type Err = UnknownPurpose;

    fn from_str(slug: &str) -> Result<Self, UnknownPurpose> {
        Self::ALL.iter().copied().find(|purpose| purpose.slug() == slug).ok_or(UnknownPurpose)
    }
}

/// A body in the school's directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agency {
    /// What it is called.
    pub name: String,
    /// What it is called for.
    pub purpose: Purpose,
    /// Telephone, address for mail or page.
    pub contact: String,
    /// When it answers, in words.
    pub hours: String,
    /// The day on which somebody last made sure that this is right.
    pub checked: NaiveDate,
}

/// How long a check is good for.
const CHECK_LASTS: Months = Months::new(12);

impl Agency {
    /// Whether the last check is more than twelve months ago.
    pub fn is_stale(&self, today: NaiveDate) -> bool {
        self.checked.checked_add_months(CHECK_LASTS).is_some_and(|until| until < today)
    }
}

/// The bodies that a school knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directory(pub Vec<Agency>);

impl Directory {
    /// Those for a purpose, the last checked first.
    pub fn for_purpose(&self, purpose: Purpose) -> Vec<&Agency> {
        let mut agencies: Vec<&Agency> = self.0.iter().filter(|agency| agency.purpose == purpose).collect();
        agencies.sort_by_key(|agency| core::cmp::Reverse(agency.checked));
        agencies
    }

    /// What a school must have somebody for, and this one has not.
    pub fn missing(&self) -> impl Iterator<Item = Purpose> {
        let known = |purpose: Purpose| self.0.iter().any(|agency| agency.purpose == purpose);
        Purpose::ALL.iter().copied().filter(move |purpose| purpose.is_needed() && !known(*purpose))
    }

    /// Those of whom nobody has made sure for twelve months.
    pub fn stale(&self, today: NaiveDate) -> impl Iterator<Item = &Agency> {
        self.0.iter().filter(move |agency| agency.is_stale(today))
    }
}

/// The title.
impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title())
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::*;

    #[test]
    fn slugs_lead_back() {
        for purpose in Purpose::ALL {
            assert_eq!(purpose.slug().parse(), Ok(*purpose));
        }
        let unknown = "police-station".parse::<Purpose>().expect_err("no purpose").to_string();
        assert!(Purpose::ALL.iter().all(|purpose| unknown.contains(purpose.slug())), "{unknown}");
    }

    #[test]
    fn a_check_is_good_for_twelve_months() {
        let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
        let agency = |checked: &str| Agency {
            name: "Designated officer".into(),
            purpose: Purpose::Lado,
            contact: "01632 960000".into(),
            hours: "Monday to Friday, nine to five".into(),
            checked: day(checked),
        };
        assert!(!agency("2024-02-29").is_stale(day("2025-02-28")));
        assert!(agency("2024-02-29").is_stale(day("2025-03-01")));
        let directory = Directory(alloc::vec![agency("2023-01-01"), agency("2025-01-01")]);
        assert_eq!(directory.stale(day("2025-06-01")).count(), 1);
        assert_eq!(directory.missing().count(), 11, "all that are needed but one");
        let newest = directory.for_purpose(Purpose::Lado).first().map(|agency| agency.checked);
        assert_eq!(newest, Some(day("2025-01-01")));
    }
}
