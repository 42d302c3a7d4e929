//! Search engines and video sites: which may be used, and how their own filters are switched on.
//!
//! Engines offer a second name for their servers that answers with their filter on, whatever the browser asks for: a
//! school connects to that name instead. The encrypted connection is not opened for it.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::str::FromStr;

use belisha_filter::Host;

use crate::profile::Audience;

/// How the people of a profile search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    /// Whether engines answer with their filter on, where they offer that (`REG-D14`).
    pub safe: bool,
    /// What a video site leaves out.
    pub video: VideoRestriction,
    /// The engines that may be used, by name; `None` for any. Of engines that [`engine`] does not know nothing is said
    /// here: lists know them.
    pub engines: Option<Vec<Arc<str>>>,
}

/// What a video site leaves out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum VideoRestriction {
    /// Nothing.
    #[default]
    None,
    /// What it takes to be for adults.
    Moderate,
    /// Whatever it is not sure of, and comments.
    Strict,
}

impl VideoRestriction {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::None, Self::Moderate, Self::Strict];

    /// The name in settings.
    pub fn slug(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Moderate => "moderate",
            Self::Strict => "strict",
        }
    }
}

/// A text that names no restriction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no restriction of videos: none, moderate and strict are")]
pub struct UnknownRestriction;

impl FromStr for VideoRestriction {
    type Err = UnknownRestriction;

    fn from_str(text: &str) -> Result<Self, UnknownRestriction> {
        Self::ALL.into_iter().find(|it| it.slug() == text).ok_or(UnknownRestriction)
    }
}

impl Search {
    /// Pupils search safely and see no videos for adults; nothing is asked of adults.
    pub(crate) fn starter(audience: Audience) -> Self {
        match audience {
            Audience::Pupils => Self { safe: true, video: VideoRestriction::Moderate, engines: None },
            Audience::Staff => Self { safe: false, video: VideoRestriction::None, engines: None },
        }
    }

    /// The name to which a connection to a host goes instead, so that its filter is on.
    pub fn connects_instead(&self, host: &Host) -> Option<&'static str> {
        let engine = engine(host)?;
        match engine.filter {
            Filter::Searches(name) if self.safe => Some(name),
            Filter::Videos { moderate, strict } => match self.video {
                VideoRestriction::None => None,
                VideoRestriction::Moderate => Some(moderate),
                VideoRestriction::Strict => Some(strict),
            },
            Filter::Searches(_) | Filter::Nothing => None,
        }
    }

    /// The engine that a host is, where it is one that may not be used.
    pub fn refuses(&self, host: &Host) -> Option<&'static str> {
        let (engines, engine) = (self.engines.as_ref()?, engine(host)?);
        let is_video = matches!(engine.filter, Filter::Videos { .. });
        (!is_video && !engines.iter().any(|name| **name == *engine.name)).then_some(engine.name)
    }
}

