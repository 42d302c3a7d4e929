//! How it came about: who did what, where, and whether they meant to; and what somebody holds it to be who tells of it.

use alloc::collections::BTreeSet;

use belisha_policy::directory::SchoolKind;
use belisha_policy::named;

/// What somebody holds it to be who tells of it. What they do not say, or what is worse, is for those who protect children.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Matter {
    /// A child or an adult is worrying.
    Concern,
    /// Somebody breaks the rules for the school's systems.
    Misuse,
    /// The school's systems have a weakness: its head is told.
    Weakness,
    /// They came upon something by accident, or the filter let it through, and tell of it themselves.
    Accident,
}

named! { Matter, "matter":
    Concern = "concern", "A child or an adult worries me";
    Misuse = "misuse", "Somebody breaks the rules for computers, phones or the internet";
    Weakness = "weakness", "The school's systems have a weakness";
    Accident = "accident", "It came up by accident, or the filter let it through"
}

impl Matter {
    /// Whether it is for those who look after the systems as well.
    pub fn is_ordinary(self) -> bool {
        !matches!(self, Self::Concern)
    }
}

/// What kind of person did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Doer {
    /// A pupil.
    Pupil,
    /// Somebody who works at the school.
    Staff,
    /// A volunteer or somebody on work experience.
    Volunteer,
    /// A governor.
    Governor,
    /// A parent or carer.
    Parent,
    /// A visitor.
    Visitor,
    /// Somebody of a group that uses the school.
    CommunityUser,
    /// A contractor.
    Contractor,
    /// Somebody who has nothing to do with the school.
    Stranger,
}

named! { Doer, "kind of person":
    Pupil = "pupil", "A pupil";
    Staff = "staff", "Somebody who works here";
    Volunteer = "volunteer", "A volunteer, or somebody on work experience";
    Governor = "governor", "A governor";
    Parent = "parent", "A parent or carer";
    Visitor = "visitor", "A visitor";
    CommunityUser = "community-user", "Somebody of a group that uses the school";
    Contractor = "contractor", "A contractor";
    Stranger = "stranger", "Somebody from elsewhere"
}

impl Doer {
    /// Whether they come to the school and are neither its pupils nor its staff: what they do wrong is for the safeguarding
    /// lead and the deputies.
    pub fn is_guest(self) -> bool {
        matches!(self, Self::Volunteer | Self::Parent | Self::Visitor | Self::CommunityUser | Self::Contractor)
    }
}

/// Where it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// At school, or with what is the school's.
    InSchool,
    /// Outside of school.
    Outside,
}

named! { Place, "place":
    InSchool = "in-school", "At school, or with what is the school's";
    Outside = "outside", "Outside of school"
}

/// Whether somebody meant to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Intent {
    /// Nobody knows yet.
    NotKnown,
    /// By accident.
    Accidental,
    /// Carelessly.
    Careless,
    /// Irresponsibly.
    Irresponsible,
    /// Deliberately.
    Deliberate,
}

named! { Intent, "intent":
    NotKnown = "not-known", "Not known yet";
    Accidental = "accidental", "By accident";
    Careless = "careless", "Carelessly";
    Irresponsible = "irresponsible", "Irresponsibly";
    Deliberate = "deliberate", "Deliberately"
}

/// What somebody did with the material.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Deed {
    /// Visited or looked at it.
    Visited,
    /// Made it.
    Made,
    /// Posted it.
    Posted,
    /// Downloaded it.
    Downloaded,
    /// Uploaded it.
    Uploaded,
    /// Transferred it.
    Transferred,
    /// Told others of it.
    Communicated,
    /// Passed it on.
    PassedOn,
}

named! { Deed, "deed":
    Visited = "visited", "Visited or looked at it";
    Made = "made", "Made it";
    Posted = "posted", "Posted it";
    Downloaded = "downloaded", "Downloaded it";
    Uploaded = "uploaded", "Uploaded it";
    Transferred = "transferred", "Transferred it";
    Communicated = "communicated", "Told others of it";
    PassedOn = "passed-on", "Passed it on"
}

/// Rules of the school that it touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rules {
    /// The online safety policy.
    OnlineSafety,
    /// The agreement on acceptable use.
    AcceptableUse,
    /// The behaviour policy.
    Behaviour,
    /// The policy against bullying.
    AntiBullying,
    /// Child protection and safeguarding.
    ChildProtection,
    /// The code of conduct for staff.
    StaffConduct,
    /// Data protection and information security.
    DataProtection,
    /// Photographs and images.
    Images,
}

