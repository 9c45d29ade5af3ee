//! Server functions of adverse events.

use leptos::{server, server_fn};

use super::model::{AdverseEvent, EventRow};
use crate::shared::{AppResult, Page, Saved};

#[cfg(feature = "ssr")]
use {
    super::store::{self, NewEvent},
    crate::server::{guard, state::state},
    crate::shared::Permission,
};

/// Adverse events: all for who handles them, else one's own; open ones by what is due first, or with `closed` the others.
#[server(prefix = "/api", endpoint = "adverse_events/list", input = server_fn::codec::GetUrl)]
pub async fn list_events(
    #[server(default)] closed: bool,
    #[server(default)] page: i64,
) -> AppResult<Page<EventRow>> {
    let actor = guard::require(Permission::Workbench).await?;
    store::list(&state(), &actor, closed, page.max(1)).await
}

/// One adverse event that one reported or handles.
#[server(prefix = "/api", endpoint = "adverse_events/get", input = server_fn::codec::GetUrl)]
pub async fn get_event(id: String) -> AppResult<AdverseEvent> {
    let actor = guard::require(Permission::Workbench).await?;
    store::get(&state(), &actor, &id).await
}

/// Reports an adverse event. Any employee may.
#[server(prefix = "/api", endpoint = "adverse_events/report")]
pub async fn report_event(
    #[server(default)] form_key: String,
    #[server(default)] patient: String,
    #[server(default)] reporter: String,
    #[server(default)] product: String,
    #[server(default)] event: String,
    #[server(default)] severity: String,
    #[server(default)] day_zero: String,
    #[server(default)] hcp: String,
    #[server(default)] visit: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::Workbench).await?;
    let new = NewEvent {
        patient,
        reporter,
        product,
        event,
        severity,
        day_zero,
        hcp_id: hcp,
        visit_id: visit,
    };
    store::report(&state(), &actor, &form_key, new).await
}

/// Takes a step: `first_step`, `submitted`, `closed`, `dismissed` (nothing is to be reported) or `note`.
#[server(prefix = "/api", endpoint = "adverse_events/step")]
pub async fn event_step(
    #[server(default)] form_key: String,
    id: String,
    #[server(default)] kind: String,
    #[server(default)] note: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::HandleAdverseEvents).await?;
    store::step(&state(), &actor, &form_key, &id, &kind, &note).await
}
