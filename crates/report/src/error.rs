//! Why a document could not be written.

/// Why a document could not be written. Each of these is a fault of this program.
#[derive(Debug, thiserror::Error)]
#[error("the report could not be written as {form}: {why}. Please report this")]
pub struct ReportError {
    form: &'static str,
    why: String,
}

impl ReportError {
    pub(crate) fn new(form: &'static str, why: &dyn std::fmt::Display) -> Self {
        Self { form, why: why.to_string() }
    }
}
