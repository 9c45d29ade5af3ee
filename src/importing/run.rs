//! The import itself, whoever asks for it.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::model::{ChangedRow, Existing, ImportReport, Kind, NewRow, SimilarRow};
use super::progress::Watch;
use super::table::{self, Table};
use crate::server::audit::{self, Event};
use crate::server::db::{Lock, Tx, internal};
use crate::server::guard::Actor;
use crate::server::{AppState, crypto};
use crate::shared::AppError;

/// How an import ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Only say what would happen.
    Preview,
    /// All rows or none.
    All,
    /// The rows that are valid.
    SkipInvalid,
}

/// What an import found out beyond its report.
#[derive(Debug, Default)]
pub struct Findings {
    pub report: ImportReport,
    /// The first records that change, field by field.
    pub changes: Vec<ChangedRow>,
    /// The first new ones.
    pub new_rows: Vec<NewRow>,
    /// How many new ones look like somebody on file, and the first of them.
    pub similar: i64,
    pub similar_rows: Vec<SimilarRow>,
    /// What the audit log is to be told of single rows.
    waiting: Vec<Told>,
}

/// An audit event that waits for the end of the import.
#[derive(Debug)]
pub(super) struct Told {
    action: String,
    object_kind: String,
    object_id: String,
    detail: Value,
    person: Option<String>,
}

impl From<Event<'_>> for Told {
    fn from(event: Event<'_>) -> Told {
        Told {
            action: event.action.into(),
            object_kind: event.object_kind.into(),
            object_id: event.object_id.into(),
            detail: event.detail,
            person: event.person.map(str::to_owned),
        }
    }
}

impl Findings {
    /// Keeps an audit event for the end: from the first that is written to the commit nobody else can act.
    pub fn tell(&mut self, event: Event<'_>) {
        self.waiting.push(event.into());
    }

    /// All audit events of an import, its own as the last; for [`record`]. `file` is the SHA-256 of what was imported.
    pub(super) fn told(&mut self, kind: Kind, file: &str) -> Vec<Told> {
        let report = &self.report;
        let detail = json!({
            "rows": report.rows, "created": report.created, "updated": report.updated,
            "unchanged": report.unchanged, "skipped": report.skipped, "invalid": report.invalid.len(),
        });
        let mut told = std::mem::take(&mut self.waiting);
        told.push(
            Event::new("import.apply", kind.code(), file)
                .detail(detail)
                .into(),
        );
        told
    }
}

/// Imports a file's bytes; what is on file is overwritten by what the file says.
pub async fn run(
    state: &AppState,
    actor: &Actor,
    kind: Kind,
    bytes: &[u8],
    mode: Mode,
) -> Result<ImportReport, AppError> {
    run_with(state, actor, kind, bytes, mode, Existing::Overwrite).await
}

/// Imports a file's bytes. With invalid rows under [`Mode::All`] nothing is applied and the report says why.
pub async fn run_with(
    state: &AppState,
    actor: &Actor,
    kind: Kind,
    bytes: &[u8],
    mode: Mode,
    existing: Existing,
) -> Result<ImportReport, AppError> {
    let hash = crypto::sha256_hex(bytes);
    let mut table = read(kind, bytes.to_vec()).await?;
    table.sha256.clone_from(&hash);
    run_table(state, actor, kind, &table, &hash, mode, existing).await
}

/// Imports a table that was read from a file with this SHA-256.
pub async fn run_table(
    state: &AppState,
    actor: &Actor,
    kind: Kind,
    table: &Table,
    hash: &str,
    mode: Mode,
    existing: Existing,
) -> Result<ImportReport, AppError> {
    let watch = Watch::nobody();
    if mode == Mode::Preview {
        return Ok(check(state, actor, kind, existing, table, &watch)
            .await?
            .report);
    }
    let skip_invalid = mode == Mode::SkipInvalid || kind.keeps_aside();
    let mut tx = state.db.begin().await?;
    let mut findings = apply(
        state,
        &mut tx,
        actor,
        kind,
        existing,
        table,
        skip_invalid,
        &watch,
    )
    .await?;
    if skip_invalid || findings.report.invalid.is_empty() {
        record(state, &mut tx, actor, findings.told(kind, hash)).await?;
        tx.commit().await?;
        findings.report.applied = true;
    }
    Ok(findings.report)
}

