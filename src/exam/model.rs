//! Types that cross between server and browser.

use serde::{Deserialize, Serialize};

use crate::audience::Audience;
use crate::shared::Page;

/// Where an exam stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExamState {
    /// Being put together.
    Draft,
    /// Published, and its window has not begun.
    Ahead,
    Open,
    /// Its window is over, or somebody ended it.
    Closed,
}

impl ExamState {
    /// The name in the current language.
    pub fn label(self) -> String {
        match self {
            ExamState::Draft => tr!("exam.state_draft"),
            ExamState::Ahead => tr!("exam.state_ahead"),
            ExamState::Open => tr!("exam.state_open"),
            ExamState::Closed => tr!("exam.state_closed"),
        }
    }
}

/// What a person sees of their paper afterwards.
pub const REVIEWS: [&str; 4] = ["wrong", "closed", "all", "never"];

/// The name of a review rule in the current language.
pub fn review_label(review: &str) -> String {
    match review {
        "wrong" => tr!("exam.review_wrong"),
        "closed" => tr!("exam.review_closed"),
        "all" => tr!("exam.review_all"),
        _ => tr!("exam.review_never"),
    }
}

/// An exam as its form holds it. Moments are `YYYY-MM-DDTHH:MM` of the configured zone, or empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExamInput {
    pub title: String,
    pub intro: String,
    pub minutes: i64,
    pub opens: String,
    pub closes: String,
    pub attempts: i64,
    pub pass_percent: i64,
    pub shuffle_questions: bool,
    pub shuffle_options: bool,
    pub review: String,
    pub audience: Audience,
}

/// A part of a paper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::FromRow))]
pub struct PartRow {
    pub id: String,
    pub question_id: Option<String>,
    /// The stem of that question, shortened.
    pub stem: String,
    pub category: String,
    pub kind: String,
    pub tag: String,
    pub difficulty: i64,
    pub draws: i64,
    pub points: i64,
    /// How many questions it can draw from; counted apart.
    #[cfg_attr(feature = "ssr", sqlx(skip))]
    pub available: i64,
}

/// A row of the trainer's list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExamRow {
    pub id: String,
    pub title: String,
    pub state: ExamState,
    /// From and until, as far as they are set.
    pub opens: Option<String>,
    pub closes: Option<String>,
    /// People to whom it is set today, those who took it, and those who passed.
    pub assigned: i64,
    pub taken: i64,
    pub passed: i64,
    /// Answers to be marked.
    pub unmarked: i64,
}

/// An exam on the trainer's page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExamView {
    pub row: ExamRow,
    pub input: ExamInput,
    /// The audience in words.
    pub audience: Vec<String>,
    pub parts: Vec<PartRow>,
    /// Questions and points of one paper.
    pub questions: i64,
    pub points: i64,
    pub makeup_of: Option<(String, String)>,
    pub makeups: Vec<(String, String)>,
    /// The moment of the last change, which a change must name.
    pub updated_at: i64,
}

/// What the form of a part offers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PoolChoices {
    pub categories: Vec<String>,
    pub tags: Vec<String>,
}

/// An exam as somebody who is to take it sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MyExam {
    pub id: String,
    pub title: String,
    pub intro: String,
    pub state: ExamState,
    pub minutes: i64,
    pub opens: Option<String>,
    pub closes: Option<String>,
    /// Most attempts, 0 for any number, and those used.
    pub attempts: i64,
    pub used: i64,
    pub pass_percent: i64,
    /// Whether it is set to them today.
    pub assigned: bool,
    /// An attempt that is under way.
    pub open_attempt: Option<String>,
    /// The best attempt: id, per cent, whether it passed; none while it is being marked.
    pub best: Option<(String, f64, bool)>,
    /// An attempt that waits for marking.
    pub waits: Option<String>,
}

impl MyExam {
    /// Whether an attempt can begin or go on now.
    pub fn can_take(&self) -> bool {
        self.open_attempt.is_some()
            || (self.assigned
                && self.state == ExamState::Open
                && (self.attempts == 0 || self.used < self.attempts))
    }

    /// Whether it is passed.
    pub fn done(&self) -> bool {
        self.best.as_ref().is_some_and(|(_, _, passed)| *passed)
    }
}

/// One person's results in an exam.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResultRow {
    pub staff_id: String,
    pub name: String,
    pub unit: String,
    pub employee_no: String,
    pub attempts: i64,
    /// The attempt that counts: the best one, else the last.
    pub attempt_id: Option<String>,
    /// Per cent.
    pub percent: Option<f64>,
    pub passed: Option<bool>,
    pub at: Option<String>,
    /// Times that the screen was left.
    pub left: i64,
    /// Whether they are still of the audience.
    pub assigned: bool,
}

/// The results of an exam within scope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    pub exam: (String, String),
    pub page: Page<ResultRow>,
    pub assigned: i64,
    pub taken: i64,
    pub passed: i64,
}

/// A question with how it was answered for the first time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccuracyRow {
    pub question_id: String,
    pub version: i64,
    pub kind: String,
    pub stem: String,
    pub correct: i64,
    pub answers: i64,
}

/// An answer to be marked. Who gave it is not shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MarkRow {
    pub attempt_id: String,
    pub position: i64,
    pub exam: String,
    pub stem: String,
    /// The model answer.
    pub model: String,
    pub given: String,
    pub points: f64,
    pub at: String,
}

/// A share as per cent with one decimal, or a dash.
pub fn percent(part: i64, whole: i64) -> String {
    crate::onboarding::model::rate(part, whole)
}

impl ResultRow {
    /// How they stand, in the current language.
    pub fn outcome(&self) -> String {
        match (self.attempt_id.is_some(), self.passed) {
            (false, _) => tr!("exam.not_taken"),
            (true, None) => tr!("exam.being_marked"),
            (true, Some(true)) => tr!("exam.passed"),
            (true, Some(false)) => tr!("exam.failed"),
        }
    }
}
