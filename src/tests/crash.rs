//! `kill -9` in the middle of a thousand tracked views loses none that was acknowledged; in the middle of an import it
//! leaves all or nothing.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use mailuo::importing::model::Progress;
use mailuo::importing::{Existing, Kind, jobs, worker};
use mailuo::server::AppState;
use mailuo::server::db::q;
use mailuo::shared::{AppError, Role};

use crate::support::{TestApp, fresh_postgres};

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(dir: &std::path::Path, url: &str, addr: SocketAddr) -> Server {
    let child = Command::new(env!("CARGO_BIN_EXE_mailuo"))
        .args(["serve", "--data-dir"])
        .arg(dir)
        .args(["--addr", &addr.to_string()])
        .env("MAILUO_DATABASE_URL", url)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the server starts");
    let until = Instant::now() + Duration::from_secs(60);
    while TcpStream::connect(addr).is_err() {
        assert!(Instant::now() < until, "the server answers within a minute");
        std::thread::sleep(Duration::from_millis(50));
    }
    Server(child)
}

fn free_address() -> SocketAddr {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    free.local_addr().expect("an address")
}

/// Sends one request on a connection of its own; the status, if an answer came.
fn send(
    addr: SocketAddr,
    method: &str,
    path: &str,
    cookie: &str,
    body: &str,
) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(addr).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .ok()?;
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: {}\r\nCookie: {cookie}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        crate::support::BROWSER,
        body.len()
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text.split(' ').nth(1)?.parse().ok()?;
    Some((status, text))
}

async fn drill(app: TestApp, url: &str) {
    let article = app.article("血压", "public", "2099-01-01").await;
    let rep = app.actor(Role::Rep).await;
    let saved = mailuo::sharing::store::share(&app.state, &rep, "key", &article, &[])
        .await
        .expect("is shared");
    let token = saved
        .next
        .expect("leads on")
        .rsplit_once("made=")
        .expect("names the link")
        .1
        .to_owned();
    app.state.db.close().await;
    let addr = free_address();
    let server = start(&app.dir, url, addr);

    // A thousand readers, each with a view handed out.
    let views: Vec<String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..20)
            .map(|w| {
                let token = &token;
                scope.spawn(move || {
                    (0..50)
                        .map(|i| {
                            let cookie = format!("vid=reader{:016}", w * 50 + i);
                            let (_, answer) =
                                send(addr, "GET", &format!("/s/{token}"), &cookie, "")
                                    .expect("answers");
                            let location = answer
                                .split("location: ")
                                .nth(1)
                                .expect("sends on")
                                .split("\r\n")
                                .next();
                            let (_, page) =
                                send(addr, "GET", location.expect("a path"), &cookie, "")
                                    .expect("answers");
                            let rest = page.split("data-view=\"").nth(1).expect("hands out a view");
                            rest[..rest.find('"').expect("its end")].to_owned()
                        })
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|w| w.join().expect("ends"))
            .collect()
    });
    assert_eq!(views.len(), 1000);

    // All of them at once, and the server killed while they come in.
    let acknowledged = std::sync::atomic::AtomicUsize::new(0);
    let server = std::sync::Mutex::new(server);
    std::thread::scope(|scope| {
        for chunk in views.chunks(20) {
            let acknowledged = &acknowledged;
            scope.spawn(move || {
                for view in chunk {
                    let body = serde_json::json!({ "v": view, "d": 1000, "p": 10 }).to_string();
                    if let Some((204, _)) = send(addr, "POST", "/t", "", &body) {
                        acknowledged.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    }
                }
            });
        }
        scope.spawn(|| {
            let until = Instant::now() + Duration::from_secs(30);
            while acknowledged.load(std::sync::atomic::Ordering::SeqCst) < 300
                && Instant::now() < until
            {
                std::thread::sleep(Duration::from_millis(1));
            }
            let mut server = server.lock().expect("is free");
            server.0.kill().expect("is killed");
            server.0.wait().expect("ends");
        });
    });
    let acknowledged = acknowledged.into_inner() as i64;
    assert!(
        acknowledged >= 300,
        "{acknowledged} were acknowledged before the end"
    );
    let db = mailuo::server::db::Db::open(url, &app.dir, 2)
        .await
        .expect("opens again");
    let stored = q("SELECT COUNT(*) FROM article_view")
        .count(&db)
        .await
        .expect("counts");
    assert!(
        stored >= acknowledged,
        "{acknowledged} acknowledged, {stored} stored"
    );
}

/// Kills a server while it writes an import of many rows.
async fn import_drill(app: TestApp, url: &str) {
    const ROWS: i64 = 8000;
    let hospital = "终端编码,终端名称\nT1,甲医院\n";
    app.import(Kind::Hospitals, hospital.as_bytes()).await;
    let actor = app.actor(Role::Compliance).await;
    let cookie = app.cookie(Role::Compliance).await;
    let mut csv = "姓名,手机号,医院\n".to_owned();
    for i in 0..ROWS {
        csv.push_str(&format!("王医生{i},139{i:08},甲医院\n"));
    }
    let mode = Existing::Overwrite;
    let id = jobs::upload(
        &app.state,
        &actor,
        Kind::Hcps,
        mode,
        "a.csv",
        csv.as_bytes(),
    )
    .await
    .expect("is taken");
    worker::drain(&app.state).await.expect("checks");
    jobs::apply(&app.state, &actor, &id, false)
        .await
        .expect("is asked for");
    app.state.db.close().await;

    let addr = free_address();
    let mut server = start(&app.dir, url, addr);
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let path = format!("/api/import/progress?id={id}");
        let (_, answer) = send(addr, "GET", &path, &cookie, "").expect("answers");
        let at = answer
            .find("{\"status\"")
            .and_then(|from| answer[from..].split('}').next())
            .and_then(|json| serde_json::from_str::<Progress>(&format!("{json}}}")).ok())
            .expect("says how far it is");
        assert!(
            at.unfinished(),
            "the import was killed before its end: {at:?}"
        );
        if at.status == "applying" && at.rows_done > 0 {
            break;
        }
        assert!(Instant::now() < until, "the import begins within a minute");
        std::thread::sleep(Duration::from_millis(5));
    }
    server.0.kill().expect("is killed");
    server.0.wait().expect("ends");

    let state = AppState::open(app.state.config.clone(), app.state.leptos.clone())
        .await
        .expect("opens again");
    let hcps = || q("SELECT COUNT(*) FROM hcp").count(&state.db);
    assert_eq!(hcps().await.expect("counts"), 0, "nothing is left of it");
    worker::recover(&state, true).await.expect("looks");
    let job = jobs::view(&state, &actor, &id).await.expect("is there");
    assert_eq!(
        job.error,
        Some(AppError::Conflict("import.interrupted".into()))
    );
    jobs::apply(&state, &actor, &id, false)
        .await
        .expect("is asked for");
    worker::drain(&state).await.expect("applies");
    assert_eq!(hcps().await.expect("counts"), ROWS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite() {
    drill(TestApp::sqlite().await, "").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres() {
    let url = fresh_postgres().await;
    drill(TestApp::open(url.clone()).await, &url).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn import_sqlite() {
    import_drill(TestApp::sqlite().await, "").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn import_postgres() {
    let url = fresh_postgres().await;
    import_drill(TestApp::open(url.clone()).await, &url).await;
}