/// Reads a file of a kind away from the threads that answer requests; an error names the columns that are missing.
pub(super) async fn read(kind: Kind, bytes: Vec<u8>) -> Result<Table, AppError> {
    tokio::task::spawn_blocking(move || {
        if kind == Kind::Questions {
            return crate::question::formats::table(&bytes, None);
        }
        if kind == Kind::Flow {
            return crate::flow::import::table(table::read_rows(&bytes)?);
        }
        let mut table = Table::read(&bytes)?;
        if kind == Kind::Hcps {
            crate::hcp::import::require(&mut table)?;
        } else {
            let columns: Vec<&str> = kind
                .columns()
                .iter()
                .filter(|(_, required)| *required)
                .map(|(name, _)| *name)
                .collect();
            table.require(&columns)?;
        }
        Ok(table)
    })
    .await
    .map_err(internal)?
}

/// What an import would do. HCPs are compared without holding anything up; the other kinds, which are small, are
/// imported and taken back.
pub(super) async fn check(
    state: &AppState,
    actor: &Actor,
    kind: Kind,
    existing: Existing,
    table: &Table,
    watch: &Watch,
) -> Result<Findings, AppError> {
    if kind == Kind::Hcps {
        let findings = crate::hcp::import::check(state, table, existing, watch).await?;
        return Ok(finished(findings, table));
    }
    if kind == Kind::Flow {
        return Ok(finished(
            crate::flow::import::check(state, table, watch).await?,
            table,
        ));
    }
    let mut tx = state.db.begin().await?;
    apply(state, &mut tx, actor, kind, existing, table, true, watch).await
}

/// Imports within `tx`, which the caller commits or drops. Unless `skip_invalid`, nothing more is written from the
/// first invalid row on, and the report names them all.
pub(super) async fn apply(
    state: &AppState,
    tx: &mut Tx,
    actor: &Actor,
    kind: Kind,
    existing: Existing,
    table: &Table,
    skip_invalid: bool,
    watch: &Watch,
) -> Result<Findings, AppError> {
    tx.serialise(Lock::Import).await?;
    watch.step(&mut *tx, 0).await?;
    let findings = match kind {
        Kind::Hcps => {
            crate::hcp::import::apply(state, tx, actor, table, existing, skip_invalid, watch)
                .await?
        }
        Kind::People => crate::identity::people_import::import(state, tx, table).await?,
        Kind::Hospitals => Findings {
            report: crate::terminal::import::hospitals(tx, actor, table).await?,
            ..Findings::default()
        },
        Kind::Assignments => crate::terminal::import::assignments(state, tx, actor, table).await?,
        Kind::Checkins => crate::visit::import::import(state, tx, table).await?,
        Kind::Products => crate::product::import::import(tx, actor, table).await?,
        Kind::Flow => crate::flow::import::apply(state, tx, actor, table, watch).await?,
        Kind::Questions => {
            crate::question::import::import(tx, actor, table, existing, skip_invalid, watch).await?
        }
    };
    watch.step(tx, table.rows.len()).await?;
    Ok(finished(findings, table))
}

fn finished(mut findings: Findings, table: &Table) -> Findings {
    findings.report.rows = table.rows.len() as i64;
    findings.report.invalid.sort_by_key(|i| i.row);
    findings
}

/// Writes the audit events of an import, as the last thing before its transaction is committed.
pub(super) async fn record(
    state: &AppState,
    tx: &mut Tx,
    actor: &Actor,
    told: Vec<Told>,
) -> Result<(), AppError> {
    for one in told {
        let event = Event {
            action: &one.action,
            object_kind: &one.object_kind,
            object_id: &one.object_id,
            detail: one.detail,
            person: one.person.as_deref(),
        };
        audit::record(&state.keys, tx, actor, event).await?;
    }
    Ok(())
}

/// The articles of a folder: Markdown with front matter, images beside them.
pub async fn articles(
    state: &AppState,
    actor: &Actor,
    folder: &Path,
    mode: Mode,
) -> Result<ImportReport, AppError> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(internal)?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "md"))
        .collect();
    paths.sort();
    crate::content::import::import(state, actor, folder, &paths, mode).await
}
