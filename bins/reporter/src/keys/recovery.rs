//! Two who help a third.

use std::process::ExitCode;

use belisha_policy::may::{About, Answer};
use belisha_policy::{Action, Permit};
use belisha_school::holders::{self, Anew};
use belisha_school::sign_in::TotpSecret;
use belisha_store::keys::Unlocked;
use chrono::Utc;

use crate::args::{Args, fail};
use crate::login::{self, asked, enrolment};
use crate::passwords::Passwords;
use crate::session::Session;

/// The signed-in person and a second, who both help to recover, with what each needs for it.
struct Two {
    permit: Permit,
    keys: [Unlocked; 2],
}

fn two(session: &mut Session, with: &str, passwords: &Passwords) -> Result<Two, ExitCode> {
    let Some(own) = session.unlocked.take() else {
        return Err(fail(&"you hold no key yourself, and so can help nobody: sign in as somebody who does", 1));
    };
    let (second, theirs) = login::second(session, with, passwords)?;
    let Some(theirs) = theirs else {
        return Err(fail(&format!("{with} holds no key, and so can help nobody"), 1));
    };
    let permit = session.permit(Action::RecoverKey, &About::NOTHING)?;
    let permit = match session.authority.may(second, Action::RecoverKey, &About::NOTHING, session.now) {
        Answer::Permit(other) => permit.together(&other).map_err(|error| fail(&error, 1))?,
        Answer::Refusal(refusal) => return Err(fail(&refusal, 1)),
        Answer::NotFound => return Err(fail(&"there is nothing of the kind", 1)),
    };
    Ok(Two { permit, keys: [own, theirs] })
}

pub(super) fn recover(args: &Args, user: &str, with: &str, passwords: &Passwords) -> Result<ExitCode, ExitCode> {
    let mut session = Session::open(args)?;
    let account = session.account(user)?;
    if !session.sign_ins.holds_key(account.id).map_err(|error| fail(&error, 74))? {
        let said = format!(
            "{user} holds no key: belisha-reporter people issue {user} gives a password, and people forget-factor {user} \
             takes a lost second factor"
        );
        return Err(fail(&said, 1));
    }
    let Two { permit, keys: [one, other] } = two(&mut session, with, passwords)?;
    let password = asked(passwords.ask_new(user))?;
    let second_factor = TotpSecret::random().map_err(|error| fail(&error, 74))?;
    let code = enrolment(&second_factor, &session.school.settings().school, user, passwords)?;
    let anew = Anew { account: &account, password: &password, second_factor: &second_factor, code: &code };
    let both = [&one, &other];
    let done = holders::recover_person(&session.school, &session.sign_ins, &permit, &anew, both, Utc::now());
    done.map_err(|error| fail(&error, 1))?;
    println!("{user} has a new password and second factor, and their key: belisha-reporter login {user}");
    Ok(ExitCode::SUCCESS)
}

pub(super) fn helpers(args: &Args, users: &[String], with: &str, passwords: &Passwords) -> Result<ExitCode, ExitCode> {
    let mut session = Session::open(args)?;
    let people = users.iter().map(|user| session.person(user)).collect::<Result<Vec<_>, _>>()?;
    let Two { permit, keys: [one, other] } = two(&mut session, with, passwords)?;
    let named = holders::name_recovery(&session.school, &permit, &people, [&one, &other], Utc::now());
    named.map_err(|error| fail(&error, 1))?;
    println!("{} help to recover keys from now on, any two of them a third.", users.join(", "));
    println!("Whoever holds a key and is not signed in now can be helped once they have signed in again.");
    Ok(ExitCode::SUCCESS)
}
