//! Types that cross between server and browser.

use serde::{Deserialize, Serialize};

pub use crate::importing::model::{ImportReport, Invalid};
use crate::sharing::model::Metrics;

/// HCPs of somebody's scope by state.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct HcpCounts {
    pub listed: i64,
    pub invited: i64,
    pub onboarded: i64,
    pub pending: i64,
}

/// A read of the last days, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecentRead {
    pub hcp_id: String,
    pub hcp: String,
    pub article_id: String,
    pub title: String,
    pub at: String,
}

/// Something that waits for the one who looks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Todo {
    /// exams, courses, courses_overdue, cards, inbox, comments, behind, course_review, marking, requests, leavers or duplicates.
    pub kind: String,
    pub n: i64,
}

/// What the first page shows; parts that a role has no use for are `None`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Desk {
    pub hcps: Option<HcpCounts>,
    /// What waits, without what has nothing waiting.
    pub todo: Vec<Todo>,
    /// Sharing of the last 30 days within scope.
    pub sharing: Option<Metrics>,
    pub recent: Vec<RecentRead>,
    /// Articles by status: in review, approved and waiting to be published, published, expiring within 30 days.
    pub articles: Option<ArticleCounts>,
    /// Hospitals that nobody looks after.
    pub unassigned: Option<i64>,
    pub people: Option<i64>,
}

/// Articles by what is to be done with them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::FromRow))]
pub struct ArticleCounts {
    pub draft: i64,
    pub in_review: i64,
    pub approved: i64,
    pub published: i64,
    pub expiring: i64,
}
