//! `belisha-reporter roles`.

mod committee;

use std::fmt::Write as _;
use std::process::ExitCode;

use belisha_policy::may::About;
use belisha_policy::roles::{Command, Holding, Place, Role, RoleSet};
use belisha_policy::{Action, PersonId};
use belisha_school::WrittenInstant;
use belisha_school::authority::{Authority, RoleError};
use serde_json::{Value, json};

use crate::args::{Args, CommitteeAction, RolesAction, fail};
use crate::session::{Session, shown};

pub(crate) fn run(args: &Args, action: &RolesAction) -> ExitCode {
    let done = || -> Result<ExitCode, ExitCode> {
        let session = Session::open(args)?;
        match action {
            RolesAction::List { json } => {
                list(&session, *json);
                return Ok(ExitCode::SUCCESS);
            }
            RolesAction::Committee { action: CommitteeAction::List { json } } => {
                committee::list(&session, *json);
                return Ok(ExitCode::SUCCESS);
            }
            _ => {}
        }
        let (needed, command) = command(&session, action)?;
        let permit = session.permit(needed, &About::NOTHING)?;
        let changed = session.authority.change(session.school.ledger(), &permit, &command, session.now);
        changed.map_err(|error| fail(&error, if matches!(error, RoleError::Ledger(_)) { 74 } else { 1 }))?;
        println!("{}", done_of(&session, &command));
        // What somebody may has changed: whoever is signed in as them signs in again.
        if let Some(person) = concerned(&command).filter(|person| *person != session.person) {
            let account = belisha_policy::people::AccountId::of(person);
            if session.sign_ins.sign_out_everywhere(account).map_err(|error| fail(&error, 74))? > 0 {
                println!("They were signed in, and have to sign in again.");
            }
        }
        Ok(ExitCode::SUCCESS)
    };
    done().unwrap_or_else(|code| code)
}

/// Whose rights a command changes; not the signed-in person's own, who goes on.
fn concerned(command: &Command) -> Option<PersonId> {
    match command {
        Command::Appoint { person, .. }
        | Command::End { person, .. }
        | Command::GrantStatus(person)
        | Command::WithdrawStatus(person) => Some(*person),
        Command::Delegate { to, .. } | Command::Revoke { to, .. } => Some(*to),
        _ => None,
    }
}

/// What was done, for whoever did it.
fn done_of(session: &Session, command: &Command) -> String {
    let user = |person: &PersonId| session.user(*person);
    match command {
        Command::Appoint { role, person, until, .. } => {
            let until = until.map(|until| format!(" until {}", shown(until))).unwrap_or_default();
            format!("{} is {role}{until}.", user(person))
        }
        Command::End { role, person } => format!("{} is {role} no more.", user(person)),
        Command::Delegate { to, until, .. } => format!("{} may do it in your place until {}.", user(to), shown(*until)),
        Command::Revoke { to, .. } => format!("{} does nothing in your place any more.", user(to)),
        Command::GrantStatus(person) => format!("{} has the status 'web filtering management'.", user(person)),
        Command::WithdrawStatus(person) => {
            format!("{} has the status 'web filtering management' no more.", user(person))
        }
        Command::SetManager { person, by: Some(by) } => format!("{} is managed by {}.", user(person), user(by)),
        Command::SetManager { person, by: None } => format!("{} is managed by nobody.", user(person)),
        Command::SetTeacher { class, teacher: Some(teacher) } => format!("{class} is the class of {}.", user(teacher)),
        Command::SetTeacher { class, teacher: None } => format!("{class} is nobody's own class."),
        Command::Seat { person, .. } => format!("{} sits in the online safety committee.", user(person)),
        Command::Unseat(person) => format!("{} sits in the online safety committee no more.", user(person)),
        Command::Review(_) => "It is written down that you have looked through who holds which role.".to_owned(),
        Command::Leave(person) => format!("{} holds nothing any more.", user(person)),
    }
}

