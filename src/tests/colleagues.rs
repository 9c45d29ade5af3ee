//! To-dos, messages of the business, adverse events, complaints, the first page and the month's report.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use futures::StreamExt;
use mailuo::complaint::model::ComplaintRow;
use mailuo::memo::model::{Memo, MemoRow};
use mailuo::safety::model::{AdverseEvent, EventRow};
use mailuo::safety::store as safety;
use mailuo::server::db::q;
use mailuo::server::time;
use mailuo::shared::{Page, Role};
use mailuo::task::model::TaskRow;
use mailuo::workbench::model::{Desk, Month};
use tower::ServiceExt;

use crate::hcp_record::read;
use crate::support::TestApp;

async fn ok(app: &TestApp, cookie: &str, path: &str, form: &[(&str, &str)]) {
    let answer = app.post(path, cookie, form).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
}

on_both!(to_dos_are_ones_own, |app| {
    let cookie = app.cookie(Role::Trainer).await;
    let yesterday = time::shift_day(&app.state.zone.today(), -1);
    for _ in 0..2 {
        ok(
            &app,
            &cookie,
            "/api/tasks/save",
            &[
                ("form_key", "a"),
                ("title", "写课件"),
                ("day", &yesterday),
                ("starts", "9:30"),
            ],
        )
        .await;
    }
    ok(
        &app,
        &cookie,
        "/api/tasks/save",
        &[("form_key", "b"), ("title", "无日期")],
    )
    .await;
    let bad = app
        .post(
            "/api/tasks/save",
            &cookie,
            &[
                ("form_key", "c"),
                ("title", ""),
                ("day", "明天"),
                ("starts", "25:00"),
            ],
        )
        .await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    let open: Page<TaskRow> = read(&app, &cookie, "/api/tasks/list").await;
    assert_eq!(open.total, 2);
    let first = &open.rows[0];
    assert!(first.overdue && first.starts == "09:30" && open.rows[1].day.is_none());
    assert!(
        app.get("/", &cookie)
            .await
            .text()
            .contains("1 件待办今天到期或已过期")
    );
    let id = first.id.clone();
    ok(
        &app,
        &cookie,
        "/api/tasks/save",
        &[
            ("form_key", "d"),
            ("id", &id),
            ("title", "改课件"),
            ("day", &yesterday),
        ],
    )
    .await;
    for _ in 0..2 {
        ok(&app, &cookie, "/api/tasks/finish", &[("id", &id)]).await;
    }
    let done: Page<TaskRow> = read(&app, &cookie, "/api/tasks/list?done=true").await;
    assert_eq!(done.rows[0].title, "改课件");
    let closed = app
        .post(
            "/api/tasks/save",
            &cookie,
            &[("form_key", "e"), ("id", &id), ("title", "再改")],
        )
        .await;
    assert_eq!(
        closed.status,
        StatusCode::NOT_FOUND,
        "what is done is not changed"
    );
    ok(
        &app,
        &cookie,
        "/api/tasks/finish",
        &[("id", &id), ("undo", "true")],
    )
    .await;
    ok(&app, &cookie, "/api/tasks/delete", &[("id", &id)]).await;
    let open: Page<TaskRow> = read(&app, &cookie, "/api/tasks/list").await;
    assert_eq!(open.total, 1);
});