/// A search engine or video site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Engine {
    /// Its name in settings.
    pub name: &'static str,
    hosts: &'static [&'static str],
    filter: Filter,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Filter {
    /// It has none that could be switched on from outside.
    Nothing,
    /// Of what is found.
    Searches(&'static str),
    /// Of videos.
    Videos { moderate: &'static str, strict: &'static str },
}

const GOOGLE: &str = "google";

/// The engines that are known, with the names that their makers publish for schools.
pub const ENGINES: &[Engine] = &[
    // The hosts of every country besides: see `engine`.
    Engine { name: GOOGLE, hosts: &["www.google.com"], filter: Filter::Searches("forcesafesearch.google.com") },
    Engine {
        name: "bing",
        hosts: &["www.bing.com", "bing.com", "edgeservices.bing.com"],
        filter: Filter::Searches("strict.bing.com"),
    },
    Engine {
        name: "duckduckgo",
        hosts: &["duckduckgo.com", "www.duckduckgo.com", "start.duckduckgo.com"],
        filter: Filter::Searches("safe.duckduckgo.com"),
    },
    Engine { name: "ecosia", hosts: &["www.ecosia.org"], filter: Filter::Searches("strict-safe-search.ecosia.org") },
    Engine { name: "pixabay", hosts: &["pixabay.com"], filter: Filter::Searches("safesearch.pixabay.com") },
    Engine {
        name: "youtube",
        hosts: &[
            "www.youtube.com",
            "m.youtube.com",
            "youtubei.googleapis.com",
            "youtube.googleapis.com",
            "www.youtube-nocookie.com",
        ],
        filter: Filter::Videos { moderate: "restrictmoderate.youtube.com", strict: "restrict.youtube.com" },
    },
    Engine {
        name: "yahoo",
        hosts: &["search.yahoo.com", "uk.search.yahoo.com", "images.search.yahoo.com", "uk.images.search.yahoo.com"],
        filter: Filter::Nothing,
    },
    Engine { name: "brave", hosts: &["search.brave.com"], filter: Filter::Nothing },
    Engine { name: "startpage", hosts: &["www.startpage.com", "startpage.com"], filter: Filter::Nothing },
    Engine { name: "qwant", hosts: &["www.qwant.com"], filter: Filter::Nothing },
    Engine { name: "yandex", hosts: &["yandex.com", "www.yandex.com", "ya.ru", "yandex.ru"], filter: Filter::Nothing },
    Engine { name: "baidu", hosts: &["www.baidu.com"], filter: Filter::Nothing },
    Engine { name: "swisscows", hosts: &["swisscows.com"], filter: Filter::Nothing },
    Engine { name: "mojeek", hosts: &["www.mojeek.com", "www.mojeek.co.uk"], filter: Filter::Nothing },
    Engine { name: "kiddle", hosts: &["www.kiddle.co", "www.kiddle.uk"], filter: Filter::Nothing },
];

/// The engine that a host is. Costs a comparison for each host that is known.
pub fn engine(host: &Host) -> Option<&'static Engine> {
    let name = host.as_str();
    let by_name = |engine: &&Engine| engine.hosts.contains(&name);
    ENGINES.iter().find(|engine| (engine.name == GOOGLE && is_google(name)) || by_name(engine))
}

/// Whether a name is that of the engine in any country: `www.google.` and `com`, two letters, or either of `com` and
/// `co` with two letters.
fn is_google(name: &str) -> bool {
    let Some(country) = name.strip_prefix("www.google.") else { return false };
    let of_country = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_lowercase());
    let rest = country.strip_prefix("com.").or_else(|| country.strip_prefix("co.")).unwrap_or(country);
    matches!(country, "com" | "cat") || of_country(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> Host {
        text.parse().expect("a host")
    }

    #[test]
    fn reg_d14_engines_are_asked_for_their_filter() {
        let pupils = Search::starter(Audience::Pupils);
        for (name, instead) in [
            ("www.google.co.uk", Some("forcesafesearch.google.com")),
            ("www.google.de", Some("forcesafesearch.google.com")),
            ("www.google.com.au", Some("forcesafesearch.google.com")),
            ("www.google.com.evil.example", None),
            ("www.google.community", None),
            ("mail.google.com", None),
            ("www.bing.com", Some("strict.bing.com")),
            ("www.youtube.com", Some("restrictmoderate.youtube.com")),
            ("search.brave.com", None),
        ] {
            assert_eq!(pupils.connects_instead(&host(name)), instead, "{name}");
        }
        let strict = Search { video: VideoRestriction::Strict, ..pupils };
        assert_eq!(strict.connects_instead(&host("m.youtube.com")), Some("restrict.youtube.com"));
        assert_eq!(Search::starter(Audience::Staff).connects_instead(&host("www.google.com")), None);
    }

    #[test]
    fn r_029_only_the_engines_that_are_named_may_be_used() {
        let search = Search { engines: Some(["kiddle".into()].to_vec()), ..Search::starter(Audience::Pupils) };
        assert_eq!(search.refuses(&host("www.google.co.uk")), Some("google"));
        assert_eq!(search.refuses(&host("www.kiddle.co")), None);
        assert_eq!(search.refuses(&host("www.youtube.com")), None, "videos are another matter");
        assert_eq!(search.refuses(&host("example.org")), None);
    }
}
