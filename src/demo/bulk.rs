//! What makes a large company's data large: sharing of a year, lines of goods, questions; made by SQL out of what is there.

use std::fmt::Write as _;

use super::Clock;
use crate::flow::rules::{month_of, shift_month};
use crate::importing::{self, Kind, Mode};
use crate::insight::rollup;
use crate::server::db::{Lock, SQLITE_CACHE, Tx, insert_many, q};
use crate::server::guard::Actor;
use crate::server::{AppState, time};
use crate::shared::AppError;

/// By how many days each copy of the sharing lies further back: the base spans sixty.
const SHIFT: i64 = 36;
/// Where sharing lies.
pub const SHARING: [&str; 3] = ["share_link", "share_closure", "article_view"];
/// Questions of one import.
const BATCH: usize = 25_000;

/// How much more there is to be of what makes a company large.
#[derive(Debug, Clone, Copy)]
pub struct More {
    /// Copies of the sharing, each further back.
    pub copies: i64,
    /// Lines of goods, about, over how many months.
    pub lines: i64,
    pub months: i64,
    pub questions: usize,
}

/// Multiplies what the demo holds.
pub async fn enlarge(state: &AppState, more: &More, clock: &Clock) -> Result<(), AppError> {
    // Copies are marked as what they are copied from.
    marks(state).await?;
    let read = async {
        sharing(state, more.copies, clock).await?;
        sums(state).await?;
        clock.step("sums of sharing");
        Ok::<_, AppError>(())
    };
    let other = async {
        let clock = Clock::default();
        lines(state, more.lines, more.months).await?;
        clock.step("more lines");
        questions(state, more.questions).await?;
        clock.step("more questions");
        Ok::<_, AppError>(())
    };
    if state.db.engine() == "sqlite" {
        // One writer at a time.
        check_references(state, false).await?;
        let done = async {
            read.await?;
            other.await
        }
        .await;
        check_references(state, true).await?;
        done
    } else {
        tokio::try_join!(read, other).map(|_| ())
    }
}

/// Copies all sharing so many times, each further back, under other tokens and visitors; the HCPs stay who they are.
///
/// What marks a copy stands before its keys and sorts behind every token and id, and rows go in by their keys: so they
/// are appended to the indexes of the keys instead of being spread over them. A link comes after its parent: for one that
/// came before it, SQLite would look through all links, without an index by then.
async fn sharing(state: &AppState, copies: i64, clock: &Clock) -> Result<(), AppError> {
    let today = state.zone.today();
    let indexes = drop_indexes(state, &SHARING).await?;
    for copy in 1..=copies {
        let mut tx = state.db.begin().await?;
        trust(state, &mut tx).await?;
        let back = copy * SHIFT;
        shifts(&mut tx, &today, back).await?;
        let (mark, ms) = (format!("~{copy:02}"), back * time::DAY);
        q("INSERT INTO share_link (token, article_id, sharer, parent, root, root_staff_id, level, channel, recipient_id, \
           created_at, created_on, pressed_at, opened_at, was_read, was_passed, was_reopened) \
           SELECT $1 || l.token, l.article_id, CASE WHEN l.sharer LIKE 'vis:%' THEN l.sharer || $1 ELSE l.sharer END, \
           $1 || l.parent, $1 || l.root, l.root_staff_id, l.level, l.channel, l.recipient_id, l.created_at - $2, d.moved, \
           l.pressed_at - $2, l.opened_at - $2, l.was_read, l.was_passed, l.was_reopened \
           FROM share_link l JOIN day_shift d ON d.day = l.created_on WHERE l.token < '~' ORDER BY l.level, l.token")
            .bind(&mark)
            .bind(ms)
            .exec(&mut tx)
            .await?;
        q("INSERT INTO share_closure (ancestor, descendant) SELECT $1 || c.ancestor, $1 || c.descendant \
           FROM share_closure c WHERE c.ancestor < '~' ORDER BY c.ancestor, c.descendant")
            .bind(&mark)
            .exec(&mut tx)
            .await?;
        q("INSERT INTO article_view (id, article_id, link, root_staff_id, reader, at, viewed_on, kind, reread, dwell_ms, \
           depth, finished) SELECT $1 || v.id, v.article_id, $1 || v.link, v.root_staff_id, \
           CASE WHEN v.reader LIKE 'vis:%' THEN v.reader || $1 ELSE v.reader END, v.at - $2, d.moved, v.kind, v.reread, \
           v.dwell_ms, v.depth, v.finished FROM article_view v JOIN day_shift d ON d.day = v.viewed_on \
           WHERE v.id < '~' ORDER BY v.id")
            .bind(&mark)
            .bind(ms)
            .exec(&mut tx)
            .await?;
        q("DROP TABLE day_shift").exec(&mut tx).await?;
        tx.commit().await?;
        clock.step(&format!("sharing, copy {copy} of {copies}"));
    }
    make_indexes(state, indexes).await?;
    clock.step("indexes of sharing");
    Ok(())
}

