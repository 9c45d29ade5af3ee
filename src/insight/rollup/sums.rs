//! What the kept sums of sharing are to hold, as SQL: counted from views and links, or, where all of them are written
//! anew, from what was gathered of those once.

use super::super::change::COLUMNS;
use crate::server::db::{DbResult, Tx, q};

/// Where rows come from that are summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Views and links, read by each statement.
    Rows,
    /// The temporary tables of [`gather`].
    Gathered,
}

/// A kept table, its columns, and the statement of what it is to hold.
pub type Table = (&'static str, String, String);

/// The tables of readers' days with their keys, and whether these tell articles apart.
pub const REACHES: [(&str, &str, bool); 2] = [
    ("reach", "unit_id, day, prev_on, kind", false),
    (
        "unit_article_reach",
        "unit_id, article_id, day, prev_on, kind",
        true,
    ),
];

/// What the marks of roots are to be.
pub const MARKS: [(&str, &str); 3] = [
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

/// Keeps the staff `s` of the unit `$1` and of those below it.
const WITHIN: &str = " JOIN org_closure w ON w.descendant_id = s.unit_id AND w.ancestor_id = $1";

/// Readers' days from views: `reader`, `day`, the unit `home` of whose link it was, and `article_id` if it is told apart.
fn seen_sql(readers: &str, of_unit: bool, by_article: bool) -> String {
    let article = if by_article { "v.article_id, " } else { "" };
    let within = if of_unit { WITHIN } else { "" };
    // SQLite sorts for GROUP BY, and looks each row up for DISTINCT.
    format!(
        "SELECT v.reader, {article}v.viewed_on AS day, s.unit_id AS home \
         FROM article_view v JOIN staff s ON s.id = v.root_staff_id{within} WHERE v.kind = 'pv'{readers} \
         GROUP BY v.reader, {article}v.viewed_on, s.unit_id"
    )
}

/// The days of readers by unit, or by unit and article, each with the day before, out of `seen` or, without it, of what was
/// gathered; of the unit `$1` alone, if it is asked so.
///
/// Almost every reader came by people of one unit. Their days are the same for all units above it, and are put in order
/// once; only of the others each unit has its own.
fn chained_sql(seen: Option<&str>, of_unit: bool, by_article: bool) -> String {
    let (with, seen) = match seen {
        Some(seen) => (format!("seen AS MATERIALIZED ({seen}), "), "seen"),
        None => (String::new(), "seen_gathered"),
    };
    let above = if of_unit {
        " AND c.ancestor_id = $1"
    } else {
        ""
    };
    let closure = format!("JOIN org_closure c ON c.descendant_id = d.home{above}");
    let article = |alias: &str| {
        if by_article {
            format!("{alias}.article_id, ")
        } else {
            String::new()
        }
    };
    let [d, e, f] = ["d", "e", "f"].map(article);
    let chain = |by: &str| {
        format!(
            "COALESCE(LAG(d.day) OVER (PARTITION BY {by}d.reader{} ORDER BY d.day), '') AS prev_on",
            if by_article { ", d.article_id" } else { "" }
        )
    };
    format!(
        "WITH {with}shared AS MATERIALIZED (SELECT reader FROM {seen} GROUP BY reader HAVING MIN(home) <> MAX(home)) \
         SELECT f.unit_id, {f}f.day, f.prev_on, f.kind, CAST(SUM(f.n) AS BIGINT) AS n FROM ( \
         SELECT c.ancestor_id AS unit_id, {d}d.day, d.prev_on, d.kind, d.n FROM ( \
         SELECT e.home, {e}e.day, e.prev_on, e.kind, COUNT(*) AS n FROM ( \
         SELECT d.home, {d}d.day, SUBSTR(d.reader, 1, 3) AS kind, {} FROM {seen} d \
         WHERE d.reader NOT IN (SELECT reader FROM shared)) e GROUP BY e.home, {e}e.day, e.prev_on, e.kind) d {closure} \
         UNION ALL \
         SELECT e.unit_id, {e}e.day, e.prev_on, e.kind, COUNT(*) AS n FROM ( \
         SELECT d.unit_id, {d}d.day, SUBSTR(d.reader, 1, 3) AS kind, {} FROM ( \
         SELECT DISTINCT c.ancestor_id AS unit_id, {d}d.reader, d.day FROM {seen} d {closure} \
         WHERE d.reader IN (SELECT reader FROM shared)) d) e GROUP BY e.unit_id, {e}e.day, e.prev_on, e.kind \
         ) f GROUP BY f.unit_id, {f}f.day, f.prev_on, f.kind",
        chain(""),
        chain("d.unit_id, "),
    )
}

/// What a table of readers' days is to hold; of some readers alone by a condition on the views `v`, or of the unit `$1`
/// alone.
pub fn reach_sql(readers: &str, of_unit: bool, by_article: bool) -> String {
    let seen = seen_sql(readers, of_unit, by_article);
    chained_sql(Some(&seen), of_unit, by_article)
}

/// Gathers what all sums are made of into temporary tables: views and links by rep, article and day, and readers' days by
/// article. Views and links are read and sorted once then, not by each table.
pub async fn gather(tx: &mut Tx) -> DbResult<()> {
    let shares = share_sql(
        &rows_of(Source::Rows, false),
        "x.staff_id, x.article_id, x.day",
    );
    let seen = seen_sql("", false, true);
    for sql in [
        format!("CREATE TEMPORARY TABLE share_gathered AS {shares}"),
        format!("CREATE TEMPORARY TABLE seen_gathered AS {seen}"),
        // In the order in which each reader's days are put.
        "CREATE INDEX seen_gathered_reader ON seen_gathered (reader, article_id, day, home)".into(),
    ] {
        q(sql).exec(&mut *tx).await?;
    }
    Ok(())
}

/// Drops the tables of [`gather`].
pub async fn scatter(tx: &mut Tx) -> DbResult<()> {
    for sql in ["DROP TABLE share_gathered", "DROP TABLE seen_gathered"] {
        q(sql).exec(&mut *tx).await?;
    }
    Ok(())
}

/// The sums of a table's columns, as a list of columns.
fn sums(table: &str) -> String {
    COLUMNS
        .map(|c| format!("CAST(SUM({table}.{c}) AS BIGINT) AS {c}"))
        .join(", ")
}

/// Views and links as sums of one each, with `staff_id`, `article_id` and `day`; of reps of the unit `$1` alone, if it is
/// asked so.
fn share_rows(of_unit: bool) -> String {
    let root =
        |condition: &str| format!("CASE WHEN l.parent IS NULL AND {condition} THEN 1 ELSE 0 END");
    let joins = |rep: &str| {
        if of_unit {
            format!(" JOIN staff s ON s.id = {rep}{WITHIN}")
        } else {
            String::new()
        }
    };
    format!(
        "SELECT v.root_staff_id AS staff_id, v.article_id, v.viewed_on AS day, 1 AS pv, \
         CASE WHEN v.reread THEN 1 ELSE 0 END AS rereads, CASE WHEN v.finished THEN 1 ELSE 0 END AS finished, \
         0 AS created, 0 AS opened, 0 AS was_read, 0 AS was_passed, 0 AS was_reopened, 0 AS passed \
         FROM article_view v{} WHERE v.kind = 'pv' AND v.root_staff_id IS NOT NULL UNION ALL \
         SELECT l.root_staff_id, l.article_id, l.created_on, 0, 0, 0, {}, {}, {}, {}, {}, \
         CASE WHEN l.parent IS NOT NULL AND l.opened_at IS NOT NULL THEN 1 ELSE 0 END \
         FROM share_link l{} WHERE l.root_staff_id IS NOT NULL AND (l.parent IS NULL OR l.opened_at IS NOT NULL)",
        joins("v.root_staff_id"),
        root("1 = 1"),
        root("l.opened_at IS NOT NULL"),
        root("l.was_read"),
        root("l.was_passed"),
        root("l.was_reopened"),
        joins("l.root_staff_id"),
    )
}

/// Sums of sharing out of `rows` by some keys of theirs.
fn share_sql(rows: &str, keys: &str) -> String {
    format!("SELECT {keys}, {} FROM {rows} x GROUP BY {keys}", sums("x"))
}

/// What `unit_article_day` is to hold out of `rows`; of the unit `$1` alone, if it is asked so.
fn unit_article_sql(rows: &str, of_unit: bool) -> String {
    let above = if of_unit {
        " AND c.ancestor_id = $1"
    } else {
        ""
    };
    format!(
        "SELECT c.ancestor_id AS unit_id, z.day, z.article_id, {} FROM ( \
         SELECT s.unit_id AS home, x.day, x.article_id, {} FROM {rows} x JOIN staff s ON s.id = x.staff_id \
         GROUP BY s.unit_id, x.day, x.article_id) z \
         JOIN org_closure c ON c.descendant_id = z.home{above} GROUP BY c.ancestor_id, z.day, z.article_id",
        sums("z"),
        sums("x"),
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

/// The rows of views and links for a statement.
fn rows_of(source: Source, of_unit: bool) -> String {
    match source {
        Source::Rows => format!("({})", share_rows(of_unit)),
        Source::Gathered => "share_gathered".into(),
    }
}

fn by_unit(source: Source, of_unit: bool) -> [Table; 4] {
    let sums = COLUMNS.join(", ");
    let only = if of_unit {
        " AND c.ancestor_id = $1"
    } else {
        ""
    };
    let [reach, article_reach] = REACHES.map(|(table, keys, by_article)| {
        let fresh = match (source, by_article) {
            (Source::Rows, _) => reach_sql("", of_unit, by_article),
            (Source::Gathered, true) => chained_sql(None, of_unit, true),
            (Source::Gathered, false) => chained_sql(
                Some("SELECT DISTINCT x.reader, x.day, x.home FROM seen_gathered x"),
                of_unit,
                false,
            ),
        };
        (table, format!("{keys}, n"), fresh)
    });
    [
        ("unit_day", format!("unit_id, day, {sums}"), unit_sql(only)),
        (
            "unit_article_day",
            format!("unit_id, day, article_id, {sums}"),
            unit_article_sql(&rows_of(source, of_unit), of_unit),
        ),
        reach,
        article_reach,
    ]
}

/// The kept tables of the unit `$1`.
pub fn tables_of_unit() -> [Table; 4] {
    by_unit(Source::Rows, true)
}

/// The kept tables. Those by unit come last: some are summed from the others.
pub fn tables(source: Source) -> Vec<Table> {
    let sums = COLUMNS.join(", ");
    let rows = rows_of(source, false);
    let mut out = vec![
        (
            "share_day",
            format!("staff_id, day, {sums}"),
            share_sql(&rows, "x.staff_id, x.day"),
        ),
        (
            "article_day",
            format!("article_id, day, {sums}"),
            share_sql(&rows, "x.article_id, x.day"),
        ),
    ];
    out.extend(by_unit(source, false));
    out
}
