//! What the school says of an incident to its community: that it was dealt with, and nothing of whom it was about.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

use belisha_policy::named;

use crate::case::{Case, Fact};
use crate::circumstances::Doer;
use crate::decide::{Refused, said};

/// Who is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Community {
    /// Pupils.
    Pupils,
    /// Parents and carers.
    Parents,
    /// Staff.
    Staff,
    /// Governors.
    Governors,
}

named! { Community, "audience":
    Pupils = "pupils", "Pupils";
    Parents = "parents", "Parents and carers";
    Staff = "staff", "Staff";
    Governors = "governors", "Governors"
}

/// What is said, and to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Announced {
    /// To whom.
    pub to: BTreeSet<Community>,
    /// The words.
    pub text: String,
}

impl Announced {
    /// Who is told, one after the other.
    pub fn audience(&self) -> String {
        self.to.iter().map(|it| it.title()).collect::<Vec<_>>().join(", ")
    }
}

/// What is said of a case that is over. Of what is not, parents and whoever told of it may not have heard yet.
pub(crate) fn announced(case: &Case, announced: Announced) -> Result<Vec<Fact>, Refused> {
    let Announced { to, text } = announced;
    if case.is_restricted() {
        return Err(Refused::Restricted);
    }
    if !case.is_closed() {
        return Err(Refused::NotOver);
    }
    if to.is_empty() {
        return Err(Refused::NoAudience);
    }
    Ok(alloc::vec![Fact::Announced(Box::new(Announced { to, text: said(text)? }))])
}

impl Case {
    /// Whether nothing of it is told in public: it is, or was, an allegation against an adult who works with children. Whoever is
    /// told that there was one may find out against whom, and of a teacher that is an offence until a charge (Education Act 2002
    /// s.141F).
    pub fn is_restricted(&self) -> bool {
        const AT_SCHOOL: [Doer; 4] = [Doer::Staff, Doer::Volunteer, Doer::Governor, Doer::Contractor];
        self.is_about_adult()
            || self.harm().is_some()
            || AT_SCHOOL.iter().any(|it| self.circumstances().by.contains(it))
    }
}
