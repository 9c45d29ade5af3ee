//! Importing spreadsheets, by page and by command.
//!
//! A preview is the import itself in a transaction that is rolled back, so that it cannot promise what the import
//! does not keep. All rows go in or none, unless invalid ones are skipped on purpose.

pub mod table;

use axum::Router;
use axum::extract::{Multipart, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::server::audit::{self, Event};
use crate::server::db::{Lock, internal};
use crate::server::guard::Actor;
use crate::server::web::{Visit, see_other};
use crate::server::{AppState, crypto, files};
use crate::shared::{AppError, Permission};
use crate::workbench::model::ImportReport;
use table::Table;

/// What can be imported from a spreadsheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    People,
    Hospitals,
    Assignments,
    Hcps,
}

impl Kind {
    /// All kinds, in the order in which a company starts.
    pub const ALL: [Kind; 4] = [Kind::People, Kind::Hospitals, Kind::Assignments, Kind::Hcps];

    /// The name in commands and addresses.
    pub fn code(self) -> &'static str {
        match self {
            Kind::People => "people",
            Kind::Hospitals => "hospitals",
            Kind::Assignments => "assignments",
            Kind::Hcps => "hcps",
        }
    }

    /// The kind of a name.
    pub fn parse(code: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|k| k.code() == code)
    }

    /// Columns that must be there.
    pub fn columns(self) -> &'static [&'static str] {
        match self {
            Kind::People => &["姓名", "手机号", "角色", "部门"],
            Kind::Hospitals => &["终端编码", "终端名称"],
            Kind::Assignments => &["终端编码", "负责人手机号"],
            Kind::Hcps => &["姓名", "手机号", "医院"],
        }
    }
}

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

/// Imports a file's bytes. With invalid rows under [`Mode::All`] nothing is applied and the report says why.
pub async fn run(
    state: &AppState,
    actor: &Actor,
    kind: Kind,
    bytes: &[u8],
    mode: Mode,
) -> Result<ImportReport, AppError> {
    let table = Table::read(bytes)?;
    table.require(kind.columns())?;
    let mut tx = state.db.begin().await?;
    tx.serialise(Lock::Import).await?;
    let mut report = match kind {
        Kind::People => {
            crate::identity::people_import::import(state, &mut tx, actor, &table).await?
        }
        Kind::Hospitals => crate::terminal::import::hospitals(&mut tx, &table).await?,
        Kind::Assignments => {
            crate::terminal::import::assignments(state, &mut tx, actor, &table).await?
        }
        Kind::Hcps => crate::hcp::import::import(state, &mut tx, actor, &table).await?,
    };
    report.rows = table.rows.len() as i64;
    report.invalid.sort_by_key(|i| i.row);
    let apply = match mode {
        Mode::Preview => false,
        Mode::All => report.invalid.is_empty(),
        Mode::SkipInvalid => true,
    };
    if apply {
        let hash = crypto::sha256_hex(bytes);
        let event = Event::new("import.apply", kind.code(), &hash).detail(json!({
            "rows": report.rows, "created": report.created, "updated": report.updated,
            "unchanged": report.unchanged, "invalid": report.invalid.len(),
        }));
        audit::record(&state.keys, &mut tx, actor, event).await?;
        tx.commit().await?;
    }
    report.applied = apply;
    Ok(report)
}

/// The upload of a spreadsheet; the preview is a page of its own.
pub fn routes() -> Router<AppState> {
    Router::new().route("/import/upload", post(upload))
}

async fn upload(State(state): State<AppState>, visit: Visit, mut form: Multipart) -> Response {
    let Some(actor) = &visit.actor else {
        return visit.error(&AppError::Unauthenticated);
    };
    if let Err(error) = actor.check(Permission::Import) {
        return visit.error(&error);
    }
    let (mut kind, mut bytes) = (String::new(), Vec::new());
    loop {
        match form.next_field().await {
            Ok(Some(field)) if field.name() == Some("kind") => {
                kind = field.text().await.unwrap_or_default()
            }
            Ok(Some(field)) if field.name() == Some("file") => match field.bytes().await {
                Ok(read) => bytes = read.to_vec(),
                Err(error) => return error.into_response(),
            },
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(error) => return error.into_response(),
        }
    }
    let kind = Kind::parse(&kind).map_or("hcps", Kind::code);
    if bytes.is_empty() {
        return see_other(&format!("/import?kind={kind}&fault=empty"));
    }
    match files::put(&state, bytes).await {
        Ok(id) => see_other(&format!("/import?kind={kind}&file={id}")),
        Err(error) => visit.error(&error),
    }
}

/// The articles of a folder: Markdown with front matter, images beside them.
pub async fn articles(
    state: &AppState,
    actor: &Actor,
    folder: &std::path::Path,
    mode: Mode,
) -> Result<ImportReport, AppError> {
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .map_err(internal)?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "md"))
        .collect();
    paths.sort();
    crate::content::import::import(state, actor, folder, &paths, mode).await
}
