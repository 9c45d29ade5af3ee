//! Registrations that wait for a steward (待审核), and what the steward decides.

use serde_json::json;

use super::consent;
use super::model::{Candidate, PendingRow, REJECTED, RefusedRow, Why};
use crate::duplicate::merge::{Choice, lock, merge_in};
use crate::duplicate::rules::{hospital_likeness, pinyin_near};
use crate::hcp::model::{HcpRow, state_label};
use crate::hcp::store::{FROM, ROW, set_owner};
use crate::identity::rules::clean;
use crate::server::audit::{self, Event};
use crate::server::db::{DbResult, Lock, Query, Tx, q};
use crate::server::guard::Actor;
use crate::server::history::{self, Change};
use crate::server::{AppState, time};
use crate::shared::error::Checks;
use crate::shared::page::{PAGE_SIZE, offset, within};
use crate::shared::{AppError, Page, Saved};

/// How alike the names of two hospitals must be for them to be taken for one.
const ALIKE: f64 = 0.65;
/// HCPs of the same name that are compared for one page at most.
const COMPARED_MOST: i64 = 2_000;
/// Candidates shown for one registration at most.
const SHOWN_MOST: usize = 6;
/// Characters of the reason for turning a registration down at most.
const REASON_MOST: usize = 200;

/// What a registration has beside its row.
#[derive(sqlx::FromRow)]
struct More {
    id: String,
    created_at: i64,
    claims_id: Option<String>,
    code: Option<String>,
}

/// An HCP on file whom a registration might be, before it is judged.
#[derive(sqlx::FromRow)]
struct Found {
    pending_id: String,
    same_place: bool,
    #[sqlx(flatten)]
    row: HcpRow,
}

/// Self-registered HCPs that wait, the oldest first, each with those it might be.
pub async fn pending(state: &AppState, page: i64) -> DbResult<Page<PendingRow>> {
    let total = q("SELECT COUNT(*) FROM hcp WHERE state = 'pending'")
        .count(&state.db)
        .await?;
    let page = within(page, total);
    let rows: Vec<HcpRow> = q(format!(
        "{ROW}{FROM} h.state = 'pending' ORDER BY h.created_at, h.id LIMIT $1 OFFSET $2"
    ))
    .bind(PAGE_SIZE)
    .bind(offset(page))
    .all(&state.db)
    .await?;
    let mut more = q(
        "SELECT p.id, p.created_at, p.claims_id, c.name AS code FROM hcp p \
         LEFT JOIN public_code c ON c.id = p.public_code_id WHERE ",
    );
    among(&mut more, &rows);
    let more: Vec<More> = more.all(&state.db).await?;
    let found = on_file(state, &rows).await?;
    let rows = rows
        .into_iter()
        .map(|row| {
            let more = more.iter().find(|m| m.id == row.id);
            let claims = more.and_then(|m| m.claims_id.clone());
            let mut candidates: Vec<Candidate> = found
                .iter()
                .filter(|f| f.pending_id == row.id)
                .filter_map(|f| {
                    let why = why(&row, claims.as_deref(), f)?;
                    let row = f.row.clone().dated(&state.zone);
                    Some(Candidate { row, why })
                })
                .collect();
            candidates.sort_by(|a, b| a.why.cmp(&b.why).then_with(|| a.row.id.cmp(&b.row.id)));
            candidates.truncate(SHOWN_MOST);
            PendingRow {
                at: more.map_or_else(String::new, |m| state.zone.minute(m.created_at)),
                code: more.and_then(|m| m.code.clone()),
                claims,
                candidates,
                row,
            }
        })
        .collect();
    Ok(Page { rows, total, page })
}

fn among(query: &mut Query, rows: &[HcpRow]) {
    query.push("p.id IN (''");
    for row in rows {
        query.push_with(", ?", [&row.id]);
    }
    query.push(")");
}

