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
    pub photo: bool,
    /// Where it was as seen from the terminal, where both places are known.
    pub offset: Option<Offset>,
}

/// A place as seen from a terminal, in metres.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Offset {
    pub east: f64,
    pub north: f64,
    /// Within which one counts as there.
    pub radius: f64,
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

/// How one met: in the consulting room, in a department, in a group, by phone, online.
pub const CHANNELS: [&str; 5] = ["face", "department", "group", "phone", "online"];
/// What was spoken of.
pub const TOPICS: [&str; 8] = [
    "efficacy",
    "safety",
    "guideline",
    "patient_education",
    "literature",
    "meeting",
    "supply",
    "other",
];
/// How it was taken.
pub const FEEDBACK: [&str; 4] = ["interested", "neutral", "doubtful", "declined"];
/// Where a record stands: not yet read by a manager, read, asked to be changed, changed.
pub const REVIEWS: [&str; 4] = ["new", "reviewed", "change", "answered"];

/// A channel in the current language.
pub fn channel_label(channel: &str) -> String {
    match channel {
        "department" => tr!("visit.channel_department"),
        "group" => tr!("visit.channel_group"),
        "phone" => tr!("visit.channel_phone"),
        "online" => tr!("visit.channel_online"),
        _ => tr!("visit.channel_face"),
    }
}

/// A topic in the current language.
pub fn topic_label(topic: &str) -> String {
    match topic {
        "efficacy" => tr!("visit.topic_efficacy"),
        "safety" => tr!("visit.topic_safety"),
        "guideline" => tr!("visit.topic_guideline"),
        "patient_education" => tr!("visit.topic_patient_education"),
        "literature" => tr!("visit.topic_literature"),
        "meeting" => tr!("visit.topic_meeting"),
        "supply" => tr!("visit.topic_supply"),
        _ => tr!("visit.topic_other"),
    }
}

/// A feedback in the current language.
pub fn feedback_label(feedback: &str) -> String {
    match feedback {
        "interested" => tr!("visit.feedback_interested"),
        "neutral" => tr!("visit.feedback_neutral"),
        "doubtful" => tr!("visit.feedback_doubtful"),
        _ => tr!("visit.feedback_declined"),
    }
}

/// A state of the review in the current language.
pub fn review_label(review: &str) -> String {
    match review {
        "reviewed" => tr!("visit.review_reviewed"),
        "change" => tr!("visit.review_change"),
        "answered" => tr!("visit.review_answered"),
        _ => tr!("visit.review_new"),
    }
}

/// A record of a visit in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VisitRow {
    pub id: String,
    pub day: String,
    /// `HH:MM`.
    pub time: String,
    pub by: String,
    pub unit: String,
    pub channel: String,
    pub place: String,
    /// The HCPs met who are within scope: id and name.
    pub hcps: Vec<(String, String)>,
    /// How many more were met.
    pub others: i64,
    /// Of the manager who last gave any.
    pub stars: Option<i64>,
    pub review: String,
    /// What the free text suggests.
    pub flags: Vec<String>,
    pub mine: bool,
}

/// What a manager said of a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReviewRow {
    pub by: String,
    pub at: String,
    pub stars: i64,
    pub comment: String,
    pub change_asked: bool,
    /// Whether the one who looks said it.
    pub mine: bool,
}

/// One record of a visit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VisitView {
    pub row: VisitRow,
    pub terminal_id: Option<String>,
    pub topics: Vec<String>,
    pub feedback: String,
    pub note: String,
    pub supplement: Option<(String, String)>,
    /// Id, title and seconds shown.
    pub materials: Vec<(String, String, Option<i64>)>,
    pub voice: bool,
    /// What became to-dos, for their owner.
    pub wishes: Vec<String>,
    pub next_day: Option<String>,
    /// Whether an adverse event was reported from it, and its id for who may see it.
    pub reported: bool,
    pub report_id: Option<String>,
    pub accompanied_by: Option<String>,
    pub checkin: Option<CheckinRow>,
    /// When the server got it, where that was more than five minutes later.
    pub received: Option<String>,
    pub reviews: Vec<ReviewRow>,
    /// Whether the one who looks may give stars.
    pub may_review: bool,
    /// The next record that waits for a review, for who may give stars.
    pub next: Option<String>,
}

