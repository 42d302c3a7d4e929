//! How it came about, and what follows from that.

use std::collections::BTreeSet;

use belisha_incident::{
    Body, Breach, Case, Category, Circumstances, Command, Custody, Deed, Doer, Fact, Gap, Intent, Matter, NationalRisk,
    Outcome, Part, Place, Power, Refused, Remedy, Risk, Rules, Settled, Stage, Terms, Track, decide,
};
use belisha_policy::directory::SchoolKind;
use belisha_policy::may::Topic;
use belisha_policy::roles::RoleSet;
use belisha_policy::{Attribution, Permit, PersonId};

use crate::{CHILD, HEAD, LEAD, OTHER, TEACHER, Told, at};

fn told_as(matter: Option<Matter>, done_by: Option<Doer>, danger: bool) -> Told {
    let mut told = Told::at("2026-03-03T10:00:00Z");
    let (first_known, words) = (told.now, "what I saw".into());
    told.by(TEACHER, Command::Report { first_known, words, danger, matter, done_by, named: Vec::new() });
    told
}

fn topic(case: &Case) -> Topic {
    case.topic(|_| RoleSet::EMPTY)
}

fn described(change: impl FnOnce(&mut Circumstances)) -> Command {
    let mut circumstances = Circumstances::default();
    change(&mut circumstances);
    Command::Describe(circumstances)
}

/// C-030, R-061: what breaks the rules is for the coordinator as well, whatever worries somebody for those who protect children; in
/// doubt it is the latter.
#[test]
fn what_it_is_held_to_be_says_who_reads_it_first() {
    for matter in [Matter::Misuse, Matter::Weakness, Matter::Accident] {
        assert_eq!(topic(&told_as(Some(matter), None, false).case), Topic::PupilIncident);
        assert_eq!(topic(&told_as(Some(matter), None, true).case), Topic::ProtectionIncident, "somebody is in danger");
    }
    for matter in [None, Some(Matter::Concern)] {
        assert_eq!(topic(&told_as(matter, None, false).case), Topic::ProtectionIncident);
    }
    // A second who tells of it holds it to be worse.
    let mut told = told_as(Some(Matter::Misuse), None, false);
    told.report(OTHER);
    assert_eq!(topic(&told.case), Topic::ProtectionIncident);
    let mut told = told_as(Some(Matter::Misuse), None, false);
    told.by(OTHER, Command::Suspect { first_seen: told.now });
    assert_eq!(topic(&told.case), Topic::ProtectionIncident);
}

/// C-011: the head is told of a weakness of the systems.
#[test]
fn a_weakness_of_the_systems_is_for_the_head() {
    assert_eq!(told_as(Some(Matter::Weakness), None, false).owed_to(), [Body::Head]);
    assert!(told_as(Some(Matter::Misuse), None, false).owed_to().is_empty());
}

/// C-081: what visitors, parents and helpers do wrong is for the safeguarding lead at once, and never the coordinator's.
#[test]
fn what_guests_do_is_for_the_safeguarding_lead() {
    let guests = [Doer::Volunteer, Doer::Parent, Doer::Visitor, Doer::CommunityUser, Doer::Contractor];
    for doer in Doer::ALL.iter().copied() {
        let mut told = told_as(Some(Matter::Misuse), Some(doer), false);
        assert_eq!(told.owed_to().contains(&Body::Dsl), guests.contains(&doer), "{doer}");
        told.sort(Category::DeviceRules, Track::Pupils);
        let expected = if guests.contains(&doer) { Topic::ProtectionIncident } else { Topic::PupilIncident };
        assert_eq!(topic(&told.case), expected, "{doer}");
    }
}

/// C-039, C-041, C-058, C-073: who did what, where, whether they meant to, and which rules it touches. What is said anew stands
/// instead; what is not said stays.
#[test]
fn what_is_known_is_said_and_said_again() {
    let mut told = told_as(None, Some(Doer::Pupil), false);
    let all: BTreeSet<Deed> = Deed::ALL.iter().copied().collect();
    for intent in Intent::ALL {
        told.by(LEAD, described(|it| it.intent = Some(*intent)));
        assert_eq!(told.case.circumstances().intent, Some(*intent));
    }
    told.by(LEAD, described(|it| it.deeds = all.clone()));
    told.by(LEAD, described(|it| it.rules = [Rules::Behaviour, Rules::AntiBullying].into()));
    told.by(LEAD, described(|it| it.by = [Doer::Pupil, Doer::Stranger].into()));
    told.by(LEAD, described(|it| it.place = Some(Place::InSchool)));
    let known = told.case.circumstances();
    assert_eq!((known.deeds.len(), known.intent), (8, Some(Intent::Deliberate)));
    assert_eq!(known.rows().count(), 2 + 8 + 1 + 1 + 2);
    told.by(LEAD, described(|it| it.deeds = [Deed::PassedOn].into()));
    assert_eq!(told.case.circumstances().deeds, [Deed::PassedOn].into());
    assert_eq!(told.case.circumstances().by.len(), 2);
    assert_eq!(told.try_by(LEAD, described(|_| {})), Err(Refused::NoReason));
}