named! { Rules, "policy":
    OnlineSafety = "online-safety", "Online safety policy";
    AcceptableUse = "acceptable-use", "Agreement on acceptable use";
    Behaviour = "behaviour", "Behaviour policy";
    AntiBullying = "anti-bullying", "Anti-bullying policy";
    ChildProtection = "child-protection", "Child protection and safeguarding policy";
    StaffConduct = "staff-conduct", "Code of conduct for staff";
    DataProtection = "data-protection", "Data protection and information security policy";
    Images = "images", "Policy on photographs and images"
}

/// A rule about phones, pictures and contact that somebody broke, most of them rules for staff. As of [`AS_OF`](crate::AS_OF).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Breach {
    /// Staff were in contact with pupils or parents by means that are not the school's.
    OffSystemContact,
    /// Staff wrote to pupils or parents in private: by e-mail of their own, text, social media or public chat.
    PrivateMessages,
    /// Staff are friends or followers of pupils on social media.
    OnlineFriendship,
    /// Staff wrote of pupils, parents, colleagues or the school on social media.
    StaffSocialMedia,
    /// Pictures of pupils were taken on a personal phone, not of one's own child alone.
    PupilPictures,
    /// Pictures, video or sound were captured with a personal device.
    PersonalCapture,
}

named! { Breach, "breach":
    OffSystemContact = "off-system-contact", "Contact of staff with pupils or parents by means that are not the school's";
    PrivateMessages = "private-messages", "Private messages of staff to pupils or parents: own e-mail, text, social media, public chat";
    OnlineFriendship = "online-friendship", "Friendship of staff with pupils on social media";
    StaffSocialMedia = "staff-social-media", "Pupils, parents, staff or the school in social media of staff";
    PupilPictures = "pupil-pictures", "Pictures of pupils on a personal phone";
    PersonalCapture = "personal-capture", "Pictures, video or sound captured with a personal device"
}

/// How it came about, as far as it is known. What is not said is not known, or stays as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default))]
pub struct Circumstances {
    /// What kinds of people did it.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "BTreeSet::is_empty"))]
    pub by: BTreeSet<Doer>,
    /// What they did with the material.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "BTreeSet::is_empty"))]
    pub deeds: BTreeSet<Deed>,
    /// Which rules about phones, pictures and contact they broke.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "BTreeSet::is_empty"))]
    pub breaches: BTreeSet<Breach>,
    /// Where.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub place: Option<Place>,
    /// Whether they meant to.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub intent: Option<Intent>,
    /// Which rules of the school it touches.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "BTreeSet::is_empty"))]
    pub rules: BTreeSet<Rules>,
}

impl Circumstances {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Takes in what is said anew: it stands instead of what was said of the same before.
    pub(crate) fn take_in(&mut self, new: &Self) {
        fn replace<T: Clone>(old: &mut BTreeSet<T>, new: &BTreeSet<T>) {
            if !new.is_empty() {
                old.clone_from(new);
            }
        }
        replace(&mut self.by, &new.by);
        replace(&mut self.deeds, &new.deeds);
        replace(&mut self.breaches, &new.breaches);
        replace(&mut self.rules, &new.rules);
        self.place = new.place.or(self.place);
        self.intent = new.intent.or(self.intent);
    }

    /// What is said, each with what it is: `("Where", "Outside of school")`.
    pub fn rows(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let by = self.by.iter().map(|it| ("Done by", it.title()));
        let deeds = self.deeds.iter().map(|it| ("What was done", it.title()));
        let breaches = self.breaches.iter().map(|it| ("Rule that was broken", it.title()));
        let place = self.place.map(|it| ("Where", it.title()));
        let intent = self.intent.map(|it| ("Meant or not", it.title()));
        let rules = self.rules.iter().map(|it| ("Rules that it touches", it.title()));
        by.chain(deeds).chain(breaches).chain(place).chain(intent).chain(rules)
    }

    /// The same for a school of a kind, with [the power](Self::power) by which it acts where there is one to name.
    pub fn rows_at(&self, kind: SchoolKind) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.rows().chain(self.power(kind).map(|power| ("The school acts by", power)))
    }

    /// By what a school acts over what pupils do away from it; nothing where it happened at school, or nobody said where.
    ///
    /// The Act's section is about maintained schools; others write it into their behaviour policy, which the standards for
    /// academies and independent schools ask for.
    pub fn power(&self, kind: SchoolKind) -> Option<&'static str> {
        (self.place == Some(Place::Outside)).then_some(match kind {
            SchoolKind::Maintained => "Education and Inspections Act 2006 s.89(5), as far as is reasonable",
            SchoolKind::Academy => {
                "the behaviour policy of the academy (Independent School Standards 2014, Part 3), as far as is reasonable"
            }
            SchoolKind::Independent | SchoolKind::ProprietorLed => {
                "the behaviour policy (Independent School Standards 2014, Part 3) and the contract with parents, as far as is reasonable"
            }
        })
    }
}
