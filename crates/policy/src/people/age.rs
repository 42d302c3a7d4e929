//! When a child comes of age.

use chrono::{Datelike, NaiveDate};

/// The age of majority in England and Wales, in years.
const MAJORITY: i32 = 18;

/// The day at whose beginning somebody comes of age: the eighteenth birthday (Family Law Reform Act 1969 s.9). Who was
/// born on 29 February does so on 1 March, where the year has no 29 February.
pub fn comes_of_age(born: NaiveDate) -> Option<NaiveDate> {
    let year = born.year().checked_add(MAJORITY)?;
    NaiveDate::from_ymd_opt(year, born.month(), born.day()).or_else(|| NaiveDate::from_ymd_opt(year, 3, 1))
}

/// Whether somebody is of age on a day. Whose birthday is not known is taken for a child.
pub fn is_of_age(born: Option<NaiveDate>, on: NaiveDate) -> bool {
    born.and_then(comes_of_age).is_some_and(|day| day <= on)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    /// SC-07.
    #[test]
    fn majority_is_reached_on_the_birthday_and_from_the_29th_of_february_on_the_1st_of_march() {
        let born = Some(day("2008-02-29"));
        assert!(!is_of_age(born, day("2026-02-28")));
        assert!(is_of_age(born, day("2026-03-01")));
        assert_eq!(comes_of_age(day("2008-02-28")), Some(day("2026-02-28")));
        assert_eq!(comes_of_age(day("2010-02-28")), Some(day("2028-02-28")));
        assert!(!is_of_age(None, day("2026-03-01")));
    }

    #[test]
    fn nobody_comes_of_age_twice_or_never() {
        let days = day("1990-01-01").iter_days().take(12_000);
        for born in days {
            let of_age = comes_of_age(born).expect("a day");
            assert!(
                !is_of_age(Some(born), of_age.pred_opt().expect("a day")) && is_of_age(Some(born), of_age),
                "{born}"
            );
        }
    }
}
