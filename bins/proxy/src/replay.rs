//! `belisha-proxy replay`.

use std::fmt::{self, Write as _};
use std::process::ExitCode;

use belisha_policy::{Category, PersonId, Verdict};
use belisha_school::authority::Authority;
use belisha_school::past::LogFormat;
use belisha_school::replay::{Change, Named, NamesError, Replayed, WhatIf, name, replay};
use belisha_school::sign_in::SignIns;
use belisha_school::{School, SchoolError, Settings, rules, settings_in_force};
use chrono::Utc;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::args::{Args, ReplayCommand, fail};

/// Complaints of a log that are printed; all are counted.
const SHOWN: usize = 5;

const NOBODY: &str =
    "names are for a signed-in person who may look them up: export BELISHA_TOKEN=$(belisha-reporter login USER)";

/// A replay that ended early: what to say, and the exit code.
type Ended = (String, u8);

pub(crate) fn run(args: &Args, command: &ReplayCommand) -> ExitCode {
    match answer(args, command) {
        Ok(page) => {
            print!("{page}");
            ExitCode::SUCCESS
        }
        Err((message, code)) => fail(&message, code),
    }
}

fn answer(args: &Args, command: &ReplayCommand) -> Result<String, Ended> {
    let format = LogFormat::named(command.format.as_deref(), command.map.clone());
    let format = format.map_err(|error| (error.to_string(), 2))?;
    let (Some(other), folder) = (&args.school, args.folder()) else {
        return Err(("say which settings are tried: --school NEW.toml".into(), 2));
    };
    let other = Settings::load(Some(other)).map_err(|error| (error.to_string(), 78))?;
    let file = Settings::load(folder.settings_to_read(None).as_deref()).map_err(|error| (error.to_string(), 78))?;
    let unopened = |error: SchoolError| {
        let code = if matches!(error, SchoolError::Settings(_)) { 78 } else { 74 };
        (error.to_string(), code)
    };
    let school = School::look(&folder, &file).map_err(unopened)?;
    let (settings, _) = settings_in_force(&folder, file).map_err(unopened)?;
    let loaded = rules::load(&folder).map_err(|error| (error.to_string(), 74))?;
    let authority = school.as_ref().map_or_else(|| Ok(Authority::default()), |it| Authority::load(it.ledger()));
    let authority = authority.map_err(|error| (error.to_string(), 74))?;
    let now = Utc::now();
    // Before anything is read: who asks for names in vain need not wait.
    let by = command.names.then(|| signed_in(school.as_ref(), &authority)).transpose()?;
    let ask = WhatIf {
        rules: &loaded.rules,
        policy: &settings.policy,
        other: &other.policy,
        authority: &authority,
        now,
        top: command.top,
    };
    let bar = bar();
    let mut progress = |log: usize, read: u64, total: Option<u64>| {
        bar.set_length(total.unwrap_or_default());
        bar.set_position(read);
        bar.set_message(format!("log {} of {}", log + 1, command.logs.len()));
    };
    let replayed = replay(&command.logs, &format, &ask, &mut progress);
    bar.finish_and_clear();
    let replayed = replayed.map_err(|(at, error)| {
        let log = command.logs.get(at).map(|log| log.display().to_string()).unwrap_or_default();
        (format!("{log}: {error}"), if error.is_bad_input() { 65 } else { 74 })
    })?;
    let named = match (by, &school) {
        (Some(by), Some(school)) => {
            let purpose = command.purpose.as_deref().unwrap_or_default();
            Some(name(school, &authority, by, purpose, &replayed, now).map_err(|error| unnamed(&error))?)
        }
        _ => None,
    };
    if command.json {
        return Ok(format!("{}\n", to_json(&replayed, named.as_ref())));
    }
    page(&replayed, named.as_ref()).map_err(|error| (error.to_string(), 74))
}

/// The person of the token, who must be here.
fn signed_in(school: Option<&School>, authority: &Authority) -> Result<PersonId, Ended> {
    let nobody = || (NOBODY.to_owned(), 1);
    let school = school.ok_or_else(nobody)?;
    let token = std::env::var("BELISHA_TOKEN").ok().and_then(|text| text.parse().ok()).ok_or_else(nobody)?;
    let now = Utc::now();
    let failed = |error: &dyn fmt::Display| (error.to_string(), 74);
    let credentials = school.credentials().map_err(|error| failed(&error))?;
    let sign_ins = SignIns::new(credentials, school.ledger().keys().clone());
    let (account, _) = sign_ins.signed_in(&token, now).map_err(|error| failed(&error))?.ok_or_else(nobody)?;
    let person = PersonId::from_bytes(*account.as_bytes());
    authority.standing(person, now).map(|_| person).ok_or_else(nobody)
}

