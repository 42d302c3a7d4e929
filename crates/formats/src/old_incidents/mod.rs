//! Incident logs of other safeguarding systems.
//!
//! A log is a table with headings, in any order and any case of their letters. Those that CPOMS and MyConcern are expected to
//! export are known; of any other somebody says which column holds what. Nothing is made of the words in it: they come out as
//! they stand, with the row as it stands.
//!
//! ```
//! use belisha_formats::old_incidents::{Field, Mapping, read};
//!
//! let log = "UPN,incident TEXT,Incident date/time\nH999233723002,\"Unkind, twice\",03/09/2025 09:02\n,Lost,yesterday\n";
//! let log = read("log.csv", log.as_bytes(), &Mapping::default())?;
//! let read: Vec<_> = log.incidents().collect();
//! let first = read[0].as_ref().unwrap();
//! assert_eq!((log.system(), first.get(Field::Text)), (Some("cpoms"), "Unkind, twice"));
//! assert_eq!(first.upns()[0].as_str(), "H999233723002");
//! assert_eq!(read[1].as_ref().err().unwrap().to_string(), "line 3: no date and time that can be read");
//! # Ok::<(), belisha_formats::old_incidents::Refused>(())
//! ```

mod columns;
mod incident;

use csv::Trim;

use self::columns::{Layout, Unfit};
use crate::access_log::DateOrder;
use crate::mis::MOST_MALFORMED;
use crate::sheet::date::{self, Order};
use crate::sheet::{self, NoTable, Table};
use belisha_policy::people::Upn;

pub use self::columns::{Field, Mapping, SYSTEMS, UnknownField};
pub use self::incident::{Complaint, Fault, OldIncident, PupilName};

/// Why a log was refused as a whole. Nothing of it is used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It is no table.
    #[error(transparent)]
    NoTable(#[from] NoTable),
    /// There are headings alone.
    #[error("has headings and no incident")]
    Empty,
    /// A column that was said to be there is not.
    #[error("has no column {column:?}. {}", found(.headings))]
    NoColumn {
        /// As it was said.
        column: String,
        /// The headings of the log.
        headings: Vec<String>,
    },
    /// Its headings are those of no system that is known.
    #[error("is no incident log that is known by its headings. {}. Say which column holds what: {}", found(.headings), to_type(.lacks))]
    Unknown {
        /// What has to be said at least.
        lacks: Vec<Field>,
        /// The headings of the log.
        headings: Vec<String>,
    },
}

/// A log that was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file} {refusal}")]
pub struct Refused {
    /// Its name.
    pub file: String,
    /// Why.
    pub refusal: Refusal,
}

/// The longest heading that is shown.
const LONGEST_SHOWN: usize = 60;

/// The headings. A log without a line of headings begins with an incident, which is not shown.
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

fn to_type(lacks: &[Field]) -> String {
    let fields: Vec<String> = lacks.iter().map(|field| format!("--map {field}='HEADING'")).collect();
    let others: Vec<&str> = Field::all().filter(|field| !lacks.contains(field)).map(Field::slug).collect();
    format!("{} (and, where they are there, {})", fields.join(" "), others.join(", "))
}

/// A log, read whole. Its incidents are worked out as they are asked for.
pub struct OldLog {
    text: String,
    table: Table,
    layout: Layout,
    order: DateOrder,
    order_of_birthdays: Order,
}

/// Reads a log; where its columns are not those of a system that is known, or are not all there is to it, by a mapping.
///
/// # Errors
/// It is damaged, empty, or lacks the columns without which there is no incident.
pub fn read(name: &str, bytes: &[u8], mapping: &Mapping) -> Result<OldLog, Refused> {
    let refused = |refusal| Refused { file: name.to_owned(), refusal };
    let text = sheet::decode(bytes).map_err(|it| refused(it.into()))?;
    // As they stand: blanks around the words are somebody's too.
    let table = sheet::read(&text, Trim::None).map_err(|it| refused(it.into()))?;
    let headings = table.written.clone();
    let layout = Layout::of(&table.headings, mapping).map_err(|unfit| {
        refused(match unfit {
            Unfit::NoColumn(column) => Refusal::NoColumn { column, headings },
            Unfit::Lacks(lacks) => Refusal::Unknown { lacks, headings },
        })
    })?;
    if table.rows.is_empty() && table.ragged.is_empty() {
        return Err(refused(Refusal::Empty));
    }
    let order_of = |field: Field| {
        let column = layout.columns.get(&field);
        date::order(table.rows.iter().filter_map(|row| column.map(|column| row.get(*column))))
    };
    let order = match order_of(Field::When) {
        Order::DayFirst => DateOrder::DayFirst,
        Order::MonthFirst => DateOrder::MonthFirst,
    };
    let order_of_birthdays = order_of(Field::Born);
    Ok(OldLog { text, table, layout, order, order_of_birthdays })
}

impl OldLog {
    /// The system whose log it is by its headings.
    pub fn system(&self) -> Option<&'static str> {
        self.layout.system
    }

    /// What is read, and the heading under which it stands.
    pub fn columns(&self) -> impl Iterator<Item = (Field, &str)> {
        let heading = |column: &usize| self.table.written.get(*column).map_or("", String::as_str);
        self.layout.columns.iter().map(move |(field, column)| (*field, heading(column)))
    }

    /// Whether days are written with the month first, as the column itself proves.
    pub fn is_month_first(&self) -> bool {
        self.order == DateOrder::MonthFirst
    }

    /// How many lines it has, below the headings, those that cannot be read among them.
    pub fn lines(&self) -> usize {
        self.table.rows.len() + self.table.ragged.len()
    }

    /// Each incident, or what is wrong with its line: first those that can be told apart into fields.
    pub fn incidents(&self) -> impl Iterator<Item = Result<OldIncident<'_>, Complaint>> {
        let ragged = self.table.ragged.iter().map(|line| Err(Complaint { line: *line, fault: Fault::Ragged }));
        self.table.rows.iter().map(|row| OldIncident::of(self, row)).chain(ragged)
    }
}

/// Whether so many bad lines of so many are too many, so that a log is more likely misread than damaged here and there.
pub fn is_too_bad(bad: usize, lines: usize) -> bool {
    bad * 100 > lines * MOST_MALFORMED
}
