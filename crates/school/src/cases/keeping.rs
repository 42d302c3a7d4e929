//! How long a case is kept: by what is in it, and by who. It is worked out for whoever can open the case; nothing of it is filed where
//! others see it.

use belisha_incident::{Case, Category, HarmTest, Outcome, Part, Response};
use belisha_policy::calendar::local;
use belisha_policy::retention::{Facts, Keep, RecordClass, keep};
use belisha_report::date;
use chrono::NaiveDate;

use super::desk::Desk;
use super::register::Branch;

impl Desk<'_> {
    /// As what a case is kept, and until when. Cost: a look-up of each person in it.
    pub fn keeping(&self, branch: &Branch) -> (RecordClass, Keep) {
        let class = class_of(&branch.case);
        (class, keep(class, &self.facts(branch), &self.school.settings().schedule))
    }

    /// What of a case, and of those in it, its time depends on. Of several pupils the youngest counts, and the last to leave; what is not
    /// known of one of them keeps it.
    fn facts(&self, branch: &Branch) -> Facts {
        let Branch { case, events, .. } = branch;
        let day = |at| local(at).date_naive();
        let roll = self.authority.roll();
        let (mut pupils, mut adults) = (Vec::new(), Vec::new());
        for entry in case.with_part(|part| part != Part::InConflict).filter_map(|person| roll.person(person)) {
            match entry.person.pupil() {
                Some(pupil) => pupils.push((pupil.born, entry.person.left)),
                None => adults.push(entry.person.left),
            }
        }
        let last =
            |days: &mut dyn Iterator<Item = Option<NaiveDate>>| days.collect::<Option<Vec<_>>>()?.into_iter().max();
        let first = events.first().map_or(self.now, |event| event.at);
        // What is said or handed out of it later makes it no younger.
        let over = case.response().and_then(Response::closed).map(day);
        let is_false = matches!(case.outcome(), Some(Outcome::Malicious | Outcome::False));
        Facts {
            closed: over,
            born: last(&mut pupils.iter().map(|(born, _)| *born)),
            left_school: last(&mut pupils.iter().map(|(_, left)| *left)),
            employment_ended: last(&mut adults.iter().copied()),
            found_false: over.filter(|_| is_false),
            open: !case.is_closed() && !case.is_archived(),
            ..Facts::new(day(first))
        }
    }
}

/// Until when something is kept, in words that begin a line.
pub fn kept(keep: Keep) -> String {
    match keep {
        Keep::Until(day) => format!("until {}", date(day)),
        Keep::ReviewOn(day) => format!("until {}, then a person reviews it", date(day)),
        Keep::WhileOpen => "as long as it is open".to_owned(),
        Keep::WhileFactMissing(fact) => format!("as long as it is missing of somebody in it: {fact}"),
        Keep::WithAnother => "as long as what it belongs to".to_owned(),
        Keep::Always => "as long as the journal".to_owned(),
    }
}

/// As what a case is kept: what is kept longest first.
fn class_of(case: &Case) -> RecordClass {
    let category = case.sorted().map(|(category, _)| category);
    if category.is_some_and(Category::is_of_sexual_abuse) {
        return RecordClass::SexualAbuse;
    }
    if case.is_about_adult() {
        let is_met = case.harm().map(HarmTest::is_met);
        let is_low = is_met.map_or(category == Some(Category::StaffLowLevel), |is_met| !is_met);
        return if is_low { RecordClass::LowLevelConcern } else { RecordClass::StaffAllegation };
    }
    // What nobody has sorted may be anything.
    let is_protection = category.is_none() || case.is_of_protection();
    if is_protection { RecordClass::SafeguardingIncident } else { RecordClass::PupilIncident }
}
