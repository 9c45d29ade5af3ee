//! Types that cross between server and browser.

use serde::{Deserialize, Serialize};

/// A to-do as its owner reads it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskRow {
    pub id: String,
    pub title: String,
    pub note: String,
    /// Day `YYYY-MM-DD` by which it is due; without one it has no date.
    pub day: Option<String>,
    /// `HH:MM`, or empty.
    pub starts: String,
    /// The HCP it is about, while they are within scope.
    pub hcp: Option<(String, String)>,
    /// Where it came from: the path of a visit or a message.
    pub from: Option<String>,
    pub done: bool,
    pub overdue: bool,
}
