//! The rules of roles.md and decisions.md, said in sentences by who may what: another formulation than the table of
//! the crate, and nothing of it is shared.

use belisha_policy::may::{About, CaseState, Topic};
use belisha_policy::roles::{Role, RoleSet};
use belisha_policy::{Action, Scope};

use Action::*;
use Role::*;
use Topic::*;

/// When a sentence holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    Always,
    /// It is their own.
    Own,
    /// Whoever handles the case gave it to them.
    Assigned,
    /// The lead is in conflict.
    LeadInConflict,
    /// They have the status 'web filtering management'.
    Status,
}

struct Sentence {
    who: &'static [Role],
    may: &'static [Action],
    about: &'static [Topic],
    how: Scope,
    when: When,
}

const EVERYTHING: &[Topic] = &Topic::ALL;
const PUPILS: &[Topic] = &[PupilIncident];
const STAFF_MATTERS: &[Topic] = &[StaffIncident, CoordinatorIncident];
const ANYBODY: &[Role] = &[
    Pupil,
    Parent,
    Staff,
    Coordinator,
    Dsl,
    DeputyDsl,
    Head,
    Chair,
    LinkGovernor,
    Governor,
    NetworkManager,
    Technician,
    Admin,
    Dpo,
    Guest,
    ViceChair,
    SeniorLeader,
    TrustLead,
    TrustIt,
];
const HANDLE: &[Action] = &[TriageIncident, CloseIncident, ReopenIncident, ExportIncident];

const fn says(
    who: &'static [Role],
    may: &'static [Action],
    about: &'static [Topic],
    how: Scope,
    when: When,
) -> Sentence {
    Sentence { who, may, about, how, when }
}

use Scope::{Aggregate, Full, InstructOnly, OnRequest, Own};
use When::Always;

