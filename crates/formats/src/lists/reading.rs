//! One file of a list, read: its rules, and what was wrong with the other lines.

use std::fmt::Display;
use std::io::{self, Read};

use belisha_filter::{Rule, RuleError};

use super::job::Job;
use super::lines::{Line, Lines};
use super::resolver;
use super::rules::RuleText;
use super::syntax::{self, Malformed, Meaning, Syntax};
use super::{Complaint, text};

/// How many lines are looked at before an undecided file is taken to be of one kind.
const JUDGED: usize = 32;
/// How many lines go by between two looks at the meter.
const TICK: u64 = 8192;

/// What a file holds.
#[derive(Clone, Debug, Default)]
pub(super) struct Reading {
    pub(super) rules: String,
    pub(super) lines: u64,
    pub(super) malformed: u64,
    pub(super) expressions: u64,
    /// Those that can be looked for, as rules.
    pub(super) expression_rules: String,
    pub(super) queries: u64,
    /// Rules of ad blockers that are of no use here.
    pub(super) unsupported: u64,
    pub(super) complaints: Vec<Complaint>,
    /// What was left out on purpose.
    pub(super) note: Option<Complaint>,
}

/// Reads a file to its end. `file` is its name in complaints.
pub(super) fn read(job: &mut Job<'_>, input: impl Read, syntax: Syntax, file: &str) -> io::Result<Reading> {
    let limit = job.limits().line_bytes;
    let mut lines = Lines::new(input, limit);
    let mut sink = Sink::new(syntax, file, job.limits().complaints_kept);
    while let Some(line) = lines.next()? {
        sink.number += 1;
        match line {
            Line::Whole(line) => sink.line(line),
            Line::TooLong(start) => sink.malformed(&Malformed::TooLong(limit), start),
        }
        if sink.number.is_multiple_of(TICK) {
            job.tick(TICK);
        }
    }
    job.tick(sink.number % TICK);
    Ok(sink.finish())
}

struct Sink<'f> {
    syntax: Syntax,
    file: &'f str,
    /// The number of the line at hand, from 1.
    number: u64,
    kept: usize,
    /// Lines of an undecided file, until there are enough to judge by.
    held: Vec<(u64, Vec<u8>)>,
    text: RuleText,
    expressions: RuleText,
    scratch: String,
    reading: Reading,
}

impl<'f> Sink<'f> {
    fn new(syntax: Syntax, file: &'f str, kept: usize) -> Self {
        Self {
            syntax,
            file,
            number: 0,
            kept,
            held: Vec::new(),
            text: RuleText::default(),
            expressions: RuleText::default(),
            scratch: String::new(),
            reading: Reading::default(),
        }
    }

    fn line(&mut self, line: &[u8]) {
        let line = line.trim_ascii();
        let Some(&first) = line.first() else { return };
        if self.syntax.is_comment(first) {
            if line.contains(&0) {
                self.malformed(&Malformed::Nul, line);
            }
            return;
        }
        if self.syntax == Syntax::Undecided {
            self.held.push((self.number, line.to_vec()));
            if self.held.len() == JUDGED {
                self.judge();
            }
            return;
        }
        self.content(line);
    }

    /// Settles what kind an undecided file is: hosts where most lines are.
    fn judge(&mut self) {
        let held = std::mem::take(&mut self.held);
        let most = |looks: fn(&[u8]) -> bool| held.iter().filter(|(_, line)| looks(line)).count() * 2 > held.len();
        let is_headed = held.first().is_some_and(|(_, line)| line.starts_with(b"[Adblock"));
        self.syntax = match () {
            () if is_headed || most(syntax::looks_like_adblock) => Syntax::Adblock,
            () if most(syntax::looks_like_hosts) => Syntax::Hosts,
            () => Syntax::Domains,
        };
        let number = self.number;
        for (at, line) in held {
            self.number = at;
            self.content(&line);
        }
        self.number = number;
    }

    fn content(&mut self, line: &[u8]) {
        if matches!(self.syntax, Syntax::SquidExpressions | Syntax::OtherExpressions) {
            return self.expression(line);
        }
        let line = self.syntax.without_comment(line);
        let Ok(text) = std::str::from_utf8(line) else {
            self.malformed(&Malformed::NotUtf8, line);
            return;
        };
        let outcome = match self.syntax {
            Syntax::Hosts => self.hosts(text),
            Syntax::SquidUrls => self.url(text),
            Syntax::SquidDomains => syntax::squid_domain(text).and_then(|rule| self.rule(rule)),
            Syntax::Adblock => return self.adblock(text),
            _ => self.plain(text),
        };
        match outcome {
            Ok(()) => self.reading.lines += 1,
            Err(Malformed::Rule(RuleError::HasQuery)) => {
                self.reading.lines += 1;
                self.reading.queries += 1;
            }
            Err(why) => self.malformed(&why, line),
        }
    }

