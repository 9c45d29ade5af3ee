//! 流向文件: files that were imported, and rows that differ from a known line.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::FlowNav;
use crate::flow::api::*;
use crate::flow::model::{ConflictRow, FileRow};
use crate::ui::boot::refresh;
use crate::ui::form::{Confirm, PostForm, Submit};
use crate::ui::list::{TabLinks, page_param, param, rows_or_empty};
use crate::ui::parts::{Loading, PageTitle, outcome};

/// Files, or with `tab=conflicts` the rows about which a person decides.
#[component]
pub fn FileList() -> impl IntoView {
    let tab = param("tab");
    view! {
        <PageTitle title=tr!("flow.file.title")>
            <a class="btn btn-sm btn-primary min-h-10" href="/import?kind=flow">{tr!("flow.import")}</a>
        </PageTitle>
        <FlowNav here="/flow/files"/>
        <TabLinks path="/flow/files" label=tr!("flow.file.title") tabs=vec![("", tr!("flow.file.all")), ("conflicts", tr!("flow.file.conflicts"))]/>
        {move || if tab.get() == "conflicts" { view! { <Conflicts/> }.into_any() } else { view! { <Files/> }.into_any() }}
    }
}

#[component]
fn Files() -> impl IntoView {
    let page = page_param();
    let files = Resource::new(
        move || (page.get(), refresh()),
        |(page, _)| list_files(page),
    );
    view! {
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(files.await, |page| rows_or_empty(page, tr!("flow.file.empty"), |rows| view! {
                    <ul class="divide-y divide-base-300 rounded-box border border-base-300 bg-base-100">
                        {rows.into_iter().map(|row| view! { <File row=row/> }).collect_view()}
                    </ul>
                }))
            })}
        </Suspense>
    }
}

#[component]
fn File(row: FileRow) -> impl IntoView {
    let (refused, sha256) = (row.invalid_count > 0, row.sha256.clone());
    view! {
        <li class="p-3">
            <p class="break-all font-medium">{row.name}</p>
            <p class="num text-sm text-base-content/70">
                {tr!("flow.file.counts", rows = row.row_count, lines = row.line_count, repeats = row.repeat_count, conflicts = row.conflict_count, invalid = row.invalid_count)}
            </p>
            <p class="num text-sm text-base-content/70">{row.staff_name}" · "{row.imported}</p>
            <p class="num truncate text-xs text-base-content/70" title=sha256>"SHA-256 "{row.sha256}</p>
            <p class="mt-1 flex flex-wrap gap-2">
                <a class="btn btn-sm min-h-10" rel="external" download href=format!("/flow/files/{}/original", row.id)>{tr!("flow.file.original")}</a>
                {refused.then(|| view! { <a class="btn btn-sm min-h-10" rel="external" download href=format!("/flow/files/{}/refused.xlsx", row.id)>{tr!("flow.file.refused")}</a> })}
            </p>
        </li>
    }
}

#[component]
fn Conflicts() -> impl IntoView {
    let page = page_param();
    let rows = Resource::new(
        move || (page.get(), refresh()),
        |(page, _)| list_conflicts(page),
    );
    view! {
        <p class="mb-3 text-sm text-base-content/70">{tr!("flow.file.conflicts_explain")}</p>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(rows.await, |page| rows_or_empty(page, tr!("flow.file.no_conflicts"), |rows| view! {
                    <ul class="divide-y divide-base-300 rounded-box border border-base-300 bg-base-100">
                        {rows.into_iter().map(|row| view! { <Conflict row=row/> }).collect_view()}
                    </ul>
                }))
            })}
        </Suspense>
    }
}

#[component]
fn Conflict(row: ConflictRow) -> impl IntoView {
    let (id, number) = (StoredValue::new(row.file_id), row.row);
    view! {
        <li class="p-3">
            <p class="break-words font-medium">{row.terminal}" · "{row.product}</p>
            <p class="num text-sm text-base-content/70">{row.document_no}" · "{tr!("import.row_n", n = number)}</p>
            <table class="table table-sm num mt-2 max-w-xl">
                <thead><tr><th>{tr!("import.item")}</th><th>{tr!("flow.file.known")}</th><th>{tr!("flow.file.new")}</th></tr></thead>
                <tbody>
                    {row.differs.into_iter().map(|(name, known, new)| view! { <tr><td>{name}</td><td>{known}</td><td>{new}</td></tr> }).collect_view()}
                </tbody>
            </table>
            <div class="mt-2 flex flex-wrap items-start gap-2">
                <PostForm to=SettleConflict::url() about=format!("{} {number}", id.get_value())>
                    <input type="hidden" name="id" value=id.get_value()/>
                    <input type="hidden" name="row" value=number.to_string()/>
                    <Submit label=tr!("flow.file.keep") class="btn btn-sm min-h-10"/>
                </PostForm>
                <Confirm to=SettleConflict::url() label=tr!("flow.file.replace") explain=tr!("flow.file.replace_explain")>
                    <input type="hidden" name="id" value=id.get_value()/>
                    <input type="hidden" name="row" value=number.to_string()/>
                    <input type="hidden" name="replace" value="true"/>
                </Confirm>
            </div>
        </li>
    }
}