const SENTENCES: &[Sentence] = &[
    // Nobody is kept from reporting, nor from preserving what may be illegal (C-027, decisions 6).
    says(ANYBODY, &[ReportConcern, DeclareIllegal], EVERYTHING, Full, Always),
    says(&[Coordinator, Dsl, DeputyDsl, Head], &[SeeOwnReport], EVERYTHING, Full, Always),
    says(
        &[
            Pupil,
            Parent,
            Staff,
            Chair,
            LinkGovernor,
            Governor,
            NetworkManager,
            Admin,
            Dpo,
            ViceChair,
            SeniorLeader,
            TrustLead,
            TrustIt,
        ],
        &[SeeOwnReport],
        EVERYTHING,
        Own,
        When::Own,
    ),
    // Incidents of pupils: those who lead on them see them, staff those of their own class, governors sums.
    says(&[Coordinator, Dsl, DeputyDsl, Head], &[ViewIncident], &[PupilIncident, Nothing], Full, Always),
    says(&[Staff], &[ViewIncident], &[PupilIncident, Nothing], Own, When::Own),
    says(&[Dsl, DeputyDsl, Head], &[ViewIncident], &[ProtectionIncident], Full, Always),
    says(&[Coordinator], &[ViewIncident], &[ProtectionIncident], OnRequest, Always),
    says(
        &[LinkGovernor, Governor, ViceChair, SeniorLeader, TrustLead],
        &[ViewIncident],
        &[Nothing, PupilIncident, ProtectionIncident, StaffIncident, DslIncident, CoordinatorIncident],
        Aggregate,
        Always,
    ),
    // About staff the head; the lead is consulted, and a deputy where the lead is in conflict.
    says(&[Head], &[ViewIncident], &[StaffIncident, DslIncident, CoordinatorIncident, ChairIncident], Full, Always),
    says(&[Dsl], &[ViewIncident], STAFF_MATTERS, OnRequest, Always),
    says(&[DeputyDsl], &[ViewIncident], &[StaffIncident], OnRequest, When::LeadInConflict),
    says(&[DeputyDsl], &[ViewIncident], &[DslIncident, CoordinatorIncident], OnRequest, When::Assigned),
    // About the head the chair, and whom the chair adds; about the chair the head and the vice-chair.
    says(&[Chair], &[ViewIncident], &[HeadIncident], Full, Always),
    says(&[Dsl, ViceChair], &[ViewIncident], &[HeadIncident], OnRequest, When::Assigned),
    says(&[ViceChair], &[ViewIncident], &[ChairIncident], Full, Always),
    says(
        &[Dpo],
        &[ViewIncident],
        &[
            Nothing,
            PupilIncident,
            ProtectionIncident,
            StaffIncident,
            HeadIncident,
            DslIncident,
            CoordinatorIncident,
            ChairIncident,
        ],
        OnRequest,
        Always,
    ),
    // Handling goes with seeing, and no further.
    says(&[Coordinator, Dsl, DeputyDsl, Head], HANDLE, PUPILS, Full, Always),
    says(&[Dsl, DeputyDsl, Head], HANDLE, &[ProtectionIncident], Full, Always),
    says(&[Head], HANDLE, &[StaffIncident, CoordinatorIncident, DslIncident, ChairIncident], Full, Always),
    says(&[DeputyDsl], HANDLE, &[DslIncident], OnRequest, When::Assigned),
    says(&[Chair], HANDLE, &[HeadIncident], Full, Always),
    says(&[ViceChair], HANDLE, &[ChairIncident], Full, Always),
    // The community is told by lead or head, and never of an adult who works with children (C-069, Education Act 2002 s.141F).
    says(&[Dsl, Head], &[AnnounceIncident], &[PupilIncident, ProtectionIncident], Full, Always),
    // The hold on what may be illegal.
    says(&[Dsl, DeputyDsl, Head], &[LiftIllegalHold], &[PupilIncident, ProtectionIncident], Full, Always),
    says(&[Dsl, Head], &[LiftIllegalHold], STAFF_MATTERS, Full, Always),
    says(&[DeputyDsl], &[LiftIllegalHold], STAFF_MATTERS, OnRequest, When::LeadInConflict),
    says(&[Chair], &[LiftIllegalHold], &[HeadIncident], Full, Always),
    says(&[Dsl, ViceChair], &[LiftIllegalHold], &[HeadIncident], OnRequest, When::Assigned),
    says(&[Head], &[LiftIllegalHold], &[DslIncident, ChairIncident], Full, Always),
    says(&[DeputyDsl], &[LiftIllegalHold], &[DslIncident], OnRequest, When::Assigned),
    says(&[ViceChair], &[LiftIllegalHold], &[ChairIncident], Full, Always),
    // Only the head suspends, and the chair the head (C-070).
    says(&[Head], &[SuspendPerson], EVERYTHING, Full, Always),
    says(&[Chair], &[SuspendPerson], &[HeadIncident, HeadCapture, HeadHistory], Full, Always),
    // Monitoring.
    says(&[Coordinator, Dsl, DeputyDsl], &[ReviewCapture, MarkFalsePositive], NOT_OF_ADULTS, Full, Always),
    says(&[Head], &[ReviewCapture], NOT_OF_ADULTS, OnRequest, Always),
    says(&[Head], &[ReviewCapture, MarkFalsePositive], &[StaffCapture], Full, Always),
    says(&[Head], &[MarkFalsePositive], &[HeadCapture], Full, Always),
    says(&[Dsl, Dpo], &[ReviewCapture], &[StaffCapture], OnRequest, Always),
    says(&[Dpo], &[ReviewCapture], &[HeadCapture], OnRequest, Always),
    says(&[Chair], &[ReviewCapture, MarkFalsePositive], &[HeadCapture], Full, Always),
    // The filter.
    says(&[Coordinator, Dsl, DeputyDsl, Head], &[AllowTopic], EVERYTHING, Full, Always),
    says(
        &[
            Pupil,
            Staff,
            Coordinator,
            Dsl,
            DeputyDsl,
            Head,
            Chair,
            LinkGovernor,
            Governor,
            NetworkManager,
            Admin,
            Dpo,
            ViceChair,
            SeniorLeader,
        ],
        &[RequestUnblock],
        EVERYTHING,
        Full,
        Always,
    ),
    says(&[Coordinator, Head], &[ApproveUnblock], EVERYTHING, Full, Always),
    says(
        &[Coordinator, Head, NetworkManager, TrustIt],
        &[ApplyFilterChange, ApplySettings],
        EVERYTHING,
        Full,
        When::Status,
    ),
    says(&[Technician], &[ApplyFilterChange, ApplySettings], EVERYTHING, InstructOnly, Always),
    says(
        &[Coordinator, Dsl, Head, Chair, LinkGovernor, Governor, ViceChair, SeniorLeader, TrustLead],
        &[ReadFilterChanges],
        EVERYTHING,
        Full,
        Always,
    ),
    says(&[NetworkManager, TrustIt], &[ReadFilterChanges], EVERYTHING, Full, When::Status),
    says(&[Dpo], &[ReadFilterChanges], EVERYTHING, OnRequest, Always),
    // Histories.
    says(&[Dsl], &[LookUpHistory], &[PupilHistory], Full, Always),
    says(&[Coordinator, DeputyDsl, Head, Dpo], &[LookUpHistory], &[PupilHistory], OnRequest, Always),
    says(&[Dsl, Head, Dpo], &[LookUpHistory], &[StaffHistory], OnRequest, Always),
    says(&[Staff], &[LookUpHistory], &[StaffHistory, HeadHistory], Own, When::Own),
    says(&[Chair], &[LookUpHistory], &[HeadHistory], Full, Always),
    says(&[Dpo], &[LookUpHistory], &[HeadHistory], OnRequest, Always),
    says(&[Coordinator, Dsl, DeputyDsl, Head, Chair, Dpo], &[ExportLogs], EVERYTHING, OnRequest, Always),
    says(&[LinkGovernor, Governor, ViceChair], &[ExportLogs], EVERYTHING, Aggregate, Always),
    // Documents.
    says(ANYBODY, &[SignAgreement], EVERYTHING, Own, When::Own),
    says(&[Coordinator, Dsl, DeputyDsl, Head, SeniorLeader], &[DraftPolicy], EVERYTHING, Full, Always),
    says(&[Chair, Governor, ViceChair], &[ApprovePolicy], EVERYTHING, Full, Always),
    says(&[Coordinator, Admin], &[RecordPaperReturn], EVERYTHING, Full, Always),
    says(&[Coordinator, Head, Admin], &[InviteToSign], EVERYTHING, Full, Always),
    // Agreements: those who lead and the office, and teachers with their own class.
    says(&[Coordinator, Head], &[LeadInClass, SettleAgreement], EVERYTHING, Full, Always),
    says(&[Staff], &[LeadInClass, ViewAgreements], EVERYTHING, Own, When::Own),
    says(&[Coordinator, Head, Admin, Dpo], &[RecordNotice], EVERYTHING, Full, Always),
    says(&[Coordinator, Dsl, DeputyDsl, Head, Admin, Dpo], &[ViewAgreements], EVERYTHING, Full, Always),
    // Pictures: those who protect children keep one out of them, and everybody who works here may ask before publishing.
    says(&[Dsl, DeputyDsl, Head], &[KeepFromPictures], EVERYTHING, Full, Always),
    says(&[Staff, Coordinator, Dsl, DeputyDsl, Head, Admin, Dpo], &[AskPublication], EVERYTHING, Full, Always),
    says(&[Coordinator, Dsl, SeniorLeader], &[PrepareReport], EVERYTHING, Full, Always),
    says(&[Head], &[SignReport], EVERYTHING, Full, Always),
    says(&[Coordinator, Dsl, Head, SeniorLeader], &[ReadReport], EVERYTHING, Full, Always),
    says(&[Chair, LinkGovernor, Governor, Dpo, ViceChair, TrustLead], &[ReadReport], EVERYTHING, Aggregate, Always),
    // Accounts and people. Whoever runs machines gives no passwords to staff.
    says(
        &[Coordinator, Head, NetworkManager, Admin, TrustIt],
        &[CreateGuestAccount, CreateClassAccount, ManageAccounts],
        EVERYTHING,
        Full,
        Always,
    ),
    says(&[Staff], &[CreateGuestAccount], EVERYTHING, OnRequest, Always),
    says(&[Technician], &[ManageAccounts, ViewPeople], EVERYTHING, InstructOnly, Always),
    says(
        &[
            Staff,
            Coordinator,
            Dsl,
            DeputyDsl,
            Head,
            Chair,
            LinkGovernor,
            Governor,
            NetworkManager,
            Technician,
            Admin,
            Dpo,
            ViceChair,
            SeniorLeader,
            TrustLead,
            TrustIt,
        ],
        &[ReportCredential],
        EVERYTHING,
        Full,
        Always,
    ),
    says(&[Pupil, Parent, Guest], &[ReportCredential], EVERYTHING, Own, When::Own),
    says(
        &[Coordinator, Dsl, DeputyDsl, Head, NetworkManager, Admin, TrustIt],
        &[IssuePupilPasswords, ViewPeople],
        EVERYTHING,
        Full,
        Always,
    ),
    says(&[Staff], &[IssuePupilPasswords, ViewPeople], EVERYTHING, Own, When::Own),
    says(&[Dpo], &[ViewPeople], EVERYTHING, OnRequest, Always),
    says(&[Dsl, Head, Chair], &[IssueStaffPasswords], EVERYTHING, Full, Always),
    says(&[Coordinator, Head, Admin], &[AcceptLeavers], EVERYTHING, Full, Always),
    says(&[Staff, Coordinator, Dsl, DeputyDsl, Head, Admin], &[ConfiscateDevice], EVERYTHING, Full, Always),
    says(&[Coordinator, Dsl, DeputyDsl, Head, Admin], &[ReleaseDevice], EVERYTHING, Full, Always),
    // How bad a kind of incident is taken to be: for worse by the lead as well, for less bad by the head alone.
    says(&[Dsl, Head], &[TightenIncidents], EVERYTHING, Full, Always),
    says(&[Head], &[RelaxIncidents], EVERYTHING, Full, Always),
    // Roles: the head gives them, the chair gives those above the head.
    says(&[Head], &[AssignRoles], EVERYTHING, Full, Always),
    says(&[Chair], &[AssignGovernors], EVERYTHING, Full, Always),
    says(&[Head, Chair], &[ReviewRoles], EVERYTHING, Full, Always),
    says(&[Coordinator, Dsl, Head, Chair], &[Delegate], EVERYTHING, Full, Always),
    says(&[Chair, Dpo], &[ReadAudit], EVERYTHING, Full, Always),
    says(&[Coordinator, Dsl, Head], &[ReadAudit], EVERYTHING, Own, When::Own),
    says(&[LinkGovernor, ViceChair], &[ReadAudit], EVERYTHING, Aggregate, Always),
    says(
        &[Coordinator, Dsl, DeputyDsl, Head, Chair],
        &[BreakGlass],
        &[PupilIncident, ProtectionIncident, PupilCapture],
        Full,
        Always,
    ),
    says(&[Dsl, Head, Dpo], &[ExportPerson], EVERYTHING, OnRequest, Always),
    says(&[TrustLead], &[SetBaseline, LoosenBaseline], EVERYTHING, Full, Always),
    // Whoever decides about pupils sends their records on, and whoever runs machines does not.
    says(&[Coordinator, Dsl, Head, Admin], &[MovePupils], EVERYTHING, Full, Always),
    // Keys and holds.
    says(&[Head, Chair], &[ManageHolders], EVERYTHING, Full, Always),
    says(&[Dsl, DeputyDsl, Head, Chair, ViceChair], &[RecoverKey, LocateBreak], EVERYTHING, Full, Always),
    says(&[Dsl, Head, Chair, Dpo], &[PlaceHold], EVERYTHING, Full, Always),
    says(&[Head, Chair, Dpo], &[LiftHold], EVERYTHING, Full, Always),
    says(&[Dpo], &[EraseRecord], EVERYTHING, OnRequest, Always),
];

