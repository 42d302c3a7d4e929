//! Who may have to do with a case: what it is to the rules about rights, and what each person is to it.

use belisha_policy::PersonId;
use belisha_policy::may::{About, CaseState, Relation, Topic};
use belisha_policy::roles::{Role, RoleSet};

use crate::case::{Case, Part, Stage, Track};
use crate::category::Category;

impl Case {
    /// What kind of matter it is, by whom it is about: of several, the one that fewest may handle. `roles` says which roles
    /// somebody holds.
    pub fn topic(&self, roles: impl Fn(PersonId) -> RoleSet) -> Topic {
        const BY_ROLE: [(Role, Topic); 5] = [
            (Role::Head, Topic::HeadIncident),
            (Role::Chair, Topic::ChairIncident),
            (Role::Dsl, Topic::DslIncident),
            (Role::Coordinator, Topic::CoordinatorIncident),
            (Role::Staff, Topic::StaffIncident),
        ];
        let category = self.sorted().map(|(category, _)| category);
        if category == Some(Category::AboutTheHead) {
            return Topic::HeadIncident;
        }
        let subjects = || self.with_part(|part| part == Part::Subject);
        let by_role = BY_ROLE.iter().find(|(role, _)| subjects().any(|subject| roles(subject).has(*role)));
        if let Some((_, topic)) = by_role {
            return *topic;
        }
        // An adult of whom no role is known, such as a visitor, is handled as staff are.
        if self.is_about_adult() {
            return Topic::StaffIncident;
        }
        // What nobody has sorted may be anything: it is for those who protect children, unless all who told of it hold it to be
        // something ordinary.
        let is_open = match self.stage() {
            Stage::Nothing | Stage::Archived => true,
            Stage::Reported => !self.is_ordinary(),
            _ => false,
        };
        if is_open || self.is_of_protection() { Topic::ProtectionIncident } else { Topic::PupilIncident }
    }

    /// Whether it is about an adult, or goes the way of those that are.
    pub fn is_about_adult(&self) -> bool {
        self.track() == Some(Track::Staff) || self.with_part(|part| part == Part::Subject).next().is_some()
    }

    /// Whether what is known of it makes it a matter of child protection.
    pub fn is_of_protection(&self) -> bool {
        let is_of_such_kind = self.sorted().is_some_and(|(category, _)| category.is_of_protection());
        is_of_such_kind || self.is_held() || self.is_raised() || self.is_by_guest()
    }

    /// What somebody asks about when they ask [`may`](belisha_policy::may::may) for something in this case.
    pub fn about(&self, actor: PersonId, roles: impl Fn(PersonId) -> RoleSet) -> About {
        let topic = self.topic(&roles);
        let lead_in_conflict =
            self.with_part(|part| part == Part::InConflict).any(|person| roles(person).has(Role::Dsl));
        About { relation: self.relation(actor), state: self.state(), lead_in_conflict, ..About::of(topic) }
    }

    /// Those who are to learn nothing of it.
    pub fn kept_away(&self) -> impl Iterator<Item = PersonId> {
        self.with_part(|_| true).filter(|person| self.is_kept_away(*person))
    }

    /// Whether somebody is to be kept away from it: it is about them, or they are in conflict over it.
    pub fn is_kept_away(&self, person: PersonId) -> bool {
        self.relation(person).is_kept_away()
    }

    /// The same, as far as rights depend on it.
    pub fn state(&self) -> CaseState {
        match self.stage() {
            Stage::Held => CaseState::Held,
            Stage::WithPolice => CaseState::WithPolice,
            Stage::Closed => CaseState::Closed,
            _ => CaseState::Open,
        }
    }

    /// What somebody has to do with it.
    pub fn relation(&self, person: PersonId) -> Relation {
        Relation {
            subject: self.parts_of(person).any(Part::is_subject),
            conflicted: self.parts_of(person).any(|part| part == Part::InConflict),
            own: self.is_reporter(person),
            ..Relation::default()
        }
    }
}
