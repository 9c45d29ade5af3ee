//! Types that cross between server and browser.

use serde::{Deserialize, Serialize};

use crate::shared::Page;

/// A check-in as lists show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckinRow {
    pub id: String,
    /// in or out.
    pub kind: String,
    /// Day `YYYY-MM-DD` and time `HH:MM:SS` of the moment that counts.
    pub day: String,
    pub time: String,
    pub place: String,
    pub terminal_id: Option<String>,
    /// Metres.
    pub distance: Option<f64>,
    pub accuracy: Option<f64>,
    pub flags: Vec<String>,
    /// When the server got it, where that was more than five minutes later.
    pub received: Option<String>,
}

/// What a flag says, in the current language.
pub fn flag_label(flag: &str) -> String {
    match flag {
        "far" => tr!("visit.flag_far"),
        "imprecise" => tr!("visit.flag_imprecise"),
        "fast" => tr!("visit.flag_fast"),
        "same_place" => tr!("visit.flag_same_place"),
        "no_position" => tr!("visit.flag_no_position"),
        _ => tr!("visit.flag_late"),
    }
}

/// A person's day in the sheet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SheetDay {
    pub staff_id: String,
    pub name: String,
    pub account: String,
    pub unit: String,
    pub day: String,
    pub rows: Vec<CheckinRow>,
}

/// One page of the monthly sheet (签到表) within scope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sheet {
    /// `YYYY-MM`.
    pub month: String,
    pub days: Page<SheetDay>,
    /// Check-ins in all, and people who have any.
    pub checkins: i64,
    pub people: i64,
    pub flagged: i64,
}