    fn url(&mut self, line: &str) -> Result<(), Malformed> {
        if line.contains('\0') {
            return Err(Malformed::Nul);
        }
        self.rule(Rule::url_prefix(line)?)
    }

    fn plain(&mut self, line: &str) -> Result<(), Malformed> {
        match resolver::line(line) {
            Some(Ok(resolver::Line::Names(names))) => {
                names.split('/').try_for_each(|name| self.rule(syntax::squid_domain(name)?))
            }
            Some(Ok(resolver::Line::Frame)) => Ok(()),
            Some(Err(why)) => Err(why),
            None => self.meaning(&syntax::plain(line)?),
        }
    }

    /// Takes a rule of an ad blocker, or counts it where it says what addresses alone cannot.
    fn adblock(&mut self, line: &str) {
        self.reading.lines += 1;
        if self.syntax.is_comment(line.bytes().next().unwrap_or(b'!')) {
            return;
        }
        let taken = match resolver::line(line) {
            Some(Ok(resolver::Line::Names(name))) => syntax::squid_domain(name).and_then(|rule| self.rule(rule)),
            _ => syntax::adblock(line).map_err(Malformed::from).and_then(|rule| self.meaning(&rule)),
        };
        if taken.is_err() {
            self.reading.unsupported += 1;
        }
    }

    /// Counts an expression, and keeps those that can be looked for: whether they are is for others to say.
    fn expression(&mut self, line: &[u8]) {
        self.reading.expressions += 1;
        if self.syntax == Syntax::OtherExpressions {
            return;
        }
        let rule = std::str::from_utf8(line).ok().and_then(|line| syntax::expression(line).ok());
        if let Some(rule) = rule {
            self.expressions.push(&rule.to_string());
        }
    }

    /// Takes every name that is one, even where another of the same line is not.
    fn hosts(&mut self, line: &str) -> Result<(), Malformed> {
        let (address, names) = syntax::hosts(line).ok_or(Malformed::NoAddress)?;
        let mut outcome = Err(Malformed::NoName);
        let mut wrong = None;
        for name in names {
            outcome = Ok(());
            if syntax::is_local_name(name) {
                continue;
            }
            if !syntax::is_nowhere(address) {
                return Err(Malformed::Redirect);
            }
            let taken = syntax::hosts_name(name).and_then(|rule| self.rule(rule));
            wrong = wrong.or(taken.err());
        }
        wrong.map_or(outcome, Err)
    }

    fn rule(&mut self, rule: Rule<'_>) -> Result<(), Malformed> {
        self.meaning(&Meaning::Rule(rule))
    }

    fn meaning(&mut self, rule: &Meaning<'_>) -> Result<(), Malformed> {
        if let Some(line) = syntax::plainly_written(rule) {
            self.text.push(line);
        } else {
            syntax::write(rule, &mut self.scratch)?;
            self.text.push(&self.scratch);
        }
        Ok(())
    }

    fn malformed(&mut self, why: &dyn Display, line: &[u8]) {
        self.reading.lines += 1;
        self.reading.malformed += 1;
        if self.reading.complaints.len() < self.kept {
            let text = format!("{why}: “{}”", text::shown(line));
            self.reading.complaints.push(Complaint { file: self.file.to_owned(), line: self.number, text });
        }
    }

    fn finish(mut self) -> Reading {
        if self.syntax == Syntax::Undecided {
            self.judge();
        }
        self.reading.note = self.left_out().map(|text| Complaint { file: self.file.to_owned(), line: 0, text });
        self.reading.rules = self.text.finish();
        self.reading.expression_rules = self.expressions.finish();
        self.reading
    }

    fn left_out(&self) -> Option<String> {
        let count = |count: u64, one: &str, many: &str| match count {
            0 => None,
            1 => Some(format!("one {one} is not applied")),
            count => Some(format!("{count} {many} are not applied")),
        };
        let queries = count(self.reading.queries, "web address with a query", "web addresses with a query");
        queries.or_else(|| count(self.reading.unsupported, "rule for ad blockers", "rules for ad blockers"))
    }
}
