//! Passwords for others, on a sheet to hand out.

use std::io::{IsTerminal, Write, stderr};
use std::path::Path;
use std::process::ExitCode;

use belisha_policy::Action;
use belisha_policy::may::{About, Answer, Relation};
use belisha_policy::people::{Account, AccountHolder, AccountId};
use belisha_school::people::accounts::{self, Do};
use belisha_school::sign_in::{Audience, audience_of, handout};

use super::said;
use crate::args::fail;
use crate::session::Session;

/// Who is to get a password.
pub(super) enum Whom<'a> {
    /// Those with these user names, whether they have a password or not.
    Users(&'a [String]),
    /// Those of a class.
    Class(&'a str, Those),
    /// All pupils.
    Pupils(Those),
    /// All others who have no password yet.
    Staff,
}

/// Which of many.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Those {
    /// Who have no password yet.
    Without,
    /// Everybody: a password that somebody has is void then.
    Everybody,
}

/// One line of the sheet, but for the password.
struct Recipient {
    account: AccountId,
    audience: Audience,
    name: String,
    class: String,
    login: String,
    own: bool,
    /// Whoever gives somebody their first password could be them: of those who check the head, not the head.
    is_for_the_chair: bool,
}

pub(super) fn issue(session: &Session, whom: &Whom<'_>, out: &Path) -> Result<(), ExitCode> {
    if out.exists() {
        return Err(fail(
            &format!("{}: there is a file of this name already, and it is not written over", out.display()),
            1,
        ));
    }
    let recipients = recipients(session, whom)?;
    let Some(first) = recipients.first() else { return Err(fail(&nobody(whom), 1)) };
    if recipients.iter().any(|it| it.audience != first.audience) {
        return Err(fail(&"give pupils and staff passwords in two sheets: different people may", 2));
    }
    let action = match first.audience {
        Audience::Staff => Action::IssueStaffPasswords,
        Audience::Pupils => Action::IssuePupilPasswords,
    };
    if recipients.iter().any(|it| it.is_for_the_chair) {
        may_give_to_those_of_the_chair(session)?;
    }
    let own = recipients.iter().all(|it| it.own);
    let permit =
        session.permit(action, &About { relation: Relation { own, ..Relation::default() }, ..About::NOTHING })?;
    let accounts: Vec<(AccountId, Audience)> = recipients.iter().map(|it| (it.account, it.audience)).collect();
    let total = accounts.len();
    let mut progress = |done: usize| {
        if stderr().is_terminal() {
            let _ = write!(stderr(), "\r{done} of {total}");
        }
    };
    // The sheet first: a password that nobody could be told would be given for nothing.
    let sheet = handout::Sheet::create(out).map_err(|error| fail(&format!("{}: {error}", out.display()), 1))?;
    let issued = session.sign_ins.issue(session.school.ledger(), &permit, &accounts, session.now, &mut progress);
    let issued = match issued {
        Ok(issued) => issued,
        Err(error) => {
            sheet.discard();
            return Err(fail(&error, 1));
        }
    };
    let lines = recipients.iter().zip(&issued).map(|(it, password)| handout::Line {
        name: &it.name,
        class: &it.class,
        login: &it.login,
        password,
    });
    sheet.write(lines).map_err(|error| {
        let advice = "the passwords are given and nobody knows them: issue them again";
        fail(&format!("{}: {error}; {advice}", out.display()), 74)
    })?;
    end_doubts(session, &accounts)?;
    let are = if total == 1 { "password is" } else { "passwords are" };
    println!("{total} {are} in {}, which you alone can read. Destroy it when they are handed out.", out.display());
    if first.audience == Audience::Staff {
        println!("Each has to choose one of their own first: belisha-reporter password USER");
    }
    Ok(())
}

/// A new password ends the time in which others knew the old one.
fn end_doubts(session: &Session, accounts: &[(AccountId, Audience)]) -> Result<(), ExitCode> {
    for (account, _) in accounts {
        let known = session.authority.roll().account_by_id(*account);
        if !known.is_some_and(|account| account.doubts.iter().any(|doubt| doubt.until.is_none())) {
            continue;
        }
        // Each change is a version of its own.
        let mut authority = session.authority.clone();
        authority.follow(session.school.ledger()).map_err(|error| fail(&error, 74))?;
        let permit = session.permit(Action::ReportCredential, &About::NOTHING)?;
        let (ledger, roll) = (session.school.ledger(), authority.roll());
        said(accounts::change(ledger, roll, &permit, *account, &Do::EndDoubt, session.now))?;
    }
    Ok(())
}

