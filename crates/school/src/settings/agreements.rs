//! What becomes of those who have not agreed, and how long consent to pictures is good, as it is written.

use belisha_aua::Validity;
use belisha_policy::UntilSigned;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::Fault;
use super::names::one_of;

/// `[agreements]`, as it was typed.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAgreements {
    until_signed: Option<Spanned<String>>,
    photo_consent: Option<Spanned<String>>,
}

/// `[agreements]`: by slugs, each where it is not the default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenAgreements {
    /// What becomes of those who have not agreed: `chase`, `mild` or `strict`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_signed: Option<String>,
    /// How long a yes to pictures is good: `joining` or `yearly`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo_consent: Option<String>,
}

impl RawAgreements {
    pub(super) fn written(&self) -> Result<WrittenAgreements, Fault> {
        let checked = |text: &Option<Spanned<String>>, read: fn(&str) -> Result<(), String>| match text {
            None => Ok(None),
            Some(text) => {
                let read = read(text.get_ref()).map(|()| Some(text.get_ref().clone()));
                read.map_err(|message| (text.span().start, message))
            }
        };
        let written = WrittenAgreements {
            until_signed: checked(&self.until_signed, |text| until_signed(text).map(drop))?,
            photo_consent: checked(&self.photo_consent, |text| validity(text).map(drop))?,
        };
        // What says the default says nothing.
        Ok(WrittenAgreements {
            until_signed: written.until_signed.filter(|text| text != UntilSigned::default().slug()),
            photo_consent: written.photo_consent.filter(|text| text != Validity::default().slug()),
        })
    }
}

impl WrittenAgreements {
    /// What becomes of those who have not agreed.
    pub(super) fn until_signed(&self) -> Result<UntilSigned, Fault> {
        let read = self.until_signed.as_deref().map(until_signed).transpose();
        read.map(Option::unwrap_or_default).map_err(|message| (0, message))
    }

    /// How long a yes to pictures is good.
    pub(super) fn validity(&self) -> Result<Validity, Fault> {
        let read = self.photo_consent.as_deref().map(validity).transpose();
        read.map(Option::unwrap_or_default).map_err(|message| (0, message))
    }

    /// In plain English, what another would change.
    pub(super) fn changes(&self, to: &Self, changes: &mut Vec<String>) {
        let said = |text: &Option<String>, default: &'static str| text.clone().unwrap_or_else(|| default.to_owned());
        let until = |it: &Self| said(&it.until_signed, UntilSigned::default().slug());
        let photos = |it: &Self| said(&it.photo_consent, Validity::default().slug());
        if until(self) != until(to) {
            changes.push(format!("until somebody has agreed the rule is {} (was {})", until(to), until(self)));
        }
        if photos(self) != photos(to) {
            changes.push(format!("consent to pictures is asked for {} (was {})", photos(to), photos(self)));
        }
    }
}

fn until_signed(text: &str) -> Result<UntilSigned, String> {
    text.parse().map_err(|_| one_of("rule", text, UntilSigned::ALL.iter().map(|it| it.slug())))
}

fn validity(text: &str) -> Result<Validity, String> {
    text.parse().map_err(|_| one_of("validity", text, Validity::ALL.iter().map(|it| it.slug())))
}
