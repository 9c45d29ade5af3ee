//! Types that cross between server and browser.

use serde::{Deserialize, Serialize};

use crate::sharing::model::Metrics;

/// A row of the list of articles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::FromRow))]
pub struct ArticleRow {
    pub id: String,
    pub title: String,
    pub summary: String,
    /// public or professional.
    pub audience: String,
    /// draft, in_review, approved, published or withdrawn.
    pub status: String,
    pub approval_no: String,
    /// Last day on which it may be shown.
    pub expires_on: String,
}

/// An article with all that its page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArticleView {
    pub row: ArticleRow,
    pub author: String,
    pub body_md: String,
    pub body_html: String,
    pub specialties: Vec<String>,
    pub diseases: Vec<String>,
    pub steps: Vec<Step>,
    /// Addresses of its images.
    pub images: Vec<String>,
    /// What it carries beside its text: kind, pages, whether it has captions.
    pub media: Option<(String, i64, bool)>,
    /// Whether the day of expiry is past.
    pub expired: bool,
    /// The actor's own draft, which they may change.
    pub editable: bool,
    /// What came of it within the actor's scope in the last 60 days.
    pub metrics: Option<Metrics>,
}

/// A step of the review.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub status: String,
    pub comment: String,
    pub by: String,
    pub at: String,
}

impl Step {
    /// What was said to it; that it came by an import in the current language.
    pub fn remark(&self) -> String {
        match self.comment.as_str() {
            "import" => tr!("hcp.reason.import"),
            said => said.to_owned(),
        }
    }
}

/// The name of a status in the current language.
pub fn status_label(status: &str) -> String {
    match status {
        "draft" => tr!("article.status.draft"),
        "in_review" => tr!("article.status.in_review"),
        "approved" => tr!("article.status.approved"),
        "published" => tr!("article.status.published"),
        _ => tr!("article.status.withdrawn"),
    }
}

/// The name of an audience in the current language.
pub fn audience_label(audience: &str) -> String {
    if audience == "public" {
        tr!("article.public")
    } else {
        tr!("article.professional")
    }
}
