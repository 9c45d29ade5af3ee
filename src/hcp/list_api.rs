//! Server functions of the list of HCPs, of the selection and of what is done to many at once.

use leptos::{server, server_fn};

use super::list_model::{Choices, Filter, HcpList, Selection};
use crate::shared::{AppResult, Saved};

#[cfg(feature = "ssr")]
use {
    super::{bulk, list, selection},
    crate::server::{guard, state::state},
    crate::shared::{AppError, Permission},
};

/// HCPs within scope.
#[server(prefix = "/api", endpoint = "hcps/list", input = server_fn::codec::GetUrl)]
pub async fn list_hcps(
    #[server(flatten)] filter: Filter,
    #[server(default)] page: i64,
) -> AppResult<HcpList> {
    let actor = guard::require(Permission::ReadHcps).await?;
    let state = state();
    let filter = list::resolved(&state, filter);
    let mut found = list::list(&state.db, &actor, &filter, page.max(1)).await?;
    list::dated(&state.zone, &mut found.page.rows);
    Ok(found)
}

/// What the fields of the filter offer.
#[server(prefix = "/api", endpoint = "hcps/choices", input = server_fn::codec::GetUrl)]
pub async fn list_choices() -> AppResult<Choices> {
    let actor = guard::require(Permission::ReadHcps).await?;
    Ok(list::choices(&state().db, &actor).await?)
}

/// Picks, among the HCPs that a page showed, exactly those named.
#[server(prefix = "/api", endpoint = "hcps/pick")]
pub async fn pick_hcps(
    #[server(default)] shown: Vec<String>,
    #[server(default)] picked: Vec<String>,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::ReadHcps).await?;
    selection::set(&state(), &actor, &shown, &picked).await
}

/// Picks all that a filter finds.
#[server(prefix = "/api", endpoint = "hcps/pick_all")]
pub async fn pick_all(#[server(flatten)] filter: Filter) -> AppResult<Saved> {
    let actor = guard::require(Permission::ReadHcps).await?;
    let state = state();
    let filter = list::resolved(&state, filter);
    selection::add_all(&state, &actor, &filter).await
}

/// Picks nobody any more.
#[server(prefix = "/api", endpoint = "hcps/unpick_all")]
pub async fn unpick_all() -> AppResult<Saved> {
    let actor = guard::require(Permission::ReadHcps).await?;
    selection::clear(&state(), &actor).await
}

/// The HCPs that are picked.
#[server(prefix = "/api", endpoint = "hcps/selection", input = server_fn::codec::GetUrl)]
pub async fn list_selection(#[server(default)] page: i64) -> AppResult<Selection> {
    let actor = guard::require(Permission::ReadHcps).await?;
    let state = state();
    let mut found = selection::page(&state.db, &actor, page.max(1)).await?;
    list::dated(&state.zone, &mut found.page.rows);
    Ok(found)
}

/// Adds a tag to the picked HCPs, or takes it from them; `act` is `add` or `remove`.
#[server(prefix = "/api", endpoint = "hcps/tag_selection")]
pub async fn tag_selection(
    #[server(default)] tag: String,
    #[server(default)] act: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::WriteHcps).await?;
    match act.as_str() {
        "add" => bulk::tag(&state(), &actor, &tag, true).await,
        "remove" => bulk::tag(&state(), &actor, &tag, false).await,
        _ => Err(AppError::field("act", "field.required")),
    }
}

/// Makes personal codes for the picked HCPs.
#[server(prefix = "/api", endpoint = "hcps/invite_selection")]
pub async fn invite_selection() -> AppResult<Saved> {
    let actor = guard::require(Permission::InviteHcps).await?;
    bulk::invite(&state(), &actor).await
}
