//! `belisha-reporter roles`.

use std::process::ExitCode;

use belisha_policy::Action;
use belisha_policy::may::About;
use belisha_policy::roles::{Command, Role};
use belisha_school::authority::{Authority, RoleError};
use serde_json::json;

use crate::args::{Args, RolesAction, fail};
use crate::session::Session;

pub(crate) fn run(args: &Args, action: &RolesAction) -> ExitCode {
    let done = || -> Result<ExitCode, ExitCode> {
        let session = Session::open(args)?;
        if let RolesAction::List { json } = action {
            list(&session, *json);
            return Ok(ExitCode::SUCCESS);
        }
        let (needed, command) = command(&session, action)?;
        let permit = session.permit(needed, &About::NOTHING)?;
        let changed = session.authority.change(session.school.ledger(), &permit, &command, session.now);
        changed.map_err(|error| fail(&error, if matches!(error, RoleError::Ledger(_)) { 74 } else { 1 }))?;
        // What somebody may has changed: whoever is signed in as them signs in again.
        if let Some(person) = concerned(&command).filter(|person| *person != session.person) {
            let account = belisha_policy::people::AccountId::of(person);
            session.sign_ins.sign_out_everywhere(account).map_err(|error| fail(&error, 74))?;
        }
        Ok(ExitCode::SUCCESS)
    };
    done().unwrap_or_else(|code| code)
}

/// Whose rights a command changes; not the signed-in person's own, who goes on.
fn concerned(command: &Command) -> Option<belisha_policy::PersonId> {
    match command {
        Command::Appoint { person, .. }
        | Command::End { person, .. }
        | Command::GrantStatus(person)
        | Command::WithdrawStatus(person) => Some(*person),
        Command::Delegate { to, .. } | Command::Revoke { to, .. } => Some(*to),
        _ => None,
    }
}

fn command(session: &Session, action: &RolesAction) -> Result<(Action, Command), ExitCode> {
    Ok(match action {
        RolesAction::List { .. } => return Err(fail(&"nothing to change", 2)),
        RolesAction::Appoint { role, user, until, covers_for } => {
            let covers_for = covers_for.as_ref().map(|user| session.person(user)).transpose()?;
            let person = session.person(user)?;
            let command = Command::Appoint { role: *role, person, from: session.now, until: *until, covers_for };
            (Authority::action_for(*role), command)
        }
        RolesAction::End { role, user } => {
            (Authority::action_for(*role), Command::End { role: *role, person: session.person(user)? })
        }
        RolesAction::GrantStatus { user } => (Action::AssignRoles, Command::GrantStatus(session.person(user)?)),
        RolesAction::WithdrawStatus { user } => (Action::AssignRoles, Command::WithdrawStatus(session.person(user)?)),
        RolesAction::Delegate { user, actions, until } => {
            let (by, to) = (session.person, session.person(user)?);
            let actions = actions.iter().copied().collect();
            (Action::Delegate, Command::Delegate { by, to, actions, until: *until })
        }
        RolesAction::Revoke { user } => {
            (Action::Delegate, Command::Revoke { by: session.person, to: session.person(user)? })
        }
        RolesAction::Manager { user, manager } => {
            let (person, by) = (session.person(user)?, Some(session.person(manager)?));
            (Action::AssignRoles, Command::SetManager { person, by })
        }
        RolesAction::Teacher { class, user } => {
            let teacher = Some(session.person(user)?);
            (Action::AssignRoles, Command::SetTeacher { class: class.clone(), teacher })
        }
    })
}

fn list(session: &Session, as_json: bool) {
    // Whose roles these are stands on the school's own page for everybody: whoever is signed in may know.
    let assignments = session.authority.assignments();
    let now = session.now;
    if as_json {
        let holdings = assignments.holdings().iter().map(|holding| {
            json!({
                "role": holding.role.slug(),
                "user": session.user(holding.person),
                "from": holding.from,
                "until": holding.until,
                "covers_for": holding.covers_for.map(|person| session.user(person)),
            })
        });
        let status: Vec<String> = assignments.with_status().map(|person| session.user(person)).collect();
        let vacant = assignments.vacancies(now).into_iter().map(|vacancy| vacancy.0.slug());
        println!(
            "{}",
            json!({
                "holdings": holdings.collect::<Vec<_>>(),
                "web_filtering_management": status,
                "vacant": vacant.collect::<Vec<_>>(),
            })
        );
        return;
    }
    for role in Role::ALL.iter().filter(|role| !role.is_given_by_being()) {
        let holders: Vec<String> = assignments.holders(*role, now).map(|person| session.user(person)).collect();
        let who = if holders.is_empty() { "-".to_owned() } else { holders.join(", ") };
        println!("{:<18} {role}: {who}", role.slug());
    }
    let status: Vec<String> = assignments.with_status().map(|person| session.user(person)).collect();
    println!(
        "Status 'web filtering management': {}",
        if status.is_empty() { "nobody".into() } else { status.join(", ") }
    );
    for delegation in assignments.delegations().iter().filter(|it| it.from <= now && now < it.until) {
        let actions: Vec<&str> = delegation.actions.iter().map(|action| action.slug()).collect();
        let (by, to) = (session.user(delegation.by), session.user(delegation.to));
        println!("{by} lets {to} do, until {}: {}", delegation.until, actions.join(", "));
    }
    for vacancy in assignments.vacancies(now) {
        println!("WARNING: {vacancy}, and somebody must be");
    }
    for collision in assignments.collisions(now) {
        let who = session.user(collision.person);
        println!(
            "note: {who} is both {} and {}: a deputy is the second person where two are needed",
            collision.one, collision.other
        );
    }
}
