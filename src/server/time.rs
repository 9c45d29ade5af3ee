//! The clock and the days of the configured time zone.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// Milliseconds of a minute, an hour and a day.
pub const MINUTE: i64 = 60_000;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

/// Now, in epoch milliseconds.
pub fn now() -> i64 {
    Timestamp::now().as_millisecond()
}

/// The configured time zone.
#[derive(Debug, Clone)]
pub struct Zone(TimeZone);

impl Zone {
    /// The zone of an IANA name.
    pub fn named(name: &str) -> Result<Zone, String> {
        TimeZone::get(name)
            .map(Zone)
            .map_err(|e| format!("time_zone {name}: {e}"))
    }

    /// The day of an instant, as `YYYY-MM-DD`.
    pub fn day(&self, at: i64) -> String {
        self.date(at).to_string()
    }

    /// The day and minute of an instant, as `YYYY-MM-DD HH:MM`.
    pub fn minute(&self, at: i64) -> String {
        let zoned = self.stamp(at).to_zoned(self.0.clone());
        zoned.strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// The minute of an instant as a form's `datetime-local` holds it: `YYYY-MM-DDTHH:MM`.
    pub fn local(&self, at: i64) -> String {
        let zoned = self.stamp(at).to_zoned(self.0.clone());
        zoned.strftime("%Y-%m-%dT%H:%M").to_string()
    }

    /// The instant of such a minute, in epoch milliseconds.
    pub fn moment(&self, text: &str) -> Option<i64> {
        let at: jiff::civil::DateTime = text.parse().ok()?;
        Some(
            at.to_zoned(self.0.clone())
                .ok()?
                .timestamp()
                .as_millisecond(),
        )
    }

    /// The day and second of an instant.
    pub fn second(&self, at: i64) -> String {
        self.stamp(at)
            .to_zoned(self.0.clone())
            .strftime("%Y-%m-%d %H:%M:%S")
            .to_string()
    }

    /// The hour of an instant, 0 to 23.
    pub fn hour(&self, at: i64) -> i8 {
        self.stamp(at).to_zoned(self.0.clone()).hour()
    }

    /// Today.
    pub fn today(&self) -> String {
        self.day(now())
    }

    /// The first instant of a day `YYYY-MM-DD`, in epoch milliseconds.
    pub fn start_of(&self, day: &str) -> Option<i64> {
        let date: Date = day.parse().ok()?;
        Some(
            date.to_zoned(self.0.clone())
                .ok()?
                .timestamp()
                .as_millisecond(),
        )
    }

    fn date(&self, at: i64) -> Date {
        self.stamp(at).to_zoned(self.0.clone()).date()
    }

    fn stamp(&self, at: i64) -> Timestamp {
        Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// A day `YYYY-MM-DD` moved by `days`; what is not a day comes back as it was.
pub fn shift_day(day: &str, days: i64) -> String {
    day.parse::<Date>()
        .ok()
        .and_then(|d| d.checked_add(days.days()).ok())
        .map_or_else(|| day.into(), |d| d.to_string())
}

/// All days from `from` to `to`, both included; at most 400.
pub fn days_between(from: &str, to: &str) -> Vec<String> {
    let (Ok(from), Ok(to)) = (from.parse::<Date>(), to.parse::<Date>()) else {
        return Vec::new();
    };
    from.series(1.day())
        .take_while(|d| *d <= to)
        .take(400)
        .map(|d| d.to_string())
        .collect()
}

/// Whether a text is a day `YYYY-MM-DD`.
pub fn is_day(text: &str) -> bool {
    text.len() == 10 && text.parse::<Date>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_zone() {
        let zone = Zone::named("Asia/Shanghai").expect("the zone is known");
        let at = zone.start_of("2026-09-01").expect("a day");
        assert_eq!(zone.day(at), "2026-09-01");
        assert_eq!(zone.day(at - 1), "2026-08-31");
        assert_eq!(zone.minute(at), "2026-09-01 00:00");
        assert_eq!(shift_day("2026-03-01", -1), "2026-02-28");
        assert_eq!(days_between("2026-02-27", "2026-03-01").len(), 3);
    }
}
