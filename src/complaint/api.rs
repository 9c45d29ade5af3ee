//! Server functions of complaints and suggestions.

use leptos::{server, server_fn};

use super::model::ComplaintRow;
use crate::shared::{AppResult, Page, Saved};

#[cfg(feature = "ssr")]
use {
    super::store,
    crate::server::{guard, state::state},
    crate::shared::Permission,
};

/// One's own, the latest first.
#[server(prefix = "/api", endpoint = "complaints/mine", input = server_fn::codec::GetUrl)]
pub async fn my_complaints(#[server(default)] page: i64) -> AppResult<Page<ComplaintRow>> {
    let actor = guard::require(Permission::Workbench).await?;
    store::mine(&state(), &actor, page.max(1)).await
}

/// Sends one.
#[server(prefix = "/api", endpoint = "complaints/send")]
pub async fn send_complaint(
    #[server(default)] form_key: String,
    #[server(default)] kind: String,
    #[server(default)] body: String,
) -> AppResult<Saved> {
    let actor = guard::require(Permission::Workbench).await?;
    store::send(&state(), &actor, &form_key, &kind, &body).await
}

/// The queue: those that wait, the oldest first, or with `answered` the others.
#[server(prefix = "/api", endpoint = "complaints/queue", input = server_fn::codec::GetUrl)]
pub async fn complaint_queue(
    #[server(default)] answered: bool,
    #[server(default)] page: i64,
) -> AppResult<Page<ComplaintRow>> {
    guard::require(Permission::AnswerComplaints).await?;
    store::queue(&state(), answered, page.max(1)).await
}

/// Answers one, once.
#[server(prefix = "/api", endpoint = "complaints/answer")]
pub async fn answer_complaint(id: String, #[server(default)] answer: String) -> AppResult<Saved> {
    let actor = guard::require(Permission::AnswerComplaints).await?;
    store::answer(&state(), &actor, &id, &answer).await
}
