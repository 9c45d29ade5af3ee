//! A small company with three terminals, and what its flow must always add up to.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use mailuo::flow::model::FlowReport;
use mailuo::importing::{Kind, Mode};
use mailuo::server::crypto;
use mailuo::server::db::q;
use mailuo::shared::Role;
use serde_json::Value;

use super::{PRODUCTS, load};
use crate::duplicate::exec;
use crate::support::{Answer, TestApp};

/// A file of rows in the usual columns.
pub fn csv(rows: &[String]) -> Vec<u8> {
    let head =
        "单据号,商业公司,终端编码,终端名称,产品编码,通用名称,规格,批号,数量,单位,单价,销售日期";
    format!("{head}\n{}\n", rows.join("\n")).into_bytes()
}

pub fn json(answer: &Answer) -> Value {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    serde_json::from_slice(&answer.bytes).expect("is JSON")
}

pub struct World {
    /// The terminal of the medical rep; T2 is the commercial rep's, T3 nobody's.
    pub terminal: String,
    pub admin: String,
    pub manager: String,
    pub rep: String,
    pub trade: String,
}

impl World {
    pub async fn build(app: &TestApp) -> World {
        app.import(Kind::Products, PRODUCTS).await;
        let mut ids = Vec::new();
        for (code, name) in [
            ("T1", "江城市第一人民医院"),
            ("T2", "江城市第二医院"),
            ("T3", "江城市第三医院"),
        ] {
            let id = crypto::new_id();
            exec(
                app,
                &format!(
                    "INSERT INTO terminal (id, code, name, kind, province, city, address, level, created_at, updated_at) \
                     VALUES ('{id}', '{code}', '{name}', '医院', '湖北省', '江城市', '', '', 1, 1)"
                ),
            )
            .await;
            ids.push(id);
        }
        for (terminal, role) in [(&ids[0], Role::Rep), (&ids[1], Role::TradeRep)] {
            let staff = app.id_of(role).await;
            exec(
                app,
                &format!(
                    "INSERT INTO terminal_assignment (id, terminal_id, staff_id, starts_on, created_by, created_at) \
                     VALUES ('{}', '{terminal}', '{staff}', '2020-01-01', 'test', 1)",
                    crypto::new_id()
                ),
            )
            .await;
        }
        World {
            terminal: ids[0].clone(),
            admin: app.cookie(Role::Admin).await,
            manager: app.cookie(Role::Manager).await,
            rep: app.cookie(Role::Rep).await,
            trade: app.cookie(Role::TradeRep).await,
        }
    }

    /// Imports lines of September, one batch each: name and quantity.
    pub async fn import(&self, app: &TestApp, document: &str, rows: &[(&str, i64)]) -> FlowReport {
        let rows: Vec<String> = rows
            .iter()
            .enumerate()
            .map(|(i, (name, n))| line(document, name, &format!("B{i}"), *n, "2026-09-02"))
            .collect();
        load(app, "rows.csv", &csv(&rows), Mode::All).await
    }

    /// Imports lines: document, name, quantity and day.
    pub async fn rows(&self, app: &TestApp, rows: &[(&str, &str, i64, &str)]) -> FlowReport {
        let rows: Vec<String> = rows
            .iter()
            .map(|(document, name, n, day)| line(document, name, "B", *n, day))
            .collect();
        load(app, "rows.csv", &csv(&rows), Mode::All).await
    }

    pub fn ok(&self, answer: Answer) {
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    }

    pub async fn confirm(&self, app: &TestApp, cookie: &str, month: &str, line: &str) -> Answer {
        let form = [
            ("id", self.terminal.as_str()),
            ("month", month),
            ("line", line),
        ];
        app.post("/api/flow/confirm", cookie, &form).await
    }

    /// Moves a month on.
    pub async fn period(&self, app: &TestApp, month: &str, to: &str) -> Answer {
        let (key, day) = (crypto::new_id(), app.state.zone.today());
        let form = [
            ("form_key", key.as_str()),
            ("month", month),
            ("to", to),
            ("confirm_by", day.as_str()),
            ("reason", "更正"),
        ];
        app.post("/api/flow/advance_period", &self.admin, &form)
            .await
    }

