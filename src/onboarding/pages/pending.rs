//! Registrations that wait for a steward.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::hcp::model::{HcpRow, state_label};
use crate::onboarding::api::*;
use crate::onboarding::model::{Candidate, PendingRow, RefusedRow};
use crate::ui::boot::refresh;
use crate::ui::form::{Confirm, Field, PostForm, Submit};
use crate::ui::list::{TabLinks, page_param, param, rows_or_empty};
use crate::ui::parts::{Card, Loading, PageTitle, outcome};

/// 待审核: registrations that wait for a steward, or with `tab=refused` those that were turned down.
#[component]
pub fn PendingList() -> impl IntoView {
    let tab = param("tab");
    view! {
        <PageTitle title=tr!("pending.title")/>
        <TabLinks path="/hcps/pending" label=tr!("pending.title") tabs=vec![("", tr!("pending.title")), ("refused", tr!("pending.refused"))]/>
        {move || if tab.get() == "refused" { view! { <Refused/> }.into_any() } else { view! { <Waiting/> }.into_any() }}
    }
}

/// Those that were turned down, with the reason.
#[component]
fn Refused() -> impl IntoView {
    let page = page_param();
    let rows = Resource::new(
        move || (page.get(), refresh()),
        |(page, _)| list_refused(page),
    );
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(rows.await, |page| rows_or_empty(page, tr!("pending.none_refused"), |rows| view! {
                    <ul class="divide-y divide-base-300 rounded-box border border-base-300 bg-base-100">
                        {rows.into_iter().map(|row| view! { <RefusedLine row=row/> }).collect_view()}
                    </ul>
                }))
            })}
        </Suspense>
    }
}

#[component]
fn RefusedLine(row: RefusedRow) -> impl IntoView {
    view! {
        <li class="p-3">
            <p><span class="font-medium">{row.name}</span>" "{row.hospital}" "{row.department}" "<span class="num">{row.phone_masked}</span></p>
            <p class="mt-1">{tr!("pending.because", reason = row.reason)}</p>
            <p class="num text-sm text-base-content/70">{row.by}" · "{row.at}</p>
        </li>
    }
}

/// Those that wait, each beside those it might be.
#[component]
fn Waiting() -> impl IntoView {
    let page = page_param();
    let rows = Resource::new(
        move || (page.get(), refresh()),
        |(page, _)| list_pending(page),
    );
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(rows.await, |page| rows_or_empty(page, tr!("pending.empty"), |rows| {
                    rows.into_iter().map(|p| view! { <PendingCard pending=p/> }).collect_view()
                }))
            })}
        </Suspense>
    }
}

#[component]
fn PendingCard(pending: PendingRow) -> impl IntoView {
    let id = StoredValue::new(pending.row.id.clone());
    let none = pending.candidates.is_empty();
    let claims = pending.claims.is_some();
    view! {
        <Card>
            <div class="num flex flex-wrap gap-x-3 text-sm text-base-content/70">
                <span>{tr!("pending.at", at = pending.at)}</span>
                {pending.code.map(|name| view! { <span>{tr!("pending.code", name = name)}</span> })}
            </div>
            {claims.then(|| view! { <p class="text-sm">{tr!("pending.claims")}</p> })}
            <div class="mt-3 grid gap-3 md:grid-cols-2 xl:grid-cols-3">
                <div class="rounded-box border border-primary p-3">
                    <h2 class="mb-2 text-sm font-semibold">{tr!("pending.registered")}</h2>
                    <Person hcp=pending.row/>
                </div>
                {pending.candidates.into_iter().map(|c| view! { <CandidateBox pending=id candidate=c/> }).collect_view()}
            </div>
            {none.then(|| view! { <p class="mt-3 text-sm text-base-content/70">{tr!("pending.no_candidates")}</p> })}
            <div class="mt-3 flex flex-wrap gap-2">
                <PostForm to=DecidePending::url()>
                    <input type="hidden" name="id" value=id.get_value()/>
                    <input type="hidden" name="decision" value="approve"/>
                    <Submit label=tr!("pending.approve") class="btn btn-primary"/>
                </PostForm>
                <Confirm to=DecidePending::url() label=tr!("pending.reject") explain=tr!("pending.reject_explain") class="btn btn-outline btn-error" about=id.get_value()>
                    <input type="hidden" name="id" value=id.get_value()/>
                    <input type="hidden" name="decision" value="reject"/>
                    <Field name="reason" label=tr!("pending.reason") hint=tr!("pending.reason_hint") required=true/>
                </Confirm>
            </div>
        </Card>
    }
}

#[component]
fn CandidateBox(pending: StoredValue<String>, candidate: Candidate) -> impl IntoView {
    let into = StoredValue::new(candidate.row.id.clone());
    view! {
        <div class="rounded-box bg-base-200 p-3">
            <h2 class="mb-2 flex flex-wrap items-center gap-2 text-sm font-semibold">
                {tr!("pending.candidate")}
                <span class="badge badge-warning">{candidate.why.label()}</span>
            </h2>
            <Person hcp=candidate.row/>
            <div class="mt-3 flex flex-wrap gap-2">
                <Confirm to=DecidePending::url() label=tr!("pending.same") explain=tr!("pending.same_explain") class="btn">
                    <input type="hidden" name="id" value=pending.get_value()/>
                    <input type="hidden" name="decision" value=into.get_value()/>
                </Confirm>
                <a class="btn btn-ghost" href=format!("/hcps/{}", into.get_value())>{tr!("pending.open")}</a>
            </div>
        </div>
    }
}

/// What is known of somebody, in an order that lets two be compared line by line.
#[component]
fn Person(hcp: HcpRow) -> impl IntoView {
    let mut stands = state_label(&hcp.state);
    if !hcp.withdrew.is_empty() {
        stands = format!("{stands} · {}", tr!("hcp.withdrew", day = hcp.withdrew));
    }
    let lines = [
        (tr!("record.name"), hcp.name),
        (tr!("hcp.hospital"), hcp.hospital),
        (tr!("hcp.department"), hcp.department),
        (tr!("record.title"), hcp.title),
        (tr!("hcp.phone"), hcp.phone_masked),
        (tr!("hcp.owner"), hcp.owner.unwrap_or_default()),
        (tr!("record.state"), stands),
    ];
    view! {
        <dl class="grid grid-cols-[auto_1fr] gap-x-3 gap-y-1 text-sm">
            {lines.into_iter().map(|(name, value)| {
                let value = if value.is_empty() { "—".to_owned() } else { value };
                view! { <dt class="text-base-content/70">{name}</dt><dd class="num">{value}</dd> }
            }).collect_view()}
        </dl>
    }
}
