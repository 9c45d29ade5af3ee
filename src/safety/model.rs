//! Types that cross between server and browser.

use serde::{Deserialize, Serialize};

/// An adverse event in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventRow {
    pub id: String,
    pub product: String,
    /// death, serious, new or other.
    pub severity: String,
    /// Day 0, and the day by which the authority must have it.
    pub day_zero: String,
    pub due: String,
    /// Who reported it, and when (`YYYY-MM-DD HH:MM`).
    pub by: String,
    pub at: String,
    /// open, first_step (taken), submitted or closed.
    pub state: String,
    /// Whether the first step, or the report to the authority, is late.
    pub late: bool,
}

/// A step that was taken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub kind: String,
    pub by: String,
    pub at: String,
    pub note: String,
}

/// One adverse event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AdverseEvent {
    pub row: EventRow,
    pub patient: String,
    pub reporter: String,
    pub event: String,
    /// By when the first step is due, `YYYY-MM-DD HH:MM`.
    pub first_step_due: String,
    pub hcp: Option<(String, String)>,
    pub visit_id: Option<String>,
    pub steps: Vec<Step>,
    /// Whether the one who looks takes the steps.
    pub may_handle: bool,
}

/// A severity in the current language.
pub fn severity_label(severity: &str) -> String {
    match severity {
        "death" => tr!("safety.death"),
        "serious" => tr!("safety.serious"),
        "new" => tr!("safety.new"),
        _ => tr!("safety.other"),
    }
}

/// A state in the current language.
pub fn state_label(state: &str) -> String {
    match state {
        "open" => tr!("safety.state_open"),
        "first_step" => tr!("safety.state_first_step"),
        "submitted" => tr!("safety.state_submitted"),
        _ => tr!("safety.state_closed"),
    }
}

/// A step in the current language.
pub fn step_label(kind: &str) -> String {
    match kind {
        "first_step" => tr!("safety.step_first"),
        "submitted" => tr!("safety.step_submitted"),
        "closed" => tr!("safety.step_closed"),
        "dismissed" => tr!("safety.step_dismissed"),
        _ => tr!("safety.step_note"),
    }
}
