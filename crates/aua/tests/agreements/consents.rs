//! What parents say of pictures, and what comes of it.

use belisha_aua::{
    Answer, Channel, ConsentFact, ConsentRefused, Consents, Flag, KeptOut, Purpose, Signer, Validity, decide_consent,
};
use belisha_policy::Permit;
use belisha_policy::people::Person;
use chrono::{DateTime, Utc};
use proptest::prelude::*;

use crate::world::{BARRED, FATHER, MOTHER, OFFICE, UNCLE, at, child};

const WHERE: (Channel, Purpose) = (Channel::Website, Purpose::Group);

fn answers(by: Signer, yes: bool) -> ConsentFact {
    let (channel, purpose) = WHERE;
    ConsentFact::Answered { by, answers: vec![Answer { channel, purpose, yes }], filed: None }
}

fn say(child: &Person, consents: &mut Consents, fact: ConsentFact, now: &str) -> Result<(), ConsentRefused> {
    let permit = Permit::for_tests(OFFICE, fact.action(OFFICE, child.id), at(now));
    let fact = decide_consent(child, consents, fact, &permit, at(now))?;
    consents.evolve(at(now), fact);
    Ok(())
}

fn seen(child: &Person, consents: &Consents, validity: Validity, when: &str) -> Result<(), KeptOut> {
    consents.may_appear(child, WHERE.0, WHERE.1, validity, at(when))
}

#[test]
fn any_no_holds_and_a_yes_takes_somebody_who_may() {
    let (ada, mut consents) = (child(4, "2016-04-23"), Consents::default());
    let joining = Validity::Joining;
    assert_eq!(seen(&ada, &consents, joining, "2026-09-01T08:00:00Z"), Err(KeptOut::NotAsked));
    for (by, refused) in [
        (Signer::Parent(UNCLE), ConsentRefused::Responsibility),
        (Signer::Parent(BARRED), ConsentRefused::Responsibility),
        (Signer::Parent(OFFICE), ConsentRefused::WrongParent),
        (Signer::Themselves, ConsentRefused::UnderAge),
    ] {
        assert_eq!(say(&ada, &mut consents, answers(by, true), "2026-09-01T08:00:00Z"), Err(refused));
    }
    say(&ada, &mut consents, answers(Signer::Parent(MOTHER), true), "2026-09-01T08:00:00Z").unwrap();
    assert_eq!(seen(&ada, &consents, joining, "2026-09-01T07:59:59Z"), Err(KeptOut::NotAsked));
    assert_eq!(seen(&ada, &consents, joining, "2026-09-01T08:00:00Z"), Ok(()));
    let other = consents.may_appear(&ada, Channel::Press, Purpose::Group, joining, at("2026-09-02T08:00:00Z"));
    assert_eq!(other, Err(KeptOut::NotAsked), "a yes is for one place and one purpose");
    say(&ada, &mut consents, answers(Signer::Parent(FATHER), false), "2026-09-03T08:00:00Z").unwrap();
    assert_eq!(seen(&ada, &consents, joining, "2026-09-02T08:00:00Z"), Ok(()));
    assert_eq!(seen(&ada, &consents, joining, "2026-09-03T08:00:00Z"), Err(KeptOut::Refused));
    say(&ada, &mut consents, answers(Signer::Parent(MOTHER), true), "2026-09-04T08:00:00Z").unwrap();
    assert_eq!(seen(&ada, &consents, joining, "2026-09-04T08:00:00Z"), Err(KeptOut::Refused));
    say(&ada, &mut consents, answers(Signer::Parent(FATHER), true), "2026-09-05T08:00:00Z").unwrap();
    assert_eq!(seen(&ada, &consents, joining, "2026-09-05T08:00:00Z"), Ok(()));
    say(&ada, &mut consents, ConsentFact::Withdrawn { by: Signer::Parent(MOTHER) }, "2026-09-06T08:00:00Z").unwrap();
    assert_eq!(seen(&ada, &consents, joining, "2026-09-06T08:00:00Z"), Err(KeptOut::Refused));
    // What the child says counts too, where it is no.
    say(&ada, &mut consents, answers(Signer::Parent(MOTHER), true), "2026-09-07T08:00:00Z").unwrap();
    say(&ada, &mut consents, answers(Signer::Themselves, false), "2026-09-08T08:00:00Z").unwrap();
    assert_eq!(seen(&ada, &consents, joining, "2026-09-08T08:00:00Z"), Err(KeptOut::Refused));
}

