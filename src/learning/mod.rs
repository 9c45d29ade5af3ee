//! Learning (学习): what each learner plays, answers and completes, and what follows from it.
//!
//! Progress is what the server credits: the union of what was really played, bounded by its own clock. Completion is
//! an event that stays; coverage is asked of the audience as it is today.
//!
//! Writes: `course_assignment`, `lesson_progress`, `watch_session`, `watch_account`, `lesson_answer`,
//! `course_completion`, `review_card`.

#[cfg(feature = "ssr")]
pub mod access;
pub mod api;
#[cfg(feature = "ssr")]
pub mod assignment;
#[cfg(feature = "ssr")]
pub mod cards;
#[cfg(feature = "ssr")]
pub mod completion;
#[cfg(feature = "ssr")]
pub mod coverage;
#[cfg(feature = "ssr")]
mod export;
#[cfg(feature = "ssr")]
mod learner;
pub mod model;
pub mod pages;
#[cfg(feature = "ssr")]
pub mod record;
#[cfg(feature = "ssr")]
pub mod reminders;
#[cfg(feature = "ssr")]
mod routes;
pub mod rules;
#[cfg(feature = "ssr")]
pub mod watch;
#[cfg(feature = "ssr")]
pub mod workdays;

#[cfg(feature = "ssr")]
pub use learner::Learner;
#[cfg(feature = "ssr")]
pub use routes::{routes, stream};
