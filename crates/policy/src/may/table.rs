//! The table: a row for each action and kind of matter, a cell for each role. `docs/roles.md` is printed from it.

use super::Topic;
use crate::permit::Action;
use crate::roles::Role;

/// How many roles there are.
const ROLES: usize = Role::ALL.len();

/// What a role may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cell {
    /// Yes.
    Yes,
    /// One's own: report, class, child, history.
    Own,
    /// Sums in which nobody can be told.
    Aggregate,
    /// On a recorded request with a purpose.
    Request,
    /// Doing what others decided, without seeing what it is about.
    Instruct,
    /// In a matter about the head.
    AboutHead,
    /// In a matter about the chair.
    AboutChair,
    /// With the status 'web filtering management'.
    Status,
    /// Where whoever handles the case gave it to them; on request.
    Assigned,
    /// Where the designated safeguarding lead is in conflict; on request.
    LeadInConflict,
    /// Where somebody who may has delegated it.
    Delegated,
    /// No.
    No,
    /// Never, and no setting changes that.
    Never,
}

impl Cell {
    /// The sign in the table.
    pub fn sign(self) -> char {
        match self {
            Self::Yes => 'Y',
            Self::Own => 'o',
            Self::Aggregate => 'a',
            Self::Request => 'q',
            Self::Instruct => 'i',
            Self::AboutHead => 'H',
            Self::AboutChair => 'C',
            Self::Status => 'W',
            Self::Assigned => 'A',
            Self::LeadInConflict => 'c',
            Self::Delegated => 'D',
            Self::No => '-',
            Self::Never => 'X',
        }
    }

    const fn read(sign: u8) -> Self {
        match sign {
            b'Y' => Self::Yes,
            b'o' => Self::Own,
            b'a' => Self::Aggregate,
            b'q' => Self::Request,
            b'i' => Self::Instruct,
            b'H' => Self::AboutHead,
            b'C' => Self::AboutChair,
            b'W' => Self::Status,
            b'A' => Self::Assigned,
            b'c' => Self::LeadInConflict,
            b'D' => Self::Delegated,
            b'-' => Self::No,
            // Whatever is not known is never.
            _ => Self::Never,
        }
    }
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row([Cell; ROLES]);

impl Row {
    /// Reads a row as it is written below: one sign for each role. A row of another length does not compile.
    const fn read(signs: &str) -> Self {
        assert!(signs.len() == 2 * ROLES - 1, "a row has one sign for each role");
        let mut cells = [Cell::Never; ROLES];
        let mut rest = signs.as_bytes();
        let mut to: &mut [Cell] = &mut cells;
        while let [cell, more @ ..] = to {
            match rest {
                [sign, b' ', after @ ..] => {
                    *cell = Cell::read(*sign);
                    rest = after;
                }
                [sign] => {
                    *cell = Cell::read(*sign);
                    rest = &[];
                }
                _ => {}
            }
            to = more;
        }
        Self(cells)
    }

