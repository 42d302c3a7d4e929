//! The command that a form is.

use std::collections::BTreeSet;
use std::str::FromStr;

use belisha_incident::{Announced, Body, Circumstances, Command, HarmTest, Settled, Severity};
use belisha_policy::{Attribution, PersonId};
use belisha_school::people::Entry;

use crate::reply::Trouble;
use crate::visit::{Form, Visit};

/// The command that a form is.
pub(crate) fn command(visit: &Visit, verb: &str, form: &Form) -> Result<Command, Trouble> {
    let given = |name: &str| form.text(name).to_owned();
    let person = || chosen(visit, form.text("person"));
    Ok(match verb {
        "suspect" => Command::Suspect { first_seen: visit.now },
        "confirm-hold" => Command::ConfirmHold,
        "police" => Command::GiveToPolice { reference: given("reference") },
        "give-back" => Command::Return { note: given("note") },
        "name" => Command::Name { person: person()?, part: read(form, "part", "what part they have")? },
        "sort" => Command::Sort {
            category: read(form, "category", "what kind it is")?,
            severity: form.given("severity").and_then(|number| severity(&number)),
            track: read(form, "track", "whom it is about")?,
        },
        "describe" => Command::Describe(Circumstances {
            by: read_all(form, "by"),
            deeds: read_all(form, "did"),
            breaches: read_all(form, "broke"),
            place: form.text("place").parse().ok(),
            intent: form.text("meant").parse().ok(),
            rules: read_all(form, "touches"),
        }),
        "raise" => Command::Raise { reason: given("reason") },
        "heard" => Command::Hear { body: read(form, "body", "who was told")?, what: given("what") },
        "harm-test" => Command::TestHarm(HarmTest {
            harmed: form.is_ticked("harmed"),
            offence: form.is_ticked("offence"),
            risk: form.is_ticked("risk"),
            unsuitable: form.is_ticked("unsuitable"),
        }),
        "inquire" => Command::Inquire { with: person()? },
        "tell" => {
            let how = match form.given("not_applicable") {
                Some(reason) => Settled::NotApplicable(reason),
                None => Settled::Told(form.given("theirs")),
            };
            Command::Settle { body: read::<Body>(form, "body", "who was told")?, how }
        }
        "parents" => match form.given("not_yet") {
            Some(reason) => Command::DeferParents { child: person()?, reason },
            None => Command::TellParents(person()?),
        },
        "evidence" => {
            Command::NoteEvidence { description: given("description"), reference: form.given("kept_as"), digest: None }
        }
        "take-device" => Command::TakeDevice {
            bag: given("bag"),
            what: given("what"),
            of: person()?,
            custody: read(form, "custody", "how it came here")?,
            power: read(form, "power", "how it was found")?,
            consent: form.is_ticked("consent"),
        },
        "search-device" => Command::SearchDevice {
            bag: given("bag"),
            grounds: given("grounds"),
            witness: person()?,
            found: given("found"),
            consent: form.is_ticked("consent"),
        },
        "return-device" => Command::ReturnDevice { bag: given("bag"), to: person()?, checked: given("checked") },
        "support" => Command::Support { person: person()?, how: given("how") },
        "step" => {
            let attribution = form.text("shown_by");
            let attribution = Attribution::ALL.into_iter().find(|it| it.slug() == attribution);
            let attribution = attribution.ok_or_else(|| Trouble::Refused("say how surely it was they".into()))?;
            let (remedy, because) = (read(form, "step", "what is done")?, form.given("because"));
            Command::Remedy { person: person()?, remedy, attribution, because }
        }
        "conclude" => Command::Conclude(read(form, "outcome", "what came of it")?),
        "take-out-words" => Command::TakeOutWords,
        "answer" => Command::AnswerReporter,
        "close" => Command::Close,
        "announce" => Command::Announce(Announced { to: read_all(form, "to"), text: given("text") }),
        "reopen" => Command::Reopen { reason: given("reason") },
        _ => return Err(Trouble::NotFound),
    })
}

fn severity(number: &str) -> Option<Severity> {
    Severity::ALL.into_iter().find(|severity| severity.number().to_string() == number)
}

fn read<T: FromStr>(form: &Form, name: &str, what: &str) -> Result<T, Trouble> {
    form.text(name).parse().map_err(|_| Trouble::Refused(format!("say {what}")))
}

/// All that were ticked of a name.
fn read_all<T: FromStr + Ord>(form: &Form, name: &str) -> BTreeSet<T> {
    form.fields().filter(|(of, _)| *of == name).filter_map(|(_, value)| value.parse().ok()).collect()
}

/// Who was chosen from a list, or is meant by a name.
pub(crate) fn chosen(visit: &Visit, text: &str) -> Result<PersonId, Trouble> {
    if let Some(entry) = text.parse().ok().and_then(|id| visit.authority.roll().person(id)) {
        return Ok(entry.person.id);
    }
    let called = visit.authority.roll().called(text);
    match called.as_slice() {
        [one] => Ok(one.person.id),
        [] => Err(Trouble::Refused(format!("nobody here is called {text:?}"))),
        several => {
            let user = |entry: &&Entry| {
                let login = entry.written.login.clone().unwrap_or_else(|| "no user name".into());
                format!("{} is {login}", visit.called(entry.person.id))
            };
            let users: Vec<String> = several.iter().map(user).collect();
            Err(Trouble::Refused(format!(
                "several people are called {text:?}: use the user name. {}",
                users.join("; ")
            )))
        }
    }
}
