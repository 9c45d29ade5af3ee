//! Giving many terminals at once, and groups with their branches.

use axum::http::StatusCode;
use futures::future::join_all;
use mailuo::importing::{Kind, Mode};
use mailuo::server::guard::Actor;
use mailuo::server::time::shift_day;
use mailuo::shared::Role;
use serde_json::Value;

use super::{SAVE, entered, form, json};
use crate::support::{Answer, TestApp};

const MOVE: &str = "/api/terminals/move";

/// Ten terminals of one province, the first four of which the rep has.
async fn world(app: &TestApp) -> (String, String) {
    let mut rows = "终端编码,终端名称,类型,省份,城市\n".to_owned();
    for n in 0..10 {
        rows.push_str(&format!("M{n},移交测试医院{n},医院,湖北省,江城市\n"));
    }
    app.import(Kind::Hospitals, rows.as_bytes()).await;
    let (rep, next) = (app.id_of(Role::Rep).await, app.id_of(Role::OtcRep).await);
    let (admin, today) = (app.actor(Role::Admin).await, app.state.zone.today());
    let mut tx = app.state.db.begin().await.expect("begins");
    for n in 0..4 {
        let id = app
            .text(&format!("SELECT id FROM terminal WHERE code = 'M{n}'"))
            .await;
        mailuo::terminal::assignment::assign(
            &app.state,
            &mut tx,
            &admin,
            &id,
            &rep,
            "default",
            &shift_day(&today, -30),
        )
        .await
        .expect("is assigned");
    }
    tx.commit().await.expect("commits");
    (rep, next)
}

async fn name(app: &TestApp, id: &str) -> String {
    app.text(&format!("SELECT name FROM staff WHERE id = '{id}'"))
        .await
}

/// Asks for data with parameters.
async fn ask(app: &TestApp, path: &str, query: &[(&str, &str)]) -> Value {
    let admin = app.cookie(Role::Admin).await;
    let query = serde_urlencoded::to_string(query).expect("is encoded");
    json(&app.get(&format!("{path}?{query}"), &admin).await)
}

async fn plan(app: &TestApp, query: &[(&str, &str)]) -> Value {
    ask(app, "/api/terminals/plan_move", query).await
}

fn held(app: &TestApp, staff: &str) -> impl Future<Output = i64> {
    let sql = format!(
        "SELECT COUNT(*) FROM terminal_assignment WHERE staff_id = '{staff}' AND ends_on IS NULL"
    );
    async move { app.count(&sql).await }
}

on_both!(many_terminals_go_in_one_act, |app| {
    let (rep, next) = world(&app).await;
    let (from, to) = (name(&app, &rep).await, name(&app, &next).await);
    let (admin, today) = (app.cookie(Role::Admin).await, app.state.zone.today());

    // Nothing is asked yet; then what would happen.
    assert!(plan(&app, &[]).await["preview"].is_null());
    let none = plan(&app, &[("to", "没有这个人")]).await;
    assert_eq!(none["faults"][0][0], "to");
    let seen = plan(&app, &[("holder", &from), ("to", &to), ("from", &today)]).await;
    assert_eq!(seen["preview"]["moving"], 4, "{seen}");
    assert_eq!(seen["preview"]["givers"][0][0], from.as_str());
    let all = plan(
        &app,
        &[("province", "湖北省"), ("to", &to), ("from", &today)],
    )
    .await;
    assert_eq!(all["preview"]["moving"], 10, "{all}");

    // A wrong number moves nothing.
    let send = |seen: &'static str, key: &'static str| {
        let fields = [
            ("form_key", key),
            ("holder", from.as_str()),
            ("to", to.as_str()),
            ("from", today.as_str()),
            ("seen", seen),
        ]
        .map(|(n, v)| (n, v.to_owned()));
        let (app, admin) = (&app, admin.clone());
        async move {
            let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
            app.post(MOVE, &admin, &fields).await
        }
    };
    let stale: Answer = send("5", "k0").await;
    assert_eq!(stale.status, StatusCode::CONFLICT, "{}", stale.text());
    assert_eq!(held(&app, &next).await, 0);

    // Tapped ten times, it happens once.
    let answers = join_all((0..10).map(|_| send("4", "k1"))).await;
    assert!(answers.iter().all(|a| a.status == StatusCode::OK));
    assert_eq!((held(&app, &rep).await, held(&app, &next).await), (0, 4));
    assert_eq!(
        app.count("SELECT COUNT(*) FROM audit_log WHERE action = 'terminal.move'")
            .await,
        1
    );
    assert_eq!(
        app.count("SELECT COUNT(*) FROM message WHERE kind = 'message.terminals_given'")
            .await,
        1
    );
    let again = plan(
        &app,
        &[
            ("holder", &to),
            ("to", &from),
            ("from", &shift_day(&today, -1)),
        ],
    )
    .await;
    assert_eq!(again["preview"]["later"], 4, "they begin today: {again}");

    // In a line of its own the main one stays.
    let other = plan(
        &app,
        &[
            ("province", "湖北省"),
            ("line", "急救"),
            ("to", &from),
            ("from", &today),
        ],
    )
    .await;
    assert_eq!(other["preview"]["moving"], 10);
    let fields = [
        ("form_key", "k2"),
        ("province", "湖北省"),
        ("line", "急救"),
        ("to", from.as_str()),
        ("from", today.as_str()),
        ("seen", "10"),
    ];
    let answer = app.post(MOVE, &admin, &fields).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!((held(&app, &rep).await, held(&app, &next).await), (10, 4));
    let list = "/api/terminals/list";
    let listed = ask(&app, list, &[("text", "移交测试医院0"), ("line", "急救")]).await;
    assert_eq!(listed["page"]["rows"][0]["owner"], to.as_str());
    assert!(
        listed["page"]["rows"][0]["others"]
            .as_str()
            .is_some_and(|o| o.contains("急救")),
        "{listed}"
    );
    let free = [
        ("province", "湖北省"),
        ("assigned", "no"),
        ("line", "default"),
    ];
    let free = ask(&app, list, &free).await;
    assert_eq!(free["page"]["total"], 6);
    // A vacant main line is what "nobody has it" means, whoever has it in another.
    let free = [("province", "湖北省"), ("assigned", "no")];
    assert_eq!(ask(&app, list, &free).await["page"]["total"], 6);
    // A line by itself: who is had in it; with somebody and "no": whom they have not.
    let held = [("province", "湖北省"), ("line", "急救")];
    assert_eq!(ask(&app, list, &held).await["page"]["total"], 10);
    let others = [
        ("province", "湖北省"),
        ("assigned", "no"),
        ("holder", to.as_str()),
    ];
    assert_eq!(ask(&app, list, &others).await["page"]["total"], 6);
});

