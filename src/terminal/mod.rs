//! Terminals (hospitals, pharmacies, distributors): their master data and who looks after them.
//!
//! Writes: `terminal`, `terminal_alias`, `terminal_department`, `terminal_window`, `terminal_assignment`.

pub mod api;
#[cfg(feature = "ssr")]
pub mod assignment;
#[cfg(feature = "ssr")]
pub mod import;
pub mod model;
#[cfg(feature = "ssr")]
pub mod moves;
pub mod pages;
#[cfg(feature = "ssr")]
pub mod record;
#[cfg(feature = "ssr")]
pub mod rules;
#[cfg(feature = "ssr")]
pub mod store;
