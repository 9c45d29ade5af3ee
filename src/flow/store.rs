//! What other slices tell flow: a product was entered, a terminal was visited; and what the first page asks.

use std::collections::BTreeSet;

use super::lines::{self, Cell};
use crate::product::model::Product;
use crate::server::AppState;
use crate::server::db::{DbResult, Query, Tx, q};
use crate::server::guard::Actor;
use crate::server::time;

/// Days within which the lines of a visited terminal are to be confirmed (domain, Flow).
const AFTER_VISIT: i64 = 7;

/// Gives the lines that were printed with a product's code, or without one with its name and specification, their
/// product. Those in closed months stay as they are.
pub async fn link_product(tx: &mut Tx, id: &str, product: &Product) -> DbResult<()> {
    let fits = "l.product_id IS NULL AND (l.product_code = $1 OR (l.product_code = '' AND l.product_name = $2 \
                AND l.specification = $3))";
    let cells: Vec<(String, Option<String>)> = q(format!(
        "SELECT DISTINCT l.month, l.terminal_id FROM flow_line l WHERE {fits}"
    ))
    .bind(&product.code)
    .bind(&product.name)
    .bind(&product.specification)
    .all(&mut *tx)
    .await?;
    if cells.is_empty() {
        return Ok(());
    }
    let months = lines::hold(tx, cells.iter().map(|(month, _)| month.clone())).await?;
    let cells: BTreeSet<Cell> = cells
        .into_iter()
        .filter(|(month, _)| !months.is_closed(month))
        .collect();
    q(format!(
        "UPDATE flow_line AS l SET product_id = $4 WHERE {fits} \
         AND l.month NOT IN (SELECT p.month FROM flow_period p WHERE p.state = 'closed')"
    ))
    .bind(&product.code)
    .bind(&product.name)
    .bind(&product.specification)
    .bind(id)
    .exec(&mut *tx)
    .await?;
    lines::resum(tx, &cells).await
}

/// A visit to a terminal makes its open lines due for confirmation within seven days; an earlier day stays.
pub async fn visited(tx: &mut Tx, terminal_id: &str, day: &str) -> DbResult<()> {
    let months: Vec<(String,)> = q(
        "SELECT DISTINCT month FROM flow_line WHERE terminal_id = $1 AND state = 'open' AND (due_on IS NULL OR due_on > $2)",
    )
    .bind(terminal_id)
    .bind(time::shift_day(day, AFTER_VISIT))
    .all(&mut *tx)
    .await?;
    if months.is_empty() {
        return Ok(());
    }
    lines::hold(tx, months.into_iter().map(|(month,)| month)).await?;
    q(
        "UPDATE flow_line SET due_on = $1 WHERE terminal_id = $2 AND state = 'open' AND (due_on IS NULL OR due_on > $1) \
       AND month NOT IN (SELECT p.month FROM flow_period p WHERE p.state = 'closed')",
    )
    .bind(time::shift_day(day, AFTER_VISIT))
    .bind(terminal_id)
    .exec(tx)
    .await?;
    Ok(())
}

/// Begins a query of what somebody is asked to confirm: `what` of `flow_line l`, the lines of their terminals that have a
/// day by which.
fn to_confirm_of(what: &str, state: &AppState, actor: &Actor) -> Query {
    let today = state.zone.today();
    let mut query = q(format!(
        "SELECT {what} FROM terminal_assignment a JOIN flow_line l ON l.terminal_id = a.terminal_id WHERE "
    ));
    query.push_with(
        "a.staff_id = ? AND a.business_line = 'default' AND a.starts_on <= ? AND (a.ends_on IS NULL OR a.ends_on >= ?) \
         AND l.state = 'open' AND l.due_on IS NOT NULL \
         AND l.month NOT IN (SELECT p.month FROM flow_period p WHERE p.state = 'closed')",
        [&actor.id, &today, &today],
    );
    query
}

/// Counts lines that somebody is asked to confirm.
pub fn to_confirm(state: &AppState, actor: &Actor) -> Query {
    to_confirm_of("COUNT(*)", state, actor)
}

/// The month of what somebody is to confirm first.
pub async fn due_month(state: &AppState, actor: &Actor) -> DbResult<Option<String>> {
    let mut query = to_confirm_of("l.month", state, actor);
    query.push(" ORDER BY l.due_on, l.month LIMIT 1");
    let first: Option<(String,)> = query.optional(&state.db).await?;
    Ok(first.map(|(month,)| month))
}

/// Counts lines that wait for a terminal.
pub fn to_match() -> Query {
    q(format!("SELECT COUNT(*) FROM flow_line l WHERE {WAITING}"))
}

/// Condition on `flow_line l`: it waits for a terminal, and was not taken back since its month closed.
pub const WAITING: &str = "l.state = 'waiting' AND NOT EXISTS (SELECT 1 FROM flow_line taken WHERE taken.reverses_id = l.id)";

/// Somebody looks after a terminal from a day on that has passed: lines sold since then credit them, except in closed
/// months.
pub async fn recredit(tx: &mut Tx, terminal_id: &str, from: &str) -> DbResult<()> {
    let months: Vec<(String,)> =
        q("SELECT DISTINCT month FROM flow_line WHERE terminal_id = $1 AND sold_on >= $2")
            .bind(terminal_id)
            .bind(from)
            .all(&mut *tx)
            .await?;
    if months.is_empty() {
        return Ok(());
    }
    let held = lines::hold(tx, months.iter().map(|(month,)| month.clone())).await?;
    q(format!(
        "UPDATE flow_line AS l SET credited_id = {} WHERE l.terminal_id = $1 AND l.sold_on >= $2 \
         AND l.month NOT IN (SELECT p.month FROM flow_period p WHERE p.state = 'closed')",
        lines::owner_on("l.terminal_id", "l.sold_on")
    ))
    .bind(terminal_id)
    .bind(from)
    .exec(&mut *tx)
    .await?;
    let cells: BTreeSet<Cell> = months
        .into_iter()
        .filter(|(month,)| !held.is_closed(month))
        .map(|(month,)| (month, Some(terminal_id.to_owned())))
        .collect();
    lines::resum(tx, &cells).await
}
