//! Expressions: checked when they are read, compiled when they are first needed.

use crate::rule::RuleError;

#[cfg(all(feature = "compile", feature = "regex"))]
pub(crate) use with::parse;
#[cfg(feature = "regex")]
pub(crate) use with::{Regexes, check};
#[cfg(not(feature = "regex"))]
pub(crate) use without::{Regexes, check};

#[cfg(feature = "regex")]
mod with {
    use alloc::boxed::Box;
    use alloc::vec::Vec;

    use once_cell::race::OnceBox;
    use regex_automata::meta::{BuildError, Config, Regex};
    use regex_automata::util::syntax;
    use regex_syntax::hir::{Hir, Look};

    use super::RuleError;

    /// Bytes that an expression may take compiled.
    const COMPILED: usize = 1 << 20;

    /// Bytes that an expression may take while it is looked for, on each thread that does: a list may have a thousand.
    const CACHE: usize = 256 << 10;

    fn syntax() -> syntax::Config {
        syntax::Config::new().case_insensitive(true).unicode(false).utf8(false)
    }

    /// Reads an expression.
    pub(crate) fn parse(text: &str) -> Option<Hir> {
        syntax::parse_with(text, &syntax()).ok()
    }

    fn compile(text: &str) -> Result<Regex, RuleError> {
        let config = Config::new()
            .utf8_empty(false)
            .nfa_size_limit(Some(COMPILED))
            .hybrid_cache_capacity(CACHE)
            .which_captures(regex_automata::nfa::thompson::WhichCaptures::None);
        Regex::builder().syntax(syntax()).configure(config).build(text).map_err(|error: BuildError| {
            match error.size_limit() {
                Some(_) => RuleError::RegexSize,
                None => RuleError::NotARegex,
            }
        })
    }

    /// Whether a text is an expression that can be looked for.
    pub(crate) fn check(text: &str) -> Result<(), RuleError> {
        let hir = parse(text).ok_or(RuleError::NotARegex)?;
        if hir.properties().minimum_len().unwrap_or(0) == 0 {
            return Err(RuleError::TooBroad);
        }
        compile(text).map(drop)
    }

    /// The expressions of a ruleset, a place for each of its patterns.
    pub(crate) struct Regexes(Vec<OnceBox<Option<Found>>>);

    struct Found {
        regex: Regex,
        /// Whether what is found in the beginning of a text is found in all of it: it asks for nothing behind a place.
        is_for_beginnings: bool,
    }

    impl Regexes {
        pub(crate) fn new(patterns: usize) -> Self {
            Self(core::iter::repeat_with(OnceBox::new).take(patterns).collect())
        }

        /// Whether an expression is found in a text, which is that of a whole URL or of a host.
        pub(crate) fn is_in(&self, at: usize, expression: &[u8], text: &[u8], is_whole: bool) -> bool {
            let Some(place) = self.0.get(at) else { return false };
            let found = place.get_or_init(|| {
                let expression = core::str::from_utf8(expression).ok();
                Box::new(expression.and_then(|expression| {
                    let starts = [Look::Start, Look::StartLF, Look::StartCRLF];
                    let is_start = |look| starts.contains(&look);
                    let is_for_beginnings =
                        parse(expression).is_some_and(|hir| hir.properties().look_set().iter().all(is_start));
                    Some(Found { regex: compile(expression).ok()?, is_for_beginnings })
                }))
            });
            found.as_ref().is_some_and(|found| (is_whole || found.is_for_beginnings) && found.regex.is_match(text))
        }
    }
}

#[cfg(not(feature = "regex"))]
mod without {
    use super::RuleError;

    pub(crate) fn check(_: &str) -> Result<(), RuleError> {
        Err(RuleError::NotARegex)
    }

    /// No expressions: a ruleset with one is not opened.
    pub(crate) struct Regexes;

    impl Regexes {
        pub(crate) fn new(_: usize) -> Self {
            Self
        }

        #[expect(clippy::unused_self, reason = "the same calls as with expressions")]
        pub(crate) fn is_in(&self, _: usize, _: &[u8], _: &[u8], _: bool) -> bool {
            false
        }
    }
}
