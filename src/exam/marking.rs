//! The queue of answers that a person marks. Who gave an answer is not shown.

use serde_json::json;

use super::attempt::{self, attempt};
use super::model::MarkRow;
use crate::question::model::Body;
use crate::question::rules::Given;
use crate::server::audit::{self, Event};
use crate::server::db::{Query, q};
use crate::server::guard::Actor;
use crate::server::{AppState, time};
use crate::shared::page::{PAGE_SIZE, offset, within};
use crate::shared::{AppError, Page, Saved};

/// Answers that wait, the oldest first; with `exam` those of one exam.
pub async fn queue(state: &AppState, exam: &str, page: i64) -> Result<Page<MarkRow>, AppError> {
    let db = &state.db;
    let narrow = |query: &mut crate::server::db::Query| {
        query.push(
            " FROM exam_attempt t JOIN exam_answer a ON a.attempt_id = t.id JOIN exam e ON e.id = t.exam_id \
             WHERE t.unmarked > 0 AND t.submitted_at IS NOT NULL AND a.share IS NULL",
        );
        if !exam.is_empty() {
            query.push_with(" AND t.exam_id = ?", [exam]);
        }
    };
    let mut count = q("SELECT COUNT(*)");
    narrow(&mut count);
    let total = count.count(db).await?;
    let page = within(page, total);
    let mut rows = q("SELECT t.id, a.position, e.title, t.paper, a.given, t.submitted_at");
    narrow(&mut rows);
    rows.push_with(
        " ORDER BY t.submitted_at, t.id, a.position LIMIT ? OFFSET ?",
        [PAGE_SIZE, offset(page)],
    );
    let found: Vec<(String, i64, String, String, String, i64)> = rows.all(db).await?;
    let mut items = Vec::new();
    for (_, position, _, paper, _, _) in &found {
        let paper: Vec<super::paper::Item> =
            serde_json::from_str(paper).map_err(crate::server::db::internal)?;
        items.push(
            paper
                .get(*position as usize)
                .cloned()
                .ok_or(AppError::NotFound)?,
        );
    }
    let drafts = attempt::drafts(db, &items).await?;
    let rows = found
        .into_iter()
        .zip(items.iter().zip(drafts))
        .map(
            |((attempt_id, position, exam, _, given, at), (item, draft))| MarkRow {
                attempt_id,
                position,
                exam,
                stem: draft.stem.clone(),
                model: match &draft.body {
                    Body::Short { model } => model.clone(),
                    _ => String::new(),
                },
                given: match serde_json::from_str(&given) {
                    Ok(Given::Text(text)) => text,
                    _ => String::new(),
                },
                points: item.points as f64,
                at: state.zone.minute(at),
            },
        )
        .collect();
    Ok(Page { rows, total, page })
}

/// Counts the answers that wait.
pub fn waiting() -> Query {
    q(
        "SELECT CAST(COALESCE(SUM(unmarked), 0) AS BIGINT) FROM exam_attempt WHERE unmarked > 0 AND submitted_at IS NOT NULL",
    )
}

/// Marks an answer with points of those it can earn. Marking it again corrects it.
pub async fn mark(
    state: &AppState,
    actor: &Actor,
    attempt_id: &str,
    position: i64,
    points: f64,
    comment: &str,
) -> Result<Saved, AppError> {
    let found = attempt(&state.db, attempt_id).await?;
    if found.submitted_at.is_none() {
        return Err(AppError::Conflict("error.attempt_under_way".into()));
    }
    let items = found.items()?;
    let item = usize::try_from(position)
        .ok()
        .and_then(|i| items.get(i))
        .ok_or(AppError::NotFound)?;
    let most = item.points as f64;
    if !(0.0..=most).contains(&points) {
        return Err(AppError::Invalid(vec![crate::shared::FieldError {
            field: "points".into(),
            key: "field.mark_points".into(),
            args: vec![("most".into(), most.to_string())],
        }]));
    }
    let drafts = attempt::drafts(&state.db, std::slice::from_ref(item)).await?;
    if drafts[0].body.kind() != crate::question::model::Kind::Short {
        return Err(AppError::NotFound);
    }
    let mut tx = state.db.begin().await?;
    // Holds the attempt, so that two who mark its answers sum up one after the other.
    q("UPDATE exam_attempt SET timed_out = timed_out WHERE id = $1")
        .bind(attempt_id)
        .exec(&mut tx)
        .await?;
    let marked = q(
        "UPDATE exam_answer SET share = $1, marked_by = $2, marked_at = $3, comment = $4 \
         WHERE attempt_id = $5 AND position = $6",
    )
    .bind(points / most)
    .bind(&actor.id)
    .bind(time::now())
    .bind(comment.trim())
    .bind(attempt_id)
    .bind(position)
    .exec(&mut tx)
    .await?;
    if marked == 0 {
        return Err(AppError::NotFound);
    }
    attempt::settle(&mut tx, &found).await?;
    let event = Event::new("exam.mark", "exam_attempt", attempt_id)
        .detail(json!({ "position": position, "points": points }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    Ok(Saved::stay("notice.marked"))
}
