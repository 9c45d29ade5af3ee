//! Onboarding (入库): personal and public codes, self-registration, consent, bound browsers, coverage.
//!
//! Writes: `invitation`, `public_code`, `public_code_step`, `consent`, `consent_text`, `hcp_device`.

pub mod api;
#[cfg(feature = "ssr")]
pub mod codes;
#[cfg(feature = "ssr")]
pub mod consent;
#[cfg(feature = "ssr")]
pub mod coverage;
#[cfg(feature = "ssr")]
pub mod hospital;
#[cfg(feature = "ssr")]
pub mod invitation;
pub mod model;
#[cfg(feature = "ssr")]
mod own_page;
pub mod pages;
#[cfg(feature = "ssr")]
pub mod registrations;
#[cfg(feature = "ssr")]
pub mod routes;
#[cfg(feature = "ssr")]
pub mod store;