on_both!(a_group_has_branches_and_no_group_above, |app| {
    let id = entered(&app).await;
    let admin = app.cookie(Role::Admin).await;
    let branch = |key: &'static str, code: &'static str, parent: &'static str| {
        let (app, admin) = (&app, admin.clone());
        async move {
            let fields = form(&[
                ("form_key", key),
                ("code", code),
                ("name", "江城市第一人民医院分院"),
                ("aliases", ""),
                ("parent", parent),
                ("status", "paused"),
            ]);
            app.post(SAVE, &admin, &fields).await
        }
    };
    let unknown = branch("b0", "T101", "T999").await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(unknown.text().contains("\"parent\""), "{}", unknown.text());
    assert_eq!(branch("b1", "T101", "T100").await.status, StatusCode::OK);
    // A branch has no branches.
    let deep = branch("b2", "T102", "T101").await;
    assert!(
        deep.text().contains("field.parent_level"),
        "{}",
        deep.text()
    );
    let page = json(
        &app.get(&format!("/api/terminals/get?id={id}"), &admin)
            .await,
    );
    assert_eq!(page["branches"][0][1], "江城市第一人民医院分院");
    let listed = json(
        &app.get(&format!("/api/terminals/list?parent={id}"), &admin)
            .await,
    );
    assert_eq!(listed["page"]["rows"][0]["parent"], "江城市第一人民医院");
    assert_eq!(listed["page"]["rows"][0]["status"], "paused");

    // An import names a group further up in the file, and refuses what is unknown or two levels deep.
    let file = "终端编码,终端名称,状态,上级终端\nG1,江城大药房总部,,\nG2,江城大药房一店,停业,G1\nG3,江城大药房二店,,G9\n\
                G4,江城大药房三店,开着,G1\nG5,江城大药房四店,,G2\n";
    let report = mailuo::importing::run(
        &app.state,
        &Actor::system(),
        Kind::Hospitals,
        file.as_bytes(),
        Mode::SkipInvalid,
    )
    .await
    .expect("is read");
    assert_eq!(report.created, 2, "{report:?}");
    let named: Vec<(i64, &str)> = report
        .invalid
        .iter()
        .map(|i| (i.row, i.field.as_str()))
        .collect();
    assert_eq!(named, [(4, "上级终端"), (5, "状态"), (6, "上级终端")]);
    // What is closed is offered to nobody and stays found by who asks for it.
    let offered = mailuo::terminal::store::suggest(&app.state.db, "大药房", None)
        .await
        .expect("answers");
    assert_eq!(offered.len(), 1);
    for (status, n) in [("", 1), ("closed", 1), ("all", 2)] {
        let found = ask(
            &app,
            "/api/terminals/list",
            &[("text", "江城大药房"), ("status", status)],
        )
        .await;
        assert_eq!(found["page"]["total"], n, "{status}");
    }
});
