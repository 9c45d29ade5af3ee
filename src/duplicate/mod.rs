//! Duplicates (查重): HCPs who may be one person are found, explained, compared, merged and taken apart again.
//!
//! Writes: `hcp_duplicate`, `hcp_merge`, `hcp_merge_item`, and in merging the rows of other slices that hang on an HCP.

pub mod api;
#[cfg(feature = "ssr")]
mod attached;
#[cfg(feature = "ssr")]
pub mod entry;
#[cfg(feature = "ssr")]
pub mod finder;
#[cfg(feature = "ssr")]
mod hospital;
#[cfg(feature = "ssr")]
mod library;
#[cfg(feature = "ssr")]
pub mod merge;
pub mod model;
pub mod pages;
#[cfg(feature = "ssr")]
pub mod rules;
#[cfg(feature = "ssr")]
mod snapshot;
#[cfg(feature = "ssr")]
pub mod store;
#[cfg(feature = "ssr")]
mod undo;
