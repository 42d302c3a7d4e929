//! What a site is about: one taxonomy, with stable numbers.

mod set;

use core::fmt;
use core::str::FromStr;

use belisha_filter::CategoryId;

pub use self::set::CategorySet;

/// How the rules of a category may act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Unlawful material. Blocked for everyone; nothing in any document changes that.
    Locked,
    /// Blocked or not, as a profile says.
    Ordinary,
    /// Sites that somebody vouches for: allowed although another list would have them blocked.
    Vouched,
}

/// What the starter profiles do with a category.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Starter {
    /// Blocked for pupils and for staff.
    Everyone,
    /// Blocked for pupils.
    Pupils,
    /// Blocked for nobody.
    Nobody,
}

macro_rules! categories {
    ($($(#[$doc:meta])* $variant:ident = $number:literal, $slug:literal, $title:literal, $kind:ident, $starter:ident;)*) => {
        /// A category. Numbers and slugs are stable: a number is never given to another category.
        ///
        /// Aligned with the list of the UK Safer Internet Centre for appropriate filtering (discrimination to
        /// violence), and with what schools filter in practice.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        #[non_exhaustive]
        pub enum Category {
            $($(#[$doc])* #[doc = $title] $variant = $number,)*
        }

        impl Category {
            /// All categories, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in settings, reports and logs.
            pub fn slug(self) -> &'static str {
                match self { $(Self::$variant => $slug,)* }
            }

            /// The name for people.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            /// How its rules may act.
            pub fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind,)* }
            }

            fn starter(self) -> Starter {
                match self { $(Self::$variant => Starter::$starter,)* }
            }
        }
    };
}

categories! {
    ChildSexualAbuse = 1, "child-sexual-abuse", "Child sexual abuse", Locked, Everyone;
    Terrorism = 2, "terrorism", "Unlawful terrorist content", Locked, Everyone;
    IntimateImageAbuse = 3, "intimate-image-abuse", "Intimate image abuse", Locked, Everyone;

    Discrimination = 10, "discrimination", "Discrimination", Ordinary, Everyone;
    Hate = 11, "hate", "Hate", Ordinary, Everyone;
    Drugs = 12, "drugs", "Drugs and substance misuse", Ordinary, Everyone;
    Extremism = 13, "extremism", "Extremism", Ordinary, Everyone;
    Gambling = 14, "gambling", "Gambling", Ordinary, Everyone;
    Malware = 15, "malware", "Malware", Ordinary, Everyone;
    Hacking = 16, "hacking", "Hacking", Ordinary, Everyone;
    Phishing = 17, "phishing", "Phishing and fraud", Ordinary, Everyone;
    Disinformation = 18, "disinformation", "Misinformation and disinformation", Ordinary, Pupils;
    Piracy = 19, "piracy", "Piracy and copyright theft", Ordinary, Everyone;
    Pornography = 20, "pornography", "Pornography", Ordinary, Everyone;
    SelfHarm = 21, "self-harm", "Self-harm and eating disorders", Ordinary, Everyone;
    Violence = 22, "violence", "Violence", Ordinary, Everyone;
    Weapons = 23, "weapons", "Weapons and dangerous materials", Ordinary, Everyone;
    Adult = 24, "adult", "Adult and mature", Ordinary, Everyone;
    AlcoholTobacco = 25, "alcohol-tobacco", "Alcohol, tobacco and vaping", Ordinary, Pupils;
    Dating = 26, "dating", "Dating", Ordinary, Everyone;
    Stalkerware = 27, "stalkerware", "Stalkerware", Ordinary, Everyone;
    DenialOfService = 28, "denial-of-service", "Denial-of-service tools", Ordinary, Everyone;
    Sects = 29, "sects", "Sects", Ordinary, Pupils;

    Social = 30, "social", "Social networks", Ordinary, Everyone;
    Games = 31, "games", "Games", Ordinary, Everyone;
    EducationalGames = 32, "educational-games", "Educational games", Ordinary, Nobody;
    Shopping = 33, "shopping", "Shopping", Ordinary, Everyone;
    Proxies = 34, "proxies", "Proxies and anonymisers", Ordinary, Everyone;
    Vpn = 35, "vpn", "VPNs", Ordinary, Everyone;
    Doh = 36, "doh", "DNS over HTTPS", Ordinary, Everyone;
    AiChat = 37, "ai-chat", "AI chat", Ordinary, Pupils;
    FileSharing = 38, "file-sharing", "File sharing", Ordinary, Pupils;
    Video = 39, "video", "Video and streaming", Ordinary, Pupils;
    Audio = 40, "audio", "Radio and music", Ordinary, Pupils;
    Search = 41, "search", "Search engines without safe search", Ordinary, Pupils;
    Chat = 42, "chat", "Chat and messaging", Ordinary, Pupils;
    Forums = 43, "forums", "Forums", Ordinary, Pupils;
    Blogs = 44, "blogs", "Blogs", Ordinary, Nobody;
    Webmail = 45, "webmail", "Private e-mail", Ordinary, Pupils;
    RemoteAccess = 46, "remote-access", "Remote control", Ordinary, Pupils;
    Advertising = 47, "advertising", "Advertising", Ordinary, Pupils;
    Tracking = 48, "tracking", "Tracking", Ordinary, Pupils;
    Shorteners = 49, "shorteners", "Link shorteners", Ordinary, Nobody;
    DynamicDns = 50, "dynamic-dns", "Dynamic DNS", Ordinary, Pupils;
    WebHosting = 51, "web-hosting", "Web hosting", Ordinary, Nobody;
    Cryptocurrency = 52, "cryptocurrency", "Cryptocurrency", Ordinary, Pupils;
    Cryptomining = 53, "cryptomining", "Cryptomining", Ordinary, Everyone;
    Cheating = 54, "cheating", "Cheating", Ordinary, Pupils;
    Astrology = 55, "astrology", "Astrology", Ordinary, Nobody;
    News = 56, "news", "News", Ordinary, Nobody;
    Sport = 57, "sport", "Sport", Ordinary, Nobody;
    Finance = 58, "finance", "Banking and finance", Ordinary, Nobody;
    Jobs = 59, "jobs", "Jobs", Ordinary, Nobody;
    Translation = 60, "translation", "Translation", Ordinary, Nobody;
    SoftwareUpdates = 61, "software-updates", "Software updates", Ordinary, Nobody;
    SoftwareDownloads = 62, "software-downloads", "Software downloads", Ordinary, Pupils;
    Education = 63, "education", "Education", Ordinary, Nobody;
    Celebrities = 64, "celebrities", "Celebrities", Ordinary, Nobody;
    Comics = 65, "comics", "Comics and animation", Ordinary, Nobody;
    Mobile = 66, "mobile", "Mobile phone extras", Ordinary, Nobody;
    Cooking = 67, "cooking", "Cooking", Ordinary, Nobody;
    Expired = 68, "expired", "Expired and taken-over names", Ordinary, Pupils;

    /// Allowed although such sites are often listed as pornography.
    SexualEducation = 80, "sexual-education", "Sexual and relationships education", Vouched, Nobody;
    /// For a school's own list of sites to open.
    Allowed = 81, "allowed", "Sites that the school vouches for", Vouched, Nobody;
}

