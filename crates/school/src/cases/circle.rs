//! Those who can open a case.

use belisha_policy::PersonId;
use belisha_policy::directory::SchoolKind;
use belisha_policy::may::{Handlers, Standing, Topic, handlers};
use belisha_policy::retention::RecordClass;
use belisha_store::StreamId;
use belisha_store::keys::{KeyError, KeyStore, Readers, Role};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::reference::Reference;
use crate::ledger::Stream;

/// Those who can open a case: the holders of one key. There is one circle for each kind of case; where one of its people is
/// kept away from a case, that case has a circle of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Circle(Role);

/// The kinds of cases that have handlers of their own, the key of each, and what they are called.
const STANDING: [(Topic, Role, &str); 7] = [
    (Topic::PupilIncident, Role::CASES, "Incidents of pupils"),
    (Topic::ProtectionIncident, Role::PROTECTION_CASES, "Child protection, and what is not sorted yet"),
    (Topic::StaffIncident, Role::STAFF_CASES, "Incidents about staff"),
    (Topic::CoordinatorIncident, Role::STAFF_CASES, "Incidents about staff"),
    (Topic::HeadIncident, Role::HEAD_CASES, "Incidents about the head"),
    (Topic::DslIncident, Role::LEAD_CASES, "Incidents about the safeguarding lead"),
    (Topic::ChairIncident, Role::CHAIR_CASES, "Incidents about the chair"),
];

/// How the key of the circle of a single case is called.
const OF_ONE_CASE: &str = "case-";

impl Circle {
    /// The one that handles cases of a kind.
    pub fn of(topic: Topic) -> Self {
        let found = STANDING.into_iter().find(|(of, _, _)| *of == topic).map(|(_, role, _)| role);
        // Whatever is no incident has none; it would be for the fewest.
        Self(found.unwrap_or(Role::PROTECTION_CASES))
    }

