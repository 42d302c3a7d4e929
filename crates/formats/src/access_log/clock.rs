//! Times as people and products write them.

use chrono::{DateTime, Duration, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Utc};

use super::bytes::{cut, epoch, number, word};
use super::line::When;

/// Which comes first where a date is three numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DateOrder {
    /// The day, as in the United Kingdom.
    #[default]
    DayFirst,
    /// The month, as in America.
    MonthFirst,
}

const MONTHS: [&[u8; 3]; 12] =
    [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];

/// The month of this name, or of its first three letters.
pub(super) fn month(name: &[u8]) -> Option<u32> {
    if !name.iter().all(u8::is_ascii_alphabetic) {
        return None;
    }
    let start = name.get(..3)?;
    let place = MONTHS.iter().position(|month| start.eq_ignore_ascii_case(*month))?;
    u32::try_from(place + 1).ok()
}

/// `22:08`, `22:08:13`, `22:08:13.123`.
pub(super) fn clock(text: &[u8]) -> Option<NaiveTime> {
    let mut parts = text.splitn(3, |byte| *byte == b':');
    let hour = small(parts.next()?)?;
    let minute = small(parts.next()?)?;
    let (second, fraction) = parts.next().map_or((&b"0"[..], &b""[..]), |second| cut(second, b'.'));
    let mut millis = 0;
    for place in 0..3 {
        let digit = fraction.get(place).unwrap_or(&b'0');
        millis = millis * 10 + u32::from(digit.is_ascii_digit().then(|| digit - b'0')?);
    }
    let second = small(second)?;
    // A leap second is the last of its minute.
    NaiveTime::from_hms_milli_opt(hour, minute, if second == 60 { 59 } else { second }, millis)
}

fn small(digits: &[u8]) -> Option<u32> {
    if digits.len() > 2 { None } else { number(digits).and_then(|number| u32::try_from(number).ok()) }
}

/// `2025.09.03 09:02:49` as e2guardian writes it, in its older versions without zeros in front; and behind it the
/// seconds since 1970 where that is switched on.
pub(super) fn e2guardian(text: &[u8]) -> Option<When> {
    let mut rest = text;
    let day = dotted(word(&mut rest))?;
    let time = clock(word(&mut rest))?;
    let rest = rest.trim_ascii();
    if rest.is_empty() { Some(When::Local(day.and_time(time))) } else { epoch(rest) }
}

fn dotted(text: &[u8]) -> Option<NaiveDate> {
    let mut parts = text.split(|byte| *byte == b'.');
    let year = parts.next().filter(|year| year.len() == 4)?;
    let day = NaiveDate::from_ymd_opt(i32::try_from(number(year)?).ok()?, small(parts.next()?)?, small(parts.next()?)?);
    parts.next().is_none().then_some(day).flatten()
}

/// `21/Aug/2025:22:08:13 +0100`.
pub(super) fn common(text: &[u8]) -> Option<When> {
    let (stamp, zone) = cut(text, b' ');
    let (date, time) = cut(stamp, b':');
    let mut parts = date.split(|byte| *byte == b'/');
    let (day, name, year) = (parts.next()?, parts.next()?, parts.next()?);
    let date = NaiveDate::from_ymd_opt(i32::try_from(number(year)?).ok()?, month(name)?, small(day)?)?;
    at_offset(date.and_time(clock(time)?), zone)
}

/// The instant at which a clock that is so far from Greenwich says so.
fn at_offset(clock: NaiveDateTime, zone: &[u8]) -> Option<When> {
    let offset = offset(zone)?;
    clock.and_local_timezone(offset).single().map(|at| When::Instant(at.with_timezone(&Utc)))
}

/// `Z`, `UTC`, `GMT`, `+0100`, `+01:00`, `+01`.
fn offset(zone: &[u8]) -> Option<FixedOffset> {
    if matches!(zone, b"Z" | b"z" | b"UTC" | b"GMT") {
        return FixedOffset::east_opt(0);
    }
    let (sign, digits) = zone.split_first()?;
    let (hours, minutes) = digits.split_at_checked(2)?;
    let minutes = minutes.strip_prefix(b":").unwrap_or(minutes);
    let minutes = if minutes.is_empty() { 0 } else { small(minutes).filter(|minutes| *minutes < 60)? };
    let seconds = i32::try_from(small(hours)? * 3600 + minutes * 60).ok()?;
    match sign {
        b'+' => FixedOffset::east_opt(seconds),
        b'-' => FixedOffset::west_opt(seconds),
        _ => None,
    }
}

