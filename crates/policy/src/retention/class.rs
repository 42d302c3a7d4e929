//! The kinds of records, each with its rule: the schedule as data.

use core::fmt;
use core::str::FromStr;

use super::period::Period;
use super::rule::{Limits, Rule, Start};

macro_rules! classes {
    ($($(#[$doc:meta])* $variant:ident = $number:literal, $slug:literal, $title:literal,
        $rule:expr, $limits:expr, $basis:literal;)*) => {
        /// A kind of record. Numbers and slugs are stable: they stand in journals, and a number is never given to
        /// another kind.
        ///
        /// Of several kinds that fit a record the one that is kept longest is the right one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        #[non_exhaustive]
        pub enum RecordClass {
            $(#[doc = $title] #[doc = "."] $(#[doc = ""] #[$doc])* $variant = $number,)*
        }

        impl RecordClass {
            /// All of them, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in settings and exports.
            pub fn slug(self) -> &'static str {
                match self { $(Self::$variant => $slug,)* }
            }

            /// The name for people.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            /// How long it is kept where the school has set nothing.
            pub fn default_rule(self) -> Rule {
                match self { $(Self::$variant => $rule,)* }
            }

            /// What a school may set.
            pub fn limits(self) -> Limits {
                match self { $(Self::$variant => $limits,)* }
            }

            /// On what the default rests, as words.
            pub fn basis(self) -> &'static str {
                match self { $(Self::$variant => $basis,)* }
            }
        }
    };
}

