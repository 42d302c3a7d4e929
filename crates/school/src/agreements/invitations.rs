//! Links by which adults sign who do not sign in: made for one of them, good once and for a time.
//!
//! A link is 130 random bits; what is kept of it is the stream that its digest names. It shows nothing before it was
//! answered when a child was born, or which code the school told. Each answer is written down before it is known whether
//! it was right, so that guesses that are made at once count one by one, and after five wrong ones the link is good no
//! more. What it then shows is what may be shown at that minute: a contact whom an order keeps from a child has no
//! link from the minute in which the order is known.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use belisha_aua::{Invitation, InvitationFact, Issued, Proof, Spent};
use belisha_policy::people::Person;
use belisha_policy::retention::RecordClass;
use belisha_policy::{Action, Permit, PersonId, WrongPermit};
use belisha_store::StreamId;
use belisha_store::journal::{Expected, Recorded};
use belisha_store::keys::Readers;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::acting::AgreementError;
use super::events::AgreementsChanged;
use super::sheet::Families;
use super::writing::{Writing, append, here};
use crate::authority::Authority;
use crate::events::recorded;
use crate::ledger::{Batch, Ledger, LedgerError, Stream};
use crate::letters::{Letters, NotLetters};
use crate::school::School;

recorded! {
    "agreements.invitation" => InvitationChanged,
    "agreements.invited" => Invited,
}

/// Something happened to a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct InvitationChanged {
    pub(super) fact: InvitationFact,
}

/// An adult was given a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Invited {
    /// Its stream.
    #[serde(with = "crate::text")]
    link: StreamId,
}

/// The longest time that a link is good for.
pub const LONGEST: TimeDelta = TimeDelta::days(60);

/// What a link is known by: 26 letters and digits that are not mistaken for each other, 130 bits. Whoever has it has the
/// link.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Secret(Letters<26>);

/// A text that is no secret of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a link ends with 26 letters and digits: look whether the whole of it was typed")]
pub struct SecretError;

impl Secret {
    /// As it stands in an address: small letters, without hyphens.
    pub fn in_address(self) -> String {
        self.0.small()
    }

    pub(super) fn stream(self) -> Stream {
        Stream::agreed(Stream::derived("belisha invitation ", &self.0.small()))
    }
}

/// Never the secret.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// However it is typed.
impl FromStr for Secret {
    type Err = SecretError;

    fn from_str(text: &str) -> Result<Self, SecretError> {
        text.parse().map(Self).map_err(|NotLetters| SecretError)
    }
}

impl Stream {
    fn agreed(id: StreamId) -> Self {
        Self { id, class: RecordClass::AgreementSignature, readers: Readers::School }
    }

    /// Which links somebody was given.
    pub fn invitations_of(person: PersonId) -> Self {
        Self::agreed(Self::derived("belisha invitations of ", &person.to_string()))
    }
}

/// What a link asks before it shows anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// The day on which a child of theirs was born, or, of whoever has no child here, a code.
    Born,
    /// A code.
    Code,
}

/// A link that was made. It is shown once, and known to nobody but whoever is given it.
pub struct Link {
    /// For whom.
    pub adult: PersonId,
    /// What it is known by.
    pub secret: Secret,
    /// To this instant, itself not included.
    pub until: DateTime<Utc>,
    /// The code that they are told by another way, where one is asked.
    pub code: Option<String>,
}

