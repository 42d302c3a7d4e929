//! Links by which adults sign.
//!
//! 1. A link shows nothing and signs nothing before it was answered rightly, and is good no more after five wrong answers,
//!    however many are given at once.
//! 2. What is signed by a link is signed in one piece, once.
//! 3. Nobody against whom an order stands has a link that is good, whenever the order came.

use belisha_aua::{
    Answer, Change, Channel, Key, Number, Printed, Purpose, Refused, Signer, Spent, Standing, Validity, Why,
};
use belisha_formats::mis::claims::Claims;
use belisha_policy::people::PersonKind;
use belisha_policy::{Action, Permit, PersonId};
use belisha_school::agreements::{
    AgreementError, Ask, InvitationError, Link, Pictures, Said, Secret, Sheet, asked_by, invitations, invite,
    open_link, sign_by_link, take_back,
};
use belisha_school::people::newcomer::{Newcomer, add_person};
use belisha_school::person::export;
use chrono::{DateTime, TimeDelta, Utc};

use crate::agreements::{Round, asks, everybody, key, on_both};
use crate::people::link;
use crate::support::{ANN, at};

/// The day on which Ada was born.
const BORN: &str = "2017-03-22";

impl Round {
    fn invite(&self, whom: &str, ask: Ask) -> Result<Link, InvitationError> {
        let permit = Permit::for_tests(ANN, Action::InviteToSign, self.now);
        let wanted = [(self.called(whom), ask)];
        let links = invite(&self.school, &self.authority, &permit, &wanted, self.until(), self.now)?;
        Ok(links.into_iter().next().unwrap())
    }

    fn until(&self) -> DateTime<Utc> {
        self.now + TimeDelta::days(14)
    }

    fn open(&self, secret: Secret, answer: &str) -> Result<Sheet, InvitationError> {
        open_link(&self.school, &self.authority, secret, answer, self.now)
    }

    fn sign(&mut self, secret: Secret, answer: &str, said: Said) -> Result<(), InvitationError> {
        let done = sign_by_link(&self.school, &self.authority, secret, answer, said, self.now);
        self.follow();
        done
    }

    /// Everything on a sheet agreed to, or nothing.
    fn all(sheet: &Sheet, agrees: bool) -> Said {
        let of = |paper: &belisha_school::agreements::Paper| (paper.about, paper.key.clone(), paper.number, agrees);
        said(sheet.papers.iter().map(of).collect(), Vec::new())
    }

    /// Somebody helps who does not sign in.
    fn help(&mut self, surname: &str, forename: &str) -> PersonId {
        let newcomer = Newcomer {
            surname: surname.into(),
            forename: forename.into(),
            kind: PersonKind::Volunteer,
            title: None,
            login: None,
            until: None,
        };
        let permit = Permit::for_tests(ANN, Action::ManageAccounts, self.now);
        let person = add_person(self.school.ledger(), self.authority.roll(), &permit, &newcomer, self.now).unwrap();
        self.follow();
        person
    }

    fn begun() -> impl Fn(&mut Self) {
        |round| {
            round.publish("ks2", asks(Why::Material, "2025-10-31"), "2025-09-01").unwrap();
            round.discuss("ks2", "4A").unwrap();
            round.in_class("ks2", &["Ada Ashgrove", "Ben Birch"]).unwrap();
        }
    }
}

fn said(agreements: Vec<(PersonId, Key, Number, bool)>, pictures: Vec<(PersonId, Vec<Answer>)>) -> Said {
    Said { printed: Printed::new("Morwen Ashgrove").unwrap(), agreements, pictures }
}

fn is_spent(done: &Result<impl Sized, InvitationError>, wanted: impl Fn(&Spent) -> bool) -> bool {
    matches!(done, Err(InvitationError::Spent(spent)) if wanted(spent))
}

