//! SQL of HCPs, their ownership and personal codes.

use serde_json::json;

use super::model::{ConsentRow, HcpList, HcpRow, OwnershipRow, PendingRow};
use crate::server::audit::{self, Event};
use crate::server::db::{Db, DbResult, Query, Tx, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, search, time};
use crate::shared::page::{PAGE_SIZE, offset};
use crate::shared::{AppError, Page, Permission, Saved};
use crate::workbench::model::HcpCounts;

/// How long a personal code is good.
pub const INVITATION_VALID: i64 = time::DAY;

const ROW: &str = "SELECT h.id, h.name, h.sex, h.phone_masked, COALESCE(t.name, h.hospital_text) AS hospital, \
    h.department, h.title, h.state, s.name AS owner";
const FROM: &str = " FROM hcp h LEFT JOIN terminal t ON t.id = h.terminal_id LEFT JOIN staff s ON s.id = h.owner_id WHERE ";

/// What the list can be narrowed by; empty fields do not narrow.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Name, pinyin, hospital, department or title.
    pub text: String,
    pub state: String,
    pub department: String,
}

/// Keeps only HCPs within the actor's scope. Registrations that wait are the stewards' alone.
fn scope(actor: &Actor, query: &mut Query) {
    actor.scope(query, "h.owner_id");
    if !actor.role.may(Permission::StewardHcps) {
        query.push(" AND h.state <> 'pending'");
    }
}

/// One page of HCPs within scope, by pinyin.
pub async fn list(db: &Db, actor: &Actor, filter: &Filter, page: i64) -> DbResult<HcpList> {
    let narrow = |query: &mut Query| {
        query.push(FROM);
        scope(actor, query);
        query.push(" AND h.state <> 'merged'");
        search::condition(
            query,
            &filter.text,
            &[("h.id", "hcp"), ("h.terminal_id", "terminal")],
        );
        if !filter.state.is_empty() {
            query.push_with(" AND h.state = ?", [&filter.state]);
        }
        if !filter.department.is_empty() {
            query.push_with(" AND h.department = ?", [&filter.department]);
        }
    };
    let mut count = q("SELECT COUNT(*)");
    narrow(&mut count);
    let total = count.count(db).await?;
    let mut rows = q(ROW);
    narrow(&mut rows);
    rows.push_with(
        " ORDER BY h.pinyin, h.id LIMIT ? OFFSET ?",
        [PAGE_SIZE, offset(page)],
    );
    let mut departments = q(format!("SELECT DISTINCT h.department{FROM}"));
    scope(actor, &mut departments);
    departments.push(" AND h.department <> '' ORDER BY h.department LIMIT 100");
    let pending = if actor.role.may(Permission::StewardHcps) {
        Some(
            q("SELECT COUNT(*) FROM hcp WHERE state = 'pending'")
                .count(db)
                .await?,
        )
    } else {
        None
    };
    Ok(HcpList {
        page: Page {
            rows: rows.all(db).await?,
            total,
            page,
        },
        departments: departments
            .all::<(String,)>(db)
            .await?
            .into_iter()
            .map(|(d,)| d)
            .collect(),
        pending,
    })
}

/// HCPs to choose among when sharing: those within scope that a text finds, at most 50, the onboarded first.
pub async fn choose(db: &Db, actor: &Actor, text: &str) -> DbResult<Vec<HcpRow>> {
    let mut rows = q(format!("{ROW}{FROM}"));
    scope(actor, &mut rows);
    rows.push(" AND h.state IN ('listed', 'invited', 'onboarded')");
    search::condition(
        &mut rows,
        text,
        &[("h.id", "hcp"), ("h.terminal_id", "terminal")],
    );
    rows.push(" ORDER BY CASE h.state WHEN 'onboarded' THEN 0 ELSE 1 END, h.pinyin, h.id LIMIT 50");
    rows.all(db).await
}

/// One HCP within scope.
pub async fn row(db: &Db, actor: &Actor, id: &str) -> Result<HcpRow, AppError> {
    let mut query = q(format!("{ROW}{FROM}"));
    scope(actor, &mut query);
    query.push_with(" AND h.id = ?", [id]);
    Ok(query.one(db).await?)
}

/// Province, city and day of onboarding.
pub async fn profile(state: &AppState, id: &str) -> DbResult<(String, String, Option<String>)> {
    let (province, city, at): (String, String, Option<i64>) =
        q("SELECT province, city, onboarded_at FROM hcp WHERE id = $1")
            .bind(id)
            .one(&state.db)
            .await?;
    Ok((province, city, at.map(|at| state.zone.minute(at))))
}

