//! Server functions of the first page and of imports.

use leptos::{server, server_fn};

use super::model::{Desk, ImportReport};
use crate::shared::{AppResult, Saved};

#[cfg(feature = "ssr")]
use {
    super::store,
    crate::importing::{self, Kind, Mode},
    crate::server::{files, guard, state::state},
    crate::shared::{AppError, Permission},
};

/// What the first page shows.
#[server(prefix = "/api", endpoint = "workbench/desk", input = server_fn::codec::GetUrl)]
pub async fn my_desk() -> AppResult<Desk> {
    let actor = guard::require(Permission::Workbench).await?;
    store::desk(&state(), &actor).await
}

/// What importing an uploaded file would do.
#[server(prefix = "/api", endpoint = "import/preview", input = server_fn::codec::GetUrl)]
pub async fn preview_import(kind: String, file: String) -> AppResult<ImportReport> {
    let actor = guard::require(Permission::Import).await?;
    let state = state();
    let kind = Kind::parse(&kind).ok_or(AppError::NotFound)?;
    let bytes = files::get(&state, &file).await?;
    importing::run(&state, &actor, kind, &bytes, Mode::Preview).await
}

/// Imports an uploaded file: all rows, or the valid ones.
#[server(prefix = "/api", endpoint = "import/apply")]
pub async fn apply_import(
    kind: String,
    file: String,
    #[server(default)] skip_invalid: bool,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::Import).await?;
    let state = state();
    let known = Kind::parse(&kind).ok_or(AppError::NotFound)?;
    let bytes = files::get(&state, &file).await?;
    let mode = if skip_invalid {
        Mode::SkipInvalid
    } else {
        Mode::All
    };
    let report = importing::run(&state, &actor, known, &bytes, mode).await?;
    if !report.applied {
        return Err(AppError::Conflict("import.has_invalid".into()));
    }
    Ok(Saved::go(
        "notice.imported",
        format!("/import?kind={kind}&file={file}"),
    ))
}
