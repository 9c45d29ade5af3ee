//! The sums that are kept of sharing: written with each view and link, written anew for units whose people changed, and
//! recounted at night.

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

/// Keeps the staff `s` of the unit `$1` and of those below it.
const WITHIN: &str = " JOIN org_closure w ON w.descendant_id = s.unit_id AND w.ancestor_id = $1";

/// The days of readers by unit, or by unit and article, each with the day before; of some readers alone by a condition on
/// the views `v`, or of the unit `$1` alone.
///
/// Almost every reader came by people of one unit. Their days are the same for all units above it, and are put in order
/// once; only of the others each unit has its own.
fn reach_sql(readers: &str, of_unit: bool, by_article: bool) -> String {
    let (within, above) = if of_unit {
        (WITHIN, " AND c.ancestor_id = $1")
    } else {
        ("", "")
    };
    let closure = format!("JOIN org_closure c ON c.descendant_id = d.home{above}");
    let article = |alias: &str| {
        if by_article {
            format!("{alias}.article_id, ")
        } else {
            String::new()
        }
    };
    let [v, d, e, f] = ["v", "d", "e", "f"].map(article);
    let chain = |by: &str| {
        format!(
            "COALESCE(LAG(d.day) OVER (PARTITION BY {by}{d}d.reader ORDER BY d.day), '') AS prev_on"
        )
    };
    format!(
        "WITH seen AS MATERIALIZED (SELECT DISTINCT {v}v.reader, v.viewed_on AS day, s.unit_id AS home \
         FROM article_view v JOIN staff s ON s.id = v.root_staff_id{within} WHERE v.kind = 'pv'{readers}), \
         shared AS MATERIALIZED (SELECT reader FROM seen GROUP BY reader HAVING MIN(home) <> MAX(home)) \
         SELECT f.unit_id, {f}f.day, f.prev_on, f.kind, CAST(SUM(f.n) AS BIGINT) AS n FROM ( \
         SELECT c.ancestor_id AS unit_id, {d}d.day, d.prev_on, d.kind, d.n FROM ( \
         SELECT e.home, {e}e.day, e.prev_on, e.kind, COUNT(*) AS n FROM ( \
         SELECT d.home, {d}d.day, SUBSTR(d.reader, 1, 3) AS kind, {} FROM seen d \
         WHERE d.reader NOT IN (SELECT reader FROM shared)) e GROUP BY e.home, {e}e.day, e.prev_on, e.kind) d {closure} \
         UNION ALL \
         SELECT e.unit_id, {e}e.day, e.prev_on, e.kind, COUNT(*) AS n FROM ( \
         SELECT d.unit_id, {d}d.day, SUBSTR(d.reader, 1, 3) AS kind, {} FROM ( \
         SELECT DISTINCT c.ancestor_id AS unit_id, {d}d.reader, d.day FROM seen d {closure} \
         WHERE d.reader IN (SELECT reader FROM shared)) d) e GROUP BY e.unit_id, {e}e.day, e.prev_on, e.kind \
         ) f GROUP BY f.unit_id, {f}f.day, f.prev_on, f.kind",
        chain(""),
        chain("d.unit_id, "),
    )
}

/// The tables of readers' days with their keys, and whether these tell articles apart.
const REACHES: [(&str, &str, bool); 2] = [
    ("reach", "unit_id, day, prev_on, kind", false),
    (
        "unit_article_reach",
        "unit_id, article_id, day, prev_on, kind",
        true,
    ),
];

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

/// The sums of a table's columns, as a list of columns.
fn sums(table: &str) -> String {
    COLUMNS
        .map(|c| format!("CAST(SUM({table}.{c}) AS BIGINT) AS {c}"))
        .join(", ")
}

/// What sums of sharing are to hold by some keys, each as name, column of the views `v`, column of the links `l`;
/// `joins` stands with `{rep}` for the rep of either.
fn share_sql(keys: &[(&str, &str, &str)], joins: &str) -> String {
    let root =
        |condition: &str| format!("CASE WHEN l.parent IS NULL AND {condition} THEN 1 ELSE 0 END");
    let each = |part: &dyn Fn(&(&str, &str, &str)) -> String| {
        keys.iter().map(part).collect::<Vec<_>>().join(", ")
    };
    let names = each(&|(name, _, _)| format!("x.{name}"));
    format!(
        "SELECT {names}, x.day, {} FROM (SELECT {}, v.viewed_on AS day, 1 AS pv, \
         CASE WHEN v.reread THEN 1 ELSE 0 END AS rereads, CASE WHEN v.finished THEN 1 ELSE 0 END AS finished, \
         0 AS created, 0 AS opened, 0 AS was_read, 0 AS was_passed, 0 AS was_reopened, 0 AS passed \
         FROM article_view v{} WHERE v.kind = 'pv' AND v.root_staff_id IS NOT NULL UNION ALL \
         SELECT {}, l.created_on, 0, 0, 0, {}, {}, {}, {}, {}, \
         CASE WHEN l.parent IS NOT NULL AND l.opened_at IS NOT NULL THEN 1 ELSE 0 END \
         FROM share_link l{} WHERE l.root_staff_id IS NOT NULL AND (l.parent IS NULL OR l.opened_at IS NOT NULL)) x \
         GROUP BY {names}, x.day",
        sums("x"),
        each(&|(name, view, _)| format!("{view} AS {name}")),
        joins.replace("{rep}", "v.root_staff_id"),
        each(&|(_, _, link)| (*link).to_owned()),
        root("1 = 1"),
        root("l.opened_at IS NOT NULL"),
        root("l.was_read"),
        root("l.was_passed"),
        root("l.was_reopened"),
        joins.replace("{rep}", "l.root_staff_id"),
    )
}

