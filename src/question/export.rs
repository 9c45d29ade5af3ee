//! Questions as files.

use serde_json::json;

use super::formats;
use super::model::{Draft, Format};
use super::store::Filter;
use crate::server::AppState;
use crate::server::audit::{self, Event};
use crate::server::db::{internal, q};
use crate::server::guard::Actor;
use crate::shared::AppError;

/// Questions read at a time.
const CHUNK: usize = 5_000;

/// The questions that a filter leaves, in the order of their categories, as a file; and how many the format could not
/// hold. Audited.
pub async fn file(
    state: &AppState,
    actor: &Actor,
    filter: &Filter,
    format: Format,
) -> Result<(Vec<u8>, usize), AppError> {
    let drafts = drafts(state, filter).await?;
    let rows = drafts.len();
    let (bytes, left) = tokio::task::spawn_blocking(move || formats::write(&drafts, format))
        .await
        .map_err(internal)??;
    let mut tx = state.db.begin().await?;
    let event = Event::new("question.export", "question", format.code())
        .detail(json!({ "rows": rows, "left_out": left }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    Ok((bytes, left))
}

async fn drafts(state: &AppState, filter: &Filter) -> Result<Vec<Draft>, AppError> {
    let mut out = Vec::new();
    // From one place to the next in the order, so that each stretch is read from the index.
    let mut after = (String::new(), String::new());
    loop {
        let mut query = q(
            "SELECT x.category, x.id, v.draft FROM question x JOIN question_version v ON v.question_id = x.id \
             AND v.version = x.version WHERE ",
        );
        filter.narrow(&mut query);
        query.push_with(
            " AND (x.category > ? OR (x.category = ? AND x.id > ?))",
            [&after.0, &after.0, &after.1],
        );
        query.push(&format!(" ORDER BY x.category, x.id LIMIT {CHUNK}"));
        let rows: Vec<(String, String, String)> = query.all(&state.db).await?;
        let last = rows.len() < CHUNK;
        for (category, id, json) in rows {
            out.push(serde_json::from_str(&json).map_err(internal)?);
            after = (category, id);
        }
        if last {
            return Ok(out);
        }
    }
}
