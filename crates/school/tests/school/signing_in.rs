//! Signing in: who is let in, who is not, and what is kept of it.
//!
//! 1. A wrong password and a user name that nobody has get the same answer.
//! 2. A thousand wrong tries from one address keep nobody out at another.
//! 3. A code does once, and what was issued to staff does for nothing but choosing another password.
//! 4. No password, code's secret or token stands in any file.

use std::net::IpAddr;

use belisha_policy::people::{Account, AccountHolder, AccountId, Switch};
use belisha_policy::{Action, PersonId};
use belisha_school::sign_in::{Audience, BadPassword, Cost, SignInError, SignIns, TotpSecret, Verified};
use chrono::TimeDelta;

use crate::support::{TestSchool, at, permit};

const NOW: &str = "2026-05-12T09:00:00Z";
const HERE: [u8; 4] = [10, 0, 0, 7];
const THERE: [u8; 4] = [10, 0, 0, 8];

fn account(number: u8) -> Account {
    let person = PersonId::from_bytes([number; 16]);
    Account {
        id: AccountId::of(person),
        login: format!("user{number}").parse().unwrap(),
        holder: AccountHolder::Individual(person),
        switch: Switch::On,
        doubts: Vec::new(),
    }
}

fn sign_ins(test: &TestSchool) -> SignIns {
    let keys = test.school.ledger().keys().clone();
    SignIns::with_costs(test.school.credentials().unwrap(), keys, Cost::TESTS, Cost::TESTS)
}

fn issue(test: &TestSchool, all: &SignIns, account: &Account, audience: Audience) -> String {
    let action = match audience {
        Audience::Staff => Action::IssueStaffPasswords,
        Audience::Pupils => Action::IssuePupilPasswords,
    };
    let accounts = [(account.id, audience)];
    let issued = all.issue(test.school.ledger(), &permit(action), &accounts, at(NOW), &mut |_| {}).unwrap();
    issued.first().unwrap().to_string()
}

fn verify(all: &SignIns, account: Option<&Account>, password: &str, from: [u8; 4], now: &str) -> Verified {
    let login = account.map_or("nobody", |account| account.login.as_str());
    all.verify(account, Audience::Pupils, login, password, IpAddr::from(from), at(now)).unwrap()
}

#[test]
fn a_pupil_is_let_in_with_what_was_issued_and_nobody_else_is() {
    let test = TestSchool::new();
    let all = sign_ins(&test);
    let ada = account(1);
    assert_eq!(verify(&all, Some(&ada), "anything", HERE, NOW), Verified::No);
    let password = issue(&test, &all, &ada, Audience::Pupils);
    assert_eq!(verify(&all, Some(&ada), &password, HERE, NOW), Verified::Yes(1));
    assert_eq!(verify(&all, Some(&ada), "anything", HERE, NOW), Verified::No);
    assert_eq!(verify(&all, None, &password, HERE, NOW), Verified::No);
    // A new one ends the old one, and is another credential.
    let newer = issue(&test, &all, &ada, Audience::Pupils);
    assert_eq!(verify(&all, Some(&ada), &password, THERE, NOW), Verified::No);
    assert_eq!(verify(&all, Some(&ada), &newer, THERE, NOW), Verified::Yes(2));
    let wrong = all.issue(
        test.school.ledger(),
        &permit(Action::IssuePupilPasswords),
        &[(ada.id, Audience::Staff)],
        at(NOW),
        &mut |_| {},
    );
    assert!(matches!(wrong, Err(SignInError::OtherPeople)));
}

#[test]
fn guesses_keep_nobody_out_at_another_address() {
    let test = TestSchool::new();
    let all = sign_ins(&test);
    let lead = account(1);
    let password = issue(&test, &all, &lead, Audience::Pupils);
    let mut waited = 0;
    for _ in 0..1_000 {
        match verify(&all, Some(&lead), "guess", HERE, NOW) {
            Verified::Wait(wait) => {
                waited += 1;
                assert!(wait.as_secs() <= 5);
            }
            other => assert_eq!(other, Verified::No),
        }
    }
    assert_eq!(waited, 997, "after three that are free");
    assert_eq!(verify(&all, Some(&lead), &password, THERE, NOW), Verified::Yes(1));
    // And at the same one five seconds later.
    assert_eq!(verify(&all, Some(&lead), &password, HERE, "2026-05-12T09:00:06Z"), Verified::Yes(1));
}

