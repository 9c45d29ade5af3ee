//! Audiences (对象): whom an exam or a course is set to. A rule and not a list: who joins, moves or leaves tomorrow is
//! in it or out of it tomorrow.
//!
//! Writes: `exam_audience` and `course_audience`, for the slices whose objects they are.

mod form;
mod model;
#[cfg(feature = "ssr")]
mod store;

pub use form::AudienceFields;
pub use model::{Audience, AudienceChoices};
#[cfg(feature = "ssr")]
pub use store::{Of, choices, read, rows, write};
