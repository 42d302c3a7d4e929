//! Kinds of incidents: what the law calls them, how bad they are, whom they are reported to.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use belisha_policy::calendar::Within;
use belisha_policy::{NationalRisk, Risk};
use chrono::TimeDelta;

use crate::duty::{Body, Duty, Parents, When};
use crate::severity::{AT_ONCE, Severity};

/// The day as of which the table holds. Guidance is published anew every September, and law commences when it does.
pub const AS_OF: &str = "2026-11-23";

const SAME_DAY: Within = Within::Days(0);
const NEXT_WORKING_DAY: Within = Within::WorkingDays(1);

macro_rules! categories {
    ($($variant:ident = $code:literal, $title:literal, $least:ident..=$most:ident, $parents:ident,
        [$($law:literal),*], [$($duty:expr),*];)*) => {
        /// What kind of incident it is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(into = "alloc::string::String", try_from = "alloc::string::String"))]
        pub enum Category {
            $(#[doc = $title] #[doc = "."] $variant,)*
        }

        impl Category {
            /// All of them, in the order of their codes.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code in events, reports and commands. Stable.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The name for people.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            /// How bad it is at least; a school may take it for worse ([`Terms`](crate::Terms)).
            pub fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$least,)* }
            }

            /// How bad it may be.
            pub fn worst(self) -> Severity {
                match self { $(Self::$variant => Severity::$most,)* }
            }

            /// Whether parents are told.
            pub fn parents(self) -> Parents {
                match self { $(Self::$variant => Parents::$parents,)* }
            }

            /// The law that it may be against; nothing where it is a matter of the school's own rules.
            pub fn law(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($law),*],)* }
            }

            /// Whom it is reported to, and by when.
            pub fn duties(self) -> &'static [Duty] {
                match self { $(Self::$variant => { const DUTIES: &[Duty] = &[$($duty),*]; DUTIES })* }
            }
        }
    };
}

const fn at_once(body: Body) -> Duty {
    Duty::always(body, AT_ONCE)
}

const fn same_day(body: Body) -> Duty {
    Duty::always(body, SAME_DAY)
}

const fn judged(body: Body, what: &'static str) -> Duty {
    Duty::always(body, SAME_DAY).when(When::Judged(what))
}

