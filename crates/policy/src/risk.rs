//! Kinds of risk: the same for sites that are filtered and for what happened.

use crate::category::Category;
use crate::named;

/// What kind of risk it is, as schools' policies have them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Risk {
    /// By what is seen: harmful, hateful or wrong.
    Content,
    /// By others: grooming, bullying, theft of identity or passwords.
    Contact,
    /// By what one does: aggression, privacy, health, sexual images, copyright.
    Conduct,
}

named! { Risk, "risk":
    Content = "content", "Content";
    Contact = "contact", "Contact";
    Conduct = "conduct", "Conduct"
}

/// What kind of risk it is, as the national guidance has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NationalRisk {
    /// By what is seen.
    Content,
    /// By others.
    Contact,
    /// By what one does.
    Conduct,
    /// By what is sold, won or lost.
    Commerce,
}

named! { NationalRisk, "risk":
    Content = "content", "Content";
    Contact = "contact", "Contact";
    Conduct = "conduct", "Conduct";
    Commerce = "commerce", "Commerce"
}

impl Category {
    /// What kind of risk sites of this category are, of the three of schools' policies; nothing where they are none.
    ///
    /// What is harmful, hateful or wrong to see is content, whatever it is called in law. Where incidents have a kind for the same
    /// matter, that is of the same risk.
    pub fn risk(self) -> Option<Risk> {
        match self {
            Self::ChildSexualAbuse
            | Self::Terrorism
            | Self::IntimateImageAbuse
            | Self::Discrimination
            | Self::Hate
            | Self::Drugs
            | Self::Extremism
            | Self::Disinformation
            | Self::Pornography
            | Self::SelfHarm
            | Self::Violence
            | Self::Weapons
            | Self::Adult
            | Self::AlcoholTobacco
            | Self::Sects
            | Self::Search
            | Self::AiChat
            | Self::Video => Some(Risk::Content),
            Self::Dating
            | Self::Stalkerware
            | Self::Phishing
            | Self::Chat
            | Self::Forums
            | Self::Webmail
            | Self::RemoteAccess => Some(Risk::Contact),
            Self::Gambling
            | Self::Malware
            | Self::Hacking
            | Self::Piracy
            | Self::DenialOfService
            | Self::Social
            | Self::Games
            | Self::Shopping
            | Self::Proxies
            | Self::Vpn
            | Self::Doh
            | Self::FileSharing
            | Self::Cryptocurrency
            | Self::Cryptomining
            | Self::Cheating
            | Self::SoftwareDownloads => Some(Risk::Conduct),
            Self::EducationalGames
            | Self::Audio
            | Self::Blogs
            | Self::Advertising
            | Self::Tracking
            | Self::Shorteners
            | Self::DynamicDns
            | Self::WebHosting
            | Self::Astrology
            | Self::News
            | Self::Sport
            | Self::Finance
            | Self::Jobs
            | Self::Translation
            | Self::SoftwareUpdates
            | Self::Education
            | Self::Celebrities
            | Self::Comics
            | Self::Mobile
            | Self::Cooking
            | Self::Expired
            | Self::SexualEducation
            | Self::Allowed => None,
        }
    }

    /// The same, of the four of the national guidance: it has what is sold, won or lost apart.
    pub fn national_risk(self) -> Option<NationalRisk> {
        match self {
            Self::Gambling
            | Self::Games
            | Self::Shopping
            | Self::Phishing
            | Self::Cryptocurrency
            | Self::Advertising => Some(NationalRisk::Commerce),
            _ => self.risk().map(NationalRisk::from),
        }
    }
}

/// What the national guidance calls the same.
impl From<Risk> for NationalRisk {
    fn from(risk: Risk) -> Self {
        match risk {
            Risk::Content => Self::Content,
            Risk::Contact => Self::Contact,
            Risk::Conduct => Self::Conduct,
        }
    }
}
