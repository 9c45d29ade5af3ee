//! Reports out of the sums: by terminal, product, distributor, region, rep or month, with growth and rank. Whoever sees
//! a part of the company sees what its people are credited with.

use std::collections::HashMap;

use super::model::{FlowTable, GROUPS, ReportFilter, ReportRow, group_label};
use super::rules::{is_month, month_of, shift_month};
use super::sums;
use crate::server::AppState;
use crate::server::db::{Db, DbResult, Query, internal, q};
use crate::server::guard::Actor;
use crate::server::sheet::workbook;
use crate::shared::page::{PAGE_SIZE, offset, within};
use crate::shared::{AppError, Page};
use crate::terminal::model::line_label;
use crate::ui::money::growth;

/// Months of a report at most.
const MOST_MONTHS: i64 = 24;

/// Sums of one group: quantity, fen and lines of the months asked for, quantity and lines of as many before, quantity a
/// year ago.
#[derive(Debug, Clone, sqlx::FromRow)]
struct Group {
    id: String,
    quantity: i64,
    fen: i64,
    lines: i64,
    before: i64,
    before_lines: i64,
    year_ago: i64,
}

/// A filter with its gaps filled: the latest month with lines, by terminal.
async fn settled(state: &AppState, mut filter: ReportFilter) -> DbResult<ReportFilter> {
    if !GROUPS.contains(&filter.by.as_str()) {
        filter.by = "terminal".into();
    }
    if !is_month(&filter.to) {
        let latest: (Option<String>,) = q("SELECT MAX(month) FROM flow_terminal_sum")
            .one(&state.db)
            .await?;
        filter.to = latest
            .0
            .unwrap_or_else(|| month_of(&state.zone.today()).to_owned());
    }
    if !is_month(&filter.from) || filter.from > filter.to {
        filter.from.clone_from(&filter.to);
    }
    let earliest = shift_month(&filter.to, 1 - MOST_MONTHS);
    if filter.from < earliest {
        filter.from = earliest;
    }
    Ok(filter)
}

fn months(filter: &ReportFilter) -> Vec<String> {
    let mut out = vec![filter.from.clone()];
    while let Some(last) = out.last()
        && *last < filter.to
    {
        let next = shift_month(last, 1);
        out.push(next);
    }
    out
}

/// The column by which a report groups.
fn key(by: &str) -> &'static str {
    match by {
        "product" => "s.product_id",
        "distributor" => "s.distributor_id",
        "group" => "COALESCE(t.parent_id, s.terminal_id)",
        "line" => "COALESCE(p.business_line, '')",
        "region" => "COALESCE(t.province, '')",
        "rep" => "s.credited_id",
        "month" => "s.month",
        _ => "s.terminal_id",
    }
}

/// The coarsest sums that a report can be made of.
fn source(filter: &ReportFilter) -> &'static str {
    let by_terminal = matches!(filter.by.as_str(), "terminal" | "group" | "region")
        || !filter.province.is_empty();
    let by_goods = matches!(filter.by.as_str(), "product" | "line" | "distributor")
        || !filter.product.is_empty()
        || !filter.distributor.is_empty();
    match (by_terminal, by_goods) {
        (true, true) => "flow_sum",
        (true, false) => "flow_terminal_sum",
        (false, _) => "flow_product_sum",
    }
}

/// Appends `FROM … WHERE`: the actor's scope and the filter, without the months.
fn push_from(actor: &Actor, filter: &ReportFilter, query: &mut Query) {
    query.push(&format!(" FROM {} s", source(filter)));
    if matches!(filter.by.as_str(), "region" | "group") || !filter.province.is_empty() {
        query.push(" LEFT JOIN terminal t ON t.id = s.terminal_id");
    }
    if filter.by == "line" {
        query.push(" LEFT JOIN product p ON p.id = s.product_id");
    }
    query.push(" WHERE ");
    actor.scope(query, "s.credited_id");
    for (column, value) in [
        ("s.product_id", &filter.product),
        ("s.distributor_id", &filter.distributor),
        ("t.province", &filter.province),
    ] {
        if !value.is_empty() {
            query.push_with(&format!(" AND {column} = ?"), [value]);
        }
    }
}