classes! {
    /// The lines of one day; the day on which they were made.
    AccessLog = 1, "access-log", "Raw access log",
        Rule::After(Start::Made, Period::months(12)), Limits::Between(Period::days(90), Period::months(12)),
        "no statute gives a figure; 6 to 12 months are common practice";

    /// Not reviewed yet, it is kept.
    Capture = 10, "capture", "Capture that is linked to no incident",
        Rule::After(Start::Reviewed, Period::days(30)), Limits::Longer,
        "what was reviewed and led to nothing is not needed";
    CaptureFalsePositive = 11, "capture-false-positive", "Capture that is a false positive",
        Rule::AtOnce, Limits::Fixed,
        "policies of schools: false positives are identified and deleted";
    CaptureLinked = 12, "capture-linked", "Capture that is linked to an incident",
        Rule::WithAnother, Limits::Fixed,
        "it is evidence of the incident";

    PupilIncident = 20, "pupil-incident", "Incident about a pupil, not of child protection",
        Rule::After(Start::Left, Period::years(1)), Limits::LongerOr(Start::Born, Period::years(25)),
        "custom of schools; 25 years after birth where the school keeps its behaviour file so";
    SafeguardingIncident = 21, "safeguarding-incident", "Child protection or safeguarding incident",
        Rule::ThenReview(Start::Born, Period::years(25)), Limits::Longer,
        "records management toolkit for schools (IRMS); Education (Pupil Information) Regulations";
    SexualAbuse = 22, "sexual-abuse", "Sexual abuse, or an allegation of it",
        Rule::ThenReview(Start::LastEntry, Period::years(75)), Limits::Longer,
        "recommended by the Independent Inquiry into Child Sexual Abuse";
    /// The case file, whatever came of it.
    StaffAllegation = 23, "staff-allegation", "Allegation against a member of staff",
        Rule::PensionAge(Period::years(10)), Limits::Longer,
        "Keeping children safe in education, part four";
    /// What is handed out as the person's own file; the case file is a record apart.
    StaffFileEntry = 24, "staff-file-entry", "Entry of an allegation in a member of staff's file",
        Rule::PensionAgeUnlessFalse(Period::years(10)), Limits::Longer,
        "Keeping children safe in education, part four: what is malicious or false is not in the file";
    LowLevelConcern = 25, "low-level-concern", "Low-level concern about a member of staff",
        Rule::After(Start::EmploymentEnded, Period::days(0)), Limits::Longer,
        "at least until the employment ends";

    AgreementSignature = 30, "agreement-signature", "Signature under an agreement",
        Rule::After(Start::PersonLeft, Period::years(1)), Limits::Longer,
        "while it binds, and a year in which it may be asked for";
    PhotoConsent = 31, "photo-consent", "Consent to photographs",
        Rule::After(Start::ImageWithdrawn, Period::years(1)), Limits::Longer,
        "while an image is used, and a year in which it may be asked for";

    FilterChange = 40, "filter-change", "Change of the filter",
        Rule::After(Start::LastEntry, Period::years(7)), Limits::Longer,
        "audit by governors";
    UnblockDecision = 41, "unblock-decision", "Decision on a request to unblock",
        Rule::After(Start::LastEntry, Period::years(7)), Limits::Longer,
        "audit by governors";
    PolicyVersion = 42, "policy-version", "Version of a policy document or an agreement",
        Rule::After(Start::Ended, Period::years(7)), Limits::Longer,
        "audit by governors";
    Duty = 43, "duty", "Duty, and how it was met",
        Rule::After(Start::Ended, Period::years(7)), Limits::Longer,
        "audit by governors";

    Device = 50, "device", "Device in the register",
        Rule::After(Start::Released, Period::years(1)), Limits::Longer,
        "a year in which questions come up";

    /// Who saw a record, when and why.
    AccessAudit = 60, "access-audit", "Who looked at a record",
        Rule::WithAnother, Limits::Fixed,
        "it protects the record";

    /// Its lines in the access log are kept as those of anybody.
    Guest = 70, "guest", "Guest's account and what was written of it",
        Rule::After(Start::Ended, Period::days(90)), Limits::Longer,
        "a term in which questions come up";

    /// Name, class, contacts and account. What happened to them is a record of its own.
    Person = 75, "person", "Who a person is, and what they are at the school",
        Rule::After(Start::PersonLeft, Period::years(1)), Limits::Longer,
        "while they belong to the school, and a year in which they may come back";

    Settings = 80, "settings", "Version of the settings",
        Rule::After(Start::Ended, Period::years(7)), Limits::Longer,
        "audit by governors";
    KeysAndRoles = 81, "keys-and-roles", "Change of a key, or of who holds a role",
        Rule::ThenReview(Start::LastEntry, Period::years(75)), Limits::Longer,
        "as long as the records that could be opened";
    SignIn = 82, "sign-in", "Sign-in token given or taken back",
        Rule::After(Start::Made, Period::months(12)), Limits::Longer,
        "as long as the access log";
    /// Counts and hashes; nothing personal.
    DayManifest = 83, "day-manifest", "Manifest of a day of the access log",
        Rule::After(Start::Made, Period::years(7)), Limits::Longer,
        "proves that a day was whole and when it went";
    /// What was held, reviewed, kept longer or erased, by which rule; nothing of what it said.
    RetentionDecision = 84, "retention-decision", "Decision on keeping or erasing, and what erasure leaves",
        Rule::Always, Limits::Fixed,
        "without it erasure cannot be told from tampering";
}

impl RecordClass {
    /// The number in the journal.
    pub const fn id(self) -> u16 {
        self as u16
    }

    /// The kind with this number. `None` for a number of a newer version: such a record is kept.
    pub fn from_id(id: u16) -> Option<Self> {
        Self::ALL.iter().copied().find(|class| class.id() == id)
    }
}

/// The slug.
impl fmt::Display for RecordClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.slug())
    }
}

/// Why a text names no kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no kind of record has this name")]
pub struct UnknownClass;

/// Reads the slug.
impl FromStr for RecordClass {
    type Err = UnknownClass;

    fn from_str(slug: &str) -> Result<Self, UnknownClass> {
        Self::ALL.iter().copied().find(|class| class.slug() == slug).ok_or(UnknownClass)
    }
}
