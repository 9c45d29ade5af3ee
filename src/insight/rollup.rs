//! The sums that are kept of sharing: written with each view and link, written anew for units whose people changed, and
//! recounted at night.

mod sums;

use self::sums::{MARKS, REACHES, Source, reach_sql};
use super::change::COLUMNS;
pub use super::change::{Change, Column};
use super::model::Check;
use crate::server::db::{Db, DbResult, Exec, Lock, Tx, insert_many, q};
use crate::server::{AppState, crypto, time};
use crate::shared::AppError;

/// What a root is marked with once something comes of it.
async fn mark(tx: &mut Tx, change: &mut Change, token: &str, column: Column) -> DbResult<()> {
    let name = COLUMNS[column as usize];
    let done = q(format!(
        "UPDATE share_link SET {name} = TRUE WHERE NOT {name} AND parent IS NULL \
         AND token = (SELECT b.root FROM share_link b WHERE b.token = $1)"
    ))
    .bind(token)
    .exec(&mut *tx)
    .await?;
    if done == 1 {
        let (day, staff, article): (String, Option<String>, String) = q(
            "SELECT r.created_on, r.root_staff_id, r.article_id FROM share_link r JOIN share_link b ON b.root = r.token \
             WHERE b.token = $1",
        )
        .bind(token)
        .one(tx)
        .await?;
        if let Some(staff) = staff {
            change.add(&day, &staff, &article, column, 1);
        }
    }
    Ok(())
}

/// Somebody read to the end through a link.
pub async fn was_read(tx: &mut Tx, change: &mut Change, token: &str) -> DbResult<()> {
    mark(tx, change, token, Column::WasRead).await
}

/// 转发 was pressed on a link.
pub async fn was_pressed(tx: &mut Tx, token: &str) -> DbResult<()> {
    tx.serialise(Lock::Views).await?;
    let deeper = q("SELECT COUNT(*) FROM share_link WHERE token = $1 AND parent IS NOT NULL")
        .bind(token)
        .count(&mut *tx)
        .await?;
    if deeper > 0 {
        let mut change = Change::default();
        mark(tx, &mut change, token, Column::WasPassed).await?;
        change.write(tx).await?;
    }
    Ok(())
}

/// A link was opened by another visitor for the first time.
pub async fn was_opened(tx: &mut Tx, change: &mut Change, token: &str) -> DbResult<()> {
    let (parent, day, staff, article): (Option<String>, String, Option<String>, String) =
        q("SELECT parent, created_on, root_staff_id, article_id FROM share_link WHERE token = $1")
            .bind(token)
            .one(&mut *tx)
            .await?;
    let column = if parent.is_some() {
        Column::Passed
    } else {
        Column::Opened
    };
    if let Some(staff) = &staff {
        change.add(&day, staff, &article, column, 1);
    }
    if parent.is_some() {
        mark(tx, change, token, Column::WasPassed).await?;
        mark(tx, change, token, Column::WasReopened).await?;
    }
    Ok(())
}

/// Marks the units that lose or gain somebody who moves from one unit to another: their sums are not read until they are
/// written anew. The units above both keep them, and their sums.
pub async fn moved(tx: &mut Tx, from: &str, to: &str) -> DbResult<()> {
    q("INSERT INTO rollup_stale (unit_id, mark) SELECT c.ancestor_id, $3 FROM org_closure c \
       WHERE c.descendant_id IN ($1, $2) GROUP BY c.ancestor_id HAVING COUNT(*) = 1 ORDER BY c.ancestor_id \
       ON CONFLICT (unit_id) DO UPDATE SET mark = excluded.mark")
        .bind(from)
        .bind(to)
        .bind(crypto::random_token(8))
        .exec(tx)
        .await?;
    Ok(())
}

