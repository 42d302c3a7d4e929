//! Looking at agreements: what they say, who has signed, who is still to be asked.

use std::fmt::Write as _;
use std::process::ExitCode;

use belisha_aua::{Document, Edition, Fact, Key, Lacking, Number, State, TEMPLATES, Template, Text, Whom};
use belisha_policy::may::About;
use belisha_policy::{Action, Permit, Scope};
use belisha_school::WrittenInstant;
use belisha_school::agreements::{self, Chased, Coverage};
use serde_json::{Value, json};

use super::{name, permit_about};
use crate::args::fail;
use crate::session::{Session, shown};

pub(super) fn templates(name: Option<&str>, as_json: bool) -> Result<(), ExitCode> {
    let Some(name) = name else {
        for template in TEMPLATES {
            let audiences: Vec<&str> = template.audiences.iter().map(|it| it.slug()).collect();
            if as_json {
                println!("{}", json!({ "name": template.name, "title": template.title, "for": audiences }));
            } else {
                println!("{:<10} {:<55} {}", template.name, template.title, audiences.join(", "));
            }
        }
        return Ok(());
    };
    let unknown = || fail(&format!("there is no template {name:?}: look at belisha-reporter agreements templates"), 1);
    let template = Template::named(name).ok_or_else(unknown)?;
    if as_json {
        let clauses = template.clauses.iter().map(|clause| {
            let topics: Vec<&str> = clause.topics.iter().map(|it| it.slug()).collect();
            let teaching = clause.whom == Whom::Teaching;
            json!({ "name": clause.name, "version": clause.version, "topics": topics, "teaching": teaching, "text": clause.text })
        });
        let clauses: Vec<Value> = clauses.collect();
        let object = json!({
            "name": template.name, "title": template.title, "says": template.names(), "opening": template.opening,
            "clauses": clauses, "closing": template.closing,
        });
        println!("{object}");
        return Ok(());
    }
    println!("{}\n\n{}\n", template.title, template.opening);
    for clause in template.clauses {
        let teaching = if clause.whom == Whom::Teaching { " (for those who teach)" } else { "" };
        println!("{:<20} {}{teaching}", clause.name, clause.text);
    }
    println!("\n{}\n\nThe school says itself (--say NAME=TEXT): {}", template.closing, template.names().join(", "));
    Ok(())
}

pub(super) fn print_text(text: &Text) {
    println!("{}\n", text.opening);
    for (number, clause) in text.clauses.iter().enumerate() {
        let teaching = if clause.whom == Whom::Teaching { " (for those who teach)" } else { "" };
        println!("{:>3}. {}{teaching}", number + 1, clause.text);
    }
    println!("\n{}", text.closing);
}

pub(super) fn list(session: &Session, as_json: bool) {
    let book = session.authority.agreements().book();
    if !as_json {
        for audience in agreements::unasked(&session.authority, session.now) {
            eprintln!("WARNING: no agreement is for {}", audience.title().to_lowercase());
        }
    }
    for document in book.asked(session.now) {
        let Some(newest) = document.newest() else { continue };
        let in_force = document.in_force(session.now).map(|edition| edition.number.to_string());
        let audiences: Vec<&str> = newest.terms.audiences().map(belisha_aua::Audience::slug).collect();
        let is_behind = book.is_stale(document);
        if as_json {
            println!(
                "{}",
                json!({
                    "name": document.key().as_str(), "title": document.title(), "newest": newest.number.to_string(),
                    "effective": newest.effective, "grace_until": newest.grace_ends(), "in_force": in_force,
                    "for": audiences, "access": newest.terms.bears_on_access(), "behind": is_behind,
                    "rests_on": document.rests_on().collect::<Vec<_>>(),
                    "discussed": document.classes(newest.number.major).collect::<Vec<_>>(),
                })
            );
            continue;
        }
        let access = if newest.terms.bears_on_access() { "" } else { ", to be read" };
        let in_force = in_force.unwrap_or_else(|| "none".to_owned());
        println!(
            "{:<24} {} ({in_force} in force), {} from {}, for {}{access}",
            document.key().as_str(),
            document.title(),
            newest.number,
            newest.effective,
            audiences.join(", ")
        );
        if let Some(ends) = newest.grace_ends().filter(|ends| *ends > session.now) {
            println!("{:<24} what was signed before is good until {}", "", shown(ends));
        }
        let rests_on: Vec<&str> = document.rests_on().collect();
        if !rests_on.is_empty() {
            println!("{:<24} rests on {}", "", rests_on.join(", "));
        }
        if is_behind {
            println!(
                "{:<24} WARNING: a policy on which it rests was published anew since: look whether it still fits",
                ""
            );
        }
    }
}