/// HCPs within scope by state.
pub async fn counts(db: &Db, actor: &Actor) -> DbResult<HcpCounts> {
    let mut query = q("SELECT h.state, COUNT(*) FROM hcp h WHERE ");
    scope(actor, &mut query);
    query.push(" GROUP BY h.state");
    let mut counts = HcpCounts::default();
    for (state, n) in query.all::<(String, i64)>(db).await? {
        match state.as_str() {
            "listed" => counts.listed = n,
            "invited" => counts.invited = n,
            "onboarded" => counts.onboarded = n,
            "pending" => counts.pending = n,
            _ => {}
        }
    }
    Ok(counts)
}

/// The latest consent for each purpose.
pub async fn consents(state: &AppState, hcp_id: &str) -> DbResult<Vec<ConsentRow>> {
    type Row = (String, bool, String, String, i64, Option<i64>);
    let rows: Vec<Row> = q("SELECT c.purpose, c.granted, c.text_version, c.channel, c.at, c.withdrawn_at FROM consent c \
         WHERE c.hcp_id = $1 AND NOT EXISTS (SELECT 1 FROM consent d WHERE d.hcp_id = c.hcp_id \
         AND d.purpose = c.purpose AND (d.at > c.at OR (d.at = c.at AND d.id > c.id))) ORDER BY c.purpose")
    .bind(hcp_id)
    .all(&state.db)
    .await?;
    Ok(rows
        .into_iter()
        .map(
            |(purpose, granted, text_version, channel, at, withdrawn)| ConsentRow {
                purpose,
                granted,
                text_version,
                channel,
                at: state.zone.minute(at),
                withdrawn_at: withdrawn.map(|at| state.zone.minute(at)),
            },
        )
        .collect())
}

/// Who owned an HCP, the latest first.
pub async fn ownership(state: &AppState, hcp_id: &str) -> DbResult<Vec<OwnershipRow>> {
    let rows: Vec<(Option<String>, i64, Option<i64>, String)> = q("SELECT s.name, o.starts_at, o.ends_at, o.reason \
         FROM hcp_ownership o LEFT JOIN staff s ON s.id = o.owner_id WHERE o.hcp_id = $1 ORDER BY o.starts_at DESC, o.id DESC")
    .bind(hcp_id)
    .all(&state.db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(owner, from, to, reason)| OwnershipRow {
            owner: owner.unwrap_or_default(),
            from: state.zone.day(from),
            to: to.map(|at| state.zone.day(at)),
            reason,
        })
        .collect())
}

/// Writes down that the actor looked at the full number, and gives it for five minutes after.
pub async fn reveal_phone(state: &AppState, actor: &Actor, id: &str) -> Result<Saved, AppError> {
    row(&state.db, actor, id).await?;
    let mut tx = state.db.begin().await?;
    audit::record(
        &state.keys,
        &mut tx,
        actor,
        Event::new("hcp.reveal_phone", "hcp", id),
    )
    .await?;
    tx.commit().await?;
    Ok(Saved::stay("notice.phone_revealed"))
}

/// The full number, if the actor revealed it within the last five minutes.
pub async fn revealed_phone(state: &AppState, actor: &Actor, id: &str) -> DbResult<Option<String>> {
    let recent = q(
        "SELECT COUNT(*) FROM audit_log WHERE object_id = $1 AND action = 'hcp.reveal_phone' \
         AND actor_id = $2 AND at > $3",
    )
    .bind(id)
    .bind(&actor.id)
    .bind(time::now() - 5 * time::MINUTE)
    .count(&state.db)
    .await?;
    if recent == 0 {
        return Ok(None);
    }
    phone(state, id).await
}

/// The full number on file.
pub async fn phone(state: &AppState, id: &str) -> DbResult<Option<String>> {
    let (cipher,): (Option<String>,) = q("SELECT phone_cipher FROM hcp WHERE id = $1")
        .bind(id)
        .one(&state.db)
        .await?;
    Ok(cipher.and_then(|c| state.keys.open(&c)))
}

