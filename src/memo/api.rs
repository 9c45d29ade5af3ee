//! Server functions of messages of the business.

use leptos::{server, server_fn};

use super::model::{Memo, MemoRow};
use crate::shared::{AppResult, Page, Saved};

#[cfg(feature = "ssr")]
use {
    super::store::{self, NewMemo},
    crate::server::{guard, state::state},
    crate::shared::Permission,
};

/// Messages to oneself, or with `sent` one's own, the latest first.
#[server(prefix = "/api", endpoint = "memos/list", input = server_fn::codec::GetUrl)]
pub async fn list_memos(
    #[server(default)] sent: bool,
    #[server(default)] page: i64,
) -> AppResult<Page<MemoRow>> {
    let actor = guard::require(Permission::Workbench).await?;
    store::list(&state(), &actor, sent, page.max(1)).await
}

/// One message that one wrote or received.
#[server(prefix = "/api", endpoint = "memos/get", input = server_fn::codec::GetUrl)]
pub async fn get_memo(id: String, #[server(default)] page: i64) -> AppResult<Memo> {
    let actor = guard::require(Permission::Workbench).await?;
    store::get(&state(), &actor, &id, page.max(1)).await
}

/// The units that one may write to: id and name, indented by depth.
#[server(prefix = "/api", endpoint = "memos/units", input = server_fn::codec::GetUrl)]
pub async fn memo_units() -> AppResult<Vec<(String, String)>> {
    let actor = guard::require(Permission::SendMemos).await?;
    Ok(store::units(&state().db, &actor).await?)
}

/// Sends a message to a unit with all below it, to people (a name or number a line), or to both.
#[server(prefix = "/api", endpoint = "memos/send")]
pub async fn send_memo(
    #[server(default)] form_key: String,
    #[server(default)] title: String,
    #[server(default)] body: String,
    #[server(default)] unit: String,
    #[server(default)] people: String,
    #[server(default)] due: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::SendMemos).await?;
    let new = NewMemo {
        title,
        body,
        unit,
        people,
        due,
    };
    store::send(&state(), &actor, &form_key, new).await
}

/// Notes that one read a message.
#[server(prefix = "/api", endpoint = "memos/read")]
pub async fn read_memo(id: String) -> AppResult<Saved> {
    let actor = guard::require(Permission::Workbench).await?;
    store::mark_read(&state(), &actor, &id).await
}

/// Replies to a message that one wrote or received.
#[server(prefix = "/api", endpoint = "memos/reply")]
pub async fn reply_memo(
    #[server(default)] form_key: String,
    id: String,
    #[server(default)] body: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::Workbench).await?;
    store::reply(&state(), &actor, &form_key, &id, &body).await
}
