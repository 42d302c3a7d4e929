//! What would the proxy say? The answer to `belisha-proxy check`, by the function that the proxy uses.

use std::sync::Arc;

use belisha_filter::{Scheme, Target};

use belisha_policy::calendar::Moment;
use belisha_policy::{Actor, Layer, Members, Policy, Reason, Ruling, SignedIn, Verdict, decide, explain};
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
    /// The answer in sentences, where they are wanted ([`explained`]).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<Explained>,
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
    /// `allow`, `warn` or `block`.
    pub verdict: &'static str,
    /// What the address is about, by slug.
    pub categories: Vec<&'static str>,
    /// Every rule that holds it.
    pub rules: Vec<RuleFound>,
    /// Whether it is open and the access log marks it for those who review.
    pub monitor: bool,
    /// Whether the settings would have the inside of an encrypted connection seen. The proxy does not look into any yet.
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
    /// A group of the settings, some of those who sign in (`year 4`, `class 4A`, `staff`, `role head`), or the address of
    /// a device; `None` where it is none of these. A group goes before members of the same name.
    pub fn named(policy: &Policy, name: &str) -> Option<Self> {
        let group = || policy.member(name.strip_prefix("group ").unwrap_or(name));
        let members = || name.parse::<Members>().ok().map(|members| policy.somebody(&Arc::new(members.example())));
        let device = || name.parse().ok().map(|address| policy.identify(address));
        let actor = group().or_else(members).or_else(device)?;
        Some(Self { actor, name: name.to_string() })
    }

    /// Somebody of the school, as they are when they have signed in.
    pub fn somebody(policy: &Policy, who: &Arc<SignedIn>) -> Self {
        Self { actor: policy.somebody(who), name: format!("user {}", who.user) }
    }

    /// The strictest profile, for when nobody is named.
    pub fn strictest(policy: &Policy) -> Self {
        Self { actor: policy.stranger(), name: format!("{} (the strictest profile)", policy.strictest().name()) }
    }
}

/// Asks about one address, as the proxy would at an instant. An address without a scheme is read as `http://`.
pub fn ask(rules: &Rules, policy: &Policy, who: &Who, url: &str, at: DateTime<Utc>) -> Answer {
    let moment = policy.moment(at);
    let answer = |url: String, result| Answer {
        url,
        who: who.name.clone(),
        at: at.to_rfc3339_opts(SecondsFormat::Secs, true),
        result,
        explanation: None,
    };
    match read(url) {
        Ok(target) => answer(target.to_string(), Finding::Found(found(rules, policy, &who.actor, &target, &moment))),
        Err(error) => answer(url.trim().to_string(), Finding::Unreadable(Unreadable { error })),
    }
}

/// Explains the answer about one address: in a sentence for staff and one for a pupil, and what would have changed it.
///
/// # Errors
/// It is no address.
pub fn explained(rules: &Rules, policy: &Policy, who: &Who, url: &str, at: DateTime<Utc>) -> Result<Explained, String> {
    let (target, moment) = (read(url)?, policy.moment(at));
    // Of an encrypted connection the host alone is seen, and that is what is ruled on.
    let findings = if is_seen_whole(&target) {
        rules.classify(&target)
    } else {
        rules.classify_host_at(target.host(), Some(target.port()))
    };
    let explanation = explain(&who.actor, &findings, policy, &moment);
    Ok(Explained {
        staff: explanation.staff,
        pupil: explanation.pupil,
        otherwise: explanation.otherwise.iter().map(belisha_policy::Otherwise::sentence).collect(),
    })
}

/// An answer in sentences.
#[derive(Clone, Debug, Serialize)]
pub struct Explained {
    /// For staff.
    pub staff: String,
    /// For a pupil.
    pub pupil: &'static str,
    /// What would have changed it, a sentence each.
    pub otherwise: Vec<String>,
}

fn read(url: &str) -> Result<Target, String> {
    let url = url.trim();
    let target = if url.contains("://") { url.parse::<Target>() } else { format!("http://{url}").parse() };
    target.map_err(|error| error.to_string())
}

fn is_seen_whole(target: &Target) -> bool {
    matches!(target.scheme(), Scheme::Http | Scheme::Ws)
}

fn found(rules: &Rules, policy: &Policy, actor: &Actor, target: &Target, moment: &Moment<'_>) -> Found {
    let by_url = decide(actor, &rules.classify(target), policy, moment).final_ruling();
    let ruling = if is_seen_whole(target) {
        by_url.clone()
    } else {
        decide(actor, &rules.classify_host_at(target.host(), Some(target.port())), policy, moment).final_ruling()
    };
    // That a site helps children is no rule of a list: the sentence says it.
    let is_listed = |reason: &&Reason| reason.layer() != Layer::Help;
    let seen = ruling.reasons().iter().filter(is_listed);
    let mut rules: Vec<RuleFound> = seen.map(|reason| rule(reason, reason.layer().slug())).collect();
    let unseen = by_url.reasons().iter().filter(is_listed).filter(|reason| !ruling.reasons().contains(reason));
    rules.extend(unseen.clone().map(|reason| rule(reason, UNSEEN)));
    let mut categories = ruling.categories();
    categories.extend(by_url.categories());
    categories.sort_unstable();
    categories.dedup();
    Found {
        verdict: ruling.verdict().slug(),
        categories: categories.into_iter().map(belisha_policy::Category::slug).collect(),
        rules,
        monitor: ruling.is_monitored(),
        inspect: !is_seen_whole(target) && ruling.inspects(),
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
        (Verdict::Allow, Verdict::Warn | Verdict::Block) => {
            format!("Allowed, because the connection is encrypted and only the host is seen. In the clear: {by_url}")
        }
        (seen, whole) if whole < seen => {
            format!("{ruling} A path of it is vouched for, and the path cannot be seen in an encrypted connection.")
        }
        _ => format!("{ruling} In the clear: {by_url}"),
    }
}

impl Answer {
    /// The answer for a person at a terminal.
    pub fn to_text(&self) -> String {
        let sentences: Vec<String> = match &self.explanation {
            Some(explanation) => {
                let told = format!("A pupil would be told: {}", explanation.pupil);
                [explanation.staff.clone(), told].into_iter().chain(explanation.otherwise.iter().cloned()).collect()
            }
            None => Vec::new(),
        };
        match &self.result {
            Finding::Found(found) if sentences.is_empty() => {
                format!("{:<6} {}\n       {}", found.verdict, self.url, found.reason)
            }
            Finding::Found(found) => {
                format!("{:<6} {}\n       {}", found.verdict, self.url, sentences.join("\n       "))
            }
            Finding::Unreadable(unreadable) => format!("error  {}\n       {}", self.url, unreadable.error),
        }
    }
}