/// One line of a comparison.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CompareRow {
    /// A person, or the Monday of a week.
    pub key: String,
    pub name: String,
    pub unit: String,
    pub visits: i64,
    /// HCPs met, counted once a visit.
    pub met: i64,
    /// Materials shown.
    pub materials: i64,
    /// Visits with a check-in at the same place.
    pub checked_in: i64,
    /// Planned visits up to today, and those carried out.
    pub planned: i64,
    pub kept: i64,
    /// Reviews with stars, and the sum of the stars.
    pub starred: i64,
    pub stars: i64,
}

/// A comparison over people or weeks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    pub from: String,
    pub to: String,
    pub rows: Page<CompareRow>,
    pub total: CompareRow,
}

/// A planned visit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanRow {
    pub id: String,
    pub day: String,
    /// `HH:MM`, or empty.
    pub starts: String,
    pub place: String,
    pub terminal_id: Option<String>,
    pub hcp: Option<(String, String)>,
    pub channel: String,
    pub note: String,
    pub repeats: bool,
    /// The record that carried it out.
    pub visit_id: Option<String>,
    /// What the plan warns of: window, appointment, cap, conflict.
    pub warnings: Vec<String>,
    /// Metres from the stop before it, in the order shown.
    pub metres: Option<f64>,
}

/// A warning of a plan in the current language.
pub fn warning_label(warning: &str) -> String {
    match warning {
        "window" => tr!("plan.warn_window"),
        "appointment" => tr!("plan.warn_appointment"),
        "cap" => tr!("plan.warn_cap"),
        _ => tr!("plan.warn_conflict"),
    }
}

/// A day of the calendar.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalendarDay {
    pub day: String,
    pub plans: Vec<PlanRow>,
    /// Own to-dos of the day: id, time, title, done.
    pub tasks: Vec<(String, String, String, bool)>,
    /// Records and check-ins of the day.
    pub visits: i64,
    pub checkins: i64,
}

/// A week or a month.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calendar {
    /// The day that was asked for.
    pub day: String,
    /// Whole weeks from a Monday to a Sunday.
    pub days: Vec<CalendarDay>,
    pub before: String,
    pub after: String,
    /// Of whom it is, if not of the one who looks.
    pub person: Option<String>,
}

/// An HCP who should be visited, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Suggestion {
    pub hcp_id: String,
    pub name: String,
    pub hospital: String,
    pub terminal_id: Option<String>,
    /// Visits this month, and how many are the goal.
    pub visits: i64,
    pub goal: i64,
    /// The day of the last visit.
    pub last: Option<String>,
    /// Articles read in the last 30 days, where the HCP agrees to be named.
    pub reads: i64,
    /// Whether the day's plan already leads to the same terminal.
    pub nearby: bool,
}

/// What the form of a plan offers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanChoices {
    /// Id and name of one's terminals.
    pub terminals: Vec<(String, String)>,
    /// HCPs that were asked for or searched: id, and name with hospital.
    pub people: Vec<(String, String)>,
    pub suggestions: Vec<Suggestion>,
}

/// The weekday of a day `YYYY-MM-DD` in the current language (Zeller's congruence, which needs no library in the browser).
pub fn weekday_of(day: &str) -> String {
    let mut parts = day.split('-').map(|p| p.parse::<i64>().unwrap_or(1));
    let mut next = || parts.next().unwrap_or(1);
    let (mut year, mut month, date) = (next(), next(), next());
    if month < 3 {
        month += 12;
        year -= 1;
    }
    let century = year.div_euclid(100);
    let within = year.rem_euclid(100);
    let h = (date + 13 * (month + 1) / 5 + within + within / 4 + century / 4 + 5 * century)
        .rem_euclid(7);
    // 0 is Saturday.
    crate::terminal::model::weekday_label((h + 5) % 7 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weekdays_are_those_of_the_calendar() {
        assert_eq!(
            weekday_of("2026-11-26"),
            crate::terminal::model::weekday_label(4)
        );
        assert_eq!(
            weekday_of("2026-11-29"),
            crate::terminal::model::weekday_label(7)
        );
        assert_eq!(
            weekday_of("2024-02-29"),
            crate::terminal::model::weekday_label(4)
        );
        assert_eq!(
            weekday_of("2000-01-01"),
            crate::terminal::model::weekday_label(6)
        );
    }
}
