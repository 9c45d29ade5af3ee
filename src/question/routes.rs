//! Plain routes of the question bank: pictures and files.

use axum::Router;
use axum::body::Body;
use axum::extract::{Multipart, Path, Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::export;
use super::model::Format;
use super::store::{self, Filter};
use crate::server::db::internal;
use crate::server::guard::Actor;
use crate::server::web::{self, Visit, see_other};
use crate::server::{AppState, files};
use crate::shared::{AppError, Permission};

/// The routes of this slice.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/questions/export", get(download))
        .route("/questions/{id}/images", post(upload))
        .route("/questions/images/{file}", get(image))
}

fn trainer(visit: &Visit) -> Result<&Actor, AppError> {
    let actor = visit.actor.as_ref().ok_or(AppError::Unauthenticated)?;
    actor.check(Permission::WriteQuestions)?;
    Ok(actor)
}

/// The filter of the list, as its address has it, and the format.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    format: String,
    text: String,
    category: String,
    kind: String,
    tag: String,
    difficulty: String,
    state: String,
}

async fn download(
    State(state): State<AppState>,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Response {
    let made = async {
        let actor = trainer(&visit)?;
        let format = Format::parse(&asked.format).ok_or(AppError::NotFound)?;
        let filter = Filter {
            text: asked.text,
            category: asked.category,
            kind: asked.kind,
            tag: asked.tag,
            difficulty: asked.difficulty.parse().unwrap_or(0),
            state: asked.state,
        };
        let (bytes, _) = export::file(&state, actor, &filter, format).await?;
        let name = format!("mailuo-questions-{}.{}", format.code(), format.extension());
        if format == Format::Xlsx {
            return web::xlsx(&name, bytes);
        }
        let mut response = Response::new(Body::from(bytes));
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        );
        headers.insert(
            header::CONTENT_DISPOSITION,
            HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")).map_err(internal)?,
        );
        Ok(response)
    };
    made.await.unwrap_or_else(|error| visit.error(&error))
}

async fn upload(
    State(state): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
    mut form: Multipart,
) -> Response {
    let actor = match trainer(&visit) {
        Ok(actor) => actor,
        Err(error) => return visit.error(&error),
    };
    let mut bytes = Vec::new();
    loop {
        match form.next_field().await {
            Ok(Some(field)) if field.name() == Some("image") => match field.bytes().await {
                Ok(read) => bytes = read.to_vec(),
                Err(error) => return error.into_response(),
            },
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(error) => return error.into_response(),
        }
    }
    let back = format!("/questions/{id}");
    let Some(media_type) = files::image_type(&bytes) else {
        return see_other(&format!("{back}?fault=image"));
    };
    let stored = async {
        let size = bytes.len();
        let file = files::put(&state, bytes).await?;
        let mut tx = state.db.begin().await?;
        files::register(&mut tx, &file, media_type, size, &actor.id).await?;
        tx.commit().await?;
        store::picture(&state, actor, &id, &file, true).await
    };
    match stored.await {
        Ok(()) => see_other(&format!("{back}?done=notice.saved")),
        Err(error) => visit.error(&error),
    }
}

/// A picture of a question: to every member of staff, who may have it in a paper.
async fn image(State(state): State<AppState>, visit: Visit, Path(file): Path<String>) -> Response {
    let found = async {
        visit.actor.as_ref().ok_or(AppError::Unauthenticated)?;
        let bytes = files::get(&state, &file).await?;
        let media_type = files::image_type(&bytes).ok_or(AppError::NotFound)?;
        let mut response = Response::new(Body::from(bytes));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers.insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, max-age=31536000, immutable"),
        );
        Ok::<_, AppError>(response)
    };
    found.await.unwrap_or_else(|error| visit.error(&error))
}
