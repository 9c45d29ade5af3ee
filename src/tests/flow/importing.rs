//! A distributor's file: how its rows are classed, matched and told apart, and how its columns are found.

use std::collections::HashMap;

use axum::http::StatusCode;
use mailuo::flow::model::Suggestion;
use mailuo::importing::{Kind, Mode};
use mailuo::server::db::q;
use mailuo::shared::Role;

use super::world::{self, World, csv, json};
use super::{PRODUCTS, load};
use crate::support::TestApp;

const FILE: &[u8] = include_bytes!("../corpus/flow.xlsx");
const SPELLINGS: &str = include_str!("../corpus/flow_spellings.csv");
const HOSPITALS: &[u8] = include_bytes!("../../../demo/hospitals.csv");

async fn base(app: &TestApp) {
    app.import(Kind::Hospitals, HOSPITALS).await;
    app.import(Kind::Products, PRODUCTS).await;
}

/// Printed names under another spelling, with the codes of the terminals that they mean.
fn spellings() -> HashMap<&'static str, Vec<&'static str>> {
    SPELLINGS
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(','))
        .map(|(printed, codes)| (printed, codes.split(' ').collect()))
        .collect()
}

/// The rows of the file as the matcher sees them: row number, code, name, quantity.
fn rows() -> Vec<(i64, String, String, String)> {
    let rows = mailuo::importing::table::read_rows(FILE).expect("is read");
    let table = mailuo::flow::import::table(rows).expect("has a header");
    table
        .iter()
        .map(|row| {
            (
                row.number,
                row.get("终端编码"),
                row.get("终端名称"),
                row.get("数量"),
            )
        })
        .collect()
}

on_both!(the_file_imports_as_it_should, |app| {
    base(&app).await;
    let report = load(&app, "flow.xlsx", FILE, Mode::Preview).await;
    assert_eq!(report.rows, 20_095);
    assert_eq!(app.count("SELECT COUNT(*) FROM flow_line").await, 0);
    let classes = report.matched
        + report.suggested
        + report.unknown
        + report.repeat
        + report.conflict
        + report.invalid.len() as i64;
    assert_eq!(classes, report.rows, "each row falls in one class");

    // Invalid are exactly the rows without a quantity above or below zero.
    let rows = rows();
    let faulty: Vec<i64> = rows
        .iter()
        .filter(|(_, _, _, quantity)| quantity.parse::<i64>().unwrap_or(0) == 0)
        .map(|(row, ..)| *row)
        .collect();
    let named: Vec<i64> = report.invalid.iter().map(|i| i.row).collect();
    assert_eq!(named, faulty);
    assert!(
        report
            .invalid
            .iter()
            .all(|i| i.field == "数量" && !i.reason.is_empty())
    );
    assert!(
        report.repeat > 80 && report.conflict == 0,
        "{} {}",
        report.repeat,
        report.conflict
    );

    // At least 90 % of the rows under another spelling have the right terminal first.
    let spellings = spellings();
    let first: HashMap<i64, &str> = report
        .suggestions
        .iter()
        .map(|s| (s.row, s.terminal.as_str()))
        .collect();
    let (mut all, mut right) = (0, 0);
    for (row, code, name, quantity) in &rows {
        let Some(codes) = spellings.get(name.as_str()) else {
            continue;
        };
        if !code.is_empty() || quantity.parse::<i64>().unwrap_or(0) == 0 {
            continue;
        }
        all += 1;
        right += i64::from(first.get(row).is_some_and(|found| codes.contains(found)));
    }
    assert!(all > 600, "{all}");
    assert!(
        right * 10 >= all * 9,
        "{right} of {all} first suggestions are right"
    );

    // None is matched without a person but by code or exact name.
    let report = load(&app, "flow.xlsx", FILE, Mode::All).await;
    let wrong = app
        .count(
            "SELECT COUNT(*) FROM flow_line l JOIN terminal t ON t.id = l.terminal_id \
             WHERE NOT (l.terminal_code = t.code OR (l.terminal_code = '' AND l.terminal_name = t.name))",
        )
        .await;
    assert_eq!(wrong, 0);
    let lines = app.count("SELECT COUNT(*) FROM flow_line").await;
    assert_eq!(lines, report.matched + report.suggested + report.unknown);
    assert_eq!(
        app.count("SELECT COUNT(*) FROM flow_line WHERE state = 'waiting'")
            .await,
        report.suggested + report.unknown
    );
    assert_eq!(
        app.count("SELECT COUNT(*) FROM flow_line WHERE product_id IS NULL")
            .await,
        0
    );
    assert_eq!(
        app.count("SELECT COUNT(*) FROM flow_aside WHERE kind = 'invalid'")
            .await,
        report.invalid.len() as i64
    );
    world::assert_sums(&app).await;

    // The same file again changes nothing.
    let again = load(&app, "flow.xlsx", FILE, Mode::All).await;
    assert_eq!(
        (
            again.matched,
            again.suggested,
            again.unknown,
            again.conflict
        ),
        (0, 0, 0, 0)
    );
    assert_eq!(app.count("SELECT COUNT(*) FROM flow_line").await, lines);
});