fn command(session: &Session, action: &RolesAction) -> Result<(Action, Command), ExitCode> {
    Ok(match action {
        RolesAction::List { .. } | RolesAction::Committee { action: CommitteeAction::List { .. } } => {
            return Err(fail(&"nothing to change", 2));
        }
        RolesAction::Committee { action: CommitteeAction::Seat { user, chair, until, represents } } => {
            let place = if *chair { Place::Chair } else { Place::Member };
            let until = until.map(WrittenInstant::end);
            let (person, represents) = (session.person(user)?, represents.clone());
            // What they are is filled in from the roll.
            let being = RoleSet::EMPTY;
            (Action::AssignRoles, Command::Seat { person, being, place, represents, until })
        }
        RolesAction::Committee { action: CommitteeAction::Unseat { user } } => {
            (Action::AssignRoles, Command::Unseat(session.person(user)?))
        }
        RolesAction::Review => (Action::ReviewRoles, Command::Review(session.person)),
        RolesAction::Appoint { role, user, until, covers_for } => {
            let covers_for = covers_for.as_ref().map(|user| session.person(user)).transpose()?;
            let person = session.person(user)?;
            let until = until.map(WrittenInstant::end);
            let command = Command::Appoint { role: *role, person, from: session.now, until, covers_for };
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
            (Action::Delegate, Command::Delegate { by, to, actions, until: until.end() })
        }
        RolesAction::Revoke { user } => {
            (Action::Delegate, Command::Revoke { by: session.person, to: session.person(user)? })
        }
        RolesAction::Manager { user, manager, nobody: _ } => {
            let by = manager.as_ref().map(|manager| session.person(manager)).transpose()?;
            let person = session.person(user)?;
            (Action::AssignRoles, Command::SetManager { person, by })
        }
        RolesAction::Teacher { class, user, nobody: _ } => {
            let teacher = user.as_ref().map(|user| session.person(user)).transpose()?;
            if teacher.is_some() {
                session.check_class(class)?;
            }
            (Action::AssignRoles, Command::SetTeacher { class: class.clone(), teacher })
        }
    })
}

fn list(session: &Session, as_json: bool) {
    // Whose roles these are stands on the school's own page for everybody: whoever is signed in may know.
    if as_json {
        println!("{}", as_object(session));
        return;
    }
    let (assignments, now) = (session.authority.assignments(), session.now);
    for role in Role::ALL.iter().filter(|role| !role.is_given_by_being()) {
        let holders = assignments.holdings().iter().filter(|holding| holding.role == *role && holding.is_on(now));
        let holders: Vec<String> = holders.map(|holding| held(session, holding)).collect();
        let who = if holders.is_empty() { "-".to_owned() } else { holders.join(", ") };
        println!("{:<18} {role}: {who}{}", role.slug(), answers(*role));
    }
    let status: Vec<String> = assignments.with_status().map(|person| session.user(person)).collect();
    println!(
        "Status 'web filtering management', which managing the filter takes: {}",
        if status.is_empty() { "nobody".into() } else { status.join(", ") }
    );
    println!("Answerable for the filter in the end: {}", answerable(session).join(", "));
    for delegation in assignments.delegations().iter().filter(|it| it.from <= now && now < it.until) {
        let actions: Vec<&str> = delegation.actions.iter().map(|action| action.slug()).collect();
        let (by, to) = (session.user(delegation.by), session.user(delegation.to));
        println!("{by} lets {to} do, until {}: {}", shown(delegation.until), actions.join(", "));
    }
    let classes: Vec<String> =
        assignments.teachers().map(|(class, teacher)| format!("{class} {}", session.user(teacher))).collect();
    if !classes.is_empty() {
        println!("Classes and their own teachers: {}", classes.join(", "));
    }
    for (person, by) in assignments.managers() {
        println!("{} is managed by {}", session.user(person), session.user(by));
    }
    committee::line(session);
    if let Some((by, at)) = assignments.last_review() {
        println!("Looked through on {} by {}", at.date_naive(), session.user(by));
    }
    for warning in warnings(session) {
        println!("WARNING: {warning}");
    }
    for collision in assignments.collisions(now) {
        let who = session.user(collision.person);
        println!(
            "note: {who} is both {} and {}: a deputy is the second person where two are needed",
            collision.one, collision.other
        );
    }
}

