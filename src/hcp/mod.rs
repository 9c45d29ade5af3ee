//! HCPs: the library, personal QR codes, onboarding and consent, ownership.
//!
//! Writes: `hcp`, `hcp_ownership`, `invitation`, `consent`, `hcp_device`.

pub mod api;
#[cfg(feature = "ssr")]
pub mod import;
pub mod model;
#[cfg(feature = "ssr")]
pub mod onboarding;
pub mod pages;
#[cfg(feature = "ssr")]
pub mod routes;
#[cfg(feature = "ssr")]
pub mod store;
