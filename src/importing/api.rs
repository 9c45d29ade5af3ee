//! Server functions of imports.

use leptos::{server, server_fn};

use super::model::{JobRow, JobView, Progress};
use crate::shared::{AppResult, Page, Saved};

#[cfg(feature = "ssr")]
use {
    super::jobs,
    super::model::Existing,
    crate::server::{guard, state::state},
    crate::shared::{AppError, Permission},
};

/// Imports, the latest first: one's own, for administrators all.
#[server(prefix = "/api", endpoint = "import/list", input = server_fn::codec::GetUrl)]
pub async fn list_imports(#[server(default)] page: i64) -> AppResult<Page<JobRow>> {
    let actor = guard::require(Permission::OwnImports).await?;
    jobs::list(&state(), &actor, page.max(1)).await
}

/// One import with its report.
#[server(prefix = "/api", endpoint = "import/get", input = server_fn::codec::GetUrl)]
pub async fn get_import(id: String) -> AppResult<JobView> {
    let actor = guard::require(Permission::OwnImports).await?;
    jobs::view(&state(), &actor, &id).await
}

/// How far an import has come.
#[server(prefix = "/api", endpoint = "import/progress", input = server_fn::codec::GetUrl)]
pub async fn import_progress(id: String) -> AppResult<Progress> {
    let actor = guard::require(Permission::OwnImports).await?;
    jobs::progress(&state(), &actor, &id).await
}

/// Checks the file once more, perhaps in another mode.
#[server(prefix = "/api", endpoint = "import/check")]
pub async fn check_import(id: String, #[server(default)] mode: String) -> AppResult<Saved> {
    let actor = guard::require(Permission::OwnImports).await?;
    let existing =
        Existing::parse(&mode).ok_or_else(|| AppError::field("mode", "field.required"))?;
    jobs::recheck(&state(), &actor, &id, existing).await
}

/// Imports a checked file: all rows, or the valid ones.
#[server(prefix = "/api", endpoint = "import/apply")]
pub async fn apply_import(id: String, #[server(default)] skip_invalid: bool) -> AppResult<Saved> {
    let actor = guard::require(Permission::OwnImports).await?;
    jobs::apply(&state(), &actor, &id, skip_invalid).await
}

/// Stops an import.
#[server(prefix = "/api", endpoint = "import/cancel")]
pub async fn cancel_import(id: String) -> AppResult<Saved> {
    let actor = guard::require(Permission::OwnImports).await?;
    jobs::cancel(&state(), &actor, &id).await
}
