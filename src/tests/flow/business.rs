//! Business lines: whose a line is depends on its product. Groups of terminals, missing distributors, terminals without
//! lines.

use axum::http::StatusCode;
use mailuo::server::crypto;
use mailuo::server::db::q;
use mailuo::shared::Role;
use serde_json::Value;

use super::world::{World, assert_sums, json};
use crate::duplicate::exec;
use crate::support::TestApp;

const MONTH: &str = "2026-09";

/// Gives the first terminal in a line to the commercial rep.
async fn give(app: &TestApp, w: &World, line: &str, from: &str) {
    let staff = app.id_of(Role::TradeRep).await;
    let name = app
        .text(&format!("SELECT name FROM staff WHERE id = '{staff}'"))
        .await;
    let form = [
        ("terminal_id", w.terminal.as_str()),
        ("staff", name.as_str()),
        ("line", line),
        ("from", from),
    ];
    w.ok(app.post("/api/terminals/assign", &w.admin, &form).await);
}

/// Puts the product of the lines into a business line.
async fn put(app: &TestApp, w: &World, line: &str) {
    let product = json(&app.get("/api/products/list?text=YZ-001", &w.admin).await)["page"]["rows"]
        [0]["id"]
        .as_str()
        .expect("is there")
        .to_owned();
    let got = json(
        &app.get(&format!("/api/products/get?id={product}"), &w.admin)
            .await,
    );
    let old = &got["product"];
    let text = |field: &str| old[field].as_str().unwrap_or_default().to_owned();
    let (key, seen) = (crypto::new_id(), old["updated_at"].to_string());
    let fields = ["code", "name", "specification", "unit", "category"].map(|f| (f, text(f)));
    let mut form: Vec<(&str, &str)> = fields.iter().map(|(f, v)| (*f, v.as_str())).collect();
    form.extend([
        ("form_key", key.as_str()),
        ("id", product.as_str()),
        ("seen", seen.as_str()),
        ("business_line", line),
    ]);
    w.ok(app.post("/api/products/save", &w.admin, &form).await);
}

/// Quantities of the first terminal's lines that somebody is shown, and how many of them are theirs.
async fn shown(app: &TestApp, w: &World, cookie: &str) -> (Vec<i64>, usize) {
    let path = format!("/api/flow/terminal?id={}&month={MONTH}", w.terminal);
    let page = json(&app.get(&path, cookie).await);
    let rows = page["page"]["rows"].as_array().expect("rows").clone();
    let mut quantities: Vec<i64> = rows
        .iter()
        .map(|r| r["quantity"].as_i64().unwrap_or(0))
        .collect();
    quantities.sort_unstable();
    let mine = rows.iter().filter(|r| r["mine"] == true).count();
    (quantities, mine)
}

async fn credited(app: &TestApp) -> Vec<(String, i64)> {
    q("SELECT COALESCE(s.role, ''), l.quantity FROM flow_line l LEFT JOIN staff s ON s.id = l.credited_id ORDER BY l.quantity")
        .all(&app.state.db)
        .await
        .expect("answers")
}

