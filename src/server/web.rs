//! Public pages: rendered on the server alone, plain forms, no wasm.

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;

use super::guard::Actor;
use super::session::{self, ClientAddress, Secure};
use super::{AppState, crypto};
use crate::shared::AppError;
use crate::ui::locale::Locale;

/// Who asks for a public page, and how.
#[derive(Debug, Clone)]
pub struct Visit {
    pub actor: Option<Actor>,
    /// The HCP to whom this browser is bound.
    pub hcp: Option<String>,
    /// The visitor id that the browser brought.
    pub visitor: Option<String>,
    pub locale: Locale,
    /// "light" or "dark" if chosen.
    pub theme: Option<String>,
    pub address: String,
    pub user_agent: String,
    pub secure: Secure,
    /// Scheme and host for links that leave the page.
    pub origin: String,
    pub headers: HeaderMap,
}

impl FromRequestParts<AppState> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        let headers = &parts.headers;
        let hcp = match session::cookie(headers, "hid") {
            Some(token) => session::hcp_of(&state.db, &token).await.map_err(|e| {
                tracing::error!(error = %e, "cannot read the device");
                StatusCode::SERVICE_UNAVAILABLE.into_response()
            })?,
            None => None,
        };
        let actor = parts.extensions.get::<Option<Actor>>().cloned().flatten();
        let text = |name: HeaderName| {
            headers
                .get(name)
                .and_then(|v| v.to_str().ok())
                .unwrap_or("")
                .to_owned()
        };
        Ok(Visit {
            hcp,
            visitor: session::cookie(headers, "vid").filter(|v| v.len() == 22),
            locale: locale_of(headers, actor.as_ref()),
            theme: session::cookie(headers, "theme").filter(|t| t == "light" || t == "dark"),
            actor,
            address: parts
                .extensions
                .get::<ClientAddress>()
                .map_or_else(String::new, |a| a.0.clone()),
            user_agent: text(header::USER_AGENT),
            secure: parts
                .extensions
                .get::<Secure>()
                .copied()
                .unwrap_or(Secure(false)),
            origin: origin(state, headers, &parts.extensions),
            headers: headers.clone(),
        })
    }
}

/// Scheme and host under which the outside reaches this server.
pub fn origin(
    state: &AppState,
    headers: &HeaderMap,
    extensions: &axum::http::Extensions,
) -> String {
    if !state.config.server.public_url.is_empty() {
        return state
            .config
            .server
            .public_url
            .trim_end_matches('/')
            .to_owned();
    }
    let secure = extensions.get::<Secure>().is_some_and(|s| s.0);
    let host = headers
        .get(header::HOST)
        .and_then(|v| v.to_str().ok())
        .unwrap_or("localhost");
    format!("{}://{host}", if secure { "https" } else { "http" })
}

/// The language: the member's own, else the cookie's, else Chinese.
pub fn locale_of(headers: &HeaderMap, actor: Option<&Actor>) -> Locale {
    let code = session::cookie(headers, "locale").or_else(|| actor.map(|a| a.locale.clone()));
    Locale::parse(code.as_deref().unwrap_or("zh-CN"))
}

impl Visit {
    /// The visitor id, made now if the browser brought none, and the cookie to set then (two years).
    pub fn visitor_or_new(&self) -> (String, Option<HeaderValue>) {
        match &self.visitor {
            Some(id) => (id.clone(), None),
            None => {
                let id = crypto::random_token(16);
                let cookie = session::set_cookie(self.secure, "vid", &id, 730 * 86_400);
                (id, Some(cookie))
            }
        }
    }

    /// Renders a page of its own.
    pub fn page<V: IntoView + 'static>(
        &self,
        title: impl FnOnce() -> String,
        body: impl FnOnce() -> V,
    ) -> Response {
        self.page_with(StatusCode::OK, title, body)
    }

    /// Renders a page with a status.
    pub fn page_with<V: IntoView + 'static>(
        &self,
        status: StatusCode,
        title: impl FnOnce() -> String,
        body: impl FnOnce() -> V,
    ) -> Response {
        let owner = Owner::new();
        let html = owner.with(|| {
            provide_context(self.locale);
            let title = format!("{} · {}", title(), tr!("app.name"));
            let css = stylesheet();
            view! {
                <html lang=self.locale.code() data-theme=self.theme.clone()>
                    <head>
                        <meta charset="utf-8"/>
                        <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover"/>
                        <meta name="color-scheme" content="light dark"/>
                        <meta name="robots" content="noindex"/>
                        <meta name="format-detection" content="telephone=no"/>
                        <title>{title}</title>
                        <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                        <link rel="stylesheet" href=css/>
                    </head>
                    <body class="bg-base-200">
                        <div class="mx-auto min-h-dvh max-w-2xl bg-base-100 px-4 py-5 sm:px-8">{body()}</div>
                    </body>
                </html>
            }
            .to_html()
        });
        drop(owner);
        let mut response = html_response(&format!("<!DOCTYPE html>{html}"));
        *response.status_mut() = status;
        response
    }

    /// Renders a part of a page, for a script that puts it in its place.
    pub fn fragment<V: IntoView + 'static>(&self, body: impl FnOnce() -> V) -> Response {
        let owner = Owner::new();
        let html = owner.with(|| {
            provide_context(self.locale);
            body().to_html()
        });
        drop(owner);
        html_response(&html)
    }

    /// Runs something that writes words, in the language of the one who asks.
    pub async fn speaking<T>(&self, work: impl Future<Output = T>) -> T {
        let owner = Owner::new();
        let work = owner.with(|| {
            provide_context(self.locale);
            leptos::reactive::computed::ScopedFuture::new_untracked(work)
        });
        work.await
    }

    /// A page that says why something cannot be had.
    pub fn error(&self, error: &AppError) -> Response {
        self.page_with(status(error), || tr!("error.title"), || {
            view! {
                <main class="py-16 text-center">
                    <p class="num text-4xl font-semibold text-base-content/60">{error.status()}</p>
                    <h1 class="mt-3 text-lg">{error.message()}</h1>
                    <p class="mt-6">
                        {if self.actor.is_some() {
                            view! { <a class="btn" href="/">{tr!("ui.to_start")}</a> }.into_any()
                        } else if *error == AppError::Unauthenticated {
                            view! {
                                <a class="btn btn-primary" href="/sign-in">{tr!("sign_in.subtitle")}</a>" "
                                <a class="btn" href="/library">{tr!("read.all_articles")}</a>
                            }
                            .into_any()
                        } else {
                            view! { <a class="btn" href="/library">{tr!("read.all_articles")}</a> }.into_any()
                        }}
                    </p>
                </main>
            }
        })
    }
}

