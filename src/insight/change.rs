//! What a transaction changes of the sums of sharing: gathered while it writes links and views, written at its end.

use std::collections::{BTreeMap, BTreeSet};

use crate::server::db::{Arg, DbResult, Rows, Tx, insert_many, q};

/// The columns of sums, in the order of [`Column`].
pub const COLUMNS: [&str; 9] = [
    "pv",
    "rereads",
    "finished",
    "created",
    "opened",
    "was_read",
    "was_passed",
    "was_reopened",
    "passed",
];

/// Reps or readers that one statement asks for: few, for the reason of [`insert_many`].
const ASKED: usize = 300;

/// A column of `share_day`, `unit_day`, `article_day` and `unit_article_day`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    Pv,
    Rereads,
    Finished,
    Created,
    Opened,
    WasRead,
    WasPassed,
    WasReopened,
    Passed,
}

/// By rep, the units above them, their own among them.
type Above = BTreeMap<String, Vec<String>>;
/// What is added to rows of a table with `N` keys.
type Sums<const N: usize> = BTreeMap<[String; N], [i64; 9]>;
/// Days, each with how many counted views there are.
type Days = BTreeMap<String, i64>;
/// Whose days with a reader are kept: a unit's, of all that it shared (`None`) or of one article.
type Holder = (String, Option<String>);

/// What a transaction changes of the sums; written at its end.
#[derive(Debug, Default)]
pub struct Change {
    /// By day, rep and article.
    cells: BTreeMap<(String, String, String), [i64; 9]>,
    /// How many counted views it wrote, by reader, rep, article and day.
    seen: BTreeMap<[String; 4], i64>,
}

impl Change {
    /// Adds to a cell.
    pub fn add(&mut self, day: &str, staff_id: &str, article_id: &str, column: Column, n: i64) {
        let key = (day.to_owned(), staff_id.to_owned(), article_id.to_owned());
        self.cells.entry(key).or_default()[column as usize] += n;
    }

    /// A reader's counted view below a rep's link, which this transaction has written and added as a [`Column::Pv`].
    pub fn saw(&mut self, reader: &str, staff_id: &str, article_id: &str, day: &str) {
        let key = [reader, staff_id, article_id, day].map(str::to_owned);
        *self.seen.entry(key).or_default() += 1;
    }

    /// Writes the sums. Tables and rows are always taken in the same order, so that no two transactions wait for each
    /// other.
    pub async fn write(self, tx: &mut Tx) -> DbResult<()> {
        if self.cells.is_empty() {
            return Ok(());
        }
        let reps: BTreeSet<&String> = self.cells.keys().map(|(_, staff, _)| staff).collect();
        let reps: Vec<String> = reps.into_iter().cloned().collect();
        let above = units_above(tx, &reps).await?;
        let (mut people, mut articles, mut units) = (Sums::new(), Sums::new(), Sums::new());
        let mut unit_articles = Sums::new();
        for ((day, staff, article), sums) in &self.cells {
            add(&mut people, [staff, day], sums);
            add(&mut articles, [article, day], sums);
            for unit in above.get(staff).into_iter().flatten() {
                add(&mut units, [unit, day], sums);
                add(&mut unit_articles, [unit, day, article], sums);
            }
        }
        upsert(tx, "share_day", ["staff_id", "day"], people).await?;
        upsert(tx, "unit_day", ["unit_id", "day"], units).await?;
        upsert(tx, "article_day", ["article_id", "day"], articles).await?;
        let keys = ["unit_id", "day", "article_id"];
        upsert(tx, "unit_article_day", keys, unit_articles).await?;
        self.write_reach(tx, above).await
    }