/// Gives an HCP to an owner and writes the history.
pub async fn set_owner(
    tx: &mut Tx,
    hcp_id: &str,
    owner: &str,
    reason: &str,
    by: &str,
) -> DbResult<()> {
    let now = time::now();
    q("UPDATE hcp_ownership SET ends_at = $1 WHERE hcp_id = $2 AND ends_at IS NULL")
        .bind(now)
        .bind(hcp_id)
        .exec(&mut *tx)
        .await?;
    q("INSERT INTO hcp_ownership (id, hcp_id, owner_id, starts_at, reason, created_by) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(crypto::new_id())
        .bind(hcp_id)
        .bind(owner)
        .bind(now)
        .bind(reason)
        .bind(by)
        .exec(&mut *tx)
        .await?;
    q("UPDATE hcp SET owner_id = $1, updated_at = $2 WHERE id = $3")
        .bind(owner)
        .bind(now)
        .bind(hcp_id)
        .exec(tx)
        .await?;
    Ok(())
}

/// Gives the HCPs of a hospital that belong to nobody to its new owner.
pub async fn own_unowned(
    tx: &mut Tx,
    actor: &Actor,
    terminal_id: &str,
    staff_id: &str,
) -> DbResult<()> {
    let free: Vec<(String,)> =
        q("SELECT id FROM hcp WHERE terminal_id = $1 AND owner_id IS NULL AND state NOT IN ('pending', 'merged')")
            .bind(terminal_id)
            .all(&mut *tx)
            .await?;
    for (id,) in free {
        set_owner(tx, &id, staff_id, "assignment", &actor.id).await?;
    }
    Ok(())
}

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

/// Makes a personal code; codes of this HCP that stood are revoked. Within 2 seconds of the last it gives that one,
/// so that a double tap makes one code.
pub async fn invite(state: &AppState, actor: &Actor, hcp_id: &str) -> Result<Saved, AppError> {
    row(&state.db, actor, hcp_id).await?;
    let now = time::now();
    let saved = Saved::go("notice.code_made", format!("/hcps/{hcp_id}/code"));
    let mut tx = state.db.begin().await?;
    // The row's lock lets one of several at once go first.
    q("UPDATE hcp SET state = CASE WHEN state = 'listed' THEN 'invited' ELSE state END, updated_at = $1 WHERE id = $2")
        .bind(now)
        .bind(hcp_id)
        .exec(&mut tx)
        .await?;
    let fresh = q(
        "SELECT COUNT(*) FROM invitation WHERE hcp_id = $1 AND staff_id = $2 AND created_at > $3 \
         AND revoked_at IS NULL AND used_at IS NULL",
    )
    .bind(hcp_id)
    .bind(&actor.id)
    .bind(now - 2_000)
    .count(&mut tx)
    .await?;
    if fresh > 0 {
        return Ok(saved);
    }
    revoke_open(&mut tx, hcp_id, now).await?;
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
    Ok(saved)
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

/// Self-registered HCPs that wait, the oldest first, each with those of the same name.
pub async fn pending(state: &AppState, page: i64) -> DbResult<Page<PendingRow>> {
    let total = q("SELECT COUNT(*) FROM hcp WHERE state = 'pending'")
        .count(&state.db)
        .await?;
    let rows: Vec<HcpRow> = q(format!(
        "{ROW}{FROM} h.state = 'pending' ORDER BY h.created_at, h.id LIMIT $1 OFFSET $2"
    ))
    .bind(PAGE_SIZE)
    .bind(offset(page))
    .all(&state.db)
    .await?;
    let mut more = q(
        "SELECT p.id, p.created_at, c.id FROM hcp p LEFT JOIN hcp c ON c.id = p.claims_id WHERE p.id IN (''",
    );
    let mut same = q(format!(
        "SELECT p.id AS pending_id, {}{}",
        &ROW["SELECT ".len()..],
        FROM.replace(
            "WHERE ",
            "JOIN hcp p ON (p.name = h.name OR p.claims_id = h.id) AND p.id <> h.id WHERE "
        )
    ));
    same.push("h.state IN ('listed', 'invited', 'onboarded') AND p.id IN (''");
    for row in &rows {
        more.push_with(", ?", [&row.id]);
        same.push_with(", ?", [&row.id]);
    }
    more.push(")");
    same.push(") ORDER BY h.name, h.id LIMIT 200");
    #[derive(sqlx::FromRow)]
    struct Candidate {
        pending_id: String,
        #[sqlx(flatten)]
        row: HcpRow,
    }
    let more: Vec<(String, i64, Option<String>)> = more.all(&state.db).await?;
    let same: Vec<Candidate> = same.all(&state.db).await?;
    let rows = rows
        .into_iter()
        .map(|row| {
            let (at, claims) = more
                .iter()
                .find(|(id, _, _)| *id == row.id)
                .map_or((0, None), |(_, at, claims)| (*at, claims.clone()));
            let candidates = same
                .iter()
                .filter(|c| c.pending_id == row.id)
                .map(|c| c.row.clone())
                .collect();
            PendingRow {
                row,
                at: state.zone.minute(at),
                claims,
                candidates,
            }
        })
        .collect();
    Ok(Page { rows, total, page })
}
