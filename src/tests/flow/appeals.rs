//! Appeals from the first word to the corrected line.

use axum::http::StatusCode;
use mailuo::server::crypto;
use mailuo::server::db::q;
use mailuo::shared::Role;

use super::world::{World, assert_sums, json, month};
use crate::duplicate::exec;
use crate::support::{Answer, TestApp};

/// A photo of one pixel.
const PHOTO: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0, 0,
    1, 0, 0, 0, 1, 8, 6, 0, 0, 0, 0x1F, 0x15, 0xC4, 0x89, 0, 0, 0, 10, b'I', b'D', b'A', b'T',
    0x78, 0x9C, 0x63, 0, 1, 0, 0, 5, 0, 1, 0x0D, 0x0A, 0x2D, 0xB4, 0, 0, 0, 0, b'I', b'E', b'N',
    b'D', 0xAE, 0x42, 0x60, 0x82,
];

async fn raise(app: &TestApp, w: &World, line: &str, reason: &str, quantity: &str) -> Answer {
    let key = crypto::new_id();
    let form = [
        ("form_key", key.as_str()),
        ("line_id", line),
        ("reason", reason),
        ("quantity", quantity),
        ("body", "与随货单不符"),
    ];
    app.post("/api/flow/raise_appeal", &w.rep, &form).await
}

fn id_of(answer: &Answer) -> String {
    json(answer)["next"]
        .as_str()
        .expect("leads on")
        .trim_start_matches("/flow/appeals/")
        .to_owned()
}

async fn step(app: &TestApp, cookie: &str, id: &str, act: &str, body: &str) -> Answer {
    let key = crypto::new_id();
    let form = [
        ("form_key", key.as_str()),
        ("id", id),
        ("act", act),
        ("body", body),
    ];
    app.post("/api/flow/step_appeal", cookie, &form).await
}

async fn decide(app: &TestApp, w: &World, id: &str, other: &[(&str, &str)]) -> Answer {
    let key = crypto::new_id();
    let mut form = vec![("form_key", key.as_str()), ("id", id)];
    form.extend_from_slice(other);
    app.post("/api/flow/decide_appeal", &w.admin, &form).await
}

