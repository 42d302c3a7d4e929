//! The sources of lists: imported, kept, compiled, put in force. Nothing changes unless all of it is good.

mod compile;
mod coverage;
mod import;
mod locking;
mod manifest;

pub(crate) use manifest::folders;

pub use coverage::{Coverage, CoverageRow, coverage, unlawful_notice};
pub use import::{Import, ImportError, Imported, ListSummary, Refusal, import, remove};