on_both!(once_accepted_the_next_file_needs_nobody, |app| {
    base(&app).await;
    // Of the file the rows under another spelling, which is what this is about.
    let spellings = spellings();
    let mut printed: Vec<&str> = spellings.keys().copied().collect();
    printed.sort_unstable();
    let file = |document: &str| {
        let rows: Vec<String> = printed
            .iter()
            .enumerate()
            .map(|(i, name)| format!("{document}{i},华东医药,,{name},YZ-001,硝苯地平控释片,30mg*7片,B1,3,盒,10,2026-09-02"))
            .collect();
        csv(&rows)
    };
    let first = load(&app, "a.csv", &file("A"), Mode::All).await;
    assert_eq!(first.matched, 0);
    let admin = app.cookie(Role::Admin).await;
    let terminals: HashMap<String, String> = q("SELECT code, id FROM terminal")
        .all::<(String, String)>(&app.state.db)
        .await
        .expect("answers")
        .into_iter()
        .collect();
    for (i, name) in printed.iter().enumerate() {
        let id = &terminals[spellings[name][0]];
        let key = format!("m{i}");
        let form = [
            ("form_key", key.as_str()),
            ("printed", *name),
            ("terminal_id", id.as_str()),
        ];
        let answer = app.post("/api/flow/match", &admin, &form).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        // A second press of the same form does the same once.
        let answer = app.post("/api/flow/match", &admin, &form).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    }
    assert_eq!(
        app.count("SELECT COUNT(*) FROM flow_line WHERE state = 'waiting'")
            .await,
        0
    );
    let second = load(&app, "b.csv", &file("B"), Mode::All).await;
    assert_eq!(
        second.matched,
        printed.len() as i64,
        "{:?}",
        second.suggestions
    );
    world::assert_sums(&app).await;
    // Each name is an alias now, found by the list of terminals.
    let found = app
        .get(
            "/api/terminals/list?text=%E5%A4%A9%E5%9D%9B%E5%8C%BB%E9%99%A2",
            &admin,
        )
        .await;
    assert!(found.text().contains("天坛"), "{}", found.text());
});

