//! Ownership (归属) beyond one HCP at a time: transfers, sharing with colleagues, asking for it, followed HCPs, groups.
//!
//! Writes: `hcp_transfer`, `hcp_transfer_item`, `hcp_access`, `hcp_access_request`, `hcp_follow`, `hcp_group`,
//! `hcp_group_member`, and with the library `hcp.owner_id` and `hcp_ownership`. Of the history only the open stretch is
//! ever closed; what has ended stays as it is.

#[cfg(feature = "ssr")]
pub mod access;
pub mod api;
#[cfg(feature = "ssr")]
pub mod card;
#[cfg(feature = "ssr")]
pub mod groups;
pub mod model;
pub mod pages;
#[cfg(feature = "ssr")]
pub mod people;
#[cfg(feature = "ssr")]
pub mod plan;
#[cfg(feature = "ssr")]
pub mod requests;
#[cfg(feature = "ssr")]
pub mod transfer;
