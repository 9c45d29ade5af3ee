//! Field work (外勤): check-ins (打卡) with their place, distance and both clocks, the monthly sheet; planned visits
//! (拜访计划), records of visits (学术拜访) and what managers say of them (点评).
//!
//! Writes: `checkin`, `location_consent`, `visit`, `visit_hcp`, `visit_material`, `visit_review`, `visit_plan`, settings
//! `checkin_limits` and `visit_goals`; the coordinates of a `terminal` that has none.

pub mod api;
#[cfg(feature = "ssr")]
pub mod import;
pub mod model;
pub mod pages;
#[cfg(feature = "ssr")]
pub mod photo;
#[cfg(feature = "ssr")]
pub mod place;
#[cfg(feature = "ssr")]
pub mod plans;
#[cfg(feature = "ssr")]
pub mod records;
#[cfg(feature = "ssr")]
pub mod review;
#[cfg(feature = "ssr")]
mod routes;
pub mod rules;
#[cfg(feature = "ssr")]
pub mod settings;
#[cfg(feature = "ssr")]
pub mod sheet;
#[cfg(feature = "ssr")]
pub mod store;
pub mod watch;

#[cfg(feature = "ssr")]
pub use routes::routes;
