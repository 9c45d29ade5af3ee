//! Adverse events (不良事件): the short form that any employee sends from anywhere, with its clocks, and the steps that
//! compliance takes.
//!
//! Writes: `adverse_event`, `adverse_event_step`.

pub mod api;
pub mod model;
pub mod pages;
pub mod rules;
#[cfg(feature = "ssr")]
pub mod store;