/// Takes readers out of the kept days (-1) or puts them in (1): around a change of whose some views are.
pub async fn readers(tx: &mut Tx, readers: &[String], sign: i64) -> DbResult<()> {
    if readers.is_empty() {
        return Ok(());
    }
    // A view that comes in between would be put in twice.
    tx.serialise(Lock::Views).await?;
    let list = readers
        .iter()
        .map(|reader| format!("'{}'", reader.replace('\'', "")))
        .collect::<Vec<_>>()
        .join(", ");
    let of_them = format!(" AND v.reader IN ({list})");
    for (table, keys, by_article) in REACHES {
        let fresh = reach_sql(&of_them, false, by_article);
        q(format!(
            "INSERT INTO {table} ({keys}, n) SELECT f.{}, {sign} * f.n FROM ({fresh}) f WHERE 1 = 1 \
             ON CONFLICT ({keys}) DO UPDATE SET n = {table}.n + excluded.n",
            keys.replace(", ", ", f.")
        ))
        .exec(&mut *tx)
        .await?;
        q(format!("DELETE FROM {table} WHERE n = 0"))
            .exec(&mut *tx)
            .await?;
    }
    Ok(())
}

/// Rows that stand in a table and should not, or the other way round: one statement, so that it sees one moment and
/// keeps nobody waiting. A row of noughts is as good as none.
async fn differing(db: &Db, table: &str, columns: &str, fresh: &str) -> DbResult<i64> {
    let some = if table.ends_with("reach") {
        "n <> 0".to_owned()
    } else {
        COLUMNS.map(|c| format!("{c} <> 0")).join(" OR ")
    };
    // A unit that waits to be written anew differs on purpose.
    let fresh_units = if columns.starts_with("unit_id") {
        " WHERE unit_id NOT IN (SELECT unit_id FROM rollup_stale)"
    } else {
        ""
    };
    let stored = format!("SELECT {columns} FROM {table} WHERE {some}");
    let fresh = format!("SELECT {columns} FROM ({fresh}) fresh_rows WHERE {some}");
    let stored = format!("SELECT * FROM ({stored}) stored_rows{fresh_units}");
    let fresh = format!("SELECT * FROM ({fresh}) counted_rows{fresh_units}");
    q(format!(
        "SELECT (SELECT COUNT(*) FROM ({stored} EXCEPT {fresh}) a) + (SELECT COUNT(*) FROM ({fresh} EXCEPT {stored}) b)"
    ))
    .count(db)
    .await
}

/// Roots whose marks are not what came of them.
async fn differing_marks(db: &Db) -> DbResult<i64> {
    let wrong = MARKS
        .map(|(column, is)| format!("{column} <> {is}"))
        .join(" OR ");
    q(format!(
        "SELECT COUNT(*) FROM share_link WHERE parent IS NULL AND ({wrong})"
    ))
    .count(db)
    .await
}

/// Recounts all sums without changing them: table and how many of its rows differ.
pub async fn recount(state: &AppState) -> Result<Vec<(String, i64)>, AppError> {
    let mut out = vec![("share_link".to_owned(), differing_marks(&state.db).await?)];
    for (table, columns, fresh) in sums::tables(Source::Rows) {
        out.push((
            table.to_owned(),
            differing(&state.db, table, &columns, &fresh).await?,
        ));
    }
    out.extend(crate::flow::reports::recount(state).await?);
    Ok(out)
}

/// Writes all sums anew; table and how many of its rows differed before.
pub async fn rebuild(state: &AppState) -> Result<Vec<(String, i64)>, AppError> {
    let found = recount(state).await?;
    let mut tx = state.db.begin().await?;
    tx.serialise(Lock::Views).await?;
    write_marks(&mut tx).await?;
    write_sums(&mut tx).await?;
    tx.commit().await?;
    crate::flow::reports::rebuild(state).await?;
    Ok(found)
}

/// Marks the roots anew of which something came, within `tx`, which must hold [`Lock::Views`].
pub async fn write_marks(tx: &mut Tx) -> DbResult<()> {
    let wrong = MARKS
        .map(|(column, is)| format!("{column} <> {is}"))
        .join(" OR ");
    let set = MARKS
        .map(|(column, is)| format!("{column} = {is}"))
        .join(", ");
    q(format!(
        "UPDATE share_link SET {set} WHERE parent IS NULL AND ({wrong})"
    ))
    .exec(tx)
    .await?;
    Ok(())
}

