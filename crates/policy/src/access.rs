//! One line of the access log, as a value.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;

use chrono::{DateTime, Utc};

use crate::actor::{Actor, Attribution};
use crate::category::Category;
use crate::decide::{Reason, Ruling, Verdict};

/// Which part of a request a record tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Phase {
    /// All of it: decided, answered, its length known.
    Whole = 1,
    /// Its beginning: a tunnel opened, or an answer begun whose length is not known.
    Opened = 2,
    /// Its end, with the bytes that went through. Not another request.
    Closed = 3,
}

impl Phase {
    /// The name in logs and exports.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Opened => "opened",
            Self::Closed => "closed",
        }
    }
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Outcome {
    /// It went to the origin.
    Allowed = 1,
    /// The policy blocked it.
    Blocked = 2,
    /// It was refused before the policy was asked, or against it: malformed, a forbidden address, a tunnel whose
    /// inside is not what its outside said.
    Refused = 3,
    /// The origin could not be reached.
    Failed = 4,
    /// Whoever asked was warned, and had not gone on yet.
    Warned = 5,
    /// It went to the origin, and its category is one that the profile has marked.
    Monitored = 6,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Allowed, Self::Blocked, Self::Refused, Self::Failed, Self::Warned, Self::Monitored];

    /// The name in logs and exports.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Blocked => "blocked",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Warned => "warned",
            Self::Monitored => "monitored",
        }
    }
}

impl From<Verdict> for Outcome {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Allow => Self::Allowed,
            Verdict::Warn => Self::Warned,
            Verdict::Block => Self::Blocked,
        }
    }
}

impl From<&Ruling> for Outcome {
    fn from(ruling: &Ruling) -> Self {
        if ruling.is_monitored() { Self::Monitored } else { ruling.verdict().into() }
    }
}

/// Whether somebody went to a page, or a page fetched something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Navigation {
    /// Somebody went there: the browser says so.
    Navigation = 1,
    /// A page fetched it.
    SubResource = 2,
    /// Nothing tells.
    Unknown = 3,
}

impl Navigation {
    /// The name in logs and exports.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Navigation => "navigation",
            Self::SubResource => "sub-resource",
            Self::Unknown => "unknown",
        }
    }
}

/// Which rule of which list.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleRef {
    /// Whose list.
    pub source: Box<str>,
    /// The list.
    pub list: Box<str>,
    /// The rule.
    pub entry: Box<str>,
}

impl From<&Reason> for RuleRef {
    fn from(reason: &Reason) -> Self {
        Self { source: reason.source().into(), list: reason.list().into(), entry: reason.entry().into() }
    }
}

/// What today's or other rules would say of a request that was ruled on before. It never replaces what was observed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// What they would say.
    pub verdict: Verdict,
    /// The profile that was applied.
    pub profile: Arc<str>,
    /// What the target is about, as they see it.
    pub categories: Vec<Category>,
    /// Their rules that hold the target, those that decide first.
    pub rules: Vec<RuleRef>,
    /// The fingerprint of the ruleset that was asked.
    pub ruleset: u64,
}

impl Replayed {
    /// What a ruling by the ruleset of this fingerprint says.
    pub fn new(ruling: &Ruling, ruleset: u64) -> Self {
        Self {
            verdict: ruling.verdict(),
            profile: ruling.profile().clone(),
            categories: ruling.categories(),
            rules: ruling.reasons().iter().map(RuleRef::from).collect(),
            ruleset,
        }
    }
}

/// One line of the access log. Queries hold what people typed: one is in it only where the profile keeps them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRecord {
    /// When the request came.
    pub at: DateTime<Utc>,
    /// Which part of it this tells of.
    pub phase: Phase,
    /// The group, where the address told it.
    pub group: Option<Arc<str>>,
    /// The person, where the address told it.
    pub person: Option<Arc<str>>,
    /// How sure that is.
    pub attribution: Attribution,
    /// The address of the device.
    pub address: IpAddr,
    /// The name of the device, where the address told it.
    pub device: Option<Arc<str>>,
    /// Where it is.
    pub place: Option<Arc<str>>,
    /// The method, `CONNECT` for tunnels.
    pub method: Box<str>,
    /// `http` or, for tunnels, `https`.
    pub scheme: Box<str>,
    /// The canonical host; empty where the request named none that could be read.
    pub host: Box<str>,
    /// The port; 0 where the request named none.
    pub port: u16,
    /// The path without its query; empty for tunnels.
    pub path: Box<str>,
    /// The query without its question mark; empty unless the profile keeps queries.
    pub query: Box<str>,
    /// What became of it.
    pub observed: Outcome,
    /// Why it was refused or failed, in a few words without personal data; empty otherwise.
    pub note: Box<str>,
    /// The status that was answered.
    pub status: u16,
    /// The profile that was applied; empty where the policy was not asked.
    pub profile: Arc<str>,
    /// What the target is about.
    pub categories: Vec<Category>,
    /// The rules that hold the target, those that decided first.
    pub rules: Vec<RuleRef>,
    /// The fingerprint of the ruleset that was asked.
    pub ruleset: u64,
    /// Bytes towards the person, as far as known when the record was made.
    pub bytes: u64,
    /// Milliseconds from the request to this record.
    pub duration_ms: u32,
    /// Whether somebody went there.
    pub navigation: Navigation,
    /// What other rules would say, where somebody has asked them.
    pub replayed: Option<Arc<Replayed>>,
}

impl AccessRecord {
    /// A record about who asked and when; what they asked for and what came of it is filled in.
    pub fn new(at: DateTime<Utc>, actor: &Actor, address: IpAddr) -> Self {
        Self {
            at,
            phase: Phase::Whole,
            group: actor.group().cloned(),
            person: actor.person().cloned(),
            attribution: actor.attribution(),
            address,
            device: actor.device().cloned(),
            place: actor.place().cloned(),
            method: Box::default(),
            scheme: Box::default(),
            host: Box::default(),
            port: 0,
            path: Box::default(),
            query: Box::default(),
            observed: Outcome::Refused,
            note: Box::default(),
            status: 0,
            profile: Arc::default(),
            categories: Vec::new(),
            rules: Vec::new(),
            ruleset: 0,
            bytes: 0,
            duration_ms: 0,
            navigation: Navigation::Unknown,
            replayed: None,
        }
    }

    /// The same record with what was decided.
    #[must_use]
    pub fn ruled(self, ruling: &Ruling, ruleset: u64) -> Self {
        Self {
            observed: ruling.into(),
            profile: ruling.profile().clone(),
            categories: ruling.categories(),
            rules: ruling.reasons().iter().map(RuleRef::from).collect(),
            ruleset,
            ..self
        }
    }
}