/// Those of the same name, those of the same department, and those from whose personal code a registration came:
/// three look-ups by index rather than one that matches any of them.
async fn on_file(state: &AppState, rows: &[HcpRow]) -> DbResult<Vec<Found>> {
    let mut query = q("");
    for (i, joined) in [
        "h.name = p.name",
        "h.terminal_id = p.terminal_id AND h.department = p.department",
        "h.id = p.claims_id",
    ]
    .into_iter()
    .enumerate()
    {
        if i > 0 {
            query.push(" UNION ");
        }
        query.push(
            "SELECT p.id AS pending_id, CASE WHEN h.terminal_id = p.terminal_id THEN 1 = 1 ELSE 1 = 0 END AS same_place, ",
        );
        query.push(&ROW["SELECT ".len()..]);
        query.push(&FROM.replace(
            " WHERE ",
            &format!(" JOIN hcp p ON {joined} AND p.id <> h.id WHERE "),
        ));
        // The empty text keeps SQLite from reading all of a state where the name's index finds a few.
        query.push("h.state || '' IN ('listed', 'invited', 'onboarded') AND ");
        among(&mut query, rows);
    }
    query.push_with(" LIMIT ?", [COMPARED_MOST]);
    query.all(&state.db).await
}

/// Why somebody on file may be the one who registered; `None` if nothing but the name or the place agrees.
fn why(registered: &HcpRow, claims: Option<&str>, found: &Found) -> Option<Why> {
    if claims == Some(found.row.id.as_str()) {
        return Some(Why::Claimed);
    }
    if found.row.name != registered.name {
        return (found.same_place && pinyin_near(&found.row.name, &registered.name))
            .then_some(Why::NearName);
    }
    if found.same_place {
        Some(Why::SameHospital)
    } else if found.row.hospital.is_empty() || registered.hospital.is_empty() {
        Some(Why::SameName)
    } else {
        (hospital_likeness(&found.row.hospital, &registered.hospital) >= ALIKE)
            .then_some(Why::SimilarHospital)
    }
}

/// To whom an approved registration goes: the owner of the hospital on the day `today` of the configured zone, else
/// the rep through whose code it came.
async fn owner_of(tx: &mut Tx, id: &str, today: &str) -> DbResult<Option<String>> {
    let hospital: Option<(String,)> = q(
        "SELECT a.staff_id FROM hcp h JOIN terminal_assignment a ON a.terminal_id = h.terminal_id \
         AND a.business_line = 'default' AND a.starts_on <= $1 AND (a.ends_on IS NULL OR a.ends_on >= $1) \
         WHERE h.id = $2",
    )
    .bind(today)
    .bind(id)
    .optional(&mut *tx)
    .await?;
    if let Some((owner,)) = hospital {
        return Ok(Some(owner));
    }
    let rep: Option<(String,)> = q(
        "SELECT s.id FROM hcp h JOIN public_code c ON c.id = h.public_code_id JOIN staff s ON s.id = c.staff_id \
         WHERE h.id = $1 AND s.role IN ('rep', 'otc_rep') AND s.left_at IS NULL",
    )
    .bind(id)
    .optional(tx)
    .await?;
    Ok(rep.map(|(owner,)| owner))
}

