//! Terminals (hospitals, pharmacies, distributors) and who looks after them.
//!
//! Writes: `terminal`, `terminal_assignment`.

pub mod api;
#[cfg(feature = "ssr")]
pub mod import;
pub mod model;
pub mod pages;
#[cfg(feature = "ssr")]
pub mod store;
