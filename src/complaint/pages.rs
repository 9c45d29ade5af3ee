//! 投诉建议.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::api::*;
use super::model::{ComplaintRow, KINDS, kind_label};
use crate::shared::Permission;
use crate::ui::boot::{may, refresh};
use crate::ui::form::{PostForm, Select, Submit, TextArea};
use crate::ui::list::{TabLinks, page_param, param, rows_or_empty};
use crate::ui::parts::{Card, Loading, PageTitle, outcome};

/// One's own complaints and suggestions, with the form of a new one.
#[component]
pub fn Complaints() -> impl IntoView {
    let page = page_param();
    let mine = Resource::new(
        move || (page.get(), refresh()),
        |(page, _)| my_complaints(page),
    );
    let options: Vec<(String, String)> = KINDS
        .iter()
        .map(|kind| ((*kind).to_owned(), kind_label(kind)))
        .collect();
    view! {
        <PageTitle title=tr!("complaint.title")>
            {may(Permission::AnswerComplaints).then(|| view! { <a class="btn btn-sm min-h-10" href="/complaints/queue">{tr!("complaint.queue")}</a> })}
        </PageTitle>
        <Card title=tr!("complaint.new")>
            <PostForm to=SendComplaint::url()>
                <Select name="kind" label=tr!("complaint.kind") options=options/>
                <TextArea name="body" label=tr!("complaint.body") rows=4 required=true/>
                <Submit label=tr!("complaint.send")/>
            </PostForm>
        </Card>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(mine.await, |page| rows_or_empty(page, tr!("complaint.empty"), |rows| view! {
                    <ul class="space-y-3">{rows.into_iter().map(|row| view! { <Item row=row answering=false/> }).collect_view()}</ul>
                }))
            })}
        </Suspense>
    }
}

/// The administrators' queue.
#[component]
pub fn ComplaintQueue() -> impl IntoView {
    let (page, tab) = (page_param(), param("tab"));
    let queue = Resource::new(
        move || (tab.get() == "answered", page.get(), refresh()),
        |(answered, page, _)| complaint_queue(answered, page),
    );
    view! {
        <PageTitle title=tr!("complaint.queue")/>
        <TabLinks path="/complaints/queue" label=tr!("complaint.queue") tabs=vec![("", tr!("complaint.waiting")), ("answered", tr!("complaint.answered"))]/>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(queue.await, |page| rows_or_empty(page, tr!("complaint.none_waiting"), |rows| view! {
                    <ul class="space-y-3">{rows.into_iter().map(|row| view! { <Item row=row answering=true/> }).collect_view()}</ul>
                }))
            })}
        </Suspense>
    }
}

#[component]
fn Item(row: ComplaintRow, answering: bool) -> impl IntoView {
    let waits = row.answer.is_none();
    let id = row.id;
    view! {
        <li class="rounded-box border border-base-300 bg-base-100 p-4">
            <p class="num text-sm text-base-content/70">
                <span class="badge badge-outline badge-sm me-2">{kind_label(&row.kind)}</span>
                {answering.then(|| format!("{} · {} · ", row.by, row.unit))}{row.at}
            </p>
            <p class="mt-2 whitespace-pre-line break-words">{row.body}</p>
            {match row.answer {
                Some((answer, by, at)) => view! {
                    <div class="mt-3 border-s-4 border-primary ps-3">
                        <p class="num text-sm text-base-content/70">{by}" · "{at}</p>
                        <p class="whitespace-pre-line break-words">{answer}</p>
                    </div>
                }.into_any(),
                // Who is to answer has the field for it below.
                None if answering => ().into_any(),
                None => view! { <p class="mt-2 text-sm text-base-content/70">{tr!("complaint.waits")}</p> }.into_any(),
            }}
            {(answering && waits).then(|| view! {
                <PostForm to=AnswerComplaint::url() about=id.clone() class="mt-3">
                    <input type="hidden" name="id" value=id/>
                    <TextArea name="answer" label=tr!("complaint.answer") rows=3/>
                    <Submit label=tr!("complaint.send_answer")/>
                </PostForm>
            })}
        </li>
    }
}
