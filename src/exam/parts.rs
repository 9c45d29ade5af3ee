//! SQL of a paper's parts.

use super::model::PartRow;
use super::store;
use crate::question::store::{self as questions, Filter};
use crate::server::db::{DbResult, Tx, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, form_key, time};
use crate::shared::error::Checks;
use crate::shared::{AppError, Saved};

/// The most questions of a paper.
pub const QUESTIONS: i64 = 300;

/// The filter of a part that draws.
pub fn pool_filter(part: &PartRow) -> Filter {
    Filter {
        category: part.category.clone(),
        kind: part.kind.clone(),
        tag: part.tag.clone(),
        difficulty: part.difficulty,
        ..Filter::default()
    }
}

/// Holds a draft for a change of its paper.
async fn unbegun(tx: &mut Tx, id: &str) -> Result<(), AppError> {
    let held = q(
        "UPDATE exam SET updated_at = CASE WHEN updated_at >= $1 THEN updated_at + 1 ELSE $1 END \
         WHERE id = $2 AND published_at IS NULL",
    )
    .bind(time::now())
    .bind(id)
    .exec(&mut *tx)
    .await?;
    if held == 0 {
        store::exam(tx, id).await?;
        return Err(AppError::Conflict("error.exam_published".into()));
    }
    Ok(())
}

/// A part that draws, as its form holds it.
#[derive(Debug, Clone, Default)]
pub struct PartInput {
    pub category: String,
    pub kind: String,
    pub tag: String,
    pub difficulty: i64,
    pub draws: i64,
    pub points: i64,
}

/// Adds a part that draws from a pool.
pub async fn add_pool(
    state: &AppState,
    actor: &Actor,
    key: &str,
    id: &str,
    input: &PartInput,
) -> Result<Saved, AppError> {
    let mut checks = Checks::default();
    checks
        .ensure(
            (1..=QUESTIONS).contains(&input.draws),
            "draws",
            "field.exam_draws",
        )
        .ensure(
            (1..=100).contains(&input.points),
            "points",
            "field.exam_points",
        );
    let part = PartRow {
        id: String::new(),
        question_id: None,
        stem: String::new(),
        category: input.category.clone(),
        kind: input.kind.clone(),
        tag: input.tag.clone(),
        difficulty: input.difficulty,
        draws: input.draws,
        points: input.points,
        available: 0,
    };
    let available = questions::available(&state.db, &pool_filter(&part)).await?;
    checks.ensure(available >= input.draws, "draws", "field.exam_too_few");
    checks.done()?;
    let mut tx = state.db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    unbegun(&mut tx, id).await?;
    insert_part(&mut tx, id, &part).await?;
    let saved = Saved::stay("notice.saved");
    form_key::keep(&mut tx, actor, key, &saved).await?;
    tx.commit().await?;
    Ok(saved)
}

/// Adds one question to a draft's paper; one that is there stays as it is.
pub async fn add_question(
    state: &AppState,
    id: &str,
    question_id: &str,
    points: i64,
) -> Result<Saved, AppError> {
    if !(1..=100).contains(&points) {
        return Err(AppError::field("points", "field.exam_points"));
    }
    let mut tx = state.db.begin().await?;
    unbegun(&mut tx, id).await?;
    q("SELECT id FROM question WHERE id = $1 AND archived_at IS NULL")
        .bind(question_id)
        .one::<(String,)>(&mut tx)
        .await?;
    let there = q("SELECT COUNT(*) FROM exam_part WHERE exam_id = $1 AND question_id = $2")
        .bind(id)
        .bind(question_id)
        .count(&mut tx)
        .await?;
    if there == 0 {
        let part = PartRow {
            id: String::new(),
            question_id: Some(question_id.to_owned()),
            stem: String::new(),
            category: String::new(),
            kind: String::new(),
            tag: String::new(),
            difficulty: 0,
            draws: 1,
            points,
            available: 1,
        };
        insert_part(&mut tx, id, &part).await?;
    }
    tx.commit().await?;
    Ok(Saved::go("notice.question_added", format!("/exams/{id}")))
}

pub async fn insert_part(tx: &mut Tx, id: &str, part: &PartRow) -> DbResult<()> {
    let last = q("SELECT COALESCE(MAX(position), 0) FROM exam_part WHERE exam_id = $1")
        .bind(id)
        .count(&mut *tx)
        .await?;
    q("INSERT INTO exam_part (id, exam_id, position, question_id, category, kind, tag, difficulty, draws, points) \
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
    .bind(crypto::new_id())
    .bind(id)
    .bind(last + 1)
    .bind(&part.question_id)
    .bind(&part.category)
    .bind(&part.kind)
    .bind(&part.tag)
    .bind(part.difficulty)
    .bind(part.draws)
    .bind(part.points)
    .exec(tx)
    .await?;
    Ok(())
}

/// Takes a part out of a draft's paper, or moves it one place up.
pub async fn change_part(state: &AppState, part_id: &str, up: bool) -> Result<Saved, AppError> {
    let mut tx = state.db.begin().await?;
    let (exam_id, position): (String, i64) =
        q("SELECT exam_id, position FROM exam_part WHERE id = $1")
            .bind(part_id)
            .one(&mut tx)
            .await?;
    unbegun(&mut tx, &exam_id).await?;
    if up {
        let before: Option<(String, i64)> = q(
            "SELECT id, position FROM exam_part WHERE exam_id = $1 AND position < $2 ORDER BY position DESC LIMIT 1",
        )
        .bind(&exam_id)
        .bind(position)
        .optional(&mut tx)
        .await?;
        if let Some((other, place)) = before {
            for (id, place) in [(part_id, place), (other.as_str(), position)] {
                q("UPDATE exam_part SET position = $1 WHERE id = $2")
                    .bind(place)
                    .bind(id)
                    .exec(&mut tx)
                    .await?;
            }
        }
    } else {
        q("DELETE FROM exam_part WHERE id = $1")
            .bind(part_id)
            .exec(&mut tx)
            .await?;
    }
    tx.commit().await?;
    Ok(Saved::stay("notice.saved"))
}
