//! What can be done about a case: the forms that are offered, and the commands that they are.

use belisha_incident::{
    Body, Category, Command, Gap, HarmTest, Outcome, Part, Remedy, Settled, Severity, Stage, Track,
};
use belisha_policy::{Action, Attribution, PersonId};
use belisha_school::cases::{Branch, Desk};

use crate::reply::Trouble;
use crate::visit::{Form, Visit};

/// A form.
pub(crate) struct Act {
    /// The last part of its address.
    pub(crate) verb: &'static str,
    pub(crate) title: &'static str,
    pub(crate) says: &'static str,
    pub(crate) fields: Vec<Field>,
    /// Whether it is what is to be done next.
    pub(crate) is_next: bool,
}

/// A field of a form.
pub(crate) enum Field {
    /// A line; `hint` says what to write.
    Line { name: &'static str, label: &'static str, hint: &'static str, needed: bool },
    /// Several lines.
    Text { name: &'static str, label: &'static str, hint: &'static str },
    /// One of these.
    Choice { name: &'static str, label: &'static str, options: Vec<(String, String)>, needed: bool },
    /// Yes, or nothing.
    Tick { name: &'static str, label: &'static str },
    /// A line that nobody else is to read.
    Secret { name: &'static str, label: &'static str },
}

fn line(name: &'static str, label: &'static str, hint: &'static str) -> Field {
    Field::Line { name, label, hint, needed: true }
}

fn text(name: &'static str, label: &'static str, hint: &'static str) -> Field {
    Field::Text { name, label, hint }
}

fn choice(name: &'static str, label: &'static str, options: Vec<(String, String)>) -> Field {
    Field::Choice { name, label, options, needed: true }
}

/// The names of values, as they are sent and as they are read.
macro_rules! options {
    ($of:ty) => {
        <$of>::ALL.iter().map(|it| (it.slug().to_owned(), it.title().to_owned())).collect::<Vec<_>>()
    };
}

/// What is offered to somebody in a case that they see: what the machine would take at its stage, as far as they may.
pub(crate) fn offered(visit: &Visit, desk: &Desk<'_>, branch: &Branch) -> Vec<Act> {
    let case = &branch.case;
    let mut acts = Vec::new();
    let mut offer = |verb, title, says, fields| acts.push(Act { verb, title, says, fields, is_next: false });
    if case.is_closed() {
        if desk.may(branch, Action::ReopenIncident) {
            offer("reopen", "Open it again", "It keeps all that it has.", vec![text("reason", "Why", "")]);
        }
        return acts;
    }
    if !desk.may(branch, Action::TriageIncident) {
        return acts;
    }
    let person = |id: PersonId| (id.to_string(), visit.called(id));
    let pupils: Vec<_> = case.with_part(Part::is_of_pupil).map(person).collect();
    let subjects: Vec<_> = case.with_part(Part::is_subject).map(person).collect();
    let owed: Vec<_> =
        case.owed().map(|owed| owed.duty.body).map(|body| (body.slug().to_owned(), body.title().to_owned())).collect();
    if !case.is_held() {
        offer(
            "sort",
            "Say what kind it is",
            "You can sort it again when you know more.",
            vec![
                choice("category", "Kind", categories()),
                choice("track", "Whom it is about", options!(Track)),
                Field::Choice { name: "severity", label: "How bad it is", options: severities(), needed: false },
            ],
        );
    }
    if !owed.is_empty() {
        offer(
            "tell",
            "Say that somebody was told",
            "You tell them yourself, and write down here that you did. Nothing is sent.",
            vec![
                choice("body", "Who", owed),
                Field::Line { name: "theirs", label: "Their reference", hint: "where they gave one", needed: false },
                Field::Line {
                    name: "not_applicable",
                    label: "Or why it is nothing for them",
                    hint: "such as: no public address",
                    needed: false,
                },
            ],
        );
    }
    if case.is_held() {
        if !case.is_hold_confirmed() {
            offer("confirm-hold", "Confirm the hold", "Parents are not told until it is lifted.", Vec::new());
        }
        if case.stage() == Stage::Held {
            offer("police", "The police have it", "", vec![line("reference", "Their reference", "")]);
        }
        offer(
            "give-back",
            "Lift the hold, two together",
            "The police gave it back. The second of you signs in here, for this alone.",
            vec![
                line("note", "Reference of the police's note", ""),
                line("second", "User name of the second", ""),
                Field::Secret { name: "second_password", label: "Password of the second" },
                line("second_code", "Code of the second", "six digits"),
            ],
        );
    }
    if !pupils.is_empty() {
        if !case.is_held() && case.sorted().is_some() {
            offer(
                "parents",
                "Parents",
                "Before you tell them: who has responsibility, who must not be told, and is the child at risk by it?",
                vec![
                    choice("person", "Child", pupils.clone()),
                    Field::Line {
                        name: "not_yet",
                        label: "Not told yet, because",
                        hint: "leave empty where they were told",
                        needed: false,
                    },
                ],
            );
        }
        offer(
            "support",
            "Support for a child",
            "",
            vec![choice("person", "Child", pupils), text("how", "How they are supported", "")],
        );
    }
    offer(
        "name",
        "Somebody has a part in it",
        "Whoever it is about, or is kept away, sees nothing of it from then on.",
        vec![line("person", "Name or user name", ""), choice("part", "Part", options!(Part))],
    );
    offer(
        "evidence",
        "Describe what shows it",
        "No picture is taken in. Of what may be illegal nothing is opened or copied.",
        vec![
            text("description", "What it is, and where it is kept", ""),
            Field::Line { name: "kept_as", label: "Its number there", hint: "such as: bag 14", needed: false },
        ],
    );
    if !case.is_held() && case.sorted().is_some() {
        if case.track() == Some(Track::Staff) {
            offer(
                "harm-test",
                "Test the threshold of harm",
                "Tick what is so. One is enough.",
                vec![
                    Field::Tick { name: "harmed", label: "They harmed a child, or may have" },
                    Field::Tick {
                        name: "offence",
                        label: "They possibly committed an offence against or about a child",
                    },
                    Field::Tick { name: "risk", label: "What they did tells of a risk to children" },
                    Field::Tick { name: "unsuitable", label: "They may not be suited to work with children" },
                ],
            );
        }
        offer(
            "inquire",
            "Look into it, two together",
            "",
            vec![line("person", "The second of you", "name or user name")],
        );
        if !subjects.is_empty() {
            offer(
                "step",
                "Do something about somebody",
                "Nothing is done about anybody on records alone that do not say surely who it was.",
                vec![
                    choice("person", "About whom", subjects),
                    choice("step", "What", options!(Remedy)),
                    choice("shown_by", "How surely it was they", attributions()),
                ],
            );
        }
        offer("conclude", "Say what came of it", "", vec![choice("outcome", "Outcome", options!(Outcome))]);
    }
    if case.gaps().contains(&Gap::Answer) {
        offer("answer", "Whoever told of it was answered", "", Vec::new());
    }
    if !case.is_held() {
        offer(
            "suspect",
            "It may be illegal",
            "It is preserved and referred from now on, and nothing else is done.",
            Vec::new(),
        );
    }
    offer(
        "link",
        "It belongs with another incident",
        "Whoever is kept away from one is kept away from both.",
        vec![line("other", "Reference of the other", "such as: K7QF2-M9X4D")],
    );
    if case.gaps().is_empty() && desk.may(branch, Action::CloseIncident) {
        offer("close", "Close it", "All is done.", Vec::new());
    }
    let next = case.gaps().first().map_or("close", |gap| match gap {
        Gap::Sorting => "sort",
        Gap::Owed(_) => "tell",
        Gap::Parents => "parents",
        Gap::Support => "support",
        Gap::Outcome => "conclude",
        Gap::Answer => "answer",
    });
    for act in &mut acts {
        act.is_next = act.verb == next;
    }
    acts
}

fn categories() -> Vec<(String, String)> {
    let option = |category: &Category| (category.code().to_owned(), format!("{} {category}", category.code()));
    Category::ALL.iter().map(option).collect()
}

fn severities() -> Vec<(String, String)> {
    let option = |severity: Severity| {
        let what = match severity {
            Severity::RecordedOnly => "written down, and nothing more",
            Severity::Weekly => "for the weekly review",
            Severity::FiveSchoolDays => "within five school days",
            Severity::NextSchoolDay => "on the next school day",
            Severity::SameDay => "on the same day",
            Severity::Immediate => "at once",
        };
        (severity.number().to_string(), format!("{}: {what}", severity.number()))
    };
    Severity::ALL.into_iter().map(option).collect()
}

fn attributions() -> Vec<(String, String)> {
    let option = |attribution: Attribution| {
        let what = match attribution {
            Attribution::Individual => "an account of their own, or they were seen",
            Attribution::ClassAccount => "an account that a class shares",
            Attribution::Guest => "a guest's account",
            Attribution::AddressOnly => "nothing but a device",
            Attribution::CredentialInDoubt => "a password that others know",
        };
        (attribution.slug().to_owned(), what.to_owned())
    };
    Attribution::ALL.into_iter().map(option).collect()
}

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
        "support" => Command::Support { person: person()?, how: given("how") },
        "step" => {
            let attribution = form.text("shown_by");
            let attribution = Attribution::ALL.into_iter().find(|it| it.slug() == attribution);
            let attribution = attribution.ok_or_else(|| Trouble::Refused("say how surely it was they".into()))?;
            Command::Remedy { person: person()?, remedy: read(form, "step", "what is done")?, attribution }
        }
        "conclude" => Command::Conclude(read(form, "outcome", "what came of it")?),
        "answer" => Command::AnswerReporter,
        "close" => Command::Close,
        "reopen" => Command::Reopen { reason: given("reason") },
        _ => return Err(Trouble::NotFound),
    })
}

fn severity(number: &str) -> Option<Severity> {
    Severity::ALL.into_iter().find(|severity| severity.number().to_string() == number)
}

fn read<T: std::str::FromStr>(form: &Form, name: &str, what: &str) -> Result<T, Trouble> {
    form.text(name).parse().map_err(|_| Trouble::Refused(format!("say {what}")))
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
            let user = |entry: &&belisha_school::people::Entry| {
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
