//! A paper about one matter that a person hands to somebody: a referral, an incident for another school.
//!
//! ```
//! use belisha_report::paper::{Paper, Section};
//!
//! let what = Section { heading: "What happened".into(), rows: vec![("3 November 2026".into(), "A message".into())] };
//! let paper = Paper { title: "Referral".into(), sections: vec![what], mark: "EX-1".into(), ..Paper::default() };
//! assert!(paper.to_html()?.contains("A message"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use askama::Template;

use crate::ReportError;
use crate::words::visible;

/// A paper. Every text in it is escaped, and what is hidden in one is made visible.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "paper.html")]
pub struct Paper {
    /// What it is.
    pub title: String,
    /// For whom and by whom, in a sentence or two.
    pub intro: String,
    /// What a reader must know before the rest.
    pub notices: Vec<String>,
    /// Short answers, each under what it answers.
    pub facts: Vec<(String, String)>,
    /// The parts. One without rows is left out.
    pub sections: Vec<Section>,
    /// Stands across every page when it is printed.
    pub mark: String,
    /// Who made it.
    pub footer: String,
}

/// A part of a paper.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// What it is about.
    pub heading: String,
    /// When or who, and what there is to say.
    pub rows: Vec<(String, String)>,
}

impl Paper {
    /// The paper as a page that needs nothing else: no script, no picture.
    ///
    /// # Errors
    /// It cannot be written, which is a fault of this program.
    pub fn to_html(&self) -> Result<String, ReportError> {
        self.render().map_err(|error| ReportError::new("HTML", &error))
    }

    fn filled(&self) -> impl Iterator<Item = &Section> {
        self.sections.iter().filter(|section| !section.rows.is_empty())
    }

    /// What somebody wrote, with its lines.
    fn seen(text: &str) -> String {
        text.lines().map(visible).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_wrote_is_text_and_nothing_else() {
        let row = ("<b>when</b>".to_owned(), "one\ntwo \u{202e}<script>alert(1)</script>".to_owned());
        let full = Section { heading: "What happened".into(), rows: vec![row] };
        let empty = Section { heading: "Nothing here".into(), rows: Vec::new() };
        let paper = Paper { sections: vec![full, empty], mark: "EX-1".into(), ..Paper::default() };
        let html = paper.to_html().unwrap();
        assert!(html.starts_with("<!DOCTYPE html>\n<html lang=\"en-GB\">"), "{html}");
        assert!(!html.contains("<script") && !html.contains("<b>") && !html.contains('\u{202e}'), "{html}");
        assert!(html.contains("one\ntwo \u{fffd}") && !html.contains("Nothing here"), "{html}");
        assert!(html.contains("class=\"mark\""), "{html}");
    }
}
