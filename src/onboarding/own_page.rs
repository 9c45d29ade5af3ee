//! An HCP's own page: what they agreed to, withdrawing it, and letting go of this browser.

use axum::Router;
use axum::extract::{Form, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use axum::routing::{get, post};
use leptos::prelude::*;
use serde::Deserialize;

use super::consent::{self, By, Text, Texts};
use super::model::{ConsentRow, PURPOSES, channel_label, purpose_label};
use super::store;
use crate::server::web::{Visit, see_other};
use crate::server::{AppState, session};
use crate::shared::AppError;

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
    match load(&state, hcp).await {
        Ok((rows, texts, waits)) => {
            show(&visit, &state.config.server.company, &rows, &texts, waits)
        }
        Err(error) => visit.error(&error),
    }
}

/// The consents, the texts, and whether a steward still has to look at the registration.
async fn load(state: &AppState, hcp: &str) -> Result<(Vec<ConsentRow>, Texts, bool), AppError> {
    let rows = consent::consents(state, hcp).await?;
    let waits = store::waits(&state.db, hcp).await?;
    Ok((rows, consent::texts(&state.db).await?, waits))
}

fn show(visit: &Visit, company: &str, rows: &[ConsentRow], texts: &Texts, waits: bool) -> Response {
    visit.page(|| tr!("me.title"), || {
        let items = PURPOSES
            .map(|purpose| {
                let row = rows.iter().find(|c| c.purpose == purpose);
                item(company, purpose, row, texts)
            })
            .into_iter()
            .collect_view();
        view! {
            <main>
                <h1 class="text-xl font-semibold">{tr!("me.title")}</h1>
                {waits.then(|| view! { <p role="status" class="alert alert-info my-3">{tr!("welcome.waits")}</p> })}
                <p class="mt-1 text-base-content/70">{tr!("me.explain")}</p>
                <ul class="my-4 divide-y divide-base-300">{items}</ul>
                <div class="flex gap-2">
                    <a class="btn" href="/library">{tr!("read.all_articles")}</a>
                    <a class="btn" href="/learn">{tr!("learn.title")}</a>
                    <form method="post" action="/me/unbind"><button class="btn btn-ghost">{tr!("me.unbind")}</button></form>
                </div>
            </main>
        }
    })
}

/// One purpose: how it stands, the text that was agreed to, and the newer one if there is.
fn item(
    company: &str,
    purpose: &'static str,
    row: Option<&ConsentRow>,
    texts: &Texts,
) -> impl IntoView + use<> {
    let standing = row.filter(|c| c.stands());
    let on = standing.is_some();
    let when = row.map(|c| {
        let (channel, version) = (channel_label(&c.channel), &c.text_version);
        match &c.withdrawn_at {
            _ if !c.granted => tr!("me.declined_line", at = &c.at),
            Some(at) => tr!("me.withdrawn_line", at = at),
            None => tr!(
                "me.agreed_line",
                at = &c.at,
                channel = channel,
                version = version
            ),
        }
    });
    let latest = texts.latest(purpose);
    let newer = latest
        .filter(|text| standing.is_some_and(|c| c.text_version != text.version))
        .map(|text| (text.version.clone(), text.body(company)));
    // Who has not agreed reads what they would agree to.
    let shown: Option<&Text> = match standing {
        Some(c) => texts.find(purpose, &c.text_version),
        None => latest,
    };
    let body = shown.map(|text| text.body(company));
    let needed = purpose == "profile";
    let button = move |grant: bool, label: String, class: &'static str| {
        view! {
            <form method="post" action="/me/consent">
                <input type="hidden" name="purpose" value=purpose/>
                <button class=class name="grant" value=grant.to_string()>{label}</button>
            </form>
        }
    };
    view! {
        <li class="py-3">
            <div class="flex items-center gap-2">
                <span class="font-medium me-auto">{purpose_label(purpose)}</span>
                <span class=if on { "badge badge-success" } else { "badge badge-ghost" }>{if on { tr!("consent.granted") } else { tr!("consent.off") }}</span>
            </div>
            {when.map(|line| view! { <p class="num text-sm">{line}</p> })}
            {body.map(|text| view! { <p class="mt-1 whitespace-pre-line text-sm text-base-content/70">{text}</p> })}
            {needed.then(|| view! { <p class="text-sm">{tr!("me.profile_note")}</p> })}
            {newer.map(|(version, text)| view! {
                <div class="mt-2 rounded-box bg-base-200 p-3 text-sm">
                    <p class="font-medium">{tr!("me.newer", version = version)}</p>
                    <p class="my-1 whitespace-pre-line">{text}</p>
                    {button(true, tr!("me.agree_newer"), "btn btn-primary mt-1")}
                </div>
            })}
            <div class="mt-2">
                // Who withdrew the registration itself registers anew.
                {match (on, needed) {
                    (true, true) => Some(view! {
                        <details>
                            <summary class="btn list-none">{tr!("me.withdraw")}</summary>
                            <div class="mt-2 rounded-box border border-error p-3">
                                <p class="mb-2 text-sm">{tr!("me.profile_note")}</p>
                                {button(false, tr!("me.withdraw_sure"), "btn btn-error")}
                            </div>
                        </details>
                    }.into_any()),
                    (true, false) => Some(button(false, tr!("me.withdraw"), "btn").into_any()),
                    (false, false) => Some(button(true, tr!("me.grant"), "btn").into_any()),
                    (false, true) => None,
                }}
            </div>
        </li>
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
    if form.grant {
        return match consent::grant(&state, hcp, &form.purpose, &visit.address).await {
            Ok(()) => see_other("/me"),
            Err(error) => visit.error(&error),
        };
    }
    let by = By::Hcp {
        address: &visit.address,
    };
    match consent::withdraw(&state, hcp, &form.purpose, by).await {
        Ok(true) if form.purpose == "profile" => goodbye(&visit),
        Ok(_) => see_other("/me"),
        Err(error) => visit.error(&error),
    }
}

/// The last page of somebody who withdrew their registration; this browser is let go.
fn goodbye(visit: &Visit) -> Response {
    let response = visit.page(
        || tr!("me.goodbye_title"),
        || {
            view! {
                <main class="py-12 text-center">
                    <h1 class="text-xl font-semibold">{tr!("me.goodbye_title")}</h1>
                    <p class="mt-3">{tr!("me.goodbye")}</p>
                    <p class="mt-6 flex justify-center gap-2">
                        <a class="btn" href="/library">{tr!("read.all_articles")}</a>
                        <a class="btn" href="/onboard">{tr!("me.register_again")}</a>
                    </p>
                </main>
            }
        },
    );
    let_go(visit, response)
}

async fn unbind(State(state): State<AppState>, visit: Visit) -> Response {
    if let Some(token) = session::cookie(&visit.headers, "hid")
        && let Err(error) = store::unbind(&state.db, &token).await
    {
        return visit.error(&error.into());
    }
    let_go(&visit, see_other("/library"))
}

/// Takes the cookie that bound this browser away.
fn let_go(visit: &Visit, mut response: Response) -> Response {
    let cookie: HeaderValue = session::set_cookie(visit.secure, "hid", "", 0);
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}
