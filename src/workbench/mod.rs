//! The first page after sign-in, by role, and the page of imports. Owns no tables.

pub mod api;
pub mod model;
pub mod pages;
#[cfg(feature = "ssr")]
pub mod store;