/// All groups of a report.
async fn groups(db: &Db, actor: &Actor, filter: &ReportFilter) -> DbResult<Vec<Group>> {
    let n = months(filter).len() as i64;
    let (before_from, before_to) = (shift_month(&filter.from, -n), shift_month(&filter.from, -1));
    let (year_from, year_to) = (shift_month(&filter.from, -12), shift_month(&filter.to, -12));
    // By month each row is compared with its own neighbours, which the months asked for do not hold.
    let by_month = filter.by == "month";
    let id = key(&filter.by);
    let mut query = q(format!("SELECT {id} AS id"));
    let now = format!(
        "s.month BETWEEN {} AND {}",
        query.arg(&filter.from),
        query.arg(&filter.to)
    );
    let before = format!(
        "s.month BETWEEN {} AND {}",
        query.arg(&before_from),
        query.arg(&before_to)
    );
    let year = format!(
        "s.month BETWEEN {} AND {}",
        query.arg(&year_from),
        query.arg(&year_to)
    );
    for (when, column, name) in [
        (&now, "quantity", "quantity"),
        (&now, "fen", "fen"),
        (&now, "line_count", "lines"),
        (&before, "quantity", "before"),
        (&before, "line_count", "before_lines"),
        (&year, "quantity", "year_ago"),
    ] {
        query.push(&format!(
            ", CAST(SUM(CASE WHEN {when} THEN s.{column} ELSE 0 END) AS BIGINT) AS {name}"
        ));
    }
    push_from(actor, filter, &mut query);
    if by_month {
        query.push(&format!(" AND {now}"));
    } else {
        query.push(&format!(" AND ({now} OR {before} OR {year})"));
    }
    query.push(&format!(" GROUP BY {id}"));
    let mut found: Vec<Group> = query.all(db).await?;
    if by_month {
        compare_months(db, actor, filter, &mut found).await?;
    }
    Ok(found)
}

/// Gives each month the quantities of the month before it and of a year ago.
async fn compare_months(
    db: &Db,
    actor: &Actor,
    filter: &ReportFilter,
    found: &mut [Group],
) -> DbResult<()> {
    let mut query = q("SELECT s.month, CAST(SUM(s.quantity) AS BIGINT)");
    push_from(actor, filter, &mut query);
    query.push_with(
        " AND s.month BETWEEN ? AND ? GROUP BY s.month",
        [&shift_month(&filter.from, -12), &filter.to],
    );
    let all: HashMap<String, i64> = query.all::<(String, i64)>(db).await?.into_iter().collect();
    for group in found {
        let of = |by: i64| all.get(&shift_month(&group.id, by)).copied().unwrap_or(0);
        (group.before, group.year_ago) = (of(-1), of(-12));
    }
    Ok(())
}

/// Names of groups.
async fn names(db: &Db, by: &str, ids: &[String]) -> DbResult<HashMap<String, String>> {
    let sql = match by {
        "product" => "SELECT x.id, x.name || ' ' || x.specification FROM product x WHERE ",
        "distributor" => "SELECT x.id, x.name FROM flow_distributor x WHERE ",
        "rep" => "SELECT x.id, x.name FROM staff x WHERE ",
        "terminal" | "group" => "SELECT x.id, x.name FROM terminal x WHERE ",
        _ => return Ok(HashMap::new()),
    };
    let mut out = HashMap::new();
    for some in ids.chunks(400) {
        let mut query = q(sql);
        query.push_among("x.id", some);
        out.extend(query.all::<(String, String)>(db).await?);
    }
    Ok(out)
}

fn name_of(by: &str, id: &str, names: &HashMap<String, String>) -> String {
    if let Some(name) = names.get(id) {
        return name.clone();
    }
    match (by, id) {
        ("month" | "region", id) if !id.is_empty() => id.to_owned(),
        ("line", id) if !id.is_empty() => line_label(id),
        ("product" | "line", _) => tr!("flow.report.no_product"),
        ("rep", _) => tr!("flow.report.nobody"),
        ("region", _) => tr!("flow.report.no_region"),
        _ => tr!("flow.report.no_terminal"),
    }
}

fn row_of(group: &Group, rank: i64, name: String, months: Vec<i64>) -> ReportRow {
    ReportRow {
        rank,
        id: group.id.clone(),
        name,
        quantity: group.quantity,
        fen: group.fen,
        lines: group.lines,
        before: group.before,
        year_ago: group.year_ago,
        months,
    }
}

fn is_new(group: &Group) -> bool {
    group.lines > 0 && group.before_lines == 0
}

