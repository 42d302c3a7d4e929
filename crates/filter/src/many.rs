//! What the rules say of many hosts, one after another.

use core::mem::ManuallyDrop;

use crate::engine::many::Many;
use crate::findings::Findings;
use crate::host::Host;
use crate::ruleset::Ruleset;

impl<B: AsRef<[u8]>> Ruleset<B> {
    /// What the rules say of many hosts of which no path is known, in their order: the same as [`Ruleset::classify_host`]
    /// says of each, and sooner. What one of them needs from memory is on its way while others are read, and one that is asked for
    /// several times in a row is looked up once. Up to 112 are taken from `hosts` before the first is said. Allocates nothing, where
    /// `classify_host` would not.
    ///
    /// ```
    /// # #[cfg(feature = "compile")] {
    /// use belisha_filter::{Compiler, Host, List, Rule, Ruleset};
    ///
    /// let mut compiler = Compiler::new(42);
    /// let games = compiler.list(List::new("example", "games", 31));
    /// compiler.add(games, &Rule::domain("play.example")?);
    /// let rules = Ruleset::open(compiler.finish()?)?;
    ///
    /// let log: Vec<Host> = ["www.play.example", "learn.example"].iter().filter_map(|it| it.parse().ok()).collect();
    /// let mut listed = Vec::new();
    /// rules.classify_hosts(&log, |findings| listed.push(!findings.is_empty()));
    /// assert_eq!(listed, [true, false]);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn classify_hosts<'a>(
        &'a self,
        hosts: impl IntoIterator<Item = &'a Host>,
        mut each: impl FnMut(&Findings<'a, B>),
    ) {
        let mut hosts = hosts.into_iter().fuse();
        let mut many = Many::default();
        loop {
            many.begin(core::array::from_fn(|_| hosts.next()));
            self.look_up_many(&mut many);
            if !many.are_done() {
                continue;
            }
            for (host, found) in many.done() {
                let Some(host) = host else { return };
                if found.is_nothing() && self.is_about_names() {
                    // Of most hosts nothing is said: then there is nothing to be dropped.
                    each(&ManuallyDrop::new(Findings::new(self, host, None, found)));
                } else {
                    each(&self.findings_of_host(found, host, None));
                }
            }
        }
    }
}
