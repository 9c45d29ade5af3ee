//! Steps in an exam's life: it is published, ended, opened again, copied.

use serde_json::json;

use super::super::model::PartRow;
use super::super::paper::{self, Pool};
use super::super::parts::{QUESTIONS, insert_part, pool_filter};
use super::{ASSIGNED, exam};
use crate::question::store as questions;
use crate::server::audit::{self, Event};
use crate::server::db::{internal, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, form_key, time};
use crate::shared::{AppError, Saved};

/// The most candidates that a part keeps: papers are drawn from so many at random, and no more need be read.
const CANDIDATES: usize = 3_000;

/// Publishes a draft: from now on every paper is drawn from the questions as they are now.
pub async fn publish(state: &AppState, actor: &Actor, id: &str) -> Result<Saved, AppError> {
    let mut tx = state.db.begin().await?;
    let exam = exam(&mut tx, id).await?;
    let saved = Saved::stay("notice.exam_published");
    let now = time::now();
    // First of all, so that no part is added meanwhile, and of two who publish one does.
    let held = q(
        "UPDATE exam SET published_at = $1, published_by = $2, updated_at = $3 WHERE id = $4 AND published_at IS NULL",
    )
    .bind(now)
    .bind(&actor.id)
    .bind(now.max(exam.updated_at + 1))
    .bind(id)
    .exec(&mut tx)
    .await?;
    if held == 0 {
        return Ok(saved);
    }
    let parts: Vec<PartRow> = q(
        "SELECT id, question_id, '' AS stem, category, kind, tag, difficulty, draws, points FROM exam_part \
         WHERE exam_id = $1 ORDER BY position, id",
    )
    .bind(id)
    .all(&mut tx)
    .await?;
    if parts.is_empty() {
        return Err(AppError::Conflict("error.exam_empty".into()));
    }
    if parts.iter().map(|p| p.draws).sum::<i64>() > QUESTIONS {
        return Err(AppError::Conflict("error.exam_too_long".into()));
    }
    let mut pools = Vec::new();
    for part in parts {
        let mut candidates: Vec<(String, i64)> = match &part.question_id {
            Some(question) => {
                q("SELECT id, version FROM question WHERE id = $1 AND archived_at IS NULL")
                    .bind(question)
                    .all(&mut tx)
                    .await?
            }
            None => questions::pool(&mut tx, &pool_filter(&part)).await?,
        };
        if (candidates.len() as i64) < part.draws {
            return Err(AppError::Conflict("error.exam_too_few".into()));
        }
        if candidates.len() > CANDIDATES {
            use rand::seq::IndexedRandom;
            candidates = candidates
                .choose_multiple(&mut rand::rng(), CANDIDATES)
                .cloned()
                .collect();
        }
        q("UPDATE exam_part SET candidates = $1 WHERE id = $2")
            .bind(serde_json::to_string(&candidates).map_err(internal)?)
            .bind(&part.id)
            .exec(&mut tx)
            .await?;
        pools.push(Pool {
            candidates,
            draws: part.draws as usize,
            points: part.points,
        });
    }
    // Parts that draw from the same questions must not take them from each other.
    let asked: usize = pools.iter().map(|p| p.draws).sum();
    if paper::draw(&pools, false, false, 1).len() < asked {
        return Err(AppError::Conflict("error.exam_overlap".into()));
    }
    audit::record(
        &state.keys,
        &mut tx,
        actor,
        Event::new("exam.publish", "exam", id),
    )
    .await?;
    tx.commit().await?;
    Ok(saved)
}

/// Ends a published exam, or opens it again. Attempts under way go on to their own end.
pub async fn end(state: &AppState, actor: &Actor, id: &str, on: bool) -> Result<Saved, AppError> {
    let mut tx = state.db.begin().await?;
    let exam = exam(&mut tx, id).await?;
    if exam.published_at.is_none() {
        return Err(AppError::Conflict("error.exam_draft".into()));
    }
    let now = time::now();
    q("UPDATE exam SET ended_at = $1, ended_by = $2, updated_at = $3 WHERE id = $4")
        .bind(on.then_some(now))
        .bind(on.then(|| actor.id.clone()))
        .bind(now.max(exam.updated_at + 1))
        .bind(id)
        .exec(&mut tx)
        .await?;
    if on {
        // Who has no limit gets a day.
        q("UPDATE exam_attempt SET due_at = $1 WHERE exam_id = $2 AND submitted_at IS NULL AND due_at IS NULL")
            .bind(now + time::DAY)
            .bind(id)
            .exec(&mut tx)
            .await?;
    }
    let action = if on { "exam.end" } else { "exam.reopen" };
    audit::record(&state.keys, &mut tx, actor, Event::new(action, "exam", id)).await?;
    tx.commit().await?;
    Ok(Saved::stay(if on {
        "notice.exam_ended"
    } else {
        "notice.exam_reopened"
    }))
}

/// Makes a draft like another exam; as a make-up (补考) it is set to those who have not passed that one.
pub async fn copy(
    state: &AppState,
    actor: &Actor,
    key: &str,
    id: &str,
    makeup: bool,
) -> Result<Saved, AppError> {
    let mut tx = state.db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    let exam = exam(&mut tx, id).await?;
    let new = crypto::new_id();
    let title = if makeup {
        tr!("exam.makeup_title", title = exam.title)
    } else {
        tr!("exam.copy_title", title = exam.title)
    };
    q("INSERT INTO exam (id, title, intro, minutes, attempts, pass_percent, shuffle_questions, shuffle_options, review, \
       makeup_of, created_by, created_at, updated_at) SELECT $1, $2, intro, minutes, attempts, pass_percent, \
       shuffle_questions, shuffle_options, review, $3, $4, $5, $5 FROM exam WHERE id = $6")
    .bind(&new)
    .bind(title.chars().take(80).collect::<String>())
    .bind(makeup.then_some(id))
    .bind(&actor.id)
    .bind(time::now())
    .bind(id)
    .exec(&mut tx)
    .await?;
    let parts: Vec<PartRow> = q(
        "SELECT id, question_id, '' AS stem, category, kind, tag, difficulty, draws, points FROM exam_part \
         WHERE exam_id = $1 ORDER BY position, id",
    )
    .bind(id)
    .all(&mut tx)
    .await?;
    for part in &parts {
        insert_part(&mut tx, &new, part).await?;
    }
    if makeup {
        let mut people = q("INSERT INTO exam_audience (exam_id, kind, value) SELECT ");
        people.push_with(
            "CAST(? AS TEXT), 'person', s.id FROM exam e JOIN staff s ON ",
            [&new],
        );
        people.push(&ASSIGNED);
        people.push_with(
            " WHERE e.id = ? AND NOT EXISTS (SELECT 1 FROM exam_attempt t WHERE t.exam_id = e.id \
             AND t.learner = 'staff:' || s.id AND t.passed)",
            [id],
        );
        people.exec(&mut tx).await?;
    } else {
        q("INSERT INTO exam_audience (exam_id, kind, value) SELECT CAST($1 AS TEXT), kind, value FROM exam_audience WHERE exam_id = $2")
            .bind(&new)
            .bind(id)
            .exec(&mut tx)
            .await?;
    }
    let event =
        Event::new("exam.create", "exam", &new).detail(json!({ "from": id, "makeup": makeup }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    let saved = Saved::go("notice.exam_copied", format!("/exams/{new}"));
    form_key::keep(&mut tx, actor, key, &saved).await?;
    tx.commit().await?;
    Ok(saved)
}