#[test]
fn a_parent_signs_once_for_each_child_and_says_what_pictures_may_be_shown() {
    on_both(|round| {
        Round::begun()(round);
        let morwen = round.invite("Morwen Ashgrove", Ask::Born).unwrap();
        assert!(morwen.code.is_none());
        assert_eq!(asked_by(&round.school, morwen.secret, round.now).unwrap().tries_left, 5);
        assert!(matches!(round.open(morwen.secret, "2016-12-24"), Err(InvitationError::Wrong { left: 4 })));
        assert!(matches!(round.open(morwen.secret, "no day"), Err(InvitationError::Wrong { left: 3 })));
        let sheet = round.open(morwen.secret, BORN).unwrap();
        // Three children; two are of an age that signs this, with a parent.
        let [ada, ben] = ["Ada Ashgrove", "Ben Birch"].map(|name| round.called(name));
        let about: Vec<PersonId> = sheet.papers.iter().map(|paper| paper.about).collect();
        assert_eq!((about.len(), sheet.children.len()), (2, 3));
        assert!(about.contains(&ada) && about.contains(&ben));
        // What is not answered is not signed, and the link is as good as before.
        let number = sheet.papers.first().unwrap().number;
        let one = said(vec![(ada, key("ks2"), number, true)], Vec::new());
        assert!(matches!(round.sign(morwen.secret, BORN, one), Err(InvitationError::Unanswered)));
        let other = said(
            sheet.papers.iter().map(|it| (it.about, it.key.clone(), Number { major: 9, minor: 0 }, true)).collect(),
            Vec::new(),
        );
        let superseded = round.sign(morwen.secret, BORN, other);
        assert!(
            matches!(superseded, Err(InvitationError::Agreement(AgreementError::Refused(Refused::Superseded(_))))),
            "{superseded:?}"
        );
        assert_eq!(round.standing("Ada Ashgrove", "2025-11-03T09:00:00Z"), Standing::Unsigned);
        // One child's yes, the other's no, and pictures of a third.
        let quinn = round.called("Quinn Marlow");
        let (channel, purpose) = (Channel::Website, Purpose::Group);
        let mut answers = Round::all(&sheet, true);
        answers.agreements.iter_mut().filter(|it| it.0 == ben).for_each(|it| it.3 = false);
        answers.pictures.push((quinn, vec![Answer { channel, purpose, yes: true }]));
        round.sign(morwen.secret, BORN, answers).unwrap();
        assert_eq!(round.standing("Ada Ashgrove", "2025-11-03T09:00:00Z"), Standing::Agreed);
        assert_eq!(round.standing("Ben Birch", "2025-11-03T09:00:00Z"), Standing::Unsigned);
        let signed =
            round.authority.agreements().file(ada).steps().last().map(|(_, fact)| format!("{fact:?}")).unwrap();
        assert!(signed.contains("Link") && signed.contains("Parent"), "{signed}");
        let pictures = Pictures::load(round.school.ledger()).unwrap();
        let quinn = &round.authority.roll().person(quinn).unwrap().person;
        assert!(pictures.of(quinn.id).may_appear(quinn, channel, purpose, Validity::Joining, round.now).is_ok());
        // Both are handed out with what is kept of the child, and nobody is named who signed for her.
        let permit = Permit::for_tests(ANN, Action::ExportPerson, round.now);
        let school = round.school.ledger().keys().as_school();
        let kept = |person: PersonId| {
            export(&round.school, &permit, school, &person.to_string(), "subject access request 14", round.now).unwrap()
        };
        let agreed: Vec<String> = kept(ada).agreements.into_iter().map(|step| step.what).collect();
        assert_eq!(
            agreed,
            ["ks2 v1 was signed for themselves, in class", "ks2 v1 was signed as parent or carer, by a link"]
        );
        let said: Vec<String> = kept(quinn.id).pictures.into_iter().map(|step| step.what).collect();
        assert_eq!(said, ["said as parent or carer: website:group yes"]);
        // Once.
        assert!(is_spent(&round.open(morwen.secret, BORN), |spent| matches!(spent, Spent::Used(_))));
        assert!(is_spent(&round.sign(morwen.secret, BORN, Round::all(&sheet, true)), |spent| matches!(
            spent,
            Spent::Used(_)
        )));
        let permit = Permit::for_tests(ANN, Action::InviteToSign, round.now);
        let given = invitations(round.school.ledger(), &permit, round.now).unwrap();
        assert_eq!(given.len(), 1);
        assert!(given.iter().all(|it| matches!(it.standing, Err(Spent::Used(_)))));
    });
}