/// C-040, C-042: of what happened outside of school parents are told whatever kind it is, and the power by which the school acts is
/// said.
#[test]
fn outside_of_school_parents_are_told_and_the_power_is_said() {
    let mut told = told_as(None, None, false);
    told.by(LEAD, Command::Name { person: CHILD, part: Part::Instigator });
    told.sort(Category::SocialNetworking, Track::Pupils);
    assert!(!told.case.gaps().contains(&Gap::Parents));
    assert_eq!(told.case.circumstances().power(SchoolKind::Maintained), None);
    told.by(LEAD, described(|it| it.place = Some(Place::Outside)));
    assert!(told.case.gaps().contains(&Gap::Parents));
    for kind in SchoolKind::ALL {
        let power = told.case.circumstances().power(kind).unwrap();
        assert_eq!(power.contains("2006 s.89(5)"), kind == SchoolKind::Maintained, "{power}");
    }
    told.by(LEAD, Command::DeferParents { child: CHILD, reason: "they are away".into() });
    assert!(!told.case.gaps().contains(&Gap::Parents));
}

/// C-070, decisions 23: no pupil of a school of the state is suspended for what a parent posted; elsewhere it takes a reason, and
/// the head in both.
#[test]
fn nobody_is_suspended_for_what_a_parent_posted_without_a_word() {
    let mut told = told_as(None, Some(Doer::Parent), false);
    told.by(LEAD, Command::Name { person: CHILD, part: Part::Instigator });
    told.sort(Category::CommentOnStaff, Track::Pupils);
    let suspend = |remedy, because: Option<&str>| {
        let because = because.map(str::to_owned);
        Command::Remedy { person: CHILD, remedy, attribution: Attribution::Individual, because }
    };
    let tried = |told: &Told, kind, command: Command| {
        let permit = Permit::for_tests(HEAD, command.action(), told.now);
        decide(&told.case, &Terms::of(kind), command, &permit).map(|events| events.len())
    };
    for remedy in [Remedy::Suspension, Remedy::PermanentExclusion] {
        for kind in SchoolKind::ALL {
            let (silent, said) = if kind.is_of_the_state() {
                (Err(Refused::ParentsDeed), Err(Refused::ParentsDeed))
            } else {
                (Err(Refused::ParentsDeedNeedsReason), Ok(1))
            };
            assert_eq!(tried(&told, kind, suspend(remedy, None)), silent);
            assert_eq!(tried(&told, kind, suspend(remedy, Some("by the contract"))), said);
        }
    }
    // A warning keeps nobody from school.
    assert_eq!(tried(&told, SchoolKind::Maintained, suspend(Remedy::Warning, None)), Ok(1));
    // Where the pupil had a hand in it, it is theirs.
    told.by(LEAD, described(|it| it.by = [Doer::Parent, Doer::Pupil].into()));
    assert_eq!(tried(&told, SchoolKind::Maintained, suspend(Remedy::Suspension, None)), Ok(1));
}

/// any incident can be made one of child protection, at any stage, and stays one.
#[test]
fn any_incident_can_be_raised_to_child_protection() {
    for category in Category::ALL.iter().copied().filter(|it| !it.is_of_protection() && !it.is_about_staff()) {
        let mut told = told_as(Some(Matter::Misuse), None, false);
        told.sort(category, Track::Pupils);
        assert_eq!(topic(&told.case), Topic::PupilIncident);
        assert_eq!(told.try_by(LEAD, Command::Raise { reason: " ".into() }), Err(Refused::NoReason));
        told.by(LEAD, Command::Raise { reason: "she is afraid to go home".into() });
        assert_eq!(topic(&told.case), Topic::ProtectionIncident);
        assert!(told.owed_to().contains(&Body::Dsl));
        told.sort(Category::Shopping, Track::Pupils);
        assert_eq!(topic(&told.case), Topic::ProtectionIncident, "sorted anew it stays so");
        let before = told.events.len();
        told.by(LEAD, Command::Raise { reason: "again".into() });
        assert_eq!(told.events.len(), before);
    }
}

