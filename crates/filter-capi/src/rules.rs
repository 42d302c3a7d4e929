//! A handle that holds the ruleset in force, which can be replaced while others read it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwapOption;

use crate::failure::Failure;
use crate::findings::Findings;
use crate::loaded::Loaded;
use crate::request::Asked;
use belisha_filter::{Host, Target};

/// Rules, in force until they are replaced or freed. Any number of threads may use them at once, for anything.
#[derive(Debug)]
pub struct Rules {
    /// Nothing once they are freed.
    current: ArcSwapOption<Loaded>,
    /// The number of what is there, 0 once they are freed; written after it.
    number: AtomicU64,
    /// Held by who replaces or frees, so that rules that were freed stay so.
    changing: Mutex<()>,
}

/// What is known about the rules in force.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// How many rules there are, doubles left out.
    pub rule_count: u64,
    /// How many lists they come from.
    pub list_count: u64,
    /// A number that tells two rulesets apart.
    pub fingerprint: u64,
}

/// Every handle that there ever was. They are never given back, so that a call with one that was freed is an error and
/// not a step into memory that belongs to somebody else.
static HANDLES: Mutex<Vec<&'static Rules>> = Mutex::new(Vec::new());

impl Rules {
    /// A handle for rules, which is for ever.
    pub(crate) fn new(loaded: Loaded) -> &'static Self {
        let rules: &'static Self = Box::leak(Box::new(Self {
            number: AtomicU64::new(loaded.number),
            current: ArcSwapOption::from(Some(Arc::new(loaded))),
            changing: Mutex::new(()),
        }));
        HANDLES.lock().unwrap_or_else(PoisonError::into_inner).push(rules);
        rules
    }

    /// Replaces the rules. Who reads the old ones goes on with them.
    pub(crate) fn replace(&self, loaded: Loaded) -> Result<(), Failure> {
        self.change(Some(loaded))
    }

    /// Lets go of the rules. Findings that came from them keep them until they are done.
    pub(crate) fn free(&self) -> Result<(), Failure> {
        self.change(None)
    }

    fn change(&self, to: Option<Loaded>) -> Result<(), Failure> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.current.load().is_none() {
            return Err(Failure::Freed);
        }
        let number = to.as_ref().map_or(0, |loaded| loaded.number);
        self.current.store(to.map(Arc::new));
        self.number.store(number, Ordering::Release);
        Ok(())
    }

    /// What is in force. Where that is what the caller holds already, nothing is counted and nobody waits for a line of
    /// the cache.
    #[inline]
    fn current<'a>(&self, held: &'a mut Option<Arc<Loaded>>) -> Result<&'a Loaded, Failure> {
        let number = self.number.load(Ordering::Acquire);
        if held.as_ref().is_none_or(|held| held.number != number) {
            *held = self.current.load_full();
        }
        held.as_deref().ok_or(Failure::Freed)
    }

    pub(crate) fn about(&self) -> Result<About, Failure> {
        let current = self.current.load();
        let ruleset = &current.as_ref().ok_or(Failure::Freed)?.ruleset;
        Ok(About {
            rule_count: ruleset.rule_count(),
            list_count: ruleset.lists().count() as u64,
            fingerprint: ruleset.fingerprint(),
        })
    }

    /// Every list, as findings without a rule.
    pub(crate) fn lists(&self, findings: &mut Findings) -> Result<(), Failure> {
        findings.said.keep_lists(self.current(&mut findings.of)?);
        Ok(())
    }

    #[inline]
    pub(crate) fn look_up_url(&self, url: &[u8], findings: &mut Findings) -> Result<(), Failure> {
        let loaded = self.current(&mut findings.of)?;
        // Looked at where it lies: to move what was only just written is slow.
        let parsed = Target::parse(url);
        let target = parsed.as_ref().map_err(|error| *error)?;
        let said = loaded.ruleset.classify(target);
        if !said.is_empty() {
            findings.said.keep(&said);
        }
        Ok(())
    }

    pub(crate) fn look_up_request(&self, asked: &Asked, findings: &mut Findings) -> Result<(), Failure> {
        let request = asked.request();
        let said = self.current(&mut findings.of)?.ruleset.classify_request(&request);
        if !said.is_empty() {
            findings.said.keep(&said);
        }
        Ok(())
    }

    #[inline]
    pub(crate) fn look_up_host(&self, host: &[u8], findings: &mut Findings) -> Result<(), Failure> {
        let loaded = self.current(&mut findings.of)?;
        let parsed = Host::parse(host);
        let host = parsed.as_ref().map_err(|error| *error)?;
        let said = loaded.ruleset.classify_host(host);
        if !said.is_empty() {
            findings.said.keep(&said);
            findings.said.keep_paths(&said);
        }
        Ok(())
    }
}