on_both!(a_line_is_whose_who_has_its_business_line, |app| {
    let w = World::build(&app).await;
    w.rows(
        &app,
        &[
            ("A1", "江城市第一人民医院", 10, "2026-09-02"),
            ("A2", "江城市第一人民医院", 20, "2026-09-20"),
        ],
    )
    .await;
    // One line, whoever has the terminal has both.
    assert_eq!(shown(&app, &w, &w.rep).await, (vec![10, 20], 2));
    let path = format!("/api/flow/terminal?id={}", w.terminal);
    assert_eq!(app.get(&path, &w.trade).await.status, StatusCode::NOT_FOUND);

    // The product goes to a line that nobody has there: the main one's holder keeps it.
    put(&app, &w, "急救").await;
    assert_eq!(shown(&app, &w, &w.rep).await, (vec![10, 20], 2));
    assert_eq!(
        credited(&app).await,
        [("rep".to_owned(), 10), ("rep".to_owned(), 20)]
    );

    // Somebody has it since the tenth: what was sold since credits them, and today's owner confirms all.
    give(&app, &w, "急救", "2026-09-10").await;
    assert_eq!(
        credited(&app).await,
        [("rep".to_owned(), 10), ("trade_rep".to_owned(), 20)]
    );
    assert_sums(&app).await;
    assert_eq!(shown(&app, &w, &w.trade).await, (vec![10, 20], 2));
    assert_eq!(shown(&app, &w, &w.rep).await, (vec![], 0));
    let refused = w.confirm(&app, &w.rep, MONTH, "").await;
    assert_eq!(refused.status, StatusCode::OK, "nothing of theirs is open");
    assert_eq!(
        app.count("SELECT COUNT(*) FROM flow_line WHERE state = 'confirmed'")
            .await,
        0
    );
    let line = w.line(&app, "open").await;
    let foreign = w.confirm(&app, &w.rep, MONTH, &line).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    let key = crypto::new_id();
    let form = [
        ("form_key", key.as_str()),
        ("line_id", line.as_str()),
        ("reason", "other"),
        ("body", "x"),
    ];
    let foreign = app.post("/api/flow/raise_appeal", &w.rep, &form).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    // A missing line of a product that somebody else has is refused beside its field.
    let product = app.text("SELECT product_id FROM flow_line LIMIT 1").await;
    let distributor = app.text("SELECT id FROM flow_distributor").await;
    let form = [
        ("form_key", key.as_str()),
        ("terminal_id", w.terminal.as_str()),
        ("product_id", product.as_str()),
        ("distributor_id", distributor.as_str()),
        ("reason", "missing"),
        ("quantity", "3"),
        ("sold_on", "2026-09-03"),
        ("body", "x"),
    ];
    let answer = app.post("/api/flow/raise_appeal", &w.rep, &form).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        answer.text().contains("flow.other_line"),
        "{}",
        answer.text()
    );
    w.ok(w.confirm(&app, &w.trade, MONTH, "").await);
    assert_eq!(
        app.count("SELECT COUNT(*) FROM flow_line WHERE state = 'confirmed'")
            .await,
        2
    );
    // New lines credit by their product too, and the list of the one who has nothing there any more is empty.
    w.rows(&app, &[("A3", "江城市第一人民医院", 30, "2026-09-21")])
        .await;
    assert_eq!(credited(&app).await[2], ("trade_rep".to_owned(), 30));
    let list = |page: Value| page["page"]["total"].as_i64();
    let mine = json(
        &app.get(&format!("/api/flow/confirm_list?month={MONTH}"), &w.rep)
            .await,
    );
    assert_eq!(list(mine), Some(0));
    let theirs = json(
        &app.get(&format!("/api/flow/confirm_list?month={MONTH}"), &w.trade)
            .await,
    );
    assert_eq!(list(theirs), Some(1));
    // Back in the main line all is the rep's again.
    put(&app, &w, "").await;
    assert_eq!(shown(&app, &w, &w.rep).await.1, 3);
    assert!(
        credited(&app).await.iter().all(|(role, _)| role == "rep"),
        "{:?}",
        credited(&app).await
    );
    assert_sums(&app).await;
    // The report by line names both.
    put(&app, &w, "急救").await;
    let report = json(
        &app.get(
            &format!("/api/flow/report?by=line&from={MONTH}&to={MONTH}"),
            &w.admin,
        )
        .await,
    );
    assert_eq!(report["page"]["rows"][0]["name"], "急救");
    assert_eq!(report["page"]["rows"][0]["quantity"], 60);
});

on_both!(reports_add_up_groups_and_name_missing_distributors, |app| {
    let w = World::build(&app).await;
    w.rows(
        &app,
        &[
            ("A1", "江城市第一人民医院", 10, "2026-09-02"),
            ("A2", "江城市第二医院", 5, "2026-09-02"),
            ("A3", "江城市第三医院", 2, "2026-09-02"),
        ],
    )
    .await;
    // The second is a branch of the first, as an import says.
    let file = "终端编码,终端名称,状态,上级终端\nT2,江城市第二医院,暂停,T1\n";
    let report = app
        .import(mailuo::importing::Kind::Hospitals, file.as_bytes())
        .await;
    assert_eq!((report.updated, report.invalid.len()), (1, 0));
    let of = |path: String| {
        let (app, cookie) = (&app, w.admin.clone());
        async move { json(&app.get(&path, &cookie).await) }
    };
    let report = of(format!("/api/flow/report?by=group&from={MONTH}&to={MONTH}")).await;
    let rows: Vec<(String, i64)> = report["page"]["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|r| {
            (
                r["name"].as_str().unwrap_or_default().to_owned(),
                r["quantity"].as_i64().unwrap_or(0),
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("江城市第一人民医院".to_owned(), 15),
            ("江城市第三医院".to_owned(), 2)
        ]
    );
    assert_eq!(report["missing"].as_array().map(Vec::len), Some(0));
    let next = of("/api/flow/report?by=product&from=2026-10&to=2026-10".to_owned()).await;
    assert_eq!(next["missing"][0], "江城医药公司");

    // Who has a terminal without lines finds it, to say that one is missing; one that is closed is not asked about.
    exec(&app, "UPDATE terminal SET status = 'active'").await;
    let none = json(
        &app.get("/api/flow/confirm_list?month=2026-09&lines=none", &w.rep)
            .await,
    );
    assert_eq!(none["page"]["total"], 0);
    w.rows(&app, &[("A4", "江城市第三医院", 2, "2026-10-02")])
        .await;
    let none = json(
        &app.get("/api/flow/confirm_list?month=2026-10&lines=none", &w.rep)
            .await,
    );
    assert_eq!(none["page"]["rows"][0]["terminal"], "江城市第一人民医院");
    assert_eq!(none["page"]["total"], 1);
    exec(&app, "UPDATE terminal SET status = 'closed'").await;
    let none = json(
        &app.get("/api/flow/confirm_list?month=2026-10&lines=none", &w.rep)
            .await,
    );
    assert_eq!(none["page"]["total"], 0);
});
