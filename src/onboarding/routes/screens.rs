//! The screens of registering oneself: each a form of its own that carries along what the others hold.

use axum::response::Response;
use leptos::prelude::*;

use super::Onboarding;
use super::parts::{
    PHONE, TEXT, alert, code_field, consent_boxes, fault, kept, sent_note, status_of, text_field,
};
use super::registration::{Flow, Turn};
use crate::identity::rules;
use crate::onboarding::model::{PURPOSES, purpose_label};
use crate::server::web::Visit;
use crate::shared::AppError;

/// Where somebody stands.
pub enum Screen {
    /// The phone, and the code once it was sent.
    Phone {
        sent: bool,
    },
    /// Name, hospital, department; with hospitals among which to choose.
    Profile {
        hospitals: Vec<(String, String)>,
    },
    Consent,
    /// A last look at what was typed and agreed to.
    Confirm,
    /// Bound: the device token, and whether a steward must look.
    Done {
        device: String,
        waits: bool,
    },
}

/// Renders a screen with what is wrong on it.
pub fn render(visit: &Visit, flow: &Flow, form: &Onboarding, turn: Turn) -> Response {
    let error = turn.error.as_ref();
    let known = turn.known.as_deref();
    visit.page_with(status_of(error), || tr!("onboard.title"), || {
        let (heading, place) = match &turn.screen {
            Screen::Phone { .. } => (tr!("onboard.title"), 1),
            Screen::Profile { .. } => (tr!("onboard.profile"), 2),
            Screen::Consent => (tr!("onboard.consent"), 3),
            Screen::Confirm | Screen::Done { .. } => (tr!("onboard.last_look"), 4),
        };
        // Who is on file has no profile to fill in.
        let (n, of) = if known.is_some() { (place - 1, 3) } else { (place, 4) };
        let progress = (place > 1).then(|| tr!("onboard.progress", n = n, of = of));
        let screen = match &turn.screen {
            Screen::Phone { sent } => phone(flow, form, error, *sent).into_any(),
            Screen::Profile { hospitals } => profile(form, hospitals, error).into_any(),
            Screen::Consent => consent(flow, form, known, error).into_any(),
            Screen::Confirm | Screen::Done { .. } => last_look(form, known, &turn.phone).into_any(),
        };
        // The script tells that the page is looked at, and suggests hospitals.
        let seen = (flow.code.is_some() && !form.visitor.is_empty() && matches!(turn.screen, Screen::Phone { sent: false }))
            .then(|| (form.visitor.clone(), format!("{}/seen", flow.action())));
        let (mark, seen_at) = seen.unzip();
        view! {
            <main id="join" data-mark=mark data-seen=seen_at>
                <h1 class="text-xl font-semibold">{heading}</h1>
                {progress.map(|p| view! { <p class="num mt-1 text-sm text-base-content/70">{p}</p> })}
                <div class="mt-3">{alert(error)}</div>
                <form method="post" action=flow.action()>{screen}</form>
            </main>
            <script src="/js/join.js" defer></script>
        }
    })
}

fn phone(
    flow: &Flow,
    form: &Onboarding,
    error: Option<&AppError>,
    sent: bool,
) -> impl IntoView + use<> {
    let company = flow.company.clone();
    let source = flow.code.as_ref().map(|code| code.name.clone());
    view! {
        {source.map(|name| view! { <p class="mb-2 font-medium">{name}</p> })}
        <p class="mb-4 text-base-content/70">{tr!("onboard.explain", company = company)}</p>
        {sent.then(|| sent_note(error, tr!("onboard.sent")))}
        {kept(form, &["verified"])}
        {text_field(error, "phone", tr!("onboard.phone"), &form.phone, PHONE)}
        {sent.then(|| code_field(error))}
        {if sent {
            view! {
                <button class="btn btn-primary btn-block" name="step" value="confirm">{tr!("onboard.verify")}</button>
                <button class="btn btn-ghost btn-block mt-2" name="step" value="send">{tr!("invite.send_again")}</button>
            }.into_any()
        } else {
            view! { <button class="btn btn-primary btn-block" name="step" value="send">{tr!("sign_in.send_code")}</button> }.into_any()
        }}
    }
}

