//! For a policy that has to be read (C-013, C-028, C-029, C-121).

use super::{Kind, Template};
use crate::audience::{Adults, Audience};
use crate::clause::LibraryClause as C;
use crate::clause::Topic as T;

pub(super) const POLICY: Template = Template {
    name: "policy",
    title: "{policy}",
    audiences: &[
        Audience::Adults(Adults::Staff),
        Audience::Adults(Adults::Governors),
        Audience::Adults(Adults::Volunteers),
    ],
    opening: "{policy} of {school}: {where}.",
    clauses: &[
        C::new("reading-read", &[T::Purpose], "I have read this edition and I know where to find it again."),
        C::new(
            "reading-understood",
            &[T::Reporting],
            "I understand what it asks of me, incidents included, and whom I ask about what I do not understand.",
        ),
    ],
    closing: "I sign that I have read and understood it, with my printed name and the date.",
    kind: Kind::Reading,
};
