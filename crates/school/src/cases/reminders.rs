//! What of a case is owed to those who handle it: to be told that something new is to be done, that its time is over, and the
//! same once more a working day later. It is in one piece with what happened in the case, so neither is there without the
//! other.
//!
//! What is owed has no content ([`Slip`]). It goes to the holders of the key of the circle and to nobody else, the second
//! word about what is late as well: whoever is above them may be whom the case is about.
//!
//! **Nobody is tipped off.** A stream that is carried on elsewhere goes on reminding: whoever sees that stream alone is
//! told what they would have been told. Those who see where it goes on are told of that, and a slip of its own says so that
//! they are not told of the old stream as well. It moves with the stream that carries on, so that whoever is let into the
//! circle later is not taken for somebody who sees it.

use belisha_incident::{Case, Gap};
use belisha_policy::calendar::{Calendar, Within};
use belisha_store::StreamId;
use belisha_store::journal::TaskId;
use belisha_store::keys::KeyStore;
use chrono::{DateTime, Utc};

use super::circle::Circle;
use super::tasks::first_due;
use crate::ledger::{Batch, Ledger, LedgerError};
use crate::outbox::Slip;

/// What is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Something new is to be done.
    New,
    /// The first of its clocks ran out.
    Late,
    /// That was a working day ago.
    StillLate,
    /// Who can open this stream is not told of the one that it carries on.
    CarriesOn,
}

impl Kind {
    const ALL: [Self; 4] = [Self::New, Self::Late, Self::StillLate, Self::CarriesOn];
}

/// A stream of a case, as far as it was written, and whose it is.
#[derive(Clone, Copy)]
pub(super) struct Reminded<'a> {
    pub(super) stream: StreamId,
    /// The version up to which it was written.
    pub(super) version: u64,
    pub(super) circle: &'a Circle,
    /// The stream that it carries on.
    pub(super) carries_on: Option<StreamId>,
}

/// What is needed to say what is owed.
#[derive(Clone, Copy)]
pub(super) struct Reminders<'a> {
    pub(super) keys: &'a KeyStore,
    pub(super) calendar: &'a Calendar,
    pub(super) now: DateTime<Utc>,
}

impl Reminders<'_> {
    /// Owes what there is to be done in a case that is new to a circle; `is` as it is with that circle then.
    pub(super) fn begin(&self, batch: &mut Batch, is: Reminded<'_>, case: &Case) {
        let turn = Turn::between(self.calendar, None, case);
        self.owe(batch, is, turn);
        if let Some(past) = is.carries_on {
            let slip = Slip::in_place_of(self.keys, past);
            batch.owe(self.id(is, is.version, Kind::CarriesOn), is.circle.key(), self.now, &slip.encode());
        }
    }

    /// Owes what something that happened makes to be done, and settles what it has done; `was` as it was before the next
    /// event, with the same circle.
    pub(super) fn go_on(&self, batch: &mut Batch, was: Reminded<'_>, before: &Case, after: &Case) {
        let turn = Turn::between(self.calendar, Some(before), after);
        if turn.news != News::Same {
            self.settle(batch, was, &[Kind::New]);
        }
        if turn.clock != Clock::Same {
            self.settle(batch, was, &[Kind::Late, Kind::StillLate]);
        }
        self.owe(batch, Reminded { version: was.version + 1, ..was }, turn);
    }

    /// Settles all that is owed to a circle whose case is another's from now on.
    pub(super) fn end(&self, batch: &mut Batch, was: Reminded<'_>) {
        self.settle(batch, was, &Kind::ALL);
    }

    /// Owes to another circle what is still owed to the one whose it was: nobody is told of what they were told of.
    pub(super) fn hand_over(
        &self,
        ledger: &Ledger,
        batch: &mut Batch,
        was: Reminded<'_>,
        to: &Circle,
    ) -> Result<(), LedgerError> {
        let owed = ledger.owed(DateTime::<Utc>::MAX_UTC)?;
        let now = Reminded { circle: to, ..was };
        for kind in Kind::ALL {
            for id in self.ids(was, kind) {
                let Some(owed) = owed.iter().find(|owed| owed.id == id) else { continue };
                let slip = owed.says.as_deref().map_or(&[][..], Vec::as_slice);
                batch.owe(self.id(now, now.version, kind), to.key(), owed.due, slip);
                batch.settle(id);
            }
        }
        Ok(())
    }

    fn owe(&self, batch: &mut Batch, is: Reminded<'_>, turn: Turn) {
        let mut owe = |kind, due| {
            let slip = Slip::remind(self.keys, is.stream);
            batch.owe(self.id(is, is.version, kind), is.circle.key(), due, &slip.encode());
        };
        if turn.news == News::New {
            owe(Kind::New, self.now);
        }
        if let Clock::Runs(until) = turn.clock {
            owe(Kind::Late, until);
            if let Ok(later) = self.calendar.due(Within::WorkingDays(1), until) {
                owe(Kind::StillLate, later);
            }
        }
    }

    fn settle(&self, batch: &mut Batch, was: Reminded<'_>, kinds: &[Kind]) {
        for kind in kinds {
            self.ids(was, *kind).for_each(|id| batch.settle(id));
        }
    }

    /// All ids that may be owed to a circle. When a clock runs out depends on the calendar, and a school changes that: what
    /// was owed is not computed anew, and an id that never was is passed over.
    fn ids<'s>(&'s self, was: Reminded<'s>, kind: Kind) -> impl Iterator<Item = TaskId> + 's {
        (1..=was.version).map(move |version| self.id(was, version, kind))
    }

    /// The same for the same, and for whoever has not the school's key as good as random.
    fn id(&self, of: Reminded<'_>, version: u64, kind: Kind) -> TaskId {
        let (version, kind) = (version.to_be_bytes(), [kind as u8]);
        let parts: [&[u8]; 5] =
            [b"belisha task 1", of.stream.as_bytes(), &version, &kind, of.circle.key().name().as_bytes()];
        let hash = self.keys.fingerprint(&parts);
        TaskId::from_bytes(hash.first_chunk().copied().unwrap_or_default())
    }
}

