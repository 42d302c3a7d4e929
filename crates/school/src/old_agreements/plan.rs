//! What each line adds, worked out before anything is written.

use std::collections::{HashMap, HashSet};

use belisha_aua::{Channel, ConsentFact, Key, Purpose, Signer, Subjected};
use belisha_formats::mapped::{Line, is_too_bad};
use belisha_policy::PersonId;

use super::fault::{But, Complaint, Fault};
use super::field::Field;
use super::judge::{Judge, Says};
use super::{Complaints, Desk, ImportAgreementsError, ImportedAgreements, Shown, Source};
use crate::agreements::Pictures;

/// How many lines are shown.
const SHOWN: usize = 5;

/// What is to be written, and what came of each line.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) done: ImportedAgreements,
    pub(super) signatures: Vec<(PersonId, Subjected)>,
    pub(super) answers: Vec<(PersonId, ConsentFact)>,
}

/// Works out what is to be added.
pub(super) fn plan(
    desk: Desk<'_>,
    pictures: &Pictures,
    source: Source<'_>,
    complaints: Complaints,
) -> Result<Plan, ImportAgreementsError> {
    let list = source.list;
    let says_who_signed = list.has(Field::Signed) || list.has(Field::ParentSigned);
    if says_who_signed && !list.has(Field::Document) && source.document.is_none() {
        return Err(ImportAgreementsError::NoDocument);
    }
    let judge = Judge::new(desk, pictures, source);
    let mut planning =
        Planning { file: source.name, plan: Plan::default(), signed: HashSet::new(), said: HashMap::new() };
    for line in list.lines() {
        planning.take(&judge, line);
    }
    for line in list.ragged() {
        planning.complain(line, Fault::Ragged, But::Nothing);
    }
    let mut plan = planning.plan;
    plan.done.lines = list.line_count();
    plan.done.complaints.sort_by_key(|complaint| complaint.line);
    let bad: Vec<&Complaint> = plan.done.complaints.iter().filter(|complaint| !complaint.fault.is_over()).collect();
    match bad.first() {
        Some(first) if complaints == Complaints::Few && is_too_bad(bad.len(), list.line_count()) => {
            let first = Box::new((*first).clone());
            Err(ImportAgreementsError::TooBad { bad: bad.len(), lines: list.line_count(), first })
        }
        _ => Ok(plan),
    }
}

/// A place and a purpose about which somebody is asked for a child.
type Asked = (PersonId, Signer, Channel, Purpose);

/// Goes through the lines in their order.
struct Planning<'a> {
    /// The name of the list.
    file: &'a str,
    plan: Plan,
    /// What lines before this say.
    signed: HashSet<(PersonId, Key, Signer)>,
    said: HashMap<Asked, bool>,
}

impl Planning<'_> {
    fn take<'l>(&mut self, judge: &Judge<'l>, line: Line<'l, Field>) {
        let number = line.number();
        let mut says = match judge.judge(line) {
            Ok(says) => says,
            Err(fault) => return self.complain(number, fault, But::Nothing),
        };
        let twice = self.leave_out_what_was_said(&mut says);
        let before = says.before;
        let done = &mut self.plan.done;
        match says.fault.take() {
            Some(fault) => {
                let but = match says.is_empty() {
                    true => But::Nothing,
                    false if fault.is_over() => But::TheRest,
                    false => But::TheNo,
                };
                self.complain(number, fault, but);
            }
            None if !says.is_empty() => {
                done.new += 1;
                if done.first.len() < SHOWN {
                    done.first.push(shown(number, &says));
                }
            }
            None if twice => done.twice += 1,
            None if before => done.before += 1,
            None => done.unsigned += 1,
        }
        self.write(says);
    }

    fn complain(&mut self, line: u64, fault: Fault, but: But) {
        self.plan.done.complaints.push(Complaint { line, fault, but });
    }

    /// What a line before this says is not said twice, and a no of one stands. Whether anything was.
    fn leave_out_what_was_said(&self, says: &mut Says) -> bool {
        let (person, by) = (says.person, says.pictures.by);
        let count = |says: &Says| says.signatures.len() + says.pictures.answers.len();
        let before = count(says);
        says.signatures.retain(|it| !self.signed.contains(&(person, it.key.clone(), it.by)));
        let earlier = |channel, purpose| self.said.get(&(person, by, channel, purpose)).copied();
        says.pictures.answers.retain(|it| earlier(it.channel, it.purpose) != Some(it.yes));
        let twice = count(says) < before;
        if says.pictures.answers.iter().any(|it| it.yes && earlier(it.channel, it.purpose) == Some(false)) {
            says.spoil(Fault::Contradicts);
        }
        twice
    }

    /// Keeps what is to be written.
    fn write(&mut self, says: Says) {
        let (person, done) = (says.person, &mut self.plan.done);
        for signs in says.signatures {
            *match signs.by {
                Signer::Themselves => &mut done.own,
                Signer::Parent(_) => &mut done.parents,
            } += 1;
            self.signed.insert((person, signs.key, signs.by));
            self.plan.signatures.push((person, signs.command));
        }
        let (by, answers) = (says.pictures.by, says.pictures.answers);
        if answers.is_empty() {
            return;
        }
        let [yes, no] = &mut done.answers;
        for answer in &answers {
            *if answer.yes { &mut *yes } else { &mut *no } += 1;
            self.said.insert((person, by, answer.channel, answer.purpose), answer.yes);
        }
        let filed = Some(self.file.to_owned());
        self.plan.answers.push((person, ConsentFact::Answered { by, answers, filed }));
    }
}

/// What a line adds.
fn shown(line: u64, says: &Says) -> Shown {
    let dated = |is: fn(Signer) -> bool| says.signatures.iter().find(|it| is(it.by)).map(|it| it.dated);
    let yes = says.pictures.answers.iter().filter(|answer| answer.yes).count();
    Shown {
        line,
        own: dated(|by| by == Signer::Themselves),
        parent: dated(|by| by != Signer::Themselves),
        answers: [yes, says.pictures.answers.len() - yes],
    }
}
