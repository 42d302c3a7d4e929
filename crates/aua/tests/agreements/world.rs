//! A school of a few people, and what they do.

use std::collections::BTreeMap;

use belisha_aua::{
    Around, Book, Change, Command, Document, DocumentFact, Edition, Fact, File, Key, LocalMinute, Number, Printed,
    Refused, Signer, Standing, State, Subject, Subjected, Template, Text, Way, Why, With, Words, decide, decide_about,
};
use belisha_policy::people::{Capacity, Contact, Name, NcYear, Person, Pupil, Responsibility, Restriction};
use belisha_policy::{Permit, PersonId};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

pub(crate) const fn id(number: u8) -> PersonId {
    PersonId::from_bytes([number; 16])
}

pub(crate) const OFFICE: PersonId = id(1);
pub(crate) const TEACHER: PersonId = id(2);
pub(crate) const ADA: PersonId = id(3);
pub(crate) const MOTHER: PersonId = id(4);
pub(crate) const FATHER: PersonId = id(5);
pub(crate) const UNCLE: PersonId = id(6);
pub(crate) const BARRED: PersonId = id(7);

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn key(text: &str) -> Key {
    text.parse().unwrap()
}

fn contact(person: PersonId, responsibility: Responsibility, restriction: Restriction) -> Contact {
    Contact { person, relationship: "parent".into(), priority: None, responsibility, restriction }
}

/// A pupil of a year, with two parents, an uncle of whom nothing is known, and somebody who may be told nothing.
pub(crate) fn child(year: i8, born: &str) -> Person {
    let pupil = Pupil {
        upn: None,
        born: Some(day(born)),
        year: NcYear::new(year),
        class: Some(format!("{year}A")),
        contacts: vec![
            contact(MOTHER, Responsibility::Held, Restriction::None),
            contact(FATHER, Responsibility::Held, Restriction::None),
            contact(UNCLE, Responsibility::Unknown, Restriction::None),
            contact(BARRED, Responsibility::Held, Restriction::CourtOrder),
        ],
    };
    person(ADA, Capacity::Pupil(pupil))
}

pub(crate) fn person(id: PersonId, capacity: Capacity) -> Person {
    let name = Name::new("Ashgrove", "Ada").unwrap();
    Person { id, name, capacities: vec![capacity], joined: None, left: None }
}

pub(crate) fn printed() -> Printed {
    Printed::new("Ada Ashgrove").unwrap()
}

pub(crate) fn words(template: &Template) -> Words {
    let values: BTreeMap<String, String> =
        template.names().iter().map(|name| ((*name).to_owned(), format!("our {name}"))).collect();
    Words { values, ..Words::default() }
}

pub(crate) fn text(name: &str) -> Text {
    let template = Template::named(name).unwrap();
    Text::of(template, &words(template)).unwrap()
}

/// The first edition with this grace, or another that is signed anew.
pub(crate) fn asks(last_day: &str) -> Change {
    Change::Asks { why: Why::Material, grace_until: LocalMinute::end_of(day(last_day)) }
}

/// A yearly round.
pub(crate) fn yearly(last_day: &str) -> Change {
    Change::Asks { why: Why::Yearly, grace_until: LocalMinute::end_of(day(last_day)) }
}

/// Everything that happened, and the instant that it is.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) book: Book,
    pub(crate) file: File,
    pub(crate) person: Person,
    pub(crate) now: DateTime<Utc>,
}

impl World {
    pub(crate) fn new(person: Person, now: &str) -> Self {
        Self { book: Book::default(), file: File::default(), person, now: at(now) }
    }

    pub(crate) fn around(&self) -> Around<'_> {
        Around { book: &self.book, now: self.now, longest: self.now + TimeDelta::days(14) }
    }

    pub(crate) fn publish(&mut self, name: &str, change: Change, effective: &str) -> Result<Number, Refused> {
        let template = Template::named(name).unwrap();
        let command = Command::Publish {
            title: template.title.into(),
            change,
            effective: day(effective),
            terms: template.terms(),
            text: text(name),
            rests_on: ["online-safety-policy".to_owned()].into(),
        };
        self.document(name, command)?;
        Ok(self.book.document(&key(name)).and_then(Document::newest).map(|it: &Edition| it.number).unwrap())
    }

    pub(crate) fn document(&mut self, name: &str, command: Command) -> Result<DocumentFact, Refused> {
        let permit = Permit::for_tests(OFFICE, command.action(), self.now);
        let fact = decide(&self.around(), &key(name), command, &permit)?;
        self.book.evolve(&key(name), self.now, &fact);
        Ok(fact)
    }

    pub(crate) fn discuss(&mut self, name: &str, class: &str) {
        let on = belisha_policy::calendar::local(self.now).date_naive();
        self.document(name, Command::Discuss { with: With::Class(class.into()), on }).unwrap();
    }

    pub(crate) fn try_about(&mut self, actor: PersonId, command: Subjected) -> Result<Fact, Refused> {
        let permit = Permit::for_tests(actor, command.action(actor, self.person.id), self.now);
        let fact = decide_about(&self.around(), &self.person, &self.file, command, &permit)?;
        self.file.evolve(self.now, fact.clone());
        Ok(fact)
    }

    pub(crate) fn sign(&mut self, name: &str, by: Signer, way: Way) -> Result<Fact, Refused> {
        let actor = match (&way, by) {
            (Way::InClass, _) => TEACHER,
            (Way::SignedIn | Way::Link, Signer::Themselves) => self.person.id,
            (Way::SignedIn | Way::Link, Signer::Parent(parent)) => parent,
            _ => OFFICE,
        };
        let command = Subjected::Sign { key: key(name), major: None, by, printed: printed(), way, because: None };
        self.try_about(actor, command)
    }

    pub(crate) fn paper(&self) -> Way {
        let dated = belisha_policy::calendar::local(self.now).date_naive();
        Way::Paper { dated, filed: "pupil file 12".into(), scan: None }
    }

    pub(crate) fn subject(&self) -> Subject {
        Subject::of(&self.person)
    }

    pub(crate) fn standing(&self, when: &str) -> Standing {
        self.book.standing(&self.file, &self.subject(), at(when))
    }

    /// Under which edition they are of a document.
    pub(crate) fn under(&self, name: &str, when: &str) -> Option<String> {
        let subject = self.subject();
        let mut lines = self.book.lines(&self.file, &subject, at(when));
        let (_, state) = lines.find(|(document, _)| document.key().as_str() == name)?;
        match state {
            State::Signed { under, .. } | State::Grace { under: Some(under), .. } => Some(under.to_string()),
            _ => None,
        }
    }
}
