//! The first page after sign-in, by role, with the order of its cards; the month's report of one's own work.
//!
//! Writes: `desk_layout`.

pub mod api;
pub mod model;
#[cfg(feature = "ssr")]
pub mod month;
pub mod pages;
#[cfg(feature = "ssr")]
mod routes;
#[cfg(feature = "ssr")]
pub mod store;

#[cfg(feature = "ssr")]
pub use routes::routes;
