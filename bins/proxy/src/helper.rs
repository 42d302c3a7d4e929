//! `belisha-proxy helper`: answers Squid.

use std::io::{self, Read, Write, stdin, stdout};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use belisha_school::answering::{Answer, Answering, MAX_LINE, Protocol, Question, Said, write};
use belisha_school::authority::Authority;
use belisha_school::rules::{self, Loaded, Origin, Rules};
use belisha_school::{DataFolder, School, SchoolError, Settings, settings_in_force};
use chrono::Utc;

use crate::args::{Args, HelperCommand, fail};
use crate::follow::Seen;

/// How often files are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How often the journal is read where nothing tells that it has changed, as with a database on another machine.
const AGAIN: Duration = Duration::from_secs(15);
/// Bytes that are read at once.
const CHUNK: usize = 64 * 1024;

const UNREADABLE: &str = "This is no web address.";
const NO_RULES: &str =
    "The filter has no rules, and everything is closed. Please tell whoever looks after the network.";

/// What is gone by.
struct Knowing {
    rules: Option<Arc<Rules>>,
    settings: Settings,
    authority: Authority,
}

/// What is gone by, replaced while questions are answered.
type Live = Arc<Mutex<Arc<Knowing>>>;

pub(crate) fn run(args: &Args, command: &HelperCommand) -> ExitCode {
    let protocol = if command.protocol == "acl" { Protocol::Acl } else { Protocol::Rewrite };
    let seen = Seen::now(&args.folder(), args.school.as_deref());
    let knowing = match Knowing::read(args, at_first) {
        Ok(knowing) => knowing,
        Err(error @ SchoolError::Settings(_)) => return fail(&error, 78),
        Err(error) => return fail(&error, 74),
    };
    let live: Live = Arc::new(Mutex::new(Arc::new(knowing)));
    thread::scope(|scope| {
        let (end, ended) = channel();
        let following = Arc::clone(&live);
        scope.spawn(move || follow(args, seen, &following, &ended));
        let elsewhere = command.redirect.as_deref().unwrap_or_default();
        let served = Conversation { protocol, elsewhere, live: &live }.go_on(stdin().lock(), stdout().lock());
        drop(end);
        match served {
            Ok(()) => ExitCode::SUCCESS,
            // Squid has closed its end.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            Err(error) => fail(&error, 74),
        }
    })
}

impl Knowing {
    /// Settings and people as they are now, and the rules that are to be gone by.
    fn read(args: &Args, rules: impl FnOnce(&DataFolder) -> Option<Arc<Rules>>) -> Result<Self, SchoolError> {
        let folder = args.folder();
        let (settings, trouble) = settings_in_force(&folder, args.settings()?)?;
        if let Some(trouble) = trouble {
            fail(&format!("{trouble}. This is by the last good settings"), 0);
        }
        let authority = match School::look(&folder, &settings)? {
            Some(school) => Authority::load(school.ledger())?,
            None => Authority::default(),
        };
        Ok(Self { rules: rules(&folder), settings, authority })
    }
}

/// The rules to begin with: where those in force cannot be used, the last that could.
fn at_first(folder: &DataFolder) -> Option<Arc<Rules>> {
    match rules::load(folder) {
        Ok(loaded) => {
            if let Origin::Earlier { problem, .. } = &loaded.origin {
                fail(&format!("{problem}. This is by an earlier generation of the rules"), 0);
            }
            Some(Arc::new(loaded.rules))
        }
        Err(error) => {
            fail(&format!("{error}. Until then everything is refused"), 0);
            None
        }
    }
}

/// The rules as they now are; where they cannot be used, those from before.
fn anew(folder: &DataFolder, before: Option<Arc<Rules>>) -> Option<Arc<Rules>> {
    let problem = match rules::load(folder) {
        Ok(Loaded { origin: Origin::Earlier { problem, .. }, .. }) if before.is_some() => problem,
        Ok(loaded) => return Some(Arc::new(loaded.rules)),
        Err(error) => error.to_string(),
    };
    fail(&format!("{problem}. The rules in force are as before"), 0);
    before
}

/// Puts what has changed in place until nobody asks any more. What cannot be used changes nothing.
fn follow(args: &Args, mut seen: Seen, live: &Live, ended: &Receiver<()>) {
    let mut read = Instant::now();
    while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(LOOK) {
        let now = Seen::now(&args.folder(), args.school.as_deref());
        if now == seen && read.elapsed() < AGAIN {
            continue;
        }
        let has_new_rules = now.rules != seen.rules;
        (seen, read) = (now, Instant::now());
        let before = live.lock().unwrap_or_else(PoisonError::into_inner).rules.clone();
        match Knowing::read(args, |folder| if has_new_rules { anew(folder, before) } else { before }) {
            Ok(knowing) => *live.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(knowing),
            Err(error) => {
                fail(&format!("{error}. What is in force is as before"), 0);
            }
        }
    }
}

struct Conversation<'a> {
    protocol: Protocol,
    elsewhere: &'a str,
    live: &'a Live,
}