/// C-006: whom it was passed to, why, when, and what came of it.
#[test]
fn what_came_of_telling_somebody_is_written_down() {
    let mut told = told_as(None, None, true);
    let heard = |body| Command::Hear { body, what: "They visit on Tuesday".into() };
    assert_eq!(told.try_by(LEAD, heard(Body::Camhs)), Err(Refused::NotOwed(Body::Camhs)));
    told.by(LEAD, Command::Settle { body: Body::SocialCare, how: Settled::Told(Some("SC/14".into())) });
    told.by(LEAD, heard(Body::SocialCare));
    let said = told.events.last().unwrap().told(|_| String::new(), |at| at.to_string());
    assert_eq!(said, "heard from social-care: They visit on Tuesday");
    // While it is held the police answer as well.
    told.by(LEAD, Command::Suspect { first_seen: told.now });
    told.by(LEAD, heard(Body::Police));
}

/// R-075, decisions 23: a device is searched before a witness, a pupil's for a reason and an adult's with consent; never what is held,
/// and never for images of children. Its owner's parents are told.
#[test]
fn a_device_is_searched_before_a_witness_and_parents_are_told() {
    let mut told = told_as(None, None, false);
    told.by(LEAD, Command::Name { person: CHILD, part: Part::Instigator });
    told.sort(Category::Games, Track::Pupils);
    let search = |witness: PersonId, consent| Command::SearchDevice {
        bag: " 7 ".into(),
        grounds: "Two pupils saw it".into(),
        witness,
        found: "Games, and nothing else".into(),
        consent,
    };
    assert_eq!(told.try_by(LEAD, search(TEACHER, true)), Err(Refused::NoSuchBag("7".into())));
    let take = |bag: &str, of, consent| Command::TakeDevice {
        bag: bag.into(),
        what: "a phone".into(),
        of,
        custody: Custody::Confiscated,
        power: Power::Off,
        consent,
    };
    told.by(LEAD, take("7", TEACHER, true));
    assert_eq!(told.try_by(LEAD, search(HEAD, false)), Err(Refused::NotAPupils));
    told.by(LEAD, search(HEAD, true));
    assert!(!told.case.gaps().contains(&Gap::Parents), "an adult has none who are told");
    told.by(LEAD, Command::ReturnDevice { bag: "7".into(), to: TEACHER, checked: "known here".into() });
    told.by(LEAD, take("7", CHILD, false));
    told.by(LEAD, Command::TellParents(CHILD));
    for nobody in [LEAD, CHILD] {
        assert_eq!(told.try_by(LEAD, search(nobody, false)), Err(Refused::NoWitness));
    }
    assert!(!told.case.gaps().contains(&Gap::Parents));
    told.by(LEAD, search(TEACHER, false));
    assert!(told.case.gaps().contains(&Gap::Parents), "what they were told of before was something else");
    for category in [Category::NudesBetweenChildren, Category::AbuseImages] {
        let mut other =
            Told { case: told.case.clone(), events: told.events.clone(), now: told.now, terms: told.terms.clone() };
        other.sort(category, Track::Pupils);
        let refused = if other.case.is_held() { Refused::Held } else { Refused::NoViewing };
        assert_eq!(other.try_by(LEAD, search(TEACHER, false)), Err(refused));
    }
}

/// C-068: two look into it, and who had the evidence is written down, in its order.
#[test]
fn two_look_into_it_and_every_hand_is_written_down() {
    let mut told = told_as(None, None, false);
    told.sort(Category::Cyberbullying, Track::Pupils);
    assert_eq!(told.try_by(LEAD, Command::Inquire { with: LEAD }), Err(Refused::Alone));
    told.by(LEAD, Command::Inquire { with: TEACHER });
    for (who, reference) in [(LEAD, "thread 118"), (HEAD, "thread 119")] {
        let (description, reference) = ("The messages".into(), Some(reference.into()));
        told.by(who, Command::NoteEvidence { description, reference, digest: Some([7; 32]) });
    }
    let noted: Vec<_> =
        told.events.iter().filter(|event| matches!(event.fact, Fact::EvidenceNoted { .. })).map(|it| it.by).collect();
    assert_eq!(noted, [Some(LEAD), Some(HEAD)]);
    assert_eq!(told.case.stage(), Stage::Inquiry(Track::Pupils));
}

