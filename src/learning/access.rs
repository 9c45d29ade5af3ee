//! What a learner may open.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, RwLock};

use super::Learner;
use crate::course::model::{Contents, Lesson, LessonKind};
use crate::course::store::{self, ASSIGNED, Course};
use crate::server::AppState;
use crate::server::db::{Db, Query, internal, q};
use crate::shared::AppError;

/// Editions, which never change, by course and number. Only saves reading them anew.
static EDITIONS: LazyLock<RwLock<Editions>> = LazyLock::new(RwLock::default);
type Editions = HashMap<(String, i64), Arc<Contents>>;
/// The most that are kept before it begins anew.
const KEPT: usize = 500;

/// What an edition holds.
pub async fn edition(db: &Db, course: &str, edition: i64) -> Result<Arc<Contents>, AppError> {
    let key = (course.to_owned(), edition);
    if let Some(contents) = EDITIONS
        .read()
        .ok()
        .and_then(|kept| kept.get(&key).cloned())
    {
        return Ok(contents);
    }
    let (json,): (String,) =
        q("SELECT contents FROM course_edition WHERE course_id = $1 AND edition = $2")
            .bind(course)
            .bind(edition)
            .one(db)
            .await?;
    let contents: Arc<Contents> = Arc::new(serde_json::from_str(&json).map_err(internal)?);
    if let Ok(mut kept) = EDITIONS.write() {
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(key, Arc::clone(&contents));
    }
    Ok(contents)
}

/// A course as a learner has it open.
#[derive(Debug, Clone)]
pub struct Open {
    pub course: Course,
    pub contents: Arc<Contents>,
    /// Nothing is recorded: somebody who works on the course looks at it as a learner would.
    pub preview: bool,
}

impl Open {
    /// A lesson of it.
    pub fn lesson(&self, id: &str) -> Result<&Lesson, AppError> {
        self.contents.lesson(id).ok_or(AppError::NotFound)
    }
}

/// Opens a course; `NotFound` for whom it is not meant. `preview` shows what is being worked on.
pub async fn open(
    state: &AppState,
    learner: &Learner,
    id: &str,
    preview: bool,
) -> Result<Open, AppError> {
    let mut course = store::course(&state.db, id).await?;
    if preview {
        return match learner {
            Learner::Staff(actor) if store::sees_drafts(actor) || teaches(actor, &course) => {
                let contents = Arc::new(course.draft()?);
                Ok(Open {
                    course,
                    contents,
                    preview: true,
                })
            }
            _ => Err(AppError::NotFound),
        };
    }
    if !course.is_open() || !may_learn(state, learner, &course).await? {
        return Err(AppError::NotFound);
    }
    let contents = edition(&state.db, id, course.edition).await?;
    if matches!(learner, Learner::Hcp(_)) {
        // Printed is the approval of what is shown.
        (course.approval_no, course.expires_on) = q(
            "SELECT approval_no, expires_on FROM course_edition WHERE course_id = $1 AND edition = $2",
        )
        .bind(id)
        .bind(course.edition)
        .one(&state.db)
        .await?;
    }
    Ok(Open {
        course,
        contents,
        preview: false,
    })
}

fn teaches(actor: &crate::server::guard::Actor, course: &Course) -> bool {
    course.lecturer_id.as_deref() == Some(&actor.id)
}

/// Whether a published course is meant for a learner.
async fn may_learn(state: &AppState, learner: &Learner, course: &Course) -> Result<bool, AppError> {
    match learner {
        Learner::Staff(actor) if store::sees_drafts(actor) || teaches(actor, course) => Ok(true),
        Learner::Staff(actor) => {
            let found = q(format!(
                "SELECT COUNT(*) FROM course c JOIN staff s ON {} WHERE c.id = $1 AND s.id = $2",
                *ASSIGNED
            ))
            .bind(&course.id)
            .bind(&actor.id)
            .count(&state.db)
            .await?;
            Ok(found > 0)
        }
        Learner::Hcp(hcp) => {
            let mut query = q("SELECT COUNT(*) FROM course c WHERE ");
            query.push_with("c.id = ? AND ", [&course.id]);
            for_hcp(&mut query, hcp, &state.zone.today());
            Ok(query.count(&state.db).await? > 0)
        }
    }
}

