//! The chart of the way of a case in `docs/coordinators.md` is what the machine does: each arrow is a command that it takes at that
//! stage, and there is no other. `BELISHA_RENEW=1` writes it anew.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use belisha_incident::{Body, Case, Category, Command, Outcome, Part, Settled, Stage, Terms, Track, decide};
use belisha_policy::{Action, Permit, PersonId};
use chrono::{DateTime, Utc};

const BEGIN: &str = "<!-- The chart is made by crates/incident/tests/chart.rs. -->\n";
const END: &str = "<!-- The chart ends here. -->\n";

const LEAD: PersonId = PersonId::from_bytes([1; 16]);
const HEAD: PersonId = PersonId::from_bytes([2; 16]);

fn now() -> DateTime<Utc> {
    "2026-05-18T09:00:00Z".parse().unwrap()
}

/// Does something; nothing where the machine refuses it.
fn after(case: &Case, command: Command) -> Option<Case> {
    // Of two, where it takes two.
    let permit = Permit::for_tests(LEAD, command.action(), now());
    let permit = if command.action() == Action::LiftIllegalHold { permit.and_for_tests(HEAD) } else { permit };
    let events = decide(case, &Terms::default(), command, &permit).ok()?;
    let mut case = case.clone();
    case.evolve_all(&events);
    Some(case)
}

/// The steps that lead from one stage to another, as they are called on the command line.
fn steps(case: &Case) -> Vec<(&'static str, Command)> {
    let sort = |category, track| Command::Sort { category, severity: None, track };
    let mut steps = vec![
        ("sort", sort(Category::AgainstEthos, Track::Pupils)),
        ("sort", sort(Category::StaffLowLevel, Track::Staff)),
        ("suspect", Command::Suspect { first_seen: now() }),
        ("confirm-hold", Command::ConfirmHold),
        ("police", Command::GiveToPolice { reference: "26/1".into() }),
        ("give-back", Command::Return { note: "no further action".into() }),
        ("inquire", Command::Inquire { with: HEAD }),
        ("conclude", Command::Conclude(Outcome::Unfounded)),
        ("close", Command::Close),
        ("reopen", Command::Reopen { reason: "it goes on".into() }),
        ("name", Command::Name { person: HEAD, part: Part::Witness }),
        ("evidence", Command::NoteEvidence { description: "a note".into(), reference: None, digest: None }),
    ];
    // What is owed stands in the way of closing: in the chart it is dealt with as it comes.
    let owed: Vec<Body> = case.owed().map(|owed| owed.duty.body).collect();
    steps.extend(owed.into_iter().map(|body| ("tell", Command::Settle { body, how: Settled::Told(None) })));
    steps.push(("answer", Command::AnswerReporter));
    steps
}

/// A case with nothing owed and everybody answered, as far as the machine takes that at its stage.
fn dealt_with(case: &Case) -> Case {
    let quiet = steps(case).into_iter().filter(|(verb, _)| matches!(*verb, "tell" | "answer"));
    quiet.fold(case.clone(), |case, (_, command)| after(&case, command).unwrap_or(case))
}

/// Every stage that can be reached, with what leads from it to which.
fn chart() -> String {
    let told = Command::Report {
        first_known: now(),
        words: "what I saw".into(),
        danger: false,
        matter: None,
        done_by: None,
        named: Vec::new(),
    };
    let first = after(&Case::default(), told).unwrap();
    let name = |stage: Stage| match stage {
        Stage::Sorted(track) | Stage::Inquiry(track) => format!("{stage}, {}", track.title().to_lowercase()),
        _ => stage.to_string(),
    };
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut arrows: BTreeMap<(String, &'static str), String> = BTreeMap::new();
    let mut order = vec![name(first.stage())];
    let mut next = vec![first];
    while let Some(case) = next.pop() {
        let here = name(case.stage());
        // Twice each: a case that comes back to a stage has more than one that is there for the first time.
        let times = seen.entry(here.clone()).or_default();
        if *times == 2 {
            continue;
        }
        *times += 1;
        if !order.contains(&here) {
            order.push(here.clone());
        }
        let quiet = dealt_with(&case);
        for (verb, command) in steps(&quiet) {
            let Some(then) = after(&quiet, command) else { continue };
            let there = name(then.stage());
            if there != here {
                arrows.insert(
                    (here.clone(), verb),
                    match arrows.get(&(here.clone(), verb)) {
                        Some(before) if before.split(" or ").any(|it| it == there) => before.clone(),
                        Some(before) => format!("{before} or {there}"),
                        None => there,
                    },
                );
                next.push(then);
            }
        }
    }
    let mut chart = String::from("| A case that is | takes | and is then |\n|---|---|---|\n");
    for stage in order {
        for ((_, verb), there) in arrows.iter().filter(|((from, _), _)| *from == stage) {
            let _ = writeln!(chart, "| {stage} | `{verb}` | {there} |");
        }
    }
    chart
}

#[test]
fn the_chart_in_the_docs_is_what_the_machine_does() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/coordinators.md");
    let text = std::fs::read_to_string(&file).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (stands, after) = rest.split_once(END).unwrap();
    let chart = chart();
    if std::env::var_os("BELISHA_RENEW").is_some() {
        std::fs::write(&file, format!("{before}{BEGIN}{chart}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(stands, chart, "renew it: BELISHA_RENEW=1 cargo test -p belisha-incident --test chart");
}

/// The chart is worth nothing if it leaves out a stage.
#[test]
fn the_chart_reaches_every_stage_that_a_report_can() {
    let chart = chart();
    let stages = [
        "reported",
        "sorted, about pupils",
        "being looked into",
        "preserved and referred",
        "with the police",
        "back from the police",
        "concluded",
        "closed",
    ];
    for stage in stages {
        assert!(chart.contains(&format!("| {stage}")), "{stage}\n{chart}");
    }
}
