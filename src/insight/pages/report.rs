//! 数据报表: by rep, content, course and HCP.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::filters::{Changed, Days, Narrow};
use super::{InsightNav, figure, kept, linked, slice_param};
use crate::insight::api::insight_report;
use crate::insight::model::{Choice, Choices, Report, ReportFilter, address};
use crate::ui::boot::refresh;
use crate::ui::list::{FilterSelect, FilterText, page_param, param, rows_or_empty};
use crate::ui::parts::{Busy, Loading, PageTitle, outcome, pending};

/// A report with its filter in the address.
#[component]
pub fn Reports() -> impl IntoView {
    let (slice, page) = (slice_param(), page_param());
    let (by, group) = (param("by"), param("group"));
    let (span, span0) = (param("span"), param("span0"));
    let (columns, sort, text) = (columns_param(), param("sort"), param("text"));
    let filter = Memo::new(move |_| ReportFilter {
        by: by.get(),
        slice: slice.get(),
        span: span.get(),
        span0: span0.get(),
        columns: columns.get(),
        group: group.get(),
        sort: sort.get(),
        text: text.get(),
    });
    let data = Resource::new(
        move || (filter.get(), page.get(), refresh()),
        |(filter, page, _)| insight_report(filter, page),
    );
    let busy = RwSignal::new(false);
    view! {
        <PageTitle title=tr!("insight.reports")/>
        <InsightNav here="/insight/report"/>
        <Busy busy=busy/>
        <div aria-busy=move || busy.get().then_some("true")>
            <Transition fallback=Loading nostrip:set_pending=pending(busy)>
                {move || Suspend::new(async move {
                    outcome(data.await, |report| view! { <Whole report=report/> })
                })}
            </Transition>
        </div>
    }
}

/// The columns that were ticked, each a parameter of the same name, or those of a link with commas between.
fn columns_param() -> Memo<String> {
    let query = use_query_map();
    Memo::new(move |_| query.with(|q| q.get_all("columns").unwrap_or_default().join(",")))
}

#[component]
fn Whole(report: Report) -> impl IntoView {
    let filter = report.filter.clone();
    let file = address(
        "/insight/report.xlsx",
        &[
            ("by", &filter.by),
            ("span", &filter.span),
            ("columns", &filter.columns),
            ("group", &filter.group),
            ("sort", &filter.sort),
            ("text", &filter.text),
        ],
        &filter.slice,
    );
    let tabs = report
        .kinds
        .iter()
        .map(|(code, name)| {
            let here = *code == filter.by;
            let class = if here { "tab tab-active" } else { "tab" };
            view! { <a class=class aria-current=here.then_some("page") href=kept("/insight/report", ("by", code), &filter.span, &filter.slice)>{name.clone()}</a> }
        })
        .collect_view();
    let first = report
        .kinds
        .iter()
        .find(|(code, _)| *code == filter.by)
        .map(|(_, name)| name.clone())
        .unwrap_or_default();
    let sort = filter.sort.clone();
    let heads = std::iter::once(
        view! { <Head id="name".into() text=first.clone() sort=sort.clone()/> }.into_any(),
    )
    .chain(report.columns.iter().map(|m| {
        view! { <Head id=m.id.clone() text=m.name.clone() sort=sort.clone()/> }.into_any()
    }))
    .collect_view();
    let days = tr!(
        "insight.days",
        from = filter.slice.from.clone(),
        to = filter.slice.to.clone()
    );
    let meanings = report
        .columns
        .iter()
        .map(|m| view! { <li><span class="font-medium">{m.name.clone()}</span>{tr!("ui.colon")}{m.formula.clone()}</li> })
        .collect_view();
    let sum = report.sum;
    let label = first;
    let grouped = !filter.group.is_empty();
    let asked = (
        filter,
        report.changed,
        report.groups,
        report.filters,
        report.choices,
    );
    // A closure's fields are made anew: they do not keep what was chosen in them for another address.
    let form = move || {
        let (filter, changed, groups, filters, columns) = asked.clone();
        view! { <Asked filter=filter changed=changed groups=groups filters=filters columns=columns file=file.clone()/> }
    };
    view! {
        <nav class="tabs tabs-border mb-4 flex-wrap" aria-label=tr!("insight.reports")>{tabs}</nav>
        {form}
        <p class="num mb-3 text-sm text-base-content/80">{std::iter::once(days).chain(report.narrowed).collect::<Vec<_>>().join(" · ")}</p>
        {rows_or_empty(report.page, tr!("insight.no_rows"), move |rows| view! {
            <div tabindex="0" role="region" aria-label=label class="overflow-x-auto rounded-box border border-base-300 bg-base-100">
                <table class="table">
                    <thead><tr>{heads}</tr></thead>
                    <tbody>
                        {rows.into_iter().map(|row| {
                            let class = if row.group { "bg-base-200 font-semibold" } else { "" };
                            let first = match (row.group, grouped) {
                                (true, _) => "sticky start-0 z-1 min-w-32 bg-base-200 font-semibold",
                                // Below its group.
                                (_, true) => "sticky start-0 z-1 min-w-32 bg-base-100 ps-8 font-medium",
                                _ => "sticky start-0 z-1 min-w-32 bg-base-100 font-medium",
                            };
                            let mut cells = row.cells.into_iter();
                            let name = cells.next().unwrap_or_default();
                            view! {
                                <tr class=class>
                                    <th scope="row" class=first>{linked(name)}</th>
                                    {cells.map(|cell| view! { <td class="num whitespace-nowrap text-end">{figure(cell)}</td> }).collect_view()}
                                </tr>
                            }
                        }).collect_view()}
                    </tbody>
                    <tfoot>
                        {(!sum.is_empty()).then(|| {
                            let mut cells = sum.into_iter();
                            let name = cells.next().unwrap_or_default();
                            view! {
                                <tr>
                                    <th scope="row" class="sticky start-0 z-1 bg-base-100 text-base-content">{name.text}</th>
                                    {cells.map(|cell| view! { <td class="num whitespace-nowrap text-end font-semibold text-base-content">{figure(cell)}</td> }).collect_view()}
                                </tr>
                            }
                        })}
                    </tfoot>
                </table>
            </div>
        })}
        <details class="mt-3 max-w-prose text-sm">
            <summary class="link inline-flex min-h-10 cursor-pointer items-center">{tr!("insight.formulas")}</summary>
            <ul class="list-disc space-y-1 ps-5">{meanings}</ul>
            <p class="mt-2 text-base-content/80">{tr!("insight.distinct_note")}</p>
        </details>
    }
}