    /// Adds to `reach` and `unit_article_reach`.
    ///
    /// For each holder and reader they keep a chain: the days on which the holder had the reader, each with the one
    /// before. The table of views holds by now those that stood before and those of this transaction; it is known how
    /// many of a day are of this transaction, and a day that has more stood in the chain before. So both chains, as it
    /// was and as it is, come out of one reading, and what is added is the one less the other. This does not depend on
    /// the order in which the views were written; a reader of several reps of a unit, or several times on a day,
    /// counts once; and where a day comes to lie between two that were there, the later one gets another day before.
    /// Days before the first that was written are in both chains: of them only the last is needed.
    async fn write_reach(&self, tx: &mut Tx, mut above: Above) -> DbResult<()> {
        let Some(first) = self.seen.keys().map(|[.., day]| day.as_str()).min() else {
            return Ok(());
        };
        let readers: BTreeSet<&String> = self.seen.keys().map(|[reader, ..]| reader).collect();
        let readers: Vec<String> = readers.into_iter().cloned().collect();
        let found = days_of(tx, &readers, first).await?;
        // What other reps' links brought counts in the chains of the units above them too.
        let others = found.iter().map(|viewed| &viewed.staff_id);
        let others: BTreeSet<&String> = others.filter(|id| !above.contains_key(*id)).collect();
        let others: Vec<String> = others.into_iter().cloned().collect();
        above.extend(units_above(tx, &others).await?);
        let holders = |staff: &str, article: &str| -> Vec<Holder> {
            let units = above.get(staff).into_iter().flatten();
            units
                .flat_map(|unit| {
                    [None, Some(article.to_owned())].map(|article| (unit.clone(), article))
                })
                .collect()
        };
        let mut written: BTreeMap<(&str, Holder), Days> = BTreeMap::new();
        for ([reader, staff, article, day], n) in &self.seen {
            for holder in holders(staff, article) {
                let days = written.entry((reader, holder)).or_default();
                *days.entry(day.clone()).or_default() += *n;
            }
        }
        let mut chains: BTreeMap<(&str, Holder), Days> = BTreeMap::new();
        for viewed in &found {
            for holder in holders(&viewed.staff_id, &viewed.article_id) {
                let key = (viewed.reader.as_str(), holder);
                if written.contains_key(&key) {
                    let days = chains.entry(key).or_default();
                    *days.entry(viewed.day.clone()).or_default() += viewed.n;
                }
            }
        }
        let mut reach: BTreeMap<(Holder, String, String, String), i64> = BTreeMap::new();
        for (key, days) in chains {
            let fresh = &written[&key];
            let (reader, holder) = key;
            // The day before, in the chain as it was and as it is.
            let (mut was, mut is) = (String::new(), String::new());
            for (day, n) in days {
                let mut put = |prev: &str, n: i64| {
                    let key = (holder.clone(), day.clone(), prev.to_owned(), kind(reader));
                    *reach.entry(key).or_default() += n;
                };
                let stood = n > fresh.get(&day).copied().unwrap_or(0);
                if stood {
                    put(&was, -1);
                }
                put(&is, 1);
                if stood {
                    was.clone_from(&day);
                }
                is = day;
            }
        }
        let (mut all, mut by_article) = (Rows::new(), Rows::new());
        for (((unit, article), day, prev, kind), n) in reach.into_iter().filter(|(_, n)| *n != 0) {
            let rest = [day, prev, kind].map(Arg::from);
            let (rows, mut row) = match article {
                None => (&mut all, vec![unit.into()]),
                Some(article) => (&mut by_article, vec![unit.into(), article.into()]),
            };
            row.extend(rest);
            row.push(n.into());
            rows.push(row);
        }
        for (table, keys, rows) in [
            ("reach", "unit_id", all),
            ("unit_article_reach", "unit_id, article_id", by_article),
        ] {
            insert_many(
                tx,
                &format!("INSERT INTO {table} ({keys}, day, prev_on, kind, n)"),
                rows,
                &format!(
                    "ON CONFLICT ({keys}, day, prev_on, kind) DO UPDATE SET n = {table}.n + excluded.n"
                ),
            )
            .await?;
        }
        Ok(())
    }
}

fn kind(reader: &str) -> String {
    reader.chars().take(3).collect()
}

fn add<const N: usize>(into: &mut Sums<N>, key: [&String; N], sums: &[i64; 9]) {
    let cell = into.entry(key.map(Clone::clone)).or_default();
    for (sum, n) in cell.iter_mut().zip(sums) {
        *sum += n;
    }
}

/// The units above some reps.
async fn units_above(tx: &mut Tx, reps: &[String]) -> DbResult<Above> {
    let mut out = Above::new();
    for some in reps.chunks(ASKED) {
        let mut query = q(
            "SELECT s.id, c.ancestor_id FROM staff s JOIN org_closure c ON c.descendant_id = s.unit_id WHERE ",
        );
        query.push_among("s.id", some);
        for (staff, unit) in query.all::<(String, String)>(&mut *tx).await? {
            out.entry(staff).or_default().push(unit);
        }
    }
    Ok(out)
}

/// Counted views of a reader.
#[derive(Debug, sqlx::FromRow)]
struct Viewed {
    reader: String,
    staff_id: String,
    article_id: String,
    day: String,
    n: i64,
}

/// What readers saw of whom, by day: each from `first` on, and all before it at the last one.
async fn days_of(tx: &mut Tx, readers: &[String], first: &str) -> DbResult<Vec<Viewed>> {
    let mut out = Vec::new();
    for some in readers.chunks(ASKED) {
        let mut query = q(
            "SELECT v.reader, v.root_staff_id AS staff_id, v.article_id, MAX(v.viewed_on) AS day, COUNT(*) AS n \
             FROM article_view v WHERE v.kind = 'pv' AND v.root_staff_id IS NOT NULL AND ",
        );
        query.push_among("v.reader", some);
        let first = query.arg(first);
        query.push(&format!(
            " GROUP BY v.reader, v.root_staff_id, v.article_id, \
             CASE WHEN v.viewed_on < {first} THEN '' ELSE v.viewed_on END"
        ));
        out.extend(query.all::<Viewed>(&mut *tx).await?);
    }
    Ok(out)
}

async fn upsert<const N: usize>(
    tx: &mut Tx,
    table: &str,
    keys: [&str; N],
    cells: Sums<N>,
) -> DbResult<()> {
    let keys = keys.join(", ");
    let rows = cells
        .into_iter()
        .map(|(key, sums)| {
            let mut row: Vec<Arg> = key.map(Arg::from).into();
            row.extend(sums.map(Arg::from));
            row
        })
        .collect();
    let set: Vec<String> = COLUMNS
        .iter()
        .map(|c| format!("{c} = {table}.{c} + excluded.{c}"))
        .collect();
    insert_many(
        tx,
        &format!("INSERT INTO {table} ({keys}, {})", COLUMNS.join(", ")),
        rows,
        &format!("ON CONFLICT ({keys}) DO UPDATE SET {}", set.join(", ")),
    )
    .await?;
    Ok(())
}