#[test]
fn a_new_edition_is_read_before_it_is_signed() {
    on_both(|round| {
        Round::begun()(round);
        let morwen = round.invite("Morwen Ashgrove", Ask::Born).unwrap();
        let sheet = round.open(morwen.secret, BORN).unwrap();
        round.publish("ks2", Change::Editorial, "2025-09-02").unwrap();
        let old = round.sign(morwen.secret, BORN, Round::all(&sheet, true));
        assert!(
            matches!(old, Err(InvitationError::Agreement(AgreementError::Refused(Refused::Superseded(_))))),
            "{old:?}"
        );
        let sheet = round.open(morwen.secret, BORN).unwrap();
        round.sign(morwen.secret, BORN, Round::all(&sheet, true)).unwrap();
        // What one has signed is not asked again; the other parent may still sign, and is not told that one has.
        let again = round.invite("Morwen Ashgrove", Ask::Born).unwrap();
        assert!(round.open(again.secret, BORN).unwrap().papers.is_empty());
        let piran = round.invite("Piran Ashgrove", Ask::Born).unwrap();
        let sheet = round.open(piran.secret, BORN).unwrap();
        assert_eq!(sheet.papers.iter().map(|it| it.by).collect::<Vec<_>>(), [Signer::Parent(sheet.adult)]);
        // Nothing said is nothing signed.
        let nothing = round.sign(again.secret, BORN, said(Vec::new(), Vec::new()));
        assert!(matches!(nothing, Err(InvitationError::Unanswered)), "{nothing:?}");
    });
}

#[test]
fn a_link_ends() {
    on_both(|round| {
        Round::begun()(round);
        // A newer one takes its place.
        let first = round.invite("Morwen Ashgrove", Ask::Born).unwrap();
        let second = round.invite("Morwen Ashgrove", Ask::Code).unwrap();
        assert!(is_spent(&round.open(first.secret, BORN), |spent| *spent == Spent::Ended));
        // A code is asked where the school says so, and a birthday is none.
        assert!(matches!(round.open(second.secret, BORN), Err(InvitationError::Wrong { left: 4 })));
        assert!(round.open(second.secret, &second.code.clone().unwrap().to_lowercase()).is_ok());
        // Its time ends, to the second.
        let (begun, code) = (round.now, second.code.clone().unwrap());
        round.now = second.until - TimeDelta::seconds(1);
        assert!(round.open(second.secret, &code).is_ok());
        round.now = second.until;
        assert!(is_spent(&round.open(second.secret, &code), |spent| matches!(spent, Spent::Expired(_))));
        // The school takes one back.
        round.now = begun + TimeDelta::days(20);
        let third = round.invite("Morwen Ashgrove", Ask::Born).unwrap();
        let permit = Permit::for_tests(ANN, Action::InviteToSign, round.now);
        let morwen = round.called("Morwen Ashgrove");
        take_back(&round.school, &permit, morwen, round.now).unwrap();
        assert!(is_spent(&round.open(third.secret, BORN), |spent| *spent == Spent::Ended));
        let twice = take_back(&round.school, &permit, morwen, round.now);
        assert!(matches!(twice, Err(InvitationError::NoLink)), "{twice:?}");
        // There is no other.
        let unknown: Secret = "0123456789abcdefghjkmnpqrs".parse().unwrap();
        assert!(is_spent(&round.open(unknown, BORN), |spent| *spent == Spent::Unknown));
        let long = Permit::for_tests(ANN, Action::InviteToSign, round.now);
        let until = round.now + TimeDelta::days(61);
        let too_long = invite(&round.school, &round.authority, &long, &[(morwen, Ask::Born)], until, round.now);
        assert!(matches!(too_long, Err(InvitationError::Until)));
    });
}

