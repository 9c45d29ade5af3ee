//! The HCPs that a staff member has picked for a bulk act, across pages and visits.
//!
//! Picking is the member's own mark on the list and changes no HCP, so it leaves no trace in the audit log; what is
//! then done does. An act always joins the selection with the scope of its own moment.

use super::list::{items, narrow};
use super::list_model::{Filter, Selection};
use super::store::scope;
use crate::server::db::{Db, DbResult, Query, q};
use crate::server::guard::Actor;
use crate::server::{AppState, time};
use crate::shared::page::{PAGE_SIZE, offset, within};
use crate::shared::{AppError, Page, Saved};

/// HCPs that one member can have picked.
pub const MOST: i64 = 20_000;
/// Rows that a page can show.
const SHOWN: usize = 200;

/// Appends a condition on `h`: picked by the actor, within their scope now, and not merged away.
pub fn picked(actor: &Actor, query: &mut Query) {
    query.push_with(
        "h.id IN (SELECT p.hcp_id FROM hcp_selection p WHERE p.staff_id = ?) AND h.state <> 'merged' AND ",
        [&actor.id],
    );
    scope(actor, query);
}

/// How many are picked.
pub async fn count(db: &Db, actor: &Actor) -> DbResult<i64> {
    let mut query = q("SELECT COUNT(*) FROM hcp h WHERE ");
    picked(actor, &mut query);
    query.count(db).await
}

/// A page of those picked, by pinyin.
pub async fn page(db: &Db, actor: &Actor, page: i64) -> DbResult<Selection> {
    let mut invitable = q("SELECT COUNT(*) FROM hcp h WHERE h.state IN ('listed', 'invited') AND ");
    picked(actor, &mut invitable);
    let total = count(db, actor).await?;
    let page = within(page, total);
    let mut ids = q("SELECT h.id FROM hcp h WHERE ");
    picked(actor, &mut ids);
    ids.push_with(
        " ORDER BY h.pinyin, h.id LIMIT ? OFFSET ?",
        [PAGE_SIZE, offset(page)],
    );
    let ids: Vec<String> = ids
        .all::<(String,)>(db)
        .await?
        .into_iter()
        .map(|(id,)| id)
        .collect();
    Ok(Selection {
        page: Page {
            rows: items(db, actor, &ids).await?,
            total,
            page,
        },
        invitable: invitable.count(db).await?,
    })
}

/// Of the HCPs that were `shown`, exactly those in `chosen` are picked; ids beyond the scope are passed over.
pub async fn set(
    state: &AppState,
    actor: &Actor,
    shown: &[String],
    chosen: &[String],
) -> Result<Saved, AppError> {
    if shown.len() > SHOWN {
        return Err(AppError::field("", "error.invalid"));
    }
    let (kept, dropped): (Vec<String>, Vec<String>) =
        shown.iter().cloned().partition(|id| chosen.contains(id));
    let mut tx = state.db.begin().await?;
    if !dropped.is_empty() {
        let mut query = q("DELETE FROM hcp_selection WHERE ");
        query.push_with("staff_id = ? AND ", [&actor.id]);
        query.push_among("hcp_id", &dropped);
        query.exec(&mut tx).await?;
    }
    if !kept.is_empty() {
        let mut query = insert(actor);
        query.push_among("h.id", &kept);
        query.push(" AND h.state <> 'merged' AND ");
        scope(actor, &mut query);
        query.push(" ON CONFLICT DO NOTHING");
        query.exec(&mut tx).await?;
    }
    tx.commit().await?;
    Ok(Saved::stay("notice.selection_saved"))
}

/// Picks all that a filter finds, the first of them where they are too many.
pub async fn add_all(state: &AppState, actor: &Actor, filter: &Filter) -> Result<Saved, AppError> {
    let mut tx = state.db.begin().await?;
    let have = q("SELECT COUNT(*) FROM hcp_selection WHERE staff_id = $1")
        .bind(&actor.id)
        .count(&mut tx)
        .await?;
    let room = (MOST - have).max(0);
    let mut more = q("SELECT COUNT(*) FROM (SELECT 1 FROM hcp h WHERE ");
    fresh(actor, filter, &mut more);
    more.push(&format!(" LIMIT {}) n", room + 1));
    let more = more.count(&mut tx).await? > room;
    let mut query = insert(actor);
    fresh(actor, filter, &mut query);
    query.push_with(" ORDER BY h.pinyin, h.id LIMIT ?", [room]);
    query.push(" ON CONFLICT DO NOTHING");
    query.exec(&mut tx).await?;
    tx.commit().await?;
    Ok(Saved::stay(if more {
        "notice.selection_full"
    } else {
        "notice.selection_all"
    }))
}

/// Picks nobody any more.
pub async fn clear(state: &AppState, actor: &Actor) -> Result<Saved, AppError> {
    q("DELETE FROM hcp_selection WHERE staff_id = $1")
        .bind(&actor.id)
        .exec(&state.db)
        .await?;
    Ok(Saved::stay("notice.selection_cleared"))
}

/// `INSERT … SELECT … FROM hcp h WHERE`; a condition must follow.
fn insert(actor: &Actor) -> Query {
    let mut query = q("INSERT INTO hcp_selection (staff_id, hcp_id, at) SELECT ");
    query.push_with("CAST(? AS TEXT), h.id, ", [&actor.id]);
    query.push_with("CAST(? AS BIGINT) FROM hcp h WHERE ", [time::now()]);
    query
}

/// Appends a condition on `h`: the filter finds them and they are not picked yet.
fn fresh(actor: &Actor, filter: &Filter, query: &mut Query) {
    narrow(actor, filter, query);
    query.push_with(
        " AND NOT EXISTS (SELECT 1 FROM hcp_selection p WHERE p.staff_id = ? AND p.hcp_id = h.id)",
        [&actor.id],
    );
}