const NOT_OF_ADULTS: &[Topic] = &[
    Nothing,
    PupilIncident,
    ProtectionIncident,
    StaffIncident,
    HeadIncident,
    DslIncident,
    CoordinatorIncident,
    ChairIncident,
    PupilCapture,
    PupilHistory,
    StaffHistory,
    HeadHistory,
];

/// What the sentences come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    Yes(Scope),
    /// The same, as it was then.
    Frozen,
    No,
    NotFound,
}

fn reach(roles: RoleSet, status: bool, action: Action, about: &About) -> Option<Scope> {
    let order = [Full, Own, OnRequest, InstructOnly, Aggregate];
    let holds = |sentence: &&Sentence| {
        sentence.may.contains(&action)
            && sentence.about.contains(&about.topic)
            && sentence.who.iter().any(|role| roles.has(*role))
            && match sentence.when {
                When::Always => true,
                When::Own => about.relation.own,
                When::Assigned => about.relation.assigned,
                When::LeadInConflict => about.lead_in_conflict,
                When::Status => status,
            }
    };
    SENTENCES.iter().filter(holds).map(|sentence| sentence.how).min_by_key(|how| order.iter().position(|it| it == how))
}

/// What is lawful, by the sentences and by what overrides them.
pub(crate) fn expected(roles: RoleSet, status: bool, action: Action, about: &About) -> Expected {
    let topic = about.topic;
    let incident = matches!(
        topic,
        PupilIncident
            | ProtectionIncident
            | StaffIncident
            | HeadIncident
            | DslIncident
            | CoordinatorIncident
            | ChairIncident
    );
    let capture = matches!(topic, PupilCapture | StaffCapture | HeadCapture);
    let to_look = if incident {
        ViewIncident
    } else if capture {
        ReviewCapture
    } else {
        LookUpHistory
    };
    let relation = about.relation;
    // Whom a case is about, and who is in conflict over it, finds nothing; but goes on seeing what they had seen.
    if (incident || capture) && (relation.subject || relation.conflicted || relation.saw_until.is_some()) {
        let frozen = relation.saw_until.is_some() && action == to_look;
        return if frozen { Expected::Frozen } else { Expected::NotFound };
    }
    let right = reach(roles, status, action, about);
    // Who does not see a record learns nothing of it by asking for something else.
    if topic != Nothing {
        let sees = matches!(reach(roles, status, to_look, about), Some(Full | Own | OnRequest));
        let blind = matches!(action, ReportConcern | DeclareIllegal | SeeOwnReport | BreakGlass);
        if !sees {
            return match right {
                Some(scope) if blind => Expected::Yes(scope),
                _ => Expected::NotFound,
            };
        }
    }
    let held = matches!(about.state, CaseState::Held | CaseState::WithPolice);
    let stands_against = match action {
        // What may be illegal is preserved and referred, and nothing else.
        CloseIncident | ReviewCapture | MarkFalsePositive | EraseRecord if held && (incident || capture) => true,
        LiftIllegalHold => !held,
        CloseIncident | TriageIncident => about.state == CaseState::Closed,
        ReopenIncident => about.state != CaseState::Closed,
        // Four eyes.
        ApproveUnblock => relation.requester,
        _ => false,
    };
    match right {
        Some(scope) if !stands_against => Expected::Yes(scope),
        _ => Expected::No,
    }
}
