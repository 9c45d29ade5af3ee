//! Routes of reading and tracking. They are fixed addresses: what is out in the world posts to them for years.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::read::{self, Asked, Handed};
use super::{export, rules, store};
use crate::content::store as content;
use crate::server::AppState;
use crate::server::web::{Visit, see_other};
use crate::shared::AppError;

/// The routes of this slice.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/s/{token}", get(through_link))
        .route("/s/{token}/save", post(save))
        .route("/s/{token}/share", post(share))
        .route("/a/{id}", get(from_library))
        .route("/t", post(beacon))
        .route("/t/{view}", get(pixel))
        .route("/shares/export.xlsx", get(export::report))
}

async fn through_link(
    State(state): State<AppState>,
    visit: Visit,
    Path(token): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    read::through_link(&state, &visit, &token, &asked)
        .await
        .unwrap_or_else(|error| visit.error(&error))
}

async fn from_library(
    State(state): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
) -> Response {
    read::from_library(&state, &visit, &id)
        .await
        .unwrap_or_else(|error| visit.error(&error))
}

/// 收藏.
async fn save(State(state): State<AppState>, visit: Visit, Path(token): Path<String>) -> Response {
    let done = async {
        let link = store::find(&state.db, &token)
            .await?
            .ok_or(AppError::NotFound)?;
        let reader = read::identity(&state, &visit)
            .await?
            .ok_or(AppError::NotFound)?;
        content::toggle_favourite(&state.db, &reader, &link.article_id).await?;
        Ok::<_, AppError>(())
    };
    match done.await {
        Ok(()) => see_other(&format!("/s/{token}")),
        Err(error) => visit.error(&error),
    }
}

/// 转发: only one's own address can be passed on.
async fn share(State(state): State<AppState>, visit: Visit, Path(token): Path<String>) -> Response {
    let done = async {
        let link = store::find(&state.db, &token)
            .await?
            .ok_or(AppError::NotFound)?;
        let reader = read::identity(&state, &visit).await?;
        if reader.is_some_and(|r| r == link.sharer) {
            store::press(&state.db, &token).await?;
        }
        Ok::<_, AppError>(())
    };
    match done.await {
        Ok(()) => see_other(&format!("/s/{token}?shared=1")),
        Err(error) => visit.error(&error),
    }
}

#[derive(Debug, Deserialize)]
struct Beacon {
    /// The view id.
    v: String,
    /// Visible milliseconds so far.
    d: Option<i64>,
    /// Furthest share of the article seen, 0 to 100.
    p: Option<i64>,
}

/// The view id says who reads; no cookie is looked up for it.
fn is_crawler(headers: &HeaderMap) -> bool {
    rules::is_crawler(
        headers
            .get(header::USER_AGENT)
            .and_then(|v| v.to_str().ok())
            .unwrap_or(""),
    )
}

/// The beacon: answered with 204 only after the commit.
async fn beacon(State(state): State<AppState>, headers: HeaderMap, body: Bytes) -> Response {
    let Ok(beacon) = serde_json::from_slice::<Beacon>(&body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let Some(hit) = Handed::hit(&state, &beacon.v, beacon.d, beacon.p) else {
        return StatusCode::GONE.into_response();
    };
    if is_crawler(&headers) {
        return StatusCode::NO_CONTENT.into_response();
    }
    if state.tracker.hit(hit).await {
        StatusCode::NO_CONTENT.into_response()
    } else {
        StatusCode::SERVICE_UNAVAILABLE.into_response()
    }
}

/// The picture of one pixel by which a browser without JavaScript reports the view.
async fn pixel(
    State(state): State<AppState>,
    headers: HeaderMap,
    Path(view): Path<String>,
) -> Response {
    const GIF: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
    if !is_crawler(&headers)
        && let Some(hit) = Handed::hit(&state, &view, None, None)
        && !state.tracker.hit(hit).await
    {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let mut response = GIF.into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("image/gif"));
    response
}
