//! What happened, in sentences for people.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use belisha_policy::PersonId;
use chrono::{DateTime, Utc};

use crate::case::{Event, Exported, Fact, Imported, Settled, Stage};

/// How far it has come.
impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Nothing => "not there",
            Self::Reported => "reported",
            Self::Sorted(_) => "sorted",
            Self::Inquiry(_) => "being looked into",
            Self::Held => "preserved and referred",
            Self::WithPolice => "with the police",
            Self::Returned => "back from the police",
            Self::Concluded => "concluded",
            Self::Closed => "closed",
            Self::Archived => "archived, from another system",
        })
    }
}

impl Event {
    /// What happened, in a sentence whose subject is whoever did it: "sorted it: …". `name` says what somebody is called,
    /// and `when` how an instant is written.
    pub fn told(&self, name: impl Fn(PersonId) -> String, when: impl Fn(DateTime<Utc>) -> String) -> String {
        let name = |person: &PersonId| name(*person);
        match &self.fact {
            Fact::Reported { first_known, words, danger, says, matter } => {
                let says = says.as_ref().map(|says| format!(", as {says}")).unwrap_or_default();
                let matter = matter.map(|matter| format!(", as {}", matter.slug())).unwrap_or_default();
                let danger = if *danger { ", and that somebody is in danger" } else { "" };
                format!("told of it{says}{matter}, known since {}{danger}: {words}", when(*first_known))
            }
            Fact::ToldBefore { body, theirs } => {
                let theirs = theirs.as_ref().map(|theirs| format!(", whose reference is {theirs}")).unwrap_or_default();
                format!("had told {} by themselves{theirs}", body.slug())
            }
            Fact::Described(circumstances) => {
                let rows: Vec<String> = circumstances.rows().map(|(what, is)| format!("{what}: {is}")).collect();
                format!("said how it came about: {}", rows.join("; "))
            }
            Fact::Raised { reason } => format!("made it a matter of child protection: {reason}"),
            Fact::Imported(imported) => {
                let mut told = format!("{imported}. It happened on {}", when(imported.happened));
                for (heading, text) in imported.rows() {
                    told = told + "\n    " + heading + ": " + text;
                }
                told + "\n    In its words: " + &imported.words
            }
            Fact::Named { person, part } => format!("named {} ({})", name(person), part.slug()),
            Fact::Sorted { category, severity, track } => {
                format!("sorted it: {}, severity {}, {}", category.in_full(), severity.number(), track.slug())
            }
            Fact::Suspected { first_seen } => {
                format!("said that it may be illegal, first seen {}: preserved and referred", when(*first_seen))
            }
            Fact::HoldConfirmed => "confirmed the hold: parents are not told before it is lifted".to_owned(),
            Fact::TakenByPolice { reference } => format!("gave it to the police, whose reference is {reference}"),
            Fact::Returned { note, second } => {
                format!("lifted the hold together with {}: the police gave it back ({note})", name(second))
            }
            Fact::HarmTested(test) => {
                let answers = [
                    (test.harmed, "harmed a child, or may have"),
                    (test.offence, "possibly an offence"),
                    (test.risk, "a risk to children"),
                    (test.unsuitable, "may not be suited to work with children"),
                ];
                let met: Vec<&str> = answers.iter().filter(|(met, _)| *met).map(|(_, what)| *what).collect();
                let met = if met.is_empty() { "not met, a low-level concern".to_owned() } else { met.join("; ") };
                format!("tested the threshold of harm: {met}")
            }
            Fact::InquiryBegan { second } => format!("began to look into it, together with {}", name(second)),
            Fact::Settled { body, how: Settled::Told(theirs) } => {
                let theirs = theirs.as_ref().map(|theirs| format!(", whose reference is {theirs}")).unwrap_or_default();
                format!("told {}{theirs}", body.slug())
            }
            Fact::Settled { body, how: Settled::NotApplicable(reason) } => {
                format!("did not tell {}: {reason}", body.slug())
            }
            Fact::Heard { body, what } => format!("heard from {}: {what}", body.slug()),
            Fact::Referred { body, digest } => {
                format!("made a document for {}, SHA-256 {}", body.slug(), Hex(digest))
            }
            Fact::Exported(exported) => format!("{exported}"),
            Fact::Received { export, by, on } => format!("noted that {by} received the export {export} on {on}"),
            Fact::ParentsTold(child) => format!("told the parents of {}", name(child)),
            Fact::ParentsDeferred { child, reason } => {
                format!("did not tell the parents of {} yet: {reason}", name(child))
            }
            Fact::EvidenceNoted { description, reference, digest } => {
                let kept = reference.as_ref().map(|kept| format!(", kept as {kept}")).unwrap_or_default();
                let digest = digest.as_ref().map(|digest| format!(", SHA-256 {}", Hex(digest))).unwrap_or_default();
                format!("described what shows it: {description}{kept}{digest}")
            }
            Fact::DeviceTaken { bag, what, of, custody, power } => {
                let (of, power) = (name(of), power.title().to_lowercase());
                format!(
                    "{}: {what} of {of}, in bag {bag}, left as it was found: {power}",
                    custody.title().to_lowercase()
                )
            }
            Fact::DeviceSearched { bag, grounds, witness, found } => {
                format!("searched bag {bag} before {}, because: {grounds}. Found: {found}", name(witness))
            }
            Fact::DeviceReturned { bag, to, checked } => {
                format!("gave bag {bag} to {}, who they are by: {checked}", name(to))
            }
            Fact::Supported { person, how } => format!("supports {}: {how}", name(person)),
            Fact::Remedied { person, remedy, because } => {
                let because = because.as_ref().map(|because| format!(", because: {because}")).unwrap_or_default();
                format!("{}: {}{because}", name(person), remedy.title())
            }
            Fact::FiledElsewhere => "it goes into the child-protection file, which is in another system".to_owned(),
            Fact::WordsTakenOut => "took out what was told in words: the child-protection file has it".to_owned(),
            Fact::Linked { to } => format!("linked it with {to}"),
            Fact::Concluded(outcome) => format!("concluded: {}", outcome.slug()),
            Fact::ReporterAnswered => "answered whoever told of it".to_owned(),
            Fact::Closed => "closed it".to_owned(),
            Fact::Announced(said) => format!("told the community ({}): {}", said.audience(), said.text),
            Fact::Reopened { reason } => format!("opened it again: {reason}"),
        }
    }
}

