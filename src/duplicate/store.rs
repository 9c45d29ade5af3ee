//! SQL of the list of pairs, of a pair side by side, of the decisions about pairs, and of the list of merges.

use std::collections::HashMap;

use serde_json::json;

use super::merge::UNDO_WITHIN;
use super::model::{FieldPair, KINDS, MergeRow, PairList, PairRow, PairView};
use super::snapshot::{CHOICES, Snapshot};
use super::{attached, finder};
use crate::hcp::model::HcpRow;
use crate::hcp::store::{FROM, ROW};
use crate::server::audit::{self, Event};
use crate::server::db::{Db, DbResult, Query, q};
use crate::server::guard::Actor;
use crate::server::{AppState, search, time};
use crate::shared::page::{PAGE_SIZE, offset, within};
use crate::shared::{AppError, Page, Saved};

/// What the list can be narrowed by; empty fields do not narrow.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Words of either side.
    pub text: String,
    /// One of [`KINDS`].
    pub reason: String,
    /// `apart` for those kept apart, anything else for those that are open.
    pub status: String,
}

#[derive(sqlx::FromRow)]
struct Stored {
    id: String,
    a_id: String,
    b_id: String,
    score: i64,
    reasons: String,
    status: String,
    found_at: i64,
}

const PAIR: &str = "SELECT d.id, d.a_id, d.b_id, d.score, d.reasons, d.status, d.found_at";

/// Pairs, the likeliest first.
pub async fn list(state: &AppState, filter: &Filter, page: i64) -> DbResult<PairList> {
    let db = &state.db;
    let status = if filter.status == "apart" {
        "apart"
    } else {
        "open"
    };
    let narrow = |query: &mut Query| {
        query.push_with(" FROM hcp_duplicate d WHERE d.status = ?", [status]);
        if KINDS.contains(&filter.reason.as_str()) {
            query.push_with(
                " AND d.reasons LIKE ?",
                [format!("%\"{}\"%", filter.reason)],
            );
        }
        search::condition(query, &filter.text, &[("d.a_id", "hcp"), ("d.b_id", "hcp")]);
    };
    let mut count = q("SELECT COUNT(*)");
    narrow(&mut count);
    let total = count.count(db).await?;
    let page = within(page, total);
    let mut rows = q(PAIR);
    narrow(&mut rows);
    rows.push_with(
        " ORDER BY d.score DESC, d.id DESC LIMIT ? OFFSET ?",
        [PAGE_SIZE, offset(page)],
    );
    let rows = pairs(state, rows.all(db).await?).await?;
    let by_status: HashMap<String, i64> = q(
        "SELECT status, COUNT(*) FROM hcp_duplicate WHERE status IN ('open', 'apart') GROUP BY status",
    )
    .all::<(String, i64)>(db)
    .await?
    .into_iter()
    .collect();
    let number = |status: &str| by_status.get(status).copied().unwrap_or(0);
    let (searched, running) = finder::last_run(db).await?;
    Ok(PairList {
        page: Page { rows, total, page },
        open: number("open"),
        apart: number("apart"),
        searched: searched.map(|at| state.zone.minute(at)),
        running,
    })
}

/// Pairs with both sides, read in one statement.
async fn pairs(state: &AppState, stored: Vec<Stored>) -> DbResult<Vec<PairRow>> {
    let mut query = q(format!("{ROW}{FROM}h.id IN (''"));
    for pair in &stored {
        query.push_with(", ?, ?", [&pair.a_id, &pair.b_id]);
    }
    query.push(")");
    let rows: HashMap<String, HcpRow> = query
        .all::<HcpRow>(&state.db)
        .await?
        .into_iter()
        .map(|row| (row.id.clone(), row.dated(&state.zone)))
        .collect();
    Ok(stored
        .into_iter()
        .filter_map(|pair| {
            Some(PairRow {
                a: rows.get(&pair.a_id)?.clone(),
                b: rows.get(&pair.b_id)?.clone(),
                id: pair.id,
                score: pair.score,
                reasons: serde_json::from_str(&pair.reasons).unwrap_or_default(),
                status: pair.status,
                found: state.zone.minute(pair.found_at),
            })
        })
        .collect())
}

