//! What the benchmarks share: the application over a database of their own, and requests to it.

use std::path::{Path, PathBuf};

use axum::http::{Method, Request, header};
use leptos::config::LeptosOptions;
use mailuo::server::AppState;
use mailuo::server::config::Config;

/// What can go wrong here is told and ends the run.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// What requests call themselves.
pub const USER_AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64)";

/// The application over the database `name` of an engine in a folder; made anew if `fresh`.
pub async fn state(engine: &str, dir: &Path, name: &str, fresh: bool) -> Outcome<AppState> {
    if fresh {
        let _ = std::fs::remove_dir_all(dir);
    }
    std::fs::create_dir_all(dir)?;
    let mut config = Config::default();
    config.files.data_dir = PathBuf::from(dir);
    if engine == "postgres" {
        config.database.url = postgres(name, fresh).await?;
    }
    let options = LeptosOptions::builder().output_name("mailuo").build();
    Ok(AppState::open(config, options).await?)
}

/// A request as a browser sends it.
pub fn request(method: Method, path: &str, cookie: &str) -> axum::http::request::Builder {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "localhost")
        // Without one it would be a crawler's, which the reading page hands no view.
        .header(header::USER_AGENT, USER_AGENT)
        .header("sec-fetch-site", "same-origin")
        .header(header::COOKIE, cookie)
}

/// The address of a benchmark's own database on the Postgres that the environment names; made where it is missing, and
/// made anew if `fresh`.
async fn postgres(name: &str, fresh: bool) -> Outcome<String> {
    let base = std::env::var("MAILUO_TEST_POSTGRES_URL")
        .map_err(|_| "MAILUO_TEST_POSTGRES_URL names no Postgres; script/bench starts one")?;
    let pool = sqlx::PgPool::connect(&base).await?;
    if fresh {
        let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        sqlx::query(sqlx::AssertSqlSafe(drop))
            .execute(&pool)
            .await?;
    }
    let there: Option<(i32,)> = sqlx::query_as("SELECT 1 FROM pg_database WHERE datname = $1")
        .bind(name)
        .fetch_optional(&pool)
        .await?;
    if there.is_none() {
        let make = format!(
            "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
        );
        sqlx::query(sqlx::AssertSqlSafe(make))
            .execute(&pool)
            .await?;
    }
    pool.close().await;
    let (front, _) = base.rsplit_once('/').ok_or("a URL with a database")?;
    Ok(format!("{front}/{name}"))
}
