//! Mailuo 脉络: learning, HCPs, content and field work for pharmaceutical companies.
//!
//! One crate, two targets: with feature `ssr` the server, with feature `hydrate` what runs in a staff member's
//! browser. A slice (`identity`, `hcp`, `content`, `sharing`, …) owns its tables; see `docs/ARCHITECTURE.md`.
#![recursion_limit = "512"]

// The browser gets the texts of its page's language as a file.
#[cfg(feature = "ssr")]
rust_i18n::i18n!("locales", fallback = "zh-CN");

#[macro_use]
pub mod ui;

pub mod app;
pub mod audience;
pub mod complaint;
pub mod content;
pub mod course;
pub mod duplicate;
pub mod exam;
pub mod flow;
pub mod hcp;
pub mod identity;
pub mod importing;
pub mod inbox;
pub mod insight;
mod lazy;
pub mod learning;
pub mod memo;
pub mod onboarding;
pub mod ownership;
pub mod product;
pub mod question;
pub mod safety;
#[cfg(feature = "ssr")]
pub mod server;
pub mod shared;
pub mod sharing;
pub mod task;
pub mod terminal;
pub mod visit;
pub mod workbench;

#[cfg(feature = "ssr")]
pub mod cli;
#[cfg(feature = "ssr")]
pub mod demo;
