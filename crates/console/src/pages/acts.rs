//! What can be done about a case: the forms that are offered, and the commands that they are.

mod command;
mod lists;

use belisha_incident::{
    Breach, Case, Community, Custody, Deed, Doer, Gap, Intent, Outcome, Owed, Part, Place, Power, Remedy, Rules, Stage,
    Track,
};
use belisha_policy::{Action, PersonId};
use belisha_school::cases::{Branch, Desk};

use self::lists::{attributions, categories, severities};
use crate::visit::Visit;

pub(crate) use self::command::{chosen, command};
pub(super) use self::lists::options;

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

/// What can be sent and what people read, each.
type Options = Vec<(String, String)>;

/// A field of a form.
pub(crate) enum Field {
    /// A line; `hint` says what to write.
    Line { name: &'static str, label: &'static str, hint: &'static str, needed: bool },
    /// Several lines.
    Text { name: &'static str, label: &'static str, hint: &'static str },
    /// One of these.
    Choice { name: &'static str, label: &'static str, options: Options, or: &'static str, needed: bool },
    /// Any of these.
    Ticks { name: &'static str, label: &'static str, options: Options },
    /// Yes, or nothing.
    Tick { name: &'static str, label: &'static str },
    /// A line that nobody else is to read.
    Secret { name: &'static str, label: &'static str },
}

fn act(verb: &'static str, title: &'static str, says: &'static str, fields: Vec<Field>) -> Act {
    Act { verb, title, says, fields, is_next: false }
}

fn line(name: &'static str, label: &'static str, hint: &'static str) -> Field {
    Field::Line { name, label, hint, needed: true }
}

/// A line that may stay empty.
fn more(name: &'static str, label: &'static str, hint: &'static str) -> Field {
    Field::Line { name, label, hint, needed: false }
}

fn text(name: &'static str, label: &'static str) -> Field {
    Field::Text { name, label, hint: "" }
}

fn choice(name: &'static str, label: &'static str, options: Options) -> Field {
    Field::Choice { name, label, options, or: "Choose", needed: true }
}

/// One of these, or what is said by `or`.
fn choice_or(name: &'static str, label: &'static str, options: Options, or: &'static str) -> Field {
    Field::Choice { name, label, options, or, needed: false }
}

fn ticks(name: &'static str, label: &'static str, options: Options) -> Field {
    Field::Ticks { name, label, options }
}

fn tick(name: &'static str, label: &'static str) -> Field {
    Field::Tick { name, label }
}

/// What is offered to somebody in a case that they see: what the machine would take at its stage, as far as they may.
pub(crate) fn offered(visit: &Visit, desk: &Desk<'_>, branch: &Branch) -> Vec<Act> {
    let case = &branch.case;
    if case.is_closed() {
        let reopen = act("reopen", "Open it again", "It keeps all that it has.", vec![text("reason", "Why")]);
        let reopen = desk.may(branch, Action::ReopenIncident).then_some(reopen);
        let may_say = !case.is_restricted() && desk.may(branch, Action::AnnounceIncident);
        return may_say.then(announcing).into_iter().chain(reopen).collect();
    }
    if !desk.may(branch, Action::TriageIncident) {
        return Vec::new();
    }
    if case.is_archived() {
        return always().into();
    }
    let mut acts = Vec::new();
    if !case.is_held() {
        acts.push(sorting());
    }
    acts.push(describing());
    acts.extend(telling(case));
    acts.extend(hearing(case));
    acts.extend(referring(case));
    if case.is_held() {
        acts.extend(of_hold(case));
    }
    let called = |id: PersonId| (id.to_string(), visit.called(id));
    acts.extend(of_pupils(case, case.with_part(Part::is_of_pupil).map(called).collect()));
    acts.extend(support(case.with_part(|part| part.is_of_pupil() || part == Part::Subject).map(called).collect()));
    acts.extend(always());
    if !case.is_held() && case.sorted().is_some() {
        acts.extend(looking_into(case, case.with_part(Part::is_subject).map(called).collect()));
    }
    acts.extend(of_devices(case));
    if case.gaps().contains(&Gap::Answer) {
        acts.push(act("answer", "Whoever told of it was answered", "", Vec::new()));
    }
    if case.gaps().contains(&Gap::Words) {
        let says = "The child-protection file has them. They are erased here, and nothing brings them back; what kind it was, when, who, \
                    what was done and the references stay.";
        acts.push(act("take-out-words", "Take out the words", says, Vec::new()));
    }
    if !case.is_held() && !case.is_raised() {
        let says = "Fewer see it from then on, and the safeguarding lead is told.";
        acts.push(act("raise", "It is a matter of child protection", says, vec![text("reason", "Why")]));
    }
    if !case.is_held() {
        let says = "It is preserved and referred from now on, and nothing else is done.";
        acts.push(act("suspect", "It may be illegal", says, Vec::new()));
    }
    if case.gaps().is_empty() && desk.may(branch, Action::CloseIncident) {
        acts.push(act("close", "Close it", "All is done.", Vec::new()));
    }
    let next = case.gaps().first().map_or("close", |gap| verb_of(*gap));
    for act in &mut acts {
        act.is_next = act.verb == next;
    }
    acts
}

/// The form that closes a gap.
fn verb_of(gap: Gap) -> &'static str {
    match gap {
        Gap::Sorting => "sort",
        Gap::Owed(_) => "tell",
        Gap::Parents => "parents",
        Gap::Support => "support",
        Gap::Outcome => "conclude",
        Gap::Device => "return-device",
        Gap::Answer => "answer",
        Gap::FileReceipt => "heard",
        Gap::Words => "take-out-words",
    }
}

fn sorting() -> Act {
    let how_bad = choice_or("severity", "How bad it is", severities(), "As bad as its kind");
    let kind = choice("category", "Kind", categories());
    let fields = vec![kind, choice("track", "Whom it is about", options!(Track)), how_bad];
    act("sort", "Say what kind it is", "You can sort it again when you know more.", fields)
}

fn announcing() -> Act {
    let says = "Say what happened in general and what the school did, so that nobody is named and nobody can be told. Nothing is sent: give \
                the words to them yourself.";
    let fields = vec![ticks("to", "Who is told", options!(Community)), text("text", "What is said")];
    act("announce", "Tell the community that it was dealt with", says, fields)
}

fn describing() -> Act {
    let as_it_was = "As it was, or not known";
    let fields = vec![
        ticks("by", "What kind of person did it", options!(Doer)),
        ticks("did", "What they did with the material", options!(Deed)),
        ticks("broke", "Which rule about phones, pictures and contact was broken", options!(Breach)),
        choice_or("place", "Where", options!(Place), as_it_was),
        choice_or("meant", "Whether they meant to", options!(Intent), as_it_was),
        ticks("touches", "Which rules of the school it touches", options!(Rules)),
    ];
    let says = "Only what is known. What you say of one thing stands instead of what was said of it before.";
    act("describe", "Say how it came about", says, fields)
}

/// Those to whom something is, or was, owed.
fn bodies<'a>(owed: impl Iterator<Item = &'a Owed>) -> Options {
    owed.map(|owed| (owed.duty.body.slug().to_owned(), owed.duty.body.title().to_owned())).collect()
}

/// A document for those outside to whom something is, or was, owed.
fn referring(case: &Case) -> Option<Act> {
    let outside = bodies(case.owed().chain(case.settled()).filter(|owed| !owed.duty.body.is_inside()));
    let is_any = !outside.is_empty();
    let fields = vec![
        choice("body", "For whom", outside),
        more("agency", "Whom of them", "by the name in the directory; else the one that was checked last"),
    ];
    let says = "It has what they need, and no more. You see first whom it is for and what to think of.";
    is_any.then(|| act("refer", "Make a document for a body outside", says, fields))
}

/// What came of telling those who were told.
fn hearing(case: &Case) -> Option<Act> {
    let told = bodies(case.settled());
    let is_any = !told.is_empty();
    let fields = vec![choice("body", "Who", told), text("what", "What they answered or did")];
    is_any.then(|| act("heard", "Say what came of it that somebody was told", "", fields))
}

fn telling(case: &Case) -> Option<Act> {
    let owed = bodies(case.owed());
    let says = "You tell them yourself, and write down here that you did. Nothing is sent.";
    let is_owed = !owed.is_empty();
    let fields = vec![
        choice("body", "Who", owed),
        more("theirs", "Their reference", "where they gave one"),
        more("not_applicable", "Or why it is nothing for them", "such as: no public address"),
    ];
    is_owed.then(|| act("tell", "Say that somebody was told", says, fields))
}

fn of_hold(case: &Case) -> Vec<Act> {
    let mut acts = Vec::new();
    if !case.is_hold_confirmed() {
        acts.push(act("confirm-hold", "Confirm the hold", "Parents are not told until it is lifted.", Vec::new()));
    }
    if case.stage() == Stage::Held {
        acts.push(act("police", "The police have it", "", vec![line("reference", "Their reference", "")]));
    }
    let says = "The police gave it back. The second of you signs in here, for this alone.";
    let fields = vec![
        line("note", "Reference of the police's note", ""),
        line("second", "User name of the second", ""),
        Field::Secret { name: "second_password", label: "Password of the second" },
        line("second_code", "Code of the second", "six digits"),
    ];
    acts.push(act("give-back", "Lift the hold, two together", says, fields));
    acts
}

fn of_pupils(case: &Case, pupils: Options) -> Option<Act> {
    let is_time = !pupils.is_empty() && !case.is_held() && case.sorted().is_some();
    let says = "Before you tell them: who has responsibility, who must not be told, and is the child at risk by it?";
    let not_yet = more("not_yet", "Not told yet, because", "leave empty where they were told");
    is_time.then(|| act("parents", "Parents", says, vec![choice("person", "Child", pupils), not_yet]))
}

/// For children, and for the adult whom it is about.
fn support(people: Options) -> Option<Act> {
    let is_any = !people.is_empty();
    let fields = vec![choice("person", "For whom", people), text("how", "How they are supported")];
    is_any.then(|| act("support", "Support for somebody", "", fields))
}

/// What can be done at every stage but the last.
fn always() -> [Act; 3] {
    let named = vec![line("person", "Name or user name", ""), choice("part", "Part", options!(Part))];
    let noted = vec![
        text("description", "What it is, and where it is kept"),
        more("kept_as", "Its number there", "such as: bag 14"),
    ];
    let linked = vec![line("other", "Reference of the other", "such as: K7QF2-M9X4D")];
    let kept_away = "Whoever it is about, or is kept away, sees nothing of it from then on.";
    let no_picture = "No picture is taken in. Of what may be illegal nothing is opened or copied.";
    let both = "Whoever is kept away from one is kept away from both.";
    [
        act("name", "Somebody has a part in it", kept_away, named),
        act("evidence", "Describe what shows it", no_picture, noted),
        act("link", "It belongs with another incident", both, linked),
    ]
}

/// Whether the owner of a device agrees.
fn consent() -> Field {
    tick("consent", "Its owner consents; of an adult it takes that, or the police")
}

/// A device that was taken, and those that are kept.
fn of_devices(case: &Case) -> Vec<Act> {
    let fields = vec![
        line("person", "Whose it is", "name or user name"),
        line("bag", "Number of the bag", ""),
        line("what", "What it is", "such as: a black phone"),
        choice("power", "How it was found", options!(Power)),
        choice("custody", "How it came here", options!(Custody)),
        consent(),
    ];
    let says = "Leave it as it is: not switched on, not off, and not searched.";
    let mut acts = vec![act("take-device", "A device was taken or handed in", says, fields)];
    let kept: Options = case.devices().map(|(bag, _)| (bag.to_owned(), format!("Bag {bag}"))).collect();
    if !kept.is_empty() && !case.is_held() {
        let fields = vec![
            choice("bag", "Which", kept.clone()),
            text("grounds", "Why it was suspected"),
            line("person", "Who was there with you", "name or user name"),
            text("found", "What was found, in words"),
            consent(),
        ];
        let says = "Nobody looks at an image that may be of a child: stop, leave the device as it is, and say that it may be illegal. \
                    The parents of a pupil are told of the search.";
        acts.push(act("search-device", "A device was searched", says, fields));
        let fields = vec![
            choice("bag", "Which", kept),
            line("person", "Who gets it", "name or user name"),
            line("checked", "How you saw who they are", "such as: driving licence"),
        ];
        let says = "Nobody gets it against whom a court order stands.";
        acts.push(act("return-device", "Give a device back", says, fields));
    }
    acts
}

/// What can be done about what was sorted.
fn looking_into(case: &Case, subjects: Options) -> Vec<Act> {
    let mut acts = Vec::new();
    if case.track() == Some(Track::Staff) {
        let fields = vec![
            tick("harmed", "They harmed a child, or may have"),
            tick("offence", "They possibly committed an offence against or about a child"),
            tick("risk", "What they did tells of a risk to children"),
            tick("unsuitable", "They may not be suited to work with children"),
        ];
        acts.push(act("harm-test", "Test the threshold of harm", "Tick what is so. One is enough.", fields));
    }
    let second = vec![line("person", "The second of you", "name or user name")];
    acts.push(act("inquire", "Look into it, two together", "", second));
    if !subjects.is_empty() {
        let says = "Nothing is done about anybody on records alone that do not say surely who it was.";
        let fields = vec![
            choice("person", "About whom", subjects),
            choice("step", "What", options!(Remedy)),
            choice("shown_by", "How surely it was they", attributions()),
            more("because", "Why", "needed where a parent did it and a pupil is suspended"),
        ];
        acts.push(act("step", "Do something about somebody", says, fields));
    }
    acts.push(act("conclude", "Say what came of it", "", vec![choice("outcome", "Outcome", options!(Outcome))]));
    acts
}
