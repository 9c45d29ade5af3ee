//! Sums of lines by month, terminal, product, distributor and whom they credit, and the coarser ones out of them that
//! reports over many months read. Written anew for a month and terminal with each change of their lines.

use std::collections::BTreeSet;

use super::lines::hold;
use crate::server::db::{Db, DbResult, Query, Tx, q};

/// A month and a terminal (none for lines without one) whose sums are written together.
pub type Cell = (String, Option<String>);

const COLUMNS: &str = "month, terminal_id, product_id, distributor_id, credited_id, quantity, fen, \
    line_count, open_count, confirmed_count, appealed_count";
const FRESH: &str = "SELECT l.month, COALESCE(l.terminal_id, ''), COALESCE(l.product_id, ''), l.distributor_id, \
    COALESCE(l.credited_id, ''), CAST(SUM(l.quantity) AS BIGINT), CAST(SUM(l.amount_fen) AS BIGINT), \
    CAST(SUM(CASE WHEN l.state IN ('reversed', 'reversal') THEN 0 ELSE 1 END) AS BIGINT), \
    CAST(SUM(CASE WHEN l.state = 'open' THEN 1 ELSE 0 END) AS BIGINT), \
    CAST(SUM(CASE WHEN l.state = 'confirmed' THEN 1 ELSE 0 END) AS BIGINT), \
    CAST(SUM(CASE WHEN l.state = 'appealed' THEN 1 ELSE 0 END) AS BIGINT) FROM flow_line l";
const TAIL: &str = " GROUP BY l.month, COALESCE(l.terminal_id, ''), COALESCE(l.product_id, ''), l.distributor_id, \
    COALESCE(l.credited_id, '')";

const TERMINAL_COLUMNS: &str = "month, terminal_id, credited_id, quantity, fen, line_count, \
    open_count, confirmed_count, appealed_count";
const TERMINAL_FRESH: &str = "SELECT s.month, s.terminal_id, s.credited_id, \
    CAST(SUM(s.quantity) AS BIGINT), CAST(SUM(s.fen) AS BIGINT), CAST(SUM(s.line_count) AS BIGINT), \
    CAST(SUM(s.open_count) AS BIGINT), CAST(SUM(s.confirmed_count) AS BIGINT), CAST(SUM(s.appealed_count) AS BIGINT) \
    FROM flow_sum s WHERE ";
const TERMINAL_TAIL: &str = " GROUP BY s.month, s.terminal_id, s.credited_id";

/// What writes the finest sums, up to the conditions on lines.
fn head() -> String {
    format!("INSERT INTO flow_sum ({COLUMNS}) {FRESH}")
}

/// Recounts the sums by terminal without changing them: table and how many of its rows differ. Each table is one
/// statement, so that it sees one moment and keeps nobody waiting.
pub async fn recount(db: &Db) -> DbResult<Vec<(String, i64)>> {
    let mut out = Vec::new();
    for (table, columns, fresh) in [
        ("flow_sum", COLUMNS, format!("{FRESH} {TAIL}")),
        (
            "flow_terminal_sum",
            TERMINAL_COLUMNS,
            format!("{TERMINAL_FRESH}1 = 1 {TERMINAL_TAIL}"),
        ),
        (
            "flow_product_sum",
            "month, product_id, distributor_id, credited_id, quantity, fen, line_count, cell_count",
            "SELECT s.month, s.product_id, s.distributor_id, s.credited_id, CAST(SUM(s.quantity) AS BIGINT), \
             CAST(SUM(s.fen) AS BIGINT), CAST(SUM(s.line_count) AS BIGINT), COUNT(*) FROM flow_sum s \
             GROUP BY s.month, s.product_id, s.distributor_id, s.credited_id"
                .to_owned(),
        ),
    ] {
        let stored = format!("SELECT {columns} FROM {table}");
        let fresh = format!("SELECT * FROM ({fresh}) counted_rows");
        let differing = q(format!(
            "SELECT (SELECT COUNT(*) FROM ({stored} EXCEPT {fresh}) a) + (SELECT COUNT(*) FROM ({fresh} EXCEPT {stored}) b)"
        ))
        .count(db)
        .await?;
        out.push((table.to_owned(), differing));
    }
    Ok(out)
}

/// Which cells: `{0}` as a condition on the month and terminal of `flow_sum s` or another alias.
type Which<'a> = &'a (dyn Fn(&mut Query, &str) + Sync);

/// Adds what stands in `flow_sum` for some cells to the sums by product, or with `-` takes it off.
async fn add(tx: &mut Tx, sign: &str, which: Which<'_>) -> DbResult<()> {
    let mut query = q(format!(
        "INSERT INTO flow_product_sum (month, product_id, distributor_id, credited_id, quantity, fen, line_count, cell_count) \
         SELECT s.month, s.product_id, s.distributor_id, s.credited_id, {sign}CAST(SUM(s.quantity) AS BIGINT), \
         {sign}CAST(SUM(s.fen) AS BIGINT), {sign}CAST(SUM(s.line_count) AS BIGINT), {sign}COUNT(*) FROM flow_sum s WHERE "
    ));
    which(&mut query, "s");
    query.push(
        " GROUP BY s.month, s.product_id, s.distributor_id, s.credited_id \
         ON CONFLICT (month, product_id, distributor_id, credited_id) DO UPDATE SET \
         quantity = flow_product_sum.quantity + excluded.quantity, fen = flow_product_sum.fen + excluded.fen, \
         line_count = flow_product_sum.line_count + excluded.line_count, \
         cell_count = flow_product_sum.cell_count + excluded.cell_count",
    );
    query.exec(tx).await?;
    Ok(())
}

