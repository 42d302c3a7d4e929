//! What is to be looked through, and how often.

use std::collections::BTreeMap;

use belisha_policy::retention::Period;
use serde::Deserialize;
use toml::Spanned;

use super::Fault;

/// Who holds which role.
const ROLES: &str = "roles";

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawReview {
    roles: Option<Spanned<String>>,
}

impl RawReview {
    pub(super) fn written(&self) -> Result<BTreeMap<String, String>, Fault> {
        let Some(roles) = &self.roles else { return Ok(BTreeMap::new()) };
        let period = parse(roles.get_ref()).map_err(|message| (roles.span().start, message))?;
        Ok(BTreeMap::from([(ROLES.to_owned(), period.to_string())]))
    }
}

/// How often it is looked through who holds which role.
pub(super) fn of_roles(review: &BTreeMap<String, String>) -> Result<Period, Fault> {
    review.get(ROLES).map_or(Ok(Period::A_YEAR), |text| parse(text)).map_err(|message| (0, message))
}

fn parse(text: &str) -> Result<Period, String> {
    text.parse().map_err(|error| format!("{text:?} is {error}"))
}
