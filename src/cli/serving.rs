//! The server: its sockets, its work in the background, and how it ends.

use std::process::ExitCode;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::server::ending::Ending;
use crate::server::{AppState, http, jobs, live, metrics, router};

/// How long the work in the background is waited for after the last request.
const WORK_ENDS: Duration = Duration::from_secs(5);

pub(super) async fn serve(state: AppState) -> Result<ExitCode, String> {
    let addr = state.config.server.addr;
    if !addr.ip().is_loopback() && !state.config.server.trusted_proxy {
        return Err(format!(
            "{addr} is not a loopback address. Browsers give no location, clipboard or share sheet over plain http, \
             and cookies would travel in the open: put a proxy that ends TLS in front, and set trusted_proxy = true"
        ));
    }
    let _lock = lock(&state)?;
    let listener = listen(&addr.to_string()).await?;
    let counted = match state.config.metrics.addr.as_str() {
        "" => None,
        addr => Some(listen(addr).await?),
    };
    let address = listener.local_addr().map_err(|e| e.to_string())?;
    tracing::info!(%address, engine = state.db.engine(), version = env!("CARGO_PKG_VERSION"), "serving");
    if let Some(listener) = counted {
        let router = metrics::router(state.clone());
        // It answers while the other requests are finished, and ends with the process.
        tokio::spawn(http::serve(
            listener,
            router,
            Ending::default(),
            Duration::ZERO,
        ));
    }
    live::share(&state.db, &state.live);
    let ending = state.ending.clone();
    tokio::spawn(async move {
        stop_signal().await;
        ending.begin();
    });
    let mut work = JoinSet::new();
    work.spawn(jobs::run(state.clone()));
    work.spawn(jobs::expire_attempts(state.clone()));
    work.spawn(jobs::refresh_sums(state.clone()));
    work.spawn(crate::importing::worker::run(state.clone()));
    let grace = Duration::from_secs(state.config.server.drain_seconds);
    let app = router::router(state.clone());
    http::serve(listener, app, state.ending.clone(), grace).await;
    // A round may take longer than anybody waits. What is cut off in its midst rolls back and is done by the next.
    let ends = async { while work.join_next().await.is_some() {} };
    if tokio::time::timeout(WORK_ENDS, ends).await.is_err() {
        tracing::info!("the work in the background is cut off");
    }
    work.shutdown().await;
    state.db.close().await;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

async fn listen(addr: &str) -> Result<tokio::net::TcpListener, String> {
    tokio::net::TcpListener::bind(addr)
        .await
        .map_err(|e| format!("cannot listen on {addr}: {e}"))
}

/// Keeps a second server from the same SQLite file; the lock ends with the process, however it ends.
fn lock(state: &AppState) -> Result<Option<std::fs::File>, String> {
    if state.db.engine() != "sqlite" {
        return Ok(None);
    }
    let path = state.config.files.data_dir.join("serve.lock");
    let file = std::fs::File::create(&path)
        .map_err(|e| format!("cannot write {}: {e}", path.display()))?;
    file.try_lock().map_err(|_| {
        format!(
            "another server uses {}: stop it, or use Postgres for several",
            state.config.files.data_dir.display()
        )
    })?;
    Ok(Some(file))
}

async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut term) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = term.recv() => {}
    }
    tracing::info!("stopping: requests under way are finished");
}