impl Fact {
    /// The same with whatever somebody wrote in it put in other words: those in which nobody is named, say.
    #[must_use]
    pub fn reworded(&self, reword: impl Fn(&str) -> String) -> Self {
        let mut fact = self.clone();
        let words = |text: &mut String| *text = reword(text);
        match &mut fact {
            Self::Reported { words: told, says, .. } => {
                words(told);
                says.iter_mut().for_each(words);
            }
            Self::Imported(imported) => {
                let Imported { words: told, category, status, also, .. } = &mut **imported;
                [told, category, status].into_iter().for_each(words);
                for (_, text) in also {
                    words(text);
                }
            }
            Self::TakenByPolice { reference: text }
            | Self::ToldBefore { theirs: Some(text), .. }
            | Self::Returned { note: text, .. }
            | Self::Settled { how: Settled::Told(Some(text)) | Settled::NotApplicable(text), .. }
            | Self::ParentsDeferred { reason: text, .. }
            | Self::Supported { how: text, .. }
            | Self::Received { by: text, .. }
            | Self::DeviceTaken { what: text, .. }
            | Self::DeviceReturned { checked: text, .. }
            | Self::Heard { what: text, .. }
            | Self::Raised { reason: text }
            | Self::Remedied { because: Some(text), .. }
            | Self::Reopened { reason: text } => words(text),
            Self::DeviceSearched { grounds, found, .. } => [grounds, found].into_iter().for_each(words),
            Self::EvidenceNoted { description, reference, .. } => {
                words(description);
                reference.iter_mut().for_each(words);
            }
            Self::Announced(announced) => words(&mut announced.text),
            Self::Exported(exported) => [&mut exported.to, &mut exported.because].into_iter().for_each(words),
            Self::Named { .. }
            | Self::ToldBefore { theirs: None, .. }
            | Self::Described(_)
            | Self::Sorted { .. }
            | Self::Suspected { .. }
            | Self::HoldConfirmed
            | Self::HarmTested(_)
            | Self::InquiryBegan { .. }
            | Self::Settled { how: Settled::Told(None), .. }
            | Self::Referred { .. }
            | Self::ParentsTold(_)
            | Self::Remedied { because: None, .. }
            | Self::FiledElsewhere
            | Self::WordsTakenOut
            | Self::Linked { .. }
            | Self::Concluded(_)
            | Self::ReporterAnswered
            | Self::Closed => {}
        }
        fact
    }

    /// Whom it is about, where it is about one person.
    pub fn person(&self) -> Option<PersonId> {
        match self {
            Self::Named { person, .. } | Self::Supported { person, .. } | Self::Remedied { person, .. } => {
                Some(*person)
            }
            Self::ParentsTold(child) | Self::ParentsDeferred { child, .. } => Some(*child),
            Self::DeviceTaken { of, .. } => Some(*of),
            _ => None,
        }
    }
}

impl Imported {
    /// What the other system says besides the words, under the headings under which it stands.
    pub fn rows(&self) -> impl Iterator<Item = (&str, &str)> {
        let own = [("Category", self.category.as_str()), ("Status", self.status.as_str())];
        let also = self.also.iter().map(|(heading, text)| (heading.as_str(), text.as_str()));
        own.into_iter().chain(also).filter(|(_, text)| !text.trim().is_empty())
    }
}

/// Where it comes from.
impl fmt::Display for Imported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "brought from {}", self.system)?;
        if let Some(id) = &self.id {
            write!(f, " {id}")?;
        }
        let (row, whole) = (Hex(&self.row_digest), Hex(&self.file_digest));
        write!(f, ": line {} of {} (SHA-256 of the row {row}, of the file {whole})", self.line, self.file)?;
        match &self.replaces {
            Some(before) => write!(f, ". It replaces {before}, as the system said before"),
            None => Ok(()),
        }
    }
}

/// What was handed out, to whom and why.
impl fmt::Display for Exported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { export, recipient, to, because, files } = self;
        write!(f, "exported it as {export} for {to} ({}), because: {because}", recipient.slug())?;
        files.iter().try_for_each(|(name, digest)| write!(f, "; {name} has SHA-256 {}", Hex(digest)))
    }
}

/// A digest, as people compare it.
struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
