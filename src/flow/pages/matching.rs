//! 终端匹配: names that wait for a terminal.

use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::FlowNav;
use crate::flow::api::*;
use crate::flow::model::{MatchRow, PrintedRow, Suggestion};
use crate::shared::Page;
use crate::ui::boot::refresh;
use crate::ui::form::{Confirm, Field, PostForm, Submit, came_back};
use crate::ui::list::{FilterSelect, FilterText, Filters, page_param, param, rows_or_empty};
use crate::ui::money::grouped;
use crate::ui::parts::{Card, Loading, PageTitle, outcome};

/// Names without a terminal, with suggestions; the latest decisions.
#[component]
pub fn MatchingList() -> impl IntoView {
    let (text, distributor, page) = (param("text"), param("distributor"), page_param());
    let data = Resource::new(
        move || (text.get(), distributor.get(), page.get(), refresh()),
        |(text, distributor, page, _)| list_matching(text, distributor, page),
    );
    view! {
        <PageTitle title=tr!("flow.match.title")>
            <a class="btn btn-sm min-h-10" href="/terminals/new">{tr!("terminals.new")}</a>
            <a class="btn btn-sm btn-primary min-h-10" href="/import?kind=flow">{tr!("flow.import")}</a>
        </PageTitle>
        <FlowNav here="/flow/matching"/>
        <p class="mb-3 text-sm text-base-content/70">{tr!("flow.match.explain")}</p>
        <Suspense fallback=Loading>
            {move || Suspend::new(async move {
                outcome(data.await, |data| {
                    let page = Page { rows: data.names, total: data.total, page: data.page };
                    view! {
                        <Filters action="/flow/matching">
                            <FilterText name="text" label=tr!("flow.match.search")/>
                            <FilterSelect name="distributor" label=tr!("flow.report.any_distributor") options=data.distributors/>
                        </Filters>
                        {rows_or_empty(page, tr!("flow.match.empty"), |rows| view! {
                            <ul class="divide-y divide-base-300 rounded-box border border-base-300 bg-base-100">
                                {rows.into_iter().map(|row| view! { <Name row=row/> }).collect_view()}
                            </ul>
                        })}
                        {(!data.decided.is_empty()).then(|| view! { <div class="mt-4"><Decided rows=data.decided/></div> })}
                    }
                })
            })}
        </Suspense>
    }
}

#[component]
fn Name(row: PrintedRow) -> impl IntoView {
    let (printed, code) = (
        StoredValue::new(row.printed.clone()),
        StoredValue::new(row.code.clone()),
    );
    let about = format!("{} {}", row.code, row.printed);
    let none = row.suggestions.is_empty();
    let other = about.clone();
    let open = came_back(MatchName::url(), &other).is_some();
    view! {
        <li class="p-3">
            <p class="flex flex-wrap items-baseline gap-x-2">
                <span class="font-medium break-words">{row.printed}</span>
                {(!row.code.is_empty()).then(|| view! { <span class="num text-sm text-base-content/70">{row.code}</span> })}
            </p>
            <p class="num text-sm text-base-content/70">
                {tr!("flow.match.lines", n = row.lines, quantity = grouped(row.quantity))}" · "{row.distributors}
            </p>
            <ul class="mt-2 space-y-2">
                {row.suggestions.into_iter().enumerate().map(|(i, s)| {
                    let about = format!("{about} {}", s.terminal_id);
                    view! { <Offer best={i == 0} suggestion=s printed=printed.get_value() code=code.get_value() about=about/> }
                }).collect_view()}
            </ul>
            {none.then(|| view! { <p class="mt-1 text-sm">{tr!("flow.match.no_suggestion")}</p> })}
            <details class="mt-1" open=open>
                <summary class="link inline-flex min-h-10 cursor-pointer items-center text-sm">{tr!("flow.match.other")}<span class="sr-only">" "{printed.get_value()}</span></summary>
                <PostForm to=MatchName::url() about=other class="mt-1 max-w-xl">
                    <input type="hidden" name="printed" value=printed.get_value()/>
                    <input type="hidden" name="code" value=code.get_value()/>
                    <Field name="terminal" label=tr!("flow.match.terminal") hint=tr!("flow.match.terminal_hint") required=true/>
                    <Submit label=tr!("flow.match.accept") class="btn" of=printed.get_value()/>
                </PostForm>
            </details>
        </li>
    }
}

#[component]
fn Offer(
    /// Whether no other has a greater score.
    best: bool,
    suggestion: Suggestion,
    printed: String,
    code: String,
    about: String,
) -> impl IntoView {
    let class = if best {
        "btn btn-sm btn-primary min-h-10"
    } else {
        "btn btn-sm min-h-10"
    };
    let of = suggestion.name.clone();
    let why = suggestion
        .reasons
        .iter()
        .map(|reason| reason.label())
        .collect::<Vec<_>>()
        .join(&tr!("ui.comma"));
    view! {
        <li class="flex flex-wrap items-center gap-2 rounded-field bg-base-200 px-3 py-2">
            <span class="min-w-0 grow basis-56">
                <span class="block break-words">{suggestion.name}</span>
                <span class="num block text-sm text-base-content/70">
                    {[suggestion.code, suggestion.city].into_iter().filter(|t| !t.is_empty()).collect::<Vec<_>>().join(" · ")}
                    " · "{tr!("flow.match.score", n = suggestion.score)}" · "{why}
                </span>
            </span>
            <PostForm to=MatchName::url() about=about>
                <input type="hidden" name="printed" value=printed/>
                <input type="hidden" name="code" value=code/>
                <input type="hidden" name="terminal_id" value=suggestion.terminal_id/>
                <Submit label=tr!("flow.match.accept") class=class of=of/>
            </PostForm>
        </li>
    }
}

/// The latest decisions, which can be taken back.
#[component]
fn Decided(rows: Vec<MatchRow>) -> impl IntoView {
    view! {
        <Card title=tr!("flow.match.decided")>
            <ul class="divide-y divide-base-300">
                {rows.into_iter().map(|row| view! {
                    <li class="flex flex-wrap items-center gap-2 py-2">
                        <span class="min-w-0 grow basis-56">
                            <span class="block break-words">{row.printed.clone()}" → "{row.terminal}</span>
                            <span class="num block text-sm text-base-content/70">
                                {tr!("flow.match.moved", n = row.lines)}" · "{row.by}" · "{row.at}
                            </span>
                        </span>
                        <Confirm to=UnmatchName::url() label=tr!("flow.match.undo") explain=tr!("flow.match.undo_explain") about=row.id.clone() of=row.printed.clone()>
                            <input type="hidden" name="id" value=row.id.clone()/>
                        </Confirm>
                    </li>
                }).collect_view()}
            </ul>
        </Card>
    }
}
