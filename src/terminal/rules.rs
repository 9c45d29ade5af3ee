//! Pure rules about a terminal's master data.

use super::model::{DATUMS, MAIN_LINE, WINDOWS, Window, WindowInput};
use crate::identity::rules::clean;

/// Most aliases and departments of a terminal, and the longest of each in characters.
pub const ALIASES: usize = 20;
pub const DEPARTMENTS: usize = 100;
pub const ALIAS_LENGTH: usize = 60;
pub const DEPARTMENT_LENGTH: usize = 40;
/// Longest place of a reception window in characters.
const PLACE_LENGTH: usize = 60;

/// Longest name of a business line in characters.
pub const LINE_LENGTH: usize = 40;

/// The business line that somebody typed: nothing, or the main one's name in any language, is the main one.
pub fn line_of(typed: &str) -> String {
    let typed = clean(typed);
    if typed.is_empty() || ["主业务线", "Main line"].contains(&typed.as_str()) {
        MAIN_LINE.to_owned()
    } else {
        typed
    }
}

/// What is wrong with a row of the reception windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowFault {
    /// As people count: the first row is 1.
    pub row: usize,
    /// Locale key of the message.
    pub key: &'static str,
}

/// The lines of a text area: cleaned, without empty and repeated ones. `None` if there are more than `most` or one is
/// longer than `length` characters.
pub fn lines(text: &str, most: usize, length: usize) -> Option<Vec<String>> {
    let mut out: Vec<String> = Vec::new();
    for line in text.lines().map(clean).filter(|l| !l.is_empty()) {
        if line.chars().count() > length {
            return None;
        }
        if !out.contains(&line) {
            out.push(line);
        }
    }
    (out.len() <= most).then_some(out)
}

/// Latitude and longitude in degrees, and their datum.
pub type Coordinates = (f64, f64, String);

/// Latitude, longitude and datum out of what was typed, all or none; else the field at fault and its message.
pub fn coordinates(
    latitude: &str,
    longitude: &str,
    datum: &str,
) -> Result<Option<Coordinates>, (&'static str, &'static str)> {
    let degrees = |text: &str, most: f64| -> Option<f64> {
        clean(text).parse::<f64>().ok().filter(|v| v.abs() <= most)
    };
    match (latitude.trim().is_empty(), longitude.trim().is_empty()) {
        (true, true) => return Ok(None),
        (true, false) => return Err(("latitude", "field.coordinate_pair")),
        (false, true) => return Err(("longitude", "field.coordinate_pair")),
        (false, false) => {}
    }
    let latitude = degrees(latitude, 90.0).ok_or(("latitude", "field.latitude"))?;
    let longitude = degrees(longitude, 180.0).ok_or(("longitude", "field.longitude"))?;
    if !DATUMS.contains(&datum) {
        return Err(("datum", "field.required"));
    }
    Ok(Some((latitude, longitude, datum.to_owned())))
}