fn profile(
    form: &Onboarding,
    hospitals: &[(String, String)],
    error: Option<&AppError>,
) -> impl IntoView + use<> {
    let chosen = form.terminal_id.clone();
    let radio = |id: &str, label: String| {
        let checked = id == chosen;
        view! {
            <label class="flex min-h-10 items-center gap-2 py-1">
                <input type="radio" class="radio" name="terminal_id" value=id.to_owned() checked=checked/>{label}
            </label>
        }
    };
    let choice = (!hospitals.is_empty()).then(|| {
        let radios = hospitals
            .iter()
            .map(|(id, label)| radio(id, label.clone()))
            .collect_view();
        view! {
            <fieldset class="mb-3 rounded-box bg-base-200 p-3">
                <legend class="text-sm font-medium">{tr!("onboard.which_hospital")}</legend>
                // For which text these were found.
                <input type="hidden" name="asked" value=form.hospital.clone()/>
                {radios}
                {radio("none", tr!("onboard.none_of_these"))}
            </fieldset>
        }
    });
    view! {
        {kept(form, &["name", "hospital", "asked", "terminal_id", "department", "title"])}
        {text_field(error, "name", tr!("onboard.name"), &form.name, ("text", "text", "name"))}
        <label class="mb-3 block">
            <span class="mb-1 block text-sm font-medium">{tr!("onboard.hospital")}</span>
            <input class="input w-full" name="hospital" list="hospitals" autocomplete="off" value=form.hospital.clone()/>
            <span class="mt-1 block text-sm text-base-content/70">{tr!("onboard.hospital_hint")}</span>
            {fault(error, "hospital")}
        </label>
        <datalist id="hospitals"></datalist>
        {choice}
        {text_field(error, "department", tr!("onboard.department"), &form.department, TEXT)}
        {text_field(error, "title", tr!("onboard.job_title"), &form.title, ("text", "text", "organization-title"))}
        <button class="btn btn-primary btn-block" name="step" value="profile">{tr!("onboard.next")}</button>
    }
}

fn consent(
    flow: &Flow,
    form: &Onboarding,
    known: Option<&str>,
    error: Option<&AppError>,
) -> impl IntoView + use<> {
    let greeting = known.map(|name| tr!("onboard.known", name = rules::mask_name(name)));
    let may_edit = known.is_none();
    view! {
        {kept(form, &["profile", "push", "tracking", "texts", "before"])}
        {greeting.map(|g| view! { <p class="my-2">{g}</p> })}
        {consent_boxes(&flow.company, &flow.texts, form, error)}
        <button class="btn btn-primary btn-block" name="step" value="consent">{tr!("onboard.next")}</button>
        {may_edit.then(|| view! { <button class="btn btn-ghost btn-block mt-2" name="step" value="edit_profile">{tr!("onboard.edit_profile")}</button> })}
    }
}

/// What was typed and agreed to, before it counts.
fn last_look(form: &Onboarding, known: Option<&str>, phone: &str) -> impl IntoView + use<> {
    let mut lines = match known {
        Some(name) => vec![(tr!("onboard.name"), rules::mask_name(name))],
        None => vec![
            (tr!("onboard.name"), form.name.clone()),
            (tr!("onboard.hospital"), form.hospital.clone()),
            (tr!("onboard.department"), form.department.clone()),
            (tr!("onboard.job_title"), form.title.clone()),
        ],
    };
    lines.insert(1, (tr!("onboard.phone"), phone.to_owned()));
    let may_edit = known.is_none();
    let given = form.consents();
    let agreed = PURPOSES
        .map(|purpose| {
            let on = match purpose {
                "profile" => given.profile,
                "push" => given.push,
                _ => given.tracking,
            };
            view! {
                <li class="flex items-center gap-2 py-2">
                    <span class="me-auto">{purpose_label(purpose)}</span>
                    <span class=if on { "badge badge-success" } else { "badge badge-ghost" }>
                        {if on { tr!("consent.agreed") } else { tr!("consent.declined") }}
                    </span>
                </li>
            }
        })
        .into_iter()
        .collect_view();
    view! {
        {kept(form, &[])}
        <dl class="grid grid-cols-[auto_1fr] gap-x-4 gap-y-2 rounded-box bg-base-200 p-4">
            {lines.into_iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| view! {
                <dt class="text-base-content/70">{name}</dt><dd class="num">{value}</dd>
            }).collect_view()}
        </dl>
        <ul class="my-4 divide-y divide-base-300">{agreed}</ul>
        <button class="btn btn-primary btn-block" name="step" value="complete">{tr!("invite.confirm")}</button>
        <div class="mt-2 flex gap-2">
            {may_edit.then(|| view! { <button class="btn btn-ghost flex-1" name="step" value="edit_profile">{tr!("onboard.edit_profile")}</button> })}
            <button class="btn btn-ghost flex-1" name="step" value="edit_consent">{tr!("onboard.edit_consent")}</button>
        </div>
    }
}
