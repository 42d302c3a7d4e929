//! A document for a body outside to which something is owed: what that body needs, and nothing more. A person hands it over.

use std::collections::BTreeSet;

use belisha_incident::{Body, Command, Event, Fact, Parents, Part, Settled};
use belisha_policy::directory::{Agency, Purpose};
use belisha_policy::people::{Responsibility, Restriction};
use belisha_policy::{Action, PersonId};
use belisha_report::capital;
use belisha_report::paper::{Paper, Section};
use sha2::{Digest, Sha256};

use super::acting::CaseError;
use super::desk::Desk;
use super::handing::{clock, day, involved};
use super::redaction::Names;
use super::reference::Reference;
use super::register::Branch;

/// A document for somebody, as they would get it.
#[derive(Clone, Debug)]
pub struct Referral {
    /// For whom.
    pub body: Body,
    /// Whom to reach there, where the directory knows somebody.
    pub agency: Option<Agency>,
    /// Who is named in it.
    pub named: Vec<String>,
    /// What to think of before it is handed over.
    pub risks: Vec<String>,
    /// The page.
    pub html: String,
}

/// What a body needs to know.
#[derive(Clone, Copy)]
struct Needs {
    /// Whom it needs by name, by what they are in the case.
    named: &'static [Part],
    /// Parents and other contacts, with what stands against telling them.
    contacts: bool,
    /// Whoever is named in words, and who told of it.
    everybody: bool,
    /// What happened and what was done, in words.
    words: bool,
}

const CHILDREN: &[Part] = &[Part::Victim, Part::Instigator, Part::VictimAndInstigator];
const ALL_IN_IT: &[Part] = &[Part::Victim, Part::Instigator, Part::VictimAndInstigator, Part::Subject];

/// The police look for witnesses and read what was said as it was; the child-protection file is where it will be read from then
/// on; social care speaks to parents; mental health services
/// treat the child whom it was done to; who acts on addresses, data or fraud needs nobody's name.
fn needs(body: Body) -> Needs {
    let of = |named: &'static [Part]| Needs { named, contacts: false, everybody: false, words: true };
    match body {
        Body::Police | Body::ProtectionFile => Needs {
            named: &[
                Part::Victim,
                Part::Instigator,
                Part::VictimAndInstigator,
                Part::Subject,
                Part::Witness,
                Part::Mentioned,
            ],
            contacts: true,
            everybody: true,
            words: true,
        },
        Body::SocialCare => Needs { contacts: true, ..of(ALL_IN_IT) },
        Body::Camhs => Needs { contacts: true, ..of(&[Part::Victim, Part::VictimAndInstigator]) },
        Body::CounterTerrorism | Body::Lado | Body::Ceop | Body::LocalAuthority | Body::Dbs => of(ALL_IN_IT),
        Body::Tra => of(&[Part::Subject]),
        Body::Prevent => of(CHILDREN),
        Body::Ico | Body::ReportFraud => of(&[]),
        // For those at the school no document is made.
        Body::Iwf | Body::Head | Body::Chair | Body::Dsl | Body::NetworkManager | Body::Dpo => {
            Needs { words: false, ..of(&[]) }
        }
    }
}

/// What the directory calls a body for, the first that is known.
fn purposes(body: Body) -> &'static [Purpose] {
    match body {
        Body::Police => &[Purpose::Police],
        Body::CounterTerrorism => &[Purpose::Ctiru, Purpose::Police],
        Body::Iwf => &[Purpose::Iwf],
        Body::LocalAuthority => &[Purpose::SafeguardingPartners, Purpose::LocalAuthority],
        Body::Lado => &[Purpose::Lado],
        Body::Ceop => &[Purpose::Ceop],
        Body::SocialCare => &[Purpose::SocialCare, Purpose::SocialCareOutOfHours],
        Body::Prevent => &[Purpose::Prevent],
        Body::Ico => &[Purpose::InformationCommissioner],
        Body::ReportFraud => &[Purpose::ReportFraud],
        // An agency of the department.
        Body::Tra => &[Purpose::Department],
        Body::ProtectionFile
        | Body::Dbs
        | Body::Camhs
        | Body::Head
        | Body::Chair
        | Body::Dsl
        | Body::NetworkManager
        | Body::Dpo => &[],
    }
}

