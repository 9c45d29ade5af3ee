//! What other slices tell flow: a product was entered, a terminal was visited; and what the first page asks.

use super::lines;
use super::sums;
use crate::product::model::Product;
use crate::server::AppState;
use crate::server::db::{DbResult, Query, Tx, q};
use crate::server::guard::Actor;
use crate::server::time;

/// Days within which the lines of a visited terminal are to be confirmed (domain, Flow).
const AFTER_VISIT: i64 = 7;

/// Condition on the month of a line: nothing in it may change any more.
const CLOSED: &str = "IN (SELECT p.month FROM flow_period p WHERE p.state = 'closed')";

/// Gives the lines that were printed with a product's code, or without one with its name and specification, their
/// product; with `moved`, as when it goes to another business line, those that have it credit whoever had their terminal
/// in that line. Those in closed months stay as they are.
pub async fn link_product(tx: &mut Tx, id: &str, product: &Product, moved: bool) -> DbResult<()> {
    let fits = "l.product_id IS NULL AND (l.product_code = $1 OR (l.product_code = '' AND l.product_name = $2 \
                AND l.specification = $3))";
    let months: Vec<(String,)> = q(format!(
        "SELECT DISTINCT l.month FROM flow_line l WHERE {fits}"
    ))
    .bind(&product.code)
    .bind(&product.name)
    .bind(&product.specification)
    .all(&mut *tx)
    .await?;
    let months: Vec<(String,)> = if moved {
        open_months(tx).await?
    } else {
        months
    };
    if months.is_empty() {
        return Ok(());
    }
    // What is not held is not touched: somebody else may be at it.
    let held = months
        .iter()
        .map(|(month,)| format!("'{month}'"))
        .collect::<Vec<_>>()
        .join(", ");
    lines::hold(tx, months.into_iter().map(|(month,)| month)).await?;
    q(format!(
        "UPDATE flow_line AS l SET product_id = $4 WHERE {fits} AND l.month IN ({held}) AND l.month NOT {CLOSED}"
    ))
    .bind(&product.code)
    .bind(&product.name)
    .bind(&product.specification)
    .bind(id)
    .exec(&mut *tx)
    .await?;
    let whose = format!("product_id = $1 AND month IN ({held}) AND month NOT {CLOSED}");
    q(format!(
        "UPDATE flow_line AS l SET credited_id = {} WHERE {whose}",
        lines::owner_on("l.terminal_id", "l.product_id", "l.sold_on")
    ))
    .bind(id)
    .exec(&mut *tx)
    .await?;
    sums::resum_where(tx, &whose, id).await
}

/// Months in which lines may still change.
async fn open_months(tx: &mut Tx) -> DbResult<Vec<(String,)>> {
    q("SELECT month FROM flow_period WHERE state <> 'closed' ORDER BY month")
        .all(tx)
        .await
}

/// Holds all months in which lines may still change: for whoever changes many things one after the other, each of which
/// holds some.
pub async fn hold_open(tx: &mut Tx) -> DbResult<()> {
    let months = open_months(tx).await?;
    lines::hold(tx, months.into_iter().map(|(month,)| month)).await?;
    Ok(())
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
        format!("UPDATE flow_line SET due_on = $1 WHERE terminal_id = $2 AND state = 'open' AND (due_on IS NULL OR due_on > $1) \
       AND month NOT {CLOSED}"),
    )
    .bind(time::shift_day(day, AFTER_VISIT))
    .bind(terminal_id)
    .exec(tx)
    .await?;
    Ok(())
}

/// Begins a query of what somebody is asked to confirm: `what` of `flow_line l`, the lines that are theirs and have a
/// day by which.
fn to_confirm_of(what: &str, state: &AppState, actor: &Actor) -> Query {
    q(format!(
        "SELECT {what} FROM flow_line l WHERE l.terminal_id IN (SELECT a.terminal_id FROM terminal_assignment a \
         WHERE a.staff_id = $1 AND a.starts_on <= $2 AND (a.ends_on IS NULL OR a.ends_on >= $2)) \
         AND l.state = 'open' AND l.due_on IS NOT NULL AND {} = $1 AND l.month NOT {CLOSED}",
        lines::owner_on("l.terminal_id", "l.product_id", "$2")
    ))
    .bind(&actor.id)
    .bind(state.zone.today())
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

/// Somebody looks after terminals from a day on that has come: lines sold since then credit them, except in closed
/// months.
pub async fn recredit(tx: &mut Tx, terminals: &[String], from: &str) -> DbResult<()> {
    for some in terminals.chunks(400) {
        let mut sold =
            q("SELECT DISTINCT month FROM flow_line WHERE sold_on >= $1 AND ").bind(from);
        sold.push_among("terminal_id", some);
        let months: Vec<(String,)> = sold.all(&mut *tx).await?;
        if months.is_empty() {
            continue;
        }
        lines::hold(tx, months.into_iter().map(|(month,)| month)).await?;
        let mut update = q(format!(
            "UPDATE flow_line AS l SET credited_id = {} WHERE l.sold_on >= $1 AND l.month NOT {CLOSED} AND ",
            lines::owner_on("l.terminal_id", "l.product_id", "l.sold_on")
        ))
        .bind(from);
        update.push_among("l.terminal_id", some);
        update.exec(&mut *tx).await?;
        let ids = some
            .iter()
            .map(|id| format!("'{}'", id.replace('\'', "''")))
            .collect::<Vec<_>>()
            .join(", ");
        let cells =
            format!("f.sold_on >= $1 AND f.terminal_id IN ({ids}) AND f.month NOT {CLOSED}");
        sums::resum_where(tx, &cells, from).await?;
    }
    Ok(())
}
