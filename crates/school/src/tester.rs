//! What would the proxy say? The answer to `belisha-proxy check`, by the function that the proxy uses.

use belisha_filter::{Scheme, Target};
use belisha_policy::{Actor, Policy, Reason, Ruling, Verdict, decide};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::rules::Rules;

/// The answer about one address, in the shape of `check --json`.
#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    /// The address as it was asked, or its canonical form where it has one.
    pub url: String,
    /// Who was asked for.
    pub who: String,
    /// When.
    pub at: String,
    /// What was found, or why nothing could be.
    #[serde(flatten)]
    pub result: Finding,
}

/// What was found about an address.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Finding {
    /// What the proxy would do.
    Found(Found),
    /// It is no address.
    Unreadable(Unreadable),
}

/// What the proxy would do.
#[derive(Clone, Debug, Serialize)]
pub struct Found {
    /// `allow` or `block`.
    pub verdict: &'static str,
    /// What the address is about, by slug.
    pub categories: Vec<&'static str>,
    /// Every rule that holds it.
    pub rules: Vec<RuleFound>,
    /// Whether what is read there is watched for worrying words. It is not: nothing scans text yet.
    pub monitor: bool,
    /// Whether the inside of an encrypted connection is seen. It is not: inspection does not exist yet.
    pub inspect: bool,
    /// One sentence for staff.
    pub reason: String,
}

/// One rule that holds an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleFound {
    /// Whose list.
    pub source: String,
    /// The list.
    pub list: String,
    /// The rule.
    pub entry: String,
    /// The category; `null` for a list that nobody has mapped.
    pub category: Option<&'static str>,
    /// Where it speaks: `locked`, `vouched`, `profile`, `no-action`; `unseen` for a rule about a path that the proxy
    /// does not see, because the connection is encrypted.
    pub layer: &'static str,
}

/// An address that is none.
#[derive(Clone, Debug, Serialize)]
pub struct Unreadable {
    /// Why.
    pub error: String,
}

const UNSEEN: &str = "unseen";

/// Whom an answer is for.
#[derive(Clone, Debug)]
pub struct Who {
    actor: Actor,
    name: String,
}

impl Who {
    /// A group of the settings, or the address of a device; `None` where it is neither.
    pub fn named(policy: &Policy, name: &str) -> Option<Self> {
        let actor = policy.member(name).or_else(|| Some(policy.identify(name.parse().ok()?)))?;
        Some(Self { actor, name: name.to_string() })
    }

    /// The strictest profile, for when nobody is named.
    pub fn strictest(policy: &Policy) -> Self {
        Self { actor: policy.stranger(), name: format!("{} (the strictest profile)", policy.strictest().name()) }
    }
}

/// Asks about one address, as the proxy would at this moment. An address without a scheme is read as `http://`.
pub fn ask(rules: &Rules, policy: &Policy, who: &Who, url: &str, at: DateTime<Utc>) -> Answer {
    let url = url.trim();
    let target = if url.contains("://") { url.parse::<Target>() } else { format!("http://{url}").parse() };
    let answer = |url: String, result| Answer {
        url,
        who: who.name.clone(),
        at: at.to_rfc3339_opts(SecondsFormat::Secs, true),
        result,
    };
    match target {
        Ok(target) => answer(target.to_string(), Finding::Found(found(rules, policy, &who.actor, &target))),
        Err(error) => answer(url.to_string(), Finding::Unreadable(Unreadable { error: error.to_string() })),
    }
}

fn found(rules: &Rules, policy: &Policy, actor: &Actor, target: &Target) -> Found {
    let seen_whole = matches!(target.scheme(), Scheme::Http | Scheme::Ws);
    let by_url = decide(actor, &rules.classify(target), policy).final_ruling();
    let ruling = if seen_whole {
        by_url.clone()
    } else {
        decide(actor, &rules.classify_host(target.host()), policy).final_ruling()
    };
    let mut rules: Vec<RuleFound> = ruling.reasons().iter().map(|reason| rule(reason, reason.layer().slug())).collect();
    let unseen = by_url.reasons().iter().filter(|reason| !ruling.reasons().contains(reason));
    rules.extend(unseen.clone().map(|reason| rule(reason, UNSEEN)));
    let mut categories = ruling.categories();
    categories.extend(by_url.categories());
    categories.sort_unstable();
    categories.dedup();
    Found {
        verdict: ruling.verdict().slug(),
        categories: categories.into_iter().map(belisha_policy::Category::slug).collect(),
        rules,
        monitor: false,
        inspect: false,
        reason: reason(&ruling, &by_url),
    }
}

fn rule(reason: &Reason, layer: &'static str) -> RuleFound {
    RuleFound {
        source: reason.source().to_string(),
        list: reason.list().to_string(),
        entry: reason.entry().to_string(),
        category: reason.category().map(belisha_policy::Category::slug),
        layer,
    }
}

fn reason(ruling: &Ruling, by_url: &Ruling) -> String {
    match (ruling.verdict(), by_url.verdict()) {
        (seen, whole) if seen == whole => ruling.to_string(),
        (_, Verdict::Block) => {
            format!("Allowed, because the connection is encrypted and only the host is seen. In the clear: {by_url}")
        }
        (_, Verdict::Allow) => {
            format!("{ruling} A path of it is vouched for, and the path cannot be seen in an encrypted connection.")
        }
    }
}

impl Answer {
    /// The answer for a person at a terminal.
    pub fn to_text(&self) -> String {
        match &self.result {
            Finding::Found(found) => format!("{:<6} {}\n       {}", found.verdict, self.url, found.reason),
            Finding::Unreadable(unreadable) => format!("error  {}\n       {}", self.url, unreadable.error),
        }
    }
}