categories! {
    AbuseImages = "I1", "Sexual images of children, made ones among them", Immediate..=Immediate, OnAdvice,
        ["Protection of Children Act 1978 s.1", "Criminal Justice Act 1988 s.160", "Coroners and Justice Act 2009 s.62"],
        [at_once(Body::Police), at_once(Body::Iwf), at_once(Body::LocalAuthority),
         at_once(Body::Lado).when(When::AdultIsSubject), judged(Body::Ceop, "a child is exploited")];
    Grooming = "I2", "Grooming, sexual communication with a child, or arranging it", Immediate..=Immediate, OnAdvice,
        ["Sexual Offences Act 2003 ss.8–15A"],
        [at_once(Body::Police), at_once(Body::Ceop), same_day(Body::SocialCare), at_once(Body::Lado).when(When::AdultIsSubject)];
    ExtremePornography = "I3", "Extreme pornography", Immediate..=Immediate, Told,
        ["Criminal Justice and Immigration Act 2008 s.63"],
        [at_once(Body::Police)];
    StirringUpHatred = "I4", "Stirring up hatred", Immediate..=Immediate, Told,
        ["Public Order Act 1986 Parts 3 and 3A"],
        [at_once(Body::Police)];
    Terrorism = "I5", "Terrorist material, or encouraging terrorism", Immediate..=Immediate, OnAdvice,
        ["Terrorism Act 2000 s.58", "Terrorism Act 2006 ss.1–2"],
        [at_once(Body::Police), at_once(Body::CounterTerrorism), same_day(Body::Prevent)];
    IntimateImageAbuse = "I6", "Intimate-image abuse, deepfakes, cyberflashing, encouraging self-harm, threatening messages",
        SameDay..=Immediate, Told,
        ["Sexual Offences Act 2003 ss.66A–66D", "Online Safety Act 2023 ss.179–184", "Malicious Communications Act 1988",
         "Communications Act 2003 s.127"],
        [judged(Body::Police, "an offence may have been committed"), at_once(Body::Police).when(When::AdultIsSubject)];
    NudesBetweenChildren = "I7", "Nude or semi-nude images between children", SameDay..=Immediate, Told,
        ["Protection of Children Act 1978"],
        [at_once(Body::Dsl), judged(Body::Police, "one of the five reasons to refer at once is there"),
         judged(Body::SocialCare, "one of the five reasons to refer at once is there")];
    Harassment = "I8", "Harassment, stalking, threats to kill, blackmail", SameDay..=Immediate, Told,
        ["Protection from Harassment Act 1997", "Offences against the Person Act 1861 s.16", "Theft Act 1968 s.21"],
        [same_day(Body::Police)];
    ComputerMisuse = "I9", "Computer misuse", NextSchoolDay..=SameDay, Told,
        ["Computer Misuse Act 1990"],
        [same_day(Body::NetworkManager), judged(Body::Police, "it is serious")];
    DataBreach = "I10", "A breach of personal data", FiveSchoolDays..=SameDay, WhereRiskIsHigh,
        ["UK GDPR Article 33"],
        [at_once(Body::Dpo),
         Duty::always(Body::Ico, Within::Elapsed(TimeDelta::hours(72))).when(When::Judged("people are at risk by it"))];
    AdultMaterialToMinor = "I11", "Adult material shown to a child", SameDay..=SameDay, Told,
        ["Obscene Publications Act 1959"],
        [same_day(Body::Police), same_day(Body::Lado).when(When::AdultIsSubject)];
    Pornography = "N1", "Pornography that is lawful", NextSchoolDay..=NextSchoolDay, Told, [],
        [same_day(Body::Dsl).when(When::PupilIsInvolved)];
    Discrimination = "N2", "Discrimination, hateful views, misogyny", NextSchoolDay..=NextSchoolDay, Told,
        ["Equality Act 2010"],
        [judged(Body::Prevent, "it is extremist")];
    Threats = "N3", "Threats of violence", NextSchoolDay..=SameDay, Told, [],
        [judged(Body::Police, "the threat is credible")];
    SelfHarm = "N4", "Self-harm, suicide, eating disorders", SameDay..=Immediate, Told, [],
        [at_once(Body::Dsl), judged(Body::Camhs, "the child needs it"), judged(Body::SocialCare, "the child is at risk")];
    Cyberbullying = "N5", "Cyberbullying", FiveSchoolDays..=SameDay, Told,
        ["Education and Inspections Act 2006 ss.89–91"], [];
    CommentOnStaff = "N6", "Personal comment on, or defamation of, staff", FiveSchoolDays..=SameDay, Told,
        ["Defamation Act 2013"],
        [same_day(Body::Head)];
    AgainstEthos = "N7", "Against the ethos of the school, offensive", Weekly..=NextSchoolDay, WherePersistent, [], [];
    Disinformation = "N8", "Misinformation, disinformation, conspiracy theories", Weekly..=NextSchoolDay, WherePersistent, [],
        [judged(Body::Prevent, "a child is drawn in")];
    PrivateBusiness = "U1", "Private business", FiveSchoolDays..=FiveSchoolDays, NotAsARule, [],
        [same_day(Body::Head)];
    FilterBypass = "U2", "Going round the filter", FiveSchoolDays..=NextSchoolDay, Told, [],
        [same_day(Body::NetworkManager)];
    Piracy = "U3", "Piracy", Weekly..=FiveSchoolDays, NotAsARule,
        ["Copyright, Designs and Patents Act 1988"], [];
    ConfidentialData = "U4", "Disclosing confidential data or passwords", FiveSchoolDays..=SameDay, NotAsARule,
        ["UK GDPR Article 33, where personal data are among it"],
        [same_day(Body::Dpo)];
    Malware = "U5", "Malware", NextSchoolDay..=Immediate, NotAsARule,
        ["Computer Misuse Act 1990"],
        [at_once(Body::NetworkManager), judged(Body::ReportFraud, "the school is attacked")];
    Congestion = "U6", "Congestion of the network", Weekly..=Weekly, NotAsARule, [],
        [same_day(Body::NetworkManager)];
    Games = "U7", "Gambling, games that teach nothing", Weekly..=FiveSchoolDays, WherePersistent, [], [];
    Shopping = "U8", "Shopping", Weekly..=Weekly, NotAsARule, [], [];
    SocialNetworking = "U9", "Social networking where it is not allowed", Weekly..=FiveSchoolDays, NotAsARule, [], [];
    DeviceRules = "U10", "A device against the rules, or a picture without consent", Weekly..=NextSchoolDay, Told, [], [];
    StaffHarm = "S1", "An adult who works with children: the threshold of harm is met", Immediate..=Immediate, OnAdvice,
        ["Safeguarding Vulnerable Groups Act 2006", "Keeping children safe in education, Part 4"],
        [at_once(Body::Head), Duty::always(Body::Lado, NEXT_WORKING_DAY)];
    StaffLowLevel = "S2", "An adult who works with children: a low-level concern", FiveSchoolDays..=FiveSchoolDays, NotAsARule,
        ["Keeping children safe in education, Part 4 section 2"],
        [same_day(Body::Head)];
    // Owed now, and overdue at the end of the next working day.
    AboutTheHead = "S3", "About the head", Immediate..=Immediate, OnAdvice, [],
        [Duty::always(Body::Chair, NEXT_WORKING_DAY), Duty::always(Body::Lado, NEXT_WORKING_DAY)];
    Accident = "X0", "An accident that somebody told of themselves", RecordedOnly..=RecordedOnly, NotAsARule, [], [];
}

