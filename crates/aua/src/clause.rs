//! Clauses: what agreements are put together from.

use belisha_policy::named;

use crate::picture::Picture;

/// What a clause is about. The first three have to stand in every agreement on which access depends (C-101, C-084, R-063).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the titles say it")]
pub enum Topic {
    Filtering,
    Monitoring,
    EncryptedContent,
    Purpose,
    Passwords,
    OthersAccess,
    Handling,
    Channels,
    Extremism,
    Reporting,
    Software,
    Pictures,
    OwnDevices,
    SocialMedia,
    RemoteAccess,
    Confidentiality,
    Safeguarding,
    LogsHandedOver,
    Teaching,
    Kindness,
    Privacy,
    Strangers,
    Work,
    TrustedAdults,
    ParentsTold,
    Consequences,
    Situations,
    SeriousIncidents,
}

named! { Topic, "topic":
    Filtering = "filtering", "that the web is filtered";
    Monitoring = "monitoring", "that use and e-mail are monitored";
    EncryptedContent = "encrypted-content", "that encrypted content may be looked into";
    Purpose = "purpose", "what it is for, and what is reasonable";
    Passwords = "passwords", "passwords";
    OthersAccess = "others-access", "keeping others out";
    Handling = "handling", "saving, printing and deleting with care";
    Channels = "channels", "approved e-mail and channels";
    Extremism = "extremism", "extremism";
    Reporting = "reporting", "telling of what went wrong";
    Software = "software", "software, and what gets round the filter";
    Pictures = "pictures", "pictures of pupils";
    OwnDevices = "own-devices", "own devices and accounts";
    SocialMedia = "social-media", "private social media";
    RemoteAccess = "remote-access", "work from elsewhere, and encryption";
    Confidentiality = "confidentiality", "confidential data";
    Safeguarding = "safeguarding", "telling the safeguarding lead";
    LogsHandedOver = "logs-handed-over", "that logs go to head or safeguarding lead on request";
    Teaching = "teaching", "teaching about it";
    Kindness = "kindness", "being kind";
    Privacy = "privacy", "keeping private what is private";
    Strangers = "strangers", "people one does not know";
    Work = "work", "one's own and others' work";
    TrustedAdults = "trusted-adults", "adults to tell";
    ParentsTold = "parents-told", "that parents may be told";
    Consequences = "consequences", "what follows if it is not kept";
    Situations = "situations", "situations that could be misread";
    SeriousIncidents = "serious-incidents", "what is done in a serious incident"
}

/// Whom a clause binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum Whom {
    /// Everybody who signs.
    Everybody,
    /// Those who teach.
    Teaching,
}

/// A clause of the library. The text of a version never changes: what is said anew is another version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LibraryClause {
    /// Its name.
    pub name: &'static str,
    /// Which version of it.
    pub version: u16,
    /// What it is about.
    pub topics: &'static [Topic],
    /// Whom it binds.
    pub whom: Whom,
    /// What it says, with names in braces for what the school says itself.
    pub text: &'static str,
    /// What stands beside it for those who are learning to read.
    pub picture: Option<Picture>,
}

impl LibraryClause {
    pub(crate) const fn new(name: &'static str, topics: &'static [Topic], text: &'static str) -> Self {
        Self { name, version: 1, topics, whom: Whom::Everybody, text, picture: None }
    }

    /// What is said anew.
    pub(crate) const fn version(self, version: u16) -> Self {
        Self { version, ..self }
    }

    pub(crate) const fn shown_by(self, picture: Picture) -> Self {
        Self { picture: Some(picture), ..self }
    }

    pub(crate) const fn teaching(self) -> Self {
        Self { whom: Whom::Teaching, ..self }
    }
}
