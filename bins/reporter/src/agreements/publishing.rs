//! Publishing agreements, and talking them over.

use std::collections::BTreeSet;
use std::process::ExitCode;

use belisha_aua::{
    Adults, Audience, Change, Command, Discussion, DocumentFact, ForAdults, ForPupils, Key, LocalMinute, Stage,
    Template, Terms, Text, Why, With, Words, lint,
};
use belisha_policy::calendar::local;
use belisha_policy::may::About;
use belisha_school::WrittenDay;
use belisha_school::agreements::{about_class, act_on_document};
use chrono::NaiveDate;

use super::refused;
use crate::args::{Publish, fail};
use crate::session::{Session, shown};

fn today(session: &Session) -> NaiveDate {
    local(session.now).date_naive()
}

pub(super) fn publish(session: &Session, wanted: &Publish) -> Result<(), ExitCode> {
    let last = session.authority.agreements().book().document(&wanted.key);
    let newest = last.and_then(|document| document.newest());
    let template = match &wanted.template {
        Some(name) => Some(Template::named(name).ok_or_else(|| {
            fail(&format!("there is no template {name:?}: look at belisha-reporter agreements templates"), 1)
        })?),
        None => None,
    };
    let words = words(wanted);
    let (text, terms, title) = match (template, newest) {
        (Some(template), _) => {
            let text = Text::of(template, &words).map_err(|error| fail(&format!("{error} (--say NAME=TEXT)"), 1))?;
            let terms = newest.map_or_else(|| template.terms(), |edition| edition.terms.clone());
            (text, terms, filled(template.title, &words))
        }
        (None, Some(edition)) => {
            let title = last.map(|document| document.title().to_owned()).unwrap_or_default();
            (edition.text.clone(), edition.terms.clone(), title)
        }
        (None, None) => return Err(fail(&"the first edition is made of a template: give --template", 2)),
    };
    let terms = narrowed(terms, wanted)?;
    let rests_on: BTreeSet<String> = if wanted.rests_on.is_empty() {
        last.map(|document| document.rests_on().map(str::to_owned).collect()).unwrap_or_default()
    } else {
        wanted.rests_on.iter().map(ToString::to_string).collect()
    };
    for finding in lint(&text, &terms) {
        eprintln!("{}: {finding}", wanted.key);
    }
    let effective = wanted.effective.map_or_else(|| today(session), |day| day.0);
    let title = wanted.title.clone().unwrap_or(title);
    let command = Command::Publish { title, change: change(wanted), effective, terms, text, rests_on };
    let permit = session.permit(command.action(), &About::NOTHING)?;
    if wanted.dry_run {
        let Command::Publish { title, text, .. } = &command else { return Ok(()) };
        println!("{title}\n");
        super::looking::print_text(text);
        println!("\nNothing was published.");
        return Ok(());
    }
    let (school, authority) = (&session.school, &session.authority);
    let done = act_on_document(school, authority, &permit, &wanted.key, command, session.now);
    let fact = done.map_err(|error| refused(&error))?;
    if let DocumentFact::Published { edition, .. } = fact {
        let grace = edition.grace_ends().map(|ends| format!("; what was signed before is good until {}", shown(ends)));
        let asked = grace.unwrap_or_else(|| "; nobody signs anew".to_owned());
        println!("{} {} is in force from {}{asked}.", wanted.key, edition.number, edition.effective);
    }
    Ok(())
}

fn words(wanted: &Publish) -> Words {
    Words {
        values: wanted.say.iter().map(|said| (said.name.clone(), said.value.clone())).collect(),
        without: wanted.without.iter().cloned().collect(),
        own: wanted.own.clone(),
    }
}

/// A title with the school's own words.
fn filled(title: &str, words: &Words) -> String {
    words.values.iter().fold(title.to_owned(), |title, (name, value)| title.replace(&format!("{{{name}}}"), value))
}

fn change(wanted: &Publish) -> Change {
    match wanted.grace_until {
        Some(until) if !wanted.editorial => Change::Asks {
            why: if wanted.yearly { Why::Yearly } else { Why::Material },
            grace_until: LocalMinute::of(local(until.end()).naive_local()),
        },
        _ => Change::Editorial,
    }
}

/// The terms with what was typed.
fn narrowed(terms: Terms, wanted: &Publish) -> Result<Terms, ExitCode> {
    let stages = || -> BTreeSet<Stage> {
        wanted.audiences.iter().filter_map(|it| if let Audience::Pupils(it) = it { Some(*it) } else { None }).collect()
    };
    let adults = || -> BTreeSet<Adults> {
        wanted.audiences.iter().filter_map(|it| if let Audience::Adults(it) = it { Some(*it) } else { None }).collect()
    };
    let others = |is: bool| is.then(|| fail(&"this is for others: an agreement is for pupils, or for adults", 2));
    let given = !wanted.audiences.is_empty();
    Ok(match terms {
        Terms::Pupils(pupils) => {
            if let Some(code) = others(!adults().is_empty()) {
                return Err(code);
            }
            Terms::Pupils(ForPupils {
                stages: if given { stages() } else { pupils.stages },
                signed_by: wanted.signed_by.map_or(pupils.signed_by, Into::into),
                discussion: if wanted.undiscussed { Discussion::NotAsked } else { pupils.discussion },
            })
        }
        terms if wanted.signed_by.is_some() || wanted.undiscussed => {
            let _ = terms;
            return Err(fail(&"--signed-by and --undiscussed are for agreements of pupils", 2));
        }
        Terms::Adults(all) => {
            if let Some(code) = others(!stages().is_empty()) {
                return Err(code);
            }
            Terms::Adults(ForAdults { adults: if given { adults() } else { all.adults } })
        }
        Terms::Reading(all) => Terms::Reading(if given { wanted.audiences.iter().copied().collect() } else { all }),
    })
}

pub(super) fn retire(session: &Session, key: &Key) -> Result<(), ExitCode> {
    let permit = session.permit(Command::Retire.action(), &About::NOTHING)?;
    let done = act_on_document(&session.school, &session.authority, &permit, key, Command::Retire, session.now);
    done.map_err(|error| refused(&error))?;
    println!("Nobody is asked for {key} any more.");
    Ok(())
}

pub(super) fn discuss(
    session: &Session,
    key: &Key,
    class: Option<&str>,
    pupil: Option<&str>,
    on: Option<WrittenDay>,
) -> Result<(), ExitCode> {
    let authority = &session.authority;
    let pupil = pupil.map(|pupil| session.meant(pupil)).transpose()?;
    let (with, of_class) = match (class, pupil) {
        (Some(class), _) => (With::Class(class.to_owned()), Some(class.to_owned())),
        (None, Some(pupil)) => {
            let class = authority.roll().person(pupil).and_then(|entry| entry.class().map(str::to_owned));
            (With::Pupil(pupil), class)
        }
        (None, None) => return Err(fail(&"say with which class", 2)),
    };
    let command = Command::Discuss { with, on: on.map_or_else(|| today(session), |day| day.0) };
    let about = about_class(authority, session.person, of_class.as_deref().unwrap_or_default());
    let permit = session.permit(command.action(), &about)?;
    let done = act_on_document(&session.school, authority, &permit, key, command, session.now);
    done.map_err(|error| refused(&error))?;
    println!("It is written down that {key} was talked over: they may sign.");
    Ok(())
}
