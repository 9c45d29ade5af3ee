//! What a write answers.

use serde::{Deserialize, Serialize};

/// A write was carried out: what to tell, and where to go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// Locale key of the notice.
    pub notice: String,
    /// Path to go to; without one the page stays and loads its data anew.
    pub next: Option<String>,
}

impl Saved {
    /// Stay on the page.
    pub fn stay(notice: &str) -> Self {
        Self {
            notice: notice.into(),
            next: None,
        }
    }

    /// Go to a path.
    pub fn go(notice: &str, next: impl Into<String>) -> Self {
        Self {
            notice: notice.into(),
            next: Some(next.into()),
        }
    }
}