/// `H:MM` or `HH:MM` as `HH:MM`; `None` if it is no time of day.
pub fn time_of_day(text: &str) -> Option<String> {
    let text = clean(text).replace('：', ":");
    let (hour, minute) = text.split_once(':')?;
    let number = |part: &str, least: usize, most: u8| -> Option<u8> {
        let digits = (least..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        part.parse().ok().filter(|n| digits && *n <= most)
    };
    Some(format!(
        "{:02}:{:02}",
        number(hour, 1, 23)?,
        number(minute, 2, 59)?
    ))
}

/// The reception windows out of the form's rows, by weekday and hour. Blank rows and those to be removed are left
/// out; each ends after it starts, and none overlaps another of its day.
pub fn windows(rows: &[WindowInput]) -> Result<Vec<Window>, WindowFault> {
    let mut out: Vec<(usize, Window)> = Vec::new();
    for (i, row) in rows.iter().enumerate() {
        let fault = |key| WindowFault { row: i + 1, key };
        let blank = [&row.weekday, &row.starts, &row.ends, &row.place]
            .iter()
            .all(|t| t.trim().is_empty());
        if blank || row.remove {
            continue;
        }
        let weekday = row
            .weekday
            .parse::<i64>()
            .ok()
            .filter(|d| (1..=7).contains(d))
            .ok_or(fault("field.window_weekday"))?;
        let starts = time_of_day(&row.starts).ok_or(fault("field.window_time"))?;
        let ends = time_of_day(&row.ends).ok_or(fault("field.window_time"))?;
        if ends <= starts {
            return Err(fault("field.window_order"));
        }
        let place = clean(&row.place);
        if place.chars().count() > PLACE_LENGTH {
            return Err(fault("field.window_place"));
        }
        let window = Window {
            weekday,
            starts,
            ends,
            place,
            appointment: row.appointment,
        };
        out.push((i + 1, window));
    }
    if out.len() > WINDOWS {
        return Err(WindowFault {
            row: WINDOWS + 1,
            key: "field.window_many",
        });
    }
    out.sort_by(|(_, a), (_, b)| a.cmp(b));
    for pair in out.windows(2) {
        let ((first, a), (second, b)) = (&pair[0], &pair[1]);
        if a.weekday == b.weekday && b.starts < a.ends {
            return Err(WindowFault {
                row: *first.max(second),
                key: "field.window_overlap",
            });
        }
    }
    Ok(out.into_iter().map(|(_, window)| window).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(weekday: &str, starts: &str, ends: &str) -> WindowInput {
        WindowInput {
            weekday: weekday.into(),
            starts: starts.into(),
            ends: ends.into(),
            ..Default::default()
        }
    }

    #[test]
    fn windows_are_ordered_and_blank_rows_left_out() {
        let rows = [
            row("3", "14:00", "16:00"),
            row("", "", ""),
            WindowInput {
                remove: true,
                ..row("1", "09:00", "10:00")
            },
            row("1", "9:00", "11:30"),
            row("3", "08:00", "14:00"),
        ];
        let found: Vec<_> = windows(&rows)
            .expect("valid")
            .into_iter()
            .map(|w| (w.weekday, w.starts, w.ends))
            .collect();
        let expected = [
            (1, "09:00", "11:30"),
            (3, "08:00", "14:00"),
            (3, "14:00", "16:00"),
        ];
        assert_eq!(
            found,
            expected.map(|(day, from, to)| (day, from.to_owned(), to.to_owned()))
        );
    }

    #[test]
    fn faulty_windows_are_named_by_row() {
        let fault = |rows: &[WindowInput]| windows(rows).expect_err("faulty");
        let at = |row, key| WindowFault { row, key };
        assert_eq!(
            fault(&[row("8", "08:00", "09:00")]),
            at(1, "field.window_weekday")
        );
        assert_eq!(
            fault(&[row("", "08:00", "09:00")]),
            at(1, "field.window_weekday")
        );
        assert_eq!(fault(&[row("1", "8", "09:00")]), at(1, "field.window_time"));
        assert_eq!(
            fault(&[row("1", "08:00", "24:00")]),
            at(1, "field.window_time")
        );
        assert_eq!(
            fault(&[row("1", "09:00", "09:00")]),
            at(1, "field.window_order")
        );
        let rows = [row("2", "10:00", "12:00"), row("2", "09:00", "10:01")];
        assert_eq!(fault(&rows), at(2, "field.window_overlap"));
        let many: Vec<_> = (0..22)
            .map(|i| {
                let (day, hour) = (i / 4 + 1, 8 + i % 4);
                row(
                    &day.to_string(),
                    &format!("{hour:02}:00"),
                    &format!("{hour:02}:30"),
                )
            })
            .collect();
        assert_eq!(fault(&many), at(22, "field.window_many"));
        assert!(windows(&many[..21]).is_ok());
    }

    #[test]
    fn coordinates_are_in_range_and_complete() {
        assert_eq!(coordinates("", " ", "GCJ-02"), Ok(None));
        assert_eq!(
            coordinates("26.08", "119.3", "WGS-84"),
            Ok(Some((26.08, 119.3, "WGS-84".into())))
        );
        assert_eq!(
            coordinates("90.1", "0", "WGS-84"),
            Err(("latitude", "field.latitude"))
        );
        assert_eq!(
            coordinates("1", "-180.5", "WGS-84"),
            Err(("longitude", "field.longitude"))
        );
        assert_eq!(
            coordinates("nan", "1", "WGS-84"),
            Err(("latitude", "field.latitude"))
        );
        assert_eq!(
            coordinates("1", "", "WGS-84"),
            Err(("longitude", "field.coordinate_pair"))
        );
        assert_eq!(
            coordinates("1", "2", "BD-09"),
            Err(("datum", "field.required"))
        );
    }

    #[test]
    fn lines_are_cleaned_and_counted() {
        assert_eq!(
            lines(" 市一院\r\n\n市一院\n一医 ", 20, 60),
            Some(vec!["市一院".to_owned(), "一医".to_owned()])
        );
        assert_eq!(lines("a\nb\nc", 2, 60), None);
        assert_eq!(lines("abcd", 2, 3), None);
    }
}
