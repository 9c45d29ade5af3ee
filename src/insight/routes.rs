//! Plain routes of dashboards: workbooks.

use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use leptos::reactive::computed::ScopedFuture;
use serde::Deserialize;

use super::model::{ReportFilter, Slice};
use super::{report, rows, slice};
use crate::server::AppState;
use crate::server::guard::Actor;
use crate::server::web::{self, Visit};
use crate::shared::{AppError, Permission};

/// The routes of this slice.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/insight/rows.xlsx", get(rows_file))
        .route("/insight/report.xlsx", get(report_file))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    measure: String,
    #[serde(flatten)]
    slice: Slice,
}

fn actor(visit: &Visit) -> Result<&Actor, AppError> {
    let actor = visit.actor.as_ref().ok_or(AppError::Unauthenticated)?;
    actor.check(Permission::ReadInsight)?;
    Ok(actor)
}

/// What a file is called: by what it holds, and its days.
fn file_name(state: &AppState, what: &str, slice: &Slice, span: &str, span0: &str) -> String {
    let what = what.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let what = if what.is_empty() { "report" } else { &what };
    let mut slice = slice.clone();
    slice::settle(state, &mut slice, &mut span.to_owned(), span0);
    format!("mailuo-{what}-{}-{}.xlsx", slice.from, slice.to)
}

/// Runs `make` with the asker's language.
async fn made<F: Future<Output = Result<Vec<u8>, AppError>>>(
    visit: &Visit,
    name: &str,
    make: impl FnOnce() -> F,
) -> Result<Response, AppError> {
    let owner = leptos::prelude::Owner::new();
    let book = owner.with(|| {
        leptos::prelude::provide_context(visit.locale);
        ScopedFuture::new_untracked(make())
    });
    web::xlsx(name, book.await?)
}

async fn rows_file(
    State(state): State<AppState>,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Response {
    let done = async {
        let actor = actor(&visit)?;
        let name = file_name(&state, &asked.measure, &asked.slice, "", "");
        made(&visit, &name, || {
            rows::file(&state, actor, &asked.measure, asked.slice)
        })
        .await
    };
    done.await.unwrap_or_else(|error| visit.error(&error))
}

async fn report_file(
    State(state): State<AppState>,
    visit: Visit,
    Query(filter): Query<ReportFilter>,
) -> Response {
    let done = async {
        let actor = actor(&visit)?;
        let (slice, span, span0) = (&filter.slice, &filter.span, &filter.span0);
        let name = file_name(&state, &filter.by, slice, span, span0);
        made(&visit, &name, || report::file(&state, actor, filter)).await
    };
    done.await.unwrap_or_else(|error| visit.error(&error))
}
