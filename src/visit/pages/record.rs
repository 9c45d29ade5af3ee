//! One record of a visit.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_params_map;

use super::list::Summary;
use super::sheet::Stop;
use super::stars_text;
use crate::sharing::model::dwell_text;
use crate::ui::boot::refresh;
use crate::ui::form::{Checkbox, FieldMessage, FormState, PostForm, Submit, TextArea};
use crate::ui::parts::{Card, Loading, PageTitle, outcome};
use crate::visit::api::*;
use crate::visit::model::{ReviewRow, VisitView, feedback_label, topic_label};

/// One record, with what managers say of it.
#[component]
pub fn VisitPage() -> impl IntoView {
    let params = use_params_map();
    let visit = Resource::new(
        move || (params.with(|p| p.get("id").unwrap_or_default()), refresh()),
        |(id, _)| get_visit(id),
    );
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move { outcome(visit.await, |visit| view! { <Shown visit=visit/> }) })}
        </Suspense>
    }
}

#[component]
fn Shown(visit: VisitView) -> impl IntoView {
    let row = visit.row;
    let id = StoredValue::new(row.id.clone());
    let change = row.mine && row.review == "change";
    let suspected = row.flags.iter().any(|f| f == "adverse_event");
    let mine = row.mine;
    let hcps = row.hcps.clone();
    let first = hcps.first().map(|(id, _)| id.clone()).unwrap_or_default();
    let given = visit.reviews.iter().find(|r| r.mine).cloned();
    let facts = [
        (
            tr!("visit.feedback"),
            (!visit.feedback.is_empty()).then(|| feedback_label(&visit.feedback)),
        ),
        (tr!("visit.companion"), visit.accompanied_by),
        (tr!("visit.next"), visit.next_day),
        (
            tr!("visit.wishes"),
            (!visit.wishes.is_empty()).then(|| visit.wishes.join(&tr!("ui.semicolon"))),
        ),
        (tr!("visit.received_at"), visit.received),
    ];
    view! {
        <PageTitle title=tr!("visit.one_record")>
            <a class="btn btn-sm min-h-10" href="/visits">{tr!("ui.back")}</a>
            {mine.then(|| view! { <a class="btn btn-sm btn-primary min-h-10" rel="external" href="/visits/new">{tr!("visit.record_next")}</a> })}
        </PageTitle>
        <Card>
            <Summary row=row/>
            {(!hcps.is_empty()).then(|| view! {
                <p class="mt-2 flex flex-wrap gap-3">
                    {hcps.into_iter().map(|(id, name)| view! { <a class="link" href=format!("/hcps/{id}")>{name}</a> }).collect_view()}
                </p>
            })}
            <div class="mt-3 flex flex-wrap gap-1">
                {visit.topics.iter().map(|t| view! { <span class="badge badge-ghost">{topic_label(t)}</span> }).collect_view()}
            </div>
            {(!visit.note.is_empty()).then(|| view! { <p class="mt-3 whitespace-pre-line break-words">{visit.note}</p> })}
            {visit.voice.then(|| view! { <audio class="mt-3 w-full" controls preload="none" src=format!("/visits/{}/voice", id.get_value()) aria-label=tr!("visit.voice")></audio> })}
            <dl class="mt-3 grid grid-cols-[auto_1fr] gap-x-4 gap-y-2">
                {facts.into_iter().filter_map(|(label, value)| value.map(|value| view! {
                    <dt class="text-base-content/70">{label}</dt><dd class="num min-w-0 break-words">{value}</dd>
                })).collect_view()}
            </dl>
            {(!visit.materials.is_empty()).then(|| view! {
                <h2 class="mt-4 text-sm font-semibold">{tr!("visit.materials")}</h2>
                <ul>
                    {visit.materials.into_iter().map(|(id, title, seconds)| view! {
                        <li class="py-1">
                            <a class="link" href=format!("/articles/{id}")>{title}</a>
                            {seconds.map(|s| view! { <span class="num ms-2 text-sm text-base-content/70">{tr!("visit.shown_time", time = dwell_text(Some(s * 1000)))}</span> })}
                        </li>
                    }).collect_view()}
                </ul>
            })}
            {visit.checkin.map(|checkin| view! {
                <h2 class="mt-4 text-sm font-semibold">{tr!("visit.checkin")}</h2>
                <ol><Stop row=checkin/></ol>
            })}
            {visit.supplement.map(|(text, at)| view! {
                <h2 class="mt-4 text-sm font-semibold">{tr!("visit.supplement")}" "<span class="num font-normal text-base-content/70">{at}</span></h2>
                <p class="whitespace-pre-line break-words">{text}</p>
            })}
            {visit.reported.then(|| match visit.report_id {
                Some(report) => view! { <p class="mt-4"><a class="link" href=format!("/adverse-events/{report}")>{tr!("visit.reported")}</a></p> }.into_any(),
                None => view! { <p class="mt-4">{tr!("visit.reported")}</p> }.into_any(),
            })}
            {(suspected && !visit.reported).then(|| view! {
                <a class="btn btn-warning mt-4 min-h-10" href=format!("/adverse-events/new?hcp={first}&visit={}", id.get_value())>{tr!("safety.report")}</a>
            })}
        </Card>
        <Card title=tr!("visit.reviews")>
            {visit.reviews.is_empty().then(|| view! { <p class="text-base-content/70">{tr!("visit.no_reviews")}</p> })}
            <ul class="space-y-3">{visit.reviews.into_iter().map(|r| view! { <Said review=r/> }).collect_view()}</ul>
            {change.then(|| view! {
                <PostForm to=SupplementVisit::url() class="mt-4">
                    <input type="hidden" name="id" value=id.get_value()/>
                    <TextArea name="supplement" label=tr!("visit.add_supplement") rows=3/>
                    <Submit label=tr!("visit.send_supplement")/>
                </PostForm>
            })}
            {visit.may_review.then(|| view! {
                <PostForm to=ReviewVisit::url() class="mt-4">
                    <input type="hidden" name="id" value=id.get_value()/>
                    <Stars given=given.as_ref().map_or(0, |g| g.stars)/>
                    <TextArea name="comment" label=tr!("visit.comment") value=given.as_ref().map(|g| g.comment.clone()).unwrap_or_default() rows=2/>
                    <Checkbox name="change" label=tr!("visit.ask_change") checked=given.is_some_and(|g| g.change_asked)/>
                    <div class="flex flex-wrap gap-2">
                        <Submit label=tr!("visit.send_review") class="btn btn-primary min-h-10"/>
                        {visit.next.map(|next| view! { <a class="btn min-h-10" href=format!("/visits/{next}")>{tr!("visit.next_waiting")}</a> })}
                    </div>
                </PostForm>
            })}
        </Card>
    }
}

