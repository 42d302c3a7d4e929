//! Between instants and what the clock at the school shows: Europe/London, whenever clocks change.
//!
//! Each change is known to the end of 2099; from 2100 on clocks are taken to stay on Greenwich Mean Time.

use chrono::{
    DateTime, Days, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Offset as _, TimeDelta, TimeZone as _, Utc,
};
use chrono_tz::Europe::London;

/// What date and time it is at the school, and how far that is from UTC.
///
/// Costs about 30 ns.
///
/// ```
/// use belisha_policy::calendar::local;
///
/// // The same time twice, an hour apart: in the night in which clocks go back.
/// assert_eq!(local("2026-10-25T00:30:00Z".parse()?).to_string(), "2026-10-25 01:30:00 +01:00");
/// assert_eq!(local("2026-10-25T01:30:00Z".parse()?).to_string(), "2026-10-25 01:30:00 +00:00");
/// # Ok::<(), chrono::ParseError>(())
/// ```
pub fn local(at: DateTime<Utc>) -> DateTime<FixedOffset> {
    at.with_timezone(&offset(at))
}

/// How far the clock at the school is from UTC. Nothing, where the local time would be before all that can be written.
pub(super) fn offset(at: DateTime<Utc>) -> FixedOffset {
    let utc = at.naive_utc();
    let offset = London.offset_from_utc_datetime(&utc).fix();
    if utc.checked_add_offset(offset).is_some() { offset } else { Utc.fix() }
}

/// The instant at which the clock at the school shows this.
///
/// - What it shows twice, when clocks go back, is the first of the two: what ends then ends early and not late.
/// - What it never shows, when clocks go forward, is as long after midnight as it is written: 01:30 is the instant that
///   is shown as 02:30.
///
/// ```
/// use belisha_policy::calendar::instant;
///
/// let text = |local: &str| Ok::<_, chrono::ParseError>(instant(local.parse()?).to_string());
/// assert_eq!(text("2026-10-25T01:30:00")?, "2026-10-25 00:30:00 UTC");
/// assert_eq!(text("2026-03-29T01:30:00")?, "2026-03-29 01:30:00 UTC");
/// # Ok::<(), chrono::ParseError>(())
/// ```
pub fn instant(local: NaiveDateTime) -> DateTime<Utc> {
    let offset = London.offset_from_local_datetime(&local).earliest().map(|offset| offset.fix());
    // A day earlier the clocks had not yet gone forward.
    let before = || local.checked_sub_days(Days::new(1)).map(|before| London.offset_from_utc_datetime(&before));
    let offset = offset.or_else(|| before().map(|offset| offset.fix())).unwrap_or_else(|| Utc.fix());
    local.checked_sub_offset(offset).unwrap_or(local).and_utc()
}

/// The instants at which the clock at the school shows this: two in the night in which clocks go back, none for what is
/// left out when they go forward.
pub(crate) fn shown(local: NaiveDateTime) -> impl Iterator<Item = DateTime<Utc>> {
    let offsets = London.offset_from_local_datetime(&local);
    let (first, last) = (offsets.earliest(), offsets.latest());
    let offsets = first.into_iter().chain(last.filter(|_| last != first));
    offsets.filter_map(move |offset| Some(local.checked_sub_offset(offset.fix())?.and_utc()))
}

/// The instant of a day at which the clock at the school is put forward or back.
pub(crate) fn clock_change(day: NaiveDate) -> Option<DateTime<Utc>> {
    // Always at one in the morning, Greenwich Mean Time.
    let at = day.and_hms_opt(1, 0, 0)?.and_utc();
    (offset(at) != offset(at - TimeDelta::seconds(1))).then_some(at)
}

/// The instant at which a day begins at the school.
pub fn start_of(day: NaiveDate) -> DateTime<Utc> {
    instant(day.and_time(NaiveTime::MIN))
}

/// The instant at which a day is over at the school, which is the first of the day after. `until 25 October` means before
/// this.
///
/// ```
/// use belisha_policy::calendar::{end_of, start_of};
///
/// let day = |text: &str| text.parse::<chrono::NaiveDate>();
/// let (october, march) = (day("2026-10-25")?, day("2026-03-29")?);
/// assert_eq!(end_of(october).to_string(), "2026-10-26 00:00:00 UTC");
/// assert_eq!((end_of(october) - start_of(october)).num_hours(), 25);
/// assert_eq!(end_of(march).to_string(), "2026-03-29 23:00:00 UTC");
/// assert_eq!((end_of(march) - start_of(march)).num_hours(), 23);
/// # Ok::<(), chrono::ParseError>(())
/// ```
pub fn end_of(day: NaiveDate) -> DateTime<Utc> {
    day.succ_opt().map_or(DateTime::<Utc>::MAX_UTC, start_of)
}
