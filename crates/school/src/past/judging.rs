//! What is said of a request.

use std::collections::HashMap;
use std::sync::Arc;

use ahash::RandomState;
use belisha_filter::{Findings, Host, Target};
use belisha_formats::access_log::LogLine;
use belisha_policy::{Actor, Category, Policy, Reason, Replayed, Ruling, Verdict, decide};
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
    /// What the rule that decided is about.
    pub(crate) about: Option<Category>,
    /// The ruling, as records and reports take it.
    pub(crate) said: Replayed,
}

impl Judged {
    fn new(ruling: &Ruling, ruleset: u64) -> Self {
        let about = ruling.decisive().find_map(Reason::category);
        Self { keeps_queries: ruling.keeps_queries(), about, said: Replayed::new(ruling, ruleset) }
    }

    pub(crate) fn verdict(&self) -> Verdict {
        self.said.verdict
    }
}

/// In which second, and what each policy said then.
type Said = (i64, Arc<[Judged]>);

/// Asks `decide` under each policy, of each host and asker once a second: to a policy they are the same request.
pub(crate) struct Judge<'a> {
    rules: &'a Rules,
    policies: Vec<&'a Policy>,
    ruleset: u64,
    said: HashMap<(AskerId, HostId), Said, RandomState>,
    generation: (u32, u32),
}

impl<'a> Judge<'a> {
    pub(crate) fn new(rules: &'a Rules, policies: Vec<&'a Policy>) -> Self {
        let ruleset = rules.fingerprint();
        Self { rules, policies, ruleset, said: HashMap::default(), generation: (0, 0) }
    }

    /// What each policy says of a line's request, and whose it is. Nothing, where what it asks for is no address.
    pub(crate) fn line(
        &mut self,
        askers: &mut Askers<'_>,
        hosts: &mut Hosts,
        line: &LogLine<'_>,
        at: DateTime<Utc>,
    ) -> Line {
        let id = askers.id(line, at);
        let web = Web::of(line);
        let host = web.and_then(|web| hosts.id(&web));
        // What is remembered holds as long as numbers mean what they did.
        let generation = (askers.generation(), hosts.generation());
        if self.generation != generation {
            self.said.clear();
            self.generation = generation;
        }
        let judged = askers.get(id).and_then(|asker| match web {
            Some(web) if web.is_plain => {
                let target = target(line.url.as_bytes(), &web)?;
                Some(self.ask(&asker.actors, &self.rules.classify(&target), at))
            }
            _ => Some(self.host((id, &asker.actors), (host?, hosts.get(host?)?), at)),
        });
        Line { asker: id, host, judged }
    }

    /// What is said of a request of which the proxy would see the host alone.
    fn host(
        &mut self,
        (asker, actors): (AskerId, &[Actor]),
        (id, host): (HostId, &Host),
        at: DateTime<Utc>,
    ) -> Arc<[Judged]> {
        let second = at.timestamp();
        if let Some((then, judged)) = self.said.get(&(asker, id))
            && *then == second
        {
            return judged.clone();
        }
        let judged = self.ask(actors, &self.rules.classify_host(host), at);
        if self.said.len() >= KEPT {
            self.said.clear();
        }
        self.said.insert((asker, id), (second, judged.clone()));
        judged
    }

    fn ask(&self, actors: &[Actor], findings: &Findings<'_, Vec<u8>>, at: DateTime<Utc>) -> Arc<[Judged]> {
        let said = self.policies.iter().zip(actors).map(|(policy, actor)| {
            let ruling = decide(actor, findings, policy, &policy.moment(at)).final_ruling();
            Judged::new(&ruling, self.ruleset)
        });
        said.collect()
    }
}

/// What was found of a line.
pub(crate) struct Line {
    pub(crate) asker: AskerId,
    pub(crate) host: Option<HostId>,
    /// What each policy says.
    pub(crate) judged: Option<Arc<[Judged]>>,
}

/// The whole address of a request, where it is one.
fn target(url: &[u8], web: &Web<'_>) -> Option<Target> {
    if memchr::memmem::find(url, b"://").is_some() {
        return Target::parse(url).ok();
    }
    Target::parse(&[web.scheme.as_bytes(), b"://", url].concat()).ok()
}
