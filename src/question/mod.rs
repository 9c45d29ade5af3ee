//! The question bank (题库): questions with their versions, categories and tags, and the files they come and go in.
//!
//! A question is never changed: saving it makes a version, and papers keep the versions they drew.
//!
//! Writes: `question`, `question_version`, `question_tag`.

pub mod api;
#[cfg(feature = "ssr")]
pub mod export;
#[cfg(feature = "ssr")]
pub mod formats;
#[cfg(feature = "ssr")]
pub mod import;
pub mod model;
pub mod pages;
#[cfg(feature = "ssr")]
mod routes;
#[cfg(feature = "ssr")]
pub mod rules;
#[cfg(feature = "ssr")]
pub mod store;

#[cfg(feature = "ssr")]
pub use routes::routes;
