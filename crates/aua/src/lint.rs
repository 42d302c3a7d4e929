//! Whether a text says what it has to.

use alloc::collections::BTreeSet;
use alloc::string::String;
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

/// What is wrong with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It says nothing of something.
    Missing {
        /// Of what.
        topic: Topic,
        /// How bad that is.
        weight: Weight,
    },
    /// It says two things that do not go together. Nobody is kept from publishing it: words are judged by those who read them.
    Clash(Clash),
}

/// Two things that do not go together, by the words in which they are usually said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clash {
    /// Whoever uses something has agreed, and a signature is asked for besides.
    AgreedByUse,
    /// A password is kept secret, and is shared.
    SharedPassword,
}

impl Finding {
    /// Whether it is published without it.
    pub fn is_needed(&self) -> bool {
        matches!(self, Self::Missing { weight: Weight::Needed, .. })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { topic, weight: Weight::Needed } => write!(f, "it must say something of {topic}"),
            Self::Missing { topic, weight: Weight::Expected } => write!(f, "it should say something of {topic}"),
            Self::Clash(Clash::AgreedByUse) => f.write_str(
                "it contradicts itself: by one sentence use is agreement enough, and it asks for a signature",
            ),
            Self::Clash(Clash::SharedPassword) => {
                f.write_str("it contradicts itself: by one sentence a password is kept secret, by another it is shared")
            }
        }
    }
}

/// What has to stand in whatever access depends on: nobody is watched who was not told (C-101, C-084, R-063).
pub const NOTICES: [Topic; 3] = [Topic::Filtering, Topic::Monitoring, Topic::EncryptedContent];

/// What a text lacks for those for whom it is, and where it contradicts itself. Of what is only read nothing is asked.
pub fn lint(text: &Text, terms: &Terms) -> Vec<Finding> {
    if matches!(terms, Terms::Reading(_)) {
        return Vec::new();
    }
    let says = text.topics();
    let expected: BTreeSet<Topic> = terms.audiences().flat_map(expected).copied().collect();
    let missing = |topic: &Topic| !says.contains(topic);
    let of = |weight| move |topic| Finding::Missing { topic, weight };
    let needed = NOTICES.into_iter().filter(missing).map(of(Weight::Needed));
    let expected = expected.into_iter().filter(missing).map(of(Weight::Expected));
    needed.chain(expected).chain(clashes(text).map(Finding::Clash)).collect()
}

fn clashes(text: &Text) -> impl Iterator<Item = Clash> {
    let all = [&text.opening, &text.closing].into_iter().chain(text.clauses.iter().map(|clause| &clause.text));
    let sentences: Vec<String> = all.flat_map(|text| text.split(['.', '!', '?', ';'])).map(str::to_lowercase).collect();
    let says = |words: &'static [&str]| move |sentence: &&String| words.iter().any(|word| sentence.contains(word));
    let by_use = says(&["by using", "by logging on", "by signing in", "whoever uses", "if you use", "if i use"]);
    let agreement =
        says(&["you agree", "i agree", "we agree", "has agreed", "have agreed", "you accept", "i accept", "accepts "]);
    let agreed_by_use = sentences.iter().any(|sentence| by_use(&sentence) && agreement(&sentence));
    let of_passwords: Vec<&String> = sentences.iter().filter(says(&["password"])).collect();
    let secret =
        says(&["secret", "to nobody", "to no one", "to myself", "to yourself", "not share", "never share", "not tell"]);
    let shared = says(&["share", "tell my password to", "give my password to", "tell your password to"]);
    let is_secret = of_passwords.iter().any(&secret);
    let is_shared = of_passwords.iter().any(|sentence| shared(sentence) && !secret(sentence));
    let found = [(agreed_by_use, Clash::AgreedByUse), (is_secret && is_shared, Clash::SharedPassword)];
    found.into_iter().filter_map(|(is, clash)| is.then_some(clash))
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
            T::Situations,
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
