//! What Prometheus is told: it parses, it counts, and it names nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use mailuo::importing::{Existing, Kind, jobs, worker};
use mailuo::server::metrics;
use mailuo::shared::Role;
use tower::ServiceExt;

use crate::import_jobs::{many, steward};
use crate::support::{TestApp, fresh_dir};

/// Every series with its value.
async fn series(app: &TestApp) -> BTreeMap<String, f64> {
    let text = metrics::text(&app.state).await.expect("is written");
    let (mut out, mut kinds) = (BTreeMap::new(), BTreeSet::new());
    for line in text.lines() {
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            let name = kind.split(' ').next().unwrap_or_default();
            assert!(kinds.insert(name.to_owned()), "{name} stands there once");
            continue;
        }
        if line.starts_with("# HELP ") {
            continue;
        }
        let (series, value) = line.rsplit_once(' ').expect("a value");
        let name = series.split('{').next().unwrap_or_default();
        assert!(
            name.chars().all(|c| c.is_ascii_lowercase() || c == '_'),
            "{line}"
        );
        assert!(series == name || series.ends_with('}'), "{line}");
        let kind = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|end| name.strip_suffix(end).filter(|name| kinds.contains(*name)));
        assert!(kinds.contains(kind.unwrap_or(name)), "{name} has a type");
        let value = value.parse().expect("a number");
        assert!(
            out.insert(series.to_owned(), value).is_none(),
            "{series} stands there once"
        );
    }
    out
}

fn requests(series: &BTreeMap<String, f64>, route: &str, status: &str) -> f64 {
    let name = format!(
        "mailuo_http_requests_total{{method=\"GET\",route=\"{route}\",status=\"{status}\"}}"
    );
    series.get(&name).copied().unwrap_or_default()
}

on_both!(requests_are_counted_and_nobody_is_named, |app| {
    let article = app.article("血压", "public", "2099-01-01").await;
    let rep = app.actor(Role::Rep).await;
    let saved = mailuo::sharing::store::share(&app.state, &rep, "key", &article, &[])
        .await
        .expect("is shared");
    let next = saved.next.expect("leads on");
    let (_, token) = next.rsplit_once("made=").expect("names the link");
    let hcp = app.hcp("王小明", "13911112222", Some(&rep.id)).await;
    let cookie = app.cookie(Role::Rep).await;

    let before = series(&app).await;
    for _ in 0..3 {
        app.get("/api/tasks/list", &cookie).await;
    }
    app.get("/api/tasks/list", "").await;
    app.get(&format!("/hcps/{hcp}"), &cookie).await;
    for path in [
        format!("/s/{token}"),
        format!("/nowhere/{token}"),
        format!("/api/{token}"),
        format!("/api/tasks/list/{hcp}?id={hcp}"),
        format!("/pkg/{token}.wasm"),
        format!("/js/{token}.js"),
    ] {
        app.get(&path, "").await;
    }
    // Anybody can make up a method.
    let made_up = hcp.replace('-', "");
    let request = Request::builder()
        .method(made_up.as_str())
        .uri("/")
        .body(Body::empty())
        .expect("a request");
    app.send(request).await;

    let after = series(&app).await;
    let rose = |route: &str, status: &str| {
        requests(&after, route, status) - requests(&before, route, status)
    };
    assert_eq!(rose("/api/tasks/list", "2xx"), 3.0);
    assert_eq!(rose("/api/tasks/list", "4xx"), 1.0);
    assert_eq!(rose("/hcps/{id}", "2xx"), 1.0);
    assert_eq!(rose("/s/{token}", "3xx"), 1.0);
    assert_eq!(rose("/api/{*function}", "4xx"), 2.0);
    assert_eq!(rose("/pkg", "4xx"), 1.0);
    assert_eq!(rose("/js", "4xx"), 1.0);
    assert_eq!(rose("none", "3xx"), 1.0);
    let timed = "mailuo_http_request_duration_seconds_count{method=\"GET\",route=\"/hcps/{id}\"}";
    assert_eq!(after[timed], 1.0);
    for name in after.keys() {
        for secret in [token, &hcp, &article, &rep.id, &made_up] {
            assert!(!name.contains(secret), "{name}");
        }
    }

    let sent = "mailuo_database_statements_total";
    assert!(after[sent] > before[sent]);
    assert_eq!(after["mailuo_http_requests_in_flight"], 0.0);
    assert_eq!(after["mailuo_database_up"], 1.0);
    assert!(after["mailuo_sessions_active"] >= 2.0);
    assert!(after["process_resident_memory_bytes"] > 1e6);
    assert!(after["mailuo_uptime_seconds"] > before["mailuo_uptime_seconds"]);
    let build = format!(
        "mailuo_build_info{{engine=\"{}\",version=\"{}\"}}",
        app.state.db.engine(),
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(after[&build], 1.0);
    let open: f64 = after
        .iter()
        .filter(|(name, _)| name.starts_with("mailuo_database_connections{"))
        .map(|(_, open)| open)
        .sum();
    assert!(open >= 1.0);
});

on_both!(imports_that_wait_are_seen, |app| {
    let actor = steward(&app).await;
    let waiting = "mailuo_imports{state=\"waiting\"}";
    let none = series(&app).await;
    assert_eq!(none[waiting], 0.0);
    assert_eq!(none["mailuo_import_oldest_seconds"], 0.0);
    jobs::upload(
        &app.state,
        &actor,
        Kind::Hcps,
        Existing::Overwrite,
        "a.csv",
        many(1).as_bytes(),
    )
    .await
    .expect("is taken");
    tokio::time::sleep(Duration::from_millis(10)).await;
    let one = series(&app).await;
    assert_eq!(one[waiting], 1.0);
    assert_eq!(one["mailuo_imports{state=\"running\"}"], 0.0);
    assert!(one["mailuo_import_oldest_seconds"] > 0.0);
    worker::drain(&app.state).await.expect("runs");
    assert_eq!(series(&app).await[waiting], 0.0);
});

on_both!(they_have_a_port_of_their_own, |app| {
    let ask = async |path: &str| {
        let request = Request::builder()
            .uri(path)
            .body(Body::empty())
            .expect("a request");
        let router = metrics::router(app.state.clone());
        router.oneshot(request).await.expect("answers")
    };
    let answer = ask("/metrics").await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(
        answer.headers()["content-type"],
        "text/plain; version=0.0.4"
    );
    let body = to_bytes(answer.into_body(), 1 << 20)
        .await
        .expect("is read");
    assert!(String::from_utf8_lossy(&body).contains("mailuo_build_info"));
    assert_eq!(ask("/").await.status(), StatusCode::NOT_FOUND);
    // Where everybody asks it is a page that there is not.
    let public = app.get("/metrics", "").await;
    assert_eq!(public.status, StatusCode::SEE_OTHER);
});

/// A server that cannot tell its metrics does not start without them.
#[test]
fn a_port_that_is_taken_is_an_error() {
    let dir = fresh_dir();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = taken.local_addr().expect("an address").to_string();
    let mut server = Command::new(env!("CARGO_BIN_EXE_mailuo"))
        .args(["serve", "--addr", "127.0.0.1:0", "--data-dir"])
        .arg(&dir)
        .env("MAILUO_METRICS__ADDR", &addr)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let until = Instant::now() + Duration::from_secs(60);
    while server.try_wait().expect("is a child").is_none() {
        if Instant::now() > until {
            let _ = server.kill();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let ended = server.wait_with_output().expect("has ended");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("cannot listen on {addr}")), "{said}");
    let _ = std::fs::remove_dir_all(&dir);
}