/// A day: `2025-09-03`, `2025/09/03`, `03/09/2025`, `03-09-25`, `3 Sep 2025`, `Sep 3, 2025`, with or without the day
/// of the week.
pub(crate) fn date(text: &[u8], order: DateOrder) -> Option<NaiveDate> {
    let parts = parts(text)?;
    let (year, month, day) = match parts {
        [Part::Year(year), Part::Small(month) | Part::Month(month), Part::Small(day)]
        | [Part::Small(day), Part::Month(month), Part::Year(year)]
        | [Part::Month(month), Part::Small(day), Part::Year(year)] => (year, month, day),
        [Part::Small(first), Part::Small(second), Part::Year(year)] => in_order(order, first, second, year),
        [Part::Small(first), Part::Small(second), Part::Small(year)] => in_order(order, first, second, 2000 + year),
        [Part::Small(day), Part::Month(month), Part::Small(year)] => (2000 + year, month, day),
        _ => return None,
    };
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}

/// Year, month and day.
fn in_order(order: DateOrder, first: u32, second: u32, year: u32) -> (u32, u32, u32) {
    match order {
        DateOrder::DayFirst => (year, second, first),
        DateOrder::MonthFirst => (year, first, second),
    }
}

#[derive(Clone, Copy, Default)]
enum Part {
    Year(u32),
    Small(u32),
    Month(u32),
    #[default]
    None,
}

fn parts(text: &[u8]) -> Option<[Part; 3]> {
    let mut found = [Part::None; 3];
    let mut places = found.iter_mut();
    let separators = |byte: &u8| matches!(byte, b'-' | b'/' | b'.' | b' ' | b',');
    for part in text.split(separators).filter(|part| !part.is_empty()) {
        let part = if let Some(month) = month(part) {
            Part::Month(month)
        } else if is_weekday(part) {
            continue;
        } else if part.len() == 4 {
            Part::Year(u32::try_from(number(part)?).ok()?)
        } else {
            Part::Small(small(part.strip_suffix(b"st").or(part.strip_suffix(b"th")).unwrap_or(part))?)
        };
        *places.next()? = part;
    }
    Some(found)
}

fn is_weekday(part: &[u8]) -> bool {
    let days = [&b"mon"[..], b"tue", b"wed", b"thu", b"fri", b"sat", b"sun"];
    part.get(..3).is_some_and(|start| days.iter().any(|day| start.eq_ignore_ascii_case(day)))
}

/// The two numbers in front of a year, where a date is three numbers: what tells which order it has.
pub(super) fn numbers(text: &[u8]) -> Option<(u32, u32)> {
    let (text, _) = split(text)?;
    match parts(text)? {
        [Part::Small(first), Part::Small(second), Part::Year(_) | Part::Small(_)] => Some((first, second)),
        _ => None,
    }
}

/// A date and a time of the day, with or without how far from Greenwich; or seconds or milliseconds since 1970.
pub(crate) fn written(text: &[u8], order: DateOrder) -> Option<When> {
    if text.len() == 13 && text.iter().all(u8::is_ascii_digit) {
        let millis = i64::try_from(number(text)?).ok()?;
        return DateTime::<Utc>::from_timestamp_millis(millis).map(When::Instant);
    }
    if let Some(at) = epoch(text) {
        return Some(at);
    }
    let (day, time) = split(text)?;
    let (time, zone) = time_of_day(time)?;
    let clock = date(day, order)?.and_time(time);
    if zone.is_empty() { Some(When::Local(clock)) } else { at_offset(clock, zone) }
}

/// The day in front of the time.
fn split(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = memchr::memchr(b':', text)?;
    let before = text.get(..colon)?;
    let digits = before.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let (day, time) = text.split_at_checked(colon - digits)?;
    let day = day.trim_ascii();
    Some((day.strip_suffix(b"T").unwrap_or(day), time))
}

