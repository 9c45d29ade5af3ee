//! Messages to staff (消息): an outbox whose first channel is the inbox within Mailuo. Another channel delivers the rows
//! that bear its name and notes when it did.
//!
//! Writes: `message`.

pub mod api;
pub mod pages;
#[cfg(feature = "ssr")]
mod store;

use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
pub use store::{Message, list, mark, send, unread};

/// A message as its receiver reads it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageRow {
    pub id: String,
    /// A locale key.
    pub kind: String,
    pub args: Vec<(String, String)>,
    pub path: String,
    pub at: String,
    pub read: bool,
}