fn unnamed(error: &NamesError) -> Ended {
    let code = if matches!(error, NamesError::Ledger(_)) { 74 } else { 1 };
    (error.to_string(), code)
}

fn bar() -> ProgressBar {
    // It is hidden where standard error is no terminal.
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes} {msg}") {
        bar.set_style(style);
    }
    bar
}

fn verdicts(counts: &[u64]) -> String {
    let named = Verdict::ALL.iter().zip(counts).map(|(verdict, count)| format!("{count} {}", verdict.slug()));
    named.collect::<Vec<_>>().join(", ")
}

fn about(category: Option<Category>) -> &'static str {
    category.map_or("no category", Category::title)
}

fn group(change: &Change) -> &str {
    change.way.group.as_deref().unwrap_or("(no group)")
}

fn page(replayed: &Replayed, named: Option<&Named>) -> Result<String, fmt::Error> {
    let mut out = String::new();
    for complaint in replayed.tally.complaints().iter().take(SHOWN) {
        writeln!(out, "left out: {complaint}")?;
    }
    let requests = replayed.same + replayed.other;
    writeln!(out, "{} lines, {} left out; {requests} requests.", replayed.tally.lines, replayed.tally.bad())?;
    if let Some((first, last)) = replayed.days {
        writeln!(out, "From {first} to {last} (UTC).")?;
    }
    if replayed.no_address > 0 {
        writeln!(out, "note: {} requests are for no address that could be read", replayed.no_address)?;
    }
    let [now, then] = &replayed.said;
    writeln!(out, "In force: {}.\nTried:    {}.", verdicts(now), verdicts(then))?;
    if replayed.other == 0 {
        writeln!(out, "No request would have gone another way.")?;
        return Ok(out);
    }
    writeln!(out, "{} requests would have gone another way:", replayed.other)?;
    for (at, change) in replayed.changes.iter().enumerate() {
        let way = &change.way;
        writeln!(
            out,
            "\n{} -> {}  {}, {}: {} requests of {} people",
            way.from.slug(),
            way.to.slug(),
            group(change),
            about(way.category),
            change.requests,
            change.people,
        )?;
        for (host, count) in &change.hosts {
            writeln!(out, "  {count:>9}  {host}")?;
        }
        if let Some(names) = named.and_then(|named| named.people.get(at)).filter(|names| !names.is_empty()) {
            let listed: Vec<&str> = names.iter().map(String::as_str).collect();
            writeln!(out, "  {}", listed.join(", "))?;
        }
    }
    if let Some(named) = named {
        let receipt = named.receipt.position();
        writeln!(out, "\nWhom you looked at is written down (receipt {receipt}); {} are not named.", named.unnamed)?;
    }
    Ok(out)
}

fn to_json(replayed: &Replayed, named: Option<&Named>) -> Value {
    let said = |counts: &[u64]| -> Value {
        Verdict::ALL.iter().zip(counts).map(|(verdict, count)| (verdict.slug(), json!(count))).collect()
    };
    let changes = replayed.changes.iter().enumerate().map(|(at, change)| {
        let hosts = change.hosts.iter().map(|(host, requests)| json!({ "host": host, "requests": requests }));
        json!({
            "from": change.way.from.slug(),
            "to": change.way.to.slug(),
            "group": change.way.group,
            "category": change.way.category.map(Category::slug),
            "requests": change.requests,
            "people": change.people.to_string(),
            "hosts": hosts.collect::<Vec<_>>(),
            "names": named.and_then(|named| named.people.get(at)),
        })
    });
    let [now, then] = &replayed.said;
    json!({
        "lines": replayed.tally.lines,
        "left_out": replayed.tally.bad(),
        "complaints": replayed.tally.complaints().iter().map(ToString::to_string).collect::<Vec<_>>(),
        "requests": replayed.same + replayed.other,
        "not_judged": replayed.no_address,
        "from": replayed.days.map(|(first, _)| first.to_string()),
        "to": replayed.days.map(|(_, last)| last.to_string()),
        "in_force": said(now),
        "tried": said(then),
        "same": replayed.same,
        "other": replayed.other,
        "changes": changes.collect::<Vec<_>>(),
        "receipt": named.map(|named| named.receipt.position()),
        "not_named": named.map(|named| named.unnamed),
    })
}
