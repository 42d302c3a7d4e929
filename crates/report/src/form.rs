//! Forms to print and sign: one sheet for each person, with what they sign and places for their signatures.
//!
//! ```
//! use belisha_report::form::{Clause, Form, Forms, Reader};
//!
//! let ask = Clause { text: "I ask before I click.".into(), ..Clause::default() };
//! let (clauses, signed_by) = (vec![ask], vec!["Pupil".into(), "Parent or carer".into()]);
//! let (name, code) = ("Ada Ashgrove".into(), "ks2.1.0123".into());
//! let form = Form { name, class: "4A".into(), clauses, signed_by, code };
//! let forms = Forms {
//!     title: "Our agreement".into(),
//!     reader: Reader::Infants,
//!     forms: vec![form],
//!     ..Forms::default()
//! };
//! assert!(forms.to_html()?.contains("Ada Ashgrove"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use askama::Template;

use crate::words::visible;
use crate::{ReportError, qr};

/// Who reads it: the youngest are given larger letters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reader {
    /// Children who are learning to read.
    Infants,
    /// Everybody else.
    #[default]
    Others,
}

/// A clause, as it is printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clause {
    /// What it says.
    pub text: String,
    /// The picture beside it, as SVG of this program's own: it is not escaped.
    pub picture: Option<&'static str>,
    /// Whether there are lines on which its reader writes names.
    pub has_names_to_write: bool,
}

/// One sheet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// For whom it is.
    pub name: String,
    /// Their class; empty for adults.
    pub class: String,
    /// The clauses that bind them.
    pub clauses: Vec<Clause>,
    /// Who signs, a line each.
    pub signed_by: Vec<String>,
    /// What a telephone or a scanner reads from it when it comes back.
    pub code: String,
}

/// Sheets of one agreement. Every text in it is escaped, and what is hidden in one is made visible.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forms {
    /// What the agreement is called.
    pub title: String,
    /// The school.
    pub school: String,
    /// Its name and edition, for the foot of each sheet.
    pub edition: String,
    /// What stands above the clauses.
    pub opening: String,
    /// What is said by signing.
    pub closing: String,
    /// By when it is to come back, and to whom; empty where nothing is said.
    pub back_by: String,
    /// Who reads it.
    pub reader: Reader,
    /// The sheets.
    pub forms: Vec<Form>,
}

impl Forms {
    /// The sheets as one page that needs nothing else, each on paper of its own.
    ///
    /// # Errors
    /// It cannot be written, which is a fault of this program.
    pub fn to_html(&self) -> Result<String, ReportError> {
        let drawn = |form| Ok(Drawn { form, picture: qr::svg(&form.code)? });
        let sheets = self.forms.iter().map(drawn).collect::<Result<_, ReportError>>()?;
        let page = Page { all: self, sheets };
        page.render().map_err(|error| ReportError::new("HTML", &error))
    }
}

/// A sheet with its picture.
struct Drawn<'a> {
    form: &'a Form,
    picture: String,
}

#[derive(Template)]
#[template(path = "form.html")]
struct Page<'a> {
    all: &'a Forms,
    sheets: Vec<Drawn<'a>>,
}

impl Page<'_> {
    /// The class of the page's body.
    fn body(&self) -> &'static str {
        match self.all.reader {
            Reader::Infants => "infants",
            Reader::Others => "others",
        }
    }

    /// What somebody wrote.
    fn seen(text: &str) -> String {
        visible(text)
    }
}
