//! Personal codes (个人专属二维码): one that stands for each HCP.

use serde_json::json;

use super::consent;
use super::model::{SheetCode, SheetView};
use crate::hcp::store::{row, scope, touch};
use crate::server::audit::{self, Event};
use crate::server::db::{Db, DbResult, Lock, Query, Rows, Tx, insert_many, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, time};
use crate::shared::error::FieldError;
use crate::shared::{AppError, Saved};

/// How long a personal code is good.
pub const INVITATION_VALID: i64 = time::DAY;
/// How long personal codes made in bulk are good: they are printed and handed out over some days.
pub const BULK_VALID: i64 = 7 * time::DAY;
/// How many are made at a time at most.
pub const BULK_MOST: usize = 200;
/// Codes on one printed sheet, six to a page of A4.
const SHEET: i64 = 60;
/// Codes made within this time count as made by the same press.
const SAME_PRESS: i64 = 2_000;

/// The code that stands for an HCP: id, token and expiry.
pub async fn open_invitation(
    db: &Db,
    actor: &Actor,
    hcp_id: &str,
) -> DbResult<Option<(String, String, i64)>> {
    q("SELECT id, token, expires_at FROM invitation WHERE hcp_id = $1 AND staff_id = $2 AND used_at IS NULL \
       AND revoked_at IS NULL AND expires_at > $3 ORDER BY created_at DESC LIMIT 1")
    .bind(hcp_id)
    .bind(&actor.id)
    .bind(time::now())
    .optional(db)
    .await
}

