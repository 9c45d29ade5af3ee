//! Importing HCPs, again and again: new ones go in, those on file are filled up, overwritten or left alone.
//!
//! An HCP is known by the company's code where a row has one, else by phone. What happens to a row is decided a
//! thousand rows at a time ([`plan`]), by the same code for a check, which writes nothing, and for the import.

mod plan;
mod reference;
mod row;
mod similar;
mod write;

use plan::{Planner, Verdict};

use crate::importing::table::Table;
use crate::importing::{Existing, Findings, Watch};
use crate::server::AppState;
use crate::server::db::{Exec, Tx};
use crate::server::guard::Actor;
use crate::shared::AppError;

/// Rows that are looked up and written together.
const CHUNK: usize = 1000;

/// Gives the columns their own names; an error names those that are missing. A file with codes may hold what changes
/// and nothing else.
pub fn require(table: &mut Table) -> Result<(), AppError> {
    table.rename(row::NAMES);
    if table.has("客户编码") {
        return Ok(());
    }
    if table.has("医院编码") {
        return table.require(&["姓名", "手机号"]);
    }
    table.require(&["姓名", "手机号", "医院"])
}

/// What an import would do. Reads only, so that nobody waits for it.
pub async fn check(
    state: &AppState,
    table: &Table,
    existing: Existing,
    watch: &Watch,
) -> Result<Findings, AppError> {
    let mut findings = Findings::default();
    let mut planner = Planner::load(state, Exec::Db(&state.db), table, existing).await?;
    let mut done = 0;
    for rows in table.chunks(CHUNK) {
        watch.step(&state.db, done).await?;
        done += rows.len();
        let verdicts = planner
            .plan(&mut Exec::Db(&state.db), &rows, &mut findings)
            .await?;
        similar::note(state, &verdicts, &mut findings).await?;
    }
    Ok(findings)
}

/// Imports within `tx`. Unless `skip_invalid`, nothing more is written from the first chunk with an invalid row on:
/// the caller will roll back and wants to know all of them.
pub async fn apply(
    state: &AppState,
    tx: &mut Tx,
    actor: &Actor,
    table: &Table,
    existing: Existing,
    skip_invalid: bool,
    watch: &Watch,
) -> Result<Findings, AppError> {
    let mut findings = Findings::default();
    let mut planner = Planner::load(state, Exec::Tx(&mut *tx), table, existing).await?;
    let mut done = 0;
    for rows in table.chunks(CHUNK) {
        watch.step(&mut *tx, done).await?;
        done += rows.len();
        let verdicts: Vec<Verdict> = planner
            .plan(&mut Exec::Tx(&mut *tx), &rows, &mut findings)
            .await?;
        if skip_invalid || findings.report.invalid.is_empty() {
            write::chunk(state, tx, actor, verdicts).await?;
        }
    }
    Ok(findings)
}
