//! Undoing a merge within thirty days: both HCPs as they were, except for what somebody has changed since.

use serde_json::json;

use super::attached;
use super::merge::{UNDO_WITHIN, tags_of};
use super::snapshot::{CHOICES, COMBINED, Kept, Snapshot};
use crate::hcp;
use crate::server::audit::{self, Event};
use crate::server::db::{DbResult, Lock, Tx, internal, q};
use crate::server::guard::Actor;
use crate::server::history::{self, Change};
use crate::server::{AppState, time};
use crate::shared::{AppError, Saved};

/// Undoes a merge, once. What was moved goes back; a field of the kept one that was changed since keeps its new value,
/// and the notice says so. `Conflict` if it is too late, was done already, if a later merge of the kept one stands, or
/// if a phone or code that would come back is somebody else's now.
pub async fn undo(state: &AppState, actor: &Actor, merge: &str) -> Result<Saved, AppError> {
    let now = time::now();
    let mut tx = state.db.begin().await?;
    tx.serialise(Lock::Assignments).await?;
    let won = q("UPDATE hcp_merge SET undone_at = $1, undone_by = $2 WHERE id = $3 AND undone_at IS NULL AND at > $4")
        .bind(now)
        .bind(&actor.id)
        .bind(merge)
        .bind(now - UNDO_WITHIN)
        .exec(&mut tx)
        .await?;
    let (kept, gone, cipher, at, undone_at): (String, String, String, i64, Option<i64>) =
        q("SELECT kept_id, gone_id, before_cipher, at, undone_at FROM hcp_merge WHERE id = $1")
            .bind(merge)
            .one(&mut tx)
            .await?;
    if won == 0 {
        let key = if undone_at.is_some() {
            "error.undone_already"
        } else {
            "error.undo_too_late"
        };
        return Err(AppError::Conflict(key.into()));
    }
    if is_built_on(&mut tx, merge, &kept, at).await? {
        return Err(AppError::Conflict("error.undo_later_first".into()));
    }
    lock(&mut tx, &kept, &gone).await?;
    let before: Kept = state
        .keys
        .open(&cipher)
        .and_then(|json| serde_json::from_str(&json).ok())
        .ok_or_else(|| internal(format!("the merge {merge} cannot be opened")))?;
    let present = Snapshot::load(&mut tx, &kept).await?;
    let absent = Snapshot::load(&mut tx, &gone).await?;
    let (mut restored, later) = restored(&before, &present, now);
    let mut returned = before.gone.clone();

    attached::restore_consents(&mut tx, merge, at).await?;
    let tags = tags_of(&mut tx, &kept).await?;
    let moved = attached::move_back(&mut tx, merge, &gone, &kept).await?;
    // Who withdrew from the registration since, on the kept record, has withdrawn from this one too.
    for (id, row) in [(&gone, &mut returned), (&kept, &mut restored)] {
        if row.state == "onboarded" && withdrew_since(&mut tx, id, at).await? {
            row.state = "listed".into();
            row.onboarded_at = None;
        }
    }
    free(&mut tx, &restored, &returned).await?;
    put_back(&mut tx, actor, &present, &restored, &returned).await?;
    attached::reopen_pairs(&mut tx, merge).await?;
    for id in [&kept, &gone] {
        hcp::store::reindex(&mut tx, id).await?;
    }

    let changes = present.changes(&mut tx, &restored).await?;
    let tags = Change::of("tags", &tags, &tags_of(&mut tx, &kept).await?);
    let changes = changes.into_iter().chain(tags);
    history::record(&mut tx, actor, "hcp", &kept, "unmerge", changes).await?;
    let changes = absent.changes(&mut tx, &returned).await?;
    history::record(&mut tx, actor, "hcp", &gone, "unmerge", changes).await?;
    let event = Event::new("hcp.unmerge", "hcp", &kept)
        .detail(json!({ "from": gone, "merge": merge, "returned": moved, "changed_since": later }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    Ok(Saved::stay(if later.is_empty() {
        "notice.unmerged"
    } else {
        "notice.unmerged_partly"
    }))
}

/// Whether a later merge stands that the kept one was part of, on either side. What it keeps to be undone by is what
/// this one made, so merges are undone from the last to the first.
async fn is_built_on(tx: &mut Tx, merge: &str, kept: &str, at: i64) -> DbResult<bool> {
    let later = q(
        "SELECT COUNT(*) FROM hcp_merge WHERE (kept_id = $1 OR gone_id = $1) AND undone_at IS NULL \
         AND (at > $2 OR (at = $2 AND id > $3))",
    )
    .bind(kept)
    .bind(at)
    .bind(merge)
    .count(tx)
    .await?;
    Ok(later > 0)
}

/// Locks both rows as they must stand: the kept one not merged away, the other still merged into it.
async fn lock(tx: &mut Tx, kept: &str, gone: &str) -> Result<(), AppError> {
    let mut ids = [kept, gone];
    ids.sort_unstable();
    for id in ids {
        let mut query = q("UPDATE hcp SET updated_at = updated_at WHERE ");
        if id == kept {
            query.push_with("id = ? AND state <> 'merged'", [id]);
        } else {
            query.push_with(
                "id = ? AND state = 'merged' AND merged_into = ?",
                [id, kept],
            );
        }
        if query.exec(&mut *tx).await? == 0 {
            return Err(AppError::Conflict("error.kept_merged".into()));
        }
    }
    Ok(())
}

/// The kept row with each field back where it still has what the merge gave it, and the fields that were changed since.
fn restored(merge: &Kept, present: &Snapshot, now: i64) -> (Snapshot, Vec<&'static str>) {
    let mut out = present.clone();
    let mut later = Vec::new();
    for field in CHOICES.into_iter().chain(COMBINED) {
        if merge.kept.same(field, &merge.after) {
            continue;
        }
        if present.same(field, &merge.after) {
            out.take(field, &merge.kept);
        } else {
            match field {
                // Contacts go on by themselves; that is no edit.
                "last_contact_at" => {}
                "updated_at" => out.updated_at = now,
                edited => later.push(edited),
            }
        }
    }
    (out, later)
}

/// Whether somebody's registration was withdrawn after `at` and stands no more.
async fn withdrew_since(tx: &mut Tx, id: &str, at: i64) -> DbResult<bool> {
    let withdrawn = q("SELECT COUNT(*) FROM consent WHERE hcp_id = $1 AND purpose = 'profile' AND withdrawn_at > $2")
        .bind(id)
        .bind(at)
        .count(&mut *tx)
        .await?;
    let stands = q(
        "SELECT COUNT(*) FROM consent WHERE hcp_id = $1 AND purpose = 'profile' AND granted = TRUE \
                    AND withdrawn_at IS NULL",
    )
    .bind(id)
    .count(tx)
    .await?;
    Ok(withdrawn > 0 && stands == 0)
}

/// `Conflict` if a phone or code that comes back has another holder now.
async fn free(tx: &mut Tx, kept: &Snapshot, gone: &Snapshot) -> Result<(), AppError> {
    for (column, one, other, key) in [
        (
            "phone_index",
            &kept.phone_index,
            &gone.phone_index,
            "error.undo_phone_taken",
        ),
        ("code", &kept.code, &gone.code, "error.undo_code_taken"),
    ] {
        let taken = q(format!(
            "SELECT COUNT(*) FROM hcp WHERE {column} IN ($1, $2) AND id NOT IN ($3, $4)"
        ))
        .bind(one)
        .bind(other)
        .bind(&kept.id)
        .bind(&gone.id)
        .count(&mut *tx)
        .await?;
        if taken > 0 || (one.is_some() && one == other) {
            return Err(AppError::Conflict(key.into()));
        }
    }
    Ok(())
}

/// Writes both rows and the ownership that goes with them.
async fn put_back(
    tx: &mut Tx,
    actor: &Actor,
    present: &Snapshot,
    kept: &Snapshot,
    gone: &Snapshot,
) -> DbResult<()> {
    // Unique values change hands, so both let go of them first.
    q("UPDATE hcp SET phone_index = NULL, code = NULL WHERE id IN ($1, $2)")
        .bind(&kept.id)
        .bind(&gone.id)
        .exec(&mut *tx)
        .await?;
    if present.owner_id.is_some() && kept.owner_id.is_none() {
        q("UPDATE hcp_ownership SET ends_at = $1 WHERE hcp_id = $2 AND ends_at IS NULL")
            .bind(time::now())
            .bind(&kept.id)
            .exec(&mut *tx)
            .await?;
    }
    if let Some(owner) = &gone.owner_id {
        // A new stretch: what was closed stays closed.
        hcp::store::set_owner(tx, &gone.id, owner, "unmerge", &actor.id).await?;
    }
    kept.store(tx).await?;
    gone.store(tx).await
}
