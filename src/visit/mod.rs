//! Field work (外勤): check-ins (打卡) with their place, distance and both clocks, and the monthly sheet.
//!
//! Writes: `checkin`, `location_consent`, setting `checkin_limits`.

pub mod api;
#[cfg(feature = "ssr")]
pub mod import;
pub mod model;
pub mod pages;
#[cfg(feature = "ssr")]
mod routes;
pub mod rules;
#[cfg(feature = "ssr")]
pub mod sheet;
#[cfg(feature = "ssr")]
pub mod store;

#[cfg(feature = "ssr")]
pub use routes::routes;
