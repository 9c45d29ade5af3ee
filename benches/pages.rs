//! Pages asked as somebody of the demo.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{Method, Request, Response, StatusCode};
use mailuo::identity::store;
use mailuo::server::guard::Actor;
use mailuo::server::{AppState, session};
use mailuo::shared::Role;
use tower::ServiceExt;

use super::common::{Outcome, request};

/// The id of the demo account of a role.
pub async fn account(state: &AppState, role: Role) -> Outcome<String> {
    let found = store::credentials(state, &mailuo::demo::account(role)).await?;
    Ok(found.ok_or("the account is there")?.id)
}

/// The demo account of a role, signed in: who they are, and their cookie.
pub async fn person(state: &AppState, role: Role) -> Outcome<(Actor, String)> {
    let id = account(state, role).await?;
    let mut tx = state.db.begin().await?;
    let token = session::start(&mut tx, &id, "2026-01-01", "bench", "bench").await?;
    tx.commit().await?;
    let actor = session::actor_of(state, &token, "bench")
        .await?
        .ok_or("the session holds")?;
    Ok((actor, format!("sid={token}")))
}

/// Sends a request on a thread of the pool; the answer with its whole body.
pub async fn send(router: &Router, ask: Request<Body>) -> Outcome<Response<Bytes>> {
    let router = router.clone();
    let answered = tokio::spawn(async move {
        let (head, body) = router.oneshot(ask).await?.into_parts();
        let body = to_bytes(body, 1 << 26).await?;
        Outcome::Ok(Response::from_parts(head, body))
    });
    answered.await?
}

/// Gets a page to its last byte.
pub async fn get(router: &Router, path: &str, cookie: &str) -> Outcome<()> {
    let ask = request(Method::GET, path, cookie).body(Body::empty())?;
    match send(router, ask).await?.status() {
        StatusCode::OK => Ok(()),
        status => Err(format!("{path}: {status}").into()),
    }
}

/// A percentile in milliseconds.
pub fn percentile(taken: &mut [Duration], percent: usize) -> f64 {
    taken.sort_unstable();
    let place = (taken.len() * percent).div_ceil(100).max(1) - 1;
    taken.get(place).map_or(0.0, |t| t.as_secs_f64() * 1000.0)
}
