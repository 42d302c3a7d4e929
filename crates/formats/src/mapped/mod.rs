//! Tables of other programs, whose columns are known by their headings or by what somebody says they hold.
//!
//! What there is to read is a [`Field`] of its own for each kind of table. Nothing is made of the words in it.

mod field;
mod line;
mod refusal;

use std::collections::BTreeMap;

use crate::mis::MOST_MALFORMED;
use crate::sheet::date::{self, Order};
use crate::sheet::{self, Table, Trim, folded};

pub use self::field::{Field, Known, Mapping};
pub use self::line::{Line, Said};
pub use self::refusal::{Refusal, Refused};

/// A table, read whole.
pub struct Mapped<F> {
    text: String,
    table: Table,
    columns: BTreeMap<F, usize>,
    /// How the columns of days are written.
    orders: BTreeMap<F, Order>,
}

impl<F: Field> Mapped<F> {
    /// Reads a table: by the headings that are known, and where they are others, by a mapping. Blanks around what stands in a
    /// cell are left out. Costs some memory for each cell.
    ///
    /// # Errors
    /// It is damaged, empty, or lacks a column that was said to be there or without which it says nothing.
    pub fn read(name: &str, bytes: &[u8], mapping: &Mapping<F>, known: &[Known<F>]) -> Result<Self, Refused<F>> {
        Self::placed(name, bytes, Trim::All, mapping, |headings| places(headings, known.iter()))
    }

    /// The same where it is found out from the headings, folded, in which columns known fields are.
    pub(crate) fn placed(
        name: &str,
        bytes: &[u8],
        trim: Trim,
        mapping: &Mapping<F>,
        known: impl FnOnce(&[String]) -> BTreeMap<F, usize>,
    ) -> Result<Self, Refused<F>> {
        let refused = |refusal| Refused { file: name.to_owned(), refusal };
        let text = sheet::decode(bytes).map_err(|it| refused(it.into()))?;
        let table = sheet::read(&text, trim).map_err(|it| refused(it.into()))?;
        let mut columns = known(&table.headings);
        for (field, heading) in &mapping.columns {
            let wanted = folded(heading);
            let Some(column) = table.headings.iter().position(|there| *there == wanted) else {
                let headings = table.written;
                return Err(refused(Refusal::NoColumn { column: heading.clone(), headings }));
            };
            columns.insert(*field, column);
        }
        let lacks = F::lacks(&columns);
        if !lacks.is_empty() {
            return Err(refused(Refusal::Unknown { lacks, headings: table.written }));
        }
        if table.rows.is_empty() && table.ragged.is_empty() {
            return Err(refused(Refusal::Empty));
        }
        let days = columns.iter().filter(|(field, _)| field.is_day());
        let order = |(field, column): (&F, &usize)| (*field, date::order(table.rows.iter().map(|it| it.get(*column))));
        let orders = days.map(order).collect();
        Ok(Self { text, table, columns, orders })
    }

    /// What is read, and the heading under which it stands.
    pub fn columns(&self) -> impl Iterator<Item = (F, &str)> {
        let heading = |column: &usize| self.table.written.get(*column).map_or("", String::as_str);
        self.columns.iter().map(move |(field, column)| (*field, heading(column)))
    }

    /// Whether a field has a column.
    pub fn has(&self, field: F) -> bool {
        self.columns.contains_key(&field)
    }

    /// Whether the days of a field are written with the month first, as the column itself proves.
    pub fn is_month_first(&self, field: F) -> bool {
        self.order(field) == Order::MonthFirst
    }

    pub(crate) fn order(&self, field: F) -> Order {
        self.orders.get(&field).copied().unwrap_or_default()
    }

    /// How many lines it has, below the headings, those that cannot be told apart into fields among them.
    pub fn line_count(&self) -> usize {
        self.table.rows.len() + self.table.ragged.len()
    }

    /// The lines that have as many fields as there are headings, in their order.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_, F>> {
        self.table.rows.iter().map(|row| Line::of(self, row))
    }

    /// The numbers of those that have not.
    pub fn ragged(&self) -> impl Iterator<Item = u64> + '_ {
        self.table.ragged.iter().copied()
    }
}

/// The columns of fields that are known by their headings; the first heading of a field that is there counts.
pub(crate) fn places<'k, F: Field>(
    headings: &[String],
    known: impl Iterator<Item = &'k Known<F>>,
) -> BTreeMap<F, usize> {
    let mut columns = BTreeMap::new();
    for (field, names) in known {
        let column = names.iter().find_map(|name| headings.iter().position(|there| there == name));
        if let Some(column) = column {
            columns.entry(*field).or_insert(column);
        }
    }
    columns
}

/// Whether so many bad lines of so many are too many, so that a table is more likely misread than damaged here and there.
pub fn is_too_bad(bad: usize, lines: usize) -> bool {
    bad * 100 > lines * MOST_MALFORMED
}
