//! Tables that people export: bytes to text, and text to rows under headings.

pub(crate) mod date;
mod table;
mod text;

pub(crate) use csv::Trim;
pub(crate) use table::{Row, Table, folded, read};
pub(crate) use text::{Lines, decode};

/// Why a file is no table. Nothing of it is used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoTable {
    /// There is nothing in it.
    #[error("is empty")]
    Empty,
    /// It has bytes that no text has.
    #[error("has zero bytes in it: it is damaged, or no text. Export it again as CSV")]
    Nul,
    /// It says that it is of an encoding of which it is not.
    #[error("is not in the encoding of which it says that it is: export it again as CSV UTF-8")]
    Encoding,
    /// It has a line that is longer than any.
    #[error("has a line of more than {0} bytes: it is no table")]
    LongLine(usize),
    /// It is a page for a browser.
    #[error("is a web page, perhaps one that asks to sign in: export the list again")]
    Html,
    /// It is no table.
    #[error("is no table with a line of headings: export it again as CSV")]
    NotATable,
    /// A quotation mark is never closed.
    #[error("has a quotation mark that is never closed: export it again")]
    OpenQuote,
}