///
#[test]
fn a_yes_lasts_as_long_as_the_school_says() {
    let (ada, mut consents) = (child(4, "2016-04-23"), Consents::default());
    say(&ada, &mut consents, answers(Signer::Parent(MOTHER), true), "2026-09-01T08:00:00Z").unwrap();
    assert_eq!(seen(&ada, &consents, Validity::Yearly, "2027-08-31T22:59:00Z"), Ok(()));
    assert_eq!(seen(&ada, &consents, Validity::Yearly, "2027-08-31T23:00:00Z"), Err(KeptOut::Expired));
    assert_eq!(seen(&ada, &consents, Validity::Joining, "2030-08-31T23:00:00Z"), Ok(()));
}

#[test]
fn flags_keep_a_child_out_whatever_anybody_says() {
    let (ada, mut consents) = (child(4, "2016-04-23"), Consents::default());
    say(&ada, &mut consents, answers(Signer::Parent(MOTHER), true), "2026-09-01T08:00:00Z").unwrap();
    for flag in [Flag::LookedAfter, Flag::Restricted] {
        say(&ada, &mut consents, ConsentFact::Flagged(flag), "2026-09-02T08:00:00Z").unwrap();
        assert_eq!(seen(&ada, &consents, Validity::Joining, "2026-09-02T08:00:00Z"), Err(KeptOut::Flagged(flag)));
        let off = |reason: &str| ConsentFact::Unflagged { flag, reason: reason.into() };
        assert_eq!(say(&ada, &mut consents, off(""), "2026-09-02T08:00:00Z"), Err(ConsentRefused::Reason));
        say(&ada, &mut consents, off("the order is over"), "2026-09-02T08:00:00Z").unwrap();
        assert_eq!(say(&ada, &mut consents, off("again"), "2026-09-02T08:00:00Z"), Err(ConsentRefused::NoFlag));
    }
    assert_eq!(seen(&ada, &consents, Validity::Joining, "2026-09-02T08:00:00Z"), Ok(()));
}

/// SC-07.
#[test]
fn at_eighteen_the_pupil_answers_alone() {
    let (quinn, mut consents) = (child(13, "2008-02-29"), Consents::default());
    say(&quinn, &mut consents, answers(Signer::Parent(MOTHER), true), "2025-09-01T08:00:00Z").unwrap();
    assert_eq!(seen(&quinn, &consents, Validity::Joining, "2026-02-28T23:59:59Z"), Ok(()));
    assert_eq!(seen(&quinn, &consents, Validity::Joining, "2026-03-01T00:00:00Z"), Err(KeptOut::CameOfAge));
    let mothers = answers(Signer::Parent(MOTHER), true);
    assert_eq!(say(&quinn, &mut consents, mothers, "2026-03-02T08:00:00Z"), Err(ConsentRefused::OfAge));
    say(&quinn, &mut consents, answers(Signer::Themselves, true), "2026-03-02T08:00:00Z").unwrap();
    assert_eq!(seen(&quinn, &consents, Validity::Joining, "2026-03-02T08:00:00Z"), Ok(()));
}

proptest! {
    /// Of however many answers in whatever order: a child is seen where the last word of nobody is no, and that of
    /// somebody who holds parental responsibility is yes.
    #[test]
    fn answers_combine_as_decided(said in prop::collection::vec((0..4usize, any::<bool>()), 0..20)) {
        let (ada, mut consents) = (child(4, "2016-04-23"), Consents::default());
        let people = [Signer::Parent(MOTHER), Signer::Parent(FATHER), Signer::Parent(UNCLE), Signer::Themselves];
        let mut last = [None; 4];
        for (who, yes) in said {
            let fact = answers(people[who], yes);
            if say(&ada, &mut consents, fact, "2026-09-01T08:00:00Z").is_ok() {
                last[who] = Some(yes);
            }
        }
        let when: DateTime<Utc> = at("2026-09-01T08:00:00Z");
        let expected = !last.contains(&Some(false)) && (last[0] == Some(true) || last[1] == Some(true));
        let seen = consents.may_appear(&ada, WHERE.0, WHERE.1, Validity::Joining, when);
        prop_assert_eq!(seen.is_ok(), expected, "{:?}", last);
    }
}