    /// The cell of a role.
    pub fn cell(&self, role: Role) -> Cell {
        self.0.get(role as usize).copied().unwrap_or(Cell::Never)
    }
}

macro_rules! rows {
    ($($name:ident = $signs:literal;)*) => {
        $(const $name: Row = Row::read($signs);)*
    };
}

//                      P P S O D D H C L G N X A D G E V S T T
//                      U A T S S D T G G C M T D P U X C L L N
rows! {
    REPORT           = "Y Y Y Y Y Y Y Y Y Y Y Y Y Y Y - Y Y Y Y";
    SEE_OWN_REPORT   = "o o o Y Y Y Y o o o o - o o - - o o o o";
    VIEW_PUPIL       = "- - o Y Y Y Y - a a - X - q X - a a a X";
    VIEW_PROTECTION  = "X - X q Y Y Y - a a X X X q X - a a a X";
    VIEW_STAFF       = "X X X X q c Y - a a X X X q X - a a a X";
    VIEW_HEAD        = "X X X X A X X Y X X X X X q X - A X X X";
    VIEW_DSL         = "X X X X X A Y - a a X X X q X - a a a X";
    VIEW_COORDINATOR = "X X X X q A Y - a a X X X q X - a a a X";
    VIEW_CHAIR       = "X X X X X X Y X X X X X X q X - Y X X X";
    HANDLE_PUPIL     = "- - - Y Y Y Y - - - - - - - - - - - - -";
    HANDLE_PROTECTED = "- - - - Y Y Y - - - - - - - - - - - - -";
    HANDLE_STAFF     = "- - - - - - Y - - - - - - - - - - - - -";
    HANDLE_HEAD      = "- - - - - - - Y - - - - - - - - - - - -";
    HANDLE_DSL       = "- - - - - A Y - - - - - - - - - - - - -";
    HANDLE_CHAIR     = "- - - - - - Y - - - - - - - - - Y - - -";
    LIFT_PUPIL       = "- - - - Y Y Y - - - X X - - - - - - - X";
    LIFT_STAFF       = "- - - - Y c Y - - - X X - - - - - - - X";
    LIFT_HEAD        = "- - - - A - - Y - - X X - - - - A - - X";
    LIFT_DSL         = "- - - - - A Y - - - X X - - - - - - - X";
    LIFT_CHAIR       = "- - - - - - Y - - - X X - - - - Y - - X";
    ANNOUNCE         = "- - - - Y - Y - - - - - - - - - - - - -";
    SUSPEND          = "- - - - - - Y H - - - - - - - - - - - -";
    TIGHTEN          = "- - - - Y - Y - - - - - - - - - - - - -";
    RELAX            = "- - - - - - Y - - - - - - - - - - - - -";
    CAPTURE_PUPIL    = "- - - Y Y Y q - - - X X - - - - - - - X";
    CAPTURE_STAFF    = "X X X X q X Y - - - X X X q X - - - - X";
    CAPTURE_HEAD     = "X X X X X X X Y - - X X X q X - X X X X";
    FALSE_PUPIL      = "- - - Y Y Y - - - - - - - - - - - - - -";
    FALSE_STAFF      = "- - - - - - Y H - - - - - - - - - - - -";
    ALLOW_TOPIC      = "- - - Y Y Y Y - - - - - - - - - - - - -";
    REQUEST_UNBLOCK  = "Y - Y Y Y Y Y Y Y Y Y - Y Y - - Y Y - -";
    APPROVE_UNBLOCK  = "- - - Y D D Y - - - - X - - - - - - - X";
    APPLY_FILTER     = "- - - W - - W - - - W i - - - - - - - W";
    NOBODY           = "X X X X X X X X X X X X X X X X X X X X";
    READ_CHANGES     = "- - - Y Y - Y Y Y Y W X - q - - Y Y Y W";
    HISTORY_PUPIL    = "- - X q Y q q - - - X X X q X - - - - X";
    HISTORY_STAFF    = "X X o X q X q - - - X X X q X - - - - X";
    HISTORY_HEAD     = "X X o X X X X Y - - X X X q X - - - - X";
    EXPORT_LOGS      = "- - - q q q q q a a - X - q X - a - - X";
    SIGN             = "o o o o o o o o o o o o o o o - o o o o";
    DRAFT            = "- - - Y Y Y Y - - - - - - - - - - Y - -";
    APPROVE_POLICY   = "- - - - - - - Y - Y - - - - - - Y - - -";
    PAPER_RETURN     = "- - - Y - - - - - - - - Y - - - - - - -";
    INVITE           = "- - - Y - - Y - - - - - Y - - - - - - -";
    LEAD_IN_CLASS    = "- - o Y - - Y - - - - - - - - - - - - -";
    SETTLE           = "- - - Y - - Y - - - - - - - - - - - - -";
    NOTICE           = "- - - Y - - Y - - - - - Y Y - - - - - -";
    AGREEMENTS       = "- - o Y Y Y Y - - - - - Y Y - - - - - -";
    PICTURES         = "- - - - Y Y Y - - - - - - - - - - - - -";
    PUBLICATION      = "- - Y Y Y Y Y - - - - - Y Y - - - - - -";
    GUEST            = "- - q Y - - Y - - - Y - Y - - - - - - Y";
    CLASS            = "- - - Y - - Y - - - Y - Y - - - - - - Y";
    ACCOUNTS         = "- - - Y - - Y - - - Y i Y - - - - - - Y";
    CREDENTIAL       = "o o Y Y Y Y Y Y Y Y Y Y Y Y o - Y Y Y Y";
    PUPIL_PASSWORDS  = "- - o Y Y Y Y - - - Y - Y - - - - - - Y";
    STAFF_PASSWORDS  = "- - - - Y - Y Y - - X X - - - - - - - X";
    PEOPLE           = "- - o Y Y Y Y - - - Y i Y q - - - - - Y";
    LEAVERS          = "- - - Y - - Y - - - - - Y - - - - - - -";
    MOVE_PUPILS      = "- - - Y Y - Y - - - - X Y - - - - - - X";
    CONFISCATE       = "- - Y Y Y Y Y - - - - - Y - - - - - - -";
    RELEASE          = "- - - Y Y Y Y - - - - - Y - - - - - - -";
    PREPARE_REPORT   = "- - - Y Y - - - - - - - - - - - - Y - -";
    SIGN_REPORT      = "- - - - - - Y - - - - - - - - - - - - -";
    READ_REPORT      = "- - - Y Y - Y a a a - - - a - - a Y a -";
    ASSIGN           = "- - - - - - Y - - - X X - - - - - - - X";
    ASSIGN_GOVERNORS = "- - - - - - - Y - - X X - - - - - - - X";
    REVIEW_ROLES     = "- - - - - - Y Y - - X X - - - - - - - X";
    DELEGATE         = "- - - Y Y - Y Y - - - - - - - - - - - -";
    AUDIT            = "- - - o o - o Y a - X X - Y - - a - - X";
    BREAK_GLASS      = "- - - Y Y Y Y Y - - X X - - - - - - - X";
    EXPORT_PERSON    = "- - - - q - q - - - X X - q - - - - - X";
    BASELINE         = "- - - - - - - - - - - - - - - - - - Y -";
    HOLDERS          = "- - - - - - Y Y - - X X - - - - - - - X";
    KEYS             = "- - - - Y Y Y Y - - X X - - - - Y - - X";
    PLACE_HOLD       = "- - - - Y - Y Y - - X X - Y - - - - - X";
    LIFT_HOLD        = "- - - - - - Y Y - - X X - Y - - - - - X";
    ERASE            = "X X X X X X X X X X X X X q X X X X X X";
    NONE             = "- - - - - - - - - - - - - - - - - - - -";
}

/// The row of an action in a kind of matter. Every pair has one.
pub fn row(action: Action, topic: Topic) -> &'static Row {
    match action {
        Action::ReportConcern | Action::DeclareIllegal => &REPORT,
        Action::SeeOwnReport => &SEE_OWN_REPORT,
        Action::ViewIncident => view(topic),
        Action::TriageIncident | Action::CloseIncident | Action::ReopenIncident | Action::ExportIncident => {
            handle(topic)
        }
        Action::AnnounceIncident => match topic {
            Topic::PupilIncident | Topic::ProtectionIncident => &ANNOUNCE,
            // Of those who work with children nothing is said in public.
            _ => &NONE,
        },
        Action::LiftIllegalHold => lift(topic),
        Action::SuspendPerson => &SUSPEND,
        Action::TightenIncidents => &TIGHTEN,
        Action::RelaxIncidents => &RELAX,
        Action::ReviewCapture => match topic {
            Topic::StaffCapture => &CAPTURE_STAFF,
            Topic::HeadCapture => &CAPTURE_HEAD,
            _ => &CAPTURE_PUPIL,
        },
        Action::MarkFalsePositive => match topic {
            Topic::StaffCapture | Topic::HeadCapture => &FALSE_STAFF,
            _ => &FALSE_PUPIL,
        },
        Action::AllowTopic => &ALLOW_TOPIC,
        Action::RequestUnblock => &REQUEST_UNBLOCK,
        Action::ApproveUnblock => &APPROVE_UNBLOCK,
        Action::ApplyFilterChange | Action::ApplySettings => &APPLY_FILTER,
        Action::EditIllegalList => &NOBODY,
        Action::ReadFilterChanges => &READ_CHANGES,
        Action::LookUpHistory => match topic {
            Topic::PupilHistory => &HISTORY_PUPIL,
            Topic::StaffHistory => &HISTORY_STAFF,
            Topic::HeadHistory => &HISTORY_HEAD,
            _ => &NONE,
        },
        Action::ExportLogs => &EXPORT_LOGS,
        Action::SignAgreement => &SIGN,
        Action::DraftPolicy => &DRAFT,
        Action::ApprovePolicy => &APPROVE_POLICY,
        Action::RecordPaperReturn => &PAPER_RETURN,
        Action::InviteToSign => &INVITE,
        Action::LeadInClass => &LEAD_IN_CLASS,
        Action::SettleAgreement => &SETTLE,
        Action::RecordNotice => &NOTICE,
        Action::ViewAgreements => &AGREEMENTS,
        Action::KeepFromPictures => &PICTURES,
        Action::AskPublication => &PUBLICATION,
        Action::CreateGuestAccount => &GUEST,
        Action::CreateClassAccount => &CLASS,
        Action::ManageAccounts => &ACCOUNTS,
        Action::ReportCredential => &CREDENTIAL,
        Action::IssuePupilPasswords => &PUPIL_PASSWORDS,
        Action::IssueStaffPasswords => &STAFF_PASSWORDS,
        Action::ViewPeople => &PEOPLE,
        Action::AcceptLeavers => &LEAVERS,
        Action::MovePupils => &MOVE_PUPILS,
        Action::ConfiscateDevice => &CONFISCATE,
        Action::ReleaseDevice => &RELEASE,
        Action::PrepareReport => &PREPARE_REPORT,
        Action::SignReport => &SIGN_REPORT,
        Action::ReadReport => &READ_REPORT,
        Action::AssignRoles => &ASSIGN,
        Action::AssignGovernors => &ASSIGN_GOVERNORS,
        Action::ReviewRoles => &REVIEW_ROLES,
        Action::Delegate => &DELEGATE,
        Action::ReadAudit => &AUDIT,
        Action::BreakGlass => match topic {
            Topic::PupilIncident | Topic::ProtectionIncident | Topic::PupilCapture => &BREAK_GLASS,
            _ => &NONE,
        },
        Action::ExportPerson => &EXPORT_PERSON,
        Action::SetBaseline | Action::LoosenBaseline => &BASELINE,
        Action::ManageHolders => &HOLDERS,
        Action::RecoverKey | Action::LocateBreak => &KEYS,
        Action::PlaceHold => &PLACE_HOLD,
        Action::LiftHold => &LIFT_HOLD,
        Action::EraseRecord => &ERASE,
    }
}

