//! What is said of a request.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use ahash::RandomState;
use belisha_filter::{AlignedBytes, Findings, Host, Target};
use belisha_formats::access_log::LogLine;
use belisha_policy::{Actor, Category, Policy, Reason, Replayed, Verdict, decide};
use chrono::{DateTime, TimeDelta, Utc};

use super::asking::{AskerId, Askers};
use super::web::{HostId, Hosts, Web};
use crate::rules::Rules;

/// Rulings that are remembered, some 50 bytes each; when there are more, all are forgotten.
const KEPT: usize = 1 << 18;

/// The port of nearly all connections of which the host alone is seen. Rulings about it are remembered.
const USUAL_PORT: u16 = 443;

/// Stretches of time that are remembered. Lines of a log are nearly in order: two meet where one begins, three where a long
/// tunnel is told of at its end.
const STRETCHES: usize = 4;

const ALMOST_A_SECOND: TimeDelta = TimeDelta::nanoseconds(999_999_999);

/// What was said of a request.
#[derive(Debug)]
pub(crate) struct Judged {
    /// Whether the access log keeps the query.
    pub(crate) keeps_queries: bool,
    /// What the rule that decided is about.
    pub(crate) about: Option<Category>,
    /// The ruling, as records and reports take it.
    pub(crate) said: Arc<Replayed>,
}

impl Judged {
    pub(crate) fn verdict(&self) -> Verdict {
        self.said.verdict
    }
}

/// In which stretch of time, and what each policy said then.
type Said = (Stretch, Arc<[Judged]>);

/// The second in which a stretch of time begins in which no policy changes its mind.
type Stretch = i64;

/// Asks `decide` under each policy, of each host and asker once in each stretch of time in which nothing of a policy begins
/// or ends to hold: to a policy they are the same request.
pub(crate) struct Judge<'a> {
    rules: &'a Rules,
    policies: Vec<&'a Policy>,
    ruleset: u64,
    said: HashMap<(AskerId, HostId), Said, RandomState>,
    /// From and to which second the last of them are.
    stretches: VecDeque<Range<i64>>,
    /// Rulings that are alike are one: their hash, and them.
    alike: HashMap<u64, Vec<Arc<Replayed>>, RandomState>,
    hasher: RandomState,
    generation: (u32, u32),
}

impl<'a> Judge<'a> {
    pub(crate) fn new(rules: &'a Rules, policies: Vec<&'a Policy>) -> Self {
        let ruleset = rules.fingerprint();
        Self {
            rules,
            policies,
            ruleset,
            said: HashMap::default(),
            stretches: VecDeque::new(),
            alike: HashMap::default(),
            hasher: RandomState::new(),
            generation: (0, 0),
        }
    }

    /// What each policy says of a line's request, and whose it is. Nothing, where what it asks for is no address.
    pub(crate) fn line<'l>(
        &mut self,
        askers: &mut Askers<'_>,
        hosts: &mut Hosts,
        line: &LogLine<'l>,
        at: DateTime<Utc>,
    ) -> Line<'l> {
        let id = askers.id(line.user.as_bytes(), line.address, at);
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
                let rules = self.rules;
                Some(self.ask(&asker.actors, &rules.classify(&target), at))
            }
            _ => {
                let host = host?;
                Some(self.host((id, &asker.actors), (host, hosts.get(host)?, web?.port), at))
            }
        });
        Line { asker: id, web, host, judged }
    }

    /// What is said of a request of which the proxy would see the host alone.
    fn host(
        &mut self,
        (asker, actors): (AskerId, &[Actor]),
        (id, host, port): (HostId, &Host, u16),
        at: DateTime<Utc>,
    ) -> Arc<[Judged]> {
        let rules = self.rules;
        if port != USUAL_PORT {
            // Few, and a rule may be about the port.
            return self.ask(actors, &rules.classify_host_at(host, Some(port)), at);
        }
        let stretch = self.stretch(at);
        if let Some((then, judged)) = self.said.get(&(asker, id))
            && *then == stretch
        {
            return judged.clone();
        }
        let judged = self.ask(actors, &rules.classify_host_at(host, Some(port)), at);
        if self.said.len() >= KEPT {
            self.said.clear();
        }
        self.said.insert((asker, id), (stretch, judged.clone()));
        judged
    }

    /// In which stretch of time an instant is.
    fn stretch(&mut self, at: DateTime<Utc>) -> Stretch {
        let second = at.timestamp();
        if let Some(seconds) = self.stretches.iter().find(|seconds| seconds.contains(&second)) {
            return seconds.start;
        }
        let steady = self.policies.iter().map(|policy| policy.steady_around(&policy.moment(at)));
        // Edges are whole seconds: where one is not, the second it is in belongs to no stretch but its own.
        let seconds = steady.map(|steady| (steady.start + ALMOST_A_SECOND).timestamp()..steady.end.timestamp());
        let mut seconds = seconds.fold(i64::MIN..i64::MAX, |all, one| all.start.max(one.start)..all.end.min(one.end));
        if !seconds.contains(&second) {
            seconds = second..second + 1;
        }
        let stretch = seconds.start;
        self.stretches.truncate(STRETCHES - 1);
        self.stretches.push_front(seconds);
        stretch
    }

    fn ask(&mut self, actors: &[Actor], findings: &Findings<'_, AlignedBytes>, at: DateTime<Utc>) -> Arc<[Judged]> {
        let Self { policies, ruleset, alike, hasher, .. } = self;
        let said = policies.iter().zip(actors).map(|(policy, actor)| {
            let ruling = decide(actor, findings, policy, &policy.moment(at)).final_ruling();
            let about = ruling.decisive().find_map(Reason::category);
            let said = one(alike, hasher, Replayed::new(&ruling, *ruleset));
            Judged { keeps_queries: ruling.keeps_queries(), about, said }
        });
        said.collect()
    }
}

/// The one of all rulings that are alike.
fn one(
    alike: &mut HashMap<u64, Vec<Arc<Replayed>>, RandomState>,
    hasher: &RandomState,
    said: Replayed,
) -> Arc<Replayed> {
    let hash = hasher.hash_one((said.verdict, &said.profile, &said.rules));
    if alike.len() >= KEPT {
        alike.clear();
    }
    let those = alike.entry(hash).or_default();
    if let Some(known) = those.iter().find(|known| ***known == said) {
        return known.clone();
    }
    let said = Arc::new(said);
    those.push(said.clone());
    said
}

/// What was found of a line.
pub(crate) struct Line<'l> {
    pub(crate) asker: AskerId,
    pub(crate) web: Option<Web<'l>>,
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
