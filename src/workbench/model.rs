//! Types that cross between server and browser.

use serde::{Deserialize, Serialize};

use crate::sharing::model::Metrics;

/// Why a row of an import was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invalid {
    /// As a spreadsheet shows it: the header is row 1.
    pub row: i64,
    /// The column.
    pub field: String,
    pub reason: String,
}

/// The outcome of an import, or of its preview.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportReport {
    pub rows: i64,
    pub created: i64,
    pub updated: i64,
    pub unchanged: i64,
    pub invalid: Vec<Invalid>,
    /// Whether it was carried out.
    #[serde(skip)]
    pub applied: bool,
}

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

/// What the first page shows; parts that a role has no use for are `None`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Desk {
    pub hcps: Option<HcpCounts>,
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
