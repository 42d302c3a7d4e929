//! The online safety committee, for people.

use belisha_policy::people::PersonKind;
use belisha_policy::roles::{Place, Seat};
use serde_json::{Value, json};

use crate::session::{Session, shown};

/// In one line.
pub(super) fn line(session: &Session) {
    let committee = session.authority.committee(session.now);
    if !committee.seats.is_empty() {
        let members: Vec<String> = committee.seats.iter().map(|seat| session.user(seat.person)).collect();
        println!("Online safety committee, led by {}: {}", led_by(session), members.join(", "));
    }
}

pub(super) fn list(session: &Session, as_json: bool) {
    if as_json {
        println!("{}", as_object(session));
        return;
    }
    let committee = session.authority.committee(session.now);
    if !committee.led_by.is_empty() {
        println!("Led by {}", led_by(session));
    }
    for seat in &committee.seats {
        let until = seat.until.map(|until| format!(" until {}", shown(until))).unwrap_or_default();
        let place = if seat.place == Place::Chair { ", chair" } else { "" };
        let (user, whom, from) = (session.user(seat.person), whom(session, seat), seat.from.date_naive());
        println!("{user}{place}, for {whom}, since {from}{until}");
    }
    for gap in session.authority.committee_gaps(session.now) {
        println!("WARNING: {gap}");
    }
}

pub(super) fn as_object(session: &Session) -> Value {
    let committee = session.authority.committee(session.now);
    let members = committee.seats.iter().map(|seat| {
        json!({
            "user": session.user(seat.person),
            "chair": seat.place == Place::Chair,
            "represents": whom(session, seat),
            "from": seat.from,
            "until": seat.until,
        })
    });
    let led_by: Vec<String> = committee.led_by.iter().map(|person| session.user(*person)).collect();
    let gaps = session.authority.committee_gaps(session.now).into_iter().map(|gap| gap.to_string());
    json!({ "led_by": led_by, "members": members.collect::<Vec<_>>(), "gaps": gaps.collect::<Vec<_>>() })
}

fn led_by(session: &Session) -> String {
    let committee = session.authority.committee(session.now);
    if committee.led_by.is_empty() {
        return "nobody".to_owned();
    }
    committee.led_by.iter().map(|person| session.user(*person)).collect::<Vec<_>>().join(" and ")
}

/// For whom somebody sits there: as it was said, else what they are at the school.
fn whom(session: &Session, seat: &Seat) -> String {
    if let Some(whom) = &seat.represents {
        return whom.clone();
    }
    let is = |kind: PersonKind| session.authority.roll().person(seat.person).is_some_and(|it| it.person.is(kind));
    let kinds = [
        (PersonKind::Teacher, "teaching staff"),
        (PersonKind::SupportStaff, "support staff"),
        (PersonKind::Governor, "governors"),
        (PersonKind::Parent, "parents"),
        (PersonKind::Volunteer, "volunteers"),
    ];
    let whom: Vec<&str> = kinds.into_iter().filter(|(kind, _)| is(*kind)).map(|(_, whom)| whom).collect();
    if whom.is_empty() { "nobody in particular".to_owned() } else { whom.join(" and ") }
}
