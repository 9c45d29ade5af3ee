//! SQL of terminals: lists, choices, what finds them.

use super::assignment;
use super::model::{MAIN_LINE, TerminalFilter, TerminalPage, TerminalRow};
use crate::server::db::{Db, DbResult, Query, Tx, q};
use crate::server::guard::Actor;
use crate::server::search;
use crate::shared::Page;
use crate::shared::page::{PAGE_SIZE, offset, within};

/// The order of a list by its name in the address.
fn order(sort: &str) -> &'static str {
    match sort {
        "name" => "t.name COLLATE pinyin, t.id",
        "code" => "t.code, t.id",
        "level" => {
            "CASE SUBSTR(t.level, 1, 1) WHEN '三' THEN 0 WHEN '二' THEN 1 WHEN '一' THEN 2 ELSE 3 END, \
             CASE WHEN t.level LIKE '%特等' THEN 0 WHEN t.level LIKE '%甲等' THEN 1 WHEN t.level LIKE '%乙等' THEN 2 \
             ELSE 3 END, t.name COLLATE pinyin, t.id"
        }
        "updated" => "t.updated_at DESC, t.id DESC",
        _ => "t.province, t.city, t.name COLLATE pinyin, t.id",
    }
}

/// Appends `FROM terminal t WHERE …` as a filter says; `holder` is the id of the one who has them in its line.
pub fn narrow(query: &mut Query, filter: &TerminalFilter, holder: Option<&str>) {
    query.push(" FROM terminal t WHERE 1 = 1");
    search::condition(query, &filter.text, &[("t.id", "terminal")]);
    match filter.province.as_str() {
        "" => {}
        // Some hospitals came without a province; the gap is shown, not hidden.
        "-" => {
            query.push(" AND t.province = ''");
        }
        province => {
            query.push_with(" AND t.province = ?", [province]);
        }
    }
    for (column, value) in [
        ("kind", &filter.kind),
        ("level", &filter.level),
        ("parent_id", &filter.parent),
    ] {
        if !value.is_empty() {
            query.push_with(&format!(" AND t.{column} = ?"), [value]);
        }
    }
    match filter.status.as_str() {
        "all" => {}
        "paused" | "closed" => {
            query.push_with(" AND t.status = ?", [&filter.status]);
        }
        _ => {
            query.push(" AND t.status <> 'closed'");
        }
    }
    let mut open =
        q("SELECT 1 FROM terminal_assignment a WHERE a.terminal_id = t.id AND a.ends_on IS NULL");
    // Without a line: whoever has it in one, and nobody who has it in the main one.
    let free = filter.assigned == "no";
    if !filter.line.is_empty() {
        open.push_with(" AND a.business_line = ?", [&filter.line]);
    } else if free && holder.is_none() {
        open.push_with(" AND a.business_line = ?", [MAIN_LINE]);
    }
    if let Some(holder) = holder {
        open.push_with(" AND a.staff_id = ?", [holder]);
    }
    if free {
        query.push(" AND NOT EXISTS (").append(open).push(")");
    } else if filter.assigned == "yes" || holder.is_some() || !filter.line.is_empty() {
        query.push(" AND EXISTS (").append(open).push(")");
    }
}

/// One page of terminals.
pub async fn list(
    db: &Db,
    actor: &Actor,
    filter: &TerminalFilter,
    page: i64,
) -> DbResult<TerminalPage> {
    let holder = assignment::holder(db, &filter.holder).await?;
    // Who is not known has none.
    let holder = holder.as_ref().map(|found| found.as_deref().unwrap_or("-"));
    let mut count = q("SELECT COUNT(*)");
    narrow(&mut count, filter, holder);
    let total = count.count(db).await?;
    let page = within(page, total);
    // The rows of the page first: what is counted for each must not be counted for all.
    let order = order(&filter.sort);
    let mut rows = q(
        "SELECT t.id, t.code, t.name, t.kind, t.province, t.city, t.level, t.status, g.name AS parent, \
         t.latitude IS NOT NULL AS located, \
         (SELECT s.name FROM terminal_assignment a JOIN staff s ON s.id = a.staff_id \
          WHERE a.terminal_id = t.id AND a.ends_on IS NULL AND a.business_line = 'default') AS owner, \
         (SELECT COUNT(*) FROM hcp h WHERE h.terminal_id = t.id AND h.state <> 'merged') AS hcps \
         FROM terminal t LEFT JOIN terminal g ON g.id = t.parent_id JOIN (SELECT t.id",
    );
    narrow(&mut rows, filter, holder);
    rows.push_with(
        &format!(" ORDER BY {order} LIMIT ? OFFSET ?"),
        [PAGE_SIZE, offset(page)],
    );
    rows.push(&format!(") p ON p.id = t.id ORDER BY {order}"));
    let mut rows: Vec<TerminalRow> = rows.all(db).await?;
    others(db, &mut rows).await?;
    Ok(TerminalPage {
        page: Page { rows, total, page },
        provinces: provinces(db).await?,
        kinds: distinct(db, "kind").await?,
        levels: levels(db).await?,
        lines: crate::product::store::lines(db).await?,
        reps: assignment::reps(db, actor).await?,
    })
}

