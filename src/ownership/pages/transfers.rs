//! Transfers that were made, and one of them.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_params_map;

use super::MovedList;
use crate::ownership::api::*;
use crate::ownership::model::{Leaver, TransferRow, transfer_kind};
use crate::ui::boot::refresh;
use crate::ui::form::Confirm;
use crate::ui::list::{page_param, rows_or_empty};
use crate::ui::parts::{Card, Loading, PageTitle, Stat, outcome};

/// 客户转移: who left and still owns HCPs, and the transfers made within scope.
#[component]
pub fn TransferList() -> impl IntoView {
    let page = page_param();
    let left = Resource::new(refresh, |_| left_behind());
    let transfers = Resource::new(
        move || (page.get(), refresh()),
        |(page, _)| list_transfers(page),
    );
    view! {
        <PageTitle title=tr!("ownership.transfer.title")>
            <a class="btn" href="/hcps">{tr!("ownership.to_hcps")}</a>
            <a class="btn btn-primary" href="/transfers/new">{tr!("ownership.transfer.new")}</a>
        </PageTitle>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                left.await.ok().filter(|people| !people.is_empty()).map(|people| view! { <LeftCard people=people/> })
            })}
        </Suspense>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(transfers.await, |page| rows_or_empty(page, tr!("ownership.transfer.empty"), |rows| view! {
                    <ul class="rounded-box border border-base-300 bg-base-100 divide-y divide-base-300">
                        {rows.into_iter().map(|t| view! { <TransferItem transfer=t/> }).collect_view()}
                    </ul>
                }))
            })}
        </Suspense>
    }
}

#[component]
fn LeftCard(people: Vec<Leaver>) -> impl IntoView {
    view! {
        <Card title=tr!("ownership.left.title")>
            <p class="mb-2 text-sm text-base-content/70">{tr!("ownership.left.explain")}</p>
            <ul class="divide-y divide-base-300">
                {people.into_iter().map(|p| view! {
                    <li class="flex flex-wrap items-center gap-x-3 gap-y-1 py-2">
                        <span class="font-medium">{p.label}</span>
                        <span class="num me-auto text-sm text-base-content/70">
                            {tr!("ownership.left.line", day = p.left_on, n = p.hcps)}
                        </span>
                        <a class="btn" href=format!("/transfers/new?kind=person&from={}", p.id)>{tr!("ownership.left.move")}</a>
                    </li>
                }).collect_view()}
            </ul>
        </Card>
    }
}

/// `A → B`, as far as a transfer has one giver and one receiver.
fn ends(transfer: &TransferRow) -> String {
    match (&transfer.from, &transfer.to) {
        (Some(from), Some(to)) => format!("{from} → {to}"),
        (None, Some(to)) => tr!("ownership.transfer.several_to", to = to),
        _ => tr!("ownership.transfer.to_hospital_owners"),
    }
}

#[component]
fn Standing(transfer: TransferRow) -> impl IntoView {
    let (class, label) = match transfer.standing.as_str() {
        "undone" => ("badge badge-warning", tr!("ownership.transfer.undone")),
        "closed" => ("badge badge-ghost", tr!("ownership.transfer.closed")),
        _ => ("badge badge-info", tr!("ownership.transfer.open")),
    };
    view! { <span class=format!("{class} whitespace-nowrap")>{label}</span> }
}

/// Who took a transfer back and how many HCPs returned.
fn undone_text(transfer: &TransferRow) -> Option<String> {
    let at = transfer.undone_at.clone()?;
    let by = transfer.undone_by.clone().unwrap_or_default();
    let returned = transfer.returned.unwrap_or(0);
    let stayed = (transfer.moved - returned).max(0);
    Some(tr!(
        "ownership.transfer.undone_line",
        at = at,
        by = by,
        n = returned,
        stayed = stayed
    ))
}

#[component]
fn Undo(transfer: TransferRow) -> impl IntoView {
    transfer.may_undo.then(|| {
        view! {
            <Confirm
                to=UndoTransfer::url()
                label=tr!("ownership.transfer.undo")
                explain=tr!("ownership.transfer.undo_explain", n = transfer.moved, until = transfer.undo_until)
                class="btn btn-outline btn-error"
            >
                <input type="hidden" name="id" value=transfer.id/>
            </Confirm>
        }
    })
}

#[component]
fn TransferItem(transfer: TransferRow) -> impl IntoView {
    let href = format!("/transfers/{}", transfer.id);
    let undone = undone_text(&transfer);
    view! {
        <li class="px-4 py-3">
            <div class="flex flex-wrap items-center gap-x-3">
                <a class="link link-hover me-auto py-1 font-medium" href=href>{ends(&transfer)}</a>
                <span class="num">{tr!("ownership.transfer.count", n = transfer.moved)}</span>
                <Standing transfer=transfer.clone()/>
            </div>
            <p class="break-words">{transfer.reason.clone()}</p>
            <div class="flex flex-wrap items-center gap-x-3 gap-y-2 text-sm text-base-content/70">
                <span class="num">{transfer.at.clone()}</span>
                <span>{transfer.by.clone()}</span>
                <span class="me-auto">{transfer_kind(&transfer.kind)}</span>
                <div class="text-base-content"><Undo transfer=transfer/></div>
            </div>
            {undone.map(|text| view! { <p class="text-sm text-base-content/70">{text}</p> })}
        </li>
    }
}

/// One transfer with its HCPs.
#[component]
pub fn TransferPage() -> impl IntoView {
    let params = use_params_map();
    let page = page_param();
    let transfer = Resource::new(
        move || {
            (
                params.with(|p| p.get("id").unwrap_or_default()),
                page.get(),
                refresh(),
            )
        },
        |(id, page, _)| get_transfer(id, page),
    );
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(transfer.await, |data| {
                    let row = data.transfer;
                    let undone = undone_text(&row);
                    let hidden = data.hidden;
                    let (standing, undo) = (row.clone(), row.clone());
                    view! {
                        <PageTitle title=tr!("ownership.transfer.one")>
                            <Standing transfer=standing/>
                            <a class="btn" href="/transfers">{tr!("ownership.transfer.all")}</a>
                            <Undo transfer=undo/>
                        </PageTitle>
                        {undone.map(|text| view! { <p class="alert alert-warning mb-4 py-2">{text}</p> })}
                        <div class="mb-4 grid gap-3 sm:grid-cols-2">
                            <Stat name=tr!("ownership.transfer.moved") value=row.moved.to_string() note=transfer_kind(&row.kind)/>
                            <Stat name=tr!("ownership.transfer.ends") value=ends(&row)/>
                        </div>
                        <Card>
                            <dl class="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
                                <dt class="text-base-content/70">{tr!("ownership.transfer.reason")}</dt><dd class="break-words">{row.reason}</dd>
                                <dt class="text-base-content/70">{tr!("ownership.by")}</dt><dd>{row.by}</dd>
                                <dt class="text-base-content/70">{tr!("ownership.at")}</dt><dd class="num">{row.at}</dd>
                            </dl>
                        </Card>
                        <Card title=tr!("ownership.transfer.hcps")>
                            {(hidden > 0).then(|| view! { <p class="mb-2 text-sm text-base-content/70">{tr!("ownership.transfer.hidden", n = hidden)}</p> })}
                            {rows_or_empty(data.items, tr!("ownership.transfer.none_in_scope"), |rows| view! { <MovedList hcps=rows/> })}
                        </Card>
                    }
                })
            })}
        </Suspense>
    }
}
