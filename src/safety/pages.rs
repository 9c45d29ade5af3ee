//! 不良事件.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_params_map;

use super::api::*;
use super::model::{AdverseEvent, EventRow, severity_label, state_label, step_label};
use super::rules::SEVERITIES;
use crate::ui::boot::{boot, refresh};
use crate::ui::form::{Field, PostForm, Select, Submit, TextArea};
use crate::ui::list::{TabLinks, page_param, param, rows_or_empty};
use crate::ui::parts::{Card, Loading, PageTitle, outcome};

/// Adverse events: one's own, and for who handles them all.
#[component]
pub fn EventList() -> impl IntoView {
    let (page, tab) = (page_param(), param("tab"));
    let events = Resource::new(
        move || (tab.get() == "closed", page.get(), refresh()),
        |(closed, page, _)| list_events(closed, page),
    );
    view! {
        <PageTitle title=tr!("safety.title")>
            <a class="btn btn-sm btn-primary min-h-10" href="/adverse-events/new">{tr!("safety.report")}</a>
        </PageTitle>
        <TabLinks path="/adverse-events" label=tr!("safety.title") tabs=vec![("", tr!("safety.open")), ("closed", tr!("safety.closed"))]/>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(events.await, |page| rows_or_empty(page, tr!("safety.empty"), |rows| view! {
                    <ul class="divide-y divide-base-300 rounded-box border border-base-300 bg-base-100">
                        {rows.into_iter().map(|row| {
                            let href = format!("/adverse-events/{}", row.id);
                            view! { <li><a class="block p-3 hover:bg-base-200" href=href><Summary row=row/></a></li> }
                        }).collect_view()}
                    </ul>
                }))
            })}
        </Suspense>
    }
}

#[component]
fn Summary(row: EventRow) -> impl IntoView {
    view! {
        <span class="flex flex-wrap items-center gap-2">
            <span class="break-words font-medium">{row.product}</span>
            <span class="badge badge-outline badge-sm">{severity_label(&row.severity)}</span>
            <span class="badge badge-ghost badge-sm">{state_label(&row.state)}</span>
            {row.late.then(|| view! { <span class="badge badge-error badge-sm">{tr!("safety.late")}</span> })}
        </span>
        <span class="num block text-sm text-base-content/70">
            {tr!("safety.clock", zero = row.day_zero, due = row.due)}" · "{row.by}" · "{row.at}
        </span>
    }
}

/// The short form.
#[component]
pub fn EventNew() -> impl IntoView {
    let (hcp, visit) = (param("hcp"), param("visit"));
    let mut options = vec![(String::new(), tr!("safety.choose"))];
    options.extend(
        SEVERITIES
            .iter()
            .map(|s| ((*s).to_owned(), severity_label(s))),
    );
    view! {
        <PageTitle title=tr!("safety.report")>
            <a class="btn btn-sm min-h-10" href="/adverse-events">{tr!("ui.back")}</a>
        </PageTitle>
        <p class="mb-3 rounded-box border border-base-300 bg-base-100 p-3 text-sm">{tr!("safety.explain")}</p>
        <Card>
            <PostForm to=ReportEvent::url()>
                <input type="hidden" name="hcp" value=hcp.get_untracked() prop:value=hcp/>
                <input type="hidden" name="visit" value=visit.get_untracked() prop:value=visit/>
                <TextArea name="patient" label=tr!("safety.patient") hint=tr!("safety.patient_hint") rows=2 required=true/>
                <Field name="reporter" label=tr!("safety.reporter") hint=tr!("safety.reporter_hint") required=true/>
                <Field name="product" label=tr!("safety.product") hint=tr!("safety.product_hint") required=true/>
                <TextArea name="event" label=tr!("safety.event") hint=tr!("safety.event_hint") rows=4 required=true/>
                <Select name="severity" label=tr!("safety.severity") options=options required=true/>
                <Field name="day_zero" kind="date" label=tr!("safety.day_zero") value=boot().today hint=tr!("safety.day_zero_hint") required=true/>
                <Submit label=tr!("safety.send") class="btn btn-primary min-h-10"/>
            </PostForm>
        </Card>
    }
}

/// One adverse event with its clocks and steps.
#[component]
pub fn EventPage() -> impl IntoView {
    let params = use_params_map();
    let event = Resource::new(
        move || (params.with(|p| p.get("id").unwrap_or_default()), refresh()),
        |(id, _)| get_event(id),
    );
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move { outcome(event.await, |event| view! { <Shown event=event/> }) })}
        </Suspense>
    }
}

#[component]
fn Shown(event: AdverseEvent) -> impl IntoView {
    let row = event.row;
    let id = StoredValue::new(row.id.clone());
    let first_open = row.state == "open";
    let state = row.state.clone();
    let lines = [
        (tr!("safety.patient"), event.patient),
        (tr!("safety.reporter"), event.reporter),
        (tr!("safety.product"), row.product.clone()),
        (tr!("safety.event"), event.event),
    ];
    let steps: &[&str] = match state.as_str() {
        "open" => &["first_step", "note"],
        "first_step" => &["submitted", "dismissed", "note"],
        "submitted" => &["closed", "note"],
        _ => &["note"],
    };
    let options: Vec<(String, String)> = steps
        .iter()
        .map(|kind| ((*kind).to_owned(), step_label(kind)))
        .collect();
    view! {
        <PageTitle title=tr!("safety.one")>
            <a class="btn btn-sm min-h-10" href="/adverse-events">{tr!("ui.back")}</a>
        </PageTitle>
        <Card>
            <Summary row=row/>
            {first_open.then(|| view! { <p class="num mt-2 text-sm">{tr!("safety.first_due", at = event.first_step_due)}</p> })}
            <dl class="mt-3 grid grid-cols-[auto_1fr] gap-x-4 gap-y-2">
                {lines.into_iter().map(|(label, text)| view! {
                    <dt class="text-base-content/70">{label}</dt><dd class="min-w-0 whitespace-pre-line break-words">{text}</dd>
                }).collect_view()}
            </dl>
            <p class="mt-3 flex gap-3">
                {event.hcp.map(|(id, name)| view! { <a class="link" href=format!("/hcps/{id}")>{name}</a> })}
                {event.visit_id.map(|id| view! { <a class="link" href=format!("/visits/{id}")>{tr!("safety.visit")}</a> })}
            </p>
        </Card>
        <Card title=tr!("safety.steps")>
            {event.steps.is_empty().then(|| view! { <p class="text-base-content/70">{tr!("safety.no_steps")}</p> })}
            <ol class="space-y-3">
                {event.steps.into_iter().map(|step| view! {
                    <li>
                        <p><span class="font-medium">{step_label(&step.kind)}</span>" "<span class="num text-sm text-base-content/70">{step.by}" · "{step.at}</span></p>
                        <p class="whitespace-pre-line break-words">{step.note}</p>
                    </li>
                }).collect_view()}
            </ol>
            {event.may_handle.then(|| view! {
                <PostForm to=EventStep::url() class="mt-4">
                    <input type="hidden" name="id" value=id.get_value()/>
                    <Select name="kind" label=tr!("safety.step") options=options/>
                    <TextArea name="note" label=tr!("safety.note") rows=3 required=true/>
                    <Submit label=tr!("safety.take")/>
                </PostForm>
            })}
        </Card>
    }
}