fn view(topic: Topic) -> &'static Row {
    match topic {
        Topic::ProtectionIncident => &VIEW_PROTECTION,
        Topic::StaffIncident => &VIEW_STAFF,
        Topic::HeadIncident => &VIEW_HEAD,
        Topic::DslIncident => &VIEW_DSL,
        Topic::CoordinatorIncident => &VIEW_COORDINATOR,
        Topic::ChairIncident => &VIEW_CHAIR,
        // A register of all of them is for those who see those of pupils.
        Topic::Nothing | Topic::PupilIncident => &VIEW_PUPIL,
        _ => &NONE,
    }
}

fn handle(topic: Topic) -> &'static Row {
    match topic {
        Topic::PupilIncident => &HANDLE_PUPIL,
        Topic::ProtectionIncident => &HANDLE_PROTECTED,
        Topic::StaffIncident | Topic::CoordinatorIncident => &HANDLE_STAFF,
        Topic::HeadIncident => &HANDLE_HEAD,
        Topic::DslIncident => &HANDLE_DSL,
        Topic::ChairIncident => &HANDLE_CHAIR,
        _ => &NONE,
    }
}

fn lift(topic: Topic) -> &'static Row {
    match topic {
        Topic::PupilIncident | Topic::ProtectionIncident => &LIFT_PUPIL,
        Topic::StaffIncident | Topic::CoordinatorIncident => &LIFT_STAFF,
        Topic::HeadIncident => &LIFT_HEAD,
        Topic::DslIncident => &LIFT_DSL,
        Topic::ChairIncident => &LIFT_CHAIR,
        _ => &NONE,
    }
}
