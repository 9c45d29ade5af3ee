//! Pages of learning for staff: one's own courses, coverage, the record.

mod coverage;
mod mine;
mod record;

pub use coverage::CourseCoverage;
pub use mine::Learning;
pub use record::LearningRecord;