/// One to five stars.
#[component]
fn Stars(given: i64) -> impl IntoView {
    let state = expect_context::<FormState>();
    view! {
        <fieldset class="mb-3">
            <legend class="mb-1 text-sm font-medium">{tr!("visit.stars")}</legend>
            <div class="flex flex-wrap gap-2">
                {(1..=5_i64).map(|n| {
                    let on = state.ticked("stars", &n.to_string(), n == given);
                    view! {
                        <label class="chip">
                            <input type="radio" name="stars" value=n.to_string() checked=on class="sr-only" aria-label=tr!("visit.stars_n", n = n)/>
                            <span class="btn num min-h-11 font-normal" aria-hidden="true">{n}" ★"</span>
                        </label>
                    }
                }).collect_view()}
            </div>
            <FieldMessage name="stars"/>
        </fieldset>
    }
}

#[component]
fn Said(review: ReviewRow) -> impl IntoView {
    view! {
        <li>
            <p class="flex flex-wrap items-center gap-2">
                <span class="font-medium">{review.by}</span>
                <span role="img" aria-label=tr!("visit.stars_n", n = review.stars)>{stars_text(review.stars)}</span>
                {review.change_asked.then(|| view! { <span class="badge badge-warning badge-sm">{tr!("visit.review_change")}</span> })}
                <span class="num text-sm text-base-content/70">{review.at}</span>
            </p>
            {(!review.comment.is_empty()).then(|| view! { <p class="whitespace-pre-line break-words">{review.comment}</p> })}
        </li>
    }
}
