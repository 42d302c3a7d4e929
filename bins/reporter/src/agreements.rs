//! `belisha-reporter agreements`.

mod forms;
mod inviting;
mod knowing;
mod looking;
mod pictures;
mod publishing;
mod signing;

use std::process::ExitCode;

use belisha_aua::Signer;
use belisha_policy::may::About;
use belisha_policy::{Action, Permit, PersonId};
use belisha_school::agreements::{AgreementError, WantedForms, about_person};

use crate::args::{AgreementsAction as Do, Args, fail};
use crate::session::Session;

pub(crate) fn run(args: &Args, action: &Do) -> ExitCode {
    let done = || -> Result<(), ExitCode> {
        if let Do::Templates { name, json } = action {
            return looking::templates(name.as_deref(), *json);
        }
        let session = Session::open(args)?;
        match action {
            Do::Templates { .. } => Ok(()),
            Do::List { json } => {
                looking::list(&session, *json);
                Ok(())
            }
            Do::Show { key, edition, json } => looking::show(&session, key, edition.as_deref(), *json),
            Do::Form { key, class, all, back_by, out } => {
                let wanted = WantedForms { key, all: *all, back_by };
                forms::write(&session, &wanted, class.as_deref(), out)
            }
            Do::Publish(publish) => publishing::publish(&session, publish),
            Do::Retire { key } => publishing::retire(&session, key),
            Do::Discuss { key, class, pupil, on } => {
                publishing::discuss(&session, key, class.as_deref(), pupil.as_deref(), *on)
            }
            Do::Sign { key, name } => signing::own(&session, key, name),
            Do::InClass { key, who, class, except } => {
                signing::in_class(&session, key, &Pupils { who, class: class.as_deref(), except })
            }
            Do::Paper(paper) => signing::paper(&session, paper),
            Do::Invite(invite) => inviting::invite(&session, invite),
            Do::Links { json } => inviting::links(&session, *json),
            Do::TakeBack { who } => inviting::take_back(&session, who),
            Do::Scan { key, who, out } => signing::scan(&session, key, who, out),
            Do::Withdraw { key, who, parent } => signing::withdraw(&session, key, who.as_deref(), parent.as_deref()),
            Do::Decide { key, who, stands, because, falls: _ } => signing::decide(&session, key, who, *stands, because),
            Do::Provisional { who, because, until, end: _ } => {
                signing::provisional(&session, who, because.as_deref(), *until)
            }
            Do::Notice { who, class, everybody, dated, to_parents } => {
                let whom = if *everybody {
                    signing::Whom::Everybody
                } else {
                    signing::Whom::These(Pupils { who, class: class.as_deref(), except: &[] })
                };
                let to = if *to_parents { signing::To::Parents } else { signing::To::Themselves };
                signing::notice(&session, &whom, dated.0, to)
            }
            Do::Coverage { at, json } => looking::coverage(&session, *at, *json),
            Do::Chase { class, json } => looking::chase(&session, class.as_deref(), *json),
            Do::Procedure { json } => knowing::procedure(&session, *json),
            Do::Joiners { since, json } => knowing::joiners(&session, *since, *json),
            Do::Standing { who, at, json } => looking::standing(&session, who.as_deref(), *at, *json),
            Do::Pictures { action } => pictures::run(&session, action),
            Do::MayPublish { who, class, place, words, json } => {
                let pupils = Pupils { who, class: class.as_deref(), except: &[] };
                pictures::may_publish(&session, &pupils, (*place, words), *json)
            }
        }
    };
    done().map_or_else(|code| code, |()| ExitCode::SUCCESS)
}

/// Some pupils, or others where no class is named.
struct Pupils<'a> {
    who: &'a [String],
    class: Option<&'a str>,
    except: &'a [String],
}

impl Pupils<'_> {
    fn of(&self, session: &Session) -> Result<Vec<PersonId>, ExitCode> {
        let Some(class) = self.class else {
            if self.who.is_empty() {
                return Err(fail(&"say who: people, a class, or everybody", 2));
            }
            return self.who.iter().map(|who| session.meant(who)).collect();
        };
        session.check_class(class)?;
        let except: Vec<PersonId> =
            self.except.iter().map(|who| session.meant(who)).collect::<Result<_, ExitCode>>()?;
        let pupils = session.authority.roll().of_class(class, session.now).map(|entry| entry.person.id);
        Ok(pupils.filter(|pupil| !except.contains(pupil)).collect())
    }
}

/// The permit for something about somebody's agreement.
fn permit_about(session: &Session, action: Action, person: PersonId) -> Result<Permit, ExitCode> {
    session.permit(action, &about_person(&session.authority, session.person, person))
}

/// The same for something about several people at once: one's own where each of them is.
fn permit_about_all(session: &Session, action: Action, people: &[PersonId]) -> Result<Permit, ExitCode> {
    let abouts = people.iter().map(|person| about_person(&session.authority, session.person, *person));
    let own = abouts.map(|about| about.relation.own).reduce(|one, other| one && other);
    let mut about = About::NOTHING;
    about.relation.own = own.unwrap_or(false);
    session.permit(action, &about)
}

/// Who signs or says something of a child: a parent by name, among the child's own contacts, or the child.
fn signer(session: &Session, child: PersonId, parent: Option<&str>) -> Result<Signer, ExitCode> {
    let Some(name) = parent else { return Ok(Signer::Themselves) };
    match session.authority.roll().contacts_called(child, name).as_slice() {
        [one] => Ok(Signer::Parent(*one)),
        [] => Err(fail(&format!("no parent or carer of this child is called {name:?}"), 1)),
        _ => Err(fail(&format!("several parents or carers of this child are called {name:?}: give the whole name"), 1)),
    }
}

/// So many of something.
fn counted(count: usize, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

/// What somebody is called, for those who may see it.
fn name(session: &Session, person: PersonId) -> String {
    let entry = session.authority.roll().person(person);
    entry.map_or_else(|| "(not here)".to_owned(), |entry| entry.person.name.in_full())
}

/// What is said of an error, and the exit code for it.
fn refused(error: &AgreementError) -> ExitCode {
    fail(error, if matches!(error, AgreementError::Ledger(_)) { 74 } else { 1 })
}
