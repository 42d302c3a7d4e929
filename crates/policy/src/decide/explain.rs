//! The whole answer to "why?": the rule, the list, the profile, the time, and what would have changed it.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use belisha_filter::Findings;
use chrono::{DateTime, Utc};

use super::{Layer, Ruling, Verdict, decide};
use crate::actor::Actor;
use crate::calendar::Moment;
use crate::exception::Exception;
use crate::policy::{Policy, Site};

/// How an instant is written for people, by the clock at the school.
const INSTANT: &str = "%A %-d %B %Y at %H:%M";

/// How far ahead a change that comes by itself is looked for.
const DAYS_AHEAD: u16 = 8;

/// A ruling, in sentences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// For staff: when, under which profile, by which rule of which list.
    pub staff: String,
    /// For a pupil. It says the same for every category (decisions 8).
    pub pupil: &'static str,
    /// What would have changed it.
    pub otherwise: Vec<Otherwise>,
}

/// Something that would have changed a ruling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Otherwise {
    /// To have asked at another time: from this instant on it is so.
    Later {
        /// From when on.
        at: DateTime<Utc>,
        /// What it will be.
        verdict: Verdict,
    },
    /// To have been under another profile.
    UnderProfile {
        /// The names of the profiles.
        profiles: Vec<String>,
        /// What it is under these.
        verdict: Verdict,
    },
    /// An exception about the site that was for whoever asks, and is over.
    Ended {
        /// What it is called.
        exception: String,
        /// Since when.
        at: DateTime<Utc>,
    },
    /// An exception about the site, which somebody may make who has that to decide.
    AnException,
    /// Nothing: it is unlawful.
    Nothing,
}

/// Explains what [`decide`] says, by asking it again as if things were otherwise. Costs a decision for every hour at which
/// anything may change within eight days, and one for each profile: for people who ask, not for the wire.
pub fn explain<B: AsRef<[u8]>>(
    actor: &Actor,
    findings: &Findings<'_, B>,
    policy: &Policy,
    moment: &Moment<'_>,
) -> Explanation {
    let asked = Asked { actor, findings, policy };
    let ruling = asked.at(moment);
    Explanation {
        staff: staff(&ruling, moment),
        pupil: ruling.for_pupils(),
        otherwise: asked.otherwise(&ruling, moment),
    }
}

fn staff(ruling: &Ruling, moment: &Moment<'_>) -> String {
    let why = match ruling.variation() {
        Some(variation) => format!(" (by \"{variation}\")"),
        None => String::new(),
    };
    format!("{}, under the profile {}{why}. {ruling}", in_words(moment), ruling.profile())
}

/// A moment for people: `Thursday 26 November 2026 at 10:00 (lesson P2, Michaelmas)`.
pub fn in_words(moment: &Moment<'_>) -> String {
    let kind = match (moment.kind(), moment.lesson()) {
        (kind, Some(lesson)) if kind.has_school() => format!("lesson {lesson}"),
        (kind, None) if kind.has_school() => moment.part().to_string(),
        (kind, _) => kind.to_string(),
    };
    let term = moment.term().map(|term| format!(", {term}")).unwrap_or_default();
    format!("{} ({kind}{term})", moment.local().format(INSTANT))
}

struct Asked<'a, B> {
    actor: &'a Actor,
    findings: &'a Findings<'a, B>,
    policy: &'a Policy,
}

impl<B: AsRef<[u8]>> Asked<'_, B> {
    fn at(&self, moment: &Moment<'_>) -> Ruling {
        decide(self.actor, self.findings, self.policy, moment).final_ruling()
    }

    fn otherwise(&self, ruling: &Ruling, moment: &Moment<'_>) -> Vec<Otherwise> {
        if ruling.layer() == Layer::Locked {
            return [Otherwise::Nothing].into();
        }
        let mut otherwise: Vec<Otherwise> = self.later(ruling, moment).into_iter().collect();
        otherwise.extend(self.ended(moment));
        otherwise.extend(self.under_other_profiles(ruling, moment));
        if ruling.verdict() > Verdict::Allow {
            otherwise.push(Otherwise::AnException);
        }
        otherwise
    }

    /// The first instant at which it will be otherwise by itself. Nothing changes between two edges.
    fn later(&self, ruling: &Ruling, moment: &Moment<'_>) -> Option<Otherwise> {
        let ahead = self.policy.edges_ahead(moment, DAYS_AHEAD).into_iter();
        let verdicts = ahead.map(|at| (at, self.at(&self.policy.moment(at)).verdict()));
        let mut others = verdicts.filter(|(_, verdict)| *verdict != ruling.verdict());
        others.next().map(|(at, verdict)| Otherwise::Later { at, verdict })
    }

    /// Exceptions about the site that were for whoever asks, and are over.
    fn ended(&self, moment: &Moment<'_>) -> Vec<Otherwise> {
        let over = |exception: &&Exception| {
            exception.until <= moment.at() && exception.who.iter().any(|who| who.holds(self.actor))
        };
        let about = self.policy.sites().matching(self.findings).filter_map(|matched| match matched.value {
            Site::Exception { at, .. } => self.policy.exception(*at),
            Site::Approved { .. } | Site::Help { .. } => None,
        });
        let ended = about.filter(over);
        ended.map(|it| Otherwise::Ended { exception: it.name.to_string(), at: it.until }).collect()
    }

    fn under_other_profiles(&self, ruling: &Ruling, moment: &Moment<'_>) -> Vec<Otherwise> {
        let mut by_verdict: [Vec<String>; 3] = Default::default();
        for profile in self.policy.profiles() {
            let Some(other) = self.policy.under_profile(profile.name()) else { continue };
            let verdict = decide(&other, self.findings, self.policy, moment).final_ruling().verdict();
            if let Some(names) = by_verdict.get_mut(verdict as usize) {
                names.push(profile.name().to_string());
            }
        }
        let all = Verdict::ALL.into_iter().zip(by_verdict);
        let others = all.filter(|(verdict, names)| *verdict != ruling.verdict() && !names.is_empty());
        others.map(|(verdict, profiles)| Otherwise::UnderProfile { profiles, verdict }).collect()
    }
}

impl Otherwise {
    /// One sentence for staff.
    pub fn sentence(&self) -> String {
        let is = |verdict: &Verdict| match verdict {
            Verdict::Allow => "it is open",
            Verdict::Warn => "it is open after a warning",
            Verdict::Block => "it is blocked",
        };
        match self {
            Self::Later { at, verdict } => {
                let at = crate::calendar::local(*at).format(INSTANT);
                format!("From {at} {}.", is(verdict))
            }
            Self::UnderProfile { profiles, verdict } => {
                let word = if profiles.len() == 1 { "profile" } else { "profiles" };
                format!("Under the {word} {} {}.", profiles.join(", "), is(verdict))
            }
            Self::Ended { exception, at } => {
                let at = crate::calendar::local(*at).format(INSTANT);
                format!("The exception \"{exception}\" was about it, and ended on {at}.")
            }
            Self::AnException => "An exception about this site, for a purpose and until a day, would change it.".into(),
            Self::Nothing => "Nothing changes it: it is unlawful.".into(),
        }
    }
}
