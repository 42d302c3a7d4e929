//! What somebody agreed to, and what was said of pictures of them, in words.

use belisha_aua::{Answer, ConsentFact, Fact, Signer};
use belisha_policy::PersonId;
use belisha_policy::calendar::local;
use chrono::{DateTime, Utc};

use super::{ExportedStep, time};
use crate::agreements::{Agreements, Pictures};
use crate::ledger::{Ledger, LedgerError};

/// By the id of a person, which is what the access log has of them as well; what else names somebody there has agreed to nothing.
pub(super) fn agreements(ledger: &Ledger, person: &str) -> Result<Vec<ExportedStep>, LedgerError> {
    let Ok(person) = person.parse::<PersonId>() else { return Ok(Vec::new()) };
    let agreements = Agreements::load(ledger)?;
    Ok(agreements.file(person).steps().map(|(at, fact)| step(at, agreement(fact))).collect())
}

pub(super) fn pictures(ledger: &Ledger, person: &str) -> Result<Vec<ExportedStep>, LedgerError> {
    let Ok(person) = person.parse::<PersonId>() else { return Ok(Vec::new()) };
    let pictures = Pictures::load(ledger)?;
    Ok(pictures.of(person).steps().filter_map(|(at, fact)| Some(step(at, picture(fact)?))).collect())
}

fn step(at: DateTime<Utc>, what: String) -> ExportedStep {
    ExportedStep { at: time(at), what }
}

fn agreement(fact: &Fact) -> String {
    match fact {
        Fact::Signed { key, edition, by, way, .. } => {
            format!("{key} {edition} was signed {}, {}", by.capacity(), way.title())
        }
        Fact::Withdrawn { key, by } => format!("{key} was taken back, or not agreed to, {}", by.capacity()),
        Fact::Decided { key, stands, .. } => {
            format!("the school decided that {key} {}", if *stands { "stands" } else { "does not hold" })
        }
        Fact::LetIn { until, .. } => {
            format!("let in without a signature until {}", local(*until).format("%Y-%m-%d %H:%M"))
        }
        Fact::LetInEnded => "that was ended before its time".to_owned(),
        Fact::Told { whom: Signer::Themselves, dated } => format!("given the privacy notice of {dated}"),
        Fact::Told { whom: Signer::Parent(_), dated } => {
            format!("a parent or carer was given the privacy notice of {dated}")
        }
    }
}

/// That a child is kept out of pictures whatever anybody says may be for their protection, and is not told.
fn picture(fact: &ConsentFact) -> Option<String> {
    let answer = |answer: &Answer| {
        let Answer { channel, purpose, yes } = answer;
        format!("{}:{} {}", channel.slug(), purpose.slug(), if *yes { "yes" } else { "no" })
    };
    match fact {
        ConsentFact::Answered { by, answers, .. } => {
            let answers: Vec<String> = answers.iter().map(answer).collect();
            Some(format!("said {}: {}", by.capacity(), answers.join(", ")))
        }
        ConsentFact::Withdrawn { by } => Some(format!("every yes was taken back {}", by.capacity())),
        ConsentFact::Flagged(_) | ConsentFact::Unflagged { .. } => None,
    }
}
