//! What can be typed about incidents.

use std::path::PathBuf;
use std::str::FromStr;

use belisha_incident::{
    Body, Breach, Category, Community, Deed, Doer, Intent, Matter, Outcome, Part, Place, Power, Recipient, Remedy,
    Rules, Severity, Track,
};
use belisha_policy::{Attribution, UnknownName};
use belisha_school::WrittenInstant;
use belisha_school::cases::Reference;
use chrono::NaiveDate;
use clap::Subcommand;
use clap::builder::{PossibleValuesParser, TypedValueParser};

/// What somebody has in a case, such as `ada=victim`.
#[derive(Clone)]
pub(crate) struct Named {
    pub(crate) user: String,
    pub(crate) part: Part,
}

impl FromStr for Named {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (user, part) = text.split_once('=').ok_or("give a user name and a part, such as ada=victim")?;
        let part = part.parse().map_err(|error: UnknownName| error.to_string())?;
        Ok(Self { user: user.to_owned(), part })
    }
}

/// A body outside that somebody has told, and its reference.
#[derive(Clone, Debug)]
pub(crate) struct ToldOutside {
    pub(crate) body: Body,
    pub(crate) theirs: Option<String>,
}

impl FromStr for ToldOutside {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let (body, theirs) = text.split_once('=').map_or((text, None), |(body, theirs)| (body, Some(theirs)));
        Ok(Self { body: body.parse()?, theirs: theirs.map(str::to_owned) })
    }
}

