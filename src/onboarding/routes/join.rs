//! Registering through a public code (`/join/{code}`), and the hospitals that its form suggests.

use axum::Json;
use axum::extract::{Form, Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::Onboarding;
use super::parts::code_page;
use super::registration::{Flow, advance, first};
use crate::identity::rules::clean;
use crate::onboarding::codes::{self, PublicCode, Step};
use crate::onboarding::model::CodeState;
use crate::server::otp::{tally, throttle};
use crate::server::web::{Visit, see_other};
use crate::server::{AppState, time};
use crate::shared::AppError;
use crate::sharing::rules::is_crawler;
use crate::terminal::store::suggest;

/// Suggestions that one address gets in an hour; wide enough for a meeting behind one NAT.
const SUGGESTIONS_HOURLY: i64 = 6_000;

/// The page behind the QR code. It writes nothing: the visit is counted when its script says that somebody looks at
/// it, or without JavaScript when the first form is sent. Crawlers and previews do neither.
pub async fn page(
    State(state): State<AppState>,
    visit: Visit,
    Path(code): Path<String>,
) -> Response {
    if visit.hcp.is_some() {
        return see_other("/me");
    }
    let flow = match flow(&state, &code).await {
        Ok(flow) => flow,
        Err(error) => return unknown(&visit, &error),
    };
    if let Some(page) = closed(&visit, &flow) {
        return page;
    }
    let mut form = Onboarding::default();
    if is_crawler(&visit.user_agent) || visit.actor.is_some() {
        return first(&state, &visit, &flow, form).await;
    }
    let (visitor, cookie) = visit.visitor_or_new();
    form.visitor = state.keys.sign(&signed_for(&code), &visitor);
    let mut response = first(&state, &visit, &flow, form).await;
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// A screen's form.
pub async fn step(
    State(state): State<AppState>,
    visit: Visit,
    Path(code): Path<String>,
    Form(form): Form<Onboarding>,
) -> Response {
    let flow = match flow(&state, &code).await {
        Ok(flow) => flow,
        Err(error) => return unknown(&visit, &error),
    };
    // Who has verified the phone may finish, though the code closes meanwhile.
    if form.verified.is_empty()
        && let Some(page) = closed(&visit, &flow)
    {
        return page;
    }
    advance(&state, &visit, &flow, form).await
}

async fn flow(state: &AppState, code: &str) -> Result<Flow, AppError> {
    let code = codes::by_code(&state.db, code).await?;
    Flow::new(state, Some(code)).await
}

fn unknown(visit: &Visit, error: &AppError) -> Response {
    match error {
        AppError::NotFound => code_page(
            visit,
            StatusCode::NOT_FOUND,
            "onboard.unknown_title",
            "onboard.unknown_explain",
        ),
        error => visit.error(error),
    }
}

/// The page in place of a code that no longer works; `None` while it does.
fn closed(visit: &Visit, flow: &Flow) -> Option<Response> {
    let (title, explain) = match flow.code.as_ref().map(PublicCode::state)? {
        CodeState::Open => return None,
        CodeState::Expired => ("onboard.expired_title", "onboard.expired_explain"),
        CodeState::Closed => ("onboard.closed_title", "onboard.closed_explain"),
    };
    Some(code_page(visit, StatusCode::GONE, title, explain))
}

/// For what a visitor's mark is signed: it counts on this code only.
fn signed_for(code: &str) -> String {
    format!("join {code}")
}

/// As whom this visitor counts in the funnel; `None` for staff, crawlers, and who shows no mark of this code.
pub fn visitor(
    state: &AppState,
    visit: &Visit,
    code: &PublicCode,
    form: &Onboarding,
) -> Option<String> {
    if visit.actor.is_some() || is_crawler(&visit.user_agent) {
        return None;
    }
    state
        .keys
        .verify(&signed_for(&code.code), &form.visitor)
        .map(str::to_owned)
        .or_else(|| visit.visitor.clone())
}

/// The page's script tells that somebody looks at it. What it sends is the mark that the page was given.
pub async fn seen(
    State(state): State<AppState>,
    visit: Visit,
    Path(code): Path<String>,
    mark: String,
) -> Response {
    let counted = async {
        let form = Onboarding {
            visitor: mark,
            ..Default::default()
        };
        if state
            .keys
            .verify(&signed_for(&code), &form.visitor)
            .is_none()
        {
            return Ok(());
        }
        let code = codes::by_code(&state.db, &code).await?;
        if let Some(visitor) = visitor(&state, &visit, &code, &form) {
            let mut tx = state.db.begin().await?;
            codes::note(&mut tx, &code.id, &visitor, Step::Scanned, None).await?;
            tx.commit().await?;
        }
        Ok::<_, AppError>(())
    };
    match counted.await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => crate::server::web::status(&error).into_response(),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    q: String,
}

#[derive(Debug, Serialize)]
struct Hospital {
    id: String,
    name: String,
}

/// Up to ten hospitals that two or more typed characters find.
pub async fn hospitals(
    State(state): State<AppState>,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Response {
    let text: String = clean(&asked.q).chars().take(60).collect();
    if text.chars().count() < 2 {
        return Json(Vec::<Hospital>::new()).into_response();
    }
    let bucket = format!("hospitals {}", visit.address);
    let found = async {
        throttle(&state.db, &bucket, SUGGESTIONS_HOURLY, time::HOUR).await?;
        tally(&state.db, &bucket).await?;
        Ok::<_, AppError>(suggest(&state.db, &text, Some(false)).await?)
    };
    match found.await {
        Ok(found) => {
            let hospitals: Vec<Hospital> = found
                .into_iter()
                .map(|(id, name)| Hospital { id, name })
                .collect();
            Json(hospitals).into_response()
        }
        Err(error) => crate::server::web::status(&error).into_response(),
    }
}
