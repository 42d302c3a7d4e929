//! The one function that decides.

mod explain;
mod reason;
mod ruling;
mod verdict;

use alloc::sync::Arc;
use alloc::vec::Vec;

use belisha_filter::{Findings, Hit, Host, Reach};

use crate::actor::Actor;
use crate::calendar::Moment;
use crate::canary::is_help_in_whole;
use crate::category::{Category, Kind};
use crate::policy::{Policy, Site};
use crate::profile::{Audience, Profile};

pub use self::explain::{Explanation, Otherwise, explain, in_words};
pub use self::reason::{By, Layer, Reason};
pub use self::ruling::Ruling;
pub use self::verdict::Verdict;

/// What sites that help children are called among the school's own.
const HELP: &str = "help";

/// The outcome of [`decide`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Decided.
    Ruled(Ruling),
    /// Only the host is known; it is kept back, and something opens some of its paths. With the URL it can be decided.
    /// Where the URL cannot be had (a tunnel that is not inspected) the ruling inside stands.
    NeedsUrl(Ruling),
}

impl Decision {
    /// The ruling where nothing more can be learnt.
    pub fn final_ruling(self) -> Ruling {
        match self {
            Self::Ruled(ruling) | Self::NeedsUrl(ruling) => ruling,
        }
    }
}

/// Decides about a request: the only place that says no.
///
/// Layers, the first that speaks decides ([`Layer`] has them in their order): unlawful material is blocked; sites that
/// help children are open; then what the school decided about the site for whoever asks, the narrowest first; then the
/// systems that it approved; the sites that somebody vouches for; the search engines that the profile names; and of the
/// categories of the target the strictest that the profile says of any, each as it is at this moment. What nobody speaks
/// of is open, unless the profile is closed to all that nobody approved.
///
/// More knowledge of a target (host, then URL) never turns a block into a warning or an allow, nor a warning into an
/// allow, save through [`Decision::NeedsUrl`].
///
/// Costs nothing beyond the look-up and a look at the school's own sites where nothing holds the target, and one
/// allocation a rule otherwise.
///
/// ```
/// use belisha_policy::{Policy, Profile, Group, Verdict, decide};
/// # use belisha_filter::{Compiler, List, Rule, Ruleset, Target};
/// # let mut compiler = Compiler::new(1);
/// # let list = compiler.list(List::new("ours", "betting", belisha_policy::Category::Gambling.id().0));
/// # compiler.add(list, &Rule::domain("wager.example")?);
/// # let rules = Ruleset::open(compiler.finish()?)?;
/// let policy = Policy::new(
///     vec![Profile::pupils("pupils"), Profile::staff("staff")],
///     vec![Group { name: "year 4".into(), profile: "pupils".into() }],
///     vec![],
/// )?;
/// let target: Target = "http://www.wager.example/".parse()?;
/// let pupil = policy.member("year 4").unwrap();
/// let now = policy.moment("2026-11-26T10:00:00Z".parse().unwrap());
/// let ruling = decide(&pupil, &rules.classify(&target), &policy, &now).final_ruling();
/// assert_eq!(ruling.verdict(), Verdict::Block);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn decide<B: AsRef<[u8]>>(
    actor: &Actor,
    findings: &Findings<'_, B>,
    policy: &Policy,
    moment: &Moment<'_>,
) -> Decision {
    let (profile, variation) = policy.profile_at(actor, moment);
    let asked = Asked { actor, policy, moment, profile };
    let mut reasons: Vec<Reason> = findings.hits().map(|hit| asked.about(&hit)).collect();
    asked.about_sites(findings, &mut reasons);
    if let Some(engine) = profile.search().refuses(findings.host()) {
        let reason = Reason::of_school(engine, findings.host().as_str(), Layer::Search, Verdict::Block, By::Profile);
        reasons.push(reason);
    }
    let (mut layer, mut verdict) = weigh(&reasons);
    if layer > Layer::Vouched && verdict < Verdict::Block && profile.is_only_approved() {
        (layer, verdict) = (Layer::Unapproved, Verdict::Block);
    }
    // Looked at last, because there is seldom a need: nothing is kept back.
    if verdict > Verdict::Allow && layer != Layer::Locked && is_help_in_whole(findings.host()) {
        reasons.push(Reason::of_school(HELP, findings.host().as_str(), Layer::Help, Verdict::Allow, By::Profile));
        (layer, verdict) = (Layer::Help, Verdict::Allow);
    }
    reasons.sort_by_key(|reason| (reason.layer, core::cmp::Reverse(reason.verdict)));
    let needs_url = verdict > Verdict::Allow && asked.may_open_by_path(findings, layer);
    let inspects = verdict < Verdict::Block && asked.inspects(findings.host(), &reasons);
    let ruling = Ruling { verdict, layer, profile: profile.clone(), variation: variation.cloned(), reasons, inspects };
    if needs_url { Decision::NeedsUrl(ruling) } else { Decision::Ruled(ruling) }
}

/// The first layer that speaks, and the strictest that it says.
fn weigh(reasons: &[Reason]) -> (Layer, Verdict) {
    let first = reasons.iter().min_by_key(|reason| (reason.layer, core::cmp::Reverse(reason.verdict)));
    first.map_or((Layer::NoAction, Verdict::Allow), |reason| (reason.layer, reason.verdict))
}

impl Policy {
    /// What becomes of a category for somebody at a moment, by their profile and the exceptions about it; not what becomes
    /// of a site of it, of which more may be said.
    pub fn says_of(&self, category: Category, actor: &Actor, moment: &Moment<'_>) -> Verdict {
        let (profile, _) = self.profile_at(actor, moment);
        let asked = Asked { actor, policy: self, moment, profile };
        asked.shown(asked.category(category).0)
    }
}

