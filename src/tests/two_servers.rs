//! Two servers on one Postgres. SQLite has one.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::{Request, StatusCode};
use futures::StreamExt;
use mailuo::importing::{Existing, Kind, jobs, worker};
use mailuo::server::live;
use mailuo::shared::Role;
use tokio::time::{Instant, sleep, timeout};
use tower::ServiceExt;

use crate::import_jobs::steward;
use crate::support::{TestApp, Traces};

/// Both of them, and what they leave behind.
async fn two() -> (TestApp, TestApp, Traces) {
    let a = TestApp::postgres().await;
    let b = a.beside().await;
    let traces = a.traces();
    (a, b, traces)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_stands_and_ends_on_both() {
    let (a, b, traces) = two().await;
    a.with_password(Role::Rep, "correct horse").await;
    let phone = crate::support::phone(Role::Rep);
    let form = [("phone", phone.as_str()), ("password", "correct horse")];
    let answer = a.post("/sign-in", "", &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    let cookie = format!("sid={}", answer.cookie("sid").expect("a session"));
    let path = "/api/tasks/list";
    assert_eq!(b.get(path, &cookie).await.status, StatusCode::OK);
    assert_eq!(a.get(path, &cookie).await.status, StatusCode::OK);
    a.post("/sign-out", &cookie, &[]).await;
    assert_eq!(b.get(path, &cookie).await.status, StatusCode::UNAUTHORIZED);
    b.state.db.close().await;
    traces.clear().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_import_is_taken_once() {
    const JOBS: i64 = 6;
    const ROWS: i64 = 50;
    let (a, b, traces) = two().await;
    let actor = steward(&a).await;
    let work = [&a, &b].map(|app| tokio::spawn(worker::run(app.state.clone())));
    let mut ids = Vec::new();
    for job in 0..JOBS {
        let mut csv = "姓名,手机号,医院\n".to_owned();
        for row in 0..ROWS {
            csv.push_str(&format!("王医生{row},139{:08},甲医院\n", job * ROWS + row));
        }
        let id = jobs::upload(
            &a.state,
            &actor,
            Kind::Hcps,
            Existing::Overwrite,
            "a.csv",
            csv.as_bytes(),
        )
        .await
        .expect("is taken");
        ids.push(id);
    }
    all(&a, "checked", JOBS).await;
    for id in &ids {
        jobs::apply(&a.state, &actor, id, false)
            .await
            .expect("is asked for");
    }
    all(&a, "done", JOBS).await;
    for id in &ids {
        let job = jobs::view(&b.state, &actor, id).await.expect("is there");
        // Carried out a second time it would have found nothing new.
        assert_eq!(job.report.expect("is kept").created, ROWS);
    }
    assert_eq!(a.count("SELECT COUNT(*) FROM hcp").await, JOBS * ROWS);
    assert_eq!(
        a.count(
            "SELECT COUNT(*) FROM audit_log WHERE action = 'import.apply' AND object_kind = 'hcps'"
        )
        .await,
        JOBS
    );
    for app in [&a, &b] {
        app.state.ending.begin();
    }
    for one in work {
        timeout(Duration::from_secs(10), one)
            .await
            .expect("the worker ends soon")
            .expect("ends");
    }
    b.state.db.close().await;
    traces.clear().await;
}

/// Waits until all jobs stand so.
async fn all(app: &TestApp, status: &str, count: i64) {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let sql = format!("SELECT COUNT(*) FROM import_job WHERE status = '{status}'");
        if app.count(&sql).await == count {
            return;
        }
        assert!(Instant::now() < until, "all are {status} within a minute");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Opens the stream of a page.
async fn page(app: &TestApp, cookie: &str) -> BodyDataStream {
    let request = Request::builder()
        .uri("/live")
        .header("host", "localhost")
        .header("cookie", cookie)
        .body(Body::empty())
        .expect("a request");
    let answer = app.router.clone().oneshot(request).await.expect("answers");
    assert_eq!(answer.status(), StatusCode::OK);
    answer.into_body().into_data_stream()
}

async fn hears(page: &mut BodyDataStream, within: Duration) -> bool {
    let Ok(said) = timeout(within, page.next()).await else {
        return false;
    };
    let said = said.expect("the stream stands").expect("is read");
    String::from_utf8_lossy(&said).contains("event: changed")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_page_hears_of_what_happens_on_the_other() {
    let (a, b, traces) = two().await;
    for app in [&a, &b] {
        live::share(&app.state.db, &app.state.live);
    }
    // Until one hears the other.
    let manager = a.id_of(Role::Manager).await;
    let mut watched = page(&b, &a.cookie(Role::Manager).await).await;
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        a.state.live.tell(&manager);
        if hears(&mut watched, Duration::from_millis(200)).await {
            break;
        }
        assert!(Instant::now() < until, "they hear each other");
    }

    let soon = Duration::from_secs(5);
    let cookie = a.cookie(Role::Rep).await;
    let mut open = page(&b, &cookie).await;
    let form = [("form_key", "a"), ("title", "写课件")];
    let answer = a.post("/api/tasks/save", &cookie, &form).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert!(hears(&mut open, soon).await);

    // More than one payload holds; and what is another's is not heard.
    let rep = a.id_of(Role::Rep).await;
    let mut trainer = page(&b, &a.cookie(Role::Trainer).await).await;
    let many = (0..1000).map(|i| format!("{i:036}")).chain([rep]).collect();
    a.state.live.tell_all(many);
    assert!(hears(&mut open, soon).await);
    assert!(!hears(&mut trainer, Duration::from_millis(200)).await);

    b.state.db.close().await;
    traces.clear().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_sent_to_both_is_carried_out_once() {
    const FORMS: i64 = 20;
    let (a, b, traces) = two().await;
    let cookie = a.cookie(Role::Rep).await;
    for form in 0..FORMS {
        let key = format!("k{form}");
        let fields = [("form_key", key.as_str()), ("title", "写课件")];
        let (one, other) = tokio::join!(
            a.post("/api/tasks/save", &cookie, &fields),
            b.post("/api/tasks/save", &cookie, &fields),
        );
        assert_eq!(one.status, StatusCode::OK, "{}", one.text());
        assert_eq!(other.status, StatusCode::OK, "{}", other.text());
        assert_eq!(one.text(), other.text());
    }
    assert_eq!(a.count("SELECT COUNT(*) FROM task").await, FORMS);
    b.state.db.close().await;
    traces.clear().await;
}
