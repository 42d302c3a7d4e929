//! What is said of a request.

use std::collections::HashMap;
use std::sync::Arc;

use ahash::RandomState;
use belisha_filter::{Host, Target};
use belisha_formats::access_log::LogLine;
use belisha_policy::{Actor, Policy, Replayed, Ruling, Verdict, decide};
use chrono::{DateTime, Utc};

use super::asking::{AskerId, Askers};
use super::web::{HostId, Hosts, Web};
use crate::rules::Rules;

/// Rulings that are remembered; when there are more, all are forgotten.
const KEPT: usize = 1 << 16;

/// What was said of a request.
#[derive(Debug)]
pub(crate) struct Judged {
    /// Whether the access log keeps the query.
    pub(crate) keeps_queries: bool,
    /// The ruling, as records and reports take it.
    pub(crate) said: Replayed,
}

impl Judged {
    fn new(ruling: &Ruling, ruleset: u64) -> Self {
        Self { keeps_queries: ruling.keeps_queries(), said: Replayed::new(ruling, ruleset) }
    }

    pub(crate) fn verdict(&self) -> Verdict {
        self.said.verdict
    }
}

/// Asks `decide`, of each host and asker once a second: to one policy they are the same request.
pub(crate) struct Judge<'a> {
    rules: &'a Rules,
    policy: &'a Policy,
    ruleset: u64,
    said: HashMap<(AskerId, HostId), (i64, Arc<Judged>), RandomState>,
    generation: (u32, u32),
}

impl<'a> Judge<'a> {
    pub(crate) fn new(rules: &'a Rules, policy: &'a Policy) -> Self {
        let ruleset = rules.fingerprint();
        Self { rules, policy, ruleset, said: HashMap::default(), generation: (0, 0) }
    }

    /// What is remembered holds as long as this does not change.
    fn follow(&mut self, generation: (u32, u32)) {
        if self.generation != generation {
            self.said.clear();
            self.generation = generation;
        }
    }

    /// What is said of a line's request, and whose it is. Nothing, where what it asks for is no address.
    pub(crate) fn line(
        &mut self,
        askers: &mut Askers<'_>,
        hosts: &mut Hosts,
        line: &LogLine<'_>,
        at: DateTime<Utc>,
    ) -> (Option<Arc<Judged>>, AskerId) {
        let asker = askers.id(line, at);
        let web = Web::of(line);
        let id = web.and_then(|web| hosts.id(&web));
        self.follow((askers.generation(), hosts.generation()));
        let Some(actor) = askers.get(asker).map(|asker| &asker.actor) else { return (None, asker) };
        let judged = match web {
            Some(web) if web.is_plain => target(line.url.as_bytes(), &web).map(|target| self.whole(actor, &target, at)),
            _ => id.and_then(|id| Some(self.host((asker, actor), (id, hosts.get(id)?), at))),
        };
        (judged, asker)
    }

    /// What is said of a request that the proxy would see whole.
    fn whole(&self, actor: &Actor, target: &Target, at: DateTime<Utc>) -> Arc<Judged> {
        let ruling = decide(actor, &self.rules.classify(target), self.policy, &self.policy.moment(at)).final_ruling();
        Arc::new(Judged::new(&ruling, self.ruleset))
    }

    /// What is said of a request of which the proxy would see the host alone.
    fn host(
        &mut self,
        (asker, actor): (AskerId, &Actor),
        (id, host): (HostId, &Host),
        at: DateTime<Utc>,
    ) -> Arc<Judged> {
        let second = at.timestamp();
        if let Some((then, judged)) = self.said.get(&(asker, id))
            && *then == second
        {
            return judged.clone();
        }
        let moment = self.policy.moment(at);
        let ruling = decide(actor, &self.rules.classify_host(host), self.policy, &moment).final_ruling();
        let judged = Arc::new(Judged::new(&ruling, self.ruleset));
        if self.said.len() >= KEPT {
            self.said.clear();
        }
        self.said.insert((asker, id), (second, judged.clone()));
        judged
    }
}

/// The whole address of a request, where it is one.
fn target(url: &[u8], web: &Web<'_>) -> Option<Target> {
    if memchr::memmem::find(url, b"://").is_some() {
        return Target::parse(url).ok();
    }
    Target::parse(&[web.scheme.as_bytes(), b"://", url].concat()).ok()
}
