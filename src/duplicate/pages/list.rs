//! The list of pairs.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use crate::duplicate::api::*;
use crate::duplicate::model::{KINDS, PairRow, explain};
use crate::hcp::pages::HcpLine;
use crate::ui::boot::refresh;
use crate::ui::form::{PostForm, Submit};
use crate::ui::list::{FilterSelect, FilterText, Filters, page_param, param, rows_or_empty};
use crate::ui::parts::{Loading, PageTitle, outcome};

/// 查重: pairs that may be one person, the likeliest first.
#[component]
pub fn DuplicateList() -> impl IntoView {
    let (text, reason, status, page) = (
        param("text"),
        param("reason"),
        param("status"),
        page_param(),
    );
    let pairs = Resource::new(
        move || {
            (
                text.get(),
                reason.get(),
                status.get(),
                page.get(),
                refresh(),
            )
        },
        |(text, reason, status, page, _)| list_pairs(text, reason, status, page),
    );
    view! {
        <PageTitle title=tr!("duplicate.title")>
            <a class="btn btn-sm" href="/merges">{tr!("duplicate.merges")}</a>
            <PostForm to=SearchPairs::url()>
                <Submit label=tr!("duplicate.search_now") class="btn btn-sm btn-primary"/>
            </PostForm>
        </PageTitle>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(pairs.await, |data| {
                    let apart = status.get_untracked() == "apart";
                    let kinds = KINDS.map(|code| (code.to_owned(), explain(code))).to_vec();
                    let searched = match (data.running, data.searched) {
                        (true, _) => tr!("duplicate.running"),
                        (false, Some(at)) => tr!("duplicate.searched", at = at),
                        (false, None) => tr!("duplicate.never_searched"),
                    };
                    let empty = if apart { tr!("duplicate.empty_apart") } else { tr!("duplicate.empty") };
                    let tab = |here: bool| if here { "tab tab-active min-h-10" } else { "tab min-h-10" };
                    view! {
                        <p class="mb-3 text-sm text-base-content/70">{searched}</p>
                        <nav class="tabs tabs-border mb-3" aria-label=tr!("duplicate.title")>
                            <a class=tab(!apart) aria-current=(!apart).then_some("page") href="/duplicates">{tr!("duplicate.tab_open", n = data.open)}</a>
                            <a class=tab(apart) aria-current=apart.then_some("page") href="/duplicates?status=apart">{tr!("duplicate.tab_apart", n = data.apart)}</a>
                        </nav>
                        <Filters action="/duplicates">
                            {apart.then(|| view! { <input type="hidden" name="status" value="apart"/> })}
                            <FilterText name="text" label=tr!("duplicate.find")/>
                            <FilterSelect name="reason" label=tr!("duplicate.any_reason") options=kinds/>
                        </Filters>
                        {rows_or_empty(data.page, empty, |rows| view! {
                            <ul class="grid gap-3">
                                {rows.into_iter().map(|pair| view! { <PairItem pair=pair/> }).collect_view()}
                            </ul>
                        })}
                    }
                })
            })}
        </Suspense>
    }
}

/// Why, as badges.
#[component]
pub fn Reasons(score: i64, reasons: Vec<String>) -> impl IntoView {
    view! {
        <span class="flex flex-wrap items-center gap-1">
            <span class="badge badge-warning num">{tr!("duplicate.score", n = score)}</span>
            {reasons.into_iter().map(|code| view! { <span class="badge badge-ghost h-auto">{explain(&code)}</span> }).collect_view()}
        </span>
    }
}

#[component]
fn PairItem(pair: PairRow) -> impl IntoView {
    view! {
        <li class="rounded-box border border-base-300 bg-base-100 hover:border-primary">
            <a class="block p-4" href=format!("/duplicates/{}", pair.id)>
                <Reasons score=pair.score reasons=pair.reasons/>
                <span class="mt-2 grid gap-2 lg:grid-cols-2">
                    <span class="block rounded-box bg-base-200 p-3"><HcpLine hcp=pair.a/></span>
                    <span class="block rounded-box bg-base-200 p-3"><HcpLine hcp=pair.b/></span>
                </span>
                <span class="num mt-2 block text-xs text-base-content/70">{tr!("duplicate.found", at = pair.found)}</span>
            </a>
        </li>
    }
}