/// Four thousand guesses at once are five, and a right one among them shows nothing if it was not one of these.
#[test]
fn guesses_at_once_count_one_by_one() {
    on_both(|round| {
        Round::begun()(round);
        let morwen = round.invite("Morwen Ashgrove", Ask::Code).unwrap();
        let code = morwen.code.clone().unwrap();
        let guess = |number: usize| format!("{number:05}");
        let answers: Vec<Result<Sheet, InvitationError>> = std::thread::scope(|scope| {
            let round = &*round;
            let threads: Vec<_> = (0..8)
                .map(|thread| {
                    scope.spawn(move || {
                        (0..20).map(|at| round.open(morwen.secret, &guess(thread * 20 + at))).collect::<Vec<_>>()
                    })
                })
                .collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        let wrong = answers.iter().filter(|it| matches!(it, Err(InvitationError::Wrong { .. }))).count();
        assert_eq!(wrong, 4, "the fifth is the last");
        assert!(answers.iter().all(Result::is_err) || code.starts_with('0'));
        assert!(
            is_spent(&round.open(morwen.secret, &code), |spent| *spent == Spent::Guessed),
            "the right one is too late"
        );
    });
}

/// Decisions 12: a link never goes to a restricted contact.
#[test]
fn an_order_ends_a_link() {
    on_both(|round| {
        Round::begun()(round);
        let piran = round.invite("Piran Ashgrove", Ask::Born).unwrap();
        assert!(round.open(piran.secret, BORN).is_ok());
        round.now += TimeDelta::hours(1);
        let links = vec![
            link("1", 0, Some(false)),
            link("1", 1, Some(true)),
            link("2", 0, Some(false)),
            link("4", 0, Some(false)),
        ];
        round.import(&Claims { links, ..everybody() });
        // His own child's birthday is no answer any more, and nobody can make him another link.
        assert!(matches!(round.open(piran.secret, BORN), Err(InvitationError::Wrong { .. })));
        let another = round.invite("Piran Ashgrove", Ask::Born);
        assert!(matches!(another, Err(InvitationError::Nothing(_))));
        let with_code = round.invite("Piran Ashgrove", Ask::Code);
        assert!(matches!(with_code, Err(InvitationError::Nothing(_))));
        // A pupil is given none, and of age one asks for oneself.
        assert!(matches!(round.invite("Ada Ashgrove", Ask::Born), Err(InvitationError::Nothing(_))));
        assert_eq!(at("2025-09-01T08:00:00Z"), round.now);
    });
}

#[test]
fn whoever_does_not_sign_in_signs_for_themselves() {
    on_both(|round| {
        round.publish("staff", asks(Why::Material, "2025-10-31"), "2025-09-01").unwrap();
        let volunteer = round.help("Hale", "Lowen");
        let link = round.invite("Lowen Hale", Ask::Born).unwrap();
        let code = link.code.clone().unwrap();
        let sheet = round.open(link.secret, &code).unwrap();
        assert_eq!(
            sheet.papers.iter().map(|it| (it.about, it.by)).collect::<Vec<_>>(),
            [(volunteer, Signer::Themselves)]
        );
        let no = Round::all(&sheet, false);
        assert!(matches!(round.sign(link.secret, &code, no), Err(InvitationError::Unanswered)));
        round.sign(link.secret, &code, Round::all(&sheet, true)).unwrap();
        assert_eq!(round.standing("Lowen Hale", "2025-11-03T09:00:00Z"), Standing::Agreed);
    });
}