    /// The one that handles a case of a kind, and keeps these people away. Where it is one of its own, its key is made.
    /// `joining` is to be let into circles: from now on they count as if they were in them.
    ///
    /// # Errors
    /// The keys cannot be read or written.
    pub(super) fn without(
        (topic, kept_away): (Topic, &[PersonId]),
        reference: Reference,
        people: &[Standing],
        keys: &KeyStore,
        joining: Option<PersonId>,
        now: DateTime<Utc>,
    ) -> Result<Self, KeyError> {
        let standing = Self::of(topic);
        let mut holders = standing.holders(keys)?;
        holders.extend(joining.map(|person| person.to_string()));
        let away: Vec<String> = kept_away.iter().map(ToString::to_string).collect();
        if !holders.iter().any(|holder| away.contains(holder)) {
            return Ok(standing);
        }
        let able = match handlers(topic, people, kept_away, SchoolKind::Maintained, now) {
            Handlers::People(able) => able,
            Handlers::Outside(_) => Vec::new(),
        };
        let able: Vec<String> = able.iter().map(ToString::to_string).filter(|it| holders.contains(it)).collect();
        // With each set of people a circle of its own: who is kept away later is not in the next one.
        let digest = Sha256::new().chain_update(reference.small()).chain_update(able.concat()).finalize();
        let own =
            Self(format!("{OF_ONE_CASE}{}", crate::hex(digest.first_chunk::<10>().map_or(&[][..], |it| it))).parse()?);
        let able: Vec<&str> = able.iter().map(String::as_str).collect();
        if !able.is_empty() {
            match keys.name_role(&own.0, &able) {
                Ok(_) | Err(KeyError::RoleIsHeld) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(own)
    }

    /// All in which a holder of keys is.
    pub(super) fn held_by(keys: &KeyStore, holder: &str) -> Result<Vec<Self>, KeyError> {
        let is_of_cases = |role: &Role| Self::is_of_a_kind(role) || Self::is_of_one_case(role);
        let theirs = keys.roles()?.into_iter().filter(|role| role.holders.iter().any(|it| it == holder));
        Ok(theirs.map(|role| role.role).filter(is_of_cases).map(Self).collect())
    }

    /// Whether a key is that of the circle of a kind of cases.
    pub fn is_of_a_kind(role: &Role) -> bool {
        STANDING.iter().any(|(_, it, _)| it == role)
    }

    /// Whether a key is that of the circle of a single case.
    pub fn is_of_one_case(role: &Role) -> bool {
        role.name().starts_with(OF_ONE_CASE)
    }

    /// What its cases are called; nothing for that of a single case.
    pub fn title(&self) -> Option<&'static str> {
        STANDING.iter().find(|(_, role, _)| *role == self.0).map(|(_, _, title)| *title)
    }

    /// Which kinds of cases it handles; none where it is that of a single case.
    pub(super) fn topics(&self) -> impl Iterator<Item = Topic> {
        STANDING.iter().filter(|(_, role, _)| *role == self.0).map(|(topic, _, _)| *topic)
    }

    /// Its key.
    pub fn key(&self) -> &Role {
        &self.0
    }

    /// The names of those in it.
    pub(crate) fn holders(&self, keys: &KeyStore) -> Result<Vec<String>, KeyError> {
        Ok(keys.roles()?.into_iter().find(|it| it.role == self.0).map(|it| it.holders).unwrap_or_default())
    }

    /// A case of it.
    pub(super) fn case(&self, id: StreamId) -> Stream {
        // One class for all: what kind of case it is stands in the case, and not beside it.
        Stream { id, class: RecordClass::SafeguardingIncident, readers: Readers::Role(self.0.clone()) }
    }

    /// The list of its cases.
    pub(super) fn list(&self) -> Stream {
        self.case(Stream::derived("belisha cases", self.0.name()))
    }

    /// The list of those that were brought from other systems. They are many, and whoever works on cases does not read it.
    pub(super) fn archive(&self) -> Stream {
        self.case(Stream::derived("belisha archived cases", self.0.name()))
    }

    /// Who looked at them.
    pub(super) fn looks(&self) -> Stream {
        let id = Stream::derived("belisha looks at cases", self.0.name());
        Stream { class: RecordClass::AccessAudit, ..self.case(id) }
    }
}

/// The circles in which somebody belongs by what they handle.
pub fn circles_of(standing: &Standing, now: DateTime<Utc>) -> Vec<Circle> {
    let handles =
        |topic: Topic| matches!(handlers(topic, &[*standing], &[], SchoolKind::Maintained, now), Handlers::People(_));
    let mut circles: Vec<Circle> =
        STANDING.into_iter().filter(|(topic, _, _)| handles(*topic)).map(|(_, role, _)| Circle(role)).collect();
    circles.dedup();
    circles
}

#[cfg(test)]
mod tests {
    use belisha_policy::roles::{Role as SchoolRole, RoleSet};

    use super::*;

    #[test]
    fn each_is_in_the_circles_of_what_they_handle() {
        let circles = |roles: &[SchoolRole]| {
            let standing = Standing::of(PersonId::from_bytes([1; 16]), RoleSet::of(roles));
            let names = circles_of(&standing, DateTime::UNIX_EPOCH);
            names.iter().map(|it| it.key().name().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(circles(&[SchoolRole::Coordinator]), ["cases"]);
        assert_eq!(circles(&[SchoolRole::Dsl]), ["cases", "cases-protection"]);
        assert_eq!(circles(&[SchoolRole::DeputyDsl]), ["cases", "cases-protection"]);
        let head = ["cases", "cases-protection", "cases-staff", "cases-dsl", "cases-chair"];
        assert_eq!(circles(&[SchoolRole::Head]), head);
        assert_eq!(circles(&[SchoolRole::Chair]), ["cases-head"]);
        assert_eq!(circles(&[SchoolRole::ViceChair]), ["cases-chair"]);
        assert!(circles(&[SchoolRole::NetworkManager]).is_empty() && circles(&[SchoolRole::Staff]).is_empty());
    }
}
