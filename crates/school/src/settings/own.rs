//! What the school has set for somebody, as it is written: exceptions, approved systems, other profiles for a while.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use belisha_filter::Rule;
use belisha_policy::calendar::Calendar;
use belisha_policy::{
    ApprovedSystem, Audience, Category, Exception, Policy, Variation, Verdict, Who, is_help_in_whole,
};
use serde::{Deserialize, Serialize};

use super::Fault;
use super::dates::WrittenInstant;
use super::names::one_of;
use super::places::Places;
use super::times::{WrittenTimes, when};
use crate::trust::KeptShut;

/// An exception, as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenException {
    /// What it is called.
    pub name: String,
    /// For whom.
    pub who: Vec<String>,
    /// The sites.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sites: Vec<String>,
    /// The categories.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub categories: BTreeSet<String>,
    /// What becomes of them: `allow`, `warn` or `block`; `allow` where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<String>,
    /// At which times, by their names; always where none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub times: Vec<String>,
    /// From when on.
    pub from: WrittenInstant,
    /// Until when: a day ends with itself.
    pub until: WrittenInstant,
    /// What it is for.
    pub purpose: String,
    /// Who decided it.
    pub by: String,
}

/// A system that the school approved, as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenApproved {
    /// What it is called.
    pub name: String,
    /// Where it is.
    pub sites: Vec<String>,
    /// For whom; everyone where nobody is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub who: Vec<String>,
}

/// Another profile for some, as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenVariation {
    /// What it is called.
    pub name: String,
    /// For whom.
    pub who: Vec<String>,
    /// At which places.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<String>,
    /// On which devices.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<String>,
    /// At which times, by their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub times: Vec<String>,
    /// From when on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<WrittenInstant>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<WrittenInstant>,
    /// The profile.
    pub profile: String,
    /// What it is for.
    pub purpose: String,
}

/// What the school has set for somebody, and what it needs to be understood.
pub(super) struct Own<'a> {
    pub(super) exceptions: &'a [WrittenException],
    pub(super) approved: &'a [WrittenApproved],
    pub(super) variations: &'a [WrittenVariation],
    pub(super) help_sites: &'a BTreeSet<String>,
    pub(super) times: &'a BTreeMap<String, WrittenTimes>,
    pub(super) calendar: &'a Calendar,
    pub(super) at: &'a Places,
}

/// For whom a trust keeps a category shut, where it does so for anybody.
pub(super) type KeepsShut<'a> = &'a dyn Fn(Category) -> Option<Audience>;

/// The names under which these are remembered in [`Places`].
pub(super) fn among(what: &str, name: &str) -> String {
    format!("[{what}]\n{name}")
}

pub(super) const EXCEPTIONS: &str = "exceptions";
pub(super) const APPROVED: &str = "approved";
pub(super) const VARIATIONS: &str = "variations";
pub(super) const HELP: &str = "help_sites";

