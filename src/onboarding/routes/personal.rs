//! The personal code's page (`/i/{token}`): who invites, consent, the code sent to the phone on file.

use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use leptos::prelude::*;

use super::Onboarding;
use super::parts::{alert, code_field, code_page, consent_boxes, sent_note, status_of, welcome};
use crate::identity::rules;
use crate::onboarding::consent::{self, Texts};
use crate::onboarding::store::{self, From, Scanned, Standing};
use crate::server::AppState;
use crate::server::otp::{self, Purpose};
use crate::server::web::Visit;
use crate::shared::AppError;

/// The code's page as it is first opened.
pub async fn page(
    State(state): State<AppState>,
    visit: Visit,
    Path(token): Path<String>,
) -> Response {
    let mut form = Onboarding::default();
    let found = async {
        let (scanned, texts) = found(&state, &token).await?;
        form.recall(&consent::standing(&state.db, &scanned.hcp_id, &texts).await?);
        Ok((scanned, texts))
    };
    match found.await {
        Ok((scanned, texts)) => show(&state, &visit, &token, &scanned, &texts, &form, None, false),
        Err(error) => unknown(&visit, &error),
    }
}

async fn found(state: &AppState, token: &str) -> Result<(Scanned, Texts), AppError> {
    let scanned = store::scan(&state.db, token).await?;
    Ok((scanned, consent::texts(&state.db).await?))
}

fn unknown(visit: &Visit, error: &AppError) -> Response {
    match error {
        AppError::NotFound => code_page(
            visit,
            StatusCode::NOT_FOUND,
            "invite.unknown_title",
            "invite.unknown_explain",
        ),
        error => visit.error(error),
    }
}

/// Why a code leads nowhere, if it does.
fn closed(standing: Standing) -> Option<(&'static str, &'static str)> {
    match standing {
        Standing::Open => None,
        Standing::Used => Some(("invite.used_title", "invite.used_explain")),
        Standing::Expired => Some(("invite.expired_title", "invite.expired_explain")),
        Standing::Revoked => Some(("invite.revoked_title", "invite.revoked_explain")),
    }
}

fn show(
    state: &AppState,
    visit: &Visit,
    token: &str,
    scanned: &Scanned,
    texts: &Texts,
    form: &Onboarding,
    error: Option<&AppError>,
    sent: bool,
) -> Response {
    if let Some((title, explain)) = closed(scanned.standing()) {
        return code_page(visit, StatusCode::GONE, title, explain);
    }
    let other_phone = format!("/onboard?claims={token}");
    visit.page_with(status_of(error), || tr!("invite.title"), || {
        let company = state.config.server.company.clone();
        let masked = rules::mask_name(&scanned.hcp_name);
        let has_phone = scanned.phone_cipher.is_some();
        view! {
            <main>
                <h1 class="text-xl font-semibold">{tr!("invite.heading", name = masked)}</h1>
                <p class="mt-2">{tr!("invite.who", rep = scanned.rep.clone(), company = &company)}</p>
                <p class="mt-1 text-base-content/70">{scanned.hospital.clone()}</p>
                {alert(error)}
                {sent.then(|| sent_note(error, tr!("invite.sent", phone = scanned.phone_masked.clone())))}
                {if has_phone {
                    view! {
                        <form method="post" action=format!("/i/{token}")>
                            {consent_boxes(&company, texts, form, error)}
                            {sent.then(|| code_field(error))}
                            {if sent {
                                view! {
                                    <button class="btn btn-primary btn-block" name="step" value="confirm">{tr!("invite.confirm")}</button>
                                    <button class="btn btn-ghost btn-block mt-2" name="step" value="send">{tr!("invite.send_again")}</button>
                                }.into_any()
                            } else {
                                view! { <button class="btn btn-primary btn-block" name="step" value="send">{tr!("invite.send", phone = scanned.phone_masked.clone())}</button> }.into_any()
                            }}
                        </form>
                    }.into_any()
                } else {
                    view! { <p class="my-4">{tr!("invite.no_phone")}</p> }.into_any()
                }}
                <p class="mt-4 text-center text-sm"><a class="link" href=other_phone>{tr!("invite.other_phone")}</a></p>
            </main>
        }
    })
}

/// Sending the one-time code, and using the personal code up.
pub async fn step(
    State(state): State<AppState>,
    visit: Visit,
    Path(token): Path<String>,
    Form(mut form): Form<Onboarding>,
) -> Response {
    let (scanned, texts) = match found(&state, &token).await {
        Ok(found) => found,
        Err(error) => return unknown(&visit, &error),
    };
    let confirms = form.step == "confirm";
    let agreed = form.agreed(&texts);
    if !form.texts.is_empty() && form.texts != texts.shown() {
        // Other texts are in force since: they are to be read and agreed to anew.
        (form.profile, form.push, form.tracking) = (false, false, false);
    }
    let show = |error: Option<&AppError>, sent| {
        show(&state, &visit, &token, &scanned, &texts, &form, error, sent)
    };
    if scanned.standing() != Standing::Open {
        return show(None, false);
    }
    if let Err(error) = agreed {
        return show(Some(&error), confirms);
    }
    let Some(phone) = scanned
        .phone_cipher
        .as_deref()
        .and_then(|c| state.keys.open(c))
    else {
        return show(None, false);
    };
    if !confirms {
        return match otp::send(&state, Purpose::Onboard, &phone, &visit.address).await {
            Ok(()) => show(None, true),
            Err(error) => show(Some(&error), true),
        };
    }
    let from = From {
        address: &visit.address,
        user_agent: &visit.user_agent,
        channel: "personal_code",
    };
    let done = match otp::check(&state, Purpose::Onboard, &phone, &form.code).await {
        Ok(pass) => store::confirm(&state, &scanned, pass, form.consents(), &from).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(device) => welcome(&visit, &device, &form.next, false),
        // Used, revoked or expired between the two steps: the code's own page says which.
        Err(AppError::Conflict(_)) => {
            page(State(state.clone()), visit.clone(), Path(token.clone())).await
        }
        Err(error) => show(Some(&error), true),
    }
}
