//! `belisha-reporter people`.

mod moves;

use std::io::{IsTerminal, Write, stderr};
use std::path::Path;
use std::process::ExitCode;

use belisha_policy::may::{About, Relation};
use belisha_policy::people::{Account, AccountHolder, AccountId};
use belisha_policy::roles::Role;
use belisha_policy::{Action, PersonId, Scope};
use belisha_school::people::Entry;
use belisha_school::people::accounts::{self, AccountError, Do, Guest};
use belisha_school::sign_in::{Audience, audience_of, handout};
use chrono::{DateTime, Utc};
use serde_json::json;

use crate::args::{Args, PeopleAction, fail};
use crate::session::Session;

pub(crate) fn run(args: &Args, action: &PeopleAction) -> ExitCode {
    let done = || -> Result<ExitCode, ExitCode> {
        let session = Session::open(args)?;
        match action {
            PeopleAction::List { class, json } => list(&session, class.as_deref(), *json)?,
            PeopleAction::Issue { users, class, pupils, staff, out } => {
                let whom = Whom { users, class: class.as_deref(), pupils: *pupils, staff: *staff };
                issue(&session, &whom, out)?;
            }
            PeopleAction::Guest { called, user, sponsor, until } => {
                guest(&session, called, user, sponsor.as_deref(), *until)?;
            }
            PeopleAction::GuestEnd { user, until } => {
                let permit = session.permit(Action::CreateGuestAccount, &About::NOTHING)?;
                let account = session.account(user)?.id;
                let (ledger, roll) = (session.school.ledger(), session.authority.roll());
                said(accounts::set_guest_end(ledger, roll, &permit, account, *until, session.now))?;
            }
            PeopleAction::Class { class, user } => {
                let permit = session.permit(Action::CreateClassAccount, &About::NOTHING)?;
                let login = user.parse().map_err(|error| fail(&error, 2))?;
                let (ledger, roll) = (session.school.ledger(), session.authority.roll());
                said(accounts::open_class(ledger, roll, &permit, class, &login, session.now).map(drop))?;
                println!("The account is open. Give it a password: belisha-reporter people issue {user} --out FILE");
            }
            PeopleAction::Off { user } => change(&session, user, &Do::SwitchOff)?,
            PeopleAction::On { user } => change(&session, user, &Do::SwitchOn)?,
            PeopleAction::Login { user, new } => {
                change(&session, user, &Do::Rename(new.parse().map_err(|error| fail(&error, 2))?))?;
            }
            PeopleAction::Move { user, to, recipient, out } => moves::offer(&session, user, *to, recipient, out)?,
            PeopleAction::Receive { file, identity, receipt } => moves::receive(&session, file, identity, receipt)?,
            PeopleAction::Receipt { file } => moves::receipt(&session, file)?,
            PeopleAction::Compromised { user, since } => compromised(&session, user, since.unwrap_or(session.now))?,
        }
        Ok(ExitCode::SUCCESS)
    };
    done().unwrap_or_else(|code| code)
}

fn said<T>(done: Result<T, AccountError>) -> Result<T, ExitCode> {
    done.map_err(|error| fail(&error, if matches!(error, AccountError::Ledger(_)) { 74 } else { 1 }))
}

fn change(session: &Session, user: &str, what: &Do) -> Result<(), ExitCode> {
    let permit = session.permit(Action::ManageAccounts, &About::NOTHING)?;
    if permit.scope() != Scope::Full {
        return Err(fail(&"this is for those who decide about accounts", 1));
    }
    let account = session.account(user)?.id;
    said(accounts::change(session.school.ledger(), session.authority.roll(), &permit, account, what, session.now))?;
    if *what == Do::SwitchOff {
        session.sign_ins.sign_out_everywhere(account).map_err(|error| fail(&error, 74))?;
    }
    Ok(())
}

