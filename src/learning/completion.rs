//! Completing a course: all lessons complete, and the exams among them passed (domain, Learning).

use crate::course::model::Contents;
use crate::server::db::{DbResult, Tx, q};
use crate::server::time;

/// Notes that a learner completed a version, if nothing of it is missing.
pub async fn check(
    tx: &mut Tx,
    learner: &str,
    course: &str,
    version: i64,
    lessons: &[String],
    at: i64,
) -> DbResult<()> {
    let mut query = q(
        "SELECT COUNT(*) FROM lesson_progress WHERE completed_at IS NOT NULL AND learner = $1 AND version = $2",
    )
    .bind(learner)
    .bind(version);
    query.push(" AND lesson_id IN (''");
    for lesson in lessons {
        query.push_with(", ?", [lesson]);
    }
    query.push(")");
    if lessons.is_empty() || query.count(&mut *tx).await? < lessons.len() as i64 {
        return Ok(());
    }
    q("INSERT INTO course_completion (course_id, version, learner, completed_at) VALUES ($1, $2, $3, $4) \
       ON CONFLICT DO NOTHING")
    .bind(course)
    .bind(version)
    .bind(learner)
    .bind(at)
    .exec(tx)
    .await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Asks {
    course_id: String,
    lesson_id: String,
    version: i64,
    version_at: Option<i64>,
    contents: String,
}

/// Completes the quiz lessons that a passed exam is part of. A new version asks for the exam again: what was passed
/// before it began does not count.
pub async fn after_exam(tx: &mut Tx, learner: &str, exam: &str) -> DbResult<()> {
    let asks: Vec<Asks> = q(
        "SELECT c.id AS course_id, x.lesson_id, c.version, c.version_at, e.contents FROM course_exam x \
         JOIN course c ON c.id = x.course_id JOIN course_edition e ON e.course_id = c.id AND e.edition = c.edition \
         WHERE x.exam_id = $1 AND c.archived_at IS NULL",
    )
    .bind(exam)
    .all(&mut *tx)
    .await?;
    let now = time::now();
    for course in asks {
        let passed = q(
            "SELECT COUNT(*) FROM exam_attempt WHERE exam_id = $1 AND learner = $2 AND passed AND submitted_at >= $3",
        )
        .bind(exam)
        .bind(learner)
        .bind(course.version_at.unwrap_or(0))
        .count(&mut *tx)
        .await?;
        if passed == 0 {
            continue;
        }
        q("INSERT INTO lesson_progress (learner, lesson_id, version, course_id, spans, watched_ms, position_ms, started_at, \
           last_at, completed_at) VALUES ($1, $2, $3, $4, '[]', 0, 0, $5, $5, $5) \
           ON CONFLICT (learner, lesson_id, version) DO UPDATE SET \
           completed_at = COALESCE(lesson_progress.completed_at, EXCLUDED.completed_at)")
        .bind(learner)
        .bind(&course.lesson_id)
        .bind(course.version)
        .bind(&course.course_id)
        .bind(now)
        .exec(&mut *tx)
        .await?;
        let contents: Contents = serde_json::from_str(&course.contents).unwrap_or_default();
        let lessons: Vec<String> = contents.lessons().map(|l| l.id.clone()).collect();
        check(
            tx,
            learner,
            &course.course_id,
            course.version,
            &lessons,
            now,
        )
        .await?;
    }
    Ok(())
}
