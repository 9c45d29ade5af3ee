//! The pages of imports.

mod job;
mod list;

pub use job::ImportJob;
pub use list::ImportList;