fn compromised(session: &Session, user: &str, since: DateTime<Utc>) -> Result<(), ExitCode> {
    let account = session.account(user)?;
    let own = account.id == AccountId::of(session.person);
    let about = About { relation: Relation { own, ..Relation::default() }, ..About::NOTHING };
    let permit = session.permit(Action::ReportCredential, &about)?;
    if since > session.now {
        return Err(fail(&"others cannot know it since an instant that is still to come", 2));
    }
    // Void first: whatever comes after, nobody signs in with it.
    let void = session.sign_ins.void(session.school.ledger(), &permit, account.id, since, session.now);
    void.map_err(|error| fail(&error, 1))?;
    let (ledger, roll) = (session.school.ledger(), session.authority.roll());
    said(accounts::change(ledger, roll, &permit, account.id, &Do::Doubt(since), session.now))?;
    println!("The password is void, and lines of this account are marked since {since}, until it gets a new one.");
    Ok(())
}

fn guest(
    session: &Session,
    called: &str,
    user: &str,
    sponsor: Option<&str>,
    until: DateTime<Utc>,
) -> Result<(), ExitCode> {
    let permit = session.permit(Action::CreateGuestAccount, &About::NOTHING)?;
    if permit.scope() != Scope::Full {
        return Err(fail(&"ask the office, the coordinator or the network manager to let your guest in", 1));
    }
    let sponsor = sponsor.map_or(Ok(session.person), |user| session.person(user))?;
    let login = user.parse().map_err(|error| fail(&error, 2))?;
    let guest = Guest { called: called.into(), login, sponsor, until };
    let (ledger, roll) = (session.school.ledger(), session.authority.roll());
    said(accounts::open_guest(ledger, roll, &permit, &guest, session.now).map(drop))?;
    println!("The account is open until {until}. Give it a password: belisha-reporter people issue {user} --out FILE");
    Ok(())
}

fn list(session: &Session, class: Option<&str>, as_json: bool) -> Result<(), ExitCode> {
    let own = About { relation: Relation { own: true, ..Relation::default() }, ..About::NOTHING };
    let permit = session.permit(Action::ViewPeople, &own)?;
    let seen = |entry: &&Entry| match permit.scope() {
        Scope::Full => true,
        Scope::Own => session.is_of_own_class(entry),
        _ => false,
    };
    let of_class = |entry: &&Entry| {
        class.is_none_or(|class| entry.person.pupil().and_then(|pupil| pupil.class.as_deref()) == Some(class))
    };
    let mut people: Vec<&Entry> = session.authority.roll().people().filter(seen).filter(of_class).collect();
    people.sort_by(|one, other| sorted_by(one).cmp(&sorted_by(other)));
    let out = &mut std::io::stdout().lock();
    for entry in people {
        let class = entry.person.pupil().and_then(|pupil| pupil.class.clone()).unwrap_or_default();
        let open = entry.account.as_ref().is_some_and(|account| account.is_open(session.now));
        let kinds: Vec<&str> = entry.person.capacities.iter().map(|capacity| capacity.kind().slug()).collect();
        let user = entry.written.login.clone().unwrap_or_default();
        let name = format!("{}, {}", entry.person.name.known_surname(), entry.person.name.known_forename());
        let line = if as_json {
            json!({
                "name": name,
                "class": class,
                "kinds": kinds,
                "user": user,
                "signs_in": open,
                "left": entry.person.left,
                "also_at": entry.written.also_at,
                "moves": entry.written.moving.as_ref().map(|moving| {
                    json!({ "to": moving.to, "offered": moving.offered, "received": moving.received })
                }),
            })
            .to_string()
        } else {
            let signs_in = if open { "signs in" } else { "does not sign in" };
            let remarks = remarks(entry);
            format!("{name:<32} {class:<6} {:<16} {user:<28} {signs_in}{remarks}", kinds.join("+"))
        };
        if writeln!(out, "{line}").is_err() {
            break;
        }
    }
    if permit.scope() == Scope::Full {
        for account in session.authority.roll().shared_accounts() {
            let what = match &account.holder {
                AccountHolder::Class { class } => format!("class {class}"),
                AccountHolder::Guest { called, until, .. } => format!("guest {called} until {until}"),
                AccountHolder::Individual(_) => continue,
            };
            if !as_json && writeln!(out, "{what}: {}", account.login.as_str()).is_err() {
                break;
            }
        }
    }
    Ok(())
}