/// whoever owns up to an accident tells of it as that, it is recorded so, and nobody is punished for it.
#[test]
fn whoever_owns_up_is_recorded_as_having_done_so() {
    let mut told = told_as(Some(Matter::Accident), None, false);
    told.by(LEAD, Command::Name { person: TEACHER, part: Part::Instigator });
    told.sort(Category::Accident, Track::Pupils);
    let (remedy, attribution) = (Remedy::Warning, Attribution::Individual);
    let warn = Command::Remedy { person: TEACHER, remedy, attribution, because: None };
    assert_eq!(told.try_by(LEAD, warn), Err(Refused::SelfReport));
    let said = told.events.first().unwrap().told(|_| String::new(), |at| at.to_string());
    assert!(said.starts_with("told of it, as accident, "), "{said}");
    for command in [Command::Conclude(Outcome::Unfounded), Command::AnswerReporter, Command::Close] {
        told.by(LEAD, command);
    }
}

/// C-057: what is unsuitable and not illegal, in the five kinds of the policy, has a kind here; it is recorded and not held.
#[test]
fn what_is_unsuitable_has_five_kinds() {
    for (in_the_policy, category) in [
        ("pornography", Category::Pornography),
        ("promoting discrimination", Category::Discrimination),
        ("promoting hatred of race or religion, where it is no crime", Category::Discrimination),
        ("threats, of violence or mental harm", Category::Threats),
        ("offensive, against the ethos, bringing into disrepute", Category::AgainstEthos),
    ] {
        let mut told = told_as(None, None, false);
        told.sort(category, Track::Pupils);
        assert!(!told.case.is_held() && category.code().starts_with('N'), "{in_the_policy}");
    }
    assert!(Category::StirringUpHatred.is_held_when_suspected(), "where it is a crime");
}

/// C-062: passwords and confidential data that were given away are for the data protection officer, with the article by which it
/// may be a breach.
#[test]
fn what_was_given_away_may_be_a_breach() {
    let mut told = told_as(None, None, false);
    told.sort(Category::ConfidentialData, Track::Pupils);
    assert_eq!(told.owed_to(), [Body::Dpo]);
    assert!(Category::ConfidentialData.law().contains(&"UK GDPR Article 33, where personal data are among it"));
}

/// whoever is sent something deeply disturbing or unlawful is led to the police.
#[test]
fn a_deeply_disturbing_message_is_for_the_police() {
    for category in [Category::Grooming, Category::IntimateImageAbuse, Category::Harassment, Category::Threats] {
        let mut told = told_as(None, Some(Doer::Stranger), false);
        told.sort(category, Track::Pupils);
        assert!(told.owed_to().contains(&Body::Police), "{category}");
    }
}

/// what may be illegal is owed to police, hotline and local authority, and to close it each was told or does not apply for a
/// reason.
#[test]
fn what_may_be_illegal_is_owed_to_three_or_says_why_not() {
    let mut told = told_as(None, None, false);
    told.by(TEACHER, Command::Suspect { first_seen: at("2026-03-03T09:30:00Z") });
    assert_eq!(told.owed_to(), [Body::Police, Body::Iwf, Body::LocalAuthority]);
    let not_applicable = |reason: &str| Command::Settle { body: Body::Iwf, how: Settled::NotApplicable(reason.into()) };
    assert_eq!(told.try_by(LEAD, not_applicable(" ")), Err(Refused::NoReason));
    told.by(LEAD, not_applicable("no public URL"));
    assert_eq!(told.owed_to(), [Body::Police, Body::LocalAuthority]);
}

/// parents of a child in it are told, or there is a reason to wait.
#[test]
fn parents_are_told_or_there_is_a_reason_to_wait() {
    let mut told = told_as(None, None, false);
    told.by(LEAD, Command::Name { person: CHILD, part: Part::Victim });
    told.sort(Category::Cyberbullying, Track::Pupils);
    assert!(told.case.gaps().contains(&Gap::Parents));
    assert_eq!(
        told.try_by(LEAD, Command::DeferParents { child: CHILD, reason: String::new() }),
        Err(Refused::NoReason)
    );
    told.by(LEAD, Command::DeferParents { child: CHILD, reason: "the police ask us to wait".into() });
    assert!(!told.case.gaps().contains(&Gap::Parents));
}

