//! The files of a lesson, to those who may open it.

use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tower::ServiceExt;
use tower_http::services::ServeFile;

use super::Asked;
use crate::course::media;
use crate::course::model::Lesson;
use crate::learning::{Learner, access};
use crate::server::web::{self, Visit};
use crate::server::{AppState, files};
use crate::shared::AppError;

async fn lesson(
    state: &AppState,
    visit: &Visit,
    course: &str,
    lesson: &str,
    asked: &Asked,
) -> Result<Lesson, AppError> {
    let learner = Learner::of(state, visit).await?;
    let open = access::open(state, &learner, course, asked.preview()).await?;
    open.lesson(lesson).cloned()
}

/// A film or recording; `Range` is honoured.
pub async fn play(
    State(state): State<AppState>,
    visit: Visit,
    Path((course, id)): Path<(String, String)>,
    Query(asked): Query<Asked>,
    request: Request,
) -> Response {
    let found = async {
        let lesson = lesson(&state, &visit, &course, &id, &asked).await?;
        let media = lesson.media.ok_or(AppError::NotFound)?;
        media::find(&state.db, &media)
            .await?
            .ok_or(AppError::NotFound)
    };
    match found.await {
        Ok(media) => stream(&state, &media.id, &media.media_type, request).await,
        Err(error) => web::status(&error).into_response(),
    }
}

/// A stored file in whatever pieces the player asks for.
pub async fn stream(state: &AppState, id: &str, media_type: &str, request: Request) -> Response {
    let (Some(path), Ok(mime)) = (files::path(state, id), media_type.parse::<mime::Mime>()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match ServeFile::new_with_mime(path, &mime).oneshot(request).await {
        Ok(response) => {
            let mut response = response.map(Body::new);
            // Private: who may see it depends on who asks.
            response.headers_mut().insert(
                header::CACHE_CONTROL,
                HeaderValue::from_static("private, max-age=86400"),
            );
            response
        }
        Err(never) => match never {},
    }
}

fn file(bytes: Vec<u8>, media_type: &'static str) -> Response {
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, max-age=86400"),
    );
    response
}

/// Captions of a film or recording.
pub async fn captions(
    State(state): State<AppState>,
    visit: Visit,
    Path((course, id)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Response {
    let found = async {
        let lesson = lesson(&state, &visit, &course, &id, &asked).await?;
        files::get(&state, &lesson.captions.ok_or(AppError::NotFound)?).await
    };
    match found.await {
        Ok(bytes) => file(bytes, "text/vtt; charset=utf-8"),
        Err(error) => web::status(&error).into_response(),
    }
}

/// A page of slides.
pub async fn page(
    State(state): State<AppState>,
    visit: Visit,
    Path((course, id, page)): Path<(String, String, usize)>,
    Query(asked): Query<Asked>,
) -> Response {
    let found = async {
        let lesson = lesson(&state, &visit, &course, &id, &asked).await?;
        let pages = media::pages(&state.db, &lesson.media.ok_or(AppError::NotFound)?).await?;
        let (picture, _) = page
            .checked_sub(1)
            .and_then(|at| pages.get(at))
            .ok_or(AppError::NotFound)?;
        files::get(&state, picture).await
    };
    match found.await {
        Ok(bytes) => file(bytes, "image/jpeg"),
        Err(error) => web::status(&error).into_response(),
    }
}

/// The cover of a course.
pub async fn cover(
    State(state): State<AppState>,
    visit: Visit,
    Path(course): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let found = async {
        let learner = Learner::of(&state, &visit).await?;
        let open = access::open(&state, &learner, &course, asked.preview()).await?;
        files::get(&state, &open.course.cover.ok_or(AppError::NotFound)?).await
    };
    match found.await {
        Ok(bytes) => match files::image_type(&bytes) {
            Some(media_type) => file(bytes, media_type),
            None => StatusCode::NOT_FOUND.into_response(),
        },
        Err(error) => web::status(&error).into_response(),
    }
}
