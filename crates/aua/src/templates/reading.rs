//! For what has to be read: a policy (C-013, C-028, C-029, C-121), and the procedure for a serious incident (C-026, R-010).

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

pub(super) const PROCEDURE: Template = Template {
    name: "procedure",
    title: "What we do in a serious incident",
    audiences: &[Audience::Adults(Adults::Staff)],
    opening: "This is what {school} does when something serious is alleged or found. The chart that goes with it stands in each incident.",
    clauses: &[
        C::new("procedure-danger", &[T::SeriousIncidents], "Is somebody in danger now: 999 first, then {lead}."),
        C::new(
            "procedure-illegal",
            &[T::SeriousIncidents],
            "What may be illegal is preserved and referred at once: nobody looks at it again, copies it, sends it on, or switches a device on or off.",
        ),
        C::new(
            "procedure-whom",
            &[T::SeriousIncidents, T::Safeguarding],
            "An allegation against an adult goes to the head the same day; one about the head goes to the chair of governors. Neither waits for proof.",
        ),
        C::new(
            "procedure-lado",
            &[T::SeriousIncidents],
            "Where a child was or may have been harmed by an adult who works with children, {lado} is told by the end of the next working day, before anybody looks into it.",
        ),
        C::new(
            "procedure-questions",
            &[T::SeriousIncidents],
            "Until {lado} and the police agree, nobody questions the adult or the child about it, and nobody tells the adult.",
        ),
        C::new(
            "procedure-support",
            &[T::SeriousIncidents],
            "The child has somebody who supports them, and so has the adult; neither of these decides.",
        ),
        C::new(
            "procedure-written",
            &[T::SeriousIncidents],
            "Each step is written in the incident, with who, when and why. It ends with one of five outcomes; where somebody is dismissed, or would have been, the barring service is told.",
        ),
        C::new(
            "procedure-outside",
            &[T::SeriousIncidents, T::Reporting],
            "Whoever thinks that it is not acted upon may tell the council's children's services or the police themselves, and nobody is worse off for having told.",
        ),
    ],
    closing: "I know this procedure and my own part in it. I sign with my printed name and the date.",
    kind: Kind::Reading,
};