on_both!(a_message_reaches_a_unit_and_is_answered, |app| {
    let (manager, rep, otc) = (
        app.cookie(Role::Manager).await,
        app.cookie(Role::Rep).await,
        app.cookie(Role::OtcRep).await,
    );
    let day = time::shift_day(&app.state.zone.today(), 3);
    let form = [
        ("form_key", "m"),
        ("title", "本周重点"),
        ("body", "请完成"),
        ("unit", app.units.district_a.as_str()),
        ("due", day.as_str()),
    ];
    for _ in 0..2 {
        ok(&app, &manager, "/api/memos/send", &form).await;
    }
    assert_eq!(
        app.count("SELECT COUNT(*) FROM memo").await,
        1,
        "twice is once"
    );
    let mine: Page<MemoRow> = read(&app, &rep, "/api/memos/list").await;
    assert!(!mine.rows[0].read && mine.rows[0].due.as_deref() == Some(day.as_str()));
    let id = mine.rows[0].id.clone();
    let tasks: Page<TaskRow> = read(&app, &rep, "/api/tasks/list").await;
    assert_eq!(
        tasks.rows[0].from.as_deref(),
        Some(format!("/memos/{id}").as_str())
    );
    ok(
        &app,
        &rep,
        "/api/memos/reply",
        &[("form_key", "r"), ("id", &id), ("body", "收到了")],
    )
    .await;
    ok(
        &app,
        &rep,
        "/api/tasks/finish",
        &[("id", &tasks.rows[0].id)],
    )
    .await;
    // Replies of receivers are the sender's to read.
    let shown: Memo = read(&app, &otc, &format!("/api/memos/get?id={id}")).await;
    assert!(shown.replies.is_empty() && shown.receipts.is_none());
    ok(&app, &otc, "/api/memos/read", &[("id", &id)]).await;
    let shown: Memo = read(&app, &manager, &format!("/api/memos/get?id={id}")).await;
    assert_eq!(shown.replies[0].body, "收到了");
    let receipts = shown.receipts.expect("is the sender's");
    let read_by = receipts.rows.iter().filter(|r| r.read.is_some()).count();
    assert!(read_by >= 2 && receipts.rows.iter().any(|r| r.done == Some(true)));
    let sent: Page<MemoRow> = read(&app, &manager, "/api/memos/list?sent=true").await;
    assert_eq!(sent.rows[0].receipts.map(|r| r.0), Some(read_by as i64));
    assert!(
        app.get("/inbox", &manager)
            .await
            .text()
            .contains("回复了《本周重点》")
    );
    // Nobody, several, nothing.
    app.person(
        "同名",
        Role::Rep,
        &app.units.district_a,
        None,
        "13600000011",
    )
    .await;
    app.person(
        "同名",
        Role::Rep,
        &app.units.district_a,
        None,
        "13600000012",
    )
    .await;
    for (people, said) in [("无此人", "找不到“无此人”"), ("同名", "有多位“同名”")]
    {
        let answer = app
            .submit(
                "/api/memos/send",
                "/memos/new",
                &manager,
                &[
                    ("form_key", "n"),
                    ("title", "题"),
                    ("body", "文"),
                    ("people", people),
                ],
            )
            .await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.text().contains(said), "{said}");
    }
    let nobody = app
        .post(
            "/api/memos/send",
            &manager,
            &[("form_key", "o"), ("title", "题"), ("body", "文")],
        )
        .await;
    assert_eq!(nobody.status, StatusCode::UNPROCESSABLE_ENTITY);
});

