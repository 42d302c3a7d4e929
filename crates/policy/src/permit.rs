//! The proof that somebody may do something.
//!
//! What needs authority takes a [`Permit`] as a parameter and asks it with [`Permit::allows`]. Only this crate can make
//! one, and only the rules about roles will: whoever holds a permit need not know how it was come by.

use core::fmt;
use core::str::FromStr;

use chrono::{DateTime, Utc};

use crate::may::Topic;
use crate::person::PersonId;
use crate::roles::RoleSet;

macro_rules! actions {
    ($($(#[$doc:meta])* $variant:ident = $slug:literal, $persons:ident;)*) => {
        /// What a permit is for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        #[non_exhaustive]
        pub enum Action {
            $($(#[$doc])* $variant,)*
        }

        impl Action {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in events, settings and exports. Stable: a name is never given to another action.
            pub fn slug(self) -> &'static str {
                match self { $(Self::$variant => $slug,)* }
            }

            fn persons(self) -> Persons {
                match self { $(Self::$variant => Persons::$persons,)* }
            }
        }
    };
}

/// How many have to agree.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Persons {
    One,
    Two,
}

actions! {
    /// Report a concern. Nobody can be kept from it.
    ReportConcern = "report-concern", One;
    /// See how far one's own report has come, not what became of it.
    SeeOwnReport = "see-own-report", One;
    /// Read an incident.
    ViewIncident = "view-incident", One;
    /// Sort an incident and give it to somebody.
    TriageIncident = "triage-incident", One;
    /// Say that something may be illegal: everything is preserved from that instant.
    DeclareIllegal = "declare-illegal", One;
    /// Lift the hold on what may be illegal. Two persons, and a note of the police.
    LiftIllegalHold = "lift-illegal-hold", Two;
    /// Close an incident.
    CloseIncident = "close-incident", One;
    /// Open a closed incident again.
    ReopenIncident = "reopen-incident", One;
    /// Hand an incident to another school or a court, with the names of others taken out. A closed one as well.
    ExportIncident = "export-incident", One;
    /// Tell the community that an incident was dealt with, without naming anybody.
    AnnounceIncident = "announce-incident", One;
    /// Suspend or exclude somebody.
    SuspendPerson = "suspend-person", One;
    /// Take a kind of incident for worse than the table has it.
    TightenIncidents = "tighten-incidents", One;
    /// Take one for less bad, with a reason.
    RelaxIncidents = "relax-incidents", One;
    /// Review what monitoring caught.
    ReviewCapture = "review-capture", One;
    /// Say that monitoring was wrong.
    MarkFalsePositive = "mark-false-positive", One;
    /// Allow a word for a topic.
    AllowTopic = "allow-topic", One;
    /// Ask for a site to be unblocked.
    RequestUnblock = "request-unblock", One;
    /// Decide on such a request.
    ApproveUnblock = "approve-unblock", One;
    /// Carry out a change of the filter.
    ApplyFilterChange = "apply-filter-change", One;
    /// Change or switch off a list of illegal material. Nobody may.
    EditIllegalList = "edit-illegal-list", One;
    /// Read who changed the filter and why.
    ReadFilterChanges = "read-filter-changes", One;
    /// Read what a named person asked for.
    LookUpHistory = "look-up-history", One;
    /// Hand out lines of the access log.
    ExportLogs = "export-logs", One;
    /// Sign an agreement.
    SignAgreement = "sign-agreement", One;
    /// Write or publish a policy or an agreement.
    DraftPolicy = "draft-policy", One;
    /// Approve a policy.
    ApprovePolicy = "approve-policy", One;
    /// Write down what came back on paper.
    RecordPaperReturn = "record-paper-return", One;
    /// Give adults links by which they sign, and take them back.
    InviteToSign = "invite-to-sign", One;
    /// Go through an agreement with a class, and let its pupils sign before one.
    LeadInClass = "lead-in-class", One;
    /// Let somebody in for a time who has not signed, and decide where parents do not agree.
    SettleAgreement = "settle-agreement", One;
    /// Write down that people were given the privacy notice.
    RecordNotice = "record-notice", One;
    /// See who has signed what.
    ViewAgreements = "view-agreements", One;
    /// Keep a child out of pictures, whatever anybody says, and end that.
    KeepFromPictures = "keep-from-pictures", One;
    /// Ask which children may be shown where.
    AskPublication = "ask-publication", One;
    /// Let a guest in for a time.
    CreateGuestAccount = "create-guest-account", One;
    /// Open the account that a class shares.
    CreateClassAccount = "create-class-account", One;
    /// Switch somebody's account off or on, or give it another user name.
    ManageAccounts = "manage-accounts", One;
    /// Say that others know a credential, or that they do no more.
    ReportCredential = "report-credential", One;
    /// Give pupils, classes and guests passwords.
    IssuePupilPasswords = "issue-pupil-passwords", One;
    /// Give staff and governors passwords.
    IssueStaffPasswords = "issue-staff-passwords", One;
    /// See who belongs to the school.
    ViewPeople = "view-people", One;
    /// Say that very many really left.
    AcceptLeavers = "accept-leavers", One;
    /// Write out a pupil's record for the school that they go to, or take in that of one who comes.
    MovePupils = "move-pupils", One;
    /// Take a device away.
    ConfiscateDevice = "confiscate-device", One;
    /// Give it back.
    ReleaseDevice = "release-device", One;
    /// Prepare the report to governors.
    PrepareReport = "prepare-report", One;
    /// Release it.
    SignReport = "sign-report", One;
    /// Read it.
    ReadReport = "read-report", One;
    /// Say who holds a role, and who has the status 'web filtering management'.
    AssignRoles = "assign-roles", One;
    /// Say who is head, chair, vice-chair or governor, and who acts for the trust: those who check the head are not the
    /// head's to choose.
    AssignGovernors = "assign-governors", One;
    /// Say that one has looked through who holds which role.
    ReviewRoles = "review-roles", One;
    /// Let somebody else act in one's own place.
    Delegate = "delegate", One;
    /// Read who looked at what.
    ReadAudit = "read-audit", One;
    /// See a case for a day, where nobody who may is there. Two persons; the link governor is told.
    BreakGlass = "break-glass", Two;
    /// Hand out all that is held about a person.
    ExportPerson = "export-person", One;
    /// Bring changed settings into force.
    ApplySettings = "apply-settings", One;
    /// Set what profiles of all schools of the trust block at least.
    SetBaseline = "set-baseline", One;
    /// Loosen what the trust set for all its schools.
    LoosenBaseline = "loosen-baseline", One;
    /// Say who holds a key, and make a role's key anew.
    ManageHolders = "manage-holders", One;
    /// Open what a holder who is gone could open. Two persons.
    RecoverKey = "recover-key", Two;
    /// See at which event a chain is broken. Two persons.
    LocateBreak = "locate-break", Two;
    /// Put a legal hold on records.
    PlaceHold = "place-hold", One;
    /// Take a legal hold off.
    LiftHold = "lift-hold", One;
    /// Erase a record whose time the retention schedule does not say has come.
    EraseRecord = "erase-record", One;
}

impl Action {
    /// Whether one person alone may never do it.
    pub fn needs_two(self) -> bool {
        self.persons() == Persons::Two
    }

    /// Whether it is done without seeing what there is.
    pub(crate) fn needs_no_sight(self) -> bool {
        matches!(self, Self::ReportConcern | Self::SeeOwnReport | Self::DeclareIllegal | Self::BreakGlass)
    }

    /// Whether somebody may let another do it in their place: what is done from day to day, and nothing that shows a
    /// case, changes who may what, or takes two.
    pub fn is_delegable(self) -> bool {
        matches!(
            self,
            Self::AllowTopic
                | Self::ApproveUnblock
                | Self::ReadFilterChanges
                | Self::RecordPaperReturn
                | Self::InviteToSign
                | Self::LeadInClass
                | Self::RecordNotice
                | Self::CreateGuestAccount
                | Self::CreateClassAccount
                | Self::ManageAccounts
                | Self::ReportCredential
                | Self::IssuePupilPasswords
                | Self::ConfiscateDevice
                | Self::ReleaseDevice
                | Self::DraftPolicy
                | Self::PrepareReport
        )
    }
}

/// The slug.
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.slug())
    }
}