on_both!(an_appeal_goes_to_the_manager_and_to_operations, |app| {
    let w = World::build(&app).await;
    w.import(
        &app,
        "A",
        &[("江城市第一人民医院", 50), ("江城市第一人民医院", 7)],
    )
    .await;
    let line = q("SELECT id FROM flow_line WHERE quantity = 50")
        .one::<(String,)>(&app.state.db)
        .await
        .expect("a line")
        .0;
    let answer = raise(&app, &w, &line, "quantity", "x").await;
    assert_eq!(
        answer.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        answer.text()
    );
    let answer = raise(&app, &w, &line, "quantity", "30").await;
    let id = id_of(&answer);
    // One at a time about a line, and none by somebody else.
    assert_eq!(
        raise(&app, &w, &line, "other", "").await.status,
        StatusCode::CONFLICT
    );
    assert_eq!(
        app.get(&format!("/api/flow/appeal?id={id}"), &w.trade)
            .await
            .status,
        StatusCode::NOT_FOUND
    );

    // Evidence without EXIF, kept sealed, seen by who sees the appeal.
    let path = format!("/flow/appeals/{id}/evidence");
    let answer = app
        .post_parts(&path, &w.rep, &[("form_key", b"p1"), ("photo", PHOTO)])
        .await;
    assert_eq!(
        answer.location(),
        format!("/flow/appeals/{id}?done=notice.saved")
    );
    app.post_parts(&path, &w.rep, &[("form_key", b"p2"), ("photo", PHOTO)])
        .await;
    let answer = app
        .post_parts(
            &path,
            &w.rep,
            &[("form_key", b"p3"), ("photo", b"no photo")],
        )
        .await;
    assert_eq!(answer.location(), format!("/flow/appeals/{id}?fault=photo"));
    // Words and a photo go together; words are kept where the photo is none, and tell whom they concern.
    let nothing = app.post_parts(&path, &w.rep, &[("body", b" ")]).await;
    assert_eq!(
        nothing.location(),
        format!("/flow/appeals/{id}?fault=empty")
    );
    let parts: [(&str, &[u8]); 3] = [
        ("form_key", b"said"),
        ("body", "照片附后".as_bytes()),
        ("photo", b"no photo"),
    ];
    for _ in 0..2 {
        let answer = app.post_parts(&path, &w.rep, &parts).await;
        assert_eq!(
            answer.location(),
            format!("/flow/appeals/{id}?fault=photo_only")
        );
    }
    assert_eq!(
        app.count("SELECT COUNT(*) FROM flow_appeal_step WHERE act = 'comment'")
            .await,
        1
    );
    w.ok(step(&app, &w.manager, &id, "comment", "收到").await);
    // The photo that is there already brings its new words; sent twice, once.
    let again: [(&str, &[u8]); 3] = [
        ("form_key", b"again"),
        ("body", "同一张照片".as_bytes()),
        ("photo", PHOTO),
    ];
    for _ in 0..2 {
        app.post_parts(&path, &w.manager, &again).await;
    }
    assert_eq!(
        app.count("SELECT COUNT(*) FROM flow_appeal_step WHERE act = 'comment'")
            .await,
        3
    );
    let said =
        "SELECT COUNT(*) FROM message WHERE kind = 'message.flow_appeal_said' AND staff_id = ";
    for (role, n) in [(Role::Rep, 2), (Role::Manager, 2)] {
        let staff = app.id_of(role).await;
        assert_eq!(app.count(&format!("{said}'{staff}'")).await, n, "{role:?}");
    }
    // Who is late with a step is reminded once.
    let today = app.state.zone.today();
    exec(&app, &format!("UPDATE flow_appeal SET due_on = '{today}'")).await;
    for _ in 0..2 {
        mailuo::flow::appeals::remind(&app.state)
            .await
            .expect("reminds");
    }
    assert_eq!(
        app.count("SELECT COUNT(*) FROM message WHERE kind = 'message.flow_appeal_due'")
            .await,
        1
    );
    let appeal = json(
        &app.get(&format!("/api/flow/appeal?id={id}"), &w.manager)
            .await,
    );
    let steps = appeal["steps"].as_array().expect("steps");
    let photos: Vec<&str> = steps
        .iter()
        .filter(|s| s["photo"] == true)
        .filter_map(|s| s["id"].as_str())
        .collect();
    assert_eq!(photos.len(), 1);
    let photo = format!("/flow/appeals/steps/{}/photo", photos[0]);
    assert_eq!(app.get(&photo, &w.manager).await.status, StatusCode::OK);
    assert_eq!(
        app.get(&photo, &w.trade).await.status,
        StatusCode::NOT_FOUND
    );

    // The manager is told, supports, and cannot decide; operations do.
    let told = app
        .count("SELECT COUNT(*) FROM message WHERE kind = 'message.flow_appeal'")
        .await;
    assert_eq!(told, 1);
    assert!(appeal["may_support"] == true && appeal["may_decide"] == false);
    assert_eq!(
        step(&app, &w.rep, &id, "support", "").await.status,
        StatusCode::CONFLICT
    );
    w.ok(step(&app, &w.manager, &id, "support", "属实").await);
    assert_eq!(
        step(&app, &w.manager, &id, "support", "").await.status,
        StatusCode::CONFLICT
    );
    let answer = decide(
        &app,
        &w,
        &id,
        &[
            ("verdict", "accept"),
            ("correction", "quantity"),
            ("quantity", ""),
        ],
    )
    .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    w.ok(decide(
        &app,
        &w,
        &id,
        &[
            ("verdict", "accept"),
            ("correction", "quantity"),
            ("quantity", "30"),
        ],
    )
    .await);
    assert_eq!(
        decide(&app, &w, &id, &[("verdict", "reject"), ("body", "x")])
            .await
            .status,
        StatusCode::CONFLICT
    );
    // A reversal and a new line to confirm; the line itself still says 50.
    assert_eq!(w.quantity(&app).await, 37);
    let of: Vec<(i64, String)> = q("SELECT quantity, state FROM flow_line ORDER BY quantity")
        .all(&app.state.db)
        .await
        .expect("answers");
    let expected = [
        (-50, "reversal"),
        (7, "open"),
        (30, "open"),
        (50, "reversed"),
    ];
    assert_eq!(of, expected.map(|(n, state)| (n, state.to_owned())));
    assert_sums(&app).await;
    let told = app
        .count("SELECT COUNT(*) FROM message WHERE kind = 'message.flow_appeal_ended'")
        .await;
    assert_eq!(told, 1);
    // The thread says what was put right.
    let appeal = json(&app.get(&format!("/api/flow/appeal?id={id}"), &w.rep).await);
    let last = appeal["steps"].as_array().and_then(|s| s.last()).cloned();
    let last = last.expect("a step");
    assert_eq!(
        (&last["act"], &last["correction"], &last["corrected"]),
        (&"accepted".into(), &"quantity".into(), &"30".into())
    );
    let stats = json(&app.get("/api/flow/appeals?tab=decided", &w.admin).await);
    assert_eq!(
        (
            &stats["by_reason"][0]["accepted"],
            &stats["by_distributor"][0]["name"]
        ),
        (&1.into(), &"江城医药公司".into())
    );
});

