//! The list of merges.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::duplicate::api::*;
use crate::duplicate::model::MergeRow;
use crate::ui::boot::refresh;
use crate::ui::form::Confirm;
use crate::ui::list::{page_param, rows_or_empty};
use crate::ui::parts::{Loading, PageTitle, outcome};

/// 合并记录: who merged whom and when, and the way back for thirty days.
#[component]
pub fn MergeList() -> impl IntoView {
    let page = page_param();
    let merges = Resource::new(
        move || (page.get(), refresh()),
        |(page, _)| list_merges(page),
    );
    view! {
        <PageTitle title=tr!("duplicate.merges")>
            <a class="btn btn-sm" href="/duplicates">{tr!("duplicate.title")}</a>
        </PageTitle>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(merges.await, |page| rows_or_empty(page, tr!("duplicate.no_merges"), |rows| view! {
                    <ul class="rounded-box border border-base-300 bg-base-100 divide-y divide-base-300">
                        {rows.into_iter().map(|merge| view! { <MergeItem merge=merge/> }).collect_view()}
                    </ul>
                }))
            })}
        </Suspense>
    }
}

#[component]
fn MergeItem(merge: MergeRow) -> impl IntoView {
    let id = StoredValue::new(merge.id);
    let standing = match (merge.undone, merge.days_left) {
        (Some((at, by)), _) => view! {
            <span class="text-sm text-base-content/70">{tr!("duplicate.undone", at = at, name = by)}</span>
        }
        .into_any(),
        (None, 0) => view! { <span class="badge badge-ghost">{tr!("duplicate.final")}</span> }.into_any(),
        (None, days) => view! {
            <span class="num text-sm text-base-content/70">{tr!("duplicate.days_left", n = days)}</span>
            <Confirm to=UndoMerge::url() label=tr!("duplicate.undo") explain=tr!("duplicate.undo_explain")>
                <input type="hidden" name="id" value=id.get_value()/>
            </Confirm>
        }
        .into_any(),
    };
    view! {
        <li class="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-3">
            <div class="me-auto min-w-0">
                <p>
                    <a class="link link-hover font-medium" href=format!("/hcps/{}", merge.gone_id)>{merge.gone}</a>
                    " "<span class="text-sm text-base-content/70">{merge.gone_place}</span>
                    <span aria-hidden="true">" → "</span>
                    <span class="sr-only">{tr!("duplicate.into")}</span>
                    <a class="link link-hover font-medium" href=format!("/hcps/{}", merge.kept_id)>{merge.kept}</a>
                    " "<span class="text-sm text-base-content/70">{merge.kept_place}</span>
                </p>
                <p class="num text-sm text-base-content/70">{merge.at}" · "{merge.by}</p>
            </div>
            {standing}
        </li>
    }
}
