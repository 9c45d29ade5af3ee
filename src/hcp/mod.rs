//! HCPs: the library, personal QR codes, onboarding and consent, ownership.
//!
//! Writes: `hcp`, `hcp_ownership`, `invitation`, `consent`, `hcp_device`.

pub mod api;
#[cfg(feature = "ssr")]
pub mod import;
pub mod model;
#[cfg(feature = "ssr")]
pub mod onboarding;
#[cfg(feature = "ssr")]
mod own_page;
pub mod pages;
#[cfg(feature = "ssr")]
pub mod routes;
#[cfg(feature = "ssr")]
pub mod store;
