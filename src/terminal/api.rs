//! Server functions of terminals.

use leptos::{server, server_fn};

use super::model::TerminalPage;
use crate::shared::{AppResult, Saved};

#[cfg(feature = "ssr")]
use {
    super::store,
    crate::server::{guard, state::state, time},
    crate::shared::{AppError, Permission},
};

/// Terminals with who looks after them.
#[server(prefix = "/api", endpoint = "terminals/list", input = server_fn::codec::GetUrl)]
pub async fn list_terminals(
    #[server(default)] text: String,
    #[server(default)] province: String,
    #[server(default)] assigned: String,
    #[server(default)] page: i64,
) -> AppResult<TerminalPage> {
    let actor = guard::require(Permission::ReadTerminals).await?;
    let filter = store::Filter {
        text,
        province,
        assigned,
    };
    Ok(store::list(&state().db, &actor, &filter, page.max(1)).await?)
}

/// Gives a terminal to a person.
#[server(prefix = "/api", endpoint = "terminals/assign")]
pub async fn assign_terminal(
    terminal_id: String,
    #[server(default)] staff: String,
    #[server(default)] from: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::ManageOrg).await?;
    if !time::is_day(&from) {
        return Err(AppError::field("from", "field.day"));
    }
    store::assign_one(&state(), &actor, &terminal_id, staff.trim(), &from).await
}
