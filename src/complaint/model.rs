//! Types that cross between server and browser.

use serde::{Deserialize, Serialize};

/// What one can write about.
pub const KINDS: [&str; 3] = ["suggestion", "complaint", "fault"];

/// A complaint or suggestion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComplaintRow {
    pub id: String,
    pub kind: String,
    /// Who wrote it, and from which unit.
    pub by: String,
    pub unit: String,
    pub at: String,
    pub body: String,
    /// The answer, by whom and when; none while it waits.
    pub answer: Option<(String, String, String)>,
}

/// A kind in the current language.
pub fn kind_label(kind: &str) -> String {
    match kind {
        "complaint" => tr!("complaint.kind_complaint"),
        "fault" => tr!("complaint.kind_fault"),
        _ => tr!("complaint.kind_suggestion"),
    }
}
