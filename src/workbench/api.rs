//! Server functions of the first page and the month's report.

use leptos::{server, server_fn};

use super::model::{Desk, Month};
use crate::shared::{AppResult, Saved};

#[cfg(feature = "ssr")]
use {
    super::{month, store},
    crate::server::{guard, state::state},
    crate::shared::Permission,
};

/// What the first page shows.
#[server(prefix = "/api", endpoint = "workbench/desk", input = server_fn::codec::GetUrl)]
pub async fn my_desk() -> AppResult<Desk> {
    let actor = guard::require(Permission::Workbench).await?;
    store::desk(&state(), &actor).await
}

/// Moves a card of one's own first page `up` or `down`, or hides (`hide`) or shows (`show`) it; `reset` undoes all of that.
#[server(prefix = "/api", endpoint = "workbench/arrange")]
pub async fn arrange_desk(
    #[server(default)] card: String,
    #[server(default)] act: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::Workbench).await?;
    store::arrange(&state(), &actor, &card, &act).await
}

/// The report of a month `YYYY-MM`, one's own, or with `person` that of somebody within scope.
#[server(prefix = "/api", endpoint = "workbench/month", input = server_fn::codec::GetUrl)]
pub async fn month_report(
    #[server(default)] month: String,
    #[server(default)] person: String,
) -> AppResult<Month> {
    let actor = guard::require(Permission::Workbench).await?;
    if !person.is_empty() {
        actor.check(Permission::ReadVisits)?;
    }
    month::of(&state(), &actor, &month, &person).await
}
