//! Letters with a link: one sheet for each adult, with what they type and a code for their telephone.
//!
//! ```
//! use belisha_report::letter::{Asks, Letter, Letters};
//!
//! let link = "https://amberhill.example/sign/0123456789abcdefghjkmnpqrs".into();
//! let letter = Letter { name: "Morwen Ashgrove".into(), link, asks: Asks::Birthday };
//! let letters = Letters { school: "Amber Hill".into(), until: "Friday 11 December 2026".into(), letters: vec![letter] };
//! let page = letters.to_html()?;
//! assert!(page.contains("Morwen Ashgrove") && page.contains("<svg"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use askama::Template;

use crate::words::visible;
use crate::{ReportError, qr};

/// What the link asks before it shows anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    /// When a child of theirs was born.
    Birthday,
    /// A code that does not stand on the letter.
    Code,
}

/// One letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// To whom.
    pub name: String,
    /// The link.
    pub link: String,
    /// What it asks first.
    pub asks: Asks,
}

/// Letters of one round. Of no child anything stands on them: a letter is found by others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letters {
    /// The school.
    pub school: String,
    /// To when the links are good, in words.
    pub until: String,
    /// The letters.
    pub letters: Vec<Letter>,
}

/// A letter with its picture.
struct Drawn {
    name: String,
    link: String,
    asks: Asks,
    picture: String,
}

#[derive(Template)]
#[template(path = "letter.html")]
struct Page {
    school: String,
    until: String,
    letters: Vec<Drawn>,
}

impl Letters {
    /// The letters as one page that needs nothing else, each on paper of its own.
    ///
    /// # Errors
    /// A link is too long for a picture, or it cannot be written, which is a fault of this program.
    pub fn to_html(&self) -> Result<String, ReportError> {
        let drawn = |letter: &Letter| {
            let (name, link, asks) = (visible(&letter.name), visible(&letter.link), letter.asks);
            Ok(Drawn { name, link, asks, picture: qr::svg(&letter.link)? })
        };
        let letters = self.letters.iter().map(drawn).collect::<Result<_, ReportError>>()?;
        let page = Page { school: visible(&self.school), until: visible(&self.until), letters };
        page.render().map_err(|error| ReportError::new("HTML", &error))
    }
}