/// Who asks under which profile, and when.
struct Asked<'a> {
    actor: &'a Actor,
    policy: &'a Policy,
    moment: &'a Moment<'a>,
    profile: &'a Arc<Profile>,
}

impl Asked<'_> {
    /// What a rule of a list says.
    fn about(&self, hit: &Hit<'_>) -> Reason {
        let category = Category::from_id(hit.list().category());
        let (layer, verdict, by) = match category.map(|category| (category, category.kind())) {
            Some((_, Kind::Locked)) => (Layer::Locked, Verdict::Block, By::Profile),
            Some((_, Kind::Vouched)) => (Layer::Vouched, Verdict::Allow, By::Profile),
            Some((category, Kind::Ordinary)) => {
                let (verdict, by) = self.category(category);
                let verdict = self.shown(verdict);
                let layer = if verdict == Verdict::Allow { Layer::NoAction } else { Layer::Profile };
                (layer, verdict, by)
            }
            None => (Layer::NoAction, Verdict::Allow, By::Profile),
        };
        Reason::of_list(hit, category, layer, verdict, by)
    }

    /// What becomes of a category: by the strictest exception that holds, else by the profile.
    fn category(&self, category: Category) -> (Verdict, By) {
        let exceptions = self.policy.exceptions_about(category);
        let holding = exceptions.filter(|exception| exception.holds(self.actor, self.moment));
        if let Some(exception) = holding.max_by_key(|exception| exception.verdict) {
            return (exception.verdict, By::Exception(exception.name.clone()));
        }
        let (verdict, times) = self.profile.verdict_at(category, self.moment);
        (verdict, times.map_or(By::Profile, |times| By::Times(times.clone())))
    }

    /// What the school itself has set about the site: the narrowest exception, of these the strictest; and the systems
    /// that it approved.
    fn about_sites<B: AsRef<[u8]>>(&self, findings: &Findings<'_, B>, reasons: &mut Vec<Reason>) {
        let mut strongest: Option<(Reach, Verdict, Reason)> = None;
        for matched in self.policy.sites().matching(findings) {
            match matched.value {
                Site::Exception { at, entry } => {
                    let Some(exception) = self.policy.exception(*at) else { continue };
                    let rank = (matched.reach, exception.verdict);
                    let is_stronger = strongest.as_ref().is_none_or(|(reach, verdict, _)| (*reach, *verdict) < rank);
                    if is_stronger && exception.holds(self.actor, self.moment) {
                        let by = By::Exception(exception.name.clone());
                        let reason = Reason::of_school(
                            &exception.name,
                            entry.clone(),
                            Layer::Exception,
                            self.shown(exception.verdict),
                            by,
                        );
                        strongest = Some((matched.reach, exception.verdict, reason));
                    }
                }
                Site::Help { entry } => {
                    reasons.push(Reason::of_school(HELP, entry.clone(), Layer::Help, Verdict::Allow, By::Profile));
                }
                Site::Approved { at, entry } => {
                    let approved = self.policy.approved_system(*at).filter(|system| system.holds(self.actor));
                    reasons.extend(approved.map(|system| {
                        Reason::of_school(&system.name, entry.clone(), Layer::Approved, Verdict::Allow, By::Profile)
                    }));
                }
            }
        }
        reasons.extend(strongest.map(|(.., reason)| reason));
    }

    /// Whether encrypted connections to a host are looked into.
    fn inspects(&self, host: &Host, reasons: &[Reason]) -> bool {
        let is_help = || reasons.iter().any(|reason| reason.layer() == Layer::Help) || is_help_in_whole(host);
        self.policy.inspection().is_some_and(|inspection| inspection.is_allowed(self.moment))
            && self.actor.was_told(self.moment.at())
            && self.profile.inspects().takes_in(host, reasons.iter().filter_map(Reason::category))
            && !is_help()
    }

    /// A warning is shown to adults, and to pupils of whom it is sure that they are past the primary years; whoever else
    /// is blocked (decisions 8).
    fn shown(&self, verdict: Verdict) -> Verdict {
        if verdict == Verdict::Warn && !self.may_be_warned() { Verdict::Block } else { verdict }
    }

    fn may_be_warned(&self) -> bool {
        let year = self.actor.year().or_else(|| self.profile.lowest_year());
        self.profile.audience() == Audience::Staff || year.is_some_and(|year| !year.is_primary())
    }

    /// Whether something opens paths of a host of which only the name is known, and goes before the layer that decided.
    fn may_open_by_path<B: AsRef<[u8]>>(&self, findings: &Findings<'_, B>, layer: Layer) -> bool {
        if layer <= Layer::Help {
            return false;
        }
        let opens = |site: &Site| match site {
            Site::Exception { at, .. } => self.policy.exception(*at).is_some_and(|exception| {
                exception.verdict < Verdict::Block && exception.holds(self.actor, self.moment)
            }),
            Site::Help { .. } => true,
            Site::Approved { at, .. } => {
                layer > Layer::Approved && self.policy.approved_system(*at).is_some_and(|it| it.holds(self.actor))
            }
        };
        let is_vouched = |id| Category::from_id(id).is_some_and(|category| category.kind() == Kind::Vouched);
        self.policy.sites().of_paths(findings).any(opens)
            || layer > Layer::Vouched && findings.categories_of_paths().any(is_vouched)
    }
}
