//! What both targets and every slice share: errors, ids, pages of rows, permissions.

pub mod error;
pub mod history;
pub mod page;
pub mod permission;
pub mod saved;

pub use error::{AppError, FieldError};
pub use page::Page;
pub use permission::{Permission, Role};
pub use saved::Saved;

/// What a server function answers.
pub type AppResult<T> = Result<T, AppError>;