/// A holder of a role, since when, until when and for whom.
fn held(session: &Session, holding: &Holding) -> String {
    let mut text = format!("{} since {}", session.user(holding.person), holding.from.date_naive());
    if let Some(until) = holding.until {
        let _ = write!(text, " until {}", shown(until));
    }
    if let Some(covered) = holding.covers_for {
        let _ = write!(text, ", who stands in for {}", session.user(covered));
    }
    text
}

fn answers(role: Role) -> String {
    match role.answers_to() {
        [] => String::new(),
        to => format!(" (answers to: {})", to.iter().map(|role| role.title()).collect::<Vec<_>>().join(", ")),
    }
}

/// Those who are answerable for the filter, and their office where nobody holds it.
fn answerable(session: &Session) -> Vec<String> {
    let office = |role: &Role| {
        let holders: Vec<String> =
            session.authority.assignments().holders(*role, session.now).map(|it| session.user(it)).collect();
        format!("{role} ({})", if holders.is_empty() { "nobody".to_owned() } else { holders.join(", ") })
    };
    Role::ANSWERABLE_FOR_THE_FILTER.iter().map(office).collect()
}

/// What somebody has to look at.
fn warnings(session: &Session) -> Vec<String> {
    let (assignments, now) = (session.authority.assignments(), session.now);
    let vacant = assignments.vacancies(now).into_iter().map(|vacancy| format!("{vacancy}, and somebody must be"));
    let gaps = session.authority.committee_gaps(now).into_iter().map(|gap| gap.to_string());
    let every = session.school.settings().review_of_roles;
    let review = assignments.review_is_due(every, now).then(|| match assignments.last_review() {
        Some((_, at)) => format!(
            "who holds which role was last looked through on {}, more than {every} ago: {REVIEW}",
            at.date_naive()
        ),
        None => format!("nobody has looked through yet who holds which role: {REVIEW}"),
    });
    vacant.chain(gaps).chain(review).collect()
}

const REVIEW: &str = "head or chair does, with belisha-reporter roles review";

fn as_object(session: &Session) -> Value {
    let (assignments, now) = (session.authority.assignments(), session.now);
    let holdings = assignments.holdings().iter().map(|holding| {
        json!({
            "role": holding.role.slug(),
            "user": session.user(holding.person),
            "from": holding.from,
            "until": holding.until,
            "covers_for": holding.covers_for.map(|person| session.user(person)),
            "answers_to": holding.role.answers_to().iter().map(|role| role.slug()).collect::<Vec<_>>(),
        })
    });
    let status: Vec<String> = assignments.with_status().map(|person| session.user(person)).collect();
    let vacant = assignments.vacancies(now).into_iter().map(|vacancy| vacancy.0.slug());
    let reviewed = assignments.last_review().map(|(by, at)| json!({ "by": session.user(by), "at": at }));
    let delegated = assignments.delegations().iter().filter(|it| it.from <= now && now < it.until).map(|it| {
        let actions: Vec<&str> = it.actions.iter().map(|action| action.slug()).collect();
        json!({ "by": session.user(it.by), "to": session.user(it.to), "actions": actions, "until": it.until })
    });
    let classes = assignments.teachers().map(|(class, who)| json!({ "class": class, "teacher": session.user(who) }));
    let managers = assignments.managers().map(|(who, by)| json!({ "user": session.user(who), "by": session.user(by) }));
    json!({
        "delegations": delegated.collect::<Vec<_>>(),
        "classes": classes.collect::<Vec<_>>(),
        "managers": managers.collect::<Vec<_>>(),
        "holdings": holdings.collect::<Vec<_>>(),
        "web_filtering_management": status,
        "answerable_for_the_filter": Role::ANSWERABLE_FOR_THE_FILTER.map(Role::slug),
        "vacant": vacant.collect::<Vec<_>>(),
        "committee": committee::as_object(session),
        "reviewed": reviewed,
        "warnings": warnings(session),
    })
}
