//! The way into server functions.
//!
//! First fence: nobody who is not signed in gets through (there is no anonymous server function; public pages have
//! routes of their own). Then the answer: errors get their HTTP status, and a form posted without JavaScript gets a
//! redirect, or its page again with the messages and what was typed.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use leptos::prelude::provide_context;
use serde::{Deserialize, Serialize};

use super::db::internal;
use super::guard::Actor;
use super::{AppState, time, web};
use crate::identity;
use crate::shared::{AppError, Saved};
use crate::ui::boot::Flash;

/// Runs a server function.
pub async fn handle(State(state): State<AppState>, request: Request) -> Response {
    let signed_in = request
        .extensions()
        .get::<Option<Actor>>()
        .is_some_and(Option::is_some);
    let plain = request.method() == Method::POST && accepts_html(request.headers());
    if !plain && !signed_in {
        let answer = axum::Json(AppError::Unauthenticated);
        return (StatusCode::UNAUTHORIZED, answer).into_response();
    }
    if !plain {
        return status_of(run(&state, request).await).await;
    }
    let (mut parts, body) = request.into_parts();
    let limit = if signed_in {
        state.max_upload()
    } else {
        MAX_KEPT
    };
    let Ok(body) = to_bytes(body, limit).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let form = Form::read(&parts, &body);
    if !signed_in {
        return identity::routes::sign_in_for(&state, parts, form).await;
    }
    let original = parts.clone();
    parts
        .headers
        .insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    let response = run(&state, Request::from_parts(parts, Body::from(body.clone()))).await;
    let ok = response.status().is_success();
    let cookies: Vec<HeaderValue> = response
        .headers()
        .get_all(header::SET_COOKIE)
        .iter()
        .cloned()
        .collect();
    let answer = to_bytes(response.into_body(), 1 << 20)
        .await
        .unwrap_or_default();
    match (ok, serde_json::from_slice::<Saved>(&answer)) {
        (true, Ok(saved)) => {
            let next = saved.next.as_deref().unwrap_or(&form.page);
            let mut response = web::see_other(&with_notice(next, &saved.notice));
            for cookie in cookies {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            response
        }
        _ => {
            let error = serde_json::from_slice::<AppError>(&answer)
                .unwrap_or(AppError::Network(String::new()));
            again(&state, original, form, error).await
        }
    }
}

/// Bytes of a form that are kept for somebody whose session has ended.
const MAX_KEPT: usize = 256 * 1024;

/// A form that was posted without JavaScript.
#[derive(Debug, Serialize, Deserialize)]
pub struct Form {
    /// The page it stands on.
    page: String,
    /// The server function it is for.
    to: String,
    values: Vec<(String, String)>,
    /// When it was kept, in epoch milliseconds.
    at: i64,
}

impl Form {
    fn read(parts: &Parts, body: &Bytes) -> Form {
        let values: Vec<(String, String)> = serde_urlencoded::from_bytes(body).unwrap_or_default();
        // The form names its page: after a first refusal the browser's address is the server function's.
        let page = values
            .iter()
            .find(|(name, _)| name == "from_page")
            .map(|(_, page)| web::own_path(page).to_owned())
            .or_else(|| web::referer(&parts.headers))
            .unwrap_or_else(|| "/".to_owned());
        Form {
            page,
            to: parts.uri.path().to_owned(),
            values,
            at: time::now(),
        }
    }

    /// The page it stands on.
    pub fn page(&self) -> &str {
        &self.page
    }

    /// The form sealed, for the page on which somebody signs in again.
    pub fn keep(&self, state: &AppState) -> Result<String, AppError> {
        let json = serde_json::to_string(self).map_err(internal)?;
        Ok(state.keys.seal(&json))
    }

    /// A form that was kept, for an hour.
    pub fn kept(state: &AppState, sealed: &str) -> Option<Form> {
        let form: Form = serde_json::from_str(&state.keys.open(sealed)?).ok()?;
        (time::now() - form.at < time::HOUR).then_some(form)
    }
}

async fn run(state: &AppState, request: Request) -> Response {
    let context = state.clone();
    let locale = web::locale_of(
        request.headers(),
        request
            .extensions()
            .get::<Option<Actor>>()
            .and_then(Option::as_ref),
    );
    leptos_axum::handle_server_fns_with_context(
        move || {
            provide_context(context.clone());
            provide_context(locale);
        },
        request,
    )
    .await
    .into_response()
}

fn accepts_html(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|v| v.contains("text/html"))
}

/// Gives an error its status.
async fn status_of(response: Response) -> Response {
    if response.status() != StatusCode::INTERNAL_SERVER_ERROR {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap_or_default();
    if let Ok(error) = serde_json::from_slice::<AppError>(&body) {
        parts.status = super::web::status(&error);
    }
    Response::from_parts(parts, Body::from(body))
}

/// The form's page once more, with what was typed and what was wrong.
pub async fn again(state: &AppState, original: Parts, form: Form, error: AppError) -> Response {
    let status = super::web::status(&error);
    let flash = Flash {
        to: form.to,
        error: Some(error),
        values: form.values,
    };
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = form.page.parse().unwrap_or_default();
    *request.headers_mut() = original.headers;
    request.headers_mut().remove(header::CONTENT_LENGTH);
    request.headers_mut().remove(header::CONTENT_TYPE);
    *request.extensions_mut() = original.extensions;
    let mut response = super::router::render(state.clone(), Some(flash), request).await;
    if response.status().is_success() {
        *response.status_mut() = status;
    }
    response
}

fn with_notice(path: &str, notice: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let kept: Vec<&str> = query
        .split('&')
        .filter(|p| !p.is_empty() && !p.starts_with("done="))
        .collect();
    let query: String = kept.iter().map(|p| format!("{p}&")).collect();
    format!("{path}?{query}done={notice}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn one_notice_at_a_time() {
        assert_eq!(
            super::with_notice("/a?x=1&done=notice.saved", "notice.moved"),
            "/a?x=1&done=notice.moved"
        );
        assert_eq!(
            super::with_notice("/a", "notice.saved"),
            "/a?done=notice.saved"
        );
    }
}
