//! Months: open, confirming, closed; who moved them on, and how far confirmation has come.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::lines;
use super::model::{PeriodRow, PeriodStep};
use super::rules::{is_month, shift_month};
use crate::server::audit::{self, Event};
use crate::server::db::q;
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, form_key, time};
use crate::shared::error::Checks;
use crate::shared::{AppError, Permission, Saved};

/// Months shown at once.
const SHOWN: i64 = 24;

/// The latest months with how far they are, within scope.
pub async fn list(state: &AppState, actor: &Actor) -> Result<Vec<PeriodRow>, AppError> {
    let db = &state.db;
    let months: Vec<(String, String, Option<String>)> =
        q("SELECT month, state, confirm_by FROM flow_period ORDER BY month DESC LIMIT $1")
            .bind(SHOWN)
            .all(db)
            .await?;
    let Some((first, ..)) = months.last() else {
        return Ok(Vec::new());
    };
    let today = state.zone.today();
    // Whose a line is depends on its product, unless everybody's are seen.
    let table = if actor.role.sees_company() {
        "flow_terminal_sum"
    } else {
        "flow_sum"
    };
    let mut query = q(format!(
        "SELECT s.month, CAST(SUM(s.line_count) AS BIGINT), CAST(SUM(s.open_count) AS BIGINT), \
         CAST(SUM(s.confirmed_count) AS BIGINT), CAST(SUM(s.appealed_count) AS BIGINT), \
         CAST(SUM(CASE WHEN s.terminal_id = '' THEN s.line_count ELSE 0 END) AS BIGINT) FROM {table} s WHERE "
    ));
    query.push_with("s.month >= ? AND ", [first]);
    lines::visible(actor, &today, "s", &mut query);
    query.push(" GROUP BY s.month");
    let sums: BTreeMap<String, (i64, i64, i64, i64, i64)> = query
        .all::<(String, i64, i64, i64, i64, i64)>(db)
        .await?
        .into_iter()
        .map(|(month, lines, open, confirmed, appealed, waiting)| {
            (month, (lines, open, confirmed, appealed, waiting))
        })
        .collect();
    let delivered = delivered(state, actor, &shift_month(first, -1)).await?;
    let steps: Vec<(String, String, String, String, i64)> = q(
        "SELECT month, state, staff_name, reason, at FROM flow_period_step WHERE month >= $1 ORDER BY at DESC, id DESC",
    )
    .bind(first)
    .all(db)
    .await?;
    let none = BTreeSet::new();
    Ok(months
        .into_iter()
        .map(|(month, period, confirm_by)| {
            let (lines, open, confirmed, appealed, waiting) =
                sums.get(&month).copied().unwrap_or_default();
            let here = delivered.get(&month).unwrap_or(&none);
            let before = delivered.get(&shift_month(&month, -1)).unwrap_or(&none);
            PeriodRow {
                lines,
                open,
                confirmed,
                appealed,
                waiting,
                missing: before.difference(here).cloned().collect(),
                steps: steps
                    .iter()
                    .filter(|(of, ..)| *of == month)
                    .map(|(_, state_of, by, reason, at)| PeriodStep {
                        state: state_of.clone(),
                        by: by.clone(),
                        reason: reason.clone(),
                        at: state.zone.minute(*at),
                    })
                    .collect(),
                month,
                state: period,
                confirm_by,
            }
        })
        .collect())
}

/// Names of distributors with lines, by month; only for who handles files.
async fn delivered(
    state: &AppState,
    actor: &Actor,
    from: &str,
) -> Result<BTreeMap<String, BTreeSet<String>>, AppError> {
    let mut out: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    if !actor.role.may(Permission::OperateFlow) {
        return Ok(out);
    }
    let rows: Vec<(String, String)> = q(
        "SELECT DISTINCT s.month, d.name FROM flow_product_sum s JOIN flow_distributor d ON d.id = s.distributor_id \
         WHERE s.month >= $1",
    )
    .bind(from)
    .all(&state.db)
    .await?;
    for (month, name) in rows {
        out.entry(month).or_default().insert(name);
    }
    Ok(out)
}

/// Moves a month on: to confirming with a last day, closed, or open and confirming again with a reason.
pub async fn advance(
    state: &AppState,
    actor: &Actor,
    key: &str,
    month: &str,
    to: &str,
    confirm_by: &str,
    reason: &str,
) -> Result<Saved, AppError> {
    if !is_month(month) {
        return Err(AppError::NotFound);
    }
    let today = state.zone.today();
    let confirming = to == "confirming";
    let mut checks = Checks::default();
    checks
        .ensure(
            matches!(to, "open" | "confirming" | "closed"),
            "to",
            "field.required",
        )
        .ensure(
            !confirming || (time::is_day(confirm_by) && confirm_by >= today.as_str()),
            "confirm_by",
            "field.future_day",
        )
        .ensure(reason.chars().count() <= 500, "reason", "field.too_long");
    checks.done()?;
    let mut tx = state.db.begin().await?;
    if let Some(saved) = form_key::earlier(&mut tx, actor, key).await? {
        return Ok(saved);
    }
    let known = q("SELECT COUNT(*) FROM flow_period WHERE month = $1")
        .bind(month)
        .count(&mut tx)
        .await?;
    if known == 0 {
        return Err(AppError::NotFound);
    }
    let held = lines::hold(&mut tx, [month.to_owned()]).await?;
    let before = held.state(month).to_owned();
    let saved = Saved::stay("notice.flow_period");
    if before == to && to == "closed" {
        // Somebody else was a moment earlier.
        return Ok(saved);
    }
    let allowed = matches!(
        (before.as_str(), to),
        ("open" | "confirming", "confirming")
            | ("confirming", "open" | "closed")
            | ("closed", "confirming")
    );
    if !allowed {
        return Err(AppError::Conflict("flow.period_order".into()));
    }
    if before == "closed" && reason.trim().is_empty() {
        return Err(AppError::field("reason", "field.required"));
    }
    let by = confirming.then_some(confirm_by);
    let (former,): (Option<String>,) = q("SELECT confirm_by FROM flow_period WHERE month = $1")
        .bind(month)
        .one(&mut tx)
        .await?;
    q("UPDATE flow_period SET state = $1, confirm_by = COALESCE($2, confirm_by), updated_at = $3 WHERE month = $4")
        .bind(to)
        .bind(by)
        .bind(time::now())
        .bind(month)
        .exec(&mut tx)
        .await?;
    if confirming {
        // Who visited is due earlier already; what was due by the former last day is due by the new one.
        q(
            "UPDATE flow_line SET due_on = $1 WHERE month = $2 AND state = 'open' \
           AND (due_on IS NULL OR due_on > $1 OR due_on = $3)",
        )
        .bind(confirm_by)
        .bind(month)
        .bind(&former)
        .exec(&mut tx)
        .await?;
    }
    q("INSERT INTO flow_period_step (id, month, state, staff_id, staff_name, reason, at) VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(crypto::new_id())
        .bind(month)
        .bind(to)
        .bind(&actor.id)
        .bind(&actor.name)
        .bind(reason.trim())
        .bind(time::now())
        .exec(&mut tx)
        .await?;
    let event = Event::new("flow.period", "flow_period", month)
        .detail(json!({ "from": before, "to": to, "confirm_by": by, "reason": reason.trim() }));
    audit::record(&state.keys, &mut tx, actor, event).await?;
    form_key::keep(&mut tx, actor, key, &saved).await?;
    tx.commit().await?;
    Ok(saved)
}