/// What is said where there is nobody to give a password to.
fn nobody(whom: &Whom<'_>) -> String {
    let of = match whom {
        Whom::Users(_) => return "say to whom: user names, --class, --pupils or --staff".to_owned(),
        Whom::Class(class, _) => format!("nobody of the class {class:?}"),
        Whom::Pupils(_) => "no pupil".to_owned(),
        Whom::Staff => "nobody of the staff".to_owned(),
    };
    format!(
        "{of} has an account and no password yet: look at belisha-reporter people list. Who has one gets another by their \
         user name, or with --anew"
    )
}

fn may_give_to_those_of_the_chair(session: &Session) -> Result<(), ExitCode> {
    let answer = session.authority.may(session.person, Action::AssignGovernors, &About::NOTHING, session.now);
    if matches!(answer, Answer::Permit(_)) {
        return Ok(());
    }
    Err(fail(
        &"the head, and those who govern or act for the trust, get their passwords from the chair of governors",
        1,
    ))
}

fn recipients(session: &Session, whom: &Whom<'_>) -> Result<Vec<Recipient>, ExitCode> {
    let roll = session.authority.roll();
    if let Whom::Users(users) = whom {
        let of_user = |user: &String| of_account(session, &session.account(user)?);
        return users.iter().map(of_user).collect();
    }
    let anew = matches!(whom, Whom::Class(_, Those::Everybody) | Whom::Pupils(Those::Everybody));
    let mut found = Vec::new();
    for entry in roll.people() {
        let Some(account) = entry.account.as_ref().filter(|account| account.is_open(session.now)) else { continue };
        let pupil = entry.person.pupil();
        let meant = match whom {
            Whom::Class(class, _) => pupil.is_some_and(|pupil| pupil.class.as_deref() == Some(class)),
            Whom::Pupils(_) => pupil.is_some(),
            Whom::Staff => pupil.is_none(),
            Whom::Users(_) => false,
        };
        let has_one = || session.sign_ins.serial(account.id).map_err(|error| fail(&error, 74));
        // Who holds a key gets no password from others.
        let holds_key = || session.sign_ins.holds_key(account.id).map_err(|error| fail(&error, 74));
        if meant && (anew || has_one()?.is_none()) && (pupil.is_some() || !holds_key()?) {
            found.push(of_account(session, account)?);
        }
    }
    if matches!(whom, Whom::Staff) {
        leave_out_those_of_the_chair(session, &mut found);
    }
    found.sort_by(|one, other| (&one.class, &one.name).cmp(&(&other.class, &other.name)));
    Ok(found)
}

/// Of all staff, those to whom the signed-in person may give passwords.
fn leave_out_those_of_the_chair(session: &Session, found: &mut Vec<Recipient>) {
    let answer = session.authority.may(session.person, Action::AssignGovernors, &About::NOTHING, session.now);
    if matches!(answer, Answer::Permit(_)) {
        return;
    }
    let before = found.len();
    found.retain(|it| !it.is_for_the_chair);
    let left_out = before - found.len();
    if left_out > 0 {
        println!("Left out: {left_out} who govern or act for the trust. The chair of governors gives them passwords.");
    }
}

fn of_account(session: &Session, account: &Account) -> Result<Recipient, ExitCode> {
    if !account.is_open(session.now) {
        return Err(fail(&"this account is switched off or over: nobody could sign in with it", 1));
    }
    let login = account.login.as_str().to_owned();
    Ok(match &account.holder {
        AccountHolder::Individual(person) => {
            let entry = session.authority.roll().person(*person);
            let entry = entry.ok_or_else(|| fail(&"there is no such person here", 1))?;
            let name = &entry.person.name;
            Recipient {
                account: account.id,
                audience: audience_of(entry),
                name: format!("{} {}", name.known_forename(), name.known_surname()),
                class: entry.person.pupil().and_then(|pupil| pupil.class.clone()).unwrap_or_default(),
                login,
                own: session.is_of_own_class(entry),
                is_for_the_chair: session.authority.is_for_the_chair(*person, session.now),
            }
        }
        AccountHolder::Class { class } => Recipient {
            account: account.id,
            audience: Audience::Pupils,
            name: format!("Class {class}"),
            class: class.clone(),
            login,
            own: session.authority.assignments().teacher(class) == Some(session.person),
            is_for_the_chair: false,
        },
        AccountHolder::Guest { called, .. } => Recipient {
            account: account.id,
            audience: Audience::Pupils,
            name: called.clone(),
            class: String::new(),
            login,
            own: false,
            is_for_the_chair: false,
        },
    })
}
