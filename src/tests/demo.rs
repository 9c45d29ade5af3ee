//! The demo data on both engines: all of it goes in, and every page has something to show.

use axum::http::StatusCode;
use leptos::config::LeptosOptions;
use mailuo::cli::Scale;
use mailuo::server::config::Config;
use mailuo::server::db::q;
use mailuo::server::{AppState, router};
use mailuo::shared::page::within;
use serde_json::Value;

use crate::permissions::FUNCTIONS;
use crate::support::{TestApp, Units, fresh_dir, fresh_postgres};

/// Functions that answer a page of rows, and where to find the one thing that some of them are about.
const PAGED: &[(&str, &str)] = &[
    ("/api/adverse_events/list", ""),
    ("/api/articles/list", ""),
    ("/api/audit/list", ""),
    ("/api/checkins/sheet", ""),
    ("/api/codes/get", "SELECT MIN(id) FROM public_code"),
    ("/api/codes/list", ""),
    ("/api/complaints/mine", ""),
    ("/api/complaints/queue", ""),
    ("/api/courses/comments", ""),
    ("/api/courses/list", ""),
    ("/api/coverage/list", ""),
    ("/api/duplicates/list", ""),
    (
        "/api/exams/accuracy",
        "SELECT MIN(id) FROM exam WHERE published_at IS NOT NULL",
    ),
    ("/api/exams/list", ""),
    ("/api/exams/marking", ""),
    (
        "/api/exams/results",
        "SELECT MIN(id) FROM exam WHERE published_at IS NOT NULL",
    ),
    ("/api/flow/appeals", ""),
    ("/api/flow/confirm_list", ""),
    ("/api/flow/conflicts", ""),
    ("/api/flow/files", ""),
    ("/api/flow/matching", ""),
    ("/api/flow/report", ""),
    (
        "/api/flow/terminal",
        "SELECT MIN(terminal_id) FROM flow_sum WHERE terminal_id <> ''",
    ),
    (
        "/api/hcps/changes",
        "SELECT MIN(id) FROM hcp WHERE state = 'onboarded'",
    ),
    ("/api/hcps/list", ""),
    ("/api/hcps/notes", "SELECT MIN(hcp_id) FROM hcp_note"),
    ("/api/hcps/pending", ""),
    ("/api/hcps/refused", ""),
    ("/api/hcps/selection", ""),
    ("/api/import/list", ""),
    ("/api/inbox/list", ""),
    ("/api/insight/report", ""),
    ("/api/insight/rows", ""),
    (
        "/api/learning/coverage",
        "SELECT MIN(id) FROM course WHERE published_at IS NOT NULL",
    ),
    ("/api/learning/record", ""),
    ("/api/memos/get", "SELECT MIN(id) FROM memo"),
    ("/api/memos/list", ""),
    ("/api/merges/list", ""),
    (
        "/api/ownership/get_transfer",
        "SELECT MIN(id) FROM hcp_transfer",
    ),
    ("/api/ownership/requests", ""),
    ("/api/ownership/transfers", ""),
    ("/api/people/list", ""),
    ("/api/products/get", "SELECT MIN(id) FROM product"),
    ("/api/products/list", ""),
    ("/api/questions/list", ""),
    ("/api/shares/report", ""),
    ("/api/tasks/list", ""),
    ("/api/terminals/get", "SELECT MIN(id) FROM terminal"),
    ("/api/terminals/list", ""),
    ("/api/visits/compare", ""),
    ("/api/visits/list", ""),
];

/// The pages of rows within an answer: page, rows on it, rows in all.
fn pages(value: &Value) -> Vec<(i64, usize, i64)> {
    // Printed names that wait for a terminal stand in no `Page`, but are one.
    let rows = value["rows"].as_array().or(value["names"].as_array());
    if let (Some(rows), Some(total), Some(page)) =
        (rows, value["total"].as_i64(), value["page"].as_i64())
    {
        return vec![(page, rows.len(), total)];
    }
    match value {
        Value::Array(values) => values.iter().flat_map(pages).collect(),
        Value::Object(fields) => fields.values().flat_map(pages).collect(),
        _ => Vec::new(),
    }
}