/// Names those who have the terminals of a page in other lines than the main one.
async fn others(db: &Db, rows: &mut [TerminalRow]) -> DbResult<()> {
    let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    let mut query = q(
        "SELECT a.terminal_id, a.business_line, s.name FROM terminal_assignment a JOIN staff s ON s.id = a.staff_id \
         WHERE a.ends_on IS NULL AND a.business_line <> 'default' AND ",
    );
    query.push_among("a.terminal_id", &ids);
    query.push(" ORDER BY a.business_line");
    let held: Vec<(String, String, String)> = query.all(db).await?;
    for row in rows {
        let own: Vec<String> = held
            .iter()
            .filter(|(terminal, ..)| *terminal == row.id)
            .map(|(_, line, name)| format!("{line} {name}"))
            .collect();
        row.others = own.join(&tr!("ui.comma"));
    }
    Ok(())
}

/// The provinces of terminals, `-` standing for none, which comes last.
pub async fn provinces(db: &Db) -> DbResult<Vec<String>> {
    let mut found = distinct(db, "province").await?;
    if found.first().is_some_and(String::is_empty) {
        found.remove(0);
        found.push("-".into());
    }
    Ok(found)
}

/// The levels of terminals.
pub async fn levels(db: &Db) -> DbResult<Vec<String>> {
    let found = distinct(db, "level").await?;
    Ok(found.into_iter().filter(|l| !l.is_empty()).collect())
}

/// The values of a column of the terminals, of which a company has some thousand.
pub async fn distinct(db: &Db, column: &'static str) -> DbResult<Vec<String>> {
    let rows: Vec<(String,)> = q(format!(
        "SELECT DISTINCT {column} FROM terminal ORDER BY {column}"
    ))
    .all(db)
    .await?;
    Ok(rows.into_iter().map(|(value,)| value).collect())
}

/// Makes a terminal findable by its name, city, code and aliases as they stand now.
pub async fn reindex(tx: &mut Tx, id: &str) -> DbResult<()> {
    let (name, city, code): (String, String, String) =
        q("SELECT name, city, code FROM terminal WHERE id = $1")
            .bind(id)
            .one(&mut *tx)
            .await?;
    let aliases: Vec<(String,)> = q("SELECT alias FROM terminal_alias WHERE terminal_id = $1")
        .bind(id)
        .all(&mut *tx)
        .await?;
    let texts: Vec<&str> = [&name, &city, &code]
        .into_iter()
        .chain(aliases.iter().map(|(alias,)| alias))
        .map(String::as_str)
        .collect();
    search::index(tx, "terminal", id, &texts).await
}

/// The kind of a terminal that sells on to others.
pub const DISTRIBUTOR: &str = "商业公司";

/// Terminals that a text finds by name, alias, city or code, for choosing a workplace; at most ten.
/// `distributors` says whether only those, only others, or all.
pub async fn suggest(
    db: &Db,
    text: &str,
    distributors: Option<bool>,
) -> DbResult<Vec<(String, String)>> {
    let mut query = q(
        "SELECT t.id, CASE WHEN t.city = '' THEN t.name ELSE t.name || '（' || t.city || '）' END \
         FROM terminal t WHERE t.status <> 'closed'",
    );
    if let Some(only) = distributors {
        let sign = if only { "=" } else { "<>" };
        query.push_with(&format!(" AND t.kind {sign} ?"), [DISTRIBUTOR]);
    }
    search::condition(&mut query, text, &[("t.id", "terminal")]);
    query.push(" ORDER BY LENGTH(t.name), t.name COLLATE pinyin, t.id LIMIT 10");
    query.all(db).await
}
