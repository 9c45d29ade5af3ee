//! Articles: writing, medical-legal review, publishing, the public library, and their images.
//!
//! Writes: `article`, `article_tag`, `article_step`, `file`, `article_file`, `favourite`.

pub mod api;
#[cfg(feature = "ssr")]
pub mod import;
#[cfg(feature = "ssr")]
pub mod markdown;
pub mod model;
pub mod pages;
#[cfg(feature = "ssr")]
pub mod routes;
#[cfg(feature = "ssr")]
pub mod store;
