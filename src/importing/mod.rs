//! Importing spreadsheets, by page and by command.
//!
//! On the pages an import is a job: the file is kept sealed, a worker checks it in the background and says what would
//! change, and once somebody has looked at that it is applied, all rows or none, unless invalid ones are skipped on
//! purpose. A command does the same at once. Checking and applying share the code that decides about a row.
//!
//! Writes: `import_job`.

pub mod api;
#[cfg(feature = "ssr")]
pub mod failed;
#[cfg(feature = "ssr")]
pub mod jobs;
pub mod model;
pub mod pages;
#[cfg(feature = "ssr")]
mod progress;
#[cfg(feature = "ssr")]
mod routes;
#[cfg(feature = "ssr")]
mod run;
#[cfg(feature = "ssr")]
pub mod table;
#[cfg(feature = "ssr")]
pub mod worker;

pub use model::{Existing, Kind};
#[cfg(feature = "ssr")]
pub use progress::Watch;
#[cfg(feature = "ssr")]
pub use routes::routes;
#[cfg(feature = "ssr")]
pub use run::{Findings, Mode, articles, run, run_table, run_with};