/// Why there is no link.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvitationError {
    /// It is not permitted.
    #[error(transparent)]
    Permit(#[from] WrongPermit),
    /// The time is over, or too long.
    #[error("a link is good for at most {} days, and ends in the future", LONGEST.num_days())]
    Until,
    /// There is nothing that they could sign.
    #[error(
        "there is nothing that {0} could sign by a link: no child of theirs is here for whom it is known that they hold \
         parental responsibility, with no order against them; and whoever has a user name signs in"
    )]
    Nothing(String),
    /// They have no link that is good.
    #[error("they have no link that is good")]
    NoLink,
    /// The link is good no more.
    #[error(transparent)]
    Spent(#[from] Spent),
    /// What was asked was answered wrongly.
    #[error("that is not what the school has. Look again: {left} more tries, then the link is good no more")]
    Wrong {
        /// How many tries there still are.
        left: usize,
    },
    /// Something was not answered.
    #[error("say of each agreement whether you agree")]
    Unanswered,
    /// Agreements.
    #[error(transparent)]
    Agreement(#[from] AgreementError),
    /// The system gives no random bytes.
    #[error("the system gives no random numbers: {0}")]
    Random(#[from] getrandom::Error),
}

impl From<LedgerError> for InvitationError {
    fn from(error: LedgerError) -> Self {
        AgreementError::from(error).into()
    }
}

/// What the code of a link is known by.
pub(super) fn digest(code: &str) -> [u8; 32] {
    Sha256::new().chain_update("belisha invitation code ").chain_update(code).finalize().into()
}

/// A code that is told on the telephone: five letters and digits, 25 bits.
pub(super) type Code = Letters<5>;

/// Makes links: one for each of these adults, which takes the place of one that they had; or, where it cannot be for one of them,
/// none.
///
/// # Errors
/// It is not permitted; there is nothing to sign for one of them; somebody else was faster.
pub fn invite(
    school: &School,
    authority: &Authority,
    permit: &Permit,
    wanted: &[(PersonId, Ask)],
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Vec<Link>, InvitationError> {
    permit.allows(Action::InviteToSign)?;
    if until <= now || now + LONGEST < until {
        return Err(InvitationError::Until);
    }
    let families = Families::at(authority, now);
    let mut writing = Writing::by(permit.actor(), school, authority, now);
    let mut links = Vec::new();
    for (adult, ask) in wanted {
        let person: &Person = &here(authority, *adult, now)?.person;
        if families.sheet(*adult).is_empty() {
            return Err(InvitationError::Nothing(person.name.in_full()));
        }
        let is_asked_by_day = *ask == Ask::Born && families.born(*adult).next().is_some();
        let code = if is_asked_by_day { None } else { Some(Code::random()?) };
        let proof = code.map_or(Proof::Born, |code| Proof::Code(digest(&code.small())));
        let secret = Secret(Letters::random()?);
        let (link, of_adult) = (secret.stream(), Stream::invitations_of(*adult));
        let (last, version) = last(school.ledger(), *adult, now)?;
        if let Some(last) = last {
            last.end(writing.batch())?;
        }
        let fact = InvitationFact::Issued { adult: *adult, until, proof };
        writing.batch().add(&link, Expected::Version(0), &InvitationChanged { fact })?;
        writing.batch().add(&of_adult, Expected::Version(version), &Invited { link: link.id })?;
        writing.invited(*adult);
        links.push(Link { adult: *adult, secret, until, code: code.map(|code| code.to_string()) });
    }
    writing.append()?;
    Ok(links)
}

/// Takes the link of somebody back.
///
/// # Errors
/// It is not permitted; they have none that is good; somebody else was faster.
pub fn take_back(school: &School, permit: &Permit, adult: PersonId, now: DateTime<Utc>) -> Result<(), InvitationError> {
    permit.allows(Action::InviteToSign)?;
    let (last, _) = last(school.ledger(), adult, now)?;
    let mut batch = Batch::new(Some(&permit.actor().to_string()));
    last.ok_or(InvitationError::NoLink)?.end(&mut batch)?;
    Ok(append(school, &batch, now)?)
}

/// A link that was given, as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Given {
    /// To whom.
    pub adult: PersonId,
    /// When.
    pub at: DateTime<Utc>,
    /// Whether it is good, or why not.
    pub standing: Result<Issued, Spent>,
}

/// The last link of everybody who was given one, the oldest first. Costs some tens of microseconds for each.
///
/// # Errors
/// It is not permitted, or the journal cannot be read.
pub fn invitations(ledger: &Ledger, permit: &Permit, now: DateTime<Utc>) -> Result<Vec<Given>, InvitationError> {
    permit.allows(Action::InviteToSign)?;
    let (adults, _) = super::reading::changed(ledger, 0, |changed: AgreementsChanged| changed.invited)?;
    let of_adults = super::reading::told_of(ledger, &adults, Stream::invitations_of, |_| 0)?;
    // The last of each.
    let mut links: BTreeMap<PersonId, StreamId> = BTreeMap::new();
    for (adult, told) in of_adults {
        if let Some(invited) = told.read::<Invited>()? {
            links.insert(adult, invited.body.link);
        }
    }
    // Opened together, which spares a look-up for each.
    let streams: Vec<(StreamId, u64)> = links.values().map(|link| (*link, 0)).collect();
    let mut of: BTreeMap<StreamId, Invitation> = BTreeMap::new();
    for told in ledger.read_own_since(&streams)? {
        if let Some(changed) = told.read::<InvitationChanged>()? {
            of.entry(told.stream).or_default().evolve(told.at, changed.body.fact);
        }
    }
    let given = links.into_iter().filter_map(|(adult, link)| {
        let invitation = of.get(&link)?;
        let (at, _) = invitation.steps().next()?;
        Some(Given { adult, at, standing: invitation.standing(now) })
    });
    let mut given: Vec<Given> = given.collect();
    given.sort_by_key(|given| (given.at, given.adult));
    Ok(given)
}

/// The streams of what somebody signed, of scans, of pictures and of their links, as far as there are any.
pub(crate) fn streams_of(ledger: &Ledger, person: PersonId) -> Result<Vec<Stream>, LedgerError> {
    let mut streams = vec![
        Stream::agreements_of(person),
        Stream::scans_of(person),
        Stream::pictures_of(person),
        Stream::invitations_of(person),
    ];
    for told in ledger.read_own(&Stream::invitations_of(person))? {
        streams.extend(told.read::<Invited>()?.map(|invited| Stream::agreed(invited.body.link)));
    }
    let mut kept = Vec::new();
    for stream in streams {
        if ledger.journal().version(stream.id)? > 0 {
            kept.push(stream);
        }
    }
    Ok(kept)
}

/// What happened to a link, and the version at which its stream is.
pub(super) fn read(ledger: &Ledger, stream: &Stream) -> Result<(Invitation, u64), LedgerError> {
    let (mut invitation, mut version) = (Invitation::default(), 0);
    for told in ledger.read_own(stream)? {
        if let Some(changed) = told.read::<InvitationChanged>()? {
            invitation.evolve(told.at, changed.body.fact);
        }
        version = told.version;
    }
    Ok((invitation, version))
}

/// A link of somebody's that is good.
struct Last {
    stream: Stream,
    version: u64,
}

impl Last {
    fn end(&self, batch: &mut Batch) -> Result<(), LedgerError> {
        let fact = InvitationFact::Ended;
        batch.add(&self.stream, Expected::Version(self.version), &InvitationChanged { fact })
    }
}

/// The last link of somebody, where it is good, and the version at which the stream of their links is.
fn last(ledger: &Ledger, adult: PersonId, now: DateTime<Utc>) -> Result<(Option<Last>, u64), LedgerError> {
    let (mut link, mut version) = (None, 0);
    for told in ledger.read_own(&Stream::invitations_of(adult))? {
        link = told.read::<Invited>()?.map(|invited| invited.body.link).or(link);
        version = told.version;
    }
    let Some(link) = link else { return Ok((None, version)) };
    let stream = Stream::agreed(link);
    let (invitation, of_link) = read(ledger, &stream)?;
    let is_good = invitation.standing(now).is_ok();
    Ok((is_good.then_some(Last { stream, version: of_link }), version))
}
