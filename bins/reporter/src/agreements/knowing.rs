//! Who knows what is done in a serious incident, and what those who are new have to read.

use std::process::ExitCode;

use belisha_aua::Lacking;
use belisha_policy::Action;
use belisha_policy::may::About;
use belisha_school::WrittenDay;
use belisha_school::agreements::{self, new_since, who_know_the_procedure};
use serde_json::json;

use super::looking::{state_slug, under};
use super::name;
use crate::args::fail;
use crate::session::{Session, shown};

pub(super) fn procedure(session: &Session, as_json: bool) -> Result<(), ExitCode> {
    session.permit(Action::ViewAgreements, &About::NOTHING)?;
    let none = || {
        fail(
            &"no procedure is published: belisha-reporter agreements publish procedure --template procedure --grace-until \
              DATE, with --say for what only you know",
            1,
        )
    };
    let known = who_know_the_procedure(&session.authority, session.now).ok_or_else(none)?;
    for known in known {
        let name = name(session, known.person);
        if as_json {
            let (edition, since) = known.confirmed.unzip();
            let edition = edition.map(|edition| edition.to_string());
            println!("{}", json!({ "role": known.role.slug(), "name": name, "confirmed": edition, "since": since }));
            continue;
        }
        let confirmed = known.confirmed.map_or_else(
            || "NOT CONFIRMED".to_owned(),
            |(edition, since)| format!("confirmed {edition}, since {}", shown(since)),
        );
        println!("{:<44} {name:<28} {confirmed}", known.role.title());
    }
    Ok(())
}

pub(super) fn joiners(session: &Session, since: Option<WrittenDay>, as_json: bool) -> Result<(), ExitCode> {
    session.permit(Action::ViewAgreements, &About::NOTHING)?;
    let since = since.map_or_else(|| new_since(session.now), |day| day.0);
    let joiners = agreements::joiners(&session.authority, since, session.now);
    if joiners.is_empty() && !as_json {
        println!("Nobody is known to have joined since {since}.");
    }
    for joiner in joiners {
        let name = name(session, joiner.person);
        if as_json {
            let documents = joiner.documents.iter().map(|(key, state)| {
                let lacking = state.lacking().map(Lacking::slug);
                json!({ "document": key, "state": state_slug(*state), "under": under(*state), "lacking": lacking })
            });
            let documents: Vec<_> = documents.collect();
            println!("{}", json!({ "name": name, "joined": joiner.joined, "documents": documents }));
            continue;
        }
        println!("{name}, joined {}", joiner.joined);
        for (key, state) in joiner.documents {
            println!("  {:<24} {}", key.as_str(), state.lacking().map_or("signed", Lacking::title));
        }
    }
    Ok(())
}
