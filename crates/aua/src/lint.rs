//! Whether a text says what it has to.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::fmt;

use crate::audience::{Adults, Audience, Stage};
use crate::clause::Topic;
use crate::document::Terms;
use crate::text::Text;

/// How bad it is that something is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// It is not published without it.
    Needed,
    /// The school's policies expect it.
    Expected,
}

/// Something that a text does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub topic: Topic,
    /// How bad that is.
    pub weight: Weight,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.weight == Weight::Needed { "must" } else { "should" };
        write!(f, "it {verb} say something of {}", self.topic)
    }
}

/// What has to stand in whatever access depends on: nobody is watched who was not told (C-101, C-084, R-063).
pub const NOTICES: [Topic; 3] = [Topic::Filtering, Topic::Monitoring, Topic::EncryptedContent];

/// What a text lacks for those for whom it is. Of what is only read nothing is asked.
pub fn lint(text: &Text, terms: &Terms) -> Vec<Finding> {
    if matches!(terms, Terms::Reading(_)) {
        return Vec::new();
    }
    let says = text.topics();
    let expected: BTreeSet<Topic> = terms.audiences().flat_map(expected).copied().collect();
    let missing = |topic: &Topic| !says.contains(topic);
    let needed = NOTICES.into_iter().filter(missing).map(|topic| Finding { topic, weight: Weight::Needed });
    let expected = expected.into_iter().filter(missing).map(|topic| Finding { topic, weight: Weight::Expected });
    needed.chain(expected).collect()
}

fn expected(audience: Audience) -> &'static [Topic] {
    use Topic as T;
    match audience {
        Audience::Pupils(Stage::Infants) => {
            &[T::Purpose, T::Reporting, T::Privacy, T::Strangers, T::Kindness, T::TrustedAdults]
        }
        Audience::Pupils(_) => &[
            T::Purpose,
            T::Passwords,
            T::Kindness,
            T::Privacy,
            T::Strangers,
            T::Pictures,
            T::Reporting,
            T::Extremism,
            T::ParentsTold,
            T::Consequences,
        ],
        Audience::Adults(Adults::Visitors | Adults::Groups) => &[T::Purpose, T::Pictures, T::Reporting, T::Extremism],
        Audience::Adults(_) => &[
            T::Purpose,
            T::Passwords,
            T::OthersAccess,
            T::Handling,
            T::Channels,
            T::Extremism,
            T::Reporting,
            T::Software,
            T::Pictures,
            T::OwnDevices,
            T::SocialMedia,
            T::RemoteAccess,
            T::Confidentiality,
            T::Safeguarding,
            T::LogsHandedOver,
            T::Teaching,
        ],
    }
}