on_both!(a_match_is_taken_back_until_somebody_relied_on_it, |app| {
    let w = World::build(&app).await;
    w.import(
        &app,
        "A",
        &[("江城一院（南区）", 5), ("江城一院（南区）", 7)],
    )
    .await;
    let listed = json(&app.get("/api/flow/matching", &w.admin).await);
    assert_eq!(listed["names"][0]["lines"], 2);
    let suggestions: Vec<Suggestion> =
        serde_json::from_value(listed["names"][0]["suggestions"].clone()).expect("suggestions");
    assert_eq!(suggestions[0].terminal_id, w.terminal);
    let accept = |key: &'static str| {
        vec![
            ("form_key", key),
            ("printed", "江城一院（南区）"),
            ("terminal", "T1"),
        ]
    };
    w.ok(app.post("/api/flow/match", &w.admin, &accept("m1")).await);
    let (id,): (String,) = q("SELECT id FROM flow_match")
        .one(&app.state.db)
        .await
        .expect("is there");
    assert_eq!(app.count("SELECT COUNT(*) FROM terminal_alias").await, 1);
    w.ok(app
        .post("/api/flow/unmatch", &w.admin, &[("id", &id)])
        .await);
    assert_eq!(
        app.count("SELECT COUNT(*) FROM flow_line WHERE state = 'waiting'")
            .await,
        2
    );
    assert_eq!(app.count("SELECT COUNT(*) FROM terminal_alias").await, 0);
    world::assert_sums(&app).await;

    w.ok(app.post("/api/flow/match", &w.admin, &accept("m2")).await);
    w.ok(w.confirm(&app, &w.rep, "2026-09", "").await);
    let (id,): (String,) = q("SELECT id FROM flow_match WHERE undone_at IS NULL")
        .one(&app.state.db)
        .await
        .expect("is there");
    let answer = app
        .post("/api/flow/unmatch", &w.admin, &[("id", &id)])
        .await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.text());
    // What a later file brought under the decision goes with it.
    let before = app
        .count("SELECT COUNT(*) FROM flow_line WHERE match_id IS NOT NULL")
        .await;
    w.import(&app, "B", &[("江城一院（南区）", 9)]).await;
    assert_eq!(
        app.count("SELECT COUNT(*) FROM flow_line WHERE match_id IS NOT NULL")
            .await,
        before + 1
    );
    // Nobody's terminal and a name that nobody bears are told beside the field.
    let form = [
        ("form_key", "x"),
        ("printed", "无"),
        ("terminal", "没有的终端"),
    ];
    let answer = app.post("/api/flow/match", &w.admin, &form).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
});

on_both!(columns_are_found_named_and_remembered, |app| {
    let w = World::build(&app).await;
    // A title above the header, other names, a sum below, and nothing that names the distributor.
    let text = "9 月销售流向,,,,,,\n出库日期,购货单位,品名,规格,批号,件,\n\
                2026/9/1,江城市第一人民医院,硝苯地平控释片,30mg*7片,B1,\"1,200\",\n合计,,,,,\"1,200\",\n";
    let upload = |text: String| {
        let admin = w.admin.clone();
        let app = &app;
        async move {
            let parts: [(&str, &[u8]); 2] = [("kind", b"flow"), ("file", text.as_bytes())];
            let answer = app.post_parts("/import/upload", &admin, &parts).await;
            let id = answer.location().trim_start_matches("/import/").to_owned();
            mailuo::importing::worker::drain(&app.state)
                .await
                .expect("runs");
            let view = json(&app.get(&format!("/api/import/get?id={id}"), &admin).await);
            (id, view)
        }
    };
    let (id, view) = upload(text.to_owned()).await;
    let flow = &view["report"]["flow"];
    assert_eq!(
        flow["missing"],
        serde_json::json!(["商业公司", "数量"]),
        "{view}"
    );
    let answer = app
        .post("/api/import/apply", &w.admin, &[("id", &id)])
        .await;
    assert!(answer.status.is_success());
    mailuo::importing::worker::drain(&app.state)
        .await
        .expect("runs");
    assert_eq!(app.count("SELECT COUNT(*) FROM flow_line").await, 0);

    let form = [
        ("id", id.as_str()),
        ("fields[]", "quantity"),
        ("chosen[]", "件"),
        ("distributor", "江城医药公司"),
    ];
    w.ok(app.post("/api/flow/columns", &w.admin, &form).await);
    mailuo::importing::worker::drain(&app.state)
        .await
        .expect("runs");
    w.ok(app
        .post("/api/import/apply", &w.admin, &[("id", &id)])
        .await);
    mailuo::importing::worker::drain(&app.state)
        .await
        .expect("runs");
    let found: Vec<(i64, String, String)> = q(
        "SELECT l.quantity, l.sold_on, d.name FROM flow_line l JOIN flow_distributor d ON d.id = l.distributor_id",
    )
    .all(&app.state.db)
    .await
    .expect("answers");
    assert_eq!(
        found,
        [(1_200, "2026-09-01".to_owned(), "江城医药公司".to_owned())]
    );

    // The next file of this distributor needs nobody.
    let (_, view) = upload(text.replace("B1", "B2")).await;
    assert_eq!(view["report"]["flow"]["matched"], 1, "{view}");
});

