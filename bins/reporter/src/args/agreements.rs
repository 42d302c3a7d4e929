//! What can be typed about agreements.

use std::path::PathBuf;
use std::str::FromStr;

use belisha_aua::{Answer, Audience, Channel, Flag, Key, Purpose, SignedBy};
use belisha_school::{WrittenDay, WrittenInstant};
use clap::{Args, Subcommand, ValueEnum};

/// What the school says for a name in braces, such as `school=Amber Hill School`.
#[derive(Clone)]
pub(crate) struct Said {
    pub(crate) name: String,
    pub(crate) value: String,
}

impl FromStr for Said {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) =
            text.split_once('=').ok_or("give a name and what stands for it, such as school=Amber Hill")?;
        Ok(Self { name: name.trim().to_owned(), value: value.to_owned() })
    }
}

/// A place and a purpose, such as `website:group`.
#[derive(Clone, Copy)]
pub(crate) struct Shown {
    pub(crate) channel: Channel,
    pub(crate) purpose: Purpose,
}

impl FromStr for Shown {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (channel, purpose) = text.split_once(':').ok_or("give a place and a purpose, such as website:group")?;
        let channel = channel.parse().map_err(|error: belisha_policy::UnknownName| error.to_string())?;
        let purpose = purpose.parse().map_err(|error: belisha_policy::UnknownName| error.to_string())?;
        Ok(Self { channel, purpose })
    }
}

impl Shown {
    pub(crate) fn answer(self, yes: bool) -> Answer {
        Answer { channel: self.channel, purpose: self.purpose, yes }
    }
}

/// Whose signatures an agreement of pupils takes.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Signing {
    /// Child and parent
    Both,
    /// Either of them
    Either,
    /// The child alone
    Pupil,
}

impl From<Signing> for SignedBy {
    fn from(signing: Signing) -> Self {
        match signing {
            Signing::Both => Self::PupilAndParent,
            Signing::Either => Self::Either,
            Signing::Pupil => Self::Pupil,
        }
    }
}