impl Desk<'_> {
    /// What a document for a body would be: for a person to see whom it is for and what to think of. That they look is written
    /// down first; no document is made.
    ///
    /// # Errors
    /// As for [`refer`](Self::refer).
    pub fn referral(&self, reference: Reference, body: Body, agency: Option<&str>) -> Result<Referral, CaseError> {
        let branch = self.show(reference, None)?;
        self.decide(&branch, Command::Refer { body, digest: [0; 32] }, None)?;
        self.drafted(&branch, body, agency)
    }

    /// Makes the document. That it was made, with its SHA-256, is in the case before its bytes are given; what is owed stays
    /// owed until somebody says that they told them.
    ///
    /// # Errors
    /// There is no such incident as far as they are concerned; they may not; nothing is owed to the body, or it is at the
    /// school; the directory has no agency of that name for it; or somebody else was faster.
    pub fn refer(&self, reference: Reference, body: Body, agency: Option<&str>) -> Result<Referral, CaseError> {
        let branch = self.find(reference)?;
        self.permit(self.person, &branch, Action::TriageIncident)?;
        let referral = self.drafted(&branch, body, agency)?;
        let digest = Sha256::digest(referral.html.as_bytes()).into();
        self.act_on(&branch, Command::Refer { body, digest }, None)?;
        Ok(referral)
    }

    fn drafted(&self, branch: &Branch, body: Body, agency: Option<&str>) -> Result<Referral, CaseError> {
        let agency = self.agency(body, agency)?;
        let needs = needs(body);
        let case = &branch.case;
        let mut kept: BTreeSet<PersonId> = case.with_part(|part| needs.named.contains(&part)).collect();
        let roll = self.authority.roll();
        if needs.everybody {
            kept.extend(roll.people().map(|entry| entry.person.id));
        }
        if needs.contacts {
            let pupils = kept.clone().into_iter().filter_map(|person| roll.person(person)?.person.pupil());
            kept.extend(pupils.flat_map(|pupil| pupil.contacts.iter().map(|contact| contact.person)));
        }
        let draft = Draft { desk: self, branch, body, needs, names: Names::of(roll, &involved(branch, roll), &kept) };
        let named = draft.people().into_iter().map(|(name, _)| name).collect();
        let risks = draft.risks(agency.as_ref());
        let html = draft.paper(agency.as_ref(), &risks).to_html()?;
        Ok(Referral { body, agency, named, risks, html })
    }

    /// Whom to reach: of this name, or the one that was checked last.
    fn agency(&self, body: Body, name: Option<&str>) -> Result<Option<Agency>, CaseError> {
        let directory = &self.school.settings().directory;
        let mut known = purposes(body).iter().flat_map(|purpose| directory.for_purpose(*purpose));
        match name {
            None => Ok(known.next().cloned()),
            Some(name) => {
                let found = known.find(|agency| agency.name.eq_ignore_ascii_case(name.trim()));
                found.map_or(Err(CaseError::NoAgency(body)), |agency| Ok(Some(agency.clone())))
            }
        }
    }
}

struct Draft<'a> {
    desk: &'a Desk<'a>,
    branch: &'a Branch,
    body: Body,
    needs: Needs,
    names: Names,
}

