//! Learning as plain pages without wasm: they work in WeChat, on a poor line, and as far as a browser can without
//! JavaScript.

mod course;
mod lesson;
mod media;
mod player;
mod review;

pub use media::stream;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use leptos::prelude::*;
use serde::Deserialize;

use super::coverage::Filter;
use super::{Learner, export};
use crate::server::AppState;
use crate::server::web::{self, Visit, see_other};
use crate::shared::{AppError, Permission};

/// The routes of this slice.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/learn", get(course::list))
        .route("/learn/{course}", get(course::show))
        .route("/learn/{course}/cover", get(media::cover))
        .route("/learn/{course}/{lesson}", get(lesson::show))
        .route("/learn/{course}/{lesson}/media", get(media::play))
        .route(
            "/learn/{course}/{lesson}/captions.vtt",
            get(media::captions),
        )
        .route("/learn/{course}/{lesson}/pages/{page}", get(media::page))
        .route("/learn/{course}/{lesson}/begin", post(lesson::begin))
        .route("/learn/{course}/{lesson}/beat", post(lesson::beat))
        .route("/learn/{course}/{lesson}/answer", post(lesson::answer))
        .route("/learn/{course}/{lesson}/read", post(lesson::read))
        .route("/learn/{course}/{lesson}/comment", post(lesson::comment))
        .route("/review", get(review::show).post(review::answer))
        .route("/courses/{id}/coverage.xlsx", get(coverage))
        .route("/record.xlsx", get(record))
}

/// Whether a course is looked at as it is being worked on.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    preview: String,
    /// What was just done: a comment was written, too little was read.
    said: String,
}

impl Asked {
    fn preview(&self) -> bool {
        self.preview == "1"
    }
}

/// Nobody is asked who they are; who may not learn this is told so.
fn refuse(visit: &Visit, path: &str, error: &AppError) -> Response {
    if *error != AppError::Unauthenticated {
        let back = if visit.actor.is_some() {
            "/learning"
        } else {
            "/learn"
        };
        return visit.page_with(
            web::status(error),
            || tr!("error.title"),
            || {
                view! {
                    <main class="py-16 text-center">
                        <h1 class="text-lg">{error.message()}</h1>
                        <p class="mt-6"><a class="btn" href=back>{tr!("learn.to_mine")}</a></p>
                    </main>
                }
            },
        );
    }
    let next = serde_urlencoded::to_string([("next", path)]).unwrap_or_default();
    // An HCP's registration that waits, or one that was withdrawn, is told on their own page.
    if visit.hcp.is_some() {
        return see_other("/me");
    }
    visit.page_with(web::status(error), || tr!("learn.who"), || {
        view! {
            <main class="py-16 text-center">
                <h1 class="text-lg">{tr!("learn.who")}</h1>
                <p class="mt-6 flex flex-wrap justify-center gap-2">
                    <a class="btn btn-primary" href=format!("/sign-in?{next}")>{tr!("learn.i_am_staff")}</a>
                    <a class="btn" href=format!("/onboard?{next}")>{tr!("read.i_am_hcp")}</a>
                </p>
            </main>
        }
    })
}

/// A refusal for a script.
fn refuse_json(error: &AppError) -> Response {
    (web::status(error), axum::Json(error)).into_response()
}

/// Where somebody's own courses are listed.
fn home(learner: &Learner) -> &'static str {
    match learner {
        Learner::Staff(_) => "/learning",
        Learner::Hcp(_) => "/learn",
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CoverageAsked {
    text: String,
    unit: String,
    state: String,
}

/// The coverage of a course as a workbook.
async fn coverage(
    State(state): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
    Query(asked): Query<CoverageAsked>,
) -> Response {
    let made = async {
        let actor = visit.actor.as_ref().ok_or(AppError::Unauthenticated)?;
        actor.check(Permission::ReadResults)?;
        let filter = Filter {
            text: asked.text,
            unit: asked.unit,
            state: asked.state,
        };
        let book = visit
            .speaking(export::coverage(&state, actor, &id, &filter))
            .await?;
        web::xlsx("mailuo-coverage.xlsx", book)
    };
    made.await
        .unwrap_or_else(|error: AppError| visit.error(&error))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RecordAsked {
    person: String,
}

/// A person's record as a workbook.
async fn record(
    State(state): State<AppState>,
    visit: Visit,
    Query(asked): Query<RecordAsked>,
) -> Response {
    let made = async {
        let actor = visit.actor.as_ref().ok_or(AppError::Unauthenticated)?;
        actor.check(Permission::Learn)?;
        let book = visit
            .speaking(export::record(&state, actor, &asked.person))
            .await?;
        web::xlsx("mailuo-record.xlsx", book)
    };
    made.await
        .unwrap_or_else(|error: AppError| visit.error(&error))
}
