//! Exams that are set to somebody: whether one is, the list of one's own, and how many can be taken now.

use std::collections::HashMap;

use super::super::model::MyExam;
use super::super::store::{self, ASSIGNED};
use crate::learning::Learner;
use crate::server::db::{Db, DbResult, Query, q};
use crate::server::guard::Actor;
use crate::server::{AppState, time};
use crate::shared::AppError;

/// Since when each exam that courses ask for is asked for anew (`exam_id`, `at`): the newest version of such a course.
/// Attempts before it are not counted among those allowed, since re-learning asks for the exam again (domain, Learning).
const ASKED_ANEW: &str = "SELECT x.exam_id, MAX(c.version_at) AS at FROM course_exam x JOIN course c ON c.id = x.course_id \
    WHERE c.published_at IS NOT NULL AND c.archived_at IS NULL AND c.version_at IS NOT NULL AND c.version > 1 GROUP BY x.exam_id";

pub(super) async fn asked_anew(db: &Db) -> DbResult<Vec<(String, i64)>> {
    q(ASKED_ANEW).all(db).await
}

/// Whether an exam is itself set to somebody.
pub(super) async fn is_assigned(db: &Db, learner: &Learner, exam_id: &str) -> DbResult<bool> {
    let Learner::Staff(actor) = learner else {
        return Ok(false);
    };
    let found = q(format!(
        "SELECT COUNT(*) FROM exam e JOIN staff s ON {} WHERE e.id = $1 AND s.id = $2",
        *ASSIGNED
    ))
    .bind(exam_id)
    .bind(&actor.id)
    .count(db)
    .await?;
    Ok(found > 0)
}

/// What the list of one's exams needs to know of an attempt.
#[derive(sqlx::FromRow)]
struct Own {
    exam_id: String,
    id: String,
    submitted_at: Option<i64>,
    unmarked: i64,
    score: Option<f64>,
    points: f64,
    passed: Option<bool>,
    started_at: i64,
}

/// Exams that are set to somebody, those to be taken first.
pub async fn mine(state: &AppState, actor: &Actor) -> Result<Vec<MyExam>, AppError> {
    let db = &state.db;
    let me = Learner::from(actor).key();
    let assigned: Vec<(String,)> = q(format!(
        "SELECT e.id FROM exam e JOIN staff s ON {} WHERE e.published_at IS NOT NULL AND s.id = $1",
        *ASSIGNED
    ))
    .bind(&actor.id)
    .all(db)
    .await?;
    let exams = store::exams(db, |query| {
        query.push("e.published_at IS NOT NULL AND (EXISTS (SELECT 1 FROM staff s WHERE ");
        query.push(&ASSIGNED);
        query.push_with(
            " AND s.id = ?) OR EXISTS (SELECT 1 FROM exam_attempt t WHERE t.exam_id = e.id AND t.learner = ?))",
            [&actor.id, &me],
        );
        query.push(" ORDER BY e.updated_at DESC, e.id DESC LIMIT 200");
    })
    .await?;
    let attempts: Vec<Own> = q(
        "SELECT exam_id, id, submitted_at, unmarked, score, points, passed, started_at FROM exam_attempt WHERE learner = $1 \
         ORDER BY started_at",
    )
    .bind(&me)
    .all(db)
    .await?;
    let anew: HashMap<String, i64> = asked_anew(db).await?.into_iter().collect();
    let now = time::now();
    let mut out: Vec<MyExam> = exams
        .into_iter()
        .map(|exam| {
            let own: Vec<&Own> = attempts.iter().filter(|a| a.exam_id == exam.id).collect();
            let best = own
                .iter()
                .filter_map(|a| {
                    let percent = a.score? * 100.0 / a.points.max(1.0);
                    Some((a.id.clone(), percent, a.passed.unwrap_or(false)))
                })
                .max_by(|a, b| a.2.cmp(&b.2).then(a.1.total_cmp(&b.1)));
            MyExam {
                state: exam.state(now),
                assigned: assigned.iter().any(|(id,)| *id == exam.id),
                opens: exam.opens_at.map(|at| state.zone.minute(at)),
                closes: exam.closes_at.map(|at| state.zone.minute(at)),
                used: own
                    .iter()
                    .filter(|a| a.started_at >= anew.get(&exam.id).copied().unwrap_or(0))
                    .count() as i64,
                open_attempt: own
                    .iter()
                    .find(|a| a.submitted_at.is_none())
                    .map(|a| a.id.clone()),
                waits: own
                    .iter()
                    .find(|a| a.submitted_at.is_some() && a.unmarked > 0)
                    .map(|a| a.id.clone()),
                best,
                id: exam.id,
                title: exam.title,
                intro: exam.intro,
                minutes: exam.minutes,
                attempts: exam.attempts,
                pass_percent: exam.pass_percent,
            }
        })
        .collect();
    out.sort_by_key(|exam| (exam.done(), !exam.can_take()));
    Ok(out)
}

/// Counts the exams that somebody can take now and has not passed.
pub fn waiting(actor: &Actor) -> Query {
    let (me, now) = (Learner::from(actor).key(), time::now());
    let mut query = q("SELECT COUNT(*) FROM exam e JOIN staff s ON ");
    query.push_with(
        "s.id = ? WHERE e.published_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM exam_attempt p WHERE p.exam_id = e.id \
         AND p.learner = ? AND p.passed) AND (EXISTS (SELECT 1 FROM exam_attempt o WHERE o.exam_id = e.id AND o.learner = ? \
         AND o.submitted_at IS NULL) OR (",
        [&actor.id, &me, &me],
    );
    query.push(&ASSIGNED);
    query.push_with(
        " AND e.ended_at IS NULL AND (e.closes_at IS NULL OR e.closes_at > ?) AND (e.opens_at IS NULL OR e.opens_at <= ?)",
        [now, now],
    );
    query.push_with(
        " AND (e.attempts = 0 OR (SELECT COUNT(*) FROM exam_attempt t WHERE t.exam_id = e.id AND t.learner = ? \
         AND t.started_at >= COALESCE((SELECT n.at FROM (",
        [&me],
    );
    query.push(ASKED_ANEW);
    query.push(") n WHERE n.exam_id = e.id), 0)) < e.attempts)))");
    query
}
