//! An allegation against an adult who works with children, step by step: what was done, what comes next and what later, from what
//! happened and what is owed (Keeping children safe in education, Part 4).

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use belisha_policy::PersonId;
use chrono::{DateTime, Utc};

use crate::case::{Case, Event, Fact, HarmTest, Outcome, Part, Remedy, Stage, Track};
use crate::decide::Gap;
use crate::duty::Body;

/// How far a step has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It is done.
    Done {
        /// When.
        at: DateTime<Utc>,
        /// By whom, where they are known.
        by: Option<PersonId>,
    },
    /// It is what is to be done now.
    Next,
    /// It comes later.
    Later,
}

/// A step on the way of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What is done, as a request.
    pub what: String,
    /// What to mind.
    pub says: &'static str,
    /// How far it has come.
    pub progress: Progress,
    /// What of [`Case::gaps`] is done with it.
    pub closes: Vec<Gap>,
}

impl Step {
    /// Whether it is done.
    pub fn is_done(&self) -> bool {
        matches!(self.progress, Progress::Done { .. })
    }
}

impl Case {
    /// The steps of an allegation against an adult who works with children, in their order; none where it is no such case, and while it
    /// is held, for then nothing is done but to preserve and refer. `events` are those of the case. What was left out stands in it no
    /// more once the case is closed.
    pub fn steps(&self, events: &[Event]) -> Vec<Step> {
        let is_over = matches!(self.stage(), Stage::Nothing | Stage::Archived | Stage::Held | Stage::WithPolice);
        if is_over || !self.is_about_adult() {
            return Vec::new();
        }
        let mut way = Way { case: self, events, gaps: self.gaps(), steps: Vec::new() };
        way.before_it_is_looked_into();
        way.while_it_is_looked_into();
        way.after_it_is_looked_into();
        let mut steps = way.steps;
        if self.is_closed() {
            steps.retain(Step::is_done);
        }
        if let Some(next) = steps.iter_mut().find(|step| !step.is_done()) {
            next.progress = Progress::Next;
        }
        steps
    }
}

/// The steps as they are gathered.
struct Way<'a> {
    case: &'a Case,
    events: &'a [Event],
    gaps: Vec<Gap>,
    steps: Vec<Step>,
}