/// Why a text names no action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no action has this name")]
pub struct UnknownAction;

/// Reads the slug.
impl FromStr for Action {
    type Err = UnknownAction;

    fn from_str(slug: &str) -> Result<Self, UnknownAction> {
        Self::ALL.iter().copied().find(|action| action.slug() == slug).ok_or(UnknownAction)
    }
}

/// How far a permit reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// All of it.
    Full,
    /// What is the person's own, or their class's.
    Own,
    /// Sums in which nobody can be told.
    Aggregate,
    /// What a recorded request with a purpose asked for.
    OnRequest,
    /// Doing what others decided, without seeing what it is about.
    InstructOnly,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Full, Self::Own, Self::Aggregate, Self::OnRequest, Self::InstructOnly];

    /// The name in events and exports.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Own => "own",
            Self::Aggregate => "aggregate",
            Self::OnRequest => "on-request",
            Self::InstructOnly => "instruct-only",
        }
    }
}

/// The proof that a person may do one thing.
///
/// It cannot be made, copied or changed outside this crate: a function that takes one has been authorised.
///
/// ```compile_fail,E0451
/// use belisha_policy::{Action, Permit};
///
/// fn widen(permit: Permit) -> Permit {
///     Permit { action: Action::ExportPerson, ..permit }
/// }
/// ```
///
/// What may be done with one that was given:
///
/// ```
/// use belisha_policy::{Action, Permit, WrongPermit};
///
/// fn export(permit: &Permit) -> Result<(), WrongPermit> {
///     permit.allows(Action::ExportPerson)
/// }
/// ```
#[derive(Debug, PartialEq, Eq)]
pub struct Permit {
    pub(crate) actor: PersonId,
    pub(crate) action: Action,
    pub(crate) scope: Scope,
    pub(crate) second_person: Option<PersonId>,
    pub(crate) granted: DateTime<Utc>,
    /// Whom it is about, where it is about somebody.
    pub(crate) about: Option<PersonId>,
    /// What came later is not seen.
    pub(crate) as_of: Option<DateTime<Utc>>,
    /// By which roles, for the pairs that some actions take.
    pub(crate) roles: RoleSet,
    /// In what kind of matter.
    pub(crate) topic: Topic,
}

