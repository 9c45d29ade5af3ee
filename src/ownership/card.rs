//! What an HCP's page shows of ownership.

use super::access::{self, owned};
use super::model::{AccessRow, GroupMark, OwnershipView, Pick, Stretch};
use super::people::{self, Among};
use crate::hcp::store;
use crate::server::db::{DbResult, q};
use crate::server::guard::Actor;
use crate::server::{AppState, time};
use crate::shared::{AppError, Permission};

/// The ownership of an HCP within scope.
pub async fn card(state: &AppState, actor: &Actor, id: &str) -> Result<OwnershipView, AppError> {
    let db = &state.db;
    let row = store::row(db, actor, id).await?;
    let mut owns = q("SELECT COUNT(*) FROM hcp h WHERE ");
    owned(actor, &mut owns);
    owns.push_with(" AND h.id = ?", [id]);
    let owns = owns.count(db).await? > 0;
    let may_keep = actor.role.may(Permission::WriteHcps);
    let may_share = owns && may_keep;
    let followed = q("SELECT COUNT(*) FROM hcp_follow WHERE staff_id = $1 AND hcp_id = $2")
        .bind(&actor.id)
        .bind(id)
        .count(db)
        .await?
        > 0;
    let groups: Vec<GroupMark> = if may_keep {
        q("SELECT g.id, g.name, EXISTS (SELECT 1 FROM hcp_group_member m WHERE m.group_id = g.id AND m.hcp_id = $2) \
           AS member FROM hcp_group g WHERE g.staff_id = $1 ORDER BY g.name COLLATE pinyin, g.id")
        .bind(&actor.id)
        .bind(id)
        .all(db)
        .await?
    } else {
        Vec::new()
    };
    let (access, colleagues) = if may_share {
        (
            standing(state, id).await?,
            people::labels(db, actor, Among::Readers, &Pick::default(), 200).await?,
        )
    } else {
        (Vec::new(), Vec::new())
    };
    let shared_until = if owns {
        None
    } else {
        let (until,): (Option<i64>,) = q("SELECT MAX(until_at) FROM hcp_access \
             WHERE hcp_id = $1 AND staff_id = $2 AND ended_at IS NULL AND until_at > $3")
        .bind(id)
        .bind(&actor.id)
        .bind(time::now())
        .one(db)
        .await?;
        until.map(|at| state.zone.day(at - 1))
    };
    Ok(OwnershipView {
        id: row.id,
        owner: row.owner,
        shared_until,
        followed,
        groups,
        access,
        colleagues,
        suggested: access::suggested(state),
        may_keep,
        may_share,
        may_transfer: owns && actor.role.may(Permission::AssignHcps),
        stretches: stretches(state, id).await?,
    })
}

/// With whom an HCP is shared now.
async fn standing(state: &AppState, id: &str) -> DbResult<Vec<AccessRow>> {
    let rows: Vec<(String, String, i64, Option<String>)> = q("SELECT x.id, s.name, x.until_at, b.name FROM hcp_access x \
         JOIN staff s ON s.id = x.staff_id LEFT JOIN staff b ON b.id = x.granted_by \
         WHERE x.hcp_id = $1 AND x.ended_at IS NULL AND x.until_at > $2 ORDER BY x.until_at, x.id LIMIT 100")
    .bind(id)
    .bind(time::now())
    .all(&state.db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(id, colleague, until, by)| AccessRow {
            id,
            colleague,
            until: state.zone.day(until - 1),
            by: by.unwrap_or_default(),
        })
        .collect())
}

/// The history of ownership, the latest first; at most 100 stretches.
async fn stretches(state: &AppState, id: &str) -> DbResult<Vec<Stretch>> {
    #[derive(sqlx::FromRow)]
    struct Row {
        owner: Option<String>,
        starts_at: i64,
        ends_at: Option<i64>,
        reason: String,
        note: Option<String>,
        by_name: Option<String>,
    }
    let rows: Vec<Row> = q("SELECT s.name AS owner, o.starts_at, o.ends_at, o.reason, \
         CASE WHEN o.reason = 'undo' THEN NULL ELSE x.reason END AS note, \
         b.name AS by_name FROM hcp_ownership o LEFT JOIN staff s ON s.id = o.owner_id \
         LEFT JOIN staff b ON b.id = o.created_by LEFT JOIN hcp_transfer x ON x.id = o.transfer_id \
         WHERE o.hcp_id = $1 ORDER BY o.starts_at DESC, o.id DESC LIMIT 100")
    .bind(id)
    .all(&state.db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Stretch {
            owner: r.owner,
            from: state.zone.minute(r.starts_at),
            to: r.ends_at.map(|at| state.zone.minute(at)),
            reason: r.reason,
            note: r.note,
            by: r.by_name,
        })
        .collect())
}
