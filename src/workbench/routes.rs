//! The stream by which an open first page learns that something of it changed.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures::stream;
use tokio::sync::broadcast::error::RecvError;

use crate::server::AppState;
use crate::server::web::{self, Visit};
use crate::shared::AppError;

/// The routes of this slice.
pub fn routes() -> Router<AppState> {
    Router::new().route("/live", get(live))
}

/// How long one stream lasts; the browser opens the next by itself, with its session as it then is.
const LASTS: Duration = Duration::from_secs(300);

/// Says "changed" whenever something of the signed-in member did.
async fn live(State(state): State<AppState>, visit: Visit) -> Response {
    let Some(actor) = visit.actor else {
        let error = AppError::Unauthenticated;
        return web::status(&error).into_response();
    };
    let ends = tokio::time::Instant::now() + LASTS;
    let heard = stream::unfold(
        (state.live.listen(), actor.id, state.ending.clone()),
        move |(mut listen, id, ending)| async move {
            loop {
                let changed = tokio::select! {
                    changed = tokio::time::timeout_at(ends, listen.recv()) => changed,
                    // A stream would hold up the end. The browser opens the next where somebody answers.
                    () = ending.wait() => return None,
                };
                match changed {
                    Ok(Ok(changed)) if changed.concerns(&id) => break,
                    // Missed some: one of them may have been for this one.
                    Ok(Err(RecvError::Lagged(_))) => break,
                    Ok(Ok(_)) => {}
                    Ok(Err(RecvError::Closed)) | Err(_) => return None,
                }
            }
            let event = Ok::<_, Infallible>(Event::default().event("changed").data("1"));
            Some((event, (listen, id, ending)))
        },
    );
    Sse::new(heard)
        .keep_alive(KeepAlive::new().interval(Duration::from_secs(25)))
        .into_response()
}
