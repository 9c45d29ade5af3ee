//! Plain routes of flow: workbooks, originals, photos.

use axum::Router;
use axum::body::Body;
use axum::extract::{Multipart, Path, Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::model::ReportFilter;
use super::{appeals, files, reports};
use crate::server::AppState;
use crate::server::db::internal;
use crate::server::guard::Actor;
use crate::server::web::{self, Visit, see_other};
use crate::shared::{AppError, Permission};

/// The routes of this slice.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/flow/report.xlsx", get(report))
        .route("/flow/files/{id}/original", get(original))
        .route("/flow/files/{id}/refused.xlsx", get(refused))
        .route("/flow/appeals/{id}/evidence", post(evidence))
        .route("/flow/appeals/steps/{step}/photo", get(photo))
}

fn actor(visit: &Visit, permission: Permission) -> Result<&Actor, AppError> {
    let actor = visit.actor.as_ref().ok_or(AppError::Unauthenticated)?;
    actor.check(permission)?;
    Ok(actor)
}

async fn report(
    State(state): State<AppState>,
    visit: Visit,
    Query(filter): Query<ReportFilter>,
) -> Response {
    let made = async {
        let actor = actor(&visit, Permission::ReadFlow)?;
        let owner = leptos::prelude::Owner::new();
        let book = owner.with(|| {
            leptos::prelude::provide_context(visit.locale);
            let book = reports::file(&state, actor, filter);
            leptos::reactive::computed::ScopedFuture::new_untracked(book)
        });
        web::xlsx("mailuo-flow.xlsx", book.await?)
    };
    made.await.unwrap_or_else(|error| visit.error(&error))
}

async fn original(State(state): State<AppState>, visit: Visit, Path(id): Path<String>) -> Response {
    let made = async {
        let actor = actor(&visit, Permission::OperateFlow)?;
        let (name, bytes) = files::original(&state, actor, &id).await?;
        let kind = if crate::importing::table::is_workbook(&bytes) {
            "application/octet-stream"
        } else {
            "text/csv"
        };
        let ending = name.rsplit_once('.').map_or("bin", |(_, ending)| ending);
        let ending: String = ending
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(5)
            .collect();
        let mut response = Response::new(Body::from(bytes));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        let named = format!("attachment; filename=\"mailuo-flow-{id}.{ending}\"");
        headers.insert(
            header::CONTENT_DISPOSITION,
            HeaderValue::from_str(&named).map_err(internal)?,
        );
        Ok::<_, AppError>(response)
    };
    made.await.unwrap_or_else(|error| visit.error(&error))
}

async fn refused(State(state): State<AppState>, visit: Visit, Path(id): Path<String>) -> Response {
    let made = async {
        actor(&visit, Permission::OperateFlow)?;
        web::xlsx(
            "mailuo-flow-refused.xlsx",
            files::refused(&state, &id).await?,
        )
    };
    made.await.unwrap_or_else(|error| visit.error(&error))
}

async fn evidence(
    State(state): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
    mut form: Multipart,
) -> Response {
    let actor = match actor(&visit, Permission::SeeAppeals) {
        Ok(actor) => actor,
        Err(error) => return visit.error(&error),
    };
    let (mut bytes, mut body, mut key) = (Vec::new(), String::new(), String::new());
    loop {
        match form.next_field().await {
            Ok(Some(field)) if field.name() == Some("photo") => match field.bytes().await {
                Ok(read) => bytes = read.to_vec(),
                Err(error) => return error.into_response(),
            },
            Ok(Some(field)) => {
                let name = field.name().unwrap_or_default().to_owned();
                match field.text().await {
                    Ok(text) if name == "body" => body = text,
                    Ok(text) if name == "form_key" => key = text,
                    Ok(_) => {}
                    Err(error) => return error.into_response(),
                }
            }
            Ok(None) => break,
            Err(error) => return error.into_response(),
        }
    }
    // As browsers count them: a line's end is one character.
    let body = body.replace("\r\n", "\n");
    let back = format!("/flow/appeals/{id}");
    // Words without a photo are a comment, and so are those whose photo cannot be read: they are not lost with it.
    let said = async || {
        if body.trim().is_empty() {
            return Ok(false);
        }
        let said = appeals::step(&state, actor, &key, &id, "comment", &body).await;
        said.map(|_| true)
    };
    let done = if bytes.is_empty() {
        match said().await {
            Ok(true) => Ok(()),
            Ok(false) => Err("empty"),
            Err(AppError::Invalid(_)) => Err("long"),
            Err(error) => return visit.error(&error),
        }
    } else {
        match appeals::evidence(&state, actor, &key, &id, &body, bytes).await {
            Ok(()) => Ok(()),
            Err(AppError::Invalid(faults)) if faults.iter().any(|f| f.field == "body") => {
                Err("long")
            }
            Err(error @ (AppError::Invalid(_) | AppError::Conflict(_))) => {
                let refused = matches!(error, AppError::Invalid(_));
                match (said().await, refused) {
                    (Ok(true), true) => Err("photo_only"),
                    (Ok(true), false) => Err("photo_late"),
                    (Ok(false), true) => Err("photo"),
                    (Ok(false), false) => return visit.error(&error),
                    (Err(error), _) => return visit.error(&error),
                }
            }
            Err(error) => return visit.error(&error),
        }
    };
    match done {
        Ok(()) => see_other(&format!("{back}?done=notice.saved")),
        Err(fault) => see_other(&format!("{back}?fault={fault}")),
    }
}

async fn photo(State(state): State<AppState>, visit: Visit, Path(step): Path<String>) -> Response {
    let made = async {
        let actor = actor(&visit, Permission::SeeAppeals)?;
        let (kind, bytes) = appeals::photo(&state, actor, &step).await?;
        Ok(web::ranged(&visit.headers, &kind, bytes))
    };
    made.await
        .unwrap_or_else(|error: AppError| web::status(&error).into_response())
}
