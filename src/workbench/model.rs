//! Types that cross between server and browser.

use serde::{Deserialize, Serialize};

pub use crate::importing::model::{ImportReport, Invalid};
pub use crate::insight::model::Headline;
pub use crate::sharing::model::Metrics;
pub use crate::visit::model::PlanRow;

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
    /// tasks, memos, visit_change, visit_review, adverse_events, complaints, exams, courses, courses_overdue, cards, inbox,
    /// comments, behind, course_review, article_review, marking, requests, leavers or duplicates.
    pub kind: String,
    pub n: i64,
}

/// What the first page shows; parts that a role has no use for are `None`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Desk {
    pub hcps: Option<HcpCounts>,
    /// What waits, without what has nothing waiting.
    pub todo: Vec<Todo>,
    /// Today's planned visits, for who plans any.
    pub plans: Option<Vec<PlanRow>>,
    /// The team's day, for managers.
    pub team: Option<TeamDay>,
    /// The first numbers of the role's board, for who has no other card about their work.
    pub board: Vec<Headline>,
    /// The cards in order; those that are hidden with a '-' before their code.
    pub layout: Vec<String>,
    /// Sharing of the last 30 days within scope.
    pub sharing: Option<Metrics>,
    pub recent: Vec<RecentRead>,
    /// Articles by status: in review, approved and waiting to be published, published, expiring within 30 days.
    pub articles: Option<ArticleCounts>,
    /// Hospitals that nobody looks after.
    pub unassigned: Option<i64>,
    pub people: Option<i64>,
}

/// The cards of the first page, in their order at first.
pub const CARDS: [&str; 9] = [
    "todo", "plans", "team", "board", "hcps", "articles", "company", "sharing", "recent",
];

/// A manager's team today (团队绩效概览).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TeamDay {
    /// People within scope who work in the field, oneself excepted.
    pub people: i64,
    /// Those of them who recorded a visit today.
    pub active: i64,
    pub visits: i64,
    pub checkins: i64,
    /// Visits planned for this week up to yesterday that were not carried out, by person: id, name, count.
    pub behind: Vec<(String, String, i64)>,
}

/// What somebody did in a month (我的月报).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Month {
    /// `YYYY-MM`.
    pub month: String,
    /// Of whom it is, if not of the one who looks.
    pub person: Option<String>,
    pub visits: i64,
    /// Distinct HCPs met.
    pub met: i64,
    pub checkins: i64,
    /// Visits planned up to today, and those carried out.
    pub planned: i64,
    pub kept: i64,
    /// Records that a manager has read.
    pub reviewed: i64,
    /// Links made that another visitor opened, and links made (domain, Share tracking).
    pub shares: i64,
    pub created: i64,
    /// HCPs onboarded in the month while they were one's own; they stay when the HCP moves on.
    pub onboarded: i64,
    pub lessons: i64,
    /// Exams handed in.
    pub exams: i64,
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
