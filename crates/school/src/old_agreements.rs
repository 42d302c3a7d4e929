//! Who agreed to what, as it stands in a list of the year before: brought in by a person who may, as what was signed in another
//! system.
//!
//! Nobody is guessed: a line that may be about two people, or a parent who may be either, is left out and named by its number.
//! What is brought counts from when it is brought, and undoes nothing that somebody said here; a list that is given again adds
//! nothing. That somebody says no to pictures is taken even where the rest of its line is left out.

mod fault;
mod field;
mod judge;
mod plan;
mod whom;

use belisha_aua::Key;
use belisha_formats::mapped::{self, Mapped};
use belisha_policy::Permit;
use chrono::{DateTime, NaiveDate, Utc};

pub use self::fault::{But, Complaint, Fault};
pub use self::field::{Field, UnknownField};
pub use crate::old_incidents::Complaints;

use self::plan::{Plan, plan};
use crate::agreements::{AgreementError, Pictures, act, act_on_all_pictures};
use crate::authority::Authority;
use crate::ledger::LedgerError;
use crate::school::School;

/// People of whom something is written in one piece.
const AT_ONCE: usize = 250;

/// Which column holds what, as somebody said it.
pub type Mapping = mapped::Mapping<Field>;
/// A list that was refused as a whole.
pub type Refused = mapped::Refused<Field>;

/// Why a list was not imported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportAgreementsError {
    /// It says who signed and nowhere what.
    #[error("which agreement they signed is not said: give it with --document, or its column with --map document")]
    NoDocument,
    /// Too many lines cannot be used.
    #[error(
        "{bad} lines of {lines} cannot be used, more than 2 %, the first because of {first}. Mend it and import again, or say --accept-complaints once you have seen which they are"
    )]
    TooBad {
        /// How many.
        bad: usize,
        /// Of how many.
        lines: usize,
        /// What is wrong with the first.
        first: Box<Complaint>,
    },
    /// It is not permitted, or somebody else was faster.
    #[error(transparent)]
    Agreement(#[from] AgreementError),
    /// The journal.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Reads a list: by headings that are known, and by a mapping.
///
/// # Errors
/// It is damaged, empty, or nobody or nothing is said in it.
pub fn read(name: &str, bytes: &[u8], mapping: &Mapping) -> Result<Mapped<Field>, Refused> {
    Mapped::read(name, bytes, mapping, field::KNOWN)
}

/// The school as whoever imports sees it.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    /// The school.
    pub school: &'a School,
    /// Its people and what they have agreed to.
    pub authority: &'a Authority,
    /// That whoever imports may write down what came back on paper.
    pub permit: &'a Permit,
    /// The instant.
    pub now: DateTime<Utc>,
}

/// A list, and what is known of it beside what stands in it.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// The list.
    pub list: &'a Mapped<Field>,
    /// The name of the file.
    pub name: &'a str,
    /// The agreement, where a line does not say it.
    pub document: Option<&'a Key>,
    /// The edition of those that are signed anew, where a line does not say it; the newest where nothing does.
    pub edition: Option<u32>,
    /// The day on which whoever signed did, where a line says only that they did.
    pub dated: Option<NaiveDate>,
    /// Why a parent may sign of whom it is not known whether they hold parental responsibility.
    pub because: Option<&'a str>,
}

/// What a line adds, without a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// Its line.
    pub line: u64,
    /// When the pupil or adult signed.
    pub own: Option<NaiveDate>,
    /// When a parent did.
    pub parent: Option<NaiveDate>,
    /// How many answers about pictures are yes, and how many no.
    pub answers: [usize; 2],
}

/// What came of a list, or would come of it.
#[derive(Clone, Debug, Default)]
pub struct ImportedAgreements {
    /// Lines below the headings.
    pub lines: usize,
    /// Lines that were left out.
    pub complaints: Vec<Complaint>,
    /// Lines that add something.
    pub new: usize,
    /// Lines of which everything is here already.
    pub before: usize,
    /// Lines that say what another line of the list says.
    pub twice: usize,
    /// Lines by which nobody has signed or answered.
    pub unsigned: usize,
    /// Signatures of pupils and adults for themselves that are added.
    pub own: usize,
    /// Signatures of parents that are added.
    pub parents: usize,
    /// Answers about pictures that are added: yes, and no.
    pub answers: [usize; 2],
    /// The first lines that add something.
    pub first: Vec<Shown>,
}

/// Is told how much is written, and how much there is.
pub type AgreementsProgress<'a> = &'a mut dyn FnMut(usize, usize);

/// Says what importing a list would do; changes nothing.
///
/// # Errors
/// Too many lines cannot be used, it is not said what was signed, or the journal cannot be read.
pub fn look(
    desk: Desk<'_>,
    source: Source<'_>,
    complaints: Complaints,
) -> Result<ImportedAgreements, ImportAgreementsError> {
    let pictures = Pictures::load(desk.school.ledger())?;
    Ok(plan(desk, &pictures, source, complaints)?.done)
}

/// Brings a list into a school. Everything is judged before anything is written.
///
/// # Errors
/// As [`look`]; or somebody else changed the same meanwhile. What was written by then is whole.
pub fn import(
    desk: Desk<'_>,
    source: Source<'_>,
    complaints: Complaints,
    progress: AgreementsProgress<'_>,
) -> Result<ImportedAgreements, ImportAgreementsError> {
    let Desk { school, permit, now, .. } = desk;
    let mut pictures = Pictures::load(school.ledger())?;
    let Plan { done, signatures, answers } = plan(desk, &pictures, source, complaints)?;
    let (mut authority, of, mut written) = (desk.authority.clone(), signatures.len() + answers.len(), 0);
    progress(written, of);
    // What came before is seen by what comes after it: of one person there may be several things.
    for some in signatures.chunks(AT_ONCE) {
        act(school, &authority, permit, some.iter().cloned().map(Into::into).collect(), now)?;
        authority.follow(school.ledger())?;
        written += some.len();
        progress(written, of);
    }
    for some in answers.chunks(AT_ONCE) {
        act_on_all_pictures(school, &authority, &pictures, permit, some.to_vec(), now)?;
        pictures = Pictures::load(school.ledger())?;
        written += some.len();
        progress(written, of);
    }
    Ok(done)
}