/// Drops the indexes of some tables that serve no constraint; gives what makes them again. Millions of rows go into an
/// index faster all at once, and in its order.
pub async fn drop_indexes(state: &AppState, tables: &[&str]) -> Result<Vec<String>, AppError> {
    let (mut query, table) = if state.db.engine() == "sqlite" {
        (
            q("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND "),
            "tbl_name",
        )
    } else {
        (
            q(
                "SELECT indexname::TEXT, indexdef FROM pg_indexes WHERE schemaname = 'public' AND NOT EXISTS \
               (SELECT 1 FROM pg_constraint c WHERE c.conname = indexname) AND ",
            ),
            "tablename::TEXT",
        )
    };
    let tables: Vec<String> = tables.iter().map(|table| (*table).to_owned()).collect();
    query.push_among(table, &tables);
    let found: Vec<(String, String)> = query.all(&state.db).await?;
    for (name, _) in &found {
        q(format!("DROP INDEX {name}")).exec(&state.db).await?;
    }
    Ok(found.into_iter().map(|(_, made)| made).collect())
}

/// Spares SQLite's writer to look up what each row refers to, or has it looked up again.
async fn check_references(state: &AppState, checked: bool) -> Result<(), AppError> {
    q(format!("PRAGMA foreign_keys = {checked}"))
        .exec(&state.db)
        .await?;
    Ok(())
}

/// Spares Postgres to look up what each copied row refers to, where its user may ask for that.
pub async fn trust(state: &AppState, tx: &mut Tx) -> Result<(), AppError> {
    if state.db.engine() == "postgres" {
        let may = q("SELECT COUNT(*) FROM pg_roles WHERE rolname = CURRENT_USER AND rolsuper")
            .count(&mut *tx)
            .await?;
        if may > 0 {
            q("SET LOCAL session_replication_role = replica")
                .exec(tx)
                .await?;
        }
    }
    Ok(())
}

/// Makes indexes again; SQLite sorts their keys in memory.
pub async fn make_indexes(state: &AppState, indexes: Vec<String>) -> Result<(), AppError> {
    let keep_temporary = async |place: &str| -> Result<(), AppError> {
        if state.db.engine() == "sqlite" && !indexes.is_empty() {
            q(format!("PRAGMA temp_store = {place}"))
                .exec(&state.db)
                .await?;
        }
        Ok(())
    };
    keep_temporary("MEMORY").await?;
    for index in &indexes {
        let mut tx = state.db.begin().await?;
        roomy(state, &mut tx).await?;
        q(index).exec(&mut tx).await?;
        tx.commit().await?;
    }
    keep_temporary("DEFAULT").await
}

/// Gives a transaction of Postgres room to sort in; SQLite's writer has it by [`room`].
async fn roomy(state: &AppState, tx: &mut Tx) -> Result<(), AppError> {
    if state.db.engine() == "postgres" {
        for setting in ["maintenance_work_mem = '1GB'", "work_mem = '256MB'"] {
            q(format!("SET LOCAL {setting}")).exec(&mut *tx).await?;
        }
    }
    Ok(())
}

/// Gives SQLite's writer room for pages and keys, and a core to sort them; or takes both away again.
pub async fn room(state: &AppState, given: bool) -> Result<(), AppError> {
    if state.db.engine() == "sqlite" {
        let (threads, cache) = if given {
            (2, "-524288")
        } else {
            (0, SQLITE_CACHE)
        };
        q(format!("PRAGMA threads = {threads}"))
            .exec(&state.db)
            .await?;
        q(format!("PRAGMA cache_size = {cache}"))
            .exec(&state.db)
            .await?;
    }
    Ok(())
}

/// Days of the base with those that they become.
async fn shifts(tx: &mut Tx, today: &str, back: i64) -> Result<(), AppError> {
    q("CREATE TEMPORARY TABLE day_shift (day TEXT PRIMARY KEY, moved TEXT NOT NULL)")
        .exec(&mut *tx)
        .await?;
    let rows = (-1..70)
        .map(|n| {
            let day = time::shift_day(today, -n);
            let moved = time::shift_day(&day, -back);
            vec![day.into(), moved.into()]
        })
        .collect();
    insert_many(tx, "INSERT INTO day_shift (day, moved)", rows, "").await?;
    Ok(())
}

