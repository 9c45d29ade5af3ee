//! The form of a record: one page of taps.

use axum::response::Response;
use leptos::prelude::*;
use serde_json::json;

use crate::server::crypto;
use crate::server::web::{self, Visit};
use crate::shared::AppError;
use crate::visit::model::{CHANNELS, FEEDBACK, TOPICS, channel_label, feedback_label, topic_label};
use crate::visit::records::{self, NewVisit};
use crate::visit::watch;

/// An HCP that the form offers: id, name, department.
pub type Person = (String, String, String);

/// All that the form shows.
pub struct Form {
    pub who: String,
    pub plan: String,
    pub terminal: String,
    pub places: Vec<(String, String)>,
    pub people: Vec<Person>,
    pub chosen: Vec<String>,
    pub materials: Vec<(String, String)>,
    pub companions: Vec<(String, String)>,
}

/// What was sent and refused: it stands in the form again, with the messages.
#[derive(Default)]
pub struct Given {
    pub new: NewVisit,
    pub error: Option<AppError>,
}

impl Given {
    fn message(&self, field: &str) -> Option<String> {
        match &self.error {
            Some(AppError::Invalid(fields)) => fields
                .iter()
                .find(|f| f.field == field)
                .map(|f| crate::ui::locale::filled(&f.key, &f.args)),
            _ => None,
        }
    }
}

/// A choice by one tap.
fn chip(
    kind: &'static str,
    name: &'static str,
    value: String,
    label: String,
    on: bool,
) -> impl IntoView {
    view! {
        <label class="chip">
            <input type=kind name=name value=value checked=on class="sr-only"/>
            <span class="btn min-h-11 font-normal">{label}</span>
        </label>
    }
}

fn fault(message: Option<String>) -> impl IntoView {
    message.map(|m| view! { <p class="text-sm text-error" role="alert">{m}</p> })
}