/// A column's name, by which the rows are ordered: the largest first, then the other way round.
#[component]
fn Head(id: String, text: String, sort: String) -> impl IntoView {
    let query = use_query_map();
    let down = sort.strip_prefix('-') == Some(id.as_str());
    let up = sort == id;
    let by_name = id == "name";
    let next = match (up, down) {
        (true, _) => format!("-{id}"),
        (_, true) => id.clone(),
        _ if by_name => id.clone(),
        _ => format!("-{id}"),
    };
    let order = if up {
        Some("ascending")
    } else {
        down.then_some("descending")
    };
    let mark = match order {
        Some("ascending") => " ↑",
        Some(_) => " ↓",
        None => "",
    };
    let href = move || {
        let mut map = query.get();
        map.remove("page");
        map.replace("sort", next.clone());
        format!("/insight/report{}", map.to_query_string())
    };
    let class = if by_name {
        "sticky start-0 z-1 whitespace-nowrap bg-base-100"
    } else {
        "whitespace-nowrap text-end"
    };
    view! { <th scope="col" aria-sort=order class=class><a class="link-hover inline-flex min-h-10 items-center" href=href>{text}{mark}</a></th> }
}

/// The filters and columns of a report.
#[component]
fn Asked(
    filter: ReportFilter,
    changed: Option<String>,
    groups: Vec<Choice>,
    filters: Choices,
    columns: Vec<(Choice, bool)>,
    /// The address of the workbook.
    file: String,
) -> impl IntoView {
    let ticked = columns
        .into_iter()
        .map(|((id, name), shown)| {
            view! {
                <label class="flex min-h-10 items-center gap-2 text-sm">
                    <input type="checkbox" class="checkbox checkbox-sm" name="columns" value=id checked=shown/>
                    {name}
                </label>
            }
        })
        .collect_view();
    let open = [
        &filter.text,
        &filter.group,
        &filter.slice.unit,
        &filter.slice.province,
        &filter.slice.specialty,
        &filter.slice.product,
    ]
    .into_iter()
    .any(|value| !value.is_empty());
    view! {
        <form method="get" action="/insight/report" class="mb-4 rounded-box border border-base-300 bg-base-100 p-3" role="search" autocomplete="off">
            <input type="hidden" name="by" value=filter.by/>
            <input type="hidden" name="sort" value=filter.sort/>
            <div class="flex flex-wrap items-end gap-2">
                <Days slice=filter.slice.clone() span=filter.span.clone()/>
            </div>
            <Changed notices=Vec::from_iter(changed)/>
            <details class="unfold-lg mt-2" open=open>
                <summary class="link inline-flex min-h-10 cursor-pointer items-center text-sm">{tr!("insight.narrow")}</summary>
                <div class="mt-1 flex flex-wrap items-end gap-2">
                    <FilterText name="text" label=tr!("insight.name")/>
                    <FilterSelect name="group" label=tr!("insight.no_group") options=groups/>
                    <Narrow choices=filters/>
                </div>
            </details>
            <details class="mt-2">
                <summary class="link inline-flex min-h-10 cursor-pointer items-center text-sm">{tr!("insight.columns")}</summary>
                <p class="text-sm text-base-content/70">{tr!("insight.columns_hint")}</p>
                <fieldset class="grid grid-cols-2 gap-x-3 sm:grid-cols-3 lg:grid-cols-5">
                    <legend class="sr-only">{tr!("insight.columns")}</legend>
                    {ticked}
                </fieldset>
            </details>
            <div class="mt-2 flex flex-wrap gap-2">
                <button class="btn btn-primary">{tr!("ui.show")}</button>
                <a class="btn" rel="external" href=file>{tr!("insight.download")}</a>
            </div>
        </form>
    }
}
