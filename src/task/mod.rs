//! To-dos and appointments of one's own (待办, 日程), to which other features add theirs.
//!
//! Writes: `task`.

pub mod api;
pub mod model;
pub mod pages;
#[cfg(feature = "ssr")]
pub mod store;