fn edition<'d>(document: &'d Document, wanted: Option<&str>) -> Option<&'d Edition> {
    let Some(wanted) = wanted else { return document.newest() };
    let text = wanted.strip_prefix('v').unwrap_or(wanted);
    let (major, minor) = text.split_once('.').unwrap_or((text, "0"));
    document.edition(Number { major: major.parse().ok()?, minor: minor.parse().ok()? })
}

pub(super) fn show(session: &Session, key: &Key, wanted: Option<&str>, as_json: bool) -> Result<(), ExitCode> {
    let unknown = || fail(&"no agreement is called so: look at belisha-reporter agreements list", 1);
    let document = session.authority.agreements().book().document(key).ok_or_else(unknown)?;
    let edition = edition(document, wanted).ok_or_else(|| fail(&"there is no such edition", 1))?;
    if as_json {
        let clauses = edition.text.clauses.iter().map(|clause| {
            let topics: Vec<&str> = clause.topics.iter().map(|it| it.slug()).collect();
            json!({ "text": clause.text, "topics": topics, "teaching": clause.whom == Whom::Teaching })
        });
        let object = json!({
            "name": key.as_str(), "title": document.title(), "edition": edition.number.to_string(),
            "effective": edition.effective, "opening": edition.text.opening,
            "clauses": clauses.collect::<Vec<_>>(), "closing": edition.text.closing,
        });
        println!("{object}");
        return Ok(());
    }
    println!("{}\n{key} {}, in force from {}\n", document.title(), edition.number, edition.effective);
    print_text(&edition.text);
    Ok(())
}

/// The permit to see who has signed what, of everybody or of one's own classes.
pub(super) fn may_see(session: &Session) -> Result<Permit, ExitCode> {
    let mut about = About::NOTHING;
    about.relation.own = session.authority.assignments().teachers().any(|(_, teacher)| teacher == session.person);
    session.permit(Action::ViewAgreements, &about)
}

/// Whether a class is among those that a permit reaches to.
pub(super) fn reaches(session: &Session, permit: &Permit, class: Option<&str>) -> bool {
    let own = |class: &str| session.authority.assignments().teacher(class) == Some(session.person);
    permit.scope() == Scope::Full || class.is_some_and(own)
}

pub(super) fn coverage(session: &Session, at: Option<WrittenInstant>, as_json: bool) -> Result<(), ExitCode> {
    let permit = may_see(session)?;
    let at = at.map_or(session.now, WrittenInstant::beginning);
    let covered = agreements::coverage(&session.authority, at);
    for ((key, audience, class), covered) in &covered {
        if !reaches(session, &permit, class.as_deref()) {
            continue;
        }
        let Coverage { asked, signed, grace, parents, pupils, nobody, disputed } = *covered;
        let percent = covered.percent();
        if as_json {
            println!(
                "{}",
                json!({
                    "document": key.as_str(), "audience": audience.slug(), "class": class, "asked": asked,
                    "signed": signed, "percent": percent, "grace": grace, "parent_missing": parents,
                    "pupil_missing": pupils, "both_missing": nobody, "disputed": disputed,
                })
            );
            continue;
        }
        let whose = class.as_deref().unwrap_or(audience.slug());
        let mut line = format!("{:<24} {whose:<12} {signed:>5} of {asked:>5} signed ({percent:>3} %)", key.as_str());
        let missing =
            [(parents, "parent missing"), (pupils, "pupil missing"), (nobody, "nobody yet"), (disputed, "disputed")];
        for (count, what) in missing.into_iter().filter(|(count, _)| *count > 0) {
            let _ = write!(line, ", {count} {what}");
        }
        println!("{line}");
    }
    Ok(())
}

