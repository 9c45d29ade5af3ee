//! The public library, and the files that articles show.

use axum::Router;
use axum::body::Body;
use axum::extract::{Multipart, Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use leptos::prelude::*;
use serde::Deserialize;

use super::pages::approval_line;
use super::store::{self, Filter, Reader};
use crate::onboarding;
use crate::server::web::{Visit, see_other};
use crate::server::{AppState, files};
use crate::shared::{AppError, Permission};

/// The routes of this slice.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/library", get(library))
        .route("/files/{id}", get(file))
        .route("/articles/{id}/images", post(upload))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    text: String,
    tag: String,
    /// "1": only what this reader saved.
    saved: String,
    page: i64,
}

/// What a visitor may read: public content, and professional content once onboarded.
pub async fn reader(state: &AppState, visit: &Visit) -> Result<Reader, AppError> {
    let professional = match &visit.hcp {
        _ if visit.actor.is_some() => true,
        Some(hcp) => onboarding::store::is_onboarded(&state.db, hcp).await?,
        None => false,
    };
    Ok(Reader {
        professional,
        today: state.zone.today(),
    })
}

async fn library(
    State(state): State<AppState>,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Response {
    match try_library(&state, &visit, &asked).await {
        Ok(response) => response,
        Err(error) => visit.error(&error),
    }
}

async fn try_library(state: &AppState, visit: &Visit, asked: &Asked) -> Result<Response, AppError> {
    let reader = reader(state, visit).await?;
    let professional = reader.professional;
    let saved = asked.saved == "1";
    let identity = crate::sharing::read::identity(state, visit)
        .await?
        .unwrap_or_default();
    let filter = Filter {
        text: asked.text.clone(),
        tag: asked.tag.clone(),
        reader: Some(reader),
        saved_by: saved.then_some(identity),
        ..Default::default()
    };
    let page = store::list(&state.db, None, &filter, asked.page.max(1)).await?;
    let tags = store::tags(&state.db, filter.reader.as_ref()).await?;
    let link = |tag: &str, page: i64| {
        let query = serde_urlencoded::to_string([
            ("text", asked.text.as_str()),
            ("tag", tag),
            ("saved", asked.saved.as_str()),
            ("page", &page.to_string()),
        ]);
        format!("/library?{}", query.unwrap_or_default())
    };
    Ok(visit.page(|| tr!("library.title"), || {
        let (here, pages) = (page.page, page.pages());
        view! {
            <header class="mb-4 flex flex-wrap items-center gap-2">
                <h1 class="me-auto text-xl font-semibold">{tr!("library.title")}</h1>
                <a class="btn btn-sm" href=if saved { "/library" } else { "/library?saved=1" }>{if saved { tr!("library.all") } else { tr!("library.saved") }}</a>
                {if visit.hcp.is_some() {
                    view! { <a class="btn btn-sm" href="/me">{tr!("me.title")}</a> }.into_any()
                } else {
                    view! { <a class="btn btn-sm btn-outline" href="/onboard?next=/library">{tr!("read.i_am_hcp")}</a> }.into_any()
                }}
            </header>
            <main>
                <form method="get" action="/library" class="flex gap-2" role="search" autocomplete="off">
                    <input type="search" name="text" class="input w-full" value=asked.text.clone() placeholder=tr!("library.search") aria-label=tr!("library.search")/>
                    <button class="btn btn-primary">{tr!("ui.search")}</button>
                </form>
                <nav class="my-3 flex flex-wrap gap-2" aria-label=tr!("library.tags")>
                    {tags.into_iter().map(|tag| {
                        let on = tag == asked.tag;
                        let href = if on { link("", 1) } else { link(&tag, 1) };
                        view! { <a class=if on { "badge badge-primary" } else { "badge badge-outline" } href=href aria-current=on.then_some("true")>{tag}</a> }
                    }).collect_view()}
                </nav>
                {if page.rows.is_empty() {
                    view! { <p class="rounded-box border border-dashed border-base-300 p-8 text-center text-base-content/70">{if saved { tr!("library.nothing_saved") } else { tr!("library.empty") }}</p> }.into_any()
                } else {
                    view! {
                        <ul class="divide-y divide-base-300">
                            {page.rows.into_iter().map(|a| view! {
                                <li class="py-3">
                                    <a class="block" href=format!("/a/{}", a.id)>
                                        <span class="font-semibold">{a.title}</span>
                                        {(a.audience == "professional").then(|| view! { <span class="badge badge-outline badge-sm ms-2">{tr!("article.professional")}</span> })}
                                        <span class="mt-1 block text-sm text-base-content/70">{a.summary}</span>
                                        <span class="num mt-1 block text-xs text-base-content/70">{approval_line(&a.approval_no, &a.expires_on)}</span>
                                    </a>
                                </li>
                            }).collect_view()}
                        </ul>
                    }.into_any()
                }}
                <nav class="mt-4 flex items-center justify-between" aria-label=tr!("ui.pages")>
                    {if here > 1 { view! { <a class="btn btn-sm" href=link(&asked.tag, here - 1)>{tr!("ui.previous")}</a> }.into_any() } else { view! { <span></span> }.into_any() }}
                    <span class="num text-sm">{format!("{here} / {pages}")}</span>
                    {if here < pages { view! { <a class="btn btn-sm" href=link(&asked.tag, here + 1)>{tr!("ui.next")}</a> }.into_any() } else { view! { <span></span> }.into_any() }}
                </nav>
                {(!professional).then(|| view! { <p class="mt-6 text-sm text-base-content/70">{tr!("library.public_only")}</p> })}
            </main>
        }
    }))
}

async fn file(State(state): State<AppState>, visit: Visit, Path(id): Path<String>) -> Response {
    let found = async {
        let reader = reader(&state, &visit).await?;
        let media = store::file_for(&state.db, &id, visit.actor.is_some(), &reader).await?;
        Ok::<_, AppError>((media, files::get(&state, &id).await?))
    };
    match found.await {
        Ok((media, bytes)) => {
            let mut response = Response::new(Body::from(bytes));
            let headers = response.headers_mut();
            if let Ok(media) = HeaderValue::from_str(&media) {
                headers.insert(header::CONTENT_TYPE, media);
            }
            // Private: who may see it depends on who asks.
            headers.insert(
                header::CACHE_CONTROL,
                HeaderValue::from_static("private, max-age=86400"),
            );
            response
        }
        Err(AppError::NotFound) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => visit.error(&error),
    }
}

async fn upload(
    State(state): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
    mut form: Multipart,
) -> Response {
    let Some(actor) = &visit.actor else {
        return visit.error(&AppError::Unauthenticated);
    };
    if let Err(error) = actor.check(Permission::WriteArticles) {
        return visit.error(&error);
    }
    let mut bytes = Vec::new();
    while let Ok(Some(field)) = form.next_field().await {
        if field.name() == Some("file") {
            match field.bytes().await {
                Ok(read) => bytes = read.to_vec(),
                Err(error) => return error.into_response(),
            }
        }
    }
    let Some(media) = files::image_type(&bytes) else {
        return visit.error(&AppError::Conflict("article.not_an_image".into()));
    };
    let size = bytes.len();
    let stored = async {
        let file = files::put(&state, bytes).await?;
        store::attach_file(&state, actor, &id, &file, media, size).await
    };
    match stored.await {
        Ok(()) => see_other(&format!("/articles/{id}/edit?done={}", "notice.uploaded")),
        Err(error) => visit.error(&error),
    }
}