on_both!(an_adverse_event_reaches_compliance_with_its_clocks, |app| {
    let (rep, compliance) = (
        app.cookie(Role::Rep).await,
        app.cookie(Role::Compliance).await,
    );
    let today = app.state.zone.today();
    let yesterday = time::shift_day(&today, -1);
    let form = [
        ("form_key", "k"),
        ("patient", "女，60 岁"),
        ("reporter", "某医院王医生"),
        ("product", "甲药"),
        ("event", "皮疹"),
        ("severity", "serious"),
        ("day_zero", yesterday.as_str()),
    ];
    for _ in 0..2 {
        ok(&app, &rep, "/api/adverse_events/report", &form).await;
    }
    assert_eq!(
        app.count("SELECT COUNT(*) FROM adverse_event").await,
        1,
        "twice is once"
    );
    assert_eq!(
        app.count("SELECT COUNT(*) FROM adverse_event WHERE event = '皮疹' OR patient LIKE '%60%'")
            .await,
        0,
        "the texts are sealed"
    );
    let told: Page<EventRow> = read(&app, &compliance, "/api/adverse_events/list").await;
    let id = told.rows[0].id.clone();
    assert_eq!(
        (told.rows[0].due.as_str(), told.rows[0].state.as_str()),
        (time::shift_day(&yesterday, 15).as_str(), "open")
    );
    assert!(
        app.get("/inbox", &compliance)
            .await
            .text()
            .contains("上报了不良事件")
    );
    assert!(
        app.get("/", &compliance)
            .await
            .text()
            .contains("1 起不良事件处理中")
    );
    // Others see their own only.
    let otc = app.cookie(Role::OtcRep).await;
    assert_eq!(
        app.get(&format!("/api/adverse_events/get?id={id}"), &otc)
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    let shown: AdverseEvent = read(&app, &rep, &format!("/api/adverse_events/get?id={id}")).await;
    assert!(shown.event == "皮疹" && !shown.may_handle);
    // Faults.
    let future = time::shift_day(&today, 1);
    let bad = app
        .submit(
            "/api/adverse_events/report",
            "/adverse-events/new",
            &rep,
            &[("form_key", "l"), ("patient", "男"), ("day_zero", &future)],
        )
        .await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bad.text().contains("请选择近一年内、今天或以前的日期"));
    // The clocks remind, once for each time.
    q("UPDATE adverse_event SET created_at = created_at - $1, due_day = $2")
        .bind(21 * time::HOUR)
        .bind(&today)
        .exec(&app.state.db)
        .await
        .expect("is older");
    for _ in 0..2 {
        safety::remind(&app.state).await.expect("reminds");
    }
    for (kind, n) in [("event_first_step", 1), ("event_report_due", 1)] {
        let sql = format!("SELECT COUNT(*) FROM message WHERE kind = 'message.{kind}'");
        assert_eq!(app.count(&sql).await, n, "{kind}");
    }
    let step = async |key: &str, kind: &str, note: &str| {
        app.post(
            "/api/adverse_events/step",
            &compliance,
            &[
                ("form_key", key),
                ("id", &id),
                ("kind", kind),
                ("note", note),
            ],
        )
        .await
        .status
    };
    assert_eq!(
        step("1", "first_step", "").await,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    for early in ["submitted", "closed", "dismissed"] {
        assert_eq!(step(early, early, "太早").await, StatusCode::CONFLICT);
    }
    assert_eq!(step("2", "first_step", "已联系医生").await, StatusCode::OK);
    assert_eq!(step("3", "first_step", "再次").await, StatusCode::CONFLICT);
    assert_eq!(step("4", "submitted", "编号 1").await, StatusCode::OK);
    assert_eq!(step("5", "closed", "好转").await, StatusCode::OK);
    assert_eq!(step("6", "closed", "再次").await, StatusCode::CONFLICT);
    assert_eq!(step("7", "note", "随访").await, StatusCode::OK);
    assert!(
        app.get("/inbox", &rep).await.text().contains("已结案"),
        "who reported it hears of it"
    );
    let shown: AdverseEvent = read(&app, &rep, &format!("/api/adverse_events/get?id={id}")).await;
    assert_eq!(
        (shown.row.state.as_str(), shown.steps.len(), shown.row.late),
        ("closed", 4, false)
    );
});

on_both!(a_complaint_comes_back_with_an_answer, |app| {
    let (rep, admin) = (app.cookie(Role::Rep).await, app.cookie(Role::Admin).await);
    for _ in 0..2 {
        ok(
            &app,
            &rep,
            "/api/complaints/send",
            &[("form_key", "c"), ("kind", "fault"), ("body", "打不开")],
        )
        .await;
    }
    let queue: Page<ComplaintRow> = read(&app, &admin, "/api/complaints/queue").await;
    assert_eq!(queue.total, 1);
    let id = queue.rows[0].id.clone();
    ok(
        &app,
        &admin,
        "/api/complaints/answer",
        &[("id", &id), ("answer", "已修复")],
    )
    .await;
    let twice = app
        .post(
            "/api/complaints/answer",
            &admin,
            &[("id", &id), ("answer", "再答")],
        )
        .await;
    assert_eq!(twice.status, StatusCode::CONFLICT);
    let mine: Page<ComplaintRow> = read(&app, &rep, "/api/complaints/mine").await;
    assert_eq!(
        mine.rows[0].answer.as_ref().map(|a| a.0.as_str()),
        Some("已修复")
    );
    assert!(app.get("/inbox", &rep).await.text().contains("有了答复"));
    let queue: Page<ComplaintRow> = read(&app, &admin, "/api/complaints/queue").await;
    assert_eq!(queue.total, 0);
});

on_both!(the_first_page_is_arranged, |app| {
    let cookie = app.cookie(Role::Rep).await;
    let arrange = [("card", "recent"), ("act", "up")];
    ok(&app, &cookie, "/api/workbench/arrange", &arrange).await;
    ok(
        &app,
        &cookie,
        "/api/workbench/arrange",
        &[("card", "hcps"), ("act", "hide")],
    )
    .await;
    let desk: Desk = read(&app, &cookie, "/api/workbench/desk").await;
    let layout: Vec<&str> = desk.layout.iter().map(String::as_str).collect();
    assert_eq!(layout, ["todo", "plans", "-hcps", "recent", "sharing"]);
    let page = app.get("/", &cookie).await.text();
    assert!(!page.contains("客户（"), "what is hidden is not shown");
    assert!(
        app.get("/?arrange=1", &cookie)
            .await
            .text()
            .contains("恢复默认")
    );
    ok(&app, &cookie, "/api/workbench/arrange", &[("act", "reset")]).await;
    let desk: Desk = read(&app, &cookie, "/api/workbench/desk").await;
    assert_eq!(desk.layout, ["todo", "plans", "hcps", "sharing", "recent"]);
    let unknown = app
        .post(
            "/api/workbench/arrange",
            &cookie,
            &[("card", "x"), ("act", "up")],
        )
        .await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    let month: Month = read(&app, &cookie, "/api/workbench/month").await;
    assert_eq!((month.visits, month.checkins, month.planned), (0, 0, 0));
    let bad = app.get("/api/workbench/month?month=2026-13", &cookie).await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
});

on_both!(an_open_page_hears_of_what_is_its_own, |app| {
    let open = async |cookie: String| {
        let request = Request::builder()
            .uri("/live")
            .header("host", "localhost")
            .header("cookie", cookie)
            .body(Body::empty())
            .expect("a request");
        app.router.clone().oneshot(request).await.expect("answers")
    };
    assert_eq!(open(String::new()).await.status(), StatusCode::UNAUTHORIZED);
    let rep = open(app.cookie(Role::Rep).await).await;
    assert_eq!(rep.status(), StatusCode::OK);
    let mut heard = rep.into_body().into_data_stream();
    app.state.live.tell("somebody else");
    app.state.live.tell(&app.id_of(Role::Rep).await);
    let first = tokio::time::timeout(std::time::Duration::from_secs(5), heard.next())
        .await
        .expect("comes soon")
        .expect("is there")
        .expect("is read");
    assert!(String::from_utf8_lossy(&first).contains("event: changed"));
});

on_both!(signing_out_asks_and_clears, |app| {
    let cookie = app.cookie(Role::Rep).await;
    assert_eq!(app.get("/sign-out", "").await.location(), "/sign-in");
    assert!(
        app.get("/sign-out", &cookie)
            .await
            .text()
            .contains("本机保存的页面和草稿会清除")
    );
    let out = app.post("/sign-out", &cookie, &[]).await;
    assert_eq!(out.location(), "/sign-in");
    let worker = app.get("/sw.js", "").await;
    assert!(worker.text().contains("mailuo-") && !worker.text().contains("VERSION"));
    assert_eq!(
        worker.headers["content-type"],
        "text/javascript; charset=utf-8"
    );
});
