//! Complaints and suggestions (投诉建议) of staff: they reach the administrators' queue and come back with an answer.
//!
//! Writes: `complaint`.

pub mod api;
pub mod model;
pub mod pages;
#[cfg(feature = "ssr")]
pub mod store;
