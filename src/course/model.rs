//! Types that cross between server and browser.

use serde::{Deserialize, Serialize};

use crate::audience::Audience;

/// What a lesson consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LessonKind {
    Video,
    Audio,
    /// Pages that are turned, out of a PDF.
    Slides,
    /// An article of the library.
    Article,
    /// An exam, passed as part of the course.
    Quiz,
}

impl LessonKind {
    /// The code in contents and files.
    pub fn code(self) -> &'static str {
        match self {
            LessonKind::Video => "video",
            LessonKind::Audio => "audio",
            LessonKind::Slides => "slides",
            LessonKind::Article => "article",
            LessonKind::Quiz => "quiz",
        }
    }

    /// The kind of a code.
    pub fn parse(code: &str) -> Option<LessonKind> {
        use LessonKind as K;
        [K::Video, K::Audio, K::Slides, K::Article, K::Quiz]
            .into_iter()
            .find(|kind| kind.code() == code)
    }

    /// The name in the current language.
    pub fn label(self) -> String {
        match self {
            LessonKind::Video => tr!("course.kind_video"),
            LessonKind::Audio => tr!("course.kind_audio"),
            LessonKind::Slides => tr!("course.kind_slides"),
            LessonKind::Article => tr!("course.kind_article"),
            LessonKind::Quiz => tr!("course.kind_quiz"),
        }
    }

    /// Whether it is played along a line of time.
    pub fn is_played(self) -> bool {
        matches!(self, LessonKind::Video | LessonKind::Audio)
    }
}

/// A question within a lesson, at which the player stops.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    pub id: String,
    /// Milliseconds from the beginning.
    pub at_ms: i64,
    pub question_id: String,
    pub version: i64,
    /// The beginning of the stem, for the builder.
    pub stem: String,
}

/// A lesson (课时).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lesson {
    pub id: String,
    pub title: String,
    pub intro: String,
    pub kind: LessonKind,
    /// The film, recording or slides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<String>,
    /// A file of WebVTT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captions: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub article: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exam: Option<String>,
    /// Milliseconds to be covered: of film or recording, three seconds for each page of slides, a third of an
    /// article's reading time, 0 of a quiz.
    pub duration_ms: i64,
    /// Pages of slides.
    #[serde(default)]
    pub pages: i64,
    #[serde(default)]
    pub stops: Vec<Stop>,
}

/// A chapter (章节).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chapter {
    pub id: String,
    pub title: String,
    pub lessons: Vec<Lesson>,
}

/// What a course holds, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    pub chapters: Vec<Chapter>,
}

impl Contents {
    /// All lessons in order.
    pub fn lessons(&self) -> impl Iterator<Item = &Lesson> {
        self.chapters.iter().flat_map(|chapter| &chapter.lessons)
    }

    /// The lesson of an id.
    pub fn lesson(&self, id: &str) -> Option<&Lesson> {
        self.lessons().find(|lesson| lesson.id == id)
    }
}

/// Categories of courses: general skills for all, medical knowledge, products, and the rules of the trade.
pub const CATEGORIES: [&str; 4] = ["general", "medical", "product", "compliance"];

/// The name of a category in the current language.
pub fn category_label(category: &str) -> String {
    match category {
        "medical" => tr!("course.category_medical"),
        "product" => tr!("course.category_product"),
        "compliance" => tr!("course.category_compliance"),
        _ => tr!("course.category_general"),
    }
}

/// How a due date is found.
pub const DUE_KINDS: [&str; 4] = ["none", "assigned", "joined", "fixed"];

/// The name of a way to find the due date in the current language.
pub fn due_label(kind: &str) -> String {
    match kind {
        "assigned" => tr!("course.due_assigned"),
        "joined" => tr!("course.due_joined"),
        "fixed" => tr!("course.due_fixed"),
        _ => tr!("course.due_none"),
    }
}

/// A course as its form holds it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourseInput {
    pub title: String,
    pub summary: String,
    pub category: String,
    /// Employee number or name; empty for nobody.
    pub lecturer: String,
    pub required: bool,
    pub no_skip: bool,
    pub due_kind: String,
    pub due_days: i64,
    /// A day, or empty.
    pub due_on: String,
    pub audience: Audience,
    /// All onboarded HCPs.
    pub all_hcps: bool,
    /// Departments or specialties of HCPs, one a line.
    pub specialties: String,
}

impl CourseInput {
    /// Whether HCPs are among those it is set to.
    pub fn for_hcps(&self) -> bool {
        self.all_hcps || !self.specialties.trim().is_empty()
    }
}