/// Why a permit does not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WrongPermit {
    /// It is for something else.
    #[error("this permit is for {held}; {asked} needs one of its own")]
    OtherAction {
        /// What it is for.
        held: Action,
        /// What was asked.
        asked: Action,
    },
    /// Two have to agree, and one did.
    #[error("{0} takes two persons: ask somebody else who may to agree")]
    Alone(Action),
    /// It is about somebody else.
    #[error("this permit is about somebody else")]
    OtherPerson,
    /// The roles of the two do not do.
    #[error("{0} takes two persons of certain roles: see docs/roles.md")]
    NotAPair(Action),
    /// Two have to agree, and one did twice.
    #[error("{0} takes two different persons, and this permit names one of them twice")]
    SamePersonTwice(Action),
}

impl Permit {
    /// Whether it is for this action; where two have to agree, also whether they did.
    ///
    /// # Errors
    /// It is for another action, or a second person is missing.
    pub fn allows(&self, action: Action) -> Result<(), WrongPermit> {
        if self.action != action {
            return Err(WrongPermit::OtherAction { held: self.action, asked: action });
        }
        if action.needs_two() { self.second_person().map(drop) } else { Ok(()) }
    }

    /// Whether it is for this action and about this person. One that is about nobody in particular does for everybody.
    ///
    /// # Errors
    /// As [`allows`](Self::allows), or it is about somebody else.
    pub fn allows_about(&self, action: Action, person: PersonId) -> Result<(), WrongPermit> {
        self.allows(action)?;
        if self.about.is_none_or(|about| about == person) { Ok(()) } else { Err(WrongPermit::OtherPerson) }
    }

    /// Joins the permits of two people who agree. Which roles the two must have depends on the action: the hold on what
    /// may be illegal is lifted by safeguarding lead and head, where these are one person by them and a deputy, and in a
    /// matter about the head by the chair in the head's place.
    ///
    /// # Errors
    /// The two are one person, are about different things, or have not the roles that it takes.
    pub fn together(self, other: &Self) -> Result<Self, WrongPermit> {
        let Self { actor, action, about, topic, roles, .. } = *other;
        if self.action != action {
            return Err(WrongPermit::OtherAction { held: action, asked: self.action });
        }
        if self.actor == actor {
            return Err(WrongPermit::SamePersonTwice(action));
        }
        if self.about != about {
            return Err(WrongPermit::OtherPerson);
        }
        if self.topic != topic || !crate::may::are_a_pair(action, topic, self.roles, roles) {
            return Err(WrongPermit::NotAPair(action));
        }
        Ok(Self { second_person: Some(actor), ..self })
    }

