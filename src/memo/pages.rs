//! 业务沟通.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use leptos_router::hooks::use_params_map;

use super::api::*;
use super::model::{Memo, MemoRow, Receipt};
use crate::shared::{Page, Permission};
use crate::ui::boot::{boot, may, refresh};
use crate::ui::form::{Field, PostForm, Select, Submit, TextArea};
use crate::ui::list::{Pager, TabLinks, page_param, param, rows_or_empty};
use crate::ui::parts::{Card, Loading, PageTitle, outcome};

/// Messages to oneself, and for those who send, one's own.
#[component]
pub fn MemoList() -> impl IntoView {
    let (page, tab) = (page_param(), param("tab"));
    let memos = Resource::new(
        move || (tab.get() == "sent", page.get(), refresh()),
        |(sent, page, _)| list_memos(sent, page),
    );
    view! {
        <PageTitle title=tr!("memo.title")>
            {may(Permission::SendMemos).then(|| view! { <a class="btn btn-sm btn-primary min-h-10" href="/memos/new">{tr!("memo.new")}</a> })}
        </PageTitle>
        {may(Permission::SendMemos).then(|| view! {
            <TabLinks path="/memos" label=tr!("memo.title") tabs=vec![("", tr!("memo.received")), ("sent", tr!("memo.sent"))]/>
        })}
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(memos.await, |page| rows_or_empty(page, tr!("memo.empty"), |rows| view! {
                    <ul class="divide-y divide-base-300 rounded-box border border-base-300 bg-base-100">
                        {rows.into_iter().map(|row| view! { <Line row=row/> }).collect_view()}
                    </ul>
                }))
            })}
        </Suspense>
    }
}

#[component]
fn Line(row: MemoRow) -> impl IntoView {
    view! {
        <li>
            <a class="block p-3 hover:bg-base-200" href=format!("/memos/{}", row.id)>
                <span class="flex flex-wrap items-center gap-2">
                    <span class="break-words font-medium">{row.title}</span>
                    {(!row.read).then(|| view! { <span class="badge badge-primary badge-sm">{tr!("inbox.unread")}</span> })}
                    {row.due.map(|due| view! { <span class="num badge badge-warning badge-sm">{tr!("memo.due_by", day = due)}</span> })}
                </span>
                <span class="num block text-sm text-base-content/70">
                    {row.by}" · "{row.at}
                    {row.receipts.map(|(read, all)| view! { " · "{tr!("memo.read_by", n = read, all = all)} })}
                </span>
            </a>
        </li>
    }
}

/// The form of a new message.
#[component]
pub fn MemoNew() -> impl IntoView {
    let units = Resource::new(|| (), |()| memo_units());
    let today = boot().today;
    view! {
        <PageTitle title=tr!("memo.new")>
            <a class="btn btn-sm min-h-10" href="/memos">{tr!("ui.back")}</a>
        </PageTitle>
        <Suspense fallback=Loading>
            {move || {
                let today = today.clone();
                Suspend::new(async move {
                    outcome(units.await, |units| {
                        let mut options = vec![(String::new(), tr!("memo.no_unit"))];
                        options.extend(units);
                        view! {
                            <Card>
                                <PostForm to=SendMemo::url()>
                                    <Field name="title" label=tr!("memo.subject") required=true/>
                                    <TextArea name="body" label=tr!("memo.body") rows=6 required=true/>
                                    <Select name="unit" label=tr!("memo.unit") options=options/>
                                    <TextArea name="people" label=tr!("memo.people") hint=tr!("memo.people_hint") rows=3/>
                                    <Field name="due" kind="date" label=tr!("memo.due") hint=tr!("memo.due_hint", today = today)/>
                                    <Submit label=tr!("memo.send")/>
                                </PostForm>
                            </Card>
                        }
                    })
                })
            }}
        </Suspense>
    }
}

/// One message with its replies, and for its sender the receipts.
#[component]
pub fn MemoPage() -> impl IntoView {
    let params = use_params_map();
    let page = page_param();
    let memo = Resource::new(
        move || {
            let id = params.with(|p| p.get("id").unwrap_or_default());
            (id, page.get(), refresh())
        },
        |(id, page, _)| get_memo(id, page),
    );
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move { outcome(memo.await, |memo| view! { <Shown memo=memo/> }) })}
        </Suspense>
    }
}

#[component]
fn Shown(memo: Memo) -> impl IntoView {
    let row = memo.row;
    let id = StoredValue::new(row.id);
    let unread = !row.read;
    view! {
        <PageTitle title=row.title>
            <a class="btn btn-sm min-h-10" href="/memos">{tr!("ui.back")}</a>
        </PageTitle>
        <Card>
            <p class="num mb-2 text-sm text-base-content/70">
                {row.by}" · "{row.at}
                {row.due.map(|due| view! { <span class="badge badge-warning badge-sm ms-2">{tr!("memo.due_by", day = due)}</span> })}
            </p>
            <p class="whitespace-pre-line break-words">{memo.body}</p>
            {unread.then(|| view! {
                <PostForm to=ReadMemo::url() class="mt-4">
                    <input type="hidden" name="id" value=id.get_value()/>
                    <Submit label=tr!("memo.confirm_read") class="btn btn-primary min-h-10"/>
                </PostForm>
            })}
        </Card>
        <Card title=tr!("memo.replies")>
            {memo.replies.is_empty().then(|| view! { <p class="mb-3 text-base-content/70">{tr!("memo.no_replies")}</p> })}
            <ul class="mb-3 space-y-3">
                {memo.replies.into_iter().map(|reply| view! {
                    <li>
                        <p class="num text-sm text-base-content/70">{reply.by}" · "{reply.at}</p>
                        <p class="whitespace-pre-line break-words">{reply.body}</p>
                    </li>
                }).collect_view()}
            </ul>
            <PostForm to=ReplyMemo::url()>
                <input type="hidden" name="id" value=id.get_value()/>
                <TextArea name="body" label=tr!("memo.reply") rows=2/>
                <Submit label=tr!("memo.send_reply") class="btn min-h-10"/>
            </PostForm>
        </Card>
        {memo.receipts.map(|receipts| view! { <Receipts receipts=receipts/> })}
    }
}

#[component]
fn Receipts(receipts: Page<Receipt>) -> impl IntoView {
    let rows = receipts.rows.clone();
    view! {
        <Card title=tr!("memo.receipts", n = receipts.total)>
            <ul class="divide-y divide-base-300">
                {rows.into_iter().map(|r| view! {
                    <li class="flex flex-wrap items-center gap-x-3 py-2">
                        <span class="font-medium">{r.name}</span>
                        <span class="text-sm text-base-content/70">{r.unit}</span>
                        <span class="num ms-auto text-sm">{r.read.unwrap_or_else(|| tr!("inbox.unread"))}</span>
                        {r.done.map(|done| {
                            let (class, text) = if done { ("badge badge-success badge-sm", tr!("task.done")) } else { ("badge badge-ghost badge-sm", tr!("task.open")) };
                            view! { <span class=class>{text}</span> }
                        })}
                    </li>
                }).collect_view()}
            </ul>
            <Pager page=receipts/>
        </Card>
    }
}