/// Writes the sums of sharing anew within `tx`, which must hold [`Lock::Views`].
pub async fn write_sums(tx: &mut Tx) -> DbResult<()> {
    sums::gather(tx).await?;
    for (table, columns, fresh) in sums::tables(Source::Gathered) {
        q(format!("DELETE FROM {table}")).exec(&mut *tx).await?;
        q(format!("INSERT INTO {table} ({columns}) {fresh}"))
            .exec(&mut *tx)
            .await?;
    }
    sums::scatter(tx).await?;
    q("DELETE FROM rollup_stale").exec(tx).await?;
    Ok(())
}

/// Writes the sums of marked units anew.
pub async fn refresh(state: &AppState) -> Result<(), AppError> {
    let stale: Vec<(String, String)> = q("SELECT unit_id, mark FROM rollup_stale ORDER BY unit_id")
        .all(&state.db)
        .await?;
    for (unit, mark) in stale {
        let mut tx = state.db.begin().await?;
        tx.serialise(Lock::Views).await?;
        for (table, columns, sql) in sums::tables_of_unit() {
            q(format!("DELETE FROM {table} WHERE unit_id = $1"))
                .bind(&unit)
                .exec(&mut tx)
                .await?;
            q(format!("INSERT INTO {table} ({columns}) {sql}"))
                .bind(&unit)
                .exec(&mut tx)
                .await?;
        }
        // Somebody may have moved again meanwhile: then the mark is another one.
        q("DELETE FROM rollup_stale WHERE unit_id = $1 AND mark = $2")
            .bind(&unit)
            .bind(&mark)
            .exec(&mut tx)
            .await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Once a night: recounts the sums, notes how many rows differed, and writes them anew if any did.
pub async fn nightly(state: &AppState) -> Result<(), AppError> {
    let now = time::now();
    let mine = q(
        "INSERT INTO job_run (name, started_at) VALUES ('rollup', $1) ON CONFLICT (name) \
         DO UPDATE SET started_at = excluded.started_at WHERE job_run.started_at < $2",
    )
    .bind(now)
    .bind(now - 20 * time::HOUR)
    .exec(&state.db)
    .await?;
    if mine == 0 {
        return Ok(());
    }
    let found = recount(state).await?;
    let rows = found
        .iter()
        .map(|(name, n)| vec![now.into(), name.into(), (*n).into()])
        .collect();
    let mut tx = state.db.begin().await?;
    insert_many(
        &mut tx,
        "INSERT INTO rollup_check (at, name, differing)",
        rows,
        "ON CONFLICT DO NOTHING",
    )
    .await?;
    q("DELETE FROM rollup_check WHERE at < $1")
        .bind(now - 90 * time::DAY)
        .exec(&mut tx)
        .await?;
    tx.commit().await?;
    if found.iter().any(|(_, n)| *n > 0) {
        tracing::error!(
            ?found,
            "kept sums differ from their rows and are written anew"
        );
        rebuild(state).await?;
    }
    Ok(())
}

/// The latest recounts.
pub async fn checks(state: &AppState) -> DbResult<Vec<Check>> {
    let rows: Vec<(i64, String, i64)> =
        q("SELECT at, name, differing FROM rollup_check WHERE at IN \
         (SELECT DISTINCT at FROM rollup_check ORDER BY at DESC LIMIT 14) ORDER BY at DESC, name")
        .all(&state.db)
        .await?;
    let mut out: Vec<Check> = Vec::new();
    for (at, name, differing) in rows {
        let at = state.zone.minute(at);
        match out.last_mut() {
            Some(last) if last.at == at => last.differing.push((name, differing)),
            _ => out.push(Check {
                at,
                differing: vec![(name, differing)],
            }),
        }
    }
    Ok(out)
}

/// Notes the day on which a member of staff was here.
pub async fn is_here<'a>(on: impl Into<Exec<'a>>, staff_id: &str, day: &str) -> DbResult<()> {
    q("INSERT INTO active_day (day, staff_id) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(day)
        .bind(staff_id)
        .exec(on)
        .await?;
    Ok(())
}
