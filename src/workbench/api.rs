//! The server function of the first page.

use leptos::{server, server_fn};

use super::model::Desk;
use crate::shared::AppResult;

#[cfg(feature = "ssr")]
use {
    super::store,
    crate::server::{guard, state::state},
    crate::shared::Permission,
};

/// What the first page shows.
#[server(prefix = "/api", endpoint = "workbench/desk", input = server_fn::codec::GetUrl)]
pub async fn my_desk() -> AppResult<Desk> {
    let actor = guard::require(Permission::Workbench).await?;
    store::desk(&state(), &actor).await
}
