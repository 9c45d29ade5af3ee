//! Dashboards and reports (数据看板): what each number means, the numbers, and the rows behind them.
//!
//! A measure stands once, in [`registry`]; a board, a chart, a report and an export show the same one. It counts rows of
//! a fact ([`facts`]), so that what is opened from a number is what was counted.
//!
//! Writes: `share_day`, `unit_day`, `article_day`, `unit_article_day`, `reach`, `unit_article_reach`,
//! `active_day`, `rollup_check`.

pub mod api;
#[cfg(feature = "ssr")]
pub mod board;
#[cfg(feature = "ssr")]
mod change;
#[cfg(feature = "ssr")]
pub mod count;
#[cfg(feature = "ssr")]
pub mod facts;
#[cfg(feature = "ssr")]
pub mod kept;
pub mod model;
pub mod pages;
#[cfg(feature = "ssr")]
mod passes;
#[cfg(feature = "ssr")]
pub mod plan;
#[cfg(feature = "ssr")]
mod ranking;
#[cfg(feature = "ssr")]
pub mod registry;
#[cfg(feature = "ssr")]
pub mod report;
#[cfg(feature = "ssr")]
pub mod rollup;
#[cfg(feature = "ssr")]
mod routes;
#[cfg(feature = "ssr")]
pub mod rows;
#[cfg(feature = "ssr")]
pub mod slice;

#[cfg(feature = "ssr")]
pub use routes::routes;
