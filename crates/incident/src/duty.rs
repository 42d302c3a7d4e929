//! Whom a school has to tell, and by when.

use belisha_policy::calendar::Within;
use belisha_policy::named;

/// Whom something is owed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Body {
    /// The head.
    Head,
    /// The chair of governors.
    Chair,
    /// The designated safeguarding lead.
    Dsl,
    /// The network manager.
    NetworkManager,
    /// The data protection officer.
    Dpo,
    /// The police.
    Police,
    /// Counter-terrorism policing.
    CounterTerrorism,
    /// The Internet Watch Foundation: about an address that the public can reach, and nothing else (decisions 21).
    Iwf,
    /// The local authority.
    LocalAuthority,
    /// The local authority's designated officer, about adults who work with children.
    Lado,
    /// CEOP.
    Ceop,
    /// Children's social care.
    SocialCare,
    /// The Prevent lead.
    Prevent,
    /// Mental health services for children.
    Camhs,
    /// The Information Commissioner.
    Ico,
    /// Report Fraud.
    ReportFraud,
    /// The Disclosure and Barring Service, about adults who are not to work with children.
    Dbs,
    /// The Teaching Regulation Agency.
    Tra,
    /// The child-protection file, where another system has it (decisions 13).
    ProtectionFile,
}

named! { Body, "body":
    Head = "head", "The head";
    Chair = "chair", "The chair of governors";
    Dsl = "dsl", "The designated safeguarding lead";
    NetworkManager = "network-manager", "The network manager";
    Dpo = "dpo", "The data protection officer";
    Police = "police", "The police";
    CounterTerrorism = "counter-terrorism", "Counter-terrorism policing";
    Iwf = "iwf", "The Internet Watch Foundation";
    LocalAuthority = "local-authority", "The local authority";
    Lado = "lado", "The local authority designated officer (LADO)";
    Ceop = "ceop", "CEOP";
    SocialCare = "social-care", "Children's social care";
    Prevent = "prevent", "The Prevent lead";
    Camhs = "camhs", "Mental health services for children";
    Ico = "ico", "The Information Commissioner";
    ReportFraud = "report-fraud", "Report Fraud";
    Dbs = "dbs", "The Disclosure and Barring Service";
    Tra = "tra", "The Teaching Regulation Agency";
    ProtectionFile = "protection-file", "The child-protection file"
}

impl Body {
    /// Whether it is at the school: telling it is no notice that leaves the house.
    pub fn is_inside(self) -> bool {
        matches!(self, Self::Head | Self::Chair | Self::Dsl | Self::NetworkManager | Self::Dpo)
    }
}

/// When a duty is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum When {
    /// Whenever there is such an incident.
    Always,
    /// Where an adult who works with children is the subject.
    AdultIsSubject,
    /// Where a pupil is involved.
    PupilIsInvolved,
    /// Where whoever leads safeguarding judges it so; the words say what is judged.
    Judged(&'static str),
}

/// That somebody has to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Duty {
    /// Who.
    pub body: Body,
    /// In which cases.
    pub when: When,
    /// Within how long; owed from the beginning, and overdue afterwards.
    pub within: Within,
}

impl Duty {
    pub(crate) const fn always(body: Body, within: Within) -> Self {
        Self { body, when: When::Always, within }
    }

    /// What is judged, where it depends on that whether it is there.
    pub fn judged(&self) -> Option<&'static str> {
        match self.when {
            When::Judged(what) => Some(what),
            When::Always | When::AdultIsSubject | When::PupilIsInvolved => None,
        }
    }

    pub(crate) const fn when(self, when: When) -> Self {
        Self { when, ..self }
    }
}

/// Whether the parents of a child are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Parents {
    /// They are, unless that puts the child at risk.
    Told,
    /// Not before police or social care advise it.
    OnAdvice,
    /// Where the risk to people is high.
    WhereRiskIsHigh,
    /// Where it happens again and again.
    WherePersistent,
    /// As a rule they are not.
    NotAsARule,
}
