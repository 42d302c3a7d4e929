//! What another proxy is told, which asks of each request whether it may go on.

use std::borrow::Cow;

use belisha_filter::{Authority as Tunnel, Host, Target};
pub use belisha_formats::squid_helper::{Answer, MAX_LINE, Protocol, Question, write};
use belisha_policy::calendar::Moment;
use belisha_policy::{Actor, Policy, Ruling, Verdict, decide};
use chrono::{DateTime, Utc};

use crate::authority::Authority;
use crate::past::Askers;
use crate::rules::Rules;

/// Answers questions by rules and policy, and by the accounts of a school where it has any.
///
/// It says what the proxy would: of a tunnel the host alone is judged, of whoever is not known the address tells. There is
/// nobody to go on after a warning, so that a warning keeps back.
pub struct Answering<'a> {
    rules: &'a Rules,
    policy: &'a Policy,
    askers: Askers<'a>,
    /// The last instant that was asked about, in the calendar: many questions come at once.
    moment: (DateTime<Utc>, Moment<'a>),
}

/// What is said of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// It may go on.
    Go,
    /// It may not; a sentence for whoever asked.
    Stop(Cow<'static, str>),
    /// It is no address, and so may not.
    Unreadable,
}

impl<'a> Answering<'a> {
    /// Answers by these.
    pub fn new(rules: &'a Rules, policy: &'a Policy, authority: &'a Authority) -> Self {
        let never = DateTime::<Utc>::UNIX_EPOCH;
        Self { rules, policy, askers: Askers::new(vec![policy], authority), moment: (never, policy.moment(never)) }
    }

    /// Answers a question that is asked at an instant.
    pub fn answer(&mut self, question: &Question<'_>, at: DateTime<Utc>) -> Said {
        if self.moment.0 != at {
            self.moment = (at, self.policy.moment(at));
        }
        let named = (!question.group.is_empty()).then(|| self.group(question.group));
        let actor = if let Some(actor) = &named {
            actor
        } else {
            let id = self.askers.id(question.user, question.client, at);
            let Some(actor) = self.askers.actor(id) else { return Said::Unreadable };
            actor
        };
        let ruling = if question.is_tunnel() {
            self.tunnel(question, actor)
        } else {
            let Ok(target) = Target::parse(question.url) else { return Said::Unreadable };
            Some(decide(actor, &self.rules.classify(&target), self.policy, &self.moment.1).final_ruling())
        };
        match ruling {
            None => Said::Unreadable,
            Some(ruling) if ruling.verdict() == Verdict::Allow => Said::Go,
            Some(ruling) => Said::Stop(ruling.for_whoever_asked()),
        }
    }

    /// Of the host that Squid connects to and of that which the client names inside, the stricter: one may hide the other.
    fn tunnel(&self, question: &Question<'_>, actor: &Actor) -> Option<Ruling> {
        let tunnel: Tunnel = text(question.url)?.parse().ok()?;
        let ruling = |host: &Host| {
            let findings = self.rules.classify_host_at(host, Some(tunnel.port()));
            decide(actor, &findings, self.policy, &self.moment.1).final_ruling()
        };
        let outside = ruling(tunnel.host());
        if question.sni.is_empty() {
            return Some(outside);
        }
        let inside = ruling(&text(question.sni)?.parse().ok()?);
        Some(if inside.verdict() > outside.verdict() { inside } else { outside })
    }

    /// Somebody of a group that Squid names; where there is no such group, whoever is held to the strictest profile.
    fn group(&self, name: &[u8]) -> Actor {
        text(name).and_then(|name| self.policy.member(name)).unwrap_or_else(|| self.policy.stranger())
    }
}

fn text(bytes: &[u8]) -> Option<&str> {
    core::str::from_utf8(bytes).ok()
}
