//! Staff, the org tree, sign-in and sessions, and the pages over the audit log and the SMS outbox.
//!
//! Writes: `org_unit`, `org_closure`, `unit_manager`, `staff`, `session`, `throttle`.

pub mod api;
pub mod model;
pub mod pages;
#[cfg(feature = "ssr")]
pub mod password;
#[cfg(feature = "ssr")]
pub mod people_import;
#[cfg(feature = "ssr")]
pub mod routes;
pub mod rules;
#[cfg(feature = "ssr")]
pub mod store;
#[cfg(feature = "ssr")]
pub mod units;
