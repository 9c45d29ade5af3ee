//! Pure rules: how a row's texts become values, by what a repeated row is known, which months follow each other.

use jiff::ToSpan;
use jiff::civil::{Date, date};

use crate::identity::rules::clean;

/// A whole number out of a cell, such as `1,200`, `12.0` or `-5`; `None` if it is none.
pub fn whole(text: &str) -> Option<i64> {
    let text: String = clean(text)
        .chars()
        .filter(|c| !matches!(c, ',' | '，' | ' '))
        .collect();
    let text = text.strip_prefix('+').unwrap_or(&text);
    let (number, rest) = text.split_once('.').unwrap_or((text, ""));
    let digits = number.strip_prefix('-').unwrap_or(number);
    let plain = !digits.is_empty()
        && digits.len() <= 12
        && digits.bytes().all(|b| b.is_ascii_digit())
        && rest.bytes().all(|b| b == b'0');
    plain.then(|| number.parse().ok()).flatten()
}

/// Money in fen out of yuan, rounded half away from zero; `None` if it is no amount.
pub fn fen(text: &str) -> Option<i64> {
    let text: String = clean(text)
        .chars()
        .filter(|c| !matches!(c, ',' | '，' | ' ' | '¥' | '￥' | '元'))
        .collect();
    let yuan: f64 = text.parse().ok()?;
    (yuan.is_finite() && yuan.abs() < 1e12).then(|| (yuan * 100.0).round() as i64)
}

/// A day `YYYY-MM-DD` out of a cell: `2026-9-1`, `2026/09/01`, `2026.9.1`, `20260901`, `2026年9月1日`, with or without a
/// time of day, or the number by which a spreadsheet knows it.
pub fn day(text: &str) -> Option<String> {
    let text = clean(text);
    let number = text.split_once('.').map_or(text.as_str(), |(n, _)| n);
    if number.len() == 5 && text.parse::<f64>().is_ok() {
        return day_of_number(number.parse().ok()?);
    }
    let written = text.split([' ', 'T']).next().unwrap_or_default();
    let parts: Vec<&str> = if written.len() == 8 && written.bytes().all(|b| b.is_ascii_digit()) {
        vec![&written[..4], &written[4..6], &written[6..]]
    } else {
        written
            .split(['-', '/', '.', '年', '月', '日'])
            .filter(|part| !part.is_empty())
            .collect()
    };
    let [year, month, day] = parts.as_slice() else {
        return None;
    };
    let digits = |part: &str, most: usize| {
        (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
    };
    if year.len() != 4 || !digits(year, 4) || !digits(month, 2) || !digits(day, 2) {
        return None;
    }
    let date = Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    Some(date.ok()?.to_string())
}

/// The day of a spreadsheet's number, which counts from 1899-12-30.
fn day_of_number(number: i64) -> Option<String> {
    let day = date(1899, 12, 30).checked_add(number.days()).ok()?;
    Some(day.to_string())
}

/// The month `YYYY-MM` of a day.
pub fn month_of(day: &str) -> &str {
    day.get(..7).unwrap_or(day)
}

/// Whether a text is a month `YYYY-MM`.
pub fn is_month(text: &str) -> bool {
    let Some((year, month)) = text.split_once('-') else {
        return false;
    };
    year.len() == 4
        && month.len() == 2
        && year.bytes().all(|b| b.is_ascii_digit())
        && month.parse().is_ok_and(|m: u8| (1..=12).contains(&m))
}

/// The month so many months later; earlier where `by` is negative.
pub fn shift_month(month: &str, by: i64) -> String {
    let (year, number) = month.split_once('-').unwrap_or((month, "1"));
    let at = year.parse::<i64>().unwrap_or(0) * 12 + number.parse::<i64>().unwrap_or(1) - 1 + by;
    format!("{:04}-{:02}", at.div_euclid(12), at.rem_euclid(12) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for (text, expected) in [
            ("125", Some(125)),
            (" １，２００ ", Some(1200)),
            ("12.0", Some(12)),
            ("-5", Some(-5)),
            ("abc", None),
            ("", None),
            ("1.5", None),
            ("-", None),
        ] {
            assert_eq!(whole(text), expected, "{text}");
        }
        assert_eq!(fen("71.84999999999999"), Some(7_185));
        assert_eq!(fen("¥1,000.5元"), Some(100_050));
        assert_eq!(fen("x"), None);
    }

    #[test]
    fn days_are_read_in_every_usual_form() {
        for text in [
            "2026-09-01",
            "2026/9/1",
            "2026.9.1",
            "20260901",
            "2026年9月1日",
            "2026-09-01 08:30:00",
            "46266",
            "46266.5",
            "2026-09-01T00:00:00",
        ] {
            assert_eq!(day(text).as_deref(), Some("2026-09-01"), "{text}");
        }
        for text in ["2026-02-29", "2026-13-01", "26-9-1", "", "abc", "2026-9"] {
            assert_eq!(day(text), None, "{text}");
        }
        assert_eq!(day("2024-02-29").as_deref(), Some("2024-02-29"));
        assert_eq!(day("45351").as_deref(), Some("2024-02-29"));
    }

    #[test]
    fn months_follow_each_other() {
        assert_eq!(shift_month("2026-12", 1), "2027-01");
        assert_eq!(shift_month("2026-01", -13), "2024-12");
        assert!(is_month("2026-09") && !is_month("2026-13") && !is_month("2026-9"));
    }
}