/// A steward lets a registration stand as a new HCP.
pub async fn approve(state: &AppState, actor: &Actor, id: &str) -> Result<Saved, AppError> {
    let mut tx = state.db.begin().await?;
    let done = q("UPDATE hcp SET state = 'onboarded', claims_id = NULL, updated_at = $1 WHERE id = $2 AND state = 'pending'")
        .bind(time::now())
        .bind(id)
        .exec(&mut tx)
        .await?;
    if done == 0 {
        return Err(AppError::Conflict("error.decided".into()));
    }
    let owner = owner_of(&mut tx, id, &state.zone.today()).await?;
    if let Some(owner) = &owner {
        set_owner(&mut tx, id, owner, "registration", &actor.id).await?;
    }
    decided(&mut tx, actor, id, "onboarded").await?;
    let event = Event::new("hcp.approve", "hcp", id).detail(json!({ "owner": owner }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    Ok(Saved::stay("notice.saved"))
}

/// A steward finds that a registration is a person on file: what hangs on it moves there, with the verified phone.
/// Like every merge it can be undone for 30 days.
pub async fn merge(
    state: &AppState,
    actor: &Actor,
    id: &str,
    into: &str,
) -> Result<Saved, AppError> {
    let mut tx = state.db.begin().await?;
    tx.serialise(Lock::Assignments).await?;
    let locked = lock(&mut tx, [id, into]).await;
    let waits = q("SELECT COUNT(*) FROM hcp WHERE id = $1 AND state = 'pending'")
        .bind(id)
        .count(&mut tx)
        .await?;
    if waits == 0 {
        return Err(AppError::Conflict("error.decided".into()));
    }
    locked?;
    let target =
        q("SELECT COUNT(*) FROM hcp WHERE id = $1 AND state IN ('listed', 'invited', 'onboarded')")
            .bind(into)
            .count(&mut tx)
            .await?;
    if target == 0 {
        return Err(AppError::NotFound);
    }
    let phone = Choice {
        field: "phone".into(),
        from_gone: true,
    };
    merge_in(state, &mut tx, actor, into, id, &[phone]).await?;
    tx.commit().await?;
    Ok(Saved::stay("notice.merged"))
}

/// A steward turns a registration down and says why: its consents end, its browsers are unbound and its phone is free
/// again.
pub async fn reject(
    state: &AppState,
    actor: &Actor,
    id: &str,
    reason: &str,
) -> Result<Saved, AppError> {
    let reason = clean(reason);
    Checks::default()
        .text(&reason, "reason", REASON_MOST)
        .done()?;
    let mut tx = state.db.begin().await?;
    let waits = q(
        "UPDATE hcp SET updated_at = $1, refused_at = $1, refused_by = $2, refused_reason = $3 \
         WHERE id = $4 AND state = 'pending'",
    )
    .bind(time::now())
    .bind(&actor.id)
    .bind(&reason)
    .bind(id)
    .exec(&mut tx)
    .await?;
    if waits == 0 {
        return Err(AppError::Conflict("error.decided".into()));
    }
    consent::end(&mut tx, id, None, &actor.id, Some(REJECTED), time::now()).await?;
    consent::leave(&mut tx, id, "merged").await?;
    decided(&mut tx, actor, id, "rejected").await?;
    // Words about somebody: readable as long as their key is.
    let event = Event::new("hcp.reject", "hcp", id).about(id, json!({ "reason": reason }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    Ok(Saved::stay("notice.saved"))
}

/// Registrations that were turned down, the latest first.
pub async fn refused(state: &AppState, page: i64) -> DbResult<Page<RefusedRow>> {
    let total = q("SELECT COUNT(*) FROM hcp WHERE refused_at IS NOT NULL")
        .count(&state.db)
        .await?;
    let page = within(page, total);
    let rows: Vec<(String, String, String, String, i64, String, String)> = q(
        "SELECT h.name, COALESCE(t.name, h.hospital_text), h.department, h.phone_masked, h.refused_at, \
         COALESCE(s.name, ''), COALESCE(h.refused_reason, '') FROM hcp h LEFT JOIN terminal t ON t.id = h.terminal_id \
         LEFT JOIN staff s ON s.id = h.refused_by WHERE h.refused_at IS NOT NULL \
         ORDER BY h.refused_at DESC, h.id DESC LIMIT $1 OFFSET $2",
    )
    .bind(PAGE_SIZE)
    .bind(offset(page))
    .all(&state.db)
    .await?;
    let rows = rows
        .into_iter()
        .map(
            |(name, hospital, department, phone_masked, at, by, reason)| RefusedRow {
                name,
                hospital,
                department,
                phone_masked,
                at: state.zone.minute(at),
                by,
                reason,
            },
        )
        .collect();
    Ok(Page { rows, total, page })
}

async fn decided(tx: &mut Tx, actor: &Actor, id: &str, after: &str) -> DbResult<()> {
    let after = match after {
        "rejected" => tr!("hcp.state.rejected"),
        other => state_label(other),
    };
    let change = Change::of("state", &state_label("pending"), &after);
    history::record(tx, actor, "hcp", id, "registration", change).await
}
