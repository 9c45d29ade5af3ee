//! Importing a distributor's file: each row falls into the first class that fits (domain, Flow), the same for a check,
//! which only reads, and for the import.

mod classify;
mod reference;
mod row;
mod write;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::columns::{self, Columns};
use super::model::FlowReport;
use super::{lines, sums};
use crate::importing::table::{REASON_COLUMN, Table, read_rows};
use crate::importing::{self, Existing, Findings, Kind, Mode, Watch};
use crate::server::db::{Db, Exec, Tx, internal, q};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto, files, time};
use crate::shared::{AppError, FieldError};
use classify::{Plan, classify};
use reference::Reference;
use write::{aside, decided_meanwhile, due, write};

pub use reference::KeptMatcher;
pub use write::Values;

/// Rows that are looked up and written together.
const CHUNK: usize = 1_000;

/// Units and fen of a line at most: more is a column read wrongly.
pub const MOST_QUANTITY: i64 = 100_000_000;

/// Finds the header of a file and leaves out lines that only add up.
pub fn table(rows: Vec<(i64, Vec<String>)>) -> Result<Table, AppError> {
    let at = columns::header_at(&rows);
    let mut rows = rows.into_iter().skip(at);
    let Some((_, header)) = rows.next() else {
        return Err(AppError::field("", "import.no_rows"));
    };
    // Of a workbook of refused rows the reason and the row's number in its file are none of the line's.
    let width = header
        .iter()
        .position(|name| name == REASON_COLUMN)
        .unwrap_or(header.len());
    let header = &header[..width];
    let rows = rows.map(|(row, mut cells)| {
        cells.truncate(width);
        (row, cells)
    });
    let rows = rows.filter(|(_, cells)| {
        let first = cells
            .iter()
            .map(|cell| cell.trim())
            .find(|cell| !cell.is_empty());
        !first.is_some_and(|cell| ["合计", "小计", "总计", "总合计", "合计："].contains(&cell))
    });
    Ok(Table {
        header: header
            .iter()
            .map(|h| crate::identity::rules::clean(h))
            .collect(),
        rows: rows.collect(),
        ..Table::default()
    })
}

/// The columns of a header: what a person named before, else what the names suggest; and a distributor that stands for
/// all rows.
async fn resolve(db: Exec<'_>, header: &[String]) -> Result<(Columns, String), AppError> {
    let mut found = columns::suggested(header);
    let named: Option<(String,)> = q("SELECT columns FROM flow_mapping WHERE header = $1")
        .bind(columns::key(header))
        .optional(db)
        .await?;
    let mut distributor = String::new();
    if let Some((json,)) = named {
        let named: BTreeMap<String, String> = serde_json::from_str(&json).map_err(internal)?;
        for (field, _, _, _) in columns::FIELDS {
            let Some(name) = named.get(*field) else {
                continue;
            };
            if name.is_empty() {
                // A person said that there is none.
                found.remove(field);
            } else if let Some(fixed) = name.strip_prefix('=') {
                fixed.clone_into(&mut distributor);
            } else if let Some(at) = header.iter().position(|h| h == name) {
                found.insert(field, at);
            }
        }
    }
    Ok((found, distributor))
}

/// Fields without which nothing can be read and for which nothing was found.
fn missing(found: &Columns, distributor: &str) -> Vec<String> {
    // A code does in place of a name.
    let stands_in = |field: &str| match field {
        "distributor" => !distributor.is_empty(),
        "product" => found.contains_key("product_code"),
        "terminal" => found.contains_key("terminal_code"),
        _ => false,
    };
    columns::FIELDS
        .iter()
        .filter(|(field, _, needed, _)| *needed && !found.contains_key(field) && !stands_in(field))
        .map(|(_, name, _, _)| (*name).to_owned())
        .collect()
}

/// What the plan says, in the shape that all imports have.
fn finished(mut plan: Plan, table: &Table, columns: &Columns) -> Findings {
    let report = &mut plan.report;
    report.rows = table.rows.len() as i64;
    report.products = plan.totals.into_values().collect();
    report.distributors = plan.distributors.into_iter().collect();
    report.header.clone_from(&table.header);
    report.columns = columns::FIELDS
        .iter()
        .filter_map(|(field, _, _, _)| {
            Some((
                (*field).to_owned(),
                table.header.get(*columns.get(field)?)?.clone(),
            ))
        })
        .collect();
    report.invalid.sort_by_key(|i| i.row);
    let mut findings = Findings::default();
    findings.report.created = report.matched + report.suggested + report.unknown;
    findings.report.unchanged = report.repeat;
    findings.report.skipped = report.conflict;
    findings.report.invalid.clone_from(&report.invalid);
    findings.report.flow = Some(plan.report);
    findings
}

fn rows_of(table: &Table) -> Vec<(i64, &[String])> {
    table
        .rows
        .iter()
        .map(|(number, cells)| (*number, cells.as_slice()))
        .collect()
}