impl Conversation<'_> {
    /// Answers until there are no more questions. Answers wait for one another only as long as more questions are there.
    fn go_on(&self, mut input: impl Read, mut out: impl Write) -> io::Result<()> {
        let mut lines = Lines::default();
        let mut answers = Vec::with_capacity(CHUNK);
        let mut is_more = true;
        while is_more {
            let knowing = Arc::clone(&self.live.lock().unwrap_or_else(PoisonError::into_inner));
            let mut answering =
                knowing.rules.as_ref().map(|rules| Answering::new(rules, &knowing.settings.policy, &knowing.authority));
            // As long as nothing changes, those who ask are known from their last question.
            loop {
                is_more = lines.read(&mut input)?;
                let at = Utc::now();
                while let Some(line) = lines.next(!is_more) {
                    self.answer(answering.as_mut(), line, at, &mut answers)?;
                }
                out.write_all(&answers)?;
                out.flush()?;
                answers.clear();
                let newest = self.live.lock().unwrap_or_else(PoisonError::into_inner);
                if !is_more || !Arc::ptr_eq(&newest, &knowing) {
                    break;
                }
            }
        }
        Ok(())
    }

    fn answer(
        &self,
        answering: Option<&mut Answering<'_>>,
        line: Line<'_>,
        at: chrono::DateTime<Utc>,
        out: &mut Vec<u8>,
    ) -> io::Result<()> {
        let (channel, question) = match line {
            Line::Whole(line) => Question::read(line),
            Line::TooLong(beginning) => (Question::read(beginning).0, None),
        };
        let said;
        let answer = match (answering, question) {
            (None, _) => Answer::Broken(NO_RULES),
            (_, None) => Answer::Broken(UNREADABLE),
            (Some(answering), Some(question)) => {
                said = answering.answer(&question, at);
                match &said {
                    Said::Go => Answer::Go,
                    Said::Stop(why) => Answer::Stop(why),
                    Said::Unreadable => Answer::Broken(UNREADABLE),
                }
            }
        };
        write(out, self.protocol, channel, answer, self.elsewhere)
    }
}

/// A line as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line<'l> {
    /// Without its end.
    Whole(&'l [u8]),
    /// The beginning of one that is too long: enough for its channel.
    TooLong(&'l [u8]),
}

/// Lines as they come.
#[derive(Default)]
struct Lines {
    held: Vec<u8>,
    /// From where on `held` has not been given out.
    at: usize,
    /// The beginning of a line that was too long, of which the rest is still to come.
    beginning: Option<Vec<u8>>,
    /// The beginning of the last line that was too long.
    too_long: Vec<u8>,
}

/// Bytes that are kept of a line that is too long.
const BEGINNING: usize = 32;

impl Lines {
    /// Reads what is there, and says whether more may come.
    fn read(&mut self, input: &mut impl Read) -> io::Result<bool> {
        self.held.drain(..self.at);
        self.at = 0;
        let before = self.held.len();
        self.held.resize(before + CHUNK, 0);
        let read = loop {
            match input.read(self.held.get_mut(before..).unwrap_or_default()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        self.held.truncate(before + *read.as_ref().unwrap_or(&0));
        Ok(read? > 0)
    }

    /// The next line. `last` says that no more will come, so that what is left is one.
    fn next(&mut self, last: bool) -> Option<Line<'_>> {
        loop {
            let rest = self.held.get(self.at..)?;
            let end = memchr::memchr(b'\n', rest);
            let is_left = last && !rest.is_empty();
            if end.is_none() && !is_left {
                if rest.len() > MAX_LINE {
                    let beginning = rest.get(..BEGINNING).unwrap_or(rest).to_vec();
                    self.beginning.get_or_insert(beginning);
                    self.at = self.held.len();
                }
                return None;
            }
            let (start, length) = (self.at, end.unwrap_or(rest.len()));
            self.at = (start + length + 1).min(self.held.len());
            if let Some(beginning) = self.beginning.take() {
                self.too_long = beginning;
                return Some(Line::TooLong(&self.too_long));
            }
            if !self.held.get(start..start + length)?.trim_ascii().is_empty() {
                let line = self.held.get(start..start + length)?;
                return Some(Line::Whole(line.strip_suffix(b"\r").unwrap_or(line)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(input: &[u8]) -> Vec<(bool, Vec<u8>)> {
        let (mut lines, mut found, mut input) = (Lines::default(), Vec::new(), input);
        loop {
            let is_more = lines.read(&mut input).unwrap();
            while let Some(line) = lines.next(!is_more) {
                found.push(match line {
                    Line::Whole(line) => (true, line.to_vec()),
                    Line::TooLong(beginning) => (false, beginning.to_vec()),
                });
            }
            if !is_more {
                return found;
            }
        }
    }

    #[test]
    fn lines_are_whole_and_too_long_ones_are_noticed() {
        let whole = |text: &str| (true, text.as_bytes().to_vec());
        assert_eq!(split(b"a b\nc\r\n\n d"), [whole("a b"), whole("c"), whole(" d")]);
        for end in [&b"\nnext\n"[..], b""] {
            let long = [b"17 ".to_vec(), vec![b'x'; MAX_LINE + 2 * CHUNK], end.to_vec()].concat();
            let found = split(&long);
            assert!(!found[0].0 && found[0].1.starts_with(b"17 xx") && found[0].1.len() == BEGINNING);
            assert_eq!(found[1..], [whole("next")][..found.len() - 1]);
            assert_eq!(found.len(), 1 + end.len() / 6);
        }
        assert_eq!(split(b""), []);
    }
}
