//! An HCP's own page: what they agreed to, withdrawing it, and letting go of this browser.

use axum::Router;
use axum::extract::{Form, State};
use axum::http::header;
use axum::response::Response;
use axum::routing::{get, post};
use leptos::prelude::*;
use serde::Deserialize;

use super::model::purpose_label;
use super::{onboarding, store};
use crate::server::web::{Visit, see_other};
use crate::server::{AppState, session};

/// The routes of this page.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/me", get(own_page))
        .route("/me/consent", post(change_consent))
        .route("/me/unbind", post(unbind))
}

async fn own_page(State(state): State<AppState>, visit: Visit) -> Response {
    let Some(hcp) = &visit.hcp else {
        return see_other("/onboard?next=/me");
    };
    let company = &state.config.server.company;
    match store::consents(&state, hcp).await {
        Ok(consents) => visit.page(|| tr!("me.title"), || {
            view! {
                <main>
                    <h1 class="text-xl font-semibold">{tr!("me.title")}</h1>
                    <p class="mt-1 text-base-content/70">{tr!("me.explain")}</p>
                    <ul class="my-4 divide-y divide-base-300">
                        {consents.into_iter().map(|c| {
                            let on = c.granted && c.withdrawn_at.is_none();
                            let needed = c.purpose == "profile";
                            let text = match c.purpose.as_str() {
                                "profile" => tr!("consent.profile", company = company),
                                "push" => tr!("consent.push", company = company),
                                _ => tr!("consent.tracking", company = company),
                            };
                            view! {
                                <li class="py-3">
                                    <div class="flex items-center gap-2">
                                        <span class="font-medium me-auto">{purpose_label(&c.purpose)}</span>
                                        <span class=if on { "badge badge-success" } else { "badge badge-ghost" }>{if on { tr!("consent.granted") } else { tr!("consent.off") }}</span>
                                    </div>
                                    <p class="text-sm text-base-content/70">{text}</p>
                                    {needed.then(|| view! { <p class="text-sm">{tr!("me.profile_note")}</p> })}
                                    <form method="post" action="/me/consent" class="mt-2">
                                        <input type="hidden" name="purpose" value=c.purpose/>
                                        <button class="btn btn-sm" name="grant" value=(!on).to_string()>{if on { tr!("me.withdraw") } else { tr!("me.grant") }}</button>
                                    </form>
                                </li>
                            }
                        }).collect_view()}
                    </ul>
                    <div class="flex gap-2">
                        <a class="btn" href="/library">{tr!("read.all_articles")}</a>
                        <form method="post" action="/me/unbind"><button class="btn btn-ghost">{tr!("me.unbind")}</button></form>
                    </div>
                </main>
            }
        }),
        Err(error) => visit.error(&error.into()),
    }
}

#[derive(Debug, Deserialize)]
struct ConsentChange {
    purpose: String,
    grant: bool,
}

async fn change_consent(
    State(state): State<AppState>,
    visit: Visit,
    Form(form): Form<ConsentChange>,
) -> Response {
    let Some(hcp) = &visit.hcp else {
        return see_other("/onboard?next=/me");
    };
    let done = match (form.purpose.as_str(), form.grant) {
        ("push" | "tracking", true) => {
            onboarding::grant(&state, hcp, &form.purpose, &visit.address).await
        }
        (_, true) => Ok(()),
        (_, false) => onboarding::withdraw(&state, hcp, &form.purpose, &visit.address).await,
    };
    match done {
        Ok(()) if form.purpose == "profile" => see_other("/library"),
        Ok(()) => see_other("/me"),
        Err(error) => visit.error(&error),
    }
}

async fn unbind(State(state): State<AppState>, visit: Visit) -> Response {
    if let Some(token) = session::cookie(&visit.headers, "hid")
        && let Err(error) = onboarding::unbind(&state.db, &token).await
    {
        return visit.error(&error.into());
    }
    let mut response = see_other("/library");
    response.headers_mut().append(
        header::SET_COOKIE,
        session::set_cookie(visit.secure, "hid", "", 0),
    );
    response
}