impl Category {
    /// What is owed as soon as anybody suspects something illegal, whatever it turns out to be.
    pub const OF_SUSPICION: [Duty; 3] = [at_once(Body::Police), at_once(Body::Iwf), at_once(Body::LocalAuthority)];

    /// What is owed where somebody is in danger now; whoever sees that calls 999 first.
    pub const OF_DANGER: [Duty; 2] = [at_once(Body::Dsl), at_once(Body::SocialCare)];

    /// What is owed where the school's systems have a weakness.
    pub const OF_WEAKNESS: Duty = same_day(Body::Head);

    /// What is owed where somebody did it who comes to the school and belongs to neither its pupils nor its staff.
    pub const OF_GUESTS: Duty = at_once(Body::Dsl);

    /// What is owed where something became a matter of child protection.
    pub const OF_PROTECTION: Duty = at_once(Body::Dsl);

    /// What is owed where another system has the child-protection file.
    pub const OF_FILE_ELSEWHERE: Duty = same_day(Body::ProtectionFile);

    /// What is owed where an adult was dismissed, or left before that: as soon as can be.
    pub const OF_DISMISSAL: [Duty; 2] = [
        Duty::always(Body::Dbs, NEXT_WORKING_DAY)
            .when(When::Judged("they harmed a child, may have, or are a risk to children")),
        Duty::always(Body::Tra, NEXT_WORKING_DAY).when(When::Judged("they teach")),
    ];

    /// Whether a mere suspicion has everything preserved and referred at once.
    pub fn is_held_when_suspected(self) -> bool {
        matches!(
            self,
            Self::AbuseImages | Self::Grooming | Self::ExtremePornography | Self::StirringUpHatred | Self::Terrorism
        )
    }

    /// Whether it is a matter of child protection, which fewer may see than others.
    pub fn is_of_protection(self) -> bool {
        self.is_held_when_suspected()
            || matches!(
                self,
                Self::IntimateImageAbuse | Self::NudesBetweenChildren | Self::AdultMaterialToMinor | Self::SelfHarm
            )
    }

