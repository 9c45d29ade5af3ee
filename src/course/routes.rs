//! Files of courses: films in pieces that survive a broken line, captions, covers; and what shared lessons show.

use axum::body::Bytes;
use axum::extract::{Multipart, Path, Query, Request, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use super::{contents, lesson, media, probe, store};
use crate::content::store as content;
use crate::learning;
use crate::server::db::internal;
use crate::server::guard::Actor;
use crate::server::web::{self, Visit, see_other};
use crate::server::{AppState, files};
use crate::shared::{AppError, Permission, Saved};

/// The routes of this slice.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/media/uploads", post(begin))
        .route("/media/uploads/{id}", get(progress).post(piece))
        .route("/courses/{id}/cover", get(cover).post(set_cover))
        .route("/courses/{id}/lessons/{lesson}/media", post(attach))
        .route("/courses/{id}/lessons/{lesson}/captions", post(captions))
        .route("/a/{id}/media", get(article_media))
        .route("/a/{id}/captions.vtt", get(article_captions))
        .route("/a/{id}/pages/{page}", get(article_page))
}

fn writer(visit: &Visit) -> Result<&Actor, AppError> {
    let actor = visit.actor.as_ref().ok_or(AppError::Unauthenticated)?;
    actor.check(Permission::WriteCourses)?;
    Ok(actor)
}

fn json(error: &AppError) -> Response {
    (web::status(error), Json(error)).into_response()
}

#[derive(Debug, Deserialize)]
struct NewUpload {
    name: String,
    size: u64,
}

#[derive(Debug, Serialize)]
struct Stands {
    id: String,
    /// Bytes that are there.
    have: u64,
}

/// Begins an upload.
async fn begin(
    State(state): State<AppState>,
    visit: Visit,
    Json(new): Json<NewUpload>,
) -> Response {
    let made = async {
        let actor = writer(&visit)?;
        let id = media::begin(&state, actor, &new.name, new.size).await?;
        Ok(Json(Stands { id, have: 0 }).into_response())
    };
    made.await.unwrap_or_else(|error: AppError| json(&error))
}

/// How much of one's upload is there, to go on after a break.
async fn progress(State(state): State<AppState>, visit: Visit, Path(id): Path<String>) -> Response {
    let made = async {
        let (_, have) = media::upload(&state, writer(&visit)?, &id).await?;
        Ok(Json(Stands { id, have }).into_response())
    };
    made.await.unwrap_or_else(|error: AppError| json(&error))
}

#[derive(Debug, Deserialize)]
struct At {
    at: u64,
}

/// A piece of an upload.
async fn piece(
    State(state): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
    Query(at): Query<At>,
    bytes: Bytes,
) -> Response {
    let made = async {
        let have = media::append(&state, writer(&visit)?, &id, at.at, &bytes).await?;
        Ok(Json(Stands { id, have }).into_response())
    };
    made.await.unwrap_or_else(|error: AppError| json(&error))
}

/// What a form with a file brought.
struct Sent {
    name: String,
    bytes: Vec<u8>,
    upload: String,
    /// The script wants JSON.
    scripted: bool,
}

async fn read(mut form: Multipart) -> Result<Sent, AppError> {
    let mut sent = Sent {
        name: String::new(),
        bytes: Vec::new(),
        upload: String::new(),
        scripted: false,
    };
    let broken = |_| AppError::field("file", "field.media_incomplete");
    while let Some(field) = form.next_field().await.map_err(broken)? {
        match field.name() {
            Some("file") => {
                sent.name = field.file_name().unwrap_or_default().to_owned();
                sent.bytes = field.bytes().await.map_err(broken)?.to_vec();
            }
            Some("upload") => {
                sent.upload = field.text().await.map_err(broken)?;
                sent.scripted = true;
            }
            _ => {}
        }
    }
    Ok(sent)
}

/// Goes on after a form without script: back to the page, with the notice or the message beside the field.
fn answer(path: &str, scripted: bool, outcome: Result<Saved, AppError>) -> Response {
    match outcome {
        Ok(saved) if scripted => Json(saved).into_response(),
        Err(error) if scripted => json(&error),
        Ok(saved) => {
            let to = saved.next.as_deref().unwrap_or(path);
            see_other(&format!("{to}?done={}", saved.notice))
        }
        Err(AppError::Invalid(fields)) => {
            let key = fields.first().map(|f| f.key.clone()).unwrap_or_default();
            see_other(&format!("{path}?fault={key}"))
        }
        Err(AppError::Conflict(key)) => see_other(&format!("{path}?fault={key}")),
        Err(error) => json(&error),
    }
}

/// Gives a lesson its film, recording or slides: an upload that is whole, or a file in the form itself.
async fn attach(
    State(state): State<AppState>,
    visit: Visit,
    Path((id, of)): Path<(String, String)>,
    form: Multipart,
) -> Response {
    let here = format!("/courses/{id}/lessons/{of}");
    let mut scripted = false;
    let made = async {
        let actor = writer(&visit)?;
        // Before anything is stored: no such lesson, no file.
        store::course(&state.db, &id)
            .await?
            .draft()?
            .lesson(&of)
            .ok_or(AppError::NotFound)?;
        let sent = read(form).await?;
        scripted = sent.scripted;
        let (media, pages) = if sent.upload.is_empty() {
            if sent.bytes.is_empty() {
                return Err(AppError::field("file", "field.required"));
            }
            media::take(&state, actor, &sent.name, &sent.bytes).await?
        } else {
            media::finish(&state, actor, &sent.upload).await?
        };
        let mut tx = state.db.begin().await?;
        let lesson =
            contents::change(&mut tx, &id, |c| contents::set_media(c, &of, &media, pages)).await?;
        tx.commit().await?;
        Ok(Saved::go(
            "notice.uploaded",
            format!("/courses/{id}/lessons/{lesson}"),
        ))
    };
    let outcome = made.await;
    answer(&here, scripted, outcome)
}

