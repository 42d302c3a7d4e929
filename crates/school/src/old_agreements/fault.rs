//! What is wrong with a line. No word of it is in a complaint.

use std::fmt;

use belisha_aua::{ConsentRefused, PrintedError, Refused};
use belisha_policy::people::UpnError;

use super::field::Field;

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// It has not as many fields as there are headings.
    #[error("not as many fields as there are headings")]
    Ragged,
    /// Nobody is named.
    #[error("nobody is named: there is no UPN, no user name and no whole name")]
    Nameless,
    /// What stands for a UPN is none.
    #[error(transparent)]
    Upn(#[from] UpnError),
    /// Nobody is meant by it.
    #[error("nobody of the school has this UPN, user name, or name and date of birth")]
    Unknown,
    /// Several are meant by it.
    #[error("several are called so, and nothing tells them apart: give the UPN or the date of birth")]
    Several,
    /// Somebody is meant who is not here any more, or not yet.
    #[error("they have left the school, or have not come yet")]
    Left,
    /// It says two things of who is meant.
    #[error("the UPN or user name is one person's, and the name or date of birth another's")]
    Differs,
    /// What stands for a birthday is none.
    #[error("the date of birth cannot be read")]
    Born,
    /// Whether somebody signed cannot be read.
    #[error("{0} is neither a day nor yes or no")]
    Day(Field),
    /// It is not said when somebody signed.
    #[error("{0} says yes and not when: give the day (--dated)")]
    Undated(Field),
    /// The day is still to come.
    #[error("{0} is a day that is still to come")]
    ToCome(Field),
    /// It is not said which parent.
    #[error("which parent or carer it was is not said (parent)")]
    ParentUnsaid,
    /// No contact of the child is called so.
    #[error("no parent or carer of this child is called so")]
    ParentUnknown,
    /// Several contacts of the child are.
    #[error("several parents or carers of this child are called so: give the whole name")]
    ParentSeveral,
    /// No name can be printed so.
    #[error(transparent)]
    Printed(#[from] PrintedError),
    /// A spreadsheet would work something out of it.
    #[error("a formula stands where the printed name of the parent is expected")]
    Formula,
    /// It is not said which agreement.
    #[error("which agreement is not said (document, or --document)")]
    DocumentUnsaid,
    /// There is no such agreement.
    #[error("no agreement is called so: look at belisha-reporter agreements list")]
    Document,
    /// What stands for the number of an edition is none.
    #[error("the edition is no number, such as 2 or v2")]
    Edition,
    /// What was said of pictures cannot be read.
    #[error("{0} is neither yes nor no")]
    Answer(Field),
    /// They said something else here.
    #[error("they have answered about pictures here, and otherwise: what is here stands")]
    SaidOther,
    /// They said something else in another line.
    #[error("another line says no to the same pictures in the name of the same person: the no stands")]
    Contradicts,
    /// The rules of agreements say no.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The rules of pictures say no.
    #[error(transparent)]
    Pictures(#[from] ConsentRefused),
}

impl Fault {
    /// Whether the line was understood, and what it says is over: of whoever has left since, has come of age, or said something
    /// else here. A list of last year is full of them, and not misread for that.
    pub fn is_over(&self) -> bool {
        matches!(
            self,
            Self::Left
                | Self::SaidOther
                | Self::Refused(Refused::SaidNo | Refused::OfAge)
                | Self::Pictures(ConsentRefused::OfAge)
        )
    }
}

/// A line that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// Which, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub fault: Fault,
    /// What is taken of it nevertheless.
    pub but: But,
}

/// What is taken of a line that is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum But {
    /// Nothing.
    Nothing,
    /// That somebody says no to pictures: it holds whatever else is wrong.
    TheNo,
    /// All that is not over.
    TheRest,
}

/// `line 3: …`.
impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let but = match self.but {
            But::Nothing => "",
            But::TheNo => "; that it says no to pictures is taken",
            But::TheRest => "; the rest of the line is taken",
        };
        write!(f, "line {}: {}{but}", self.line, self.fault)
    }
}