pub(super) fn chase(session: &Session, only: Option<&str>, as_json: bool) -> Result<(), ExitCode> {
    let permit = may_see(session)?;
    for Chased { person, class, key, lacking, until } in agreements::chase(&session.authority, session.now) {
        let wanted = only.is_none_or(|only| class.as_deref() == Some(only));
        if !wanted || !reaches(session, &permit, class.as_deref()) {
            continue;
        }
        let (user, name) = (session.user(person), name(session, person));
        if as_json {
            println!(
                "{}",
                json!({
                    "document": key.as_str(), "class": class, "user": user, "name": name, "lacking": lacking.slug(),
                    "until": until,
                })
            );
        } else {
            let until = until.map(|until| format!(", good until {}", shown(until))).unwrap_or_default();
            let class = class.as_deref().unwrap_or("-");
            println!("{:<24} {class:<8} {name:<28} {}{until}", key.as_str(), lacking.title());
        }
    }
    Ok(())
}

pub(super) fn standing(
    session: &Session,
    who: Option<&str>,
    at: Option<WrittenInstant>,
    as_json: bool,
) -> Result<(), ExitCode> {
    let person = who.map_or(Ok(session.person), |who| session.meant(who))?;
    // Everybody may see their own.
    if person != session.person {
        permit_about(session, Action::ViewAgreements, person)?;
    }
    let at = at.map_or(session.now, WrittenInstant::beginning);
    let found = agreements::subject(session.school.ledger(), person).map_err(|error| fail(&error, 74))?;
    let subject = found.ok_or_else(|| fail(&"nothing is known of them", 1))?;
    let agreements = session.authority.agreements();
    let (book, file) = (agreements.book(), agreements.file(person));
    let standing = book.standing(file, &subject, at);
    let told = file.told().filter(|since| *since <= at);
    let lines = book.lines(file, &subject, at).map(|(document, state)| (document.key().to_string(), state));
    if as_json {
        let lines = lines.map(|(key, state)| json!({
            "document": key, "state": state_slug(state), "under": under(state), "lacking": state.lacking().map(Lacking::slug),
        }));
        let object = json!({
            "user": session.user(person), "at": at, "standing": standing.slug(), "told": told,
            "documents": lines.collect::<Vec<_>>(), "signatures": signatures(session, person, at),
        });
        println!("{object}");
        return Ok(());
    }
    println!("{} at {}: {}", name(session, person), shown(at), standing.slug());
    for (key, state) in lines {
        let under = under(state).map(|under| format!("under {under}")).unwrap_or_default();
        let lacking = state.lacking().map(Lacking::title).unwrap_or_default();
        println!("  {key}: {} {under} {lacking}", state_slug(state));
    }
    match told {
        Some(since) => println!("  told of inspection since {}", shown(since)),
        None => println!("  not told of inspection: none of their connections is looked into"),
    }
    Ok(())
}

pub(super) fn state_slug(state: State) -> &'static str {
    match state {
        State::Signed { .. } => "signed",
        State::Grace { .. } => "grace",
        State::Lacking(_) => "lacking",
    }
}

pub(super) fn under(state: State) -> Option<String> {
    match state {
        State::Signed { under, .. } => Some(under.to_string()),
        State::Grace { under, .. } => under.map(|under| under.to_string()),
        State::Lacking(_) => None,
    }
}

/// Who signed what when for somebody, in what capacity and by which way.
fn signatures(session: &Session, person: belisha_policy::PersonId, at: chrono::DateTime<chrono::Utc>) -> Vec<Value> {
    let steps = session.authority.agreements().file(person).steps();
    let signed = steps.filter(|(when, _)| *when <= at).filter_map(|(when, fact)| match fact {
        Fact::Signed { key, edition, by, printed, way, .. } => Some(json!({
            "document": key.as_str(), "edition": edition.to_string(), "at": when, "capacity": by.capacity(),
            "printed": printed.as_str(), "way": way.slug(),
        })),
        _ => None,
    });
    signed.collect()
}