/// Condition that course `c` is published, reviewed, not past its day, and meant for an HCP by their department or
/// specialty.
pub fn for_hcp(query: &mut Query, hcp: &str, today: &str) {
    // What counts is the approval of the edition in force, not that of what is being worked on.
    query.push_with(
        "c.published_at IS NOT NULL AND c.archived_at IS NULL AND EXISTS (SELECT 1 FROM course_edition e \
         WHERE e.course_id = c.id AND e.edition = c.edition AND e.approval_no <> '' AND e.expires_on >= ?)",
        [today],
    );
    query.push_with(
        " AND EXISTS (SELECT 1 FROM course_audience a WHERE a.course_id = c.id AND (a.kind = 'hcps' \
         OR (a.kind = 'specialty' AND EXISTS (SELECT 1 FROM hcp h WHERE h.id = ? \
         AND (h.department = a.value OR h.specialty = a.value)))))",
        [hcp],
    );
}

/// Whether a course that a learner may open asks for an exam.
pub async fn asks_for(
    state: &AppState,
    learner: &Learner,
    exam_id: &str,
) -> Result<bool, AppError> {
    let courses: Vec<(String,)> =
        q("SELECT course_id FROM course_exam WHERE exam_id = $1 LIMIT 50")
            .bind(exam_id)
            .all(&state.db)
            .await?;
    for (id,) in courses {
        if open(state, learner, &id, false).await.is_ok() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What crediting a lesson asks for.
#[derive(Debug, Clone)]
pub struct Rules {
    pub course_id: String,
    pub version: i64,
    pub lesson_id: String,
    pub duration_ms: i64,
    /// Milliseconds that make it complete.
    pub needed_ms: i64,
    pub no_skip: bool,
    /// Ids of its questions.
    pub stops: Vec<String>,
    /// All lessons of the course, by which it is complete.
    pub lessons: Vec<String>,
}

impl Rules {
    fn new(
        course: &str,
        version: i64,
        no_skip: bool,
        contents: &Contents,
        lesson: &Lesson,
    ) -> Rules {
        let whole = matches!(lesson.kind, LessonKind::Slides | LessonKind::Article);
        let percent = if whole {
            100
        } else {
            super::rules::ENOUGH_PERCENT
        };
        Rules {
            course_id: course.to_owned(),
            version,
            lesson_id: lesson.id.clone(),
            duration_ms: lesson.duration_ms,
            needed_ms: lesson.duration_ms * percent / 100,
            no_skip: no_skip && lesson.kind.is_played(),
            stops: lesson.stops.iter().map(|s| s.id.clone()).collect(),
            lessons: contents.lessons().map(|l| l.id.clone()).collect(),
        }
    }

    /// The rules of a lesson of an open course.
    pub fn of(open: &Open, lesson: &Lesson) -> Rules {
        let course = &open.course;
        Rules::new(
            &course.id,
            course.version,
            course.no_skip,
            &open.contents,
            lesson,
        )
    }
}

/// The rules of a lesson of the edition in force, without asking again who learns: their playing was allowed to begin.
pub async fn rules(db: &Db, course: &str, lesson: &str) -> Result<Rules, AppError> {
    let (edition, version, no_skip): (i64, i64, bool) = q(
        "SELECT edition, version, no_skip FROM course WHERE id = $1 AND published_at IS NOT NULL",
    )
    .bind(course)
    .one(db)
    .await?;
    let contents = self::edition(db, course, edition).await?;
    let found = contents.lesson(lesson).ok_or(AppError::NotFound)?;
    Ok(Rules::new(course, version, no_skip, &contents, found))
}
