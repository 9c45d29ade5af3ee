//! Server functions of duplicates and merges.

use std::collections::HashMap;

use leptos::{server, server_fn};

use super::model::{MergeRow, PairList, PairView};
use crate::shared::{AppResult, Page, Saved};

#[cfg(feature = "ssr")]
use {
    super::merge::Choice,
    super::{finder, merge, store},
    crate::server::{guard, state::state},
    crate::shared::{AppError, Permission},
};

/// Pairs that may be one person.
#[server(prefix = "/api", endpoint = "duplicates/list", input = server_fn::codec::GetUrl)]
pub async fn list_pairs(
    #[server(default)] text: String,
    #[server(default)] reason: String,
    #[server(default)] status: String,
    #[server(default)] page: i64,
) -> AppResult<PairList> {
    guard::require(Permission::StewardHcps).await?;
    let filter = store::Filter {
        text,
        reason,
        status,
    };
    Ok(store::list(&state(), &filter, page.max(1)).await?)
}

/// A pair side by side.
#[server(prefix = "/api", endpoint = "duplicates/get", input = server_fn::codec::GetUrl)]
pub async fn get_pair(id: String) -> AppResult<PairView> {
    guard::require(Permission::StewardHcps).await?;
    store::view(&state(), &id).await
}

/// Ids of the open pairs of an HCP.
#[server(prefix = "/api", endpoint = "duplicates/of", input = server_fn::codec::GetUrl)]
pub async fn pairs_of(id: String) -> AppResult<Vec<String>> {
    guard::require(Permission::StewardHcps).await?;
    Ok(store::open_of(&state().db, &id).await?)
}

/// Starts a search of the whole library.
#[server(prefix = "/api", endpoint = "duplicates/search")]
pub async fn search_pairs() -> AppResult<Saved> {
    let actor = guard::require(Permission::StewardHcps).await?;
    finder::start(&state(), &actor).await
}

/// Two people (`apart`), or to be looked at again.
#[server(prefix = "/api", endpoint = "duplicates/decide")]
pub async fn decide_pair(id: String, #[server(default)] apart: bool) -> AppResult<Saved> {
    let actor = guard::require(Permission::StewardHcps).await?;
    store::decide(&state(), &actor, &id, apart).await
}

/// Merges a pair: `keep` is the id of the one who stays; `take` gives for a field the id of the one whose value stays,
/// the kept one's own if it is not named.
#[server(prefix = "/api", endpoint = "duplicates/merge")]
pub async fn merge_pair(
    id: String,
    #[server(default)] keep: String,
    #[server(default)] take: HashMap<String, String>,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::StewardHcps).await?;
    if keep.is_empty() {
        return Err(AppError::field("keep", "field.required"));
    }
    let choices: Vec<Choice> = take
        .into_iter()
        .map(|(field, from)| Choice {
            field,
            from_gone: from != keep,
        })
        .collect();
    merge::merge(&state(), &actor, &id, &keep, &choices).await
}

/// Merges, the latest first.
#[server(prefix = "/api", endpoint = "merges/list", input = server_fn::codec::GetUrl)]
pub async fn list_merges(#[server(default)] page: i64) -> AppResult<Page<MergeRow>> {
    guard::require(Permission::StewardHcps).await?;
    Ok(store::merges(&state(), page.max(1)).await?)
}

/// Undoes a merge.
#[server(prefix = "/api", endpoint = "merges/undo")]
pub async fn undo_merge(id: String) -> AppResult<Saved> {
    let actor = guard::require(Permission::StewardHcps).await?;
    merge::undo(&state(), &actor, &id).await
}
