//! Sharing (共享): a colleague sees an HCP until a day. Only who has the owner within scope shares; who sees an HCP by
//! sharing passes nothing on.

use serde_json::json;

use super::people::{self, Among};
use crate::hcp::store;
use crate::server::audit::{self, Event};
use crate::server::db::{DbResult, Query, Tx, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, time};
use crate::shared::{AppError, Saved};

/// Appends a condition on `hcp h`: it stands in the library and its owner is within scope. Sharing does not count.
pub fn owned(actor: &Actor, query: &mut Query) {
    query.push("h.state NOT IN ('pending', 'merged') AND ");
    actor.scope(query, "h.owner_id");
}

/// The day until which a form suggests to share: 30 days ahead.
pub fn suggested(state: &AppState) -> String {
    time::shift_day(&state.zone.today(), 30)
}

/// The end of a day that a form names, 1 to 365 days ahead, as the moment when access ends.
pub fn end_of(state: &AppState, day: &str) -> Result<i64, AppError> {
    if !time::is_day(day) {
        return Err(AppError::field("until", "field.day"));
    }
    let today = state.zone.today();
    if day <= today.as_str() || day > time::shift_day(&today, 365).as_str() {
        return Err(AppError::field("until", "field.share_until"));
    }
    state
        .zone
        .start_of(&time::shift_day(day, 1))
        .ok_or_else(|| AppError::field("until", "field.day"))
}

/// Shares an HCP with a colleague until a day; with the same colleague again the new day counts.
pub async fn share(
    state: &AppState,
    actor: &Actor,
    id: &str,
    colleague: &str,
    until: &str,
) -> Result<Saved, AppError> {
    store::row(&state.db, actor, id).await?;
    let colleague = people::pick(&state.db, actor, Among::Readers, colleague).await?;
    if let Some(fault) = &colleague.fault {
        return Err(AppError::field("colleague", fault));
    }
    if colleague.id.is_empty() {
        return Err(AppError::field("colleague", "field.required"));
    }
    let until_at = end_of(state, until)?;
    let mut tx = state.db.begin().await?;
    let mut owner = q("SELECT h.owner_id FROM hcp h WHERE ");
    owned(actor, &mut owner);
    owner.push_with(" AND h.id = ?", [id]);
    let (owner,): (Option<String>,) = owner.one(&mut tx).await?;
    if owner.as_ref() == Some(&colleague.id) {
        return Err(AppError::field("colleague", "field.share_owner"));
    }
    give(&mut tx, actor, id, &colleague.id, until_at).await?;
    let event =
        Event::new("hcp.share", "hcp", id).detail(json!({ "staff": colleague.id, "until": until }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    Ok(Saved::stay("notice.access_given"))
}

/// Gives access until a moment and answers what the colleague asked for. The caller has checked the scope.
pub async fn give(
    tx: &mut Tx,
    actor: &Actor,
    hcp: &str,
    staff: &str,
    until_at: i64,
) -> DbResult<()> {
    let now = time::now();
    // What ran out is over: a new stretch begins.
    q("UPDATE hcp_access SET ended_at = until_at WHERE hcp_id = $1 AND staff_id = $2 AND ended_at IS NULL AND until_at <= $3")
        .bind(hcp)
        .bind(staff)
        .bind(now)
        .exec(&mut *tx)
        .await?;
    let extended = q(
        "UPDATE hcp_access SET until_at = $1, granted_by = $2 WHERE hcp_id = $3 AND staff_id = $4 \
         AND ended_at IS NULL",
    )
    .bind(until_at)
    .bind(&actor.id)
    .bind(hcp)
    .bind(staff)
    .exec(&mut *tx)
    .await?;
    if extended == 0 {
        q("INSERT INTO hcp_access (id, hcp_id, staff_id, until_at, granted_by, at) VALUES ($1, $2, $3, $4, $5, $6) \
           ON CONFLICT DO NOTHING")
        .bind(crypto::new_id())
        .bind(hcp)
        .bind(staff)
        .bind(until_at)
        .bind(&actor.id)
        .bind(now)
        .exec(&mut *tx)
        .await?;
    }
    q(
        "UPDATE hcp_access_request SET status = 'granted', decided_by = $1, decided_at = $2 \
       WHERE hcp_id = $3 AND staff_id = $4 AND status = 'open'",
    )
    .bind(&actor.id)
    .bind(now)
    .bind(hcp)
    .bind(staff)
    .exec(tx)
    .await?;
    Ok(())
}

/// Ends a sharing early.
pub async fn end(state: &AppState, actor: &Actor, id: &str) -> Result<Saved, AppError> {
    let mut tx = state.db.begin().await?;
    let mut find =
        q("SELECT x.hcp_id, x.staff_id FROM hcp_access x JOIN hcp h ON h.id = x.hcp_id WHERE ");
    owned(actor, &mut find);
    find.push_with(" AND x.id = ?", [id]);
    let (hcp, staff): (String, String) = find.one(&mut tx).await?;
    let ended =
        q("UPDATE hcp_access SET ended_at = $1, ended_by = $2 WHERE id = $3 AND ended_at IS NULL")
            .bind(time::now())
            .bind(&actor.id)
            .bind(id)
            .exec(&mut tx)
            .await?;
    if ended == 1 {
        let event = Event::new("hcp.unshare", "hcp", &hcp).detail(json!({ "staff": staff }));
        audit::record(&state.keys, &mut tx, actor, event).await?;
    }
    tx.commit().await?;
    Ok(Saved::stay("notice.access_ended"))
}