impl Draft<'_> {
    fn paper(&self, agency: Option<&Agency>, risks: &[String]) -> Paper {
        let Self { desk, branch, body, needs, .. } = self;
        let school = &desk.school.settings().school;
        let made = day(desk.now);
        let mut facts = vec![
            ("Reference".to_owned(), branch.reference.to_string()),
            ("School".to_owned(), school.clone()),
            ("Date".to_owned(), made.clone()),
        ];
        if let Some(agency) = agency {
            facts.push(("For".to_owned(), format!("{}: {}\nAnswers: {}", agency.name, agency.contact, agency.hours)));
        }
        let mut fact = |what: &str, answer: String| facts.push((what.to_owned(), answer));
        if let Some((category, _)) = branch.case.sorted() {
            fact("Kind", category.in_full());
        }
        if let Some(known) = branch.case.first_known() {
            fact("First known", clock(known));
        }
        let sections = if needs.words {
            vec![
                Section { heading: "What happened".into(), rows: self.told() },
                Section { heading: "Who".into(), rows: self.people() },
                Section { heading: "Parents and contacts".into(), rows: self.contacts() },
                Section { heading: "What shows it".into(), rows: self.evidence() },
                Section { heading: "What was done".into(), rows: self.done() },
            ]
        } else {
            let line = || ("Address (URL)".to_owned(), "____________________________________________".to_owned());
            vec![Section { heading: "Addresses".into(), rows: vec![line(), line(), line()] }]
        };
        let by = if needs.words { desk.signature() } else { "a member of staff, whose name the school has".to_owned() };
        if needs.words {
            fact("Whom to call at the school", by.clone());
        }
        Paper {
            title: if *body == Body::ProtectionFile {
                "For the child-protection file".to_owned()
            } else {
                format!("Referral to {}", lower(*body))
            },
            intro: format!("From {school}. It has what {} needs and no more.", lower(*body)),
            notices: risks.to_vec(),
            facts,
            sections,
            mark: String::new(),
            footer: format!("Made on {made} by {by}. Reference {}.", branch.reference),
        }
    }

    /// What whoever reads it, and whoever hands it over, must know first.
    fn risks(&self, agency: Option<&Agency>) -> Vec<String> {
        let Self { desk, branch, body, .. } = self;
        let case = &branch.case;
        let mut risks = Vec::new();
        if *body == Body::Iwf {
            risks.push(
                "The Internet Watch Foundation acts on addresses that the public can reach, and on nothing else. Write the \
                 addresses by hand, if they are known. Nobody is named here, and no copy goes with it."
                    .to_owned(),
            );
        }
        if branch.events.iter().any(|event| matches!(event.fact, Fact::Reported { danger: true, .. })) {
            risks.push("Whoever told of it says that somebody is in danger. In danger now: 999.".to_owned());
        }
        if case.is_held() {
            risks.push(
                "This may be illegal. Nothing of it is in this document, and nothing of it was copied: it is preserved \
                 where it is."
                    .to_owned(),
            );
        }
        let on_advice = case.sorted().is_some_and(|(category, _)| category.parents() == Parents::OnAdvice);
        if *body != Body::Iwf && (case.is_held() || on_advice) {
            risks.push(
                "Parents are not told before the police or social care advise it: ask before you speak to any."
                    .to_owned(),
            );
        }
        let restricted = |person: PersonId| {
            let entry = desk.authority.roll().person(person);
            let pupil = entry.and_then(|entry| entry.person.pupil());
            pupil.is_some_and(|pupil| pupil.contacts.iter().any(|it| it.restriction == Restriction::CourtOrder))
        };
        if case.with_part(Part::is_of_pupil).any(restricted) && *body != Body::Iwf {
            risks.push(
                "A court order says that somebody is told nothing about a child in this. Ask the school before you speak to \
                 any parent."
                    .to_owned(),
            );
        }
        if agency.is_some_and(|agency| agency.is_stale(desk.now.date_naive())) {
            risks.push("Nobody has checked for twelve months whom to reach there: make sure first.".to_owned());
        }
        risks
    }

    /// The words of those who told.
    fn told(&self) -> Vec<(String, String)> {
        let told = |event: &Event| match &event.fact {
            Fact::Reported { words, says, .. } => {
                let by = match (event.by, says) {
                    (Some(person), _) => self.names.called(person),
                    (None, Some(says)) if self.needs.everybody => format!("{says} (did not sign in)"),
                    (None, _) => "somebody who did not sign in".to_owned(),
                };
                Some((clock(event.at), format!("Told by {by}: {}", self.names.without(words))))
            }
            _ => None,
        };
        self.branch.events.iter().filter_map(told).collect()
    }

    /// Those who are named, with the day on which a child was born and what an adult is at the school; how many others there
    /// are.
    fn people(&self) -> Vec<(String, String)> {
        let Self { desk, branch, .. } = self;
        let (mut rows, mut others) = (Vec::new(), BTreeSet::new());
        for (person, part, _) in branch.case.parts() {
            if !self.needs.named.contains(&part) {
                if part != Part::InConflict && !self.names.is_kept(person) {
                    others.insert(person);
                }
                continue;
            }
            rows.push((self.names.called(person), format!("{part}. {}", desk.described(person, &branch.case))));
        }
        if self.needs.words && !others.is_empty() {
            rows.push(("Others".to_owned(), format!("{} more, who are not named here", others.len())));
        }
        rows
    }

    /// The contacts of each child who is named, where they are needed, and whether parents were told.
    fn contacts(&self) -> Vec<(String, String)> {
        let Self { desk, branch, names, needs, .. } = self;
        let roll = desk.authority.roll();
        let mut rows = Vec::new();
        for child in branch.case.with_part(|part| part.is_of_pupil() && needs.named.contains(&part)) {
            let about = |event: &&Event| {
                matches!(event.fact, Fact::ParentsTold(_) | Fact::ParentsDeferred { .. })
                    && event.fact.person() == Some(child)
            };
            let told = match branch.events.iter().rev().find(about).map(|event| (&event.fact, event.at)) {
                Some((Fact::ParentsTold(_), at)) => format!("Parents were told on {}", clock(at)),
                Some((Fact::ParentsDeferred { reason, .. }, _)) => {
                    format!("Parents are not told yet: {}", names.without(reason))
                }
                _ => "The school has not written down that parents were told".to_owned(),
            };
            rows.push((names.called(child), told));
            let pupil = roll.person(child).and_then(|entry| entry.person.pupil()).filter(|_| needs.contacts);
            for contact in pupil.map(|pupil| pupil.contacts.as_slice()).unwrap_or_default() {
                let responsibility = match contact.responsibility {
                    Responsibility::Held => "parental responsibility",
                    Responsibility::NotHeld => "no parental responsibility",
                    Responsibility::Unknown => "parental responsibility is not known",
                };
                let order = match contact.restriction {
                    Restriction::CourtOrder => ". COURT ORDER: nothing about the child goes to them",
                    Restriction::None => "",
                };
                let what = format!("{} of {}, {responsibility}{order}", contact.relationship, names.called(child));
                rows.push((names.called(contact.person), what));
            }
        }
        rows
    }

    /// What shows it and where it is kept. No document goes with it.
    fn evidence(&self) -> Vec<(String, String)> {
        let is_held = self.branch.case.is_held();
        let row = |event: &Event| match &event.fact {
            Fact::EvidenceNoted { description, reference, .. } => {
                let kept = reference.as_ref().map(|kept| format!("Preserved as {}", self.names.without(kept)));
                let kept = kept.unwrap_or_else(|| "Preserved where it is described to be".to_owned());
                let what = format!("{}\n{kept}", self.names.without(description));
                Some((clock(event.at), what))
            }
            _ => None,
        };
        let mut rows: Vec<_> = self.branch.events.iter().filter_map(row).collect();
        if is_held && rows.is_empty() {
            let ask = "The school has not written down yet where it is preserved: ask".to_owned();
            rows.push(("Preserved".to_owned(), ask));
        }
        rows
    }

    /// What the school did, as far as it is about those who are named.
    fn done(&self) -> Vec<(String, String)> {
        let is_done = |event: &&Event| match &event.fact {
            Fact::Suspected { .. }
            | Fact::HoldConfirmed
            | Fact::TakenByPolice { .. }
            | Fact::HarmTested(_)
            | Fact::Settled { how: Settled::Told(_), .. } => true,
            Fact::Supported { person, .. } | Fact::Remedied { person, .. } => self.names.is_kept(*person),
            _ => false,
        };
        let row = |event: &Event| (clock(event.at), capital(&self.names.sentence(event)));
        self.branch.events.iter().filter(is_done).map(row).collect()
    }
}

/// The title in a sentence.
fn lower(body: Body) -> String {
    body.title().strip_prefix("The ").map_or_else(|| body.title().to_owned(), |title| format!("the {title}"))
}
