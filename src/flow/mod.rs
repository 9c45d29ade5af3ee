//! Flow (流向): lines of goods from distributors to terminals, from a file to a closed month. Files are imported row by
//! row, printed names find their terminal, its owner confirms or appeals, a month closes, reports add up.
//!
//! Flow stays at terminal level: nothing here reads or names an HCP (domain, Flow).
//!
//! Writes: `flow_file`, `flow_aside`, `flow_line`, `flow_sum`, `flow_terminal_sum`, `flow_product_sum`, `flow_match`, `flow_mapping`, `flow_distributor`,
//! `flow_period`, `flow_period_step`, `flow_appeal`, `flow_appeal_step`.

pub mod api;
#[cfg(feature = "ssr")]
pub mod appeals;
#[cfg(feature = "ssr")]
pub mod columns;
#[cfg(feature = "ssr")]
pub mod confirm;
#[cfg(feature = "ssr")]
pub mod files;
#[cfg(feature = "ssr")]
pub mod import;
#[cfg(feature = "ssr")]
pub mod lines;
#[cfg(feature = "ssr")]
pub mod matcher;
#[cfg(feature = "ssr")]
pub mod matching;
pub mod model;
pub mod pages;
#[cfg(feature = "ssr")]
pub mod periods;
#[cfg(feature = "ssr")]
pub mod reports;
#[cfg(feature = "ssr")]
mod routes;
#[cfg(feature = "ssr")]
pub mod rules;
#[cfg(feature = "ssr")]
pub mod store;
#[cfg(feature = "ssr")]
pub mod sums;

#[cfg(feature = "ssr")]
pub use routes::routes;
