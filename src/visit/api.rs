//! Server functions of field work. Checking in has plain routes, whose addresses do not change: a phone that was
//! offline posts to them days later.

use leptos::{server, server_fn};

use super::model::Sheet;
use crate::shared::AppResult;

#[cfg(feature = "ssr")]
use {
    super::store,
    crate::server::{guard, state::state},
    crate::shared::Permission,
};

/// The monthly sheet within scope; without `month` this month's.
#[server(prefix = "/api", endpoint = "checkins/sheet", input = server_fn::codec::GetUrl)]
pub async fn checkin_sheet(
    #[server(default)] month: String,
    #[server(default)] text: String,
    #[server(default)] unit: String,
    #[server(default)] page: i64,
) -> AppResult<Sheet> {
    let actor = guard::require(Permission::CheckIn).await?;
    let state = state();
    let month = if month.is_empty() {
        state.zone.today()[..7].to_owned()
    } else {
        month
    };
    let filter = store::Filter { month, text, unit };
    store::sheet(&state, &actor, &filter, Some(page.max(1))).await
}
