//! HCPs: the library. Every doctor, pharmacist, nurse, clerk and contact once, with all that is known of them.
//!
//! Writes: `hcp`, `hcp_ownership`, `hcp_workplace`, `hcp_tag`, `hcp_note`, `hcp_selection`.

pub mod api;
#[cfg(feature = "ssr")]
pub mod bulk;
#[cfg(feature = "ssr")]
pub mod export;
#[cfg(feature = "ssr")]
pub mod import;
#[cfg(feature = "ssr")]
pub mod list;
pub mod list_api;
pub mod list_model;
pub mod model;
#[cfg(feature = "ssr")]
pub mod notes;
pub mod pages;
#[cfg(feature = "ssr")]
pub mod record;
#[cfg(feature = "ssr")]
pub mod selection;
#[cfg(feature = "ssr")]
pub mod store;
#[cfg(feature = "ssr")]
pub mod timeline;