on_both!(a_rejected_appeal_is_raised_once_more, |app| {
    let w = World::build(&app).await;
    w.import(&app, "A", &[("江城市第一人民医院", 50)]).await;
    let line = w.line(&app, "open").await;
    let id = id_of(&raise(&app, &w, &line, "not_mine", "").await);
    assert_eq!(
        step(&app, &w.manager, &id, "oppose", "").await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    w.ok(step(&app, &w.manager, &id, "oppose", "是你的终端").await);
    assert_eq!(w.line(&app, "open").await, line);
    w.ok(step(&app, &w.rep, &id, "again", "终端已移交").await);
    // It goes to operations now, who give the line to another terminal.
    let answer = decide(
        &app,
        &w,
        &id,
        &[
            ("verdict", "accept"),
            ("correction", "terminal"),
            ("terminal", "没有"),
        ],
    )
    .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    w.ok(decide(
        &app,
        &w,
        &id,
        &[
            ("verdict", "accept"),
            ("correction", "terminal"),
            ("terminal", "T2"),
        ],
    )
    .await);
    assert_eq!(w.quantity(&app).await, 0);
    let credited = app
        .count(&format!(
            "SELECT COUNT(*) FROM flow_line WHERE state = 'open' AND credited_id = '{}'",
            app.id_of(Role::TradeRep).await
        ))
        .await;
    assert_eq!(credited, 1);
    assert_sums(&app).await;
    // The second rejection is the last.
    w.import(&app, "B", &[("江城市第一人民医院", 9)]).await;
    let (line,): (String,) = q("SELECT id FROM flow_line WHERE quantity = 9")
        .one(&app.state.db)
        .await
        .expect("a line");
    let id = id_of(&raise(&app, &w, &line, "other", "").await);
    w.ok(step(&app, &w.manager, &id, "oppose", "不成立").await);
    w.ok(step(&app, &w.rep, &id, "again", "请再核实").await);
    w.ok(decide(&app, &w, &id, &[("verdict", "reject"), ("body", "已核实")]).await);
    assert_eq!(
        step(&app, &w.rep, &id, "again", "再来").await.status,
        StatusCode::CONFLICT
    );
    // Nor does a new appeal go around that.
    let again = raise(&app, &w, &line, "other", "").await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.text());
    assert_sums(&app).await;
});

