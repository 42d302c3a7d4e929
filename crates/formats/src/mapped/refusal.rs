//! Why a table was refused as a whole.

use belisha_policy::people::Upn;

use super::field::Field;
use crate::sheet::NoTable;

/// Why a table was refused as a whole. Nothing of it is used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal<F: Field> {
    /// It is no table.
    #[error(transparent)]
    NoTable(#[from] NoTable),
    /// There are headings alone.
    #[error("has headings and nothing below them")]
    Empty,
    /// A column that was said to be there is not.
    #[error("has no column {column:?}. {}", found(.headings))]
    NoColumn {
        /// As it was said.
        column: String,
        /// The headings of the table.
        headings: Vec<String>,
    },
    /// Its headings are not known.
    #[error("is no {} that is known by its headings. {}. Say which column holds what: {}", F::TABLE, found(.headings), to_type(.lacks))]
    Unknown {
        /// What has to be said at least.
        lacks: Vec<F>,
        /// The headings of the table.
        headings: Vec<String>,
    },
}

/// A table that was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file} {refusal}")]
pub struct Refused<F: Field> {
    /// Its name.
    pub file: String,
    /// Why.
    pub refusal: Refusal<F>,
}

/// The longest heading that is shown.
const LONGEST_SHOWN: usize = 60;

/// The headings. A table without a line of headings begins with what is about somebody, which is not shown.
fn found(headings: &[String]) -> String {
    let is_data = |text: &String| {
        text.chars().count() > LONGEST_SHOWN
            || text.chars().any(char::is_control)
            || text.parse::<Upn>().is_ok()
            || text.chars().filter(char::is_ascii_digit).count() > 3
    };
    if headings.iter().any(is_data) {
        return "Its first line is no line of headings, as it seems: export it with headings".to_owned();
    }
    let quoted: Vec<String> = headings.iter().map(|heading| format!("{heading:?}")).collect();
    format!("Its headings are {}", quoted.join(", "))
}

fn to_type<F: Field>(lacks: &[F]) -> String {
    let lacks: Vec<String> = lacks.iter().map(F::to_string).collect();
    let fields: Vec<String> = lacks.iter().map(|field| format!("--map {field}='HEADING'")).collect();
    let others: Vec<String> = F::names().into_iter().filter(|name| !lacks.contains(name)).collect();
    format!("{} (and, where they are there, {})", fields.join(" "), others.join(", "))
}