/// What `unit_article_day` is to hold; of the unit `$1` alone, if it is asked so.
fn unit_article_sql(of_unit: bool) -> String {
    let (within, above) = if of_unit {
        (WITHIN, " AND c.ancestor_id = $1")
    } else {
        ("", "")
    };
    let keys = [
        ("home", "s.unit_id", "s.unit_id"),
        ("article_id", "v.article_id", "l.article_id"),
    ];
    format!(
        "SELECT c.ancestor_id AS unit_id, z.day, z.article_id, {} FROM ({}) z \
         JOIN org_closure c ON c.descendant_id = z.home{above} GROUP BY c.ancestor_id, z.day, z.article_id",
        sums("z"),
        share_sql(&keys, &format!(" JOIN staff s ON s.id = {{rep}}{within}")),
    )
}

/// What `unit_day` is to hold, out of `share_day`.
fn unit_sql(only: &str) -> String {
    format!(
        "SELECT c.ancestor_id AS unit_id, z.day, {} FROM share_day z JOIN staff s ON s.id = z.staff_id \
         JOIN org_closure c ON c.descendant_id = s.unit_id{only} GROUP BY c.ancestor_id, z.day",
        sums("z")
    )
}

/// What the marks of roots are to be.
const MARKS: [(&str, &str); 3] = [
    (
        "was_read",
        "EXISTS (SELECT 1 FROM share_link d JOIN article_view v ON v.link = d.token \
         WHERE d.root = share_link.token AND v.kind = 'pv' AND v.finished)",
    ),
    (
        "was_passed",
        "EXISTS (SELECT 1 FROM share_link d WHERE d.root = share_link.token AND d.parent IS NOT NULL \
         AND (d.pressed_at IS NOT NULL OR d.opened_at IS NOT NULL))",
    ),
    (
        "was_reopened",
        "EXISTS (SELECT 1 FROM share_link d WHERE d.root = share_link.token AND d.parent IS NOT NULL \
         AND d.opened_at IS NOT NULL)",
    ),
];

/// A kept table, its columns, and the statement of what it is to hold.
type Table = (&'static str, String, String);

/// The kept tables by unit; of the unit `$1` alone, if it is asked so.
fn unit_tables(of_unit: bool) -> [Table; 4] {
    let sums = COLUMNS.join(", ");
    let only = if of_unit {
        " AND c.ancestor_id = $1"
    } else {
        ""
    };
    let [reach, article_reach] = REACHES.map(|(table, keys, by_article)| {
        let fresh = reach_sql("", of_unit, by_article);
        (table, format!("{keys}, n"), fresh)
    });
    [
        ("unit_day", format!("unit_id, day, {sums}"), unit_sql(only)),
        (
            "unit_article_day",
            format!("unit_id, day, article_id, {sums}"),
            unit_article_sql(of_unit),
        ),
        reach,
        article_reach,
    ]
}

/// The kept tables. Those by unit come last: some are summed from the others.
fn tables() -> Vec<Table> {
    let sums = COLUMNS.join(", ");
    let mut out = vec![
        (
            "share_day",
            format!("staff_id, day, {sums}"),
            share_sql(&[("staff_id", "v.root_staff_id", "l.root_staff_id")], ""),
        ),
        (
            "article_day",
            format!("article_id, day, {sums}"),
            share_sql(&[("article_id", "v.article_id", "l.article_id")], ""),
        ),
    ];
    out.extend(unit_tables(false));
    out
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
    for (table, columns, fresh) in tables() {
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
    for (table, columns, fresh) in tables() {
        q(format!("DELETE FROM {table}")).exec(&mut *tx).await?;
        q(format!("INSERT INTO {table} ({columns}) {fresh}"))
            .exec(&mut *tx)
            .await?;
    }
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
        for (table, columns, sql) in unit_tables(true) {
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