/// Ids of the open pairs of an HCP, the likeliest first.
pub async fn open_of(db: &Db, hcp: &str) -> DbResult<Vec<String>> {
    let ids: Vec<(String,)> = q(
        "SELECT id FROM hcp_duplicate WHERE status = 'open' AND (a_id = $1 OR b_id = $1) \
         ORDER BY score DESC, id DESC LIMIT 20",
    )
    .bind(hcp)
    .all(db)
    .await?;
    Ok(ids.into_iter().map(|(id,)| id).collect())
}

/// Two HCPs side by side, with what a merge would propose.
pub async fn view(state: &AppState, id: &str) -> Result<PairView, AppError> {
    let db = &state.db;
    let stored: Stored = q(format!("{PAIR} FROM hcp_duplicate d WHERE d.id = $1"))
        .bind(id)
        .one(db)
        .await?;
    let pair = pairs(state, vec![stored])
        .await?
        .pop()
        .ok_or(AppError::NotFound)?;
    let (a, b) = (
        side(state, &pair.a.id).await?,
        side(state, &pair.b.id).await?,
    );
    let mut fields = Vec::new();
    for ((field, in_a), (_, in_b)) in a.fields.iter().zip(&b.fields) {
        // A phone that one of them verified is no matter of choice.
        let verified = *field == "phone" && verified(&a.row) != verified(&b.row);
        fields.push(FieldPair {
            field: (*field).to_owned(),
            a: in_a.clone(),
            b: in_b.clone(),
            choice: !verified && CHOICES.contains(field) && !a.row.same(field, &b.row),
            from_b: from_b(&a, &b, in_a, in_b),
        });
    }
    // Stays the onboarded one, else one who belongs to somebody, else the older.
    let rank = |side: &Side| {
        (
            side.row.state == "onboarded",
            side.row.owner_id.is_some(),
            -side.created_at,
        )
    };
    Ok(PairView {
        attached_a: attached::counts(db, &pair.a.id).await?,
        attached_b: attached::counts(db, &pair.b.id).await?,
        keep_b: rank(&b) > rank(&a),
        fields,
        pair,
    })
}

/// Whether the HCP's phone was verified by its owner.
fn verified(row: &Snapshot) -> bool {
    matches!(row.state.as_str(), "onboarded" | "pending")
}

