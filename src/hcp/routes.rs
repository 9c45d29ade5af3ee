//! The two ways in: the personal code's page and self-registration.

use axum::Router;
use axum::extract::{Form, Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use axum::routing::get;
use leptos::prelude::*;
use serde::Deserialize;

use super::model::purpose_label;
use super::onboarding::{self, Consents, From, Registration, Scanned, Standing};
use crate::identity::rules;
use crate::server::otp::{self, Purpose};
use crate::server::web::{Visit, own_path, see_other};
use crate::server::{AppState, session, time};
use crate::shared::{AppError, AppResult};

/// The routes of this slice.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/i/{token}", get(invitation_page).post(invitation_step))
        .route("/onboard", get(onboard_page).post(onboard_step))
        .merge(super::own_page::routes())
}

/// The form of both ways in; each step sends all that was filled in before.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Onboarding {
    /// "send", "confirm" or "complete".
    step: String,
    profile: bool,
    push: bool,
    tracking: bool,
    phone: String,
    code: String,
    /// A phone that was verified, sealed by the server.
    verified: String,
    name: String,
    hospital: String,
    terminal_id: String,
    department: String,
    title: String,
    next: String,
    /// The personal code that was found without a usable phone.
    claims: String,
}

impl Onboarding {
    fn consents(&self) -> Consents {
        Consents {
            profile: self.profile,
            push: self.push,
            tracking: self.tracking,
        }
    }

    fn need_profile(&self) -> AppResult<()> {
        if self.profile {
            Ok(())
        } else {
            Err(AppError::field("profile", "consent.profile_needed"))
        }
    }
}

fn message_of(error: Option<&AppError>, field: &str) -> Option<String> {
    match error? {
        AppError::Invalid(faults) => faults
            .iter()
            .find(|f| f.field == field)
            .map(|f| crate::ui::locale::text(&f.key, &f.args)),
        other if field.is_empty() => Some(other.message()),
        _ => None,
    }
}

fn status_of(error: Option<&AppError>) -> StatusCode {
    error.map_or(StatusCode::OK, |e| {
        StatusCode::from_u16(e.status()).unwrap_or_default()
    })
}

fn alert(error: Option<&AppError>) -> impl IntoView + use<> {
    message_of(error, "")
        .map(|m| view! { <div role="alert" class="alert alert-error mb-4 py-2">{m}</div> })
}

fn fault(error: Option<&AppError>, field: &str) -> impl IntoView + use<> {
    message_of(error, field)
        .map(|m| view! { <span class="mt-1 block text-sm text-error" role="alert">{m}</span> })
}

fn text_field(
    error: Option<&AppError>,
    name: &'static str,
    label: String,
    value: &str,
    kind: &'static str,
    mode: &'static str,
    autocomplete: &'static str,
) -> impl IntoView + use<> {
    view! {
        <label class="mb-3 block">
            <span class="mb-1 block text-sm font-medium">{label}</span>
            <input class="input w-full" name=name type=kind inputmode=mode autocomplete=autocomplete value=value.to_owned()/>
            {fault(error, name)}
        </label>
    }
}

/// The three purposes as separate boxes, none ticked before.
fn consent_boxes(
    company: &str,
    form: &Onboarding,
    error: Option<&AppError>,
) -> impl IntoView + use<> {
    let item = |name: &'static str, checked: bool, title: String, text: String, needed: bool| {
        view! {
            <label class="mb-3 flex items-start gap-3">
                <input type="checkbox" name=name value="true" checked=checked class="checkbox mt-1"/>
                <span>
                    <span class="font-medium">{title}</span>
                    {if needed { tr!("consent.needed") } else { tr!("consent.optional") }}
                    <span class="block text-sm text-base-content/70">{text}</span>
                </span>
            </label>
        }
    };
    view! {
        <fieldset class="my-4">
            <legend class="mb-2 font-semibold">{tr!("consent.title")}</legend>
            {item("profile", form.profile, purpose_label("profile"), tr!("consent.profile", company = company), true)}
            {fault(error, "profile")}
            {item("push", form.push, purpose_label("push"), tr!("consent.push", company = company), false)}
            {item("tracking", form.tracking, purpose_label("tracking"), tr!("consent.tracking", company = company), false)}
            <p class="text-sm text-base-content/70">{tr!("consent.version", version = onboarding::TEXT_VERSION)}</p>
        </fieldset>
    }
}

fn code_field(error: Option<&AppError>) -> impl IntoView + use<> {
    view! {
        <label class="mb-3 block">
            <span class="mb-1 block text-sm font-medium">{tr!("onboard.code")}</span>
            <input class="input w-full num text-lg tracking-widest" name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="6"/>
            {fault(error, "code")}
        </label>
    }
}

