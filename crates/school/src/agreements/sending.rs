//! Sending a round: to whom links go, and how they get there.

use belisha_policy::PersonId;
use belisha_policy::calendar::local;
use belisha_report::letter::{Asks, Letter, Letters};
use chrono::{DateTime, TimeDelta, Utc};

use super::invitations::Link;
use crate::authority::Authority;
use crate::outbox::{MailError, NotSent, Smtp};
use crate::school::School;
use crate::settings::WrittenInstant;

/// How long a link is good where nobody says so.
const GOOD_FOR: TimeDelta = TimeDelta::days(14);

/// The end of the day in two weeks: how long a link is good where nobody says so.
pub fn two_weeks(now: DateTime<Utc>) -> DateTime<Utc> {
    WrittenInstant::Day(local(now + GOOD_FOR).date_naive()).end()
}

/// To when a link is good, in words: the last minute, and not the first in which it is good no more.
pub fn in_words(until: DateTime<Utc>) -> String {
    local(until - TimeDelta::seconds(1)).format("%A %-d %B %Y, %H:%M").to_string()
}

/// How links get to those for whom they are.
pub struct Sending<'a> {
    school: &'a School,
    authority: &'a Authority,
    console: &'a str,
}

impl<'a> Sending<'a> {
    /// `None` where the settings do not say where people find the console: a link leads there.
    pub fn of(school: &'a School, authority: &'a Authority) -> Option<Self> {
        let console = school.settings().console.as_deref()?.trim_end_matches('/');
        Some(Self { school, authority, console })
    }

    fn address_of(&self, link: &Link) -> String {
        format!("{}/sign/{}", self.console, link.secret.in_address())
    }

    /// Letters to print, each with its link.
    pub fn letters(&self, links: &[Link], until: DateTime<Utc>) -> Letters {
        let name = |adult| self.authority.roll().person(adult).map(|entry| entry.person.name.in_full());
        let letter = |link: &Link| Letter {
            name: name(link.adult).unwrap_or_default(),
            link: self.address_of(link),
            asks: if link.code.is_some() { Asks::Code } else { Asks::Birthday },
        };
        let school = self.school.settings().school.clone();
        Letters { school, until: in_words(until), letters: links.iter().map(letter).collect() }
    }

    /// How mail goes; `None` where the settings do not say.
    ///
    /// # Errors
    /// As [`Smtp::new`].
    pub fn post(&self) -> Result<Option<Smtp>, MailError> {
        self.school.settings().mail.as_ref().map(|mail| Smtp::new(mail, Some(self.console))).transpose()
    }

    /// Sends somebody their link.
    ///
    /// # Errors
    /// They have no address, it did not get there, or nobody knows.
    pub fn mail(&self, post: &Smtp, link: &Link) -> Result<(), NotSent> {
        let address = address(self.authority, link.adult).ok_or(NotSent::Address)?;
        post.invite(address, &self.address_of(link), &in_words(link.until), link.code.is_some())
    }
}

/// Where somebody's mail goes.
pub fn address(authority: &Authority, adult: PersonId) -> Option<&str> {
    authority.roll().person(adult)?.address()
}
