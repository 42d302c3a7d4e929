//! What a school has written down before connections are looked into, as it is written.

use belisha_policy::Inspection;
use serde::{Deserialize, Serialize};

use super::dates::WrittenDay;

/// `[inspection]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrittenInspection {
    /// The day of the impact assessment.
    pub assessed: WrittenDay,
    /// The day from which everybody has been told.
    pub noticed: WrittenDay,
}

impl WrittenInspection {
    /// What it means.
    pub(super) fn inspection(self) -> Inspection {
        Inspection { assessed: self.assessed.0, noticed: self.noticed.0 }
    }

    fn describe(self) -> String {
        format!("assessed on {}, everybody told from {}", self.assessed, self.noticed)
    }
}

/// In plain English, what another would change.
pub(super) fn changes(now: Option<&WrittenInspection>, then: Option<&WrittenInspection>, to: &mut Vec<String>) {
    match (now, then) {
        (None, Some(then)) => to.push(format!("connections may be inspected: {}", then.describe())),
        (Some(now), None) => to.push(format!("connections may not be inspected any more (was {})", now.describe())),
        (Some(now), Some(then)) if now != then => {
            to.push(format!("inspection: {} (was {})", then.describe(), now.describe()));
        }
        _ => {}
    }
}