/// Marks the links of which something came.
pub async fn marks(state: &AppState) -> Result<(), AppError> {
    let mut tx = state.db.begin().await?;
    tx.serialise(Lock::Views).await?;
    rollup::write_marks(&mut tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Writes the sums of sharing anew.
pub async fn sums(state: &AppState) -> Result<(), AppError> {
    let mut tx = state.db.begin().await?;
    roomy(state, &mut tx).await?;
    tx.serialise(Lock::Views).await?;
    rollup::write_sums(&mut tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Lines of goods for every hospital, product and month, about as many as are wanted in all. Months before the last are
/// confirmed, of the last two thirds, of the current one a third.
pub async fn lines(state: &AppState, wanted: i64, months: i64) -> Result<(), AppError> {
    let places = q("SELECT COUNT(*) FROM terminal WHERE kind = '医院'")
        .count(&state.db)
        .await?;
    let products = q("SELECT COUNT(*) FROM product").count(&state.db).await?;
    let each = (wanted / (places * products * months).max(1)).max(1);
    let today = state.zone.today();
    let indexes = drop_indexes(state, &["flow_line"]).await?;
    let numbers = (0..each).map(|n| format!("SELECT {n} AS n"));
    let numbers = numbers.collect::<Vec<_>>().join(" UNION ALL ");
    // In the order of their keys, so that they are appended to the indexes of those.
    for back in (0..months).rev() {
        let month = shift_month(month_of(&today), -back);
        let confirmed: i64 = match back {
            0 => 1,
            1 => 2,
            _ => 3,
        };
        let mut tx = state.db.begin().await?;
        trust(state, &mut tx).await?;
        q("INSERT INTO flow_period (month, state, updated_at) VALUES ($1, 'open', 1) ON CONFLICT DO NOTHING")
            .bind(&month)
            .exec(&mut tx)
            .await?;
        q(format!(
            "INSERT INTO flow_line (id, line_key, value_key, distributor_id, document_no, line_no, product_id, product_code, \
             product_name, specification, batch, quantity, unit, price_fen, amount_fen, sold_on, month, terminal_code, \
             terminal_name, terminal_id, matched_by, credited_id, state, created_at) \
             SELECT $1 || t.code || p.code || '-' || k.n, $1 || t.code || p.code || '-' || k.n, 'v', d.id, 'B', '', p.id, \
             p.code, p.name, p.specification, 'B', k.n + 1 + LENGTH(t.name), '盒', 1000, 1000 * (k.n + 1 + LENGTH(t.name)), \
             $1 || '-11', $1, t.code, t.name, t.id, 'code', a.staff_id, \
             CASE WHEN k.n % 3 < $2 THEN 'confirmed' ELSE 'open' END, 1 \
             FROM terminal t CROSS JOIN product p CROSS JOIN ({numbers}) k \
             JOIN (SELECT MIN(id) AS id FROM flow_distributor) d ON 1 = 1 \
             LEFT JOIN terminal_assignment a ON a.terminal_id = t.id AND a.ends_on IS NULL AND a.business_line = 'default' \
             WHERE t.kind = '医院' ORDER BY t.code, p.code, k.n"
        ))
        .bind(&month)
        .bind(confirmed)
        .exec(&mut tx)
        .await?;
        tx.commit().await?;
    }
    make_indexes(state, indexes).await?;
    crate::flow::reports::rebuild(state).await?;
    Ok(())
}

/// So many questions, through the importer.
pub async fn questions(state: &AppState, wanted: usize) -> Result<(), AppError> {
    let actor = Actor::system();
    let mut made = 0;
    while made < wanted {
        let batch = BATCH.min(wanted - made);
        let mut text = String::new();
        for i in made..made + batch {
            let what = match i % 2_500 {
                0 => "痛风",
                _ => ["血压", "血糖", "血脂", "哮喘", "合规"][i % 5],
            };
            let _ = write!(
                text,
                "分类：类别{}\n\n一、单选题\n\n1. 题{i}：关于{what}的说法，正确的是\nA. 甲{i}\nB. 乙{i}\nC. 丙{i}\nD. 丁{i}\n答案：{}\n难度：{}\n\n",
                i % 50,
                ["A", "B", "C", "D"][i % 4],
                i % 5 + 1,
            );
        }
        let report =
            importing::run(state, &actor, Kind::Questions, text.as_bytes(), Mode::All).await?;
        super::refused(&report.invalid)?;
        made += batch;
    }
    Ok(())
}