/// contact is by others, conduct what one does; the national guidance has four kinds, and bullying elsewhere.
#[test]
fn every_kind_is_a_kind_of_risk() {
    for category in [Category::Grooming, Category::Cyberbullying, Category::ConfidentialData] {
        assert_eq!(category.risk(), Risk::Contact, "{category}");
    }
    let conduct = [
        Category::Threats,
        Category::DeviceRules,
        Category::DataBreach,
        Category::Games,
        Category::NudesBetweenChildren,
        Category::Piracy,
    ];
    for category in conduct {
        assert_eq!(category.risk(), Risk::Conduct, "{category}");
    }
    for category in [Category::Pornography, Category::SelfHarm, Category::Disinformation] {
        assert_eq!(category.risk(), Risk::Content, "{category}");
    }
    assert_eq!(Category::Cyberbullying.national_risk(), NationalRisk::Conduct);
    assert_eq!(Category::Games.national_risk(), NationalRisk::Commerce);
    let kinds: BTreeSet<&str> = Category::ALL.iter().map(|it| it.national_risk().slug()).collect();
    assert_eq!(kinds.len(), NationalRisk::ALL.len());
}

/// what is harmful or wrong to see is content, whether a site is filtered for it or it happened; and where there is a kind for both,
/// both have the same.
#[test]
fn sites_and_incidents_are_sorted_under_the_same_risks() {
    use belisha_policy::Category as Site;
    let content = [
        (Site::ChildSexualAbuse, Category::AbuseImages),
        (Site::Terrorism, Category::Terrorism),
        (Site::Extremism, Category::Terrorism),
        (Site::Hate, Category::StirringUpHatred),
        (Site::Discrimination, Category::Discrimination),
        (Site::Pornography, Category::Pornography),
        (Site::Adult, Category::AdultMaterialToMinor),
        (Site::SelfHarm, Category::SelfHarm),
        (Site::Disinformation, Category::Disinformation),
    ];
    for (site, kind) in content {
        assert_eq!((site.risk(), kind.risk()), (Some(Risk::Content), Risk::Content), "{site}");
    }
    for site in [Site::Drugs, Site::Violence, Site::Weapons, Site::IntimateImageAbuse, Site::AlcoholTobacco] {
        assert_eq!(site.risk(), Some(Risk::Content), "{site}");
    }
    let others = [
        (Site::Piracy, Category::Piracy),
        (Site::Malware, Category::Malware),
        (Site::Hacking, Category::ComputerMisuse),
        (Site::Games, Category::Games),
        (Site::Gambling, Category::Games),
        (Site::Shopping, Category::Shopping),
        (Site::Social, Category::SocialNetworking),
        (Site::Proxies, Category::FilterBypass),
        (Site::Vpn, Category::FilterBypass),
    ];
    for (site, kind) in content.into_iter().chain(others) {
        assert_eq!(site.risk(), Some(kind.risk()), "{site}");
        assert_eq!(site.national_risk(), Some(kind.national_risk()), "{site}");
    }
    // What is vouched for, and what schools are for, is no risk.
    for site in [Site::SexualEducation, Site::Allowed, Site::Education, Site::EducationalGames, Site::News] {
        assert_eq!((site.risk(), site.national_risk()), (None, None), "{site}");
    }
}

/// that pictures, video or sound were captured with a personal device is said as such, and the other rules about phones, pictures
/// and contact beside it.
#[test]
fn which_rule_about_phones_and_contact_was_broken_is_said() {
    let mut told = told_as(Some(Matter::Misuse), Some(Doer::Staff), false);
    for breach in Breach::ALL.iter().copied() {
        told.by(LEAD, described(|it| it.breaches = [breach].into()));
        let said = ("Rule that was broken", breach.title());
        assert!(told.case.circumstances().rows().any(|row| row == said), "{breach}");
    }
    told.by(LEAD, described(|it| it.breaches = Breach::ALL.iter().copied().collect()));
    told.by(LEAD, described(|it| it.place = Some(Place::InSchool)));
    assert_eq!(told.case.circumstances().breaches.len(), Breach::ALL.len());
    assert_eq!("personal-capture".parse(), Ok(Breach::PersonalCapture));
}