    /// What the terminal's lines add up to.
    pub async fn quantity(&self, app: &TestApp) -> i64 {
        app.count(&format!(
            "SELECT CAST(COALESCE(SUM(quantity), 0) AS BIGINT) FROM flow_line WHERE terminal_id = '{}'",
            self.terminal
        ))
        .await
    }

    /// The first line in a state.
    pub async fn line(&self, app: &TestApp, state: &str) -> String {
        q("SELECT id FROM flow_line WHERE state = $1 ORDER BY id LIMIT 1")
            .bind(state)
            .one::<(String,)>(&app.state.db)
            .await
            .expect("is there")
            .0
    }
}

pub fn line(document: &str, name: &str, batch: &str, quantity: i64, day: &str) -> String {
    format!(
        "{document},江城医药公司,,{name},YZ-001,硝苯地平控释片,30mg*7片,{batch},{quantity},盒,10,{day}"
    )
}

type Sum = (
    String,
    String,
    String,
    String,
    String,
    i64,
    i64,
    i64,
    i64,
    i64,
    i64,
);

async fn sums(app: &TestApp, sql: &str) -> BTreeSet<Sum> {
    q(sql)
        .all::<Sum>(&app.state.db)
        .await
        .expect("answers")
        .into_iter()
        .collect()
}

/// The sums equal a recount from the lines with their reversals.
pub async fn assert_sums(app: &TestApp) {
    let kept = sums(
        app,
        "SELECT month, terminal_id, product_id, distributor_id, credited_id, quantity, fen, line_count, open_count, \
         confirmed_count, appealed_count FROM flow_sum",
    )
    .await;
    let mut counted: std::collections::BTreeMap<[String; 5], [i64; 6]> = Default::default();
    type Line = (
        String,
        Option<String>,
        Option<String>,
        String,
        Option<String>,
        i64,
        i64,
        String,
    );
    let lines: Vec<Line> = q(
        "SELECT month, terminal_id, product_id, distributor_id, credited_id, quantity, amount_fen, state FROM flow_line",
    )
    .all(&app.state.db)
    .await
    .expect("answers");
    for (month, terminal, product, distributor, credited, quantity, fen, state) in lines {
        let key = [
            month,
            terminal.unwrap_or_default(),
            product.unwrap_or_default(),
            distributor,
            credited.unwrap_or_default(),
        ];
        let cell = counted.entry(key).or_default();
        cell[0] += quantity;
        cell[1] += fen;
        cell[2] += i64::from(!matches!(state.as_str(), "reversed" | "reversal"));
        cell[3] += i64::from(state == "open");
        cell[4] += i64::from(state == "confirmed");
        cell[5] += i64::from(state == "appealed");
    }
    let counted: BTreeSet<Sum> = counted
        .into_iter()
        .map(|([a, b, c, d, e], [q, f, n, o, k, p])| (a, b, c, d, e, q, f, n, o, k, p))
        .collect();
    assert_eq!(kept, counted);
    // And so do the coarser ones.
    let differ = mailuo::flow::reports::rebuild(&app.state).await;
    assert_eq!(differ.expect("runs"), 0, "sums that differ from a recount");
}

/// All lines and sums of a month as text.
pub async fn month(app: &TestApp, month: &str) -> BTreeSet<String> {
    let lines: Vec<(String, i64, String, Option<String>, String)> = q(
        "SELECT id, quantity, state, terminal_id, COALESCE(product_id, '') FROM flow_line WHERE month = $1",
    )
    .bind(month)
    .all(&app.state.db)
    .await
    .expect("answers");
    let sums: Vec<(String, i64, i64, i64, i64)> = q(
        "SELECT terminal_id || product_id || distributor_id || credited_id, quantity, fen, open_count, confirmed_count \
         FROM flow_sum WHERE month = $1",
    )
    .bind(month)
    .all(&app.state.db)
    .await
    .expect("answers");
    lines
        .into_iter()
        .map(|row| format!("{row:?}"))
        .chain(sums.into_iter().map(|row| format!("{row:?}")))
        .collect()
}
