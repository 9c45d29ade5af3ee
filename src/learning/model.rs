//! Types that cross between server and browser.

use serde::{Deserialize, Serialize};

use crate::shared::Page;

/// A course as a learner's list shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MyCourse {
    pub id: String,
    pub title: String,
    pub summary: String,
    pub category: String,
    pub required: bool,
    pub cover: bool,
    pub lessons: i64,
    /// Lessons completed of the version in force.
    pub done: i64,
    pub completed: Option<String>,
    /// Day by which it is due.
    pub due: Option<String>,
    pub overdue: bool,
    /// The lesson to go on with.
    pub next: Option<String>,
}

/// What a member of staff has to learn.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LearningDesk {
    pub courses: Vec<MyCourse>,
    /// Cards that are due today.
    pub cards: i64,
}

/// How a unit covers a course: within the asker's scope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::FromRow))]
pub struct UnitCoverage {
    pub unit_id: String,
    pub unit: String,
    /// People to whom it is set today.
    pub assigned: i64,
    /// Those of them who completed the version in force.
    pub completed: i64,
    pub overdue: i64,
}

/// A person in the coverage of a course.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PersonCoverage {
    pub staff_id: String,
    pub name: String,
    pub employee_no: String,
    pub unit: String,
    pub completed: Option<String>,
    pub lessons_done: i64,
    pub due: Option<String>,
    pub overdue: bool,
    /// When they were last reminded, and whether they read it.
    pub reminded: Option<(String, bool)>,
}

/// The coverage of a course within scope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    pub course: (String, String),
    pub version: i64,
    pub lessons: i64,
    pub assigned: i64,
    pub completed: i64,
    pub overdue: i64,
    pub units: Vec<UnitCoverage>,
    pub people: Page<PersonCoverage>,
}

/// A line of somebody's record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordRow {
    /// course or exam.
    pub kind: String,
    pub id: String,
    pub title: String,
    pub version: i64,
    /// When it was completed or handed in.
    pub at: String,
    /// Of an exam: per cent, once it is marked.
    pub percent: Option<f64>,
    /// Of an exam: whether it was passed.
    pub passed: Option<bool>,
    /// Of a course that is not completed: lessons done and in all.
    pub lessons: Option<(i64, i64)>,
}

/// 学习考试记录 of a member of staff.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub staff_id: String,
    pub name: String,
    pub unit: String,
    pub employee_no: String,
    pub rows: Page<RecordRow>,
    /// Completed courses and passed exams.
    pub completed: i64,
    pub passed: i64,
    /// Right first answers and first answers.
    pub correct: i64,
    pub answers: i64,
}

impl RecordRow {
    /// How it stands, in the current language.
    pub fn outcome(&self) -> String {
        match (self.kind.as_str(), self.passed, self.lessons) {
            ("exam", Some(true), _) => tr!("exam.passed"),
            ("exam", Some(false), _) => tr!("exam.failed"),
            ("exam", None, _) => tr!("exam.being_marked"),
            (_, _, Some((done, of))) => tr!("learn.lessons_done", done = done, of = of),
            _ => tr!("learn.completed"),
        }
    }
}
