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

use crate::access_log::DateOrder;
use crate::mapped::{self, Mapped};
use crate::sheet::Trim;
use crate::sheet::date::Order;

pub use self::columns::{Field, SYSTEMS, UnknownField};
pub use self::incident::{Complaint, Fault, OldIncident, PupilName};
pub use crate::mapped::is_too_bad;

/// Which column holds what, as somebody said it.
pub type Mapping = mapped::Mapping<Field>;
/// Why a log was refused as a whole. Nothing of it is used.
pub type Refusal = mapped::Refusal<Field>;
/// A log that was refused.
pub type Refused = mapped::Refused<Field>;

/// A log, read whole. Its incidents are worked out as they are asked for.
pub struct OldLog {
    table: Mapped<Field>,
    system: Option<&'static str>,
}

/// Reads a log; where its columns are not those of a system that is known, or are not all there is to it, by a mapping.
///
/// # Errors
/// It is damaged, empty, or lacks the columns without which there is no incident.
pub fn read(name: &str, bytes: &[u8], mapping: &Mapping) -> Result<OldLog, Refused> {
    let mut system = None;
    let known = |headings: &[String]| {
        let (of, columns) = columns::known(headings);
        system = of;
        columns
    };
    // As they stand: blanks around the words are somebody's too.
    let table = Mapped::placed(name, bytes, Trim::None, mapping, known)?;
    Ok(OldLog { table, system })
}

impl OldLog {
    /// The system whose log it is by its headings.
    pub fn system(&self) -> Option<&'static str> {
        self.system
    }

    /// What is read, and the heading under which it stands.
    pub fn columns(&self) -> impl Iterator<Item = (Field, &str)> {
        self.table.columns()
    }

    /// Whether days are written with the month first, as the column itself proves.
    pub fn is_month_first(&self) -> bool {
        self.table.is_month_first(Field::When)
    }

    fn order(&self) -> DateOrder {
        match self.table.order(Field::When) {
            Order::DayFirst => DateOrder::DayFirst,
            Order::MonthFirst => DateOrder::MonthFirst,
        }
    }

    /// How many lines it has, below the headings, those that cannot be read among them.
    pub fn lines(&self) -> usize {
        self.table.line_count()
    }

    /// Each incident, or what is wrong with its line: first those that can be told apart into fields.
    pub fn incidents(&self) -> impl Iterator<Item = Result<OldIncident<'_>, Complaint>> {
        let ragged = self.table.ragged().map(|line| Err(Complaint { line, fault: Fault::Ragged }));
        self.table.lines().map(|line| OldIncident::of(self, line)).chain(ragged)
    }
}
