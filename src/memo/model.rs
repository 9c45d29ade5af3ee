//! Types that cross between server and browser.

use serde::{Deserialize, Serialize};

use crate::shared::Page;

/// A message in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemoRow {
    pub id: String,
    pub title: String,
    /// Who wrote it.
    pub by: String,
    /// `YYYY-MM-DD HH:MM`.
    pub at: String,
    /// `YYYY-MM-DD`, where it is a task.
    pub due: Option<String>,
    /// Whether the one who looks has read it; of sent ones always.
    pub read: bool,
    /// Receivers who read it, and receivers in all; of sent ones only.
    pub receipts: Option<(i64, i64)>,
}

/// A reply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    pub by: String,
    pub at: String,
    pub body: String,
}

/// A receiver as the sender sees them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    pub name: String,
    pub unit: String,
    /// When they noted that they read it.
    pub read: Option<String>,
    /// Whether their to-do of it is done; none where it is no task.
    pub done: Option<bool>,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Memo {
    pub row: MemoRow,
    pub body: String,
    /// Whether the one who looks wrote it.
    pub mine: bool,
    pub replies: Vec<Reply>,
    /// Of one's own only.
    pub receipts: Option<Page<Receipt>>,
}
