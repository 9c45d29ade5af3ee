//! Completing a course: all lessons complete, and the exams among them passed (domain, Learning).

use crate::course::model::Contents;
use crate::course::store::Course;
use crate::server::db::{DbResult, Tx, q};
use crate::server::time;
use crate::shared::AppError;

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

/// After a correction was published without a new version: completes quiz lessons whose exam was passed since the
/// version began, and the course for whom nothing of it is missing any more.
pub async fn after_correction(tx: &mut Tx, course: &Course, at: i64) -> Result<(), AppError> {
    let mut quizzes = q(
        "INSERT INTO lesson_progress (learner, lesson_id, version, course_id, spans, watched_ms, position_ms, \
         started_at, last_at, completed_at) SELECT DISTINCT t.learner, x.lesson_id",
    );
    quizzes.push_with(
        ", CAST(? AS BIGINT), x.course_id, '[]', 0, 0",
        [course.version],
    );
    quizzes.push_with(
        ", CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS BIGINT)",
        [at, at, at],
    );
    quizzes.push(" FROM exam_attempt t JOIN course_exam x ON x.exam_id = t.exam_id WHERE t.passed");
    quizzes.push_with(" AND x.course_id = ?", [&course.id]);
    quizzes.push_with(" AND t.submitted_at >= ?", [course.version_at.unwrap_or(0)]);
    quizzes.push(
        " ON CONFLICT (learner, lesson_id, version) DO UPDATE SET \
         completed_at = COALESCE(lesson_progress.completed_at, EXCLUDED.completed_at)",
    );
    quizzes.exec(&mut *tx).await?;
    let contents = course.draft()?;
    let lessons: Vec<&String> = contents.lessons().map(|l| &l.id).collect();
    let mut whole = q(
        "INSERT INTO course_completion (course_id, version, learner, completed_at) SELECT p.course_id, p.version, p.learner",
    );
    whole.push_with(", CAST(? AS BIGINT) FROM lesson_progress p", [at]);
    whole.push_with(
        " WHERE p.course_id = ? AND p.completed_at IS NOT NULL",
        [&course.id],
    );
    whole.push_with(
        " AND p.version = ? AND p.lesson_id IN (''",
        [course.version],
    );
    for lesson in &lessons {
        whole.push_with(", ?", [*lesson]);
    }
    whole.push_with(
        ") GROUP BY p.course_id, p.version, p.learner HAVING COUNT(*) >= ? ON CONFLICT DO NOTHING",
        [lessons.len() as i64],
    );
    whole.exec(tx).await?;
    Ok(())
}