pub fn page(visit: &Visit, form: Form, given: &Given) -> Response {
    let id = if given.new.id.is_empty() {
        crypto::random_token(16).replace('_', "-")
    } else {
        given.new.id.clone()
    };
    let status = given
        .error
        .as_ref()
        .map_or(axum::http::StatusCode::OK, web::status);
    let new = &given.new;
    let channel = if new.channel.is_empty() {
        "face"
    } else {
        &new.channel
    };
    let terminal = new.terminal_id.clone().unwrap_or(form.terminal);
    let chosen = if new.hcps.is_empty() {
        form.chosen
    } else {
        new.hcps.clone()
    };
    let shown = |id: &String| new.materials.iter().any(|(known, _)| known == id);
    // Counted from the record's day: the page may have been kept for some.
    let soon: Vec<(String, String)> = [7, 14, 28]
        .into_iter()
        .map(|n: i64| (format!("+{n}"), n.to_string()))
        .collect();
    let next_day = Some(new.next_day.clone()).filter(|day| !day.starts_with('+'));
    visit.page_with(status, || tr!("visit.record"), || {
        // For the script: the same words that the server looks for.
        let words: serde_json::Map<String, serde_json::Value> = watch::KINDS
            .iter()
            .map(|kind| ((*kind).to_owned(), json!({ "label": watch::label(kind), "words": watch::words(kind) })))
            .collect();
        let words = serde_json::Value::Object(words).to_string();
        view! {
            <main>
                <p class="mb-2"><a class="link" href="/">{tr!("visit.to_desk")}</a></p>
                <h1 class="text-xl font-semibold">{tr!("visit.record")}</h1>
                <p id="refused" class="alert alert-error my-3 py-2" role="alert" hidden></p>
                {given.error.as_ref().map(|e| view! { <p role="alert" class="alert alert-error my-3 py-2">{e.message()}</p> })}
                <form method="post" action="/visits" enctype="multipart/form-data" id="visit" autocomplete="off" class="mt-3 space-y-5"
                    data-who=form.who data-words=words data-queued=tr!("visit.record_queued") data-sending=tr!("visit.sending")
                    data-seconds=tr!("visit.shown_for") data-record=tr!("visit.voice_start") data-stop=tr!("visit.voice_stop")
                    data-report=tr!("safety.report") data-draft=tr!("visit.draft_back") data-none=tr!("visit.no_people") data-noline=tr!("visit.material_offline")
                    data-open=tr!("visit.open_material") data-delivered=tr!("visit.delivered") data-nomic=tr!("visit.no_microphone")>
                    <input type="hidden" name="id" value=id/>
                    <input type="hidden" name="plan" value=form.plan/>
                    <input type="hidden" name="device_at" value=""/>
                    <div>
                        <label class="block">
                            <span class="mb-1 block text-sm font-medium">{tr!("visit.terminal")}</span>
                            <select name="terminal" id="terminal" class="select w-full">
                                <option value="">{tr!("visit.choose_terminal")}</option>
                                {form.places.into_iter().map(|(id, name)| {
                                    let on = id == terminal;
                                    view! { <option value=id selected=on>{name}</option> }
                                }).collect_view()}
                            </select>
                        </label>
                        <noscript><button class="btn mt-2" name="again" value="1">{tr!("visit.show_people")}</button></noscript>
                    </div>
                    <fieldset>
                        <legend class="mb-1 text-sm font-medium">{tr!("visit.hcps")}</legend>
                        <div id="people" class="flex flex-wrap gap-2">
                            {form.people.is_empty().then(|| view! {
                                <p class="text-base-content/70">{if terminal.is_empty() { tr!("visit.terminal_first") } else { tr!("visit.no_people") }}</p>
                            })}
                            {form.people.into_iter().map(|(id, name, department)| {
                                let on = chosen.contains(&id);
                                let label = if department.is_empty() { name } else { format!("{name} {department}") };
                                chip("checkbox", "hcp", id, label, on)
                            }).collect_view()}
                        </div>
                        {fault(given.message("hcps"))}
                    </fieldset>
                    <fieldset>
                        <legend class="mb-1 text-sm font-medium">{tr!("visit.channel")}</legend>
                        <div class="flex flex-wrap gap-2">
                            {CHANNELS.iter().map(|c| chip("radio", "channel", (*c).to_owned(), channel_label(c), *c == channel)).collect_view()}
                        </div>
                        {fault(given.message("channel"))}
                    </fieldset>
                    <fieldset>
                        <legend class="mb-1 text-sm font-medium">{tr!("visit.topics")}</legend>
                        <div class="flex flex-wrap gap-2">
                            {TOPICS.iter().map(|t| chip("checkbox", "topic", (*t).to_owned(), topic_label(t), new.topics.iter().any(|on| on == t))).collect_view()}
                        </div>
                    </fieldset>
                    <details open=!new.materials.is_empty()>
                        <summary class="min-h-10 cursor-pointer py-2 text-sm font-medium">{tr!("visit.materials")}</summary>
                        <ul class="divide-y divide-base-300">
                            {form.materials.is_empty().then(|| view! { <li class="py-2 text-base-content/70">{tr!("visit.no_materials")}</li> })}
                            {form.materials.into_iter().map(|(id, title)| {
                                let on = shown(&id);
                                let open = id.clone();
                                let seconds = format!("seconds:{id}");
                                view! {
                                    <li class="flex items-center gap-3 py-2">
                                        <label class="flex min-h-10 min-w-0 grow items-center gap-3">
                                            <input type="checkbox" name="material" value=id checked=on class="checkbox"/>
                                            <span class="min-w-0 break-words">{title}</span>
                                        </label>
                                        <input type="hidden" name=seconds value=""/>
                                        <button type="button" class="btn btn-sm min-h-10 needs-script" data-material=open hidden>{tr!("visit.open_material")}</button>
                                    </li>
                                }
                            }).collect_view()}
                        </ul>
                        {fault(given.message("materials"))}
                    </details>
                    <fieldset>
                        <legend class="mb-1 text-sm font-medium">{tr!("visit.feedback")}</legend>
                        <div class="flex flex-wrap gap-2">
                            {FEEDBACK.iter().map(|f| chip("radio", "feedback", (*f).to_owned(), feedback_label(f), *f == new.feedback)).collect_view()}
                        </div>
                    </fieldset>
                    <div>
                        <label class="block">
                            <span class="mb-1 block text-sm font-medium">{tr!("visit.note")}</span>
                            <textarea name="note" rows="2" maxlength=records::NOTE_MOST class="textarea w-full">{crate::ui::form::within_textarea(new.note.clone())}</textarea>
                        </label>
                        {fault(given.message("note"))}
                        <div class="mt-2 flex items-center gap-3">
                            <button type="button" id="voice" class="btn btn-sm min-h-10" hidden>{tr!("visit.voice_start")}</button>
                            <audio id="heard" controls hidden></audio>
                        </div>
                        {fault(given.message("voice"))}
                        <div id="hints" class="mt-2 space-y-2" role="status"></div>
                    </div>
                    <label class="block">
                        <span class="mb-1 block text-sm font-medium">{tr!("visit.wish")}</span>
                        <input type="text" name="wish" maxlength="100" class="input w-full" value=new.wish.clone() placeholder=tr!("visit.wish_hint")/>
                        {fault(given.message("wish"))}
                    </label>
                    <fieldset>
                        <legend class="mb-1 text-sm font-medium">{tr!("visit.next")}</legend>
                        <div class="flex flex-wrap items-center gap-2">
                            {chip("radio", "next", String::new(), tr!("visit.next_none"), new.next_day.is_empty())}
                            {soon.into_iter().map(|(day, n)| {
                                let on = day == new.next_day;
                                chip("radio", "next", day, tr!("visit.next_days", n = n), on)
                            }).collect_view()}
                            <input type="date" name="next_day" class="input w-40" value=next_day aria-label=tr!("visit.next_day")/>
                        </div>
                        {fault(given.message("next_day"))}
                    </fieldset>
                    {(!form.companions.is_empty()).then(|| view! {
                        <label class="block">
                            <span class="mb-1 block text-sm font-medium">{tr!("visit.companion")}</span>
                            <select name="companion" class="select w-full">
                                <option value="">{tr!("visit.alone")}</option>
                                {form.companions.into_iter().map(|(id, name)| {
                                    let on = new.accompanied_by.as_ref() == Some(&id);
                                    view! { <option value=id selected=on>{name}</option> }
                                }).collect_view()}
                            </select>
                        </label>
                    })}
                    <button class="btn btn-primary min-h-14 w-full">{tr!("visit.save")}</button>
                    <p id="said" class="min-h-6 text-sm" role="status"></p>
                </form>
                <p class="mt-2 flex flex-wrap gap-3 text-sm">
                    <a class="link" href="/visits">{tr!("visit.records")}</a>
                    <a class="link" href="/adverse-events/new">{tr!("safety.report")}</a>
                </p>
                <dialog id="reader" class="modal">
                    <div class="modal-box max-h-[90dvh] w-full max-w-2xl overflow-y-auto">
                        <form method="dialog" class="sticky top-0 z-10 flex justify-end"><button class="btn btn-sm min-h-10">{tr!("visit.close_material")}</button></form>
                        <div id="material"></div>
                    </div>
                </dialog>
            </main>
            <script src="/js/outbox.js" defer></script>
            <script src="/js/visit.js" defer></script>
        }
    })
}