fn is_lost(group: &Group) -> bool {
    group.lines == 0 && group.before_lines > 0
}

/// The groups that a filter shows, in its order.
fn arranged(filter: &ReportFilter, groups: Vec<Group>) -> Vec<Group> {
    let mut rows: Vec<Group> = groups
        .into_iter()
        .filter(|group| match filter.only.as_str() {
            "new" => is_new(group),
            "lost" => is_lost(group),
            _ => group.lines > 0 || group.quantity != 0 || group.fen != 0,
        })
        .collect();
    let amount = |group: &Group| match (filter.only.as_str(), filter.sort.as_str()) {
        ("lost", _) => group.before,
        (_, "fen") => group.fen,
        _ => group.quantity,
    };
    if filter.by == "month" {
        rows.sort_by(|a, b| b.id.cmp(&a.id));
    } else {
        rows.sort_by(|a, b| amount(b).cmp(&amount(a)).then(a.id.cmp(&b.id)));
    }
    rows
}

/// Quantities of groups by month.
async fn pivot(
    db: &Db,
    actor: &Actor,
    filter: &ReportFilter,
    ids: &[String],
) -> DbResult<HashMap<(String, String), i64>> {
    let id = key(&filter.by);
    let mut out = HashMap::new();
    for some in ids.chunks(400) {
        let mut query = q(format!(
            "SELECT {id} AS id, s.month, CAST(SUM(s.quantity) AS BIGINT)"
        ));
        push_from(actor, filter, &mut query);
        query.push_with(
            " AND s.month BETWEEN ? AND ? AND ",
            [&filter.from, &filter.to],
        );
        query.push_among(id, some);
        query.push(&format!(" GROUP BY {id}, s.month"));
        let rows: Vec<(String, String, i64)> = query.all(db).await?;
        out.extend(rows.into_iter().map(|(id, month, n)| ((id, month), n)));
    }
    Ok(out)
}

/// Rows with their names and months.
async fn named(
    db: &Db,
    actor: &Actor,
    filter: &ReportFilter,
    groups: &[Group],
    first: i64,
) -> DbResult<Vec<ReportRow>> {
    let ids: Vec<String> = groups.iter().map(|group| group.id.clone()).collect();
    let names = names(db, &filter.by, &ids).await?;
    let months = months(filter);
    let cells = if months.len() > 1 && filter.by != "month" {
        pivot(db, actor, filter, &ids).await?
    } else {
        HashMap::new()
    };
    Ok((first..)
        .zip(groups)
        .map(|(rank, group)| {
            let own = if cells.is_empty() {
                Vec::new()
            } else {
                months
                    .iter()
                    .map(|month| {
                        let key = (group.id.clone(), month.clone());
                        cells.get(&key).copied().unwrap_or(0)
                    })
                    .collect()
            };
            row_of(group, rank, name_of(&filter.by, &group.id, &names), own)
        })
        .collect())
}

fn total(groups: &[Group]) -> ReportRow {
    let sum = |of: fn(&Group) -> i64| groups.iter().map(of).sum();
    ReportRow {
        rank: 0,
        id: String::new(),
        name: String::new(),
        quantity: sum(|g| g.quantity),
        fen: sum(|g| g.fen),
        lines: sum(|g| g.lines),
        before: sum(|g| g.before),
        year_ago: sum(|g| g.year_ago),
        months: Vec::new(),
    }
}

/// One page of a report.
pub async fn report(
    state: &AppState,
    actor: &Actor,
    filter: ReportFilter,
    page: i64,
) -> Result<FlowTable, AppError> {
    let db = &state.db;
    let filter = settled(state, filter).await?;
    let all = groups(db, actor, &filter).await?;
    let count = |fits: fn(&Group) -> bool| {
        let named = |g: &&Group| filter.by == "terminal" && !g.id.is_empty() && fits(g);
        all.iter().filter(named).count() as i64
    };
    let (new, lost) = (count(is_new), count(is_lost));
    let mut sums = total(&all);
    let rows = arranged(&filter, all);
    if !filter.only.is_empty() {
        sums = total(&rows);
    }
    let page = within(page, rows.len() as i64);
    let from = offset(page);
    let shown: Vec<Group> = rows
        .iter()
        .skip(usize::try_from(from).unwrap_or(0))
        .take(PAGE_SIZE as usize)
        .cloned()
        .collect();
    let provinces: Vec<(String,)> =
        q("SELECT DISTINCT province FROM terminal WHERE province <> '' ORDER BY province")
            .all(db)
            .await?;
    Ok(FlowTable {
        page: Page {
            rows: named(db, actor, &filter, &shown, from + 1).await?,
            total: rows.len() as i64,
            page,
        },
        months: months(&filter),
        total: sums,
        products: crate::product::store::choices(db).await?,
        distributors: distributors(db).await?,
        provinces: provinces.into_iter().map(|(p,)| p).collect(),
        new,
        lost,
        missing: missing(db, actor, &filter).await?,
        filter,
    })
}