/// Takes the sums of cells away everywhere.
async fn clear(tx: &mut Tx, which: Which<'_>) -> DbResult<()> {
    add(tx, "-", which).await?;
    for table in ["flow_sum", "flow_terminal_sum"] {
        let mut query = q(format!("DELETE FROM {table} WHERE "));
        which(&mut query, table);
        query.exec(&mut *tx).await?;
    }
    Ok(())
}

/// Writes the coarser sums of cells whose sums were just written.
async fn spread(tx: &mut Tx, which: Which<'_>) -> DbResult<()> {
    add(tx, "", which).await?;
    let mut query = q(format!(
        "INSERT INTO flow_terminal_sum ({TERMINAL_COLUMNS}) {TERMINAL_FRESH}"
    ));
    which(&mut query, "s");
    query.push(TERMINAL_TAIL);
    query.exec(tx).await?;
    Ok(())
}

async fn prune(tx: &mut Tx) -> DbResult<()> {
    q("DELETE FROM flow_product_sum WHERE cell_count = 0")
        .exec(tx)
        .await?;
    Ok(())
}

/// Writes the sums of cells anew. Their months must be held.
pub async fn resum(tx: &mut Tx, cells: &BTreeSet<Cell>) -> DbResult<()> {
    for (month, terminal) in cells {
        let of = terminal.clone().unwrap_or_default();
        let which = |query: &mut Query, alias: &str| {
            query.push_with(
                &format!("{alias}.month = ? AND {alias}.terminal_id = ?"),
                [month, &of],
            );
        };
        clear(tx, &which).await?;
        let mut query = q(head());
        query.push_with(" WHERE l.month = ?", [month]);
        match terminal {
            Some(terminal) => query.push_with(" AND l.terminal_id = ?", [terminal]),
            None => query.push(" AND l.terminal_id IS NULL"),
        };
        query.push(TAIL);
        query.exec(&mut *tx).await?;
        spread(tx, &which).await?;
    }
    if !cells.is_empty() {
        prune(tx).await?;
    }
    Ok(())
}

/// Writes the sums of all cells anew that lines of `flow_line f` fall into for which a condition on `$1` holds. Their
/// months must be held.
pub async fn resum_where(tx: &mut Tx, condition: &str, value: &str) -> DbResult<()> {
    let cells =
        format!("SELECT DISTINCT f.month, f.terminal_id FROM flow_line f WHERE {condition}");
    // The value is each statement's first argument.
    let which = |query: &mut Query, alias: &str| {
        let place = query.arg(value);
        let cells = cells.replace("$1", &place);
        query.push(&format!(
            "({alias}.month, {alias}.terminal_id) IN (SELECT c.month, COALESCE(c.terminal_id, '') FROM ({cells}) c)"
        ));
    };
    clear(tx, &which).await?;
    let head = head();
    q(format!(
        "{head} JOIN ({cells}) c ON c.month = l.month AND c.terminal_id = l.terminal_id {TAIL}"
    ))
    .bind(value)
    .exec(&mut *tx)
    .await?;
    q(format!(
        "{head} JOIN ({cells} AND f.terminal_id IS NULL) c ON c.month = l.month WHERE l.terminal_id IS NULL {TAIL}"
    ))
    .bind(value)
    .exec(&mut *tx)
    .await?;
    spread(tx, &which).await?;
    prune(tx).await
}

/// The tables of sums.
const TABLES: [&str; 3] = ["flow_sum", "flow_terminal_sum", "flow_product_sum"];

/// Writes all sums anew; gives how many rows differ from those that stood there.
pub async fn resum_all(tx: &mut Tx) -> DbResult<u64> {
    let months: Vec<(String,)> = q("SELECT month FROM flow_period").all(&mut *tx).await?;
    hold(tx, months.into_iter().map(|(month,)| month)).await?;
    for table in TABLES {
        q(format!(
            "CREATE TEMPORARY TABLE {table}_before AS SELECT * FROM {table}"
        ))
        .exec(&mut *tx)
        .await?;
        q(format!("DELETE FROM {table}")).exec(&mut *tx).await?;
    }
    q(format!("{} {TAIL}", head())).exec(&mut *tx).await?;
    spread(tx, &|query: &mut Query, _: &str| {
        query.push("1 = 1");
    })
    .await?;
    let mut differ = 0;
    for table in TABLES {
        for (a, b) in [("", "_before"), ("_before", "")] {
            differ += q(format!(
                "SELECT COUNT(*) FROM (SELECT * FROM {table}{a} EXCEPT SELECT * FROM {table}{b}) x"
            ))
            .count(&mut *tx)
            .await?;
        }
        q(format!("DROP TABLE {table}_before"))
            .exec(&mut *tx)
            .await?;
    }
    Ok(differ.unsigned_abs())
}
