//! Pieces of the screens, and the pages on which a way in ends.

use axum::http::{StatusCode, header};
use axum::response::Response;
use leptos::prelude::*;

use super::Onboarding;
use crate::onboarding::consent::Texts;
use crate::onboarding::model::{PURPOSES, purpose_label};
use crate::server::otp;
use crate::server::session;
use crate::server::web::{Visit, own_path};
use crate::shared::AppError;

/// The message for a field, or for the form as a whole where `field` is empty.
pub fn message_of(error: Option<&AppError>, field: &str) -> Option<String> {
    match error? {
        AppError::Invalid(faults) => faults
            .iter()
            .find(|f| f.field == field)
            .map(|f| crate::ui::locale::filled(&f.key, &f.args)),
        other if field.is_empty() => Some(other.message()),
        _ => None,
    }
}

/// The status of a page with this error on it.
pub fn status_of(error: Option<&AppError>) -> StatusCode {
    error.map_or(StatusCode::OK, crate::server::web::status)
}

pub fn alert(error: Option<&AppError>) -> impl IntoView + use<> {
    let message = match error.and_then(otp::just_sent) {
        Some(seconds) => Some(tr!("onboard.just_sent", seconds = seconds)),
        None => message_of(error, ""),
    };
    message.map(|m| view! { <div role="alert" class="alert alert-error mb-4 py-2">{m}</div> })
}

/// That the code was sent: not beside an alert that says it was not, or when.
pub fn sent_note(error: Option<&AppError>, text: String) -> impl IntoView + use<> {
    let as_sent = error.is_none_or(|e| matches!(e, AppError::Invalid(_)));
    as_sent.then(|| view! { <div role="status" class="alert alert-info my-3 py-2">{text}</div> })
}

pub fn fault(error: Option<&AppError>, field: &str) -> impl IntoView + use<> {
    message_of(error, field)
        .map(|m| view! { <span class="mt-1 block text-sm text-error" role="alert">{m}</span> })
}

/// The kind of an input: its `type`, `inputmode` and `autocomplete`.
pub type Kind = (&'static str, &'static str, &'static str);
pub const TEXT: Kind = ("text", "text", "off");
pub const PHONE: Kind = ("tel", "tel", "tel");

pub fn text_field(
    error: Option<&AppError>,
    name: &'static str,
    label: String,
    value: &str,
    kind: Kind,
) -> impl IntoView + use<> {
    let (kind, mode, autocomplete) = kind;
    view! {
        <label class="mb-3 block">
            <span class="mb-1 block text-sm font-medium">{label}</span>
            <input class="input w-full" name=name type=kind inputmode=mode autocomplete=autocomplete value=value.to_owned()/>
            {fault(error, name)}
        </label>
    }
}

pub fn code_field(error: Option<&AppError>) -> impl IntoView + use<> {
    view! {
        <label class="mb-3 block">
            <span class="mb-1 block text-sm font-medium">{tr!("onboard.code")}</span>
            <input class="input w-full num text-lg tracking-widest" name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="6"/>
            {fault(error, "code")}
        </label>
    }
}

/// What the other screens hold, as hidden fields; `shown` are those that this screen shows itself.
pub fn kept(form: &Onboarding, shown: &[&str]) -> impl IntoView + use<> {
    form.carried()
        .into_iter()
        .filter(|(name, value)| !value.is_empty() && !shown.contains(name))
        .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
        .collect_view()
}

/// The three purposes as separate boxes with the texts in force, none ticked but what the HCP agreed to before.
pub fn consent_boxes(
    company: &str,
    texts: &Texts,
    form: &Onboarding,
    error: Option<&AppError>,
) -> impl IntoView + use<> {
    let given = form.consents();
    let boxes = PURPOSES
        .map(|purpose| {
            let (checked, needed) = match purpose {
                "profile" => (given.profile, true),
                "push" => (given.push, false),
                _ => (given.tracking, false),
            };
            let text = texts
                .latest(purpose)
                .map(|t| t.body(company))
                .unwrap_or_default();
            let before = form.before.split(' ').any(|p| p == purpose);
            let version = tr!("consent.version", version = texts.version(purpose));
            view! {
                <label class="mb-3 flex items-start gap-3">
                    <input type="checkbox" name=purpose value="true" checked=checked class="checkbox mt-1"/>
                    <span>
                        <span class="font-medium">{purpose_label(purpose)}</span>
                        {if needed { tr!("consent.needed") } else { tr!("consent.optional") }}
                        {before.then(|| view! { <span class="badge badge-sm badge-soft badge-success ms-2">{tr!("consent.before")}</span> })}
                        <span class="block whitespace-pre-line text-sm text-base-content/70">{text}</span>
                        <span class="num block text-xs text-base-content/70">{version}</span>
                    </span>
                </label>
                {fault(error, purpose)}
            }
        })
        .into_iter()
        .collect_view();
    view! {
        <fieldset class="my-4">
            <legend class="mb-2 font-semibold">{tr!("consent.title")}</legend>
            <input type="hidden" name="texts" value=texts.shown()/>
            <input type="hidden" name="before" value=form.before.clone()/>
            {boxes}
        </fieldset>
    }
}

/// A page that says why a code leads nowhere, with a way on.
pub fn code_page(
    visit: &Visit,
    status: StatusCode,
    title: &'static str,
    explain: &'static str,
) -> Response {
    let text = |key| crate::ui::locale::lookup(key);
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

/// 入库成功 or 登记已提交, and the cookie that binds this browser.
pub fn welcome(visit: &Visit, device: &str, next: &str, waits: bool) -> Response {
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