on_both!(rows_that_differ_wait_for_a_person, |app| {
    let w = World::build(&app).await;
    w.import(&app, "A", &[("江城市第一人民医院", 5)]).await;
    let report = w.import(&app, "A", &[("江城市第一人民医院", 6)]).await;
    assert_eq!((report.matched, report.conflict), (0, 1));
    assert_eq!(w.quantity(&app).await, 5);
    let open = json(&app.get("/api/flow/conflicts", &w.admin).await);
    assert_eq!(open["rows"][0]["differs"][0][1], "5");
    assert_eq!(open["rows"][0]["differs"][0][2], "6");
    let file = open["rows"][0]["file_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let row = open["rows"][0]["row"].to_string();
    let form = [
        ("id", file.as_str()),
        ("row", row.as_str()),
        ("replace", "true"),
    ];
    w.ok(app.post("/api/flow/settle", &w.admin, &form).await);
    w.ok(app.post("/api/flow/settle", &w.admin, &form).await);
    assert_eq!(w.quantity(&app).await, 6);
    // A reversal and a new line; the first stays as it was.
    assert_eq!(app.count("SELECT COUNT(*) FROM flow_line").await, 3);
    world::assert_sums(&app).await;
    // Either file once more is known.
    for n in [5, 6] {
        let again = w.import(&app, "A", &[("江城市第一人民医院", n)]).await;
        assert_eq!((again.repeat, again.conflict), (1, 0), "{n}");
    }
});

on_both!(rows_without_a_document_are_told_apart_by_their_day, |app| {
    let w = World::build(&app).await;
    let row = |day: &str| world::line("", "江城市第一人民医院", "B1", 5, day);
    let both = csv(&[row("2026-08-03"), row("2026-09-03"), row("2026-09-03")]);
    let report = load(&app, "a.csv", &both, Mode::All).await;
    assert_eq!((report.matched, report.repeat, report.conflict), (2, 1, 0));
    // A workbook of refused rows, mended: its number of the row is not the line's.
    let text = String::from_utf8(csv(&[row("2026-09-03")])).expect("text");
    let (head, rest) = text.split_once('\n').expect("two lines");
    let mended = format!("{head},失败原因,行号\n{},缺少数量,137\n", rest.trim_end());
    let report = load(&app, "b.csv", mended.as_bytes(), Mode::All).await;
    assert_eq!((report.matched, report.repeat), (0, 1));
    assert_eq!(w.quantity(&app).await, 10);
});

on_both!(a_row_that_names_another_terminal_takes_its_place, |app| {
    let w = World::build(&app).await;
    let row = |name: &str| {
        let head = "单据号,行号,商业公司,终端名称,通用名称,规格,数量,销售日期";
        format!("{head}\nD7,1,江城医药公司,{name},硝苯地平控释片,30mg*7片,5,2026-09-02\n")
    };
    load(
        &app,
        "a.csv",
        row("江城市第一人民医院").as_bytes(),
        Mode::All,
    )
    .await;
    let report = load(&app, "b.csv", row("江城市第二医院").as_bytes(), Mode::All).await;
    assert_eq!(report.conflict, 1);
    let open = json(&app.get("/api/flow/conflicts", &w.admin).await);
    assert!(
        open["rows"][0]["differs"]
            .to_string()
            .contains("江城市第二医院"),
        "{open}"
    );
    let file = open["rows"][0]["file_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let form = [("id", file.as_str()), ("row", "2"), ("replace", "true")];
    w.ok(app.post("/api/flow/settle", &w.admin, &form).await);
    assert_eq!(w.quantity(&app).await, 0);
    let there = "SELECT CAST(SUM(l.quantity) AS BIGINT) FROM flow_line l JOIN terminal t ON t.id = l.terminal_id WHERE t.code = 'T2'";
    assert_eq!(app.count(there).await, 5);
    world::assert_sums(&app).await;
});