#[derive(Subcommand)]
pub(crate) enum AgreementsAction {
    /// List the templates, or print one: its clauses, and what the school says itself
    Templates {
        /// Print this one
        name: Option<String>,
        /// Print JSON: one object a line, or the one template
        #[arg(long)]
        json: bool,
    },
    /// List agreements and what is to be read: editions, from when, for whom
    List {
        /// Print one JSON object a line instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Print what an agreement says
    Show {
        /// Its name
        key: Key,
        /// Which edition, such as v2.1 [default: the newest]
        #[arg(long, value_name = "EDITION")]
        edition: Option<String>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Write forms to print and sign: a sheet for each of those who have not signed, with their name and class
    Form {
        /// Its name
        key: Key,
        /// Only pupils of this class
        #[arg(long)]
        class: Option<String>,
        /// For everybody for whom it is, whether they have signed or not
        #[arg(long)]
        all: bool,
        /// By when and where it is to come back, in a sentence
        #[arg(long, value_name = "SENTENCE", default_value = "")]
        back_by: String,
        /// Where to write the page (HTML); no file may be there
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Publish an edition: the first makes the agreement
    ///
    /// A first edition, one that says something else and a yearly round are signed: what was signed before is good to the end
    /// of the grace, by the clock at the school. One that only corrects (--editorial) asks nobody. Without a template
    /// it says what the last edition says. Nothing is published that does not tell of filtering, of monitoring and of
    /// encrypted content.
    Publish(Box<Publish>),
    /// Ask nobody for it any more
    Retire {
        /// Its name
        key: Key,
    },
    /// Say that a class has talked about it: before that none of its pupils signs
    Discuss {
        /// Its name
        key: Key,
        /// The class
        #[arg(long, required_unless_present = "pupil", conflicts_with = "pupil")]
        class: Option<String>,
        /// A pupil who was not there, or came later: user name or name
        #[arg(long, value_name = "WHO")]
        pupil: Option<String>,
        /// The day [default: today]
        #[arg(long, value_name = "DATE")]
        on: Option<WrittenDay>,
    },
    /// Sign it yourself: read it first (agreements show)
    Sign {
        /// Its name
        key: Key,
        /// Your name, as you print it
        #[arg(long)]
        name: String,
    },
    /// Pupils sign in class, before you: one who has signed already is left as they are
    InClass {
        /// Its name
        key: Key,
        /// The pupils, by user name or name
        #[arg(required_unless_present = "class", conflicts_with = "class", value_name = "WHO")]
        who: Vec<String>,
        /// All pupils of a class
        #[arg(long)]
        class: Option<String>,
        /// But for these
        #[arg(long, value_name = "WHO", requires = "class")]
        except: Vec<String>,
    },
    /// Log what came back on paper. It counts from now, whatever day stands on it
    Paper(Box<Paper>),
    /// Give adults who do not sign in a link each: what they read and sign by it counts from that minute
    ///
    /// A link is for one adult. It asks when a child of theirs was born, or for a code that you tell them by another way, before
    /// it shows anything; it is good once and for a time, and takes the place of one that they had. Parents of whom it is
    /// known that they hold parental responsibility get one, and nobody against whom an order stands. By mail it goes at once,
    /// without a name in it: whoever types this sends it.
    Invite(Box<Invite>),
    /// List who was given a link, and whether it is good
    Links {
        /// Print one JSON object a line instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Take somebody's link back
    TakeBack {
        /// Whose: name
        who: String,
    },
    /// Write the scan of what came back on paper to a file
    Scan {
        /// Its name
        key: Key,
        /// Of whom: user name or name
        who: String,
        /// Where to write it; no file may be there
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Take a signature back, or write down that a parent says no. It holds at once
    Withdraw {
        /// Its name
        key: Key,
        /// Of whom: user name or name [default: your own]
        who: Option<String>,
        /// Which parent
        #[arg(long, value_name = "WHO", requires = "who")]
        parent: Option<String>,
    },
    /// Decide what holds where a parent says no
    Decide {
        /// Its name
        key: Key,
        /// Of whom: user name or name
        who: String,
        /// The agreement of the other stands
        #[arg(long, required_unless_present = "falls", conflicts_with = "falls")]
        stands: bool,
        /// It does not
        #[arg(long)]
        falls: bool,
        /// Why
        #[arg(long, value_name = "SENTENCE")]
        because: String,
    },
    /// Let somebody in without a signature for a time, ten days at school at most
    Provisional {
        /// Who: user name or name
        who: String,
        /// Why
        #[arg(long, value_name = "SENTENCE", required_unless_present = "end")]
        because: Option<String>,
        /// Until when: a day, which ends with itself, or 2026-12-18T16:00 by the clock at the school [default: ten days at
        /// school]
        #[arg(long, value_name = "WHEN")]
        until: Option<WrittenInstant>,
        /// End it now
        #[arg(long, conflicts_with_all = ["because", "until"])]
        end: bool,
    },
    /// Write down that people were given the privacy notice: inspection asks for it, and not for a signature
    Notice {
        /// Who, by user name or name
        #[arg(value_name = "WHO")]
        who: Vec<String>,
        /// All pupils of a class
        #[arg(long)]
        class: Option<String>,
        /// Everybody for whom an agreement could be: pupils from year 1, staff, governors, volunteers, visitors
        #[arg(long)]
        everybody: bool,
        /// The day that stands on the notice
        #[arg(long, value_name = "DATE")]
        dated: WrittenDay,
        /// It was given to a parent of each, who holds parental responsibility
        #[arg(long)]
        to_parents: bool,
    },
    /// How many have signed, by agreement and class
    Coverage {
        /// At this instant [default: now]
        #[arg(long, value_name = "WHEN")]
        at: Option<WrittenInstant>,
        /// Print one JSON object a line instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Who is still to be asked, by agreement and class
    Chase {
        /// In this class alone
        #[arg(long)]
        class: Option<String>,
        /// Print one JSON object a line instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Who has confirmed that they know what is done in a serious incident: head, safeguarding leads, senior leaders, coordinator
    /// and chair
    ///
    /// What they confirm is what is published from the template procedure, or any that is read and speaks of serious incidents.
    Procedure {
        /// Print one JSON object a line instead of a table
        #[arg(long)]
        json: bool,
    },
    /// Adults who joined lately, and what each of them has to read and to sign
    Joiners {
        /// Since this day [default: 120 days ago]
        #[arg(long, value_name = "DATE")]
        since: Option<WrittenDay>,
        /// Print one JSON object a line instead of a table
        #[arg(long)]
        json: bool,
    },
    /// How it stands with somebody at any minute that is past or present, and under which edition they are
    Standing {
        /// Who: user name or name [default: yourself]
        who: Option<String>,
        /// At this instant [default: now]
        #[arg(long, value_name = "WHEN")]
        at: Option<WrittenInstant>,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Pictures: what parents said, and children who are kept out of them
    Pictures {
        #[command(subcommand)]
        action: PicturesAction,
    },
    /// Which of these children may be shown somewhere, and why the others may not: ask before anything is published
    MayPublish {
        /// The children, by user name or name
        #[arg(required_unless_present = "class", conflicts_with = "class", value_name = "WHO")]
        who: Vec<String>,
        /// All pupils of a class
        #[arg(long)]
        class: Option<String>,
        /// Where and what for, such as website:group. Places: display, newsletter, website, social-media, press, video.
        /// Purposes: group, alone, individual-high-profile
        #[arg(long = "in", value_name = "PLACE:PURPOSE")]
        place: Shown,
        /// What is written with it: a caption, the name of a file, a tag. It is looked through for names of pupils
        #[arg(long, value_name = "TEXT")]
        words: Vec<String>,
        /// Print one JSON object a line instead of a table
        #[arg(long)]
        json: bool,
    },
}

/// What is published.
#[derive(Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that is typed")]
pub(crate) struct Publish {
    /// Its name, such as ks2 or online-safety-policy
    pub(crate) key: Key,
    /// From which template; `agreements templates` shows them [default: what the last edition says]
    #[arg(long)]
    pub(crate) template: Option<String>,
    /// What it is called [default: as the template or the last edition is]
    #[arg(long)]
    pub(crate) title: Option<String>,
    /// What stands for a name in braces of the template
    #[arg(long = "say", value_name = "NAME=TEXT", requires = "template")]
    pub(crate) say: Vec<Said>,
    /// Leave out a clause of the template
    #[arg(long, value_name = "CLAUSE", requires = "template")]
    pub(crate) without: Vec<String>,
    /// Add a clause of your own
    #[arg(long, value_name = "SENTENCE", requires = "template")]
    pub(crate) own: Vec<String>,
    /// For whom, where not for all of the template: ks1, ks2, older; staff, governors, volunteers, visitors, groups
    #[arg(long = "for", value_name = "AUDIENCE")]
    pub(crate) audiences: Vec<Audience>,
    /// Whose signatures it takes of pupils under 18
    #[arg(long, value_name = "WHO")]
    pub(crate) signed_by: Option<Signing>,
    /// It is not talked over in class before pupils sign
    #[arg(long)]
    pub(crate) undiscussed: bool,
    /// A policy on which it rests, by its name here: when that is published anew, the list says that this is behind
    #[arg(long, value_name = "NAME")]
    pub(crate) rests_on: Vec<Key>,
    /// The day on which it comes into force [default: today]
    #[arg(long, value_name = "DATE")]
    pub(crate) effective: Option<WrittenDay>,
    /// Until when what was signed before is good: a day, which ends with itself, or 2027-01-26T15:00 by the clock at the
    /// school
    #[arg(long, value_name = "WHEN", required_unless_present = "editorial", conflicts_with = "editorial")]
    pub(crate) grace_until: Option<WrittenInstant>,
    /// It is the yearly round: everybody signs anew and has the grace
    #[arg(long, conflicts_with = "editorial")]
    pub(crate) yearly: bool,
    /// It only corrects words: nobody signs anew
    #[arg(long)]
    pub(crate) editorial: bool,
    /// Say what would be published, and what it lacks, and publish nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// To whom links go, and how.
#[derive(Args)]
pub(crate) struct Invite {
    /// Adults, by name
    #[arg(required_unless_present_any = ["class", "everybody"], conflicts_with_all = ["class", "everybody"], value_name = "WHO")]
    pub(crate) who: Vec<String>,
    /// All parents of a class of whom something is still to be signed
    #[arg(long, conflicts_with = "everybody")]
    pub(crate) class: Option<String>,
    /// All parents of the school of whom something is still to be signed
    #[arg(long)]
    pub(crate) everybody: bool,
    /// Write letters to print (HTML), each with its link and a code for the telephone; no file may be there
    #[arg(long, value_name = "FILE", required_unless_present = "mail")]
    pub(crate) letters: Option<PathBuf>,
    /// Send it by mail, now, to those who have an address; letters are for the others then
    #[arg(long)]
    pub(crate) mail: bool,
    /// Ask for a code instead of a birthday: it is printed here once, to be told by telephone or in person
    #[arg(long)]
    pub(crate) code: bool,
    /// Until when it is good, at most 60 days [default: the end of the day in two weeks]
    #[arg(long, value_name = "WHEN")]
    pub(crate) until: Option<WrittenInstant>,
}

/// What came back on paper.
#[derive(Args)]
pub(crate) struct Paper {
    /// Its name
    pub(crate) key: Key,
    /// Whose agreement it is: user name or name
    pub(crate) who: String,
    /// The parent who signed, by name [default: the pupil or adult did]
    #[arg(long, value_name = "WHO")]
    pub(crate) parent: Option<String>,
    /// The name that is printed on it [default: that of whoever signed]
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// The day that stands on it [default: today]
    #[arg(long, value_name = "DATE")]
    pub(crate) dated: Option<WrittenDay>,
    /// Where the original is kept
    #[arg(long, value_name = "WHERE")]
    pub(crate) filed: String,
    /// A scan of it, a PDF or a picture, which is kept sealed
    #[arg(long, value_name = "FILE")]
    pub(crate) scan: Option<PathBuf>,
    /// Which edition, such as 3, where the newest is still to come into force [default: the newest]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) edition: Option<u32>,
    /// Why a parent may sign of whom it is not known whether they hold parental responsibility
    #[arg(long, value_name = "SENTENCE")]
    pub(crate) because: Option<String>,
}

#[derive(Subcommand)]
pub(crate) enum PicturesAction {
    /// Write down what a parent, or a pupil, said. Any no holds, whatever others say
    Answer {
        /// The child: user name or name
        who: String,
        /// Which parent, by name [default: the pupil]
        #[arg(long, value_name = "WHO")]
        parent: Option<String>,
        /// Yes to this place and purpose, such as website:group
        #[arg(long, value_name = "PLACE:PURPOSE")]
        yes: Vec<Shown>,
        /// No to this place and purpose
        #[arg(long, value_name = "PLACE:PURPOSE")]
        no: Vec<Shown>,
        /// Where the form is kept
        #[arg(long, value_name = "WHERE")]
        filed: Option<String>,
    },
    /// Somebody takes back every yes. It holds at once
    Withdraw {
        /// The child: user name or name
        who: String,
        /// Which parent, by name [default: the pupil]
        #[arg(long, value_name = "WHO")]
        parent: Option<String>,
    },
    /// Keep a child out of pictures, whatever anybody says: restricted or looked-after
    Flag {
        /// The child: user name or name
        who: String,
        /// Which
        flag: Flag,
    },
    /// End that
    Unflag {
        /// The child: user name or name
        who: String,
        /// Which
        flag: Flag,
        /// Why
        #[arg(long, value_name = "SENTENCE")]
        because: String,
    },
    /// Show where a child may be seen, and what was said
    Show {
        /// The child: user name or name
        who: String,
        /// Print one JSON object a line instead of a table
        #[arg(long)]
        json: bool,
    },
}
