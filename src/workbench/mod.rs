//! The first page after sign-in, by role. Owns no tables.

pub mod api;
pub mod model;
pub mod pages;
#[cfg(feature = "ssr")]
pub mod store;
