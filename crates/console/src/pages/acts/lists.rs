//! What can be chosen in forms: what is sent, and what people read.

use belisha_incident::{Category, Severity};
use belisha_policy::Attribution;

/// The names of values, as they are sent and as they are read.
macro_rules! options {
    ($of:ty) => {
        <$of>::ALL.iter().map(|it| (it.slug().to_owned(), it.title().to_owned())).collect::<Vec<_>>()
    };
}

pub(in crate::pages) use options;

pub(super) fn categories() -> Vec<(String, String)> {
    let option = |category: &Category| (category.code().to_owned(), category.in_full());
    Category::ALL.iter().map(option).collect()
}

pub(super) fn severities() -> Vec<(String, String)> {
    let option = |severity: Severity| {
        let what = match severity {
            Severity::RecordedOnly => "written down, and nothing more",
            Severity::Weekly => "for the weekly review",
            Severity::FiveSchoolDays => "within five school days",
            Severity::NextSchoolDay => "on the next school day",
            Severity::SameDay => "on the same day",
            Severity::Immediate => "at once",
        };
        (severity.number().to_string(), format!("{}: {what}", severity.number()))
    };
    Severity::ALL.into_iter().map(option).collect()
}

pub(super) fn attributions() -> Vec<(String, String)> {
    let option = |attribution: Attribution| {
        let what = match attribution {
            Attribution::Individual => "an account of their own, or they were seen",
            Attribution::ClassAccount => "an account that a class shares",
            Attribution::Guest => "a guest's account",
            Attribution::AddressOnly => "nothing but a device",
            Attribution::CredentialInDoubt => "a password that others know",
        };
        (attribution.slug().to_owned(), what.to_owned())
    };
    Attribution::ALL.into_iter().map(option).collect()
}
