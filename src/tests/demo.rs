//! The demo data on both engines: all of it goes in, and every page has something to show.

use leptos::config::LeptosOptions;
use mailuo::cli::Scale;
use mailuo::server::AppState;
use mailuo::server::config::Config;
use mailuo::server::db::q;

use crate::support::{fresh_dir, fresh_postgres};

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
    mailuo::demo::bulk::enlarge(&state, &more)
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