on_both!(missing_and_double_lines_are_put_right, |app| {
    let w = World::build(&app).await;
    w.import(
        &app,
        "A",
        &[("江城市第一人民医院", 50), ("江城市第一人民医院", 50)],
    )
    .await;
    let line = w.line(&app, "open").await;
    let id = id_of(&raise(&app, &w, &line, "duplicate", "").await);
    w.ok(step(&app, &w.manager, &id, "support", "").await);
    w.ok(decide(
        &app,
        &w,
        &id,
        &[("verdict", "accept"), ("correction", "reverse")],
    )
    .await);
    assert_eq!(w.quantity(&app).await, 50);

    let (product, distributor): (String, String) =
        q("SELECT product_id, distributor_id FROM flow_line LIMIT 1")
            .one(&app.state.db)
            .await
            .expect("a line");
    let form = |key: &'static str, quantity: &'static str| {
        vec![
            ("form_key", key.to_owned()),
            ("terminal_id", w.terminal.clone()),
            ("reason", "missing".to_owned()),
            ("product_id", product.clone()),
            ("distributor_id", distributor.clone()),
            ("quantity", quantity.to_owned()),
            ("sold_on", "2026-09-09".to_owned()),
            ("body", "随货单见照片".to_owned()),
        ]
    };
    let send = async |key: &'static str, quantity: &'static str| {
        let form = form(key, quantity);
        let form: Vec<(&str, &str)> = form.iter().map(|(n, v)| (*n, v.as_str())).collect();
        app.post("/api/flow/raise_appeal", &w.rep, &form).await
    };
    assert_eq!(send("a", "").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let first = id_of(&send("b", "20").await);
    // A double tap is one appeal.
    assert_eq!(id_of(&send("b", "20").await), first);
    w.ok(step(&app, &w.manager, &first, "support", "").await);
    w.ok(decide(
        &app,
        &w,
        &first,
        &[
            ("verdict", "accept"),
            ("correction", "add"),
            ("quantity", "20"),
        ],
    )
    .await);
    assert_eq!(w.quantity(&app).await, 70);
    assert_sums(&app).await;
    // Withdrawn, a line is to be confirmed again.
    let line = w.line(&app, "open").await;
    let id = id_of(&raise(&app, &w, &line, "other", "").await);
    w.ok(step(&app, &w.rep, &id, "withdraw", "").await);
    assert_eq!(w.line(&app, "open").await, line);
    assert_sums(&app).await;
});

on_both!(what_comes_after_closing_is_an_adjustment, |app| {
    let w = World::build(&app).await;
    w.import(&app, "A", &[("江城市第一人民医院", 50), ("江城一院", 8)])
        .await;
    w.ok(w.period(&app, "2026-09", "confirming").await);
    let line = w.line(&app, "open").await;
    let id = id_of(&raise(&app, &w, &line, "quantity", "40").await);
    w.ok(w.period(&app, "2026-09", "closed").await);
    let closed = month(&app, "2026-09").await;

    w.ok(step(&app, &w.manager, &id, "support", "").await);
    w.ok(decide(
        &app,
        &w,
        &id,
        &[
            ("verdict", "accept"),
            ("correction", "quantity"),
            ("quantity", "40"),
        ],
    )
    .await);
    let form = [
        ("form_key", "m"),
        ("printed", "江城一院"),
        ("terminal_id", w.terminal.as_str()),
    ];
    w.ok(app.post("/api/flow/match", &w.admin, &form).await);
    let late = w.import(&app, "B", &[("江城市第一人民医院", 3)]).await;
    assert_eq!(late.adjustments, 1);
    assert_eq!(
        month(&app, "2026-09").await,
        closed,
        "a closed month does not change"
    );
    let of: Vec<(i64, String)> =
        q("SELECT quantity, state FROM flow_line WHERE month = '2026-10' ORDER BY quantity")
            .all(&app.state.db)
            .await
            .expect("answers");
    let expected = [
        (-50, "reversal"),
        (-8, "reversal"),
        (3, "open"),
        (8, "open"),
        (40, "open"),
    ];
    assert_eq!(of, expected.map(|(n, state)| (n, state.to_owned())));
    assert_sums(&app).await;
    // Opening it again takes a reason.
    let form = [
        ("form_key", "r"),
        ("month", "2026-09"),
        ("to", "confirming"),
        ("confirm_by", "2099-01-01"),
    ];
    let answer = app.post("/api/flow/advance_period", &w.admin, &form).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    w.ok(w.period(&app, "2026-09", "confirming").await);
    let periods = json(&app.get("/api/flow/periods", &w.admin).await);
    assert_eq!(periods[1]["steps"][0]["reason"], "更正");
});