/// The largest file of captions.
const CAPTIONS: usize = 1 << 20;

/// Gives a lesson its captions.
async fn captions(
    State(state): State<AppState>,
    visit: Visit,
    Path((id, of)): Path<(String, String)>,
    form: Multipart,
) -> Response {
    let here = format!("/courses/{id}/lessons/{of}");
    let made = async {
        let actor = writer(&visit)?;
        let sent = read(form).await?;
        let text = String::from_utf8(sent.bytes)
            .ok()
            .filter(|text| text.len() <= CAPTIONS)
            .ok_or_else(|| AppError::field("captions", "field.captions"))?;
        if probe::captions(&text).is_err() {
            return Err(AppError::field("captions", "field.captions"));
        }
        let bytes = text.into_bytes();
        let size = bytes.len();
        let file = files::put(&state, bytes).await?;
        let mut tx = state.db.begin().await?;
        files::register(&mut tx, &file, "text/vtt", size, &actor.id).await?;
        contents::change(&mut tx, &id, |c| contents::set_captions(c, &of, Some(file))).await?;
        tx.commit().await?;
        Ok(Saved::stay("notice.uploaded"))
    };
    let outcome = made.await;
    answer(&here, false, outcome)
}

/// Gives a course its cover.
async fn set_cover(
    State(state): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
    form: Multipart,
) -> Response {
    let made = async {
        let actor = writer(&visit)?;
        let sent = read(form).await?;
        let media = files::image_type(&sent.bytes)
            .ok_or_else(|| AppError::field("cover", "field.not_an_image"))?;
        let size = sent.bytes.len();
        let file = files::put(&state, sent.bytes).await?;
        let mut tx = state.db.begin().await?;
        files::register(&mut tx, &file, media, size, &actor.id).await?;
        store::set_cover(&mut tx, &id, &file).await?;
        tx.commit().await?;
        Ok(Saved::stay("notice.uploaded"))
    };
    let outcome = made.await;
    answer(&format!("/courses/{id}"), false, outcome)
}

/// The cover of a course, to staff who see the course.
async fn cover(State(state): State<AppState>, visit: Visit, Path(id): Path<String>) -> Response {
    let made = async {
        let actor = visit.actor.as_ref().ok_or(AppError::Unauthenticated)?;
        actor.check(Permission::ReadResults)?;
        let course = store::course(&state.db, &id).await?;
        if course.published_at.is_none() && !store::sees_drafts(actor) {
            return Err(AppError::NotFound);
        }
        let bytes = files::get(&state, &course.cover.ok_or(AppError::NotFound)?).await?;
        let media = files::image_type(&bytes).ok_or(AppError::NotFound)?;
        Ok(([(header::CONTENT_TYPE, media)], private(), bytes).into_response())
    };
    made.await
        .unwrap_or_else(|error: AppError| web::status(&error).into_response())
}

/// Who may see it depends on who asks.
fn private() -> [(header::HeaderName, HeaderValue); 1] {
    [(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, max-age=86400"),
    )]
}

/// The media of an article for whoever may read the article; drafts for those who review them.
async fn of_article(
    state: &AppState,
    visit: &Visit,
    id: &str,
) -> Result<(super::model::MediaRow, Option<String>), AppError> {
    let article = content::article(&state.db, id).await?;
    let reviews = visit
        .actor
        .as_ref()
        .is_some_and(|a| content::sees_drafts(a.role));
    if !reviews {
        let reader = crate::content::routes::reader(state, visit).await?;
        let open = article.audience == "public" || reader.professional;
        if !article.is_shown(&state.zone.today()) || !open {
            return Err(AppError::NotFound);
        }
    }
    lesson::of_article(&state.db, id)
        .await?
        .ok_or(AppError::NotFound)
}

async fn article_media(
    State(state): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    match of_article(&state, &visit, &id).await {
        Ok((media, _)) => learning::stream(&state, &media.id, &media.media_type, request).await,
        Err(error) => web::status(&error).into_response(),
    }
}

async fn article_captions(
    State(state): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
) -> Response {
    let made = async {
        let (_, captions) = of_article(&state, &visit, &id).await?;
        let bytes = files::get(&state, &captions.ok_or(AppError::NotFound)?).await?;
        let kind = [(header::CONTENT_TYPE, "text/vtt; charset=utf-8")];
        Ok((kind, private(), bytes).into_response())
    };
    made.await
        .unwrap_or_else(|error: AppError| web::status(&error).into_response())
}

async fn article_page(
    State(state): State<AppState>,
    visit: Visit,
    Path((id, page)): Path<(String, usize)>,
) -> Response {
    let made = async {
        let (found, _) = of_article(&state, &visit, &id).await?;
        let pages = media::pages(&state.db, &found.id).await?;
        let (picture, _) = page
            .checked_sub(1)
            .and_then(|at| pages.get(at))
            .ok_or(AppError::NotFound)?;
        let bytes = files::get(&state, picture).await.map_err(internal)?;
        Ok(([(header::CONTENT_TYPE, "image/jpeg")], private(), bytes).into_response())
    };
    made.await
        .unwrap_or_else(|error: AppError| web::status(&error).into_response())
}
