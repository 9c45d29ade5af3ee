//! Chinese workdays: legal holidays and the weekends that are worked for them, out of `tyme4rs`, which holds what the
//! State Council announced. A year that nobody has announced yet has its weekends and the fixed days: 1 January, 1 and
//! 2 May, 1 to 3 October.

use std::collections::HashMap;
use std::sync::LazyLock;

use jiff::civil::{Date, Weekday};
use tyme4rs::tyme::holiday::LEGAL_HOLIDAY_DATA;

/// Days that are not as their weekday says: whether they are worked. A record of the data has 13 characters, the day
/// first, then 0 for a weekend that is worked and 1 for a day off.
static KNOWN: LazyLock<HashMap<Date, bool>> = LazyLock::new(|| {
    LEGAL_HOLIDAY_DATA
        .as_bytes()
        .chunks(13)
        .filter_map(|record| {
            let text = std::str::from_utf8(record).ok()?;
            let number = |from: usize, to: usize| text.get(from..to)?.parse::<i16>().ok();
            let day = Date::new(number(0, 4)?, number(4, 6)? as i8, number(6, 8)? as i8).ok()?;
            Some((day, text.get(8..9)? == "0"))
        })
        .collect()
});

/// The last year that is announced.
pub static LAST_YEAR: LazyLock<i16> =
    LazyLock::new(|| KNOWN.keys().map(|day| day.year()).max().unwrap_or(0));

/// Whether a day `YYYY-MM-DD` is a workday in China.
pub fn is_workday(day: &str) -> bool {
    day.parse::<Date>().is_ok_and(works)
}

fn works(day: Date) -> bool {
    if let Some(works) = KNOWN.get(&day) {
        return *works;
    }
    let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    let fixed = matches!((day.month(), day.day()), (1, 1) | (5, 1 | 2) | (10, 1..=3));
    !weekend && (day.year() <= *LAST_YEAR || !fixed)
}

/// The day that lies `days` workdays after another (before it, if negative); 0 is the day itself, or the next workday.
pub fn shift(day: &str, days: i64) -> String {
    let Ok(mut at) = day.parse::<Date>() else {
        return day.to_owned();
    };
    let step = |at: Date, forward: bool| {
        if forward {
            at.tomorrow()
        } else {
            at.yesterday()
        }
        .unwrap_or(at)
    };
    if days == 0 {
        while !works(at) {
            at = step(at, true);
        }
        return at.to_string();
    }
    let mut left = days.abs();
    while left > 0 {
        at = step(at, days > 0);
        if works(at) {
            left -= 1;
        }
    }
    at.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holidays_are_those_that_were_announced() {
        assert_eq!(LEGAL_HOLIDAY_DATA.len() % 13, 0);
        assert!(*LAST_YEAR >= 2026);
        // The State Council's notice on 2026: 15 to 23 February off, 14 and 28 February worked.
        assert!(is_workday("2026-02-14"));
        assert!(!is_workday("2026-02-16"));
        assert!(!is_workday("2026-10-01"));
        assert!(!is_workday("2026-11-28"));
        assert!(is_workday("2026-11-26"));
        assert!(!is_workday("nonsense"));
    }

    #[test]
    fn workdays_are_counted_over_holidays() {
        assert_eq!(shift("2026-11-27", 1), "2026-11-30");
        assert_eq!(shift("2026-11-30", -1), "2026-11-27");
        assert_eq!(shift("2026-11-28", 0), "2026-11-30");
        assert_eq!(shift("2026-09-30", 1), "2026-10-08");
        let beyond = format!("{}-10-01", *LAST_YEAR + 1);
        assert!(
            !is_workday(&beyond),
            "a year that is not announced has its fixed days"
        );
    }
}
