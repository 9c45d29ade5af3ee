//! Server functions of to-dos. Everybody has their own and nobody else's.

use leptos::{server, server_fn};

use super::model::TaskRow;
use crate::shared::{AppResult, Page, Saved};

#[cfg(feature = "ssr")]
use {
    super::store::{self, NewTask},
    crate::server::{guard, state::state},
    crate::shared::Permission,
};

/// One's own to-dos: those that are open by their day, or with `done` the finished ones, the latest first.
#[server(prefix = "/api", endpoint = "tasks/list", input = server_fn::codec::GetUrl)]
pub async fn list_tasks(
    #[server(default)] done: bool,
    #[server(default)] page: i64,
) -> AppResult<Page<TaskRow>> {
    let actor = guard::require(Permission::Workbench).await?;
    store::list(&state(), &actor, done, page.max(1)).await
}

/// Adds a to-do, or with `id` changes one of one's own.
#[server(prefix = "/api", endpoint = "tasks/save")]
pub async fn save_task(
    #[server(default)] form_key: String,
    #[server(default)] id: String,
    #[server(default)] title: String,
    #[server(default)] note: String,
    #[server(default)] day: String,
    #[server(default)] starts: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::Workbench).await?;
    let new = NewTask {
        title,
        note,
        day,
        starts,
    };
    store::save(&state(), &actor, &form_key, &id, new).await
}

/// Notes that a to-do is done, or with `undo` that it is not after all.
#[server(prefix = "/api", endpoint = "tasks/finish")]
pub async fn finish_task(id: String, #[server(default)] undo: bool) -> AppResult<Saved> {
    let actor = guard::require(Permission::Workbench).await?;
    store::finish(&state(), &actor, &id, undo).await
}

/// Deletes one of one's own to-dos.
#[server(prefix = "/api", endpoint = "tasks/delete")]
pub async fn delete_task(id: String) -> AppResult<Saved> {
    let actor = guard::require(Permission::Workbench).await?;
    store::delete(&state(), &actor, &id).await
}
