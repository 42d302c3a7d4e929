//! What comes again and again, as JSON that people can read too.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use belisha_policy::{AccessRecord, Attribution, Category, Navigation, Outcome, Phase, Replayed, RuleRef, Verdict};
use serde::{Deserialize, Serialize};

use super::super::code::{NAVIGATIONS, PHASES};
use super::super::people::Who;
use super::copy::{escape, unescape};

/// The kind of a meaning, as its column has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Kind {
    Asker = 1,
    Answer = 2,
    Reason = 3,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AskerText<'a> {
    #[serde(borrow)]
    address: Cow<'a, str>,
    person: u32,
    device: u32,
    attribution: Cow<'a, str>,
    group: Option<Cow<'a, str>>,
    place: Option<Cow<'a, str>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerText<'a> {
    #[serde(borrow)]
    method: Cow<'a, str>,
    scheme: Cow<'a, str>,
    port: u16,
    status: u16,
    observed: Cow<'a, str>,
    note: Cow<'a, str>,
    profile: Cow<'a, str>,
    ruleset: u64,
    phase: Cow<'a, str>,
    navigation: Cow<'a, str>,
    replayed: Option<ReplayText<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReplayText<'a> {
    #[serde(borrow)]
    verdict: Cow<'a, str>,
    profile: Cow<'a, str>,
    ruleset: u64,
    reason: ReasonText<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReasonText<'a> {
    #[serde(borrow)]
    categories: Vec<Cow<'a, str>>,
    rules: Vec<RuleText<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleText<'a> {
    #[serde(borrow)]
    source: Cow<'a, str>,
    list: Cow<'a, str>,
    entry: Cow<'a, str>,
}

/// Whom a record is about.
#[derive(Debug)]
pub(in super::super) struct Asker {
    pub(in super::super) address: IpAddr,
    pub(in super::super) who: Who,
    pub(in super::super) attribution: Attribution,
    pub(in super::super) group: Option<Arc<str>>,
    pub(in super::super) place: Option<Arc<str>>,
}

/// What came of it.
#[derive(Debug)]
pub(in super::super) struct Answer {
    pub(in super::super) method: Box<str>,
    pub(in super::super) scheme: Box<str>,
    pub(in super::super) port: u16,
    pub(in super::super) status: u16,
    pub(in super::super) observed: Outcome,
    pub(in super::super) note: Box<str>,
    pub(in super::super) profile: Arc<str>,
    pub(in super::super) ruleset: u64,
    pub(in super::super) phase: Phase,
    pub(in super::super) navigation: Navigation,
    pub(in super::super) replayed: Option<Arc<Replayed>>,
}

/// Why.
#[derive(Debug)]
pub(in super::super) struct Reason {
    pub(in super::super) categories: Vec<Category>,
    pub(in super::super) rules: Vec<RuleRef>,
}

pub(super) fn asker(record: &AccessRecord, who: Who) -> serde_json::Result<String> {
    serde_json::to_string(&AskerText {
        address: record.address.to_string().into(),
        person: who.person,
        device: who.device,
        attribution: record.attribution.slug().into(),
        group: record.group.as_deref().map(escape),
        place: record.place.as_deref().map(escape),
    })
}

pub(super) fn answer(record: &AccessRecord) -> serde_json::Result<String> {
    serde_json::to_string(&AnswerText {
        method: escape(&record.method),
        scheme: escape(&record.scheme),
        port: record.port,
        status: record.status,
        observed: record.observed.slug().into(),
        note: escape(&record.note),
        profile: escape(&record.profile),
        ruleset: record.ruleset,
        phase: record.phase.slug().into(),
        navigation: record.navigation.slug().into(),
        replayed: record.replayed.as_deref().map(|replayed| ReplayText {
            verdict: replayed.verdict.slug().into(),
            profile: escape(&replayed.profile),
            ruleset: replayed.ruleset,
            reason: reason_text(&replayed.categories, &replayed.rules),
        }),
    })
}

pub(super) fn reason(record: &AccessRecord) -> serde_json::Result<String> {
    serde_json::to_string(&reason_text(&record.categories, &record.rules))
}

fn reason_text<'a>(categories: &[Category], rules: &'a [RuleRef]) -> ReasonText<'a> {
    let rule = |rule: &'a RuleRef| RuleText {
        source: escape(&rule.source),
        list: escape(&rule.list),
        entry: escape(&rule.entry),
    };
    ReasonText {
        categories: categories.iter().map(|category| category.slug().into()).collect(),
        rules: rules.iter().map(rule).collect(),
    }
}

pub(in super::super) fn read_asker(text: &str) -> Option<Asker> {
    let read: AskerText<'_> = serde_json::from_str(text).ok()?;
    Some(Asker {
        address: read.address.parse().ok()?,
        who: Who { person: read.person, device: read.device },
        attribution: Attribution::ALL.into_iter().find(|it| it.slug() == read.attribution)?,
        group: read_label(read.group.as_deref()).ok()?,
        place: read_label(read.place.as_deref()).ok()?,
    })
}

pub(in super::super) fn read_answer(text: &str) -> Option<Answer> {
    let read: AnswerText<'_> = serde_json::from_str(text).ok()?;
    let replayed = match read.replayed {
        Some(replayed) => Some(Arc::new(read_replay(&replayed)?)),
        None => None,
    };
    Some(Answer {
        method: unescape(&read.method)?.into(),
        scheme: unescape(&read.scheme)?.into(),
        port: read.port,
        status: read.status,
        observed: Outcome::ALL.into_iter().find(|it| it.slug() == read.observed)?,
        note: unescape(&read.note)?.into(),
        profile: Arc::from(&*unescape(&read.profile)?),
        ruleset: read.ruleset,
        phase: PHASES.into_iter().find(|it| it.slug() == read.phase)?,
        navigation: NAVIGATIONS.into_iter().find(|it| it.slug() == read.navigation)?,
        replayed,
    })
}

pub(in super::super) fn read_reason(text: &str) -> Option<Reason> {
    reason_of(&serde_json::from_str(text).ok()?)
}

fn read_replay(read: &ReplayText<'_>) -> Option<Replayed> {
    let Reason { categories, rules } = reason_of(&read.reason)?;
    Some(Replayed {
        verdict: Verdict::ALL.into_iter().find(|it| it.slug() == read.verdict)?,
        profile: Arc::from(&*unescape(&read.profile)?),
        categories,
        rules,
        ruleset: read.ruleset,
    })
}

fn reason_of(read: &ReasonText<'_>) -> Option<Reason> {
    let rule = |rule: &RuleText<'_>| {
        Some(RuleRef {
            source: unescape(&rule.source)?.into(),
            list: unescape(&rule.list)?.into(),
            entry: unescape(&rule.entry)?.into(),
        })
    };
    Some(Reason {
        categories: read.categories.iter().map(|slug| slug.parse().ok()).collect::<Option<_>>()?,
        rules: read.rules.iter().map(rule).collect::<Option<_>>()?,
    })
}

/// A text that was never escaped.
struct NeverEscaped;

fn read_label(text: Option<&str>) -> Result<Option<Arc<str>>, NeverEscaped> {
    text.map(|text| unescape(text).map(|text| Arc::from(&*text)).ok_or(NeverEscaped)).transpose()
}