#[test]
fn staff_choose_their_own_enrol_and_sign_in_once_with_a_code() {
    let test = TestSchool::new();
    let (ledger, all) = (test.school.ledger(), sign_ins(&test));
    let sam = account(2);
    let issued = issue(&test, &all, &sam, Audience::Staff);
    let from = IpAddr::from(HERE);
    let through = |password: &str| all.verify(Some(&sam), Audience::Staff, "user2", password, from, at(NOW)).unwrap();
    assert_eq!(through(&issued), Verified::No);
    let early = all.sign_in(ledger, Some(&sam), &issued, "000000", at(NOW));
    assert!(matches!(early, Err(SignInError::ChangeFirst)));
    let change =
        |old: &str, new: &str| all.change_password(ledger, Some(&sam), Audience::Staff, (old, new), None, at(NOW));
    assert!(matches!(change("wrong", "teapot on the bridge"), Err(SignInError::Wrong)));
    assert!(matches!(change(&issued, "short"), Err(SignInError::Bad(BadPassword::Short(12)))));
    assert!(matches!(change(&issued, &issued), Err(SignInError::Bad(BadPassword::Same))));
    change(&issued, "teapot on the bridge").unwrap();
    assert_eq!(through("teapot on the bridge"), Verified::Yes(2));
    let without = all.sign_in(ledger, Some(&sam), "teapot on the bridge", "000000", at(NOW));
    assert!(matches!(without, Err(SignInError::NoSecondFactor)));
    let secret = TotpSecret::random().unwrap();
    let now = at(NOW);
    all.enrol(ledger, sam.id, &secret, &secret.code_at(now), now).unwrap();
    // The code that enrolled is used up, and so is each that signs in.
    let sign_in = |later: i64| {
        let then = now + TimeDelta::seconds(later);
        all.sign_in(ledger, Some(&sam), "teapot on the bridge", &secret.code_at(then), then)
    };
    assert!(matches!(sign_in(0), Err(SignInError::Wrong)));
    let (token, _) = sign_in(30).unwrap();
    assert!(matches!(sign_in(31), Err(SignInError::Wrong)));
    assert_eq!(all.signed_in(&token, now + TimeDelta::hours(7)).unwrap().unwrap().0, sam.id);
    assert!(all.signed_in(&token, now + TimeDelta::hours(9)).unwrap().is_none());
    // A password that others know lets nobody in, and ends what it let in.
    all.void(ledger, &permit(Action::ReportCredential), sam.id, now, now).unwrap();
    assert!(all.signed_in(&token, now + TimeDelta::minutes(1)).unwrap().is_none());
    assert!(matches!(sign_in(90), Err(SignInError::Wrong)));
    assert_eq!(all.serial(sam.id).unwrap(), None);
}

/// Whoever gives somebody a password does not become them: the second factor stays, and is asked for. Only somebody who
/// says who holds which role takes it, of those who lost it.
#[test]
fn a_second_factor_is_shown_when_a_password_changes() {
    let test = TestSchool::new();
    let (ledger, all) = (test.school.ledger(), sign_ins(&test));
    let sam = account(2);
    let first = issue(&test, &all, &sam, Audience::Staff);
    let (now, secret) = (at(NOW), TotpSecret::random().unwrap());
    let change = |both: (&str, &str), code: Option<&str>, later: i64| {
        let then = now + TimeDelta::seconds(later);
        all.change_password(ledger, Some(&sam), Audience::Staff, both, code, then)
    };
    change((&first, "teapot on the bridge"), None, 0).unwrap();
    all.enrol(ledger, sam.id, &secret, &secret.code_at(now), now).unwrap();
    let again = issue(&test, &all, &sam, Audience::Staff);
    let new = (again.as_str(), "lantern on the bridge");
    for code in [None, Some("000000"), Some("")] {
        assert!(matches!(change(new, code, 30), Err(SignInError::Code)), "{code:?}");
    }
    change(new, Some(&secret.code_at(now + TimeDelta::seconds(30))), 30).unwrap();
    let by_office = all.forget_factor(ledger, &permit(Action::IssueStaffPasswords), sam.id, now);
    assert!(matches!(by_office, Err(SignInError::Permit(_))));
    let secret_code = secret.code_at(now + TimeDelta::seconds(60));
    let later = now + TimeDelta::seconds(60);
    let (token, _) = all.sign_in(ledger, Some(&sam), "lantern on the bridge", &secret_code, later).unwrap();
    all.forget_factor(ledger, &permit(Action::AssignRoles), sam.id, later).unwrap();
    assert!(!all.has_second_factor(sam.id).unwrap() && all.signed_in(&token, later).unwrap().is_none());
}