/// Makes a personal code; codes of this HCP that stood are revoked. Within 2 seconds of the last it keeps that one
/// and says so, so that a double tap makes one code. A registration that waits, and who was merged away, get none.
pub async fn invite(state: &AppState, actor: &Actor, hcp_id: &str) -> Result<Saved, AppError> {
    row(&state.db, actor, hcp_id).await?;
    let now = time::now();
    let to = format!("/hcps/{hcp_id}/code");
    let mut tx = state.db.begin().await?;
    // The row's lock lets one of several at once go first.
    let invitable = q(
        "UPDATE hcp SET state = CASE WHEN state = 'listed' THEN 'invited' ELSE state END, updated_at = $1 \
         WHERE id = $2 AND state NOT IN ('pending', 'merged')",
    )
    .bind(now)
    .bind(hcp_id)
    .exec(&mut tx)
    .await?;
    if invitable == 0 {
        return Err(AppError::NotFound);
    }
    let fresh = q(
        "SELECT COUNT(*) FROM invitation WHERE hcp_id = $1 AND staff_id = $2 AND created_at > $3 \
         AND revoked_at IS NULL AND used_at IS NULL",
    )
    .bind(hcp_id)
    .bind(&actor.id)
    .bind(now - SAME_PRESS)
    .count(&mut tx)
    .await?;
    if fresh > 0 {
        return Ok(Saved::go("notice.code_kept", to));
    }
    revoke_open(&mut tx, hcp_id, now).await?;
    touch(&mut tx, hcp_id, now).await?;
    let id = crypto::new_id();
    q("INSERT INTO invitation (id, token, hcp_id, staff_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(&id)
        .bind(crypto::random_token(16))
        .bind(hcp_id)
        .bind(&actor.id)
        .bind(now)
        .bind(now + INVITATION_VALID)
        .exec(&mut tx)
        .await?;
    audit::record(
        &state.keys,
        &mut tx,
        actor,
        Event::new("hcp.invite", "hcp", hcp_id).detail(json!({ "invitation": id })),
    )
    .await?;
    tx.commit().await?;
    Ok(Saved::go("notice.code_made", to))
}

/// Makes personal codes for those of `ids` within scope who are listed or invited, good for seven days; gives how
/// many HCPs have one now. Codes of theirs that stood are revoked; those of the same press are kept.
///
/// More than 200 ids are refused beside the field `ids`; a `Conflict` says that nobody among them can be invited.
pub async fn invite_many(
    state: &AppState,
    actor: &Actor,
    ids: &[String],
) -> Result<usize, AppError> {
    if ids.len() > BULK_MOST {
        return Err(AppError::Invalid(vec![FieldError {
            field: "ids".into(),
            key: "field.too_many_invited".into(),
            args: vec![("most".into(), BULK_MOST.to_string())],
        }]));
    }
    let now = time::now();
    let eligible = |query: &mut Query| {
        query.push("SELECT h.id FROM hcp h WHERE ");
        scope(actor, query);
        query.push(" AND h.state IN ('listed', 'invited') AND h.id IN (''");
        for id in ids {
            query.push_with(", ?", [id]);
        }
        query.push(")");
    };
    let mut tx = state.db.begin().await?;
    tx.serialise(Lock::Assignments).await?;
    // The rows' locks let one of several at once go first. Once waited for, a row is asked for its state anew.
    let mut mark = q("UPDATE hcp SET state = 'invited', ");
    mark.push_with(
        "updated_at = ?, last_contact_at = CASE WHEN last_contact_at > ? THEN last_contact_at ELSE ? END \
         WHERE state IN ('listed', 'invited') AND id IN (",
        [now, now, now],
    );
    eligible(&mut mark);
    mark.push(")");
    let invited = mark.exec(&mut tx).await?;
    if invited == 0 {
        return Err(AppError::Conflict("error.none_invitable".into()));
    }
    // Those who got theirs by the same press a moment ago keep it.
    let mut without = q("SELECT e.id FROM (");
    eligible(&mut without);
    without.push(
        ") e WHERE NOT EXISTS (SELECT 1 FROM invitation i WHERE i.hcp_id = e.id AND i.used_at IS NULL \
         AND i.revoked_at IS NULL",
    );
    without.push_with(" AND i.staff_id = ?", [&actor.id]);
    without.push_with(
        " AND i.created_at > ? AND i.expires_at > ?)",
        [now - SAME_PRESS, now + INVITATION_VALID],
    );
    let without: Vec<(String,)> = without.all(&mut tx).await?;
    if without.is_empty() {
        return Ok(invited as usize);
    }
    let mut revoke = q("UPDATE invitation SET revoked_at = ");
    revoke.push_with(
        "? WHERE used_at IS NULL AND revoked_at IS NULL AND hcp_id IN (''",
        [now],
    );
    for (id,) in &without {
        revoke.push_with(", ?", [id]);
    }
    revoke.push(")");
    revoke.exec(&mut tx).await?;
    let made = without.len();
    let rows: Rows = without
        .into_iter()
        .map(|(hcp,)| {
            vec![
                crypto::new_id().into(),
                crypto::random_token(16).into(),
                hcp.into(),
                (&actor.id).into(),
                now.into(),
                (now + BULK_VALID).into(),
            ]
        })
        .collect();
    let head = "INSERT INTO invitation (id, token, hcp_id, staff_id, created_at, expires_at)";
    insert_many(&mut tx, head, rows, "").await?;
    let event = Event::new("hcp.invite_many", "staff", &actor.id)
        .detail(json!({ "asked": ids.len(), "made": made }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    Ok(invited as usize)
}

/// The actor's personal codes made in bulk that stand, as sheets to be printed.
pub async fn sheet(
    state: &AppState,
    actor: &Actor,
    origin: &str,
    page: i64,
) -> Result<SheetView, AppError> {
    let narrow = |query: &mut Query| {
        query.push(" FROM invitation i JOIN hcp h ON h.id = i.hcp_id LEFT JOIN terminal t ON t.id = h.terminal_id WHERE ");
        scope(actor, query);
        query.push_with(" AND i.staff_id = ?", [&actor.id]);
        query.push_with(
            " AND i.used_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > ? AND i.expires_at - i.created_at > ?",
            [time::now(), INVITATION_VALID],
        );
    };
    let mut count = q("SELECT COUNT(*)");
    narrow(&mut count);
    let total = count.count(&state.db).await?;
    let pages = (total.max(1) + SHEET - 1) / SHEET;
    let page = page.clamp(1, pages);
    let mut rows =
        q("SELECT h.name, COALESCE(t.name, h.hospital_text), h.department, i.token, i.expires_at");
    narrow(&mut rows);
    rows.push_with(
        " ORDER BY h.pinyin, h.id, i.id LIMIT ? OFFSET ?",
        [SHEET, (page - 1) * SHEET],
    );
    let rows: Vec<(String, String, String, String, i64)> = rows.all(&state.db).await?;
    let codes = rows
        .into_iter()
        .map(|(name, hospital, department, token, expires)| {
            Ok(SheetCode {
                name,
                hospital,
                department,
                svg: crate::sharing::qr_svg(&format!("{origin}/i/{token}"))?,
                expires: state.zone.minute(expires),
            })
        })
        .collect::<Result<_, AppError>>()?;
    Ok(SheetView {
        codes,
        total,
        page,
        pages,
        rep: actor.name.clone(),
    })
}

async fn revoke_open(tx: &mut Tx, hcp_id: &str, now: i64) -> DbResult<u64> {
    q("UPDATE invitation SET revoked_at = $1 WHERE hcp_id = $2 AND used_at IS NULL AND revoked_at IS NULL")
        .bind(now)
        .bind(hcp_id)
        .exec(tx)
        .await
}

/// Revokes the codes of an HCP that stand.
pub async fn revoke_invitations(
    state: &AppState,
    actor: &Actor,
    hcp_id: &str,
) -> Result<Saved, AppError> {
    row(&state.db, actor, hcp_id).await?;
    let mut tx = state.db.begin().await?;
    consent::lock(&mut tx, hcp_id).await?;
    if revoke_open(&mut tx, hcp_id, time::now()).await? > 0 {
        q("UPDATE hcp SET state = 'listed' WHERE id = $1 AND state = 'invited'")
            .bind(hcp_id)
            .exec(&mut tx)
            .await?;
        audit::record(
            &state.keys,
            &mut tx,
            actor,
            Event::new("hcp.revoke_invitation", "hcp", hcp_id),
        )
        .await?;
    }
    tx.commit().await?;
    Ok(Saved::go("notice.code_revoked", format!("/hcps/{hcp_id}")))
}
