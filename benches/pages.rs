//! Pages asked as somebody of the demo.

use std::path::Path;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{Method, Request, Response, StatusCode};
use mailuo::cli::Scale;
use mailuo::identity::store;
use mailuo::server::db::q;
use mailuo::server::guard::Actor;
use mailuo::server::{AppState, session};
use mailuo::shared::Role;
use tower::ServiceExt;

use super::common::{Outcome, request, state};

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

/// Opens an engine's database with the data of `mailuo demo --scale large`, made first where it is not there or not
/// whole; the benchmarks that need it share one.
#[allow(dead_code, reason = "not every benchmark needs it")]
pub async fn large(engine: &str, folder: &Path) -> Outcome<AppState> {
    let dir = folder.join(format!("large-{engine}"));
    let name = "mailuo_bench_large";
    let found = state(engine, &dir, name, false).await?;
    let made: Option<(String,)> = q("SELECT value FROM setting WHERE name = 'bench'")
        .optional(&found.db)
        .await?;
    // With the key that lies beside the data.
    let known = store::credentials(&found, &mailuo::demo::account(Role::Rep)).await;
    if made.is_some() && matches!(known, Ok(Some(_))) {
        return Ok(found);
    }
    found.db.close().await;
    println!("{engine}: making the demo `large`");
    let from = Instant::now();
    let state = state(engine, &dir, name, true).await?;
    mailuo::demo::load(&state, Scale::Large, 1).await?;
    println!("{engine}: made in {:.0} s", from.elapsed().as_secs_f64());
    q("INSERT INTO setting (name, value) VALUES ('bench', 'large')")
        .exec(&state.db)
        .await?;
    // As every night.
    state.db.analyze().await?;
    Ok(state)
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
