//! Requests for sharing: those that wait for oneself, and one's own.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::ownership::api::*;
use crate::ownership::model::{RequestRow, request_status};
use crate::ui::boot::refresh;
use crate::ui::form::{Confirm, Field, PostForm, Submit};
use crate::ui::list::{page_param, param, rows_or_empty};
use crate::ui::parts::{Loading, PageTitle, outcome};

/// 共享申请: requests for HCPs of one's own or of one's team, and those one made.
#[component]
pub fn RequestList() -> impl IntoView {
    let (tab, page) = (param("tab"), page_param());
    let requests = Resource::new(
        move || (tab.get(), page.get(), refresh()),
        |(tab, page, _)| list_requests(tab, page),
    );
    view! {
        <PageTitle title=tr!("ownership.request.title")>
            <a class="btn" href="/hcps">{tr!("ownership.to_hcps")}</a>
        </PageTitle>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                let mine = tab.get_untracked() == "mine";
                outcome(requests.await, move |data| {
                    let tabs = [
                        (false, "/requests", tr!("ownership.request.incoming", n = data.waiting)),
                        (true, "/requests?tab=mine", tr!("ownership.request.mine")),
                    ]
                    .map(|(own, href, label)| {
                        let class = if own == mine { "tab tab-active min-h-10" } else { "tab min-h-10" };
                        view! { <a class=class aria-current=(own == mine).then_some("page") href=href>{label}</a> }
                    })
                    .collect_view();
                    let empty = if mine { tr!("ownership.request.none_mine") } else { tr!("ownership.request.none") };
                    let suggested = data.suggested;
                    view! {
                        <nav class="tabs tabs-border mb-4 flex-wrap" aria-label=tr!("ownership.request.title")>{tabs}</nav>
                        {rows_or_empty(data.page, empty, move |rows| view! {
                            <ul class="rounded-box border border-base-300 bg-base-100 divide-y divide-base-300">
                                {rows.into_iter().map(|r| view! { <RequestItem request=r mine=mine suggested=suggested.clone()/> }).collect_view()}
                            </ul>
                        })}
                    }
                })
            })}
        </Suspense>
    }
}

#[component]
fn RequestItem(request: RequestRow, mine: bool, suggested: String) -> impl IntoView {
    let class = match request.status.as_str() {
        "granted" => "badge badge-success",
        "declined" => "badge badge-ghost",
        _ => "badge badge-warning",
    };
    let decides = !mine && request.status == "open";
    let id = StoredValue::new(request.id);
    let name = match request.hcp_id {
        Some(hcp) => view! { <a class="link link-hover py-1 font-medium" href=format!("/hcps/{hcp}")>{request.name}</a> }.into_any(),
        None => view! { <span class="font-medium">{request.name}</span> }.into_any(),
    };
    view! {
        <li class="px-4 py-3">
            <div class="flex flex-wrap items-center gap-x-3">
                {name}
                <span class="me-auto text-sm text-base-content/70">{request.hospital}" "{request.department}</span>
                <span class=format!("{class} whitespace-nowrap")>{request_status(&request.status)}</span>
            </div>
            {(!request.message.is_empty()).then(|| view! { <p class="break-words">{request.message}</p> })}
            <div class="flex flex-wrap gap-x-3 text-sm text-base-content/70">
                {(!mine).then(|| view! { <span>{tr!("ownership.request.by", name = request.colleague)}</span> })}
                <span class="num">{request.at}</span>
                {request.decided_at.map(|at| view! { <span class="num">{tr!("ownership.request.decided", at = at)}</span> })}
            </div>
            {decides.then(|| view! {
                <div class="mt-2 flex flex-wrap items-end gap-x-3">
                    <PostForm to=DecideRequest::url() class="flex flex-wrap items-end gap-x-3">
                        <input type="hidden" name="id" value=id.get_value()/>
                        <input type="hidden" name="decision" value="grant"/>
                        <Field name="until" label=tr!("ownership.share.until") kind="date" value=suggested required=true/>
                        <div class="mb-3"><Submit label=tr!("ownership.request.grant")/></div>
                    </PostForm>
                    <div class="mb-3">
                        <Confirm to=DecideRequest::url() label=tr!("ownership.request.decline") explain=tr!("ownership.request.decline_explain") class="btn btn-outline btn-error">
                            <input type="hidden" name="id" value=id.get_value()/>
                            <input type="hidden" name="decision" value="decline"/>
                        </Confirm>
                    </div>
                </div>
            })}
        </li>
    }
}