    /// What kind of risk it is, of the three of schools' policies.
    pub fn risk(self) -> Risk {
        match self {
            Self::AbuseImages
            | Self::ExtremePornography
            | Self::StirringUpHatred
            | Self::Terrorism
            | Self::AdultMaterialToMinor
            | Self::Pornography
            | Self::Discrimination
            | Self::SelfHarm
            | Self::AgainstEthos
            | Self::Disinformation
            | Self::Accident => Risk::Content,
            Self::Grooming
            | Self::Harassment
            | Self::Cyberbullying
            | Self::ConfidentialData
            | Self::StaffHarm
            | Self::StaffLowLevel
            | Self::AboutTheHead => Risk::Contact,
            Self::IntimateImageAbuse
            | Self::NudesBetweenChildren
            | Self::ComputerMisuse
            | Self::DataBreach
            | Self::Threats
            | Self::CommentOnStaff
            | Self::PrivateBusiness
            | Self::FilterBypass
            | Self::Piracy
            | Self::Malware
            | Self::Congestion
            | Self::Games
            | Self::Shopping
            | Self::SocialNetworking
            | Self::DeviceRules => Risk::Conduct,
        }
    }

    /// The same, of the four of the national guidance: it has bullying under conduct, and what is sold or won apart.
    pub fn national_risk(self) -> NationalRisk {
        match self {
            Self::Cyberbullying | Self::ConfidentialData => NationalRisk::Conduct,
            Self::PrivateBusiness | Self::Games | Self::Shopping => NationalRisk::Commerce,
            _ => self.risk().into(),
        }
    }

    /// Whether it is of images of children: nobody looks at them, and nothing is made of them.
    pub fn is_of_images(self) -> bool {
        matches!(self, Self::AbuseImages | Self::NudesBetweenChildren)
    }

    /// Whether it is of sexual abuse, or an allegation of it: kept longest.
    pub fn is_of_sexual_abuse(self) -> bool {
        matches!(
            self,
            Self::AbuseImages
                | Self::Grooming
                | Self::IntimateImageAbuse
                | Self::NudesBetweenChildren
                | Self::AdultMaterialToMinor
        )
    }

    /// Whether it is about an adult who works with children, whatever else it is.
    pub fn is_about_staff(self) -> bool {
        matches!(self, Self::StaffHarm | Self::StaffLowLevel | Self::AboutTheHead)
    }
}

impl Category {
    /// The kind that a text names, by its code, its title or both. Nothing is guessed of other words.
    pub fn called(text: &str) -> Option<Self> {
        let text = text.trim();
        let names = |kind: &Self| [kind.code().to_owned(), kind.title().to_owned(), kind.in_full()];
        Self::ALL.iter().copied().find(|kind| names(kind).iter().any(|name| name.eq_ignore_ascii_case(text)))
    }

    /// The code and the title: `N5 Cyberbullying`.
    pub fn in_full(self) -> String {
        format!("{} {self}", self.code())
    }
}

/// The title.
impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title())
    }
}

/// Why a text is no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no kind of incident has this code: they are I1 to I11, N1 to N8, U1 to U10, S1 to S3 and X0")]
pub struct UnknownCategory;

impl FromStr for Category {
    type Err = UnknownCategory;

    fn from_str(code: &str) -> Result<Self, UnknownCategory> {
        Self::ALL.iter().copied().find(|it| it.code().eq_ignore_ascii_case(code)).ok_or(UnknownCategory)
    }
}

#[cfg(feature = "serde")]
mod text {
    use alloc::borrow::ToOwned;
    use alloc::string::String;

    use super::{Category, UnknownCategory};

    impl From<Category> for String {
        fn from(category: Category) -> Self {
            category.code().to_owned()
        }
    }

    impl TryFrom<String> for Category {
        type Error = UnknownCategory;

        fn try_from(code: String) -> Result<Self, UnknownCategory> {
            code.parse()
        }
    }
}