/// Whether there is something new to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum News {
    New,
    /// There is what there was, or less.
    Same,
    /// There is nothing to be done any more.
    Over,
}

/// When the first clock runs out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Clock {
    Runs(DateTime<Utc>),
    /// When it did before.
    Same,
    /// None runs any more.
    Stopped,
}

/// What becomes of what is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Turn {
    news: News,
    clock: Clock,
}

impl Turn {
    /// From a case as it was, or from none, to what it is.
    fn between(calendar: &Calendar, before: Option<&Case>, after: &Case) -> Self {
        let gaps = after.gaps();
        let known = before.map(Case::gaps).unwrap_or_default();
        let is_new = |gap: &Gap| !known.contains(gap);
        let news = match &gaps[..] {
            [] => News::Over,
            gaps if gaps.iter().any(is_new) => News::New,
            _ => News::Same,
        };
        let due = first_due(calendar, after);
        let clock = match due {
            _ if due == before.and_then(|before| first_due(calendar, before)) => Clock::Same,
            Some(due) => Clock::Runs(due),
            None => Clock::Stopped,
        };
        Self { news, clock }
    }
}

#[cfg(test)]
mod tests {
    use belisha_incident::{Category, Event, Fact, Severity, Track};
    use belisha_policy::PersonId;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// What becomes of what is owed, event by event, from the report of a Monday on.
    fn turns(facts: &[Fact]) -> Vec<Turn> {
        let (by, monday) = (PersonId::from_bytes([1; 16]), at("2026-05-18T09:00:00Z"));
        let reported =
            Fact::Reported { first_known: monday, words: "words".into(), danger: false, says: None, matter: None };
        let (mut case, mut before, mut turns) = (Case::default(), None, Vec::new());
        for fact in [reported].iter().chain(facts) {
            case.evolve(&Event { at: monday, by: Some(by), fact: fact.clone() });
            turns.push(Turn::between(&Calendar::starter(), before.as_ref(), &case));
            before = Some(case.clone());
        }
        turns
    }

    fn sorted(category: &str) -> Fact {
        let category: Category = category.parse().unwrap();
        Fact::Sorted { category, severity: Severity::SameDay, track: Track::Pupils }
    }

    #[test]
    fn a_report_is_new_and_late_when_its_day_is_over() {
        let day_over = Clock::Runs(at("2026-05-18T23:00:00Z"));
        assert_eq!(turns(&[]), [Turn { news: News::New, clock: day_over }]);
    }

    #[test]
    fn what_adds_nothing_to_be_done_changes_nothing() {
        let evidence = Fact::EvidenceNoted { description: "a note".into(), reference: None, digest: None };
        assert_eq!(turns(&[evidence])[1], Turn { news: News::Same, clock: Clock::Same });
        let answered = turns(&[Fact::ReporterAnswered])[1];
        assert_eq!(answered, Turn { news: News::Same, clock: Clock::Same });
    }

    #[test]
    fn sorting_stops_the_first_clock_and_starts_those_of_the_kind() {
        let plain = turns(&[sorted("U8")])[1];
        assert_eq!(plain, Turn { news: News::Same, clock: Clock::Stopped });
        let at_once = turns(&[sorted("S1")])[1];
        assert_eq!(at_once, Turn { news: News::New, clock: Clock::Runs(at("2026-05-18T09:15:00Z")) });
        // Due when it was before: whoever was told that it is late is not told again.
        let same_day = turns(&[sorted("U2")])[1];
        assert_eq!(same_day, Turn { news: News::New, clock: Clock::Same });
    }

    #[test]
    fn suspicion_is_new_and_due_at_once() {
        let first_seen = at("2026-05-18T08:00:00Z");
        let held = turns(&[Fact::Suspected { first_seen }])[1];
        assert_eq!(held, Turn { news: News::New, clock: Clock::Runs(at("2026-05-18T08:15:00Z")) });
    }

    #[test]
    fn what_is_closed_is_over_and_what_is_open_again_is_new() {
        let facts = [sorted("U8"), Fact::Closed, Fact::Reopened { reason: "it goes on".into() }];
        let turns = turns(&facts);
        assert_eq!(turns[2].news, News::Over);
        assert_eq!(turns[3].news, News::New);
    }
}