#[derive(Subcommand)]
pub(crate) enum IncidentAction {
    /// Tell of something. Anybody who is signed in may, and nobody can keep you from it
    ///
    /// Where somebody is in danger now, call 999 first. What you write is sealed to those who handle it: nobody whom you name
    /// with the part subject, instigator, both or conflict can open it. You get a reference: keep it.
    Report {
        /// What happened, in your words [default: read from standard input]
        #[arg(long, value_name = "TEXT")]
        words: Option<String>,
        /// Who has a part in it, by user name: victim, instigator, both, witness, subject (an adult whom it is about), conflict
        #[arg(long = "named", value_name = "USER=PART")]
        named: Vec<Named>,
        /// What it is: concern, misuse (somebody breaks the rules for computers, phones or the internet), weakness (of the
        /// school's systems) or accident (you came upon it, or the filter let it through). All but a concern are for the
        /// coordinator as well [default: concern]
        #[arg(long, value_name = "MATTER")]
        matter: Option<Matter>,
        /// What kind of person did it: pupil, staff, volunteer, governor, parent, visitor, community-user, contractor, stranger
        #[arg(long, value_name = "KIND")]
        by: Option<Doer>,
        /// Whom outside you have told already, as is everybody's right, and their reference: social-care, or police=26/114. What
        /// the school owes to them it still owes
        #[arg(long, value_name = "BODY[=REFERENCE]")]
        told: Vec<ToldOutside>,
        /// Since when you know it: 2026-11-25T10:12 by the clock at the school [default: now]
        #[arg(long, value_name = "WHEN")]
        known_since: Option<WrittenInstant>,
        /// Somebody is in danger now
        #[arg(long)]
        danger: bool,
        /// It may be illegal. Do not look at it again, copy or forward it, and do not switch the device on or off
        #[arg(long)]
        may_be_illegal: bool,
    },
    /// What became of your report, by its reference: whether it was received and answered
    Receipt {
        /// The reference
        reference: Reference,
    },
    /// List the incidents that you may see
    List {
        /// Those that are closed as well
        #[arg(long)]
        closed: bool,
        /// Those that were brought from other systems as well
        #[arg(long)]
        archived: bool,
        /// Print one JSON object a line instead of a table
        #[arg(long)]
        json: bool,
    },
    /// The register in numbers: the incidents that you may see, those of other systems with them, by kind, risk and month, and how long
    /// they took
    ///
    /// The numbers are exact, since you can count the list yourself: they are for you. --for-others makes a copy to hand on, to a committee
    /// or to governors: it is of September to December, January to April or May to August, when that is over; no number under five
    /// stands in it; and what may be illegal, is about adults who work with children or was not sorted is not counted.
    Register {
        /// The first day [default: twelve months ago]
        #[arg(long, value_name = "DAY")]
        from: Option<NaiveDate>,
        /// The last day [default: today]
        #[arg(long, value_name = "DAY")]
        to: Option<NaiveDate>,
        /// A copy for others
        #[arg(long, conflicts_with_all = ["from", "to"])]
        for_others: bool,
        /// Of the third of a school year in which this day is [default: the last that is over]
        #[arg(long, value_name = "DAY", requires = "for_others")]
        of: Option<NaiveDate>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// What is to be done in the incidents that you handle, the longest due first
    Tasks {
        /// Print one JSON object a line instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Show an incident: what happened, and what is to be done. That you look is written down first
    Show {
        /// The reference
        reference: Reference,
        /// Why, where it is shown to you on request alone
        #[arg(long, value_name = "SENTENCE")]
        because: Option<String>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Write the file in which an archived incident was brought from another system, as it was. It holds all that was in that
    /// system: destroy it when you have read it
    Original {
        /// The reference
        reference: Reference,
        /// Why; it is written down with your name first
        #[arg(long, value_name = "SENTENCE")]
        because: String,
        /// Where to write it; no file may be there
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Say that it may be illegal: it is preserved and referred, and nothing else
    Suspect {
        /// The reference
        reference: Reference,
        /// When it was first seen [default: now]
        #[arg(long, value_name = "WHEN")]
        since: Option<WrittenInstant>,
    },
    /// Confirm the hold: parents are not told until it is lifted
    ConfirmHold {
        /// The reference
        reference: Reference,
    },
    /// Say that the police have it
    Police {
        /// The reference
        reference: Reference,
        /// Their reference
        theirs: String,
    },
    /// Lift the hold, since the police gave it back: you and a second, such as head and designated safeguarding lead
    GiveBack {
        /// The reference
        reference: Reference,
        /// The reference of the police's note
        note: String,
        /// The user name of the second, who types password and code here
        #[arg(long, value_name = "USER")]
        with: String,
        /// Read the second's password and code from standard input
        #[arg(long)]
        passwords_stdin: bool,
    },
    /// Say what part somebody has in it. Whoever it is about, or is kept away, sees nothing of it from then on
    Name {
        /// The reference
        reference: Reference,
        /// The user name
        user: String,
        /// victim, instigator, both, witness, subject (an adult whom it is about) or conflict (who must not handle it)
        part: Part,
    },
    /// Say what kind it is, and which way it goes
    Sort {
        /// The reference
        reference: Reference,
        /// The code of the kind, such as N5; `incident kinds` lists them
        category: Category,
        /// pupils, or staff where it is about an adult who works with children
        track: Track,
        /// How bad it is, 0 to 5 [default: as bad as its kind]
        #[arg(long, value_name = "NUMBER", value_parser = severity)]
        severity: Option<Severity>,
    },
    /// Say how it came about, as far as it is known. What you say of one thing stands instead of what was said of it before
    Describe {
        /// The reference
        reference: Reference,
        /// What kind of person did it; several where it was several: pupil, staff, volunteer, governor, parent, visitor,
        /// community-user, contractor, stranger
        #[arg(long, value_name = "KIND")]
        by: Vec<Doer>,
        /// What they did with the material; several where it was more: visited, made, posted, downloaded, uploaded, transferred,
        /// communicated, passed-on
        #[arg(long, value_name = "DEED")]
        did: Vec<Deed>,
        /// Which rule about phones, pictures and contact was broken; several where it was more: off-system-contact, private-messages,
        /// online-friendship, staff-social-media, pupil-pictures, personal-capture
        #[arg(long, value_name = "BREACH")]
        broke: Vec<Breach>,
        /// in-school or outside. Of what happened outside of school parents are told, whatever kind it is
        #[arg(long = "where", value_name = "PLACE")]
        place: Option<Place>,
        /// Whether they meant to: accidental, careless, irresponsible, deliberate or not-known
        #[arg(long, value_name = "INTENT")]
        meant: Option<Intent>,
        /// Which rules it touches, several where it is more: online-safety, acceptable-use, behaviour, anti-bullying,
        /// child-protection, staff-conduct, data-protection, images
        #[arg(long, value_name = "POLICY")]
        touches: Vec<Rules>,
    },
    /// Make it a matter of child protection, whatever its kind: from then on fewer see it, and the lead is told
    Raise {
        /// The reference
        reference: Reference,
        /// Why
        reason: String,
    },
    /// List the kinds of incidents, with the law, how bad they are and whom they are reported to
    Kinds {
        /// Print one JSON object a line instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Say how bad the school takes a kind of incident to be, from now on
    ///
    /// For worse the head or the safeguarding lead may, for less bad than the table the head alone, who says why. What is preserved
    /// and referred on mere suspicion stays as bad as it is.
    Severity {
        /// The code of the kind, such as N5
        category: Category,
        /// How bad it is, 0 to 5
        #[arg(value_name = "NUMBER", value_parser = severity)]
        severity: Severity,
        /// Why the school takes it for less bad
        #[arg(long, value_name = "SENTENCE")]
        because: Option<String>,
    },
    /// List the kinds that the school takes otherwise than the table has them, and why
    Severities {
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Test the threshold of harm about an adult: with no option the answer to all four questions is no
    HarmTest {
        /// The reference
        reference: Reference,
        /// They harmed a child, or may have
        #[arg(long)]
        harmed: bool,
        /// They possibly committed an offence against or about a child
        #[arg(long)]
        offence: bool,
        /// What they did tells of a risk to children
        #[arg(long)]
        risk: bool,
        /// They may not be suited to work with children
        #[arg(long)]
        unsuitable: bool,
    },
    /// Look into it, together with somebody
    Inquire {
        /// The reference
        reference: Reference,
        /// The user name of the second
        #[arg(long, value_name = "USER")]
        with: String,
    },
    /// Say that somebody to whom it is owed was told, or why it is nothing for them. You tell them yourself: nothing is sent
    Tell {
        /// The reference
        reference: Reference,
        /// Who, such as police, iwf, lado, dsl; `incident show` lists to whom it is owed
        body: Body,
        /// Their reference, where they gave one
        #[arg(long, value_name = "TEXT", conflicts_with = "not_applicable")]
        theirs: Option<String>,
        /// Why it is nothing for them, such as "no public address"
        #[arg(long, value_name = "SENTENCE")]
        not_applicable: Option<String>,
    },
    /// Say what came of it that somebody was told: what they answered or did
    Heard {
        /// The reference
        reference: Reference,
        /// Who, such as police, social-care, lado
        body: Body,
        /// What came of it
        what: String,
    },
    /// Make a document for a body outside to which something is owed: what it needs, and no more. You hand it over yourself
    ///
    /// Without --out nothing is made: you see whom it is for, who is named in it and what to think of. What was made, and its
    /// SHA-256, is written down in the incident first. When you have told them, say so with `incident tell`.
    Refer {
        /// The reference
        reference: Reference,
        /// For whom, such as police, social-care, lado, ceop, prevent, iwf
        #[arg(long, value_name = "BODY")]
        to: Body,
        /// Whom of them, by the name in the directory [default: the one that was checked last]
        #[arg(long, value_name = "NAME")]
        agency: Option<String>,
        /// Where to write it, as HTML; no file may be there
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Write it out for the school to which a pupil goes, or for a court; others are not named in it
    ///
    /// The folder has the incident as HTML and as JSON, and manifest.txt with their SHA-256. For whom and why is written down in
    /// the incident first. Read all of it before you hand it over: words may name people whom the program does not know.
    Export {
        /// The reference
        reference: Reference,
        /// school or court
        #[arg(long = "for", value_name = "RECIPIENT")]
        recipient: Recipient,
        /// Whom it is for
        #[arg(long, value_name = "WHO")]
        to: String,
        /// Why
        #[arg(long, value_name = "SENTENCE")]
        because: String,
        /// The pupil who goes to the other school, by user name: nobody else is named
        #[arg(long, value_name = "USER", required_if_eq("recipient", "school"), conflicts_with = "keep")]
        about: Option<String>,
        /// Who else is named before a court, by user name; whoever it is about is
        #[arg(long, value_name = "USER")]
        keep: Vec<String>,
        /// The folder to make
        #[arg(long, value_name = "FOLDER")]
        out: PathBuf,
    },
    /// Say that an export was received
    Received {
        /// The reference
        reference: Reference,
        /// What the export is called: it stands in manifest.txt
        #[arg(long, value_name = "ID")]
        export: String,
        /// Who took it
        #[arg(long, value_name = "WHO")]
        by: String,
        /// On which day [default: today]
        #[arg(long, value_name = "DAY")]
        on: Option<NaiveDate>,
    },
    /// Say that the parents of a child were told, or why they are not yet
    Parents {
        /// The reference
        reference: Reference,
        /// The user name of the child
        user: String,
        /// Why they are not told yet
        #[arg(long, value_name = "SENTENCE")]
        not_yet: Option<String>,
    },
    /// Describe something that shows what happened. No picture is taken in, and nothing of what may be illegal is copied
    Evidence {
        /// The reference
        reference: Reference,
        /// What it is and where it is kept
        description: String,
        /// Its number in the system that keeps it
        #[arg(long, value_name = "TEXT")]
        kept_as: Option<String>,
        /// A document whose SHA-256 is written down; the document stays where it is
        #[arg(long, value_name = "FILE")]
        document: Option<PathBuf>,
    },
    /// Take a device, or say that one was handed in. Leave it as it is found: not switched on, not off, and not searched
    TakeDevice {
        /// The reference
        reference: Reference,
        /// Whose it is, by user name or name
        #[arg(long, value_name = "WHO")]
        of: String,
        /// The number of the bag
        #[arg(long, value_name = "NUMBER")]
        bag: String,
        /// What it is, such as "a black phone"
        #[arg(long, value_name = "TEXT")]
        what: String,
        /// How it was found: on, off or unknown
        #[arg(long, value_name = "STATE")]
        found: Power,
        /// Its owner gave it, as those do who need it for their health
        #[arg(long)]
        handed_in: bool,
        /// Its owner consents; of an adult it takes that, or the police
        #[arg(long)]
        consent: bool,
    },
    /// Write down that what is on a device was searched, before a witness
    ///
    /// The powers of a school cover its pupils; an adult's device takes consent, or the police. Nobody looks at an image that may be of
    /// a child: stop, keep the device as it is and say so with `incident suspect`. The parents of a pupil are told of the search.
    SearchDevice {
        /// The reference
        reference: Reference,
        /// The number of the bag
        #[arg(long, value_name = "NUMBER")]
        bag: String,
        /// Why it was suspected
        #[arg(long, value_name = "SENTENCE")]
        grounds: String,
        /// Who was there, by user name
        #[arg(long, value_name = "USER")]
        witness: String,
        /// What was found, in words
        #[arg(long, value_name = "TEXT")]
        found: String,
        /// Its owner consents; of an adult it takes that, or the police
        #[arg(long)]
        consent: bool,
    },
    /// Give a device back. Nobody gets it against whom a court order stands
    GiveBackDevice {
        /// The reference
        reference: Reference,
        /// The number of the bag
        #[arg(long, value_name = "NUMBER")]
        bag: String,
        /// Who gets it, by user name or name
        #[arg(long, value_name = "WHO")]
        to: String,
        /// How you saw that they are who they say, such as "driving licence"
        #[arg(long, value_name = "TEXT")]
        checked: String,
    },
    /// Say how a child is supported, or the adult whom it is about
    Support {
        /// The reference
        reference: Reference,
        /// The user name
        user: String,
        /// How
        how: String,
    },
    /// Do something about somebody whom it is about
    Step {
        /// The reference
        reference: Reference,
        /// The user name
        user: String,
        /// conversation, warning, limited-profile, sign-again, detention, internal-exclusion, suspension, permanent-exclusion,
        /// advice, instruction, disciplinary, neutral-suspension or dismissal
        step: Remedy,
        /// How surely the records say that it was they: individual, class-account, guest, address-only or credential-in-doubt
        #[arg(long, value_name = "HOW", value_parser = attribution())]
        shown_by: Attribution,
        /// Why
        #[arg(long, value_name = "SENTENCE")]
        because: Option<String>,
    },
    /// Take out what is told in words, since the child-protection file has it in another system
    ///
    /// This is for schools whose school.toml says that another system has that file, after `refer --to protection-file`, `tell … protection-file
    /// --theirs NUMBER` and `heard … protection-file`. What kind it was, when, who, what was done and the references stay; the words are
    /// erased, and nothing brings them back.
    TakeOutWords {
        /// The reference
        reference: Reference,
    },
    /// Say what came of it
    Conclude {
        /// The reference
        reference: Reference,
        /// substantiated, malicious, false, unsubstantiated or unfounded
        outcome: Outcome,
    },
    /// Say that whoever told of it was answered
    Answer {
        /// The reference
        reference: Reference,
    },
    /// Close it, when all is done
    Close {
        /// The reference
        reference: Reference,
    },
    /// Tell the community that it was dealt with, without naming anybody. Nothing is sent: you get the words, and give them yourself
    ///
    /// The head or the safeguarding lead may, once the incident is closed, and never of an adult who works with children. Words that name
    /// anybody who is in it, their contacts, whoever handles it or anybody else of the school are refused, and so is its reference. What
    /// you say stands in the incident.
    Announce {
        /// The reference
        reference: Reference,
        /// What is said
        text: String,
        /// To whom, several where it is more: pupils, parents, staff, governors
        #[arg(long, value_name = "AUDIENCE", required = true)]
        to: Vec<Community>,
        /// Where to write it as a page; no file may be there
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Open it again
    Reopen {
        /// The reference
        reference: Reference,
        /// Why
        reason: String,
    },
    /// Say that two incidents belong together: whoever is kept away from one is kept away from both
    Link {
        /// The reference of one
        reference: Reference,
        /// The reference of the other
        other: Reference,
    },
}

/// How bad it is, by its number.
fn severity(number: &str) -> Result<Severity, String> {
    let found = Severity::ALL.into_iter().find(|severity| severity.number().to_string() == number);
    found.ok_or_else(|| "a number from 0 (written down, and nothing more) to 5 (at once)".to_owned())
}

/// How surely the records say who did it.
fn attribution() -> impl TypedValueParser<Value = Attribution> {
    let find = |slug: String| Attribution::ALL.into_iter().find(|it| it.slug() == slug).ok_or("no such attribution");
    PossibleValuesParser::new(Attribution::ALL.map(Attribution::slug)).try_map(find)
}