/// At which other schools somebody works, and where a pupil goes.
fn remarks(entry: &Entry) -> String {
    let schools: Vec<&str> = entry.written.also_at.iter().map(String::as_str).collect();
    let also = if schools.is_empty() { String::new() } else { format!(", also at {}", schools.join(", ")) };
    let moves = entry.written.moving.as_ref().map(|moving| match moving.received {
        Some(at) => format!(", moved to {} ({})", moving.to, at.date_naive()),
        None => format!(", goes to {} (record of {}; no receipt yet)", moving.to, moving.offered.date_naive()),
    });
    also + &moves.unwrap_or_default()
}

fn sorted_by(entry: &Entry) -> (Option<&str>, &str, &str) {
    let class = entry.person.pupil().and_then(|pupil| pupil.class.as_deref());
    (class, entry.person.name.known_surname(), entry.person.name.known_forename())
}

/// Who is to get a password.
struct Whom<'a> {
    users: &'a [String],
    class: Option<&'a str>,
    pupils: bool,
    staff: bool,
}

/// One line of the sheet, but for the password.
struct Recipient {
    account: AccountId,
    audience: Audience,
    name: String,
    class: String,
    login: String,
    own: bool,
}

fn issue(session: &Session, whom: &Whom<'_>, out: &Path) -> Result<(), ExitCode> {
    if out.exists() {
        return Err(fail(
            &format!("{}: there is a file of this name already, and it is not written over", out.display()),
            1,
        ));
    }
    let recipients = recipients(session, whom)?;
    let Some(first) = recipients.first() else { return Err(fail(&"nobody is meant who could get a password", 1)) };
    if recipients.iter().any(|it| it.audience != first.audience) {
        return Err(fail(&"give pupils and staff passwords in two sheets: different people may", 2));
    }
    let action = match first.audience {
        Audience::Staff => Action::IssueStaffPasswords,
        Audience::Pupils => Action::IssuePupilPasswords,
    };
    // Whoever gives somebody their first password could be them: of those who check the head, not the head.
    let for_trust = |it: &Recipient| {
        let person = PersonId::from_bytes(*it.account.as_bytes());
        let held = |role| session.authority.assignments().holds(person, role, session.now);
        held(Role::TrustLead) || held(Role::TrustIt)
    };
    if recipients.iter().any(for_trust) {
        session.permit(Action::AssignGovernors, &About::NOTHING)?;
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
    println!(
        "{total} passwords are in {}, which you alone can read. Destroy it when they are handed out.",
        out.display()
    );
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

fn recipients(session: &Session, whom: &Whom<'_>) -> Result<Vec<Recipient>, ExitCode> {
    let roll = session.authority.roll();
    if !whom.users.is_empty() {
        return whom.users.iter().map(|user| of_account(session, &session.account(user)?)).collect();
    }
    let mut found = Vec::new();
    for entry in roll.people() {
        let Some(account) = entry.account.as_ref().filter(|account| account.is_open(session.now)) else { continue };
        let pupil = entry.person.pupil();
        let meant = match (whom.class, pupil) {
            (Some(class), Some(pupil)) => pupil.class.as_deref() == Some(class),
            (None, Some(_)) => whom.pupils,
            (None, None) => {
                whom.staff && session.sign_ins.serial(account.id).map_err(|error| fail(&error, 74))?.is_none()
            }
            (Some(_), None) => false,
        };
        if meant {
            found.push(of_account(session, account)?);
        }
    }
    found.sort_by(|one, other| (&one.class, &one.name).cmp(&(&other.class, &other.name)));
    Ok(found)
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
            }
        }
        AccountHolder::Class { class } => Recipient {
            account: account.id,
            audience: Audience::Pupils,
            name: format!("Class {class}"),
            class: class.clone(),
            login,
            own: session.authority.assignments().teacher(class) == Some(session.person),
        },
        AccountHolder::Guest { called, .. } => Recipient {
            account: account.id,
            audience: Audience::Pupils,
            name: called.clone(),
            class: String::new(),
            login,
            own: false,
        },
    })
}