// the personal code ------------------------------------------------------------------------------------------------

async fn invitation_page(
    State(state): State<AppState>,
    visit: Visit,
    Path(token): Path<String>,
) -> Response {
    match onboarding::scan(&state.db, &token).await {
        Ok(scanned) => invitation_form(
            &state,
            &visit,
            &token,
            &scanned,
            &Onboarding::default(),
            None,
            false,
        ),
        Err(error) => unknown_code(&visit, &error),
    }
}

fn unknown_code(visit: &Visit, error: &AppError) -> Response {
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

fn code_page(
    visit: &Visit,
    status: StatusCode,
    title: &'static str,
    explain: &'static str,
) -> Response {
    let text = |key| crate::ui::locale::text(key, &[]);
    visit.page_with(
        status,
        || text(title),
        || {
            view! {
                <main class="py-12 text-center">
                    <h1 class="text-xl font-semibold">{text(title)}</h1>
                    <p class="mt-3">{text(explain)}</p>
                    <p class="mt-6 flex justify-center gap-2">
                        <a class="btn" href="/library">{tr!("read.all_articles")}</a>
                        <a class="btn btn-primary" href="/onboard">{tr!("read.i_am_hcp")}</a>
                    </p>
                </main>
            }
        },
    )
}

fn invitation_form(
    state: &AppState,
    visit: &Visit,
    token: &str,
    scanned: &Scanned,
    form: &Onboarding,
    error: Option<&AppError>,
    sent: bool,
) -> Response {
    match scanned.standing() {
        Standing::Open => {}
        Standing::Used => {
            return code_page(
                visit,
                StatusCode::GONE,
                "invite.used_title",
                "invite.used_explain",
            );
        }
        Standing::Expired => {
            return code_page(
                visit,
                StatusCode::GONE,
                "invite.expired_title",
                "invite.expired_explain",
            );
        }
        Standing::Revoked => {
            return code_page(
                visit,
                StatusCode::GONE,
                "invite.revoked_title",
                "invite.revoked_explain",
            );
        }
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
                {sent.then(|| view! { <div role="status" class="alert alert-info my-3 py-2">{tr!("invite.sent", phone = scanned.phone_masked.clone())}</div> })}
                {if has_phone {
                    view! {
                        <form method="post" action=format!("/i/{token}")>
                            {consent_boxes(&company, form, error)}
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

async fn invitation_step(
    State(state): State<AppState>,
    visit: Visit,
    Path(token): Path<String>,
    Form(form): Form<Onboarding>,
) -> Response {
    let scanned = match onboarding::scan(&state.db, &token).await {
        Ok(scanned) => scanned,
        Err(error) => return unknown_code(&visit, &error),
    };
    let show = |error: Option<&AppError>, sent| {
        invitation_form(&state, &visit, &token, &scanned, &form, error, sent)
    };
    if scanned.standing() != Standing::Open {
        return show(None, false);
    }
    if let Err(error) = form.need_profile() {
        return show(Some(&error), form.step == "confirm");
    }
    let Some(phone) = scanned
        .phone_cipher
        .as_deref()
        .and_then(|c| state.keys.open(c))
    else {
        return show(None, false);
    };
    if form.step != "confirm" {
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
        Ok(pass) => onboarding::confirm(&state, &scanned, pass, form.consents(), &from).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(device) => welcome(&visit, &device, &form.next, false),
        // Used, revoked or expired between the two steps: the code's own page says which.
        Err(AppError::Conflict(_)) => {
            invitation_page(State(state.clone()), visit.clone(), Path(token.clone())).await
        }
        Err(error) => show(Some(&error), true),
    }
}

/// 入库成功, and the cookie that binds this browser.
fn welcome(visit: &Visit, device: &str, next: &str, waits: bool) -> Response {
    let next = if next.is_empty() {
        "/library"
    } else {
        own_path(next)
    }
    .to_owned();
    let mut response = visit.page(
        || tr!("welcome.title"),
        || {
            let (title, text) = if waits {
                (tr!("welcome.waits_title"), tr!("welcome.waits"))
            } else {
                (tr!("welcome.title"), tr!("welcome.text"))
            };
            view! {
                <main class="py-12 text-center">
                    <h1 class="text-2xl font-semibold">{title}</h1>
                    <p class="mt-3">{text}</p>
                    <p class="mt-6 flex justify-center gap-2">
                        <a class="btn btn-primary" href=next>{tr!("welcome.go")}</a>
                        <a class="btn" href="/me">{tr!("me.title")}</a>
                    </p>
                </main>
            }
        },
    );
    let cookie = session::set_cookie(visit.secure, "hid", device, 730 * 86_400);
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}

// self-registration ------------------------------------------------------------------------------------------------

async fn onboard_page(
    State(state): State<AppState>,
    visit: Visit,
    Query(form): Query<Onboarding>,
) -> Response {
    if visit.hcp.is_some() {
        return see_other(if form.next.is_empty() {
            "/me"
        } else {
            own_path(&form.next)
        });
    }
    // Nothing but the way back is taken from an address.
    let form = Onboarding {
        next: form.next,
        claims: form.claims,
        ..Default::default()
    };
    phone_form(&state.config.server.company, &visit, &form, None, false)
}

fn phone_form(
    company: &str,
    visit: &Visit,
    form: &Onboarding,
    error: Option<&AppError>,
    sent: bool,
) -> Response {
    visit.page_with(status_of(error), || tr!("onboard.title"), || {
        view! {
            <main>
                <h1 class="text-xl font-semibold">{tr!("onboard.title")}</h1>
                <p class="mt-2 mb-4 text-base-content/70">{tr!("onboard.explain", company = company)}</p>
                {alert(error)}
                {sent.then(|| view! { <div role="status" class="alert alert-info my-3 py-2">{tr!("onboard.sent")}</div> })}
                <form method="post" action="/onboard">
                    <input type="hidden" name="next" value=form.next.clone()/>
                    <input type="hidden" name="claims" value=form.claims.clone()/>
                    {text_field(error, "phone", tr!("onboard.phone"), &form.phone, "tel", "tel", "tel")}
                    {sent.then(|| code_field(error))}
                    {if sent {
                        view! {
                            <button class="btn btn-primary btn-block" name="step" value="confirm">{tr!("onboard.verify")}</button>
                            <button class="btn btn-ghost btn-block mt-2" name="step" value="send">{tr!("invite.send_again")}</button>
                        }.into_any()
                    } else {
                        view! { <button class="btn btn-primary btn-block" name="step" value="send">{tr!("sign_in.send_code")}</button> }.into_any()
                    }}
                </form>
            </main>
        }
    })
}

/// After the phone: who is on file only agrees; who is not fills in the profile.
fn profile_form(
    company: &str,
    visit: &Visit,
    form: &Onboarding,
    known: Option<&str>,
    hospitals: &[(String, String)],
    error: Option<&AppError>,
) -> Response {
    visit.page_with(status_of(error), || tr!("onboard.title"), || {
        let greeting = known.map(|name| tr!("onboard.known", name = rules::mask_name(name)));
        let chosen = form.terminal_id.clone();
        view! {
            <main>
                <h1 class="text-xl font-semibold">{tr!("onboard.profile")}</h1>
                {alert(error)}
                {greeting.map(|g| view! { <p class="my-2">{g}</p> })}
                <form method="post" action="/onboard">
                    <input type="hidden" name="next" value=form.next.clone()/>
                    <input type="hidden" name="claims" value=form.claims.clone()/>
                    <input type="hidden" name="verified" value=form.verified.clone()/>
                    {known.is_none().then(|| view! {
                        <div>
                            {text_field(error, "name", tr!("onboard.name"), &form.name, "text", "text", "name")}
                            {text_field(error, "hospital", tr!("onboard.hospital"), &form.hospital, "text", "text", "organization")}
                            {(!hospitals.is_empty()).then(|| view! {
                                <fieldset class="mb-3 rounded-box bg-base-200 p-3">
                                    <legend class="text-sm font-medium">{tr!("onboard.which_hospital")}</legend>
                                    {hospitals.iter().map(|(id, name)| {
                                        let checked = *id == chosen;
                                        view! { <label class="flex gap-2 py-1"><input type="radio" class="radio" name="terminal_id" value=id.clone() checked=checked/>{name.clone()}</label> }
                                    }).collect_view()}
                                    <label class="flex gap-2 py-1"><input type="radio" class="radio" name="terminal_id" value="none"/>{tr!("onboard.none_of_these")}</label>
                                </fieldset>
                            })}
                            {text_field(error, "department", tr!("onboard.department"), &form.department, "text", "text", "off")}
                            {text_field(error, "title", tr!("onboard.job_title"), &form.title, "text", "text", "organization-title")}
                        </div>
                    })}
                    {consent_boxes(company, form, error)}
                    <button class="btn btn-primary btn-block" name="step" value="complete">{tr!("invite.confirm")}</button>
                </form>
            </main>
        }
    })
}

const VERIFIED_VALID: i64 = 30 * time::MINUTE;

async fn onboard_step(
    State(state): State<AppState>,
    visit: Visit,
    Form(mut form): Form<Onboarding>,
) -> Response {
    match form.step.as_str() {
        "complete" => match complete(&state, &visit, &form).await {
            Ok(Completed::Done(device, waits)) => welcome(&visit, &device, &form.next, waits),
            Ok(Completed::Choose(hospitals)) => profile_form(
                &state.config.server.company,
                &visit,
                &form,
                None,
                &hospitals,
                None,
            ),
            Err((known, error)) => profile_form(
                &state.config.server.company,
                &visit,
                &form,
                known.as_deref(),
                &[],
                Some(&error),
            ),
        },
        "confirm" => match verify(&state, &form).await {
            Ok((phone, known)) => {
                form.verified = state
                    .keys
                    .seal(&format!("{phone} {}", time::now() + VERIFIED_VALID));
                profile_form(
                    &state.config.server.company,
                    &visit,
                    &form,
                    known.as_deref(),
                    &[],
                    None,
                )
            }
            Err(error) => phone_form(
                &state.config.server.company,
                &visit,
                &form,
                Some(&error),
                true,
            ),
        },
        _ => {
            let Some(phone) = rules::phone(&form.phone) else {
                return phone_form(
                    &state.config.server.company,
                    &visit,
                    &form,
                    Some(&AppError::field("phone", "field.phone_format")),
                    false,
                );
            };
            match otp::send(&state, Purpose::Onboard, &phone, &visit.address).await {
                Ok(()) => phone_form(&state.config.server.company, &visit, &form, None, true),
                Err(error) => phone_form(
                    &state.config.server.company,
                    &visit,
                    &form,
                    Some(&error),
                    true,
                ),
            }
        }
    }
}

async fn verify(state: &AppState, form: &Onboarding) -> AppResult<(String, Option<String>)> {
    let phone =
        rules::phone(&form.phone).ok_or_else(|| AppError::field("phone", "field.phone_format"))?;
    let pass = otp::check(state, Purpose::Onboard, &phone, &form.code).await?;
    let mut tx = state.db.begin().await?;
    otp::consume(&mut tx, pass).await?;
    tx.commit().await?;
    let known = onboarding::by_phone(state, &phone)
        .await?
        .map(|(_, name, _)| name);
    Ok((phone, known))
}

enum Completed {
    /// Device token, and whether a steward must look.
    Done(String, bool),
    /// Hospitals among which to choose.
    Choose(Vec<(String, String)>),
}

async fn complete(
    state: &AppState,
    visit: &Visit,
    form: &Onboarding,
) -> Result<Completed, (Option<String>, AppError)> {
    let plain = |error: AppError| (None, error);
    let phone = state
        .keys
        .open(&form.verified)
        .and_then(|text| {
            let (phone, until) = text.split_once(' ')?;
            (until.parse::<i64>().ok()? > time::now()).then(|| phone.to_owned())
        })
        .ok_or_else(|| plain(AppError::Conflict("onboard.too_late".into())))?;
    let known = onboarding::by_phone(state, &phone)
        .await
        .map_err(|e| plain(e.into()))?;
    let name = known.as_ref().map(|(_, name, _)| name.clone());
    form.need_profile().map_err(|e| (name.clone(), e))?;
    let mut input = Registration::default();
    if known.is_none() {
        let mut checks = crate::shared::error::Checks::default();
        checks
            .text(&form.name, "name", 20)
            .text(&form.hospital, "hospital", 60)
            .text(&form.department, "department", 30);
        checks.done().map_err(plain)?;
        input = Registration {
            name: rules::clean(&form.name),
            hospital: rules::clean(&form.hospital),
            department: rules::clean(&form.department),
            title: rules::clean(&form.title).chars().take(30).collect(),
            ..input
        };
        if form.terminal_id.is_empty() {
            let found = crate::terminal::store::suggest(&state.db, &form.hospital)
                .await
                .map_err(|e| plain(e.into()))?;
            if !found.is_empty() {
                return Ok(Completed::Choose(found));
            }
        } else if form.terminal_id != "none" {
            input.terminal_id.clone_from(&form.terminal_id);
        }
        if let Ok(scanned) = onboarding::scan(&state.db, &form.claims).await {
            input.claims = Some(scanned.hcp_id);
        }
    }
    let from = From {
        address: &visit.address,
        user_agent: &visit.user_agent,
        channel: "self_registration",
    };
    let (device, waits) = onboarding::register(state, &phone, &input, form.consents(), &from)
        .await
        .map_err(|e| (name, e))?;
    Ok(Completed::Done(device, waits))
}
