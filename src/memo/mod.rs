//! Messages of the business (业务沟通): from a manager or an office to people or a unit, with a due date if it is a task,
//! receipts and replies.
//!
//! Writes: `memo`, `memo_recipient`, `memo_reply`; with a due date, to-dos (`task`) of the receivers.

pub mod api;
pub mod model;
pub mod pages;
#[cfg(feature = "ssr")]
pub mod store;
