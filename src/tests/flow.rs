//! Flow: importing a distributor's file, matching, months, confirmation, appeals; here how lines are credited and when
//! they are due, reports, and the catalogue.

mod appeals;
mod business;
mod importing;
mod truth;
mod world;

use std::collections::BTreeMap;

use axum::http::StatusCode;
use mailuo::flow::import::from_file;
use mailuo::flow::model::FlowReport;
use mailuo::importing::Mode;
use mailuo::server::db::q;
use mailuo::server::guard::Actor;

use crate::duplicate::exec;
use crate::support::{Answer, TestApp};
use world::{World, csv, json};

const PRODUCTS: &[u8] = include_bytes!("../../demo/products.csv");

async fn load(app: &TestApp, name: &str, bytes: &[u8], mode: Mode) -> FlowReport {
    from_file(&app.state, &Actor::system(), name, bytes.to_vec(), mode)
        .await
        .expect("is imported")
}

on_both!(
    who_gets_a_terminal_later_is_credited_with_what_was_sold_since,
    |app| {
        let w = World::build(&app).await;
        w.rows(
            &app,
            &[
                ("A", "江城市第三医院", 5, "2026-08-20"),
                ("B", "江城市第三医院", 7, "2026-09-20"),
            ],
        )
        .await;
        let credited = "SELECT CAST(COALESCE(SUM(quantity), 0) AS BIGINT) FROM flow_sum WHERE credited_id <> ''";
        assert_eq!(app.count(credited).await, 0);
        let (terminal,): (String,) = q("SELECT id FROM terminal WHERE code = 'T3'")
            .one(&app.state.db)
            .await
            .expect("is there");
        let form = [
            ("terminal_id", terminal.as_str()),
            ("staff", "rep"),
            ("from", "2026-09-01"),
        ];
        w.ok(app.post("/api/terminals/assign", &w.admin, &form).await);
        assert_eq!(app.count(credited).await, 7);
        world::assert_sums(&app).await;
    }
);

on_both!(a_visit_makes_lines_due_within_seven_days, |app| {
    let w = World::build(&app).await;
    w.import(&app, "A", &[("江城市第一人民医院", 5)]).await;
    let mut tx = app.state.db.begin().await.expect("begins");
    mailuo::flow::store::visited(&mut tx, &w.terminal, "2026-10-01")
        .await
        .expect("is noted");
    tx.commit().await.expect("commits");
    let due = |app: &TestApp| {
        let db = app.state.db.clone();
        async move {
            q("SELECT due_on FROM flow_line")
                .one::<(Option<String>,)>(&db)
                .await
                .expect("is there")
                .0
        }
    };
    assert_eq!(due(&app).await.as_deref(), Some("2026-10-08"));
    // A later visit does not put it off, and the period's end comes first where it is earlier.
    let mut tx = app.state.db.begin().await.expect("begins");
    mailuo::flow::store::visited(&mut tx, &w.terminal, "2026-10-05")
        .await
        .expect("is noted");
    tx.commit().await.expect("commits");
    assert_eq!(due(&app).await.as_deref(), Some("2026-10-08"));
    // It stands on the owner's first page, and the hourly round reminds them once.
    let desk = json(&app.get("/api/workbench/desk", &w.rep).await);
    assert!(desk["todo"].to_string().contains("flow_confirm"), "{desk}");
    let today = app.state.zone.today();
    exec(&app, &format!("UPDATE flow_line SET due_on = '{today}'")).await;
    for _ in 0..2 {
        mailuo::flow::confirm::remind(&app.state)
            .await
            .expect("reminds");
    }
    assert_eq!(
        app.count("SELECT COUNT(*) FROM message WHERE kind = 'message.flow_due'")
            .await,
        1
    );
});

