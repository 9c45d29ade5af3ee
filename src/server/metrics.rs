//! Numbers for Prometheus, on a port of their own: how requests fare, and how database, imports and process stand.
//!
//! A label is a route's pattern or a function's name, never the address that was asked for: that holds tokens and ids,
//! and whoever asks could make as many series as they like.

use std::collections::HashSet;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus::{
    Gauge, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry,
    TextEncoder,
};

use super::db::{self, DbResult, q};
use super::router::FUNCTIONS;
use super::{AppState, time};

/// Upper bounds in seconds.
const BUCKETS: [f64; 10] = [0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// How long the database is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// Within this a session was used that counts as active; when one was used is noted every five minutes.
const ACTIVE: i64 = 15 * time::MINUTE;

/// What is counted as it happens; the rest is looked up when it is asked for.
#[derive(Debug)]
pub struct Metrics {
    started: Instant,
    registry: Registry,
    requests: IntCounterVec,
    durations: HistogramVec,
    under_way: IntGauge,
}

impl Metrics {
    /// Nothing counted yet.
    pub fn new() -> Result<Metrics, String> {
        Self::registered().map_err(|e| e.to_string())
    }

    fn registered() -> prometheus::Result<Metrics> {
        let metrics = Metrics {
            started: Instant::now(),
            registry: Registry::new(),
            requests: IntCounterVec::new(
                Opts::new("mailuo_http_requests_total", "Requests that were answered"),
                &["method", "route", "status"],
            )?,
            durations: HistogramVec::new(
                HistogramOpts::new(
                    "mailuo_http_request_duration_seconds",
                    "Time until an answer began",
                )
                .buckets(BUCKETS.to_vec()),
                &["method", "route"],
            )?,
            under_way: IntGauge::new(
                "mailuo_http_requests_in_flight",
                "Requests whose answer has not begun",
            )?,
        };
        let registry = &metrics.registry;
        registry.register(Box::new(metrics.requests.clone()))?;
        registry.register(Box::new(metrics.durations.clone()))?;
        registry.register(Box::new(metrics.under_way.clone()))?;
        Ok(metrics)
    }
}

/// A request whose answer has not begun, however that ends.
struct UnderWay(IntGauge);

impl UnderWay {
    fn begin(gauge: &IntGauge) -> UnderWay {
        gauge.inc();
        UnderWay(gauge.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Counts a request and times it.
pub async fn layer(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let metrics = &state.metrics;
    let started = Instant::now();
    let method = method(request.method());
    let route = route(&request);
    let under_way = UnderWay::begin(&metrics.under_way);
    let response = next.run(request).await;
    drop(under_way);
    let status = class(response.status());
    metrics
        .requests
        .with_label_values(&[method, route.as_str(), status])
        .inc();
    metrics
        .durations
        .with_label_values(&[method, route.as_str()])
        .observe(started.elapsed().as_secs_f64());
    response
}

/// The method's name; others than the usual ones, which anybody can make up, are one.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// The pattern that the path fits, or the server function's address.
fn route(request: &Request) -> String {
    static KNOWN: LazyLock<HashSet<&str>> = LazyLock::new(|| {
        server_fn::axum::server_fn_paths()
            .map(|(path, _)| path)
            .collect()
    });
    let path = request.uri().path();
    match request.extensions().get::<MatchedPath>() {
        Some(pattern) if pattern.as_str() == FUNCTIONS && KNOWN.contains(path) => path.to_owned(),
        Some(pattern) => pattern.as_str().to_owned(),
        // What lies in nested folders has no pattern.
        None if path.starts_with("/pkg/") => "/pkg".to_owned(),
        None if path.starts_with("/js/") => "/js".to_owned(),
        None => "none".to_owned(),
    }
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        100..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        _ => "5xx",
    }
}

/// The one address that answers.
pub fn router(state: AppState) -> Router {
    Router::new()
        .route("/metrics", get(answer))
        .with_state(state)
}

async fn answer(State(state): State<AppState>) -> Response {
    match text(&state).await {
        Ok(text) => ([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Everything in Prometheus's text format.
pub async fn text(state: &AppState) -> prometheus::Result<String> {
    let mut families = state.metrics.registry.gather();
    families.extend(now(state).await?.gather());
    TextEncoder::new().encode_to_string(&families)
}

/// What is looked up, in a registry of its own: two that ask at once do not disturb each other.
async fn now(state: &AppState) -> prometheus::Result<Registry> {
    let now = Registry::new();
    let build = Opts::new("mailuo_build_info", "Always 1")
        .const_label("version", env!("CARGO_PKG_VERSION"))
        .const_label("engine", state.db.engine());
    gauge(&now, build, 1.0)?;
    let uptime = Opts::new("mailuo_uptime_seconds", "Time since the start");
    gauge(&now, uptime, state.metrics.started.elapsed().as_secs_f64())?;
    if let Some(bytes) = resident() {
        let memory = Opts::new("process_resident_memory_bytes", "Memory in use");
        gauge(&now, memory, bytes)?;
    }

    let sent = IntCounter::new("mailuo_database_statements_total", "Statements sent")?;
    sent.inc_by(db::statements_sent());
    now.register(Box::new(sent))?;
    for (pool, size, idle) in state.db.pools() {
        let open = Opts::new("mailuo_database_connections", "Open connections");
        gauge(&now, open.const_label("pool", pool), f64::from(size))?;
        let unused = Opts::new("mailuo_database_connections_idle", "Those not in use");
        gauge(&now, unused.const_label("pool", pool), idle as f64)?;
    }

    let stored = tokio::time::timeout(PATIENCE, stored(state)).await;
    let up = Opts::new(
        "mailuo_database_up",
        "Whether the database answered just now",
    );
    gauge(&now, up, f64::from(u8::from(matches!(stored, Ok(Ok(_))))))?;
    match stored {
        Ok(Ok(stored)) => {
            for (what, imports) in [("waiting", stored.waiting), ("running", stored.running)] {
                let count = Opts::new("mailuo_imports", "Imports that are not done");
                gauge(&now, count.const_label("state", what), imports as f64)?;
            }
            let oldest = Opts::new(
                "mailuo_import_oldest_seconds",
                "Time since the upload of the oldest of them",
            );
            gauge(&now, oldest, stored.oldest as f64 / 1000.0)?;
            let sessions = Opts::new(
                "mailuo_sessions_active",
                "Sessions of staff used within 15 minutes",
            );
            gauge(&now, sessions, stored.sessions as f64)?;
        }
        Ok(Err(error)) => tracing::warn!(%error, "metrics without the database's numbers"),
        Err(_) => tracing::warn!("metrics without the database's numbers: it does not answer"),
    }
    Ok(now)
}

fn gauge(now: &Registry, opts: Opts, value: f64) -> prometheus::Result<()> {
    let gauge = Gauge::with_opts(opts)?;
    gauge.set(value);
    now.register(Box::new(gauge))
}

/// The numbers that stand in the database.
#[derive(Debug, Default)]
struct Stored {
    waiting: i64,
    running: i64,
    /// Milliseconds.
    oldest: i64,
    sessions: i64,
}

async fn stored(state: &AppState) -> DbResult<Stored> {
    let now = time::now();
    let imports: Vec<(String, i64, i64)> =
        q("SELECT status, COUNT(*), MIN(created_at) FROM import_job \
         WHERE status IN ('queued', 'checking', 'applying') GROUP BY status")
        .all(&state.db)
        .await?;
    let mut stored = Stored::default();
    for (status, count, since) in imports {
        if status == "queued" {
            stored.waiting += count;
        } else {
            stored.running += count;
        }
        stored.oldest = stored.oldest.max(now - since);
    }
    stored.sessions =
        q("SELECT COUNT(*) FROM session WHERE revoked_at IS NULL AND last_seen_at > $1")
            .bind(now - ACTIVE)
            .count(&state.db)
            .await?;
    Ok(stored)
}

/// Bytes of memory that the process holds, where the system says so. Not from `statm`, whose pages have a size that
/// only a system call tells.
fn resident() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
    let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024.0)
}
