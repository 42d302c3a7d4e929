//! What was decided, under which profile, and why.

use alloc::borrow::Cow;
use alloc::string::ToString as _;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use belisha_filter::Host;

use super::reason::{By, Layer, Reason};
use super::verdict::Verdict;
use crate::category::Category;
use crate::profile::{Audience, Profile};

/// What was decided, under which profile, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    pub(super) verdict: Verdict,
    pub(super) layer: Layer,
    pub(super) profile: Arc<Profile>,
    /// Why it is this profile and not that of the group.
    pub(super) variation: Option<Arc<str>>,
    pub(super) reasons: Vec<Reason>,
    pub(super) inspects: bool,
}

impl Ruling {
    /// A sentence for pupils: the same for every site and every category (decisions 8).
    pub fn for_pupils(&self) -> &'static str {
        match self.verdict {
            Verdict::Allow => "This page is open to you.",
            Verdict::Warn => {
                "Stop and think before you go on: your school asks you to be sure that you need this page."
            }
            Verdict::Block => "This page is closed at school. If you need it for your work, ask your teacher.",
        }
    }

    /// A sentence for whoever it is about: for staff with the reason, for pupils without.
    pub fn for_whoever_asked(&self) -> Cow<'static, str> {
        match self.audience() {
            Audience::Pupils => self.for_pupils().into(),
            Audience::Staff => self.to_string().into(),
        }
    }

    /// Allow, warn or block.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// The layer that decided; `NoAction` where nothing speaks against the target.
    pub fn layer(&self) -> Layer {
        self.layer
    }

    /// The name of the profile that was applied.
    pub fn profile(&self) -> &Arc<str> {
        self.profile.name()
    }

    /// The variation of the settings by which it is this profile and not that of the group.
    pub fn variation(&self) -> Option<&Arc<str>> {
        self.variation.as_ref()
    }

    /// Whom a block page speaks to.
    pub fn audience(&self) -> Audience {
        self.profile.audience()
    }

    /// Whether the access log keeps the query.
    pub fn keeps_queries(&self) -> bool {
        self.profile.keeps_queries()
    }

    /// The name to which a connection to the host goes instead, so that a search engine's filter is on.
    pub fn connects_instead(&self, host: &Host) -> Option<&'static str> {
        self.profile.search().connects_instead(host)
    }

    /// Whether the request is open and its category one that the profile has marked in the access log.
    pub fn is_monitored(&self) -> bool {
        self.verdict == Verdict::Allow
            && self.reasons.iter().filter_map(Reason::category).any(|category| self.profile.monitors(category))
    }

    /// Whether the inside of an encrypted connection to the host may be looked into: the profile asks for it, and the
    /// school has written down its assessment and told everybody. Never into one to a site that helps children, and never
    /// into one that is not open.
    pub fn inspects(&self) -> bool {
        self.inspects
    }

    /// Every rule that holds the target, those that decided first.
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }

    /// The rules that decided; none where the target is allowed because nothing speaks against it.
    pub fn decisive(&self) -> impl Iterator<Item = &Reason> {
        let of_layer = move |reason: &&Reason| reason.layer == self.layer && reason.verdict == self.verdict;
        let decided = self.layer != Layer::NoAction;
        self.reasons.iter().take_while(of_layer).filter(move |_| decided)
    }

    /// The categories of the target, each once.
    pub fn categories(&self) -> Vec<Category> {
        let mut categories: Vec<Category> = self.reasons.iter().filter_map(Reason::category).collect();
        categories.sort_unstable();
        categories.dedup();
        categories
    }
}

/// One sentence for staff, and one more where the access log marks it.
impl fmt::Display for Ruling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sentence(f)?;
        if self.is_monitored() { write!(f, " The log marks it for those who review.") } else { Ok(()) }
    }
}

impl Ruling {
    fn sentence(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.verdict {
            Verdict::Allow => "Allowed",
            Verdict::Warn => "Warned of",
            Verdict::Block => "Blocked",
        };
        let profile = self.profile.name();
        let Some(first) = self.decisive().next() else {
            return match (self.layer, self.reasons.first()) {
                (Layer::Unapproved, _) => {
                    write!(f, "Blocked: the profile {profile} is closed to all that is not approved, and this is not.")
                }
                (_, Some(known)) => {
                    let category = known.category.map_or("a category nobody has mapped", Category::title);
                    write!(f, "Allowed: it is listed as {category}, which ")?;
                    match &known.by {
                        By::Profile => write!(f, "the profile {profile} does not block."),
                        By::Times(times) => write!(f, "the profile {profile} leaves open at the times \"{times}\"."),
                        By::Exception(name) => write!(f, "the exception \"{name}\" opens."),
                    }
                }
                (_, None) => write!(f, "Allowed: no list holds it."),
            };
        };
        let category = first.category.map_or("unmapped", Category::title);
        let Reason { entry, list, source, .. } = first;
        match first.layer {
            Layer::Locked => write!(f, "Blocked for everyone: {category}."),
            Layer::Help => write!(f, "Allowed: {entry} helps children, and is open to everyone."),
            Layer::Exception => write!(f, "{what}: {entry} is among the sites of the exception \"{list}\"."),
            Layer::Approved => write!(f, "Allowed: {entry} belongs to the approved system \"{list}\"."),
            Layer::Vouched => write!(f, "Allowed: {entry} is vouched for ({category}, list {list} of {source})."),
            Layer::Search => {
                write!(f, "Blocked: the profile {profile} does not have the search engine {list} among its own.")
            }
            Layer::Profile | Layer::Unapproved | Layer::NoAction => {
                let verb = if self.verdict == Verdict::Warn { "warns of" } else { "blocks" };
                match &first.by {
                    By::Profile => write!(f, "{what}: the profile {profile} {verb} {category}, and "),
                    By::Times(times) => {
                        write!(f, "{what}: at the times \"{times}\" the profile {profile} {verb} {category}, and ")
                    }
                    By::Exception(name) => write!(f, "{what}: the exception \"{name}\" {verb} {category}, and "),
                }?;
                write!(f, "{entry} is on the list {list} of {source}.")
            }
        }
    }
}
