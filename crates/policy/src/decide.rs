//! The one function that decides.

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use belisha_filter::{Findings, Hit};

use crate::actor::Actor;
use crate::category::{Category, Kind};
use crate::policy::Policy;
use crate::profile::{Audience, Profile};

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// It goes to the origin.
    Allow,
    /// Nothing of it goes to the origin.
    Block,
}

impl Verdict {
    /// The name in logs and answers.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Block => "block",
        }
    }
}

/// Which layer of the policy a rule belongs to. The first that speaks decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Layer {
    /// 1. Unlawful material is blocked for everyone.
    Locked,
    /// 2. Sites that somebody vouches for are allowed, whoever else lists them.
    Vouched,
    /// 3. Categories that the profile blocks.
    Profile,
    /// Known, and without effect here: the profile does not block the category, or nobody has mapped the list.
    NoAction,
}

impl Layer {
    /// The name in answers.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Locked => "locked",
            Self::Vouched => "vouched",
            Self::Profile => "profile",
            Self::NoAction => "no-action",
        }
    }
}

/// A rule that holds the target, and the layer at which it speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    source: String,
    list: String,
    entry: String,
    category: Option<Category>,
    layer: Layer,
}

impl Reason {
    fn new(hit: &Hit<'_>, profile: &Profile) -> Self {
        let category = Category::from_id(hit.list().category());
        Self {
            source: hit.list().source().into(),
            list: hit.list().name().into(),
            entry: hit.entry().to_string(),
            category,
            layer: layer(category, profile),
        }
    }

    /// Whose list it is.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The list.
    pub fn list(&self) -> &str {
        &self.list
    }

    /// The rule: `example.org`, `example.org/path`.
    pub fn entry(&self) -> &str {
        &self.entry
    }

    /// The category; `None` for a list that nobody has mapped.
    pub fn category(&self) -> Option<Category> {
        self.category
    }

    /// Where it speaks.
    pub fn layer(&self) -> Layer {
        self.layer
    }
}

fn layer(category: Option<Category>, profile: &Profile) -> Layer {
    match category.map(|category| (category, category.kind())) {
        Some((_, Kind::Locked)) => Layer::Locked,
        Some((_, Kind::Vouched)) => Layer::Vouched,
        Some((category, Kind::Ordinary)) if profile.blocks(category) => Layer::Profile,
        _ => Layer::NoAction,
    }
}

/// What was decided, under which profile, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    verdict: Verdict,
    profile: Arc<str>,
    audience: Audience,
    reasons: Vec<Reason>,
}

impl Ruling {
    /// Allow or block.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// The profile that was applied.
    pub fn profile(&self) -> &Arc<str> {
        &self.profile
    }

    /// Whom a block page speaks to.
    pub fn audience(&self) -> Audience {
        self.audience
    }

    /// Every rule that holds the target, those that decided first.
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }

    /// The rules that decided; none where the target is allowed because nothing speaks against it.
    pub fn decisive(&self) -> impl Iterator<Item = &Reason> {
        let layer = self.reasons.first().map(Reason::layer).filter(|layer| *layer != Layer::NoAction);
        self.reasons.iter().take_while(move |reason| Some(reason.layer) == layer)
    }

    /// The categories of the target, each once.
    pub fn categories(&self) -> Vec<Category> {
        let mut categories: Vec<Category> = self.reasons.iter().filter_map(Reason::category).collect();
        categories.sort_unstable();
        categories.dedup();
        categories
    }
}

/// One sentence for staff.
impl fmt::Display for Ruling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let profile = &self.profile;
        let Some(first) = self.decisive().next() else {
            return match self.reasons.first() {
                Some(known) => {
                    let category = known.category.map_or("a category nobody has mapped", Category::title);
                    write!(f, "Allowed: it is listed as {category}, which the profile {profile} does not block.")
                }
                None => write!(f, "Allowed: no list holds it."),
            };
        };
        let category = first.category.map_or("unmapped", Category::title);
        let (entry, list, source) = (&first.entry, &first.list, &first.source);
        match first.layer {
            Layer::Locked => write!(f, "Blocked for everyone: {category}."),
            Layer::Vouched => write!(f, "Allowed: {entry} is vouched for ({category}, list {list} of {source})."),
            Layer::Profile | Layer::NoAction => {
                write!(
                    f,
                    "Blocked: the profile {profile} blocks {category}, and {entry} is on the list {list} of {source}."
                )
            }
        }
    }
}

/// The outcome of [`decide`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Decided.
    Ruled(Ruling),
    /// Only the host is known; it is blocked, and some of its paths are vouched for. With the URL it can be decided.
    /// Where the URL cannot be had (a tunnel that is not inspected) the ruling inside stands: it blocks.
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
/// Layers, the first that speaks decides: unlawful material is blocked; sites that somebody vouches for are allowed;
/// what the profile blocks is blocked; the rest is allowed. More knowledge of a target (host, then URL) never turns a
/// block into an allow, save through [`Decision::NeedsUrl`].
///
/// Costs nothing beyond the look-up where no list holds the target, and one allocation a rule otherwise.
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
/// let ruling = decide(&pupil, &rules.classify(&target), &policy).final_ruling();
/// assert_eq!(ruling.verdict(), Verdict::Block);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn decide<B: AsRef<[u8]>>(actor: &Actor, findings: &Findings<'_, B>, policy: &Policy) -> Decision {
    let profile = policy.profile_of(actor);
    let mut reasons: Vec<Reason> = findings.hits().map(|hit| Reason::new(&hit, profile)).collect();
    reasons.sort_by_key(Reason::layer);
    let verdict = match reasons.first().map(Reason::layer) {
        Some(Layer::Locked | Layer::Profile) => Verdict::Block,
        Some(Layer::Vouched | Layer::NoAction) | None => Verdict::Allow,
    };
    let by_profile = reasons.first().map(Reason::layer) == Some(Layer::Profile);
    let ruling = Ruling { verdict, profile: profile.name().clone(), audience: profile.audience(), reasons };
    let vouched = |category: Option<Category>| category.is_some_and(|category| category.kind() == Kind::Vouched);
    if by_profile && findings.categories_of_paths().any(|id| vouched(Category::from_id(id))) {
        Decision::NeedsUrl(ruling)
    } else {
        Decision::Ruled(ruling)
    }
}
