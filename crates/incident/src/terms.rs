//! What differs from school to school: what kind it is, where its child-protection file is, and what it takes for worse, or for
//! less bad, than the table.

use alloc::collections::BTreeMap;
use alloc::string::String;

use belisha_policy::PersonId;
use belisha_policy::directory::SchoolKind;

use crate::category::Category;
use crate::file::CpRecord;
use crate::severity::Severity;

/// On what terms a school handles incidents. Taking one for worse is free; taking one for less bad needs the head's reason.
///
/// ```
/// use belisha_incident::{Category, Severity, Terms};
///
/// let mut terms = Terms::default();
/// terms.tighten(Category::Games, Severity::NextSchoolDay).unwrap();
/// assert_eq!(terms.severity(Category::Games), Severity::NextSchoolDay);
/// assert!(terms.tighten(Category::Grooming, Severity::Weekly).is_err());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    kind: SchoolKind,
    cp_record: CpRecord,
    severities: BTreeMap<Category, Severity>,
    relaxed: BTreeMap<Category, Relaxed>,
}

/// Why a kind of incident is taken for less bad than the table has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relaxed {
    /// The head who decided so.
    pub by: PersonId,
    /// Why.
    pub reason: String,
}

/// It is less than the table has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is {least} at least: the head may say why it is less here", least = .0.severity().number())]
pub struct IsLess(Category);

impl Terms {
    /// Those of a school of a kind, which takes everything as the table has it.
    pub fn of(kind: SchoolKind) -> Self {
        Self { kind, ..Self::default() }
    }

    /// The same where the child-protection file is somewhere.
    #[must_use]
    pub fn with_cp_record(self, cp_record: CpRecord) -> Self {
        Self { cp_record, ..self }
    }

    /// Where the child-protection file is.
    pub fn cp_record(&self) -> CpRecord {
        self.cp_record
    }

    /// What kind of school it is.
    pub fn kind(&self) -> SchoolKind {
        self.kind
    }

    /// Takes a kind of incident for worse, or for as bad as the table has it.
    ///
    /// # Errors
    /// It is less: [`relax`](Self::relax) takes the head's reason.
    pub fn tighten(&mut self, category: Category, to: Severity) -> Result<(), IsLess> {
        if to < category.severity() {
            return Err(IsLess(category));
        }
        self.relaxed.remove(&category);
        self.severities.insert(category, to);
        Ok(())
    }

    /// Takes a kind of incident for less bad. What is held on suspicion stays as bad as it is.
    ///
    /// # Errors
    /// It cannot be less, or there is no reason.
    pub fn relax(&mut self, category: Category, to: Severity, because: Relaxed) -> Result<(), IsLess> {
        if category.is_held_when_suspected() || because.reason.trim().is_empty() {
            return Err(IsLess(category));
        }
        self.severities.insert(category, to);
        self.relaxed.insert(category, because);
        Ok(())
    }

    /// How bad it is here.
    pub fn severity(&self, category: Category) -> Severity {
        self.severities.get(&category).copied().unwrap_or_else(|| category.severity())
    }

    /// What is taken for less bad, and why.
    pub fn relaxed(&self) -> impl Iterator<Item = (Category, &Relaxed)> {
        self.relaxed.iter().map(|(category, relaxed)| (*category, relaxed))
    }
}
