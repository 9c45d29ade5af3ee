//! The server's foundation: configuration, database, sessions, guards, audit, headers. Compiled with `ssr` only.

pub mod api;
pub mod audit;
pub mod backup;
pub mod charts;
pub mod collation;
pub mod config;
pub mod crypto;
pub mod db;
pub mod ending;
pub mod facts;
pub mod files;
pub mod form_key;
pub mod guard;
pub mod headers;
pub mod history;
pub mod http;
pub mod jobs;
pub mod live;
pub mod metrics;
pub mod otp;
pub mod queue;
pub mod router;
pub mod search;
pub mod session;
pub mod sheet;
pub mod sms;
pub mod state;
pub mod texts;
pub mod time;
pub mod web;

pub use state::AppState;