/// `9:02:49`, `09:02:49.123Z`, `9:02 PM`, `09:02:49+01:00`: and the zone, empty where none is said.
pub(crate) fn time_of_day(text: &[u8]) -> Option<(NaiveTime, &[u8])> {
    let end = text.iter().position(|byte| !byte.is_ascii_digit() && !matches!(byte, b':' | b'.')).unwrap_or(text.len());
    let (time, rest) = text.split_at_checked(end)?;
    let mut time = clock(time)?;
    let mut rest = rest.trim_ascii();
    for (letters, shift) in [(b"am", 0), (b"pm", 12)] {
        let Some(half) = rest.get(..2) else { continue };
        if half.eq_ignore_ascii_case(letters) {
            let (from_noon, _) = time.overflowing_sub_signed(Duration::hours(12));
            // Twelve is the hour before one.
            let twelve = time >= NaiveTime::from_hms_opt(12, 0, 0)?;
            if twelve && time >= NaiveTime::from_hms_opt(13, 0, 0)? {
                return None;
            }
            time = (if twelve { from_noon } else { time }).overflowing_add_signed(Duration::hours(shift)).0;
            rest = rest.get(2..)?.trim_ascii();
            break;
        }
    }
    Some((time, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(when: Option<When>) -> String {
        match when {
            Some(When::Instant(at)) => at.format("%F %T%.3f UTC").to_string(),
            Some(When::Local(clock)) => clock.format("%F %T").to_string(),
            None => "none".into(),
        }
    }

    #[test]
    fn times_in_tables_are_read_as_people_write_them() {
        for (text, expected) in [
            ("2025-09-03 09:02:49", "2025-09-03 09:02:49"),
            ("2025-09-03T09:02:49Z", "2025-09-03 09:02:49.000 UTC"),
            ("2025-09-03T09:02:49.250+01:00", "2025-09-03 08:02:49.250 UTC"),
            ("03/09/2025 09:02", "2025-09-03 09:02:00"),
            ("03/09/25 21:02:49", "2025-09-03 21:02:49"),
            ("3 Sep 2025 9:02:49 PM", "2025-09-03 21:02:49"),
            ("Wed Sep 3, 2025, 12:02:49 am", "2025-09-03 00:02:49"),
            ("September 3, 2025 12:02:49 PM", "2025-09-03 12:02:49"),
            ("03-Sep-2025 09:02:49", "2025-09-03 09:02:49"),
            ("1756890169", "2025-09-03 09:02:49.000 UTC"),
            ("1756890169793", "2025-09-03 09:02:49.793 UTC"),
            ("2025-09-03 09:02:49 UTC", "2025-09-03 09:02:49.000 UTC"),
            ("31/02/2025 09:02", "none"),
            ("13/13/2025 09:02", "none"),
            ("03/09/2025 25:02", "none"),
            ("03/09/2025 13:02 pm", "none"),
            ("03/09/2025", "none"),
            ("yesterday", "none"),
            ("", "none"),
            (":", "none"),
        ] {
            assert_eq!(told(written(text.as_bytes(), DateOrder::DayFirst)), expected, "{text}");
        }
        assert_eq!(told(written(b"09/03/2025 09:02", DateOrder::MonthFirst)), "2025-09-03 09:02:00");
    }

    #[test]
    fn times_of_e2guardian_and_of_common_logs_are_read() {
        assert_eq!(told(e2guardian(b"2025.09.03 09:02:49")), "2025-09-03 09:02:49");
        assert_eq!(told(e2guardian(b"2017.1.20 7:28:23")), "2017-01-20 07:28:23");
        assert_eq!(told(e2guardian(b"2025.09.03 10:02:49 1756890169.793")), "2025-09-03 09:02:49.793 UTC");
        assert_eq!(told(e2guardian(b"2025.09.03")), "none");
        assert_eq!(told(common(b"21/Aug/2025:22:08:13 +0100")), "2025-08-21 21:08:13.000 UTC");
        assert_eq!(told(common(b"21/Aug/2025:22:08:13 -0530")), "2025-08-22 03:38:13.000 UTC");
        assert_eq!(told(common(b"21/Aug/2025:22:08:13")), "none");
    }
}