impl<'a> Way<'a> {
    /// The last time that something happened.
    fn last(&self, is: impl Fn(&Fact) -> bool) -> Option<&'a Event> {
        self.events.iter().rev().find(|event| is(&event.fact))
    }

    /// A step that was done when something happened, and is not where it leaves a gap.
    fn add(&mut self, what: String, says: &'static str, done: Option<&Event>, closes: impl Fn(Gap) -> bool) {
        let closes: Vec<Gap> = self.gaps.iter().copied().filter(|gap| closes(*gap)).collect();
        let done = done.filter(|_| closes.is_empty());
        let progress = done.map_or(Progress::Later, |event| Progress::Done { at: event.at, by: event.by });
        self.steps.push(Step { what, says, progress, closes });
    }

    /// A step that closes no gap.
    fn add_own(&mut self, what: &str, says: &'static str, done: Option<&Event>) {
        self.add(what.to_owned(), says, done, |_| false);
    }

    /// That a body is told, where that is or was owed.
    fn tell(&mut self, body: Body, says: &'static str) {
        if self.case.is_of_concern_to(body) {
            let told = self.last(|fact| matches!(fact, Fact::Settled { body: told, .. } if *told == body));
            let what = Gap::Owed(body).to_string();
            let is_open = self.gaps.contains(&Gap::Owed(body));
            let what = if is_open { what } else { what.replace(", or say why not", "") };
            self.add(what, says, told, |gap| gap == Gap::Owed(body));
        }
    }

    /// Whether the last test says that the threshold of harm is met; nothing where nobody tested it.
    fn is_met(&self) -> Option<bool> {
        self.case.harm().map(HarmTest::is_met)
    }

    fn before_it_is_looked_into(&mut self) {
        self.add_own(
            "write down what was told, in their words",
            "Listen, and promise no secrecy. Nobody questions the adult, or the child beyond what they tell.",
            self.last(|fact| matches!(fact, Fact::Reported { .. })),
        );
        self.add_own(
            "name the adult whom it is about",
            "From then on they find nothing of it, whatever their role. Name whoever is close to them as in conflict.",
            self.last(|fact| matches!(fact, Fact::Named { part: Part::Subject, .. })),
        );
        self.add(
            Gap::Sorting.to_string(),
            "As about an adult who works with children; S3 where it is about the head.",
            self.last(|fact| matches!(fact, Fact::Sorted { track: Track::Staff, .. })),
            |gap| gap == Gap::Sorting,
        );
        for body in [Body::Head, Body::Chair] {
            self.tell(body, "They decide from here on, unless it is about them.");
        }
        self.add_own(
            "test the threshold of harm",
            "Four questions, and one yes is enough. Establish the basic facts for it, and do not investigate. In doubt ask the LADO.",
            self.last(|fact| matches!(fact, Fact::HarmTested(_))),
        );
        self.tell(
            Body::Lado,
            "By the end of the next working day. Until the LADO and, where it is for them, the police agree, nobody questions the adult, \
             tells them or the parents, or looks into it. If a child is in danger, police and social care first.",
        );
        if self.case.is_of_concern_to(Body::Lado) {
            self.add_own(
                "write down what the LADO advises",
                "Who looks into it and when; what the adult, the parents and others are told; and what there is short of suspension, which is \
                 never the first thing to do and says nothing of what they did.",
                self.last(|fact| matches!(fact, Fact::Heard { body: Body::Lado, .. })),
            );
        }
    }

    fn while_it_is_looked_into(&mut self) {
        if self.case.with_part(Part::is_victim).next().is_some() {
            let is_child = |person: PersonId| self.case.with_part(Part::is_victim).any(|child| child == person);
            let supported = self.last(|fact| matches!(fact, Fact::Supported { person, .. } if is_child(*person)));
            let says = "A person whom they trust; the parents as the LADO advises.";
            self.add(Gap::Support.to_string(), says, supported, |gap| gap == Gap::Support);
        }
        let is_subject = |person: PersonId| self.case.with_part(|part| part == Part::Subject).any(|it| it == person);
        self.add_own(
            "say how the adult is supported",
            "One named person, who has nothing to do with looking into it, tells them how it goes; their union or a colleague; occupational \
             health. Nobody is told in public who it is: of a teacher that is an offence until a charge.",
            self.last(|fact| matches!(fact, Fact::Supported { person, .. } if is_subject(*person))),
        );
        let began = self.last(|fact| matches!(fact, Fact::InquiryBegan { .. }));
        // A low-level concern may be dealt with in a conversation.
        if began.is_some() || self.is_met() != Some(false) {
            self.add_own("look into it, two together", "When the LADO agrees, and not before.", began);
        }
        let concluded = self.last(|fact| matches!(fact, Fact::Concluded(_)));
        let says = "One of five: substantiated, malicious, false, unsubstantiated (it cannot be shown either way) or unfounded.";
        self.add(Gap::Outcome.to_string(), says, concluded, |gap| gap == Gap::Outcome);
    }

    fn after_it_is_looked_into(&mut self) {
        let case = self.case;
        if case.outcome().is_none_or(|outcome| outcome == Outcome::Substantiated) {
            let is_decision = |remedy: &Remedy| remedy.is_of_adults() && *remedy != Remedy::NeutralSuspension;
            self.add_own(
                "decide what is done about the adult",
                "Advice, an instruction, disciplinary action or dismissal, by the school's own procedure.",
                self.last(|fact| matches!(fact, Fact::Remedied { remedy, .. } if is_decision(remedy))),
            );
        }
        self.tell(
            Body::Dbs,
            "A duty in law where somebody who harmed a child, or may have, or is a risk, was removed or left before that, whatever they agreed to.",
        );
        self.tell(Body::Tra, "Where they teach, the school considers whether to refer them.");
        let answered = self.last(|fact| matches!(fact, Fact::ReporterAnswered));
        if answered.is_some() || self.gaps.contains(&Gap::Answer) {
            let says = "That it was dealt with, and not how.";
            self.add(Gap::Answer.to_string(), says, answered, |gap| gap == Gap::Answer);
        }
        let says = if self.is_met() == Some(false) {
            "A low-level concern is kept at least until they leave. Look for a pattern in those before it."
        } else {
            "It is kept until pension age, or for ten years if that is longer. What is malicious or false does not go into their personnel file."
        };
        self.add_own("close it", says, self.last(|fact| *fact == Fact::Closed).filter(|_| case.is_closed()));
    }
}
