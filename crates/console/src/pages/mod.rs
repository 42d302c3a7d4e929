//! The pages, a file each.

pub(crate) mod acts;
pub(crate) mod agreements;
pub(crate) mod case;
pub(crate) mod cases;
pub(crate) mod home;
pub(crate) mod keys;
pub(crate) mod link;
mod paging;
pub(crate) mod password;
pub(crate) mod pictures;
pub(crate) mod receipt;
pub(crate) mod register;
pub(crate) mod report;
pub(crate) mod returns;
pub(crate) mod round;
pub(crate) mod sign_in;
pub(crate) mod tasks;
pub(crate) mod worry;

use belisha_policy::calendar::local;
use belisha_school::hex;
use chrono::{DateTime, Utc};

use crate::reply::Trouble;

/// An instant by the clock at the school, as it is written in a letter.
pub(crate) fn shown(at: DateTime<Utc>) -> String {
    local(at).format("%A %-d %B %Y, %H:%M").to_string()
}

/// The name of a form that is handed out: sent twice, it is one report.
pub(crate) fn new_form() -> Result<String, Trouble> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|error| Trouble::Away(error.to_string()))?;
    Ok(hex(&bytes))
}