/// Where a course stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CourseState {
    Draft,
    Published,
    /// Published, and changed since.
    Changed,
    Archived,
}

impl CourseState {
    /// The name in the current language.
    pub fn label(self) -> String {
        match self {
            CourseState::Draft => tr!("course.state_draft"),
            CourseState::Published => tr!("course.state_published"),
            CourseState::Changed => tr!("course.state_changed"),
            CourseState::Archived => tr!("course.state_archived"),
        }
    }
}

/// A row of the list of courses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CourseRow {
    pub id: String,
    pub title: String,
    pub category: String,
    pub state: CourseState,
    pub required: bool,
    pub for_hcps: bool,
    pub version: i64,
    pub lessons: i64,
    /// Staff within scope to whom it is set today, and those of them who completed the version in force.
    pub assigned: i64,
    pub completed: i64,
    /// Questions that wait for an answer.
    pub open_comments: i64,
}

/// A course on the trainer's page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CourseView {
    pub row: CourseRow,
    pub input: CourseInput,
    /// The audience in words.
    pub audience: Vec<String>,
    pub lecturer: Option<String>,
    pub cover: Option<String>,
    pub contents: Contents,
    /// '' (none asked for), in_review, or approved for the contents as they are; `stale` if they changed since.
    pub review: String,
    pub approval_no: String,
    pub expires_on: String,
    pub editions: Vec<EditionRow>,
    pub updated_at: i64,
    /// Why it cannot be published as it is: locale keys.
    pub lacks: Vec<String>,
}

/// A publishing of a course.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EditionRow {
    pub edition: i64,
    pub version: i64,
    pub note: String,
    pub by: String,
    pub at: String,
}

/// What a film, recording or set of slides is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::FromRow))]
pub struct MediaRow {
    pub id: String,
    pub kind: String,
    pub media_type: String,
    pub name: String,
    pub bytes: i64,
    pub duration_ms: i64,
    /// Pages of slides; counted apart.
    #[cfg_attr(feature = "ssr", sqlx(default))]
    pub pages: i64,
}

/// A lesson on the page where it is worked on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LessonEdit {
    pub course: (String, String),
    pub lesson: Lesson,
    pub media: Option<MediaRow>,
    /// Published articles and exams to choose among: ids and titles.
    pub articles: Vec<(String, String)>,
    pub exams: Vec<(String, String)>,
    /// Questions that fit what was searched for: id, kind, stem.
    pub questions: Vec<(String, String, String)>,
    /// The article by which the lesson is shared: id and status.
    pub shared: Option<(String, String)>,
    /// The largest film that can be sent, in MiB.
    pub max_mib: i64,
}

/// Milliseconds as `m:ss`, or `h:mm:ss` from an hour on.
pub fn clock(ms: i64) -> String {
    let seconds = ms.max(0) / 1000;
    let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if h > 0 {
        format!("{h}:{m:02}:{s:02}")
    } else {
        format!("{m}:{s:02}")
    }
}

/// Milliseconds out of `m:ss`, `h:mm:ss` or seconds; none if it is neither.
pub fn read_clock(text: &str) -> Option<i64> {
    let mut total = 0_i64;
    let parts: Vec<&str> = text.trim().split([':', '：']).collect();
    if parts.len() > 3 {
        return None;
    }
    for (i, part) in parts.iter().enumerate() {
        let number: i64 = part.trim().parse().ok()?;
        // Only the first part may pass 59.
        if !(0..=100_000).contains(&number) || (i > 0 && number > 59) {
            return None;
        }
        total = total * 60 + number;
    }
    Some(total * 1000)
}

/// A question or comment with its answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CommentRow {
    pub id: String,
    pub course_id: String,
    pub course: String,
    pub lesson_id: String,
    pub lesson: String,
    pub author: String,
    /// Whether the lecturer or a trainer wrote it.
    pub by_lecturer: bool,
    /// Whether the reader wrote it.
    pub own: bool,
    pub text: String,
    pub at: String,
    pub settled: bool,
    pub answers: Vec<CommentRow>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_read_and_written() {
        assert_eq!(read_clock("1:05"), Some(65_000));
        assert_eq!(read_clock("90"), Some(90_000));
        assert_eq!(read_clock("1:00:01"), Some(3_601_000));
        assert_eq!(read_clock("1：05"), Some(65_000));
        assert_eq!(read_clock("1:60"), None);
        assert_eq!(read_clock(""), None);
        assert_eq!(read_clock("-1"), None);
        assert_eq!(clock(65_999), "1:05");
        assert_eq!(clock(3_601_000), "1:00:01");
    }
}
