//! Exams (考试): papers out of the question bank, attempts by the server's clock, marking and results.
//!
//! A paper is drawn when an attempt begins and stored with it: the same attempt always shows the same paper. Every
//! answer is kept as it is given; what is there when the time is over counts.
//!
//! Writes: `exam`, `exam_part`, `exam_audience`, `exam_attempt`, `exam_answer`, `exam_event`, `first_answer`.

pub mod api;
#[cfg(feature = "ssr")]
pub mod attempt;
#[cfg(feature = "ssr")]
mod export;
#[cfg(feature = "ssr")]
pub mod marking;
pub mod model;
pub mod pages;
#[cfg(feature = "ssr")]
pub mod paper;
#[cfg(feature = "ssr")]
pub mod parts;
#[cfg(feature = "ssr")]
pub mod results;
#[cfg(feature = "ssr")]
pub mod routes;
#[cfg(feature = "ssr")]
pub mod sheet;
#[cfg(feature = "ssr")]
pub mod store;
#[cfg(feature = "ssr")]
pub mod writer;

#[cfg(feature = "ssr")]
pub use routes::routes;