impl Own<'_> {
    /// The policy with all of it.
    pub(super) fn add_to(
        &self,
        policy: Policy,
        (keeps_shut, kept_shut): (KeepsShut<'_>, &mut Vec<KeptShut>),
    ) -> Result<Policy, Fault> {
        let help = self.help_sites.iter().map(|text| site(text).map_err(|error| (self.at.find(HELP, text), error)));
        let mut policy = policy.with_help_sites(help.collect::<Result<_, Fault>>()?);
        // One after the other, so that what is wrong is said in its own line.
        let mut exceptions = Vec::new();
        for written in self.exceptions {
            let mut exception = self.exception(written)?;
            let shut = exception.categories.iter().filter(|_| exception.verdict < Verdict::Block);
            let shut: Vec<_> = shut.filter_map(|it| Some((it, keeps_shut(it)?))).collect();
            for (category, audience) in shut {
                exception.categories = exception.categories.without(category);
                kept_shut.push(KeptShut { what: format!("exception {}", written.name), category, audience });
            }
            if exception.sites.is_empty() && exception.categories.is_empty() && !written.categories.is_empty() {
                continue;
            }
            exceptions.push(exception);
            policy = policy
                .with_exceptions(exceptions.clone())
                .map_err(|error| self.fault(EXCEPTIONS, &written.name, &error))?;
        }
        let mut approved = Vec::new();
        for written in self.approved {
            approved.push(self.approved(written)?);
            policy =
                policy.with_approved(approved.clone()).map_err(|error| self.fault(APPROVED, &written.name, &error))?;
        }
        let mut variations = Vec::new();
        for written in self.variations {
            variations.push(self.variation(written)?);
            let with = policy.with_variations(variations.clone());
            policy = with.map_err(|error| self.fault(VARIATIONS, &written.name, &error))?;
        }
        Ok(policy)
    }

    fn fault(&self, what: &str, name: &str, error: &dyn Display) -> Fault {
        (self.at.of(&among(what, name)), error.to_string())
    }

    /// A fault about a text of one of these.
    fn about(&self, what: &str, name: &str, text: &str, error: &dyn Display) -> Fault {
        (self.at.find(&among(what, name), text), error.to_string())
    }

    fn who(&self, what: &str, name: &str, who: &[String]) -> Result<Vec<Who>, Fault> {
        who.iter()
            .map(|text| text.parse().map_err(|error: belisha_policy::UnknownWho| self.about(what, name, text, &error)))
            .collect()
    }

    fn sites(&self, what: &str, name: &str, sites: &[String]) -> Result<Vec<Rule<'static>>, Fault> {
        sites.iter().map(|text| site(text).map_err(|error| self.about(what, name, text, &error))).collect()
    }

    fn exception(&self, written: &WrittenException) -> Result<Exception, Fault> {
        let name = &written.name;
        let category =
            |slug: &String| slug.parse::<Category>().map_err(|error| self.about(EXCEPTIONS, name, slug, &error));
        let verdict = match &written.verdict {
            None => Verdict::Allow,
            Some(text) => Verdict::ALL.into_iter().find(|it| it.slug() == text).ok_or_else(|| {
                let message = one_of("verdict", text, Verdict::ALL.iter().map(|it| it.slug()));
                self.about(EXCEPTIONS, name, text, &message)
            })?,
        };
        let sites = self.sites(EXCEPTIONS, name, &written.sites)?;
        let helps = |site: &&Rule<'static>| site.host_name().parse().is_ok_and(|host| is_help_in_whole(&host));
        if let Some(help) = sites.iter().find(helps).filter(|_| verdict > Verdict::Allow) {
            let message = format!("{help} helps children, and is open to everyone: leave it out");
            return Err(self.about(EXCEPTIONS, name, help.host_name(), &message));
        }
        Ok(Exception {
            name: name.as_str().into(),
            who: self.who(EXCEPTIONS, name, &written.who)?,
            sites,
            categories: written.categories.iter().map(category).collect::<Result<_, _>>()?,
            verdict,
            when: self.when(EXCEPTIONS, name, &written.times)?,
            from: written.from.beginning(),
            until: written.until.end(),
            purpose: written.purpose.as_str().into(),
            by: written.by.as_str().into(),
        })
    }

    fn approved(&self, written: &WrittenApproved) -> Result<ApprovedSystem, Fault> {
        let name = &written.name;
        let who = self.who(APPROVED, name, &written.who)?;
        Ok(ApprovedSystem {
            name: name.as_str().into(),
            sites: self.sites(APPROVED, name, &written.sites)?,
            who: if who.is_empty() { vec![Who::Everyone] } else { who },
        })
    }

    fn variation(&self, written: &WrittenVariation) -> Result<Variation, Fault> {
        let name = &written.name;
        let shared = |texts: &[String]| texts.iter().map(|text| text.as_str().into()).collect();
        Ok(Variation {
            name: name.as_str().into(),
            who: self.who(VARIATIONS, name, &written.who)?,
            places: shared(&written.places),
            devices: shared(&written.devices),
            when: self.when(VARIATIONS, name, &written.times)?,
            from: written.from.map(WrittenInstant::beginning),
            until: written.until.map(WrittenInstant::end),
            profile: written.profile.as_str().into(),
            purpose: written.purpose.as_str().into(),
        })
    }

    fn when(&self, what: &str, name: &str, times: &[String]) -> Result<belisha_policy::When, Fault> {
        let first = times.first().map_or("", String::as_str);
        when(times, self.times, self.calendar).map_err(|error| self.about(what, name, first, &error))
    }
}

/// A site: `example.org` with all below it, `full:example.org` alone, `example.org/path`.
fn site(text: &str) -> Result<Rule<'static>, String> {
    let bare = ["https://", "http://"].iter().find_map(|scheme| text.strip_prefix(scheme)).unwrap_or(text);
    let bare = bare.strip_suffix('/').unwrap_or(bare);
    let rule = Rule::from_normalised(bare).map(Rule::into_owned);
    rule.map_err(|error| format!("{text:?} is no site such as \"example.org\" or \"example.org/path\": {error}"))
}

/// In plain English, what others would change in some that have names.
pub(super) fn changes<T: PartialEq>(
    what: &str,
    now: &[T],
    then: &[T],
    describe: impl Fn(&T) -> (String, String),
    to: &mut Vec<String>,
) {
    for gone in now.iter().filter(|it| !then.contains(it)) {
        let (name, _) = describe(gone);
        if !then.iter().any(|it| describe(it).0 == name) {
            to.push(format!("{what} {name:?} goes"));
        }
    }
    for new in then.iter().filter(|it| !now.contains(it)) {
        let (name, said) = describe(new);
        let verb = if now.iter().any(|it| describe(it).0 == name) { "changes to" } else { "is new" };
        to.push(format!("{what} {name:?} {verb}: {said}"));
    }
}

impl WrittenException {
    pub(super) fn describe(&self) -> (String, String) {
        let what: Vec<&str> = self.sites.iter().chain(&self.categories).map(String::as_str).collect();
        let verdict = self.verdict.as_deref().unwrap_or("allow");
        let said = format!("{verdict} {} for {} until {}", what.join(", "), self.who.join(", "), self.until);
        (self.name.clone(), said)
    }
}

impl WrittenApproved {
    pub(super) fn describe(&self) -> (String, String) {
        let who = if self.who.is_empty() { "everyone".into() } else { self.who.join(", ") };
        (self.name.clone(), format!("{} for {who}", self.sites.join(", ")))
    }
}

impl WrittenVariation {
    pub(super) fn describe(&self) -> (String, String) {
        let mut said = vec![format!("the profile {} for {}", self.profile, self.who.join(", "))];
        if !self.places.is_empty() {
            said.push(format!("at {}", self.places.join(", ")));
        }
        if !self.times.is_empty() {
            said.push(self.times.join(", "));
        }
        said.extend(self.until.map(|until| format!("until {until}")));
        (self.name.clone(), said.join(", "))
    }
}
