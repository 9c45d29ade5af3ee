//! Sign-in and sign-out: plain forms, before any session.

use axum::Router;
use axum::extract::{Form, FromRequestParts, Query, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use leptos::prelude::*;
use serde::Deserialize;

use super::{password, rules, store};
use crate::server::audit::{self, Event, Who};
use crate::server::guard::Actor;
use crate::server::otp::{self, Purpose};
use crate::server::web::{Visit, own_path, see_other};
use crate::server::{AppState, api, session, time};
use crate::shared::AppError;

/// The routes of this slice.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/sign-in", get(sign_in_page).post(sign_in))
        .route("/sign-in/code", post(send_code))
        .route("/sign-in/way", post(other_way))
        .route("/sign-out", get(sign_out_page).post(sign_out))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SignIn {
    phone: String,
    password: String,
    code: String,
    /// "code" to sign in with a one-time code.
    by: String,
    next: String,
    /// A form that was sent after the session had ended, sealed.
    kept: String,
}

/// Sign-in for somebody whose session ended before they sent a form: the form comes back afterwards.
pub async fn sign_in_for(state: &AppState, mut parts: Parts, form: api::Form) -> Response {
    let visit = match Visit::from_request_parts(&mut parts, state).await {
        Ok(visit) => visit,
        Err(response) => return response,
    };
    match form.keep(state) {
        Ok(kept) => {
            let blank = SignIn {
                next: form.page().to_owned(),
                kept,
                ..SignIn::default()
            };
            let ended = AppError::field("", "sign_in.ended");
            let mut response = render(&visit, &blank, Some(&ended), false);
            *response.status_mut() = StatusCode::UNAUTHORIZED;
            response
        }
        Err(error) => visit.error(&error),
    }
}

async fn sign_in_page(visit: Visit, Query(form): Query<SignIn>) -> Response {
    if visit.actor.is_some() {
        return see_other(own_path(&form.next));
    }
    // Nothing else is taken from an address: somebody may have sent it.
    let form = SignIn {
        next: form.next,
        by: form.by,
        ..SignIn::default()
    };
    render(&visit, &form, None, false)
}

fn render(visit: &Visit, form: &SignIn, error: Option<&AppError>, sent: bool) -> Response {
    let status = error.map_or(StatusCode::OK, crate::server::web::status);
    visit.page_with(status, || tr!("sign_in.title"), || {
        let by_code = form.by == "code";
        let other = if by_code { "" } else { "code" };
        let message = error.map(|e| match e {
            AppError::Invalid(fields) => {
                fields.first().map(|f| crate::ui::locale::filled(&f.key, &f.args)).unwrap_or_default()
            }
            other => other.message(),
        });
        view! {
            <main class="mx-auto max-w-sm py-10">
                <h1 class="text-2xl font-semibold">{tr!("app.name")}</h1>
                <p class="mb-6 text-base-content/70">{tr!("sign_in.subtitle")}</p>
                {message.map(|m| view! { <div role="alert" class="alert alert-error mb-4 py-2">{m}</div> })}
                {sent.then(|| view! { <div role="status" class="alert alert-info mb-4 py-2">{tr!("sign_in.code_sent")}</div> })}
                <form method="post" action="/sign-in">
                    <input type="hidden" name="next" value=form.next.clone()/>
                    <input type="hidden" name="by" value=form.by.clone()/>
                    {(!form.kept.is_empty()).then(|| view! { <input type="hidden" name="kept" value=form.kept.clone()/> })}
                    <label class="mb-3 block">
                        <span class="mb-1 block text-sm font-medium">{tr!("sign_in.phone")}</span>
                        <input class="input w-full" name="phone" type="tel" inputmode="tel" autocomplete="username" required value=form.phone.clone()/>
                    </label>
                    {if by_code {
                        view! {
                            <label class="mb-3 block">
                                <span class="mb-1 block text-sm font-medium">{tr!("sign_in.code")}</span>
                                <span class="flex gap-2">
                                    <input class="input w-full" name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="6"/>
                                    <button class="btn" formaction="/sign-in/code" formnovalidate>{tr!("sign_in.send_code")}</button>
                                </span>
                            </label>
                        }.into_any()
                    } else {
                        view! {
                            <label class="mb-3 block">
                                <span class="mb-1 block text-sm font-medium">{tr!("sign_in.password")}</span>
                                <input class="input w-full" name="password" type="password" autocomplete="current-password" required/>
                            </label>
                        }.into_any()
                    }}
                    <button type="submit" class="btn btn-primary btn-block mt-2">{tr!("sign_in.submit")}</button>
                </form>
                // Posted, since a form that was kept does not fit into an address.
                <form method="post" action="/sign-in/way" class="mt-4 text-center text-sm">
                    <input type="hidden" name="next" value=form.next.clone()/>
                    <input type="hidden" name="kept" value=form.kept.clone()/>
                    <button class="link" name="by" value=other>{if by_code { tr!("sign_in.by_password") } else { tr!("sign_in.by_code") }}</button>
                </form>
            </main>
        }
    })
}

async fn sign_in(
    State(state): State<AppState>,
    visit: Visit,
    parts: Parts,
    Form(form): Form<SignIn>,
) -> Response {
    match try_sign_in(&state, &visit, &form).await {
        Ok(token) => {
            let mut response = match api::Form::kept(&state, &form.kept) {
                Some(kept) => resume(&state, &visit, parts, kept, &token).await,
                None => see_other(own_path(&form.next)),
            };
            let cookie = session::set_cookie(
                visit.secure,
                "sid",
                &token,
                state.config.session.max_days * 86_400,
            );
            response.headers_mut().append(header::SET_COOKIE, cookie);
            response
        }
        Err(error) => render(&visit, &form, Some(&error), false),
    }
}

/// The page of a form that was kept, with all that was typed; it was not carried out yet.
async fn resume(
    state: &AppState,
    visit: &Visit,
    mut parts: Parts,
    form: api::Form,
    token: &str,
) -> Response {
    match session::actor_of(state, token, &visit.address).await {
        Ok(Some(actor)) => {
            parts.extensions.insert::<Option<Actor>>(Some(actor));
            let again = AppError::Conflict("sign_in.send_again".into());
            api::again(state, parts, form, again).await
        }
        _ => see_other(own_path(form.page())),
    }
}

/// The same page with the other way to sign in.
async fn other_way(visit: Visit, Form(form): Form<SignIn>) -> Response {
    render(&visit, &form, None, false)
}

async fn try_sign_in(state: &AppState, visit: &Visit, form: &SignIn) -> Result<String, AppError> {
    let phone =
        rules::phone(&form.phone).ok_or_else(|| AppError::field("phone", "field.phone_format"))?;
    let by_phone = format!("signin:{}", state.keys.phone_index(&phone));
    let by_address = format!("signin:{}", visit.address);
    otp::throttle(&state.db, &by_phone, 10, 15 * time::MINUTE).await?;
    otp::throttle(&state.db, &by_address, 300, 15 * time::MINUTE).await?;
    let known = store::credentials(state, &phone).await?;
    let pass = if form.by == "code" {
        Some(otp::check(state, Purpose::SignIn, &phone, &form.code).await)
    } else {
        let hash = known.as_ref().and_then(|k| k.password_hash.clone());
        if password::verify(form.password.clone(), hash).await? {
            None
        } else {
            Some(Err(AppError::Forbidden))
        }
    };
    let (Some(person), false) = (known, matches!(pass, Some(Err(_)))) else {
        otp::tally(&state.db, &by_phone).await?;
        otp::tally(&state.db, &by_address).await?;
        return Err(AppError::field(
            "",
            if form.by == "code" {
                "field.code_wrong"
            } else {
                "sign_in.wrong"
            },
        ));
    };
    let mut tx = state.db.begin().await?;
    if let Some(Ok(pass)) = pass {
        otp::consume(&mut tx, pass).await?;
    }
    let token = session::start(
        &mut tx,
        &person.id,
        &state.zone.today(),
        &visit.address,
        &visit.user_agent,
    )
    .await?;
    let who = Who {
        id: person.id.clone(),
        name: person.name,
        address: visit.address.clone(),
    };
    audit::record(
        &state.keys,
        &mut tx,
        who,
        Event::new("session.start", "staff", &person.id),
    )
    .await?;
    tx.commit().await?;
    Ok(token)
}

async fn send_code(
    State(state): State<AppState>,
    visit: Visit,
    Form(mut form): Form<SignIn>,
) -> Response {
    form.by = "code".into();
    let Some(phone) = rules::phone(&form.phone) else {
        return render(
            &visit,
            &form,
            Some(&AppError::field("phone", "field.phone_format")),
            false,
        );
    };
    // An unknown phone gets the same answers, a second one too soon included, and no message.
    let outcome = match store::credentials(&state, &phone).await {
        Ok(known) => {
            otp::send_if(
                &state,
                Purpose::SignIn,
                &phone,
                &visit.address,
                known.is_some(),
            )
            .await
        }
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(()) => render(&visit, &form, None, true),
        Err(error) => render(&visit, &form, Some(&error), false),
    }
}

/// Asks before it signs out: what the phone could not send yet is sent first, or named.
async fn sign_out_page(visit: Visit) -> Response {
    let Some(actor) = visit.actor.clone() else {
        return see_other("/sign-in");
    };
    visit.page(|| tr!("account.sign_out"), || {
        view! {
            <main class="mx-auto max-w-sm py-10">
                <h1 class="text-xl font-semibold">{tr!("account.sign_out")}</h1>
                <p class="mt-3">{tr!("account.sign_out_clears")}</p>
                <p id="waiting" class="alert alert-warning mt-3 py-2" role="alert" hidden data-text=tr!("account.unsent")></p>
                <form method="post" action="/sign-out" id="leave" class="mt-6 flex gap-2" data-who=actor.id>
                    <button class="btn btn-primary min-h-12">{tr!("account.sign_out")}</button>
                    <a class="btn min-h-12" href="/account">{tr!("ui.back")}</a>
                </form>
            </main>
            <script src="/js/outbox.js" defer></script>
            <script src="/js/leave.js" defer></script>
        }
    })
}

async fn sign_out(State(state): State<AppState>, visit: Visit) -> Response {
    if let Some(actor) = &visit.actor
        && let Err(error) = store::revoke_session(&state, actor, &actor.session_id).await
    {
        tracing::error!(%error, "cannot end the session");
    }
    let mut response = see_other("/sign-in");
    response.headers_mut().append(
        header::SET_COOKIE,
        session::set_cookie(visit.secure, "sid", "", 0),
    );
    response
}