/// Categories by their numbers: a look-up for each rule that holds a target.
static BY_NUMBER: [Option<Category>; 128] = {
    let mut table = [None; 128];
    let mut rest = Category::ALL;
    while let [category, more @ ..] = rest {
        #[expect(
            clippy::indexing_slicing,
            reason = "it is worked out when compiled: a number past the end is an error then"
        )]
        {
            table[*category as usize] = Some(*category);
        }
        rest = more;
    }
    table
};

impl Category {
    /// The number that a ruleset carries.
    pub fn id(self) -> CategoryId {
        CategoryId(self as u16)
    }

    /// The category of a number; `None` for a list that nobody has mapped (0) and for numbers of a later version.
    pub fn from_id(id: CategoryId) -> Option<Self> {
        BY_NUMBER.get(usize::from(id.0)).copied().flatten()
    }

    pub(crate) fn blocked_for_pupils(self) -> bool {
        self.starter() != Starter::Nobody
    }

    pub(crate) fn blocked_for_staff(self) -> bool {
        self.starter() == Starter::Everyone
    }
}

/// The number of a list that nobody has mapped to a category: it is found, reported, and has no action.
pub const UNMAPPED: CategoryId = CategoryId(0);

/// A name that is no category's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no category {name:?}{}", suggest(.name))]
pub struct UnknownCategory {
    name: alloc::string::String,
}

fn suggest(name: &str) -> alloc::string::String {
    match Category::nearest(name) {
        Some(category) => alloc::format!("; did you mean {:?}?", category.slug()),
        None => "; `belisha-proxy check-config --categories` lists them".into(),
    }
}

impl Category {
    /// The category that a misspelt name most likely means: one that starts alike or holds the name.
    fn nearest(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let start = name.get(..4).unwrap_or(&name);
        (!start.is_empty()).then_some(())?;
        Self::ALL
            .iter()
            .copied()
            .find(|category| category.slug().starts_with(start) || category.slug().contains(&*name))
    }
}

impl FromStr for Category {
    type Err = UnknownCategory;

    fn from_str(slug: &str) -> Result<Self, UnknownCategory> {
        Self::ALL
            .iter()
            .copied()
            .find(|category| category.slug() == slug)
            .ok_or_else(|| UnknownCategory { name: slug.into() })
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.slug())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn numbers_and_slugs_are_distinct_and_lead_back() {
        for (at, category) in Category::ALL.iter().enumerate() {
            assert_eq!(Category::from_id(category.id()), Some(*category));
            assert_eq!(category.slug().parse(), Ok(*category));
            assert!(Category::ALL[at + 1..].iter().all(|other| other.id() > category.id()));
        }
        assert_eq!(Category::from_id(UNMAPPED), None);
    }

    #[test]
    fn a_misspelt_category_is_answered_with_the_one_meant() {
        let error = "gamblin".parse::<Category>().unwrap_err();
        assert!(error.to_string().contains("\"gambling\""), "{error}");
    }
}