    /// Whom it is about, where it is about somebody.
    pub fn about(&self) -> Option<PersonId> {
        self.about
    }

    /// The instant after which nothing is to be seen (decisions 3); `None` where all is.
    pub fn as_of(&self) -> Option<DateTime<Utc>> {
        self.as_of
    }

    /// The other person who agreed.
    ///
    /// # Errors
    /// Nobody else did, or the same person did twice.
    pub fn second_person(&self) -> Result<PersonId, WrongPermit> {
        match self.second_person {
            None => Err(WrongPermit::Alone(self.action)),
            Some(second) if second == self.actor => Err(WrongPermit::SamePersonTwice(self.action)),
            Some(second) => Ok(second),
        }
    }

    /// Who may.
    pub fn actor(&self) -> PersonId {
        self.actor
    }

    /// What for.
    pub fn action(&self) -> Action {
        self.action
    }

    /// How far it reaches. What takes the permit has to keep to it.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// When it was given.
    pub fn granted(&self) -> DateTime<Utc> {
        self.granted
    }
}

/// For the tests of other crates. No product enables the feature.
#[cfg(feature = "testing")]
impl Permit {
    /// A permit that nobody gave: full scope, one person.
    pub fn for_tests(actor: PersonId, action: Action, granted: DateTime<Utc>) -> Self {
        let roles = RoleSet::EMPTY;
        Self {
            actor,
            action,
            scope: Scope::Full,
            second_person: None,
            granted,
            about: None,
            as_of: None,
            roles,
            topic: Topic::Nothing,
        }
    }

    /// The same with a second person.
    #[must_use]
    pub fn and_for_tests(self, second_person: PersonId) -> Self {
        Self { second_person: Some(second_person), ..self }
    }

    /// The same with another scope.
    #[must_use]
    pub fn scoped_for_tests(self, scope: Scope) -> Self {
        Self { scope, ..self }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const ANN: PersonId = PersonId::from_bytes([1; 16]);
    const BEN: PersonId = PersonId::from_bytes([2; 16]);

    fn permit(action: Action, second_person: Option<PersonId>) -> Permit {
        let (granted, roles) = (DateTime::UNIX_EPOCH, RoleSet::EMPTY);
        Permit {
            actor: ANN,
            action,
            scope: Scope::Full,
            second_person,
            granted,
            about: None,
            as_of: None,
            roles,
            topic: Topic::Nothing,
        }
    }

    #[test]
    fn a_permit_is_for_one_action() {
        for held in Action::ALL {
            for asked in Action::ALL {
                let expected =
                    if held == asked { Ok(()) } else { Err(WrongPermit::OtherAction { held: *held, asked: *asked }) };
                assert_eq!(permit(*held, Some(BEN)).allows(*asked), expected);
            }
        }
    }

    #[test]
    fn what_takes_two_is_not_for_one() {
        for action in Action::ALL {
            let two = matches!(
                action,
                Action::RecoverKey | Action::LocateBreak | Action::LiftIllegalHold | Action::BreakGlass
            );
            assert_eq!(action.needs_two(), two);
            let or = |error| if two { Err(error) } else { Ok(()) };
            assert_eq!(permit(*action, None).allows(*action), or(WrongPermit::Alone(*action)));
            assert_eq!(permit(*action, Some(ANN)).allows(*action), or(WrongPermit::SamePersonTwice(*action)));
            assert_eq!(permit(*action, None).second_person(), Err(WrongPermit::Alone(*action)));
            assert_eq!(permit(*action, Some(BEN)).second_person(), Ok(BEN));
        }
    }

    #[test]
    fn slugs_lead_back_and_no_two_are_alike() {
        for action in Action::ALL {
            assert_eq!(action.slug().parse(), Ok(*action));
        }
        assert_eq!("look up history".parse::<Action>(), Err(UnknownAction));
        assert_eq!(Action::ALL.iter().map(|it| it.slug()).collect::<BTreeSet<_>>().len(), Action::ALL.len());
        assert_eq!(Scope::ALL.iter().map(|it| it.slug()).collect::<BTreeSet<_>>().len(), Scope::ALL.len());
    }
}