on_both!(reports_compare_and_rank, |app| {
    let w = World::build(&app).await;
    w.rows(
        &app,
        &[
            ("A1", "江城市第一人民医院", 10, "2026-09-03"),
            ("A2", "江城市第一人民医院", 8, "2026-08-03"),
            ("A3", "江城市第一人民医院", 4, "2025-09-03"),
            ("A4", "江城市第二医院", 3, "2026-09-03"),
            ("A5", "江城市第三医院", 9, "2026-08-03"),
        ],
    )
    .await;
    let table = json(
        &app.get(
            "/api/flow/report?by=terminal&from=2026-09&to=2026-09",
            &w.admin,
        )
        .await,
    );
    let row = &table["page"]["rows"][0];
    assert_eq!(
        (
            &row["quantity"],
            &row["before"],
            &row["year_ago"],
            &row["rank"]
        ),
        (&10.into(), &8.into(), &4.into(), &1.into())
    );
    assert_eq!((&table["new"], &table["lost"]), (&1.into(), &1.into()));
    assert_eq!(table["total"]["quantity"], 13);
    let lost = json(
        &app.get(
            "/api/flow/report?by=terminal&from=2026-09&to=2026-09&only=lost",
            &w.admin,
        )
        .await,
    );
    assert_eq!(lost["page"]["rows"][0]["name"], "江城市第三医院");
    let pivot = json(
        &app.get(
            "/api/flow/report?by=product&from=2026-08&to=2026-09",
            &w.admin,
        )
        .await,
    );
    assert_eq!(
        pivot["page"]["rows"][0]["months"],
        serde_json::json!([17, 13])
    );
    let months = json(
        &app.get(
            "/api/flow/report?by=month&from=2026-08&to=2026-09",
            &w.admin,
        )
        .await,
    );
    assert_eq!(months["page"]["rows"][0]["before"], 17);
    // The workbook holds the same.
    let book = app
        .get(
            "/flow/report.xlsx?by=terminal&from=2026-09&to=2026-09",
            &w.admin,
        )
        .await;
    assert_eq!(book.status, StatusCode::OK);
    // The owner sees what they are credited with; a medical rep no sums at all.
    let own = json(
        &app.get(
            "/api/flow/report?by=terminal&from=2026-09&to=2026-09",
            &w.trade,
        )
        .await,
    );
    assert_eq!(own["total"]["quantity"], 3);
    let seen = app
        .get(
            &format!("/api/flow/terminal?id={}&month=2026-09", w.terminal),
            &w.rep,
        )
        .await;
    let seen = json(&seen);
    assert_eq!(seen["page"]["rows"][0]["quantity"], 10);
    assert!(
        seen["sums"].is_null() && seen["page"]["rows"][0]["price_fen"].is_null(),
        "{seen}"
    );
    let list = json(
        &app.get("/api/flow/confirm_list?month=2026-09", &w.rep)
            .await,
    );
    assert!(list["page"]["rows"][0]["sums"].is_null(), "{list}");
    let answer = app.get("/api/flow/report", &w.rep).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
});

on_both!(products_wait_for_lines_and_lines_for_products, |app| {
    let w = World::build(&app).await;
    let rows =
        ["N1,江城医药公司,T1,江城市第一人民医院,NEW-1,新药,1片,B1,3,盒,10,2026-09-02".to_owned()];
    load(&app, "n.csv", &csv(&rows), Mode::All).await;
    assert_eq!(
        app.count("SELECT COUNT(*) FROM flow_line WHERE product_id IS NULL")
            .await,
        1
    );
    let form = [
        ("form_key", "p"),
        ("code", "NEW-1"),
        ("name", "新药"),
        ("specification", "1片"),
    ];
    let saved = json(&app.post("/api/products/save", &w.admin, &form).await);
    let id = saved["next"]
        .as_str()
        .expect("leads on")
        .trim_start_matches("/products/")
        .to_owned();
    assert_eq!(
        app.count("SELECT COUNT(*) FROM flow_line WHERE product_id IS NULL")
            .await,
        0
    );
    world::assert_sums(&app).await;
    // Prices by region and day; a label is never changed.
    let price = [
        ("id", id.as_str()),
        ("kind", "bid"),
        ("starts_on", "2026-01-01"),
        ("yuan", "12.50"),
    ];
    w.ok(app.post("/api/products/set_price", &w.admin, &price).await);
    let bad = [
        ("id", id.as_str()),
        ("kind", "bid"),
        ("starts_on", "2026-01-01"),
        ("yuan", "x"),
    ];
    let answer = app.post("/api/products/set_price", &w.admin, &bad).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let label = [
        ("id", id.as_str()),
        ("version", "1"),
        ("starts_on", "2026-01-01"),
        ("body", "说明书"),
    ];
    w.ok(app.post("/api/products/add_label", &w.admin, &label).await);
    let answer = app.post("/api/products/add_label", &w.admin, &label).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let view = json(&app.get(&format!("/api/products/get?id={id}"), &w.rep).await);
    assert_eq!(view["prices"][0]["fen"], 1_250);
    assert_eq!(
        (
            &view["prices"][0]["in_force"],
            &view["labels"][0]["in_force"]
        ),
        (&true.into(), &true.into())
    );
    let found = json(&app.get("/api/products/list?text=xy", &w.rep).await);
    assert_eq!(found["page"]["rows"][0]["name"], "新药");
    // A second product with the code is refused beside its field, and a form that is old writes nothing.
    let answer = app
        .post(
            "/api/products/save",
            &w.admin,
            &[
                ("form_key", "q"),
                ("code", "NEW-1"),
                ("name", "x"),
                ("specification", "x"),
            ],
        )
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let old = [
        ("form_key", "r"),
        ("id", id.as_str()),
        ("seen", "1"),
        ("code", "NEW-1"),
        ("name", "改名"),
        ("specification", "1片"),
    ];
    let answer = app.post("/api/products/save", &w.admin, &old).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
});

/// The statuses of answers, counted.
fn statuses(answers: &[Answer]) -> BTreeMap<u16, usize> {
    let mut out = BTreeMap::new();
    for answer in answers {
        *out.entry(answer.status.as_u16()).or_default() += 1;
    }
    out
}