fn html_response(html: &str) -> Response {
    // The marks by which Leptos would find its place again mean nothing on a page that does not hydrate.
    let mut response = Response::new(Body::from(html.replace("<!>", "")));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    response
}

/// A workbook to download.
pub fn xlsx(name: &str, bytes: Vec<u8>) -> Result<Response, AppError> {
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
    );
    headers.insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_str(&format!("attachment; filename=\"{name}\""))
            .map_err(super::db::internal)?,
    );
    Ok(response)
}

/// A recording, or the stretch of it that the browser asks for: some play only what answers to ranges.
pub fn ranged(headers: &HeaderMap, kind: &str, bytes: Vec<u8>) -> Response {
    let length = bytes.len();
    let asked = headers
        .get(header::RANGE)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.strip_prefix("bytes="))
        .and_then(|range| range.split_once('-'))
        .and_then(|(from, to)| {
            let last = length.checked_sub(1)?;
            Some(match (from.parse::<usize>(), to.parse::<usize>()) {
                (Ok(from), Ok(to)) => (from, to.min(last)),
                (Ok(from), Err(_)) => (from, last),
                (Err(_), Ok(tail)) => (length.saturating_sub(tail), last),
                _ => return None,
            })
        })
        .filter(|(from, to)| from <= to && *to < length);
    let mut response = match asked {
        Some((from, to)) => {
            let mut part = Response::new(Body::from(bytes[from..=to].to_vec()));
            *part.status_mut() = StatusCode::PARTIAL_CONTENT;
            if let Ok(value) = HeaderValue::from_str(&format!("bytes {from}-{to}/{length}")) {
                part.headers_mut().insert(header::CONTENT_RANGE, value);
            }
            part
        }
        None => Response::new(Body::from(bytes)),
    };
    let headers = response.headers_mut();
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Ok(value) = HeaderValue::from_str(kind) {
        headers.insert(header::CONTENT_TYPE, value);
    }
    response
}

/// The HTTP status of an error.
pub fn status(error: &AppError) -> StatusCode {
    StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// 303 to a path.
pub fn see_other(path: &str) -> Response {
    let location: String = path.chars().flat_map(percent_encode).collect();
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(value) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    response
}

/// What is not ASCII in an address must be percent-encoded before it goes into a header.
fn percent_encode(c: char) -> Vec<char> {
    if c.is_ascii_graphic() {
        return vec![c];
    }
    let mut bytes = [0; 4];
    c.encode_utf8(&mut bytes)
        .bytes()
        .flat_map(|b| format!("%{b:02X}").chars().collect::<Vec<_>>())
        .collect()
}

/// A path on this site out of what a form or an address brought, or the start page: never another site.
pub fn own_path(next: &str) -> &str {
    let plain =
        next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n']);
    if plain { next } else { "/" }
}

/// The path and query of the page that sent a request, if it is ours.
pub fn referer(headers: &HeaderMap) -> Option<String> {
    let uri: Uri = headers.get(header::REFERER)?.to_str().ok()?.parse().ok()?;
    Some(own_path(uri.path_and_query()?.as_str()).to_owned())
}

/// Sets the status of the page that is being rendered.
pub fn set_status(error: &AppError) {
    if let Some(options) = use_context::<ResponseOptions>() {
        options.set_status(status(error));
    }
}

/// The address of the built stylesheet.
pub fn stylesheet() -> String {
    static CSS: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    CSS.get_or_init(|| {
        // cargo-leptos writes the hashes beside the binary.
        let hashes = std::env::current_exe()
            .ok()
            .and_then(|exe| std::fs::read_to_string(exe.with_file_name("hash.txt")).ok())
            .unwrap_or_default();
        match hashes.lines().find_map(|line| line.split_once("css:")) {
            Some((_, hash)) => format!("/pkg/mailuo.{}.css", hash.trim()),
            None => "/pkg/mailuo.css".to_owned(),
        }
    })
    .clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_stay_on_the_site() {
        assert_eq!(own_path("/s/abc?x=1"), "/s/abc?x=1");
        assert_eq!(own_path("//evil.example"), "/");
        assert_eq!(own_path("https://evil.example"), "/");
        assert_eq!(own_path("/\\evil"), "/");
    }

    #[test]
    fn redirects_are_ascii() {
        let response = see_other("/library?q=血压");
        assert_eq!(
            response.headers()[header::LOCATION],
            "/library?q=%E8%A1%80%E5%8E%8B"
        );
    }
}