/// Names of distributors with lines in the month before a report's last one and none in it, within scope: their files
/// may be missing.
async fn missing(db: &Db, actor: &Actor, filter: &ReportFilter) -> DbResult<Vec<String>> {
    let with_lines = |query: &mut Query, month: &str| {
        query.push_with(
            "SELECT s.distributor_id FROM flow_product_sum s WHERE s.month = ? AND ",
            [month],
        );
        actor.scope(query, "s.credited_id");
    };
    let mut query = q("SELECT d.name FROM flow_distributor d WHERE d.id IN (");
    with_lines(&mut query, &shift_month(&filter.to, -1));
    query.push(") AND d.id NOT IN (");
    with_lines(&mut query, &filter.to);
    query.push(") ORDER BY d.name COLLATE pinyin LIMIT 100");
    let names: Vec<(String,)> = query.all(db).await?;
    Ok(names.into_iter().map(|(name,)| name).collect())
}

/// Ids and names of distributors.
pub async fn distributors(db: &Db) -> DbResult<Vec<(String, String)>> {
    q("SELECT id, name FROM flow_distributor ORDER BY name COLLATE pinyin LIMIT 1000")
        .all(db)
        .await
}

/// The whole report as a workbook.
pub async fn file(
    state: &AppState,
    actor: &Actor,
    filter: ReportFilter,
) -> Result<Vec<u8>, AppError> {
    let filter = settled(state, filter).await?;
    let rows = arranged(&filter, groups(&state.db, actor, &filter).await?);
    let rows = named(&state.db, actor, &filter, &rows, 1).await?;
    let months = if rows.iter().any(|row| !row.months.is_empty()) {
        months(&filter)
    } else {
        Vec::new()
    };
    let mut heads = vec![
        tr!("flow.report.rank"),
        group_label(&filter.by),
        tr!("flow.report.quantity"),
        tr!("flow.report.amount"),
        tr!("flow.report.lines"),
        tr!("flow.report.before"),
        tr!("flow.report.growth"),
        tr!("flow.report.year_ago"),
        tr!("flow.report.year_growth"),
    ];
    heads.extend(months);
    let title = format!(
        "{} {} – {}",
        tr!("flow.report.title"),
        filter.from,
        filter.to
    );
    workbook(&title, &heads, &[(1, 36.0)], &rows, |sheet, at, row| {
        sheet.write_number(at, 0, row.rank as f64)?;
        sheet.write_string(at, 1, &row.name)?;
        sheet.write_number(at, 2, row.quantity as f64)?;
        sheet.write_number(at, 3, row.fen as f64 / 100.0)?;
        sheet.write_number(at, 4, row.lines as f64)?;
        sheet.write_number(at, 5, row.before as f64)?;
        if let Some(growth) = growth(row.quantity, row.before) {
            sheet.write_number(at, 6, growth)?;
        }
        sheet.write_number(at, 7, row.year_ago as f64)?;
        if let Some(growth) = growth(row.quantity, row.year_ago) {
            sheet.write_number(at, 8, growth)?;
        }
        for (column, n) in (9..).zip(&row.months) {
            sheet.write_number(at, column, *n as f64)?;
        }
        Ok(())
    })
    .map_err(internal)
}

/// Recounts the sums without changing them: table and how many of its rows differ.
pub async fn recount(state: &AppState) -> DbResult<Vec<(String, i64)>> {
    sums::recount(&state.db).await
}

/// Recounts all sums; how many rows differ. For operators.
pub async fn rebuild(state: &AppState) -> Result<u64, AppError> {
    let mut tx = state.db.begin().await?;
    let differ = sums::resum_all(&mut tx).await?;
    tx.commit().await?;
    Ok(differ)
}