/// A password that somebody else gives opens no key: a holder gets none. Said to be known to others, a holder's password
/// lets nobody in, and with the second factor its own person chooses another.
#[test]
fn a_holder_of_a_key_is_given_no_password_and_chooses_another() {
    let test = TestSchool::new();
    let (ledger, all) = (test.school.ledger(), sign_ins(&test));
    let sam = account(2);
    let first = issue(&test, &all, &sam, Audience::Staff);
    let (now, secret) = (at(NOW), TotpSecret::random().unwrap());
    let old = "teapot on the bridge";
    all.change_password(ledger, Some(&sam), Audience::Staff, (&first, old), None, now).unwrap();
    all.enrol(ledger, sam.id, &secret, &secret.code_at(now), now).unwrap();
    ledger.keys().add_holder(&sam.id.to_string(), old).unwrap();
    let accounts = [(sam.id, Audience::Staff)];
    let given = all.issue(ledger, &permit(Action::IssueStaffPasswords), &accounts, now, &mut |_| {});
    assert!(matches!(given, Err(SignInError::HoldsKey)));
    let without = all.forget_factor(ledger, &permit(Action::AssignRoles), sam.id, now);
    assert!(matches!(without, Err(SignInError::HoldsKey)));
    all.void(ledger, &permit(Action::ReportCredential), sam.id, now, now).unwrap();
    let change = |old: &str, new: &str, code: Option<&str>| {
        let then = now + TimeDelta::seconds(30);
        all.change_password(ledger, Some(&sam), Audience::Staff, (old, new), code, then)
    };
    let new = "lantern on the bridge";
    assert!(matches!(change("another one altogether", new, None), Err(SignInError::Wrong)));
    assert!(matches!(change(old, new, Some("000000")), Err(SignInError::Code)), "who knows the password alone");
    let code = secret.code_at(now + TimeDelta::seconds(30));
    change(old, new, Some(&code)).unwrap();
    let then = now + TimeDelta::seconds(60);
    let (token, _) = all.sign_in(ledger, Some(&sam), new, &secret.code_at(then), then).unwrap();
    let (_, unlocked) = all.signed_in(&token, then).unwrap().unwrap();
    assert!(unlocked.is_some(), "the sign-in carries the key");
}

#[test]
fn what_was_issued_to_staff_lapses() {
    let test = TestSchool::new();
    let all = sign_ins(&test);
    let sam = account(2);
    let issued = issue(&test, &all, &sam, Audience::Staff);
    let late = at(NOW) + TimeDelta::days(30);
    let new = "teapot on the bridge";
    let done = all.change_password(test.school.ledger(), Some(&sam), Audience::Staff, (&issued, new), None, late);
    assert!(matches!(done, Err(SignInError::Wrong)));
}

#[test]
fn no_secret_stands_in_any_file() {
    let test = TestSchool::new();
    let (ledger, all) = (test.school.ledger(), sign_ins(&test));
    let (ada, sam) = (account(1), account(2));
    let mut secrets: Vec<Vec<u8>> = vec![issue(&test, &all, &ada, Audience::Pupils).into_bytes()];
    let issued = issue(&test, &all, &sam, Audience::Staff);
    let chosen = "teapot on the bridge";
    all.change_password(ledger, Some(&sam), Audience::Staff, (&issued, chosen), None, at(NOW)).unwrap();
    let (secret, now) = (TotpSecret::random().unwrap(), at(NOW));
    all.enrol(ledger, sam.id, &secret, &secret.code_at(now), now).unwrap();
    let then = now + TimeDelta::seconds(30);
    let (token, _) = all.sign_in(ledger, Some(&sam), chosen, &secret.code_at(then), then).unwrap();
    secrets.extend([issued.into_bytes(), chosen.into(), secret.base32().into(), token.reveal().into_bytes()]);
    secrets.push(token.derived().to_vec());
    drop(all);
    let folder = test.folder.path().to_owned();
    drop(test.school);
    for file in crate::people::walk(&folder) {
        let bytes = std::fs::read(&file).unwrap();
        for secret in &secrets {
            let there = bytes.windows(secret.len()).any(|window| window == secret);
            assert!(!there, "{} holds a secret", file.display());
        }
    }
}
