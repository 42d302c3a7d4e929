//! Who belongs to the school, for people.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::ExitCode;

use belisha_policy::may::{About, Relation};
use belisha_policy::people::{Account, AccountHolder, AccountId, PersonKind};
use belisha_policy::{Action, Scope};
use belisha_school::people::Entry;
use chrono::{DateTime, Utc};
use serde_json::json;

use crate::args::fail;
use crate::session::{Session, shown};

pub(super) fn list(session: &Session, class: Option<&str>, as_json: bool) -> Result<(), ExitCode> {
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
    let signing = Signing::of(session, &people)?;
    let out = &mut std::io::stdout().lock();
    for entry in people {
        let class = entry.person.pupil().and_then(|pupil| pupil.class.clone()).unwrap_or_default();
        let signs_in = signing.of_account(entry.account.as_ref(), session.now);
        let kinds: Vec<&str> = entry.person.capacities.iter().map(|capacity| capacity.kind().slug()).collect();
        let user = entry.written.login.clone().unwrap_or_default();
        let name = format!("{}, {}", entry.person.name.known_surname(), entry.person.name.known_forename());
        let line = if as_json {
            json!({
                "name": name,
                "class": class,
                "kinds": kinds,
                "user": user,
                "signs_in": signs_in == SignsIn::Yes,
                "has_account": signs_in != SignsIn::Never,
                "left": entry.person.left,
                "also_at": entry.written.also_at,
                "moves": entry.written.moving.as_ref().map(|moving| {
                    json!({ "to": moving.to, "offered": moving.offered, "received": moving.received })
                }),
            })
            .to_string()
        } else {
            let remarks = remarks(entry);
            format!("{name:<32} {class:<6} {:<16} {user:<28} {}{remarks}", kinds.join("+"), signs_in.words())
        };
        if writeln!(out, "{line}").is_err() {
            break;
        }
    }
    if permit.scope() == Scope::Full {
        for account in session.authority.roll().shared_accounts() {
            let what = match &account.holder {
                AccountHolder::Class { class } => format!("class {class}"),
                AccountHolder::Guest { called, until, .. } => format!("guest {called} until {}", shown(*until)),
                AccountHolder::Individual(_) => continue,
            };
            let signs_in = signing.of_account(Some(account), session.now).words();
            if !as_json && writeln!(out, "{what}: {}, {signs_in}", account.login.as_str()).is_err() {
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

/// Staff and others first, then pupils by class, then those who are contacts and nothing else.
fn sorted_by(entry: &Entry) -> (u8, Option<&str>, &str, &str) {
    let class = entry.person.pupil().and_then(|pupil| pupil.class.as_deref());
    let is_contact = entry.person.capacities.iter().all(|capacity| capacity.kind() == PersonKind::Parent);
    let part = match (entry.person.pupil().is_some(), is_contact) {
        (true, _) => 1,
        (false, true) => 2,
        (false, false) => 0,
    };
    (part, class, entry.person.name.known_surname(), entry.person.name.known_forename())
}

/// Whether somebody can sign in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SignsIn {
    Yes,
    /// There is an account, and no password that works.
    NotYet,
    Off,
    Never,
}

impl SignsIn {
    fn words(self) -> &'static str {
        match self {
            Self::Yes => "signs in",
            Self::NotYet => "has no password",
            Self::Off => "is switched off or over",
            Self::Never => "does not sign in",
        }
    }
}

/// Who has a password.
struct Signing(BTreeSet<AccountId>);

impl Signing {
    fn of(session: &Session, people: &[&Entry]) -> Result<Self, ExitCode> {
        let own = people.iter().filter_map(|entry| entry.account.as_ref());
        let mut with_password = BTreeSet::new();
        for account in own.chain(session.authority.roll().shared_accounts()) {
            if session.sign_ins.serial(account.id).map_err(|error| fail(&error, 74))?.is_some() {
                with_password.insert(account.id);
            }
        }
        Ok(Self(with_password))
    }

    fn of_account(&self, account: Option<&Account>, now: DateTime<Utc>) -> SignsIn {
        match account {
            None => SignsIn::Never,
            Some(account) if !account.is_open(now) => SignsIn::Off,
            Some(account) if self.0.contains(&account.id) => SignsIn::Yes,
            Some(_) => SignsIn::NotYet,
        }
    }
}
