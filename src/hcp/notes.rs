//! Notes (备注) about an HCP: everybody who sees the HCP reads them, their writer may delete them.

use serde_json::json;

use super::model::NoteRow;
use super::store;
use crate::server::audit::{self, Event};
use crate::server::db::q;
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, form_key, time};
use crate::shared::error::Checks;
use crate::shared::page::{PAGE_SIZE, offset, within};
use crate::shared::{AppError, Page, Saved};

/// Characters of a note at most.
const MOST: usize = 1_000;

/// A page of the notes about an HCP, the latest first.
pub async fn list(
    state: &AppState,
    actor: &Actor,
    hcp_id: &str,
    page: i64,
) -> Result<Page<NoteRow>, AppError> {
    store::row(&state.db, actor, hcp_id).await?;
    let total = q("SELECT COUNT(*) FROM hcp_note WHERE hcp_id = $1 AND deleted_at IS NULL")
        .bind(hcp_id)
        .count(&state.db)
        .await?;
    let page = within(page, total);
    let rows: Vec<(String, String, String, String, i64)> = q(
        "SELECT n.id, n.staff_id, COALESCE(s.name, ''), n.text, n.at FROM hcp_note n \
         LEFT JOIN staff s ON s.id = n.staff_id WHERE n.hcp_id = $1 AND n.deleted_at IS NULL \
         ORDER BY n.at DESC, n.id DESC LIMIT $2 OFFSET $3",
    )
    .bind(hcp_id)
    .bind(PAGE_SIZE)
    .bind(offset(page))
    .all(&state.db)
    .await?;
    let rows = rows
        .into_iter()
        .map(|(id, staff_id, by, text, at)| NoteRow {
            id,
            mine: staff_id == actor.id,
            by,
            at: state.zone.minute(at),
            text,
        })
        .collect();
    Ok(Page { rows, total, page })
}

/// Adds a note.
pub async fn add(
    state: &AppState,
    actor: &Actor,
    key: &str,
    hcp_id: &str,
    text: &str,
) -> Result<Saved, AppError> {
    let hcp = store::row(&state.db, actor, hcp_id).await?;
    let text = text.trim();
    Checks::default().text(text, "text", MOST).done()?;
    if hcp.state == "merged" {
        return Err(AppError::Conflict("error.hcp_merged".into()));
    }
    let mut tx = state.db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    let id = crypto::new_id();
    q("INSERT INTO hcp_note (id, hcp_id, staff_id, text, at) VALUES ($1, $2, $3, $4, $5)")
        .bind(&id)
        .bind(hcp_id)
        .bind(&actor.id)
        .bind(text)
        .bind(time::now())
        .exec(&mut tx)
        .await?;
    let event = Event::new("hcp.note", "hcp", hcp_id).detail(json!({ "note": id }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    // The address names the note, so that the page knows to offer an empty field again.
    let saved = Saved::go(
        "notice.note_added",
        format!("/hcps/{hcp_id}?tab=notes&added={id}"),
    );
    form_key::keep(&mut tx, actor, key, &saved).await?;
    tx.commit().await?;
    Ok(saved)
}

/// Deletes one of the actor's own notes about an HCP within scope.
pub async fn delete(state: &AppState, actor: &Actor, id: &str) -> Result<Saved, AppError> {
    let (hcp_id,): (String,) = q("SELECT hcp_id FROM hcp_note WHERE id = $1 AND staff_id = $2")
        .bind(id)
        .bind(&actor.id)
        .one(&state.db)
        .await?;
    store::row(&state.db, actor, &hcp_id).await?;
    let mut tx = state.db.begin().await?;
    let done = q("UPDATE hcp_note SET deleted_at = $1 WHERE id = $2 AND deleted_at IS NULL")
        .bind(time::now())
        .bind(id)
        .exec(&mut tx)
        .await?;
    if done > 0 {
        let event = Event::new("hcp.delete_note", "hcp", &hcp_id).detail(json!({ "note": id }));
        audit::record(&state.keys, &mut tx, actor, event).await?;
    }
    tx.commit().await?;
    Ok(Saved::stay("notice.note_deleted"))
}
