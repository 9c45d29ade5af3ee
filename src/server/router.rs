//! All routes and the layers around them.

use std::net::IpAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use leptos::prelude::*;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::services::ServeDir;
use tower_http::timeout::TimeoutLayer;

use super::guard::Actor;
use super::session::{self, ClientAddress, Secure};
use super::{AppState, api, crypto, headers, http::Peer, metrics, web};
use crate::app::{App, shell};
use crate::ui::boot::{Boot, Flash, Me};

/// Where the server functions are.
pub(super) const FUNCTIONS: &str = "/api/{*function}";

/// Plain routes beside the server functions and pages: every one is named here and in the permission test.
fn plain_routes() -> Router<AppState> {
    Router::new()
        .merge(crate::identity::routes::routes())
        .merge(crate::hcp::export::routes())
        .merge(crate::onboarding::routes::routes())
        .merge(crate::content::routes::routes())
        .merge(crate::sharing::routes::routes())
        .merge(crate::importing::routes())
        .merge(crate::question::routes())
        .merge(crate::exam::routes())
        .merge(crate::course::routes())
        .merge(crate::learning::routes())
        .merge(crate::visit::routes())
        .merge(crate::flow::routes())
        .merge(crate::insight::routes())
        .merge(crate::workbench::routes())
        .route("/texts/{name}", get(super::texts::get))
        .route("/livez", get(|| async { "ok" }))
        .route("/readyz", get(ready))
        .route("/version", get(|| async { env!("CARGO_PKG_VERSION") }))
}

/// The whole application.
pub fn router(state: AppState) -> Router {
    let site = state.leptos.site_root.to_string();
    let pkg = ServeDir::new(format!("{site}/pkg"))
        .precompressed_br()
        .precompressed_gzip();
    let charts = ServeDir::new(format!("{site}/charts"))
        .precompressed_br()
        .precompressed_gzip();
    let mut app = Router::new()
        .route(FUNCTIONS, any(api::handle))
        .nest_service(
            "/pkg",
            tower::ServiceBuilder::new()
                .layer(middleware::from_fn(immutable))
                .service(pkg),
        )
        .nest_service(
            "/charts",
            tower::ServiceBuilder::new()
                .layer(middleware::from_fn(immutable))
                .service(charts),
        )
        .nest_service(
            "/js",
            tower::ServiceBuilder::new()
                .layer(middleware::from_fn(hourly))
                .service(ServeDir::new(format!("{site}/js"))),
        )
        .route_service(
            "/favicon.svg",
            tower::ServiceBuilder::new()
                .layer(middleware::from_fn(hourly))
                .service(tower_http::services::ServeFile::new(format!(
                    "{site}/favicon.svg"
                ))),
        )
        .merge(plain_routes());
    for page in pages() {
        app = app.route(page.path(), get(page_handler));
    }
    app.fallback(page_handler)
        .layer(middleware::from_fn_with_state(
            state.clone(),
            session::layer,
        ))
        .layer(DefaultBodyLimit::max(state.max_upload()))
        // Server functions read their bodies themselves, past axum's own limit.
        .layer(RequestBodyLimitLayer::new(state.max_upload()))
        .layer(middleware::from_fn(headers::same_site))
        .layer(middleware::from_fn_with_state(state.clone(), client))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::GATEWAY_TIMEOUT,
            // Slides of 300 pages are turned into pictures within a request.
            Duration::from_secs(240),
        ))
        .layer(
            CompressionLayer::new().compress_when(
                SizeAbove::new(512)
                    .and(NotForContentType::const_new("image/"))
                    .and(NotForContentType::const_new("application/vnd"))
                    // Compressed they would lose their length, by which players seek.
                    .and(NotForContentType::const_new("video/"))
                    .and(NotForContentType::const_new("audio/"))
                    .and(NotForContentType::const_new("application/pdf"))
                    // It would wait for more before it sends what there is.
                    .and(NotForContentType::SSE),
            ),
        )
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn(headers::layer))
        .layer(middleware::from_fn_with_state(
            state.clone(),
            metrics::layer,
        ))
        .layer(middleware::from_fn(log))
        .with_state(state)
}

/// The paths of the staff pages.
///
/// Found once in a process: while Leptos lists routes, a resource of any page that is being rendered elsewhere in the
/// process waits for ever (leptos#4773).
pub fn pages() -> &'static [leptos_axum::AxumRouteListing] {
    static PAGES: std::sync::OnceLock<Vec<leptos_axum::AxumRouteListing>> =
        std::sync::OnceLock::new();
    PAGES.get_or_init(|| {
        leptos_axum::generate_route_list(|| {
            provide_context(blank_boot());
            view! { <App/> }
        })
    })
}

async fn page_handler(State(state): State<AppState>, request: Request) -> Response {
    // A browser without a session goes to sign in; a page that needs none does not come this way.
    let signed_in = request
        .extensions()
        .get::<Option<Actor>>()
        .is_some_and(Option::is_some);
    if !signed_in {
        let next = request.uri().path_and_query().map_or("/", |p| p.as_str());
        let next: String = serde_urlencoded::to_string([("next", next)]).unwrap_or_default();
        return web::see_other(&format!("/sign-in?{next}"));
    }
    render(state, None, request).await
}