/// Imports a file, keeping its original, or says what an import would do.
pub async fn from_file(
    state: &AppState,
    actor: &Actor,
    name: &str,
    bytes: Vec<u8>,
    mode: Mode,
) -> Result<FlowReport, AppError> {
    let hash = if mode == Mode::Preview {
        crypto::sha256_hex(&bytes)
    } else {
        files::put_sealed(state, &bytes).await?
    };
    let mut table = tokio::task::spawn_blocking(move || table(read_rows(&bytes)?))
        .await
        .map_err(internal)??;
    name.clone_into(&mut table.file_name);
    table.sha256.clone_from(&hash);
    let kind = Kind::Flow;
    let report =
        importing::run_table(state, actor, kind, &table, &hash, mode, Existing::Overwrite).await?;
    let flow = report.flow.ok_or(AppError::NotFound)?;
    if flow.missing.is_empty() {
        Ok(flow)
    } else {
        Err(columns_missing(&flow.missing))
    }
}

fn columns_missing(missing: &[String]) -> AppError {
    AppError::Invalid(vec![FieldError {
        field: String::new(),
        key: "flow.columns_missing".into(),
        args: vec![("columns".into(), missing.join(&tr!("ui.comma")))],
    }])
}

/// What an import would do. Reads only.
pub async fn check(state: &AppState, table: &Table, watch: &Watch) -> Result<Findings, AppError> {
    let db: &Db = &state.db;
    let (columns, fixed) = resolve(Exec::Db(db), &table.header).await?;
    let mut plan = Plan::default();
    let missing = missing(&columns, &fixed);
    if !missing.is_empty() {
        plan.report.missing = missing;
        plan.report.fixed = fixed;
        return Ok(finished(plan, table, &columns));
    }
    let mut on = Exec::Db(db);
    let mut reference = Reference::load(state, &mut on).await?;
    let mut done = 0;
    for rows in rows_of(table).chunks(CHUNK) {
        watch.step(db, done).await?;
        done += rows.len();
        classify(&mut on, &mut reference, &columns, &fixed, rows, &mut plan).await?;
    }
    plan.report.fixed = fixed;
    Ok(finished(plan, table, &columns))
}

/// Imports within `tx`: all rows that are not invalid; those are kept aside with their reasons, and so are rows that
/// differ from a known line.
pub async fn apply(
    state: &AppState,
    tx: &mut Tx,
    actor: &Actor,
    table: &Table,
    watch: &Watch,
) -> Result<Findings, AppError> {
    let (columns, fixed) = resolve(Exec::Tx(tx), &table.header).await?;
    let missing = missing(&columns, &fixed);
    if !missing.is_empty() {
        return Err(columns_missing(&missing));
    }
    let mut reference = Reference::load(state, &mut Exec::Tx(tx)).await?;
    let file_id = crypto::new_id();
    q("INSERT INTO flow_file (id, sha256, name, row_count, line_count, repeat_count, conflict_count, invalid_count, \
       staff_id, staff_name, at) VALUES ($1, $2, $3, $4, 0, 0, 0, 0, $5, $6, $7)")
        .bind(&file_id)
        .bind(&table.sha256)
        .bind(&table.file_name)
        .bind(table.rows.len() as i64)
        .bind(&actor.id)
        .bind(&actor.name)
        .bind(time::now())
        .exec(&mut *tx)
        .await?;
    let mut plan = Plan::default();
    let mut distributors: HashMap<String, String> = HashMap::new();
    let mut months: BTreeSet<String> = BTreeSet::new();
    let mut done = 0;
    for rows in rows_of(table).chunks(CHUNK) {
        watch.step(&mut *tx, done).await?;
        done += rows.len();
        let before = plan.report.invalid.len();
        let found = classify(
            &mut Exec::Tx(tx),
            &mut reference,
            &columns,
            &fixed,
            rows,
            &mut plan,
        )
        .await?;
        let refused = &plan.report.invalid[before..];
        aside(tx, &file_id, table, rows, refused, &found).await?;
        write(tx, &file_id, found, &mut distributors, &mut months).await?;
    }
    // Last, so that others wait for a moment only: the months as they stand now must be those that were reckoned with.
    let held = lines::hold(tx, months.iter().cloned()).await?;
    if months.iter().any(|month| held.is_closed(month)) {
        return Err(AppError::Conflict("flow.month_closed_meanwhile".into()));
    }
    decided_meanwhile(tx, &file_id).await?;
    due(tx, &file_id).await?;
    sums::resum_where(tx, "f.file_id = $1", &file_id).await?;
    let report = &plan.report;
    q("UPDATE flow_file SET line_count = $1, repeat_count = $2, conflict_count = $3, invalid_count = $4 WHERE id = $5")
        .bind(report.matched + report.suggested + report.unknown)
        .bind(report.repeat)
        .bind(report.conflict)
        .bind(report.invalid.len() as i64)
        .bind(&file_id)
        .exec(&mut *tx)
        .await?;
    Ok(finished(plan, table, &columns))
}