/// One of two HCPs.
struct Side {
    row: Snapshot,
    created_at: i64,
    /// Name and value as people read it.
    fields: Vec<(&'static str, String)>,
}

async fn side(state: &AppState, id: &str) -> DbResult<Side> {
    let mut row: Snapshot = Snapshot::load(&state.db, id).await?;
    let mut fields = row.shown(&state.db).await?;
    let (created_at, source): (i64, String) = q("SELECT created_at, source FROM hcp WHERE id = $1")
        .bind(id)
        .one(&state.db)
        .await?;
    let joined = |rows: Vec<(String,)>| {
        let rows: Vec<String> = rows.into_iter().map(|(value,)| value).collect();
        rows.join("、")
    };
    let tags = q("SELECT tag FROM hcp_tag WHERE hcp_id = $1 ORDER BY tag")
        .bind(id)
        .all(&state.db)
        .await?;
    let places = q(
        "SELECT t.name FROM hcp_workplace w JOIN terminal t ON t.id = w.terminal_id WHERE w.hcp_id = $1 ORDER BY t.name COLLATE pinyin",
    )
    .bind(id)
    .all(&state.db)
    .await?;
    let minute = |at: Option<i64>| at.map(|at| state.zone.minute(at)).unwrap_or_default();
    fields.extend([
        ("tags", joined(tags)),
        ("workplaces", joined(places)),
        ("onboarded_at", minute(row.onboarded_at)),
        ("last_contact_at", minute(row.last_contact_at)),
        ("created_at", minute(Some(created_at))),
        ("source", super::model::source_label(&source)),
    ]);
    // Region goes with the hospital; what is compared is the hospital alone.
    row.province.clear();
    row.city.clear();
    Ok(Side {
        row,
        created_at,
        fields,
    })
}

/// Proposed is what is there at all, else what the onboarded one says, else what was written later.
fn from_b(a: &Side, b: &Side, in_a: &str, in_b: &str) -> bool {
    match (in_a.is_empty(), in_b.is_empty()) {
        (true, false) => return true,
        (false, true) => return false,
        _ => {}
    }
    let rank = |side: &Side| (side.row.state == "onboarded", side.row.updated_at);
    rank(b) > rank(a)
}

/// A steward finds that a pair is two people (`apart`), or looks at it once more.
pub async fn decide(
    state: &AppState,
    actor: &Actor,
    id: &str,
    apart: bool,
) -> Result<Saved, AppError> {
    let (from, to, action) = if apart {
        ("open", "apart", "duplicate.apart")
    } else {
        ("apart", "open", "duplicate.reopen")
    };
    let mut tx = state.db.begin().await?;
    let done = q(
        "UPDATE hcp_duplicate SET status = $1, decided_by = $2, decided_at = $3 WHERE id = $4 AND status = $5",
    )
    .bind(to)
    .bind(&actor.id)
    .bind(time::now())
    .bind(id)
    .bind(from)
    .exec(&mut tx)
    .await?;
    if done == 0 {
        let (status,): (String,) = q("SELECT status FROM hcp_duplicate WHERE id = $1")
            .bind(id)
            .one(&mut tx)
            .await?;
        return if status == to {
            Ok(Saved::stay("notice.saved"))
        } else {
            Err(AppError::Conflict("error.merged_already".into()))
        };
    }
    let (a, b): (String, String) = q("SELECT a_id, b_id FROM hcp_duplicate WHERE id = $1")
        .bind(id)
        .one(&mut tx)
        .await?;
    let event = Event::new(action, "hcp_duplicate", id).detail(json!({ "hcps": [a, b] }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    tx.commit().await?;
    Ok(Saved::stay(if apart {
        "notice.kept_apart"
    } else {
        "notice.saved"
    }))
}

/// Merges, the latest first.
pub async fn merges(state: &AppState, page: i64) -> DbResult<Page<MergeRow>> {
    #[derive(sqlx::FromRow)]
    struct Row {
        id: String,
        at: i64,
        by_name: String,
        kept_id: String,
        kept: String,
        kept_place: String,
        gone_id: String,
        gone: String,
        gone_place: String,
        undone_at: Option<i64>,
        undone_by: Option<String>,
    }
    let total = q("SELECT COUNT(*) FROM hcp_merge").count(&state.db).await?;
    let page = within(page, total);
    let rows: Vec<Row> = q(
        "SELECT m.id, m.at, m.by_name, m.kept_id, k.name AS kept, m.gone_id, g.name AS gone, m.undone_at, \
         TRIM(COALESCE(kt.name, '') || ' ' || k.department) AS kept_place, \
         TRIM(COALESCE(gt.name, '') || ' ' || g.department) AS gone_place, \
         s.name AS undone_by FROM hcp_merge m JOIN hcp k ON k.id = m.kept_id JOIN hcp g ON g.id = m.gone_id \
         LEFT JOIN terminal kt ON kt.id = k.terminal_id LEFT JOIN terminal gt ON gt.id = g.terminal_id \
         LEFT JOIN staff s ON s.id = m.undone_by ORDER BY m.at DESC, m.id DESC LIMIT $1 OFFSET $2",
    )
    .bind(PAGE_SIZE)
    .bind(offset(page))
    .all(&state.db)
    .await?;
    let now = time::now();
    let rows = rows
        .into_iter()
        .map(|row| {
            // A day that has begun is a day left.
            let left = (row.at + UNDO_WITHIN - now).max(0);
            MergeRow {
                id: row.id,
                at: state.zone.minute(row.at),
                by: row.by_name,
                kept_id: row.kept_id,
                kept: row.kept,
                kept_place: row.kept_place,
                gone_id: row.gone_id,
                gone: row.gone,
                gone_place: row.gone_place,
                days_left: (left + time::DAY - 1) / time::DAY,
                undone: row
                    .undone_at
                    .map(|at| (state.zone.minute(at), row.undone_by.unwrap_or_default())),
            }
        })
        .collect();
    Ok(Page { rows, total, page })
}