/// Renders a staff page; with `flash`, as the answer to a form posted without JavaScript.
pub async fn render(state: AppState, flash: Option<Flash>, request: Request) -> Response {
    let actor = request
        .extensions()
        .get::<Option<Actor>>()
        .cloned()
        .flatten();
    let locale = web::locale_of(request.headers(), actor.as_ref());
    let boot = Boot {
        me: actor.as_ref().map(|a| Me {
            id: a.id.clone(),
            name: a.name.clone(),
            role: a.role,
            theme: session::cookie(request.headers(), "theme").unwrap_or_else(|| a.theme.clone()),
        }),
        texts: super::texts::path(locale),
        charts: super::charts::path(&state.leptos.site_root),
        locale,
        form_key: crypto::random_token(12),
        company: state.config.server.company.clone(),
        today: state.zone.today(),
        path: request
            .uri()
            .path_and_query()
            .map_or_else(String::new, ToString::to_string),
    };
    let options = state.leptos.clone();
    let context = move || {
        provide_context(state.clone());
        provide_context(boot.locale);
        provide_context(boot.clone());
        if let Some(flash) = flash.clone() {
            provide_context(flash);
        }
        if let (Some(nonce), Some(response)) =
            (use_nonce(), use_context::<leptos_axum::ResponseOptions>())
            && let Ok(policy) = HeaderValue::from_str(&headers::staff_csp(&nonce))
        {
            response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
        }
    };
    let handler =
        leptos_axum::render_app_async_with_context(context, move || shell(options.clone()));
    handler(request).await
}

/// Start data of nobody, for listing the pages.
fn blank_boot() -> Boot {
    Boot {
        me: None,
        locale: crate::ui::locale::Locale::ZhCn,
        texts: String::new(),
        charts: String::new(),
        form_key: String::new(),
        company: String::new(),
        today: String::new(),
        path: String::new(),
    }
}

async fn ready(State(state): State<AppState>) -> Response {
    if state.ending.begun() {
        return (StatusCode::SERVICE_UNAVAILABLE, "the server stops").into_response();
    }
    match super::db::q("SELECT COUNT(*) FROM setting")
        .count(&state.db)
        .await
    {
        Ok(_) => "ok".into_response(),
        Err(error) => {
            tracing::error!(%error, "not ready");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the database does not answer",
            )
                .into_response()
        }
    }
}

/// Finds out where the client is and whether its connection is encrypted.
async fn client(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let trusted = state.config.server.trusted_proxy;
    let peer = request.extensions().get::<Peer>().map(|p| p.0.ip());
    let forwarded = |headers: &HeaderMap, name: &str| {
        trusted
            .then(|| headers.get(name)?.to_str().ok().map(str::to_owned))
            .flatten()
    };
    // The last entry is the one that the proxy itself added.
    let address = forwarded(request.headers(), "x-forwarded-for")
        .and_then(|list| list.rsplit(',').next()?.trim().parse::<IpAddr>().ok())
        .or(peer)
        .map_or_else(|| "local".to_owned(), |ip| ip.to_string());
    let secure = forwarded(request.headers(), "x-forwarded-proto").is_some_and(|p| p == "https");
    request.extensions_mut().insert(ClientAddress(address));
    request.extensions_mut().insert(Secure(secure));
    next.run(request).await
}

/// Hashed files never change.
async fn immutable(request: Request, next: Next) -> Response {
    cached(request, next, "public, max-age=31536000, immutable").await
}

/// Files of a fixed name are asked for anew after an hour.
async fn hourly(request: Request, next: Next) -> Response {
    cached(request, next, "public, max-age=3600").await
}

async fn cached(request: Request, next: Next, how: &'static str) -> Response {
    let mut response = next.run(request).await;
    if response.status().is_success() {
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, HeaderValue::from_static(how));
    }
    response
}

/// One line a request; tokens in paths are shortened.
async fn log(request: Request, next: Next) -> Response {
    let started = std::time::Instant::now();
    let method = request.method().clone();
    let path = shorten(request.uri().path());
    let response = next.run(request).await;
    let (status, ms) = (
        response.status().as_u16(),
        started.elapsed().as_millis() as u64,
    );
    // A server that ends says so there, and one without its database has told why.
    let told = path == "/readyz" && status == 503;
    if status >= 500 && !told {
        tracing::error!(%method, %path, status, ms, "request");
    } else {
        tracing::info!(%method, %path, status, ms, "request");
    }
    response
}

fn shorten(path: &str) -> String {
    for prefix in ["/s/", "/i/", "/t/"] {
        if let Some(token) = path.strip_prefix(prefix) {
            return format!("{prefix}{}…", token.chars().take(4).collect::<String>());
        }
    }
    path.to_owned()
}