/// A page past the end is the last one, in every list.
async fn past_the_end(state: &AppState) {
    let app = TestApp {
        state: state.clone(),
        router: router::router(state.clone()),
        dir: state.config.files.data_dir.clone(),
        units: Units::default(),
    };
    // Some lists are only for those who record visits; who wrote a message leads some of them.
    let admin = app
        .text("SELECT MIN(id) FROM staff WHERE role = 'admin' AND left_at IS NULL")
        .await;
    let manager = app
        .text("SELECT staff_id FROM memo ORDER BY id LIMIT 1")
        .await;
    let askers = [app.session(&admin).await, app.session(&manager).await];
    for (method, path, arguments, _) in FUNCTIONS {
        if *method != "GET" {
            continue;
        }
        let named = PAGED.iter().find(|(known, _)| known == path);
        let arguments = match named {
            Some((_, sql)) if !sql.is_empty() => format!("id={}", app.text(sql).await),
            _ => (*arguments).to_owned(),
        };
        let mut found = false;
        for cookie in &askers {
            let address = format!("{path}?page=99999&{arguments}");
            let answer = app.get(address.trim_end_matches('&'), cookie).await;
            if answer.status != StatusCode::OK {
                continue;
            }
            let answer: Value = serde_json::from_str(&answer.text()).unwrap_or_default();
            for (page, rows, total) in pages(&answer) {
                found = true;
                assert_eq!(page, within(99_999, total), "{path} of {total} rows");
                assert_eq!(rows == 0, total == 0, "{path} of {total} rows");
            }
        }
        assert_eq!(
            found,
            named.is_some(),
            "{path} is paged, or in the table of what is"
        );
    }
}

async fn loads(url: String) {
    let mut config = Config::default();
    config.database.url = url;
    config.files.data_dir = fresh_dir();
    let options = LeptosOptions::builder().output_name("mailuo").build();
    let state = AppState::open(config, options).await.expect("opens");
    mailuo::demo::load(&state, Scale::Small, 1)
        .await
        .expect("is loaded");
    let count = async |sql: &str| q(sql).count(&state.db).await.expect("counts");
    assert_eq!(count("SELECT COUNT(*) FROM staff").await, 83);
    // Those of the file, five who were entered twice, one who registered, and six contacts of distributors.
    assert_eq!(count("SELECT COUNT(*) FROM hcp").await, 5_012);
    assert_eq!(count("SELECT COUNT(*) FROM question").await, 69);
    assert_eq!(
        count("SELECT COUNT(*) FROM course WHERE version = 1").await,
        5
    );
    assert_eq!(count("SELECT COUNT(*) FROM media").await, 11);
    for table in [
        "hcp_tag",
        "course_completion",
        "course_comment",
        "message",
        "hcp_note",
        "hcp_follow",
        "hcp_group_member",
        "hcp_access",
        "hcp_access_request",
        "hcp_transfer_item",
        "public_code_step",
        "terminal_alias",
        "terminal_department",
        "terminal_window",
    ] {
        assert!(
            count(&format!("SELECT COUNT(*) FROM {table}")).await > 0,
            "{table}"
        );
    }
    assert!(
        count("SELECT COUNT(*) FROM hcp WHERE last_contact_at IS NOT NULL").await > 1_000,
        "the onboarded had a contact"
    );
    // Each of the twins stands in a pair that was found.
    assert_eq!(
        count(
            "SELECT COUNT(*) FROM hcp h WHERE h.phone_masked LIKE '199****000%' AND EXISTS (SELECT 1 FROM hcp_duplicate d \
             WHERE d.status = 'open' AND (d.a_id = h.id OR d.b_id = h.id))"
        )
        .await,
        5
    );
    let list = mailuo::demo::routes::list(&state).await.expect("is listed");
    let without: Vec<&str> = list
        .routes
        .iter()
        .filter(|route| route.example.is_none())
        .map(|route| route.path.as_str())
        .collect();
    assert_eq!(without, ["/import/{id}"], "pages without an example");

    past_the_end(&state).await;

    // What the large scale does in the end, with small numbers.
    let indexes = async || match state.db.engine() {
        "sqlite" => count("SELECT COUNT(*) FROM sqlite_master WHERE type = 'index'").await,
        _ => count("SELECT COUNT(*) FROM pg_indexes WHERE schemaname = 'public'").await,
    };
    let (views, before) = (
        count("SELECT COUNT(*) FROM article_view").await,
        indexes().await,
    );
    let more = mailuo::demo::bulk::More {
        copies: 2,
        lines: 30_000,
        months: 2,
        questions: 40,
    };
    mailuo::demo::bulk::enlarge(&state, &more, &mailuo::demo::Clock::default())
        .await
        .expect("is enlarged");
    assert_eq!(count("SELECT COUNT(*) FROM article_view").await, 3 * views);
    assert_eq!(indexes().await, before, "all indexes are there again");
    assert!(count("SELECT COUNT(*) FROM flow_line").await > 20_000);
    assert_eq!(count("SELECT COUNT(*) FROM question").await, 109);
    let found = mailuo::insight::rollup::recount(&state).await;
    for (table, differing) in found.expect("is recounted") {
        assert_eq!(differing, 0, "{table}");
    }
    if state.db.engine() == "sqlite" {
        // References were not checked meanwhile; they are there all the same, and are checked again.
        assert_eq!(
            count("SELECT COUNT(*) FROM pragma_foreign_key_check").await,
            0
        );
        let dangling = q("INSERT INTO active_day (day, staff_id) VALUES ('2000-01-01', 'nobody')");
        assert!(dangling.exec(&state.db).await.is_err());
    }
    state.db.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn loads_on_sqlite() {
    loads(String::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn loads_on_postgres() {
    loads(fresh_postgres().await).await;
}
