//! Server functions of the inbox.

use leptos::{server, server_fn};

use super::MessageRow;
use crate::shared::{AppResult, Page, Saved};

#[cfg(feature = "ssr")]
use {
    crate::server::{guard, state::state},
    crate::shared::Permission,
};

/// One's own messages, the latest first.
#[server(prefix = "/api", endpoint = "inbox/list", input = server_fn::codec::GetUrl)]
pub async fn list_messages(#[server(default)] page: i64) -> AppResult<Page<MessageRow>> {
    let actor = guard::require(Permission::Workbench).await?;
    Ok(super::list(&state(), &actor, page.max(1)).await?)
}

/// Notes that a message was read and goes where it leads; without an id all are read.
#[server(prefix = "/api", endpoint = "inbox/read")]
pub async fn read_message(
    #[server(default)] id: String,
    #[server(default)] path: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::Workbench).await?;
    super::mark(&state().db, &actor, &id).await?;
    Ok(if path.is_empty() {
        Saved::stay("notice.all_read")
    } else {
        Saved::go("", crate::server::web::own_path(&path))
    })
}
